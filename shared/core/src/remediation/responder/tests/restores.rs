//! What restores have left, as long as the baseline knows of none of them.

use super::*;

/// Each wrote its part; a third one failed.
#[test]
fn every_restore_counts_until_it_is_taken_back() {
    let (world, thing, _) = incident();
    let states = [
        logged("OFF", None),
        logged("OFF", Some(GROUP)),
        logged("INFO", Some(GROUP)),
    ];
    for (at, pair) in states.windows(2).enumerate() {
        let plan = back(&thing, &pair[0], &pair[1]);
        let one = proposal(&thing, &format!("e{at}"), NOW - 5, plan);
        assert_eq!(run(&world, &one, "r").report.ending, Ending::Verified);
    }
    let since = || since(&world, &thing, NOW + 60, NOW - 5);
    assert_eq!(since().as_ref(), Some(&states[2]));

    let set = |settings: &Settings| world.state().things.insert(name(&thing), settings.clone());
    set(&states[0]);
    world.state().refuses = Some(WriteErrorKind::AccessDenied);
    let plan = back(&thing, &states[0], &states[1]);
    let failed = proposal(&thing, "e2", NOW - 5, plan);
    assert_eq!(run(&world, &failed, "r").report.ending, Ending::Failed);
    world.state().refuses = None;
    set(&states[2]);
    assert_eq!(since().as_ref(), Some(&states[2]));

    let id = ledger::id(REMEDIATION, &thing.account, &thing.region, "e1");
    let undo = Command::Undo { id, by: None };
    let answer = block_on(remediator(&world).obey(&undo, &delivery("c")));
    assert_eq!(answer.unwrap().0.state, "undone");
    assert_eq!(since().as_ref(), Some(&states[1]));
}
