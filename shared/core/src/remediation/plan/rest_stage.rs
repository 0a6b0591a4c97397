//! Stages of REST APIs: what a change took of their logging.

use std::collections::BTreeSet;

use super::fields::{DATA_TRACE, Field, LEVEL, METHOD};
use super::left;
use super::recovery::{Recovery, Sides, access, is_lowered};
use super::rest_patch::data_trace_note;
use super::touched::StageTouch;
use crate::change::Change;
use crate::remediation::settings::{MethodSetting, RestStage};
use crate::settings::{LogLevel, Scope};

const DEFAULT: &str = "*/*";

/// What brings back what the change took away.
pub(super) fn restore(
    change: &Change,
    before: &RestStage,
    after: Option<&RestStage>,
    live: &RestStage,
) -> Recovery<RestStage> {
    let touch = StageTouch::of(change);
    let told = after.is_some();
    let after = match after {
        Some(after) => after.clone(),
        None => left::rest_stage(change, before, live),
    };
    let sides = Sides {
        before,
        after: &after,
        live,
    };
    let mut recovery = Recovery::new(live);
    let keys: BTreeSet<&String> = before
        .method_settings
        .keys()
        .chain(after.method_settings.keys())
        .collect();
    for key in keys {
        let scope = Scope::of_method(key);
        if !touch.level(&scope) {
            continue;
        }
        let was = before.method_settings.get(key);
        let is = after.method_settings.get(key);
        match (was, is) {
            (Some(was), None) => whole(&mut recovery, key, was, sides),
            (Some(was), Some(_)) => {
                if touch.whole(&scope) {
                    whole(&mut recovery, key, was, sides);
                }
                level(&mut recovery, key, sides);
            }
            (None, Some(is)) => added(&mut recovery, key, is, sides, told),
            (None, None) => {}
        }
    }
    let logs = sides.of(|stage| stage.access_log_settings.as_ref());
    if let Some(log) = access(&mut recovery, &touch, logs) {
        recovery.wanted.access_log_settings = log;
    }
    recovery
}

fn own(set: Option<&MethodSetting>) -> LogLevel {
    let level = set.and_then(|set| set.logging_level.as_deref());
    LogLevel::parse(level.unwrap_or_default())
}

/// The level that holds for a key, as it is written: its own, or else the stage's.
fn effective(stage: &RestStage, key: &str) -> Option<String> {
    let own = |key| value(stage, key, LEVEL);
    own(key).or_else(|| own(DEFAULT))
}

fn effective_level(stage: &RestStage, key: &str) -> LogLevel {
    LogLevel::parse(&effective(stage, key).unwrap_or_default())
}

/// Whether a key logs less now than before the change.
fn is_lost(sides: Sides<&RestStage>, key: &str) -> bool {
    let levels = sides.of(|stage| effective_level(stage, key));
    is_lowered(levels.before, levels.live)
}

fn value(stage: &RestStage, key: &str, name: &str) -> Option<String> {
    let set = stage.method_settings.get(key)?;
    let row = METHOD.iter().find(|row| row.name == name)?;
    (row.get)(set)
}

/// The level that a key itself has. Nothing stands behind that of the stage: none is OFF.
fn own_level(stage: &RestStage, key: &str) -> Option<String> {
    let own = value(stage, key, LEVEL);
    match key {
        DEFAULT => own.or_else(|| Some(LogLevel::Off.as_str().to_owned())),
        _ => own,
    }
}

fn name_of(key: &str) -> String {
    match Scope::of_method(key) {
        Scope::Default => format!("logging of {DEFAULT}"),
        Scope::One(name) => format!("logging of {name}"),
    }
}

/// A key that was removed comes back with all that it had.
fn whole(
    recovery: &mut Recovery<RestStage>,
    key: &str,
    was: &MethodSetting,
    sides: Sides<&RestStage>,
) {
    let now = effective_level(sides.after, key);
    if is_lowered(now, effective_level(sides.before, key)) {
        recovery.leave(format!(
            "the settings of `{key}` were removed, by which it logs more than before: they are not \
             brought back"
        ));
        return;
    }
    // The level of a key that was set again is compared as that of any other.
    let is_there = sides.after.method_settings.contains_key(key);
    for row in METHOD {
        let Some(before) = (row.get)(was) else {
            continue;
        };
        let after = value(sides.after, key, row.name);
        let live = value(sides.live, key, row.name);
        if after.as_ref() == Some(&before) || (is_there && row.name == LEVEL) {
            continue;
        }
        recovery.taken(name_of(key));
        if row.name == DATA_TRACE && live.is_some() {
            if before == "true" && live.as_deref() == Some("false") {
                recovery.note(data_trace_note(key));
            }
            continue;
        }
        // What API Gateway has put there by itself was not set by anybody.
        let live = live.filter(|live| after.is_some() || !row.is_default(live));
        let field = Field::Method(key.to_owned(), row.name);
        let states = Sides {
            before: Some(before.as_str()),
            after: after.as_deref(),
            live: live.as_deref(),
        };
        let is_loss = row.name == LEVEL && is_lost(sides, key);
        if recovery.comes_back(&field, states, is_loss) {
            let keys = &mut recovery.wanted.method_settings;
            (row.copy)(was, keys.entry(key.to_owned()).or_default());
        }
    }
}

/// The level of a key that stood before and stands after.
fn level(recovery: &mut Recovery<RestStage>, key: &str, sides: Sides<&RestStage>) {
    let was = own_level(sides.before, key);
    let after = own_level(sides.after, key);
    let is_lowered = is_lowered(
        effective_level(sides.before, key),
        effective_level(sides.after, key),
    );
    // Without a change of its own it is the stage's level that went down, and comes back by itself.
    if was == after || !is_lowered {
        return;
    }
    recovery.taken(name_of(key));
    let [traced, traces] = [sides.before, sides.live].map(|stage| value(stage, key, DATA_TRACE));
    if traced.as_deref() == Some("true") && traces.as_deref() == Some("false") {
        recovery.note(data_trace_note(key));
    }
    let Some(before) = effective(sides.before, key) else {
        return;
    };
    let live = own_level(sides.live, key);
    if was.is_none() && live.is_none() {
        // Its settings were removed since, and with them the level that was set.
        return;
    }
    let field = Field::Method(key.to_owned(), LEVEL);
    let states = Sides {
        before: Some(before.as_str()),
        after: after.as_deref(),
        live: live.as_deref(),
    };
    if recovery.comes_back(&field, states, is_lost(sides, key)) {
        if was.is_none() {
            recovery.note(format!(
                "`{key}` had its level from the stage and gets the same as its own: a single setting \
                 cannot be removed"
            ));
        }
        set_level(recovery, key, before);
    }
}

fn set_level(recovery: &mut Recovery<RestStage>, key: &str, level: String) {
    let keys = &mut recovery.wanted.method_settings;
    keys.entry(key.to_owned()).or_default().logging_level = Some(level);
}

/// A key that did not stand before and logs less than the stage did.
fn added(
    recovery: &mut Recovery<RestStage>,
    key: &str,
    is: &MethodSetting,
    sides: Sides<&RestStage>,
    told: bool,
) {
    let was = effective_level(sides.before, key);
    if is.logging_level.is_none() || !is_lowered(was, own(Some(is))) {
        return;
    }
    recovery.taken(name_of(key));
    let Some(live) = sides.live.method_settings.get(key) else {
        return;
    };
    if told && live == is {
        recovery.wanted.method_settings.remove(key);
        return;
    }
    let Some(before) = effective(sides.before, key) else {
        return;
    };
    let field = Field::Method(key.to_owned(), LEVEL);
    let states = Sides {
        before: Some(before.as_str()),
        after: is.logging_level.as_deref(),
        live: live.logging_level.as_deref(),
    };
    let is_loss = live.logging_level.is_some() && is_lost(sides, key);
    if recovery.comes_back(&field, states, is_loss) {
        recovery.note(format!(
            "`{key}` had no settings of its own and keeps those it has now, with the level that held \
             before: others may have been set since"
        ));
        set_level(recovery, key, before);
    }
}
