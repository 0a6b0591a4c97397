//! What a deployment of a REST API publishes: the fingerprint of its draft, read right after the event.
//!
//! A deployment without a fingerprint leaves a mark, so that nobody takes the fingerprint of an earlier
//! one for what it published.

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};
use serde::Serialize;

use super::{KeepError, Keeper};
use crate::baseline::learned::Deployment;
use crate::baseline::thing::Thing;
use crate::ports::PortError;
use crate::remediation::publication::Fingerprint;

/// How long after its event a draft may be read. Somebody may have edited it since.
pub const LATEST: SignedDuration = SignedDuration::from_secs(60);

/// Longest fingerprint that is kept, in bytes of JSON: an item of DynamoDB has 400 kB.
const LONGEST: usize = 350_000;

/// What a look at a draft gave.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Look {
    /// All of it.
    Read {
        /// What was read.
        fingerprint: Fingerprint,
        /// The end of the read, in milliseconds since the epoch.
        at: i64,
    },
    /// It was too late before the read began.
    Late,
    /// The API does not exist (any more).
    Gone,
}

/// Reads drafts.
#[async_trait]
pub trait DraftSource: Send + Sync {
    /// The draft of a REST API, unless it is later than `until` (milliseconds since the epoch). Whatever
    /// cannot be read is an error: half a draft never becomes a fingerprint.
    async fn look(&self, api: &Thing, until: i64) -> Result<Look, PortError>;
}

/// Why a deployment has no fingerprint.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Missed {
    /// Read, or to be read, more than [`LATEST`] after the event.
    Late,
    /// Too long to be kept.
    TooLong,
}

impl Missed {
    /// As the store keeps it, for people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Late => "late",
            Self::TooLong => "too-long",
        }
    }
}

/// What is kept of a deployment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Published {
    /// What was deployed.
    pub api: Thing,
    /// Time of the event.
    pub time: Timestamp,
    /// Id of the deployment, where the record shows it.
    pub deployment: Option<String>,
    /// Fingerprint and the end of its read in milliseconds since the epoch, or why there is none.
    pub draft: Result<(Fingerprint, i64), Missed>,
}

/// Keeps what was published.
#[async_trait]
pub trait DraftStore: Send + Sync {
    /// Keeps it unless something of the same API and time is kept; `false` when something is.
    async fn keep(&self, published: &Published) -> Result<bool, PortError>;
}

/// What became of the draft of a deployment.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Drafted {
    /// Its fingerprint is kept.
    Kept,
    /// Something was kept by an earlier delivery.
    Known,
    /// It is kept that there is no fingerprint, because it would have been read too late.
    Late,
    /// The same, because it is too long.
    TooLong,
    /// The API does not exist any more.
    Gone,
}

impl Keeper {
    /// Keeps what a deployment has published.
    pub(super) async fn draft(
        &self,
        deployment: Deployment,
        event: Timestamp,
        own: &str,
    ) -> Result<Drafted, KeepError> {
        let Deployment { api, id, .. } = deployment;
        self.may_read(&api.account, own)?;
        let until = event.saturating_add(LATEST).unwrap_or(Timestamp::MAX);
        let until = until.as_millisecond();
        let draft = match self.drafter.look(&api, until).await? {
            Look::Gone => return Ok(Drafted::Gone),
            // INVARIANT: what was read late is never kept, however early the read began.
            Look::Read { at, .. } if at > until => Err(Missed::Late),
            Look::Late => Err(Missed::Late),
            Look::Read { fingerprint, .. } if !fits(&fingerprint) => Err(Missed::TooLong),
            Look::Read { fingerprint, at } => Ok((fingerprint, at)),
        };
        let drafted = match &draft {
            Ok(_) => Drafted::Kept,
            Err(Missed::Late) => Drafted::Late,
            Err(Missed::TooLong) => Drafted::TooLong,
        };
        let published = Published {
            api,
            time: event,
            deployment: id,
            draft,
        };
        Ok(match self.drafts.keep(&published).await? {
            true => drafted,
            false => Drafted::Known,
        })
    }
}

fn fits(fingerprint: &Fingerprint) -> bool {
    // A map of texts has nothing that JSON lacks.
    serde_json::to_string(fingerprint).is_ok_and(|json| json.len() <= LONGEST)
}

#[cfg(test)]
mod tests;
