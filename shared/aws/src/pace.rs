//! How fast an account's control plane is called in a Region: slower than two requests a second, and
//! slower still where API Gateway's quotas are.
//!
//! API Gateway gives an account about ten requests a second and Region for everybody; deployments of
//! others come first. One process holds the pace, for its reads and writes together; the sweep queue
//! sees to it that one account is swept by one process.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

/// Time between the starts of two requests to one account and Region.
pub const INTERVAL: Duration = Duration::from_millis(550);

/// Calls by the quotas they have. Source: API Gateway developer guide, "Quotas for managing a REST API".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Call {
    /// Any without a quota of its own.
    Any,
    /// One in 5 seconds.
    CreateDeployment,
    /// One in 20 seconds.
    UpdateAccount,
}

impl Call {
    /// Time between the starts of two of its kind.
    fn interval(self) -> Duration {
        match self {
            Self::Any => INTERVAL,
            Self::CreateDeployment => Duration::from_secs(5),
            Self::UpdateAccount => Duration::from_secs(20),
        }
    }
}

/// Hands out turns, by account and Region.
#[derive(Debug, Default)]
pub struct Pace(Mutex<HashMap<(String, String), Turns>>);

#[derive(Debug, Default)]
struct Turns {
    /// When the next call may start, by what it is; `Any` is for all of them.
    next: HashMap<Call, Instant>,
    taken: u64,
}

impl Turns {
    fn next(&self, call: Call, now: Instant) -> Instant {
        self.next.get(&call).map_or(now, |next| now.max(*next))
    }

    /// Gives away the next turn, and says when it is.
    fn take(&mut self, call: Call, now: Instant) -> Instant {
        let at = self.next(Call::Any, now);
        for counted in [Call::Any, call] {
            self.next.insert(counted, at + counted.interval());
        }
        self.taken += 1;
        at
    }
}

impl Pace {
    /// Waits for the next turn of a call in an account and Region.
    pub async fn turn(&self, account: &str, region: &str, call: Call) {
        loop {
            let now = Instant::now();
            let mut places = self.0.lock().await;
            let turns = places.entry(key(account, region)).or_default();
            let own = turns.next(call, now);
            // Waiting for a slow quota takes no turn, so that everything else goes on meanwhile.
            if call == Call::Any || own <= now {
                let at = turns.take(call, now);
                drop(places);
                return sleep_until(at).await;
            }
            drop(places);
            sleep_until(own).await;
        }
    }

    /// Waits for the next turn of a call that was throttled: the service has said when that one may
    /// be tried again, so its own quota is not waited for once more.
    pub async fn again(&self, account: &str, region: &str, call: Call) {
        let now = Instant::now();
        let mut places = self.0.lock().await;
        let turns = places.entry(key(account, region)).or_default();
        let at = turns.take(call, now);
        drop(places);
        sleep_until(at).await;
    }

    /// How many turns an account has had, in all Regions.
    pub async fn taken(&self, account: &str) -> u64 {
        let places = self.0.lock().await;
        let of_account = places.iter().filter(|((other, _), _)| other == account);
        of_account.map(|(_, turns)| turns.taken).sum()
    }
}

fn key(account: &str, region: &str) -> (String, String) {
    (account.to_owned(), region.to_owned())
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::task::JoinSet;

    use super::*;

    const ACCOUNT: &str = "111122223333";
    const REGION: &str = "eu-west-1";
    const SECOND: Duration = Duration::from_secs(1);

    /// The clock stands still and jumps to the next timer: what is measured is the limiter's own time.
    #[tokio::test(start_paused = true)]
    async fn no_second_has_more_than_two_requests_whoever_asks() {
        let pace = Arc::new(Pace::default());
        let mut tasks = JoinSet::new();
        for task in 0_u32..10 {
            let pace = Arc::clone(&pace);
            tasks.spawn(async move {
                let mut turns = Vec::new();
                for turn in 0_u32..10 {
                    pace.turn(ACCOUNT, REGION, Call::Any).await;
                    turns.push(Instant::now());
                    // Some requests are slow, some fast.
                    tokio::time::sleep(Duration::from_millis(u64::from(task * turn * 40))).await;
                }
                turns
            });
        }
        let mut turns: Vec<Instant> = tasks.join_all().await.concat();
        turns.sort();
        assert_eq!(turns.len(), 100);
        assert_eq!(pace.taken(ACCOUNT).await, 100);
        for first in &turns {
            let within = turns.iter().filter(|turn| **turn >= *first);
            assert!(within.filter(|turn| **turn - *first < SECOND).count() <= 2);
        }
        let took = turns[99] - turns[0];
        assert!(took >= INTERVAL * 99, "{took:?}");
        assert!(99.0 / took.as_secs_f64() < 2.0);
    }

    #[tokio::test(start_paused = true)]
    async fn places_do_not_wait_for_each_other_and_rest_is_not_saved_up() {
        let pace = Pace::default();
        let started = Instant::now();
        pace.turn(ACCOUNT, REGION, Call::Any).await;
        pace.turn("444455556666", REGION, Call::Any).await;
        pace.turn(ACCOUNT, "us-east-1", Call::Any).await;
        assert_eq!(started.elapsed(), Duration::ZERO);
        assert_eq!(pace.taken(ACCOUNT).await, 2, "in all Regions");
        tokio::time::sleep(SECOND * 60).await;
        pace.turn(ACCOUNT, REGION, Call::Any).await;
        assert_eq!(started.elapsed(), SECOND * 60);
        pace.turn(ACCOUNT, REGION, Call::Any).await;
        assert_eq!(started.elapsed(), SECOND * 60 + INTERVAL);
    }

    /// Seconds at which so many calls of one kind start, with reads in between.
    async fn starts(call: Call, calls: usize) -> Vec<f64> {
        let pace = Arc::new(Pace::default());
        let started = Instant::now();
        let mut reads = JoinSet::new();
        for _ in 0..20 {
            let pace = Arc::clone(&pace);
            reads.spawn(async move { pace.turn(ACCOUNT, REGION, Call::Any).await });
        }
        let mut writes = JoinSet::new();
        for _ in 0..calls {
            let pace = Arc::clone(&pace);
            writes.spawn(async move {
                pace.turn(ACCOUNT, REGION, call).await;
                started.elapsed().as_secs_f64()
            });
        }
        reads.join_all().await;
        assert!(started.elapsed() <= INTERVAL * 21, "reads went on");
        let mut starts = writes.join_all().await;
        starts.sort_by(f64::total_cmp);
        starts
    }

    #[tokio::test(start_paused = true)]
    async fn slow_quotas_are_kept_and_hold_up_nothing_else() {
        for (call, interval) in [(Call::CreateDeployment, 5.0), (Call::UpdateAccount, 20.0)] {
            let starts = starts(call, 4).await;
            assert_eq!(starts.len(), 4);
            for pair in starts.windows(2) {
                assert!(pair[1] - pair[0] >= interval, "{call:?} {starts:?}");
            }
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_throttled_waits_for_a_turn_and_counts_against_its_quota() {
        let pace = Pace::default();
        let started = Instant::now();
        pace.turn(ACCOUNT, REGION, Call::UpdateAccount).await;
        pace.again(ACCOUNT, REGION, Call::UpdateAccount).await;
        assert_eq!(started.elapsed(), INTERVAL);
        pace.turn(ACCOUNT, REGION, Call::UpdateAccount).await;
        assert_eq!(started.elapsed(), INTERVAL + SECOND * 20);
    }
}
