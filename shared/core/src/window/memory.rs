//! A window store in memory, for live events: the guarantee of [`crate::window`] under any order,
//! duplication and lateness of delivery, for records at most 48 hours late.
//!
//! It leaves out concurrency on purpose: `&mut self` is the lock.

use std::collections::{BTreeSet, HashMap};

use super::{Alert, Fact, Threshold, hot, range};

/// Records later than this are left out of windows.
pub const HORIZON: i64 = 48 * 3600;

/// Facts and alerts live this much longer than their window, so that the latest record that counts
/// still finds its neighbours and the alerts that speak for them.
const KEEP: i64 = 72 * 3600;

/// What is counted together: a rule and its scope.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct WindowKey {
    /// Id of the window rule.
    pub rule: &'static str,
    /// The account, API or nothing that it counts in.
    pub scope: String,
}

/// What a record brought about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Observed {
    /// It counts; these alerts are raised by it.
    Counted(Vec<Alert>),
    /// It came too late to count.
    BeyondHorizon,
}

#[derive(Debug, Default)]
struct Window {
    facts: BTreeSet<Fact>,
    alerts: Vec<Alert>,
}

/// See the module.
#[derive(Debug, Default)]
pub struct MemoryWindows {
    windows: HashMap<WindowKey, Window>,
}

impl MemoryWindows {
    /// Counts a fact that is delivered at `now` (seconds since the epoch).
    pub fn observe(
        &mut self,
        key: WindowKey,
        fact: Fact,
        threshold: &Threshold,
        now: i64,
    ) -> Observed {
        if now.saturating_sub(fact.time) > HORIZON {
            return Observed::BeyondHorizon;
        }
        let window = self.windows.entry(key).or_default();
        window.expire(now, threshold);
        let time = fact.time;
        if !window.facts.insert(fact) {
            return Observed::Counted(Vec::new());
        }
        Observed::Counted(window.raise(time, threshold))
    }
}

impl Window {
    /// A fact at `t` can make hot only the moments of `[t, t + W)`: those whose interval holds it.
    fn raise(&mut self, t: i64, threshold: &Threshold) -> Vec<Alert> {
        let reach = threshold.seconds - 1;
        let facts: Vec<&Fact> = range(
            &self.facts,
            t.saturating_sub(reach),
            t.saturating_add(reach),
        )
        .collect();
        let mut raised = Vec::new();
        for hot in hot(&facts, threshold) {
            let covered = self
                .alerts
                .iter()
                .any(|alert| threshold.covers((alert.time, alert.level), hot.time, hot.level));
            if hot.time >= t && !covered {
                self.alerts.push(hot);
                raised.push(hot);
            }
        }
        raised
    }

    /// Nothing that can still count or speak for a moment is dropped.
    fn expire(&mut self, now: i64, threshold: &Threshold) {
        let kept = |time: i64| time.saturating_add(threshold.seconds + KEEP) > now;
        while self.facts.first().is_some_and(|fact| !kept(fact.time)) {
            self.facts.pop_first();
        }
        self.alerts.retain(|alert| kept(alert.time));
    }
}

#[cfg(test)]
mod tests;
