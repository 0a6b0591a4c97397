//! Core's clock: the system's time, and the deadline of the invocation.

use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use portcullis_core::remediation::ports::Clock;

use crate::bootstrap::now_ms;

/// A function handles one invocation at a time, so one deadline is enough.
#[derive(Debug, Default)]
pub struct LambdaClock {
    /// Milliseconds since the epoch.
    deadline: AtomicI64,
}

impl LambdaClock {
    /// The invocation that begins now has to end at this time, in milliseconds since the epoch.
    pub fn must_end(&self, deadline: u64) {
        let deadline = i64::try_from(deadline).unwrap_or(i64::MAX);
        self.deadline.store(deadline, Ordering::Relaxed);
    }
}

#[async_trait]
impl Clock for LambdaClock {
    fn now(&self) -> i64 {
        now_ms() / 1000
    }

    async fn wait(&self, seconds: u64) {
        tokio::time::sleep(Duration::from_secs(seconds)).await;
    }

    fn deadline(&self) -> i64 {
        self.deadline.load(Ordering::Relaxed) / 1000
    }
}
