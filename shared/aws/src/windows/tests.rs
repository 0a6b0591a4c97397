//! The steps of the store on a table in memory: every interleaving that chance finds, every death of
//! an invocation, and the number of requests.

mod model;
mod schedule;

use portcullis_core::ports::{Raised, Seen};
use portcullis_core::window::testing::stores::{delivery, key};
use portcullis_core::window::testing::{Scenario, scenario};
use portcullis_core::window::{Fact, Threshold};

use super::*;
use model::{Model, run};
use schedule::{Tally, schedule};

/// Seeds of one test; `PORTCULLIS_SCHEDULES` asks for more.
fn schedules() -> u64 {
    let asked = std::env::var("PORTCULLIS_SCHEDULES");
    asked.map_or(1000, |asked| asked.parse().unwrap())
}

fn all(crash: u64) -> Tally {
    let mut sum = Tally::default();
    for seed in 0..schedules() {
        let tally = schedule(seed, &scenario(seed), crash)
            .unwrap_or_else(|failure| panic!("seed {seed}: {failure}"));
        sum.schedules += tally.schedules;
        sum.deliveries += tally.deliveries;
        sum.crashes += tally.crashes;
        sum.alerts += tally.alerts;
        sum.published += tally.published;
    }
    println!("{sum:?}");
    sum
}

#[test]
fn any_interleaving_keeps_the_promises_and_publishes_once() {
    let tally = all(0);
    assert_eq!(tally.published, tally.alerts);
}

#[test]
fn invocations_that_die_lose_nothing() {
    let tally = all(8);
    assert!(tally.published >= tally.alerts);
}

/// One process on a table, and what happens to it.
struct Bench {
    steps: Steps<std::sync::Arc<Model>>,
    threshold: Threshold,
    key: WindowKey,
}

impl Bench {
    fn new(more_than: usize, seconds: i64) -> Self {
        let threshold = Threshold {
            more_than,
            seconds,
            min_groups: 1,
        };
        let scenario = Scenario {
            threshold,
            deliveries: Vec::new(),
            now: 0,
        };
        Self {
            steps: Steps::new(Model::new(&scenario, 500)),
            threshold,
            key: key("111122223333"),
        }
    }

    fn observe(&self, time: i64, thing: &str, by: &str) -> Vec<Raised> {
        let time = 1_700_000_040 + time;
        let event_id = format!("{time}-{thing}-{by}");
        let seen = Seen {
            fact: Fact {
                time,
                event_id: event_id.clone(),
                thing: thing.to_owned(),
                group: String::new(),
            },
            region: "eu-west-1".to_owned(),
            shown: Some(by.to_owned()),
        };
        let delivery = delivery(&event_id, time + 5);
        let raised = self
            .steps
            .observe(&self.key, &seen, &self.threshold, &delivery);
        run(raised).unwrap()
    }

    /// Requests since the last time, as `keep 1, facts 1`.
    fn requests(&self) -> String {
        let requests = self.steps.table.requests();
        let texts: Vec<_> = requests
            .iter()
            .map(|(name, n)| format!("{name} {n}"))
            .collect();
        texts.join(", ")
    }
}

#[test]
fn a_quiet_event_costs_two_requests() {
    let bench = Bench::new(3, 600);
    let cases = [
        (10, "a", "alice", "facts 1, keep 1", "a new thing"),
        (10, "a", "alice", "facts 1, keep 1", "the same event again"),
        (20, "a", "alice", "facts 1, keep 1", "the same thing again"),
        (70, "a", "alice", "facts 1, keep 1", "in the next minute"),
        (50, "b", "alice", "facts 1, keep 1", "another thing"),
        (
            55,
            "b",
            "bob",
            "facts 1, keep 2",
            "somebody else does it again",
        ),
        (5, "a", "alice", "facts 1, keep 2", "late in its minute"),
        (
            15,
            "a",
            "alice",
            "facts 1, keep 2",
            "between others of its minute",
        ),
        (15, "a", "bob", "facts 1, keep 1", "in the same second"),
    ];
    for (time, thing, by, requests, why) in cases {
        assert_eq!(bench.observe(time, thing, by), []);
        assert_eq!(bench.requests(), requests, "{why}");
    }
}

#[test]
fn an_alert_costs_three_more() {
    let bench = Bench::new(1, 600);
    bench.observe(10, "a", "alice");
    bench.requests();
    let raised = bench.observe(20, "b", "alice");
    assert_eq!(bench.requests(), "alerts 1, facts 1, keep 1, swap 1");
    run(bench.steps.settle(&bench.key, &raised[0].alert)).unwrap();
    assert_eq!(bench.requests(), "settle 1");
    assert_eq!(bench.observe(30, "c", "alice"), []);
    assert_eq!(bench.requests(), "facts 1, keep 1", "hot, but spoken for");
    assert_eq!(bench.observe(40, "d", "alice").len(), 1, "twice as many");
    assert_eq!(bench.requests(), "facts 1, keep 1, swap 1");
}

#[test]
fn a_storm_alerts_each_time_it_doubles() {
    let bench = Bench::new(3, 600);
    let mut distinct = Vec::new();
    for n in 0..1200 {
        for raised in bench.observe(n / 2, &format!("stage-{n}"), "mallory") {
            run(bench.steps.settle(&bench.key, &raised.alert)).unwrap();
            assert_eq!(raised.facts.len(), raised.alert.distinct);
            distinct.push(raised.alert.distinct);
        }
    }
    assert_eq!(distinct, [4, 8, 16, 32, 64, 128, 256, 512, 1024]);
    let requests = bench.requests();
    assert_eq!(
        requests, "alerts 1, facts 2100, keep 1200, settle 9, swap 9",
        "500 items a page"
    );
}

#[test]
fn repetitions_do_not_grow_what_is_read() {
    let bench = Bench::new(3, 600);
    for n in 0..3000 {
        assert_eq!(
            bench.observe(n / 5, &format!("stage-{}", n % 3), "loop"),
            []
        );
    }
    assert_eq!(bench.requests(), "facts 3000, keep 3000");
}

#[test]
fn an_alert_shows_the_true_first_and_last_whatever_the_order() {
    let bench = Bench::new(1, 600);
    for (time, by) in [
        (12, "c"),
        (59, "z"),
        (12, "b"),
        (3, "a"),
        (59, "y"),
        (30, "m"),
    ] {
        bench.observe(time, "x", by);
    }
    let raised = bench.observe(61, "other", "o");
    let shown = raised[0].facts.iter().map(|seen| seen.shown.as_deref());
    assert_eq!(shown.collect::<Vec<_>>(), [Some("a"), Some("z"), Some("o")]);
}

#[test]
fn a_moment_between_the_first_and_the_last_of_a_minute_is_judged() {
    let bench = Bench::new(2, 60);
    let mut alerts = Vec::new();
    let events = [
        (44, "p"),
        (45, "q"),
        (46, "r"),
        (55, "z"),
        (100, "x"),
        (110, "x"),
        (119, "x"),
        (105, "y"),
    ];
    for (time, thing) in events {
        let raised = bench.observe(time, thing, "alice");
        alerts.extend(
            raised
                .iter()
                .map(|raised| raised.alert.time - 1_700_000_040),
        );
    }
    assert_eq!(
        alerts,
        [46, 110],
        "110 turns hot with the last event, and 46 lies 64 seconds away"
    );
}
