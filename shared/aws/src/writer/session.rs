//! Credentials of the role that writes: a session for each ledger entry, so that CloudTrail names the
//! entry in every call that is made for it.
//!
//! Sessions are short, and kept while the process is warm, for the next steps of the same entry.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use aws_config::timeout::TimeoutConfig;
use aws_config::{Region, SdkConfig};
use aws_sdk_sts as sts;
use aws_sdk_sts::config::{Credentials, IdentityCache, SharedCredentialsProvider};
use portcullis_core::baseline::thing::Thing;
use portcullis_core::remediation::ports::{WriteError, WriteErrorKind};
use tokio::sync::Mutex;

use super::TIMEOUT;
use super::failure::{Failure, error};
use crate::clients::{Clients, role_arn};

/// Seconds that a session lasts: the least that STS gives.
const DURATION: i32 = 900;

/// A session with less left than this is not begun to write with.
const MARGIN: Duration = Duration::from_secs(60);

/// Sessions that are kept. One invocation works on one entry, in one or few accounts.
const KEPT: usize = 16;

const ACTION: &str = "assume the role that writes";

/// Why there is no session.
#[derive(Debug, thiserror::Error)]
enum NoSession {
    #[error("no role is configured: set `PORTCULLIS_REMEDIATOR_ROLE` to its name")]
    NoRole,
    #[error("the answer has no usable credentials")]
    NoCredentials,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Key {
    account: String,
    region: String,
    ledger_id: String,
}

impl Key {
    fn of(thing: &Thing, ledger_id: &str) -> Self {
        Self {
            account: thing.account.clone(),
            region: thing.region.clone(),
            ledger_id: ledger_id.to_owned(),
        }
    }
}

#[derive(Debug)]
struct Session {
    key: Key,
    config: SdkConfig,
    expires: SystemTime,
}

/// Sessions by account, Region and ledger entry.
#[derive(Debug)]
pub(super) struct Sessions {
    clients: Arc<Clients>,
    sts: sts::Client,
    role: Option<String>,
    /// Oldest first.
    known: Mutex<VecDeque<Session>>,
}

impl Sessions {
    pub(super) fn new(clients: Arc<Clients>, role: Option<String>) -> Self {
        let timeout = TimeoutConfig::builder().operation_timeout(TIMEOUT).build();
        let config = clients.own().to_builder().timeout_config(timeout).build();
        Self {
            clients,
            sts: sts::Client::new(&config),
            role: role.filter(|role| !role.is_empty()),
            known: Mutex::default(),
        }
    }

    /// A configuration with the session's credentials, in the thing's Region.
    pub(super) async fn of(&self, thing: &Thing, ledger_id: &str) -> Result<SdkConfig, WriteError> {
        let key = Key::of(thing, ledger_id);
        if let Some(config) = self.known(&key).await {
            return Ok(config);
        }
        let session = self.assume(key).await?;
        let config = session.config.clone();
        let mut known = self.known.lock().await;
        known.retain(|other| other.key != session.key);
        if known.len() >= KEPT {
            known.pop_front();
        }
        known.push_back(session);
        Ok(config)
    }

    /// The next write assumes the role again.
    pub(super) async fn forget(&self, thing: &Thing, ledger_id: &str) {
        let key = Key::of(thing, ledger_id);
        self.known.lock().await.retain(|other| other.key != key);
    }

    /// How many are kept.
    #[cfg(test)]
    pub(super) async fn len(&self) -> usize {
        self.known.lock().await.len()
    }

    async fn known(&self, key: &Key) -> Option<SdkConfig> {
        let known = self.known.lock().await;
        let session = known.iter().find(|session| session.key == *key)?;
        let begins = SystemTime::now() + MARGIN;
        (begins < session.expires).then(|| session.config.clone())
    }

    async fn assume(&self, key: Key) -> Result<Session, WriteError> {
        let role = self.role.as_ref().ok_or_else(|| {
            let kind = WriteErrorKind::RoleNotAssumable;
            error(kind, ACTION, NoSession::NoRole)
        })?;
        let assume = self
            .sts
            .assume_role()
            .role_arn(role_arn(&key.account, &key.region, role))
            .role_session_name(&key.ledger_id)
            .duration_seconds(DURATION);
        let answer = assume.send().await;
        let answer = answer.map_err(|error| Failure::of_role(&error).with(ACTION, error))?;
        let session = answer.credentials.and_then(|given| {
            let expires = SystemTime::try_from(given.expiration).ok()?;
            let credentials = Credentials::new(
                given.access_key_id,
                given.secret_access_key,
                Some(given.session_token),
                Some(expires),
                "portcullis-remediator",
            );
            Some((credentials, expires))
        });
        let (credentials, expires) = session
            .ok_or_else(|| error(WriteErrorKind::Unknown, ACTION, NoSession::NoCredentials))?;
        let config = self
            .clients
            .own()
            .to_builder()
            .region(Region::new(key.region.clone()))
            .credentials_provider(SharedCredentialsProvider::new(credentials))
            // The shared cache would keep every session for as long as the process lives.
            .identity_cache(IdentityCache::no_cache())
            .build();
        Ok(Session {
            key,
            config,
            expires,
        })
    }
}
