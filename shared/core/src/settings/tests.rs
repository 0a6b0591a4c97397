//! Scopes in every spelling, the level that holds for each, and AWS's own JSON of both service models.

use super::*;

fn one(name: &str) -> Scope {
    Scope::One(name.to_owned())
}

fn field<T: std::fmt::Debug>(result: Result<T, FieldError>) -> String {
    result.unwrap_err().field
}

/// Lines of `left => right`.
fn table(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| line.split_once(" => ").unwrap())
}

#[test]
fn method_keys_in_all_their_spellings() {
    let cases = "
        ~1pets/GET => GET /pets
        pets/GET => GET /pets
        /~1pets/get => GET /pets
        ~1Pets/GET => GET /Pets
        ~1/GET => GET /
        /GET => GET /
        //GET => GET /
        ~1a~1{b}/post => POST /a/{b}
        ~1{proxy+}/ANY => ANY /{proxy+}
        ~1x/* => * /x
        */GET => GET /*
        ~1a~0b/GET => GET /a~b
        ~1a~01/GET => GET /a~1
    ";
    for (key, scope) in table(cases) {
        assert_eq!(Scope::of_method(key), one(scope), "{key}");
    }
    assert_eq!(Scope::of_method("*/*"), Scope::Default);
    assert_eq!(Scope::of_method("/*/*"), Scope::Default);
}

#[test]
fn labels_are_percent_decoded() {
    let cases = "
        %24default => $default
        $default => $default
        GET%20%2Fpets => GET /pets
        caf%C3%A9 => café
        100%zz => 100%zz
        %ff => �
    ";
    for (label, decoded) in table(cases) {
        assert_eq!(decode(label), decoded, "{label}");
        assert_eq!(Scope::of_route(label), one(decoded), "{label}");
    }
}

#[test]
fn levels_in_any_case() {
    let off = ["", " ", "OFF", "off", "Off "].map(|text| (text, LogLevel::Off));
    let error = ["ERROR", "Error"].map(|text| (text, LogLevel::Error));
    let info = [" INFO ", "info"].map(|text| (text, LogLevel::Info));
    let other = ["TRACE", "false", "0"].map(|text| (text, LogLevel::Other));
    for (text, level) in off.into_iter().chain(error).chain(info).chain(other) {
        assert_eq!(LogLevel::parse(text), level, "{text:?}");
        assert_eq!(level.is_logged(), level != LogLevel::Off);
    }
}

/// A method that leaves the level out takes that of the default; a route does not.
#[test]
fn methods_inherit_and_routes_do_not() {
    let own = r#"{"loggingLevel": "ERROR"}, "off": {"loggingLevel": "OFF"}, "silent": {}"#;
    let default = r#"{"loggingLevel": "INFO"}"#;
    let of = |json: String| stage(&json).unwrap().unwrap().execution.unwrap();
    let mut rest = of(format!(r#"{{"methodSettings": {{"*/*": {default}}}}}"#));
    let own = format!(r#"{{"own": {own}}}"#);
    let routes = of(format!(
        r#"{{"defaultRouteSettings": {default}, "routeSettings": {own}}}"#
    ));
    rest.scopes.extend(routes.scopes.clone());
    let cases = "own => Error Error, off => Off Off, silent => Info Off, absent => Info Info";
    for case in cases.split(", ") {
        let (name, expected) = case.split_once(" => ").unwrap();
        let levels = (rest.level(&one(name)), routes.level(&one(name)));
        assert_eq!(format!("{:?} {:?}", levels.0, levels.1), expected, "{name}");
    }
    assert_eq!(rest.level(&Scope::Default), LogLevel::Info);
    assert_eq!(Execution::default().level(&Scope::Default), LogLevel::Off);
}

#[test]
fn fully_logged_and_logged_at_all() {
    let cases = r#"
        {"methodSettings": {}} => none
        {"methodSettings": {"*/*": {"loggingLevel": "INFO"}}} => all
        {"methodSettings": {"*/*": {"loggingLevel": "TRACE"}}} => all
        {"methodSettings": {"*/*": {"loggingLevel": "OFF"}}} => none
        {"methodSettings": {"*/*": {"loggingLevel": "INFO"}, "a/GET": {}}} => all
        {"methodSettings": {"*/*": {"loggingLevel": "INFO"}, "a/GET": {"loggingLevel": "OFF"}}} => some
        {"methodSettings": {"a/GET": {"loggingLevel": "INFO"}}} => some
        {"defaultRouteSettings": {"loggingLevel": "INFO"}} => all
        {"defaultRouteSettings": {"loggingLevel": "INFO"}, "routeSettings": {"$connect": {}}} => some
        {"routeSettings": {"$connect": {"loggingLevel": "ERROR"}}} => some
    "#;
    for (json, expected) in table(cases) {
        let stage = stage(json).unwrap().unwrap();
        let fully = stage.execution.as_ref().unwrap().is_fully_logged();
        let some = if stage.is_logged() { "some" } else { "none" };
        let logged = if fully { "all" } else { some };
        assert_eq!(logged, expected, "{json}");
    }
    let access_only = stage(r#"{"accessLogSettings": {"destinationArn": "arn:x"}}"#);
    assert!(access_only.unwrap().unwrap().is_logged());
}

#[test]
fn a_rest_stage() {
    let json = r#"{
        "stageUpdate": {"restApiId": "a1b2c3", "stageName": "prod", "template": false},
        "stageName": "prod", "deploymentId": "d1", "variables": {}, "tracingEnabled": false,
        "createdDate": "Jul 11, 2022 7:37:48 PM",
        "methodSettings": {
            "*/*": {"loggingLevel": "INFO", "dataTraceEnabled": false, "throttlingRateLimit": 10000.0},
            "~1pets/GET": {"throttlingBurstLimit": 123},
            "pets/POST": {"loggingLevel": "OFF"}
        },
        "accessLogSettings": {"destinationArn": "arn:x", "format": "$context.requestId"}
    }"#;
    let stage = stage(json).unwrap().unwrap();
    let execution = stage.execution.unwrap();
    assert!(execution.inherits);
    let settings = |level, rate_limit, burst_limit| MethodSettings {
        level,
        rate_limit,
        burst_limit,
    };
    let (info, off) = (Some(LogLevel::Info), Some(LogLevel::Off));
    let expected = [
        (Scope::Default, settings(info, Some(10000.0), None)),
        (one("GET /pets"), settings(None, None, Some(123.0))),
        (one("POST /pets"), settings(off, None, None)),
    ];
    assert_eq!(execution.scopes, expected.into_iter().collect());
    let log = stage.access_log.unwrap();
    assert_eq!(log.destination_arn.as_deref(), Some("arn:x"));
    assert_eq!(log.format.as_deref(), Some("$context.requestId"));
}

#[test]
fn a_websocket_stage() {
    let json = r#"{"stageName": "$default", "stageVariables": "***", "tags": {}, "autoDeploy": true,
        "defaultRouteSettings": {"detailedMetricsEnabled": false, "loggingLevel": "ERROR"},
        "routeSettings": {"$connect": {"throttlingRateLimit": 5}, "%24disconnect": {"loggingLevel": "INFO"}}}"#;
    let stage = stage(json).unwrap().unwrap();
    assert_eq!(stage.access_log, None);
    let execution = stage.execution.unwrap();
    assert_eq!(execution.level(&Scope::Default), LogLevel::Error);
    assert_eq!(execution.level(&one("$connect")), LogLevel::Off);
    assert_eq!(execution.level(&one("$disconnect")), LogLevel::Info);
    assert_eq!(execution.scopes[&one("$connect")].rate_limit, Some(5.0));
}

/// HAL links alone describe no stage, and settings that are not told are not taken for empty.
#[test]
fn what_is_a_stage_and_what_it_tells() {
    let cases = r#"
        {} => nothing
        {"stageUpdate": {"stageName": "prod", "template": false}} => nothing
        {"message": "Invalid stage"} => nothing
        {"stageName": "prod"} => stage
        {"deploymentId": "d1"} => stage
        {"methodSettings": {}} => stage, execution
        {"routeSettings": {}} => stage, execution
        {"defaultRouteSettings": {}} => stage, execution
        {"accessLogSettings": {}} => stage
        {"accessLogSettings": {"format": "$context.requestId"}} => stage
        {"accessLogSettings": {"destinationArn": ""}} => stage
        {"accessLogSettings": {"destinationArn": "arn:x"}} => stage, access log
    "#;
    for (json, expected) in table(cases) {
        let stage = stage(json).unwrap();
        let mut told = vec!["nothing"];
        if let Some(stage) = stage {
            told = vec!["stage"];
            told.extend(stage.execution.map(|_| "execution"));
            told.extend(stage.access_log.map(|_| "access log"));
        }
        assert_eq!(told.join(", "), expected, "{json}");
    }
}

#[test]
fn an_api() {
    let cases = r#"
        {"endpointConfiguration": {"types": ["private"], "ipv6": false}} => Some(true) None
        {"endpointConfiguration": {"types": ["REGIONAL"]}} => Some(false) None
        {"endpointConfiguration": {"types": ["EDGE", "PRIVATE"]}} => Some(true) None
        {"endpointConfiguration": {"types": null}} => None None
        {"endpointConfiguration": null, "disableExecuteApiEndpoint": null} => None None
        {"disableExecuteApiEndpoint": "True"} => None Some(true)
        {"disableExecuteApiEndpoint": false} => None Some(false)
        {} => None None
    "#;
    for (json, expected) in table(cases) {
        let api = api(json).unwrap();
        let told = format!("{:?} {:?}", api.is_private(), api.execute_api_disabled);
        assert_eq!(told, expected, "{json}");
    }
}

#[test]
fn an_account_without_a_role_or_with_an_empty_one_has_none() {
    let role = |json: &str| account(json).unwrap().cloudwatch_role_arn;
    let some = role(r#"{"cloudwatchRoleArn": "arn:x", "throttleSettings": {}}"#);
    assert_eq!(some.as_deref(), Some("arn:x"));
    assert_eq!(role(r#"{"cloudwatchRoleArn": ""}"#), None);
    assert_eq!(role(r#"{"cloudwatchRoleArn": null}"#), None);
    assert_eq!(role("{}"), None);
}

#[test]
fn wrong_types_are_named() {
    let stages = r#"
        {"stageName": 5} => stageName
        {"methodSettings": "***"} => methodSettings
        {"methodSettings": {"*/*": {"loggingLevel": 5}}} => methodSettings.*/*.loggingLevel
        {"methodSettings": {"a": {"throttlingRateLimit": "5"}}} => methodSettings.a.throttlingRateLimit
        {"defaultRouteSettings": {"throttlingBurstLimit": {}}} => defaultRouteSettings.throttlingBurstLimit
        {"routeSettings": {"$connect": "x"}} => routeSettings.$connect
        {"accessLogSettings": []} => accessLogSettings
        {"accessLogSettings": {"destinationArn": 5}} => accessLogSettings.destinationArn
        {"accessLogSettings": {"format": {}}} => accessLogSettings.format
    "#;
    let apis = r#"
        {"endpointConfiguration": "x"} => endpointConfiguration
        {"endpointConfiguration": {"types": "PRIVATE"}} => endpointConfiguration.types
        {"endpointConfiguration": {"types": ["EDGE", 5]}} => endpointConfiguration.types[1]
        {"disableExecuteApiEndpoint": "maybe"} => disableExecuteApiEndpoint
    "#;
    let stages = table(stages).map(|(json, path)| (field(stage(json)), path));
    let apis = table(apis).map(|(json, path)| (field(api(json)), path));
    for (named, path) in stages.chain(apis) {
        assert_eq!(named, path);
    }
    let role = account(r#"{"cloudwatchRoleArn": []}"#);
    assert_eq!(field(role), "cloudwatchRoleArn");
}
