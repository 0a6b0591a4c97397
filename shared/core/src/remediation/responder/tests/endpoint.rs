//! A private API that was made public: armed or live, redeployed, contained, and opened again for requests.

use std::collections::BTreeMap;

use super::*;
use crate::baseline::Version;
use crate::remediation::command::Answer;
use crate::remediation::ports::PublishedDraft;
use crate::remediation::publication::{Exposure, Fingerprint, Publications, PublishedStage};
use crate::remediation::report::Report;
use crate::remediation::settings::{EndpointConfiguration, RestApi};
use crate::remediation::step::Step;
use crate::remediation::testing::{api, kept};

const EVENT: i64 = NOW - 60;

fn endpoint(kind: &str, vpc_endpoints: &[&str]) -> Settings {
    Settings::RestApi(RestApi {
        endpoint_configuration: EndpointConfiguration {
            types: vec![kind.to_owned()],
            vpc_endpoint_ids: vpc_endpoints.iter().map(|id| (*id).to_owned()).collect(),
            ip_address_type: Some("dualstack".to_owned()),
        },
        policy: None,
    })
}

fn draft(digest: &str) -> Fingerprint {
    Fingerprint(BTreeMap::from([(
        "GET /pets".to_owned(),
        digest.to_owned(),
    )]))
}

/// The API is private with one stage that serves `d1`; then it is made public, and `since` deployed.
fn opened(since: Option<i64>) -> (Arc<World>, Proposal) {
    let world = world();
    let (thing, prod) = (api("a1"), stage("a1", "prod"));
    let (good, bad) = (endpoint("PRIVATE", &["vpce-1"]), endpoint("REGIONAL", &[]));
    let plan = back(&thing, &bad, &good);
    let serving = if since.is_some() { "d2" } else { "d1" };
    {
        let mut state = world.state();
        state.things.insert(name(&thing), bad);
        state.things.insert(name(&prod), logged("INFO", None));
        let time = timestamp(EVENT - 3_600);
        let before = kept(&logged("INFO", None), Some("d1"));
        let version = Version::of_response(prod.clone(), time, before);
        state.versions.insert(name(&prod), vec![version]);
        let mut deployments = BTreeMap::from([("d1".to_owned(), Some(EVENT - 3_600))]);
        deployments.extend(since.map(|at| ("d2".to_owned(), Some(at))));
        state.publications = Publications {
            stages: vec![PublishedStage {
                name: "prod".to_owned(),
                deployment_id: Some(serving.to_owned()),
                changed: Some(since.unwrap_or(EVENT - 3_600)),
            }],
            deployments,
            ..Publications::default()
        };
        state.draft = draft("same");
        state.published = Some(PublishedDraft {
            deployment: Some("d1".to_owned()),
            fingerprint: draft("same"),
        });
    }
    let proposal = Proposal {
        id: ledger::id(
            Remediation::RestorePrivateEndpoint,
            &thing.account,
            &thing.region,
            "e1",
        ),
        remediation: Remediation::RestorePrivateEndpoint,
        ..proposal(&thing, "e1", EVENT, plan)
    };
    (world, proposal)
}

fn guard(world: &Arc<World>) -> Remediator<PlainPolicy> {
    Remediator {
        function: "api-exposure",
        ..remediator(world)
    }
}

/// The restore of the endpoint, and what follows it.
fn followed<P: Policy>(
    world: &Arc<World>,
    remediator: &Remediator<P>,
    proposal: &Proposal,
) -> Report {
    let response = run(world, proposal, "r1");
    assert_eq!(response.report.ending, Ending::Verified);
    let delivery = delivery("r1");
    let followed = remediator.followed(response, &proposal.origin, &delivery);
    block_on(followed).report
}

fn restored(world: &Arc<World>, proposal: &Proposal) -> Report {
    followed(world, &guard(world), proposal)
}

fn deployments(world: &Arc<World>) -> usize {
    let written = &world.state().written;
    let is_deployment = |step: &Step| matches!(step, Step::CreateDeployment { .. });
    written
        .iter()
        .filter(|(_, step, _)| is_deployment(step))
        .count()
}

fn limits(world: &Arc<World>) -> (Option<i64>, Option<f64>) {
    let state = world.state();
    let Settings::RestStage(stage) = &state.things[&name(&stage("a1", "prod"))] else {
        panic!("a stage");
    };
    let all = &stage.method_settings["*/*"];
    (all.throttling_burst_limit, all.throttling_rate_limit)
}

#[test]
fn what_was_not_deployed_is_armed_and_nothing_follows() {
    let (world, proposal) = opened(None);
    world.state().updating = 3;
    let report = restored(&world, &proposal);
    assert_eq!(report.exposure, Some(Exposure::Armed));
    assert_eq!(report.follow_ups, []);
    assert_eq!(deployments(&world), 0);
    let things = &world.state().things;
    assert_eq!(things[&name(&api("a1"))], endpoint("PRIVATE", &["vpce-1"]));
}

#[test]
fn what_was_deployed_is_deployed_again_when_that_publishes_nothing_else() {
    let (world, proposal) = opened(Some(EVENT + 5));
    let report = restored(&world, &proposal);
    let stages = vec!["prod".to_owned()];
    let since = Some(EVENT + 5);
    assert_eq!(report.exposure, Some(Exposure::Live { since, stages }));
    assert_eq!(report.follow_ups.len(), 1);
    assert_eq!(report.follow_ups[0].ending, Ending::Verified);
    assert_eq!(deployments(&world), 1);
    assert_eq!(limits(&world), (Some(5_000), Some(10_000.0)));
}

#[test]
fn an_edit_that_was_never_published_is_not_deployed_but_contained_until_somebody_approves() {
    let (world, proposal) = opened(Some(EVENT + 5));
    world.state().draft = draft("edited");
    let remediator = strict(&world);
    let report = followed(&world, &remediator, &proposal);
    let [redeploy, contain] = report.follow_ups.as_slice() else {
        panic!("{report:?}");
    };
    assert!(
        matches!(redeploy.ending, Ending::Awaiting { .. }),
        "{redeploy:?}"
    );
    assert_eq!(
        redeploy.reasons[0],
        "a deployment would publish an edit that never was: GET /pets was changed"
    );
    assert_eq!(contain.ending, Ending::Verified);
    assert_eq!(limits(&world), (Some(0), Some(0.0)));
    assert_eq!(deployments(&world), 0);

    let command = Command::Approve {
        id: redeploy.id.clone().unwrap(),
        by: None,
    };
    let (answer, _) = block_on(remediator.obey(&command, &delivery("c"))).unwrap();
    assert_eq!(answer.state, "verified");
    assert_eq!(deployments(&world), 1);
    assert_eq!(limits(&world), (Some(5_000), Some(10_000.0)));
}

/// A private API that is live with an edited draft: contained, and the id of the redeployment that waits.
fn waiting() -> (Arc<World>, Remediator<Strict>, String) {
    let (world, proposal) = opened(Some(EVENT + 5));
    world.state().draft = draft("edited");
    let remediator = strict(&world);
    let report = followed(&world, &remediator, &proposal);
    let id = report.follow_ups[0].id.clone().unwrap();
    (world, remediator, id)
}

fn approve(remediator: &Remediator<Strict>, id: &str) -> Answer {
    let command = Command::Approve {
        id: id.to_owned(),
        by: None,
    };
    block_on(remediator.obey(&command, &delivery("c")))
        .unwrap()
        .0
}

/// Whoever made the API public can move the stage from one public deployment to another.
#[test]
fn a_deployment_by_somebody_else_is_not_taken_for_ours() {
    let (world, remediator, id) = waiting();
    world
        .state()
        .deploy(&stage("a1", "prod"), "d3", &format!("Portcullis {id}"));
    let answer = approve(&remediator, &id);
    assert_eq!(answer.state, "refused");
    assert_eq!(
        answer.text,
        ["changed since by somebody else: /deploymentId"]
    );
    assert_eq!(deployments(&world), 0);
    assert_eq!(limits(&world), (Some(0), Some(0.0)));
}

#[test]
fn a_draft_that_was_edited_since_it_was_judged_is_not_deployed() {
    let (world, remediator, id) = waiting();
    world.state().draft = draft("edited again");
    let answer = approve(&remediator, &id);
    assert_eq!(
        (answer.state.as_str(), answer.text),
        ("refused", vec!["the draft was edited since".to_owned()])
    );
    assert_eq!(deployments(&world), 0);
    world.state().draft = draft("edited");
    assert_eq!(approve(&remediator, &id).state, "verified");
}

/// A second stage that serves the same deployment.
fn add_stage(world: &Arc<World>, stage_name: &str) {
    let mut state = world.state();
    let thing = stage("a1", stage_name);
    state.things.insert(name(&thing), logged("INFO", None));
    let prod = state.publications.stages[0].clone();
    state.publications.stages.push(PublishedStage {
        name: stage_name.to_owned(),
        ..prod
    });
}

/// Made by the attacker, never served what was published before, without its settings once it is gone.
#[test]
fn a_throwaway_stage_decides_nothing_about_another() {
    for is_deleted in [false, true] {
        let (world, proposal) = opened(Some(EVENT + 5));
        add_stage(&world, "0");
        if is_deleted {
            world.state().things.remove(&name(&stage("a1", "0")));
        }
        let report = followed(&world, &strict(&world), &proposal);
        let of_prod = |one: &&Report| {
            one.done
                .iter()
                .any(|done| done.thing == stage("a1", "prod"))
        };
        let prod: Vec<&Report> = report.follow_ups.iter().filter(of_prod).collect();
        let endings: Vec<&Ending> = prod.iter().map(|one| &one.ending).collect();
        assert_eq!(endings, [&Ending::Verified], "{report:?}");
        assert_eq!(prod[0].remediation, Remediation::Redeploy);
        assert_eq!(limits(&world), (Some(5_000), Some(10_000.0)));
        let written = &world.state().written;
        let is_throwaway = |step: &Step| matches!(step, Step::CreateDeployment { stage_name, .. } if stage_name == "0");
        assert!(!written.iter().any(|(_, step, _)| is_throwaway(step)));
    }
}

/// Many stages of one event count once for the account, whose share they would else use up.
#[test]
fn the_stages_of_an_event_count_once_for_the_account() {
    let (world, proposal) = opened(Some(EVENT + 5));
    for name in ["beta", "gamma"] {
        add_stage(&world, name);
    }
    restored(&world, &proposal);
    let tallies = &world.state().tallies;
    let starts = |key: &str| tallies[key].value.starts.len();
    assert_eq!(starts("redeploy/111122223333"), 1);
    assert_eq!(starts("redeploy/111122223333/eu-west-1/a1/prod"), 1);
}

#[test]
fn a_switch_that_is_thrown_while_an_endpoint_is_waited_for_stops_the_write() {
    let (world, proposal) = opened(None);
    world.state().updating = 3;
    world.state().stops_at = Some(NOW + 5);
    let response = run(&world, &proposal, "r1");
    assert!(
        matches!(response.report.ending, Ending::Awaiting { .. }),
        "{response:?}"
    );
    let reason = &response.report.reasons[0];
    assert!(reason.starts_with("the kill switch stops every write"));
    assert_eq!(world.state().written, []);
}

#[test]
fn what_is_set_while_an_endpoint_is_waited_for_is_not_overwritten() {
    let (world, proposal) = opened(None);
    let thing = name(&api("a1"));
    let edge = endpoint("EDGE", &[]);
    world.state().updating = 3;
    world.state().meanwhile = vec![(NOW + 5, thing.clone(), edge.clone())];
    let response = run(&world, &proposal, "r1");
    assert_eq!(response.report.ending, Ending::Failed);
    assert!(response.report.reasons[0].starts_with("changed since by somebody else: "));
    assert_eq!(world.state().things[&thing], edge);
    assert_eq!(world.state().written, []);
}

#[test]
fn a_restored_endpoint_is_never_made_public_again() {
    let (world, proposal) = opened(None);
    restored(&world, &proposal);
    let command = Command::Undo {
        id: proposal.id.clone(),
        by: None,
    };
    let (answer, _) = block_on(guard(&world).obey(&command, &delivery("c"))).unwrap();
    assert_eq!(answer.state, "refused");
    assert!(answer.text[0].starts_with("Portcullis never makes a private API public"));
    assert!(
        answer.text[1].starts_with("aws apigateway update-rest-api "),
        "{answer:?}"
    );
}

/// Redeploys unasked only what was published.
struct Strict;

impl Policy for Strict {
    type Permit = crate::remediation::testing::PlainPermit;

    fn reads_tags(&self) -> bool {
        false
    }

    fn decide(
        &self,
        request: &crate::remediation::policy::Request,
    ) -> crate::remediation::policy::Ruling<Self::Permit> {
        use crate::remediation::policy::Action;
        let mut ruling = PlainPolicy.decide(request);
        let unpublished = !request.circumstances.draft_is_published;
        if request.action == Action::Redeploy && request.mode == Mode::Auto && unpublished {
            ruling.permit = None;
        }
        ruling
    }
}

fn strict(world: &Arc<World>) -> Remediator<Strict> {
    let plain = guard(world);
    Remediator {
        function: plain.function,
        modes: plain.modes,
        cap: plain.cap,
        can_write: true,
        has_kill_switch: true,
        policy: Strict,
        baselines: plain.baselines,
        reader: plain.reader,
        publications: plain.publications,
        drafts: plain.drafts,
        ledger: plain.ledger,
        writer: Arc::clone(world) as _,
        kill_switch: plain.kill_switch,
        clock: plain.clock,
    }
}
