//! HTTP and WebSocket APIs (service model `apigatewayv2`): path parameters and body side by side,
//! real JSON types, only the members that the caller sent.

use std::collections::BTreeMap;

use serde::Deserialize;

use super::{
    ApiEdit, ApiRef, ApiType, ApiUpdate, Change, ChangeError, Described, Detail, Edit, Model,
    StageCreation, StageEdit, StageUpdate, Target, after, request, response, stage_after,
};
use crate::record::Record;
use crate::settings::{self, AccessLog, LogLevel, Object, Scope, decode};

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Request {
    api_id: Option<String>,
    stage_name: Option<String>,
    route_key: Option<String>,
    name: Option<String>,
    protocol_type: Option<String>,
    disable_execute_api_endpoint: Option<bool>,
    access_log_settings: Option<Object<AccessLog>>,
    default_route_settings: Option<Object<RouteSettings>>,
    route_settings: Option<BTreeMap<String, Object<RouteSettings>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RouteSettings {
    logging_level: Option<String>,
    throttling_rate_limit: Option<f64>,
    throttling_burst_limit: Option<f64>,
}

/// Whether a call whose name both service models share is of this one.
pub(super) fn is_v2(record: &Record) -> Result<bool, ChangeError> {
    let model: Option<Model> = request(record)?;
    Ok(model.is_some_and(|model| !model.is_rest()))
}

/// The API and stage that a request names. Only some records tell whether it is HTTP or WebSocket.
pub(super) fn target(record: &Record) -> Result<Target, ChangeError> {
    let request: Request = request(record)?.unwrap_or_default();
    let described: Described = response(record)?.unwrap_or_default();
    let stack = described.stack();
    let protocol = request.protocol_type.or(described.protocol_type);
    let is_stage = described.stage_name.is_some();
    let name = described.name.filter(|_| !is_stage);
    Ok(Target {
        api: Some(ApiRef {
            id: request.api_id.or(described.api_id),
            kind: protocol.as_deref().and_then(ApiType::of_protocol),
            name: name.or(request.name),
        }),
        stage: request
            .stage_name
            .as_deref()
            .map(decode)
            .or(described.stage_name),
        stack,
    })
}

/// A route key of a method and a path belongs to an HTTP API, which has no execution logging;
/// `$connect` and `$disconnect` exist for WebSocket APIs only.
fn kind_of_route(key: &str) -> Option<ApiType> {
    match decode(key).as_str() {
        "$connect" | "$disconnect" => Some(ApiType::WebSocket),
        key if key.contains(" /") => Some(ApiType::Http),
        _ => None,
    }
}

fn with_kind(mut target: Target, kind: Option<ApiType>) -> Target {
    if let Some(api) = &mut target.api {
        api.kind = api.kind.or(kind);
    }
    target
}

/// `CreateApi`, and `ImportApi`, which makes HTTP APIs only.
pub(super) fn created_api(record: &Record) -> Result<Target, ChangeError> {
    let mut target = target(record)?;
    if record.name == "ImportApi" {
        target.api = target.api.map(|api| ApiRef {
            kind: api.kind.or(Some(ApiType::Http)),
            ..api
        });
    }
    Ok(target)
}

pub(super) fn update_stage(record: &Record) -> Result<Change, ChangeError> {
    let request: Request = request(record)?.unwrap_or_default();
    let routes = request.route_settings.iter().flatten();
    let kind = routes.filter_map(|(key, _)| kind_of_route(key)).next();
    Ok(Change::StageUpdated(StageUpdate {
        target: with_kind(target(record)?, kind),
        // Every call names its API: without it the parameters are not all there.
        detail: detail_of(&request),
        edits: stage_edits(request),
        after: stage_after(record)?,
    }))
}

/// Unlike a REST stage, one of these can be made with logging: the response shows it, else the
/// request, whose members are spelt alike.
pub(super) fn create_stage(record: &Record) -> Result<Change, ChangeError> {
    let stage = match stage_after(record)? {
        Some(stage) => Some(stage),
        None => record
            .request
            .json()
            .map(settings::stage)
            .transpose()
            .map_err(|error| ChangeError::of("requestParameters", error))?
            .flatten(),
    };
    let mut after = stage.unwrap_or_default();
    after.execution.get_or_insert_default();
    Ok(Change::StageCreated(StageCreation {
        target: target(record)?,
        after,
    }))
}

pub(super) fn delete_access_log(record: &Record) -> Result<Change, ChangeError> {
    Ok(Change::StageUpdated(StageUpdate {
        target: target(record)?,
        detail: Detail::Full,
        edits: vec![Edit {
            path: "/accessLogSettings".to_owned(),
            what: StageEdit::AccessLogsRemoved,
        }],
        after: None,
    }))
}

pub(super) fn delete_route_settings(record: &Record) -> Result<Change, ChangeError> {
    let request: Request = request(record)?.unwrap_or_default();
    let kind = request.route_key.as_deref().and_then(kind_of_route);
    let edits: Vec<_> = request
        .route_key
        .iter()
        .map(|key| Edit {
            path: format!("/routeSettings/{}", decode(key)),
            what: match kind {
                Some(ApiType::Http) => StageEdit::Other,
                _ => StageEdit::Removed(Scope::of_route(key)),
            },
        })
        .collect();
    Ok(Change::StageUpdated(StageUpdate {
        target: with_kind(target(record)?, kind),
        detail: if edits.is_empty() {
            Detail::Missing
        } else {
            Detail::Full
        },
        edits,
        after: None,
    }))
}

pub(super) fn update_api(record: &Record) -> Result<Change, ChangeError> {
    let request: Request = request(record)?.unwrap_or_default();
    let detail = detail_of(&request);
    let disabled = request.disable_execute_api_endpoint;
    Ok(Change::ApiUpdated(ApiUpdate {
        target: target(record)?,
        detail,
        edits: disabled
            .map(|disabled| Edit {
                path: "/disableExecuteApiEndpoint".to_owned(),
                what: ApiEdit::ExecuteApiDisabled(disabled),
            })
            .into_iter()
            .collect(),
        after: after(record, settings::api)?,
    }))
}

pub(super) fn reimport_api(record: &Record) -> Result<Change, ChangeError> {
    Ok(Change::ApiDefinitionReplaced(ApiUpdate {
        target: target(record)?,
        detail: Detail::Missing,
        edits: Vec::new(),
        after: after(record, settings::api)?,
    }))
}

fn detail_of(request: &Request) -> Detail {
    match request.api_id {
        Some(_) => Detail::Full,
        None => Detail::Missing,
    }
}

fn stage_edits(request: Request) -> Vec<Edit<StageEdit>> {
    let mut edits = Vec::new();
    if let Some(Object(log)) = request.access_log_settings {
        access_log_edits(log, &mut edits);
    }
    if let Some(Object(set)) = request.default_route_settings {
        route_edits(&Scope::Default, "/defaultRouteSettings", &set, &mut edits);
    }
    for (key, Object(set)) in request.route_settings.unwrap_or_default() {
        let path = format!("/routeSettings/{}", decode(&key));
        route_edits(&Scope::of_route(&key), &path, &set, &mut edits);
    }
    edits
}

/// An empty object, or one without a destination, does not say whether logging ends: Terraform
/// sends it to end logging, and one live test found that it changes nothing.
fn access_log_edits(log: AccessLog, edits: &mut Vec<Edit<StageEdit>>) {
    let mut push = |member: &str, what| {
        edits.push(Edit {
            path: format!("/accessLogSettings{member}"),
            what,
        });
    };
    let destination = log.destination_arn.filter(|arn| !arn.is_empty());
    let format = log.format.filter(|format| !format.is_empty());
    if destination.is_none() && format.is_none() {
        push("", StageEdit::AccessLogsUnclear);
    }
    if let Some(arn) = destination {
        push(
            "/destinationArn",
            StageEdit::AccessLogDestination(Some(arn)),
        );
    }
    if let Some(format) = format {
        push("/format", StageEdit::AccessLogFormat(Some(format)));
    }
}

fn route_edits(scope: &Scope, path: &str, set: &RouteSettings, edits: &mut Vec<Edit<StageEdit>>) {
    let mut push = |member: &str, what| {
        edits.push(Edit {
            path: format!("{path}{member}"),
            what,
        });
    };
    match &set.logging_level {
        Some(level) => push(
            "/loggingLevel",
            StageEdit::Level(scope.clone(), LogLevel::parse(level)),
        ),
        None => push("", StageEdit::WrittenWithoutLevel(scope.clone())),
    }
    if let Some(rate) = set.throttling_rate_limit {
        let what = StageEdit::RateLimit(scope.clone(), Some(rate));
        push("/throttlingRateLimit", what);
    }
    if let Some(burst) = set.throttling_burst_limit {
        let what = StageEdit::BurstLimit(scope.clone(), Some(burst));
        push("/throttlingBurstLimit", what);
    }
}
