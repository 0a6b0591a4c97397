//! An outcome as one line of JSON: dotted field names, unknown fields left out.

use serde::Serialize;

use super::{Disposition, FindingOutcome, Outcome, RemediationOutcome};
use crate::heard::{Heard, shown, shown_error};

/// The order of the members is that of the line.
#[derive(Serialize)]
struct Line<'a> {
    level: &'static str,
    message: String,
    function: &'static str,
    disposition: Disposition,
    #[serde(flatten)]
    heard: Heard,
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
    let line = Line {
        level: match outcome.disposition {
            Disposition::Failed => "ERROR",
            _ if !outcome.warnings.is_empty() => "WARN",
            _ => "INFO",
        },
        message: message(outcome),
        function: outcome.function,
        disposition: outcome.disposition,
        heard: outcome.heard.shown(),
        findings: &outcome.findings,
        remediations: &outcome.remediations,
        undecided: &outcome.undecided,
        windows_fed: outcome.windows_fed,
        window_alerts: outcome.window_alerts,
        late_beyond_horizon: outcome.late_beyond_horizon,
        duration_ms: outcome.duration_ms,
        latency_ms: outcome.latency_ms,
        error: outcome.error.as_deref().map(shown_error),
        warnings: outcome
            .warnings
            .iter()
            .map(|text| shown_error(text))
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
    let id = outcome.heard.event_id.as_deref();
    format!("event {} {what}", shown(id.unwrap_or("without an id")))
}
