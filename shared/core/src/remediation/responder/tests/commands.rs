//! Approve and undo: single use, with an end, for what was shown.

use super::*;
use crate::remediation::ledger::Given;
use crate::remediation::report::Commanded;
use crate::remediation::responder::telling;

#[test]
fn an_approval_is_single_use_has_an_end_and_is_for_what_was_shown() {
    let waiting = || {
        let (world, thing, mut proposal) = incident();
        proposal.origin.event_time = NOW - 3_600;
        run(&world, &proposal, "r1");
        (world, thing, proposal.id)
    };
    let approve = |world: &Arc<World>, id: &str| {
        let command = Command::Approve {
            id: id.to_owned(),
            by: Some("carol".to_owned()),
        };
        let remediator = remediator(world);
        block_on(remediator.obey(&command, &delivery("c1")))
            .unwrap()
            .0
    };
    let (world, thing, id) = waiting();
    assert_eq!(approve(&world, &id).state, "verified");
    assert_eq!(
        world.state().things[&name(&thing)],
        logged("INFO", Some(GROUP))
    );
    let by = Given {
        by: Some("carol".to_owned()),
        at: NOW,
    };
    let entry = world.state().entries[&id].value.clone();
    assert_eq!(entry.approved, Some(by));
    let commanded = telling::report(&entry).commanded;
    assert_eq!(commanded, Some(Commanded::Approve));
    let again = approve(&world, &id);
    assert_eq!(again.state, "refused");
    assert_eq!(again.text, ["nothing waits for approval: it is verified"]);
    assert_eq!(world.state().written.len(), 1);

    let (world, _, id) = waiting();
    world.state().now += ledger::APPROVAL + 1;
    assert_eq!(approve(&world, &id).state, "refused");

    let (world, thing, id) = waiting();
    world
        .state()
        .things
        .insert(name(&thing), logged("ERROR", None));
    let moved = approve(&world, &id);
    assert_eq!(moved.state, "refused");
    assert!(
        moved.text[0].starts_with("changed since by somebody else"),
        "{moved:?}"
    );

    let (world, _, id) = waiting();
    world.state().allows = Some(false);
    assert_eq!(
        approve(&world, &id).text,
        [
            "the kill switch stops every write: it is not set to `allow`; set it before you approve or \
          undo"
        ]
    );
    assert_eq!(world.state().written.len(), 0);
}

#[test]
fn an_undo_brings_back_what_stood_before_the_restore() {
    let undo = |world: &Arc<World>, id: &str| {
        let command = Command::Undo {
            id: id.to_owned(),
            by: None,
        };
        let remediator = remediator(world);
        block_on(remediator.obey(&command, &delivery("c1")))
            .unwrap()
            .0
    };
    let (world, thing, proposal) = incident();
    run(&world, &proposal, "r1");
    let before = world.state().entries[&proposal.id].value.clone();
    assert_eq!(telling::report(&before).commanded, None);
    assert_eq!(undo(&world, &proposal.id).state, "undone");
    let after = world.state().entries[&proposal.id].value.clone();
    let commanded = telling::report(&after).commanded;
    assert_eq!(commanded, Some(Commanded::Undo));
    assert_eq!(world.state().things[&name(&thing)], logged("OFF", None));
    assert_eq!(undo(&world, &proposal.id).state, "refused");

    let (world, thing, proposal) = incident();
    run(&world, &proposal, "r1");
    world
        .state()
        .things
        .insert(name(&thing), logged("ERROR", Some(GROUP)));
    assert_eq!(undo(&world, &proposal.id).state, "refused");
    assert_eq!(world.state().written.len(), 1);
}

/// What was never as wanted is not said to be so because the way back was closed.
#[test]
fn an_undo_that_is_stopped_leaves_a_restore_as_it_stood() {
    for is_unmet in [false, true] {
        let (world, _, proposal) = incident();
        run(&world, &proposal, "r1");
        let remediator = remediator(&world);
        let mut held = world.state().entries[&proposal.id].clone();
        if is_unmet {
            held.value.state = Standing::Attempted;
            held.value.read_back = Some(logged("OFF", None));
        }
        let stood = held.value.state;
        world.state().now += 60;
        world.state().allows = Some(false);
        world
            .state()
            .entries
            .insert(proposal.id.clone(), held.clone());
        let response = block_on(remediator.undo_entry(held, None, &delivery("c1"))).unwrap();
        assert_eq!(response.entry.unwrap().state, stood);
        assert_eq!(world.state().entries[&proposal.id].value.state, stood);
    }
}
