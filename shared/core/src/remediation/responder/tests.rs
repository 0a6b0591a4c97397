//! The responder in a world of memory: killed anywhere, fought by anybody, it comes to the same end and
//! never writes more than its share.

mod account;
mod again;
mod commands;
mod endpoint;
mod restores;
mod storm;
mod tags;
mod take_over;

use std::sync::Arc;

use pollster::block_on;
use proptest::prelude::*;

use super::propose::{Origin, Proposal, timestamp};
use super::*;
use crate::baseline::Version;
use crate::baseline::thing::Thing;
use crate::finding::Confidence;
use crate::remediation::brakes::Counts;
use crate::remediation::brakes::{PER_ACCOUNT, PER_RESOURCE};
use crate::remediation::ledger::{self, State as Standing};
use crate::remediation::modes::{Asked, Tags};
use crate::remediation::plan;
use crate::remediation::ports::{LedgerReader as _, WriteErrorKind};
use crate::remediation::settings::{MethodSetting, RestStage, Settings};
use crate::remediation::testing::{
    PlainPolicy, Trouble, World, kept, most_within_an_hour, name, stage,
};
use crate::settings::AccessLog;

const NOW: i64 = 1_800_000_000;
const REMEDIATION: Remediation = Remediation::RestoreStageLogging;

fn remediator(world: &Arc<World>) -> Remediator<PlainPolicy> {
    let names = Remediation::ALL.map(|one| format!("{} = \"auto\"\n", one.as_str()));
    let modes = format!("[modes]\n{}", names.concat());
    Remediator {
        function: "stage-logging",
        modes: Modes::parse(&modes).unwrap(),
        cap: Mode::Auto,
        can_write: true,
        has_kill_switch: true,
        policy: PlainPolicy,
        baselines: Arc::clone(world) as _,
        reader: Arc::clone(world) as _,
        publications: Arc::clone(world) as _,
        drafts: Arc::clone(world) as _,
        ledger: Arc::clone(world) as _,
        writer: Arc::clone(world) as _,
        kill_switch: Arc::clone(world) as _,
        clock: Arc::clone(world) as _,
    }
}

fn world() -> Arc<World> {
    let world = World::default();
    {
        let mut state = world.state();
        state.now = NOW;
        state.allows = Some(true);
    }
    Arc::new(world)
}

fn logged(level: &str, destination: Option<&str>) -> Settings {
    let set = MethodSetting {
        logging_level: Some(level.to_owned()),
        data_trace_enabled: Some(false),
        throttling_burst_limit: Some(5_000),
        throttling_rate_limit: Some(10_000.0),
        ..MethodSetting::default()
    };
    Settings::RestStage(RestStage {
        method_settings: [("*/*".to_owned(), set)].into(),
        access_log_settings: destination.map(|arn| AccessLog {
            destination_arn: Some(arn.to_owned()),
            format: Some("$context.requestId".to_owned()),
        }),
    })
}

const GROUP: &str = "arn:aws:logs:eu-west-1:111122223333:log-group:access";

/// A plan that brings a stage from one state back to another.
fn back(thing: &Thing, from: &Settings, to: &Settings) -> plan::Plan {
    // Undoing the way there is the way back.
    let there = plan::Plan {
        steps: Vec::new(),
        live: to.clone(),
        wanted: from.clone(),
        changes: Vec::new(),
        fields: ["logging of */*".to_owned(), "access log".to_owned()].into(),
        notes: Vec::new(),
        moved: Default::default(),
        left: false,
    };
    let plan = plan::undo(thing, &there, from).unwrap();
    assert!(!plan.steps.is_empty());
    plan
}

fn asked(mode: Mode) -> Asked {
    Asked {
        mode,
        ..Asked::nothing()
    }
}

fn proposal(thing: &Thing, event: &str, event_time: i64, plan: plan::Plan) -> Proposal {
    Proposal {
        id: ledger::id(REMEDIATION, &thing.account, &thing.region, event),
        remediation: REMEDIATION,
        thing: thing.clone(),
        tags: Tags::new(),
        asked: asked(Mode::Auto),
        origin: Origin {
            finding_id: "f".to_owned(),
            rule: "stage-logging-disabled".to_owned(),
            event_id: event.to_owned(),
            event_time,
            actor: Some("arn:aws:iam::111122223333:role/attacker".to_owned()),
            confidence: Confidence::High,
            by_cloudformation: false,
        },
        plan,
        draft_is_published: false,
        draft: None,
        reasons: Vec::new(),
        counts: Counts::Both,
    }
}

fn delivery(owner: &str) -> Delivery {
    Delivery {
        owner: owner.to_owned(),
        now: NOW,
    }
}

/// One stage that has lost its logging, and the proposal to bring it back.
fn incident() -> (Arc<World>, Thing, Proposal) {
    let world = world();
    let thing = stage("a1", "prod");
    let (good, bad) = (logged("INFO", Some(GROUP)), logged("OFF", None));
    let plan = back(&thing, &bad, &good);
    world.state().things.insert(name(&thing), bad);
    let proposal = proposal(&thing, "e1", NOW - 5, plan);
    (world, thing, proposal)
}

fn run(world: &Arc<World>, proposal: &Proposal, owner: &str) -> Response {
    let remediator = remediator(world);
    let delivery = delivery(owner);
    // As the responder does: what stands in the ledger comes first.
    let known = block_on(world.entry(&proposal.id));
    let result = match known {
        Ok(Some(entry)) => block_on(remediator.known(entry, &delivery)),
        Ok(None) => block_on(remediator.pursue(proposal, &delivery)),
        Err(error) => Err(error),
    };
    result.unwrap_or_else(|error| failure(REMEDIATION, error))
}

/// Names of the calls of a run in which nothing goes wrong.
fn calls() -> Vec<&'static str> {
    let (world, _, proposal) = incident();
    run(&world, &proposal, "r1");
    world.state().calls.clone()
}

#[test]
fn it_is_put_back_read_back_and_noted() {
    let (world, thing, proposal) = incident();
    let response = run(&world, &proposal, "r1");
    assert_eq!(response.report.ending, Ending::Verified);
    let state = world.state();
    assert_eq!(state.things[&name(&thing)], logged("INFO", Some(GROUP)));
    assert_eq!(state.written.len(), 1);
    assert_eq!(state.written[0].0, proposal.id);
    let entry = &state.entries[&proposal.id].value;
    assert_eq!(entry.state, Standing::Verified);
    assert_eq!(entry.lease, None);
    assert_eq!(entry.writes.len(), 1);
    assert_eq!(entry.read_back, Some(logged("INFO", Some(GROUP))));
    assert!(
        state
            .tallies
            .values()
            .all(|held| held.value.holder.is_none())
    );
}

/// Killed before or after any call, and any call failing once: the next run ends in the same state.
#[test]
fn cut_off_anywhere_it_comes_to_the_same_end_with_one_patch() {
    let names = calls();
    assert!(names.len() >= 8, "{names:?}");
    for (at, call) in names.iter().enumerate() {
        for trouble in [Trouble::KilledBefore, Trouble::KilledAfter, Trouble::Fails] {
            // The same invocation again, and another one once the lease has run out.
            for (owner, later) in [("r1", 0), ("r2", LEASE + 1)] {
                let (world, thing, proposal) = incident();
                world.state().trouble = Some((at, trouble));
                run(&world, &proposal, "r1");
                {
                    let mut state = world.state();
                    (state.is_dead, state.trouble) = (false, None);
                    state.now += later;
                }
                let response = run(&world, &proposal, owner);
                let closed = trouble == Trouble::Fails && *call == "kill switch";
                if closed {
                    // A switch that cannot be read stops writes, also when it could be read later.
                    assert!(matches!(response.report.ending, Ending::Awaiting { .. }));
                    assert_eq!(world.state().written.len(), 0);
                    continue;
                }
                let told = format!("{trouble:?} at {at}, then {owner}: {:?}", response.report);
                assert_eq!(response.report.ending, Ending::Verified, "{told}");
                let state = world.state();
                assert_eq!(state.written.len(), 1, "{told}");
                assert_eq!(
                    state.things[&name(&thing)],
                    logged("INFO", Some(GROUP)),
                    "{told}"
                );
                assert_eq!(state.entries[&proposal.id].value.state, Standing::Verified);
            }
        }
    }
}

/// What the ledger could not hold to the end is not begun.
#[test]
fn what_cannot_be_noted_is_not_written() {
    let world = world();
    let thing = stage("a1", "prod");
    let [good, bad] = ["INFO", "OFF"].map(|level| {
        let Settings::RestStage(mut stage) = logged(level, None) else {
            panic!("a stage");
        };
        let set = stage.method_settings["*/*"].clone();
        let keys = (0..700).map(|number| (format!("~1pets~1{number}/GET"), set.clone()));
        stage.method_settings.extend(keys);
        Settings::RestStage(stage)
    });
    let plan = back(&thing, &bad, &good);
    world.state().things.insert(name(&thing), bad);
    let proposal = proposal(&thing, "e1", NOW - 5, plan);
    let response = run(&world, &proposal, "r1");
    assert_eq!(response.report.ending, Ending::Failed);
    assert!(response.error.is_none());
    assert_eq!(
        response.report.reasons,
        [
            "cannot begin the remediation: the ledger could not hold what would be written and read back"
        ]
    );
    let state = world.state();
    assert_eq!((state.written.len(), state.entries.len()), (0, 0));
}

#[test]
fn what_another_delivery_is_doing_is_left_to_it() {
    let (world, _, proposal) = incident();
    // The kill comes right after the intent was noted.
    let intent = {
        let (world, _, proposal) = incident();
        run(&world, &proposal, "r1");
        let calls = world.state().calls.clone();
        calls
            .iter()
            .position(|call| *call == "ledger write")
            .unwrap()
    };
    world.state().trouble = Some((intent, Trouble::KilledAfter));
    run(&world, &proposal, "r1");
    world.state().is_dead = false;
    let response = run(&world, &proposal, "r2");
    assert_eq!(response.report.ending, Ending::Held);
    assert_eq!(world.state().written.len(), 0);
}

#[test]
fn a_kill_switch_that_stops_or_cannot_be_read_leaves_it_to_a_person() {
    for (allows, reason) in [
        (Some(false), "the kill switch stops every write"),
        (
            None,
            "the kill switch cannot be read, which stops every write",
        ),
    ] {
        let (world, _, proposal) = incident();
        world.state().allows = allows;
        let response = run(&world, &proposal, "r1");
        assert!(matches!(response.report.ending, Ending::Awaiting { .. }));
        assert!(response.report.reasons[0].starts_with(reason));
        assert_eq!(world.state().written.len(), 0);
    }
}

#[test]
fn doubts_leave_it_to_a_person_or_to_nobody() {
    let (world, _, old) = incident();
    let mut old = old;
    old.origin.event_time = NOW - 901;
    let response = run(&world, &old, "r1");
    assert!(matches!(response.report.ending, Ending::Awaiting { .. }));
    assert_eq!(
        response.report.reasons,
        ["the event is older than 15 minutes"]
    );
    // What keeps it from being done at once, then what lets a person do it.
    assert_eq!(
        response.report.policies,
        ["the event is older than 15 minutes", "plain"]
    );
    assert!(!response.report.pages);

    let (world, _, mut stack) = incident();
    stack.origin.by_cloudformation = true;
    let response = run(&world, &stack, "r1");
    assert_eq!(
        response.report.ending,
        Ending::WouldWrite { allowed: false }
    );
    assert_eq!(world.state().written.len(), 0);
}

#[test]
fn what_is_taken_away_again_is_contested() {
    let (world, thing, first) = incident();
    run(&world, &first, "r1");
    world
        .state()
        .things
        .insert(name(&thing), logged("OFF", None));
    let again = proposal(&thing, "e2", NOW, first.plan.clone());
    let response = run(&world, &again, "r2");
    assert!(matches!(response.report.ending, Ending::Awaiting { .. }));
    assert!(response.report.pages);
    assert_eq!(world.state().written.len(), 1);

    world.state().now += 3_600;
    let later = proposal(&thing, "e3", NOW + 3_600, first.plan.clone());
    let response = run(&world, &later, "r3");
    assert_eq!(response.report.ending, Ending::Verified);
}

/// What stands for a change at `event` when the newest that the baseline has is of `known`, and of the attack.
fn since(world: &Arc<World>, thing: &Thing, event: i64, known: i64) -> Option<Settings> {
    let past = Past {
        versions: vec![Version::of_response(
            thing.clone(),
            timestamp(known),
            kept(&logged("OFF", None), None),
        )],
        ..Past::default()
    };
    let version = block_on(remediator(world).since_restore(timestamp(event), &past)).unwrap();
    let settings = version.map(|version| Settings::of(thing, &version.settings));
    settings.map(|settings| settings.unwrap().unwrap())
}

/// The event of our write comes no sooner to the baseline than that of the next attack.
#[test]
fn what_was_restored_counts_before_the_baseline_knows_of_it() {
    let (world, thing, proposal) = incident();
    run(&world, &proposal, "r1");
    let restored = Some(logged("INFO", Some(GROUP)));
    let since = |event, known| since(&world, &thing, event, known);
    assert_eq!(since(NOW, NOW - 5), restored);
    assert_eq!(since(NOW + 60, NOW - 5), restored);
    assert_eq!(since(NOW - 2, NOW - 5), None);
    assert_eq!(since(NOW + 60, NOW), None);
    assert_eq!(since(NOW + 60, NOW + 1), None);
    let (remediator, unknown) = (remediator(&world), Past::default());
    let of_unknown = remediator.since_restore(timestamp(NOW + 60), &unknown);
    assert!(block_on(of_unknown).unwrap().is_none());
}

/// A restore comes after the attack that it answers, when both are of the same second.
#[test]
fn what_was_restored_within_the_second_of_the_attack_counts() {
    let (world, thing, first) = incident();
    let proposal = proposal(&thing, "e1", NOW, first.plan.clone());
    run(&world, &proposal, "r1");
    let restored = Some(logged("INFO", Some(GROUP)));
    assert_eq!(since(&world, &thing, NOW, NOW), restored);
    assert_eq!(since(&world, &thing, NOW + 60, NOW + 1), None);
}

#[test]
fn what_a_failed_write_means() {
    let cases = [
        (
            WriteErrorKind::Gone,
            Ending::Failed,
            "it does not exist any more",
        ),
        (
            WriteErrorKind::AccessDenied,
            Ending::Failed,
            "the remediator role may not do it",
        ),
        (
            WriteErrorKind::RoleNotAssumable,
            Ending::Failed,
            "the remediator role cannot be assumed there",
        ),
        (
            WriteErrorKind::LimitExceeded,
            Ending::Failed,
            "a quota of the account is used up",
        ),
        (
            WriteErrorKind::Refused,
            Ending::Failed,
            "API Gateway refuses it",
        ),
        (
            WriteErrorKind::Busy,
            Ending::WillRetry,
            "another change of it is running",
        ),
        (
            WriteErrorKind::Throttled,
            Ending::WillRetry,
            "API Gateway throttles",
        ),
        (
            WriteErrorKind::Unknown,
            Ending::WillRetry,
            "no answer tells",
        ),
    ];
    for (kind, ending, reason) in cases {
        let (world, _, proposal) = incident();
        world.state().refuses = Some(kind);
        let response = run(&world, &proposal, "r1");
        assert_eq!(response.report.ending, ending, "{kind:?}");
        assert!(response.report.reasons[0].starts_with(reason), "{kind:?}");
        assert_eq!(response.error.is_some(), ending == Ending::WillRetry);
        world.state().refuses = None;
        let again = run(&world, &proposal, "r1");
        let expected = match ending {
            Ending::WillRetry => Ending::Verified,
            other => other,
        };
        assert_eq!(again.report.ending, expected, "{kind:?}");
    }
}

#[test]
fn throwaway_stages_use_up_the_accounts_share_of_their_kind_only() {
    let world = world();
    for number in 0..25 {
        let thing = stage("a1", &format!("s{number}"));
        let (good, bad) = (logged("INFO", None), logged("OFF", None));
        let plan = back(&thing, &bad, &good);
        world.state().things.insert(name(&thing), bad);
        let proposal = proposal(&thing, &format!("e{number}"), NOW, plan);
        let report = run(&world, &proposal, "r").report;
        // Whoever uses it up wants the next one to wait.
        assert_eq!(report.pages, number >= PER_ACCOUNT);
        if report.pages {
            let spent = "the account had its share of 20 remediations of this kind within the hour";
            assert_eq!(report.reasons, [spent, "the budget is spent"]);
            assert_eq!(report.policies, ["the budget is spent", "plain"]);
        }
    }
    assert_eq!(world.state().written.len(), PER_ACCOUNT);
    let brakes = remediator(&world);
    let endpoint = block_on(brakes.brakes(
        Remediation::RestorePrivateEndpoint,
        &crate::remediation::testing::api("b2"),
    ));
    assert!(!endpoint.unwrap().is_spent(NOW));
}
