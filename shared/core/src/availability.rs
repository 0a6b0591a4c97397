//! What switches an API off or on without deleting it: the default endpoint, and a request limit of
//! zero for everything. Two rules share the comparison, one for each direction.

use crate::change::{ApiEdit, ApiUpdate, Change, Detail, StageEdit, StageUpdate};
use crate::finding::{Known, SettingChange};
use crate::rules::Before;
use crate::settings::{Scope, StageSettings};

/// One switch that a change sets.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Switch {
    pub(crate) kind: SwitchKind,
    pub(crate) was_off: Option<bool>,
    pub(crate) is_off: bool,
    pub(crate) changes: Vec<SettingChange>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SwitchKind {
    /// `disableExecuteApiEndpoint`.
    ExecuteApi,
    /// Rate or burst limit of everything without settings of its own.
    Throttle,
}

impl Switch {
    /// What it did, in a sentence.
    pub(crate) fn describe(&self) -> &'static str {
        match (self.kind, self.is_off) {
            (SwitchKind::ExecuteApi, true) => "the default execute-api endpoint is disabled",
            (SwitchKind::ExecuteApi, false) => "the default execute-api endpoint is enabled",
            (SwitchKind::Throttle, true) => {
                "a limit of 0 refuses every request without limits of its own"
            }
            (SwitchKind::Throttle, false) => "the limit of 0 that refused requests is lifted",
        }
    }
}

/// The switches that a change sets, with what is known of them.
pub(crate) fn switches(change: &Change, before: &Before) -> Vec<Switch> {
    match change {
        Change::ApiUpdated(update) | Change::ApiDefinitionReplaced(update) => {
            execute_api(update, before).into_iter().collect()
        }
        Change::StageUpdated(update) => throttles(update, before.stage.as_ref()),
        _ => Vec::new(),
    }
}

/// Set by an edit, or, where the edits are not shown, known from the states on both sides.
fn execute_api(update: &ApiUpdate, before: &Before) -> Option<Switch> {
    let asked = update.edits.iter().rev().find_map(|edit| match edit.what {
        ApiEdit::ExecuteApiDisabled(disabled) => Some((edit.path.as_str(), disabled)),
        _ => None,
    });
    let was_off = before.api.as_ref().and_then(|api| api.execute_api_disabled);
    let shown = update
        .after
        .as_ref()
        .and_then(|api| api.execute_api_disabled);
    let (path, is_off) = match asked {
        Some((path, disabled)) => (path, shown.unwrap_or(disabled)),
        None if update.detail == Detail::Missing && was_off.is_some() => {
            ("/disableExecuteApiEndpoint", shown?)
        }
        None => return None,
    };
    let text = |off: bool| Known::Set(off.to_string());
    Some(Switch {
        kind: SwitchKind::ExecuteApi,
        was_off,
        is_off,
        changes: vec![SettingChange {
            path: path.to_owned(),
            before: was_off.map_or(Known::Unknown, text),
            after: text(is_off),
        }],
    })
}

/// Rate and burst are one switch: either at zero refuses everything.
fn throttles(update: &StageUpdate, before: Option<&StageSettings>) -> Vec<Switch> {
    let rate = last(update, before, |edit| match edit {
        StageEdit::RateLimit(Scope::Default, limit) => Some(*limit),
        _ => None,
    });
    let burst = last(update, before, |edit| match edit {
        StageEdit::BurstLimit(Scope::Default, limit) => Some(*limit),
        _ => None,
    });
    if rate.is_none() && burst.is_none() {
        return Vec::new();
    }
    let was = limits(before);
    let [was_rate, was_burst] = was.unwrap_or_default();
    let asked = |asked: &Option<(String, Option<f64>)>, was| match asked {
        Some((_, limit)) => *limit,
        None => was,
    };
    let now = limits(update.after.as_ref())
        .unwrap_or_else(|| [asked(&rate, was_rate), asked(&burst, was_burst)]);
    let change =
        |asked: Option<(String, Option<f64>)>, was_limit: Option<f64>, now: Option<f64>| {
            asked.map(|(path, _)| SettingChange {
                path,
                before: was.map_or(Known::Unknown, |_| was_limit.map(number).into()),
                after: now.map(number).into(),
            })
        };
    let [now_rate, now_burst] = now;
    let changes = [
        change(rate, was_rate, now_rate),
        change(burst, was_burst, now_burst),
    ];
    vec![Switch {
        kind: SwitchKind::Throttle,
        was_off: was.map(any_zero),
        is_off: any_zero(now),
        changes: changes.into_iter().flatten().collect(),
    }]
}

/// The last word on a limit. Removing the settings whole lifts it, which matters only where the
/// settings are known: otherwise most removals are about something else.
fn last(
    update: &StageUpdate,
    before: Option<&StageSettings>,
    read: impl Fn(&StageEdit) -> Option<Option<f64>>,
) -> Option<(String, Option<f64>)> {
    update.edits.iter().rev().find_map(|edit| {
        let limit = match &edit.what {
            StageEdit::Removed(Scope::Default) if before.is_some() => Some(None),
            what => read(what),
        };
        limit.map(|limit| (edit.path.clone(), limit))
    })
}

/// Rate and burst limit of a stage's default; `None` when the stage is not known.
fn limits(stage: Option<&StageSettings>) -> Option<[Option<f64>; 2]> {
    let execution = stage?.execution.as_ref()?;
    let default = execution.scopes.get(&Scope::Default);
    Some(default.map_or([None, None], |set| [set.rate_limit, set.burst_limit]))
}

/// A limit of nothing at all. No limit is not zero, and neither is `-1`, which lifts one.
fn any_zero(limits: [Option<f64>; 2]) -> bool {
    limits.into_iter().flatten().any(|limit| limit == 0.0)
}

fn number(limit: f64) -> String {
    limit.to_string()
}

#[cfg(test)]
mod tests {
    use super::any_zero;

    #[test]
    fn no_limit_is_not_zero() {
        assert!(any_zero([Some(5.0), Some(0.0)]));
        assert!(!any_zero([Some(0.5), None]));
        assert!(!any_zero([Some(-1.0), None]));
        assert!(!any_zero([None, None]));
    }
}
