//! The tables of `policies/cedar/tests`, run against the policies of `policies/cedar`, and what they prove.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};

use cedar_policy::{Effect, PolicyId};
use portcullis_core::baseline::thing::{Api, Thing, What};
use portcullis_core::change::ApiType;
use portcullis_core::finding::Confidence;
use portcullis_core::remediation::Mode;
use portcullis_core::remediation::modes::{Asked, Exemption, Tags};
use portcullis_core::remediation::policy::{Action, Circumstances, Policy, Request};
use serde::Deserialize;

use crate::CedarPolicy;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    about: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Case {
    name: String,
    request: Words,
    decision: Decision,
    policies: Vec<String>,
}

#[derive(Deserialize, Debug, PartialEq, Eq, Clone, Copy)]
#[serde(rename_all = "lowercase")]
enum Decision {
    Allow,
    Deny,
}

/// A request. What is left out speaks for it: at once, as the owner asks for, without any doubt.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(crate) struct Words {
    pub(crate) action: String,
    pub(crate) mode: Mode,
    pub(crate) asked: Mode,
    pub(crate) cloudformation: bool,
    pub(crate) exempt: bool,
    /// `account`, `api` or `stage`; left out, what the action is for.
    pub(crate) thing: Option<String>,
    pub(crate) account: String,
    pub(crate) region: String,
    pub(crate) api: String,
    pub(crate) r#type: ApiType,
    pub(crate) stage: String,
    pub(crate) tags: Tags,
    pub(crate) actor: Option<String>,
    pub(crate) age: i64,
    pub(crate) confidence: Confidence,
    pub(crate) contested: bool,
    pub(crate) changed_again: bool,
    pub(crate) budget_spent: bool,
    pub(crate) by_cloudformation: bool,
    pub(crate) break_glass: bool,
    pub(crate) has_kill_switch: bool,
    pub(crate) has_baseline: bool,
    pub(crate) draft_is_published: bool,
}

impl Default for Words {
    fn default() -> Self {
        Self {
            action: String::new(),
            mode: Mode::Auto,
            asked: Mode::Auto,
            cloudformation: false,
            exempt: false,
            thing: None,
            account: "111122223333".to_owned(),
            region: "eu-west-1".to_owned(),
            api: "a1b2c3d4e5".to_owned(),
            r#type: ApiType::Rest,
            stage: "prod".to_owned(),
            tags: Tags::new(),
            actor: Some("arn:aws:iam::111122223333:role/deploy".to_owned()),
            age: 5,
            confidence: Confidence::High,
            contested: false,
            changed_again: false,
            budget_spent: false,
            by_cloudformation: false,
            break_glass: false,
            has_kill_switch: true,
            has_baseline: true,
            draft_is_published: true,
        }
    }
}

impl Words {
    /// The request that nothing speaks against.
    pub(crate) fn of(action: Action) -> Self {
        Self {
            action: action.as_str().to_owned(),
            ..Self::default()
        }
    }

    /// The request that everything speaks against.
    pub(crate) fn doubtful(action: Action, thing: &str) -> Self {
        Self {
            thing: Some(thing.to_owned()),
            exempt: true,
            tags: Tags::from([("team".to_owned(), BTreeSet::from(["payments".to_owned()]))]),
            age: 1_000_000,
            confidence: Confidence::Low,
            contested: true,
            changed_again: true,
            budget_spent: true,
            by_cloudformation: true,
            break_glass: true,
            has_kill_switch: false,
            has_baseline: false,
            draft_is_published: false,
            ..Self::of(action)
        }
    }

    fn thing(&self) -> Thing {
        let kind = self.thing.as_deref().unwrap_or(match self.action.as_str() {
            "RestoreAccountLoggingRole" => "account",
            "RestorePrivateEndpoint" => "api",
            _ => "stage",
        });
        let api = Api {
            id: self.api.clone(),
            kind: Some(self.r#type),
            name: None,
        };
        Thing {
            account: self.account.clone(),
            region: self.region.clone(),
            what: match kind {
                "account" => What::Account,
                "api" => What::Api(api),
                "stage" => What::Stage(api, self.stage.clone()),
                other => panic!("`{other}` is no thing: write `account`, `api` or `stage`"),
            },
        }
    }

    pub(crate) fn request(&self) -> Request {
        let mut actions = Action::ALL.into_iter();
        let action = actions.find(|one| one.as_str() == self.action);
        let exemption = Exemption {
            reason: "load test".to_owned(),
            owner: "team-payments".to_owned(),
            expires: jiff::Timestamp::MAX,
        };
        Request {
            action: action.unwrap_or_else(|| panic!("`{}` is no action", self.action)),
            mode: self.mode,
            asked: Asked {
                mode: self.asked,
                cloudformation: self.cloudformation,
                exemption: self.exempt.then_some(exemption),
                expired: Vec::new(),
            },
            thing: self.thing(),
            tags: self.tags.clone(),
            actor: self.actor.clone(),
            circumstances: Circumstances {
                age: self.age,
                confidence: self.confidence,
                contested: self.contested,
                changed_again: self.changed_again,
                budget_spent: self.budget_spent,
                by_cloudformation: self.by_cloudformation,
                break_glass: self.break_glass,
                has_kill_switch: self.has_kill_switch,
                has_baseline: self.has_baseline,
                draft_is_published: self.draft_is_published,
            },
            ledger_id: "restore-stage-logging-0123456789abcdef".to_owned(),
        }
    }
}

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../policies/cedar")
}

/// The cases of a table, with its name in theirs.
pub(crate) fn read(name: &str, text: &str) -> Vec<Case> {
    let table: Table =
        serde_json::from_str(text).unwrap_or_else(|error| panic!("`{name}`: {error}"));
    assert!(!table.about.is_empty() && !table.cases.is_empty(), "{name}");
    let named = |case: Case| Case {
        name: format!("{name}: {}", case.name),
        ..case
    };
    table.cases.into_iter().map(named).collect()
}

fn cases() -> Vec<Case> {
    let files = fs::read_dir(folder().join("tests")).unwrap();
    let paths = files.map(|file| file.unwrap().path());
    let cases: Vec<Case> = paths
        .flat_map(|path| {
            let name = path.file_name().unwrap().to_str().unwrap();
            read(name, &fs::read_to_string(&path).unwrap())
        })
        .collect();
    assert!(cases.len() > 40, "only {} cases were read", cases.len());
    cases
}

fn verdict(policy: &CedarPolicy, request: &Request) -> (Decision, Vec<String>) {
    let ruling = policy.decide(request);
    let decision = match ruling.reasons.is_empty() {
        true => Decision::Allow,
        false => Decision::Deny,
    };
    let may_write = decision == Decision::Allow && request.mode >= Mode::Approve;
    assert_eq!(ruling.permit.is_some(), may_write, "{ruling:?}");
    (decision, ruling.policies)
}

/// The cases that come out differently, and how.
pub(crate) fn wrong(policy: &CedarPolicy, cases: &[Case]) -> Vec<String> {
    let mut wrong = Vec::new();
    for case in cases {
        let mut expected = case.policies.clone();
        expected.sort();
        let found = verdict(policy, &case.request.request());
        if found != (case.decision, expected) {
            wrong.push(format!("{}: {found:?}", case.name));
        }
    }
    wrong
}

#[test]
fn the_tables_hold() {
    let policy = CedarPolicy::from_folder(&folder()).unwrap();
    assert_eq!(wrong(&policy, &cases()), Vec::<String>::new());
}

/// Every policy turns at least one case by itself: whoever removes it, or adds one that does nothing,
/// hears of it here.
#[test]
fn every_policy_is_necessary() {
    let cases = cases();
    let whole = CedarPolicy::from_folder(&folder()).unwrap();
    for id in whole.files.keys() {
        let mut without = CedarPolicy::from_folder(&folder()).unwrap();
        without.set.remove_static(PolicyId::new(id)).unwrap();
        let turned = cases.iter().any(|case| {
            let (decision, _) = verdict(&without, &case.request.request());
            decision != case.decision
        });
        assert!(turned, "no case in `tests` needs the policy `{id}`");
    }
}

/// A `forbid` that is in every case of a table, and never alone, could hide that it is broken.
#[test]
fn every_forbid_decides_alone_in_some_case() {
    let policy = CedarPolicy::from_folder(&folder()).unwrap();
    let forbids = policy
        .set
        .policies()
        .filter(|one| one.effect() == Effect::Forbid);
    let ids: BTreeSet<String> = forbids.map(|one| one.id().to_string()).collect();
    let mut alone: BTreeMap<&str, u32> = BTreeMap::new();
    let cases = cases();
    for case in &cases {
        if let ([id], Decision::Deny) = (case.policies.as_slice(), case.decision) {
            *alone.entry(id).or_default() += 1;
        }
    }
    let alone: BTreeSet<String> = alone.into_keys().map(str::to_owned).collect();
    assert_eq!(ids, alone);
}
