//! REST APIs (service model `apigateway`): JSON Patch in `<operation>Input.patchOperations`.
//!
//! Paths are read leniently, from the right, in any case and with or without the leading slash,
//! because API Gateway itself accepts several spellings of one setting.

use serde::Deserialize;

use super::{
    AccountUpdate, ApiEdit, ApiRef, ApiType, ApiUpdate, Change, ChangeError, Described, Detail,
    Edit, StageCreation, StageEdit, StageUpdate, Target, after, request, response, stage_after,
};
use crate::record::Record;
use crate::settings::{self, Execution, LogLevel, Object, Scope, StageSettings};

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Request {
    rest_api_id: Option<String>,
    stage_name: Option<String>,
    update_stage_input: Option<Object<Input>>,
    create_stage_input: Option<Object<Input>>,
    update_rest_api_input: Option<Object<Input>>,
    create_rest_api_input: Option<Object<Input>>,
    update_account_input: Option<Object<Input>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Input {
    name: Option<String>,
    stage_name: Option<String>,
    patch_operations: Option<Vec<Object<Operation>>>,
}

/// One JSON Patch operation. Values are strings, also of numbers and booleans.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Operation {
    op: Option<String>,
    path: Option<String>,
    value: Option<String>,
}

/// What an operation asks for, whatever its spelling.
enum Ask<'a> {
    /// `add` or `replace` with a value; none at all, or an empty one, clears.
    Set(Option<&'a str>),
    Remove,
    /// `copy` or `move`: the value stands elsewhere in the resource.
    Unclear,
}

impl Operation {
    fn ask(&self) -> Option<Ask<'_>> {
        let op = self.op.as_deref().unwrap_or("replace").to_ascii_lowercase();
        match op.as_str() {
            "test" => None,
            "remove" => Some(Ask::Remove),
            "copy" | "move" => Some(Ask::Unclear),
            _ => Some(Ask::Set(
                self.value.as_deref().filter(|value| !value.is_empty()),
            )),
        }
    }
}

/// The API and stage that a request names, filled up from the response.
pub(super) fn target(record: &Record) -> Result<Target, ChangeError> {
    let request: Request = request(record)?.unwrap_or_default();
    let described: Described = response(record)?.unwrap_or_default();
    let stack = described.stack();
    let link = described.link.and_then(|Object(link)| link.rest_api_id);
    let is_stage = described.stage_name.is_some();
    let stage = request
        .stage_name
        .or_else(|| {
            request
                .create_stage_input
                .and_then(|Object(input)| input.stage_name)
        })
        .or(described.stage_name);
    Ok(Target {
        api: Some(ApiRef {
            id: request
                .rest_api_id
                .or(if is_stage { link } else { described.id }),
            kind: Some(ApiType::Rest),
            name: described.name.or_else(|| {
                request
                    .create_rest_api_input
                    .and_then(|Object(input)| input.name)
            }),
        }),
        stage,
        stack,
    })
}

/// `CreateRestApi`, `ImportRestApi`: the id stands in the response only.
pub(super) fn created_api(record: &Record) -> Result<Target, ChangeError> {
    target(record)
}

pub(super) fn update_stage(record: &Record) -> Result<Change, ChangeError> {
    let request: Request = request(record)?.unwrap_or_default();
    let (mut detail, edits) = edits(request.update_stage_input, stage_edit);
    if edits.iter().any(|edit| edit.what == StageEdit::AllReplaced) {
        detail = Detail::Missing;
    }
    let mut target = target(record)?;
    if record.request.json().is_none() {
        // Without parameters even the service model is unknown.
        target.api = target
            .api
            .map(|api| ApiRef { kind: None, ..api })
            .filter(|api| api.id.is_some());
    }
    Ok(Change::StageUpdated(StageUpdate {
        target,
        detail,
        edits,
        after: stage_after(record)?,
    }))
}

/// A REST stage is always made without method settings and access logs: the call has no member
/// for them.
pub(super) fn create_stage(record: &Record) -> Result<Change, ChangeError> {
    Ok(Change::StageCreated(StageCreation {
        target: target(record)?,
        after: stage_after(record)?.unwrap_or_else(|| StageSettings {
            execution: Some(Execution {
                inherits: true,
                ..Execution::default()
            }),
            access_log: None,
        }),
    }))
}

pub(super) fn update_api(record: &Record) -> Result<Change, ChangeError> {
    let request: Request = request(record)?.unwrap_or_default();
    let (detail, edits) = edits(request.update_rest_api_input, api_edit);
    Ok(Change::ApiUpdated(ApiUpdate {
        target: target(record)?,
        detail,
        edits,
        after: after(record, settings::api)?,
    }))
}

pub(super) fn put_api(record: &Record) -> Result<Change, ChangeError> {
    Ok(Change::ApiDefinitionReplaced(ApiUpdate {
        target: target(record)?,
        detail: Detail::Missing,
        edits: Vec::new(),
        after: after(record, settings::api)?,
    }))
}

pub(super) fn update_account(record: &Record) -> Result<Change, ChangeError> {
    let request: Request = request(record)?.unwrap_or_default();
    let (detail, edits) = edits(request.update_account_input, role_edit);
    Ok(Change::AccountUpdated(AccountUpdate {
        detail,
        edits: edits
            .into_iter()
            .filter_map(|edit| {
                Some(Edit {
                    path: edit.path,
                    what: edit.what?,
                })
            })
            .collect(),
        after: after(record, settings::account)?,
    }))
}

/// Types every operation of an input; a missing input or list means that something is not shown.
fn edits<T>(
    input: Option<Object<Input>>,
    edit: impl Fn(&[&str], Ask<'_>) -> T,
) -> (Detail, Vec<Edit<T>>) {
    let Some(operations) = input.and_then(|Object(input)| input.patch_operations) else {
        return (Detail::Missing, Vec::new());
    };
    let edits = operations.iter().filter_map(|Object(operation)| {
        let path = operation.path.as_deref().unwrap_or_default();
        let segments: Vec<&str> = path.strip_prefix('/').unwrap_or(path).split('/').collect();
        Some(Edit {
            path: path.to_owned(),
            what: edit(&segments, operation.ask()?),
        })
    });
    (Detail::Full, edits.collect())
}

/// Heads of paths that are no method: two segments and `remove` would look like one.
const NOT_METHODS: &[&str] = &["variables", "canarysettings", "accesslogsettings"];

fn stage_edit(segments: &[&str], ask: Ask<'_>) -> StageEdit {
    let lower: Vec<String> = segments
        .iter()
        .map(|segment| segment.to_ascii_lowercase())
        .collect();
    let lower: Vec<&str> = lower.iter().map(String::as_str).collect();
    match (lower.as_slice(), &ask) {
        (["methodsettings"], _) => StageEdit::AllReplaced,
        (["accesslogsettings"], Ask::Remove) => StageEdit::AccessLogsRemoved,
        (["accesslogsettings"], _) => StageEdit::AccessLogsUnclear,
        (["accesslogsettings", member], ask) => access_log_edit(member, ask),
        ([head, ..], _) if NOT_METHODS.contains(head) => StageEdit::Other,
        ([.., group, setting], _) if segments.len() > 2 && is_group(group) => {
            let key = segments.len() - 2;
            method_edit(scope(segments.iter().take(key)), group, setting, &ask)
        }
        ([_, _, ..], Ask::Remove) => StageEdit::Removed(scope(segments.iter())),
        _ => StageEdit::Other,
    }
}

fn is_group(segment: &str) -> bool {
    matches!(segment, "logging" | "metrics" | "throttling" | "caching")
}

fn scope<'a>(segments: impl Iterator<Item = &'a &'a str>) -> Scope {
    let key: Vec<&str> = segments.copied().collect();
    // The long form names the member of the stage first.
    let key = match key.as_slice() {
        [head, rest @ ..] if head.eq_ignore_ascii_case("methodSettings") => rest.join("/"),
        key => key.join("/"),
    };
    Scope::of_method(&key)
}

fn access_log_edit(member: &str, ask: &Ask<'_>) -> StageEdit {
    let value = match ask {
        Ask::Set(value) => value.map(str::to_owned),
        Ask::Remove => None,
        Ask::Unclear => return StageEdit::AccessLogsUnclear,
    };
    match member {
        "destinationarn" => StageEdit::AccessLogDestination(value),
        "format" => StageEdit::AccessLogFormat(value),
        _ => StageEdit::Other,
    }
}

fn method_edit(scope: Scope, group: &str, setting: &str, ask: &Ask<'_>) -> StageEdit {
    let value = match ask {
        Ask::Set(value) => value.unwrap_or_default(),
        // A single field cannot be removed; were it ever, its scope would fall back to the default.
        Ask::Remove if group == "logging" => return StageEdit::Removed(scope),
        Ask::Unclear if group == "logging" => return StageEdit::AllReplaced,
        Ask::Remove | Ask::Unclear => return StageEdit::Other,
    };
    match (group, setting) {
        ("logging", "loglevel") => StageEdit::Level(scope, LogLevel::parse(value)),
        ("throttling", "ratelimit") => StageEdit::RateLimit(scope, limit(value)),
        ("throttling", "burstlimit") => StageEdit::BurstLimit(scope, limit(value)),
        _ => StageEdit::Other,
    }
}

/// `-1` lifts a limit; Terraform writes it by default.
fn limit(value: &str) -> Option<f64> {
    let limit = value.trim().parse().ok();
    limit.filter(|limit: &f64| *limit >= 0.0)
}

fn api_edit(segments: &[&str], ask: Ask<'_>) -> ApiEdit {
    let Ask::Set(value) = ask else {
        return ApiEdit::Other;
    };
    let value = value.unwrap_or_default().trim();
    let named = segments.iter().position(|segment| !segment.is_empty());
    let segments = segments.get(named.unwrap_or(0)..).unwrap_or_default();
    let is = |at: usize, name: &str| {
        segments
            .get(at)
            .is_some_and(|segment| segment.eq_ignore_ascii_case(name))
    };
    if is(0, "endpointConfiguration") && is(1, "types") {
        ApiEdit::EndpointType {
            from: segments.get(2).map(|from| from.to_ascii_uppercase()),
            to: value.to_ascii_uppercase(),
        }
    } else if is(0, "disableExecuteApiEndpoint") {
        ApiEdit::ExecuteApiDisabled(value.eq_ignore_ascii_case("true"))
    } else {
        ApiEdit::Other
    }
}

/// The role that an operation asks for; the outer `None` is an operation on something else.
fn role_edit(segments: &[&str], ask: Ask<'_>) -> Option<Option<String>> {
    let names_role = segments
        .first()
        .is_some_and(|first| first.eq_ignore_ascii_case("cloudwatchRoleArn"));
    match ask {
        _ if !names_role => None,
        Ask::Set(value) => Some(value.map(str::to_owned)),
        Ask::Remove => Some(None),
        Ask::Unclear => None,
    }
}
