//! The baseline table and the sweep on a local AWS.
//!
//! Needs `PORTCULLIS_LOCAL_AWS`, the endpoint of a local AWS; without it the tests say so and pass.
#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::print_stdout,
    reason = "helper functions of tests are not recognised as tests"
)]

mod common;

use std::sync::Arc;
use std::time::Instant;

use aws_config::{Region, SdkConfig};
use aws_sdk_apigateway as v1;
use aws_sdk_apigatewayv2 as v2;
use aws_sdk_sqs as sqs;
use portcullis_aws::baselines::DynamoBaselines;
use portcullis_aws::clients::Clients;
use portcullis_aws::drafts::DynamoDrafts;
use portcullis_aws::pace::INTERVAL;
use portcullis_aws::queue::SqsSweeps;
use portcullis_aws::settings::ApiGatewaySettings;
use portcullis_core::baseline::thing::{Api, Thing, What};
use portcullis_core::baseline::{Baselines, Kept, Shape, Version};
use portcullis_core::change::{ApiType, Change};
use portcullis_core::keeper::report::Report;
use portcullis_core::keeper::{Keeper, Put, RETENTION, SweepQueue, VersionStore};
use portcullis_core::ports::BaselineReader;
use portcullis_core::record::Record;

const ACCOUNT: &str = "111122223333";
const LOG_GROUP: &str = "arn:aws:logs:eu-west-1:111122223333:log-group:access";

fn thing(api: &str) -> Thing {
    let api = Api {
        id: api.to_owned(),
        kind: Some(ApiType::Rest),
        name: Some("orders".to_owned()),
    };
    Thing {
        account: ACCOUNT.to_owned(),
        region: "eu-west-1".to_owned(),
        what: What::Stage(api, "prod".to_owned()),
    }
}

fn version(api: &str, time: &str, log: &str) -> Version {
    let json = format!(r#"{{"accessLogSettings":{{"destinationArn":"{log}"}}}}"#);
    let settings = Kept::from_read(Shape::RestStage, &json).unwrap();
    Version::of_response(thing(api), time.parse().unwrap(), settings)
}

/// The access log that stood before an update of the stage at this time.
async fn before(store: &DynamoBaselines, api: &str, time: &str) -> Option<String> {
    let record = format!(
        r#"{{"eventTime":"{time}","eventSource":"apigateway.amazonaws.com","eventName":"UpdateStage",
        "awsRegion":"eu-west-1","recipientAccountId":"{ACCOUNT}",
        "requestParameters":{{"restApiId":"{api}","stageName":"prod","template":false}}}}"#
    );
    let record = Record::from_log(record.as_bytes()).unwrap();
    let change = Change::from_record(&record).unwrap().unwrap();
    let stage = store.before(&record, &change).await.unwrap().before.stage?;
    stage.access_log?.destination_arn
}

#[tokio::test]
async fn versions_are_written_once_and_found() {
    let Some((config, table)) = common::table("baselines").await else {
        return;
    };
    let store = DynamoBaselines::new(&config, table);
    let first = version("a1", "2026-11-02T10:00:00Z", "arn:1");
    assert_eq!(store.put(&first).await.unwrap(), Put::Written);
    assert_eq!(store.put(&first).await.unwrap(), Put::Same);
    let other = version("a1", "2026-11-02T10:00:00Z", "arn:2");
    assert_eq!(store.put(&other).await.unwrap(), Put::Taken);
    let mut read = version("a1", "2026-11-02T10:00:30Z", "arn:old");
    read.since = "2026-11-02T09:00:00Z".parse().unwrap();
    assert_eq!(store.put(&read).await.unwrap(), Put::Written);
    let second = version("a1", "2026-11-02T11:00:00Z", "arn:3");
    assert_eq!(store.put(&second).await.unwrap(), Put::Written);

    assert_eq!(before(&store, "a1", "2026-11-02T10:00:00Z").await, None);
    for (time, log) in [
        ("2026-11-02T10:00:01Z", "arn:1"),
        // What has seen less does not hide what has seen more, though it counts later.
        ("2026-11-02T10:59:59Z", "arn:1"),
        ("2026-11-02T11:00:00Z", "arn:1"),
        ("2026-11-02T11:00:01Z", "arn:3"),
    ] {
        assert_eq!(
            before(&store, "a1", time).await.as_deref(),
            Some(log),
            "{time}"
        );
    }
    assert_eq!(before(&store, "a2", "2026-11-02T12:00:00Z").await, None);

    let newest = store.newest(&thing("a1")).await.unwrap().unwrap();
    assert_eq!(newest.version, second);
    assert_eq!(
        newest.expires_at,
        second.time.as_second() + RETENTION.as_secs()
    );
    store.renew(&second, 4_000_000_000).await.unwrap();
    let renewed = store.newest(&thing("a1")).await.unwrap().unwrap();
    assert_eq!(
        (renewed.version, renewed.expires_at),
        (second, 4_000_000_000)
    );
    let forgotten = version("a9", "2026-11-02T11:00:00Z", "arn:3");
    store.renew(&forgotten, 1).await.unwrap();
    assert!(store.newest(&thing("a9")).await.unwrap().is_none());
}

/// Of a thing that is changed every minute: all that it was within the hour, and what it was before.
#[tokio::test]
async fn all_versions_of_a_while_are_found_and_the_ones_before_it() {
    let Some((config, table)) = common::table("lately").await else {
        return;
    };
    let store = DynamoBaselines::new(&config, table);
    let mut times = vec!["2026-11-02T08:00:00Z".to_owned()];
    times.extend((0..30).map(|minute| format!("2026-11-02T10:{minute:02}:00Z")));
    for time in &times {
        store.put(&version("a1", time, time)).await.unwrap();
    }
    let [from, time] = ["2026-11-02T09:29:00Z", "2026-11-02T10:29:00Z"];
    let (from, time) = (from.parse().unwrap(), time.parse().unwrap());
    let lately = store.lately(&thing("a1"), from, time).await.unwrap();
    assert!(!lately.is_cut);
    let found = lately.versions.iter();
    let found: Vec<String> = found.map(|version| version.time.to_string()).collect();
    let expected: Vec<String> = times.iter().rev().skip(1).cloned().collect();
    assert_eq!(found, expected);
    let newest = store.versions(&thing("a1"), time).await.unwrap();
    assert_eq!(newest.len(), 10);
}

#[tokio::test]
async fn an_export_has_the_newest_of_each_thing_page_after_page() {
    let Some((config, table)) = common::table("export").await else {
        return;
    };
    let store = DynamoBaselines::new(&config, table);
    // More than one page of a scan, which is a megabyte.
    let long = "x".repeat(60_000);
    for number in 0..25 {
        let api = format!("a{number:02}");
        for (time, log) in [
            ("2026-11-02T10:00:00Z", "arn:old"),
            ("2026-11-02T11:00:00Z", "arn:new"),
        ] {
            let version = version(&api, time, &format!("{log}{long}"));
            store.put(&version).await.unwrap();
        }
    }
    for (at, log) in [(None, "arn:new"), (Some("2026-11-02T11:00:00Z"), "arn:old")] {
        let at = at.map(|at| at.parse().unwrap());
        let versions = store.export(at).await.unwrap();
        let lines: Vec<String> = versions.iter().map(|one| one.line().unwrap()).collect();
        assert_eq!(lines.len(), 25);
        assert!(lines.iter().all(|line| line.contains(log)));
        assert_eq!(Baselines::parse(&lines.join("\n")).unwrap().len(), 25);
    }
    let early = Some("2026-11-02T10:00:00Z".parse().unwrap());
    assert_eq!(store.export(early).await.unwrap(), []);
}

/// Makes a REST API with a stage that logs, and an HTTP API with a stage.
async fn make_apis(config: &SdkConfig, name: &str) -> (String, String) {
    let rest = v1::Client::new(config);
    // Without it no stage can log.
    let role = v1::types::PatchOperation::builder()
        .op(v1::types::Op::Replace)
        .path("/cloudwatchRoleArn")
        .value("arn:aws:iam::111122223333:role/logs");
    let update = rest.update_account().patch_operations(role.build());
    update.send().await.unwrap();
    let api = rest.create_rest_api().name(name).send().await.unwrap();
    let id = api.id().unwrap();
    // An API without methods cannot be deployed.
    let root = api.root_resource_id().unwrap();
    let method = rest.put_method().rest_api_id(id).resource_id(root);
    let method = method.http_method("GET").authorization_type("NONE");
    method.send().await.unwrap();
    let mock = rest.put_integration().rest_api_id(id).resource_id(root);
    let mock = mock
        .http_method("GET")
        .r#type(v1::types::IntegrationType::Mock);
    mock.send().await.unwrap();
    let deployment = rest
        .create_deployment()
        .rest_api_id(id)
        .send()
        .await
        .unwrap();
    let stage = rest.create_stage().rest_api_id(id).stage_name("prod");
    stage
        .deployment_id(deployment.id().unwrap())
        .send()
        .await
        .unwrap();
    let level = v1::types::PatchOperation::builder()
        .op(v1::types::Op::Replace)
        .path("/*/*/logging/loglevel")
        .value("INFO");
    let update = rest.update_stage().rest_api_id(id).stage_name("prod");
    update.patch_operations(level.build()).send().await.unwrap();

    let http = v2::Client::new(config);
    let made = http
        .create_api()
        .name(name)
        .protocol_type(v2::types::ProtocolType::Http);
    let made = made.send().await.unwrap();
    let http_id = made.api_id().unwrap();
    let log = v2::types::AccessLogSettings::builder()
        .destination_arn(LOG_GROUP)
        .format("f");
    let stage = http.create_stage().api_id(http_id).stage_name("live");
    stage.access_log_settings(log.build()).send().await.unwrap();
    (id.to_owned(), http_id.to_owned())
}

/// The function's own parts on a local AWS, in a Region where no other test makes APIs.
struct Sweeping {
    store: Arc<DynamoBaselines>,
    reader: Arc<ApiGatewaySettings>,
    keeper: Keeper,
    queue: sqs::Client,
    url: String,
}

const BODY: &str = r#"{"sweep":{"account":"111122223333","region":"eu-central-1"}}"#;

impl Sweeping {
    async fn new(config: &SdkConfig, table: &str) -> Self {
        let store = Arc::new(DynamoBaselines::new(config, table.to_owned()));
        let clients = Arc::new(Clients::of_config(config.clone()));
        let reader = Arc::new(ApiGatewaySettings::new(clients));
        let queue = sqs::Client::new(config);
        let made = queue.create_queue().queue_name(table).send().await;
        let url = made.unwrap().queue_url().unwrap().to_owned();
        let sweeps: Arc<dyn SweepQueue> = Arc::new(SqsSweeps::new(config, url.clone()));
        let keeper = Keeper {
            store: Arc::clone(&store) as Arc<dyn VersionStore>,
            reader: Arc::clone(&reader) as _,
            drafts: Arc::new(DynamoDrafts::new(config, table.to_owned())),
            drafter: Arc::clone(&reader) as _,
            queue: sweeps,
            reads_elsewhere: false,
        };
        Self {
            store,
            reader,
            keeper,
            queue,
            url,
        }
    }

    async fn run(&self, is_late: bool) -> Report {
        let is_late = move || is_late;
        let (report, result) = self.keeper.message(BODY, ACCOUNT, &is_late).await;
        result.unwrap();
        report
    }

    async fn lines(&self) -> Vec<String> {
        let versions = self.store.export(None).await.unwrap();
        versions.iter().map(|one| one.line().unwrap()).collect()
    }

    async fn queued(&self) -> String {
        let received = self.queue.receive_message().queue_url(&self.url);
        let received = received.send().await.unwrap();
        received.messages()[0].body().unwrap().to_owned()
    }
}

#[tokio::test]
async fn a_sweep_finds_everything_below_two_requests_a_second() {
    let Some((config, table)) = common::table("sweep").await else {
        return;
    };
    let region = Region::new("eu-central-1");
    let (rest, http) = make_apis(&config.to_builder().region(region).build(), &table).await;
    let sweeping = Sweeping::new(&config, &table).await;
    let started = Instant::now();
    let report = sweeping.run(false).await;
    let took = started.elapsed();
    let (versions, requests) = (report.versions, sweeping.reader.requests(ACCOUNT).await);
    println!("{requests} requests, {versions} versions in {took:?}");
    assert!(took >= INTERVAL * u32::try_from(requests - 1).unwrap());
    assert!(versions >= 5, "an account, two APIs and stages: {versions}");

    let lines = sweeping.lines().await;
    let has = |api: &str, kind: &str, what: &str| {
        let mut of_api = lines.iter().filter(|line| line.contains(api));
        let found = of_api.any(|line| line.contains(kind) && line.contains(what));
        assert!(found, "{api} {kind} {what}: {lines:#?}");
    };
    has(&rest, r#""kind":"stage""#, r#""loggingLevel":"INFO""#);
    has(&rest, r#""kind":"api""#, r#""endpointConfiguration":{"#);
    has(&http, r#""kind":"stage""#, r#""type":"HTTP""#);
    has(&http, r#""kind":"stage""#, LOG_GROUP);

    // Again, late after the first API: nothing is new, and the rest goes on the queue.
    let report = sweeping.run(true).await;
    let came_to = (report.versions, report.apis, report.is_continued);
    assert_eq!(came_to, (0, 1, true));
    let next = sweeping.queued().await;
    assert!(next.contains(r#""after":"rest/"#), "{next}");
}
