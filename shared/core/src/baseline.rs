//! Baselines: the last known good settings, as versions with a time.
//!
//! One version a line (NDJSON), as `portcullis baseline export` writes them. What counts for an
//! event is the newest version that is older than the event. [`learned`] says what a record teaches.

pub mod export;
mod kept;
pub mod learned;
pub mod thing;
pub mod version;

use std::collections::HashMap;

use jiff::Timestamp;
use serde_json::value::RawValue;

use crate::change::{ApiRef, ApiType, Change};
use crate::record::{Record, parse_time};
use crate::rules::Before;
use crate::settings::{
    self, AccountSettings, ApiSettings, FieldError, StageSettings, plain, prefix,
};
pub use kept::{Kept, Shape};
pub use version::Version;
use version::{Kind, Wire};

/// Why a version cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// It is not JSON, or a member is missing or has the wrong type.
    #[error("version {version}, {}{}", prefix(field), plain(source))]
    Field {
        /// Ordinal of the version, from 1.
        version: usize,
        /// Path of the member; empty for the version itself.
        field: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// It is not JSON.
    #[error("version {version} is not JSON")]
    Json {
        /// Ordinal of the version, from 1.
        version: usize,
        /// What the parser found.
        #[source]
        source: serde_json::Error,
    },
    /// It does not say what it is of, or says too much.
    #[error(
        "version {version} names the wrong thing: a stage has `api.id` and `stage`, an API `api.id`, an \
         account neither"
    )]
    Names {
        /// Ordinal of the version, from 1.
        version: usize,
    },
    /// A time cannot be read.
    #[error("version {version}, field `{field}`: `{text}` is no RFC 3339 time")]
    Time {
        /// Ordinal of the version, from 1.
        version: usize,
        /// Which time.
        field: &'static str,
        /// As it stands there.
        text: String,
    },
}

impl BaselineError {
    fn of(version: usize, FieldError { field, source }: FieldError) -> Self {
        Self::Field {
            version,
            field,
            source,
        }
    }

    fn time(version: usize, field: &'static str, text: &str) -> Result<Timestamp, Self> {
        parse_time(text).ok_or_else(|| Self::Time {
            version,
            field,
            text: text.to_owned(),
        })
    }
}

/// What a version is of. Members that do not apply are `None`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Key {
    account: String,
    region: String,
    api: Option<String>,
    stage: Option<String>,
}

/// One version, with the two times that [`version`] explains.
#[derive(Debug, Clone)]
struct Timed<T> {
    time: Timestamp,
    since: Timestamp,
    value: T,
}

/// Versions by what they are of, in the order of `time`.
#[derive(Debug, Default, Clone)]
struct Versions<T>(HashMap<Key, Vec<Timed<T>>>);

impl<T: Clone> Versions<T> {
    fn add(&mut self, key: Key, timed: Timed<T>) {
        let versions = self.0.entry(key).or_default();
        let at = versions.partition_point(|other| other.time <= timed.time);
        versions.insert(at, timed);
    }

    /// INVARIANT: only what is older than the event by `time` counts; the newest of it by
    /// [`Version::order`] is it.
    fn before(&self, key: &Key, time: Timestamp) -> Option<T> {
        let versions = self.0.get(key)?;
        let older = versions.iter().rev().skip_while(|timed| timed.time >= time);
        let mut newest: Option<&Timed<T>> = None;
        for timed in older {
            match newest {
                // `since` is never after `time`: nothing further down can be newer.
                Some(newest) if timed.time < newest.since => break,
                Some(newest) if timed.since <= newest.since => {}
                _ => newest = Some(timed),
            }
        }
        newest.map(|timed| timed.value.clone())
    }
}

/// Type and name of an API, each with the time of the newest version that has it.
#[derive(Debug, Default, Clone)]
struct Named {
    kind: Option<(Timestamp, ApiType)>,
    name: Option<(Timestamp, String)>,
}

impl Named {
    fn learn(&mut self, time: Timestamp, api: ApiRef) {
        newer(&mut self.kind, time, api.kind);
        newer(&mut self.name, time, api.name);
    }
}

fn newer<T>(known: &mut Option<(Timestamp, T)>, time: Timestamp, value: Option<T>) {
    let is_newer = known.as_ref().is_none_or(|(other, _)| time >= *other);
    if let Some(value) = value.filter(|_| is_newer) {
        *known = Some((time, value));
    }
}

/// All versions that a file holds.
#[derive(Debug, Default, Clone)]
pub struct Baselines {
    stages: Versions<StageSettings>,
    apis: Versions<ApiSettings>,
    accounts: Versions<AccountSettings>,
    names: HashMap<Key, Named>,
}

impl Baselines {
    /// Reads versions, one JSON object after the other.
    ///
    /// # Errors
    /// At the first version that cannot be read: half a baseline would silence rules.
    pub fn parse(text: &str) -> Result<Self, BaselineError> {
        let mut all = Self::default();
        let stream = serde_json::Deserializer::from_str(text).into_iter::<Box<RawValue>>();
        for (at, raw) in stream.enumerate() {
            let version = at + 1;
            let raw = raw.map_err(|source| BaselineError::Json { version, source })?;
            all.add(version, raw.get())?;
        }
        Ok(all)
    }

    fn add(&mut self, version: usize, json: &str) -> Result<(), BaselineError> {
        let field = |error| BaselineError::of(version, error);
        let wire: Wire = settings::fields(json).map_err(field)?;
        let (time, since) = wire.times(version)?;
        let inside = |error: FieldError| field(error.inside("settings"));
        let body = wire.settings.get();
        if !wire.is_named() {
            return Err(BaselineError::Names { version });
        }
        let api = wire.api.unwrap_or_default();
        let mut key = Key {
            account: wire.account,
            region: wire.region,
            api: None,
            stage: None,
        };
        match wire.kind {
            Kind::Account => {
                let value = settings::account(body).map_err(inside)?;
                self.accounts.add(key, Timed { time, since, value });
            }
            Kind::Api => {
                key.api.clone_from(&api.id);
                self.names.entry(key.clone()).or_default().learn(time, api);
                let value = settings::api(body).map_err(inside)?;
                self.apis.add(key, Timed { time, since, value });
            }
            Kind::Stage => {
                key.api.clone_from(&api.id);
                self.names.entry(key.clone()).or_default().learn(time, api);
                key.stage = wire.stage;
                let value = settings::stage(body).map_err(inside)?;
                let value = value.unwrap_or_default();
                self.stages.add(key, Timed { time, since, value });
            }
        }
        Ok(())
    }

    /// How many things have at least one version.
    pub fn len(&self) -> usize {
        self.stages.0.len() + self.apis.0.len() + self.accounts.0.len()
    }

    /// Whether there is no version at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What was known before an event about the things that its change is made to.
    pub fn before(&self, record: &Record, change: &Change) -> Before {
        let target = change.target();
        let account = Key {
            account: record.account.clone(),
            region: record.region.clone(),
            api: None,
            stage: None,
        };
        let api = Key {
            api: target.api.and_then(|api| api.id),
            ..account.clone()
        };
        let stage = Key {
            stage: target.stage,
            ..api.clone()
        };
        Before {
            named: self.names.get(&api).map(|named| ApiRef {
                id: api.api.clone(),
                kind: named.kind.as_ref().map(|(_, kind)| *kind),
                name: named.name.as_ref().map(|(_, name)| name.clone()),
            }),
            stage: self.stages.before(&stage, record.time),
            api: self.apis.before(&api, record.time),
            account: self.accounts.before(&account, record.time),
            is_unaccounted: false,
        }
    }
}

#[cfg(test)]
mod tests;
