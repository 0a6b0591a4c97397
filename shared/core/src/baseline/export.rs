//! The newest version of each thing, as a file of baselines holds them.

use std::collections::BTreeMap;

use jiff::Timestamp;

use super::Version;

/// Account, Region, API and stage.
type Key = (String, String, Option<String>, Option<String>);

/// Takes all versions in any order and keeps the newest of each thing.
#[derive(Debug, Default)]
pub struct Newest {
    at: Option<Timestamp>,
    versions: BTreeMap<Key, Version>,
}

impl Newest {
    /// As an event at this time would find them; without a time, of all versions.
    pub fn new(at: Option<Timestamp>) -> Self {
        Self {
            at,
            versions: BTreeMap::new(),
        }
    }

    /// Looks at one more version.
    pub fn add(&mut self, version: Version) {
        if self.at.is_some_and(|at| version.time >= at) {
            return;
        }
        let thing = &version.thing;
        let key = (
            thing.account.clone(),
            thing.region.clone(),
            thing.api().map(|api| api.id.clone()),
            thing.stage().map(str::to_owned),
        );
        let known = self.versions.get(&key);
        if known.is_none_or(|known| known.order() <= version.order()) {
            self.versions.insert(key, version);
        }
    }

    /// The newest ones, sorted by what they are of.
    pub fn into_versions(self) -> impl Iterator<Item = Version> {
        self.versions.into_values()
    }
}

#[cfg(test)]
mod tests;
