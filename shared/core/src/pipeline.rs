//! One event through one function: the order of things, over ports. No AWS and no clock in it.
//!
//! An event that is not ours or quiet costs no call outside. A failure ends in an error, so that the
//! event comes again; everything done before bears repetition.

mod telling;

use std::error::Error;
use std::sync::Arc;

use crate::causes::chain;
use crate::change::{Change, ChangeError};
use crate::counting;
use crate::detection::{self, detect};
use crate::finding::Finding;
use crate::notification;
use crate::outcome::{Notified, Outcome};
use crate::ports::{
    BaselineReader, Delivery, LiveReader, Notifier, Outbox, Past, PortError, Raised, WindowStore,
};
use crate::record::{Record, RecordError};
use crate::remediation::command::{Answer, Command};
use crate::remediation::own;
use crate::remediation::ports::LedgerReader;
use crate::remediation::responder::{Case, Responder, Response};
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
    /// Tells our own writes from those of an attacker.
    pub ledger: Arc<dyn LedgerReader>,
    /// Acts on findings; none in a function that changes nothing.
    pub responder: Option<Arc<dyn Responder>>,
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
        if self.is_own(&record, outcome).await? {
            outcome.own_action();
            return Ok(());
        }
        outcome.judged(&change.target());
        let Some(past) = self.past(&record, &change, outcome).await? else {
            return Ok(());
        };
        let before = &past.before;
        if detection::needs_live(&change, before, |about| self.asks(about)) {
            match self.live.live(&record, &change).await {
                Ok(live) => change.seen_live(live),
                // Without the live state the rules still say what to do.
                Err(error) => outcome.warn(&error),
            }
        }
        let asked = |about: &About| self.asks(about);
        let found = detect(&record, &change, before, &self.thresholds, asked);
        outcome.undecided = found.undecided;
        let mut response = self
            .respond(&record, &change, &found.findings, &past, delivery)
            .await;
        if let Some(response) = &response {
            outcome.remediated(&response.report);
        }
        let told = self
            .all(&found.findings, response.as_ref(), delivery, outcome)
            .await;
        if let Some(error) = response.as_mut().and_then(|one| one.error.take()) {
            // It is told once, and comes again as a whole.
            return Err(error.into());
        }
        told?;
        Ok(())
    }

    /// Obeys a person who may invoke the function.
    ///
    /// # Errors
    /// When a call outside fails. The same command may be given again.
    pub async fn obey(&self, command: &Command, delivery: &Delivery) -> Result<Answer, PortError> {
        let Some(responder) = &self.responder else {
            return Ok(Answer {
                id: command.id().to_owned(),
                state: "refused".to_owned(),
                text: vec![format!("the function `{}` changes nothing", self.function)],
            });
        };
        let (answer, response) = responder.obey(command, delivery).await?;
        if let Some(response) = response {
            self.tell_later(&response).await?;
            if let Some(error) = response.error {
                return Err(error);
            }
        }
        Ok(answer)
    }

    /// Whether the call is a write of ours that the ledger knows.
    async fn is_own(&self, record: &Record, outcome: &mut Outcome) -> Result<bool, PortError> {
        if !self.responders.wrote(record) {
            return Ok(false);
        }
        let Some(id) = own::ledger_id(record) else {
            return Ok(false);
        };
        match self.ledger.entry(id).await {
            Ok(entry) => Ok(entry.is_some_and(|held| own::accounts_for(&held.value, record))),
            Err(error) if error.retryable => Err(error),
            // What cannot be read accounts for nothing.
            Err(error) => {
                outcome.warn(&error);
                Ok(false)
            }
        }
    }

    /// Does about the worst finding what may be done; the others are on the same change.
    async fn respond(
        &self,
        record: &Record,
        change: &Change,
        findings: &[Finding],
        past: &Past,
        delivery: &Delivery,
    ) -> Option<Response> {
        let responder = self.responder.as_ref()?;
        let may_be = findings
            .iter()
            .filter(|finding| finding.decision.remediation.is_some());
        let finding = may_be.max_by_key(|finding| finding.severity)?;
        let case = Case {
            record,
            change,
            finding,
            past,
        };
        Some(responder.respond(&case, delivery).await)
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
    async fn past(
        &self,
        record: &Record,
        change: &Change,
        outcome: &mut Outcome,
    ) -> Result<Option<Past>, PortError> {
        // INVARIANT: our own accounted writes do not come this far.
        let known = Before {
            is_unaccounted: self.responders.made(record),
            ..Before::default()
        };
        if !detection::is_worth_a_look(change, &known, |about| self.asks(about)) {
            return Ok(None);
        }
        let mut past = match self.baselines.before(record, change).await {
            Ok(past) => past,
            Err(error) if error.retryable => return Err(error),
            // Knowing less must not keep a finding from people.
            Err(error) => {
                outcome.warn(&error);
                Past {
                    unreadable: Some(chain(&error)),
                    ..Past::default()
                }
            }
        };
        past = self.since_restore(record, past, outcome).await?;
        past.before.is_unaccounted = known.is_unaccounted;
        Ok(Some(past))
    }

    /// What we have put back ourselves counts before the baseline knows of it.
    async fn since_restore(
        &self,
        record: &Record,
        past: Past,
        outcome: &mut Outcome,
    ) -> Result<Past, PortError> {
        let Some(responder) = &self.responder else {
            return Ok(past);
        };
        match responder.restored(record, &past).await {
            Ok(None) => Ok(past),
            Ok(Some(version)) => past.renewed(version).map_err(|source| PortError {
                action: "understand what was put back",
                retryable: false,
                source: Box::new(source),
            }),
            Err(error) if error.retryable => Err(error),
            Err(error) => {
                outcome.warn(&error);
                Ok(past)
            }
        }
    }

    /// Tells every finding and counts it; a failure of one does not keep the others back.
    async fn all(
        &self,
        findings: &[Finding],
        response: Option<&Response>,
        delivery: &Delivery,
        outcome: &mut Outcome,
    ) -> Result<(), PortError> {
        let mut first_error = Ok(());
        for finding in findings {
            let has_remediation = finding.decision.remediation.is_some();
            let response = response.filter(|_| has_remediation);
            let decided = response.map(|response| Finding {
                decision: notification::decision(&response.report),
                ..finding.clone()
            });
            let finding = decided.as_ref().unwrap_or(finding);
            let told = self.tell(finding, response, delivery, outcome).await;
            let counted = self.count(finding, delivery, outcome).await;
            first_error = first_error.and(told).and(counted);
        }
        first_error
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

#[cfg(test)]
mod remediation_tests;
#[cfg(test)]
mod tests;
