//! The patch that brings a stage of a REST API from one state to another.

use super::fields::{self, Field, METHOD, NO_LIMIT, Row, key_path};
use crate::remediation::settings::{MethodSetting, RestStage};
use crate::remediation::step::{PatchOp, PatchOperation};
use crate::settings::AccessLog;

/// The patch from one state to another. `wanted` is corrected where something is never written: data
/// trace is off in every key that is written whole.
pub(super) fn patch(
    live: &RestStage,
    wanted: &mut RestStage,
    notes: &mut Vec<String>,
) -> Vec<PatchOperation> {
    let mut patch = Vec::new();
    for (key, set) in &live.method_settings {
        if !wanted.method_settings.contains_key(key) && has_settings(set) {
            patch.push(remove(key_path(key)));
        }
    }
    for (key, set) in &mut wanted.method_settings {
        key_patch(key, live.method_settings.get(key), set, notes, &mut patch);
    }
    let logs = [live, wanted].map(|stage| fields::access_log(stage.access_log_settings.as_ref()));
    access_patch(&logs, &mut patch);
    patch
}

fn has_settings(set: &MethodSetting) -> bool {
    METHOD.iter().any(|row| (row.get)(set).is_some())
}

fn key_patch(
    key: &str,
    live: Option<&MethodSetting>,
    wanted: &mut MethodSetting,
    notes: &mut Vec<String>,
    patch: &mut Vec<PatchOperation>,
) {
    let of_live = |row: &Row<MethodSetting>| live.and_then(row.get);
    // A single setting cannot be removed: the key goes and comes again without it. Limits can be lifted.
    let is_rebuilt = METHOD.iter().any(|row| {
        let is_limit = row.name.starts_with("throttling/");
        !is_limit && of_live(row).is_some() && (row.get)(wanted).is_none()
    });
    let is_kept = !is_rebuilt && live.is_some_and(|live| live.data_trace_enabled == Some(true));
    if wanted.data_trace_enabled == Some(true) && !is_kept {
        wanted.data_trace_enabled = Some(false);
        data_trace_off(key, live.and_then(|live| live.data_trace_enabled), notes);
    }
    if is_rebuilt {
        patch.push(remove(key_path(key)));
    }
    for row in METHOD {
        let from = of_live(row).filter(|_| !is_rebuilt);
        let to = (row.get)(wanted);
        if from == to {
            continue;
        }
        patch.push(replace(
            format!("{}/{}", key_path(key), row.name),
            to.unwrap_or_else(|| NO_LIMIT.to_owned()),
        ));
    }
}

/// Why data trace is not brought back.
pub(super) fn data_trace_note(key: &str) -> String {
    format!("data trace of `{key}` was on and stays off: it writes bodies and tokens to the log")
}

/// Says that data trace, which is wanted on, is off after the write; `live`: what it is before it.
pub(super) fn data_trace_off(key: &str, live: Option<bool>, notes: &mut Vec<String>) {
    let note = match live {
        Some(true) => format!(
            "data trace of `{key}` is on and is switched off by this write: Portcullis never writes \
             data trace on"
        ),
        _ => data_trace_note(key),
    };
    if !notes.contains(&note) {
        notes.push(note);
    }
}

fn access_patch(logs: &[Option<AccessLog>; 2], patch: &mut Vec<PatchOperation>) {
    let [live, wanted] = logs;
    let (mut live, wanted) = (live.clone().unwrap_or_default(), wanted.as_ref());
    let is_format_cleared =
        live.format.is_some() && wanted.is_none_or(|wanted| wanted.format.is_none());
    if live.is_on() && (wanted.is_none() || is_format_cleared) {
        patch.push(remove("/accessLogSettings".to_owned()));
        live = AccessLog::default();
    }
    let wanted = wanted.cloned().unwrap_or_default();
    let members = [
        (
            Field::Destination,
            live.destination_arn,
            wanted.destination_arn,
        ),
        (Field::Format, live.format, wanted.format),
    ];
    for (field, from, to) in members {
        if let Some(to) = to.filter(|to| from.as_ref() != Some(to)) {
            patch.push(replace(field.path(), to));
        }
    }
}

pub(super) fn replace(path: String, value: String) -> PatchOperation {
    PatchOperation {
        op: PatchOp::Replace,
        path,
        value: Some(value),
    }
}

fn remove(path: String) -> PatchOperation {
    PatchOperation {
        op: PatchOp::Remove,
        path,
        value: None,
    }
}
