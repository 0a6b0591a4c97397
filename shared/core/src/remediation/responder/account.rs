//! The account's CloudWatch role, without which no stage of the Region can log its executions.

use super::propose::{Proposal, timestamp};
use super::subject::understood;
use super::{Remediator, Response, failure};
use crate::baseline::thing::{Thing, What};
use crate::ports::{Delivery, PortError};
use crate::remediation::brakes::Counts;
use crate::remediation::ledger;
use crate::remediation::modes::{Asked, Tags};
use crate::remediation::plan::{self, Plan};
use crate::remediation::policy::Policy;
use crate::remediation::report::{Done, Ending};
use crate::remediation::settings::{Account, Settings};
use crate::remediation::step::{PatchOp, PatchOperation, Step};
use crate::remediation::{Mode, Remediation};

use crate::finding::{Known, SettingChange};

/// For so many seconds after a removal its own restore may be under way.
const RECENT: i64 = 15 * 60;

/// Versions of the account are looked through for so many seconds back.
const LATELY: i64 = 24 * 3600;

/// Seconds to wait for that restore, and how often.
const TURN: u64 = 2;
const TURNS: usize = 3;

const BY_A_PERSON: &str =
    "who removed the role, and whether that may be reverted, is judged by its own event only";
const AS_THE_STAGE: &str = "nothing is done about the account that may not be done about the stage";

impl<P: Policy> Remediator<P> {
    /// `None` when the account has its CloudWatch role; else what was done about it for the restore of a
    /// stage.
    pub(super) async fn account_role(
        &self,
        stage: &Proposal,
        delivery: &Delivery,
    ) -> Result<Option<Response>, PortError> {
        let remediation = Remediation::RestoreAccountLoggingRole;
        let thing = Thing {
            what: What::Account,
            ..stage.thing.clone()
        };
        let Some(live) = self.without_role(&thing).await? else {
            return Ok(None);
        };
        let (tags, now) = (Tags::new(), timestamp(self.clock.now()));
        let mut asked = self.modes.of(remediation, &thing, &tags, now);
        let Some(Removed { role, at }) = self.removed(&thing).await? else {
            let reason = "the account has no CloudWatch role, and no former one is known";
            return Ok(Some(Response::of(self.described(
                remediation,
                &asked,
                reason,
            ))));
        };
        let plan = role_plan(&live, role);
        if asked.mode.min(self.cap) <= Mode::Notify {
            let reason = "the account has no CloudWatch role";
            let mut report = self.described(remediation, &asked, reason);
            report.done = Some(Done { thing, plan });
            return Ok(Some(Response::of(report)));
        }
        let by_itself = asked.mode.min(self.cap) == Mode::Auto;
        let reason = self.lower(&mut asked, stage).await?;
        if by_itself && asked.mode == Mode::Approve && self.comes_back(&thing, at).await? {
            return Ok(None);
        }
        let origin = stage.origin.clone();
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
            reasons: reason.map(str::to_owned).into_iter().collect(),
            counts: Counts::Both,
        };
        // Without the role the rest is still worth restoring.
        let response = self.pursue(&proposal, delivery).await;
        Ok(Some(
            response.unwrap_or_else(|error| failure(remediation, error)),
        ))
    }

    /// The account's settings when it has no role.
    async fn without_role(&self, account: &Thing) -> Result<Option<Settings>, PortError> {
        let remediation = Remediation::RestoreAccountLoggingRole;
        let live = self.read(remediation, account).await?;
        Ok(live.filter(|live| role(live).is_none()))
    }

    /// Whether the role comes back by itself: who takes it away together with the logging of a stage has
    /// made two events, and the other one may be remediated right now.
    async fn comes_back(&self, account: &Thing, removed: Option<i64>) -> Result<bool, PortError> {
        let now = self.clock.now();
        if removed.is_some_and(|at| now - at > RECENT) {
            return Ok(false);
        }
        for _ in 0..TURNS {
            self.clock.wait(TURN).await;
            if self.without_role(account).await?.is_none() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// The role that the account had last, as far as the baseline knows.
    async fn removed(&self, account: &Thing) -> Result<Option<Removed>, PortError> {
        let now = self.clock.now();
        let (from, to) = (timestamp(now - LATELY), timestamp(now + 1));
        let versions = self.baselines.lately(account, from, to).await?.versions;
        let mut at = None;
        for version in versions {
            // One that cannot be understood tells nothing.
            let settings = understood(account, &version.settings).ok().flatten();
            if let Some(role) = settings.as_ref().and_then(role) {
                return Ok(Some(Removed { role, at }));
            }
            at = Some(version.time.as_second());
        }
        Ok(None)
    }

    /// INVARIANT: who removed the role, and whether that may be reverted, only its own event says. For the
    /// sake of a stage it is put back by a person at most, and never further than the stage itself.
    async fn lower(
        &self,
        asked: &mut Asked,
        stage: &Proposal,
    ) -> Result<Option<&'static str>, PortError> {
        let brakes = self.brakes(stage.remediation, &stage.thing).await?;
        let most = self.weigh(stage, &brakes, self.clock.now()).mode;
        let most = most.min(Mode::Approve);
        if asked.mode <= most {
            return Ok(None);
        }
        asked.mode = most;
        Ok(Some(match most {
            Mode::Approve => BY_A_PERSON,
            _ => AS_THE_STAGE,
        }))
    }
}

/// The role that an account had, and when it was seen to be without it first: `None` when the baseline still
/// has the role.
struct Removed {
    role: String,
    at: Option<i64>,
}

fn role(settings: &Settings) -> Option<String> {
    match settings {
        Settings::Account(account) => account.cloudwatch_role_arn.clone(),
        _ => None,
    }
}

pub(super) fn has_role(response: &Response) -> bool {
    matches!(
        response.report.ending,
        Ending::Verified | Ending::AlreadyRight
    )
}

/// The account's role, put back where none is.
fn role_plan(live: &Settings, role: String) -> Plan {
    let path = "/cloudwatchRoleArn";
    Plan {
        steps: vec![Step::UpdateAccount {
            patch_operations: vec![PatchOperation {
                op: PatchOp::Replace,
                path: path.to_owned(),
                value: Some(role.clone()),
            }],
        }],
        wanted: Settings::Account(Account {
            cloudwatch_role_arn: Some(role.clone()),
        }),
        changes: vec![SettingChange {
            path: path.to_owned(),
            before: Known::NotSet,
            after: Known::Set(role),
        }],
        fields: ["cloudwatch role".to_owned()].into(),
        ..plan::nothing(live)
    }
}
