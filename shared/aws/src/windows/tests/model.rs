//! A table in memory that does one request at a time and judges every alert when it is raised.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use portcullis_core::ports::{PortError, Seen};
use portcullis_core::window::Alert;
use portcullis_core::window::live::WindowKey;
use portcullis_core::window::testing::{Promises, Scenario, count, level};

use super::super::items::{AlertItem, FactItem, details, fact_key, minute, minute_key, stamp};
use super::super::keep::Keep;
use super::super::table::{Kept, Page, Table};

/// The table, with a judge who sees every write.
pub(super) struct Model(pub(super) Mutex<Inner>);

pub(super) struct Inner {
    facts: BTreeMap<(WindowKey, String), FactItem>,
    pub(super) alerts: HashMap<WindowKey, AlertItem>,
    page: usize,
    pub(super) promises: Promises,
    pub(super) scenario: Scenario,
    pub(super) failures: Vec<String>,
    requests: BTreeMap<&'static str, usize>,
}

impl Model {
    pub(super) fn new(scenario: &Scenario, page: usize) -> Arc<Self> {
        Arc::new(Self(Mutex::new(Inner {
            facts: BTreeMap::new(),
            alerts: HashMap::new(),
            page,
            promises: Promises::new(scenario.threshold),
            scenario: scenario.clone(),
            failures: Vec::new(),
            requests: BTreeMap::new(),
        })))
    }

    /// Requests of each kind since the last time.
    pub(super) fn requests(&self) -> BTreeMap<&'static str, usize> {
        std::mem::take(&mut self.0.lock().unwrap().requests)
    }

    async fn request<T>(&self, name: &'static str, act: impl FnOnce(&mut Inner) -> T) -> T {
        pause().await;
        let mut inner = self.0.lock().unwrap();
        *inner.requests.entry(name).or_default() += 1;
        act(&mut inner)
    }
}

impl Inner {
    fn keep(&mut self, key: &WindowKey, seen: &Seen, how: Keep) -> Kept {
        let place = (key.clone(), fact_key(&seen.fact));
        let this = stamp(&seen.fact);
        let Some(item) = self.facts.get_mut(&place) else {
            if how != Keep::Alike {
                return Kept::No(None);
            }
            let item = FactItem {
                seconds: [seen.fact.time].into(),
                first: seen.clone(),
                last: seen.clone(),
            };
            self.facts.insert(place, item);
            self.promises.counted(&seen.fact);
            return Kept::Yes;
        };
        let later = stamp(&item.last.fact) < this;
        let holds = match how {
            Keep::Alike => later && details(&item.first) == details(seen),
            Keep::Last => later,
            Keep::First => stamp(&item.first.fact) > this,
            Keep::Between => true,
        };
        if !holds {
            return Kept::No(Some(Box::new(item.clone())));
        }
        match how {
            Keep::Alike | Keep::Last => item.last = seen.clone(),
            Keep::First => item.first = seen.clone(),
            Keep::Between => {}
        }
        item.seconds.insert(seen.fact.time);
        self.promises.counted(&seen.fact);
        Kept::Yes
    }

    fn swap(&mut self, key: &WindowKey, old: Option<i64>, new: &AlertItem) -> Option<AlertItem> {
        let current = self.alerts.entry(key.clone()).or_default();
        if current.version != old {
            return Some(current.clone());
        }
        let known: Vec<Alert> = current.episodes.iter().map(|(alert, _)| alert).collect();
        *current = new.clone();
        let threshold = self.scenario.threshold;
        for (alert, _) in new
            .episodes
            .iter()
            .filter(|(alert, _)| !known.contains(alert))
        {
            let facts = self
                .facts
                .values()
                .flat_map(FactItem::facts)
                .collect::<Vec<_>>();
            let (things, groups) = count(&facts, alert.time, threshold.seconds);
            let said = level(&threshold, (alert.distinct, groups));
            if alert.distinct > things || said != Some(alert.level) {
                self.failures.push(format!("{alert:?} of {things}"));
            }
            self.failures.extend(self.promises.raised(alert).err());
        }
        None
    }
}

#[async_trait]
impl Table for Arc<Model> {
    async fn keep(
        &self,
        key: &WindowKey,
        seen: &Seen,
        how: Keep,
        _: i64,
    ) -> Result<Kept, PortError> {
        Ok(self
            .request("keep", |inner| inner.keep(key, seen, how))
            .await)
    }

    async fn facts(
        &self,
        key: &WindowKey,
        (from, to): (i64, i64),
        after: Option<String>,
    ) -> Result<Page, PortError> {
        let read = |inner: &mut Inner| {
            let from = after.map_or(minute_key(minute(from)), |after| after + "\0");
            let to = minute_key(minute(to) + 1);
            let range = inner.facts.range((key.clone(), from)..(key.clone(), to));
            let mut found = range.take(inner.page + 1);
            let items: Vec<_> = found.by_ref().take(inner.page).collect();
            let last = items.last().map(|((_, sk), _)| sk.clone());
            Page {
                next: last.filter(|_| found.next().is_some()),
                items: items.into_iter().map(|(_, item)| item.clone()).collect(),
            }
        };
        Ok(self.request("facts", read).await)
    }

    async fn alerts(&self, key: &WindowKey) -> Result<AlertItem, PortError> {
        let read = |inner: &mut Inner| inner.alerts.get(key).cloned().unwrap_or_default();
        Ok(self.request("alerts", read).await)
    }

    async fn swap(
        &self,
        key: &WindowKey,
        old: Option<i64>,
        new: &AlertItem,
        _: i64,
    ) -> Result<Option<AlertItem>, PortError> {
        Ok(self
            .request("swap", |inner| inner.swap(key, old, new))
            .await)
    }

    async fn settle(&self, key: &WindowKey, alert: &Alert) -> Result<Option<AlertItem>, PortError> {
        let settle = |inner: &mut Inner| {
            let item = inner.alerts.get_mut(key)?;
            item.episodes.settle(alert).then_some(())?;
            item.version = item.version.map(|version| version + 1);
            Some(item.clone())
        };
        Ok(self.request("settle", settle).await)
    }
}

/// Lets the scheduler choose who goes on.
pub(super) async fn pause() {
    let mut paused = false;
    std::future::poll_fn(|_| match std::mem::replace(&mut paused, true) {
        true => Poll::Ready(()),
        false => Poll::Pending,
    })
    .await;
}

/// Runs a future that never waits for anything but the scheduler.
pub(super) fn run<T>(future: impl Future<Output = T>) -> T {
    let mut future = std::pin::pin!(future);
    let mut context = Context::from_waker(Waker::noop());
    loop {
        if let Poll::Ready(value) = future.as_mut().poll(&mut context) {
            return value;
        }
    }
}
