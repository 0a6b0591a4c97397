//! An entry as people are told of it.

use super::{Remediator, Response};
use crate::remediation::ledger::{Entry, State};
use crate::remediation::policy::Policy;
use crate::remediation::report::{Commanded, Done, Ending, Report};

impl<P: Policy> Remediator<P> {
    pub(super) fn response(&self, entry: Entry) -> Response {
        Response {
            report: report(&entry),
            entry: Some(entry),
            error: None,
        }
    }
}

/// What the entry says.
pub(super) fn report(entry: &Entry) -> Report {
    let done = Done {
        thing: entry.thing.clone(),
        plan: entry.plan.clone(),
    };
    Report {
        remediation: entry.remediation,
        id: Some(entry.id.clone()),
        asked: entry.asked,
        mode: entry.mode,
        ending: ending(entry),
        reasons: entry.reasons.clone(),
        done: Some(done),
        policies: entry.policies.clone(),
        exposure: entry.exposure.clone(),
        follow_ups: Vec::new(),
        pages: pages(entry),
        commanded: match (&entry.undone, &entry.approved) {
            (Some(_), _) => Some(Commanded::Undo),
            (None, Some(_)) => Some(Commanded::Approve),
            (None, None) => None,
        },
    }
}

/// A budget that is spent says that somebody uses it up: what comes next waits, and nobody would look.
fn pages(entry: &Entry) -> bool {
    let waits_for_budget = entry.budget_spent && entry.state == State::Awaiting;
    entry.state == State::Attempted || entry.contested || waits_for_budget
}

fn ending(entry: &Entry) -> Ending {
    match entry.state {
        State::Planned => Ending::WouldWrite {
            allowed: entry.allowed,
        },
        State::Awaiting => Ending::Awaiting {
            deadline: entry.deadline.unwrap_or(entry.created),
        },
        State::Writing | State::Undoing => Ending::WillRetry,
        State::Verified => Ending::Verified,
        State::Attempted => Ending::Attempted,
        State::Failed => Ending::Failed,
        State::Undone => Ending::Undone,
    }
}
