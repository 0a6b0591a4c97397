//! One version of the settings of one thing, and the line that stands for it in table and file.
//!
//! A version has two times. `time` decides for which events it may count: those later than it.
//! `since` decides which of these versions is the newest: its content holds at least from then on.
//! Both are the event's own time for the response of a call. A read has seen one moment between its
//! start and its end, by another clock than that of the events, so it counts only for events well
//! after its end, and every change that it may have missed is newer than it.

use jiff::{SignedDuration, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::thing::{Thing, What};
use super::{BaselineError, Kept};
use crate::change::{ApiRef, Target};
use crate::settings;

/// How long after its end a read starts to count. It covers the difference between the clocks and the
/// time from a change's effect to the end of its call, which is the time of the event.
pub const MARGIN: SignedDuration = SignedDuration::from_secs(10);

/// How long before its start the content of a read is said to hold: the second that event times are
/// cut to, and the difference between the clocks.
pub const LAG: SignedDuration = SignedDuration::from_secs(5);

/// How long after the second of an event the read for it starts, so that another change of the same
/// second is part of what it sees.
pub const SETTLING: SignedDuration = SignedDuration::from_secs(2);

/// How a version was learned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Source {
    /// From the response of the call that made it.
    Response,
    /// Read because a record did not show it.
    Read,
    /// Read while looking at everything.
    Sweep,
}

/// What was read of a thing, and when by the reader's clock, in milliseconds.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading {
    /// What it is of.
    pub thing: Thing,
    /// What was read.
    pub settings: Kept,
    /// Before the call.
    pub started: i64,
    /// After the answer.
    pub ended: i64,
}

/// The settings of one thing at one time.
#[derive(Debug, Clone, PartialEq)]
pub struct Version {
    /// What it is of.
    pub thing: Thing,
    /// It counts for events later than this.
    pub time: Timestamp,
    /// Its content holds at least from here on.
    pub since: Timestamp,
    /// How it was learned.
    pub source: Source,
    /// What was learned.
    pub settings: Kept,
}

impl Version {
    /// The state that an event's own response shows.
    pub fn of_response(thing: Thing, time: Timestamp, settings: Kept) -> Self {
        Self {
            thing,
            time,
            since: time,
            source: Source::Response,
            settings,
        }
    }

    /// What was read for an event: the read began [`SETTLING`] after it and so has seen its change.
    pub fn of_read(reading: Reading, event: Timestamp) -> Self {
        let version = Self::of_sweep(reading);
        Self {
            since: version.since.max(event),
            source: Source::Read,
            ..version
        }
    }

    /// What was read for no event.
    pub fn of_sweep(reading: Reading) -> Self {
        Self {
            time: moment(reading.ended)
                .saturating_add(MARGIN)
                .unwrap_or(Timestamp::MAX),
            since: moment(reading.started)
                .saturating_sub(LAG)
                .unwrap_or(Timestamp::MIN),
            thing: reading.thing,
            source: Source::Sweep,
            settings: reading.settings,
        }
    }

    /// Whether another version says the same of the thing, whenever and however it was learned.
    pub fn says_the_same(&self, other: &Self) -> bool {
        self.settings == other.settings && self.thing == other.thing
    }

    /// INVARIANT: the newest of several versions is the greatest; lookups and exports agree on it.
    pub fn order(&self) -> (Timestamp, Timestamp) {
        (self.since, self.time)
    }

    /// The line for the table and for files, without its end.
    ///
    /// # Errors
    /// Never; it has nothing that JSON lacks.
    pub fn line(&self) -> Result<String, serde_json::Error> {
        let target = self.thing.target();
        serde_json::to_string(&Wire {
            kind: match self.thing.what {
                What::Account => Kind::Account,
                What::Api(_) => Kind::Api,
                What::Stage(..) => Kind::Stage,
            },
            account: self.thing.account.clone(),
            region: self.thing.region.clone(),
            api: target.api,
            stage: target.stage,
            time: self.time.to_string(),
            since: (self.since != self.time).then(|| self.since.to_string()),
            source: Some(self.source),
            settings: RawValue::from_string(self.settings.to_string())?,
        })
    }

    /// Reads a line.
    ///
    /// # Errors
    /// As [`super::Baselines::parse`], for the first version.
    pub fn parse(line: &str) -> Result<Self, BaselineError> {
        let field = |error| BaselineError::of(1, error);
        let wire: Wire = settings::fields(line).map_err(field)?;
        let (time, since) = wire.times(1)?;
        if !wire.is_named() {
            return Err(BaselineError::Names { version: 1 });
        }
        let target = Target {
            api: wire.api,
            stage: wire.stage,
            stack: None,
        };
        let thing = Thing::of(&wire.account, &wire.region, target);
        let thing = thing.ok_or(BaselineError::Names { version: 1 })?;
        let json = |source| BaselineError::Json { version: 1, source };
        Ok(Self {
            thing,
            time,
            since,
            source: wire.source.unwrap_or(Source::Read),
            settings: Kept::stored(wire.settings.get()).map_err(json)?,
        })
    }
}

fn moment(millisecond: i64) -> Timestamp {
    Timestamp::from_millisecond(millisecond).unwrap_or(Timestamp::MAX)
}

/// A line, in the order of its members.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Wire {
    pub(super) kind: Kind,
    pub(super) account: String,
    pub(super) region: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) api: Option<ApiRef>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) stage: Option<String>,
    pub(super) time: String,
    /// The same as `time` where it is left out.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) since: Option<String>,
    /// For people; nothing depends on it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) source: Option<Source>,
    pub(super) settings: Box<RawValue>,
}

#[derive(Serialize, Deserialize, Clone, Copy, PartialEq)]
#[serde(rename_all = "lowercase")]
pub(super) enum Kind {
    Stage,
    Api,
    Account,
}

impl Wire {
    /// `time` and `since`.
    pub(super) fn times(&self, version: usize) -> Result<(Timestamp, Timestamp), BaselineError> {
        let time = BaselineError::time(version, "time", &self.time)?;
        let since = self.since.as_deref();
        let since = since.map(|text| BaselineError::time(version, "since", text));
        Ok((time, since.transpose()?.unwrap_or(time).min(time)))
    }

    /// Whether it names an API and a stage exactly where its kind has them.
    pub(super) fn is_named(&self) -> bool {
        let has_api = self.api.as_ref().is_some_and(|api| api.id.is_some());
        let named = match self.kind {
            Kind::Stage => (true, true),
            Kind::Api => (true, false),
            Kind::Account => (false, false),
        };
        (has_api, self.stage.is_some()) == named
    }
}

#[cfg(test)]
mod tests;
