//! The comparison: what was known before, what the response shows, and what the record touches.

use serde_json::{Value, json};

use super::*;
use crate::change::Change;
use crate::record::Record;
use crate::settings;

/// Lines of `before | operations | response => expected`.
fn table(text: &str) -> impl Iterator<Item = ([&str; 3], &str)> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| {
        let (input, expected) = line.split_once(" => ").unwrap();
        let columns: Vec<_> = input.split(" | ").collect();
        (columns.try_into().unwrap(), expected)
    })
}

/// An `UpdateStage` with operations `op path value, op path value`.
fn update(operations: &str, response: &Option<Value>) -> StageUpdate {
    let patch = |operation: &str| {
        let words: Vec<_> = operation.split(' ').collect();
        json!({"op": words[0], "path": words[1], "value": words.get(2)})
    };
    let operations: Vec<_> = operations.split(", ").map(patch).collect();
    let input = json!({"patchOperations": operations});
    let request = json!({"restApiId": "a1", "updateStageInput": input, "template": false});
    call("UpdateStage", &request, response)
}

fn call(name: &str, request: &Value, response: &Option<Value>) -> StageUpdate {
    let record = json!({
        "eventTime": "2026-11-02T10:00:00Z", "eventSource": "apigateway.amazonaws.com",
        "eventName": name, "awsRegion": "eu-west-1", "recipientAccountId": "111122223333",
        "requestParameters": request, "responseElements": response
    });
    let record = Record::from_log(record.to_string().as_bytes()).unwrap();
    match Change::from_record(&record).unwrap() {
        Some(Change::StageUpdated(update)) => update,
        other => panic!("{other:?}"),
    }
}

fn stage(json: &Option<Value>) -> Option<StageSettings> {
    let json = json.as_ref()?.to_string();
    settings::stage(&json).unwrap()
}

/// `*/*=INFO a/GET=OFF` as method settings; `-` is unknown, `none` is known to be empty.
fn methods(text: &str) -> Option<Value> {
    let settings = text.split(' ').filter_map(|word| word.split_once('='));
    let settings = settings.map(|(key, level)| (key.to_owned(), json!({"loggingLevel": level})));
    let settings: serde_json::Map<_, _> = settings.collect();
    (text != "-").then(|| json!({"stageName": "prod", "methodSettings": settings}))
}

/// The destination of access logs; `-` is unknown, `off` is known to be none.
fn destination(text: &str) -> Option<Value> {
    let mut stage = json!({"stageName": "prod"});
    if text != "off" {
        stage["accessLogSettings"] = json!({"destinationArn": text});
    }
    (text != "-").then_some(stage)
}

fn show_levels(changes: &[LevelChange]) -> String {
    if changes.is_empty() {
        return "nothing".to_owned();
    }
    let show = |change: &LevelChange| {
        let scope = match &change.scope {
            Scope::Default => "default",
            Scope::One(name) => name,
        };
        let before = change.before.map_or("?", LogLevel::as_str);
        let loss = if change.is_loss() { " lost" } else { "" };
        format!("{scope} {before}->{}{loss}", change.after.as_str())
    };
    let shown: Vec<_> = changes.iter().map(show).collect();
    shown.join(", ")
}

fn show_access(change: Option<&AccessChange>) -> String {
    let Some(change) = change else {
        return "nothing".to_owned();
    };
    let somewhere = || "somewhere".to_owned();
    let show = |log: &AccessLog| log.destination_arn.clone().unwrap_or_else(somewhere);
    let before = match &change.before {
        None => "?".to_owned(),
        Some(log) => log.as_ref().map_or("off".to_owned(), show),
    };
    let after = match &change.after {
        AccessAfter::Off => "off".to_owned(),
        AccessAfter::On(log) => show(log),
        AccessAfter::Unclear => "unclear".to_owned(),
    };
    let loss = if change.is_loss() { " lost" } else { "" };
    format!("{before}->{after}{loss}")
}

#[test]
fn levels_of_a_rest_stage() {
    let cases = "
        */*=INFO | replace /*/*/logging/loglevel OFF | - => default INFO->OFF lost
        */*=INFO | replace /*/*/logging/loglevel ERROR | - => default INFO->ERROR
        */*=TRACE | replace /*/*/logging/loglevel OFF | - => default another level->OFF lost
        */*=OFF | replace /*/*/logging/loglevel OFF | - => nothing
        - | replace /*/*/logging/loglevel OFF | - => default ?->OFF lost
        - | replace /*/*/logging/loglevel ERROR | - => default ?->ERROR
        - | remove /*/* | - => default ?->OFF lost
        */*=INFO | remove /*/* | none => default INFO->OFF lost
        - | remove /*/* | */*=INFO => default ?->INFO
        - | remove /a/GET | */*=ERROR => GET /a ?->ERROR
        - | replace /a/GET/logging/loglevel OFF | a/GET=ERROR => GET /a ?->ERROR
        */*=INFO | replace /*/*/logging/loglevel OFF | */*=INFO => nothing
        */*=INFO | replace /*/*/logging/loglevel OFF, add /*/*/logging/loglevel INFO | - => nothing
        - | replace /*/*/logging/loglevel OFF, replace */*/logging/loglevel INFO | - => default ?->INFO
        - | replace /*/*/logging/loglevel INFO, remove /*/* | - => default ?->OFF lost
        */*=INFO | remove /*/*, replace /*/*/logging/loglevel ERROR | - => default INFO->ERROR
        */*=INFO a/GET=ERROR | remove /a/GET | - => GET /a ERROR->INFO
        a/GET=ERROR | remove /a/GET | - => GET /a ERROR->OFF lost
        */*=INFO | replace /a/GET/logging/loglevel OFF | - => GET /a INFO->OFF lost
        */*=OFF a/GET=INFO | replace /~1a/GET/logging/loglevel OFF | - => GET /a INFO->OFF lost
        */*=INFO a/GET=INFO | replace /*/*/logging/loglevel OFF | - => default INFO->OFF lost
        */*=INFO b/GET=INFO | replace /methodSettings x | none => default INFO->OFF lost, GET /b INFO->OFF lost
        */*=INFO | replace /methodSettings x | a/GET=OFF => default INFO->OFF lost, GET /a INFO->OFF lost
    ";
    for ([before, operations, response], expected) in table(cases) {
        let update = update(operations, &methods(response));
        let changes = levels(&update, stage(&methods(before)).as_ref());
        let case = format!("{before} | {operations} | {response}");
        assert_eq!(show_levels(&changes), expected, "{case}");
    }
}

/// A stale baseline never blames an ordinary deployment.
#[test]
fn only_what_is_touched_is_compared() {
    let cases = "
        */*=INFO | replace /deploymentId d1 | none => nothing
        */*=INFO | replace /*/*/metrics/enabled false | none => nothing
        */*=INFO | replace /accessLogSettings/format f | none => nothing
        */*=INFO b/GET=INFO | replace /a/GET/logging/loglevel ERROR | a/GET=ERROR => GET /a INFO->ERROR
        - | replace /deploymentId d1 | none => nothing
    ";
    for ([before, operations, response], expected) in table(cases) {
        let update = update(operations, &methods(response));
        let before = stage(&methods(before));
        let changes = levels(&update, before.as_ref());
        assert_eq!(show_levels(&changes), expected, "{operations}");
    }
    let deployed = update("replace /deploymentId d1", &destination("off"));
    let before = stage(&destination("arn:x"));
    assert_eq!(access(&deployed, before.as_ref()), None);
}

#[test]
fn access_logs() {
    let cases = "
        arn:x | remove /accessLogSettings | - => arn:x->off lost
        - | remove /accessLogSettings | - => ?->off lost
        off | remove /accessLogSettings | - => off->off
        arn:x | remove /accessLogSettings | off => arn:x->off lost
        arn:x | remove /accessLogSettings | arn:x => arn:x->arn:x
        arn:x | replace /accessLogSettings/destinationArn arn:y | - => arn:x->arn:y
        arn:x | replace /accessLogSettings/destinationArn arn:y | arn:z => arn:x->arn:z
        arn:x | replace /accessLogSettings/destinationArn arn:y | off => arn:x->off lost
        arn:x | replace /accessLogSettings/destinationArn | - => arn:x->off lost
        arn:x | remove /accessLogSettings/destinationArn | arn:x => arn:x->arn:x
        arn:x | remove /accessLogSettings, add /accessLogSettings/destinationArn arn:y | - => arn:x->arn:y
        arn:x | add /accessLogSettings/destinationArn arn:y, remove /accessLogSettings | - => arn:x->off lost
        arn:x | replace /accessLogSettings/format f | - => arn:x->arn:x
        - | replace /accessLogSettings/format f | - => ?->somewhere
        arn:x | replace /accessLogSettings x | - => arn:x->unclear lost
        - | replace /accessLogSettings x | - => ?->unclear lost
        off | replace /accessLogSettings x | - => off->unclear
        arn:x | replace /accessLogSettings x | arn:x => arn:x->arn:x
        arn:x | replace /*/*/logging/loglevel OFF | off => nothing
    ";
    for ([before, operations, response], expected) in table(cases) {
        let update = update(operations, &destination(response));
        let change = access(&update, stage(&destination(before)).as_ref());
        let case = format!("{before} | {operations} | {response}");
        assert_eq!(show_access(change.as_ref()), expected, "{case}");
    }
}

/// Parameters that were cut off may have touched anything.
#[test]
fn without_parameters_everything_is_compared() {
    let mut before = methods("*/*=INFO a/GET=ERROR").unwrap();
    before["accessLogSettings"] = json!({"destinationArn": "arn:x"});
    let before = stage(&Some(before));
    let cases = "
        */*=INFO => GET /a ERROR->INFO; arn:x->off lost
        */*=OFF a/GET=ERROR => default INFO->OFF lost; arn:x->off lost
        none => default INFO->OFF lost, GET /a ERROR->OFF lost; arn:x->off lost
        - => nothing; arn:x->unclear lost
    ";
    for line in cases.trim().lines() {
        let (response, expected) = line.trim().split_once(" => ").unwrap();
        let update = call("UpdateStage", &Value::Null, &methods(response));
        let levels = show_levels(&levels(&update, before.as_ref()));
        let access = show_access(access(&update, before.as_ref()).as_ref());
        assert_eq!(format!("{levels}; {access}"), expected, "{response}");
    }
}

#[test]
fn routes() {
    let before = json!({"stageName": "prod", "defaultRouteSettings": {"loggingLevel": "INFO"},
        "routeSettings": {"$connect": {"loggingLevel": "ERROR"}}});
    let before = stage(&Some(before));
    let cases = r#"
        UpdateStage {"apiId": "a1", "defaultRouteSettings": {"loggingLevel": "OFF"}} => default INFO->OFF lost
        UpdateStage {"apiId": "a1", "defaultRouteSettings": {"loggingLevel": "ERROR"}} => default INFO->ERROR
        UpdateStage {"apiId": "a1", "routeSettings": {"%24connect": {"loggingLevel": "OFF"}}} => $connect ERROR->OFF lost
        UpdateStage {"apiId": "a1", "routeSettings": {"send": {"loggingLevel": "OFF"}}} => send INFO->OFF lost
        UpdateStage {"apiId": "a1", "routeSettings": {"send": {"throttlingRateLimit": 5}}} => send INFO->OFF lost
        UpdateStage {"apiId": "a1", "deploymentId": "d1"} => nothing
        DeleteRouteSettings {"routeKey": "%24connect"} => $connect ERROR->INFO
    "#;
    for line in cases.trim().lines() {
        let (input, expected) = line.trim().split_once(" => ").unwrap();
        let (name, request) = input.split_once(' ').unwrap();
        let update = call(name, &serde_json::from_str(request).unwrap(), &None);
        let changes = levels(&update, before.as_ref());
        assert_eq!(show_levels(&changes), expected, "{input}");
    }
    // A route that is written without a level loses it, as the response shows.
    let request = json!({"apiId": "a1", "routeSettings": {"$connect": {"throttlingRateLimit": 5}}});
    let update = call("UpdateStage", &request, &Some(request.clone()));
    let changes = levels(&update, before.as_ref());
    assert_eq!(show_levels(&changes), "$connect ERROR->OFF lost");
}

#[test]
fn nothing_is_lost_only_where_both_kinds_are_on() {
    let fully = |methods: &str, destination: &str| {
        let mut stage = self::methods(methods).unwrap();
        stage["accessLogSettings"] = json!({"destinationArn": destination});
        is_fully_logged(&self::stage(&Some(stage)).unwrap())
    };
    assert!(fully("*/*=INFO", "arn:x"));
    assert!(!fully("*/*=INFO", ""));
    assert!(!fully("none", "arn:x"));
    assert!(!fully("*/*=INFO a/GET=OFF", "arn:x"));
}
