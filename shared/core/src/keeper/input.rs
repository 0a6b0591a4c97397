//! What may invoke the function: an event, messages of the sweep queue, or a command; and what is in
//! scope of sweeps.

use std::collections::BTreeSet;

use serde::Deserialize;
use serde::de::IgnoredAny;

use super::Place;
use super::sweep::{Sweep, check, is_account, is_region};

/// Why an input cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum InputError {
    /// It is none of the inputs.
    #[error(
        "expected an EventBridge event (`detail-type`), messages of the sweep queue (`Records`), or {{\"command\":\"sweep\"}}"
    )]
    Unknown,
    /// It looks like one of the inputs and has a member of the wrong type.
    #[error("the input cannot be read: {0}")]
    Json(#[source] serde_json::Error),
    /// The command does not exist.
    #[error("unknown command `{0}`, expected `sweep`")]
    Command(String),
    /// A message that is no sweep.
    #[error("expected {{\"sweep\":{{\"account\":...,\"region\":...}}}}: {0}")]
    Message(#[source] serde_json::Error),
    /// A value that cannot be.
    #[error("field `{field}`: `{value}` is not what belongs there")]
    Value {
        /// The field.
        field: &'static str,
        /// What stands there.
        value: String,
    },
    /// `accounts.toml` cannot be used.
    #[error("`accounts.toml`: {0}")]
    Scope(#[source] toml::de::Error),
    /// Nothing is in scope.
    #[error(
        "`accounts.toml`: `{0}` names nothing; leave the file out to sweep the function's own account"
    )]
    NoScope(&'static str),
    /// The function does not know where it runs.
    #[error("`{0}` is no ARN of a function: name accounts and regions in `accounts.toml`")]
    NoPlace(String),
}

/// What the function is asked to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// Learn from an EventBridge event: the whole input.
    Event,
    /// Work on messages of the sweep queue.
    Messages(Vec<Message>),
    /// Put one message per account and Region on the queue.
    Sweep,
}

/// A message of the queue.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Message {
    /// By which a failure is reported.
    pub message_id: String,
    /// A sweep.
    pub body: String,
}

#[derive(Deserialize)]
struct Wire {
    command: Option<String>,
    #[serde(rename = "Records")]
    records: Option<Vec<Message>>,
    #[serde(rename = "detail-type")]
    detail_type: Option<IgnoredAny>,
}

impl Input {
    /// Tells which it is.
    ///
    /// # Errors
    /// Naming what was expected.
    pub fn parse(json: &[u8]) -> Result<Self, InputError> {
        let wire: Wire = serde_json::from_slice(json).map_err(InputError::Json)?;
        match wire {
            Wire {
                detail_type: Some(_),
                ..
            } => Ok(Self::Event),
            Wire {
                records: Some(messages),
                ..
            } => Ok(Self::Messages(messages)),
            Wire {
                command: Some(command),
                ..
            } => match command.as_str() {
                "sweep" => Ok(Self::Sweep),
                _ => Err(InputError::Command(command)),
            },
            Wire { .. } => Err(InputError::Unknown),
        }
    }
}

/// The accounts and Regions that are swept: every account in every Region.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Scope {
    accounts: BTreeSet<String>,
    regions: BTreeSet<String>,
}

impl Scope {
    /// Reads `accounts.toml`.
    ///
    /// # Errors
    /// When it has an unknown member, or a value that cannot be an account or a Region.
    pub fn parse(text: &str) -> Result<Self, InputError> {
        let scope: Self = toml::from_str(text).map_err(InputError::Scope)?;
        for (name, values) in [("accounts", &scope.accounts), ("regions", &scope.regions)] {
            if values.is_empty() {
                return Err(InputError::NoScope(name));
            }
        }
        for account in &scope.accounts {
            check("accounts", account, is_account)?;
        }
        for region in &scope.regions {
            check("regions", region, is_region)?;
        }
        Ok(scope)
    }

    /// One place only.
    pub fn of(place: Place) -> Self {
        Self {
            accounts: BTreeSet::from([place.account]),
            regions: BTreeSet::from([place.region]),
        }
    }

    /// One sweep for each account and Region.
    pub fn sweeps(&self) -> Vec<Sweep> {
        let of_account = |account: &String| {
            let sweep = |region: &String| Sweep {
                account: account.clone(),
                region: region.clone(),
                after: None,
            };
            self.regions.iter().map(sweep).collect::<Vec<_>>()
        };
        self.accounts.iter().flat_map(of_account).collect()
    }
}

/// Account and Region of a function's ARN, `arn:aws:lambda:<region>:<account>:function:<name>`.
pub fn place_of_function(arn: &str) -> Option<Place> {
    let mut parts = arn.split(':').skip(3);
    let (region, account) = (parts.next()?, parts.next()?);
    let is_place = is_region(region) && is_account(account);
    is_place.then(|| Place {
        account: account.to_owned(),
        region: region.to_owned(),
    })
}

#[cfg(test)]
mod tests;
