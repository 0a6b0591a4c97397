//! What follows a private endpoint that was set back: whether the change had been published, and what is
//! done where it was. Everything here bears repetition: each follow-up is an entry of its own.

use super::propose::Origin;
use super::{Remediator, Response};
use crate::baseline::thing::Thing;
use crate::causes::chain;
use crate::ports::{Delivery, PortError};
use crate::remediation::Remediation;
use crate::remediation::ledger::{Entry, State};
use crate::remediation::policy::Policy;
use crate::remediation::ports::LedgerWrite;
use crate::remediation::publication::Exposure;

impl<P: Policy> Remediator<P> {
    /// Adds to a response of `restore-private-endpoint` what is true of the published API, and what is
    /// done about it.
    pub(super) async fn followed(
        &self,
        mut response: Response,
        origin: &Origin,
        delivery: &Delivery,
    ) -> Response {
        if response.report.remediation != Remediation::RestorePrivateEndpoint {
            return response;
        }
        let Some(done) = &response.report.done else {
            return response;
        };
        let thing = done.thing.clone();
        let known = response.entry.as_ref().and_then(|e| e.exposure.clone());
        let exposure = match known {
            Some(exposure) => exposure,
            None => {
                let (exposure, reason) = self.exposure(&thing, origin.event_time).await;
                response.report.reasons.extend(reason);
                exposure
            }
        };
        response.report.exposure = Some(exposure.clone());
        let Some(entry) = response.entry.clone() else {
            return response;
        };
        if entry.state != State::Verified {
            return response;
        }
        match self.note(entry, &exposure).await {
            Ok(entry) => response.entry = Some(entry),
            Err(error) => response.error = response.error.or(Some(error)),
        }
        if let Exposure::Live { stages, .. } = exposure {
            let reports = self.close(&thing, origin, &stages, delivery).await;
            for followed in reports {
                response.error = response.error.or(followed.error);
                response.report.pages |= followed.report.pages;
                response.report.follow_ups.push(followed.report);
            }
        }
        response
    }

    /// What cannot be read counts as published.
    async fn exposure(&self, api: &Thing, event_time: i64) -> (Exposure, Option<String>) {
        match self.publications.publications(api).await {
            Ok(publications) => (publications.exposure(event_time), None),
            Err(error) => {
                let reason = format!(
                    "whether it was published could not be read: {}",
                    chain(&error)
                );
                let stages = Vec::new();
                (
                    Exposure::Live {
                        since: None,
                        stages,
                    },
                    Some(reason),
                )
            }
        }
    }

    async fn note(&self, entry: Entry, exposure: &Exposure) -> Result<Entry, PortError> {
        if entry.exposure.is_some() {
            return Ok(entry);
        }
        let Some(mut held) = self.ledger.entry(&entry.id).await? else {
            return Ok(entry);
        };
        held.value.exposure = Some(exposure.clone());
        let noted = held.value.clone();
        // Somebody else has noted the same, or moved it on: either way nothing is lost.
        self.ledger
            .write(&[LedgerWrite::Entry(Box::new(held))])
            .await?;
        Ok(noted)
    }
}
