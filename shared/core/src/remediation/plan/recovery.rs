//! What a restore has found so far: the wanted state, the settings that were taken away, and what is said
//! about them. Here the three states of one setting are compared.

use std::collections::BTreeSet;

use super::fields::{Field, access_log};
use super::touched::StageTouch;
use crate::settings::{AccessLog, LogLevel};

/// A setting before the change, after it, and now.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sides<T> {
    pub(super) before: T,
    pub(super) after: T,
    pub(super) live: T,
}

impl<T> Sides<T> {
    pub(super) fn as_ref(&self) -> Sides<&T> {
        Sides {
            before: &self.before,
            after: &self.after,
            live: &self.live,
        }
    }

    /// A part of each.
    pub(super) fn of<U>(self, part: impl Fn(T) -> U) -> Sides<U> {
        Sides {
            before: part(self.before),
            after: part(self.after),
            live: part(self.live),
        }
    }
}

/// Of one kind of settings.
#[derive(Debug)]
pub(super) struct Recovery<T> {
    /// Begins as the live state.
    pub(super) wanted: T,
    /// Stable names of what was taken away.
    pub(super) fields: BTreeSet<String>,
    /// Sentences for people.
    pub(super) notes: Vec<String>,
    /// What was changed again since and still is a loss, as paths: it comes back if a person approves.
    pub(super) moved: BTreeSet<String>,
    /// Whether something that was taken away is left as it is; a note says what.
    pub(super) left: bool,
}

impl<T: Clone> Recovery<T> {
    pub(super) fn new(live: &T) -> Self {
        Self {
            wanted: live.clone(),
            fields: BTreeSet::new(),
            notes: Vec::new(),
            moved: BTreeSet::new(),
            left: false,
        }
    }
}

impl<T> Recovery<T> {
    /// Something was taken away.
    pub(super) fn taken(&mut self, name: impl Into<String>) {
        self.fields.insert(name.into());
    }

    pub(super) fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// Says what is left as it is.
    pub(super) fn leave(&mut self, note: impl Into<String>) {
        self.left = true;
        self.note(note);
    }

    /// Whether a setting that was taken away is to be brought back: it still is as the change left it. When
    /// it is neither that nor as before, it was changed again since, by the owner or by a second call of the
    /// attacker: what still `is_loss` comes back if a person approves, anything else is left alone.
    pub(super) fn comes_back(
        &mut self,
        field: &Field,
        sides: Sides<Option<&str>>,
        is_loss: bool,
    ) -> bool {
        if sides.live == sides.before {
            return false;
        }
        if sides.live == sides.after {
            return true;
        }
        let path = field.path();
        if is_loss {
            self.moved.insert(path);
        } else {
            self.leave(format!(
                "`{path}` was changed again since and is left as it is"
            ));
        }
        is_loss
    }
}

/// Whether less is logged after than before. A level that is not known here compares with OFF only.
pub(super) fn is_lowered(before: LogLevel, after: LogLevel) -> bool {
    match after {
        LogLevel::Off => before.is_logged(),
        LogLevel::Error => before == LogLevel::Info,
        LogLevel::Info | LogLevel::Other => false,
    }
}

/// Access logging with what was taken of it; `None` where it is so already.
pub(super) fn access<T>(
    recovery: &mut Recovery<T>,
    touch: &StageTouch,
    logs: Sides<Option<&AccessLog>>,
) -> Option<Option<AccessLog>> {
    let live = access_log(logs.live);
    let before = access_log(logs.before)?;
    let after = access_log(logs.after);
    let is_removed = after.is_none() && (touch.destination() || touch.format());
    let states = Sides {
        before,
        after: after.unwrap_or_default(),
        live: live.clone().unwrap_or_default(),
    };
    let mut wanted = states.live.clone();
    for (field, is_touched) in [
        (Field::Destination, touch.destination()),
        (Field::Format, touch.format()),
    ] {
        let sides = states.as_ref().of(|log| member(log, &field));
        let is_taken = sides.before.is_some() && sides.before != sides.after;
        if !(is_taken && (is_touched || is_removed)) {
            continue;
        }
        recovery.taken("access log");
        // Nothing tells whether another destination or format is as good as the one before.
        if recovery.comes_back(&field, sides, true) {
            let value = sides.before.map(str::to_owned);
            match field {
                Field::Format => wanted.format = value,
                _ => wanted.destination_arn = value,
            }
        }
    }
    if live.is_none() && wanted.format.is_some() && wanted.destination_arn.is_none() {
        // A format cannot stand alone: the destination was taken away since.
        recovery.moved.insert(Field::Destination.path());
        wanted.destination_arn = states.before.destination_arn.clone();
    }
    let wanted = access_log(Some(&wanted));
    (wanted != live).then_some(wanted)
}

fn member<'a>(log: &'a AccessLog, field: &Field) -> Option<&'a str> {
    match field {
        Field::Format => log.format.as_deref(),
        _ => log.destination_arn.as_deref(),
    }
}
