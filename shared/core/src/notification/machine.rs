//! The finding as one line of JSON, made to fit: first ids are left out, then values are cut.
//!
//! The form is that of every other finding; what is missing is told in the text above it.

use serde::Serialize;

use crate::change::ApiRef;
use crate::finding::{Decision, Finding, Known, Principal, SettingChange};

/// What a shortened finding keeps.
struct Limits {
    event_ids: usize,
    changes: usize,
    /// Of each value, in characters.
    value: usize,
}

/// From gentle to what always fits: 10 changes of 3 values, each at most 100 characters of at most
/// 12 bytes, come to 36 kB; the rest to less.
const LIMITS: [Limits; 4] = [
    limits(10, usize::MAX, usize::MAX),
    limits(10, usize::MAX, 2_000),
    limits(10, 100, 300),
    limits(1, 10, 100),
];

const fn limits(event_ids: usize, changes: usize, value: usize) -> Limits {
    Limits {
        event_ids,
        changes,
        value,
    }
}

/// A line of JSON, with a sentence on what it leaves out.
pub(super) struct Line {
    pub(super) json: String,
    pub(super) note: Option<String>,
}

/// The finding in at most `room` bytes, as far as [`LIMITS`] goes.
pub(super) fn line(finding: &Finding, room: usize) -> Line {
    let mut line = Line {
        json: ascii(finding),
        note: None,
    };
    for limits in &LIMITS {
        if line.json.len() <= room {
            break;
        }
        line = Line {
            json: ascii(&shortened(finding, limits)),
            note: Some(note(finding, limits)),
        };
    }
    line
}

fn note(finding: &Finding, limits: &Limits) -> String {
    let mut note = "The JSON below is shortened:".to_owned();
    let mut count = |all: usize, kept: usize, what: &str| {
        if all > kept {
            note.push_str(&format!(" {kept} of {all} {what};"));
        }
    };
    count(finding.event_ids.len(), limits.event_ids, "event ids");
    count(finding.changes.len(), limits.changes, "changes");
    if limits.value < usize::MAX {
        note.push_str(&format!(
            " values of more than {} characters are cut and end in `[cut]`;",
            limits.value
        ));
    }
    note.push_str(" CloudTrail has the whole record.");
    note
}

/// INVARIANT: the id stays whole; it is 16 digits by construction.
fn shortened(finding: &Finding, limits: &Limits) -> Finding {
    let value = |text: &String| cut(text, limits.value);
    let optional = |text: &Option<String>| text.as_ref().map(value);
    let change = |change: &SettingChange| shorter(change, limits.value);
    let ids = finding.event_ids.iter().take(limits.event_ids);
    let changes = finding.changes.iter().take(limits.changes);
    Finding {
        account: optional(&finding.account),
        region: optional(&finding.region),
        api: finding.api.as_ref().map(|api| ApiRef {
            id: optional(&api.id),
            name: optional(&api.name),
            kind: api.kind,
        }),
        stage: optional(&finding.stage),
        principal: finding.principal.as_ref().map(|principal| Principal {
            kind: optional(&principal.kind),
            arn: optional(&principal.arn),
            session_issuer: optional(&principal.session_issuer),
        }),
        source_ip: optional(&finding.source_ip),
        user_agent: optional(&finding.user_agent),
        event_ids: ids.map(value).collect(),
        event_name: optional(&finding.event_name),
        summary: value(&finding.summary),
        changes: changes.map(change).collect(),
        decision: Decision {
            reason: cut(&finding.decision.reason, limits.value.min(2_000)).into(),
            ..finding.decision.clone()
        },
        ..finding.clone()
    }
}

/// A change with values of at most so many characters.
pub(super) fn shorter(change: &SettingChange, longest: usize) -> SettingChange {
    let known = |known: &Known| match known {
        Known::Set(text) => Known::Set(cut(text, longest)),
        Known::Unknown | Known::NotSet => known.clone(),
    };
    SettingChange {
        path: cut(&change.path, longest),
        before: known(&change.before),
        after: known(&change.after),
    }
}

/// At most so many characters, and a mark where there were more.
pub(super) fn cut(text: &str, longest: usize) -> String {
    let mut chars = text.chars();
    let mut short: String = chars.by_ref().take(longest).collect();
    if chars.next().is_some() {
        short.push_str("[cut]");
    }
    short
}

/// One line of printable ASCII with the same values: hidden characters cannot reach a terminal, and
/// no address is a link.
pub(super) fn ascii<T: Serialize>(value: &T) -> String {
    // It has no map and no number that JSON lacks, so that nothing can fail.
    let json = serde_json::to_string(value).unwrap_or_default();
    // Outside of strings JSON has neither `//` nor anything beyond printable ASCII.
    let json = json.replace("://", r":\/\/");
    let mut line = String::with_capacity(json.len());
    for c in json.chars() {
        if matches!(c, ' '..='~') {
            line.push(c);
            continue;
        }
        for unit in c.encode_utf16(&mut [0; 2]) {
            line.push_str(&format!("\\u{unit:04x}"));
        }
    }
    line
}
