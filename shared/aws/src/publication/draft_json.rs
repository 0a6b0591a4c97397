//! Parts of a draft that the SDK has parsed, as the JSON that API Gateway answers with.
//!
//! Every member is there, except names, descriptions and ids that change nothing for callers. A member
//! that a later SDK learns of makes drafts differ from those kept before: better once too often.

use std::collections::HashMap;

use aws_sdk_apigateway::types;
use serde_json::{Map, Value, json};

/// A method of the resource with this id, with its integration and all responses.
pub(super) fn method(resource_id: &str, method: &types::Method) -> String {
    json!({
        "apiKeyRequired": method.api_key_required,
        "authorizationScopes": method.authorization_scopes,
        "authorizationType": method.authorization_type,
        "authorizerId": method.authorizer_id,
        "httpMethod": method.http_method,
        "methodIntegration": method.method_integration.as_ref().map(|one| integration(resource_id, one)),
        "methodResponses": by_key(method.method_responses.as_ref(), method_response),
        "operationName": method.operation_name,
        "requestModels": method.request_models,
        "requestParameters": method.request_parameters,
        "requestValidatorId": method.request_validator_id,
    })
    .to_string()
}

fn method_response(response: &types::MethodResponse) -> Value {
    json!({
        "responseModels": response.response_models,
        "responseParameters": response.response_parameters,
        "statusCode": response.status_code,
    })
}

fn integration(resource_id: &str, integration: &types::Integration) -> Value {
    // By default the id of the resource, which is another one when it is made again.
    let namespace = integration.cache_namespace.as_deref();
    let connection = integration.connection_type.as_ref();
    let handling = integration.content_handling.as_ref();
    let transfer = integration.response_transfer_mode.as_ref();
    let tls = integration.tls_config.as_ref();
    json!({
        "cacheKeyParameters": integration.cache_key_parameters,
        "cacheNamespace": namespace.filter(|namespace| *namespace != resource_id),
        "connectionId": integration.connection_id,
        "connectionType": connection.map(|kind| kind.as_str()),
        "contentHandling": handling.map(|kind| kind.as_str()),
        "credentials": integration.credentials,
        "httpMethod": integration.http_method,
        "integrationResponses": by_key(integration.integration_responses.as_ref(), integration_response),
        "integrationTarget": integration.integration_target,
        "passthroughBehavior": integration.passthrough_behavior,
        "requestParameters": integration.request_parameters,
        "requestTemplates": integration.request_templates,
        "responseTransferMode": transfer.map(|kind| kind.as_str()),
        "timeoutInMillis": integration.timeout_in_millis,
        "tlsConfig": tls.map(|tls| json!({"insecureSkipVerification": tls.insecure_skip_verification})),
        "type": integration.r#type.as_ref().map(|kind| kind.as_str()),
        "uri": integration.uri,
    })
}

fn integration_response(response: &types::IntegrationResponse) -> Value {
    let handling = response.content_handling.as_ref();
    json!({
        "contentHandling": handling.map(|kind| kind.as_str()),
        "responseParameters": response.response_parameters,
        "responseTemplates": response.response_templates,
        "selectionPattern": response.selection_pattern,
        "statusCode": response.status_code,
    })
}

/// Methods refer to it by its id.
pub(super) fn authorizer(authorizer: &types::Authorizer) -> String {
    json!({
        "authType": authorizer.auth_type,
        "authorizerCredentials": authorizer.authorizer_credentials,
        "authorizerResultTtlInSeconds": authorizer.authorizer_result_ttl_in_seconds,
        "authorizerUri": authorizer.authorizer_uri,
        "identitySource": authorizer.identity_source,
        "identityValidationExpression": authorizer.identity_validation_expression,
        "providerARNs": authorizer.provider_arns,
        "type": authorizer.r#type.as_ref().map(|kind| kind.as_str()),
    })
    .to_string()
}

/// Methods refer to it by its name.
pub(super) fn model(model: &types::Model) -> String {
    json!({"contentType": model.content_type, "schema": model.schema}).to_string()
}

/// One that somebody has customised.
pub(super) fn gateway_response(response: &types::GatewayResponse) -> String {
    json!({
        "responseParameters": response.response_parameters,
        "responseTemplates": response.response_templates,
        "statusCode": response.status_code,
    })
    .to_string()
}

/// Methods refer to it by its id.
pub(super) fn validator(validator: &types::RequestValidator) -> String {
    json!({
        "validateRequestBody": validator.validate_request_body,
        "validateRequestParameters": validator.validate_request_parameters,
    })
    .to_string()
}

fn by_key<T>(map: Option<&HashMap<String, T>>, json: fn(&T) -> Value) -> Map<String, Value> {
    let entries = map.into_iter().flatten();
    entries
        .map(|(key, value)| (key.clone(), json(value)))
        .collect()
}
