//! What a failure means, and what is waited for.

use std::time::Duration;

use super::*;
use WriteErrorKind as Kind;

/// A writer whose role is assumed already.
async fn bench(answers: impl IntoIterator<Item = Answer>) -> Bench {
    let bench = Bench::new([session("AKIA", 900)]).await;
    bench.replay.then(answers);
    bench
}

#[tokio::test(start_paused = true)]
async fn every_failure_has_its_kind_and_is_asked_once() {
    let running = "There is already an update in progress. Please wait until the current update \
                   finishes before making another request.";
    let quota = "Maximum number of deployments for this API has been reached";
    let cases = [
        (404, "NotFoundException", "Invalid stage", Kind::Gone),
        (409, "ConflictException", "", Kind::Busy),
        (400, "BadRequestException", running, Kind::Busy),
        (400, "BadRequestException", "Invalid patch", Kind::Refused),
        (403, "AccessDeniedException", "", Kind::AccessDenied),
        (403, "ForbiddenException", "", Kind::AccessDenied),
        (429, "LimitExceededException", quota, Kind::LimitExceeded),
        (500, "InternalServerErrorException", "", Kind::Unknown),
        (503, "ServiceUnavailableException", "", Kind::Unknown),
    ];
    for (status, code, message, kind) in cases {
        for step in [stage(), account(), deployment()] {
            let bench = bench([Answer::error(status, code, message)]).await;
            assert_eq!(bench.step(&step).await, Err(kind), "{status} {code}");
            assert_eq!(bench.writes().len(), 1, "{status} {code}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn without_an_answer_nothing_is_known_and_nothing_is_tried_again() {
    for answer in [Answer::Silence, Answer::Broken] {
        let bench = bench([answer]).await;
        let started = tokio::time::Instant::now();
        assert_eq!(bench.step(&stage()).await, Err(Kind::Unknown));
        assert!(started.elapsed() <= TIMEOUT + Duration::from_millis(10));
        assert_eq!(bench.writes().len(), 1);
    }
    // An answer that cannot be read may be one to a write that was made.
    let bench = bench([Answer::ok("<html>")]).await;
    assert_eq!(bench.step(&stage()).await, Err(Kind::Unknown));
}

fn throttled(after: &str) -> Answer {
    let answer = Answer::error(429, "TooManyRequestsException", "Too Many Requests");
    answer.header("retry-after", after)
}

/// The result, and seconds between the calls, rounded.
async fn waits(step: &Step, answers: Vec<Answer>) -> (Result<(), Kind>, Vec<u64>) {
    let bench = bench(answers).await;
    let result = bench.step(step).await;
    let times: Vec<_> = bench.writes().iter().map(|asked| asked.at).collect();
    let waits = times.windows(2).map(|pair| (pair[1] - pair[0]).as_secs());
    (result, waits.collect())
}

#[tokio::test(start_paused = true)]
async fn throttling_is_waited_for_as_long_as_it_is_asked_for() {
    let ok = || Answer::ok("{}");
    let cases = [
        (vec![throttled("3"), ok()], Ok(()), vec![3]),
        (
            vec![throttled("15"), throttled("5"), ok()],
            Ok(()),
            vec![15, 5],
        ),
        // Twenty seconds in all.
        (vec![throttled("21")], Err(Kind::Throttled), vec![]),
        (
            vec![throttled("15"), throttled("6")],
            Err(Kind::Throttled),
            vec![15],
        ),
        // Two more tries.
        (vec![throttled("1"); 3], Err(Kind::Throttled), vec![1, 1]),
        // Not understood: the usual waits.
        (vec![throttled("soon"); 3], Err(Kind::Throttled), vec![2, 5]),
        (
            vec![throttled("18446744073709551615")],
            Err(Kind::Throttled),
            vec![],
        ),
    ];
    for (answers, result, seconds) in cases {
        for step in [stage(), account(), deployment()] {
            let found = waits(&step, answers.clone()).await;
            assert_eq!(found, (result, seconds.clone()), "{answers:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_rate_under_the_name_of_a_limit_is_waited_for_too() {
    let limit = Answer::error(429, "LimitExceededException", "").header("Retry-After", "4");
    let found = waits(&stage(), vec![limit, Answer::ok("{}")]).await;
    assert_eq!(found, (Ok(()), vec![4]));
}

#[tokio::test(start_paused = true)]
async fn a_switch_that_is_thrown_while_a_write_waits_stops_it() {
    let bench = bench([Answer::ok("{}"), throttled("3")]).await;
    bench.switch.is_thrown.store(true, Ordering::SeqCst);
    // Whoever gives the permit has asked just before: only what waits asks again.
    assert_eq!(bench.step(&stage()).await, Ok(()));
    assert_eq!(bench.switch.asked.load(Ordering::SeqCst), 0);
    assert_eq!(bench.step(&stage()).await, Err(Kind::Stopped));
    assert_eq!(bench.switch.asked.load(Ordering::SeqCst), 1);
    assert_eq!(bench.writes().len(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_role_that_cannot_be_assumed_writes_nothing() {
    let cases = [
        (vec![refusal(403, "AccessDenied")], Kind::RoleNotAssumable),
        (
            vec![refusal(400, "ValidationError")],
            Kind::RoleNotAssumable,
        ),
        (vec![refusal(400, "Throttling"); 3], Kind::Throttled),
        (vec![refusal(500, "InternalFailure"); 3], Kind::Unknown),
        (vec![Answer::Silence], Kind::Unknown),
    ];
    for (answers, kind) in cases {
        let bench = Bench::new(answers.clone()).await;
        assert_eq!(bench.step(&stage()).await, Err(kind), "{answers:?}");
        assert!(bench.writes().is_empty());
        // Nothing of it is kept.
        bench.replay.then([session("AKIA", 900), Answer::ok("{}")]);
        assert_eq!(bench.step(&stage()).await, Ok(()));
    }
}

#[tokio::test(start_paused = true)]
async fn after_a_denial_the_role_is_assumed_again() {
    let denied = || Answer::error(403, "AccessDeniedException", "");
    let bench = bench([denied(), session("AKIA2", 900), Answer::ok("{}")]).await;
    assert_eq!(bench.step(&stage()).await, Err(Kind::AccessDenied));
    assert_eq!(bench.step(&stage()).await, Ok(()));
    assert_eq!(bench.assumed().len(), 2);
}
