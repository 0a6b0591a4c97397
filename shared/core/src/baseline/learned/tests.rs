//! What each kind of record teaches.

use serde_json::{Value, json};

use super::*;

fn record(name: &str, request: &Value, response: &Value) -> Record {
    let record = json!({
        "eventTime": "2026-11-02T10:00:00Z", "eventSource": "apigateway.amazonaws.com",
        "eventName": name, "awsRegion": "eu-west-1", "recipientAccountId": "111122223333",
        "requestParameters": request, "responseElements": response
    });
    Record::from_log(record.to_string().as_bytes()).unwrap()
}

/// `version`, `read`, `unnamed` or `nothing`, then what it is of.
fn learn(name: &str, request: &str, response: &str) -> String {
    let json = |text: &str| -> Value { serde_json::from_str(text).unwrap() };
    let record = record(name, &json(request), &json(response));
    let change = Change::from_record(&record).unwrap();
    let (how, thing) = match Learned::from(&record, change.as_ref()).unwrap() {
        Learned::Version(version) => {
            assert_eq!(version.time, record.time);
            assert_eq!(version.since, record.time);
            ("version", version.thing)
        }
        Learned::Read(thing) => ("read", thing),
        Learned::Deployed(Deployment { api, id, stage }) => {
            let id = id.unwrap_or_default();
            return format!(
                "deployed {} {id} {}",
                shown(&api),
                stage.map_or_else(String::new, |stage| shown(&stage))
            )
            .trim_end()
            .to_owned();
        }
        Learned::Unnamed => return "unnamed".to_owned(),
        Learned::Nothing => return "nothing".to_owned(),
    };
    format!("{how} {}", shown(&thing))
}

fn shown(thing: &Thing) -> String {
    let api = thing.api().map_or("account", |api| match api.kind {
        Some(ApiType::Rest) => "rest",
        Some(ApiType::Http) => "http",
        Some(ApiType::WebSocket) => "websocket",
        None => "v2",
    });
    let id = thing.api().map_or("", |api| api.id.as_str());
    let text = format!("{api} {id} {}", thing.stage().unwrap_or_default());
    text.trim_end().to_owned()
}

/// Operation, request, response => what it teaches.
const CASES: &str = r##"
        UpdateStage {"restApiId":"a1","stageName":"prod","updateStageInput":{"patchOperations":[]},"template":false} {"stageName":"prod","methodSettings":{}} => version rest a1 prod
        UpdateStage {"restApiId":"a1","stageName":"prod","updateStageInput":{"patchOperations":[]},"template":false} null => read rest a1 prod
        UpdateStage {"restApiId":"a1","stageName":"prod","updateStageInput":{"patchOperations":[]},"template":false} {"omitted":true} => read rest a1 prod
        UpdateStage {"restApiId":"a1","stageName":"prod","updateStageInput":{"patchOperations":[]},"template":false} {"stageName":"prod","methodSettings":{},"variables":{"a":"***"}} => read rest a1 prod
        UpdateStage {"apiId":"h1","stageName":"%24default"} {"stageName":"$default","routeSettings":{},"stageVariables":"***"} => version v2 h1 $default
        UpdateStage {"apiId":"h1","stageName":"%24default"} null => read v2 h1 $default
        UpdateStage null null => unnamed
        CreateStage {"restApiId":"a1","createStageInput":{"stageName":"prod"},"template":false} {"stageName":"prod","methodSettings":{}} => version rest a1 prod
        CreateStage {"restApiId":"a1","createStageInput":{"stageName":"prod"},"template":false} null => read rest a1 prod
        CreateStage {"apiId":"h1","stageName":"$default","accessLogSettings":{"destinationArn":"arn:x"}} null => read v2 h1 $default
        DeleteAccessLogSettings {"apiId":"h1","stageName":"%24default"} null => read v2 h1 $default
        DeleteRouteSettings {"apiId":"w1","stageName":"prod","routeKey":"%24connect"} null => read websocket w1 prod
        DeleteStage {"restApiId":"a1","stageName":"prod","template":false} null => nothing
        DeleteStage {"apiId":"h1","stageName":"%24default"} null => nothing
        CreateRestApi {"createRestApiInput":{"name":"n"},"template":false} {"id":"a1","name":"n","endpointConfiguration":{"types":["EDGE"]}} => version rest a1
        ImportRestApi {"body":"x","template":false} {"id":"a1","name":"n","endpointConfiguration":{"types":["EDGE"]}} => version rest a1
        ImportRestApi null null => unnamed
        UpdateRestApi {"restApiId":"a1","updateRestApiInput":{"patchOperations":[]},"template":false} {"id":"a1","endpointConfiguration":{"types":["EDGE"]}} => version rest a1
        UpdateRestApi {"restApiId":"a1","updateRestApiInput":{"patchOperations":[]},"template":false} null => read rest a1
        PutRestApi {"restApiId":"a1","template":false} {"id":"a1","endpointConfiguration":{"types":["EDGE"]}} => version rest a1
        UpdateRestApi {"restApiId":"a1","updateRestApiInput":{"patchOperations":[]},"template":false} {"id":"a1"} => read rest a1
        PutRestApi {"restApiId":"a1","template":false} null => read rest a1
        DeleteRestApi {"restApiId":"a1","template":false} null => nothing
        CreateApi {"name":"n","protocolType":"HTTP"} {"apiId":"h1","name":"n","protocolType":"HTTP"} => version http h1
        ImportApi {"body":"x"} {"apiId":"h1","protocolType":"HTTP"} => version http h1
        UpdateApi {"apiId":"w1"} {"apiId":"w1","protocolType":"WEBSOCKET"} => version websocket w1
        UpdateApi {"apiId":"h1"} null => read v2 h1
        ReimportApi {"apiId":"h1","body":"x"} {"apiId":"h1","protocolType":"HTTP"} => version http h1
        DeleteApi {"apiId":"h1"} null => nothing
        UpdateAccount {"updateAccountInput":{"patchOperations":[]},"template":false} {"throttleSettings":{}} => version account
        UpdateAccount {"updateAccountInput":{"patchOperations":[]},"template":false} null => read account
        CreateDeployment {"restApiId":"a1","createDeploymentInput":{"stageName":"prod"},"template":false} {"id":"d1"} => deployed rest a1 d1 rest a1 prod
        CreateDeployment {"restApiId":"a1","createDeploymentInput":{"stageName":""},"template":false} {"id":"d1"} => deployed rest a1 d1
        CreateDeployment {"restApiId":"a1","createDeploymentInput":{},"template":false} null => deployed rest a1
        CreateDeployment {"restApiId":"a1","template":false} {"id":5} => deployed rest a1
        CreateDeployment {"apiId":"h1","stageName":"prod"} {"deploymentId":"d1"} => read v2 h1 prod
        CreateDeployment {"apiId":"h1"} {"deploymentId":"d1"} => nothing
        CreateDeployment null null => unnamed
        PutMethod {"restApiId":"a1","template":false} {} => nothing
        CreateApiKey {"createApiKeyInput":{"name":"n"},"template":false} {"id":"k1","value":"secret"} => nothing
"##;

fn cases() -> impl Iterator<Item = ([&'static str; 3], &'static str)> {
    CASES.trim().lines().map(|line| {
        let (input, expected) = line.trim().split_once(" => ").unwrap();
        let mut parts = input.splitn(3, ' ');
        let parts = [(); 3].map(|()| parts.next().unwrap());
        (parts, expected)
    })
}

#[test]
fn every_kind_of_record() {
    for (parts, expected) in cases() {
        let [name, request, response] = parts;
        assert_eq!(learn(name, request, response), expected, "{parts:?}");
    }
}

/// Whatever teaches something reaches the function.
#[test]
fn the_pattern_drops_only_what_teaches_nothing() {
    let pattern = include_str!("../../../../../functions/baseline/pattern.json");
    let pattern = crate::pattern::Pattern::parse(pattern).unwrap();
    assert_eq!(pattern.lints().len(), 0);
    for ([name, request, response], expected) in cases() {
        let json = |text: &str| -> Value { serde_json::from_str(text).unwrap() };
        let event = json!({
            "source": "aws.apigateway", "detail-type": "AWS API Call via CloudTrail",
            "detail": {
                "eventSource": "apigateway.amazonaws.com", "eventName": name,
                "requestParameters": json(request), "responseElements": json(response)
            }
        });
        let is_dropped = !pattern.matches(&event);
        assert_eq!(
            is_dropped,
            expected == "nothing" && name != "CreateDeployment",
            "{event}"
        );
    }
}

#[test]
fn a_failed_call_teaches_nothing() {
    let request = json!({"restApiId": "a1", "template": false,
        "createDeploymentInput": {"stageName": "prod"}});
    let mut failed = record("CreateDeployment", &request, &Value::Null);
    failed.error_code = Some("AccessDeniedException".to_owned());
    assert_eq!(Learned::from(&failed, None).unwrap(), Learned::Nothing);
}

#[test]
fn parameters_of_the_wrong_type_are_named() {
    let request = json!({"restApiId": 5, "template": false});
    let error = Learned::from(&record("CreateDeployment", &request, &Value::Null), None);
    let error = error.unwrap_err().to_string();
    assert!(error.contains("`requestParameters.restApiId`"), "{error}");
}
