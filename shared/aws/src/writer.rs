//! `Writer` on both service models of API Gateway: one call a step, in a session that is named after
//! the ledger entry, in its turn, and only what the permit covers.
//!
//! The SDK's own retries are off: they would not wait for a turn, and a write whose answer is lost is
//! looked at before it is made again. Only what API Gateway has turned away for its rate is tried again
//! here. There is no call that deletes.

mod failure;
mod requests;
mod session;

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_apigateway::error::ProvideErrorMetadata;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use portcullis_core::baseline::thing::Thing;
use portcullis_core::remediation::policy::Permitted;
use portcullis_core::remediation::ports::{KillSwitch, WriteError, WriteErrorKind, Writer};
use portcullis_core::remediation::step::Step;
use portcullis_policy::Permit;
use tokio::time::Instant;

use crate::clients::Clients;
use crate::pace::{Call, Pace};
use failure::{Failure, error};
use session::Sessions;

/// No call may take longer, and no role to be assumed.
const TIMEOUT: Duration = Duration::from_secs(10);

/// What a throttled call waits for where API Gateway does not say how long, before each further try.
const WAITS: &[Duration] = &[Duration::from_secs(2), Duration::from_secs(5)];

/// A throttled call waits no longer than this, all its waits together.
const LONGEST_WAIT: Duration = Duration::from_secs(20);

/// See the module.
#[derive(Debug)]
pub struct ApiGatewayWriter {
    sessions: Sessions,
    pace: Arc<Pace>,
    kill_switch: Arc<dyn KillSwitch>,
}

/// A turn that takes longer than this is a wait, in which people may throw the switch.
const SHORT: Duration = Duration::from_secs(1);

/// Why a write that waited is not made any more.
#[derive(Debug, thiserror::Error)]
#[error("it was thrown while the write waited")]
struct Thrown;

/// The permit is for something else.
#[derive(Debug, thiserror::Error)]
#[error("the permit of `{ledger_id}` does not cover this {call}")]
struct NotCovered {
    ledger_id: String,
    call: &'static str,
}

impl ApiGatewayWriter {
    /// A writer that assumes the role of this name in the account of what it writes to. Without one it
    /// writes nothing. It takes its turns among others of this process, and asks the switch again when it
    /// had to wait.
    pub fn new(
        clients: Arc<Clients>,
        role: Option<String>,
        pace: Arc<Pace>,
        kill_switch: Arc<dyn KillSwitch>,
    ) -> Self {
        Self {
            sessions: Sessions::new(clients, role),
            pace,
            kill_switch,
        }
    }

    /// One call in its turn.
    async fn call<T, E, F>(
        &self,
        action: &'static str,
        thing: &Thing,
        call: Call,
        send: impl Fn() -> F,
    ) -> Result<(), WriteError>
    where
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        let mut waits = WAITS.iter();
        let mut waited = Duration::ZERO;
        let asked = Instant::now();
        self.pace.turn(&thing.account, &thing.region, call).await;
        if asked.elapsed() > SHORT {
            self.is_allowed(action).await?;
        }
        loop {
            let Err(error) = send().await else {
                return Ok(());
            };
            let failure = Failure::of(&error);
            let wait = waits
                .next()
                .filter(|_| failure.kind == WriteErrorKind::Throttled)
                .map(|usual| failure.retry_after.unwrap_or(*usual))
                .filter(|wait| waited.saturating_add(*wait) <= LONGEST_WAIT);
            let Some(wait) = wait else {
                return Err(failure.with(action, error));
            };
            tokio::time::sleep(wait).await;
            waited += wait;
            self.pace.again(&thing.account, &thing.region, call).await;
            self.is_allowed(action).await?;
        }
    }

    async fn is_allowed(&self, action: &'static str) -> Result<(), WriteError> {
        match self.kill_switch.allows().await {
            Ok(true) => Ok(()),
            Ok(false) => Err(error(WriteErrorKind::Stopped, action, Thrown)),
            Err(unknown) => Err(error(WriteErrorKind::Stopped, action, unknown)),
        }
    }
}

// INVARIANT: the permit of the policies, and no other, is what the port takes.
#[async_trait]
impl Writer<Permit> for ApiGatewayWriter {
    async fn write(&self, permit: &Permit, step: &Step) -> Result<(), WriteError> {
        self.make(permit, step).await
    }
}

impl ApiGatewayWriter {
    /// The write, for what the tests of this module permit.
    async fn make<P: Permitted>(&self, permit: &P, step: &Step) -> Result<(), WriteError> {
        if !permit.covers(step) {
            let not_covered = NotCovered {
                ledger_id: permit.ledger_id().to_owned(),
                call: step.event_name(),
            };
            let kind = WriteErrorKind::NotPermitted;
            return Err(error(kind, "write to API Gateway", not_covered));
        }
        let (thing, id) = (permit.thing(), permit.ledger_id());
        let config = single(self.sessions.of(thing, id).await?);
        let written = self.send(&config, thing, step).await;
        if let Err(error) = &written
            && error.kind == WriteErrorKind::AccessDenied
        {
            // Whoever mends the role may have revoked its sessions.
            self.sessions.forget(thing, id).await;
        }
        written
    }
}

/// Without retries of the SDK's own.
fn single(config: SdkConfig) -> SdkConfig {
    let timeout = TimeoutConfig::builder().operation_timeout(TIMEOUT).build();
    let config = config.to_builder().retry_config(RetryConfig::disabled());
    config.timeout_config(timeout).build()
}

#[cfg(test)]
mod tests;
