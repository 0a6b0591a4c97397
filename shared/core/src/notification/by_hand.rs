//! What people paste: the calls that make a plan, and the lines for the code that owns the thing. Each is
//! shown whole or not at all, and left out first when a message grows too long.

use super::lines::Text;
use super::text;
use crate::remediation::Remediation;
use crate::remediation::report::{Done, Ending, Report};
use crate::remediation::snippet::{self, shell};
use crate::remediation::step::Step;

/// Blocks of lines, the most useful first.
pub(super) fn blocks(report: &Report) -> Vec<String> {
    let all = || std::iter::once(report).chain(&report.follow_ups);
    let commands = all().filter(|report| is_to_do(report)).filter_map(commands);
    let is_kept = |report: &&Report| {
        !report.is_undo()
            && report.ending != Ending::Nothing
            && !matches!(
                report.remediation,
                Remediation::Contain | Remediation::Redeploy
            )
    };
    let code = all().filter(is_kept).flat_map(code);
    commands.chain(code).collect()
}

/// The blocks that fit in `room` bytes, and a line on those that do not.
pub(super) fn fitting(blocks: &[String], room: usize, report: Option<&Report>) -> String {
    let mut text = Text::default();
    let mut left_out = 0;
    // The line that says what is missing.
    let room = room.saturating_sub(400);
    for block in blocks {
        match text.0.len() + block.len() <= room {
            true => text.0.push_str(block),
            false => left_out += 1,
        }
    }
    if left_out > 0 {
        let place = elsewhere(report.and_then(|report| report.id.as_deref()));
        text.plain(&format!(
            "Left out for their length: {left_out} blocks of commands and code; {place}."
        ));
        text.plain("");
    }
    text.0
}

/// Where what cannot be shown can be found.
fn elsewhere(id: Option<&str>) -> String {
    match id {
        Some(id) => format!("the values are in the ledger entry L#{}", text::value(id)),
        None => "`portcullis baseline export` has the values".to_owned(),
    }
}

/// Whether a person may have to make the writes; what an undo writes is not among the steps.
fn is_to_do(report: &Report) -> bool {
    if report.is_undo() {
        return false;
    }
    match report.ending {
        Ending::Described
        | Ending::WouldWrite { .. }
        | Ending::Awaiting { .. }
        | Ending::Attempted
        | Ending::Failed
        | Ending::WillRetry => true,
        Ending::Nothing
        | Ending::Verified
        | Ending::AlreadyRight
        | Ending::Held
        | Ending::Undone => false,
    }
}

/// One block of all calls of a report.
fn commands(report: &Report) -> Option<String> {
    let first = report
        .done
        .iter()
        .find(|done| !done.plan.steps.is_empty())?;
    let account = text::value(&first.thing.account);
    let what = match report.remediation {
        Remediation::Redeploy => "to deploy the restored API",
        Remediation::Contain => "to refuse every request",
        _ => "to put it back",
    };
    let mut text = Text::default();
    text.line(
        "By hand",
        &format!("{what}, in a POSIX shell with credentials of account {account}:"),
    );
    if let Some(done) = &report.done {
        calls(done, report.id.as_deref(), &mut text);
    }
    if report.remediation == Remediation::RestorePrivateEndpoint {
        text.pasted(
            "# type and policy take effect with a deployment, which publishes all of the draft: \
             look at it first",
        );
    }
    text.plain("");
    Some(text.0)
}

fn calls(done: &Done, id: Option<&str>, text: &mut Text) {
    let region = &done.thing.region;
    for (number, step) in done.plan.steps.iter().enumerate() {
        // A change of the endpoint type runs on after its call.
        if number > 0 && matches!(step, Step::UpdateRestApi { .. }) {
            let api = done.thing.api();
            let status = api.and_then(|api| shell::status(&api.id, region));
            text.pasted("# go on when this says AVAILABLE:");
            text.pasted(&status.unwrap_or_else(|| "# aws apigateway get-rest-api".to_owned()));
        }
        match shell::command(step, region) {
            Some(call) => text.pasted(&call),
            None => text.pasted(&format!(
                "# a call of {} is not shown: a name in it has characters that cannot be shown \
                 safely; {}",
                step.event_name(),
                elsewhere(id)
            )),
        }
    }
}

fn code(report: &Report) -> Vec<String> {
    let snippets = report
        .done
        .iter()
        .flat_map(|done| snippet::of(&done.thing, &done.plan));
    let blocks = snippets.map(|snippet| {
        let mut text = Text::default();
        text.line(
            "In code",
            &format!(
                "{} ({}), so that the next deployment does not take it away again:",
                snippet.language, snippet.place
            ),
        );
        match snippet.lines {
            Some(lines) => lines.iter().for_each(|line| text.pasted(line)),
            None => text.pasted(&format!(
                "# not shown: a value would be taken for something else; {}",
                elsewhere(report.id.as_deref())
            )),
        }
        text.plain("");
        text.0
    });
    blocks.collect()
}
