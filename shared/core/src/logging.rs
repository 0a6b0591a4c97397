//! What an edit of a stage did to its logging: the comparison that three rules share.
//!
//! Only what the record touches is compared, so that a stale baseline never blames an ordinary
//! deployment. Where the state before is unknown, the record's own words and the response decide.

use crate::change::{Detail, Edit, StageEdit, StageUpdate};
use crate::finding::{Known, SettingChange};
use crate::settings::{AccessLog, Execution, LogLevel, MethodSettings, Scope, StageSettings};

/// The effective level of one scope, before and after.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct LevelChange {
    pub(crate) path: String,
    pub(crate) scope: Scope,
    /// `None` when it is not known.
    pub(crate) before: Option<LogLevel>,
    pub(crate) after: LogLevel,
}

impl LevelChange {
    /// Logged before, or possibly so, and not logged now.
    pub(crate) fn is_loss(&self) -> bool {
        !self.after.is_logged() && self.before.is_none_or(LogLevel::is_logged)
    }

    pub(crate) fn setting(&self) -> SettingChange {
        SettingChange {
            path: self.path.clone(),
            before: self.before.map_or(Known::Unknown, |level| {
                Known::Set(level.as_str().to_owned())
            }),
            after: Known::Set(self.after.as_str().to_owned()),
        }
    }
}

/// Access logging, before and after.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct AccessChange {
    pub(crate) path: String,
    /// The outer `None` is unknown, the inner one off.
    pub(crate) before: Option<Option<AccessLog>>,
    pub(crate) after: AccessAfter,
}

/// Access logging after the call.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum AccessAfter {
    /// No access log is written.
    Off,
    /// Written as this says; members may be unknown (`None`) without a response.
    On(AccessLog),
    /// The request does not tell and there is no response.
    Unclear,
}

impl AccessChange {
    pub(crate) fn is_loss(&self) -> bool {
        !matches!(self.after, AccessAfter::On(_)) && self.before != Some(None)
    }
}

/// Effective levels of the scopes that an update touches.
pub(crate) fn levels(update: &StageUpdate, before: Option<&StageSettings>) -> Vec<LevelChange> {
    let before = before.and_then(|stage| stage.execution.as_ref());
    let after = update
        .after
        .as_ref()
        .and_then(|stage| stage.execution.as_ref());
    match (before, after) {
        (Some(before), Some(after)) => compare(update, before, after),
        (Some(before), None) => compare(update, before, &applied(before, &update.edits)),
        (None, after) => asked(&update.edits, after),
    }
}

fn compare(update: &StageUpdate, before: &Execution, after: &Execution) -> Vec<LevelChange> {
    touched(update, before, after)
        .into_iter()
        .map(|(path, scope)| LevelChange {
            before: Some(before.level(&scope)),
            after: after.level(&scope),
            path,
            scope,
        })
        .filter(|change| change.before != Some(change.after))
        .collect()
}

/// Scopes whose level an update may have changed, each once, with the path that says so.
fn touched(update: &StageUpdate, before: &Execution, after: &Execution) -> Vec<(String, Scope)> {
    let mut scopes: Vec<(String, Scope)> = Vec::new();
    let mut add = |path: String, scope: &Scope| {
        if !scopes.iter().any(|(_, known)| known == scope) {
            scopes.push((path, scope.clone()));
        }
    };
    let everything = update.detail == Detail::Missing
        || update
            .edits
            .iter()
            .any(|edit| edit.what == StageEdit::AllReplaced);
    if everything {
        let keys = before.scopes.keys().chain(after.scopes.keys());
        for scope in keys.chain([&Scope::Default]) {
            add(canonical_path(scope), scope);
        }
    }
    for edit in &update.edits {
        if let Some(scope) = level_scope(&edit.what) {
            add(edit.path.clone(), scope);
        }
    }
    scopes
}

fn level_scope(edit: &StageEdit) -> Option<&Scope> {
    match edit {
        StageEdit::Level(scope, _)
        | StageEdit::Removed(scope)
        | StageEdit::WrittenWithoutLevel(scope) => Some(scope),
        _ => None,
    }
}

pub(crate) fn canonical_path(scope: &Scope) -> String {
    match scope {
        Scope::Default => "/*/*/logging/loglevel".to_owned(),
        Scope::One(name) => format!("{name} logging/loglevel"),
    }
}

/// The state that the edits lead to, as far as they tell.
fn applied(before: &Execution, edits: &[Edit<StageEdit>]) -> Execution {
    let mut after = before.clone();
    for edit in edits {
        match &edit.what {
            StageEdit::Level(scope, level) => {
                after.scopes.entry(scope.clone()).or_default().level = Some(*level);
            }
            StageEdit::Removed(scope) => {
                after.scopes.remove(scope);
            }
            // A route's settings replace those of the default whole.
            StageEdit::WrittenWithoutLevel(scope @ Scope::One(_)) if !after.inherits => {
                after
                    .scopes
                    .insert(scope.clone(), MethodSettings::default());
            }
            _ => {}
        }
    }
    after
}

/// Without a state before: what the record asks for, the last word on each scope winning, unless
/// the response shows otherwise.
fn asked(edits: &[Edit<StageEdit>], after: Option<&Execution>) -> Vec<LevelChange> {
    let mut asked: Vec<LevelChange> = Vec::new();
    for edit in edits {
        let (scope, level) = match &edit.what {
            StageEdit::Level(scope, level) => (scope, *level),
            StageEdit::Removed(scope) => (scope, LogLevel::Off),
            _ => continue,
        };
        asked.retain(|earlier| earlier.scope != *scope);
        asked.push(LevelChange {
            path: edit.path.clone(),
            scope: scope.clone(),
            before: None,
            after: after.map_or(level, |after| after.level(scope)),
        });
    }
    asked
}

/// Access logging, where an update touches it.
pub(crate) fn access(update: &StageUpdate, before: Option<&StageSettings>) -> Option<AccessChange> {
    let before = before.map(|stage| stage.access_log.clone());
    let asked = access_asked(&update.edits, before.clone().flatten());
    let (path, asked) = match asked {
        Some(asked) => asked,
        None if update.detail == Detail::Missing => {
            ("/accessLogSettings".to_owned(), AccessAfter::Unclear)
        }
        None => return None,
    };
    let after = match &update.after {
        Some(stage) => stage
            .access_log
            .clone()
            .map_or(AccessAfter::Off, AccessAfter::On),
        None => asked,
    };
    Some(AccessChange {
        path,
        before,
        after,
    })
}

/// What the edits make of access logging, applied in order; `None` when none names it.
fn access_asked(
    edits: &[Edit<StageEdit>],
    before: Option<AccessLog>,
) -> Option<(String, AccessAfter)> {
    let mut log = before.unwrap_or_default();
    let mut is_removed = false;
    let mut last = None;
    for edit in edits {
        let after = match &edit.what {
            StageEdit::AccessLogsRemoved | StageEdit::AccessLogDestination(None) => {
                log = AccessLog::default();
                is_removed = true;
                AccessAfter::Off
            }
            StageEdit::AccessLogFormat(None) => AccessAfter::Off,
            StageEdit::AccessLogDestination(arn) => {
                log.destination_arn.clone_from(arn);
                AccessAfter::On(log.clone())
            }
            StageEdit::AccessLogFormat(format) => {
                log.format.clone_from(format);
                match is_removed && !log.is_on() {
                    true => AccessAfter::Off,
                    false => AccessAfter::On(log.clone()),
                }
            }
            StageEdit::AccessLogsUnclear => AccessAfter::Unclear,
            _ => continue,
        };
        last = Some((edit.path.clone(), after));
    }
    last
}

/// Whether an update wrote settings of a route without a level and so, by the response, took it the
/// logging that the stage's default has. Whether it had that before, only a baseline tells.
pub(crate) fn may_have_silenced_a_route(update: &StageUpdate) -> bool {
    let after = update
        .after
        .as_ref()
        .and_then(|stage| stage.execution.as_ref());
    let Some(after) = after.filter(|after| after.level(&Scope::Default).is_logged()) else {
        return false;
    };
    update.edits.iter().any(|edit| match &edit.what {
        StageEdit::WrittenWithoutLevel(scope) => !after.level(scope).is_logged(),
        _ => false,
    })
}

/// Whether an update shows that nothing is lost whatever stood before.
pub(crate) fn is_fully_logged(after: &StageSettings) -> bool {
    let execution = after.execution.as_ref();
    execution.is_some_and(Execution::is_fully_logged) && after.access_log.is_some()
}

#[cfg(test)]
mod tests;
