//! Which version counts for an event, what is kept apart, and what is refused.

use jiff::SignedDuration;
use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;

/// An `UpdateStage` of `prod` of API `a1` at 10:00:00.
fn event() -> (Record, Change) {
    record("111122223333", "eu-west-1", "a1", "prod")
}

fn record(account: &str, region: &str, api: &str, stage: &str) -> (Record, Change) {
    let record = json!({
        "eventTime": "2026-11-02T10:00:00Z", "eventSource": "apigateway.amazonaws.com",
        "eventName": "UpdateStage", "awsRegion": region, "recipientAccountId": account,
        "requestParameters": {"restApiId": api, "stageName": stage, "template": false,
            "updateStageInput": {"patchOperations": []}}
    });
    let record = Record::from_log(record.to_string().as_bytes()).unwrap();
    let change = Change::from_record(&record).unwrap().unwrap();
    (record, change)
}

fn version(kind: &str, time: &str, settings: Value) -> Value {
    let mut version = json!({"kind": kind, "account": "111122223333", "region": "eu-west-1",
        "time": time, "settings": settings});
    if kind != "account" {
        version["api"] = json!({"id": "a1"});
    }
    if kind == "stage" {
        version["stage"] = json!("prod");
    }
    version
}

/// A version of the stage whose access log tells it apart.
fn stage(time: &str, log: &str) -> Value {
    let settings = json!({"accessLogSettings": {"destinationArn": log}});
    version("stage", time, settings)
}

fn parse<'a>(versions: impl IntoIterator<Item = &'a Value>) -> Baselines {
    let lines = versions.into_iter().map(|version| format!("{version}\n"));
    Baselines::parse(&lines.collect::<String>()).unwrap()
}

/// Destination of the access log that stood before an event.
fn log(baselines: &Baselines, (record, change): &(Record, Change)) -> Option<String> {
    let stage = baselines.before(record, change).stage?;
    stage.access_log?.destination_arn
}

#[test]
fn the_newest_older_version_counts() {
    // Times of versions, and which counts for an event at 10:00:00.
    let cases = [
        (&["09:00:00Z"][..], Some("09:00:00Z")),
        (&["09:00:00Z", "09:59:59.999Z"], Some("09:59:59.999Z")),
        (&["09:00:00Z", "10:00:00Z"], Some("09:00:00Z")),
        (&["09:00:00Z", "10:00:01Z"], Some("09:00:00Z")),
        (&["10:00:00Z"], None),
        (
            &["11:59:59+02:00", "11:30:00+02:00"],
            Some("11:59:59+02:00"),
        ),
        (&["09:30:00", "11:00:00Z"], Some("09:30:00")),
        (&[], None),
    ];
    for (times, expected) in cases {
        let versions: Vec<_> = times
            .iter()
            .map(|time| stage(&format!("2026-11-02T{time}"), time))
            .collect();
        assert_eq!(log(&parse(&versions), &event()).as_deref(), expected);
    }
}

proptest! {
    /// The same as taking the greatest time below that of the event, whatever the order of lines.
    #[test]
    fn the_order_of_lines_does_not_matter(
        seconds in prop::collection::btree_set(-50_i64..50, 0..12)
            .prop_map(|set| set.into_iter().collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let at: Timestamp = "2026-11-02T10:00:00Z".parse().unwrap();
        let versions: Vec<_> = seconds
            .iter()
            .map(|s| stage(&(at + SignedDuration::from_secs(*s)).to_string(), &s.to_string()))
            .collect();
        let newest = seconds.iter().filter(|s| **s < 0).max().map(ToString::to_string);
        prop_assert_eq!(log(&parse(&versions), &event()), newest);
    }
}

#[test]
fn places_and_things_are_kept_apart() {
    let baselines = parse(&[stage("2026-11-02T09:00:00Z", "arn:x")]);
    let known = |account, region, api, stage| {
        log(&baselines, &record(account, region, api, stage)).is_some()
    };
    assert!(known("111122223333", "eu-west-1", "a1", "prod"));
    assert!(!known("444455556666", "eu-west-1", "a1", "prod"));
    assert!(!known("111122223333", "us-east-1", "a1", "prod"));
    assert!(!known("111122223333", "eu-west-1", "a2", "prod"));
    assert!(!known("111122223333", "eu-west-1", "a1", "test"));
    assert!(!known("111122223333", "eu-west-1", "a1", "PROD"));
}

#[test]
fn the_three_kinds_are_read_side_by_side() {
    let time = "2026-11-02T09:00:00Z";
    let private = json!({"endpointConfiguration": {"types": ["PRIVATE"]}});
    let role = json!({"cloudwatchRoleArn": "arn:role"});
    let baselines = parse(&[
        version("api", time, private),
        version("account", time, role),
        stage(time, "arn:x"),
        stage("2026-11-02T09:30:00Z", "arn:y"),
    ]);
    assert_eq!((baselines.len(), baselines.is_empty()), (3, false));
    let (record, change) = event();
    let before = baselines.before(&record, &change);
    assert_eq!(before.api.unwrap().is_private(), Some(true));
    let role = before.account.unwrap().cloudwatch_role_arn;
    assert_eq!(role.as_deref(), Some("arn:role"));
    assert_eq!(log(&baselines, &event()).as_deref(), Some("arn:y"));

    let nothing = Baselines::parse(" \n").unwrap();
    assert_eq!((nothing.len(), nothing.is_empty()), (0, true));
    let before = nothing.before(&record, &change);
    assert!(before.stage.is_none() && before.api.is_none() && before.account.is_none());
}

/// Settings without anything that a stage has are known to be without logs, not unknown.
#[test]
fn an_empty_stage_is_a_version() {
    let baselines = parse(&[version("stage", "2026-11-02T09:00:00Z", json!({}))]);
    let (record, change) = event();
    let stage = baselines.before(&record, &change).stage.unwrap();
    assert_eq!(stage, StageSettings::default());
}

#[test]
fn errors_name_version_and_field() {
    let good = stage("2026-11-02T09:00:00Z", "arn:x");
    let cases = r#"
        kind: "route" => `kind`
        kind: "Stage" => `kind`
        account: 5 => `account`
        region: null => `region`
        api: "a1" => `api`
        api: {"id": 5} => `api.id`
        api: {"type": "GRPC"} => `api.type`
        stage: 5 => `stage`
        source: 5 => `source`
        time: 5 => `time`
        time: "noon" => `time`: `noon` is no RFC 3339 time
        setings: {} => `setings`: unknown field `setings`
        settings: {"accessLogSettings": 5} => `settings.accessLogSettings`
        settings: {"methodSettings": {"*/*": 1}} => `settings.methodSettings.*/*`
    "#;
    for line in cases.trim().lines() {
        let (input, expected) = line.trim().split_once(" => ").unwrap();
        let (member, value) = input.split_once(": ").unwrap();
        let mut bad = good.clone();
        bad[member] = serde_json::from_str(value).unwrap();
        let error = Baselines::parse(&format!("{good}\n{bad}\n{good}")).unwrap_err();
        let expected = format!("version 2, field {expected}");
        assert!(error.to_string().starts_with(&expected), "{error}");
    }
    for member in ["kind", "account", "region", "time", "settings"] {
        let mut bad = good.clone();
        bad.as_object_mut().unwrap().remove(member);
        let error = Baselines::parse(&bad.to_string()).unwrap_err().to_string();
        assert!(error.starts_with("version 1"), "{error}");
        assert!(
            error.contains(&format!("missing field `{member}`")),
            "{error}"
        );
    }
    let error = Baselines::parse(&format!("{good}\n{{\"kind\"")).unwrap_err();
    assert!(
        error.to_string().starts_with("version 2 is not JSON"),
        "{error}"
    );
}

#[test]
fn type_and_name_are_those_of_the_newest_version() {
    let mut old = version("api", "2026-11-02T08:00:00Z", json!({}));
    old["api"] = json!({"id": "a1", "type": "HTTP", "name": "old"});
    let mut new = stage("2026-11-02T09:00:00Z", "arn:x");
    new["api"] = json!({"id": "a1", "type": "WEBSOCKET", "name": "orders"});
    for versions in [[&old, &new], [&new, &old]] {
        let baselines = parse(versions);
        let named = |region, api| {
            let (record, change) = record("111122223333", region, api, "test");
            baselines.before(&record, &change).named
        };
        let known = named("eu-west-1", "a1").unwrap();
        assert_eq!(known.name.as_deref(), Some("orders"));
        assert_eq!(known.kind, Some(crate::change::ApiType::WebSocket));
        assert_eq!(named("eu-west-1", "a2"), None);
        assert_eq!(named("us-east-1", "a1"), None);
    }
}
