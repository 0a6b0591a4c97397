//! From a finding to a proposal: what stood before, what stands now, and what was taken away in between.

use super::account::has_role;
use super::propose::Proposal;
use super::subject::{Subject, left_behind};
use super::{Case, Remediator, Response};
use crate::ports::{Delivery, PortError};
use crate::remediation::brakes::Counts;
use crate::remediation::ledger;
use crate::remediation::plan::{self, Plan};
use crate::remediation::policy::Policy;
use crate::remediation::report::{Done, Ending, Report};
use crate::remediation::settings::{RestStage, Settings};
use crate::remediation::{Mode, Remediation};

const NO_BASELINE: &str =
    "what stood before is not known (no baseline), so nothing can be put back by itself";
const UNREADABLE: &str = "what stood before cannot be read, so nothing can be put back by itself";
const GONE: &str = "it does not exist any more, so there is nothing to put back";

impl<P: Policy> Remediator<P> {
    /// Does about a finding what may be done.
    pub(super) async fn restore(
        &self,
        case: &Case<'_>,
        remediation: Remediation,
        delivery: &Delivery,
    ) -> Result<Response, PortError> {
        let Some(subject) = self.subject(case, remediation).await? else {
            let reason = "the record does not name what it changed";
            return Ok(Response::of(Report::nothing(
                remediation,
                Mode::Notify,
                reason,
            )));
        };
        let mode = subject.asked.mode.min(self.cap);
        if mode == Mode::Off {
            let report = Report::nothing(remediation, Mode::Off, "remediation is switched off");
            return Ok(Response::of(report));
        }
        let Some(before) = &subject.before else {
            let reason = match &case.past.unreadable {
                Some(error) => format!("{UNREADABLE}: {error}"),
                None => NO_BASELINE.to_owned(),
            };
            let mut report = self.described(remediation, &subject.asked, reason);
            report.reasons.extend(subject.reasons.iter().cloned());
            return Ok(Response::of(report));
        };
        if mode == Mode::Notify {
            return Ok(Response::of(self.manual(case, &subject, before)));
        }
        let id = ledger::id(
            remediation,
            &case.record.account,
            &case.record.region,
            &case.record.id,
        );
        let response = match self.ledger.entry(&id).await? {
            Some(entry) => self.known(entry, delivery).await?,
            None => self.begin(case, &subject, before, id, delivery).await?,
        };
        Ok(self.followed(response, &subject.origin, delivery).await)
    }

    async fn begin(
        &self,
        case: &Case<'_>,
        subject: &Subject,
        before: &Settings,
        id: String,
        delivery: &Delivery,
    ) -> Result<Response, PortError> {
        let (remediation, thing) = (subject.remediation, &subject.thing);
        let Some(live) = self.read(remediation, thing).await? else {
            let mut report = self.described(remediation, &subject.asked, GONE);
            report.ending = Ending::Failed;
            return Ok(Response::of(report));
        };
        let after = subject.after.as_ref();
        let plan = plan::restore(thing, case.change, before, after, &live);
        let needs_role = writes_levels(&plan);
        let mut proposal = proposal(subject, plan, id);
        let mut account = None;
        if needs_role {
            account = self.account_role(&proposal, delivery).await?;
            if let Some(response) = &account
                && !has_role(response)
            {
                let rest = without_levels(before, after.unwrap_or(&live));
                let plan = plan::restore(thing, case.change, &rest, after, &live);
                proposal.plan = plan;
                proposal.reasons.push(
                    "execution logging cannot be restored while the account has no CloudWatch role"
                        .to_owned(),
                );
            }
        }
        let moved = proposal.plan.moved.iter();
        let again: Vec<String> = moved.map(|path| changed_again(path)).collect();
        proposal.reasons.extend(again);
        let mut response = match proposal.plan.steps.is_empty() {
            true => Response::of(self.already(subject, proposal)),
            false => self.pursue(&proposal, delivery).await?,
        };
        if let Some(account) = account {
            response.report.follow_ups.push(account.report);
            response.error = response.error.or(account.error);
        }
        Ok(response)
    }

    /// Nothing to write: all is right already, or what is not cannot or must not be touched.
    fn already(&self, subject: &Subject, proposal: Proposal) -> Report {
        let is_explained = proposal.reasons.len() > subject.reasons.len();
        let is_right = !is_explained && !proposal.plan.left;
        let mut report = Report::nothing(subject.remediation, subject.asked.mode, String::new());
        report.reasons = proposal.reasons;
        report.ending = match is_right {
            true => Ending::AlreadyRight,
            false => Ending::Failed,
        };
        report.done = Some(Done {
            thing: proposal.thing,
            plan: proposal.plan,
        });
        report
    }

    /// How a person would put it back, from the record and the baseline alone.
    fn manual(&self, case: &Case<'_>, subject: &Subject, before: &Settings) -> Report {
        let reason = "the mode is `notify`: nothing is changed here";
        let mut report = self.described(subject.remediation, &subject.asked, reason);
        report.reasons.extend(subject.reasons.iter().cloned());
        let after = subject.after.clone();
        if let Some(after) = after.or_else(|| left_behind(before, case.change)) {
            let plan = plan::restore(&subject.thing, case.change, before, Some(&after), &after);
            report.done = Some(Done {
                thing: subject.thing.clone(),
                plan,
            });
        }
        report
    }
}

/// Why a person has to look at a setting before it comes back.
fn changed_again(path: &str) -> String {
    format!(
        "`{path}` was changed again since, to something that is not what stood before the change \
         either: by whoever made it, or by the owner"
    )
}

fn proposal(subject: &Subject, plan: Plan, id: String) -> Proposal {
    Proposal {
        id,
        remediation: subject.remediation,
        thing: subject.thing.clone(),
        tags: subject.tags.clone(),
        asked: subject.asked.clone(),
        origin: subject.origin.clone(),
        plan,
        draft_is_published: false,
        draft: None,
        reasons: subject.reasons.clone(),
        counts: Counts::Both,
    }
}

/// Whether a plan writes execution log levels, which API Gateway refuses without the account's role.
fn writes_levels(plan: &Plan) -> bool {
    plan.changes.iter().any(|change| {
        let path = change.path.to_ascii_lowercase();
        path.ends_with("/logging/loglevel") || path.ends_with("logginglevel")
    })
}

/// What stood before, but for execution logging, which stays as the change left it.
fn without_levels(before: &Settings, after: &Settings) -> Settings {
    match (before, after) {
        (Settings::RestStage(before), Settings::RestStage(after)) => {
            Settings::RestStage(RestStage {
                method_settings: after.method_settings.clone(),
                access_log_settings: before.access_log_settings.clone(),
            })
        }
        (Settings::V2Stage(before), Settings::V2Stage(after)) => {
            let mut rest = after.clone();
            rest.access_log_settings
                .clone_from(&before.access_log_settings);
            Settings::V2Stage(rest)
        }
        _ => before.clone(),
    }
}
