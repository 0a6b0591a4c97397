//! Replay gives the same findings in any order, with any duplication and over any number of workers.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helper functions of tests may"
)]

#[expect(dead_code, reason = "whose fixture an event is does not matter here")]
mod fixtures;

use std::sync::LazyLock;

use portcullis_core::baseline::Baselines;
use portcullis_core::functions::Functions;
use portcullis_core::record::Record;
use portcullis_core::replay::{Collected, Judge};
use portcullis_core::responders::Responders;
use portcullis_core::rules;
use portcullis_core::thresholds::Thresholds;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;

static JUDGE: LazyLock<Judge> = LazyLock::new(|| Judge {
    thresholds: Thresholds::embedded().unwrap(),
    baselines: Baselines::default(),
    functions: Functions::embedded().unwrap(),
    responders: Responders::new(
        Some("portcullis-reader".to_owned()),
        Some("portcullis-remediator".to_owned()),
    ),
});

/// Every event of every fixture, without what is known of the time before.
static EVENTS: LazyLock<Vec<(Record, Value)>> = LazyLock::new(|| {
    let mut events = Vec::new();
    for fixture in fixtures::all() {
        let records = fixture.records().into_iter();
        events.extend(records.map(|(record, event)| (record, event.clone())));
    }
    let twins: Vec<_> = events.iter().step_by(5).map(twin).collect();
    events.extend(twins);
    events
});

/// Another record that claims the same id.
fn twin((record, event): &(Record, Value)) -> (Record, Value) {
    let mut twin = record.clone();
    twin.source_ip = Some("192.0.2.99".to_owned());
    (twin, event.clone())
}

/// What is shown at the end: findings, dropped findings, and how many records are undecided.
static IN_ORDER: LazyLock<Vec<String>> = LazyLock::new(|| {
    let whole = collect(0..EVENTS.len());
    shown(whole)
});

fn collect(events: impl IntoIterator<Item = usize>) -> Collected {
    let mut collected = Collected::default();
    for at in events {
        let (record, event) = EVENTS.get(at).unwrap();
        let event = || Some(event.clone());
        collected.observe(record, event, &JUDGE).unwrap();
    }
    collected
}

fn shown(collected: Collected) -> Vec<String> {
    let report = collected.finish(&JUDGE.thresholds);
    let findings = report.findings.iter();
    let mut shown: Vec<_> = findings
        .map(|finding| serde_json::to_string(finding).unwrap())
        .collect();
    shown.push(format!("{:?}", report.dropped));
    shown.push(format!("{} undecided", report.undecided));
    shown
}

/// All events in any order, each up to three times, dealt out to up to six workers, which are merged
/// in any order, some of them with each other first.
fn deliveries() -> impl Strategy<Value = (Vec<Vec<usize>>, Vec<Index>)> {
    let all = EVENTS.len();
    let copies = prop::collection::vec(1..=3_usize, all);
    let shuffled = copies.prop_flat_map(|copies| {
        let copies = copies.into_iter().enumerate();
        let events: Vec<usize> = copies
            .flat_map(|(at, n)| std::iter::repeat_n(at, n))
            .collect();
        Just(events).prop_shuffle()
    });
    (shuffled, prop::collection::vec(any::<Index>(), 0..6)).prop_map(|(events, cuts)| {
        let mut at: Vec<usize> = cuts.iter().map(|cut| cut.index(events.len())).collect();
        at.extend([0, events.len()]);
        at.sort_unstable();
        let pairs = at.iter().zip(at.iter().skip(1));
        let parts = pairs.map(|(from, to)| events.get(*from..*to).unwrap().to_vec());
        (parts.collect(), cuts)
    })
}

/// Merges two of the workers, whichever the numbers name, until one is left.
fn merge(mut workers: Vec<Collected>, picks: &[Index]) -> Collected {
    let mut picks = picks.iter().cycle();
    while workers.len() > 1 {
        let pick = picks.next().map_or(0, |pick| pick.index(workers.len()));
        let mut one = workers.swap_remove(pick);
        let other = workers.pop().unwrap();
        one.merge(other);
        workers.push(one);
    }
    workers.pop().unwrap_or_default()
}

/// The events below are worth shuffling: every rule fires on them, and some records are undecided.
#[test]
fn every_rule_takes_part() {
    for about in rules::all() {
        let of_rule = format!("\"rule\":\"{}\"", about.id);
        let fires = IN_ORDER.iter().any(|line| line.contains(&of_rule));
        assert!(fires, "{}", about.id);
    }
    let undecided = IN_ORDER.last().unwrap();
    assert!(!undecided.starts_with("0 "), "{undecided}");
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn any_order_any_duplication_any_split((parts, picks) in deliveries()) {
        let workers: Vec<_> = parts.into_iter().map(collect).collect();
        prop_assert_eq!(&shown(merge(workers, &picks)), &*IN_ORDER);
    }
}
