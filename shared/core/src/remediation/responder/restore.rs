//! From a finding to a proposal: what stood before, what stands now, and what was taken away in between.

use super::propose::{Origin, Proposal, timestamp};
use super::{Case, Remediator, Response, failure};
use crate::baseline::thing::{Api, Thing, What};
use crate::baseline::{Kept, Shape, Version};
use crate::change::{Change, StageEdit, Target};
use crate::ports::{Delivery, PortError};
use crate::remediation::ledger::{self, Part};
use crate::remediation::modes::{Asked, Tags};
use crate::remediation::plan::{self, Plan};
use crate::remediation::policy::Policy;
use crate::remediation::report::{Done, Ending, Report};
use crate::remediation::settings::{Account, RestStage, Settings};
use crate::remediation::step::{PatchOp, PatchOperation, Step};
use crate::remediation::{Mode, Remediation};
use crate::settings::Scope;

/// Tags count for so many seconds after they were last seen: who strips one first gains nothing.
const TAGS: i64 = 24 * 3600;

const NO_BASELINE: &str =
    "what stood before is not known (no baseline), so nothing can be put back by itself";
const GONE: &str = "it does not exist any more, so there is nothing to put back";
const NOTHING_LEFT: &str = "nothing is left to put back";

/// What a case is about.
struct Subject {
    remediation: Remediation,
    thing: Thing,
    tags: Tags,
    asked: Asked,
    origin: Origin,
    /// What stood before the change.
    before: Option<Settings>,
    /// What it left behind, where the record shows it.
    after: Option<Settings>,
}

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
            let report = self.described(remediation, &subject.asked, NO_BASELINE);
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
        let mut plan = plan::restore(thing, case.change, before, after, &live);
        let mut reasons = Vec::new();
        let mut account = None;
        if writes_levels(&plan) {
            account = self.account_role(subject, delivery).await?;
            if let Some(response) = &account
                && !has_role(response)
            {
                let rest = without_levels(before, after.unwrap_or(&live));
                plan = plan::restore(thing, case.change, &rest, after, &live);
                reasons.push(
                    "execution logging cannot be restored while the account has no CloudWatch role"
                        .to_owned(),
                );
            }
        }
        let mut response = if plan.steps.is_empty() {
            Response::of(self.already(subject, plan, reasons))
        } else {
            let proposal = Proposal {
                id,
                remediation,
                thing: thing.clone(),
                tags: subject.tags.clone(),
                asked: subject.asked.clone(),
                origin: subject.origin.clone(),
                parts: vec![Part {
                    thing: thing.clone(),
                    plan,
                    read_back: None,
                }],
                draft_is_published: false,
                reasons,
            };
            self.pursue(&proposal, delivery).await?
        };
        if let Some(account) = account {
            response.report.follow_ups.push(account.report);
            response.error = response.error.or(account.error);
        }
        Ok(response)
    }

    /// Nothing to write: all is right already, or what is not cannot or must not be touched.
    fn already(&self, subject: &Subject, plan: Plan, mut reasons: Vec<String>) -> Report {
        let is_right = plan.notes.is_empty() && reasons.is_empty();
        if !is_right {
            reasons.push(NOTHING_LEFT.to_owned());
        }
        let mut report = Report::nothing(subject.remediation, subject.asked.mode, String::new());
        report.reasons = reasons;
        report.ending = match is_right {
            true => Ending::AlreadyRight,
            false => Ending::Failed,
        };
        report.done = vec![Done {
            thing: subject.thing.clone(),
            plan,
        }];
        report
    }

    /// How a person would put it back, from the record and the baseline alone.
    fn manual(&self, case: &Case<'_>, subject: &Subject, before: &Settings) -> Report {
        let reason = "the mode is `notify`: nothing is changed here";
        let mut report = self.described(subject.remediation, &subject.asked, reason);
        let after = subject.after.clone();
        if let Some(after) = after.or_else(|| left_behind(before, case.change)) {
            let plan = plan::restore(&subject.thing, case.change, before, Some(&after), &after);
            report.done = vec![Done {
                thing: subject.thing.clone(),
                plan,
            }];
        }
        report
    }

    async fn subject(
        &self,
        case: &Case<'_>,
        remediation: Remediation,
    ) -> Result<Option<Subject>, PortError> {
        let Case {
            record,
            change,
            finding,
            past,
        } = case;
        let target = Target {
            api: finding.api.clone(),
            stage: finding.stage.clone(),
            stack: None,
        };
        let Some(thing) = Thing::of(&record.account, &record.region, target) else {
            return Ok(None);
        };
        let newest = past.versions.first();
        let before = newest.map(|version| understood(&thing, &version.settings));
        let tags = self.tags(&thing, &past.versions, record.time).await?;
        let now = timestamp(self.clock.now());
        Ok(Some(Subject {
            remediation,
            asked: self.modes.of(remediation, &thing, &tags, now),
            tags,
            origin: Origin {
                finding_id: finding.id.clone(),
                rule: finding.rule.to_owned(),
                event_id: record.id.clone(),
                event_time: record.time.as_second(),
                actor: actor(case),
                confidence: finding.confidence,
                by_cloudformation: finding.by_cloudformation,
            },
            before: before.transpose()?.flatten(),
            after: after(case, change, &thing)?,
            thing,
        }))
    }

    /// Tags of a stage and its API, with all values of the last day.
    pub(super) async fn tags(
        &self,
        thing: &Thing,
        versions: &[Version],
        time: jiff::Timestamp,
    ) -> Result<Tags, PortError> {
        let mut tags = Tags::new();
        if !self.modes.reads_tags() {
            return Ok(tags);
        }
        add_tags(&mut tags, versions, time);
        if let What::Stage(api, _) = &thing.what {
            let api = Thing {
                what: What::Api(api.clone()),
                ..thing.clone()
            };
            let versions = self.baselines.versions(&api, time).await?;
            add_tags(&mut tags, &versions, time);
        }
        Ok(tags)
    }

    /// `None` when the account has its CloudWatch role; else what was done about it.
    async fn account_role(
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
            parts: vec![Part {
                thing: thing.clone(),
                plan,
                read_back: None,
            }],
            thing,
            tags: Tags::new(),
            asked,
            origin,
            draft_is_published: false,
            reasons: Vec::new(),
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

/// The role behind a session, else the user: what policies name.
fn actor(case: &Case<'_>) -> Option<String> {
    let identity = &case.record.identity;
    let issuer = identity.session_issuer().map(str::to_owned);
    issuer.or_else(|| identity.arn.clone())
}

/// What the response shows of the thing. A state that was read live stands for itself.
fn after(case: &Case<'_>, change: &Change, thing: &Thing) -> Result<Option<Settings>, PortError> {
    let shape = match &thing.what {
        What::Account => Shape::Account,
        What::Api(Api { kind, .. }) if *kind == Some(crate::change::ApiType::Rest) => {
            Shape::RestApi
        }
        What::Api(_) => Shape::V2Api,
        What::Stage(api, _) if api.is_rest() => Shape::RestStage,
        What::Stage(..) => Shape::V2Stage,
    };
    let shown = case.record.response.json();
    let kept = shown.and_then(|json| Kept::from_response(shape, json));
    match (kept, change) {
        (Some(kept), _) => understood(thing, &kept),
        // A new stage without a response: its request is all there is, and it has no logging in it.
        (None, _) => Ok(None),
    }
}

fn understood(thing: &Thing, kept: &Kept) -> Result<Option<Settings>, PortError> {
    Settings::of(thing, kept).map_err(|source| PortError {
        action: "understand the baseline",
        retryable: false,
        source: Box::new(source),
    })
}

/// What calls without a response leave behind: they take one thing away.
fn left_behind(before: &Settings, change: &Change) -> Option<Settings> {
    let (Settings::V2Stage(before), Change::StageUpdated(update)) = (before, change) else {
        return None;
    };
    let mut after = before.clone();
    for edit in &update.edits {
        match &edit.what {
            StageEdit::AccessLogsRemoved => after.access_log_settings = None,
            StageEdit::Removed(Scope::One(route)) => {
                after.route_settings.remove(route);
            }
            _ => return None,
        }
    }
    Some(Settings::V2Stage(after))
}

fn add_tags(tags: &mut Tags, versions: &[Version], time: jiff::Timestamp) {
    for (at, version) in versions.iter().enumerate() {
        let age = time.as_second() - version.since.as_second();
        // The one that counts, whatever its age, and what the last day has seen besides.
        let was_there = at == 0
            || versions
                .get(at - 1)
                .is_some_and(|later| time.as_second() - later.since.as_second() < TAGS);
        if was_there || age < TAGS {
            for (key, value) in version.settings.tags() {
                tags.entry(key).or_default().insert(value);
            }
        }
    }
}

/// Whether a plan writes execution log levels, which API Gateway refuses without the account's role.
fn writes_levels(plan: &Plan) -> bool {
    plan.changes.iter().any(|change| {
        let path = change.path.to_ascii_lowercase();
        path.ends_with("/logging/loglevel") || path.ends_with("logginglevel")
    })
}

fn has_role(response: &Response) -> bool {
    matches!(
        response.report.ending,
        Ending::Verified | Ending::AlreadyRight
    )
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

/// The account's role, put back where none is.
fn role_plan(live: Settings, role: String) -> Plan {
    use crate::finding::{Known, SettingChange};
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
    }
}
