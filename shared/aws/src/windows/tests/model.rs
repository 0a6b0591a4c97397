//! A table in memory that does one request at a time, and a scheduler that interleaves requests, lets
//! invocations die between any two and delivers their events again.

use std::cell::RefCell;
use std::collections::{BTreeMap, HashMap};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll, Waker};

use async_trait::async_trait;
use portcullis_core::ports::{PortError, Seen};
use portcullis_core::window::Alert;
use portcullis_core::window::live::{LEASE, State, WindowKey};
use portcullis_core::window::testing::stores::{delivery, key};
use portcullis_core::window::testing::{Promises, Random, Scenario, count, level};

use super::super::items::{AlertItem, FactItem, details, fact_key, minute, minute_key, stamp};
use super::super::steps::Steps;
use super::super::table::{Keep, Kept, Page, Table};

/// The table, with a judge who sees every write.
pub(super) struct Model(Mutex<Inner>);

struct Inner {
    facts: BTreeMap<(WindowKey, String), FactItem>,
    alerts: HashMap<WindowKey, AlertItem>,
    page: usize,
    promises: Promises,
    scenario: Scenario,
    failures: Vec<String>,
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
            return Kept::No(Some(item.clone()));
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
async fn pause() {
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

/// What a run came to.
#[derive(Debug, Default, PartialEq, Eq, Clone, Copy)]
pub(super) struct Tally {
    pub(super) schedules: usize,
    pub(super) deliveries: usize,
    pub(super) crashes: usize,
    pub(super) alerts: usize,
    pub(super) published: usize,
}

struct Invocation<'a> {
    event: &'a Seen,
    owner: String,
    crashes: u64,
    work: Pin<Box<dyn Future<Output = ()> + 'a>>,
}

/// All deliveries of a scenario by up to eight invocations at a time, in three processes; each dies
/// between two requests in `crash` of 100 cases, and is delivered again to the same owner or, after
/// the lease, to another one.
pub(super) fn schedule(seed: u64, scenario: &Scenario, crash: u64) -> Result<Tally, String> {
    let mut random = Random(seed);
    // Small enough for several pages, large enough to read all of them.
    let model = Model::new(scenario, 10 + usize::try_from(random.below(10)).unwrap());
    let processes = [(); 3].map(|()| Steps::new(model.clone()));
    let published = RefCell::new(Vec::new());
    let latest = scenario.deliveries.iter().map(|seen| seen.fact.time).max();
    let mut now = latest.unwrap() + 5;
    let mut waiting: Vec<_> = (0..)
        .zip(&scenario.deliveries)
        .map(|(n, seen)| (seen, format!("owner-{n}"), now, 0))
        .collect();
    let mut running: Vec<Invocation<'_>> = Vec::new();
    let mut tally = Tally {
        schedules: 1,
        deliveries: waiting.len(),
        ..Tally::default()
    };
    let width = 1 + random.below(8);
    while !waiting.is_empty() || !running.is_empty() {
        let room = u64::try_from(running.len()).unwrap() < width;
        if room && !waiting.is_empty() && (running.is_empty() || random.below(3) == 0) {
            let (event, owner, now, crashes) = waiting.remove(0);
            let process = &processes[usize::try_from(random.below(3)).unwrap()];
            let work = handle(process, scenario, event, owner.clone(), now, &published);
            running.push(Invocation {
                event,
                owner,
                crashes,
                work: Box::pin(work),
            });
            continue;
        }
        let chosen = usize::try_from(random.below(u64::try_from(running.len()).unwrap())).unwrap();
        if running[chosen].crashes < 3 && random.below(100) < crash {
            let dead = running.swap_remove(chosen);
            tally.crashes += 1;
            let owner = if random.below(3) == 0 {
                now += LEASE + 1;
                format!("{}-again", dead.owner)
            } else {
                dead.owner
            };
            waiting.push((dead.event, owner, now, dead.crashes + 1));
            continue;
        }
        let mut context = Context::from_waker(Waker::noop());
        if running[chosen].work.as_mut().poll(&mut context).is_ready() {
            drop(running.swap_remove(chosen));
        }
    }
    let inner = model.0.lock().unwrap();
    judge(&inner, &published.borrow(), crash == 0, tally)
}

async fn handle(
    process: &Steps<Arc<Model>>,
    scenario: &Scenario,
    event: &Seen,
    owner: String,
    now: i64,
    published: &RefCell<Vec<Alert>>,
) {
    let key = key("");
    let delivery = delivery(&owner, now);
    let raised = process
        .observe(&key, event, &scenario.threshold, &delivery)
        .await;
    for raised in raised.unwrap() {
        pause().await;
        published.borrow_mut().push(raised.alert);
        process.settle(&key, &raised.alert).await.unwrap();
    }
}

fn judge(
    inner: &Inner,
    published: &[Alert],
    once: bool,
    mut tally: Tally,
) -> Result<Tally, String> {
    if let Some(failure) = inner.failures.first() {
        return Err(failure.clone());
    }
    inner.promises.kept()?;
    let alerts = inner.promises.alerts();
    for alert in alerts {
        match published.iter().filter(|other| *other == alert).count() {
            0 => return Err(format!("{alert:?} was never published")),
            1 => {}
            n if once => return Err(format!("{alert:?} was published {n} times")),
            _ => {}
        }
    }
    if !published.iter().all(|alert| alerts.contains(alert)) {
        return Err("published what was never raised".to_owned());
    }
    let mut states = inner.alerts.values().flat_map(|item| item.episodes.iter());
    if !states.all(|(_, state)| *state == State::Sent) {
        return Err("an alert is left unsettled".to_owned());
    }
    tally.alerts = alerts.len();
    tally.published = published.len();
    Ok(tally)
}
