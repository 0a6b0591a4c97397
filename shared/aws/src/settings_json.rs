//! What the SDK has parsed, as the JSON that API Gateway answers with: the same words as in a record.
//!
//! Lists and single reads answer the same members in types of their own, hence the macros.

use aws_sdk_apigateway as v1;
use aws_sdk_apigatewayv2 as v2;
use serde_json::{Map, Value, json};

macro_rules! rest_stage {
    ($stage:expr) => {{
        let stage = $stage;
        let methods = stage.method_settings.iter().flatten();
        let methods: Map<String, Value> = methods
            .map(|(key, set)| (key.clone(), method(set)))
            .collect();
        let log = stage.access_log_settings.as_ref();
        let canary = stage.canary_settings.as_ref();
        json!({
            "accessLogSettings": log.map(|log| json!({
                "destinationArn": log.destination_arn,
                "format": log.format,
            })),
            "cacheClusterEnabled": stage.cache_cluster_enabled,
            "cacheClusterSize": stage.cache_cluster_size.as_ref().map(|size| size.as_str()),
            "canarySettings": canary.map(|canary| json!({
                "deploymentId": canary.deployment_id,
                "percentTraffic": canary.percent_traffic,
                "stageVariableOverrides": canary.stage_variable_overrides,
                "useStageCache": canary.use_stage_cache,
            })),
            "clientCertificateId": stage.client_certificate_id,
            "deploymentId": stage.deployment_id,
            "methodSettings": methods,
            "tags": stage.tags,
            "tracingEnabled": stage.tracing_enabled,
            "variables": stage.variables,
            "webAclArn": stage.web_acl_arn,
        })
        .to_string()
    }};
}

/// A stage of a REST API, read alone.
pub(crate) fn rest_stage(stage: &v1::operation::get_stage::GetStageOutput) -> String {
    rest_stage!(stage)
}

/// A stage of a REST API, from a list.
pub(crate) fn listed_rest_stage(stage: &v1::types::Stage) -> String {
    rest_stage!(stage)
}

/// Every field of a key: a restore has to write the key whole.
fn method(set: &v1::types::MethodSetting) -> Value {
    let strategy = set.unauthorized_cache_control_header_strategy.as_ref();
    json!({
        "cacheDataEncrypted": set.cache_data_encrypted,
        "cacheTtlInSeconds": set.cache_ttl_in_seconds,
        "cachingEnabled": set.caching_enabled,
        "dataTraceEnabled": set.data_trace_enabled,
        "loggingLevel": set.logging_level,
        "metricsEnabled": set.metrics_enabled,
        "requireAuthorizationForCacheControl": set.require_authorization_for_cache_control,
        "throttlingBurstLimit": set.throttling_burst_limit,
        "throttlingRateLimit": set.throttling_rate_limit,
        "unauthorizedCacheControlHeaderStrategy": strategy.map(|strategy| strategy.as_str()),
    })
}

macro_rules! rest_api {
    ($api:expr) => {{
        let api = $api;
        let endpoint = api.endpoint_configuration.as_ref();
        let access_mode = api.endpoint_access_mode.as_ref();
        json!({
            "apiKeySource": api.api_key_source.as_ref().map(|source| source.as_str()),
            "binaryMediaTypes": api.binary_media_types,
            "disableExecuteApiEndpoint": api.disable_execute_api_endpoint,
            "endpointAccessMode": access_mode.map(|mode| mode.as_str()),
            "endpointConfiguration": endpoint.map(endpoint_configuration),
            "minimumCompressionSize": api.minimum_compression_size,
            "name": api.name,
            "policy": api.policy,
            "securityPolicy": api.security_policy.as_ref().map(|policy| policy.as_str()),
            "tags": api.tags,
            "version": api.version,
        })
        .to_string()
    }};
}

/// A REST API, read alone.
pub(crate) fn rest_api(api: &v1::operation::get_rest_api::GetRestApiOutput) -> String {
    rest_api!(api)
}

/// A REST API, from a list.
pub(crate) fn listed_rest_api(api: &v1::types::RestApi) -> String {
    rest_api!(api)
}

fn endpoint_configuration(endpoint: &v1::types::EndpointConfiguration) -> Value {
    let types = endpoint.types.iter().flatten();
    let types: Vec<&str> = types.map(|kind| kind.as_str()).collect();
    json!({
        "ipAddressType": endpoint.ip_address_type.as_ref().map(|kind| kind.as_str()),
        "types": types,
        "vpcEndpointIds": endpoint.vpc_endpoint_ids,
    })
}

/// The account.
pub(crate) fn account(account: &v1::operation::get_account::GetAccountOutput) -> String {
    json!({"cloudwatchRoleArn": account.cloudwatch_role_arn}).to_string()
}

macro_rules! v2_stage {
    ($stage:expr) => {{
        let stage = $stage;
        let routes = stage.route_settings.iter().flatten();
        let routes: Map<String, Value> = routes
            .map(|(key, set)| (key.clone(), route(set)))
            .collect();
        let log = stage.access_log_settings.as_ref();
        json!({
            "accessLogSettings": log.map(|log| json!({
                "destinationArn": log.destination_arn,
                "format": log.format,
            })),
            "autoDeploy": stage.auto_deploy,
            "clientCertificateId": stage.client_certificate_id,
            "defaultRouteSettings": stage.default_route_settings.as_ref().map(route),
            "deploymentId": stage.deployment_id,
            "routeSettings": routes,
            "stageVariables": stage.stage_variables,
            "tags": stage.tags,
        })
        .to_string()
    }};
}

/// A stage of an HTTP or WebSocket API, read alone.
pub(crate) fn v2_stage(stage: &v2::operation::get_stage::GetStageOutput) -> String {
    v2_stage!(stage)
}

/// A stage of an HTTP or WebSocket API, from a list.
pub(crate) fn listed_v2_stage(stage: &v2::types::Stage) -> String {
    v2_stage!(stage)
}

fn route(set: &v2::types::RouteSettings) -> Value {
    json!({
        "dataTraceEnabled": set.data_trace_enabled,
        "detailedMetricsEnabled": set.detailed_metrics_enabled,
        "loggingLevel": set.logging_level.as_ref().map(|level| level.as_str()),
        "throttlingBurstLimit": set.throttling_burst_limit,
        "throttlingRateLimit": set.throttling_rate_limit,
    })
}

macro_rules! v2_api {
    ($api:expr) => {{
        let api = $api;
        json!({
            "apiKeySelectionExpression": api.api_key_selection_expression,
            "corsConfiguration": api.cors_configuration.as_ref().map(cors),
            "disableExecuteApiEndpoint": api.disable_execute_api_endpoint,
            "disableSchemaValidation": api.disable_schema_validation,
            "ipAddressType": api.ip_address_type.as_ref().map(|kind| kind.as_str()),
            "name": api.name,
            "protocolType": api.protocol_type.as_ref().map(|kind| kind.as_str()),
            "routeSelectionExpression": api.route_selection_expression,
            "tags": api.tags,
            "version": api.version,
        })
        .to_string()
    }};
}

/// An HTTP or WebSocket API, read alone.
pub(crate) fn v2_api(api: &v2::operation::get_api::GetApiOutput) -> String {
    v2_api!(api)
}

/// An HTTP or WebSocket API, from a list.
pub(crate) fn listed_v2_api(api: &v2::types::Api) -> String {
    v2_api!(api)
}

fn cors(cors: &v2::types::Cors) -> Value {
    json!({
        "allowCredentials": cors.allow_credentials,
        "allowHeaders": cors.allow_headers,
        "allowMethods": cors.allow_methods,
        "allowOrigins": cors.allow_origins,
        "exposeHeaders": cors.expose_headers,
        "maxAge": cors.max_age,
    })
}

#[cfg(test)]
mod tests;
