use super::*;
use crate::finding::{Confidence, Decision};
use crate::ports::PortError;
use crate::rules;

const RECORD: &str = r#"{"eventSource":"apigateway.amazonaws.com","eventName":"UpdateStage",
    "eventTime":"2026-11-02T10:11:12Z","awsRegion":"eu-west-1","recipientAccountId":"111122223333",
    "eventID":"e-1","userIdentity":{}}"#;

fn record() -> Record {
    Record::from_log(RECORD.as_bytes()).unwrap()
}

fn finding(id: &str) -> Finding {
    let about = rules::about("stage-logging-disabled").unwrap();
    Finding {
        id: id.to_owned(),
        rule: about.id,
        title: about.title,
        severity: about.severity,
        confidence: Confidence::High,
        time: record().time,
        account: None,
        region: None,
        api: None,
        stage: None,
        principal: None,
        source_ip: None,
        user_agent: None,
        driver: None,
        event_ids: Vec::new(),
        event_name: None,
        summary: String::new(),
        changes: Vec::new(),
        window: None,
        decision: Decision::notify(None, "no remediation undoes this"),
        by_cloudformation: false,
    }
}

fn judged() -> Outcome {
    let mut outcome = Outcome::received("stage-logging");
    outcome.read(&record());
    outcome.judged(&Target {
        api: Some(crate::change::ApiRef {
            id: Some("a1b2c3".to_owned()),
            ..Default::default()
        }),
        stage: Some("prod\u{1b}[2J".to_owned()),
        stack: None,
    });
    outcome
}

#[derive(Debug, thiserror::Error)]
#[error("throttled\nlevel: INFO")]
struct Throttled;

fn failure(action: &'static str) -> PortError {
    PortError {
        action,
        retryable: true,
        source: Box::new(Throttled),
    }
}

#[test]
fn the_log_line_of_a_finding() {
    let mut outcome = judged();
    outcome.fired(&finding("0011223344556677"), Notified::Sent);
    outcome.windows_fed = 3;
    outcome.duration_ms = 41;
    outcome.latency_ms = Some(2_500);
    insta::assert_snapshot!(outcome.log_line(), @r#"{"level":"INFO","message":"event e-1 fired: stage-logging-disabled","function":"stage-logging","disposition":"fired","event.id":"e-1","event.name":"UpdateStage","account":"111122223333","region":"eu-west-1","api.id":"a1b2c3","stage":"prod\\u{1b}[2J","findings":[{"id":"0011223344556677","rule.id":"stage-logging-disabled","severity":"high","notified":"sent"}],"undecided":[],"windows.fed":3,"windows.alerts":0,"late_beyond_horizon":false,"duration_ms":41,"latency_ms":2500}"#);
}

#[test]
fn what_is_not_known_is_left_out() {
    insta::assert_snapshot!(Outcome::received("api-exposure").log_line(), @r#"{"level":"INFO","message":"event without an id is not ours","function":"api-exposure","disposition":"not_ours","findings":[],"undecided":[],"windows.fed":0,"windows.alerts":0,"late_beyond_horizon":false,"duration_ms":0}"#);
}

#[test]
fn a_failed_event_stays_failed_and_keeps_its_first_error() {
    let mut outcome = judged();
    outcome.failed(&failure("send the finding"));
    outcome.failed(&failure("settle the alert"));
    outcome.fired(&finding("1"), Notified::Sent);
    outcome.own_action();
    assert_eq!(outcome.disposition, Disposition::Failed);
    assert_eq!(outcome.findings.len(), 1);
    let error = "cannot send the finding: throttled\nlevel: INFO";
    assert_eq!(outcome.error.as_deref(), Some(error));
    let line = outcome.log_line();
    assert!(line.starts_with(r#"{"level":"ERROR","message":"event e-1 failed""#));
    assert!(line.contains(r"throttled\\u{a}level: INFO"), "{line}");
}

#[test]
fn an_event_takes_the_disposition_that_it_reached() {
    assert_eq!(Outcome::received("f").disposition, Disposition::NotOurs);
    let mut outcome = judged();
    assert_eq!(outcome.disposition, Disposition::Quiet);
    outcome.own_action();
    assert_eq!(outcome.disposition, Disposition::OwnAction);
}

#[test]
fn long_strings_are_cut_and_the_line_stays_one() {
    let mut outcome = judged();
    outcome.heard.event_name = Some("x\n".repeat(50_000));
    outcome.error = Some("y\u{2028}".repeat(50_000));
    let line = outcome.log_line();
    assert!(line.len() < 5_000, "{}", line.len());
    assert!(!line.contains(['\n', '\u{2028}']));
}
