//! What people are told of a finding, and when a second time.

use super::Pipeline;
use crate::finding::Finding;
use crate::notification;
use crate::outcome::{Notified, Outcome};
use crate::ports::{Claim, Delivery, PortError};
use crate::remediation::ledger::Entry;
use crate::remediation::report::{Ending, Report};
use crate::remediation::responder::Response;

impl Pipeline {
    pub(super) async fn tell(
        &self,
        finding: &Finding,
        response: Option<&Response>,
        delivery: &Delivery,
        outcome: &mut Outcome,
    ) -> Result<(), PortError> {
        // Whoever restores right now tells how it ended; its retries and its queue see to that.
        if response.is_some_and(|response| response.report.ending == Ending::Held) {
            outcome.fired(finding, Notified::Held);
            return Ok(());
        }
        // What was written, or waits for a person, is told however mild the finding is ...
        let matters = response.is_some_and(|response| response.report.matters());
        let is_told = matters || self.thresholds.is_told(finding.rule, finding.severity);
        let claim = match is_told {
            true => {
                let scope = scope(finding);
                self.outbox.claim(finding, &scope, delivery).await?
            }
            false => self.outbox.keep(finding, delivery).await?,
        };
        let notified = match claim {
            Claim::Sent { is_open } => {
                if let Some(response) = response {
                    self.tell_on(finding, response, is_open, delivery).await?;
                }
                Notified::AlreadySent
            }
            Claim::Held => Notified::Held,
            Claim::Muted => {
                // ... and however many were sent: throwaway stages must not hide what waits for a person.
                if let Some(response) = response.filter(|_| matters) {
                    self.tell_later(response).await?;
                }
                Notified::Muted
            }
            claim @ (Claim::Send | Claim::SendAsLast) => {
                let is_last = claim == Claim::SendAsLast;
                let report = response.map(|response| &response.report);
                let message = notification::of_finding(finding, report, is_last);
                self.notifier.send(&message).await?;
                // In this order: a duplicate that finds the message sent tells of the entry what was not told.
                self.note_told(response).await?;
                let is_open = report.is_some_and(Report::is_open);
                self.outbox.sent(finding, is_open, delivery).await?;
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

    /// Tells what has become of a finding that was sent before. `was_open`: that message promised another one.
    async fn tell_on(
        &self,
        finding: &Finding,
        response: &Response,
        was_open: bool,
        delivery: &Delivery,
    ) -> Result<(), PortError> {
        let report = &response.report;
        if was_open && report.ending == Ending::WillRetry {
            return Ok(());
        }
        let closes = was_open && !report.is_open();
        match &response.entry {
            None if closes => {
                let message = notification::of_ending(finding, report);
                self.notifier.send(&message).await?;
            }
            // It stands as it was told; what follows it has ended since.
            Some(entry) if closes && entry.told == Some(entry.state) => {
                self.send_later(entry, report).await?;
            }
            _ => self.tell_later(response).await?,
        }
        match closes {
            true => self.outbox.sent(finding, false, delivery).await,
            false => Ok(()),
        }
    }

    /// Tells how a remediation stands, unless people were told already.
    pub(super) async fn tell_later(&self, response: &Response) -> Result<(), PortError> {
        let Some(entry) = &response.entry else {
            return Ok(());
        };
        if entry.told == Some(entry.state) || response.report.ending == Ending::Held {
            return Ok(());
        }
        self.send_later(entry, &response.report).await?;
        self.note_told(Some(response)).await
    }

    async fn send_later(&self, entry: &Entry, report: &Report) -> Result<(), PortError> {
        let kind = notification::Kind::later(report);
        let message = notification::of_remediation(entry, report, kind);
        self.notifier.send(&message).await
    }

    async fn note_told(&self, response: Option<&Response>) -> Result<(), PortError> {
        let entry = response.and_then(|response| response.entry.as_ref());
        match (&self.responder, entry) {
            (Some(responder), Some(entry)) if entry.told != Some(entry.state) => {
                responder.told(entry).await
            }
            _ => Ok(()),
        }
    }
}

/// What a share of messages is counted for: one API. Counted for the account, a few throwaway stages
/// would use it up before the API that matters is touched.
fn scope(finding: &Finding) -> String {
    let api = finding.api.as_ref().and_then(|api| api.id.as_deref());
    let parts = [finding.account.as_deref(), finding.region.as_deref(), api];
    parts.map(Option::unwrap_or_default).join("/")
}
