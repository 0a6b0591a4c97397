//! The account's CloudWatch role, without which no stage of the Region can log its executions.

use std::collections::BTreeSet;

use super::propose::{Origin, Proposal, timestamp};
use super::subject::{Subject, understood};
use super::{Remediator, Response, failure};
use crate::baseline::thing::{Thing, What};
use crate::ports::{Delivery, PortError};
use crate::remediation::brakes::Counts;
use crate::remediation::ledger;
use crate::remediation::modes::Tags;
use crate::remediation::plan::Plan;
use crate::remediation::policy::Policy;
use crate::remediation::report::{Done, Ending};
use crate::remediation::settings::{Account, Settings};
use crate::remediation::step::{PatchOp, PatchOperation, Step};
use crate::remediation::{Mode, Remediation};

use crate::finding::{Known, SettingChange};

impl<P: Policy> Remediator<P> {
    /// `None` when the account has its CloudWatch role; else what was done about it.
    pub(super) async fn account_role(
        &self,
        subject: &Subject,
        delivery: &Delivery,
    ) -> Result<Option<Response>, PortError> {
        let remediation = Remediation::RestoreAccountLoggingRole;
        let thing = Thing {
            what: What::Account,
            ..subject.thing.clone()
        };
        let live = self.read(remediation, &thing).await?;
        let Some(
            live @ Settings::Account(Account {
                cloudwatch_role_arn: None,
            }),
        ) = live
        else {
            return Ok(None);
        };
        let (tags, now) = (Tags::new(), timestamp(self.clock.now()));
        let asked = self.modes.of(remediation, &thing, &tags, now);
        let Some(role) = self.former_role(&thing, &subject.origin).await? else {
            let reason = "the account has no CloudWatch role, and no former one is known";
            return Ok(Some(Response::of(self.described(
                remediation,
                &asked,
                reason,
            ))));
        };
        let plan = role_plan(live, role);
        if asked.mode.min(self.cap) <= Mode::Notify {
            let reason = "the account has no CloudWatch role";
            let mut report = self.described(remediation, &asked, reason);
            report.done = vec![Done { thing, plan }];
            return Ok(Some(Response::of(report)));
        }
        let origin = subject.origin.clone();
        let proposal = Proposal {
            id: ledger::id(remediation, &thing.account, &thing.region, &origin.event_id),
            remediation,
            thing,
            tags: Tags::new(),
            asked,
            origin,
            plan,
            draft_is_published: false,
            draft: None,
            reasons: Vec::new(),
            counts: Counts::Both,
        };
        // Without the role the rest is still worth restoring.
        let response = self.pursue(&proposal, delivery).await;
        Ok(Some(
            response.unwrap_or_else(|error| failure(remediation, error)),
        ))
    }

    /// The role that the account had last before an event.
    async fn former_role(
        &self,
        account: &Thing,
        origin: &Origin,
    ) -> Result<Option<String>, PortError> {
        let time = timestamp(origin.event_time);
        let versions = self.baselines.versions(account, time).await?;
        let mut settings = versions
            .iter()
            .map(|version| understood(account, &version.settings));
        Ok(settings.find_map(|settings| match settings {
            Ok(Some(Settings::Account(account))) => account.cloudwatch_role_arn,
            _ => None,
        }))
    }
}

pub(super) fn has_role(response: &Response) -> bool {
    matches!(
        response.report.ending,
        Ending::Verified | Ending::AlreadyRight
    )
}

/// The account's role, put back where none is.
fn role_plan(live: Settings, role: String) -> Plan {
    let path = "/cloudwatchRoleArn";
    Plan {
        steps: vec![Step::UpdateAccount {
            patch_operations: vec![PatchOperation {
                op: PatchOp::Replace,
                path: path.to_owned(),
                value: Some(role.clone()),
            }],
        }],
        live,
        wanted: Settings::Account(Account {
            cloudwatch_role_arn: Some(role.clone()),
        }),
        changes: vec![SettingChange {
            path: path.to_owned(),
            before: Known::NotSet,
            after: Known::Set(role),
        }],
        fields: ["cloudwatch role".to_owned()].into(),
        notes: Vec::new(),
        moved: BTreeSet::new(),
        left: false,
    }
}
