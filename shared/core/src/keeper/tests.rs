//! What events cost and leave behind, with a store and an API Gateway in memory.

use std::collections::BTreeMap;
use std::sync::Mutex;

use serde_json::json;

use super::draft::{Look, Published};
use super::*;
use crate::baseline::thing::What;
use crate::baseline::{Kept, Shape};

pub(super) const OWN: &str = "111122223333";

/// A store that keeps what DynamoDB would, and counts calls.
#[derive(Default)]
pub(super) struct Memory {
    pub(super) items: Mutex<BTreeMap<(String, i64), Stored>>,
    pub(super) calls: Mutex<Vec<String>>,
    /// APIs with their stages; all have one state.
    pub(super) apis: Vec<(&'static str, &'static [&'static str])>,
    pub(super) sent: Mutex<Vec<Sweep>>,
    pub(super) is_throttled: bool,
    /// Time of every read.
    pub(super) now: i64,
    /// What a look at a draft gives; an error without.
    pub(super) look: Option<Look>,
    pub(super) published: Mutex<Vec<Published>>,
}

impl Memory {
    pub(super) fn note(&self, call: &str) {
        self.calls.lock().unwrap().push(call.to_owned());
    }

    pub(super) fn taken(&self) -> Vec<String> {
        std::mem::take(&mut self.calls.lock().unwrap())
    }

    fn reading(&self, thing: Thing) -> Reading {
        Reading {
            settings: Kept::from_read(Shape::RestStage, r#"{"tracingEnabled":true}"#).unwrap(),
            thing,
            started: self.now,
            ended: self.now + 100,
        }
    }

    fn check(&self) -> Result<(), PortError> {
        match self.is_throttled {
            false => Ok(()),
            true => Err(PortError {
                action: "read the stage",
                retryable: true,
                source: "TooManyRequestsException".into(),
            }),
        }
    }
}

fn key(thing: &Thing) -> String {
    format!("{thing:?}")
}

#[async_trait]
impl VersionStore for Memory {
    async fn put(&self, version: &Version) -> Result<Put, PortError> {
        self.note("put");
        let mut items = self.items.lock().unwrap();
        let key = (key(&version.thing), version.time.as_millisecond());
        if let Some(known) = items.get(&key) {
            let is_same = known.version.says_the_same(version);
            return Ok(if is_same { Put::Same } else { Put::Taken });
        }
        let stored = Stored {
            version: version.clone(),
            expires_at: version.time.as_second() + RETENTION.as_secs(),
        };
        items.insert(key, stored);
        Ok(Put::Written)
    }

    async fn newest(&self, thing: &Thing) -> Result<Option<Stored>, PortError> {
        self.note("newest");
        let items = self.items.lock().unwrap();
        let of_thing = items
            .values()
            .filter(|stored| stored.version.thing == *thing);
        Ok(of_thing
            .max_by_key(|stored| stored.version.order())
            .cloned())
    }

    async fn renew(&self, version: &Version, expires_at: i64) -> Result<(), PortError> {
        self.note("renew");
        let key = (key(&version.thing), version.time.as_millisecond());
        self.items.lock().unwrap().get_mut(&key).unwrap().expires_at = expires_at;
        Ok(())
    }
}

#[async_trait]
impl SettingsReader for Memory {
    async fn read(&self, thing: &Thing, not_before: i64) -> Result<Option<Reading>, PortError> {
        self.note("read");
        self.check()?;
        assert!(self.now >= not_before, "the test's clock stands still");
        let is_there = thing
            .api()
            .is_none_or(|api| self.apis.iter().any(|(id, _)| api.id == *id));
        Ok(is_there.then(|| self.reading(thing.clone())))
    }

    async fn apis(&self, place: &Place, service: Service) -> Result<Vec<Reading>, PortError> {
        self.note("apis");
        self.check()?;
        let of_service = self
            .apis
            .iter()
            .filter(|(id, _)| id.starts_with('h') == (service == Service::V2));
        let api = |id: &str| Api {
            id: id.to_owned(),
            kind: None,
            name: None,
        };
        let thing = |what| Thing {
            account: place.account.clone(),
            region: place.region.clone(),
            what,
        };
        Ok(of_service
            .map(|(id, _)| self.reading(thing(What::Api(api(id)))))
            .collect())
    }

    async fn stages(&self, place: &Place, api: &Api) -> Result<Vec<Reading>, PortError> {
        self.note(&format!("stages {}", api.id));
        self.check()?;
        let found = self.apis.iter().find(|(id, _)| api.id == *id);
        let stages = found.map_or(&[][..], |(_, stages)| stages);
        let thing = |stage: &&str| Thing {
            account: place.account.clone(),
            region: place.region.clone(),
            what: What::Stage(api.clone(), (*stage).to_owned()),
        };
        Ok(stages
            .iter()
            .map(|stage| self.reading(thing(stage)))
            .collect())
    }
}

#[async_trait]
impl SweepQueue for Memory {
    async fn send(&self, sweeps: &[Sweep]) -> Result<(), PortError> {
        self.note("send");
        self.sent.lock().unwrap().extend_from_slice(sweeps);
        Ok(())
    }
}

pub(super) fn keeper(memory: Memory) -> (Arc<Memory>, Keeper) {
    let memory = Arc::new(memory);
    let keeper = Keeper {
        store: Arc::clone(&memory) as Arc<dyn VersionStore>,
        reader: Arc::clone(&memory) as Arc<dyn SettingsReader>,
        drafts: Arc::clone(&memory) as Arc<dyn DraftStore>,
        drafter: Arc::clone(&memory) as Arc<dyn DraftSource>,
        queue: Arc::clone(&memory) as Arc<dyn SweepQueue>,
        reads_elsewhere: false,
    };
    (memory, keeper)
}

fn event(account: &str, name: &str, api: &str, response: &serde_json::Value) -> Vec<u8> {
    let event = json!({
        "detail-type": "AWS API Call via CloudTrail", "account": account, "region": "eu-west-1",
        "detail": {
            "eventTime": "2026-11-02T10:00:00Z", "eventSource": "apigateway.amazonaws.com",
            "eventName": name, "eventID": "e1",
            "requestParameters": {"restApiId": api, "stageName": "prod", "template": false},
            "responseElements": response
        }
    });
    event.to_string().into_bytes()
}

/// After every event of these tests.
pub(super) const NOW: i64 = 1_793_613_660_000;

fn world() -> (Arc<Memory>, Keeper) {
    keeper(Memory {
        apis: vec![("a1", &["prod"])],
        now: NOW,
        ..Memory::default()
    })
}

fn learn(keeper: &Keeper, event: &[u8]) -> (Ending, Result<(), KeepError>) {
    let (report, result) = pollster::block_on(keeper.event(event, OWN));
    (report.ending, result)
}

#[test]
fn calls_of_an_event() {
    let stage = json!({"stageName": "prod", "methodSettings": {}});
    let other = json!({"stageName": "prod", "methodSettings": {}, "tracingEnabled": true});
    let none = serde_json::Value::Null;
    let (memory, keeper) = world();
    let cases = [
        ("UpdateStage", "a1", &stage, Ending::Written, &["put"][..]),
        // Delivered again.
        ("UpdateStage", "a1", &stage, Ending::Known, &["put"]),
        // Another change of the same second.
        (
            "UpdateStage",
            "a1",
            &other,
            Ending::Written,
            &["put", "read", "put"],
        ),
        ("UpdateStage", "a1", &none, Ending::Known, &["read", "put"]),
        ("UpdateStage", "gone", &none, Ending::Gone, &["read"]),
        ("DeleteStage", "a1", &none, Ending::Nothing, &[]),
        ("PutMethod", "a1", &none, Ending::Nothing, &[]),
    ];
    for (name, api, response, ending, calls) in cases {
        let (ended, result) = learn(&keeper, &event(OWN, name, api, response));
        result.unwrap();
        assert_eq!(
            (ended, memory.taken()),
            (ending, calls.iter().map(ToString::to_string).collect())
        );
    }
    // The second read of that millisecond said the same.
    assert_eq!(memory.items.lock().unwrap().len(), 2);
}

#[test]
fn what_is_not_ours_costs_nothing() {
    let (memory, keeper) = world();
    let (ended, result) = learn(
        &keeper,
        br#"{"detail-type":"Scheduled Event","account":"1","region":"r","detail":{}}"#,
    );
    assert!(result.is_ok() && ended == Ending::NotOurs);
    let text = String::from_utf8(event(OWN, "UpdateStage", "a1", &json!({}))).unwrap();
    let failed = text.replace(r#""eventID""#, r#""errorCode":"AccessDenied","eventID""#);
    let (ended, result) = learn(&keeper, failed.as_bytes());
    assert!(result.is_ok() && ended == Ending::NotOurs);
    assert_eq!(memory.taken(), [] as [&str; 0]);
}

#[test]
fn nothing_of_one_account_is_kept_as_anothers() {
    let (memory, mut keeper) = world();
    let elsewhere = event(
        "444455556666",
        "UpdateStage",
        "a1",
        &serde_json::Value::Null,
    );
    let (ended, result) = learn(&keeper, &elsewhere);
    let error = result.unwrap_err();
    assert!(!error.is_retryable() && ended == Ending::Failed);
    assert!(
        error.to_string().contains("PORTCULLIS_READER_ROLE"),
        "{error}"
    );
    assert_eq!(memory.taken(), [] as [&str; 0]);
    keeper.reads_elsewhere = true;
    assert_eq!(learn(&keeper, &elsewhere).0, Ending::Written);
}

#[test]
fn throttling_makes_the_event_come_again() {
    let (_, keeper) = keeper(Memory {
        is_throttled: true,
        ..Memory::default()
    });
    let (ended, result) = learn(
        &keeper,
        &event(OWN, "UpdateStage", "a1", &serde_json::Value::Null),
    );
    assert!(result.unwrap_err().is_retryable());
    assert_eq!(ended, Ending::Failed);
}
