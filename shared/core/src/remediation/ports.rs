//! What remediation needs of the world outside. See [`crate::ports`] for what every port promises.

use async_trait::async_trait;
use jiff::Timestamp;

use super::ledger::{Entry, Tally};
use super::publication::{Fingerprint, Publications};
use super::step::Step;
use crate::baseline::thing::Thing;
use crate::keeper::Place;
use crate::ports::PortError;

/// Something in the store, with the number that a write of it has to name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Versioned<T> {
    /// What stands there.
    pub value: T,
    /// 0 when nothing stands there.
    pub version: u64,
}

/// Reads the ledger.
#[async_trait]
pub trait LedgerReader: Send + Sync {
    /// An entry, read consistently.
    async fn entry(&self, id: &str) -> Result<Option<Versioned<Entry>>, PortError>;
}

/// One write of several that happen together or not at all.
#[derive(Debug, Clone, PartialEq)]
pub enum LedgerWrite {
    /// An entry, by its id.
    Entry(Box<Versioned<Entry>>),
    /// What was done to a resource or in an account.
    Tally {
        /// Names it.
        key: String,
        /// What stands there from then on, and the version that stood there when it was read.
        tally: Versioned<Tally>,
    },
}

/// Writes the ledger. Only functions that can write to API Gateway have it.
#[async_trait]
pub trait Ledger: LedgerReader {
    /// What was done to a resource or in an account; an empty one of version 0 when nothing was.
    async fn tally(&self, key: &str) -> Result<Versioned<Tally>, PortError>;

    /// Writes all if every version is the one that stands in the store (0: nothing stands there);
    /// `false` when one is not.
    async fn write(&self, writes: &[LedgerWrite]) -> Result<bool, PortError>;
}

/// Why a write to API Gateway was not made, or is not known to be made.
#[derive(Debug, thiserror::Error)]
#[error("the write to API Gateway failed")]
pub struct WriteError {
    /// What it means for the remediation.
    pub kind: WriteErrorKind,
    /// What failed.
    #[source]
    pub source: PortError,
}

/// What a failed write means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WriteErrorKind {
    /// The permit is for something else. A mistake in the program.
    NotPermitted,
    /// The API, stage or deployment does not exist (any more).
    Gone,
    /// The role cannot be assumed, or does not exist.
    RoleNotAssumable,
    /// The role may not do it.
    AccessDenied,
    /// Another change of the API is running; it may be tried again.
    Busy,
    /// API Gateway throttles, longer than is waited for here; it may be tried again.
    Throttled,
    /// A quota of the account is used up.
    LimitExceeded,
    /// API Gateway refuses the value.
    Refused,
    /// The kill switch was thrown while the write waited for its turn.
    Stopped,
    /// No answer, or a fault of the service: it may have been made. It may be tried again after a look.
    Unknown,
}

impl WriteErrorKind {
    /// Whether the same may succeed later.
    pub fn is_retryable(self) -> bool {
        matches!(self, Self::Busy | Self::Throttled | Self::Unknown)
    }
}

/// Writes to API Gateway. Nothing else does, and it does nothing without a permit.
#[async_trait]
pub trait Writer<P>: Send + Sync {
    /// Makes one write, in a session that is named after the permit's ledger entry.
    async fn write(&self, permit: &P, step: &Step) -> Result<(), WriteError>;
}

/// The switch that stops every write.
#[async_trait]
pub trait KillSwitch: std::fmt::Debug + Send + Sync {
    /// Whether writes are allowed right now. Whatever cannot be read or understood is an error, and
    /// errors stop writes.
    async fn allows(&self) -> Result<bool, PortError>;
}

/// Whether a REST API can be changed right now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ApiStatus {
    /// No change of it is running.
    Available,
    /// A change of its endpoint type is running; it cannot be changed until that is done.
    Updating,
    /// It does not exist.
    Gone,
}

/// Reads what a restore of an endpoint needs beyond settings.
#[async_trait]
pub trait PublicationReader: Send + Sync {
    /// `apiStatus` of a REST API.
    async fn status(&self, api: &Thing) -> Result<ApiStatus, PortError>;

    /// Stages and deployments of a REST API with their times.
    async fn publications(&self, api: &Thing) -> Result<Publications, PortError>;

    /// The fingerprint of the draft as it is now.
    async fn draft(&self, api: &Thing) -> Result<Fingerprint, PortError>;
}

/// What a deployment published.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublishedDraft {
    /// Its id, where the record told it.
    pub deployment: Option<String>,
    /// The draft at that time.
    pub fingerprint: Fingerprint,
}

/// Reads the fingerprints that were kept at deployments.
#[async_trait]
pub trait DraftReader: Send + Sync {
    /// What was kept of the last deployment before `time`; `None` when nothing is.
    async fn published_before(
        &self,
        api: &Thing,
        time: Timestamp,
    ) -> Result<Option<PublishedDraft>, PortError>;
}

/// Waits between two looks. A port, because core has no clock.
#[async_trait]
pub trait Clock: Send + Sync {
    /// Seconds since the epoch.
    fn now(&self) -> i64;

    /// Waits so many seconds.
    async fn wait(&self, seconds: u64);

    /// Where the invocation has to end, in seconds since the epoch.
    fn deadline(&self) -> i64;
}

/// Where something is, as clients want it.
pub fn place(thing: &Thing) -> Place {
    Place {
        account: thing.account.clone(),
        region: thing.region.clone(),
    }
}
