//! Sliding windows on event time: how many distinct things, and which moments alert.
//!
//! Intervals are half-open, `(u - W, u]`, for the event time `u` of a counted fact. `u` is *hot* when
//! more than N distinct things lie in its interval; its *level* is the number of times N + 1 can be
//! doubled within that count. Replay uses the canonical set of alerts ([`canonical`]); live events
//! go through a store (it decides by [`live`]) that gives the guarantee for any order of delivery:
//!
//! 1. every hot `u` has an alert of at least its level less than W away;
//! 2. two alerts less than W apart have different levels, the later-raised the higher;
//! 3. every alert lay on a hot `u` when it was raised; the same record twice counts once.

pub mod live;
pub mod memory;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::hash::Hash;

/// When a window alerts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Threshold {
    /// N: more than this many distinct things are hot.
    pub more_than: usize,
    /// W, in seconds.
    pub seconds: i64,
    /// At least this many groups (APIs) must be among them.
    pub min_groups: usize,
}

impl Threshold {
    /// The level of a count, `floor(log2(count / (N + 1)))`; `None` when it is not hot.
    pub fn level(&self, distinct: usize, groups: usize) -> Option<u32> {
        if distinct <= self.more_than || groups < self.min_groups {
            return None;
        }
        (distinct / self.more_than.saturating_add(1)).checked_ilog2()
    }

    /// Whether an alert at `alert` of `alert_level` speaks for a hot `u` of `level`.
    fn covers(&self, (alert, alert_level): (i64, u32), u: i64, level: u32) -> bool {
        alert_level >= level && alert.abs_diff(u) < self.seconds.unsigned_abs()
    }
}

/// One counted finding.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fact {
    /// Event time, in seconds since the epoch.
    pub time: i64,
    /// The record; the same one counts once.
    pub event_id: String,
    /// What is counted.
    pub thing: String,
    /// The group it belongs to: its API. Where groups are counted, a thing belongs to one of them only.
    pub group: String,
}

/// A hot moment that speaks for itself and its neighbours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Alert {
    /// Event time that closes the interval, in seconds since the epoch.
    pub time: i64,
    /// See [`Threshold::level`].
    pub level: u32,
    /// How many distinct things lie in the interval.
    pub distinct: usize,
}

/// How many of each key are in the interval.
struct Tally<K>(HashMap<K, usize>);

impl<K: Hash + Eq> Tally<K> {
    fn add(&mut self, key: K) {
        *self.0.entry(key).or_default() += 1;
    }

    fn remove(&mut self, key: &K) {
        if let Some(count) = self.0.get_mut(key) {
            *count -= 1;
            if *count == 0 {
                self.0.remove(key);
            }
        }
    }
}

/// Every hot `u` among facts sorted by time, in order.
fn hot(facts: &[&Fact], threshold: &Threshold) -> Vec<Alert> {
    let mut things = Tally(HashMap::new());
    let mut groups = Tally(HashMap::new());
    let mut oldest = facts.iter().peekable();
    let mut hot = Vec::new();
    for together in facts.chunk_by(|a, b| a.time == b.time) {
        let Some(u) = together.first().map(|fact| fact.time) else {
            continue;
        };
        for fact in together {
            things.add(fact.thing.as_str());
            groups.add(fact.group.as_str());
        }
        let opens = u.saturating_sub(threshold.seconds);
        while let Some(gone) = oldest.next_if(|fact| fact.time <= opens) {
            things.remove(&gone.thing.as_str());
            groups.remove(&gone.group.as_str());
        }
        let distinct = things.0.len();
        hot.extend(
            threshold
                .level(distinct, groups.0.len())
                .map(|level| Alert {
                    time: u,
                    level,
                    distinct,
                }),
        );
    }
    hot
}

/// The canonical alerts of a complete set of facts: every hot `u` in order of time alerts unless an
/// alert of at least its level lies less than W before it. The order of the facts never matters.
pub fn canonical(facts: &BTreeSet<Fact>, threshold: &Threshold) -> Vec<Alert> {
    let facts: Vec<&Fact> = facts.iter().collect();
    let mut alerts: Vec<Alert> = Vec::new();
    for hot in hot(&facts, threshold) {
        let mut recent = alerts
            .iter()
            .rev()
            .take_while(|alert| hot.time - alert.time < threshold.seconds);
        if !recent.any(|alert| threshold.covers((alert.time, alert.level), hot.time, hot.level)) {
            alerts.push(hot);
        }
    }
    alerts
}

/// The facts of the interval that closes at `u`, oldest first.
pub fn interval<'a>(
    facts: &'a BTreeSet<Fact>,
    u: i64,
    threshold: &Threshold,
) -> impl Iterator<Item = &'a Fact> {
    let after = u.saturating_sub(threshold.seconds);
    range(facts, after.saturating_add(1), u)
}

/// Facts from one second to another, both included.
fn range(facts: &BTreeSet<Fact>, from: i64, to: i64) -> impl Iterator<Item = &Fact> {
    let facts = facts.range(earliest(from)..);
    facts.take_while(move |fact| fact.time <= to)
}

/// Where the facts of a second begin.
fn earliest(time: i64) -> Fact {
    Fact {
        time,
        event_id: String::new(),
        thing: String::new(),
        group: String::new(),
    }
}

/// The earliest fact of each distinct thing, in order of time and event id.
pub fn witnesses<'a>(interval: impl Iterator<Item = &'a Fact>) -> Vec<&'a Fact> {
    let mut first: BTreeMap<&str, &Fact> = BTreeMap::new();
    for fact in interval {
        first.entry(&fact.thing).or_insert(fact);
    }
    let mut facts: Vec<&Fact> = first.into_values().collect();
    facts.sort();
    facts
}

#[cfg(test)]
mod tests;
