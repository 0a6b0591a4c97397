//! The three promises, checked after every single delivery.

use proptest::prelude::*;

use super::super::tests::{W, count, fact, facts, level, threshold};
use super::*;

fn key() -> WindowKey {
    WindowKey {
        rule: "test",
        scope: String::new(),
    }
}

/// Deliveries: every fact once or more, in any order.
fn deliveries() -> impl Strategy<Value = Vec<Fact>> {
    facts()
        .prop_flat_map(|facts| {
            let again = prop::sample::subsequence(facts.clone(), 0..=facts.len());
            (Just(facts), again)
        })
        .prop_map(|(mut facts, again)| {
            facts.extend(again);
            facts
        })
        .prop_shuffle()
}

proptest! {
    #[test]
    fn every_delivery_keeps_the_promises(
        deliveries in deliveries(),
        more_than in 1..5_usize,
        groups in 1..3_usize,
    ) {
        let threshold = threshold(more_than, groups);
        let mut store = MemoryWindows::default();
        let mut seen: Vec<Fact> = Vec::new();
        let mut alerts: Vec<Alert> = Vec::new();
        for fact in deliveries {
            seen.push(fact.clone());
            let Observed::Counted(raised) = store.observe(key(), fact, &threshold, 5 * W) else {
                return Err(TestCaseError::fail("nothing here is late"));
            };
            for alert in raised {
                // 3: it lies on a moment that is hot now.
                let counted = count(&seen, alert.time);
                prop_assert_eq!(level(&threshold, counted), Some(alert.level));
                prop_assert_eq!(counted.0, alert.distinct);
                // 2: nothing near is as high.
                for other in &alerts {
                    let near = (other.time - alert.time).abs() < W;
                    prop_assert!(!near || other.level < alert.level);
                }
                alerts.push(alert);
            }
            // 1: every hot moment is spoken for.
            for fact in &seen {
                if let Some(level) = level(&threshold, count(&seen, fact.time)) {
                    let spoken_for = alerts.iter().any(|alert| {
                        alert.level >= level && (alert.time - fact.time).abs() < W
                    });
                    prop_assert!(spoken_for, "nothing speaks for {}", fact.time);
                }
            }
        }
    }
}

#[test]
fn a_record_beyond_the_horizon_is_left_out() {
    let mut store = MemoryWindows::default();
    let threshold = threshold(1, 1);
    let now = HORIZON + 1;
    let late = store.observe(key(), fact(0, "1", "a"), &threshold, now);
    assert_eq!(late, Observed::BeyondHorizon);
    let just = store.observe(key(), fact(1, "2", "b"), &threshold, now);
    assert_eq!(just, Observed::Counted(vec![]));
}

#[test]
fn the_latest_record_that_counts_still_finds_its_neighbours() {
    let mut store = MemoryWindows::default();
    let threshold = threshold(1, 1);
    store.observe(key(), fact(0, "1", "a"), &threshold, 0);
    let late = store.observe(key(), fact(W - 1, "2", "b"), &threshold, W - 1 + HORIZON);
    assert!(matches!(late, Observed::Counted(alerts) if alerts.len() == 1));
}

#[test]
fn facts_that_can_no_longer_count_are_dropped() {
    let mut store = MemoryWindows::default();
    let threshold = threshold(1, 1);
    store.observe(key(), fact(0, "1", "a"), &threshold, 0);
    let later = W + KEEP;
    store.observe(key(), fact(later, "2", "b"), &threshold, later);
    let window = &store.windows[&key()];
    assert_eq!(window.facts.len(), 1);
}
