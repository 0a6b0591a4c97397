//! What follows a private endpoint that was set back: whether the change had been published, and what is
//! done where it was. Everything here bears repetition: each follow-up is an entry of its own.

use super::propose::{Origin, Proposal, timestamp};
use super::{Remediator, Response, failure};
use crate::baseline::thing::{Thing, What};
use crate::causes::chain;
use crate::finding::{Known, SettingChange};
use crate::ports::{Delivery, PortError};
use crate::remediation::ledger::{self, Entry, Part, State};
use crate::remediation::modes::{Asked, Tags};
use crate::remediation::plan::{self, Plan};
use crate::remediation::policy::Policy;
use crate::remediation::ports::LedgerWrite;
use crate::remediation::publication::Exposure;
use crate::remediation::report::Ending;
use crate::remediation::settings::{Serving, Settings};
use crate::remediation::step::Step;
use crate::remediation::{Mode, Remediation};

impl<P: Policy> Remediator<P> {
    /// Adds to a response of `restore-private-endpoint` what is true of the published API, and what is
    /// done about it.
    pub(super) async fn followed(
        &self,
        mut response: Response,
        origin: &Origin,
        delivery: &Delivery,
    ) -> Response {
        if response.report.remediation != Remediation::RestorePrivateEndpoint {
            return response;
        }
        let Some(done) = response.report.done.first() else {
            return response;
        };
        let thing = done.thing.clone();
        let known = response.entry.as_ref().and_then(|e| e.exposure.clone());
        let exposure = match known {
            Some(exposure) => exposure,
            None => {
                let (exposure, reason) = self.exposure(&thing, origin.event_time).await;
                response.report.reasons.extend(reason);
                exposure
            }
        };
        response.report.exposure = Some(exposure.clone());
        let Some(entry) = response.entry.clone() else {
            return response;
        };
        if entry.state != State::Verified {
            return response;
        }
        match self.note(entry, &exposure).await {
            Ok(entry) => response.entry = Some(entry),
            Err(error) => response.error = response.error.or(Some(error)),
        }
        if let Exposure::Live { stages, .. } = exposure {
            let reports = self.close(&thing, origin, &stages, delivery).await;
            for followed in reports {
                response.error = response.error.or(followed.error);
                response.report.pages |= followed.report.pages;
                response.report.follow_ups.push(followed.report);
            }
        }
        response
    }

    /// What cannot be read counts as published.
    async fn exposure(&self, api: &Thing, event_time: i64) -> (Exposure, Option<String>) {
        match self.publications.publications(api).await {
            Ok(publications) => (publications.exposure(event_time), None),
            Err(error) => {
                let reason = format!(
                    "whether it was published could not be read: {}",
                    chain(&error)
                );
                let stages = Vec::new();
                (
                    Exposure::Live {
                        since: None,
                        stages,
                    },
                    Some(reason),
                )
            }
        }
    }

    async fn note(&self, entry: Entry, exposure: &Exposure) -> Result<Entry, PortError> {
        if entry.exposure.is_some() {
            return Ok(entry);
        }
        let Some(mut held) = self.ledger.entry(&entry.id).await? else {
            return Ok(entry);
        };
        held.value.exposure = Some(exposure.clone());
        let noted = held.value.clone();
        // Somebody else has noted the same, or moved it on: either way nothing is lost.
        self.ledger
            .write(&[LedgerWrite::Entry(Box::new(held))])
            .await?;
        Ok(noted)
    }

    /// Redeploys the restored draft where that may be done at once; else contains what is published.
    async fn close(
        &self,
        api: &Thing,
        origin: &Origin,
        stages: &[String],
        delivery: &Delivery,
    ) -> Vec<Response> {
        let redeployed = self.redeploy(api, origin, stages, delivery).await;
        let redeployed = redeployed.unwrap_or_else(|error| failure(Remediation::Redeploy, error));
        if redeployed.report.ending == Ending::Verified {
            let uncontained = self.uncontain(api, origin, delivery).await;
            return [Some(redeployed), uncontained]
                .into_iter()
                .flatten()
                .collect();
        }
        let contained = self.contain(api, origin, stages, delivery).await;
        let contained = contained.unwrap_or_else(|error| failure(Remediation::Contain, error));
        vec![redeployed, contained]
    }

    async fn redeploy(
        &self,
        api: &Thing,
        origin: &Origin,
        stages: &[String],
        delivery: &Delivery,
    ) -> Result<Response, PortError> {
        let remediation = Remediation::Redeploy;
        let opened = self.open(remediation, api, origin, stages, delivery);
        let mut proposal = match opened.await? {
            Ok(proposal) => proposal,
            Err(response) => return Ok(*response),
        };
        if stages.is_empty() {
            let reason = "no stage is known to deploy to";
            let report = self.described(remediation, &proposal.asked, reason);
            return Ok(Response::of(report));
        }
        let doubts = self.unpublished(api, origin, stages).await?;
        proposal.draft_is_published = doubts.is_empty();
        proposal.reasons.extend(doubts);
        let id = proposal.id.clone();
        let plan = |thing: &Thing, live| deployment(&id, thing, live);
        self.on_stages(proposal, stages, plan, delivery).await
    }

    /// Why a deployment of the draft may publish more than the restored settings; nothing: it does not.
    async fn unpublished(
        &self,
        api: &Thing,
        origin: &Origin,
        stages: &[String],
    ) -> Result<Vec<String>, PortError> {
        let time = timestamp(origin.event_time);
        let Some(published) = self.drafts.published_before(api, time).await? else {
            return Ok(vec![
                "what the last deployment before the change published is not known".to_owned(),
            ]);
        };
        let publications = self.publications.publications(api).await?;
        let last = publications.last_before(origin.event_time);
        if last.is_none() || published.deployment.as_deref() != last {
            return Ok(vec![
                "what is known to be published is not of the last deployment before the change"
                    .to_owned(),
            ]);
        }
        let draft = self.publications.draft(api).await?;
        let differences = draft.differences(&published.fingerprint).into_iter();
        let mut doubts: Vec<String> = differences
            .map(|one| format!("a deployment would publish an edit that never was: {one}"))
            .collect();
        for stage in stages {
            let versions = self.baselines.versions(&stage_of(api, stage), time).await?;
            let served = versions
                .first()
                .map(|version| Settings::serving(&version.settings));
            let served = match served {
                Some(Ok(Settings::Serving(serving))) => serving.deployment_id,
                _ => None,
            };
            if served.as_deref() != last {
                doubts.push(format!(
                    "stage {stage} did not serve the last deployment before the change"
                ));
            }
        }
        Ok(doubts)
    }

    async fn contain(
        &self,
        api: &Thing,
        origin: &Origin,
        stages: &[String],
        delivery: &Delivery,
    ) -> Result<Response, PortError> {
        let opened = self.open(Remediation::Contain, api, origin, stages, delivery);
        match opened.await? {
            Ok(proposal) if stages.is_empty() => {
                let reason = "no stage is known to close";
                let report = self.described(proposal.remediation, &proposal.asked, reason);
                Ok(Response::of(report))
            }
            Ok(proposal) => {
                let plan = |thing: &Thing, live| plan::contain(thing, &live);
                self.on_stages(proposal, stages, plan, delivery).await
            }
            Err(response) => Ok(*response),
        }
    }

    /// The same on every stage that exists. A deployment on one that is gone would make it again, without
    /// its settings.
    async fn on_stages(
        &self,
        mut proposal: Proposal,
        stages: &[String],
        plan: impl Fn(&Thing, Settings) -> Plan,
        delivery: &Delivery,
    ) -> Result<Response, PortError> {
        for stage in stages {
            let thing = stage_of(&proposal.thing, stage);
            let Some(live) = self.read(proposal.remediation, &thing).await? else {
                continue;
            };
            proposal.parts.push(Part {
                plan: plan(&thing, live),
                thing,
                read_back: None,
            });
        }
        if proposal.parts.iter().all(|part| part.plan.steps.is_empty()) {
            let (remediation, asked) = (proposal.remediation, &proposal.asked);
            let mut report = self.described(remediation, asked, "nothing is left to do");
            report.ending = Ending::AlreadyRight;
            return Ok(Response::of(report));
        }
        self.pursue(&proposal, delivery).await
    }

    /// What is asked for is the least of what is asked for any of the stages.
    async fn follow_up(
        &self,
        remediation: Remediation,
        api: &Thing,
        origin: &Origin,
        stages: &[String],
    ) -> Result<Proposal, PortError> {
        let time = timestamp(origin.event_time);
        let now = timestamp(self.clock.now());
        let mut things: Vec<Thing> = stages.iter().map(|stage| stage_of(api, stage)).collect();
        if things.is_empty() {
            things.push(api.clone());
        }
        let mut asked: Option<Asked> = None;
        let mut tags = Tags::new();
        for thing in &things {
            let versions = self.baselines.versions(thing, time).await?;
            tags = self.tags(thing, &versions, time).await?;
            let of_thing = self.modes.of(remediation, thing, &tags, now);
            asked = Some(match asked {
                Some(least) => least.and(of_thing),
                None => of_thing,
            });
        }
        let asked = asked.unwrap_or_else(Asked::nothing);
        Ok(Proposal {
            id: ledger::id(remediation, &api.account, &api.region, &origin.event_id),
            remediation,
            thing: api.clone(),
            asked,
            tags,
            origin: origin.clone(),
            parts: Vec::new(),
            draft_is_published: false,
            reasons: Vec::new(),
        })
    }

    /// A follow-up that stands in the ledger, or must not be planned, has its response at once.
    async fn open(
        &self,
        remediation: Remediation,
        api: &Thing,
        origin: &Origin,
        stages: &[String],
        delivery: &Delivery,
    ) -> Result<Result<Proposal, Box<Response>>, PortError> {
        let proposal = self.follow_up(remediation, api, origin, stages).await?;
        if proposal.asked.mode.min(self.cap) <= Mode::Notify {
            let mode = proposal.asked.mode.as_str();
            let reason = format!("the mode of `{}` is `{mode}`", remediation.as_str());
            let report = self.described(remediation, &proposal.asked, reason);
            return Ok(Err(Box::new(Response::of(report))));
        }
        Ok(match self.ledger.entry(&proposal.id).await? {
            Some(entry) => Err(Box::new(self.known(entry, delivery).await?)),
            None => Ok(proposal),
        })
    }

    /// Lifts a containment once what it contained is closed. `None` when there is none.
    pub(super) async fn uncontain(
        &self,
        api: &Thing,
        origin: &Origin,
        delivery: &Delivery,
    ) -> Option<Response> {
        let id = ledger::id(
            Remediation::Contain,
            &api.account,
            &api.region,
            &origin.event_id,
        );
        let contained = self.ledger.entry(&id).await;
        let contained = match contained {
            Ok(found) => found.filter(|entry| entry.value.state == State::Verified)?,
            Err(error) => return Some(failure(Remediation::Contain, error)),
        };
        let undone = self.undo_entry(contained, None, delivery).await;
        Some(undone.unwrap_or_else(|error| failure(Remediation::Contain, error)))
    }
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

/// A deployment of the draft on a stage. Its description names the ledger entry.
fn deployment(id: &str, thing: &Thing, live: Settings) -> Plan {
    let rest_api_id = thing.api().map(|api| api.id.clone()).unwrap_or_default();
    let stage = thing.stage().unwrap_or_default();
    let served = match &live {
        Settings::Serving(serving) => serving.deployment_id.clone(),
        _ => None,
    };
    Plan {
        steps: vec![Step::CreateDeployment {
            rest_api_id,
            stage_name: stage.to_owned(),
            description: format!("Portcullis {id}"),
        }],
        live,
        wanted: Settings::Serving(Serving::default()),
        changes: vec![SettingChange {
            path: "/deploymentId".to_owned(),
            before: Known::from(served),
            after: Known::Set("a new deployment of the restored draft".to_owned()),
        }],
        fields: [format!("deployment of {stage}")].into(),
        notes: Vec::new(),
    }
}
