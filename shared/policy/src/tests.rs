//! What the schema says and the code does alike, what a ruling says, and what no policy can lift.

use std::collections::BTreeSet;

use cedar_policy::{Entities, EntityUid, Schema};
use portcullis_core::baseline::thing::{Api, What};
use portcullis_core::remediation::Remediation;
use portcullis_core::remediation::policy::{Action, Permitted};
use portcullis_core::remediation::step::{Step, V2StageUpdate};

use super::*;
use crate::tables::Words;

fn schema() -> Schema {
    load::schema().unwrap()
}

fn parse(text: &str) -> Result<CedarPolicy, PolicyError> {
    CedarPolicy::parse([("own.cedar", text)])
}

fn own(policy: &str) -> CedarPolicy {
    parse(&format!("@id(\"own\") @reason(\"because\") {policy}")).unwrap()
}

#[test]
fn schema_and_code_know_the_same_actions_for_the_same_things() {
    let api = Api {
        id: "a1".to_owned(),
        kind: None,
        name: None,
    };
    let things = [
        ("Portcullis::Account", What::Account),
        ("Portcullis::Api", What::Api(api.clone())),
        ("Portcullis::Stage", What::Stage(api, "prod".to_owned())),
    ];
    let schema = schema();
    let uid =
        |name: &str| -> EntityUid { format!("Portcullis::Action::\"{name}\"").parse().unwrap() };
    let mut named = BTreeSet::from([uid("Remediate")]);
    for action in Action::ALL {
        let uid = uid(action.as_str());
        let known = schema.resources_for_action(&uid).unwrap();
        let known: BTreeSet<String> = known.map(ToString::to_string).collect();
        let fitting = things
            .iter()
            .filter(|(_, what)| coverage::fits(action, what));
        let fitting: BTreeSet<String> = fitting.map(|(name, _)| (*name).to_owned()).collect();
        assert_eq!(known, fitting, "{action:?}");
        named.insert(uid);
    }
    assert_eq!(named, schema.actions().cloned().collect());
}

/// What is put to Cedar without a schema is what the schema says.
#[test]
fn every_question_fits_the_schema() {
    let (schema, names) = (schema(), Names::new().unwrap());
    for action in Action::ALL {
        for thing in ["account", "api", "stage"] {
            let request = Words::doubtful(action, thing).request();
            if !coverage::fits(action, &request.thing.what) {
                continue;
            }
            let (question, entities) = question::put(&names, &request).unwrap();
            Entities::from_entities(entities, Some(&schema)).unwrap();
            cedar_policy::Request::new(
                question.principal().unwrap().clone(),
                question.action().unwrap().clone(),
                question.resource().unwrap().clone(),
                question.context().unwrap().clone(),
                Some(&schema),
            )
            .unwrap();
        }
    }
}

#[test]
fn nothing_deletes() {
    let patch_operations = Vec::new;
    let id = String::new;
    let steps = [
        Step::UpdateStage {
            rest_api_id: id(),
            stage_name: id(),
            patch_operations: patch_operations(),
        },
        Step::UpdateV2Stage {
            api_id: id(),
            stage_name: id(),
            update: V2StageUpdate::default(),
        },
        Step::UpdateRestApi {
            rest_api_id: id(),
            patch_operations: patch_operations(),
        },
        Step::UpdateAccount {
            patch_operations: patch_operations(),
        },
        Step::CreateDeployment {
            rest_api_id: id(),
            stage_name: id(),
            description: id(),
        },
    ];
    // A step that is added here has to be added above.
    for step in &steps {
        match step {
            Step::UpdateStage { .. }
            | Step::UpdateV2Stage { .. }
            | Step::UpdateRestApi { .. }
            | Step::UpdateAccount { .. }
            | Step::CreateDeployment { .. } => {}
        }
    }
    let mut names: Vec<String> = steps
        .iter()
        .map(|step| step.event_name().to_owned())
        .collect();
    names.extend(schema().actions().map(ToString::to_string));
    names.extend(Action::ALL.map(|action| action.as_str().to_owned()));
    names.extend(Remediation::ALL.map(|one| one.as_str().to_owned()));
    let deleting = names
        .iter()
        .filter(|name| name.to_lowercase().contains("delete"));
    assert_eq!(deleting.collect::<Vec<_>>(), Vec::<&String>::new());
}

#[test]
fn a_permit_is_for_what_was_asked_and_nothing_else() {
    let request = Words::of(Action::RestoreStageLogging).request();
    let ruling = CedarPolicy::embedded().unwrap().decide(&request);
    assert_eq!(
        (&ruling.policies, &ruling.reasons),
        (&vec!["asked-for".to_owned()], &vec![])
    );
    let permit = ruling.permit.unwrap();
    assert_eq!(permit.action(), Action::RestoreStageLogging);
    assert_eq!(permit.thing(), &request.thing);
    assert_eq!(permit.ledger_id(), request.ledger_id);
    assert_eq!(permit.policies(), ["asked-for"]);
}

#[test]
fn a_denial_says_why() {
    let why = |words: &Words| {
        CedarPolicy::embedded()
            .unwrap()
            .decide(&words.request())
            .reasons
    };
    let doubts = Words {
        contested: true,
        exempt: true,
        ..Words::of(Action::Contain)
    };
    assert_eq!(
        why(&doubts),
        [
            "this was restored within the last hour and taken away again, so a person has to decide",
            "an exemption holds for it",
        ]
    );
    let not_asked = Words {
        asked: Mode::Notify,
        ..Words::of(Action::Contain)
    };
    assert_eq!(why(&not_asked), ["no policy allows it"]);
    let nonsense = Words {
        thing: Some("account".to_owned()),
        ..Words::of(Action::Contain)
    };
    assert_eq!(
        why(&nonsense),
        ["`Contain` is not for a thing of this kind"]
    );
}

/// Whoever allows everything still gets no more than the owner asks for.
#[test]
fn no_policy_lifts_what_the_owner_asks_for() {
    let all = own("permit (principal, action, resource);");
    for mode in Mode::ALL {
        for asked in Mode::ALL {
            let words = Words {
                mode,
                asked,
                ..Words::of(Action::RestoreStageLogging)
            };
            let ruling = all.decide(&words.request());
            let may_write = mode >= Mode::Approve && mode <= asked;
            assert_eq!(ruling.permit.is_some(), may_write, "{mode:?} {asked:?}");
            assert_eq!(
                ruling.reasons.is_empty(),
                mode <= asked,
                "{mode:?} {asked:?}"
            );
        }
    }
}

#[test]
fn a_policy_that_cannot_be_evaluated_gives_no_permit() {
    let permit = "@id(\"all\") @reason(\"b\") permit (principal, action, resource);";
    let request = Words::of(Action::RestoreStageLogging).request();
    for effect in ["permit", "forbid"] {
        let text = format!(
            "{permit} @id(\"broken\") @reason(\"b\") {effect} (principal, action, resource) \
             when {{ context.age + 9223372036854775807 > 5 }};"
        );
        let ruling = parse(&text).unwrap().decide(&request);
        assert!(ruling.permit.is_none());
        let reasons = ruling.reasons.join("\n");
        assert!(
            reasons.contains("`broken`") && reasons.contains("overflow"),
            "{reasons}"
        );
    }
}

/// Names of things come from records: an id with Cedar's own signs in it is one id.
#[test]
fn hostile_names_stay_names() {
    let hostile = "x\" || true || \"\u{202e}\n";
    let policy = own("permit (principal, action, resource) when { resource.stage == \"prod\" };");
    let words = Words {
        stage: hostile.to_owned(),
        actor: Some(hostile.to_owned()),
        ..Words::of(Action::RestoreStageLogging)
    };
    assert_eq!(
        policy.decide(&words.request()).reasons,
        ["no policy allows it"]
    );
}
