//! What a deployment of a REST API costs and leaves behind, with a store and an API Gateway in memory.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::json;

use super::super::report::{Ending, Report};
use super::super::tests::{Memory, NOW, OWN, keeper};
use super::*;

#[async_trait]
impl DraftSource for Memory {
    async fn look(&self, _: &Thing, _: i64) -> Result<Look, PortError> {
        self.note("look");
        self.look.clone().ok_or_else(|| PortError {
            action: "list the models",
            retryable: true,
            source: "TooManyRequestsException".into(),
        })
    }
}

#[async_trait]
impl DraftStore for Memory {
    async fn keep(&self, published: &Published) -> Result<bool, PortError> {
        self.note("keep");
        let mut all = self.published.lock().unwrap();
        let is_new = !all
            .iter()
            .any(|one| (&one.api, one.time) == (&published.api, published.time));
        if is_new {
            all.push(published.clone());
        }
        Ok(is_new)
    }
}

/// Of [`deployment`], in milliseconds.
const EVENT: i64 = 1_793_613_600_000;

fn deployment(stage: Option<&str>) -> Vec<u8> {
    let event = json!({
        "detail-type": "AWS API Call via CloudTrail", "account": OWN, "region": "eu-west-1",
        "detail": {
            "eventTime": "2026-11-02T10:00:00Z", "eventSource": "apigateway.amazonaws.com",
            "eventName": "CreateDeployment", "eventID": "e1",
            "requestParameters": {
                "restApiId": "a1", "createDeploymentInput": {"stageName": stage}, "template": false
            },
            "responseElements": {"id": "d1", "createdDate": "2026-11-02T10:00:00Z"}
        }
    });
    event.to_string().into_bytes()
}

fn fingerprint(parts: usize) -> Fingerprint {
    let part = |at| (format!("GET /{at:0>100}"), "0123456789abcdef".to_owned());
    Fingerprint((0..parts).map(part).collect::<BTreeMap<_, _>>())
}

fn read(at: i64) -> Option<Look> {
    let fingerprint = fingerprint(2);
    Some(Look::Read { fingerprint, at })
}

fn world(look: Option<Look>) -> (Arc<Memory>, Keeper) {
    keeper(Memory {
        apis: vec![("a1", &["prod"])],
        now: NOW,
        look,
        ..Memory::default()
    })
}

fn deploy(keeper: &Keeper, stage: Option<&str>) -> (Report, Result<(), KeepError>) {
    pollster::block_on(keeper.event(&deployment(stage), OWN))
}

#[test]
fn calls_of_a_deployment() {
    let cases = [
        (None, Ending::Drafted, &["look", "keep"][..]),
        (Some(""), Ending::Drafted, &["look", "keep"]),
        // What it did before it knew of drafts.
        (
            Some("prod"),
            Ending::Written,
            &["look", "keep", "read", "put"],
        ),
    ];
    for (stage, ending, calls) in cases {
        let (memory, keeper) = world(read(EVENT + 5_000));
        for (drafted, ending) in [
            (Drafted::Kept, ending),
            (
                Drafted::Known,
                if ending == Ending::Written {
                    Ending::Known
                } else {
                    ending
                },
            ),
        ] {
            let (report, result) = deploy(&keeper, stage);
            result.unwrap();
            assert_eq!((report.drafted, report.ending), (Some(drafted), ending));
            assert_eq!(memory.taken(), calls);
        }
        let [kept] = &memory.published.lock().unwrap()[..] else {
            panic!("one deployment");
        };
        assert_eq!(kept.draft, Ok((fingerprint(2), EVENT + 5_000)));
        assert_eq!(kept.deployment.as_deref(), Some("d1"));
        assert_eq!(kept.time.as_millisecond(), EVENT);
        assert_eq!(kept.api.api().map(|api| api.id.as_str()), Some("a1"));
        assert_eq!(kept.api.stage(), None);
    }
}

#[test]
fn what_is_late_or_too_long_leaves_a_mark_and_no_fingerprint() {
    let too_long = Look::Read {
        fingerprint: fingerprint(3_000),
        at: EVENT,
    };
    let cases = [
        (read(EVENT + 60_000), Drafted::Kept, None),
        (read(EVENT + 60_001), Drafted::Late, Some(Missed::Late)),
        (Some(Look::Late), Drafted::Late, Some(Missed::Late)),
        (Some(too_long), Drafted::TooLong, Some(Missed::TooLong)),
    ];
    for (look, drafted, missed) in cases {
        let (memory, keeper) = world(look);
        let (report, result) = deploy(&keeper, None);
        result.unwrap();
        assert_eq!(report.drafted, Some(drafted));
        let kept = memory.published.lock().unwrap();
        assert_eq!(kept[0].draft.as_ref().err(), missed.as_ref());
    }
}

#[test]
fn the_first_one_stays() {
    let (memory, keeper) = world(read(EVENT + 5_000));
    deploy(&keeper, None).1.unwrap();
    let published = std::mem::take(&mut *memory.published.lock().unwrap());
    let (late, keeper) = world(Some(Look::Late));
    late.published.lock().unwrap().clone_from(&published);
    assert_eq!(deploy(&keeper, None).0.drafted, Some(Drafted::Known));
    assert_eq!(*late.published.lock().unwrap(), published);
}

#[test]
fn what_is_gone_leaves_nothing() {
    let (memory, keeper) = world(Some(Look::Gone));
    let (report, result) = deploy(&keeper, None);
    result.unwrap();
    assert_eq!(report.drafted, Some(Drafted::Gone));
    assert_eq!(memory.taken(), ["look"]);
}

/// The stage is kept all the same, and the event comes again.
#[test]
fn a_draft_that_cannot_be_read_is_an_error() {
    let (memory, keeper) = world(None);
    let (report, result) = deploy(&keeper, Some("prod"));
    assert!(result.unwrap_err().is_retryable());
    assert_eq!((report.ending, report.drafted), (Ending::Failed, None));
    assert_eq!(memory.taken(), ["look", "read", "put"]);
    assert!(memory.published.lock().unwrap().is_empty());
}

#[test]
fn nothing_of_one_account_is_kept_as_anothers() {
    let (memory, keeper) = world(read(EVENT));
    let event = String::from_utf8(deployment(None)).unwrap();
    let event = event.replace(OWN, "444455556666");
    let (_, result) = pollster::block_on(keeper.event(event.as_bytes(), OWN));
    assert!(matches!(result, Err(KeepError::NoRole { .. })));
    assert_eq!(memory.taken(), [] as [&str; 0]);
}
