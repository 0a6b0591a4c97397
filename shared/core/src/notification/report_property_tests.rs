//! Whatever stands in a report, a message keeps its limits and its form.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::later_tests::entry;
use super::property_tests::{change, finding, text};
use super::testing::plan;
use super::{Kind, MARKER, MARKER_LATER, Notification, of_finding, of_remediation};
use crate::baseline::thing::{Api, Thing, What};
use crate::change::ApiType;
use crate::remediation::ledger::{Entry, Given, State};
use crate::remediation::plan::Plan;
use crate::remediation::publication::Exposure;
use crate::remediation::report::{Commanded, Done, Ending, Report};
use crate::remediation::settings::{MethodSetting, RestApi, RestStage, Settings};
use crate::remediation::step::{PatchOp, PatchOperation, Step};
use crate::remediation::{Mode, Remediation, ledger};
use crate::settings::AccessLog;

/// Labels and beginnings of lines of our own.
const OURS: &[&str] = &[
    "    ",
    "API Gateway:",
    "Also:",
    "Approve:",
    "Approved:",
    "As of:",
    "By hand:",
    "Change made:",
    "Changed:",
    "CloudTrail:",
    "Confidence:",
    "Contain:",
    "Deployed:",
    "Done:",
    "Event:",
    "Events:",
    "Exposure:",
    "Finding:",
    "From:",
    "Harmless if:",
    "How:",
    "In code:",
    "Left out for their length",
    "Limited:",
    "Links:",
    "Mode:",
    "Next:",
    "No more messages of this rule about ",
    "Note:",
    "Planned:",
    "Policy:",
    "Reason:",
    "Redeploy:",
    "Remediation:",
    "Restored:",
    "Rule:",
    "Set back:",
    "Somebody has to look now: ",
    "The JSON below is shortened",
    "Tried:",
    "Undo asked:",
    "Undo:",
    "User agent:",
    "What:",
    "When:",
    "Where:",
    "Who:",
    "To deploy:",
    "Would set:",
    "{\"id\":",
    MARKER,
    MARKER_LATER,
];

fn thing() -> impl Strategy<Value = Thing> {
    let kind = select(vec![None, Some(ApiType::Rest), Some(ApiType::Http)]);
    let name = proptest::option::of(text());
    (text(), text(), kind, name, text(), text(), 0..3).prop_map(
        |(account, region, kind, name, id, stage, what)| {
            let api = Api { id, kind, name };
            let what = match what {
                0 => What::Account,
                1 => What::Api(api),
                _ => What::Stage(api, stage),
            };
            Thing {
                account,
                region,
                what,
            }
        },
    )
}

fn settings() -> impl Strategy<Value = Settings> {
    (text(), text(), text(), any::<bool>()).prop_map(|(key, level, format, is_stage)| {
        let setting = MethodSetting {
            logging_level: Some(level),
            ..MethodSetting::default()
        };
        match is_stage {
            true => Settings::RestStage(RestStage {
                method_settings: [(key, setting)].into(),
                access_log_settings: Some(AccessLog {
                    destination_arn: Some("arn".to_owned()),
                    format: Some(format),
                }),
            }),
            false => Settings::RestApi(RestApi {
                policy: Some(format!("{{\"a\":{}}}", serde_json::json!(format))),
                ..RestApi::default()
            }),
        }
    })
}

fn step() -> impl Strategy<Value = Step> {
    let operation = (text(), text()).prop_map(|(path, value)| PatchOperation {
        op: PatchOp::Replace,
        path,
        value: Some(value),
    });
    (text(), text(), vec(operation, 1..4)).prop_map(|(id, stage_name, patch_operations)| {
        match stage_name.len() % 3 {
            0 => Step::CreateDeployment {
                rest_api_id: id,
                stage_name,
                description: "x".to_owned(),
            },
            1 => Step::UpdateRestApi {
                rest_api_id: id,
                patch_operations,
            },
            _ => Step::UpdateStage {
                rest_api_id: id,
                stage_name,
                patch_operations,
            },
        }
    })
}

prop_compose! {
    fn done()(
        thing in thing(),
        steps in vec(step(), 0..3),
        live in settings(),
        wanted in settings(),
        changes in vec(change(), 0..30),
        notes in vec(text(), 0..30),
    ) -> Done {
        Done { thing, plan: Plan { steps, changes, notes, ..plan(live, wanted) } }
    }
}

fn ending() -> impl Strategy<Value = Ending> {
    select(vec![
        Ending::Nothing,
        Ending::Described,
        Ending::WouldWrite { allowed: true },
        Ending::WouldWrite { allowed: false },
        Ending::Awaiting { deadline: i64::MAX },
        Ending::Verified,
        Ending::AlreadyRight,
        Ending::Attempted,
        Ending::Failed,
        Ending::WillRetry,
        Ending::Held,
        Ending::Undone,
    ])
}

fn exposure() -> impl Strategy<Value = Option<Exposure>> {
    let live = (proptest::option::of(any::<i64>()), vec(text(), 0..30));
    prop_oneof![
        Just(None),
        Just(Some(Exposure::Armed)),
        live.prop_map(|(since, stages)| Some(Exposure::Live { since, stages })),
    ]
}

prop_compose! {
    fn single()(
        remediation in select(Remediation::ALL.to_vec()),
        event_id in text(),
        has_entry: bool,
        (asked, mode) in (select(Mode::ALL.to_vec()), select(Mode::ALL.to_vec())),
        ending in ending(),
        reasons in vec(text(), 0..30),
        // On the heap: a plan is large, and strategies hold it many times.
        done in vec(done(), 0..2).prop_map(|mut all| all.pop()),
        policies in vec(text(), 0..30),
        exposure in exposure(),
        pages: bool,
        commanded in select(vec![None, Some(Commanded::Approve), Some(Commanded::Undo)]),
    ) -> Report {
        Report {
            remediation,
            id: has_entry.then(|| ledger::id(remediation, "", "", &event_id)),
            asked,
            mode,
            ending,
            reasons,
            done,
            policies,
            exposure,
            follow_ups: Vec::new(),
            pages,
            commanded,
        }
    }
}

fn report() -> impl Strategy<Value = Report> {
    (single(), vec(single(), 0..2)).prop_map(|(report, follow_ups)| Report {
        follow_ups,
        ..report
    })
}

/// Limits, form, and what a line begins with; gives the JSON.
fn checked(message: &Notification, marker: &str) -> serde_json::Value {
    assert!(
        (1..=99).contains(&message.subject.len()),
        "{}",
        message.subject
    );
    assert!(message.subject.chars().all(|c| (' '..='~').contains(&c)));
    for (name, value) in &message.attributes {
        assert!((1..=256).contains(&value.len()), "{name}: {value}");
    }
    let body = &message.body;
    assert!(body.len() < 200_000, "{}", body.len());
    assert!(!body.contains(|c: char| c.is_control() && c != '\n'));
    assert!(!body.contains(['\u{2028}', '\u{2029}', '\u{202e}', '\u{200b}', '\u{ffff}']));
    let lines: Vec<&str> = body.lines().collect();
    let [text @ .., last, json] = lines.as_slice() else {
        panic!("a marker and the JSON: {body}");
    };
    assert_eq!(*last, marker);
    let (_, rest) = text.split_first().unwrap();
    for line in rest.iter().filter(|line| !line.is_empty()) {
        assert!(OURS.iter().any(|ours| line.starts_with(ours)), "{line}");
        assert!(!line.starts_with("---"), "{line}");
        let line = line.replacen("https://", "", usize::from(line.contains(".console.aws.")));
        assert!(!line.contains("://"), "{line}");
    }
    serde_json::from_str(json).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn a_message_with_a_report_keeps_its_limits(
        finding in finding(), report in report(), is_last: bool,
    ) {
        let message = of_finding(&finding, Some(&report), is_last);
        let json = checked(&message, MARKER);
        prop_assert_eq!(&json["id"], &finding.id);
        prop_assert_eq!(json["decision"]["id"].as_str(), report.id.as_deref());
        let pages = report.pages || report.follow_ups.iter().any(|one| one.pages);
        if pages {
            prop_assert!(message.subject.starts_with("CRITICAL: "));
            prop_assert!(message.attributes.contains(&("severity", "critical".to_owned())));
            prop_assert!(message.body.contains("\nSomebody has to look now: "));
        }
        for id in std::iter::once(&report).chain(&report.follow_ups).filter_map(|one| one.id.as_ref()) {
            let line = format!("\nRemediation: {id}\n");
            prop_assert!(message.body.contains(&line));
        }
    }

    #[test]
    fn a_later_message_keeps_its_limits(
        report in report(), thing in thing(), actor in text(), by in text(), rule in text(),
    ) {
        let given = Some(Given { by: Some(by), at: 0 });
        let entry = Entry {
            remediation: report.remediation,
            thing,
            actor: Some(actor),
            rule,
            approved: given.clone(),
            undone: given,
            ..entry(State::Attempted)
        };
        let message = of_remediation(&entry, &report, Kind::Remediation);
        let json = checked(&message, MARKER_LATER);
        prop_assert_eq!(&json["id"], &entry.id);
        prop_assert_eq!(&json["finding_id"], &entry.finding_id);
        prop_assert_eq!(json.as_object().unwrap().len(), 12);
    }
}

#[test]
fn what_is_to_be_pasted_gives_way_first() {
    let finding = super::testing::known();
    let mut report = super::testing::report(Ending::Failed);
    let done = &mut report.done.as_mut().unwrap().plan;
    done.changes = vec![done.changes[0].clone(); 5_000];
    let Settings::RestStage(stage) = &mut done.wanted else {
        panic!("a stage");
    };
    let log = stage.access_log_settings.as_mut().unwrap();
    log.format = Some("x".repeat(100_000));
    let body = of_finding(&finding, Some(&report), false).body;
    assert!(body.contains("Would set:   and 4980 more\n"), "{body}");
    let left_out = "Left out for their length: 2 blocks of commands and code; the values are in the \
                    ledger entry L#restore-stage-logging-3f94aac68ec68d1e.\n";
    assert!(body.contains(left_out));
    assert!(body.contains("\nBy hand:     to put it back"));
    assert!(!body.contains("The JSON below is shortened"));
}
