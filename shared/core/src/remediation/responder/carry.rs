//! Sees an entry through: write after write, each noted before it is made, then the read-back and the end.
//!
//! INVARIANT: cut off anywhere, [`Remediator::take_over`] comes to the same end with the same writes.

use super::propose::busy;
use super::{Held, Remediator, Response};
use crate::baseline::thing::Thing;
use crate::causes::chain;
use crate::ports::PortError;
use crate::remediation::brakes::{Brakes, Left, resource_key};
use crate::remediation::ledger::{APPROVAL, Entry, Restore, State, Write};
use crate::remediation::plan::{self, Plan};
use crate::remediation::policy::Policy;
use crate::remediation::ports::{ApiStatus, LedgerWrite, Versioned, WriteError, WriteErrorKind};
use crate::remediation::report::Ending;
use crate::remediation::settings::Settings;
use crate::remediation::step::Step;
use crate::remediation::{Mode, Remediation};

/// How often what was written is read before it counts as not being there, and seconds between.
const LOOKS: usize = 3;
const BETWEEN_LOOKS: u64 = 2;

/// Seconds between two looks at an API whose change is running.
const POLL: u64 = 5;

/// What has to be left of an invocation to go on waiting, in seconds.
const RESERVE: i64 = 20;

/// What people read of a thing that was deleted.
pub(super) const GONE: &str = "it does not exist any more";

/// How often the end is written because the tally has moved under it.
const TRIES: usize = 8;

/// What is to be done for an entry.
pub(super) struct Work {
    /// The steps that are left.
    pub(super) left: Plan,
    /// What has to be true in the end.
    pub(super) goal: Plan,
}

/// Why the writing stopped.
pub(super) enum Stop {
    /// The kill switch.
    Switched(String),
    /// Somebody else holds the entry now.
    Lost,
    /// API Gateway, or the way to it.
    Write(WriteError),
    /// Anything else outside.
    Port(PortError),
    /// It does not exist any more.
    Gone,
    /// Somebody has changed it since it was planned.
    Moved(String),
}

impl From<PortError> for Stop {
    fn from(error: PortError) -> Self {
        Self::Port(error)
    }
}

impl<P: Policy> Remediator<P> {
    /// Makes the writes, in order, and reads back what came of them.
    pub(super) async fn carry_out(
        &self,
        mut held: Held,
        permit: &P::Permit,
        work: Work,
    ) -> Response {
        let mut made = has_written(&held.value);
        for step in &work.left.steps {
            match self.write(&mut held, permit, &work, step).await {
                Ok(()) => made = true,
                Err(stop) => return self.stop(held, stop, made).await,
            }
        }
        let unmet = match self.read_back(&mut held, &work.goal).await {
            Ok(unmet) => unmet,
            Err(stop) => return self.stop(held, stop, true).await,
        };
        if !unmet.is_empty() {
            let fields = unmet.join(", ");
            let reason = format!("read back, and not as wanted: {fields}");
            held.value.reasons.push(reason);
            return self.finish(held, State::Attempted).await;
        }
        let state = match held.value.state {
            State::Undoing => State::Undone,
            _ => State::Verified,
        };
        self.finish(held, state).await
    }

    /// One write. The kill switch is read, the write noted, then made; an answer that is lost is looked for.
    async fn write(
        &self,
        held: &mut Held,
        permit: &P::Permit,
        work: &Work,
        step: &Step,
    ) -> Result<(), Stop> {
        if matches!(step, Step::UpdateRestApi { .. }) {
            self.wait_until_available(&held.value.thing).await?;
        }
        let allowed = self.writes_are_allowed().await;
        allowed.map_err(Stop::Switched)?;
        held.value.writes.push(Write {
            at: self.clock.now(),
            step: step.clone(),
        });
        self.save(held).await?;
        match self.writer.write(permit, step).await {
            Ok(()) => Ok(()),
            Err(error) if error.kind == WriteErrorKind::Unknown => {
                match self.is_there(&held.value, work, step).await {
                    true => Ok(()),
                    false => Err(Stop::Write(error)),
                }
            }
            Err(error) if error.kind == WriteErrorKind::Stopped => {
                Err(Stop::Switched(refusal(&error)))
            }
            Err(error) => Err(Stop::Write(error)),
        }
    }

    /// Whether a write whose answer was lost was made after all: it is not among what is left to do.
    async fn is_there(&self, entry: &Entry, work: &Work, step: &Step) -> bool {
        let Ok(Some(live)) = self.read(entry.remediation, &entry.thing).await else {
            return false;
        };
        let left = plan::resume(&entry.thing, &work.goal, &live);
        left.is_ok_and(|left| !left.steps.contains(step))
    }

    /// What is not as wanted after the writes.
    async fn read_back(&self, held: &mut Held, goal: &Plan) -> Result<Vec<String>, Stop> {
        let (remediation, thing) = (held.value.remediation, held.value.thing.clone());
        let mut unmet = Vec::new();
        for look in 0..LOOKS {
            if look > 0 {
                self.clock.wait(BETWEEN_LOOKS).await;
            }
            if remediation == Remediation::RestorePrivateEndpoint {
                self.wait_until_available(&thing).await?;
            }
            let read = self.read(remediation, &thing).await?;
            let read = read.ok_or(Stop::Gone)?;
            unmet = plan::unmet(goal, &read);
            held.value.read_back = Some(read);
            if unmet.is_empty() {
                break;
            }
        }
        Ok(unmet)
    }

    /// An endpoint cannot be changed while a change of it is running, nor judged.
    pub(super) async fn wait_until_available(&self, api: &Thing) -> Result<(), Stop> {
        loop {
            match self.publications.status(api).await? {
                ApiStatus::Available => return Ok(()),
                ApiStatus::Gone => return Err(Stop::Gone),
                ApiStatus::Updating => {}
            }
            if self.clock.now() + RESERVE > self.clock.deadline() {
                return Err(Stop::Port(PortError {
                    action: "see the API become available",
                    retryable: true,
                    source: "a change of its endpoint is still running".into(),
                }));
            }
            self.clock.wait(POLL).await;
        }
    }

    /// The end of an entry whose writing stopped; `made`: something may have been written.
    pub(super) async fn stop(&self, mut held: Held, stop: Stop, made: bool) -> Response {
        let (reason, error) = match stop {
            Stop::Lost => {
                let mut response = self.response(held.value);
                response.report.ending = Ending::Held;
                return response;
            }
            Stop::Switched(reason) if !made && held.value.state == State::Writing => {
                held.value.reasons.push(reason);
                return self.leave_to_a_person(held).await;
            }
            Stop::Switched(reason) => (reason, None),
            Stop::Gone => (GONE.to_owned(), None),
            Stop::Moved(moved) => (moved, None),
            Stop::Port(error) => (chain(&error), Some(error).filter(|error| error.retryable)),
            Stop::Write(error) => {
                let reason = refusal(&error);
                let retryable = error.kind.is_retryable();
                (reason, retryable.then_some(error.source))
            }
        };
        held.value.reasons.push(reason);
        if error.is_some() {
            return self.later(held, error);
        }
        let state = match (made, held.value.state) {
            (true, _) => State::Attempted,
            // The restore that was to be taken back stands as it was.
            (false, State::Undoing) => stood(&held.value),
            (false, _) => State::Failed,
        };
        self.finish(held, state).await
    }

    /// Nothing was written, and nothing will be unless somebody approves.
    pub(super) async fn leave_to_a_person(&self, mut held: Held) -> Response {
        held.value.mode = Mode::Approve;
        held.value.approved = None;
        held.value.deadline = Some(self.clock.now() + APPROVAL);
        self.finish(held, State::Awaiting).await
    }

    /// It stays as it stands in the ledger, and the event comes again.
    fn later(&self, held: Held, error: Option<PortError>) -> Response {
        let mut response = self.response(held.value);
        response.report.ending = Ending::WillRetry;
        response.error = error;
        response
    }

    /// Writes the end: the state, and that nobody holds the resource any more.
    pub(super) async fn finish(&self, mut held: Held, state: State) -> Response {
        let before = held.clone();
        let lease = held.value.lease.take();
        let now = self.clock.now();
        held.value.state = state;
        held.value.updated = now;
        let restored = match state {
            State::Verified | State::Attempted => held.value.plan.fields.clone(),
            _ => std::collections::BTreeSet::new(),
        };
        let write = held.value.writes.last();
        let written = write.map_or(now, |write| write.at);
        let id = held.value.id.clone();
        let left = match (state, write) {
            (State::Verified, Some(write)) => Left::Restored(Restore { id, at: write.at }),
            (State::Undone, _) => Left::TakenBack(id),
            _ => Left::Nothing,
        };
        let (remediation, thing) = (held.value.remediation, held.value.thing.clone());
        for _ in 0..TRIES {
            let mut writes = vec![LedgerWrite::Entry(Box::new(held.clone()))];
            if let Some(lease) = &lease {
                let key = resource_key(remediation, &thing);
                let tally = match self.ledger.tally(&key).await {
                    Ok(tally) => tally,
                    Err(error) => return self.later(before, Some(error)),
                };
                let brakes = Brakes::new(remediation, &thing, tally, Versioned::default());
                writes.push(brakes.ended(lease, &restored, &left, written, now));
            }
            match self.ledger.write(&writes).await {
                Ok(true) => return self.response(held.value),
                Ok(false) => {}
                Err(error) => return self.later(before, Some(error)),
            }
        }
        self.later(before, Some(busy()))
    }

    async fn save(&self, held: &mut Held) -> Result<(), Stop> {
        let write = LedgerWrite::Entry(Box::new(held.clone()));
        if !self.ledger.write(&[write]).await? {
            return Err(Stop::Lost);
        }
        held.version += 1;
        Ok(())
    }

    /// Whether writes are allowed right now; else why not. Fails closed.
    pub(super) async fn writes_are_allowed(&self) -> Result<(), String> {
        match self.kill_switch.allows().await {
            Ok(true) => Ok(()),
            Ok(false) => Err(
                "the kill switch stops every write: it is not set to `allow`; set it before you \
                 approve or undo"
                    .to_owned(),
            ),
            Err(error) => Err(format!(
                "the kill switch cannot be read, which stops every write: {}",
                chain(&error)
            )),
        }
    }

    /// The live settings that a remediation of this kind is about; `None` when the thing is gone.
    pub(super) async fn read(
        &self,
        remediation: Remediation,
        thing: &Thing,
    ) -> Result<Option<Settings>, PortError> {
        if remediation == Remediation::Redeploy {
            let publications = self.publications.publications(thing).await?;
            let serving = publications.serving(thing.stage().unwrap_or_default());
            return Ok(serving.map(Settings::Serving));
        }
        let Some(reading) = self.reader.read(thing, 0).await? else {
            return Ok(None);
        };
        Settings::of(thing, &reading.settings).map_err(|source| PortError {
            action: "understand the live settings",
            retryable: false,
            source: Box::new(source),
        })
    }
}

/// How an entry stood before it was to be taken back.
pub(super) fn stood(entry: &Entry) -> State {
    let read = entry.read_back.as_ref();
    match read.is_some_and(|read| plan::unmet(&entry.plan, read).is_empty()) {
        true => State::Verified,
        false => State::Attempted,
    }
}

/// Whether a write of what is being done was noted before: of an undo, only its own count.
pub(super) fn has_written(entry: &Entry) -> bool {
    let since = match (entry.state, &entry.undone) {
        (State::Undoing, Some(given)) => given.at,
        _ => i64::MIN,
    };
    entry.writes.iter().any(|write| write.at >= since)
}

/// What a failed write means, for people.
fn refusal(error: &WriteError) -> String {
    let what = match error.kind {
        WriteErrorKind::NotPermitted => "the permit does not cover the write",
        WriteErrorKind::Gone => "it does not exist any more",
        WriteErrorKind::RoleNotAssumable => "the remediator role cannot be assumed there",
        WriteErrorKind::AccessDenied => "the remediator role may not do it",
        WriteErrorKind::Busy => "another change of it is running",
        WriteErrorKind::Throttled => "API Gateway throttles",
        WriteErrorKind::LimitExceeded => "a quota of the account is used up",
        WriteErrorKind::Stopped => "the kill switch stops every write",
        WriteErrorKind::Refused => "API Gateway refuses it",
        WriteErrorKind::Unknown => "no answer tells whether it was written",
    };
    format!("{what}: {}", chain(&error.source))
}
