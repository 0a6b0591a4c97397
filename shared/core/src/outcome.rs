//! What happened to one event: the one record that the log line and the counters come from.
//!
//! Received = own action + not ours + quiet + fired + failed. Bodies of a record are never part of
//! it; strings of a record are made visible before they are written.

mod log;

#[cfg(test)]
mod tests;

use std::error::Error;

use jiff::Timestamp;
use serde::Serialize;

use crate::causes::chain;
use crate::change::Target;
use crate::finding::{Finding, Severity};
use crate::heard::Heard;
use crate::notification;
use crate::record::Record;
use crate::remediation::report::Report;

/// Where an event ended. Every event ends in exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Disposition {
    /// No rule of the function reads it.
    NotOurs,
    /// A write of our own, known to the ledger.
    OwnAction,
    /// Judged; no rule fires.
    Quiet,
    /// At least one rule fires.
    Fired,
    /// It could not be brought to an end; it will come again or lies in a queue.
    Failed,
}

impl Disposition {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::NotOurs,
        Self::OwnAction,
        Self::Quiet,
        Self::Fired,
        Self::Failed,
    ];
}

/// Whether people were told of a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Notified {
    /// Now.
    Sent,
    /// Now, as the message that stands for all that follow.
    SentAsLast,
    /// By an earlier delivery.
    AlreadySent,
    /// Another delivery is sending it right now.
    Held,
    /// No: the rule has sent its share for the scope.
    Muted,
}

/// A finding, as far as the log and the counters need it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FindingOutcome {
    /// Id of the finding.
    pub id: String,
    /// Id of the rule.
    #[serde(rename = "rule.id")]
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// Whether it was sent.
    pub notified: Notified,
}

/// A remediation, as far as the log and the counters need it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RemediationOutcome {
    /// What it is, such as `restore-stage-logging`.
    #[serde(rename = "remediation")]
    pub name: &'static str,
    /// Ledger id, where there is an entry.
    #[serde(rename = "ledger.id", skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The mode after all doubts.
    pub mode: &'static str,
    /// `verified`, `awaiting` ...; `none` when nothing came of it.
    pub outcome: &'static str,
}

/// The outcome of one event in one delivery. A pipeline makes it [`Outcome::received`] and fills in
/// what it learns.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcome {
    /// Name of the function.
    pub function: &'static str,
    /// The event.
    pub heard: Heard,
    /// Where the event ended.
    pub disposition: Disposition,
    /// Findings on the record and on windows that it closed.
    pub findings: Vec<FindingOutcome>,
    /// What was done about them.
    pub remediations: Vec<RemediationOutcome>,
    /// Rules that could not decide and stayed quiet.
    pub undecided: Vec<&'static str>,
    /// Windows that counted it.
    pub windows_fed: usize,
    /// Alerts that it raised.
    pub window_alerts: usize,
    /// It came too late to be counted in windows.
    pub late_beyond_horizon: bool,
    /// Time that the delivery took.
    pub duration_ms: u64,
    /// From the time of the event to its first notification.
    pub latency_ms: Option<u64>,
    /// What went wrong.
    pub error: Option<String>,
    /// What went wrong and only made it know less.
    pub warnings: Vec<String>,
}

impl Outcome {
    /// An event of which nothing is known yet.
    pub fn received(function: &'static str) -> Self {
        Self {
            function,
            heard: Heard::default(),
            disposition: Disposition::NotOurs,
            findings: Vec::new(),
            remediations: Vec::new(),
            undecided: Vec::new(),
            windows_fed: 0,
            window_alerts: 0,
            late_beyond_horizon: false,
            duration_ms: 0,
            latency_ms: None,
            error: None,
            warnings: Vec::new(),
        }
    }

    /// The record could be read.
    pub fn read(&mut self, record: &Record) {
        self.heard.read(record);
    }

    /// It is a change that the rules judge; quiet unless one fires.
    pub fn judged(&mut self, target: &Target) {
        self.heard.api_id = target.api.as_ref().and_then(|api| api.id.clone());
        self.heard.stage.clone_from(&target.stage);
        self.end(Disposition::Quiet);
    }

    /// It is a write of our own.
    pub fn own_action(&mut self) {
        self.end(Disposition::OwnAction);
    }

    /// A rule or a window fires.
    pub fn fired(&mut self, finding: &Finding, notified: Notified) {
        self.findings.push(FindingOutcome {
            id: finding.id.clone(),
            rule: finding.rule,
            severity: finding.severity,
            notified,
        });
        self.end(Disposition::Fired);
    }

    /// Something was done about the findings, or was not.
    pub fn remediated(&mut self, report: &Report) {
        self.remediations.push(RemediationOutcome {
            name: report.remediation.as_str(),
            id: report.id.clone(),
            mode: report.mode.as_str(),
            outcome: notification::outcome(report).unwrap_or("none"),
        });
        for follow_up in &report.follow_ups {
            self.remediated(follow_up);
        }
    }

    /// People are told at `now` (seconds since the epoch) of something that happened at `time`.
    pub fn told(&mut self, time: Timestamp, now: i64) {
        let seconds = now.saturating_sub(time.as_second()).max(0);
        let latency = u64::try_from(seconds).unwrap_or_default() * 1000;
        self.latency_ms.get_or_insert(latency);
    }

    /// Something failed. The first failure is kept: later ones follow from it.
    pub fn failed(&mut self, error: &(dyn Error + 'static)) {
        self.error.get_or_insert_with(|| chain(error));
        self.disposition = Disposition::Failed;
    }

    /// Something failed that the event can do without.
    pub fn warn(&mut self, error: &(dyn Error + 'static)) {
        self.warnings.push(chain(error));
    }

    /// INVARIANT: a failed event stays failed, whatever else went well.
    fn end(&mut self, disposition: Disposition) {
        if self.disposition != Disposition::Failed {
            self.disposition = disposition;
        }
    }

    /// One line of JSON for the log.
    pub fn log_line(&self) -> String {
        log::line(self)
    }
}
