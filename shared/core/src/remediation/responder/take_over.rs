//! Goes on with an entry that somebody has left: after a crash, or once a person has approved.

//! INVARIANT: cut off anywhere, [`Remediator::take_over`] comes to the same end with the same writes.

use super::carry::{Stop, Work};
use super::propose::{busy, lease};
use super::{Held, Remediator, Response};
use crate::ports::{Delivery, PortError};
use crate::remediation::Mode;
use crate::remediation::ledger::{Part, State};
use crate::remediation::modes::Asked;
use crate::remediation::plan::{self};
use crate::remediation::policy::{Action, Circumstances, Policy, Request};
use crate::remediation::ports::LedgerWrite;
use crate::remediation::report::Ending;

impl<P: Policy> Remediator<P> {
    /// Goes on where an invocation was cut off. Policy is asked again: permits are not kept.
    pub(super) async fn take_over(
        &self,
        mut held: Held,
        delivery: &Delivery,
    ) -> Result<Response, PortError> {
        let now = self.clock.now();
        let lease = lease(delivery, now);
        let (remediation, thing) = (held.value.remediation, held.value.thing.clone());
        let brakes = self.brakes(remediation, &thing).await?;
        if brakes.holder(&lease, now).is_some() {
            return Err(busy());
        }
        // INVARIANT: a write that may come twice is counted twice, so that budgets bound writes too.
        let by_itself = held.value.approved.is_none() && held.value.state == State::Writing;
        let is_spent = by_itself && brakes.is_spent(now);
        held.value.lease = Some(lease.clone());
        let mut writes = vec![LedgerWrite::Entry(Box::new(held.clone()))];
        writes.extend(brakes.begun(&lease, by_itself && !is_spent, now));
        if !self.ledger.write(&writes).await? {
            let mut response = self.response(held.value);
            response.report.ending = Ending::Held;
            return Ok(response);
        }
        held.version += 1;
        if held.value.state == State::Undoing {
            return Ok(self.undo_on(held).await);
        }
        if is_spent {
            let reason = "it was cut off, and the budget of the resource or account is spent since";
            held.value.reasons.push(reason.to_owned());
            return Ok(self.finish(held, State::Attempted).await);
        }
        let age = held.value.created - held.value.event_time;
        let mode = match held.value.approved {
            Some(_) => Mode::Approve,
            None => Mode::Auto,
        };
        let ruling = self.policy.decide(&self.again(&held, mode, age));
        let Some(permit) = ruling.permit else {
            held.value.reasons.extend(ruling.reasons);
            return Ok(self.finish(held, State::Attempted).await);
        };
        Ok(self.resume(held, &permit).await)
    }

    /// Makes what the live state still lacks.
    pub(super) async fn resume(&self, mut held: Held, permit: &P::Permit) -> Response {
        let mut works = Vec::new();
        for part in &held.value.parts {
            let live = match self.read(held.value.remediation, &part.thing).await {
                Ok(Some(live)) => live,
                Ok(None) => return self.stop(held, Stop::Gone, true).await,
                Err(error) => return self.stop(held, Stop::Port(error), true).await,
            };
            match plan::resume(&part.thing, &part.plan, &live) {
                Ok(left) => works.push(Work {
                    left,
                    ..Work::whole(part)
                }),
                Err(moved) => {
                    held.value.reasons.push(moved.to_string());
                    return self.finish(held, State::Attempted).await;
                }
            }
        }
        self.carry_out(held, permit, works, false).await
    }

    /// The question to policy about an entry that was judged before: what was counted then is not
    /// counted against it now.
    pub(super) fn again(&self, held: &Held, mode: Mode, age: i64) -> Request {
        let entry = &held.value;
        let now = super::propose::timestamp(self.clock.now());
        let of_part = |part: &Part| {
            self.modes
                .of(entry.remediation, &part.thing, &entry.tags, now)
        };
        let asked = entry.parts.iter().map(of_part).reduce(Asked::and);
        let mut asked = asked.unwrap_or_else(Asked::nothing);
        asked.mode = asked.mode.min(self.cap);
        let actor = entry.actor.as_deref();
        Request {
            action: Action::from(entry.remediation),
            mode,
            asked,
            thing: entry.thing.clone(),
            tags: entry.tags.clone(),
            actor: entry.actor.clone(),
            circumstances: Circumstances {
                age,
                confidence: entry.confidence,
                contested: false,
                budget_spent: false,
                by_cloudformation: entry.by_cloudformation,
                break_glass: actor.is_some_and(|arn| self.modes.is_break_glass(arn)),
                has_kill_switch: self.has_kill_switch,
                has_baseline: true,
                draft_is_published: entry.draft_is_published,
            },
            ledger_id: entry.id.clone(),
        }
    }
}
