//! What core needs of the world outside, in its own words. `portcullis-aws` answers on AWS; tests
//! answer from memory.
//!
//! Every method may be called again for the same event, by a retry or by another delivery running at
//! the same time: that must lead to the same end.

use std::error::Error;

use async_trait::async_trait;
use jiff::Timestamp;

use crate::baseline::Version;
use crate::baseline::thing::{Thing, What};
use crate::change::Change;
use crate::finding::Finding;
use crate::notification::Notification;
use crate::record::Record;
use crate::rules::Before;
use crate::settings::{self, AccountSettings, ApiSettings, FieldError, StageSettings};
use crate::window::memory::WindowKey;
use crate::window::{Alert, Fact, Threshold};

/// A call outside that failed.
#[derive(Debug, thiserror::Error)]
#[error("cannot {action}: {source}")]
pub struct PortError {
    /// What was tried, such as "read the baseline".
    pub action: &'static str,
    /// Whether the same call may succeed later: throttling, time-outs, faults of the service.
    pub retryable: bool,
    /// What the service or the connection said.
    #[source]
    pub source: Box<dyn Error + Send + Sync>,
}

/// Who handles an event, and when.
#[derive(Debug, Clone)]
pub struct Delivery {
    /// Id of the invocation; the same for the retries of one delivery.
    pub owner: String,
    /// Time of the invocation, in seconds since the epoch.
    pub now: i64,
}

/// What was known before an event.
#[derive(Debug, Clone, Default)]
pub struct Past {
    /// As far as rules compare it.
    pub before: Before,
    /// The newest versions of what the change is made to, the one that counts first. All of them may
    /// count for the event by their time.
    pub versions: Vec<Version>,
    /// Why nothing could be read.
    pub unreadable: Option<String>,
}

impl Past {
    /// The same with a newer version of the thing.
    ///
    /// # Errors
    /// When its settings cannot be read.
    pub fn renewed(mut self, version: Version) -> Result<Self, FieldError> {
        let json = version.settings.to_string();
        match version.thing.what {
            What::Account => self.before.account = Some(settings::account(&json)?),
            What::Api(_) => self.before.api = Some(settings::api(&json)?),
            What::Stage(..) => self.before.stage = settings::stage(&json)?,
        }
        self.versions.insert(0, version);
        Ok(self)
    }
}

/// Reads the last known good settings.
#[async_trait]
pub trait BaselineReader: Send + Sync {
    /// What was known, before the event, of the thing that a change is made to.
    async fn before(&self, record: &Record, change: &Change) -> Result<Past, PortError>;

    /// The newest versions of a thing that may count for an event at `time`, the one that counts first.
    async fn versions(&self, thing: &Thing, time: Timestamp) -> Result<Vec<Version>, PortError>;

    /// All versions of a thing from `from` to an event at `time`, and what stood before `from`.
    async fn lately(
        &self,
        thing: &Thing,
        from: Timestamp,
        time: Timestamp,
    ) -> Result<Lately, PortError>;
}

/// What a thing was like over a while. Who strips a tag first can push it out of the newest versions, not out
/// of these.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Lately {
    /// The version that counts first.
    pub versions: Vec<Version>,
    /// Whether there were more than are kept here: those in the middle are left out.
    pub is_cut: bool,
}

/// The settings that hold now; members that do not apply or do not exist are `None`.
#[derive(Debug, Clone, Default)]
pub struct Live {
    /// The stage.
    pub stage: Option<StageSettings>,
    /// The API.
    pub api: Option<ApiSettings>,
    /// The account in the Region.
    pub account: Option<AccountSettings>,
}

/// Reads the settings that hold now.
#[async_trait]
pub trait LiveReader: Send + Sync {
    /// The live state of the things that a change is made to.
    async fn live(&self, record: &Record, change: &Change) -> Result<Live, PortError>;
}

/// An alert that this delivery has to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raised {
    /// The alert.
    pub alert: Alert,
    /// The facts of its interval that the store keeps: at least the first and the last one of each
    /// thing and minute.
    pub facts: Vec<Seen>,
}

/// A fact with what findings show of it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Seen {
    /// The fact.
    pub fact: Fact,
    /// Region of the event.
    pub region: String,
    /// The rest, as text that a store keeps and gives back as it is ([`crate::counting`]).
    pub shown: Option<String>,
}

/// Counts facts in windows, with the guarantee of [`crate::window`].
#[async_trait]
pub trait WindowStore: Send + Sync {
    /// Counts a fact; gives the alerts that this delivery raises, or raised and has not settled.
    async fn observe(
        &self,
        key: &WindowKey,
        seen: &Seen,
        threshold: &Threshold,
        delivery: &Delivery,
    ) -> Result<Vec<Raised>, PortError>;

    /// Records that an alert is sent.
    async fn settle(&self, key: &WindowKey, alert: &Alert) -> Result<(), PortError>;
}

/// Whether a finding is to be sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// By this delivery.
    Send,
    /// By this delivery, as the one message that stands for all that follow: the rule has sent its
    /// share for the scope.
    SendAsLast,
    /// No: it was sent before.
    Sent {
        /// The message promised another one, and that was not sent yet.
        is_open: bool,
    },
    /// No: another delivery is sending it right now.
    Held,
    /// No: the rule has sent its share for the scope. The finding stays in log and table.
    Muted,
}

/// Remembers which findings were sent, and bounds how many are.
#[async_trait]
pub trait Outbox: Send + Sync {
    /// Claims a finding for this delivery and keeps it.
    async fn claim(
        &self,
        finding: &Finding,
        scope: &str,
        delivery: &Delivery,
    ) -> Result<Claim, PortError>;

    /// Keeps a finding that nobody is told of: [`Claim::Muted`], or [`Claim::Sent`] when it was sent before.
    async fn keep(&self, finding: &Finding, delivery: &Delivery) -> Result<Claim, PortError>;

    /// Records that a finding is sent, and whether the message promised another one.
    async fn sent(
        &self,
        finding: &Finding,
        is_open: bool,
        delivery: &Delivery,
    ) -> Result<(), PortError>;
}

/// Tells people.
#[async_trait]
pub trait Notifier: Send + Sync {
    /// Hands a message over; it is delivered once this returns.
    async fn send(&self, notification: &Notification) -> Result<(), PortError>;
}
