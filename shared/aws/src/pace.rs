//! How fast an account's control plane is read: slower than two requests a second.
//!
//! API Gateway gives an account about ten requests a second for everybody; deployments come first. One
//! process holds the pace; the sweep queue sees to it that one account is swept by one process.

use std::collections::HashMap;
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

/// Time between the starts of two requests to one account.
pub const INTERVAL: Duration = Duration::from_millis(550);

/// Hands out turns, by account.
#[derive(Debug, Default)]
pub struct Pace(Mutex<HashMap<String, Turns>>);

#[derive(Debug, Clone, Copy)]
struct Turns {
    next: Instant,
    taken: u64,
}

impl Pace {
    /// Waits for the next turn of an account.
    pub async fn turn(&self, account: &str) {
        let at = {
            let now = Instant::now();
            let mut accounts = self.0.lock().await;
            let first = Turns {
                next: now,
                taken: 0,
            };
            let turns = accounts.entry(account.to_owned()).or_insert(first);
            let at = turns.next.max(now);
            turns.next = at + INTERVAL;
            turns.taken += 1;
            at
        };
        sleep_until(at).await;
    }

    /// How many turns an account has had.
    pub async fn taken(&self, account: &str) -> u64 {
        let accounts = self.0.lock().await;
        accounts.get(account).map_or(0, |turns| turns.taken)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::task::JoinSet;

    use super::*;

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
                    pace.turn("111122223333").await;
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
        assert_eq!(pace.taken("111122223333").await, 100);
        for first in &turns {
            let within = turns.iter().filter(|turn| **turn >= *first);
            assert!(within.filter(|turn| **turn - *first < SECOND).count() <= 2);
        }
        let took = turns[99] - turns[0];
        assert!(took >= INTERVAL * 99, "{took:?}");
        assert!(99.0 / took.as_secs_f64() < 2.0);
    }

    #[tokio::test(start_paused = true)]
    async fn accounts_do_not_wait_for_each_other_and_rest_is_not_saved_up() {
        let pace = Pace::default();
        let started = Instant::now();
        pace.turn("111122223333").await;
        pace.turn("444455556666").await;
        assert_eq!(started.elapsed(), Duration::ZERO);
        tokio::time::sleep(SECOND * 60).await;
        pace.turn("111122223333").await;
        assert_eq!(started.elapsed(), SECOND * 60);
        pace.turn("111122223333").await;
        assert_eq!(started.elapsed(), SECOND * 60 + INTERVAL);
    }
}
