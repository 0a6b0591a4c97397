//! An outcome as one line of JSON: dotted field names, unknown fields left out.

use serde::Serialize;

use super::{Disposition, FindingOutcome, Outcome, RemediationOutcome};
use crate::escape::visible;
use crate::notification::text::cut;

/// Longer strings are cut.
const LONGEST_VALUE: usize = 300;
const LONGEST_ERROR: usize = 1_000;

/// The order of the members is that of the line.
#[derive(Serialize)]
struct Line<'a> {
    level: &'static str,
    message: String,
    function: &'static str,
    disposition: Disposition,
    #[serde(rename = "event.id", skip_serializing_if = "Option::is_none")]
    event_id: Option<String>,
    #[serde(rename = "event.name", skip_serializing_if = "Option::is_none")]
    event_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    #[serde(rename = "api.id", skip_serializing_if = "Option::is_none")]
    api_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<String>,
    findings: &'a [FindingOutcome],
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    remediations: &'a [RemediationOutcome],
    undecided: &'a [&'static str],
    #[serde(rename = "windows.fed")]
    windows_fed: usize,
    #[serde(rename = "windows.alerts")]
    window_alerts: usize,
    late_beyond_horizon: bool,
    duration_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    latency_ms: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<String>,
}

pub(super) fn line(outcome: &Outcome) -> String {
    let value = |value: &Option<String>| value.as_deref().map(|text| shown(text, LONGEST_VALUE));
    let line = Line {
        level: match outcome.disposition {
            Disposition::Failed => "ERROR",
            _ if !outcome.warnings.is_empty() => "WARN",
            _ => "INFO",
        },
        message: message(outcome),
        function: outcome.function,
        disposition: outcome.disposition,
        event_id: value(&outcome.event_id),
        event_name: value(&outcome.event_name),
        account: value(&outcome.account),
        region: value(&outcome.region),
        api_id: value(&outcome.api_id),
        stage: value(&outcome.stage),
        findings: &outcome.findings,
        remediations: &outcome.remediations,
        undecided: &outcome.undecided,
        windows_fed: outcome.windows_fed,
        window_alerts: outcome.window_alerts,
        late_beyond_horizon: outcome.late_beyond_horizon,
        duration_ms: outcome.duration_ms,
        latency_ms: outcome.latency_ms,
        error: outcome
            .error
            .as_deref()
            .map(|text| shown(text, LONGEST_ERROR)),
        warnings: outcome
            .warnings
            .iter()
            .map(|text| shown(text, LONGEST_ERROR))
            .collect(),
    };
    // It has no map and no number that JSON lacks, so that nothing can fail.
    serde_json::to_string(&line).unwrap_or_default()
}

/// `event 5f1c fired: stage-logging-disabled`.
fn message(outcome: &Outcome) -> String {
    let rules: Vec<&str> = outcome.findings.iter().map(|found| found.rule).collect();
    let what = match outcome.disposition {
        Disposition::NotOurs => "is not ours".to_owned(),
        Disposition::OwnAction => "is our own action".to_owned(),
        Disposition::Quiet => "is quiet".to_owned(),
        Disposition::Fired => format!("fired: {}", rules.join(", ")),
        Disposition::Failed => "failed".to_owned(),
    };
    let id = outcome.event_id.as_deref().unwrap_or("without an id");
    format!("event {} {what}", shown(id, LONGEST_VALUE))
}

fn shown(text: &str, longest: usize) -> String {
    cut(&visible(text), longest)
}
