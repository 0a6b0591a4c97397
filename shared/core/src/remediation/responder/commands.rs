//! Approve and undo. The right to invoke the function is the credential; the ledger's conditional write
//! makes each single use.

use super::carry::{GONE, Stop, Work, stood};
use super::propose::{Origin, lease};
use super::{Held, Remediator, Response};
use crate::causes::chain;
use crate::finding::rfc3339;
use crate::ports::{Delivery, PortError};
use crate::remediation::Mode;
use crate::remediation::Remediation;
use crate::remediation::brakes::Counts;
use crate::remediation::command::{Answer, Command};
use crate::remediation::ledger::{APPROVAL, Entry, Given, State};
use crate::remediation::plan::{self, UndoRefused};
use crate::remediation::policy::{Action, Policy, Request};
use crate::remediation::ports::LedgerWrite;
use crate::remediation::report::Ending;
use crate::remediation::settings::Settings;
use crate::remediation::snippet::shell::command;

/// The remediator's role has no right to it either.
const NEVER_PUBLIC: &str = "Portcullis never makes a private API public; to do it by hand, run:";

impl<P: Policy> Remediator<P> {
    /// Obeys a command, or says why not. The response is there when the entry was touched.
    pub(super) async fn command(
        &self,
        command: &Command,
        delivery: &Delivery,
    ) -> Result<(Answer, Option<Response>), PortError> {
        let id = command.id();
        let Some(remediation) = command.remediation() else {
            return Ok(refused(id, ["this is no id of a remediation"]));
        };
        if remediation.function() != self.function {
            let owner = remediation.function();
            return Ok(refused(id, [format!("the function `{owner}` does that")]));
        }
        let Some(held) = self.ledger.entry(id).await? else {
            return Ok(refused(id, ["the ledger has no such entry"]));
        };
        let result = match command {
            Command::Approve { by, .. } => self.approve(held, by.clone(), delivery).await?,
            Command::Undo { by, .. } => self.undo(held, by.clone(), delivery).await?,
        };
        Ok(match result {
            Ok(response) => (answer(command, &response), Some(response)),
            Err(reasons) => refused(id, reasons),
        })
    }

    async fn approve(
        &self,
        mut held: Held,
        by: Option<String>,
        delivery: &Delivery,
    ) -> Result<Result<Response, Vec<String>>, PortError> {
        let now = self.clock.now();
        let entry = &held.value;
        if entry.state == State::Writing && entry.approved.is_some() {
            return self.known(held, delivery).await.map(Ok);
        }
        if entry.state != State::Awaiting {
            let state = entry.state.as_str();
            return Ok(Err(vec![format!(
                "nothing waits for approval: it is {state}"
            )]));
        }
        let deadline = entry.deadline.unwrap_or(entry.created);
        if now > deadline {
            let until = rfc3339(super::propose::timestamp(deadline));
            return Ok(Err(vec![format!("the time for approval ended at {until}")]));
        }
        // Only what is still as it was when the approval was asked for.
        match self.left(&held.value).await {
            Ok(_) => {}
            Err(Stop::Port(error)) => return Err(error),
            Err(Stop::Moved(moved)) => return Ok(Err(vec![moved])),
            Err(_) => return Ok(Err(vec![GONE.to_owned()])),
        }
        let age = now - entry.event_time;
        let ruling = self.policy.decide(&self.again(&held, Mode::Approve, age));
        let Some(permit) = ruling.permit else {
            return Ok(Err(ruling.reasons));
        };
        if let Err(reason) = self.writes_are_allowed().await {
            return Ok(Err(vec![reason]));
        }
        held.value.state = State::Writing;
        held.value.approved = Some(Given { by, at: now });
        held.value.policies = ruling.policies;
        if let Err(reason) = self.hold(&mut held, delivery).await? {
            return Ok(Err(vec![reason]));
        }
        let origin = Origin::of(&held.value);
        let response = self.resume(held, &permit).await;
        let mut response = self.followed(response, &origin, delivery).await;
        self.after_redeploy(&mut response, &origin, delivery).await;
        Ok(Ok(response))
    }

    /// Takes entry and resource in one write; else says who has them.
    async fn hold(
        &self,
        held: &mut Held,
        delivery: &Delivery,
    ) -> Result<Result<(), String>, PortError> {
        let now = self.clock.now();
        let lease = lease(delivery, now);
        let entry = &held.value;
        let brakes = self.brakes(entry.remediation, &entry.thing).await?;
        if let Some(holder) = brakes.holder(&lease, now) {
            let until = rfc3339(super::propose::timestamp(holder.until));
            return Ok(Err(format!(
                "another remediation writes to it, until {until} at most: try again then"
            )));
        }
        held.value.lease = Some(lease.clone());
        held.value.updated = now;
        let mut writes = vec![LedgerWrite::Entry(Box::new(held.clone()))];
        writes.extend(brakes.begun(&lease, Counts::Nothing, now));
        if !self.ledger.write(&writes).await? {
            return Ok(Err("somebody else is doing it right now".to_owned()));
        }
        held.version += 1;
        Ok(Ok(()))
    }

    /// A redeployment closes what a containment held.
    async fn after_redeploy(&self, response: &mut Response, origin: &Origin, delivery: &Delivery) {
        let is_redeployed = response.report.remediation == Remediation::Redeploy
            && response.report.ending == Ending::Verified;
        let thing = response.entry.as_ref().map(|entry| entry.thing.clone());
        let Some(api) = thing.filter(|_| is_redeployed) else {
            return;
        };
        if let Some(undone) = self.uncontain(&api, origin, delivery).await {
            response.report.follow_ups.push(undone.report);
        }
    }

    async fn undo(
        &self,
        held: Held,
        by: Option<String>,
        delivery: &Delivery,
    ) -> Result<Result<Response, Vec<String>>, PortError> {
        let now = self.clock.now();
        let entry = &held.value;
        if entry.state == State::Undoing {
            return self.known(held, delivery).await.map(Ok);
        }
        if !matches!(entry.state, State::Verified | State::Attempted) {
            let state = entry.state.as_str();
            return Ok(Err(vec![format!(
                "there is nothing to take back: it is {state}"
            )]));
        }
        if entry.remediation == Remediation::Redeploy {
            return Ok(Err(vec![
                "a deployment is not taken back; move the stage to another deployment by hand"
                    .to_owned(),
            ]));
        }
        if now > entry.updated + APPROVAL {
            return Ok(Err(vec!["it is more than 24 hours old".to_owned()]));
        }
        let Some(live) = self.read(entry.remediation, &entry.thing).await? else {
            return Ok(Err(vec![GONE.to_owned()]));
        };
        if let Err(reasons) = may_be_undone(entry, &live) {
            return Ok(Err(reasons));
        }
        let ruling = self.policy.decide(&self.undo_request(&held));
        if ruling.permit.is_none() {
            return Ok(Err(ruling.reasons));
        }
        if let Err(reason) = self.writes_are_allowed().await {
            return Ok(Err(vec![reason]));
        }
        let given = Given { by, at: now };
        self.undo_entry(held, Some(given), delivery).await.map(Ok)
    }

    /// Takes an entry back; `given`: who said so, `None` when it follows from another remediation.
    pub(super) async fn undo_entry(
        &self,
        mut held: Held,
        given: Option<Given>,
        delivery: &Delivery,
    ) -> Result<Response, PortError> {
        let now = self.clock.now();
        let by = || Given { by: None, at: now };
        held.value.undone = Some(given.unwrap_or_else(by));
        let was = held.value.state;
        held.value.state = State::Undoing;
        if let Err(reason) = self.hold(&mut held, delivery).await? {
            held.value.state = was;
            held.value.undone = None;
            held.value.reasons.push(reason);
            return Ok(self.response(held.value));
        }
        Ok(self.undo_on(held).await)
    }

    fn undo_request(&self, held: &Held) -> Request {
        let age = self.clock.now() - held.value.event_time;
        let mut request = Request {
            action: Action::Undo,
            ..self.again(held, Mode::Approve, age)
        };
        // Whoever asks for less now does not ask for what was done to stay.
        request.asked.mode = request.asked.mode.max(Mode::Approve);
        request
    }

    /// Takes back what the live state still has of an entry that this invocation holds.
    pub(super) async fn undo_on(&self, mut held: Held) -> Response {
        let ruling = self.policy.decide(&self.undo_request(&held));
        let Some(permit) = ruling.permit else {
            held.value.reasons.extend(ruling.reasons);
            let stood = stood(&held.value);
            return self.finish(held, stood).await;
        };
        let entry = &held.value;
        let reason = match self.read(entry.remediation, &entry.thing).await {
            Ok(Some(live)) => match plan::undo(&entry.thing, &entry.plan, &live) {
                Ok(plan) => {
                    let (left, goal) = (plan.clone(), plan);
                    return self.carry_out(held, &permit, Work { left, goal }).await;
                }
                Err(refused) => refused.to_string(),
            },
            Ok(None) => GONE.to_owned(),
            Err(error) => chain(&error),
        };
        held.value.reasons.push(reason);
        self.finish(held, State::Attempted).await
    }
}

/// Nothing is taken back with a call that deletes, or to make an API public: the commands are printed.
fn may_be_undone(entry: &Entry, live: &Settings) -> Result<(), Vec<String>> {
    match plan::undo(&entry.thing, &entry.plan, live) {
        Ok(plan) if entry.remediation == Remediation::RestorePrivateEndpoint => {
            let region = &entry.thing.region;
            let commands = plan.steps.iter().filter_map(|step| command(step, region));
            let mut reasons = vec![NEVER_PUBLIC.to_owned()];
            reasons.extend(commands);
            Err(reasons)
        }
        Ok(_) => Ok(()),
        Err(UndoRefused::Moved(moved)) => Err(vec![moved.to_string()]),
        Err(needs) => {
            let mut reasons = vec![needs.to_string()];
            if let UndoRefused::NeedsDelete { commands } = needs {
                reasons.extend(commands);
            }
            Err(reasons)
        }
    }
}

fn answer(command: &Command, response: &Response) -> Answer {
    let id = command.id();
    let is_undo = matches!(command, Command::Undo { .. });
    let state = match (&response.report.ending, &response.entry) {
        // What was to be taken back stands as it was.
        (Ending::Verified, _) if is_undo => "refused",
        (Ending::AlreadyRight, _) => "already right",
        (_, Some(entry)) => entry.state.as_str(),
        (_, None) => "refused",
    };
    let mut text = response.report.reasons.clone();
    for follow_up in &response.report.follow_ups {
        text.extend(follow_up.reasons.iter().map(|reason| {
            let name = follow_up.remediation.as_str();
            format!("{name}: {reason}")
        }));
    }
    Answer {
        id: id.to_owned(),
        state: state.to_owned(),
        text,
    }
}

fn refused(
    id: &str,
    reasons: impl IntoIterator<Item = impl Into<String>>,
) -> (Answer, Option<Response>) {
    let answer = Answer {
        id: id.to_owned(),
        state: "refused".to_owned(),
        text: reasons.into_iter().map(Into::into).collect(),
    };
    (answer, None)
}
