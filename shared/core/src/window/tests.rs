//! The canonical set and the live guarantee, against a reference that counts every interval anew.

use proptest::prelude::*;

use super::testing::level;
use super::*;

const W: i64 = 60;

fn threshold(more_than: usize, min_groups: usize) -> Threshold {
    Threshold {
        more_than,
        seconds: W,
        min_groups,
    }
}

fn fact(time: i64, event: &str, thing: &str) -> Fact {
    Fact {
        time,
        event_id: event.to_owned(),
        thing: thing.to_owned(),
        group: thing.chars().take(1).collect(),
    }
}

/// Facts that crowd together often enough to be hot, at several levels.
fn facts() -> impl Strategy<Value = Vec<Fact>> {
    let one = (0..4 * W, 0..14_u8, 0..3_u8).prop_map(|(time, thing, copy)| {
        let thing = format!("{}{thing}", if thing % 3 == 0 { 'a' } else { 'b' });
        fact(time, &format!("{time}-{thing}-{copy}"), &thing)
    });
    prop::collection::vec(one, 0..60)
}

fn count(facts: &[Fact], u: i64) -> (usize, usize) {
    testing::count(facts, u, W)
}

/// The definition word by word: hot moments in order of time, then event id.
fn reference(facts: &[Fact], threshold: &Threshold) -> Vec<(i64, u32)> {
    let mut moments: Vec<_> = facts.iter().map(|f| (f.time, &f.event_id)).collect();
    moments.sort();
    let mut alerts: Vec<(i64, u32)> = Vec::new();
    for (u, _) in moments {
        let Some(level) = level(threshold, count(facts, u)) else {
            continue;
        };
        let covered = alerts
            .iter()
            .any(|(at, other)| *other >= level && (at - u).abs() < W);
        if !covered {
            alerts.push((u, level));
        }
    }
    alerts
}

proptest! {
    #[test]
    fn canonical_is_the_definition(facts in facts(), more_than in 1..5_usize, groups in 1..3_usize) {
        let threshold = threshold(more_than, groups);
        let set: BTreeSet<Fact> = facts.iter().cloned().collect();
        let ours: Vec<_> = canonical(&set, &threshold)
            .into_iter()
            .map(|alert| {
                prop_assert_eq!(alert.distinct, count(&facts, alert.time).0);
                Ok((alert.time, alert.level))
            })
            .collect::<Result<_, TestCaseError>>()?;
        prop_assert_eq!(ours, reference(&facts, &threshold));
    }

    #[test]
    fn witnesses_are_one_early_fact_of_each_thing(facts in facts(), u in 0..4 * W) {
        let set: BTreeSet<Fact> = facts.iter().cloned().collect();
        let threshold = threshold(3, 1);
        let chosen = witnesses(interval(&set, u, &threshold));
        prop_assert_eq!(chosen.len(), count(&facts, u).0);
        for witness in chosen {
            let earlier = interval(&set, u, &threshold)
                .find(|other| other.thing == witness.thing && *other < witness);
            prop_assert_eq!(earlier, None);
        }
    }
}

#[test]
fn the_interval_is_open_at_its_start() {
    let threshold = threshold(1, 1);
    let at = |second| -> Vec<Alert> {
        let facts = [fact(0, "1", "a"), fact(second, "2", "b")];
        canonical(&facts.into_iter().collect(), &threshold)
    };
    assert_eq!(at(W - 1).len(), 1);
    assert_eq!(at(W), []);
}

#[test]
fn levels_double() {
    let threshold = threshold(3, 1);
    let level = |distinct| threshold.level(distinct, 1);
    assert_eq!(level(3), None);
    assert_eq!(level(4), Some(0));
    assert_eq!(level(7), Some(0));
    assert_eq!(level(8), Some(1));
    assert_eq!(level(16), Some(2));
}
