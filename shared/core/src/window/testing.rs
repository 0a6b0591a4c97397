//! Random deliveries, and the promises of a window held against a count from scratch.
//!
//! For the tests of [`stores`], in this crate and behind the feature `testing` in others. Failures
//! come back as text, because only a test may panic.

pub mod stores;

use std::collections::{BTreeSet, HashSet};

use super::live::HORIZON;
use super::{Alert, Fact, Threshold};
use crate::ports::Seen;

/// Why a store fails.
pub type Failure = String;

/// Numbers that look random and are the same in every run (`SplitMix64`).
#[derive(Debug)]
pub struct Random(pub u64);

impl Random {
    /// A number less than `bound`, which is not zero.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound.max(1)
    }

    /// A place in a list of this length, which is not empty.
    pub fn place(&mut self, length: usize) -> usize {
        let place = self.below(u64::try_from(length).unwrap_or(u64::MAX));
        usize::try_from(place).unwrap_or_default()
    }

    /// A number from `least` on, less than `bound`.
    pub fn between(&mut self, least: i64, bound: i64) -> i64 {
        let width = u64::try_from(bound - least).unwrap_or(1);
        least + i64::try_from(self.below(width)).unwrap_or(0)
    }
}

/// What is delivered to a window.
#[derive(Debug, Clone)]
pub struct Scenario {
    /// When the window alerts.
    pub threshold: Threshold,
    /// Every fact once or more, in any order.
    pub deliveries: Vec<Seen>,
    /// A time at which none of them is too late.
    pub now: i64,
}

/// Facts that crowd together often enough to be hot at several levels, and often lie in one second
/// or minute; with repetitions, shuffled.
pub fn scenario(seed: u64) -> Scenario {
    let mut random = Random(seed);
    let lengths = [60, 61, 75, 119, 120, 250];
    let seconds = lengths
        .get(random.place(lengths.len()))
        .copied()
        .unwrap_or(60);
    let threshold = Threshold {
        more_than: 1 + random.place(4),
        seconds,
        min_groups: 1 + random.place(2),
    };
    let start = 1_700_000_000 + random.between(0, 60);
    let span = seconds * random.between(1, 5);
    let things = random.between(2, 15);
    let mut deliveries: Vec<Seen> = (0..random.between(5, 70))
        .map(|event| {
            let thing = random.between(0, things);
            Seen {
                fact: Fact {
                    time: start + random.between(0, span),
                    event_id: format!("{:08x}-{event}", random.below(1 << 32)),
                    thing: format!("eu-west-{}/api{}/{thing}", thing % 2, thing % 3),
                    group: format!("eu-west-{}/api{}", thing % 2, thing % 3),
                },
                region: format!("eu-west-{}", thing % 2),
                shown: (random.below(4) > 0).then(|| format!("user/{}", random.below(3))),
            }
        })
        .collect();
    for again in 0..deliveries.len() {
        if random.below(3) == 0
            && let Some(seen) = deliveries.get(again).cloned()
        {
            deliveries.push(seen);
        }
    }
    for last in (1..deliveries.len()).rev() {
        deliveries.swap(last, random.place(last + 1));
    }
    Scenario {
        threshold,
        deliveries,
        now: start + span + random.between(0, HORIZON - span),
    }
}

/// Distinct things and groups in `(u - W, u]`, counted from scratch.
pub fn count(facts: &[Fact], u: i64, seconds: i64) -> (usize, usize) {
    let inside = || facts.iter().filter(|f| f.time > u - seconds && f.time <= u);
    let things: HashSet<_> = inside().map(|f| &f.thing).collect();
    let groups: HashSet<_> = inside().map(|f| &f.group).collect();
    (things.len(), groups.len())
}

/// The level by doubling, not by logarithm.
pub fn level(threshold: &Threshold, (things, groups): (usize, usize)) -> Option<u32> {
    if things <= threshold.more_than || groups < threshold.min_groups {
        return None;
    }
    (0..32)
        .take_while(|doublings| things >= (threshold.more_than + 1) << doublings)
        .last()
}

/// The three promises of [`crate::window`], checked by definition.
#[derive(Debug)]
pub struct Promises {
    threshold: Threshold,
    facts: Vec<Fact>,
    alerts: Vec<Alert>,
}

impl Promises {
    /// Nothing has happened yet.
    pub fn new(threshold: Threshold) -> Self {
        Self {
            threshold,
            facts: Vec::new(),
            alerts: Vec::new(),
        }
    }

    /// A fact is in the store.
    pub fn counted(&mut self, fact: &Fact) {
        self.facts.push(fact.clone());
    }

    /// The alerts so far.
    pub fn alerts(&self) -> &[Alert] {
        &self.alerts
    }

    fn level(&self, u: i64) -> Option<u32> {
        level(
            &self.threshold,
            count(&self.facts, u, self.threshold.seconds),
        )
    }

    fn near(&self, a: i64, b: i64) -> bool {
        (a - b).abs() < self.threshold.seconds
    }

    /// An alert is raised: promises 2 and 3.
    ///
    /// # Errors
    /// When it breaks one.
    pub fn raised(&mut self, alert: Alert) -> Result<(), Failure> {
        let now = self.level(alert.time);
        if !self.facts.iter().any(|fact| fact.time == alert.time) || now < Some(alert.level) {
            return Err(format!("{alert:?} is not hot: {now:?}"));
        }
        let rival =
            |other: &&Alert| self.near(other.time, alert.time) && other.level >= alert.level;
        if let Some(other) = self.alerts.iter().find(rival) {
            return Err(format!("{other:?} speaks for {alert:?} already"));
        }
        self.alerts.push(alert);
        Ok(())
    }

    /// Promise 1, for the facts and alerts so far.
    ///
    /// # Errors
    /// When it is broken.
    pub fn kept(&self) -> Result<(), Failure> {
        let moments: BTreeSet<i64> = self.facts.iter().map(|fact| fact.time).collect();
        for u in moments {
            let Some(level) = self.level(u) else {
                continue;
            };
            let speaks = |alert: &Alert| alert.level >= level && self.near(alert.time, u);
            if !self.alerts.iter().any(speaks) {
                return Err(format!("nothing speaks for {u}, hot at level {level}"));
            }
        }
        Ok(())
    }
}
