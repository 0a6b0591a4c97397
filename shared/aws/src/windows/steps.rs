//! The requests that a fact and an alert take, in their order: write, read, and only then decide.
//!
//! INVARIANT: a fact is kept before the facts are read. Of all the facts that make a moment hot, the
//! one that is kept last is followed by a read that sees them all.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use portcullis_core::ports::{Delivery, PortError, Raised, Seen};
use portcullis_core::window::live::{self, WindowKey};
use portcullis_core::window::{Alert, Fact, Threshold};

use super::items::{AlertItem, FactItem};
use super::keep::Keep;
use super::table::{Kept, Table};

/// Tries to write an item that others write at the same time. Each failure is another's success.
const TRIES: usize = 16;

/// Pages of 1 MB that are read of a window: some 20 000 things within twice its length.
const PAGES: usize = 16;

/// Windows whose alerts are remembered. More of them at once are a storm over many APIs, where
/// forgetting only costs a read.
const REMEMBERED: usize = 256;

/// Others kept writing the same item.
#[derive(Debug, thiserror::Error)]
#[error("{TRIES} tries were overtaken by other writers, try again later")]
struct Contended;

fn contended(action: &'static str) -> PortError {
    PortError {
        action,
        retryable: true,
        source: Box::new(Contended),
    }
}

/// The steps on a table, and the alerts that this process knows of: alerts never go away while they
/// matter, so that what an old state of them covers needs no new one.
#[derive(Debug)]
pub(super) struct Steps<T> {
    pub(super) table: T,
    known: Mutex<HashMap<WindowKey, AlertItem>>,
}

impl<T: Table> Steps<T> {
    pub(super) fn new(table: T) -> Self {
        Self {
            table,
            known: Mutex::default(),
        }
    }

    /// See `WindowStore::observe`.
    pub(super) async fn observe(
        &self,
        key: &WindowKey,
        seen: &Seen,
        threshold: &Threshold,
        delivery: &Delivery,
    ) -> Result<Vec<Raised>, PortError> {
        let t = seen.fact.time;
        if live::beyond_horizon(t, delivery.now) {
            return Ok(Vec::new());
        }
        let expires_at = live::expires_at(t, threshold, delivery.now);
        self.keep(key, seen, expires_at).await?;
        let items = self.read(key, t, threshold).await?;
        let facts: Vec<Fact> = items.iter().flat_map(FactItem::facts).collect();
        let hot = live::hot_from(t, facts.iter().collect(), threshold);
        if hot.is_empty() {
            return Ok(Vec::new());
        }
        let to_send = self.raise(key, t, &hot, threshold, delivery).await?;
        let raised = to_send.into_iter().map(|alert| Raised {
            alert,
            facts: inside(&items, alert, threshold),
        });
        Ok(raised.collect())
    }

    /// See `WindowStore::settle`.
    pub(super) async fn settle(&self, key: &WindowKey, alert: &Alert) -> Result<(), PortError> {
        if let Some(alerts) = self.table.settle(key, alert).await? {
            self.remember(key, alerts);
        }
        Ok(())
    }

    async fn keep(&self, key: &WindowKey, seen: &Seen, expires_at: i64) -> Result<(), PortError> {
        let mut how = Keep::Alike;
        for _ in 0..TRIES {
            let Kept::No(in_the_way) = self.table.keep(key, seen, how, expires_at).await? else {
                return Ok(());
            };
            how = match in_the_way.map(|item| missing(&item, &seen.fact)) {
                Some(Some(how)) => how,
                Some(None) => return Ok(()),
                None => Keep::Alike,
            };
        }
        Err(contended("count the event in its window"))
    }

    /// All facts that share an interval with one at `t`. Past the last page counts are lower bounds:
    /// what is read first is the past, which the moment itself is judged by.
    async fn read(
        &self,
        key: &WindowKey,
        t: i64,
        threshold: &Threshold,
    ) -> Result<Vec<FactItem>, PortError> {
        let seconds = live::neighbours(t, threshold);
        let mut items = Vec::new();
        let mut after = None;
        for _ in 0..PAGES {
            let page = self.table.facts(key, seconds, after).await?;
            items.extend(page.items);
            after = page.next;
            if after.is_none() {
                break;
            }
        }
        Ok(items)
    }

    /// Raises what nothing speaks for. The swap is the point in time at which an alert is raised.
    async fn raise(
        &self,
        key: &WindowKey,
        t: i64,
        hot: &[Alert],
        threshold: &Threshold,
        delivery: &Delivery,
    ) -> Result<Vec<Alert>, PortError> {
        let mut old = match self.known(key) {
            Some(known) => known,
            None => self.table.alerts(key).await?,
        };
        for _ in 0..TRIES {
            let mut new = old.clone();
            let to_send = new.episodes.raise(t, hot, threshold, delivery);
            if to_send.is_empty() {
                self.remember(key, old);
                return Ok(to_send);
            }
            new.version = Some(old.version.unwrap_or_default() + 1);
            let latest = new.episodes.iter().map(|(alert, _)| alert.time).max();
            let expires_at = live::expires_at(latest.unwrap_or(t), threshold, delivery.now);
            match self.table.swap(key, old.version, &new, expires_at).await? {
                None => {
                    self.remember(key, new);
                    return Ok(to_send);
                }
                Some(current) => old = current,
            }
        }
        Err(contended("raise an alert of a window"))
    }

    fn known(&self, key: &WindowKey) -> Option<AlertItem> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(key).cloned()
    }

    fn remember(&self, key: &WindowKey, alerts: AlertItem) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= REMEMBERED && !known.contains_key(key) {
            known.clear();
        }
        known.insert(key.clone(), alerts);
    }
}

/// What an item lacks of a fact of its minute and thing.
fn missing(item: &FactItem, fact: &Fact) -> Option<Keep> {
    let stamp = |fact: &Fact| (fact.time, fact.event_id.clone());
    let (first, last, this) = (stamp(&item.first.fact), stamp(&item.last.fact), stamp(fact));
    if this < first {
        Some(Keep::First)
    } else if this > last {
        Some(Keep::Last)
    } else if item.seconds.contains(&fact.time) {
        None
    } else {
        Some(Keep::Between)
    }
}

/// The occurrences in the interval of an alert, each once.
fn inside(items: &[FactItem], alert: Alert, threshold: &Threshold) -> Vec<Seen> {
    let after = alert.time.saturating_sub(threshold.seconds);
    let mut seen: Vec<Seen> = items
        .iter()
        .flat_map(|item| [&item.first, &item.last])
        .filter(|seen| seen.fact.time > after && seen.fact.time <= alert.time)
        .cloned()
        .collect();
    seen.sort();
    seen.dedup();
    seen
}
