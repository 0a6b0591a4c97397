//! Goes on with an entry that somebody has left: after a crash, or once a person has approved.

//! INVARIANT: cut off anywhere, [`Remediator::take_over`] comes to the same end with the same writes.

use super::carry::{Stop, Work, has_written};
use super::propose::{busy, lease};
use super::{Held, Remediator, Response};
use crate::ports::{Delivery, PortError};
use crate::remediation::brakes::Counts;
use crate::remediation::ledger::{Entry, State};
use crate::remediation::plan::{self};
use crate::remediation::policy::{Action, Circumstances, Policy, Request};
use crate::remediation::ports::LedgerWrite;
use crate::remediation::report::Ending;
use crate::remediation::{Mode, Remediation};

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
        let counts = match by_itself && !is_spent {
            true => Counts::Both,
            false => Counts::Nothing,
        };
        held.value.lease = Some(lease.clone());
        let mut writes = vec![LedgerWrite::Entry(Box::new(held.clone()))];
        writes.extend(brakes.begun(&lease, counts, now));
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
        let age = now - held.value.event_time;
        let mode = match held.value.approved {
            Some(_) => Mode::Approve,
            None => Mode::Auto,
        };
        let ruling = self.policy.decide(&self.again(&held, mode, age));
        if let Some(permit) = ruling.permit {
            return Ok(self.resume(held, &permit).await);
        }
        held.value.reasons.extend(ruling.reasons);
        let by_a_person = self.policy.decide(&self.again(&held, Mode::Approve, age));
        let is_untouched = by_itself && !has_written(&held.value);
        Ok(match by_a_person.permit {
            Some(_) if is_untouched => self.leave_to_a_person(held).await,
            _ => self.finish(held, State::Attempted).await,
        })
    }

    /// Makes what the live state still lacks.
    pub(super) async fn resume(&self, held: Held, permit: &P::Permit) -> Response {
        let made = has_written(&held.value);
        match self.left(&held.value).await {
            Ok(work) => self.carry_out(held, permit, work).await,
            Err(stop) => self.stop(held, stop, made).await,
        }
    }

    /// What is left to do of an entry.
    pub(super) async fn left(&self, entry: &Entry) -> Result<Work, Stop> {
        if entry.remediation == Remediation::RestorePrivateEndpoint {
            self.wait_until_available(&entry.thing).await?;
        }
        let live = self.read(entry.remediation, &entry.thing).await?;
        let live = live.ok_or(Stop::Gone)?;
        let left = plan::resume(&entry.thing, &entry.plan, &live);
        let left = left.map_err(|moved| Stop::Moved(moved.to_string()))?;
        if !left.steps.is_empty() && entry.remediation == Remediation::Redeploy {
            self.see_the_same_draft(entry).await?;
        }
        let goal = entry.plan.clone();
        Ok(Work { left, goal })
    }

    /// What a deployment publishes must be what was judged.
    async fn see_the_same_draft(&self, entry: &Entry) -> Result<(), Stop> {
        let draft = self.publications.draft(&entry.thing).await?.digest();
        match entry.draft.as_deref() == Some(draft.as_str()) {
            true => Ok(()),
            false => Err(Stop::Moved("the draft was edited since".to_owned())),
        }
    }

    /// The question to policy about an entry that was judged before: what was counted then is not
    /// counted against it now.
    pub(super) fn again(&self, held: &Held, mode: Mode, age: i64) -> Request {
        let entry = &held.value;
        let now = super::propose::timestamp(self.clock.now());
        let modes = &self.modes;
        let mut asked = modes.of(entry.remediation, &entry.thing, &entry.tags, now);
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
                changed_again: !entry.plan.moved.is_empty(),
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
