//! Our own writes among the events: told by the exact role, the session name and the ledger entry that
//! holds the same write.
//!
//! The session name of a write is the ledger id. Whatever else that role does is nobody's but an
//! attacker's.

use serde::Deserialize;
use serde_json::Value;

use super::ledger::{self, Entry};
use super::step::{PatchOperation, Step};
use crate::record::Record;
use crate::settings::decode;

/// How far the time of an event may lie from when the write was noted: the note comes first, and both
/// clocks may be off.
const BEFORE: i64 = 120;
const AFTER: i64 = 900;

/// The ledger id that a session is named after; `None` when it is named otherwise.
pub fn ledger_id(record: &Record) -> Option<&str> {
    let (_, session) = record.identity.arn.as_deref()?.rsplit_once('/')?;
    ledger::remediation(session).map(|_| session)
}

/// Whether the entry holds the write that the record shows.
pub fn accounts_for(entry: &Entry, record: &Record) -> bool {
    let time = record.time.as_second();
    entry.thing.account == record.account
        && entry.thing.region == record.region
        && entry.writes.iter().any(|write| {
            (write.at - BEFORE..=write.at + AFTER).contains(&time) && shows(record, &write.step)
        })
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Request {
    rest_api_id: Option<String>,
    api_id: Option<String>,
    stage_name: Option<String>,
    update_stage_input: Option<Patch>,
    update_rest_api_input: Option<Patch>,
    update_account_input: Option<Patch>,
    create_deployment_input: Option<Deployment>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Patch {
    patch_operations: Vec<PatchOperation>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Deployment {
    stage_name: Option<String>,
    description: Option<String>,
}

/// Whether the record is of this call with these parameters and no others that matter.
fn shows(record: &Record, step: &Step) -> bool {
    let Some(json) = record.request.json() else {
        return false;
    };
    let Ok(request) = serde_json::from_str::<Request>(json) else {
        return false;
    };
    if record.name != step.event_name() {
        return false;
    }
    let is_patch = |input: &Option<Patch>, operations: &[PatchOperation]| {
        let input = input.as_ref();
        input.is_some_and(|input| is_same_patch(&input.patch_operations, operations))
    };
    let is_api = |id: &String| request.rest_api_id.as_ref() == Some(id);
    match step {
        Step::UpdateStage {
            rest_api_id,
            stage_name,
            patch_operations,
        } => {
            is_api(rest_api_id)
                && request.stage_name.as_ref() == Some(stage_name)
                && is_patch(&request.update_stage_input, patch_operations)
        }
        Step::UpdateRestApi {
            rest_api_id,
            patch_operations,
        } => is_api(rest_api_id) && is_patch(&request.update_rest_api_input, patch_operations),
        Step::UpdateAccount { patch_operations } => {
            is_patch(&request.update_account_input, patch_operations)
        }
        Step::CreateDeployment {
            rest_api_id,
            stage_name,
            description,
        } => {
            let input = request.create_deployment_input.as_ref();
            is_api(rest_api_id)
                && input.is_some_and(|input| {
                    input.stage_name.as_ref() == Some(stage_name)
                        && input.description.as_ref() == Some(description)
                })
        }
        Step::UpdateV2Stage {
            api_id,
            stage_name,
            update,
        } => {
            request.api_id.as_ref() == Some(api_id)
                && request.stage_name.as_deref().map(decode).as_ref() == Some(stage_name)
                && serde_json::to_value(update).is_ok_and(|update| is_v2_body(json, &update))
        }
    }
}

/// The same operations in the same order; an empty value may be left out.
fn is_same_patch(a: &[PatchOperation], b: &[PatchOperation]) -> bool {
    let value = |operation: &PatchOperation| operation.value.clone().unwrap_or_default();
    a.len() == b.len()
        && a.iter()
            .zip(b)
            .all(|(a, b)| a.op == b.op && a.path == b.path && value(a) == value(b))
}

/// Every member that we send is in the request as we send it, and no other besides the names.
fn is_v2_body(json: &str, update: &Value) -> bool {
    let Ok(Value::Object(mut request)) = serde_json::from_str(json) else {
        return false;
    };
    for name in ["apiId", "stageName"] {
        request.remove(name);
    }
    request.retain(|_, value| !value.is_null());
    same(&Value::Object(request), update)
}

/// Equal but for how numbers are written.
fn same(a: &Value, b: &Value) -> bool {
    match (a, b) {
        (Value::Number(a), Value::Number(b)) => a.as_f64() == b.as_f64(),
        (Value::Object(a), Value::Object(b)) => {
            a.len() == b.len()
                && a.iter()
                    .all(|(name, value)| b.get(name).is_some_and(|other| same(value, other)))
        }
        (Value::Array(a), Value::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| same(a, b))
        }
        _ => a == b,
    }
}
