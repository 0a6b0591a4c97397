//! The function `baseline`: keeps the last known good settings, from events and from sweeps.
//!
//! An event whose response shows the state after it costs one conditional write. One that does not
//! costs a read of API Gateway first. What it must not be fooled by stands in
//! [`crate::baseline::version`]; which records teach what, in [`crate::baseline::learned`]. A deployment of
//! a REST API is kept with what it published ([`draft`]).

pub mod draft;
pub mod input;
pub mod report;
pub mod sweep;

use std::sync::Arc;

use async_trait::async_trait;
use jiff::{SignedDuration, Timestamp};

use crate::baseline::learned::{Deployment, Learned};
use crate::baseline::thing::{Api, Thing};
use crate::baseline::version::{Reading, SETTLING};
use crate::baseline::{BaselineError, Version};
use crate::change::{Change, ChangeError};
use crate::operations::Service;
use crate::ports::PortError;
use crate::record::{Record, RecordError};
use draft::{DraftSource, DraftStore};
use input::InputError;
use report::{Ending, Report};
use sweep::Sweep;

/// How long a version is kept after its time, or after the last sweep that found it still to hold.
pub const RETENTION: SignedDuration = SignedDuration::from_hours(400 * 24);

/// What became of a version that was to be written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It stands in the store.
    Written,
    /// It stood there before, from an earlier delivery.
    Same,
    /// Another state with the same time stands there.
    Taken,
}

/// A version in the store.
#[derive(Debug, Clone)]
pub struct Stored {
    /// The version.
    pub version: Version,
    /// When the store may forget it, in seconds since the epoch.
    pub expires_at: i64,
}

/// Keeps versions.
#[async_trait]
pub trait VersionStore: Send + Sync {
    /// Writes a version unless there is one of the same thing and time.
    async fn put(&self, version: &Version) -> Result<Put, PortError>;

    /// The newest version of a thing, by [`Version::order`].
    async fn newest(&self, thing: &Thing) -> Result<Option<Stored>, PortError>;

    /// Keeps a version until `expires_at`.
    async fn renew(&self, version: &Version, expires_at: i64) -> Result<(), PortError>;
}

/// Where something is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Place {
    /// Account id.
    pub account: String,
    /// Region.
    pub region: String,
}

/// Reads settings from API Gateway, no faster than an account can spare.
#[async_trait]
pub trait SettingsReader: Send + Sync {
    /// One thing, read no earlier than `not_before` (milliseconds); `None` when it does not exist.
    async fn read(&self, thing: &Thing, not_before: i64) -> Result<Option<Reading>, PortError>;

    /// All APIs of a service model, in the order of their ids.
    async fn apis(&self, place: &Place, service: Service) -> Result<Vec<Reading>, PortError>;

    /// All stages of an API; none when the API does not exist.
    async fn stages(&self, place: &Place, api: &Api) -> Result<Vec<Reading>, PortError>;
}

/// Hands sweeps to later invocations.
#[async_trait]
pub trait SweepQueue: Send + Sync {
    /// Puts one message for each on the queue.
    async fn send(&self, sweeps: &[Sweep]) -> Result<(), PortError>;
}

/// Why something is not at its end.
#[derive(Debug, thiserror::Error)]
pub enum KeepError {
    /// The record cannot be read; it never will be.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Its parameters cannot be understood; they never will be.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// The message cannot be understood; it never will be.
    #[error(transparent)]
    Input(#[from] InputError),
    /// A version in the store cannot be read.
    #[error(transparent)]
    Baseline(#[from] BaselineError),
    /// A call outside failed.
    #[error(transparent)]
    Port(#[from] PortError),
    /// Two reads ended in the same millisecond and differ.
    #[error("two reads of one thing ended at {time} and differ")]
    Clash {
        /// When they start to count.
        time: Timestamp,
    },
    /// The function's own credentials would read the wrong account.
    #[error(
        "cannot read account `{account}` from account `{own}`: set PORTCULLIS_READER_ROLE to the name of a role there"
    )]
    NoRole {
        /// The account to read.
        account: String,
        /// The account of the function.
        own: String,
    },
}

impl KeepError {
    /// Whether the same may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Record(error) => error.is_retryable(),
            Self::Change(error) => error.is_retryable(),
            Self::Port(error) => error.retryable,
            Self::Clash { .. } => true,
            Self::Input(_) | Self::Baseline(_) | Self::NoRole { .. } => false,
        }
    }
}

/// What the function is made of.
pub struct Keeper {
    /// Where versions are kept.
    pub store: Arc<dyn VersionStore>,
    /// Reads what records do not show.
    pub reader: Arc<dyn SettingsReader>,
    /// Where is kept what deployments published.
    pub drafts: Arc<dyn DraftStore>,
    /// Reads drafts.
    pub drafter: Arc<dyn DraftSource>,
    /// For sweeps and their continuations.
    pub queue: Arc<dyn SweepQueue>,
    /// Whether there is a role to read other accounts with.
    pub reads_elsewhere: bool,
}

impl Keeper {
    /// Learns from one EventBridge event; `own` is the account of the function.
    pub async fn event(&self, event: &[u8], own: &str) -> (Report, Result<(), KeepError>) {
        let mut report = Report::of_event();
        let result = self.learn(event, own, &mut report).await;
        match result {
            Ok(ending) => {
                report.ended(ending);
                (report, Ok(()))
            }
            Err(error) => {
                report.failed(&error);
                (report, Err(error))
            }
        }
    }

    async fn learn(
        &self,
        event: &[u8],
        own: &str,
        report: &mut Report,
    ) -> Result<Ending, KeepError> {
        let Some(record) = Record::from_event(event)? else {
            return Ok(Ending::NotOurs);
        };
        report.read(&record);
        if !record.is_api_gateway_success() {
            return Ok(Ending::NotOurs);
        }
        let change = Change::from_record(&record)?;
        let thing = match Learned::from(&record, change.as_ref())? {
            Learned::Nothing => return Ok(Ending::Nothing),
            Learned::Unnamed => return Ok(Ending::Unnamed),
            Learned::Read(thing) => thing,
            Learned::Deployed(deployment) => {
                return self.deployed(deployment, record.time, own, report).await;
            }
            Learned::Version(version) => {
                report.of(&version.thing);
                match self.store.put(&version).await? {
                    Put::Written => return Ok(Ending::Written),
                    Put::Same => return Ok(Ending::Known),
                    // Two changes in one second: their order is unknown, only a look tells.
                    Put::Taken => version.thing,
                }
            }
        };
        self.read(thing, record.time, own, report).await
    }

    /// The draft comes first: the sooner it is read, the less can have been edited. The stage is looked at
    /// all the same when that fails.
    async fn deployed(
        &self,
        deployment: Deployment,
        event: Timestamp,
        own: &str,
        report: &mut Report,
    ) -> Result<Ending, KeepError> {
        let stage = deployment.stage.clone();
        report.of(stage.as_ref().unwrap_or(&deployment.api));
        let drafted = self.draft(deployment, event, own).await;
        let ending = match stage {
            Some(stage) => self.read(stage, event, own, report).await,
            None => Ok(Ending::Drafted),
        };
        report.drafted = Some(drafted?);
        ending
    }

    async fn read(
        &self,
        thing: Thing,
        event: Timestamp,
        own: &str,
        report: &mut Report,
    ) -> Result<Ending, KeepError> {
        report.of(&thing);
        self.may_read(&thing.account, own)?;
        let settled = event.saturating_add(SETTLING).unwrap_or(Timestamp::MAX);
        let read = self.reader.read(&thing, settled.as_millisecond()).await?;
        report.reads += 1;
        let Some(reading) = read else {
            return Ok(Ending::Gone);
        };
        let version = Version::of_read(reading, event);
        match self.store.put(&version).await? {
            Put::Taken => Err(KeepError::Clash { time: version.time }),
            Put::Same => Ok(Ending::Known),
            Put::Written => Ok(Ending::Written),
        }
    }

    /// INVARIANT: nothing of one account is ever kept as another's.
    fn may_read(&self, account: &str, own: &str) -> Result<(), KeepError> {
        if self.reads_elsewhere || account == own {
            return Ok(());
        }
        Err(KeepError::NoRole {
            account: account.to_owned(),
            own: own.to_owned(),
        })
    }
}

#[cfg(test)]
mod tests;
