//! What is kept of each shape, what is one state in several spellings, and what hides.

use serde_json::{Value, json};

use super::*;

fn read(shape: Shape, json: &Value) -> Value {
    let kept = Kept::from_read(shape, &json.to_string()).unwrap();
    serde_json::from_str(&kept.to_string()).unwrap()
}

#[test]
fn a_stage_keeps_every_field_of_every_key_and_no_links() {
    let method = json!({
        "metricsEnabled": true, "loggingLevel": "INFO", "dataTraceEnabled": false,
        "throttlingBurstLimit": 5000, "throttlingRateLimit": 10000.0, "cachingEnabled": false,
        "cacheTtlInSeconds": 300, "cacheDataEncrypted": false,
        "requireAuthorizationForCacheControl": true,
        "unauthorizedCacheControlHeaderStrategy": "SUCCEED_WITH_RESPONSE_HEADER"
    });
    let link = json!({"restApiId": "a1", "stageName": "prod", "template": false});
    let stage = json!({
        "stageName": "prod", "deploymentId": "d1", "description": "x",
        "methodSettings": {"*/*": method, "~1pets/GET": method},
        "accessLogSettings": {"destinationArn": "arn:x", "format": "$context.requestId"},
        "canarySettings": {"percentTraffic": 5.0, "deploymentId": "d0", "useStageCache": false},
        "clientCertificateId": "c1", "cacheClusterEnabled": true, "cacheClusterSize": "0.5",
        "cacheClusterStatus": "AVAILABLE", "tracingEnabled": true, "webAclArn": "arn:waf",
        "variables": {"template": "kept"}, "tags": {"team": "x"}, "createdDate": "x",
        "lastUpdatedDate": "x", "stageUpdate": link, "self": link
    });
    let mut expected = stage.clone();
    for member in [
        "stageName",
        "description",
        "cacheClusterStatus",
        "createdDate",
        "lastUpdatedDate",
        "stageUpdate",
        "self",
    ] {
        expected.as_object_mut().unwrap().remove(member);
    }
    for key in ["*/*", "~1pets/GET"] {
        expected["methodSettings"][key]["throttlingRateLimit"] = json!(10000);
    }
    expected["canarySettings"]["percentTraffic"] = json!(5);
    assert_eq!(read(Shape::RestStage, &stage), expected);
}

#[test]
fn other_shapes_keep_what_a_restore_needs() {
    let cases = [
        (
            Shape::RestApi,
            json!({"id": "a1", "name": "n", "policy": "{\\\"Version\\\":1}", "apiKeySource": "HEADER",
                "endpointConfiguration": {"types": ["PRIVATE"], "ipv6": false,
                    "vpcEndpointIds": ["vpce-2", "vpce-1"], "ipAddressType": "dualstack"},
                "disableExecuteApiEndpoint": false, "rootResourceId": "r", "apiStatus": "AVAILABLE"}),
            json!({"name": "n", "policy": "{\\\"Version\\\":1}", "apiKeySource": "HEADER",
                "endpointConfiguration": {"types": ["PRIVATE"],
                    "vpcEndpointIds": ["vpce-1", "vpce-2"], "ipAddressType": "dualstack"},
                "disableExecuteApiEndpoint": false}),
        ),
        (
            Shape::V2Api,
            json!({"apiId": "h1", "name": "n", "protocolType": "HTTP", "apiEndpoint": "https://x",
                "disableExecuteApiEndpoint": false, "tags": {}, "warnings": null,
                "corsConfiguration": {"allowOrigins": ["b", "a"], "maxAge": null}}),
            json!({"name": "n", "protocolType": "HTTP", "disableExecuteApiEndpoint": false,
                "corsConfiguration": {"allowOrigins": ["a", "b"]}}),
        ),
        (
            Shape::V2Stage,
            json!({"stageName": "$default", "autoDeploy": true, "routeSettings": {},
                "defaultRouteSettings": {"detailedMetricsEnabled": false, "loggingLevel": null},
                "stageVariables": {"a": "b"}, "tags": {}, "apiGatewayManaged": true}),
            json!({"autoDeploy": true, "routeSettings": {}, "stageVariables": {"a": "b"},
                "defaultRouteSettings": {"detailedMetricsEnabled": false}}),
        ),
        (
            Shape::Account,
            json!({"cloudwatchRoleArn": "arn:r", "throttleSettings": {"burstLimit": 5000},
                "apiKeyVersion": "4", "features": ["UsagePlans"]}),
            json!({"cloudwatchRoleArn": "arn:r"}),
        ),
        (Shape::Account, json!({"cloudwatchRoleArn": ""}), json!({})),
    ];
    for (shape, whole, expected) in cases {
        assert_eq!(read(shape, &whole), expected, "{shape:?}");
    }
}

#[test]
fn one_state_in_several_spellings_is_one_state() {
    let same = [
        (
            r#"{"methodSettings":{},"variables":{}}"#,
            r#"{"methodSettings":{}}"#,
        ),
        (
            r#"{"tags":null,"tracingEnabled":false}"#,
            r#"{"tracingEnabled":false}"#,
        ),
        (
            r#"{"methodSettings":{"*/*":{"throttlingRateLimit":-1.0}}}"#,
            r#"{"methodSettings":{"*/*":{"throttlingRateLimit":-1}}}"#,
        ),
    ];
    let kept = |json| Kept::from_read(Shape::RestStage, json).unwrap();
    for (a, b) in same {
        assert_eq!(kept(a), kept(b));
    }
    let different = [
        (r#"{"methodSettings":{}}"#, "{}"),
        (
            r#"{"methodSettings":{"*/*":{"throttlingRateLimit":0.5}}}"#,
            r#"{"methodSettings":{"*/*":{"throttlingRateLimit":0}}}"#,
        ),
    ];
    for (a, b) in different {
        assert_ne!(kept(a), kept(b));
    }
}

#[test]
fn a_response_counts_when_it_is_one_and_hides_nothing() {
    let cases = [
        (
            Shape::RestStage,
            r#"{"stageName":"prod","methodSettings":{}}"#,
            true,
        ),
        (Shape::RestStage, r#"{"methodSettings":{}}"#, false),
        (
            Shape::RestStage,
            r#"{"stageName":"prod","methodSettings":{},"variables":{"a":"***"}}"#,
            false,
        ),
        (
            Shape::RestStage,
            r#"{"stageName":"prod","methodSettings":{},"description":"***"}"#,
            true,
        ),
        (
            Shape::V2Stage,
            r#"{"stageName":"prod","routeSettings":{},"stageVariables":"***"}"#,
            true,
        ),
        (
            Shape::V2Stage,
            r#"{"stageName":"prod","routeSettings":{},"accessLogSettings":"***"}"#,
            false,
        ),
        (
            Shape::V2Stage,
            r#"{"stageName":"prod","routeSettings":{},"accessLogSettings":{"format":"HIDDEN_DUE_TO_SECURITY_REASONS"}}"#,
            false,
        ),
        (
            Shape::RestApi,
            r#"{"id":"a1","endpointConfiguration":{}}"#,
            true,
        ),
        (Shape::RestApi, r#"{"id":"a1"}"#, false),
        (Shape::RestApi, r#"{"message":"x"}"#, false),
        (
            Shape::V2Api,
            r#"{"apiId":"a1","protocolType":"HTTP"}"#,
            true,
        ),
        (Shape::V2Api, r#"{"apiId":"a1"}"#, false),
        (Shape::V2Api, r#"{"id":"a1"}"#, false),
        (Shape::Account, r#"{"throttleSettings":{}}"#, true),
        (Shape::Account, "{}", false),
        (Shape::Account, "[]", false),
        (Shape::Account, r#""cut of"#, false),
    ];
    for (shape, json, counts) in cases {
        let kept = Kept::from_response(shape, json);
        assert_eq!(kept.is_some(), counts, "{shape:?} {json}");
        let text = kept.map(|kept| kept.to_string()).unwrap_or_default();
        assert!(!text.contains("***"), "{text}");
    }
}
