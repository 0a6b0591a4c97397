//! Whether a change of a REST API's draft was published, and whether the draft is what was published before.
//!
//! INVARIANT: whatever is not known counts as published, and as different. [`draft`] makes fingerprints.

mod canonical;
pub mod draft;

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::settings::Serving;
use crate::baseline::version::MARGIN;

/// A stage and what it serves.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PublishedStage {
    /// Its name.
    pub name: String,
    /// What it serves.
    pub deployment_id: Option<String>,
    /// `lastUpdatedDate`, or `createdDate` where there is no later one, in seconds since the
    /// epoch; `None` when it is not told.
    pub changed: Option<i64>,
}

/// Stages and deployments of a REST API.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Publications {
    /// All stages.
    pub stages: Vec<PublishedStage>,
    /// `createdDate` of every deployment by id, in seconds since the epoch; `None` when it is not told.
    pub deployments: BTreeMap<String, Option<i64>>,
    /// Descriptions of deployments that have one.
    #[serde(default)]
    pub descriptions: BTreeMap<String, String>,
}

/// Whether a bad change of the draft has reached a stage.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Exposure {
    /// No deployment since the change was found. Not "was never public".
    Armed,
    /// It was published, or it is not known that it was not.
    Live {
        /// Since when at the latest, in seconds since the epoch; `None` when nothing tells.
        since: Option<i64>,
        /// Stages that serve a deployment from after the change, or may do so.
        stages: Vec<String>,
    },
}

impl Publications {
    /// Whether a change made at `time` (seconds since the epoch) was published.
    ///
    /// A deployment or a stage of the seconds just before the change ([`MARGIN`]) may be from after it:
    /// the times come from several clocks, and a change takes effect before its call ends.
    pub fn exposure(&self, time: i64) -> Exposure {
        let from = time.saturating_sub(MARGIN.as_secs());
        let may_be_after = |at: Option<i64>| at.is_none_or(|at| at >= from);
        let stages = self.stages.iter().filter(|stage| {
            may_be_after(stage.changed)
                || may_be_after(self.deployed(stage.deployment_id.as_deref()))
        });
        let mut stages: Vec<String> = stages.map(|stage| stage.name.clone()).collect();
        let is_armed = stages.is_empty() && !self.deployments.values().any(|at| may_be_after(*at));
        if is_armed {
            return Exposure::Armed;
        }
        stages.sort();
        let changes = self.stages.iter().map(|stage| stage.changed);
        let dates = self.deployments.values().copied().chain(changes).flatten();
        let since = dates.filter(|at| *at >= from).min();
        Exposure::Live {
            since: since.map(|at| at.max(time)),
            stages,
        }
    }

    /// What a stage serves; `None` when there is no such stage.
    pub fn serving(&self, stage: &str) -> Option<Serving> {
        let stage = self.stages.iter().find(|one| one.name == stage)?;
        let deployment_id = stage.deployment_id.clone();
        let description = deployment_id
            .as_ref()
            .and_then(|id| self.descriptions.get(id));
        Some(Serving {
            description: description.cloned(),
            deployment_id,
        })
    }

    /// When what a stage serves was made.
    fn deployed(&self, id: Option<&str>) -> Option<i64> {
        self.deployments.get(id?).copied().flatten()
    }

    /// The last deployment before `time` (seconds since the epoch); `None` when there is none, or when it
    /// is not known which one it is. A fingerprint that was kept at another one says nothing of it.
    pub fn last_before(&self, time: i64) -> Option<&str> {
        let mut last: Option<(i64, &str)> = None;
        let mut is_alone = true;
        for (id, at) in &self.deployments {
            let at = (*at)?;
            if at >= time || last.is_some_and(|(other, _)| other > at) {
                continue;
            }
            is_alone = last.is_none_or(|(other, _)| other < at);
            last = Some((at, id));
        }
        last.filter(|_| is_alone).map(|(_, id)| id)
    }
}

/// Digests of the parts of a draft, by name: `GET /pets`, `authorizer a1b2c3`, `policy` ...
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint(pub BTreeMap<String, String>);

impl Fingerprint {
    /// One digest for all of it.
    pub fn digest(&self) -> String {
        let parts = self
            .0
            .iter()
            .map(|(name, digest)| format!("{name}\n{digest}\n"));
        canonical::hash(&parts.collect::<String>())
    }

    /// What differs between a published draft and this one, as sentences: `GET /pets was changed`. In
    /// the order of the parts' names, which whoever edits the API chooses.
    pub fn differences(&self, published: &Self) -> Vec<String> {
        let names: BTreeSet<&String> = self.0.keys().chain(published.0.keys()).collect();
        let difference = |name: &String| match (self.0.get(name), published.0.get(name)) {
            (now, then) if now == then => None,
            (Some(_), Some(_)) => Some(format!("{name} was changed")),
            (Some(_), None) => Some(format!("{name} was added")),
            (None, _) => Some(format!("{name} was removed")),
        };
        names.into_iter().filter_map(difference).collect()
    }
}

#[cfg(test)]
mod tests;
