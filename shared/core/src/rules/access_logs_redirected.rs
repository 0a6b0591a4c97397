//! Access logs go elsewhere, or are written in another form, while logging stays on.
//!
//! API Gateway accepts a log group that does not exist, and one of another account, so a stage can
//! be blinded while every check of "is logging on?" stays green.

use super::{About, Before, Evidence, Need, Rule, Verdict};
use crate::change::{Change, Detail, Edit, StageEdit, StageUpdate};
use crate::finding::{Confidence, Known, SettingChange, Severity};
use crate::logging::{self, AccessAfter};
use crate::settings::AccessLog;

pub(super) const RULE: Rule = Rule {
    about: About {
        id: "access-logs-redirected",
        title: "Access logs redirected or rewritten",
        severity: Severity::Medium,
        function: "stage-logging",
        remediation: Some("restore-stage-logging"),
        gain: "The log goes where nobody looks, or no longer says who called what.",
        fires: "The destination or the format of a stage's access log is replaced while access \
                logging stays on. Without a baseline: when the call names one of the two and the \
                response shows the other, which must have stood before.",
        quiet: "Access logging is switched on for the first time; the same values are written \
                again; the call failed.",
        misses: "The log group itself being deleted or given a shorter retention.",
        false_positives: &[
            "moving logs to a central destination",
            "adding fields to the format",
        ],
        next: "Check who owns the new destination and whether it exists; compare the formats.",
        references: &[
            "https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html",
        ],
    },
    cloudformation_lowers: true,
    judge,
};

fn judge(change: &Change, before: &Before) -> Verdict {
    let Change::StageUpdated(update) = change else {
        return Verdict::Quiet;
    };
    if update.detail == Detail::Missing && (update.after.is_none() || before.stage.is_none()) {
        return Verdict::Quiet;
    }
    let Some(access) = logging::access(update, before.stage.as_ref()) else {
        return Verdict::Quiet;
    };
    let AccessAfter::On(after) = access.after else {
        return Verdict::Quiet;
    };
    match access.before {
        Some(None) => Verdict::Quiet,
        Some(Some(before)) => compare(&before, &after),
        None => without_before(update, &after),
    }
}

fn compare(before: &AccessLog, after: &AccessLog) -> Verdict {
    let members = [
        (
            "destinationArn",
            &before.destination_arn,
            &after.destination_arn,
        ),
        ("format", &before.format, &after.format),
    ];
    let changes: Vec<_> = members
        .into_iter()
        .filter(|(_, before, after)| before != after)
        .map(|(member, before, after)| SettingChange {
            path: format!("/accessLogSettings/{member}"),
            before: before.clone().into(),
            after: after.clone().into(),
        })
        .collect();
    if changes.is_empty() {
        return Verdict::Quiet;
    }
    fire(Confidence::High, changes)
}

/// A call that sets one member alone changes access logging that was on, if the response shows the
/// other member: both are needed to switch it on.
fn without_before(update: &StageUpdate, after: &AccessLog) -> Verdict {
    let set = |is: fn(&StageEdit) -> bool| -> Vec<&Edit<StageEdit>> {
        update.edits.iter().filter(|edit| is(&edit.what)).collect()
    };
    let destination = set(|edit| matches!(edit, StageEdit::AccessLogDestination(Some(_))));
    let format = set(|edit| matches!(edit, StageEdit::AccessLogFormat(Some(_))));
    let replaced = match (destination.last(), format.last()) {
        (Some(edit), None) if after.format.is_some() => (edit, &after.destination_arn),
        (None, Some(edit)) if after.destination_arn.is_some() => (edit, &after.format),
        _ => return Verdict::NeedState(Need::OrUndecided),
    };
    let (edit, value) = replaced;
    fire(
        Confidence::Medium,
        vec![SettingChange {
            path: edit.path.clone(),
            before: Known::Unknown,
            after: value.clone().into(),
        }],
    )
}

fn fire(confidence: Confidence, changes: Vec<SettingChange>) -> Verdict {
    let what: Vec<_> = changes
        .iter()
        .map(|change| {
            if change.path.to_ascii_lowercase().ends_with("format") {
                "written in another format"
            } else {
                "sent to another destination"
            }
        })
        .collect();
    let summary = format!("access logs are {}", what.join(" and "));
    Verdict::Fire(Evidence::new(confidence, summary).with(changes))
}
