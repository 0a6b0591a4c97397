//! One event through one function: the order of things, over ports. No AWS and no clock in it.
//!
//! An event that is not ours or quiet costs no call outside. A failure ends in an error, so that the
//! event comes again; everything done before bears repetition.

use std::error::Error;
use std::sync::Arc;

use crate::change::{Change, ChangeError};
use crate::counting;
use crate::detection::{self, detect};
use crate::finding::Finding;
use crate::notification;
use crate::outcome::{Notified, Outcome};
use crate::ports::{
    BaselineReader, Claim, Delivery, LiveReader, Notifier, Outbox, PortError, Raised, WindowStore,
};
use crate::record::{Record, RecordError};
use crate::responders::Responders;
use crate::rules::{About, Before, WindowRule};
use crate::thresholds::Thresholds;
use crate::window::memory::{HORIZON, WindowKey};

/// What a function is made of: its rules, by its name, and its ways to the outside.
pub struct Pipeline {
    /// Name of the function; it asks the rules that name it.
    pub function: &'static str,
    /// How loud each rule is.
    pub thresholds: Thresholds,
    /// The responder's own roles.
    pub responders: Responders,
    /// The settings before.
    pub baselines: Arc<dyn BaselineReader>,
    /// The settings now.
    pub live: Arc<dyn LiveReader>,
    /// Counts in windows.
    pub windows: Arc<dyn WindowStore>,
    /// Remembers what was sent.
    pub outbox: Arc<dyn Outbox>,
    /// Tells people.
    pub notifier: Arc<dyn Notifier>,
}

/// Why an event is not at its end.
#[derive(Debug, thiserror::Error)]
pub enum EventError {
    /// The record cannot be read; it never will be.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// Its parameters cannot be understood; they never will be.
    #[error(transparent)]
    Change(#[from] ChangeError),
    /// A call outside failed.
    #[error(transparent)]
    Port(#[from] PortError),
}

impl EventError {
    /// Whether the same event may succeed later.
    pub fn is_retryable(&self) -> bool {
        match self {
            Self::Record(error) => error.is_retryable(),
            Self::Change(error) => error.is_retryable(),
            Self::Port(error) => error.retryable,
        }
    }
}

impl Pipeline {
    /// Handles one EventBridge event. The outcome is complete also when there is an error; the error
    /// makes the event come again, or end in a queue.
    pub async fn handle(
        &self,
        event: &[u8],
        delivery: &Delivery,
    ) -> (Outcome, Result<(), EventError>) {
        let mut outcome = Outcome::received(self.function);
        let result = self.process(event, delivery, &mut outcome).await;
        if let Err(error) = &result {
            outcome.failed(error as &(dyn Error + 'static));
        }
        (outcome, result)
    }

    async fn process(
        &self,
        event: &[u8],
        delivery: &Delivery,
        outcome: &mut Outcome,
    ) -> Result<(), EventError> {
        let Some(record) = Record::from_event(event)? else {
            return Ok(());
        };
        outcome.read(&record);
        let Some(mut change) = self.change(&record)? else {
            return Ok(());
        };
        outcome.judged(&change.target());
        let Some(before) = self.before(&record, &change, outcome).await? else {
            return Ok(());
        };
        if detection::needs_live(&change, &before, |about| self.asks(about)) {
            match self.live.live(&record, &change).await {
                Ok(live) => change.seen_live(live),
                // Without the live state the rules still say what to do.
                Err(error) => outcome.warn(&error),
            }
        }
        let asked = |about: &About| self.asks(about);
        let found = detect(&record, &change, &before, &self.thresholds, asked);
        outcome.undecided = found.undecided;
        self.all(&found.findings, delivery, outcome).await?;
        Ok(())
    }

    fn asks(&self, about: &About) -> bool {
        about.function == self.function && self.thresholds.is_enabled(about.id)
    }

    /// Types the record; a call by a responder role whatever it is, when this function watches them.
    fn change(&self, record: &Record) -> Result<Option<Change>, ChangeError> {
        if self.responders.made(record) {
            Change::of_any_call(record)
        } else {
            Change::from_record(record)
        }
    }

    /// What is known besides the change. `None` when it does not matter: the event is quiet.
    async fn before(
        &self,
        record: &Record,
        change: &Change,
        outcome: &mut Outcome,
    ) -> Result<Option<Before>, PortError> {
        // No ledger entry accounts for any call: this version writes nothing.
        let known = Before {
            is_unaccounted: self.responders.made(record),
            ..Before::default()
        };
        if !detection::is_worth_a_look(change, &known, |about| self.asks(about)) {
            return Ok(None);
        }
        match self.baselines.before(record, change).await {
            Ok(before) => Ok(Some(Before {
                is_unaccounted: known.is_unaccounted,
                ..before
            })),
            Err(error) if error.retryable => Err(error),
            // Knowing less must not keep a finding from people.
            Err(error) => {
                outcome.warn(&error);
                Ok(Some(known))
            }
        }
    }

    /// Tells every finding and counts it; a failure of one does not keep the others back.
    async fn all(
        &self,
        findings: &[Finding],
        delivery: &Delivery,
        outcome: &mut Outcome,
    ) -> Result<(), PortError> {
        let mut first_error = Ok(());
        for finding in findings {
            let told = self.tell(finding, delivery, outcome).await;
            let counted = self.count(finding, delivery, outcome).await;
            first_error = first_error.and(told).and(counted);
        }
        first_error
    }

    async fn tell(
        &self,
        finding: &Finding,
        delivery: &Delivery,
        outcome: &mut Outcome,
    ) -> Result<(), PortError> {
        if !self.thresholds.is_told(finding.rule, finding.severity) {
            self.outbox.keep(finding, delivery).await?;
            outcome.fired(finding, Notified::Muted);
            return Ok(());
        }
        let notified = match self
            .outbox
            .claim(finding, &scope(finding), delivery)
            .await?
        {
            Claim::Sent => Notified::AlreadySent,
            Claim::Held => Notified::Held,
            Claim::Muted => Notified::Muted,
            claim @ (Claim::Send | Claim::SendAsLast) => {
                let is_last = claim == Claim::SendAsLast;
                let message = notification::of_finding(finding, None, is_last);
                self.notifier.send(&message).await?;
                self.outbox.sent(finding, delivery).await?;
                outcome.told(finding.time, delivery.now);
                match is_last {
                    true => Notified::SentAsLast,
                    false => Notified::Sent,
                }
            }
        };
        outcome.fired(finding, notified);
        Ok(())
    }

    async fn count(
        &self,
        finding: &Finding,
        delivery: &Delivery,
        outcome: &mut Outcome,
    ) -> Result<(), PortError> {
        if delivery.now.saturating_sub(finding.time.as_second()) > HORIZON {
            outcome.late_beyond_horizon = true;
            return Ok(());
        }
        let rules = counting::counted_by(finding).filter(|rule| self.asks(&rule.about));
        for rule in rules {
            let Some((key, seen)) = counting::seen(rule, finding) else {
                continue;
            };
            let threshold = self.thresholds.of(rule);
            let observed = self.windows.observe(&key, &seen, &threshold, delivery);
            let raised = observed.await?;
            outcome.windows_fed += 1;
            for raised in raised {
                self.alert(rule, &key, &raised, delivery, outcome).await?;
            }
        }
        Ok(())
    }

    async fn alert(
        &self,
        rule: &'static WindowRule,
        key: &WindowKey,
        raised: &Raised,
        delivery: &Delivery,
        outcome: &mut Outcome,
    ) -> Result<(), PortError> {
        let threshold = self.thresholds.of(rule);
        let finding = counting::finding(rule, &key.scope, raised.alert, &threshold, &raised.facts);
        let is_told = self.thresholds.is_told(finding.rule, finding.severity);
        if is_told {
            let message = notification::of_finding(&finding, None, false);
            self.notifier.send(&message).await?;
            outcome.told(finding.time, delivery.now);
        }
        self.windows.settle(key, &raised.alert).await?;
        outcome.window_alerts += 1;
        let notified = if is_told {
            Notified::Sent
        } else {
            Notified::Muted
        };
        outcome.fired(&finding, notified);
        Ok(())
    }
}

/// What a share of messages is counted for: one API. Counted for the account, a few throwaway stages
/// would use it up before the API that matters is touched.
fn scope(finding: &Finding) -> String {
    let api = finding.api.as_ref().and_then(|api| api.id.as_deref());
    let parts = [finding.account.as_deref(), finding.region.as_deref(), api];
    parts.map(Option::unwrap_or_default).join("/")
}

#[cfg(test)]
mod tests;
