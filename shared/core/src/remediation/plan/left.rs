//! What a change left behind, where its record shows no response: the live state stands for it, but what
//! the change says in its own words it has done.

use crate::change::{Change, StageEdit};
use crate::remediation::settings::{RestStage, V2Stage};
use crate::settings::{AccessLog, LogLevel, Scope};

/// The state that a change left, where no response shows it: the live one, and the change's own words.
pub(super) fn rest_stage(change: &Change, before: &RestStage, live: &RestStage) -> RestStage {
    let mut left = live.clone();
    let Change::StageUpdated(update) = change else {
        return left;
    };
    for edit in &update.edits {
        match &edit.what {
            StageEdit::Level(scope, level) => {
                let keys = live.method_settings.keys();
                let keys = keys.chain(before.method_settings.keys());
                for key in keys.filter(|key| Scope::of_method(key) == *scope) {
                    let was = before.method_settings.get(key).cloned();
                    let set = left.method_settings.entry(key.clone());
                    let set = set.or_insert_with(|| was.unwrap_or_default());
                    if set.logging_level.is_none()
                        || LogLevel::parse(set.logging_level.as_deref().unwrap_or_default())
                            != *level
                    {
                        set.logging_level = Some(level.as_str().to_owned());
                    }
                }
            }
            StageEdit::Removed(scope) => left
                .method_settings
                .retain(|key, _| Scope::of_method(key) != *scope),
            other => access_log(other, &mut left.access_log_settings),
        }
    }
    left
}

/// The same of a stage of an HTTP or WebSocket API.
pub(super) fn v2_stage(change: &Change, before: &V2Stage, live: &V2Stage) -> V2Stage {
    let mut left = live.clone();
    let Change::StageUpdated(update) = change else {
        return left;
    };
    for edit in &update.edits {
        match &edit.what {
            StageEdit::Level(scope, level) => {
                set_route_level(&mut left, before, scope, Some(*level));
            }
            StageEdit::WrittenWithoutLevel(scope @ Scope::One(_)) => {
                set_route_level(&mut left, before, scope, None);
            }
            StageEdit::Removed(scope) => left
                .route_settings
                .retain(|route, _| Scope::of_route(route) != *scope),
            other => access_log(other, &mut left.access_log_settings),
        }
    }
    left
}

fn set_route_level(left: &mut V2Stage, before: &V2Stage, scope: &Scope, level: Option<LogLevel>) {
    let level = level.map(|level| level.as_str().to_owned());
    if *scope == Scope::Default {
        left.default_route_settings
            .get_or_insert_default()
            .logging_level = level;
        return;
    }
    let known = left
        .route_settings
        .keys()
        .chain(before.route_settings.keys());
    let routes: Vec<String> = known
        .filter(|route| Scope::of_route(route) == *scope)
        .cloned()
        .collect();
    for route in routes {
        let was = before.route_settings.get(&route).cloned();
        let set = left.route_settings.entry(route);
        let set = set.or_insert_with(|| was.unwrap_or_default());
        set.logging_level.clone_from(&level);
    }
}

/// What an edit made of access logging.
fn access_log(edit: &StageEdit, log: &mut Option<AccessLog>) {
    match edit {
        StageEdit::AccessLogsRemoved | StageEdit::AccessLogDestination(None) => *log = None,
        StageEdit::AccessLogDestination(arn) => {
            log.get_or_insert_default().destination_arn.clone_from(arn);
        }
        StageEdit::AccessLogFormat(format) => {
            log.get_or_insert_default().format.clone_from(format);
        }
        _ => {}
    }
}
