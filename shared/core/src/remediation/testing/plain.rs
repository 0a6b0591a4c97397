//! A policy without a policy engine.

use std::collections::BTreeSet;

use crate::baseline::thing::Thing;
use crate::remediation::Mode;
use crate::remediation::policy::{Permitted, Policy, Request, Ruling};
use crate::remediation::step::Step;

/// Allows what is asked for, and lowers for the doubts that speak against doing it unasked.
#[derive(Debug, Clone, Copy, Default)]
pub struct PlainPolicy;

/// The permit of [`PlainPolicy`].
#[derive(Debug)]
pub struct PlainPermit {
    thing: Thing,
    ledger_id: String,
}

impl Permitted for PlainPermit {
    fn thing(&self) -> &Thing {
        &self.thing
    }

    fn ledger_id(&self) -> &str {
        &self.ledger_id
    }

    fn covers(&self, _: &Step) -> bool {
        true
    }
}

impl Policy for PlainPolicy {
    type Permit = PlainPermit;

    fn reads_tags(&self) -> bool {
        false
    }

    fn decide(&self, request: &Request) -> Ruling<PlainPermit> {
        let doubts = &request.circumstances;
        let auto = [
            (doubts.contested, "contested"),
            (doubts.changed_again, "changed again"),
            (doubts.budget_spent, "the budget is spent"),
            (doubts.age > 900, "the event is older than 15 minutes"),
        ];
        let always = [
            (request.asked.exemption.is_some(), "exempt"),
            (doubts.break_glass, "break-glass"),
            (
                doubts.by_cloudformation && !request.asked.cloudformation,
                "it came through CloudFormation",
            ),
            (!doubts.has_kill_switch, "no kill switch"),
            (request.mode > request.asked.mode, "not asked for"),
        ];
        let auto = auto.into_iter().filter(|_| request.mode == Mode::Auto);
        let reasons: BTreeSet<String> = always
            .into_iter()
            .chain(auto)
            .filter(|(holds, _)| *holds)
            .map(|(_, reason)| reason.to_owned())
            .collect();
        let reasons: Vec<String> = reasons.into_iter().collect();
        Ruling {
            permit: reasons.is_empty().then(|| PlainPermit {
                thing: request.thing.clone(),
                ledger_id: request.ledger_id.clone(),
            }),
            policies: match reasons.is_empty() {
                true => vec!["plain".to_owned()],
                false => reasons.clone(),
            },
            reasons,
        }
    }
}
