//! What comes of the SDK's types is what a record of the same state gives.

use portcullis_core::baseline::{Kept, Shape};
use v1::types::{AccessLogSettings, EndpointConfiguration, EndpointType, MethodSetting};

use super::*;

fn same(shape: Shape, read: &str, response: &Value) {
    let kept = |json: &str| Kept::from_read(shape, json).unwrap();
    assert_eq!(kept(read), kept(&response.to_string()));
}

/// The response is that of `RESTORE.md`'s kind: every field of the key, links and dates around it.
#[test]
fn a_rest_stage_reads_as_its_response_does() {
    let method = MethodSetting::builder()
        .metrics_enabled(true)
        .logging_level("INFO")
        .throttling_burst_limit(-1)
        .throttling_rate_limit(-1.0)
        .cache_ttl_in_seconds(300)
        .require_authorization_for_cache_control(true)
        .unauthorized_cache_control_header_strategy(
            v1::types::UnauthorizedCacheControlHeaderStrategy::SucceedWithResponseHeader,
        );
    let log = AccessLogSettings::builder()
        .destination_arn("arn:x")
        .format("f");
    let stage = v1::types::Stage::builder()
        .stage_name("prod")
        .deployment_id("d1")
        .method_settings("*/*", method.build())
        .access_log_settings(log.build())
        .tracing_enabled(true)
        .build();
    let response = json!({
        "stageName": "prod", "deploymentId": "d1", "cacheClusterEnabled": false,
        "cacheClusterStatus": "NOT_AVAILABLE", "tracingEnabled": true, "variables": {},
        "accessLogSettings": {"destinationArn": "arn:x", "format": "f"},
        "methodSettings": {"*/*": {
            "metricsEnabled": true, "loggingLevel": "INFO", "dataTraceEnabled": false,
            "throttlingBurstLimit": -1, "throttlingRateLimit": -1.0, "cachingEnabled": false,
            "cacheTtlInSeconds": 300, "cacheDataEncrypted": false,
            "requireAuthorizationForCacheControl": true,
            "unauthorizedCacheControlHeaderStrategy": "SUCCEED_WITH_RESPONSE_HEADER"
        }},
        "createdDate": "2025-06-17T08:21:40Z", "self": {"template": false}
    });
    same(Shape::RestStage, &listed_rest_stage(&stage), &response);
}

#[test]
fn a_private_api_reads_as_its_response_does() {
    let endpoint = EndpointConfiguration::builder()
        .types(EndpointType::Private)
        .vpc_endpoint_ids("vpce-2")
        .vpc_endpoint_ids("vpce-1")
        .ip_address_type(v1::types::IpAddressType::Dualstack);
    let api = v1::types::RestApi::builder()
        .id("a1")
        .name("orders")
        .policy("{\\\"Version\\\":1}")
        .endpoint_configuration(endpoint.build())
        .build();
    let response = json!({
        "id": "a1", "name": "orders", "policy": "{\\\"Version\\\":1}",
        "disableExecuteApiEndpoint": false, "apiStatus": "AVAILABLE",
        "endpointConfiguration": {"types": ["PRIVATE"], "ipAddressType": "dualstack",
            "vpcEndpointIds": ["vpce-1", "vpce-2"]}
    });
    same(Shape::RestApi, &listed_rest_api(&api), &response);
}

#[test]
fn a_websocket_stage_reads_as_its_response_does_but_for_its_variables() {
    let route = v2::types::RouteSettings::builder()
        .logging_level(v2::types::LoggingLevel::Error)
        .data_trace_enabled(false);
    let stage = v2::types::Stage::builder()
        .stage_name("prod")
        .route_settings("$connect", route.clone().build())
        .default_route_settings(route.build())
        .auto_deploy(false)
        .build();
    let set = json!({"loggingLevel": "ERROR", "dataTraceEnabled": false});
    let response = json!({"stageName": "prod", "autoDeploy": false, "tags": {},
        "routeSettings": {"$connect": set}, "defaultRouteSettings": set});
    same(Shape::V2Stage, &listed_v2_stage(&stage), &response);
}
