//! Which API and stage a call is made to, of both service models and whatever the record leaves out.

#![expect(clippy::unwrap_used, reason = "helper functions of tests may")]

use portcullis_core::change::Change;
use portcullis_core::record::Record;
use serde_json::{Value, json};

/// `text` is `UpdateStage {request} {response}`, the response being optional.
fn parse(text: &str) -> Change {
    let (name, bodies) = text.split_once(' ').unwrap();
    let mut bodies = serde_json::Deserializer::from_str(bodies).into_iter::<Value>();
    let record = json!({
        "eventTime": "2026-11-02T10:00:00Z", "eventSource": "apigateway.amazonaws.com",
        "eventName": name, "awsRegion": "eu-west-1", "recipientAccountId": "111122223333",
        "requestParameters": bodies.next().unwrap().unwrap(),
        "responseElements": bodies.next().transpose().unwrap()
    });
    let record = Record::from_log(record.to_string().as_bytes()).unwrap();
    Change::from_record(&record).unwrap().unwrap()
}

#[test]
fn every_name_that_a_record_gives_is_found() {
    // Type, id and name of the API; stage; stack.
    let cases = r#"
        UpdateStage {"restApiId": "a1", "stageName": "prod", "template": false} => Rest a1 - prod -
        UpdateStage {"updateStageInput": {}} {"stageName": "prod", "self": {"restApiId": "a1"}} => Rest a1 - prod -
        UpdateStage null {"stageName": "prod", "self": {"restApiId": "a1"}} => - a1 - prod -
        UpdateStage null => - - - - -
        UpdateStage {"apiId": "a1", "stageName": "%24default"} => - a1 - $default -
        UpdateStage {"apiId": "a1", "routeSettings": {"$connect": {}}} => WebSocket a1 - - -
        UpdateStage {"apiId": "a1", "routeSettings": {"GET /pets": {}}} => Http a1 - - -
        UpdateStage {"apiId": "a1", "routeSettings": {"$default": {}}} => - a1 - - -
        UpdateStage {"apiId": "a1"} {"stageName": "$default", "tags": {"aws:cloudformation:stack-name": "s"}} => - a1 - $default s
        UpdateStage {"apiId": "a1"} {"stageName": "$default", "tags": "***", "stageVariables": "***"} => - a1 - $default -
        CreateStage {"restApiId": "a1", "createStageInput": {"stageName": "prod"}} => Rest a1 - prod -
        CreateStage {"createStageInput": {}} {"stageName": "prod", "self": {"restApiId": "a1"}} => Rest a1 - prod -
        CreateStage {"apiId": "a1", "stageName": "$default"} => - a1 - $default -
        UpdateRestApi {"restApiId": "a1"} {"id": "a1", "name": "orders"} => Rest a1 orders - -
        UpdateRestApi null {"id": "a1", "name": "orders"} => Rest a1 orders - -
        CreateRestApi {"createRestApiInput": {"name": "orders"}} => Rest - orders - -
        ImportRestApi {"body": "{}"} {"id": "a1", "name": "orders"} => Rest a1 orders - -
        DeleteRestApi {"restApiId": "a1", "template": false} => Rest a1 - - -
        CreateApi {"name": "orders", "protocolType": "WEBSOCKET"} {"apiId": "a1"} => WebSocket a1 orders - -
        CreateApi {"name": "orders"} {"apiId": "a1", "protocolType": "HTTP"} => Http a1 orders - -
        CreateApi {"name": "orders", "protocolType": "GRPC"} => - - orders - -
        ImportApi {"body": "{}"} {"apiId": "a1", "name": "orders"} => Http a1 orders - -
        UpdateApi {"apiId": "a1"} {"apiId": "a1", "name": "new", "protocolType": "HTTP"} => Http a1 new - -
        DeleteApi {"apiId": "a1"} => - a1 - - -
        DeleteRouteSettings {"apiId": "a1", "routeKey": "%24disconnect", "stageName": "%24default"} => WebSocket a1 - $default -
    "#;
    for (call, expected) in cases
        .trim()
        .lines()
        .map(|line| line.trim().split_once(" => ").unwrap())
    {
        let target = parse(call).target();
        let api = target.api.unwrap_or_default();
        let kind = api.kind.map(|kind| format!("{kind:?}"));
        let told = [kind, api.id, api.name, target.stage, target.stack];
        let told = told.map(|part| part.unwrap_or_else(|| "-".to_owned()));
        assert_eq!(told.join(" "), expected, "{call}");
    }
}
