//! Writes on replayed answers: what only AWS itself would answer. `tests/ledger.rs` has the rest.

use portcullis_core::remediation::ledger::Lease;
use serde_json::{Value, json};

use super::*;
use crate::replay::{Answer, Replay};

fn tally(starts: &[i64], version: u64) -> LedgerWrite {
    LedgerWrite::Tally {
        key: "account/111122223333".to_owned(),
        tally: Versioned {
            value: Tally {
                starts: starts.to_vec(),
                ..Tally::default()
            },
            version,
        },
    }
}

/// What a transaction with one item is cancelled for.
fn cancelled_for(code: &str) -> Answer {
    let kind = "com.amazonaws.dynamodb.v20120810#TransactionCanceledException";
    let body = json!({
        "__type": kind,
        "Message": format!("Transaction cancelled, please refer cancellation reasons for specific reasons [{code}]"),
        "CancellationReasons": [{"Code": code}],
    });
    Answer::Is(400, Vec::new(), body.to_string())
}

async fn written(answers: Vec<Answer>) -> (Result<bool, PortError>, Vec<Value>) {
    let replay = Replay::new(answers);
    let ledger = DynamoLedger::new(&replay.config().await, "t".to_owned());
    let result = ledger.write(&[tally(&[1], 3)]).await;
    let bodies = replay.asked().into_iter();
    let bodies = bodies.map(|asked| serde_json::from_str(&asked.body).unwrap());
    (result, bodies.collect())
}

#[tokio::test]
async fn an_answer_that_is_lost_does_not_make_a_write_fail_on_itself() {
    let lost = Answer::error(500, "InternalServerError", "");
    let (result, requests) = written(vec![lost, Answer::ok("{}")]).await;
    assert!(result.unwrap());
    let token = |request: &Value| request["ClientRequestToken"].as_str().unwrap().to_owned();
    assert_eq!(requests.len(), 2);
    assert_eq!(token(&requests[0]), token(&requests[1]));
}

#[tokio::test]
async fn a_write_names_the_version_that_it_replaces() {
    let (result, requests) = written(vec![Answer::ok("{}")]).await;
    assert!(result.unwrap());
    let put = &requests[0]["TransactItems"][0]["Put"];
    assert_eq!(put["ConditionExpression"], "#version = :old");
    assert_eq!(
        put["ExpressionAttributeValues"],
        json!({":old": {"N": "3"}})
    );
    let item = &put["Item"];
    assert_eq!(item["pk"], json!({"S": "L#T#account/111122223333"}));
    assert_eq!(item["sk"], json!({"S": "-"}));
    assert_eq!(item["version"], json!({"N": "4"}));
    assert_eq!(item["doc"], json!({"S": r#"{"starts":[1],"restored":{}}"#}));
    let expires_at: i64 = item["expires_at"]["N"].as_str().unwrap().parse().unwrap();
    let kept = expires_at - now_ms() / 1000;
    assert!((KEEP_TALLY - 5..=KEEP_TALLY).contains(&kept), "{kept}");
}

#[tokio::test(start_paused = true)]
async fn a_version_decides_at_once_and_a_conflict_is_waited_for() {
    let version = || cancelled_for("ConditionalCheckFailed");
    let conflict = || cancelled_for("TransactionConflict");
    let (result, requests) = written(vec![version()]).await;
    assert_eq!((result.unwrap(), requests.len()), (false, 1));
    let (result, requests) = written(vec![conflict(), conflict(), Answer::ok("{}")]).await;
    assert_eq!((result.unwrap(), requests.len()), (true, 3));
    let (result, requests) = written(vec![conflict(), version()]).await;
    assert_eq!((result.unwrap(), requests.len()), (false, 2));
    // Nobody knows whether a version changed: the event comes again.
    let (result, requests) = written(vec![conflict(); 7]).await;
    assert!(result.unwrap_err().retryable);
    assert_eq!(requests.len(), 7);
    let (result, _) = written(vec![Answer::error(400, "ValidationException", "")]).await;
    assert!(!result.unwrap_err().retryable);
}

#[tokio::test]
async fn nothing_to_write_is_written() {
    let ledger = DynamoLedger::new(&Replay::default().config().await, "t".to_owned());
    assert!(ledger.write(&[]).await.unwrap());
}

#[tokio::test]
async fn what_an_item_cannot_hold_is_not_sent() {
    let ledger = DynamoLedger::new(&Replay::default().config().await, "t".to_owned());
    let mut large = tally(&[], 0);
    if let LedgerWrite::Tally { tally, .. } = &mut large {
        tally.value.holder = Some(Lease {
            owner: "o".repeat(MAX_DOC),
            until: 0,
        });
    }
    let error = ledger.write(&[large]).await.unwrap_err();
    assert!(!error.retryable);
    let told = error.to_string();
    assert!(
        told.contains("`L#T#account/111122223333` would be 3800"),
        "{told}"
    );
}

#[test]
fn long_keys_are_cut_and_stay_apart() {
    assert_eq!(tally_key("a/b"), "L#T#a/b");
    let long = |end: &str| tally_key(&format!("{}{end}", "ä".repeat(400)));
    assert_ne!(long("a"), long("b"));
    assert!(long("a").len() < 600);
    assert_eq!(tally_key(&"a".repeat(MAX_KEY)).len(), MAX_KEY + 4);
}
