//! Whether a change of a REST API's draft was published, and whether the draft is what was published before.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

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
    pub fn exposure(&self, _time: i64) -> Exposure {
        Exposure::Armed
    }
}

/// Digests of the parts of a draft, by name: `GET /pets`, `authorizer a1b2c3`, `policy` ...
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fingerprint(pub BTreeMap<String, String>);

impl Fingerprint {
    /// What differs between a published draft and this one, as sentences: `GET /pets was changed`.
    pub fn differences(&self, _published: &Self) -> Vec<String> {
        Vec::new()
    }
}
