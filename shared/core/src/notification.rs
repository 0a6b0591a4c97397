//! What SNS is given: a subject, a text that a person can act on as it is, attributes to filter by.
//!
//! Every string of a record is the attacker's. None of them can start a line, end one, or be a link
//! in the text; the line of JSON at its end has them exact. Delivery is left to [`crate::ports`].

mod body;
mod by_hand;
mod deed;
mod exposure;
mod later;
mod lines;
mod links;
mod machine;
mod names;
pub(crate) mod text;
mod wording;

#[cfg(test)]
mod ending_tests;
#[cfg(test)]
mod later_tests;
#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod report_property_tests;
#[cfg(test)]
mod report_tests;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

use std::borrow::Cow;

use crate::change::ApiRef;
use crate::finding::{Counted, Decision, Finding, Severity};
use crate::remediation::ledger::Entry;
use crate::remediation::report::{Ending, Report};

/// A rule sends at most this many messages for one scope ...
pub const MESSAGES_IN_SHARE: usize = 20;
/// ... within this many seconds.
pub const SECONDS_OF_SHARE: i64 = 600;

/// Tells programs where the JSON of a finding begins.
const MARKER: &str = "--- finding (JSON)";

/// Tells programs where the JSON of a remediation begins.
const MARKER_LATER: &str = "--- remediation (JSON)";

/// SNS takes 262,144 bytes in all, the contract allows 200,000.
const MAX_BODY: usize = 195_000;

/// SNS: "less than 100 characters long", no line breaks or control characters.
const MAX_SUBJECT: usize = 99;

/// Far below the limit of SNS for a whole message; an account and a Region are much shorter.
const MAX_ATTRIBUTE: usize = 200;

/// What a message is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A rule fired on one record.
    Finding,
    /// A window rule fired on many.
    Window,
    /// What became of a remediation that an earlier message left open.
    Remediation,
    /// A remediation waits for a person; no message about its finding said so.
    Approval,
    /// The settings are right again, and nothing of the change is published or keeps stages closed.
    Resolved,
}

impl Kind {
    /// As it is written in the attribute `kind`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Finding => "finding",
            Self::Window => "window",
            Self::Remediation => "remediation",
            Self::Approval => "approval",
            Self::Resolved => "resolved",
        }
    }

    /// Of a later message that says this.
    pub fn later(report: &Report) -> Self {
        match report.ending {
            Ending::Awaiting { .. } => Self::Approval,
            Ending::Verified if exposure::is_over(report) => Self::Resolved,
            _ => Self::Remediation,
        }
    }

    fn of(finding: &Finding) -> Self {
        match finding.window {
            None => Self::Finding,
            Some(_) => Self::Window,
        }
    }
}

/// A message for people, with what machines filter it by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notification {
    /// At most 99 printable ASCII characters.
    pub subject: String,
    /// The text, the line `--- finding (JSON)`, and one line of JSON; under 200 kB.
    pub body: String,
    /// Attributes of data type String; none is empty. What spans accounts or Regions says
    /// `several`, so that a filter policy on exact values can let it through.
    pub attributes: Vec<(&'static str, String)>,
}

/// The message about a finding, and what was done about it. `is_last` when the rule has now sent its share
/// for the scope. With a report, its [`decision`] stands in the JSON.
pub fn of_finding(finding: &Finding, report: Option<&Report>, is_last: bool) -> Notification {
    let decided = report.map(|report| Finding {
        decision: decision(report),
        ..finding.clone()
    });
    let finding = decided.as_ref().unwrap_or(finding);
    Notification {
        subject: subject(finding, report),
        body: body::body(finding, report, is_last),
        attributes: with_outcome(attributes(finding, report, Kind::of(finding)), report),
    }
}

/// A later message about a finding: what came of a remediation that its message left open, where no entry of
/// the ledger tells it.
pub fn of_ending(finding: &Finding, report: &Report) -> Notification {
    let kind = match report.ending {
        Ending::Verified | Ending::AlreadyRight => Kind::Resolved,
        Ending::Awaiting { .. } => Kind::Approval,
        _ => Kind::Remediation,
    };
    Notification {
        attributes: with_outcome(attributes(finding, Some(report), kind), Some(report)),
        ..of_finding(finding, Some(report), false)
    }
}

/// A later message about an entry of the ledger: done after a retry or an approval, taken back, refused.
pub fn of_remediation(entry: &Entry, report: &Report, kind: Kind) -> Notification {
    later::notification(entry, report, kind)
}

/// What is done about a finding, as its JSON has it.
pub fn decision(report: &Report) -> Decision {
    let reason = match report.reasons.is_empty() {
        true => wording::done(report),
        false => report.reasons.join("; "),
    };
    Decision {
        mode: report.mode.as_str(),
        remediation: Some(report.remediation.as_str()),
        reason: Cow::Owned(reason),
        id: report.id.clone(),
        outcome: wording::outcome(&report.ending),
    }
}

/// What came of a remediation, in a word; `None` when nothing did.
pub fn outcome(report: &Report) -> Option<&'static str> {
    wording::outcome(&report.ending)
}

/// The finding as one line of JSON of at most `room` bytes, shortened like that of a message: for
/// stores, which have limits of their own.
pub fn json_within(finding: &Finding, room: usize) -> String {
    machine::line(finding, room).json
}

/// That of the finding; critical when somebody has to look now.
fn severity(finding: &Finding, report: Option<&Report>) -> Severity {
    severity_of_pages(finding.severity, report)
}

fn severity_of_pages(severity: Severity, report: Option<&Report>) -> Severity {
    match report.and_then(wording::page) {
        Some(_) => Severity::Critical,
        None => severity,
    }
}

/// `HIGH: Stage logging disabled: orders/prod (111122223333), restored`. Only API and stage are cut.
fn subject(finding: &Finding, report: Option<&Report>) -> String {
    let severity = severity(finding, report).as_str().to_ascii_uppercase();
    let head = format!("{severity}: {}", text::ascii(finding.title));
    assembled(
        &head,
        finding.api.as_ref(),
        finding.stage.as_deref(),
        &account(finding),
        report.map(came_of_it).unwrap_or_default(),
    )
}

/// What the subject says of a remediation.
fn came_of_it(report: &Report) -> &'static str {
    match report.ending {
        Ending::Verified | Ending::AlreadyRight if exposure::is_open(report) => ", still published",
        Ending::Verified if exposure::contained(report).next().is_some() => {
            ", restored, stages closed"
        }
        Ending::Verified => ", restored",
        Ending::AlreadyRight => ", right again",
        Ending::Awaiting { .. } => ", needs approval",
        Ending::Attempted => ", restore NOT verified",
        Ending::Failed => ", NOT restored",
        Ending::WillRetry | Ending::Held => ", not restored yet",
        Ending::Undone => ", restore undone",
        Ending::Nothing | Ending::Described | Ending::WouldWrite { .. } => "",
    }
}

/// A subject of what is given; only the names of API and stage are cut.
fn assembled(
    head: &str,
    api: Option<&ApiRef>,
    stage: Option<&str>,
    account: &str,
    end: &str,
) -> String {
    let tail = format!(" ({}){end}", text::cut(account, 20));
    let room = MAX_SUBJECT.saturating_sub(head.len() + 2 + tail.len());
    let thing = thing(api, stage, room);
    let between = if thing.is_empty() { "" } else { ": " };
    let subject = format!("{head}{between}{thing}{tail}");
    subject.chars().take(MAX_SUBJECT).collect()
}

/// The account, or how many there are.
fn account(finding: &Finding) -> String {
    match (&finding.account, &finding.window) {
        (Some(account), _) => text::ascii(account),
        (None, Some(window)) if window.of == Counted::Accounts => {
            format!("{} accounts", window.distinct)
        }
        (None, _) => "several accounts".to_owned(),
    }
}

/// API and stage in the room that is left; the stage gets at most half of it when both are long.
fn thing(api: Option<&ApiRef>, stage: Option<&str>, room: usize) -> String {
    let name = api.and_then(|api| api.name.as_deref());
    let readable = name.filter(|name| name.chars().all(|c| (' '..='~').contains(&c)));
    let api = readable.or_else(|| api.and_then(|api| api.id.as_deref()));
    let api = api.map(text::ascii).unwrap_or_default();
    let stage = stage.map(text::ascii);
    let Some(stage) = stage else {
        return text::cut(&api, room);
    };
    if api.is_empty() {
        return text::cut(&format!("stage {stage}"), room);
    }
    let room = room.saturating_sub(1);
    let stage = text::cut(&stage, (room / 2).max(room.saturating_sub(api.len())));
    format!(
        "{}/{stage}",
        text::cut(&api, room.saturating_sub(stage.len()))
    )
}

/// What came of a remediation is an attribute too, where there is something to tell.
fn with_outcome(
    mut attributes: Vec<(&'static str, String)>,
    report: Option<&Report>,
) -> Vec<(&'static str, String)> {
    let outcome = report.and_then(wording::most_urgent);
    attributes.extend(outcome.map(|outcome| ("outcome", outcome.to_owned())));
    attributes
}

fn attributes(
    finding: &Finding,
    report: Option<&Report>,
    kind: Kind,
) -> Vec<(&'static str, String)> {
    let place = |value: &Option<String>| match value {
        None => "several".to_owned(),
        Some(value) => attribute(value),
    };
    vec![
        ("rule", attribute(finding.rule)),
        ("severity", severity(finding, report).as_str().to_owned()),
        ("account", place(&finding.account)),
        ("region", place(&finding.region)),
        ("kind", kind.as_str().to_owned()),
    ]
}

/// Printable ASCII with nothing that JSON would have to escape; the rest is spelt out.
fn attribute(value: &str) -> String {
    if value.is_empty() {
        return "unknown".to_owned();
    }
    let mut shown = String::with_capacity(value.len());
    for c in value.chars() {
        match c {
            '"' | '\\' => shown.extend(c.escape_unicode()),
            ' '..='~' => shown.push(c),
            _ => shown.extend(c.escape_unicode()),
        }
    }
    text::cut(&shown, MAX_ATTRIBUTE)
}
