//! The store in memory passes what every store has to pass.

use pollster::block_on;

use super::super::testing::{scenario, stores};
use super::*;

#[test]
fn every_delivery_keeps_the_promises() {
    let mut alerts = 0;
    for seed in 0..400 {
        let store = MemoryWindows::default();
        let scenario = scenario(seed);
        match block_on(stores::keeps_its_promises(&store, "scope", &scenario)) {
            Ok(raised) => alerts += raised,
            Err(failure) => panic!("seed {seed}: {failure}"),
        }
    }
    assert!(alerts > 400, "only {alerts} alerts: the scenarios are tame");
}

#[test]
fn alerts_are_handed_over() {
    let store = MemoryWindows::default();
    block_on(stores::hands_alerts_over(&store, "scope")).unwrap();
}

#[test]
fn the_horizon_is_known() {
    let store = MemoryWindows::default();
    block_on(stores::knows_its_horizon(&store, "scope")).unwrap();
}

#[test]
fn facts_that_can_no_longer_count_are_dropped() {
    let store = MemoryWindows::default();
    let scenario = scenario(0);
    let key = stores::key("scope");
    let observe = |seen: &Seen, now| {
        let delivery = stores::delivery("one", now);
        block_on(store.observe(&key, seen, &scenario.threshold, &delivery)).unwrap();
    };
    let mut seen = scenario.deliveries[0].clone();
    observe(&seen, seen.fact.time);
    seen.fact.time = live::expires_at(seen.fact.time, &scenario.threshold, seen.fact.time);
    observe(&seen, seen.fact.time);
    let facts = store.with(&key, |window| window.facts.len());
    assert_eq!(facts, 1);
}
