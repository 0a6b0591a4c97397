//! A proposal and its judgement: how far it may go, and the first entry in the ledger.

use super::carry::Work;
use super::{Held, LEASE, Remediator, Response};
use crate::baseline::thing::Thing;
use crate::finding::{Confidence, rfc3339};
use crate::ports::{Delivery, PortError};
use crate::remediation::brakes::{Brakes, account_key, resource_key};
use crate::remediation::ledger::{APPROVAL, Entry, Lease, Part, State, Write};
use crate::remediation::modes::{Asked, Exemption, Tags};
use crate::remediation::policy::{Action, Circumstances, Policy, Request, Ruling};
use crate::remediation::ports::{LedgerWrite, Versioned};
use crate::remediation::report::{Ending, Report};
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
    pub(super) parts: Vec<Part>,
    pub(super) draft_is_published: bool,
    /// Sentences that belong to it whatever is decided.
    pub(super) reasons: Vec<String>,
}

/// What may be done about a proposal.
struct Weighed<P> {
    mode: Mode,
    contested: bool,
    /// Present when it may be written right now.
    permit: Option<P>,
    allowed: bool,
    policies: Vec<String>,
    reasons: Vec<String>,
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
            let mut weighed = self.weigh(proposal, &brakes, now);
            if weighed.permit.is_some() {
                if brakes.holder(&lease, now).is_some() {
                    turns += 1;
                    if turns > TURNS {
                        return Err(busy());
                    }
                    self.clock.wait(TURN).await;
                    continue;
                }
                self.ask_kill_switch(&mut weighed).await;
            }
            let entry = self.entry(proposal, &weighed, &lease, now);
            let mut writes = vec![LedgerWrite::Entry(Box::new(Versioned {
                value: entry.clone(),
                version: 0,
            }))];
            if weighed.permit.is_some() {
                writes.extend(brakes.begun(&lease, true, now));
            }
            if self.ledger.write(&writes).await? {
                let held = Versioned {
                    value: entry,
                    version: 1,
                };
                return match weighed.permit {
                    Some(permit) => {
                        let works = proposal.parts.iter().map(Work::whole).collect();
                        Ok(self.carry_out(held, &permit, works, true).await)
                    }
                    None => Ok(self.response(held.value)),
                };
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

    /// The greatest mode that policy allows, and why it is not a greater one.
    fn weigh(&self, proposal: &Proposal, brakes: &Brakes, now: i64) -> Weighed<P::Permit> {
        let fields = proposal.parts.iter().flat_map(|part| &part.plan.fields);
        let fields = fields.cloned().collect();
        let contested = brakes.contested(&fields, now);
        let mut reasons = proposal.reasons.clone();
        if !contested.is_empty() {
            let names = contested.join(", ");
            reasons.push(format!(
                "{names} was restored within the last hour and taken away again"
            ));
        }
        let contested = !contested.is_empty();
        Weighed {
            contested,
            ..self.allowed(proposal, brakes, contested, reasons, now)
        }
    }

    fn allowed(
        &self,
        proposal: &Proposal,
        brakes: &Brakes,
        contested: bool,
        mut reasons: Vec<String>,
        now: i64,
    ) -> Weighed<P::Permit> {
        reasons.extend(proposal.asked.exemption.as_ref().map(exempted));
        reasons.extend(proposal.asked.expired.iter().map(expired));
        let mut asked = proposal.asked.clone();
        if asked.mode > self.cap {
            reasons.push(format!(
                "the deployment allows `{}` at most",
                self.cap.as_str()
            ));
            asked.mode = self.cap;
        }
        if asked.mode > Mode::DryRun && !self.can_write {
            reasons.push("no remediator role is configured".to_owned());
            asked.mode = Mode::DryRun;
        }
        let circumstances = self.circumstances(proposal, brakes, contested, now);
        let ask = |asked: &Asked, mode| {
            self.policy.decide(&Request {
                action: Action::from(proposal.remediation),
                mode,
                asked: asked.clone(),
                thing: proposal.thing.clone(),
                tags: proposal.tags.clone(),
                actor: proposal.origin.actor.clone(),
                circumstances: circumstances.clone(),
                ledger_id: proposal.id.clone(),
            })
        };
        match asked.mode {
            // Policies answer as for `auto`, and give no permit.
            Mode::Off | Mode::Notify | Mode::DryRun => {
                let ruling = ask(&asked, Mode::DryRun);
                let allowed = ruling.reasons.is_empty();
                Weighed {
                    allowed,
                    ..lowered(Mode::DryRun, ruling, reasons)
                }
            }
            Mode::Approve => approvable(ask(&asked, Mode::Approve), reasons),
            Mode::Auto => match ask(&asked, Mode::Auto) {
                Ruling {
                    permit: Some(permit),
                    policies,
                    ..
                } => Weighed {
                    mode: Mode::Auto,
                    contested,
                    permit: Some(permit),
                    allowed: true,
                    policies,
                    reasons,
                },
                denied => {
                    reasons.extend(denied.reasons);
                    approvable(ask(&asked, Mode::Approve), reasons)
                }
            },
        }
    }

    fn circumstances(
        &self,
        proposal: &Proposal,
        brakes: &Brakes,
        contested: bool,
        now: i64,
    ) -> Circumstances {
        let origin = &proposal.origin;
        let actor = origin.actor.as_deref();
        Circumstances {
            age: now.saturating_sub(origin.event_time),
            confidence: origin.confidence,
            contested,
            budget_spent: brakes.is_spent(now),
            by_cloudformation: origin.by_cloudformation,
            break_glass: actor.is_some_and(|arn| self.modes.is_break_glass(arn)),
            has_kill_switch: self.has_kill_switch,
            has_baseline: true,
            draft_is_published: proposal.draft_is_published,
        }
    }

    /// A switch that stops writes leaves the remediation to a person.
    async fn ask_kill_switch(&self, weighed: &mut Weighed<P::Permit>) {
        if let Err(reason) = self.writes_are_allowed().await {
            weighed.permit = None;
            weighed.mode = Mode::Approve;
            weighed.reasons.push(reason);
        }
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
        let steps = proposal.parts.iter().flat_map(|part| &part.plan.steps);
        let first = steps.take(1).filter(|_| begins).cloned();
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
            parts: proposal.parts.clone(),
            writes: first.map(|step| Write { at: now, step }).collect(),
            contested: weighed.contested,
            allowed: weighed.allowed,
            policies: weighed.policies.clone(),
            draft_is_published: proposal.draft_is_published,
            exposure: None,
            reasons: weighed.reasons.clone(),
            deadline: (state == State::Awaiting).then_some(now + APPROVAL),
            approved: None,
            undone: None,
            told: None,
        }
    }

    /// The exact inverse of doubt: what is described only, because nothing may be planned.
    pub(super) fn described(
        &self,
        remediation: Remediation,
        asked: &Asked,
        reason: impl Into<String>,
    ) -> Report {
        let mut report = Report::nothing(remediation, Mode::Notify, reason);
        report.asked = asked.mode;
        report.ending = Ending::Described;
        report
            .reasons
            .extend(asked.exemption.as_ref().map(exempted));
        report.reasons.extend(asked.expired.iter().map(expired));
        report
    }
}

/// The lease of an invocation that begins now.
pub(super) fn lease(delivery: &Delivery, now: i64) -> Lease {
    Lease {
        owner: delivery.owner.clone(),
        until: now + LEASE,
    }
}

fn lowered<P>(mode: Mode, ruling: Ruling<P>, mut reasons: Vec<String>) -> Weighed<P> {
    for reason in ruling.reasons {
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    Weighed {
        mode,
        contested: false,
        permit: None,
        allowed: ruling.permit.is_some(),
        policies: ruling.policies,
        reasons,
    }
}

/// A person may do it, or else nobody.
fn approvable<P>(ruling: Ruling<P>, reasons: Vec<String>) -> Weighed<P> {
    let mode = match ruling.permit {
        Some(_) => Mode::Approve,
        None => Mode::DryRun,
    };
    lowered(mode, ruling, reasons)
}

fn exempted(exemption: &Exemption) -> String {
    format!(
        "exempt until {}: {} ({})",
        rfc3339(exemption.expires),
        exemption.reason,
        exemption.owner
    )
}

fn expired(exemption: &Exemption) -> String {
    format!(
        "an exemption ended on {} and does nothing any more: {} ({})",
        rfc3339(exemption.expires),
        exemption.reason,
        exemption.owner
    )
}

pub(super) fn busy() -> PortError {
    PortError {
        action: "begin the remediation",
        retryable: true,
        source: "another one is writing to the same resource".into(),
    }
}

/// Times of the ledger are seconds.
pub(super) fn timestamp(second: i64) -> Timestamp {
    Timestamp::from_second(second).unwrap_or_default()
}
