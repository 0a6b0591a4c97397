//! Closes the stages that serve what was published of a bad change: by a deployment of the restored draft
//! where that publishes nothing else, else by a request limit of 0.

use super::carry::GONE;
use super::propose::{Origin, Proposal, timestamp};
use super::{Remediator, Response, failure};
use crate::baseline::thing::{Thing, What};
use crate::finding::{Known, SettingChange};
use crate::ports::{Delivery, PortError};
use crate::remediation::brakes::Counts;
use crate::remediation::ledger::{self, State};
use crate::remediation::modes::Asked;
use crate::remediation::plan::{self, Plan};
use crate::remediation::policy::Policy;
use crate::remediation::report::Ending;
use crate::remediation::settings::{Serving, Settings};
use crate::remediation::step::Step;
use crate::remediation::{Mode, Remediation};

impl<P: Policy> Remediator<P> {
    /// Closes every stage that serves the bad change, each by itself: what holds for one says nothing of
    /// another, which the attacker may have made.
    pub(super) async fn close(
        &self,
        api: &Thing,
        origin: &Origin,
        stages: &[String],
        delivery: &Delivery,
    ) -> Vec<Response> {
        let mut followed = Followed::default();
        for name in stages {
            let stage = stage_of(api, name);
            for response in self
                .close_stage(&stage, origin, &mut followed, delivery)
                .await
            {
                followed.add(response);
            }
        }
        if stages.is_empty() {
            for remediation in [Remediation::Redeploy, Remediation::Contain] {
                let reason = "which stages serve it is not known, so none can be closed";
                let report = self.described(remediation, &Asked::nothing(), reason);
                followed.add(Response::of(report));
            }
        }
        followed.responses
    }

    /// Redeploys the restored draft where that may be done at once; else contains the stage.
    async fn close_stage(
        &self,
        stage: &Thing,
        origin: &Origin,
        followed: &mut Followed,
        delivery: &Delivery,
    ) -> Vec<Response> {
        let redeployed = self.redeploy(stage, origin, followed, delivery).await;
        let redeployed = redeployed.unwrap_or_else(|error| failure(Remediation::Redeploy, error));
        let then = match redeployed.report.ending {
            Ending::Verified => self.uncontain(stage, origin, delivery).await,
            _ => {
                let contained = self.contain(stage, origin, followed, delivery).await;
                Some(contained.unwrap_or_else(|error| failure(Remediation::Contain, error)))
            }
        };
        std::iter::once(redeployed).chain(then).collect()
    }

    async fn redeploy(
        &self,
        stage: &Thing,
        origin: &Origin,
        followed: &mut Followed,
        delivery: &Delivery,
    ) -> Result<Response, PortError> {
        let opened = self.open(Remediation::Redeploy, stage, origin, followed, delivery);
        let (mut proposal, live) = match opened.await? {
            Opened::Proposal(proposal, live) => (proposal, live),
            Opened::Stands(response) => return Ok(*response),
        };
        let draft = match followed.draft.take() {
            Some(draft) => draft,
            None => self.judged(stage, origin).await?,
        };
        let mut doubts = draft.doubts.clone();
        doubts.extend(self.not_served(stage, origin, &draft).await?);
        proposal.draft_is_published = doubts.is_empty();
        proposal.reasons.extend(doubts);
        proposal.draft = Some(draft.digest.clone());
        followed.draft = Some(draft);
        proposal.plan = deployment(&proposal.id, &delivery.owner, stage, &live);
        self.pursue(&proposal, delivery).await
    }

    /// The draft that a deployment would publish, and why it may be more than the restored settings.
    async fn judged(&self, api: &Thing, origin: &Origin) -> Result<Draft, PortError> {
        let time = timestamp(origin.event_time);
        let draft = self.publications.draft(api).await?;
        let digest = draft.digest();
        let published = self.drafts.published_before(api, time).await?;
        let publications = self.publications.publications(api).await?;
        let last = publications.last_before(origin.event_time);
        let doubts = match published {
            None => {
                vec!["what the last deployment before the change published is not known".to_owned()]
            }
            Some(published) if last.is_none() || published.deployment.as_deref() != last => vec![
                "what is known to be published is not of the last deployment before the change"
                    .to_owned(),
            ],
            Some(published) => {
                let differences = draft.differences(&published.fingerprint).into_iter();
                let doubt =
                    |one| format!("a deployment would publish an edit that never was: {one}");
                differences.map(doubt).collect()
            }
        };
        Ok(Draft {
            digest,
            doubts,
            last: last.map(str::to_owned),
        })
    }

    /// Says so where a stage did not serve what the restored draft is compared with.
    async fn not_served(
        &self,
        stage: &Thing,
        origin: &Origin,
        draft: &Draft,
    ) -> Result<Option<String>, PortError> {
        let time = timestamp(origin.event_time);
        let versions = self.baselines.versions(stage, time).await?;
        let newest = versions.first();
        let served = match newest.map(|version| Settings::serving(&version.settings)) {
            Some(Ok(Settings::Serving(serving))) => serving.deployment_id,
            _ => None,
        };
        Ok((served.is_none() || served != draft.last)
            .then(|| "the stage did not serve the last deployment before the change".to_owned()))
    }

    async fn contain(
        &self,
        stage: &Thing,
        origin: &Origin,
        followed: &mut Followed,
        delivery: &Delivery,
    ) -> Result<Response, PortError> {
        let opened = self.open(Remediation::Contain, stage, origin, followed, delivery);
        let (mut proposal, live) = match opened.await? {
            Opened::Proposal(proposal, live) => (proposal, live),
            Opened::Stands(response) => return Ok(*response),
        };
        proposal.plan = plan::contain(stage, &live);
        if proposal.plan.steps.is_empty() {
            let reason = "the stage refuses every request already";
            let mut report = self.described(Remediation::Contain, &proposal.asked, reason);
            report.ending = Ending::AlreadyRight;
            return Ok(Response::of(report));
        }
        self.pursue(&proposal, delivery).await
    }

    /// A follow-up to plan for the live settings of a stage. One that stands in the ledger, or must not be
    /// planned, has its response at once.
    async fn open(
        &self,
        remediation: Remediation,
        stage: &Thing,
        origin: &Origin,
        followed: &Followed,
        delivery: &Delivery,
    ) -> Result<Opened, PortError> {
        let time = timestamp(origin.event_time);
        let tagged = self.tags(stage, time).await?;
        let now = timestamp(self.clock.now());
        let asked = tagged.lowered(self.modes.of(remediation, stage, &tagged.tags, now));
        let described = |reason: String| {
            let report = self.described(remediation, &asked, reason);
            Ok(Opened::Stands(Box::new(Response::of(report))))
        };
        if asked.mode.min(self.cap) <= Mode::Notify {
            let (name, mode) = (stage.stage().unwrap_or_default(), asked.mode.as_str());
            let what = remediation.as_str();
            return described(format!("the mode of `{what}` is `{mode}` for stage {name}"));
        }
        let id = ledger::follow_up_id(remediation, stage, &origin.event_id);
        if let Some(entry) = self.ledger.entry(&id).await? {
            let response = self.known(entry, delivery).await?;
            return Ok(Opened::Stands(Box::new(response)));
        }
        // A deployment to a stage that is gone would make it again, without its settings.
        let Some(live) = self.read(remediation, stage).await? else {
            return described(GONE.to_owned());
        };
        let proposal = Proposal {
            id,
            remediation,
            thing: stage.clone(),
            tags: tagged.tags,
            asked,
            origin: origin.clone(),
            plan: plan::nothing(&live),
            draft_is_published: false,
            draft: None,
            reasons: tagged.doubt.into_iter().collect(),
            counts: match followed.is_counted {
                true => Counts::Resource,
                false => Counts::Both,
            },
        };
        Ok(Opened::Proposal(Box::new(proposal), live))
    }

    /// Lifts a containment once what it contained is closed. `None` when there is none.
    pub(super) async fn uncontain(
        &self,
        stage: &Thing,
        origin: &Origin,
        delivery: &Delivery,
    ) -> Option<Response> {
        let id = ledger::follow_up_id(Remediation::Contain, stage, &origin.event_id);
        let contained = match self.ledger.entry(&id).await {
            Ok(found) => found?,
            Err(error) => return Some(failure(Remediation::Contain, error)),
        };
        let undone = match contained.value.state {
            State::Verified | State::Attempted => self.undo_entry(contained, None, delivery).await,
            State::Undoing => self.known(contained, delivery).await,
            _ => return None,
        };
        Some(undone.unwrap_or_else(|error| failure(Remediation::Contain, error)))
    }
}

/// A follow-up that is to be planned for what is live, or its response.
enum Opened {
    Proposal(Box<Proposal>, Settings),
    Stands(Box<Response>),
}

/// What was done on the stages of an API so far.
#[derive(Default)]
struct Followed {
    responses: Vec<Response>,
    /// The account's share has counted the event: stages are many, and some may be the attacker's.
    is_counted: bool,
    /// The draft is the same for all of them, and long to read.
    draft: Option<Draft>,
}

impl Followed {
    /// What is only described is told once, with all its reasons.
    fn add(&mut self, response: Response) {
        self.is_counted |= response
            .entry
            .as_ref()
            .is_some_and(|entry| !entry.writes.is_empty());
        let report = &response.report;
        let same = self.responses.iter_mut().find(|one| {
            let is_described = one.report.ending == Ending::Described && one.entry.is_none();
            is_described
                && (one.report.remediation, &one.report.ending, one.report.asked)
                    == (report.remediation, &report.ending, report.asked)
        });
        let Some(same) = same else {
            self.responses.push(response);
            return;
        };
        for reason in response.report.reasons {
            if !same.report.reasons.contains(&reason) {
                same.report.reasons.push(reason);
            }
        }
    }
}

/// A draft that a deployment would publish.
struct Draft {
    digest: String,
    doubts: Vec<String>,
    /// The last deployment before the change.
    last: Option<String>,
}

fn stage_of(api: &Thing, stage: &str) -> Thing {
    let what = match &api.what {
        What::Api(api) | What::Stage(api, _) => What::Stage(api.clone(), stage.to_owned()),
        What::Account => What::Account,
    };
    Thing {
        what,
        ..api.clone()
    }
}

/// A deployment of the draft on a stage. Its description names the ledger entry and the invocation: nobody
/// else can have made one of that description before.
fn deployment(id: &str, invocation: &str, thing: &Thing, live: &Settings) -> Plan {
    let rest_api_id = thing.api().map(|api| api.id.clone()).unwrap_or_default();
    let stage = thing.stage().unwrap_or_default();
    let served = match live {
        Settings::Serving(serving) => serving.deployment_id.clone(),
        _ => None,
    };
    let description = format!("Portcullis {id} {invocation}");
    Plan {
        steps: vec![Step::CreateDeployment {
            rest_api_id,
            stage_name: stage.to_owned(),
            description: description.clone(),
        }],
        wanted: Settings::Serving(Serving {
            deployment_id: None,
            description: Some(description),
        }),
        changes: vec![SettingChange {
            path: "/deploymentId".to_owned(),
            before: Known::from(served),
            after: Known::Set("a new deployment of the restored draft".to_owned()),
        }],
        fields: [format!("deployment of {stage}")].into(),
        ..plan::nothing(live)
    }
}
