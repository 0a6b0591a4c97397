//! What came of a remediation, in words. INVARIANT: nothing here says that something is restored, private
//! or done unless it was read back.

use jiff::Timestamp;

use super::{exposure, text};
use crate::finding::rfc3339;
use crate::remediation::Remediation;
use crate::remediation::report::{Commanded, Ending, Report};

/// How it stands, in one sentence.
pub(super) fn done(report: &Report) -> String {
    match report.remediation {
        Remediation::Redeploy => follow_up(
            report,
            "deployed again and read back: the stage serves a deployment of the restored API",
        ),
        Remediation::Contain => follow_up(
            report,
            "request limit set to 0 and read back: the stage refuses every request until this is \
             undone",
        ),
        Remediation::RestoreStageLogging
        | Remediation::RestoreAccountLoggingRole
        | Remediation::RestorePrivateEndpoint => restore(report),
    }
}

fn restore(report: &Report) -> String {
    match &report.ending {
        Ending::Nothing => "nothing was put back".to_owned(),
        Ending::Described if has_steps(report) => {
            "nothing was put back; the commands below do it".to_owned()
        }
        Ending::Described => "nothing was put back".to_owned(),
        Ending::WouldWrite { allowed: true } => {
            "nothing was put back (dry run): policy would allow it".to_owned()
        }
        Ending::WouldWrite { allowed: false } => {
            "nothing was put back (dry run): policy would not allow it".to_owned()
        }
        Ending::Awaiting { deadline } => format!(
            "nothing was put back yet: it waits for approval until {} (UTC)",
            moment(*deadline)
        ),
        Ending::Verified if has_notes(report) => {
            "put back and read back: as it was, but for what the notes say".to_owned()
        }
        Ending::Verified => "put back and read back: as it was".to_owned(),
        Ending::AlreadyRight if has_notes(report) => {
            "nothing had to be changed: everything that may be written is as it was already; see the \
             notes"
                .to_owned()
        }
        Ending::AlreadyRight => {
            "nothing had to be changed: the live settings are as they were before the change"
                .to_owned()
        }
        Ending::Attempted => attempted(report),
        Ending::Failed if has_notes(report) && !has_steps(report) && report.reasons.is_empty() => {
            "NOT put back: it is left as it is, for what the notes say; nothing was written".to_owned()
        }
        Ending::Failed => "NOT put back: it cannot be done, and nothing was written".to_owned(),
        Ending::WillRetry => unfinished("put back", report),
        Ending::Held => {
            "NOT put back yet: another delivery of the event is at it; a second message says what \
             came of it"
                .to_owned()
        }
        Ending::Undone => {
            "the restore was taken back and read back: the settings are again as the change left \
             them"
                .to_owned()
        }
    }
}

fn follow_up(report: &Report, verified: &str) -> String {
    match &report.ending {
        Ending::Nothing => "not done".to_owned(),
        Ending::Described if has_steps(report) => "not done; the commands below do it".to_owned(),
        Ending::Described => "not done".to_owned(),
        Ending::WouldWrite { allowed: true } => {
            "not done (dry run): it would be; policy allows it".to_owned()
        }
        Ending::WouldWrite { allowed: false } => {
            "not done (dry run): it would not be; policy does not allow it".to_owned()
        }
        Ending::Awaiting { deadline } => format!(
            "not done yet: it waits for approval until {} (UTC)",
            moment(*deadline)
        ),
        Ending::Verified => verified.to_owned(),
        Ending::AlreadyRight => "nothing had to be done".to_owned(),
        Ending::Attempted => attempted(report),
        Ending::Failed => "NOT done: it cannot be, and nothing was written".to_owned(),
        Ending::WillRetry => unfinished("done", report),
        Ending::Held => {
            "NOT done yet: another delivery of the event is at it; a second message says what came \
             of it"
                .to_owned()
        }
        Ending::Undone if report.remediation == Remediation::Contain => {
            "the request limit was taken back and read back: the stage has the limits that it \
             had before"
                .to_owned()
        }
        Ending::Undone => "taken back and read back".to_owned(),
    }
}

fn attempted(report: &Report) -> String {
    let undo = if report.is_undo() {
        "the undo was "
    } else {
        ""
    };
    format!(
        "{undo}attempted, NOT verified: what was read back is not what was wanted, or could not be \
         read"
    )
}

/// Events come again by themselves, commands do not.
fn unfinished(what: &str, report: &Report) -> String {
    let id = report.id.as_deref().map(text::value).unwrap_or_default();
    match report.commanded {
        Some(Commanded::Undo) => format!(
            "NOT taken back yet: it could not be done; give the command again (portcullis undo {id})"
        ),
        Some(Commanded::Approve) => format!(
            "NOT {what} yet: it could not be done; give the command again (portcullis approve {id})"
        ),
        None => format!(
            "NOT {what} yet: it could not be done. It is tried twice more within minutes, and a \
             second message says if that succeeds; if none comes within 10 minutes, {}",
            by_hand(report)
        ),
    }
}

/// How a follow-up stands. What follows a command is not tried again either.
pub(super) fn followed(report: &Report, follow_up: &Report) -> String {
    let is_left = report.commanded.is_some() && follow_up.commanded.is_none();
    match follow_up.ending {
        Ending::WillRetry if is_left => format!(
            "NOT done: it could not be, and nothing tries it again; {}",
            by_hand(follow_up)
        ),
        _ => done(follow_up),
    }
}

fn by_hand(report: &Report) -> &'static str {
    match has_steps(report) {
        true => "use the commands below",
        false => "do it by hand",
    }
}

/// Whether there is anything that a person could do by hand.
pub(super) fn has_steps(report: &Report) -> bool {
    report.done.iter().any(|done| !done.plan.steps.is_empty())
}

fn has_notes(report: &Report) -> bool {
    report.done.iter().any(|done| !done.plan.notes.is_empty())
}

/// For programs; `None` when nothing was done.
pub(super) fn outcome(ending: &Ending) -> Option<&'static str> {
    match ending {
        Ending::Nothing | Ending::Described => None,
        Ending::WouldWrite { .. } => Some("planned"),
        Ending::Awaiting { .. } => Some("awaiting"),
        Ending::Verified => Some("verified"),
        Ending::AlreadyRight => Some("already-right"),
        Ending::Attempted => Some("attempted"),
        Ending::Failed => Some("failed"),
        Ending::WillRetry | Ending::Held => Some("retrying"),
        Ending::Undone => Some("undone"),
    }
}

/// Of a remediation and what follows it, that which most needs a person; `None` when nothing was done.
pub(super) fn most_urgent(report: &Report) -> Option<&'static str> {
    const ORDER: [&str; 8] = [
        "attempted",
        "failed",
        "awaiting",
        "retrying",
        "planned",
        "undone",
        "verified",
        "already-right",
    ];
    let all = std::iter::once(report).chain(&report.follow_ups);
    let outcomes: Vec<&str> = all.filter_map(|report| outcome(&report.ending)).collect();
    ORDER.into_iter().find(|outcome| outcomes.contains(outcome))
}

/// Before what the changes of a plan stand.
pub(super) fn changes_label(report: &Report) -> Option<&'static str> {
    match report.ending {
        Ending::Nothing | Ending::AlreadyRight => None,
        Ending::Verified if report.remediation == Remediation::Contain => Some("Limited"),
        Ending::Verified if report.remediation == Remediation::Redeploy => Some("Deployed"),
        Ending::Verified => Some("Restored"),
        Ending::Attempted => Some("Tried"),
        Ending::Undone => Some("Set back"),
        Ending::WouldWrite { allowed: false } => Some("Planned"),
        _ if report.remediation == Remediation::Redeploy => Some("To deploy"),
        Ending::Described
        | Ending::WouldWrite { .. }
        | Ending::Awaiting { .. }
        | Ending::Failed
        | Ending::WillRetry
        | Ending::Held => Some("Would set"),
    }
}

/// What on-call does, where it is not what the rule says of a change that still stands.
pub(super) fn next(report: &Report) -> Option<String> {
    let ask = "ask the people behind the principal, not over a channel it controls, whether it was \
               meant, and look at what else the same session did";
    let next = match report.ending {
        Ending::Verified | Ending::AlreadyRight if exposure::is_open(report) => {
            format!("{}. Then {ask}.", close(report))
        }
        Ending::Verified | Ending::AlreadyRight if exposure::contained(report).next().is_some() => {
            format!("{}. Then {ask}.", reopen(report))
        }
        Ending::Verified | Ending::AlreadyRight => {
            format!("Nothing is left to put back. Still, {ask}.")
        }
        Ending::Awaiting { .. } => {
            format!("First {ask}. Approve if it was not meant; without that, nothing is written.")
        }
        Ending::Attempted if report.is_undo() => {
            "Look at the live settings: some of what was put back may be taken back. Give the \
             command again, or set by hand what is not as it should be."
                .to_owned()
        }
        Ending::Attempted => {
            format!(
                "Look at the live settings and put back by hand what is not as it was. Then {ask}."
            )
        }
        Ending::Described | Ending::WouldWrite { .. } | Ending::Failed if has_steps(report) => {
            format!("First {ask}. If it was not meant, put it back with the commands below.")
        }
        _ => return None,
    };
    Some(next)
}

/// How stages that refuse every request come to serve the restored API.
fn reopen(report: &Report) -> String {
    let ids = exposure::contained(report).filter_map(|one| one.id.as_deref());
    let commands: Vec<String> = ids
        .map(|id| format!("portcullis undo {}", text::value(id)))
        .collect();
    let undo = match commands.is_empty() {
        true => "take the request limit of 0 back".to_owned(),
        false => format!("take the request limit back ({})", commands.join(", ")),
    };
    let all = || std::iter::once(report).chain(&report.follow_ups);
    let mut redeployed = all().filter(|one| one.remediation == Remediation::Redeploy);
    let is_deployed = all().any(|one| one.remediation == Remediation::Redeploy)
        && redeployed.all(|one| one.ending == Ending::Verified);
    let deploy = match is_deployed {
        true => "",
        false => "deploy the restored API, then ",
    };
    format!("The settings are private again and the stages are closed to everybody: {deploy}{undo}")
}

/// How stages that serve the public API come to serve it no longer.
fn close(report: &Report) -> String {
    let waiting = report
        .follow_ups
        .iter()
        .filter(|one| matches!(one.ending, Ending::Awaiting { .. }));
    let mut waiting: Vec<&str> = waiting.map(|one| one.remediation.as_str()).collect();
    waiting.sort_unstable();
    waiting.dedup();
    let how = match waiting.is_empty() {
        true => "deploy the restored API, or close the stages".to_owned(),
        false => format!(
            "read the reasons above and approve what waits for it ({})",
            waiting.join(", ")
        ),
    };
    format!("The settings are private again, what is published is not: {how}")
}

/// Why somebody has to look at once. A follow-up that pages makes the whole report page, so it comes first.
pub(super) fn page(report: &Report) -> Option<String> {
    let mut all = report.follow_ups.iter().chain(std::iter::once(report));
    let paging = all.find(|report| report.pages)?;
    let why = match (&paging.ending, paging.reasons.first()) {
        (Ending::Attempted, _) => format!(
            "{}{} was attempted and is not verified",
            if paging.is_undo() { "the undo of " } else { "" },
            paging.remediation.as_str()
        ),
        (_, Some(reason)) => text::sentence(reason),
        (_, None) => format!("{} needs a person", paging.remediation.as_str()),
    };
    Some(format!("Somebody has to look now: {why}."))
}

/// Seconds since the epoch as `2026-11-02T10:11:12Z`.
pub(super) fn moment(seconds: i64) -> String {
    let time = Timestamp::from_second(seconds);
    time.map_or_else(|_| "a time out of range".to_owned(), rfc3339)
}
