//! An API Gateway, a ledger and a clock in memory, for tests of remediation: every port, with failures
//! and kills wherever a test wants them.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Mutex, MutexGuard};

use async_trait::async_trait;
use jiff::Timestamp;

use super::brakes;
use super::ledger::{Entry, Tally};
use super::policy::Permitted;
use super::ports::{
    ApiStatus, Clock, DraftReader, KillSwitch, Ledger, LedgerReader, LedgerWrite,
    PublicationReader, PublishedDraft, Versioned, WriteError, WriteErrorKind, Writer,
};
use super::publication::{Fingerprint, Publications};
use super::settings::Settings;
use super::step::Step;
use crate::baseline::thing::{Api, Thing, What};
use crate::baseline::version::Reading;
use crate::baseline::{Kept, Shape, Version};
use crate::change::{ApiType, Change};
use crate::keeper::{Place, SettingsReader};
use crate::operations::Service;
use crate::ports::{BaselineReader, Lately, Past, PortError};
use crate::record::Record;

mod gateway;
mod plain;

pub use plain::{PlainPermit, PlainPolicy};

/// How many of the newest versions a baseline looks at.
const NEWEST: usize = 10;

/// What goes wrong at a call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The process dies before the call takes effect.
    KilledBefore,
    /// The process dies after it.
    KilledAfter,
    /// The call fails, and may succeed later.
    Fails,
}

/// What stands in the world.
#[derive(Debug, Default)]
pub struct State {
    /// Settings by [`name`] of the thing.
    pub things: HashMap<String, Settings>,
    /// Versions of the baseline, the one that counts first, by [`name`].
    pub versions: HashMap<String, Vec<Version>>,
    /// There are more versions than are read.
    pub is_cut: bool,
    /// Ledger entries.
    pub entries: HashMap<String, Versioned<Entry>>,
    /// Tallies.
    pub tallies: HashMap<String, Versioned<Tally>>,
    /// Every write that took effect, with the ledger id in whose name it was made and its time.
    pub written: Vec<(String, Step, i64)>,
    /// Seconds since the epoch.
    pub now: i64,
    /// The kill switch; `None` cannot be read.
    pub allows: Option<bool>,
    /// From then on the kill switch stops writes.
    pub stops_at: Option<i64>,
    /// What somebody else sets, by time and [`name`].
    pub meanwhile: Vec<(i64, String, Settings)>,
    /// Error of the next writes.
    pub refuses: Option<WriteErrorKind>,
    /// What is published.
    pub publications: Publications,
    /// The draft now, and as it was published before.
    pub draft: Fingerprint,
    /// As it was published last before the change.
    pub published: Option<PublishedDraft>,
    /// How many looks an endpoint change takes.
    pub updating: usize,
    /// Names of the calls so far.
    pub calls: Vec<&'static str>,
    /// At which call something goes wrong.
    pub trouble: Option<(usize, Trouble)>,
    /// The process is dead: nothing has an effect any more.
    pub is_dead: bool,
}

/// The world.
#[derive(Debug, Default)]
pub struct World(pub Mutex<State>);

impl State {
    /// A deployment to a stage, by whomever.
    pub fn deploy(&mut self, stage: &Thing, id: &str, description: &str) {
        let now = self.now;
        let publications = &mut self.publications;
        publications.deployments.insert(id.to_owned(), Some(now));
        publications
            .descriptions
            .insert(id.to_owned(), description.to_owned());
        let mut stages = publications.stages.iter_mut();
        if let Some(found) = stages.find(|one| Some(one.name.as_str()) == stage.stage()) {
            found.deployment_id = Some(id.to_owned());
            found.changed = Some(now);
        }
    }
}

/// Names a thing.
pub fn name(thing: &Thing) -> String {
    let api = thing.api().map_or("", |api| api.id.as_str());
    let stage = thing.stage().unwrap_or_default();
    format!("{}/{}/{api}/{stage}", thing.account, thing.region)
}

/// A stage of a REST API.
pub fn stage(api: &str, stage: &str) -> Thing {
    Thing {
        account: "111122223333".to_owned(),
        region: "eu-west-1".to_owned(),
        what: What::Stage(rest_api(api), stage.to_owned()),
    }
}

/// A REST API.
pub fn api(id: &str) -> Thing {
    Thing {
        what: What::Api(rest_api(id)),
        ..stage(id, "")
    }
}

fn rest_api(id: &str) -> Api {
    Api {
        id: id.to_owned(),
        kind: Some(ApiType::Rest),
        name: None,
    }
}

impl World {
    /// The state.
    pub fn state(&self) -> MutexGuard<'_, State> {
        self.0
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner)
    }

    /// One call: `effect` happens unless trouble keeps it from happening.
    fn call<T>(
        &self,
        call: &'static str,
        effect: impl FnOnce(&mut State) -> T,
    ) -> Result<T, PortError> {
        let mut state = self.state();
        let at = state.calls.len();
        state.calls.push(call);
        let failed = || PortError {
            action: "do what was asked",
            retryable: true,
            source: call.into(),
        };
        if state.is_dead {
            return Err(failed());
        }
        let trouble = state.trouble.filter(|(when, _)| *when == at);
        match trouble.map(|(_, trouble)| trouble) {
            None => Ok(effect(&mut state)),
            Some(Trouble::Fails) => Err(failed()),
            Some(Trouble::KilledBefore) => {
                state.is_dead = true;
                Err(failed())
            }
            Some(Trouble::KilledAfter) => {
                effect(&mut state);
                state.is_dead = true;
                Err(failed())
            }
        }
    }
}

#[async_trait]
impl LedgerReader for World {
    async fn entry(&self, id: &str) -> Result<Option<Versioned<Entry>>, PortError> {
        self.call("entry", |state| state.entries.get(id).cloned())
    }
}

#[async_trait]
impl Ledger for World {
    async fn tally(&self, key: &str) -> Result<Versioned<Tally>, PortError> {
        self.call("tally", |state| {
            state.tallies.get(key).cloned().unwrap_or_default()
        })
    }

    async fn write(&self, writes: &[LedgerWrite]) -> Result<bool, PortError> {
        self.call("ledger write", |state| {
            let stands = |write: &LedgerWrite| match write {
                LedgerWrite::Entry(entry) => {
                    let known = state.entries.get(&entry.value.id);
                    known.map_or(0, |known| known.version) == entry.version
                }
                LedgerWrite::Tally { key, tally } => {
                    let known = state.tallies.get(key);
                    known.map_or(0, |known| known.version) == tally.version
                }
            };
            if !writes.iter().all(stands) {
                return false;
            }
            for write in writes.iter().cloned() {
                match write {
                    LedgerWrite::Entry(mut entry) => {
                        entry.version += 1;
                        state.entries.insert(entry.value.id.clone(), *entry);
                    }
                    LedgerWrite::Tally { key, mut tally } => {
                        tally.version += 1;
                        state.tallies.insert(key, tally);
                    }
                }
            }
            true
        })
    }
}

#[async_trait]
impl<P: Permitted + Send + Sync> Writer<P> for World {
    async fn write(&self, permit: &P, step: &Step) -> Result<(), WriteError> {
        let error = |kind| WriteError {
            kind,
            source: PortError {
                action: "write to API Gateway",
                retryable: kind == WriteErrorKind::Unknown,
                source: "refused".into(),
            },
        };
        if !permit.covers(step) {
            return Err(error(WriteErrorKind::NotPermitted));
        }
        let thing = permit.thing().clone();
        let written = self.call("write", |state| {
            if let Some(kind) = state.refuses {
                return Err(kind);
            }
            let now = state.now;
            if let Step::CreateDeployment { description, .. } = step {
                state.deploy(&thing, &format!("by {description}"), description);
                state
                    .written
                    .push((permit.ledger_id().to_owned(), step.clone(), now));
                return Ok(());
            }
            let Some(settings) = state.things.get_mut(&name(&thing)) else {
                return Err(WriteErrorKind::Gone);
            };
            gateway::apply(settings, step).map_err(|()| WriteErrorKind::Refused)?;
            let id = permit.ledger_id().to_owned();
            state.written.push((id, step.clone(), now));
            Ok(())
        });
        match written {
            Ok(Ok(())) => Ok(()),
            Ok(Err(kind)) => Err(error(kind)),
            Err(source) => Err(WriteError {
                kind: WriteErrorKind::Unknown,
                source,
            }),
        }
    }
}

#[async_trait]
impl KillSwitch for World {
    async fn allows(&self) -> Result<bool, PortError> {
        let allows = self.call("kill switch", |state| {
            let stops = state.stops_at.is_some_and(|at| at <= state.now);
            state.allows.map(|allows| allows && !stops)
        })?;
        allows.ok_or(PortError {
            action: "read the kill switch",
            retryable: true,
            source: "no such parameter".into(),
        })
    }
}

#[async_trait]
impl Clock for World {
    fn now(&self) -> i64 {
        self.state().now
    }

    async fn wait(&self, seconds: u64) {
        let mut state = self.state();
        state.now += i64::try_from(seconds).unwrap_or_default();
        let now = state.now;
        let (due, later) = std::mem::take(&mut state.meanwhile)
            .into_iter()
            .partition(|(at, ..)| *at <= now);
        state.meanwhile = later;
        let due: Vec<(i64, String, Settings)> = due;
        state
            .things
            .extend(due.into_iter().map(|(_, name, settings)| (name, settings)));
    }

    fn deadline(&self) -> i64 {
        self.state().now + 100
    }
}

#[async_trait]
impl SettingsReader for World {
    async fn read(&self, thing: &Thing, _: i64) -> Result<Option<Reading>, PortError> {
        let found = self.call("read", |state| {
            let settings = state.things.get(&name(thing));
            (settings.map(|settings| kept(settings, None)), state.now)
        })?;
        let (Some(settings), now) = found else {
            return Ok(None);
        };
        Ok(Some(Reading {
            thing: thing.clone(),
            settings,
            started: now * 1000,
            ended: now * 1000,
        }))
    }

    async fn apis(&self, _: &Place, _: Service) -> Result<Vec<Reading>, PortError> {
        Ok(Vec::new())
    }

    async fn stages(&self, _: &Place, _: &Api) -> Result<Vec<Reading>, PortError> {
        Ok(Vec::new())
    }
}

#[async_trait]
impl BaselineReader for World {
    async fn before(&self, _: &Record, _: &Change) -> Result<Past, PortError> {
        Ok(Past::default())
    }

    async fn versions(&self, thing: &Thing, time: Timestamp) -> Result<Vec<Version>, PortError> {
        let lately = self.lately(thing, time, time).await?;
        Ok(lately.versions.into_iter().take(NEWEST).collect())
    }

    async fn lately(&self, thing: &Thing, _: Timestamp, _: Timestamp) -> Result<Lately, PortError> {
        self.call("versions", |state| Lately {
            versions: state
                .versions
                .get(&name(thing))
                .cloned()
                .unwrap_or_default(),
            is_cut: state.is_cut,
        })
    }
}

#[async_trait]
impl PublicationReader for World {
    async fn status(&self, api: &Thing) -> Result<ApiStatus, PortError> {
        self.call("status", |state| match state.updating.checked_sub(1) {
            Some(left) => {
                state.updating = left;
                ApiStatus::Updating
            }
            None if state.things.contains_key(&name(api)) => ApiStatus::Available,
            None => ApiStatus::Gone,
        })
    }

    async fn publications(&self, _: &Thing) -> Result<Publications, PortError> {
        self.call("publications", |state| state.publications.clone())
    }

    async fn draft(&self, _: &Thing) -> Result<Fingerprint, PortError> {
        self.call("draft", |state| state.draft.clone())
    }
}

#[async_trait]
impl DraftReader for World {
    async fn published_before(
        &self,
        _: &Thing,
        _: Timestamp,
    ) -> Result<Option<PublishedDraft>, PortError> {
        self.call("published", |state| state.published.clone())
    }
}

/// What a read or a baseline would keep of settings, and of the deployment that a stage serves.
pub fn kept(settings: &Settings, serving: Option<&str>) -> Kept {
    let (shape, json) = match settings {
        Settings::RestStage(stage) => (Shape::RestStage, serde_json::to_value(stage)),
        Settings::V2Stage(stage) => (Shape::V2Stage, serde_json::to_value(stage)),
        Settings::RestApi(api) => (Shape::RestApi, serde_json::to_value(api)),
        Settings::Account(account) => (Shape::Account, serde_json::to_value(account)),
        Settings::Serving(serving) => (Shape::RestStage, serde_json::to_value(serving)),
    };
    let kept = json.and_then(|mut json| {
        if let (Some(members), Some(id)) = (json.as_object_mut(), serving) {
            members.insert("deploymentId".to_owned(), id.into());
        }
        Kept::from_read(shape, &json.to_string())
    });
    kept.unwrap_or_default()
}

/// Most writes within any hour that nobody approved, by resource and by account.
pub fn most_within_an_hour(state: &State) -> BTreeMap<String, usize> {
    let mut times: BTreeMap<String, Vec<i64>> = BTreeMap::new();
    for (id, _, at) in &state.written {
        let Some(entry) = state.entries.get(id).map(|held| &held.value) else {
            continue;
        };
        if entry.approved.is_none() {
            let resource = brakes::resource_key(entry.remediation, &entry.thing);
            let account = brakes::account_key(entry.remediation, &entry.thing);
            for key in [resource, account] {
                times.entry(key).or_default().push(*at);
            }
        }
    }
    let most = |times: Vec<i64>| {
        let within = |from: &i64| {
            let times = times.iter();
            times
                .filter(|at| (*from..from + brakes::HOUR).contains(at))
                .count()
        };
        times.iter().map(within).max().unwrap_or_default()
    };
    times
        .into_iter()
        .map(|(key, times)| (key, most(times)))
        .collect()
}
