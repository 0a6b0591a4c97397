//! What was done, would be done, or why nothing was done: the lines that a woken engineer reads first.

use super::lines::Text;
use super::{exposure, text, wording};
use crate::finding::{Known, SettingChange};
use crate::remediation::ledger::APPROVAL;
use crate::remediation::report::{Ending, Report};
use crate::remediation::{Mode, Remediation};

/// Bytes that the lists of all reports of a message may take.
const ROOM: usize = 24_000;

/// The lines of a report and of what follows it. Ids and commands are always there.
pub(super) fn lines(report: &Report, text: &mut Text) {
    let mut room = ROOM;
    text.line("Done", &done(report));
    details(report, text, &mut room);
    for follow_up in &report.follow_ups {
        text.plain("");
        let label = match follow_up.remediation {
            Remediation::Redeploy => "Redeploy",
            Remediation::Contain => "Contain",
            _ => "Also",
        };
        text.line(label, &done(follow_up));
        details(follow_up, text, &mut room);
    }
}

/// With the name of what is not done, so that people can find it in the policies.
fn done(report: &Report) -> String {
    let sentence = wording::done(report);
    match report.ending {
        Ending::Nothing | Ending::Described => format!(
            "{sentence} ({}, mode {})",
            report.remediation.as_str(),
            report.mode.as_str()
        ),
        _ => sentence,
    }
}

fn details(report: &Report, text: &mut Text, room: &mut usize) {
    for line in exposure::lines(report) {
        text.line("Exposure", &line);
    }
    if let Some(label) = wording::changes_label(report) {
        text.list(label, &changes(report), room);
    }
    if report.asked != report.mode {
        text.line("Mode", &mode(report.asked, report.mode));
    }
    text.sentences("Reason", &report.reasons, room);
    let notes = report.done.iter().flat_map(|done| done.plan.notes.clone());
    text.sentences("Note", &notes.collect::<Vec<_>>(), room);
    if let Some(id) = &report.id {
        commands(report, id, text);
        text.line("Remediation", &text::value(id));
    }
    if !report.policies.is_empty() {
        let policies: Vec<String> = report.policies.iter().map(|id| text::value(id)).collect();
        text.line("Policy", &text::cut(&policies.join(", "), 1_000));
    }
}

fn mode(asked: Mode, mode: Mode) -> String {
    format!("{}, lowered from {}", mode.as_str(), asked.as_str())
}

/// What a person can tell the function to do.
fn commands(report: &Report, id: &str, text: &mut Text) {
    let id = text::value(id);
    match report.ending {
        Ending::Awaiting { .. } => text.line("Approve", &format!("portcullis approve {id}")),
        Ending::Verified | Ending::Attempted => text.line(
            "Undo",
            &format!("portcullis undo {id} (within {} hours)", APPROVAL / 3600),
        ),
        _ => {}
    }
}

/// Every change, with its stage when there are several things.
fn changes(report: &Report) -> Vec<String> {
    let is_several = report.done.len() > 1;
    let done = report.done.iter().flat_map(|done| {
        let changes = done.plan.changes.iter();
        changes.map(move |change| {
            let shown = shown(report.remediation, change);
            match is_several {
                true => format!("{}: {shown}", wording::part(&done.thing)),
                false => shown,
            }
        })
    });
    done.collect()
}

fn shown(remediation: Remediation, change: &SettingChange) -> String {
    match (remediation, &change.before, &change.after) {
        // Its id is known only once it is there.
        (Remediation::Redeploy, Known::Set(old), Known::Unknown) => {
            format!("a new deployment in place of {}", text::value(old))
        }
        _ => setting(change),
    }
}

/// `/*/*/logging/loglevel: INFO -> OFF`.
pub(super) fn setting(change: &SettingChange) -> String {
    let value = |known: &Known| match known {
        Known::Unknown => "(unknown)".to_owned(),
        Known::NotSet => "(not set)".to_owned(),
        Known::Set(value) => text::value(value),
    };
    format!(
        "{}: {} -> {}",
        text::value(&change.path),
        value(&change.before),
        value(&change.after)
    )
}
