//! Baselines: the last known good settings, as versions with a time.
//!
//! One version a line (NDJSON), as `portcullis baseline export` writes them. What counts for an
//! event is the newest version that is older than the event.

use std::collections::HashMap;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::change::{ApiRef, Change};
use crate::record::{Record, parse_time};
use crate::rules::Before;
use crate::settings::{
    self, AccountSettings, ApiSettings, FieldError, StageSettings, plain, prefix,
};

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
    /// The time cannot be read.
    #[error("version {version}, field `time`: `{text}` is no RFC 3339 time")]
    Time {
        /// Ordinal of the version, from 1.
        version: usize,
        /// As it stands there.
        text: String,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wire {
    kind: Kind,
    account: String,
    region: String,
    #[serde(default)]
    api: Option<ApiRef>,
    #[serde(default)]
    stage: Option<String>,
    time: String,
    /// How it was learned (`read`, `response`, `sweep`); for people.
    #[serde(default)]
    #[expect(dead_code, reason = "checked for its type, shown by nothing yet")]
    source: Option<String>,
    settings: Box<RawValue>,
}

#[derive(Deserialize, Clone, Copy, PartialEq)]
#[serde(rename_all = "lowercase")]
enum Kind {
    Stage,
    Api,
    Account,
}

impl Kind {
    /// Whether it names an API, and a stage.
    fn names(self) -> (bool, bool) {
        match self {
            Self::Stage => (true, true),
            Self::Api => (true, false),
            Self::Account => (false, false),
        }
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

/// Versions by what they are of, oldest first.
#[derive(Debug, Default, Clone)]
struct Versions<T>(HashMap<Key, Vec<(Timestamp, T)>>);

impl<T: Clone> Versions<T> {
    fn add(&mut self, key: Key, time: Timestamp, value: T) {
        let versions = self.0.entry(key).or_default();
        let at = versions.partition_point(|(other, _)| *other <= time);
        versions.insert(at, (time, value));
    }

    fn before(&self, key: &Key, time: Timestamp) -> Option<T> {
        let versions = self.0.get(key)?;
        let older = versions.iter().rev().find(|(other, _)| *other < time);
        older.map(|(_, value)| value.clone())
    }
}

/// All versions that a file holds.
#[derive(Debug, Default, Clone)]
pub struct Baselines {
    stages: Versions<StageSettings>,
    apis: Versions<ApiSettings>,
    accounts: Versions<AccountSettings>,
    /// Type and name of every API, as the newest version has them.
    names: HashMap<Key, (Timestamp, ApiRef)>,
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
        let field = |FieldError { field, source }| BaselineError::Field {
            version,
            field,
            source,
        };
        let wire: Wire = settings::fields(json).map_err(field)?;
        let Some(time) = parse_time(&wire.time) else {
            let text = wire.time;
            return Err(BaselineError::Time { version, text });
        };
        let inside = |error: FieldError| field(error.inside("settings"));
        let body = wire.settings.get();
        let api = wire.api.unwrap_or_default();
        if (api.id.is_some(), wire.stage.is_some()) != wire.kind.names() {
            return Err(BaselineError::Names { version });
        }
        let mut key = Key {
            account: wire.account,
            region: wire.region,
            api: None,
            stage: None,
        };
        match wire.kind {
            Kind::Account => {
                let value = settings::account(body).map_err(inside)?;
                self.accounts.add(key, time, value);
            }
            Kind::Api => {
                key.api.clone_from(&api.id);
                self.name(key.clone(), time, api);
                let value = settings::api(body).map_err(inside)?;
                self.apis.add(key, time, value);
            }
            Kind::Stage => {
                key.api.clone_from(&api.id);
                self.name(key.clone(), time, api);
                key.stage = wire.stage;
                let value = settings::stage(body).map_err(inside)?;
                self.stages.add(key, time, value.unwrap_or_default());
            }
        }
        Ok(())
    }

    fn name(&mut self, key: Key, time: Timestamp, api: ApiRef) {
        let known = self.names.entry(key);
        let (newest, known) = known.or_insert((time, ApiRef::default()));
        let is_newer = time >= *newest;
        *newest = time.max(*newest);
        let (preferred, other) = if is_newer {
            (api, std::mem::take(known))
        } else {
            (std::mem::take(known), api)
        };
        *known = ApiRef {
            id: preferred.id.or(other.id),
            kind: preferred.kind.or(other.kind),
            name: preferred.name.or(other.name),
        };
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
            named: self.names.get(&api).map(|(_, api)| api.clone()),
            stage: self.stages.before(&stage, record.time),
            api: self.apis.before(&api, record.time),
            account: self.accounts.before(&account, record.time),
            is_unaccounted: false,
        }
    }
}

#[cfg(test)]
mod tests;
