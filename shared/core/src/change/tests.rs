//! Spellings of one edit, the two service models, and what is refused. Targets: `tests/targets.rs`.

use serde_json::{Value, json};

use super::*;

/// Lines of `left => right`.
fn table(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| line.split_once(" => ").unwrap())
}

fn record(name: &str, request: &Value, response: &Value) -> Record {
    let record = json!({
        "eventTime": "2026-11-02T10:00:00Z", "eventSource": "apigateway.amazonaws.com",
        "eventName": name, "awsRegion": "eu-west-1", "recipientAccountId": "111122223333",
        "requestParameters": request, "responseElements": response
    });
    Record::from_log(record.to_string().as_bytes()).unwrap()
}

fn change(name: &str, request: &Value, response: &Value) -> Result<Option<Change>, ChangeError> {
    Change::from_record(&record(name, request, response))
}

/// `text` is `UpdateStage {request} {response}`, the response being optional.
fn parse(text: &str) -> Result<Option<Change>, ChangeError> {
    let (name, bodies) = text.split_once(' ').unwrap();
    let mut bodies = serde_json::Deserializer::from_str(bodies).into_iter::<Value>();
    let request = bodies.next().unwrap().unwrap();
    let response = bodies.next().transpose().unwrap().unwrap_or_default();
    change(name, &request, &response)
}

/// Edits as `path: what`, and whether that is everything.
fn edits(change: &Change) -> (String, Detail) {
    fn show<T: std::fmt::Debug>(edits: &[Edit<T>]) -> String {
        let show = |edit: &Edit<T>| format!("{}: {:?}", edit.path, edit.what);
        edits.iter().map(show).collect::<Vec<_>>().join("; ")
    }
    match change {
        Change::StageUpdated(update) => (show(&update.edits), update.detail),
        Change::ApiUpdated(update) | Change::ApiDefinitionReplaced(update) => {
            (show(&update.edits), update.detail)
        }
        Change::AccountUpdated(update) => (show(&update.edits), update.detail),
        other => panic!("{other:?}"),
    }
}

/// What becomes of one operation, written `op path value`; `-` stands for an absent value.
fn patched(name: &str, input: &str, operation: &str) -> String {
    let mut words = operation.splitn(3, ' ');
    let (op, path) = (words.next().unwrap(), words.next().unwrap());
    let value = match words.next() {
        Some("-") | None => Value::Null,
        Some("''") => json!(""),
        Some(value) => json!(value),
    };
    let operation = json!({"op": op, "path": path, "value": value});
    let request = json!({"restApiId": "a1", "stageName": "prod", "template": false,
        input: {"patchOperations": [operation]}});
    let (edits, detail) = edits(&change(name, &request, &Value::Null).unwrap().unwrap());
    let is_shown = !edits.contains("AllReplaced");
    assert_eq!(detail == Detail::Full, is_shown, "{edits}");
    let what = edits.strip_prefix(&format!("{path}: ")).unwrap_or(&edits);
    if what.is_empty() { "nothing" } else { what }.to_owned()
}

fn every_patch(name: &str, input: &str, cases: &str) {
    for (operation, expected) in table(cases) {
        assert_eq!(patched(name, input, operation), expected, "{operation}");
    }
}

#[test]
fn patches_of_a_rest_stage() {
    let cases = r#"
        replace /*/*/logging/loglevel OFF => Level(Default, Off)
        replace /*/*/logging/logLevel off => Level(Default, Off)
        REPLACE */*/Logging/LOGLEVEL ERROR => Level(Default, Error)
        add /*/*/logging/loglevel INFO => Level(Default, Info)
        replace /*/*/logging/loglevel TRACE => Level(Default, Other)
        replace /*/*/logging/loglevel - => Level(Default, Off)
        replace /*/*/logging/loglevel '' => Level(Default, Off)
        replace /methodSettings/*/*/logging/loglevel OFF => Level(Default, Off)
        replace /methodsettings/*/*/logging/loglevel OFF => Level(Default, Off)
        replace /methodsettings/*/*/throttling/rateLimit 0 => RateLimit(Default, Some(0.0))
        replace /~1pets~1{id}/GET/logging/loglevel OFF => Level(One("GET /pets/{id}"), Off)
        replace /pets/{id}/get/logging/loglevel OFF => Level(One("GET /pets/{id}"), Off)
        replace /~1/GET/logging/loglevel OFF => Level(One("GET /"), Off)
        replace //GET/logging/loglevel OFF => Level(One("GET /"), Off)
        replace /~1pets/*/logging/loglevel OFF => Level(One("* /pets"), Off)
        remove /*/*/logging/loglevel - => Removed(Default)
        copy /*/*/logging/loglevel - => AllReplaced
        move /*/*/logging/loglevel - => AllReplaced
        test /*/*/logging/loglevel OFF => nothing
        replace /logging/loglevel OFF => Other
        remove /*/* - => Removed(Default)
        remove */* - => Removed(Default)
        Remove /~1pets/GET - => Removed(One("GET /pets"))
        remove /pets/GET - => Removed(One("GET /pets"))
        remove /methodSettings/*/* - => Removed(Default)
        replace /methodSettings {} => AllReplaced
        remove /methodSettings - => AllReplaced
        replace /*/*/throttling/rateLimit 0 => RateLimit(Default, Some(0.0))
        replace /*/*/throttling/ratelimit 10000.5 => RateLimit(Default, Some(10000.5))
        replace /*/*/throttling/rateLimit -1.000000 => RateLimit(Default, None)
        replace /*/*/throttling/burstLimit -1 => BurstLimit(Default, None)
        replace /~1pets/GET/throttling/burstLimit 0 => BurstLimit(One("GET /pets"), Some(0.0))
        replace /*/*/throttling/burstLimit many => BurstLimit(Default, None)
        remove /*/*/throttling/burstLimit - => Other
        replace /*/*/logging/dataTrace false => Other
        replace /*/*/metrics/enabled false => Other
        remove /accessLogSettings - => AccessLogsRemoved
        REMOVE accesslogsettings - => AccessLogsRemoved
        replace /accessLogSettings {} => AccessLogsUnclear
        copy /accessLogSettings - => AccessLogsUnclear
        replace /accessLogSettings/destinationArn arn:x => AccessLogDestination(Some("arn:x"))
        add /AccessLogSettings/DestinationARN arn:x => AccessLogDestination(Some("arn:x"))
        replace /accessLogSettings/destinationArn - => AccessLogDestination(None)
        remove /accessLogSettings/destinationArn - => AccessLogDestination(None)
        replace /accessLogSettings/format $context.ip => AccessLogFormat(Some("$context.ip"))
        remove /accessLogSettings/format - => AccessLogFormat(None)
        copy /accessLogSettings/format - => AccessLogsUnclear
        replace /deploymentId d1 => Other
        replace /description x y => Other
        remove /variables/a - => Other
        remove /canarySettings/deploymentId - => Other
        replace /variables/logging/loglevel OFF => Other
        replace / x => Other
    "#;
    every_patch("UpdateStage", "updateStageInput", cases);
}

#[test]
fn patches_of_a_rest_api() {
    let cases = r#"
        replace /endpointConfiguration/types/PRIVATE REGIONAL => EndpointType { from: Some("PRIVATE"), to: "REGIONAL" }
        replace /endpointConfiguration/types/0 edge => EndpointType { from: Some("0"), to: "EDGE" }
        REPLACE endpointconfiguration/Types/private EDGE => EndpointType { from: Some("PRIVATE"), to: "EDGE" }
        replace /endpointConfiguration/types REGIONAL => EndpointType { from: None, to: "REGIONAL" }
        add /endpointConfiguration/types/EDGE EDGE => EndpointType { from: Some("EDGE"), to: "EDGE" }
        replace /endpointConfiguration/types/0 - => EndpointType { from: Some("0"), to: "" }
        remove /endpointConfiguration/types/PRIVATE - => Other
        remove /endpointConfiguration/vpcEndpointIds vpce-1 => Other
        replace /disableExecuteApiEndpoint true => ExecuteApiDisabled(true)
        add disableexecuteapiendpoint TRUE => ExecuteApiDisabled(true)
        replace /disableExecuteApiEndpoint false => ExecuteApiDisabled(false)
        replace /policy {} => Other
        replace /description disableExecuteApiEndpoint => Other
    "#;
    every_patch("UpdateRestApi", "updateRestApiInput", cases);
}

#[test]
fn patches_of_the_account() {
    let cases = r#"
        replace /cloudwatchRoleArn arn:x => Some("arn:x")
        replace /CloudWatchRoleARN '' => None
        replace cloudwatchRoleArn - => None
        remove /cloudwatchRoleArn - => None
        copy /cloudwatchRoleArn - => nothing
        test /cloudwatchRoleArn arn:x => nothing
        add /features UsagePlans => nothing
    "#;
    every_patch("UpdateAccount", "updateAccountInput", cases);
}

/// HTTP and WebSocket APIs, with the JSON pointer of every member that is read.
#[test]
fn edits_of_http_and_websocket_apis() {
    let cases = r#"
        UpdateStage {"apiId": "a1", "deploymentId": "d1"} => Full
        UpdateStage {"apiId": "a1", "accessLogSettings": {}} => Full /accessLogSettings: AccessLogsUnclear
        UpdateStage {"apiId": "a1", "accessLogSettings": {"destinationArn": ""}} => Full /accessLogSettings: AccessLogsUnclear
        UpdateStage {"apiId": "a1", "accessLogSettings": {"destinationArn": "arn:x", "format": "f"}} => Full /accessLogSettings/destinationArn: AccessLogDestination(Some("arn:x")); /accessLogSettings/format: AccessLogFormat(Some("f"))
        UpdateStage {"apiId": "a1", "defaultRouteSettings": {"loggingLevel": "OFF"}} => Full /defaultRouteSettings/loggingLevel: Level(Default, Off)
        UpdateStage {"apiId": "a1", "defaultRouteSettings": {"dataTraceEnabled": false}} => Full /defaultRouteSettings: WrittenWithoutLevel(Default)
        UpdateStage {"apiId": "a1", "defaultRouteSettings": {"loggingLevel": "INFO", "throttlingRateLimit": 0, "throttlingBurstLimit": 5}} => Full /defaultRouteSettings/loggingLevel: Level(Default, Info); /defaultRouteSettings/throttlingRateLimit: RateLimit(Default, Some(0.0)); /defaultRouteSettings/throttlingBurstLimit: BurstLimit(Default, Some(5.0))
        UpdateStage {"apiId": "a1", "routeSettings": {"%24connect": {"loggingLevel": "error"}}} => Full /routeSettings/$connect/loggingLevel: Level(One("$connect"), Error)
        UpdateStage {"apiId": "a1", "routeSettings": {"GET%20%2Fpets": {}}} => Full /routeSettings/GET /pets: WrittenWithoutLevel(One("GET /pets"))
        DeleteAccessLogSettings {"stageName": "prod"} => Full /accessLogSettings: AccessLogsRemoved
        DeleteRouteSettings {"routeKey": "%24connect"} => Full /routeSettings/$connect: Removed(One("$connect"))
        DeleteRouteSettings {"routeKey": "GET%20%2Fpets"} => Full /routeSettings/GET /pets: Other
        DeleteRouteSettings null => Missing
        UpdateApi {"apiId": "a1", "disableExecuteApiEndpoint": true} => Full /disableExecuteApiEndpoint: ExecuteApiDisabled(true)
        UpdateApi {"apiId": "a1", "disableExecuteApiEndpoint": false} => Full /disableExecuteApiEndpoint: ExecuteApiDisabled(false)
        UpdateApi null => Missing
        ReimportApi {"body": "{}"} => Missing
        PutRestApi {"restApiId": "a1", "body": "{}", "template": false} => Missing
        UpdateStage null => Missing
        UpdateStage {} => Missing
        UpdateApi {} => Missing
        UpdateStage {"omitted": true} => Missing
        UpdateStage {"template": false} => Missing
        UpdateStage {"restApiId": "a1"} => Missing
        UpdateStage {"updateStageInput": {}} => Missing
        UpdateStage {"updateStageInput": {"patchOperations": []}} => Full
        UpdateRestApi {"restApiId": "a1"} => Missing
        UpdateAccount null => Missing
    "#;
    for (call, expected) in table(cases) {
        let (edits, detail) = edits(&parse(call).unwrap().unwrap());
        assert_eq!(format!("{detail:?} {edits}").trim(), expected, "{call}");
    }
}

#[test]
fn what_failed_or_is_not_ours_is_no_change() {
    let mut record = record("DeleteRestApi", &json!({"restApiId": "a1"}), &Value::Null);
    let is_change = |record: &Record| Change::from_record(record).unwrap().is_some();
    assert!(is_change(&record));
    record.error_code = Some("AccessDenied".to_owned());
    assert!(!is_change(&record));
    record.error_code = None;
    record.is_insight = true;
    assert!(!is_change(&record));
    record.is_insight = false;
    record.source = "appsync.amazonaws.com".to_owned();
    assert!(!is_change(&record));
    for name in ["GetStage", "DeleteStage", "updatestage", ""] {
        let change = change(name, &json!(5), &json!(5)).unwrap();
        assert!(change.is_none(), "{name}");
    }
}

#[test]
fn a_wrong_type_is_named() {
    let cases = r#"
        UpdateStage {"template": false, "updateStageInput": {"patchOperations": [{"value": 5}]}} => requestParameters.updateStageInput.patchOperations[0].value
        UpdateStage {"template": false, "updateStageInput": {"patchOperations": [{}, {"path": {}}]}} => requestParameters.updateStageInput.patchOperations[1].path
        UpdateStage {"template": false, "updateStageInput": {"patchOperations": {}}} => requestParameters.updateStageInput.patchOperations
        UpdateStage {"template": false, "stageName": 5} => requestParameters.stageName
        UpdateStage {"apiId": 5} => requestParameters.apiId
        UpdateStage {"apiId": "a1", "routeSettings": {"$connect": {"loggingLevel": 5}}} => requestParameters.routeSettings.$connect.loggingLevel
        UpdateStage {"apiId": "a1", "defaultRouteSettings": {"throttlingRateLimit": "5"}} => requestParameters.defaultRouteSettings.throttlingRateLimit
        UpdateStage {"template": false} {"methodSettings": {"*/*": {"loggingLevel": 5}}} => responseElements.methodSettings.*/*.loggingLevel
        UpdateStage {"template": false} {"stageName": 5} => responseElements.stageName
        UpdateStage null {"self": {"restApiId": 5}} => responseElements.self.restApiId
        CreateStage {"apiId": "a1", "accessLogSettings": 5} => requestParameters.accessLogSettings
        UpdateRestApi null {"endpointConfiguration": {"types": "EDGE"}} => responseElements.endpointConfiguration.types
        UpdateApi {"apiId": "a1", "disableExecuteApiEndpoint": "yes"} => requestParameters.disableExecuteApiEndpoint
        UpdateAccount null {"cloudwatchRoleArn": 5} => responseElements.cloudwatchRoleArn
        UpdateStage {"template": false, "updateStageInput": {"patchOperations": [["remove", "/*/*"]]}} => requestParameters.updateStageInput.patchOperations[0]
        DeleteApi [] => requestParameters
    "#;
    for (call, field) in table(cases) {
        let error = parse(call).unwrap_err();
        let names = format!("field `{field}`: ");
        assert!(error.to_string().starts_with(&names), "{call}: {error}");
        assert!(!error.is_retryable());
    }
}
