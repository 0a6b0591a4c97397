//! A scheduler that interleaves the requests of several invocations, lets them die between any two,
//! and delivers their events again.

use std::cell::RefCell;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Waker};

use portcullis_core::ports::Seen;
use portcullis_core::window::Alert;
use portcullis_core::window::live::{LEASE, State};
use portcullis_core::window::testing::stores::{delivery, key};
use portcullis_core::window::testing::{Random, Scenario};

use super::super::steps::Steps;
use super::model::{Inner, Model, pause};

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
    let model = Model::new(scenario, 10 + random.place(10));
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
    let width = 1 + random.place(8);
    while !waiting.is_empty() || !running.is_empty() {
        let room = running.len() < width;
        if room && !waiting.is_empty() && (running.is_empty() || random.below(3) == 0) {
            let (event, owner, now, crashes) = waiting.remove(0);
            let process = &processes[random.place(3)];
            let work = handle(process, scenario, event, owner.clone(), now, &published);
            running.push(Invocation {
                event,
                owner,
                crashes,
                work: Box::pin(work),
            });
            continue;
        }
        let chosen = random.place(running.len());
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
    let mut inner = model.0.lock().unwrap();
    judge(&mut inner, &published.borrow(), crash == 0, tally)
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
    inner: &mut Inner,
    published: &[Alert],
    once: bool,
    mut tally: Tally,
) -> Result<Tally, String> {
    if let Some(failure) = inner.failures.first() {
        return Err(failure.clone());
    }
    // What was delivered, whether or not it was kept.
    for seen in &inner.scenario.deliveries {
        inner.promises.counted(&seen.fact);
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
