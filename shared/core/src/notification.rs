//! What SNS is given: a subject, a text that a person can act on as it is, attributes to filter by.
//!
//! Every string of a record is the attacker's. None of them can start a line, end one, or be a link
//! in the text; the line of JSON at its end has them exact. Delivery is left to [`crate::ports`].

mod body;
mod links;
mod machine;
pub(crate) mod text;

#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod tests;

use crate::finding::{Counted, Finding};

/// A rule sends at most this many messages for one scope ...
pub const MESSAGES_IN_SHARE: usize = 20;
/// ... within this many seconds.
pub const SECONDS_OF_SHARE: i64 = 600;

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
}

impl Kind {
    /// As it is written in the attribute `kind`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Finding => "finding",
            Self::Window => "window",
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

/// The message about a finding. `is_last` when the rule has now sent its share for the scope.
pub fn of_finding(finding: &Finding, is_last: bool) -> Notification {
    Notification {
        subject: subject(finding),
        body: body::body(finding, is_last),
        attributes: attributes(finding, Kind::of(finding)),
    }
}

/// The finding as one line of JSON of at most `room` bytes, shortened like that of a message: for
/// stores, which have limits of their own.
pub fn json_within(finding: &Finding, room: usize) -> String {
    machine::line(finding, room).json
}

/// `HIGH: Stage logging disabled: orders/prod (111122223333)`. Only API and stage are cut.
fn subject(finding: &Finding) -> String {
    let severity = finding.severity.as_str().to_ascii_uppercase();
    let head = format!("{severity}: {}", text::ascii(finding.title));
    let tail = format!(" ({})", text::cut(&account(finding), 20));
    let room = MAX_SUBJECT.saturating_sub(head.len() + 2 + tail.len());
    let thing = thing(finding, room);
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
fn thing(finding: &Finding, room: usize) -> String {
    let api = finding.api.as_ref();
    let name = api.and_then(|api| api.name.as_deref());
    let readable = name.filter(|name| name.chars().all(|c| (' '..='~').contains(&c)));
    let api = readable.or_else(|| api.and_then(|api| api.id.as_deref()));
    let api = api.map(text::ascii).unwrap_or_default();
    let stage = finding.stage.as_deref().map(text::ascii);
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

fn attributes(finding: &Finding, kind: Kind) -> Vec<(&'static str, String)> {
    let place = |value: &Option<String>| match value {
        None => "several".to_owned(),
        Some(value) => attribute(value),
    };
    vec![
        ("rule", attribute(finding.rule)),
        ("severity", finding.severity.as_str().to_owned()),
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
