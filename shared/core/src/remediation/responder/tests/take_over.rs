//! What somebody has left goes on, as long as that is not too late.

use super::*;

/// A restore that was cut off at the first call of this name after `skip` others, and is found again later.
fn cut_off(call: &str, skip: usize, trouble: Trouble, later: i64) -> (Arc<World>, Response) {
    let made = calls();
    let mut positions = made.iter().enumerate().filter(|(_, name)| **name == call);
    let (at, _) = positions.nth(skip).unwrap();
    let (world, _, proposal) = incident();
    world.state().trouble = Some((at, trouble));
    run(&world, &proposal, "r1");
    {
        let mut state = world.state();
        (state.is_dead, state.trouble) = (false, None);
        state.now += later;
    }
    let response = run(&world, &proposal, "r2");
    (world, response)
}

#[test]
fn soon_it_goes_on_by_itself() {
    let (world, response) = cut_off("ledger write", 0, Trouble::KilledAfter, LEASE + 1);
    assert_eq!(response.report.ending, Ending::Verified);
    assert_eq!(world.state().written.len(), 1);
}

/// Retries come for hours, and queues are redriven after days: by then others may rely on the change.
#[test]
fn late_a_person_has_to_say_so() {
    let (world, response) = cut_off("ledger write", 0, Trouble::KilledAfter, 1_000);
    let deadline = NOW + 1_000 + ledger::APPROVAL;
    assert_eq!(response.report.ending, Ending::Awaiting { deadline });
    let reasons = response.report.reasons;
    assert_eq!(reasons, ["the event is older than 15 minutes"]);
    assert_eq!(world.state().written.len(), 0);

    let id = response.entry.unwrap().id;
    let approve = Command::Approve { id, by: None };
    let answer = block_on(remediator(&world).obey(&approve, &delivery("c")));
    assert_eq!(answer.unwrap().0.state, "verified");
    assert_eq!(world.state().written.len(), 1);
}

#[test]
fn late_what_may_have_been_written_is_for_people_to_look_at() {
    let (world, response) = cut_off("write", 0, Trouble::KilledBefore, 1_000);
    assert_eq!(response.report.ending, Ending::Attempted);
    assert!(response.report.pages);
    assert_eq!(world.state().written.len(), 0);
}
