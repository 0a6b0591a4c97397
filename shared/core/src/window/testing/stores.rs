//! What every window store has to pass, through its port alone.

use super::{Failure, Promises, Scenario, count};
use crate::ports::{Delivery, PortError, Raised, Seen, WindowStore};
use crate::window::live::{HORIZON, LEASE, WindowKey};
use crate::window::{Fact, Threshold};

/// A window of its own.
pub fn key(scope: &str) -> WindowKey {
    WindowKey {
        rule: "apis-deleted-in-bulk",
        scope: scope.to_owned(),
    }
}

/// A delivery.
pub fn delivery(owner: &str, now: i64) -> Delivery {
    Delivery {
        owner: owner.to_owned(),
        now,
    }
}

fn failed(error: PortError) -> Failure {
    error.to_string()
}

/// One delivery after the other: the promises hold after each, and what is said of an alert is true.
///
/// # Errors
/// When one does not.
pub async fn keeps_its_promises(
    store: &dyn WindowStore,
    scope: &str,
    scenario: &Scenario,
) -> Result<usize, Failure> {
    let key = key(scope);
    let mut promises = Promises::new(scenario.threshold);
    for (n, seen) in scenario.deliveries.iter().enumerate() {
        promises.counted(&seen.fact);
        let delivery = delivery(&format!("delivery-{n}"), scenario.now);
        let raised = store
            .observe(&key, seen, &scenario.threshold, &delivery)
            .await;
        for raised in raised.map_err(failed)? {
            promises.raised(raised.alert)?;
            says_what_happened(&raised, &promises, scenario)?;
            store.settle(&key, &raised.alert).await.map_err(failed)?;
        }
        promises.kept()?;
    }
    Ok(promises.alerts.len())
}

/// Count and level are those of the moment, and each distinct thing is shown by a true fact.
fn says_what_happened(
    raised: &Raised,
    promises: &Promises,
    scenario: &Scenario,
) -> Result<(), Failure> {
    let alert = raised.alert;
    let seconds = scenario.threshold.seconds;
    let (things, _) = count(&promises.facts, alert.time, seconds);
    let shown: Vec<Fact> = raised.facts.iter().map(|seen| seen.fact.clone()).collect();
    let (shown, _) = count(&shown, alert.time, seconds);
    let true_all = raised.facts.iter().all(|seen| {
        let inside = seen.fact.time > alert.time - seconds && seen.fact.time <= alert.time;
        inside && scenario.deliveries.contains(seen)
    });
    let level = promises.level(alert.time);
    if alert.distinct == things && shown == things && true_all && level == Some(alert.level) {
        return Ok(());
    }
    Err(format!(
        "{alert:?} shows {shown} of {things}, level {level:?}: {:?}",
        raised.facts
    ))
}

/// More than one thing within a minute.
const PAIR: Threshold = Threshold {
    more_than: 1,
    seconds: 60,
    min_groups: 1,
};

fn seen(time: i64, thing: &str) -> Seen {
    Seen {
        fact: Fact {
            time,
            event_id: format!("event-{thing}-{time}"),
            thing: thing.to_owned(),
            group: String::new(),
        },
        region: "eu-west-1".to_owned(),
        shown: None,
    }
}

/// An alert is handed to one delivery at a time: its own retry, or another one after the lease.
///
/// # Errors
/// When it is lost or handed to two.
pub async fn hands_alerts_over(store: &dyn WindowStore, scope: &str) -> Result<(), Failure> {
    let key = key(scope);
    let now = 1_700_000_100;
    let (first, second) = (seen(now - 30, "a"), seen(now - 20, "b"));
    let late = now + LEASE + 1;
    let steps = [
        (&first, "one", now, false, "one thing is not hot"),
        (&second, "two", now, true, "two are"),
        (
            &second,
            "other",
            now + LEASE,
            false,
            "the first one may still be sending",
        ),
        (
            &second,
            "two",
            now + 60,
            true,
            "a retry of the same delivery",
        ),
        (
            &second,
            "other",
            late,
            false,
            "the retry has renewed the lease",
        ),
        (&second, "other", late + 60, true, "the lease is over"),
        (&second, "two", late + 61, false, "another one has it now"),
    ];
    let mut alert = None;
    for (seen, owner, now, sends, why) in steps {
        let raised = store
            .observe(&key, seen, &PAIR, &delivery(owner, now))
            .await;
        let raised = raised.map_err(failed)?;
        if raised.is_empty() == sends || raised.len() > 1 {
            return Err(format!("{why}: {raised:?}"));
        }
        alert = raised.first().map(|raised| raised.alert).or(alert);
    }
    if let Some(alert) = alert {
        store.settle(&key, &alert).await.map_err(failed)?;
        store.settle(&key, &alert).await.map_err(failed)?;
    }
    let much_later = delivery("other", late + 10 * LEASE);
    let raised = store.observe(&key, &second, &PAIR, &much_later).await;
    match raised.map_err(failed)?.as_slice() {
        [] => Ok(()),
        again => Err(format!("sent twice: {again:?}")),
    }
}

/// Records up to the horizon count, later ones do not; the latest finds its neighbours.
///
/// # Errors
/// When that is not so.
pub async fn knows_its_horizon(store: &dyn WindowStore, scope: &str) -> Result<(), Failure> {
    let key = key(scope);
    let start = 1_700_000_000;
    let deliveries = [
        (seen(start, "a"), start + HORIZON + 1, 0),
        (seen(start + 59, "b"), start + 59, 0),
        (seen(start + 1, "a"), start + 1 + HORIZON, 1),
        (seen(start + 59, "c"), start + 60 + HORIZON, 0),
    ];
    for (seen, now, alerts) in deliveries {
        let raised = store
            .observe(&key, &seen, &PAIR, &delivery("late", now))
            .await;
        let raised = raised.map_err(failed)?;
        if raised.len() != alerts {
            return Err(format!("{alerts} alerts due, not {raised:?}"));
        }
        for raised in raised {
            store.settle(&key, &raised.alert).await.map_err(failed)?;
        }
    }
    Ok(())
}
