//! Logging of HTTP and WebSocket stages taken away.

use super::*;

const LOG: &str = "arn:aws:logs:eu-west-1:111122223333:log-group:api-access";

fn stage_with(default: &Value, routes: &Value, logs: &Value) -> Value {
    json!({"stageName": "$default", "routeSettings": routes, "defaultRouteSettings": default,
           "accessLogSettings": logs, "stageVariables": {}, "tags": {}, "autoDeploy": true,
           "deploymentId": "v77189"})
}

fn logs() -> Value {
    json!({"destinationArn": LOG, "format": "$context.requestId $context.status"})
}

fn default(level: &str) -> Value {
    json!({"detailedMetricsEnabled": true, "loggingLevel": level, "dataTraceEnabled": false,
           "throttlingBurstLimit": 100, "throttlingRateLimit": 50.5})
}

fn request(members: &Value) -> Value {
    let mut request = members.clone();
    request["apiId"] = json!("a1b2c3");
    request["stageName"] = json!("%24default");
    request
}

fn restored(kind: ApiType, change: &Change, before: &Value, after: &Value) -> Plan {
    let (thing, live) = (stage(kind), v2_stage(after));
    let plan = restore(&thing, change, &v2_stage(before), None, &live);
    assert_decent(&thing, &plan);
    let done = gateway::apply_all(kind, &live, &plan.steps);
    assert_eq!(unmet(&plan, &done), Vec::<String>::new());
    plan
}

#[test]
fn access_logs_of_an_http_api_deleted() {
    let change = change(
        "DeleteAccessLogSettings",
        &request(&json!({})),
        &Value::Null,
    );
    let http = json!({"detailedMetricsEnabled": false});
    let plan = restored(
        ApiType::Http,
        &change,
        &stage_with(&http, &json!({}), &logs()),
        &stage_with(&http, &json!({}), &Value::Null),
    );
    assert_eq!(
        lines(&plan),
        [format!(
            r#"{{"accessLogSettings":{{"destinationArn":"{LOG}","format":"$context.requestId $context.status"}}}}"#
        )]
    );
    assert_eq!(fields_of(&plan), ["access log"]);
}

#[test]
fn an_empty_object_that_changed_nothing_is_nothing() {
    let after = stage_with(&default("INFO"), &json!({}), &logs());
    let change = change(
        "UpdateStage",
        &request(&json!({"accessLogSettings": {}})),
        &after,
    );
    let plan = restored(ApiType::WebSocket, &change, &after, &after);
    assert_eq!(lines(&plan), Vec::<String>::new());
    assert!(plan.fields.is_empty());
}

#[test]
fn execution_logging_of_the_default_route_off() {
    let asked = json!({"defaultRouteSettings": {"loggingLevel": "OFF"}});
    let change = change("UpdateStage", &request(&asked), &Value::Null);
    let plan = restored(
        ApiType::WebSocket,
        &change,
        &stage_with(&default("INFO"), &json!({}), &logs()),
        &stage_with(&default("OFF"), &json!({}), &logs()),
    );
    assert_eq!(
        lines(&plan),
        [
            r#"{"defaultRouteSettings":{"loggingLevel":"INFO","dataTraceEnabled":false,"detailedMetricsEnabled":true,"throttlingBurstLimit":100,"throttlingRateLimit":50.5}}"#
        ]
    );
    assert_eq!(
        changes_of(&plan),
        [r#"defaultRouteSettings.loggingLevel: "OFF" -> "INFO""#]
    );
    assert_eq!(fields_of(&plan), ["logging of the default route"]);
}

#[test]
fn a_route_silenced_comes_back_in_the_full_map() {
    let asked = json!({"routeSettings": {"%24connect": {"loggingLevel": "OFF"}}});
    let change = change("UpdateStage", &request(&asked), &Value::Null);
    let routes = |level: &str| {
        json!({"$connect": {"loggingLevel": level, "throttlingBurstLimit": 7},
               "send": {"loggingLevel": "ERROR", "dataTraceEnabled": true}})
    };
    let plan = restored(
        ApiType::WebSocket,
        &change,
        &stage_with(&default("OFF"), &routes("INFO"), &logs()),
        &stage_with(&default("OFF"), &routes("OFF"), &logs()),
    );
    assert_eq!(
        lines(&plan),
        [
            r#"{"routeSettings":{"$connect":{"loggingLevel":"INFO","throttlingBurstLimit":7},"send":{"loggingLevel":"ERROR","dataTraceEnabled":false}}}"#
        ]
    );
    assert_eq!(
        plan.notes,
        [
            "data trace of `send` is on and is switched off by this write: Portcullis never writes data \
             trace on"
        ]
    );
    assert_eq!(
        changes_of(&plan),
        [
            r#"routeSettings.$connect.loggingLevel: "OFF" -> "INFO""#,
            r#"routeSettings.send.dataTraceEnabled: "true" -> "false""#,
        ]
    );
}

#[test]
fn settings_of_a_route_deleted() {
    let change = change(
        "DeleteRouteSettings",
        &request(&json!({"routeKey": "%24connect"})),
        &Value::Null,
    );
    let routes = json!({"$connect": {"loggingLevel": "INFO", "dataTraceEnabled": true,
                                     "throttlingRateLimit": 7.0}});
    let plan = restored(
        ApiType::WebSocket,
        &change,
        &stage_with(&default("OFF"), &routes, &logs()),
        &stage_with(&default("OFF"), &json!({}), &logs()),
    );
    assert_eq!(
        lines(&plan),
        [
            r#"{"routeSettings":{"$connect":{"loggingLevel":"INFO","dataTraceEnabled":false,"throttlingRateLimit":7.0}}}"#
        ]
    );
    assert_eq!(plan.notes.len(), 1);
    assert_eq!(fields_of(&plan), ["logging of $connect"]);
}

#[test]
fn a_route_that_got_settings_of_its_own_to_silence_it() {
    let asked = json!({"routeSettings": {"it's": {"loggingLevel": "OFF"}}});
    let before = stage_with(&default("INFO"), &json!({}), &logs());
    let after = stage_with(
        &default("INFO"),
        &json!({"it's": {"loggingLevel": "OFF"}}),
        &logs(),
    );
    let change = change("UpdateStage", &request(&asked), &after);
    let (thing, live) = (stage(ApiType::WebSocket), v2_stage(&after));
    let plan = restore(&thing, &change, &v2_stage(&before), Some(&live), &live);
    assert_eq!(
        lines(&plan),
        [
            r#"{"routeSettings":{"it's":{"loggingLevel":"INFO","detailedMetricsEnabled":true,"throttlingBurstLimit":100,"throttlingRateLimit":50.5}}}"#
        ]
    );
    assert_eq!(
        plan.notes,
        [
            r"route `it's` had no settings of its own; to remove those that it has now: aws apigatewayv2 delete-route-settings --region 'eu-west-1' --api-id 'a1b2c3' --stage-name 'prod' --route-key 'it'\''s'"
        ]
    );
    let done = gateway::apply_all(ApiType::WebSocket, &live, &plan.steps);
    let again = restore(&thing, &change, &v2_stage(&before), Some(&live), &done);
    assert_eq!(again.steps, []);
}

#[test]
fn execution_levels_are_not_written_where_there_are_none() {
    let asked = json!({"defaultRouteSettings": {"loggingLevel": "OFF"}});
    let change = change("UpdateStage", &request(&asked), &Value::Null);
    let before = v2_stage(&stage_with(&default("INFO"), &json!({}), &logs()));
    let live = v2_stage(&stage_with(&default("OFF"), &json!({}), &logs()));
    let plan = restore(&stage(ApiType::Http), &change, &before, None, &live);
    assert_eq!(plan.steps, []);
    assert_eq!(plan.notes, Vec::<String>::new());
    assert!(plan.fields.is_empty());

    let unknown = at(What::Stage(
        Api {
            kind: None,
            ..api(ApiType::Http)
        },
        "prod".to_owned(),
    ));
    let plan = restore(&unknown, &change, &before, None, &live);
    assert_eq!(plan.steps, []);
    assert_eq!(plan.notes.len(), 1);
}

#[test]
fn a_stage_made_again() {
    let before = stage_with(
        &default("INFO"),
        &json!({"send": {"loggingLevel": "ERROR"}}),
        &logs(),
    );
    let after = stage_with(
        &json!({"detailedMetricsEnabled": false}),
        &json!({}),
        &Value::Null,
    );
    let change = change(
        "CreateStage",
        &request(&json!({"autoDeploy": true})),
        &after,
    );
    let plan = restored(ApiType::WebSocket, &change, &before, &after);
    assert_eq!(fields::differences(&plan.wanted, &v2_stage(&before)), []);
    assert_eq!(plan.steps.len(), 1);
}

#[test]
fn a_stage_of_an_http_api_made_again_has_no_levels_whatever_the_baseline_says() {
    let before = stage_with(
        &default("INFO"),
        &json!({"GET /": default("INFO")}),
        &logs(),
    );
    let live = stage_with(&default("OFF"), &json!({"POST /": default("OFF")}), &logs());
    let after = stage_with(&json!({}), &json!({}), &Value::Null);
    let change = change("CreateStage", &request(&json!({})), &after);
    let (thing, before) = (stage(ApiType::Http), v2_stage(&before));
    let plan = restore(
        &thing,
        &change,
        &before,
        Some(&v2_stage(&after)),
        &v2_stage(&live),
    );
    assert_decent(&thing, &plan);
    assert_eq!(
        lines(&plan),
        [
            r#"{"routeSettings":{"GET /":{"detailedMetricsEnabled":true,"throttlingBurstLimit":100,"throttlingRateLimit":50.5},"POST /":{"detailedMetricsEnabled":true,"throttlingBurstLimit":100,"throttlingRateLimit":50.5}}}"#
        ]
    );
}

#[test]
fn what_a_route_did_not_have_is_not_taken_from_it() {
    let before = stage_with(
        &default("OFF"),
        &json!({"send": {"loggingLevel": "INFO"}}),
        &logs(),
    );
    let after = stage_with(
        &default("OFF"),
        &json!({"send": {"loggingLevel": "OFF", "throttlingRateLimit": 5.0}}),
        &logs(),
    );
    let change = change("CreateStage", &request(&json!({})), &after);
    let plan = restored(ApiType::WebSocket, &change, &before, &after);
    assert_eq!(
        lines(&plan),
        [r#"{"routeSettings":{"send":{"loggingLevel":"INFO","throttlingRateLimit":5.0}}}"#]
    );
}

#[test]
fn without_a_response_only_what_was_asked_for_counts() {
    let asked = json!({"routeSettings": {"send": {"loggingLevel": "OFF"}}});
    let change = change("UpdateStage", &request(&asked), &Value::Null);
    let before = stage_with(&default("INFO"), &json!({}), &logs());
    let after = stage_with(
        &default("INFO"),
        &json!({"send": {"loggingLevel": "OFF", "throttlingRateLimit": 5.0}}),
        &logs(),
    );
    let plan = restored(ApiType::WebSocket, &change, &before, &after);
    assert_eq!(
        lines(&plan),
        [r#"{"routeSettings":{"send":{"loggingLevel":"INFO","throttlingRateLimit":5.0}}}"#]
    );
}

#[test]
fn a_format_that_went_with_the_destination_comes_back_with_it() {
    let asked = json!({"accessLogSettings": {"destinationArn": "arn:x"}});
    let after = stage_with(
        &default("OFF"),
        &json!({}),
        &json!({"destinationArn": "arn:x"}),
    );
    let before = v2_stage(&stage_with(&default("OFF"), &json!({}), &logs()));
    let change = change("UpdateStage", &request(&asked), &after);
    let live = v2_stage(&after);
    let plan = restore(&stage(ApiType::Http), &change, &before, Some(&live), &live);
    assert_eq!(plan.wanted, before);
    assert_eq!(plan.changes.len(), 2);
}

#[test]
fn a_second_call_does_not_keep_a_route_silent() {
    let asked = json!({"routeSettings": {"send": {"loggingLevel": "OFF"}}});
    let change = change("UpdateStage", &request(&asked), &Value::Null);
    let with = |default_level: &str, routes: &Value| {
        v2_stage(&stage_with(&default(default_level), routes, &logs()))
    };
    let level = |level: &str| json!({"send": {"loggingLevel": level}});
    let thing = stage(ApiType::WebSocket);
    let before = with("INFO", &level("INFO"));
    let after = with("INFO", &level("OFF"));
    // Another level; no settings any more, and the default is silent too.
    for live in [with("INFO", &level("ERROR")), with("OFF", &json!({}))] {
        for told in [Some(&after), None] {
            let plan = restore(&thing, &change, &before, told, &live);
            assert_eq!(
                lines(&plan),
                [r#"{"routeSettings":{"send":{"loggingLevel":"INFO"}}}"#]
            );
            assert_eq!(moved_of(&plan), ["routeSettings.send.loggingLevel"]);
        }
    }
    // As good as before without it.
    let plan = restore(
        &thing,
        &change,
        &before,
        Some(&after),
        &with("INFO", &json!({})),
    );
    assert_eq!((plan.steps.len(), plan.moved.len()), (0, 0));
    assert!(plan.left);
}

#[test]
fn a_second_call_does_not_keep_access_logs_of_an_http_api_elsewhere() {
    let change = change(
        "DeleteAccessLogSettings",
        &request(&json!({})),
        &Value::Null,
    );
    let http = json!({"detailedMetricsEnabled": false});
    let before = v2_stage(&stage_with(&http, &json!({}), &logs()));
    let elsewhere = json!({"destinationArn": "arn:x", "format": "$context.requestId"});
    let live = v2_stage(&stage_with(&http, &json!({}), &elsewhere));
    let plan = restore(&stage(ApiType::Http), &change, &before, None, &live);
    assert_eq!(plan.wanted, before);
    assert_eq!(
        moved_of(&plan),
        [
            "/accessLogSettings/destinationArn",
            "/accessLogSettings/format",
        ]
    );
}
