//! One event after the other through a function whose outside is memory, and fails where it is told to.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use jiff::Timestamp;
use pollster::block_on;
use serde_json::Value;

use super::*;
use crate::baseline::Version;
use crate::baseline::thing::Thing;
use crate::finding::{Confidence, Severity};
use crate::notification::Notification;
use crate::outcome::Disposition;
use crate::ports::{Claim, Lately, Live, Seen};
use crate::remediation::ledger::Entry;
use crate::remediation::ports::Versioned;
use crate::settings::{Execution, LogLevel, MethodSettings, Scope, StageSettings};
use crate::window::memory::MemoryWindows;
use crate::window::{Alert, Threshold};

pub(super) const OFF: &str =
    include_str!("../rules/stage_logging_disabled/fires/rest-all-methods-off.json");
const QUIET: &str =
    include_str!("../rules/stage_logging_disabled/quiet/rest-deployment-by-cloudformation.json");
const UNSEEN: &str = include_str!("../rules/stage_logging_disabled/fires/truncated-both-null.json");

/// The outside. Every call is written down; the one at `fails_at` fails once.
#[derive(Default)]
pub(super) struct World {
    calls: Mutex<Vec<&'static str>>,
    fails_at: Mutex<Option<(usize, bool)>>,
    before: Mutex<Before>,
    live: Mutex<Live>,
    claims: Mutex<HashMap<String, &'static str>>,
    /// The rule has sent its share.
    pub(super) is_muted: Mutex<bool>,
    pub(super) messages: Mutex<Vec<Notification>>,
    pub(super) entry: Mutex<Option<Entry>>,
    windows: MemoryWindows,
}

impl World {
    fn call(&self, name: &'static str) -> Result<(), PortError> {
        let mut calls = self.calls.lock().unwrap();
        calls.push(name);
        let mut fails_at = self.fails_at.lock().unwrap();
        match *fails_at {
            Some((at, retryable)) if at + 1 == calls.len() => {
                *fails_at = None;
                Err(PortError {
                    action: "do what was asked",
                    retryable,
                    source: name.into(),
                })
            }
            _ => Ok(()),
        }
    }

    pub(super) fn calls(&self) -> Vec<&'static str> {
        self.calls.lock().unwrap().clone()
    }

    /// Ids of the findings that were sent, in order.
    fn sent_ids(&self) -> Vec<String> {
        let id = |message: &Notification| {
            let (_, json) = message.body.split_once("\n--- finding (JSON)\n").unwrap();
            let finding: Value = serde_json::from_str(json).unwrap();
            finding["id"].as_str().unwrap().to_owned()
        };
        self.messages.lock().unwrap().iter().map(id).collect()
    }
}

#[async_trait]
impl BaselineReader for World {
    async fn before(&self, _: &Record, _: &Change) -> Result<Past, PortError> {
        self.call("baseline")?;
        Ok(Past {
            before: self.before.lock().unwrap().clone(),
            ..Past::default()
        })
    }

    async fn versions(&self, _: &Thing, _: Timestamp) -> Result<Vec<Version>, PortError> {
        self.call("baseline")?;
        Ok(Vec::new())
    }

    async fn lately(&self, _: &Thing, _: Timestamp, _: Timestamp) -> Result<Lately, PortError> {
        self.call("baseline")?;
        Ok(Lately::default())
    }
}

#[async_trait]
impl LedgerReader for World {
    async fn entry(&self, _: &str) -> Result<Option<Versioned<Entry>>, PortError> {
        self.call("ledger")?;
        let entry = self.entry.lock().unwrap().clone();
        Ok(entry.map(|value| Versioned { value, version: 1 }))
    }
}

#[async_trait]
impl LiveReader for World {
    async fn live(&self, _: &Record, _: &Change) -> Result<Live, PortError> {
        self.call("live")?;
        Ok(self.live.lock().unwrap().clone())
    }
}

#[async_trait]
impl Outbox for World {
    async fn claim(&self, finding: &Finding, _: &str, _: &Delivery) -> Result<Claim, PortError> {
        self.call("claim")?;
        if *self.is_muted.lock().unwrap() {
            return Ok(Claim::Muted);
        }
        let mut claims = self.claims.lock().unwrap();
        let state = claims.entry(finding.id.clone()).or_insert("PENDING");
        Ok(match *state {
            "SENT" => Claim::Sent { is_open: false },
            "OPEN" => Claim::Sent { is_open: true },
            _ => Claim::Send,
        })
    }

    async fn keep(&self, finding: &Finding, _: &Delivery) -> Result<Claim, PortError> {
        self.call("keep")?;
        Ok(match self.claims.lock().unwrap().get(&finding.id) {
            Some(state) => Claim::Sent {
                is_open: *state == "OPEN",
            },
            None => Claim::Muted,
        })
    }

    async fn sent(&self, finding: &Finding, is_open: bool, _: &Delivery) -> Result<(), PortError> {
        self.call("sent")?;
        let state = if is_open { "OPEN" } else { "SENT" };
        let mut claims = self.claims.lock().unwrap();
        claims.insert(finding.id.clone(), state);
        Ok(())
    }
}

#[async_trait]
impl Notifier for World {
    async fn send(&self, notification: &Notification) -> Result<(), PortError> {
        self.call("send")?;
        self.messages.lock().unwrap().push(notification.clone());
        Ok(())
    }
}

#[async_trait]
impl WindowStore for World {
    async fn observe(
        &self,
        key: &WindowKey,
        seen: &Seen,
        threshold: &Threshold,
        delivery: &Delivery,
    ) -> Result<Vec<Raised>, PortError> {
        self.call("observe")?;
        self.windows.observe(key, seen, threshold, delivery).await
    }

    async fn settle(&self, key: &WindowKey, alert: &Alert) -> Result<(), PortError> {
        self.call("settle")?;
        self.windows.settle(key, alert).await
    }
}

pub(super) fn pipeline(world: &Arc<World>, thresholds: &str) -> Pipeline {
    Pipeline {
        function: "stage-logging",
        thresholds: Thresholds::parse(thresholds).unwrap(),
        responders: Responders::default(),
        ledger: Arc::clone(world) as _,
        responder: None,
        baselines: Arc::clone(world) as _,
        live: Arc::clone(world) as _,
        windows: Arc::clone(world) as _,
        outbox: Arc::clone(world) as _,
        notifier: Arc::clone(world) as _,
    }
}

/// A delivery of the event one minute after it happened.
pub(super) fn delivery(event: &str) -> Delivery {
    let event: Value = serde_json::from_str(event).unwrap();
    let time = crate::record::parse_time(event["time"].as_str().unwrap()).unwrap();
    Delivery {
        owner: "request-1".to_owned(),
        now: time.as_second() + 60,
    }
}

fn handle(world: &Arc<World>, thresholds: &str, event: &str) -> (Outcome, Result<(), EventError>) {
    let delivery = delivery(event);
    block_on(pipeline(world, thresholds).handle(event.as_bytes(), &delivery))
}

/// Logging switched off for another stage of the same API.
fn off(stage: &str) -> String {
    let mut event: Value = serde_json::from_str(OFF).unwrap();
    event["detail"]["eventID"] = stage.into();
    event["detail"]["requestParameters"]["stageName"] = stage.into();
    event["detail"]["responseElements"]["stageName"] = stage.into();
    event.to_string()
}

#[test]
fn what_is_not_ours_or_quiet_costs_no_call() {
    let world = Arc::new(World::default());
    let scheduled = r#"{"detail-type":"Scheduled Event","account":"1","region":"r","detail":{}}"#;
    let other = OFF.replace("apigateway.amazonaws.com", "s3.amazonaws.com");
    let denied = OFF.replace(
        "\"eventType\"",
        "\"errorCode\":\"AccessDenied\",\"eventType\"",
    );
    let cases = [
        (QUIET, Disposition::Quiet),
        (other.as_str(), Disposition::NotOurs),
        (denied.as_str(), Disposition::NotOurs),
    ];
    for (event, disposition) in cases {
        let (outcome, result) = handle(&world, "", event);
        assert!(result.is_ok());
        assert_eq!(outcome.disposition, disposition);
    }
    let bytes = scheduled.as_bytes();
    let (outcome, result) = block_on(pipeline(&world, "").handle(bytes, &delivery(OFF)));
    assert!(result.is_ok());
    assert_eq!(outcome.disposition, Disposition::NotOurs);
    assert_eq!(world.calls(), Vec::<&str>::new());
}

#[test]
fn a_finding_is_told_once_and_counted() {
    let world = Arc::new(World::default());
    let (outcome, result) = handle(&world, "", OFF);
    assert!(result.is_ok());
    assert_eq!(outcome.disposition, Disposition::Fired);
    assert_eq!(outcome.latency_ms, Some(60_000));
    let counted = ["observe", "observe", "observe"];
    assert_eq!(
        world.calls(),
        [["baseline", "claim", "send", "sent"].as_slice(), &counted].concat()
    );
    let (again, _) = handle(&world, "", OFF);
    assert_eq!(again.findings[0].notified, Notified::AlreadySent);
    assert_eq!(world.sent_ids().len(), 1);
}

/// Four stages, so that the last event raises a window alert; each call of it fails once.
#[test]
fn a_failure_anywhere_ends_in_the_same_state_after_the_retry() {
    let stages = ["s1", "s2", "s3"].map(off);
    let run = |fails_at: Option<usize>| {
        let world = Arc::new(World::default());
        for stage in &stages {
            assert!(handle(&world, "", stage).1.is_ok());
        }
        let quiet_so_far = world.calls().len();
        *world.fails_at.lock().unwrap() = fails_at.map(|at| (quiet_so_far + at, true));
        let (outcome, result) = handle(&world, "", &off("s4"));
        let failed = result.is_err();
        assert_eq!(failed, outcome.disposition == Disposition::Failed);
        if let Err(error) = result {
            assert!(error.is_retryable());
            assert!(handle(&world, "", &off("s4")).1.is_ok());
        }
        let calls = world.calls().split_off(quiet_so_far);
        (calls, failed, world.sent_ids())
    };
    let (calls, failed, undisturbed) = run(None);
    assert!(!failed);
    assert_eq!(undisturbed.len(), 5, "four stages and a window");
    assert!(calls.contains(&"settle"));
    for (at, call) in calls.iter().enumerate() {
        let (_, failed, sent) = run(Some(at));
        assert!(failed, "{call}");
        let once: BTreeSet<_> = sent.iter().collect();
        assert_eq!(once, undisturbed.iter().collect(), "{call} at {at}");
        // The one spot: sent, and not yet written down.
        let twice = usize::from(["sent", "settle"].contains(call));
        assert_eq!(sent.len(), undisturbed.len() + twice, "{call} at {at}");
    }
}

#[test]
fn knowing_less_does_not_keep_a_finding_back() {
    let world = Arc::new(World::default());
    *world.fails_at.lock().unwrap() = Some((0, false));
    let (outcome, result) = handle(&world, "", OFF);
    assert!(result.is_ok());
    assert_eq!(outcome.findings.len(), 1);
    assert_eq!(outcome.warnings.len(), 1);
}

#[test]
fn the_baseline_decides_what_the_record_cannot() {
    let world = Arc::new(World::default());
    let level = |level| {
        let set = MethodSettings {
            level: Some(level),
            ..MethodSettings::default()
        };
        StageSettings {
            execution: Some(Execution {
                scopes: [(Scope::Default, set)].into(),
                inherits: true,
            }),
            access_log: None,
        }
    };
    world.before.lock().unwrap().stage = Some(level(LogLevel::Off));
    let (outcome, _) = handle(&world, "", OFF);
    assert_eq!(outcome.disposition, Disposition::Quiet);
    assert_eq!(world.calls(), ["baseline"]);
}

#[test]
fn an_unseen_change_is_looked_at_live() {
    let event = UNSEEN;
    let fully_logged = StageSettings {
        execution: Some(Execution {
            scopes: [(
                Scope::Default,
                MethodSettings {
                    level: Some(LogLevel::Info),
                    ..MethodSettings::default()
                },
            )]
            .into(),
            inherits: true,
        }),
        access_log: Some(crate::settings::AccessLog {
            destination_arn: Some("arn:x".to_owned()),
            format: None,
        }),
    };
    let world = Arc::new(World::default());
    world.live.lock().unwrap().stage = Some(fully_logged);
    let (outcome, _) = handle(&world, "", event);
    assert_eq!(outcome.disposition, Disposition::Quiet);
    assert_eq!(world.calls(), ["baseline", "live"]);

    let world = Arc::new(World::default());
    *world.fails_at.lock().unwrap() = Some((1, true));
    let (outcome, result) = handle(&world, "", event);
    assert!(result.is_ok());
    assert_eq!(outcome.findings[0].severity, Severity::Medium);
    let json = world.messages.lock().unwrap()[0].body.clone();
    assert!(json.contains(&format!("\"confidence\":\"{}\"", Confidence::Low.as_str())));
    // Low confidence is not counted.
    assert_eq!(outcome.windows_fed, 0);
}

#[test]
fn thresholds_silence_lower_and_mute() {
    let fired = |thresholds: &str| {
        let world = Arc::new(World::default());
        let (outcome, _) = handle(&world, thresholds, OFF);
        (outcome, world.calls())
    };
    let (outcome, calls) = fired("[rules.stage-logging-disabled]\nenabled = false");
    assert_eq!(outcome.disposition, Disposition::Quiet);
    assert_eq!(calls, Vec::<&str>::new());

    let (outcome, calls) = fired("[rules.stage-logging-disabled]\nnotify_from = 'critical'");
    assert_eq!(outcome.findings[0].notified, Notified::Muted);
    assert_eq!(calls, ["baseline", "keep", "observe", "observe", "observe"]);
}

#[test]
fn a_record_beyond_the_horizon_is_told_and_not_counted() {
    let world = Arc::new(World::default());
    let mut late = delivery(OFF);
    late.now += HORIZON;
    let (outcome, result) = block_on(pipeline(&world, "").handle(OFF.as_bytes(), &late));
    assert!(result.is_ok());
    assert!(outcome.late_beyond_horizon);
    assert_eq!((outcome.findings.len(), outcome.windows_fed), (1, 0));
}

#[test]
fn an_unreadable_record_is_final_and_names_its_field() {
    let world = Arc::new(World::default());
    let event = OFF.replace("\"patchOperations\": [", "\"patchOperations\": 5, \"x\": [");
    let (outcome, result) = handle(&world, "", &event);
    assert!(!result.unwrap_err().is_retryable());
    let error = outcome.error.unwrap();
    assert!(
        error.contains("`requestParameters.updateStageInput.patchOperations`"),
        "{error}"
    );
}
