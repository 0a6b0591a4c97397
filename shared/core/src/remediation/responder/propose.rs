//! A proposal and its judgement: how far it may go, and the first entry in the ledger.

use super::weigh::Weighed;
use super::{Held, LEASE, Remediator, Response};
use crate::baseline::thing::Thing;
use crate::finding::Confidence;
use crate::ports::{Delivery, PortError};
use crate::remediation::brakes::{Brakes, Counts, account_key, resource_key};
use crate::remediation::ledger::{APPROVAL, Entry, Lease, State};
use crate::remediation::modes::{Asked, Tags};
use crate::remediation::plan::Plan;
use crate::remediation::policy::Policy;
use crate::remediation::ports::{LedgerWrite, Versioned};
use crate::remediation::report::Ending;
use crate::remediation::{Mode, Remediation};
use jiff::Timestamp;

/// How often a proposal is judged again because the ledger has moved under it.
const TRIES: usize = 8;

/// Seconds to wait for somebody else who writes to the same resource, and how often.
const TURN: u64 = 2;
const TURNS: usize = 5;

/// What the change was and who made it: what every decision about it needs, then and later.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    pub(super) finding_id: String,
    pub(super) rule: String,
    pub(super) event_id: String,
    pub(super) event_time: i64,
    pub(super) actor: Option<String>,
    pub(super) confidence: Confidence,
    pub(super) by_cloudformation: bool,
}

impl Origin {
    pub(super) fn of(entry: &Entry) -> Self {
        Self {
            finding_id: entry.finding_id.clone(),
            rule: entry.rule.clone(),
            event_id: entry.event_id.clone(),
            event_time: entry.event_time,
            actor: entry.actor.clone(),
            confidence: entry.confidence,
            by_cloudformation: entry.by_cloudformation,
        }
    }
}

/// Something to do, planned for the live state.
#[derive(Debug, Clone)]
pub(super) struct Proposal {
    pub(super) id: String,
    pub(super) remediation: Remediation,
    pub(super) thing: Thing,
    pub(super) tags: Tags,
    pub(super) asked: Asked,
    pub(super) origin: Origin,
    pub(super) plan: Plan,
    pub(super) draft_is_published: bool,
    /// Digest of the draft that a redeployment would publish.
    pub(super) draft: Option<String>,
    /// Sentences that belong to it whatever is decided.
    pub(super) reasons: Vec<String>,
    pub(super) counts: Counts,
}

impl<P: Policy> Remediator<P> {
    /// Judges a proposal and, when it may, carries it out.
    pub(super) async fn pursue(
        &self,
        proposal: &Proposal,
        delivery: &Delivery,
    ) -> Result<Response, PortError> {
        let mut turns = 0;
        for _ in 0..TRIES {
            let now = self.clock.now();
            let lease = lease(delivery, now);
            let brakes = self.brakes(proposal.remediation, &proposal.thing).await?;
            let weighed = self.weigh(proposal, &brakes, now);
            if weighed.permit.is_some() && brakes.holder(&lease, now).is_some() {
                turns += 1;
                if turns > TURNS {
                    return Err(busy());
                }
                self.clock.wait(TURN).await;
                continue;
            }
            let entry = self.entry(proposal, &weighed, &lease, now);
            if weighed.mode >= Mode::Approve && !entry.fits() {
                return Err(too_large());
            }
            let mut writes = vec![LedgerWrite::Entry(Box::new(Versioned {
                value: entry.clone(),
                version: 0,
            }))];
            if weighed.permit.is_some() {
                writes.extend(brakes.begun(&lease, proposal.counts, now));
            }
            if self.ledger.write(&writes).await? {
                let held = Versioned {
                    value: entry,
                    version: 1,
                };
                // Things may have moved while others held them.
                return Ok(match weighed.permit {
                    Some(permit) => self.resume(held, &permit).await,
                    None => self.response(held.value),
                });
            }
            if let Some(entry) = self.ledger.entry(&proposal.id).await? {
                return self.known(entry, delivery).await;
            }
        }
        Err(busy())
    }

    /// What an entry that stands already means for this delivery.
    pub(super) async fn known(
        &self,
        held: Held,
        delivery: &Delivery,
    ) -> Result<Response, PortError> {
        if !super::is_unfinished(held.value.state) {
            return Ok(self.response(held.value));
        }
        let now = self.clock.now();
        let other = held.value.lease.as_ref();
        let other = other.filter(|lease| lease.owner != delivery.owner && lease.until > now);
        if other.is_some() {
            let mut response = self.response(held.value);
            response.report.ending = Ending::Held;
            return Ok(response);
        }
        self.take_over(held, delivery).await
    }

    pub(super) async fn brakes(
        &self,
        remediation: Remediation,
        thing: &Thing,
    ) -> Result<Brakes, PortError> {
        let resource = resource_key(remediation, thing);
        let account = account_key(remediation, thing);
        let resource = self.ledger.tally(&resource).await?;
        let account = self.ledger.tally(&account).await?;
        Ok(Brakes::new(remediation, thing, resource, account))
    }

    fn entry(
        &self,
        proposal: &Proposal,
        weighed: &Weighed<P::Permit>,
        lease: &Lease,
        now: i64,
    ) -> Entry {
        let begins = weighed.permit.is_some();
        let state = match weighed.mode {
            _ if begins => State::Writing,
            Mode::Approve => State::Awaiting,
            _ => State::Planned,
        };
        let origin = proposal.origin.clone();
        Entry {
            id: proposal.id.clone(),
            remediation: proposal.remediation,
            state,
            lease: begins.then(|| lease.clone()),
            finding_id: origin.finding_id,
            rule: origin.rule,
            event_id: origin.event_id,
            event_time: origin.event_time,
            actor: origin.actor,
            confidence: origin.confidence,
            by_cloudformation: origin.by_cloudformation,
            thing: proposal.thing.clone(),
            tags: proposal.tags.clone(),
            asked: proposal.asked.mode,
            mode: weighed.mode,
            created: now,
            updated: now,
            plan: proposal.plan.clone(),
            writes: Vec::new(),
            read_back: None,
            contested: weighed.contested,
            budget_spent: weighed.budget_spent,
            allowed: weighed.allowed,
            policies: weighed.policies.clone(),
            draft_is_published: proposal.draft_is_published,
            draft: proposal.draft.clone(),
            exposure: None,
            reasons: weighed.reasons.clone(),
            deadline: (state == State::Awaiting).then_some(now + APPROVAL),
            approved: None,
            undone: None,
            told: None,
        }
    }
}

/// The lease of an invocation that begins now.
pub(super) fn lease(delivery: &Delivery, now: i64) -> Lease {
    Lease {
        owner: delivery.owner.clone(),
        until: now + LEASE,
    }
}

pub(super) fn busy() -> PortError {
    PortError {
        action: "begin the remediation",
        retryable: true,
        source: "another one is writing to the same resource".into(),
    }
}

fn too_large() -> PortError {
    PortError {
        action: "begin the remediation",
        retryable: false,
        source: "the ledger could not hold what would be written and read back".into(),
    }
}

/// Times of the ledger are seconds.
pub(super) fn timestamp(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or_default()
}
