//! Lines are what lookups read, and no read is ever taken for the state before what it has seen.

use proptest::prelude::*;
use serde_json::json;

use super::super::thing::Api;
use super::super::{Baselines, Shape};
use super::*;
use crate::change::{ApiType, Change};
use crate::record::Record;

/// 2 November 2026, 10:00:00.
const START: i64 = 1_793_613_600_000;

fn thing() -> Thing {
    Thing {
        account: "111122223333".to_owned(),
        region: "eu-west-1".to_owned(),
        what: What::Stage(
            Api {
                id: "a1".to_owned(),
                kind: Some(ApiType::Rest),
                name: Some("orders \"1\"\n".to_owned()),
            },
            "prod".to_owned(),
        ),
    }
}

/// The state is told apart by its access log.
fn settings(state: usize) -> Kept {
    let json = json!({"accessLogSettings": {"destinationArn": format!("arn:{state}")}});
    Kept::from_read(Shape::RestStage, &json.to_string()).unwrap()
}

fn reading(state: usize, started: i64, ended: i64) -> Reading {
    Reading {
        thing: thing(),
        settings: settings(state),
        started: START + started,
        ended: START + ended,
    }
}

/// The state that counts before an event stamped with this second.
fn before(versions: &[Version], second: i64) -> Option<usize> {
    let lines: Vec<String> = versions.iter().map(|one| one.line().unwrap()).collect();
    let baselines = Baselines::parse(&lines.join("\n")).unwrap();
    let record = json!({
        "eventTime": second_of(second).to_string(), "eventSource": "apigateway.amazonaws.com",
        "eventName": "UpdateStage", "awsRegion": "eu-west-1", "recipientAccountId": "111122223333",
        "requestParameters": {"restApiId": "a1", "stageName": "prod", "template": false}
    });
    let record = Record::from_log(record.to_string().as_bytes()).unwrap();
    let change = Change::from_record(&record).unwrap().unwrap();
    let stage = baselines.before(&record, &change).stage?;
    let arn = stage.access_log?.destination_arn?;
    arn.strip_prefix("arn:")?.parse().ok()
}

fn second_of(second: i64) -> Timestamp {
    Timestamp::from_millisecond(START + second * 1000).unwrap()
}

#[test]
fn a_line_is_what_replay_reads() {
    let version = Version::of_response(thing(), second_of(0), settings(7));
    let line = version.line().unwrap();
    assert!(!line.contains('\n'));
    let expected = json!({
        "kind": "stage", "account": "111122223333", "region": "eu-west-1",
        "api": {"id": "a1", "type": "REST", "name": "orders \"1\"\n"}, "stage": "prod",
        "time": "2026-11-02T10:00:00Z", "source": "response",
        "settings": {"accessLogSettings": {"destinationArn": "arn:7"}}
    });
    assert_eq!(
        serde_json::from_str::<serde_json::Value>(&line).unwrap(),
        expected
    );
    assert_eq!(Version::parse(&line).unwrap(), version);
    assert_eq!(before(std::slice::from_ref(&version), 1), Some(7));
    assert_eq!(before(&[version], 0), None);
}

#[test]
fn the_times_of_a_read_are_part_of_its_line() {
    let sweep = Version::of_sweep(reading(1, 500, 1_250));
    let line = sweep.line().unwrap();
    assert!(line.contains(r#""time":"2026-11-02T10:00:11.25Z","since":"2026-11-02T09:59:55.5Z""#));
    assert_eq!(Version::parse(&line).unwrap(), sweep);
    let read = Version::of_read(reading(1, 3_000, 3_100), second_of(1));
    assert_eq!((read.since, read.source), (second_of(1), Source::Read));
    let late = Version::of_read(reading(1, 90_000, 90_100), second_of(1));
    assert_eq!(late.since, second_of(85));
}

#[test]
fn all_kinds_survive_their_line() {
    let mut account = Version::of_response(thing(), second_of(0), settings(0));
    let mut api = account.clone();
    account.thing.what = What::Account;
    let What::Stage(of, _) = thing().what else {
        panic!("a stage")
    };
    api.thing.what = What::Api(Api {
        kind: None,
        name: None,
        ..of
    });
    for version in [account, api] {
        let line = version.line().unwrap();
        assert_eq!(Version::parse(&line).unwrap(), version);
        assert_eq!(Baselines::parse(&line).unwrap().len(), 1);
    }
}

#[test]
fn an_older_read_never_hides_a_newer_response() {
    // Read before the change, counting only from after it.
    let sweep = Version::of_sweep(reading(0, 0, 500));
    let response = Version::of_response(thing(), second_of(5), settings(1));
    assert_eq!(before(&[sweep.clone(), response.clone()], 60), Some(1));
    assert_eq!(before(&[sweep, response], 5), None);
}

/// One change: when it takes effect, how long until its call ends, and whether its response shows it.
#[derive(Debug, Clone)]
struct Happening {
    effect: i64,
    length: i64,
    has_response: bool,
    /// Delay until its event is handled, when that needs a read.
    delay: i64,
}

/// A look at any time: start, the moment that is seen, and end, one after the other.
type Look = (i64, i64, i64);

const SPAN: i64 = 60_000;

fn happening() -> impl Strategy<Value = Happening> {
    // A call ends within 8 seconds of its effect.
    (
        0..SPAN,
        prop_oneof![0..300_i64, 0..8_000_i64],
        any::<bool>(),
        prop_oneof![0..300_i64, 0..30_000_i64],
    )
        .prop_map(|(effect, length, has_response, delay)| Happening {
            effect,
            length,
            has_response,
            delay,
        })
}

/// Changes in the order of their effects, their seconds, and all versions that come of them.
struct World {
    changes: Vec<Happening>,
    seconds: Vec<i64>,
    versions: Vec<Version>,
}

impl World {
    /// `skew` is how far our clock is ahead of that of the events.
    fn new(mut changes: Vec<Happening>, looks: &[Look], skew: i64) -> Self {
        changes.sort_by_key(|change| change.effect);
        let seconds = changes
            .iter()
            .map(|change| (change.effect + change.length).div_euclid(1000));
        let mut world = Self {
            seconds: seconds.collect(),
            versions: Vec::new(),
            changes,
        };
        let mut looked: Vec<Version> = Vec::new();
        for &(started, wait, rest) in looks {
            let state = world.state(started + wait);
            let ended = started + wait + rest;
            looked.push(Version::of_sweep(reading(
                state,
                started + skew,
                ended + skew,
            )));
        }
        for (at, change) in world.changes.iter().enumerate() {
            let second = world.seconds[at];
            if change.has_response && !world.is_taken(at) {
                // The response shows at least its own effect.
                let version = Version::of_response(thing(), second_of(second), settings(at + 1));
                looked.push(version);
                continue;
            }
            let delivered = change.effect + change.length + change.delay;
            let started = delivered.max(second * 1000 + SETTLING.as_millis() as i64 - skew);
            let state = world.state(started + 100);
            let reading = reading(state, started + skew, started + 200 + skew);
            looked.push(Version::of_read(reading, second_of(second)));
        }
        world.versions = looked;
        world
    }

    /// How many changes have taken effect.
    fn state(&self, moment: i64) -> usize {
        self.changes
            .iter()
            .filter(|change| change.effect <= moment)
            .count()
    }

    /// Whether a response of the same second is written before: then this one leads to a read.
    fn is_taken(&self, at: usize) -> bool {
        let order = |at: usize| (self.changes[at].delay, at);
        (0..self.changes.len()).any(|other| {
            self.changes[other].has_response
                && self.seconds[other] == self.seconds[at]
                && order(other) < order(at)
        })
    }
}

fn looks() -> impl Strategy<Value = Vec<Look>> {
    prop::collection::vec((0..SPAN, 0..20_000_i64, 0..20_000_i64), 0..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(512))]

    /// INVARIANT: whatever is read whenever, the lookup for a change never gives a state that a read has
    /// seen after that change.
    #[test]
    fn no_read_is_taken_for_the_state_before_what_it_has_seen(
        changes in prop::collection::vec(happening(), 1..8),
        looks in looks(),
        skew in -1_000..1_000_i64,
    ) {
        let world = World::new(changes, &looks, skew);
        let reads: Vec<Version> = world.versions.iter()
            .filter(|version| version.source != Source::Response)
            .cloned()
            .collect();
        for (at, second) in world.seconds.iter().enumerate() {
            if let Some(state) = before(&reads, *second) {
                prop_assert!(state <= at, "change {at} at {second}: {state}");
            }
        }
    }

    /// Once things have settled, the lookup gives exactly the state after the last change, however many
    /// reads of older states count from later on.
    #[test]
    fn what_is_found_later_is_the_last_state(
        changes in prop::collection::vec(happening(), 1..8),
        looks in looks(),
        skew in -1_000..1_000_i64,
    ) {
        let mut changes = changes;
        // Calls that overlap are told apart by no clock: one ends before the next takes effect, maybe in
        // the same second.
        changes.sort_by_key(|change| change.effect);
        let mut end = 0;
        for change in &mut changes {
            change.effect = change.effect.max(end + 1);
            end = change.effect + change.length;
        }
        let count = changes.len();
        let world = World::new(changes, &looks, skew);
        let later = end / 1000 + 200;
        prop_assert_eq!(before(&world.versions, later), Some(count));
    }
}
