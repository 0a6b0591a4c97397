//! Plans for the attacker's moves, with what AWS sends; then any states, against a small API Gateway.

mod attacks_api;
mod attacks_rest;
mod attacks_v2;
mod gateway;
mod later;
mod properties;
mod properties_api;
mod properties_v2;

use serde_json::{Value, json};

use super::*;
use crate::baseline::thing::{Api, What};
use crate::baseline::{Kept, Shape};
use crate::change::ApiType;
use crate::record::Record;
use crate::remediation::step::{PatchOp, PatchOperation, V2StageUpdate};

fn api(kind: ApiType) -> Api {
    Api {
        id: "a1b2c3".to_owned(),
        kind: Some(kind),
        name: None,
    }
}

fn at(what: What) -> Thing {
    Thing {
        account: "111122223333".to_owned(),
        region: "eu-west-1".to_owned(),
        what,
    }
}

fn stage(kind: ApiType) -> Thing {
    at(What::Stage(api(kind), "prod".to_owned()))
}

fn rest_api() -> Thing {
    at(What::Api(api(ApiType::Rest)))
}

/// A change, from a record with all that a real one has.
fn change(name: &str, request: &Value, response: &Value) -> Change {
    let record = json!({
        "eventVersion": "1.11", "eventID": "04c951c6-d227-4265-b445-153d00e52c1b",
        "eventTime": "2026-11-02T10:11:12Z", "eventSource": "apigateway.amazonaws.com",
        "eventName": name, "eventType": "AwsApiCall", "eventCategory": "Management",
        "managementEvent": true, "awsRegion": "eu-west-1", "recipientAccountId": "111122223333",
        "readOnly": false, "sourceIPAddress": "192.0.2.10", "userAgent": "aws-cli/2.15.0",
        "requestID": "0b1f5f2e-6b62-4f42-a3fb-5c6f8e0f5e6b",
        "requestParameters": request, "responseElements": response,
        "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/alice"}
    });
    let record = Record::from_log(record.to_string().as_bytes()).unwrap();
    Change::from_record(&record).unwrap().unwrap()
}

fn rest_request(operations: &Value) -> Value {
    json!({"restApiId": "a1b2c3", "stageName": "prod", "template": false,
           "updateStageInput": {"patchOperations": operations}})
}

fn read(shape: Shape, json: &Value) -> Settings {
    let kept = Kept::from_read(shape, &json.to_string()).unwrap();
    let thing = match shape {
        Shape::RestStage => stage(ApiType::Rest),
        Shape::V2Stage => stage(ApiType::WebSocket),
        Shape::RestApi | Shape::V2Api => rest_api(),
        Shape::Account => at(What::Account),
    };
    Settings::of(&thing, &kept).unwrap().unwrap()
}

fn rest_stage(json: &Value) -> Settings {
    read(Shape::RestStage, json)
}

fn v2_stage(json: &Value) -> Settings {
    read(Shape::V2Stage, json)
}

/// A method-settings key as API Gateway answers it: whole.
fn key(level: &str) -> Value {
    json!({
        "loggingLevel": level, "dataTraceEnabled": false, "metricsEnabled": true,
        "throttlingBurstLimit": 123, "throttlingRateLimit": 10000.0, "cachingEnabled": false,
        "cacheTtlInSeconds": 300, "cacheDataEncrypted": false,
        "requireAuthorizationForCacheControl": true,
        "unauthorizedCacheControlHeaderStrategy": "SUCCEED_WITH_RESPONSE_HEADER"
    })
}

/// The patch operations of a plan, one a line.
fn lines(plan: &Plan) -> Vec<String> {
    plan.steps.iter().flat_map(step_lines).collect()
}

fn step_lines(step: &Step) -> Vec<String> {
    match step {
        Step::UpdateStage {
            patch_operations, ..
        }
        | Step::UpdateRestApi {
            patch_operations, ..
        }
        | Step::UpdateAccount { patch_operations } => patch_operations
            .iter()
            .map(|PatchOperation { op, path, value }| {
                let value = value.as_deref().map(|value| format!(" {value}"));
                format!("{} {path}{}", op.as_str(), value.unwrap_or_default())
            })
            .collect(),
        Step::UpdateV2Stage { update, .. } => vec![json_of(update)],
        Step::CreateDeployment { .. } => vec![step.event_name().to_owned()],
    }
}

fn json_of(update: &V2StageUpdate) -> String {
    serde_json::to_string(update).unwrap()
}

fn fields_of(plan: &Plan) -> Vec<&str> {
    plan.fields.iter().map(String::as_str).collect()
}

fn moved_of(plan: &Plan) -> Vec<&str> {
    plan.moved.iter().map(String::as_str).collect()
}

/// `path: before -> after`, one a line.
fn changes_of(plan: &Plan) -> Vec<String> {
    let text = |value: &crate::finding::Known| serde_json::to_string(value).unwrap();
    plan.changes
        .iter()
        .map(|one| {
            format!(
                "{}: {} -> {}",
                one.path,
                text(&one.before),
                text(&one.after)
            )
        })
        .collect()
}

/// No step does what is never done.
fn assert_decent(thing: &Thing, plan: &Plan) {
    let text = serde_json::to_string(&plan.steps).unwrap();
    assert!(!text.contains("deploymentId"), "{text}");
    assert!(!text.contains(r#""dataTraceEnabled":true"#), "{text}");
    for line in lines(plan) {
        assert!(!line.ends_with("/logging/dataTrace true"), "{line}");
    }
    let kind = thing.api().and_then(|api| api.kind);
    if kind != Some(ApiType::WebSocket) {
        assert!(!text.contains("loggingLevel"), "{text}");
    }
}
