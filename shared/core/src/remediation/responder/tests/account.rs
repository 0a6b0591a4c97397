//! The account's role, put back for the sake of a stage: never more than is done for the stage itself.

use super::*;
use crate::baseline::thing::What;
use crate::remediation::settings::Account;

const ROLE: &str = "arn:aws:iam::111122223333:role/apigateway-logs";

fn account(role: Option<&str>) -> Settings {
    Settings::Account(Account {
        cloudwatch_role_arn: role.map(str::to_owned),
    })
}

/// The account lost its role `removed` seconds ago, as far as the baseline knows; the stage its logging.
fn without_role(removed: Option<i64>) -> (Arc<World>, Thing, Proposal) {
    let (world, _, stage) = incident();
    let thing = Thing {
        what: What::Account,
        ..stage.thing.clone()
    };
    let version = |role, at| {
        let settings = kept(&account(role), None);
        Version::of_response(thing.clone(), timestamp(at), settings)
    };
    let gone = removed.map(|ago| version(None, NOW - ago));
    let there = version(Some(ROLE), NOW - 90_000);
    let versions = gone.into_iter().chain([there]).collect();
    world.state().versions.insert(name(&thing), versions);
    world.state().things.insert(name(&thing), account(None));
    (world, thing, stage)
}

fn restored(world: &Arc<World>, stage: &Proposal) -> Report {
    let response = block_on(remediator(world).account_role(stage, &delivery("r")));
    response.unwrap().unwrap().report
}

/// Its own event may have come through CloudFormation, or from somebody whose changes stay.
#[test]
fn for_the_sake_of_a_stage_a_person_puts_it_back() {
    for removed in [Some(60), Some(901), None] {
        let (world, _, stage) = without_role(removed);
        let report = restored(&world, &stage);
        assert!(matches!(report.ending, Ending::Awaiting { .. }));
        let reason = "who removed the role, and whether that may be reverted, is judged by its own event only";
        assert_eq!(report.reasons, [reason]);
        assert_eq!(world.state().written.len(), 0);
        // The restore of its own event may be under way.
        assert_eq!(world.state().now > NOW, removed != Some(901));
    }
}

#[test]
fn what_may_not_be_done_about_the_stage_is_not_done_about_the_account() {
    let doubts: [fn(&mut Proposal); 2] = [
        |stage| stage.origin.by_cloudformation = true,
        |stage| stage.asked.mode = Mode::DryRun,
    ];
    for doubt in doubts {
        let (world, _, mut stage) = without_role(Some(60));
        doubt(&mut stage);
        let report = restored(&world, &stage);
        assert!(matches!(report.ending, Ending::WouldWrite { .. }));
        assert_eq!(
            report.reasons[0],
            "nothing is done about the account that may not be done about the stage"
        );
        let state = world.state();
        assert_eq!((state.written.len(), state.now), (0, NOW));
    }
}

#[test]
fn an_account_with_its_role_is_left_alone() {
    let (world, thing, stage) = without_role(Some(60));
    world
        .state()
        .things
        .insert(name(&thing), account(Some(ROLE)));
    let response = block_on(remediator(&world).account_role(&stage, &delivery("r")));
    assert!(response.unwrap().is_none());
}

/// Both were taken at once, and both events are handled at once.
#[test]
fn a_role_that_its_own_event_brings_back_is_waited_for() {
    let (world, thing, stage) = without_role(Some(1));
    world.state().meanwhile = vec![(NOW + 3, name(&thing), account(Some(ROLE)))];
    let response = block_on(remediator(&world).account_role(&stage, &delivery("r")));
    assert!(response.unwrap().is_none());
    let state = world.state();
    assert_eq!((state.written.len(), state.now), (0, NOW + 4));
}
