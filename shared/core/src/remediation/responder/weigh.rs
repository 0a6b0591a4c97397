//! How far a proposal may go: what the owner asks for, what the deployment caps, what policy says.

use super::Remediator;
use super::propose::Proposal;
use crate::finding::rfc3339;
use crate::remediation::brakes::Brakes;
use crate::remediation::modes::{Asked, Exemption};
use crate::remediation::policy::{Action, Circumstances, Policy, Request, Ruling};
use crate::remediation::report::{Ending, Report};
use crate::remediation::{Mode, Remediation};

/// What may be done about a proposal.
pub(super) struct Weighed<P> {
    pub(super) mode: Mode,
    pub(super) contested: bool,
    /// Whether it would have been done at once, but for a budget.
    pub(super) budget_spent: bool,
    /// Present when it may be written right now.
    pub(super) permit: Option<P>,
    pub(super) allowed: bool,
    pub(super) policies: Vec<String>,
    pub(super) reasons: Vec<String>,
}

impl<P: Policy> Remediator<P> {
    /// The greatest mode that policy allows, and why it is not a greater one.
    pub(super) fn weigh(
        &self,
        proposal: &Proposal,
        brakes: &Brakes,
        now: i64,
    ) -> Weighed<P::Permit> {
        let fields = &proposal.plan.fields;
        let contested = brakes.contested(fields, proposal.origin.event_time, now);
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
                    budget_spent: false,
                    permit: Some(permit),
                    allowed: true,
                    policies,
                    reasons,
                },
                denied => refused(
                    denied,
                    ask(&asked, Mode::Approve),
                    brakes.spent(now),
                    reasons,
                ),
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
            changed_again: !proposal.plan.moved.is_empty(),
            budget_spent: brakes.is_spent(now),
            by_cloudformation: origin.by_cloudformation,
            break_glass: actor.is_some_and(|arn| self.modes.is_break_glass(arn)),
            has_kill_switch: self.has_kill_switch,
            has_baseline: true,
            draft_is_published: proposal.draft_is_published,
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

fn lowered<P>(mode: Mode, ruling: Ruling<P>, mut reasons: Vec<String>) -> Weighed<P> {
    for reason in ruling.reasons {
        if !reasons.contains(&reason) {
            reasons.push(reason);
        }
    }
    Weighed {
        mode,
        contested: false,
        budget_spent: false,
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

/// What may not be done at once: a person may do it, or else nobody. Its policies are those that keep it from
/// being done, then those that decide about a person.
fn refused<P>(
    denied: Ruling<P>,
    approval: Ruling<P>,
    spent: Option<String>,
    mut reasons: Vec<String>,
) -> Weighed<P> {
    let is_spent = spent.is_some();
    // First: it is what a page says.
    reasons.splice(0..0, spent);
    reasons.extend(denied.reasons);
    let weighed = approvable(approval, reasons);
    let mut policies = denied.policies;
    for id in weighed.policies {
        if !policies.contains(&id) {
            policies.push(id);
        }
    }
    Weighed {
        budget_spent: is_spent && weighed.mode == Mode::Approve,
        policies,
        ..weighed
    }
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
