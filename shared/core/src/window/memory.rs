//! A window store in memory: every fact as it came, one lock around everything.
//!
//! It shares its decisions ([`super::live`]) with the store of the functions, and nothing else: what
//! it says is the yardstick of the other one's items, conditions and calls.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;

use super::live::{self, Episodes};
pub use super::live::{HORIZON, WindowKey};
use super::{Alert, Fact, Threshold, earliest};
use crate::ports::{Delivery, PortError, Raised, Seen, WindowStore};

/// A fact, what is shown of it, and until when it is kept.
type Kept = (Seen, i64);

#[derive(Debug, Default)]
struct Window {
    facts: BTreeMap<Fact, Kept>,
    episodes: Episodes,
}

/// See the module.
#[derive(Debug, Default)]
pub struct MemoryWindows {
    windows: Mutex<HashMap<WindowKey, Window>>,
}

impl MemoryWindows {
    fn with<T>(&self, key: &WindowKey, act: impl FnOnce(&mut Window) -> T) -> T {
        let mut windows = self.windows.lock().unwrap_or_else(PoisonError::into_inner);
        act(windows.entry(key.clone()).or_default())
    }
}

#[async_trait]
impl WindowStore for MemoryWindows {
    async fn observe(
        &self,
        key: &WindowKey,
        seen: &Seen,
        threshold: &Threshold,
        delivery: &Delivery,
    ) -> Result<Vec<Raised>, PortError> {
        if live::beyond_horizon(seen.fact.time, delivery.now) {
            return Ok(Vec::new());
        }
        Ok(self.with(key, |window| window.observe(seen, threshold, delivery)))
    }

    async fn settle(&self, key: &WindowKey, alert: &Alert) -> Result<(), PortError> {
        self.with(key, |window| window.episodes.settle(alert));
        Ok(())
    }
}

impl Window {
    fn observe(&mut self, seen: &Seen, threshold: &Threshold, delivery: &Delivery) -> Vec<Raised> {
        self.facts
            .retain(|_, (_, expires_at)| *expires_at > delivery.now);
        let t = seen.fact.time;
        self.facts.entry(seen.fact.clone()).or_insert_with(|| {
            let expires_at = live::expires_at(t, threshold, delivery.now);
            (seen.clone(), expires_at)
        });
        let (first, last) = live::neighbours(t, threshold);
        let facts = self.between(first, last).map(|seen| &seen.fact).collect();
        let hot = live::hot_from(t, facts, threshold);
        let to_send = self.episodes.raise(t, &hot, threshold, delivery);
        let raised = to_send.into_iter().map(|alert| {
            let after = alert.time.saturating_sub(threshold.seconds);
            let facts = self.between(after.saturating_add(1), alert.time).cloned();
            Raised {
                alert,
                facts: facts.collect(),
            }
        });
        raised.collect()
    }

    fn between(&self, from: i64, to: i64) -> impl Iterator<Item = &Seen> {
        let facts = self.facts.range(earliest(from)..);
        facts
            .map(|(_, (seen, _))| seen)
            .take_while(move |seen| seen.fact.time <= to)
    }
}

#[cfg(test)]
mod tests;
