//! Sweeps see everything once, write what is new, renew what is old, and go on where they stopped.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::super::Stored;
use super::super::tests::{Memory, OWN, keeper};
use super::*;

const BODY: &str = r#"{"sweep":{"account":"111122223333","region":"eu-west-1"}}"#;
const NOW: i64 = 1_793_613_660_000;

fn memory() -> Memory {
    Memory {
        apis: vec![
            ("a1", &["prod", "test"]),
            ("a2", &[]),
            ("h1", &["$default"]),
        ],
        now: NOW,
        ..Memory::default()
    }
}

fn run(keeper: &Keeper, body: &str, is_late: &(dyn Fn() -> bool + Send + Sync)) -> Report {
    let (report, result) = pollster::block_on(keeper.message(body, OWN, is_late));
    result.unwrap();
    report
}

#[test]
fn everything_is_seen_and_written_once() {
    let (memory, keeper) = keeper(memory());
    let report = run(&keeper, BODY, &|| false);
    assert_eq!((report.apis, report.stages, report.versions), (3, 3, 7));
    assert_eq!((report.ending, report.is_continued), (Ending::Swept, false));
    let requests = memory
        .taken()
        .into_iter()
        .filter(|call| call != "newest" && call != "put");
    let requests: Vec<String> = requests.collect();
    assert_eq!(
        requests,
        [
            "read",
            "apis",
            "stages a1",
            "stages a2",
            "apis",
            "stages h1"
        ]
    );

    let report = run(&keeper, BODY, &|| false);
    assert_eq!((report.apis, report.versions, report.renewed), (3, 0, 0));
    assert_eq!(memory.items.lock().unwrap().len(), 7);
}

#[test]
fn what_still_holds_is_renewed_before_it_expires() {
    let (memory, keeper) = keeper(memory());
    run(&keeper, BODY, &|| false);
    let soon = NOW / 1000 + RETENTION.as_secs() / 2 - 1;
    for stored in memory.items.lock().unwrap().values_mut().take(2) {
        stored.expires_at = soon;
    }
    let report = run(&keeper, BODY, &|| false);
    assert_eq!((report.versions, report.renewed), (0, 2));
    let items = memory.items.lock().unwrap();
    assert!(
        items
            .values()
            .all(|Stored { expires_at, .. }| *expires_at > soon)
    );
}

#[test]
fn what_is_known_newer_is_not_written_over() {
    let (memory, keeper) = keeper(memory());
    run(&keeper, BODY, &|| false);
    for stored in memory.items.lock().unwrap().values_mut() {
        // A change in between: the sweep's answers are older than what is known.
        let version = &mut stored.version;
        version.since = version.time;
        let json = r#"{"tracingEnabled":false}"#;
        version.settings =
            crate::baseline::Kept::from_read(crate::baseline::Shape::RestStage, json).unwrap();
    }
    let report = run(&keeper, BODY, &|| false);
    assert_eq!(report.versions, 0);
}

/// Whenever it runs out of time, messages bring it to its end, and every API is seen exactly once.
#[test]
fn a_late_sweep_goes_on_in_another_message() {
    for patience in 0..5 {
        let (memory, keeper) = keeper(memory());
        let mut body = BODY.to_owned();
        let mut messages = 0;
        loop {
            let asked = AtomicUsize::new(0);
            let is_late = || asked.fetch_add(1, Ordering::Relaxed) >= patience;
            let report = run(&keeper, &body, &is_late);
            messages += 1;
            let Some(next) = memory.sent.lock().unwrap().pop() else {
                break;
            };
            assert!(report.is_continued);
            body = next.body().unwrap();
        }
        let calls = memory.taken();
        let stages: Vec<&String> = calls
            .iter()
            .filter(|call| call.starts_with("stages"))
            .collect();
        assert_eq!(
            stages,
            ["stages a1", "stages a2", "stages h1"],
            "{patience}"
        );
        assert_eq!(memory.items.lock().unwrap().len(), 7);
        assert_eq!(messages, if patience < 2 { 3 - patience } else { 1 });
    }
}

#[test]
fn a_message_round_trips_and_a_wrong_one_is_named() {
    let sweep = Sweep::parse(BODY).unwrap();
    assert_eq!(sweep.body().unwrap(), BODY);
    let after = Sweep {
        after: Some("v2/h1".to_owned()),
        ..sweep
    };
    assert_eq!(Sweep::parse(&after.body().unwrap()).unwrap(), after);
    let cases = [
        (
            r#"{"sweep":{"account":"1","region":"eu-west-1"}}"#,
            "field `account`: `1`",
        ),
        (
            r#"{"sweep":{"account":"111122223333","region":"eu-west-1.evil"}}"#,
            "field `region`",
        ),
        (
            r#"{"sweep":{"account":"111122223333","region":"eu-west-1","after":"x"}}"#,
            "field `after`",
        ),
        (
            r#"{"sweep":{"account":"111122223333","region":"eu-west-1","role":"x"}}"#,
            "unknown field",
        ),
        (r#"{"sweep":5}"#, "expected {\"sweep\":"),
        ("hello", "expected {\"sweep\":"),
    ];
    for (body, expected) in cases {
        let error = Sweep::parse(body).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn another_account_needs_a_role_and_throttling_comes_again() {
    let (memory, keeper_of) = keeper(memory());
    let other = BODY.replace(OWN, "444455556666");
    let (report, result) = pollster::block_on(keeper_of.message(&other, OWN, &|| false));
    assert!(!result.unwrap_err().is_retryable());
    assert_eq!((report.ending, memory.taken().len()), (Ending::Failed, 0));

    let (_, throttled) = keeper(Memory {
        is_throttled: true,
        ..Memory::default()
    });
    let (_, result) = pollster::block_on(throttled.message(BODY, OWN, &|| false));
    assert!(result.unwrap_err().is_retryable());
}
