//! Sweeps: a look at everything in one account and Region, which finds what no event told.
//!
//! A sweep that runs out of time goes on in a message of its own, after the last API it has finished.
//! APIs are taken in the order of their ids, so that one that comes or goes meanwhile moves no other.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::input::InputError;
use super::report::{Ending, Report};
use super::{KeepError, Keeper, Place, Put, RETENTION};
use crate::baseline::Version;
use crate::baseline::thing::{Thing, What};
use crate::baseline::version::Reading;
use crate::operations::Service;

/// What one message asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sweep {
    /// Account id.
    pub account: String,
    /// Region.
    pub region: String,
    /// The last API that is done: `rest/<id>` or `v2/<id>`; none at the start.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Message {
    sweep: Sweep,
}

/// How far a sweep has come.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Position {
    Start,
    Rest(String),
    V2(String),
}

impl Position {
    fn parse(text: Option<&str>) -> Option<Self> {
        match text.map(|text| text.split_once('/')) {
            None => Some(Self::Start),
            Some(Some(("rest", id))) => Some(Self::Rest(id.to_owned())),
            Some(Some(("v2", id))) => Some(Self::V2(id.to_owned())),
            Some(_) => None,
        }
    }

    fn of(service: Service, id: &str) -> Self {
        match service {
            Service::Rest => Self::Rest(id.to_owned()),
            Service::V2 => Self::V2(id.to_owned()),
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Start => Ok(()),
            Self::Rest(id) => write!(f, "rest/{id}"),
            Self::V2(id) => write!(f, "v2/{id}"),
        }
    }
}

impl Sweep {
    /// Reads the body of a message.
    ///
    /// # Errors
    /// When it is no sweep, or names an account, a Region or a place to go on that cannot be.
    pub fn parse(body: &str) -> Result<Self, InputError> {
        let message: Message = serde_json::from_str(body).map_err(InputError::Message)?;
        let sweep = message.sweep;
        check("account", &sweep.account, is_account)?;
        check("region", &sweep.region, is_region)?;
        let after = sweep.after.as_deref();
        check("after", after.unwrap_or_default(), |_| {
            Position::parse(after).is_some()
        })?;
        Ok(sweep)
    }

    /// The body of a message.
    ///
    /// # Errors
    /// Never; it has nothing that JSON lacks.
    pub fn body(&self) -> Result<String, serde_json::Error> {
        let sweep = self.clone();
        serde_json::to_string(&Message { sweep })
    }

    fn place(&self) -> Place {
        Place {
            account: self.account.clone(),
            region: self.region.clone(),
        }
    }

    fn from(&self, position: &Position) -> Self {
        Self {
            after: Some(position.to_string()),
            ..self.clone()
        }
    }
}

/// INVARIANT: only what looks like an account and a Region becomes part of an ARN or a host name.
pub(super) fn check(
    field: &'static str,
    value: &str,
    is_right: impl Fn(&str) -> bool,
) -> Result<(), InputError> {
    if is_right(value) {
        return Ok(());
    }
    let value = value.to_owned();
    Err(InputError::Value { field, value })
}

pub(super) fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

pub(super) fn is_region(text: &str) -> bool {
    let is_word = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
    text.contains('-') && text.len() <= 32 && text.bytes().all(is_word)
}

impl Keeper {
    /// Works on one message of the queue until all is seen or `is_late`; what is left goes on in a
    /// message of its own. `own` is the account of the function.
    pub async fn message(
        &self,
        body: &str,
        own: &str,
        is_late: &(dyn Fn() -> bool + Send + Sync),
    ) -> (Report, Result<(), KeepError>) {
        let mut report = Report::of_sweep();
        let result = self.sweep(body, own, is_late, &mut report).await;
        if let Err(error) = &result {
            report.failed(error);
        }
        (report, result)
    }

    async fn sweep(
        &self,
        body: &str,
        own: &str,
        is_late: &(dyn Fn() -> bool + Send + Sync),
        report: &mut Report,
    ) -> Result<(), KeepError> {
        let sweep = Sweep::parse(body)?;
        report.ending = Ending::Swept;
        report.sweeps(&sweep);
        self.may_read(&sweep.account, own)?;
        let left = self.look(&sweep, is_late, report).await?;
        if let Some(left) = left {
            self.queue.send(&[left]).await?;
            report.is_continued = true;
        }
        Ok(())
    }

    async fn look(
        &self,
        sweep: &Sweep,
        is_late: &(dyn Fn() -> bool + Send + Sync),
        report: &mut Report,
    ) -> Result<Option<Sweep>, KeepError> {
        let place = sweep.place();
        let mut done = Position::parse(sweep.after.as_deref()).unwrap_or(Position::Start);
        if done == Position::Start {
            let account = Thing {
                account: place.account.clone(),
                region: place.region.clone(),
                what: What::Account,
            };
            if let Some(reading) = self.reader.read(&account, 0).await? {
                self.keep(reading, report).await?;
            }
        }
        let mut has_worked = false;
        for service in [Service::Rest, Service::V2] {
            if service == Service::Rest && matches!(done, Position::V2(_)) {
                continue;
            }
            for api in self.reader.apis(&place, service).await? {
                let What::Api(named) = api.thing.what.clone() else {
                    continue;
                };
                let position = Position::of(service, &named.id);
                if position <= done {
                    continue;
                }
                // One API at least, so that every message brings the sweep further.
                if has_worked && is_late() {
                    return Ok(Some(sweep.from(&done)));
                }
                let stages = self.reader.stages(&place, &named).await?;
                report.apis += 1;
                report.stages += stages.len();
                self.keep(api, report).await?;
                for stage in stages {
                    self.keep(stage, report).await?;
                }
                (done, has_worked) = (position, true);
            }
        }
        Ok(None)
    }

    /// Writes what was read, unless the store says the same or knows newer.
    async fn keep(&self, reading: Reading, report: &mut Report) -> Result<(), KeepError> {
        let now = reading.ended / 1000;
        let version = Version::of_sweep(reading);
        let newest = self.store.newest(&version.thing).await?;
        match newest {
            Some(known) if known.version.since > version.since => {}
            Some(known) if known.version.says_the_same(&version) => {
                if known.expires_at - now < RETENTION.as_secs() / 2 {
                    let until = now + RETENTION.as_secs();
                    self.store.renew(&known.version, until).await?;
                    report.renewed += 1;
                }
            }
            _ => {
                // Another read of the same millisecond: the next sweep compares again.
                if self.store.put(&version).await? == Put::Written {
                    report.versions += 1;
                }
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests;
