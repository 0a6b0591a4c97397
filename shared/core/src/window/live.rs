//! What every live store decides, on plain values: which moments a fact makes hot, which of them
//! alert, and which delivery sends an alert.
//!
//! A store keeps facts and [`Episodes`], each in a form of its own, and decides nothing itself.

use std::collections::BTreeMap;

use super::{Alert, Fact, Threshold, hot};
use crate::ports::Delivery;

/// Records later than this, in seconds, are left out of windows.
pub const HORIZON: i64 = 48 * 3600;

/// An alert that is still unsent after this many seconds was left behind by an invocation that is
/// gone: functions run 120 seconds at most.
pub const LEASE: i64 = 150;

/// Facts and alerts live this much longer than their window, so that the latest record that counts
/// still finds its neighbours and the alerts that speak for them.
const KEEP: i64 = 72 * 3600;

/// What is counted together: a rule and its scope.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct WindowKey {
    /// Id of the window rule.
    pub rule: &'static str,
    /// The account, API or nothing that it counts in.
    pub scope: String,
}

/// Whether a record of this event time comes too late to count.
pub fn beyond_horizon(time: i64, now: i64) -> bool {
    now.saturating_sub(time) > HORIZON
}

/// When a fact or an alert of this event time may be forgotten.
pub fn expires_at(time: i64, threshold: &Threshold, now: i64) -> i64 {
    time.max(now).saturating_add(threshold.seconds + KEEP)
}

/// The first and the last second of the facts that share an interval with one at `t`.
pub fn neighbours(t: i64, threshold: &Threshold) -> (i64, i64) {
    let reach = threshold.seconds - 1;
    (t.saturating_sub(reach), t.saturating_add(reach))
}

/// The hot moments that a fact at `t` can have made: those of `[t, t + W)`, whose intervals hold it.
/// `facts` are all facts of [`neighbours`], in any order; others do no harm.
pub fn hot_from(t: i64, mut facts: Vec<&Fact>, threshold: &Threshold) -> Vec<Alert> {
    facts.sort_by_key(|fact| fact.time);
    let (_, last) = neighbours(t, threshold);
    let mut moments = hot(&facts, threshold);
    moments.retain(|alert| (t..=last).contains(&alert.time));
    moments
}

/// How far an alert has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum State {
    /// A delivery is sending it.
    Pending {
        /// See [`Delivery::owner`].
        owner: String,
        /// When the delivery took it, in seconds since the epoch.
        since: i64,
    },
    /// It is sent.
    Sent,
}

impl State {
    /// Whether this delivery has to send it: it left it behind itself, or somebody else did.
    fn is_left_to(&self, delivery: &Delivery) -> bool {
        match self {
            Self::Pending { owner, since } => {
                *owner == delivery.owner || delivery.now.saturating_sub(*since) > LEASE
            }
            Self::Sent => false,
        }
    }
}

/// The alerts of a window that can still speak for a moment.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Episodes(BTreeMap<(i64, u32), (usize, State)>);

impl Episodes {
    /// All of them, by time.
    pub fn iter(&self) -> impl Iterator<Item = (Alert, &State)> {
        self.0.iter().map(|(&(time, level), (distinct, state))| {
            let alert = Alert {
                time,
                level,
                distinct: *distinct,
            };
            (alert, state)
        })
    }

    /// Puts an alert in, over one of the same time and level.
    pub fn insert(&mut self, alert: Alert, state: State) {
        self.0
            .insert((alert.time, alert.level), (alert.distinct, state));
    }

    /// Raises an alert at every hot moment that none speaks for, and takes over what is left to this
    /// delivery; gives what it has to send. `hot` are the hot moments of its fact at `t`.
    ///
    /// Only moments of `[t, t + W)` are taken over: the delivery has read all facts of their
    /// intervals, and the delivery that raised them had the same `t`, so that its retry comes here.
    pub fn raise(
        &mut self,
        t: i64,
        hot: &[Alert],
        threshold: &Threshold,
        delivery: &Delivery,
    ) -> Vec<Alert> {
        self.prune(threshold, delivery.now);
        let (_, last) = neighbours(t, threshold);
        let mut to_send: Vec<Alert> = self
            .iter()
            .filter(|(alert, state)| (t..=last).contains(&alert.time) && state.is_left_to(delivery))
            .map(|(alert, _)| alert)
            .collect();
        for &moment in hot {
            let covered = self.iter().any(|(alert, _)| {
                threshold.covers((alert.time, alert.level), moment.time, moment.level)
            });
            if !covered {
                self.insert(moment, pending(delivery));
                to_send.push(moment);
            }
        }
        for &alert in &to_send {
            self.insert(alert, pending(delivery));
        }
        to_send
    }

    /// Records that an alert is sent; whether it was known.
    pub fn settle(&mut self, alert: &Alert) -> bool {
        let known = self.0.get_mut(&(alert.time, alert.level));
        known.map(|(_, state)| *state = State::Sent).is_some()
    }

    /// Drops what no record within the horizon can come near. Deliveries that run at the same time
    /// see `now` a little apart; the lease is more than that.
    fn prune(&mut self, threshold: &Threshold, now: i64) {
        let oldest = now.saturating_sub(HORIZON + threshold.seconds + LEASE);
        self.0.retain(|(time, _), _| *time > oldest);
    }
}

fn pending(delivery: &Delivery) -> State {
    State::Pending {
        owner: delivery.owner.clone(),
        since: delivery.now,
    }
}
