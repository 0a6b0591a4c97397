//! The ledger on a DynamoDB: versions, writes that happen together or not at all, and many writers.
//!
//! Needs `PORTCULLIS_LOCAL_AWS`, the endpoint of a local AWS; without it the tests say so and pass.
#![cfg(feature = "writes")]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "helper functions of tests are not recognised as tests"
)]

mod common;

use std::collections::BTreeMap;
use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use portcullis_aws::ledger::{DynamoLedger, DynamoLedgerReader};
use portcullis_core::baseline::thing::{Thing, What};
use portcullis_core::finding::Confidence;
use portcullis_core::remediation::ledger::{Entry, KEEP, Lease, State, Tally, id};
use portcullis_core::remediation::plan::nothing;
use portcullis_core::remediation::ports::{Ledger, LedgerReader, LedgerWrite, Versioned};
use portcullis_core::remediation::settings::{Account, Settings};
use portcullis_core::remediation::{Mode, Remediation};
use tokio::task::JoinSet;

const ACCOUNT: &str = "111122223333";
const REGION: &str = "eu-west-1";
const CREATED: i64 = 2_000_000_000;

/// A ledger, and the table under it.
struct Bench {
    ledger: Arc<DynamoLedger>,
    reader: DynamoLedgerReader,
    client: Client,
    table: String,
}

async fn bench(name: &str) -> Option<Bench> {
    let (config, table) = common::table(name).await?;
    Some(Bench {
        ledger: Arc::new(DynamoLedger::new(&config, table.clone())),
        reader: DynamoLedgerReader::new(&config, table.clone()),
        client: Client::new(&config),
        table,
    })
}

impl Bench {
    async fn item(&self, pk: &str) -> Option<std::collections::HashMap<String, AttributeValue>> {
        let get = self.client.get_item().table_name(&self.table);
        let get = get.key("pk", text(pk)).key("sk", text("-"));
        get.send().await.unwrap().item
    }

    /// An item as somebody else might write it.
    async fn put(&self, pk: &str, members: &[(&str, AttributeValue)]) {
        let mut put = self.client.put_item().table_name(&self.table);
        put = put.item("pk", text(pk)).item("sk", text("-"));
        for (name, value) in members {
            put = put.item(*name, value.clone());
        }
        put.send().await.unwrap();
    }
}

fn text(value: &str) -> AttributeValue {
    AttributeValue::S(value.to_owned())
}

fn entry(event_id: &str) -> Entry {
    Entry {
        id: id(Remediation::RestoreStageLogging, ACCOUNT, REGION, event_id),
        remediation: Remediation::RestoreStageLogging,
        state: State::Writing,
        lease: Some(Lease {
            owner: "request".to_owned(),
            until: CREATED + 120,
        }),
        finding_id: "0123456789abcdef".to_owned(),
        rule: "stage-logging-disabled".to_owned(),
        event_id: event_id.to_owned(),
        event_time: CREATED - 5,
        actor: None,
        confidence: Confidence::High,
        by_cloudformation: false,
        thing: Thing {
            account: ACCOUNT.to_owned(),
            region: REGION.to_owned(),
            what: What::Account,
        },
        tags: BTreeMap::new(),
        asked: Mode::Auto,
        mode: Mode::Auto,
        created: CREATED,
        updated: CREATED,
        plan: nothing(&Settings::Account(Account::default())),
        writes: Vec::new(),
        read_back: None,
        contested: false,
        budget_spent: false,
        allowed: true,
        draft_is_published: false,
        draft: None,
        policies: vec!["default".to_owned()],
        exposure: None,
        reasons: Vec::new(),
        deadline: None,
        approved: None,
        undone: None,
        told: None,
    }
}

fn write_entry(value: Entry, version: u64) -> LedgerWrite {
    LedgerWrite::Entry(Box::new(Versioned { value, version }))
}

fn write_tally(key: &str, value: Tally, version: u64) -> LedgerWrite {
    LedgerWrite::Tally {
        key: key.to_owned(),
        tally: Versioned { value, version },
    }
}

#[tokio::test]
async fn an_entry_is_written_over_the_version_that_was_read_and_no_other() {
    let Some(bench) = bench("ledger").await else {
        return;
    };
    let mut entry = entry("e1");
    let id = entry.id.clone();
    assert_eq!(bench.reader.entry(&id).await.unwrap(), None);
    let written = bench.ledger.write(&[write_entry(entry.clone(), 0)]).await;
    assert!(written.unwrap());
    let read = bench.reader.entry(&id).await.unwrap().unwrap();
    assert_eq!((read.version, &read.value), (1, &entry));
    assert_eq!(bench.ledger.entry(&id).await.unwrap(), Some(read));

    entry.state = State::Verified;
    for (version, written) in [(0, false), (2, false), (1, true), (1, false)] {
        let write = write_entry(entry.clone(), version);
        let found = bench.ledger.write(&[write]).await.unwrap();
        assert_eq!(found, written, "over {version}");
    }
    let read = bench.reader.entry(&id).await.unwrap().unwrap();
    assert_eq!((read.version, read.value.state), (2, State::Verified));

    let item = bench.item(&format!("L#{id}")).await.unwrap();
    for (name, value) in [
        ("state", "verified"),
        ("remediation", "restore-stage-logging"),
        ("account", ACCOUNT),
    ] {
        assert_eq!(item[name], text(value));
    }
    let expires_at = AttributeValue::N((CREATED + KEEP).to_string());
    assert_eq!(item["expires_at"], expires_at);
}

#[tokio::test]
async fn an_entry_and_tallies_are_written_together_or_not_at_all() {
    let Some(bench) = bench("together").await else {
        return;
    };
    let ledger = &bench.ledger;
    let none = ledger.tally("resource").await.unwrap();
    assert_eq!((none.version, none.value), (0, Tally::default()));
    let tally = Tally {
        starts: vec![CREATED],
        ..Tally::default()
    };
    let all = |event_id: &str, version: u64| {
        [
            write_entry(entry(event_id), 0),
            write_tally("resource", tally.clone(), version),
            write_tally("account", tally.clone(), version),
        ]
    };
    assert!(ledger.write(&all("e1", 0)).await.unwrap());
    assert_eq!(ledger.tally("resource").await.unwrap().version, 1);

    // One tally is older than what stands there: nothing of the three is written.
    let newer = write_tally("account", tally.clone(), 1);
    assert!(ledger.write(&[newer]).await.unwrap());
    assert!(!ledger.write(&all("e2", 1)).await.unwrap());
    let id = entry("e2").id;
    assert_eq!(ledger.entry(&id).await.unwrap(), None);
    assert_eq!(ledger.tally("resource").await.unwrap().version, 1);
    assert_eq!(ledger.tally("account").await.unwrap().version, 2);

    // The entry stands already: no tally is written.
    let again = [
        write_entry(entry("e1"), 0),
        write_tally("resource", tally, 1),
    ];
    assert!(!ledger.write(&again).await.unwrap());
    assert_eq!(ledger.tally("resource").await.unwrap().version, 1);
}

#[tokio::test]
async fn fifty_writers_lose_nothing() {
    const WRITERS: i64 = 50;
    let Some(bench) = bench("writers").await else {
        return;
    };
    let mut tasks = JoinSet::new();
    for writer in 0..WRITERS {
        let ledger = Arc::clone(&bench.ledger);
        tasks.spawn(async move {
            let mut tries = 0;
            loop {
                tries += 1;
                let Versioned { mut value, version } = ledger.tally("shared").await.unwrap();
                value.starts.push(writer);
                match ledger.write(&[write_tally("shared", value, version)]).await {
                    Ok(true) => return tries,
                    Ok(false) => {}
                    Err(error) => assert!(error.retryable, "{error}"),
                }
            }
        });
    }
    let tries: i64 = tasks.join_all().await.into_iter().sum();
    println!("{tries} tries of {WRITERS} writers");
    let mut tally = bench.ledger.tally("shared").await.unwrap();
    tally.value.starts.sort_unstable();
    assert_eq!(tally.value.starts, (0..WRITERS).collect::<Vec<_>>());
    assert_eq!(tally.version, 50);
}

#[tokio::test]
async fn what_cannot_be_read_is_an_error_that_names_it() {
    let Some(bench) = bench("unreadable").await else {
        return;
    };
    let id = entry("e1").id;
    let pk = format!("L#{id}");
    let number = |value: &str| AttributeValue::N(value.to_owned());
    let other = serde_json::to_string(&entry("e2")).unwrap();
    let cases: [&[_]; 5] = [
        &[("version", number("1")), ("doc", text("{"))],
        &[("version", number("1")), ("doc", text(r#"{"starts":[]}"#))],
        &[("doc", text("{}"))],
        &[("version", number("1"))],
        &[("version", number("1")), ("doc", text(&other))],
    ];
    for members in cases {
        bench.put(&pk, members).await;
        let error = bench.reader.entry(&id).await.unwrap_err();
        assert!(!error.retryable, "{error}");
        assert!(error.to_string().contains(&pk), "{error}");
    }
}

#[tokio::test]
async fn what_is_no_id_names_no_entry() {
    let Some(bench) = bench("ids").await else {
        return;
    };
    let tally = write_tally("account", Tally::default(), 0);
    assert!(bench.ledger.write(&[tally]).await.unwrap());
    assert!(bench.item("L#T#account").await.is_some());
    for id in ["", "T#account", "botocore-session-1793612648", "a#b"] {
        assert_eq!(bench.reader.entry(id).await.unwrap(), None, "{id}");
    }
}
