//! A finding and what a responder makes of it: told once, told again when it ends otherwise, and our own
//! writes known among the events.

use super::tests::{OFF, World, delivery, pipeline};
use super::*;
use crate::baseline::Version;
use crate::baseline::thing::{Api, Thing, What};
use crate::change::ApiType;
use crate::finding::Confidence;
use crate::notification::Notification;
use crate::outcome::Disposition;
use crate::remediation::ledger::{self, Entry, State, Write};
use crate::remediation::plan::nothing;
use crate::remediation::report::{Ending, Report};
use crate::remediation::settings::{Serving, Settings};
use crate::remediation::step::{PatchOp, PatchOperation, Step};
use crate::remediation::{Mode, Remediation};
use async_trait::async_trait;
use pollster::block_on;
use std::sync::Mutex;

const REMEDIATION: Remediation = Remediation::RestoreStageLogging;

/// Answers what a test has put there, the last one first, and remembers what was told.
struct Scripted {
    endings: Mutex<Vec<(Option<State>, Ending)>>,
    told: Mutex<Option<State>>,
}

fn entry(state: State, told: Option<State>) -> Entry {
    let api = Api {
        id: "8r0cd0bk37".to_owned(),
        kind: Some(ApiType::Rest),
        name: None,
    };
    Entry {
        id: ledger::id(REMEDIATION, "111122223333", "eu-west-1", "e1"),
        remediation: REMEDIATION,
        state,
        lease: None,
        finding_id: "f".to_owned(),
        rule: "stage-logging-disabled".to_owned(),
        event_id: "e1".to_owned(),
        event_time: 0,
        actor: None,
        confidence: Confidence::High,
        by_cloudformation: false,
        thing: Thing {
            account: "111122223333".to_owned(),
            region: "eu-west-1".to_owned(),
            what: What::Stage(api, "prod".to_owned()),
        },
        tags: Default::default(),
        asked: Mode::Auto,
        mode: Mode::Auto,
        created: 0,
        updated: 0,
        plan: nothing(&Settings::Serving(Serving::default())),
        writes: Vec::new(),
        read_back: None,
        contested: false,
        budget_spent: false,
        allowed: true,
        policies: Vec::new(),
        draft_is_published: false,
        draft: None,
        exposure: None,
        reasons: Vec::new(),
        deadline: None,
        approved: None,
        undone: None,
        told,
    }
}

#[async_trait]
impl Responder for Scripted {
    async fn restored(&self, _: &Record, _: &Past) -> Result<Option<Version>, PortError> {
        Ok(None)
    }

    async fn respond(&self, _: &Case<'_>, _: &Delivery) -> Response {
        let (state, ending) = self.endings.lock().unwrap().pop().unwrap();
        let mut report = Report::nothing(REMEDIATION, Mode::Auto, "as the test says");
        report.ending = ending.clone();
        let told = *self.told.lock().unwrap();
        let entry = state.map(|state| entry(state, told));
        report.id = entry.as_ref().map(|entry| entry.id.clone());
        Response {
            report,
            entry,
            error: (ending == Ending::WillRetry).then(|| PortError {
                action: "write",
                retryable: true,
                source: "throttled".into(),
            }),
        }
    }

    async fn obey(
        &self,
        _: &Command,
        _: &Delivery,
    ) -> Result<(Answer, Option<Response>), PortError> {
        let answer = Answer {
            id: "id".to_owned(),
            state: "refused".to_owned(),
            text: Vec::new(),
        };
        Ok((answer, None))
    }

    async fn told(&self, entry: &Entry) -> Result<(), PortError> {
        *self.told.lock().unwrap() = Some(entry.state);
        Ok(())
    }
}

fn responding(world: &Arc<World>, mut endings: Vec<(Option<State>, Ending)>) -> Pipeline {
    endings.reverse();
    Pipeline {
        responder: Some(Arc::new(Scripted {
            endings: Mutex::new(endings),
            told: Mutex::default(),
        })),
        ..pipeline(
            world,
            "[rules.stage-logging-disabled]\nnotify_from = \"critical\"",
        )
    }
}

/// Values of the attributes `kind` and `outcome` of every message so far.
fn told(world: &World) -> Vec<(String, Option<String>)> {
    let value = |message: &Notification, name: &str| {
        let mut attributes = message.attributes.iter();
        let found = attributes.find(|(known, _)| *known == name);
        found.map(|(_, value)| value.clone())
    };
    let messages = world.messages.lock().unwrap();
    let of_rule = messages.iter().map(|message| {
        let kind = value(message, "kind").unwrap_or_default();
        (kind, value(message, "outcome"))
    });
    of_rule.collect()
}

fn told_of(kind: &str, outcome: &str) -> (String, Option<String>) {
    (kind.to_owned(), Some(outcome.to_owned()))
}

#[test]
fn what_was_put_back_is_told_in_the_message_however_mild_the_finding() {
    let world = Arc::new(World::default());
    let done = (Some(State::Verified), Ending::Verified);
    let pipeline = responding(&world, vec![done.clone(), done]);
    for _ in 0..2 {
        let (outcome, result) = block_on(pipeline.handle(OFF.as_bytes(), &delivery(OFF)));
        assert!(result.is_ok());
        assert_eq!(outcome.remediations[0].outcome, "verified");
    }
    assert_eq!(told(&world), [told_of("finding", "verified")]);
}

#[test]
fn what_ends_otherwise_than_it_was_told_is_told_again_once() {
    let world = Arc::new(World::default());
    let endings = vec![
        (Some(State::Writing), Ending::WillRetry),
        (Some(State::Verified), Ending::Verified),
        (Some(State::Verified), Ending::Verified),
    ];
    let pipeline = responding(&world, endings);
    let mut retryable = Vec::new();
    for _ in 0..3 {
        let (_, result) = block_on(pipeline.handle(OFF.as_bytes(), &delivery(OFF)));
        retryable.push(result.is_err_and(|error| error.is_retryable()));
    }
    assert_eq!(retryable, [true, false, false]);
    let expected = [
        told_of("finding", "retrying"),
        told_of("resolved", "verified"),
    ];
    assert_eq!(told(&world), expected);
}

/// The first delivery told that it is tried again, before there was an entry; then nothing is left to do.
#[test]
fn what_ends_without_an_entry_is_told_once_when_a_message_promised_it() {
    let failed = (Some(State::Failed), Ending::Failed);
    let ends = [
        (
            (None, Ending::AlreadyRight),
            told_of("resolved", "already-right"),
        ),
        ((None, Ending::Failed), told_of("remediation", "failed")),
        ((None, Ending::Described), ("remediation".to_owned(), None)),
        (failed, told_of("remediation", "failed")),
    ];
    for (end, expected) in ends {
        let world = Arc::new(World::default());
        let retry = (None, Ending::WillRetry);
        let pipeline = responding(&world, vec![retry.clone(), retry, end.clone(), end]);
        for _ in 0..4 {
            drop(block_on(pipeline.handle(OFF.as_bytes(), &delivery(OFF))));
        }
        assert_eq!(told(&world), [told_of("finding", "retrying"), expected]);
    }
}

#[test]
fn what_nobody_was_promised_is_not_told_again() {
    let world = Arc::new(World::default());
    let done = (Some(State::Verified), Ending::Verified);
    let pipeline = responding(&world, vec![done, (None, Ending::AlreadyRight)]);
    for _ in 0..2 {
        drop(block_on(pipeline.handle(OFF.as_bytes(), &delivery(OFF))));
    }
    assert_eq!(told(&world), [told_of("finding", "verified")]);
}

/// The share of the rule is for findings; what waits for a person, or was written, is told beside it.
#[test]
fn a_share_that_is_used_up_hides_no_approval_failure_or_page() {
    let awaiting = Ending::Awaiting { deadline: 0 };
    let cases = [
        (
            State::Awaiting,
            awaiting,
            Some(told_of("approval", "awaiting")),
        ),
        (
            State::Verified,
            Ending::Verified,
            Some(told_of("resolved", "verified")),
        ),
        (
            State::Failed,
            Ending::Failed,
            Some(told_of("remediation", "failed")),
        ),
        (
            State::Attempted,
            Ending::Attempted,
            Some(told_of("remediation", "attempted")),
        ),
        (State::Planned, Ending::WouldWrite { allowed: true }, None),
    ];
    for (state, ending, expected) in cases {
        let world = Arc::new(World::default());
        *world.is_muted.lock().unwrap() = true;
        let end = (Some(state), ending);
        let pipeline = responding(&world, vec![end.clone(), end]);
        for _ in 0..2 {
            let (outcome, result) = block_on(pipeline.handle(OFF.as_bytes(), &delivery(OFF)));
            assert!(result.is_ok());
            assert_eq!(outcome.findings[0].notified, Notified::Muted);
        }
        assert_eq!(told(&world), Vec::from_iter(expected), "{state:?}");
    }
}

#[test]
fn what_another_delivery_restores_it_tells() {
    let world = Arc::new(World::default());
    let pipeline = responding(&world, vec![(Some(State::Writing), Ending::Held)]);
    let (outcome, result) = block_on(pipeline.handle(OFF.as_bytes(), &delivery(OFF)));
    assert!(result.is_ok());
    assert_eq!(outcome.findings[0].notified, Notified::Held);
    assert_eq!(told(&world), []);
    assert!(!world.calls().contains(&"claim"));
}

/// The record of a write by a role, in a session of that name.
fn write_by(role: &str, session: &str) -> String {
    OFF.replace(":role/terraform-apply", &format!(":role/{role}"))
        .replace(
            "assumed-role/terraform-apply/aws-go-sdk-1760000000000000000",
            &format!("assumed-role/{role}/{session}"),
        )
}

/// The step that the record of [`OFF`] shows, with another level.
fn step(level: &str) -> Step {
    let replace = |path: &str, value: &str| PatchOperation {
        op: PatchOp::Replace,
        path: path.to_owned(),
        value: Some(value.to_owned()),
    };
    Step::UpdateStage {
        rest_api_id: "8r0cd0bk37".to_owned(),
        stage_name: "prod".to_owned(),
        patch_operations: vec![
            replace("/*/*/metrics/enabled", "true"),
            replace("/*/*/logging/dataTrace", "false"),
            replace("/*/*/logging/loglevel", level),
        ],
    }
}

#[test]
fn our_own_writes_are_known_by_role_session_and_patch() {
    let at = delivery(OFF).now - 60;
    let id = entry(State::Writing, None).id;
    let ours = "portcullis-remediator";
    let cases = [
        (ours, id.as_str(), step("OFF"), at, true),
        (ours, id.as_str(), step("OFF"), at - 1_000, false),
        (ours, id.as_str(), step("INFO"), at, false),
        (ours, "mallory", step("OFF"), at, false),
        ("portcullis-reader", id.as_str(), step("OFF"), at, false),
        ("terraform-apply", id.as_str(), step("OFF"), at, false),
    ];
    for (role, session, step, at, is_own) in cases {
        let world = Arc::new(World::default());
        *world.entry.lock().unwrap() = Some(Entry {
            writes: vec![Write { at, step }],
            ..entry(State::Verified, None)
        });
        let names = ["portcullis-reader", ours].map(|name| Some(name.to_owned()));
        let [reader, remediator] = names;
        let pipeline = Pipeline {
            responders: Responders::new(reader, remediator),
            ..pipeline(&world, "")
        };
        let event = write_by(role, session);
        let (outcome, result) = block_on(pipeline.handle(event.as_bytes(), &delivery(OFF)));
        assert!(result.is_ok());
        let expected = match is_own {
            true => Disposition::OwnAction,
            false => Disposition::Fired,
        };
        assert_eq!(outcome.disposition, expected, "{role} {session} {at}");
        assert!(!is_own || world.calls() == ["ledger"]);
    }
}
