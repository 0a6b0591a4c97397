//! What was done, would be done, or why nothing was done: the lines that a woken engineer reads first.

use super::lines::Text;
use super::{exposure, text, wording};
use crate::finding::{Known, SettingChange};
use crate::remediation::ledger::APPROVAL;
use crate::remediation::report::{Done, Ending, Report};
use crate::remediation::{Mode, Remediation};

/// Bytes that the lists of all reports of a message may take.
const ROOM: usize = 24_000;

/// The lines of a report and of what follows it. Ids and commands are always there.
pub(super) fn lines(report: &Report, text: &mut Text) {
    let mut room = ROOM;
    text.line("Done", &named(report, wording::done(report)));
    details(report, text, &mut room);
    let mut stages: Vec<&str> = report.follow_ups.iter().filter_map(stage).collect();
    stages.dedup();
    let is_several = stages.len() > 1;
    for follow_up in &report.follow_ups {
        text.plain("");
        let label = match follow_up.remediation {
            Remediation::Redeploy => "Redeploy",
            Remediation::Contain => "Contain",
            _ => "Also",
        };
        let mut sentence = named(follow_up, wording::followed(report, follow_up));
        if let Some(stage) = stage(follow_up).filter(|_| is_several) {
            sentence = format!("stage {}: {sentence}", text::value(stage));
        }
        text.line(label, &sentence);
        details(follow_up, text, &mut room);
    }
}

/// The stage that a follow-up is about.
fn stage(report: &Report) -> Option<&str> {
    report.done.as_ref()?.thing.stage()
}

/// With the name of what is not done, so that people can find it in the policies.
fn named(report: &Report, sentence: String) -> String {
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
        Ending::Awaiting { .. } => text.line(
            "Approve",
            &format!(
                "portcullis approve {id} (credentials and Region of the account of Portcullis)"
            ),
        ),
        Ending::Verified | Ending::Attempted => {
            if let Some(does) = undo(report.remediation) {
                let hours = APPROVAL / 3600;
                let command = format!("portcullis undo {id} {does} (within {hours} hours)");
                text.line("Undo", &command);
            }
        }
        _ => {}
    }
}

/// What an undo does; `None` where it is always refused.
fn undo(remediation: Remediation) -> Option<&'static str> {
    match remediation {
        Remediation::RestoreStageLogging | Remediation::RestoreAccountLoggingRole => {
            Some("brings the bad settings back")
        }
        Remediation::RestorePrivateEndpoint => {
            Some("prints the calls that bring the bad settings back")
        }
        Remediation::Contain => Some("takes the request limit back"),
        Remediation::Redeploy => None,
    }
}

fn changes(report: &Report) -> Vec<String> {
    let done = report.done.iter();
    let changes = done.flat_map(|done| settings(report, done));
    changes.map(|change| setting(&change)).collect()
}

/// What is written to a thing: the changes of its plan, of an undo the other way round.
pub(super) fn settings(report: &Report, done: &Done) -> impl Iterator<Item = SettingChange> {
    let is_undo = report.is_undo();
    done.plan.changes.iter().map(move |change| match is_undo {
        false => change.clone(),
        true => SettingChange {
            path: change.path.clone(),
            before: change.after.clone(),
            after: change.before.clone(),
        },
    })
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
