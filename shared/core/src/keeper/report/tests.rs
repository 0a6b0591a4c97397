//! The log line and the counters.

use serde_json::{Value, json};

use super::*;

fn parse(text: &str) -> Value {
    assert!(!text.contains('\n'));
    serde_json::from_str(text).unwrap()
}

#[test]
fn a_line_says_what_happened() {
    let mut report = Report::of_event();
    report.heard.event_id = Some("e1\u{1b}[31m".to_owned());
    report.ended(Ending::Written);
    let line = parse(&report.log_line());
    assert_eq!(line["function"], "baseline");
    assert_eq!(line["disposition"], "written");
    assert_eq!(line["versions.written"], 1);
    let message = line["message"].as_str().unwrap();
    assert!(
        message.ends_with("gave a version") && !message.contains('\u{1b}'),
        "{message}"
    );

    let sweep = Sweep::parse(r#"{"sweep":{"account":"111122223333","region":"eu-west-1"}}"#);
    let mut report = Report::of_sweep();
    report.sweeps(&sweep.unwrap());
    report.failed(&std::io::Error::other("throttled"));
    let line = parse(&report.log_line());
    assert_eq!(line["level"], "ERROR");
    assert_eq!(line["message"], "sweep of 111122223333 in eu-west-1 failed");
    assert_eq!(line["error"], "throttled");
}

#[test]
fn counters_add_up() {
    let all = [
        (Ending::NotOurs, "NotOurs"),
        (Ending::Nothing, "Nothing"),
        (Ending::Unnamed, "Unnamed"),
        (Ending::Written, "Written"),
        (Ending::Known, "Known"),
        (Ending::Gone, "Gone"),
        (Ending::Drafted, "Drafted"),
        (Ending::Swept, "Swept"),
        (Ending::Failed, "Failed"),
    ];
    for (ending, name) in all {
        let mut report = Report::of_event();
        report.ending = ending;
        let root = parse(&report.metrics(1));
        assert_eq!(root["function"], "baseline");
        assert_eq!(
            root["_aws"]["CloudWatchMetrics"][0]["Dimensions"],
            json!([["function"]])
        );
        let sum: u64 = all
            .iter()
            .map(|(_, name)| root[*name].as_u64().unwrap())
            .sum();
        assert_eq!(
            (&root["Received"], sum, &root[name]),
            (&json!(1), 1, &json!(1))
        );
    }
}

#[test]
fn what_came_of_a_draft_is_told() {
    let mut report = Report::of_event();
    report.ended(Ending::Drafted);
    report.drafted = Some(Drafted::TooLong);
    let line = parse(&report.log_line());
    assert_eq!(
        (&line["draft"], &line["versions.written"]),
        (&json!("too_long"), &json!(0))
    );
    let root = parse(&report.metrics(1));
    let counted = ["DraftsKept", "DraftsLate", "DraftsTooLong"].map(|name| root[name].as_u64());
    assert_eq!(counted, [Some(0), Some(0), Some(1)]);
}
