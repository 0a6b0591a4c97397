//! From a finding to a remediation: reads what stood before and what stands now, plans, asks policy, and
//! sees it through, with the ledger as its memory.
//!
//! INVARIANT: nothing is written without a permit, a noted intent in the ledger, and a kill switch that was
//! read just before. Whatever fails, people are told; what may pass by itself makes the event come again.

mod account;
mod carry;
mod close;
mod commands;
mod follow;
mod propose;
mod restore;
mod since;
mod subject;
mod take_over;
mod telling;
#[cfg(test)]
mod tests;
mod weigh;

use std::sync::Arc;

use async_trait::async_trait;

use super::command::{Answer, Command};
use super::ledger::{Entry, State};
use super::modes::Modes;
use super::policy::Policy;
use super::ports::{Clock, DraftReader, KillSwitch, Ledger, PublicationReader, Versioned, Writer};
use super::report::{Ending, Report};
use super::{Mode, Remediation};
use crate::baseline::Version;
use crate::causes::chain;
use crate::change::Change;
use crate::finding::Finding;
use crate::keeper::SettingsReader;
use crate::ports::{BaselineReader, Delivery, Past, PortError};
use crate::record::Record;

/// A lease is longer than any invocation lasts, in seconds: functions that write run 120 at most.
const LEASE: i64 = 150;

/// A finding that may be remediated, and what it rests on.
pub struct Case<'a> {
    /// The record.
    pub record: &'a Record,
    /// What it changed.
    pub change: &'a Change,
    /// The finding.
    pub finding: &'a Finding,
    /// What was known before.
    pub past: &'a Past,
}

/// What came of a case or a command.
#[derive(Debug)]
pub struct Response {
    /// For people.
    pub report: Report,
    /// The ledger entry, where there is one.
    pub entry: Option<Entry>,
    /// What failed and may succeed later: the event has to come again.
    pub error: Option<PortError>,
}

impl Response {
    fn of(report: Report) -> Self {
        Self {
            report,
            entry: None,
            error: None,
        }
    }
}

/// Acts on findings and obeys commands.
#[async_trait]
pub trait Responder: Send + Sync {
    /// What stands since a restore of ours that the baseline does not know of yet: CloudTrail tells it of
    /// our write no sooner than of anybody's.
    async fn restored(&self, record: &Record, past: &Past) -> Result<Option<Version>, PortError>;

    /// Does about a finding what may be done. Never fails: what goes wrong is in the response.
    async fn respond(&self, case: &Case<'_>, delivery: &Delivery) -> Response;

    /// Obeys a person. There is no response when nothing was touched.
    async fn obey(
        &self,
        command: &Command,
        delivery: &Delivery,
    ) -> Result<(Answer, Option<Response>), PortError>;

    /// Notes that people were told of an entry as it stands.
    async fn told(&self, entry: &Entry) -> Result<(), PortError>;
}

/// The responder of a function.
pub struct Remediator<P: Policy> {
    /// Name of the function.
    pub function: &'static str,
    /// What owners ask for.
    pub modes: Modes,
    /// Caps every mode.
    pub cap: Mode,
    /// Whether there is a role to write with. Without one, writes could not be told from an attacker's.
    pub can_write: bool,
    /// Whether the kill switch is configured.
    pub has_kill_switch: bool,
    /// Has the last word.
    pub policy: P,
    /// The settings before.
    pub baselines: Arc<dyn BaselineReader>,
    /// The settings now.
    pub reader: Arc<dyn SettingsReader>,
    /// Whether a change of a REST API was published.
    pub publications: Arc<dyn PublicationReader>,
    /// What was published before.
    pub drafts: Arc<dyn DraftReader>,
    /// The memory.
    pub ledger: Arc<dyn Ledger>,
    /// The only way to write.
    pub writer: Arc<dyn Writer<P::Permit>>,
    /// Stops every write.
    pub kill_switch: Arc<dyn KillSwitch>,
    /// Time.
    pub clock: Arc<dyn Clock>,
}

#[async_trait]
impl<P: Policy> Responder for Remediator<P> {
    async fn restored(&self, record: &Record, past: &Past) -> Result<Option<Version>, PortError> {
        self.since_restore(record.time, past).await
    }

    async fn respond(&self, case: &Case<'_>, delivery: &Delivery) -> Response {
        let remediation = case.finding.decision.remediation;
        let Some(remediation) = remediation.and_then(Remediation::parse) else {
            let reason = "no remediation undoes this";
            let none = Report::nothing(Remediation::RestoreStageLogging, Mode::Off, reason);
            return Response::of(none);
        };
        let result = self.restore(case, remediation, delivery).await;
        result.unwrap_or_else(|error| failure(remediation, error))
    }

    async fn obey(
        &self,
        command: &Command,
        delivery: &Delivery,
    ) -> Result<(Answer, Option<Response>), PortError> {
        self.command(command, delivery).await
    }

    async fn told(&self, entry: &Entry) -> Result<(), PortError> {
        let Some(mut held) = self.ledger.entry(&entry.id).await? else {
            return Ok(());
        };
        // Whoever has moved it on in the meantime tells of it.
        if held.value.state == entry.state && held.value.told != Some(entry.state) {
            held.value.told = Some(entry.state);
            self.ledger
                .write(&[super::ports::LedgerWrite::Entry(Box::new(held))])
                .await?;
        }
        Ok(())
    }
}

/// Nothing is known to have been written: people are told, and what may pass by itself is tried again.
fn failure(remediation: Remediation, error: PortError) -> Response {
    let mut report = Report::nothing(remediation, Mode::Notify, chain(&error));
    report.ending = match error.retryable {
        true => Ending::WillRetry,
        false => Ending::Failed,
    };
    Response {
        report,
        entry: None,
        error: Some(error).filter(|error| error.retryable),
    }
}

/// An entry that this invocation holds, as it stands in the store.
type Held = Versioned<Entry>;

/// Whether nobody works on an entry any more that somebody had begun.
fn is_unfinished(state: State) -> bool {
    matches!(state, State::Writing | State::Undoing)
}
