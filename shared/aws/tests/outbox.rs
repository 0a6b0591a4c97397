//! The outbox on a DynamoDB: who may send, who sent, and when a rule has sent its share.
//!
//! Needs `PORTCULLIS_LOCAL_AWS`, the endpoint of a local AWS; without it the tests say so and pass.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "helper functions of tests are not recognised as tests"
)]

mod common;

use std::sync::Arc;

use portcullis_aws::outbox::DynamoOutbox;
use portcullis_core::finding::{Confidence, Decision, Finding, Severity};
use portcullis_core::notification::{MESSAGES_IN_SHARE, SECONDS_OF_SHARE};
use portcullis_core::ports::{Claim, Delivery, Outbox};
use tokio::task::JoinSet;

/// The start of an interval that messages are counted in.
const NOW: i64 = 2_000_000_400;

async fn outbox(name: &str) -> Option<Arc<DynamoOutbox>> {
    let (config, table) = common::table(name).await?;
    Some(Arc::new(DynamoOutbox::new(&config, table)))
}

fn finding(id: &str) -> Finding {
    Finding {
        id: id.to_owned(),
        rule: "api-deleted",
        title: "API deleted",
        severity: Severity::High,
        confidence: Confidence::High,
        time: "2026-11-02T10:00:00Z".parse().unwrap(),
        account: Some("111122223333".to_owned()),
        region: Some("eu-west-1".to_owned()),
        api: None,
        stage: None,
        principal: None,
        source_ip: None,
        user_agent: None,
        driver: None,
        event_ids: Vec::new(),
        event_name: None,
        summary: String::new(),
        changes: Vec::new(),
        window: None,
        decision: Decision::notify(None, ""),
        by_cloudformation: false,
    }
}

fn delivery(owner: &str, after: i64) -> Delivery {
    Delivery {
        owner: owner.to_owned(),
        now: NOW + after,
    }
}

#[tokio::test]
async fn a_finding_belongs_to_one_delivery_until_it_is_sent() {
    let Some(outbox) = outbox("claims").await else {
        return;
    };
    let finding = finding("f1");
    let claim = async |owner: &str, after| {
        let delivery = delivery(owner, after);
        outbox.claim(&finding, "a", &delivery).await.unwrap()
    };
    assert_eq!(claim("one", 0).await, Claim::Send);
    assert_eq!(claim("two", 1).await, Claim::Held);
    // The retry of a delivery has its id.
    assert_eq!(claim("one", 2).await, Claim::Send);
    // An invocation that is gone leaves its claim to others.
    assert_eq!(claim("two", 160).await, Claim::Send);
    assert_eq!(claim("one", 161).await, Claim::Held);
    for is_open in [true, false] {
        let two = delivery("two", 162);
        outbox.sent(&finding, is_open, &two).await.unwrap();
        for owner in ["one", "two"] {
            assert_eq!(claim(owner, 9_000).await, Claim::Sent { is_open });
        }
        // What was sent stays so, also when it is no longer to be told.
        let kept = outbox.keep(&finding, &two).await.unwrap();
        assert_eq!(kept, Claim::Sent { is_open });
    }
}

#[tokio::test]
async fn a_rule_sends_its_share_and_says_when_it_is_used_up() {
    let Some(outbox) = outbox("share").await else {
        return;
    };
    let claim = async |id: String, scope: &str, after| {
        let delivery = delivery("one", after);
        outbox.claim(&finding(&id), scope, &delivery).await.unwrap()
    };
    for n in 0..MESSAGES_IN_SHARE {
        assert_eq!(claim(format!("f{n}"), "a", 0).await, Claim::Send, "{n}");
    }
    assert_eq!(claim("last".to_owned(), "a", 1).await, Claim::SendAsLast);
    // The retry of the last one is the last one still.
    assert_eq!(claim("last".to_owned(), "a", 2).await, Claim::SendAsLast);
    for n in 0..3 {
        assert_eq!(claim(format!("more{n}"), "a", 3).await, Claim::Muted);
    }
    assert_eq!(claim("more0".to_owned(), "a", 4).await, Claim::Muted);
    // Other scopes, and the next interval, have shares of their own.
    assert_eq!(claim("other".to_owned(), "b", 5).await, Claim::Send);
    let next = claim("next".to_owned(), "a", SECONDS_OF_SHARE).await;
    assert_eq!(next, Claim::Send);
}

#[tokio::test]
async fn claims_at_the_same_time_share_alike() {
    let Some(outbox) = outbox("parallel").await else {
        return;
    };
    let mut tasks = JoinSet::new();
    for n in 0..25 {
        let outbox = Arc::clone(&outbox);
        tasks.spawn(async move {
            let delivery = delivery(&format!("owner{n}"), 0);
            let finding = finding(&format!("f{n}"));
            outbox.claim(&finding, "a", &delivery).await.unwrap()
        });
    }
    let claims = tasks.join_all().await;
    let count = |claim| claims.iter().filter(|other| **other == claim).count();
    assert_eq!(count(Claim::Send), MESSAGES_IN_SHARE);
    assert_eq!(count(Claim::SendAsLast), 1);
    assert_eq!(count(Claim::Muted), 4);
}

#[tokio::test]
async fn thirty_deliveries_of_one_finding_send_it_once() {
    let Some(outbox) = outbox("duplicates").await else {
        return;
    };
    let mut tasks = JoinSet::new();
    for n in 0..30 {
        let outbox = Arc::clone(&outbox);
        tasks.spawn(async move {
            let delivery = delivery(&format!("owner{n}"), 0);
            outbox.claim(&finding("f"), "a", &delivery).await.unwrap()
        });
    }
    let claims = tasks.join_all().await;
    let sends = claims.iter().filter(|claim| **claim == Claim::Send);
    assert_eq!(sends.count(), 1);
    assert!(
        claims
            .iter()
            .all(|claim| [Claim::Send, Claim::Held].contains(claim))
    );
}

#[tokio::test]
async fn what_is_kept_uses_no_share_and_is_never_sent() {
    let Some(outbox) = outbox("kept").await else {
        return;
    };
    let delivery = delivery("one", 0);
    outbox.keep(&finding("f"), &delivery).await.unwrap();
    let claim = outbox.claim(&finding("f"), "a", &delivery).await.unwrap();
    assert_eq!(claim, Claim::Muted);
}
