//! Execution logging of a stage goes from INFO to ERROR.
//!
//! Failed requests are still logged; what succeeds is not. Without the level before, an explicit
//! ERROR may as well be the first logging that a stage gets, and so is not decided.

use super::{About, Before, Evidence, Need, Rule, Verdict, confidence};
use crate::change::{Change, Detail, StageUpdate};
use crate::finding::Severity;
use crate::logging::{self, LevelChange};
use crate::settings::{LogLevel, Scope};

pub(super) const RULE: Rule = Rule {
    about: About {
        id: "stage-logging-reduced",
        title: "Stage logging reduced to errors",
        severity: Severity::Medium,
        function: "stage-logging",
        remediation: Some("restore-stage-logging"),
        gain: "Successful requests, which are what an intruder makes, are no longer logged.",
        fires: "The effective execution level of at least one method or route goes from INFO to \
                ERROR. Without a baseline: when a single one is set to ERROR while the response \
                shows INFO for the rest of the stage.",
        quiet: "The level before was ERROR or OFF; the call failed. Without a baseline any other \
                ERROR is counted as undecided.",
        misses: "A reduction that the record does not show and no baseline knows.",
        false_positives: &["teams that lower the level after a launch, for cost"],
        next: "Ask whether it was meant; if not, set the level to INFO again.",
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
    let levels = logging::levels(update, before.stage.as_ref());
    let errors = levels
        .into_iter()
        .filter(|level| level.after == LogLevel::Error);
    let (known, unknown): (Vec<_>, Vec<_>) = errors.partition(|level| level.before.is_some());
    let (below_default, unknown): (Vec<_>, Vec<_>) = unknown
        .into_iter()
        .partition(|level| is_below_default(update, &level.scope));
    let mut reduced: Vec<_> = known
        .into_iter()
        .filter(|level| level.before == Some(LogLevel::Info))
        .collect();
    let known = !reduced.is_empty();
    reduced.extend(below_default);
    if reduced.is_empty() {
        return match unknown.is_empty() {
            true => Verdict::Quiet,
            false => Verdict::NeedState(Need::OrUndecided),
        };
    }
    let scopes: Vec<_> = reduced.iter().map(|level| level.scope.describe()).collect();
    Verdict::Fire(
        Evidence::new(
            confidence(known),
            format!("only errors are still logged of {}", scopes.join(", ")),
        )
        .with(reduced.iter().map(LevelChange::setting)),
    )
}

/// A method that gets ERROR of its own while the rest of the stage stays at INFO has most likely
/// had INFO from the stage.
fn is_below_default(update: &StageUpdate, scope: &Scope) -> bool {
    let after = update
        .after
        .as_ref()
        .and_then(|stage| stage.execution.as_ref());
    *scope != Scope::Default
        && after.is_some_and(|after| after.level(&Scope::Default) == LogLevel::Info)
}
