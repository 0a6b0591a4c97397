//! The window store on a DynamoDB: what every store has to pass, deliveries in parallel, paging, TTL.
//!
//! Needs `PORTCULLIS_LOCAL_AWS`, the endpoint of a local AWS; without it the tests say so and pass.
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "helper functions of tests are not recognised as tests"
)]

mod common;

use std::collections::BTreeSet;
use std::sync::Arc;

use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use portcullis_aws::windows::DynamoWindows;
use portcullis_core::ports::WindowStore;
use portcullis_core::window::testing::{Promises, scenario, stores};
use tokio::task::JoinSet;

async fn store(name: &str) -> Option<DynamoWindows> {
    let (config, table) = common::table(&format!("windows-{name}")).await?;
    Some(DynamoWindows::new(&config, table))
}

#[tokio::test]
async fn every_delivery_keeps_the_promises() {
    let Some(store) = store("promises").await else {
        return;
    };
    let mut alerts = 0;
    for seed in 0..25 {
        let scope = format!("scope-{seed}");
        match stores::keeps_its_promises(&store, &scope, &scenario(seed)).await {
            Ok(raised) => alerts += raised,
            Err(failure) => panic!("seed {seed}: {failure}"),
        }
    }
    assert!(alerts > 20, "only {alerts} alerts");
}

#[tokio::test]
async fn alerts_are_handed_over() {
    if let Some(store) = store("hand-over").await {
        stores::hands_alerts_over(&store, "scope").await.unwrap();
    }
}

#[tokio::test]
async fn the_horizon_is_known() {
    if let Some(store) = store("horizon").await {
        stores::knows_its_horizon(&store, "").await.unwrap();
    }
}

#[tokio::test]
async fn fifty_deliveries_at_a_time_publish_each_alert_once() {
    let Some((config, table)) = common::table("windows-parallel").await else {
        return;
    };
    for seed in 100..106 {
        let processes = [(); 5].map(|()| Arc::new(DynamoWindows::new(&config, table.clone())));
        let scenario = scenario(seed);
        let key = stores::key(&format!("scope-{seed}"));
        let mut promises = Promises::new(scenario.threshold);
        let mut tasks = JoinSet::new();
        let mut sent = Vec::new();
        for (n, (seen, process)) in
            (0..).zip(scenario.deliveries.iter().zip(processes.iter().cycle()))
        {
            promises.counted(&seen.fact);
            if tasks.len() == 50 {
                sent.extend(tasks.join_next().await.unwrap().unwrap());
            }
            let (process, key, seen) = (process.clone(), key.clone(), seen.clone());
            let delivery = stores::delivery(&format!("owner-{n}"), scenario.now);
            tasks.spawn(async move {
                let raised = process
                    .observe(&key, &seen, &scenario.threshold, &delivery)
                    .await;
                let raised: Vec<_> = raised
                    .unwrap()
                    .into_iter()
                    .map(|raised| raised.alert)
                    .collect();
                for alert in &raised {
                    process.settle(&key, alert).await.unwrap();
                }
                raised
            });
        }
        sent.extend(tasks.join_all().await.into_iter().flatten());
        let distinct: BTreeSet<_> = sent.iter().map(|alert| (alert.time, alert.level)).collect();
        assert_eq!(distinct.len(), sent.len(), "seed {seed}: {sent:?}");
        // Nobody knows the order in which they were raised: near ones must differ in level.
        sent.sort_by_key(|alert| alert.level);
        for alert in sent {
            promises.raised(alert).unwrap();
        }
        promises.kept().unwrap();
    }
}

#[tokio::test]
async fn windows_of_several_pages_are_read_to_the_end() {
    let Some(store) = store("pages").await else {
        return;
    };
    let scenario = scenario(0);
    let mut seen = scenario.deliveries[0].clone();
    let threshold = portcullis_core::window::Threshold {
        more_than: 3,
        seconds: 600,
        min_groups: 1,
    };
    seen.shown = Some("long".repeat(20_000));
    let mut distinct = Vec::new();
    for n in 0..40 {
        seen.fact.thing = format!("thing-{n}");
        seen.fact.time += 1;
        seen.fact.event_id = format!("event-{n}");
        let delivery = stores::delivery(&seen.fact.event_id, seen.fact.time);
        let raised = store
            .observe(&stores::key(""), &seen, &threshold, &delivery)
            .await;
        for raised in raised.unwrap() {
            store.settle(&stores::key(""), &raised.alert).await.unwrap();
            distinct.push((raised.alert.distinct, raised.facts.len()));
        }
    }
    assert_eq!(distinct, [(4, 4), (8, 8), (16, 16), (32, 32)]);
}

#[tokio::test]
async fn items_expire_after_everything_that_may_need_them() {
    let Some((config, table)) = common::table("windows-expiry").await else {
        return;
    };
    let store = DynamoWindows::new(&config, table.clone());
    let scenario = scenario(3);
    stores::keeps_its_promises(&store, "", &scenario)
        .await
        .unwrap();
    let client = Client::new(&config);
    let items = client.scan().table_name(&table).send().await.unwrap();
    let lives = scenario.threshold.seconds + 72 * 3600;
    let due = AttributeValue::N((scenario.now + lives).to_string());
    for item in items.items() {
        assert_eq!(item["expires_at"], due, "{item:?}");
    }
    let keys: BTreeSet<_> = items
        .items()
        .iter()
        .map(|item| item["pk"].as_s().unwrap())
        .collect();
    let expected = ["A#apis-deleted-in-bulk#", "W#apis-deleted-in-bulk#"];
    assert!(keys.iter().eq(&expected), "{keys:?}");
}

#[tokio::test]
async fn errors_of_the_service_say_what_was_tried() {
    let Some((config, _)) = common::table("windows-errors").await else {
        return;
    };
    let store = DynamoWindows::new(&config, "no-such-table".to_owned());
    let scenario = scenario(0);
    let delivery = stores::delivery("owner", scenario.now);
    let seen = &scenario.deliveries[0];
    let failed = store
        .observe(&stores::key(""), seen, &scenario.threshold, &delivery)
        .await;
    let error = failed.unwrap_err();
    assert!(!error.retryable);
    assert_eq!(error.action, "count the event in its window");
}
