//! The line of `--format jsonl` as the contract has it, written down a second time: names, order and types of all members.

use std::collections::BTreeSet;

use jiff::Timestamp;
use portcullis_core::finding;
use serde::{Deserialize, Deserializer, Serialize};

/// Window rules, what each counts, and whether it spans accounts.
const WINDOWS: [(&str, &str, bool); 5] = [
    ("stage-logging-disabled-across-stages", "stages", false),
    ("stage-logging-disabled-across-apis", "stages", false),
    ("stage-logging-disabled-across-accounts", "accounts", true),
    ("apis-deleted-in-bulk", "apis", false),
    ("apis-deleted-across-accounts", "accounts", true),
];

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Severity {
    Low,
    Medium,
    High,
    Critical,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Confidence {
    Low,
    Medium,
    High,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "UPPERCASE")]
enum ApiType {
    Rest,
    Http,
    WebSocket,
}

#[derive(Deserialize, Serialize)]
#[serde(rename_all = "lowercase")]
enum Driver {
    CloudFormation,
    Cdk,
    Sam,
    Terraform,
    Console,
    Cli,
    Sdk,
    Service,
    Unknown,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Api {
    id: Option<String>,
    r#type: Option<ApiType>,
    name: Option<String>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Principal {
    r#type: Option<String>,
    arn: Option<String>,
    session_issuer: Option<String>,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    pub(crate) path: String,
    /// Absent: unknown. `null`: not set.
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) before: Option<Option<String>>,
    #[serde(
        default,
        deserialize_with = "present",
        skip_serializing_if = "Option::is_none"
    )]
    pub(crate) after: Option<Option<String>>,
}

fn present<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Option<String>>, D::Error> {
    Option::deserialize(from).map(Some)
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Window {
    of: String,
    distinct: u64,
    threshold: u64,
    seconds: i64,
    level: u32,
    first: String,
    last: String,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
struct Decision {
    mode: String,
    remediation: Option<String>,
    reason: String,
}

#[derive(Deserialize, Serialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Finding {
    id: String,
    rule: String,
    title: String,
    severity: Severity,
    confidence: Confidence,
    time: String,
    account: Option<String>,
    region: Option<String>,
    api: Option<Api>,
    stage: Option<String>,
    principal: Option<Principal>,
    source_ip: Option<String>,
    user_agent: Option<String>,
    driver: Option<Driver>,
    event_ids: Vec<String>,
    event_name: Option<String>,
    summary: String,
    pub(crate) changes: Vec<Change>,
    window: Option<Window>,
    decision: Decision,
}

/// Holds every line against the contract, and all together, and returns them.
pub(crate) fn check(jsonl: &str) -> Vec<Finding> {
    let findings: Vec<Finding> = jsonl.lines().map(check_line).collect();
    assert!(jsonl.is_empty() || jsonl.ends_with('\n'));
    let order: Vec<_> = findings.iter().map(|f| (&f.time, &f.id)).collect();
    assert!(order.is_sorted(), "by time, then id");
    let ids: BTreeSet<_> = findings.iter().map(|f| &f.id).collect();
    assert_eq!(ids.len(), findings.len(), "every id once");
    let single = || findings.iter().filter(|f| f.window.is_none());
    let pairs: BTreeSet<_> = single().map(|f| (&f.rule, &f.event_ids)).collect();
    assert_eq!(
        pairs.len(),
        single().count(),
        "one finding per rule and record"
    );
    findings
}

fn check_line(line: &str) -> Finding {
    let finding: Finding = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
    assert_eq!(
        serde_json::to_string(&finding).unwrap(),
        line,
        "order of members"
    );
    assert_eq!(finding.id.len(), 16, "{line}");
    let hex = |c: char| c.is_ascii_digit() || ('a'..='f').contains(&c);
    assert!(finding.id.chars().all(hex), "{line}");
    seconds(&finding.time);
    assert!(
        !finding.title.is_empty() && !finding.summary.is_empty(),
        "{line}"
    );
    assert_eq!(finding.decision.mode, "notify", "{line}");
    match &finding.window {
        Some(window) => check_window(&finding, window),
        None => check_single(&finding),
    }
    finding
}

fn check_single(finding: &Finding) {
    let rule = finding.rule.as_str();
    assert!(WINDOWS.iter().all(|(id, ..)| *id != rule), "{rule}");
    let [event] = finding.event_ids.as_slice() else {
        panic!("{rule} names {:?}", finding.event_ids);
    };
    let account = finding.account.as_deref().unwrap();
    let region = finding.region.as_deref().unwrap();
    let id = finding::id(&[rule, account, region, event]);
    assert_eq!(finding.id, id);
    assert!(
        finding.principal.is_some() && finding.driver.is_some(),
        "{event}"
    );
    assert!(finding.event_name.is_some(), "{event}");
}

fn check_window(finding: &Finding, window: &Window) {
    let rule = finding.rule.as_str();
    let (_, of, spans) = WINDOWS.iter().find(|(id, ..)| *id == rule).unwrap();
    assert_eq!(window.of, *of, "{rule}");
    assert_eq!(finding.account.is_none(), *spans, "{rule}");
    assert_eq!(finding.time, window.last, "{rule}");
    assert!(window.distinct > window.threshold, "{rule}");
    let level = (window.distinct / (window.threshold + 1)).ilog2();
    assert_eq!(window.level, level, "{rule}");
    let length = seconds(&window.last) - seconds(&window.first);
    assert!((0..window.seconds).contains(&length), "{rule}: half-open");
    let named: BTreeSet<_> = finding.event_ids.iter().collect();
    assert_eq!(named.len(), finding.event_ids.len(), "{rule}");
    assert_eq!(named.len() as u64, window.distinct.min(100), "{rule}");
    assert!(
        finding.changes.is_empty() && finding.stage.is_none(),
        "{rule}"
    );
}

/// A time in whole seconds of UTC, such as `2026-11-02T10:11:12Z`.
fn seconds(time: &str) -> i64 {
    assert!(time.len() == 20 && time.ends_with('Z'), "{time}");
    time.parse::<Timestamp>().unwrap().as_second()
}
