//! What a record did to API Gateway, typed: the only place that looks into `requestParameters`.
//!
//! REST calls carry JSON Patch under `<operation>Input`, HTTP and WebSocket calls flat members; both
//! become the same variants. Operations that no rule reads give no change; which and why stands in
//! [`crate::operations`].

mod rest;
mod v2;

use serde::{Deserialize, Serialize, de::IgnoredAny};

use crate::ports::Live;
use crate::record::{Body, Record};
use crate::settings::{
    self, AccountSettings, ApiSettings, FieldError, LogLevel, Object, Scope, StageSettings, plain,
};

/// A record that is ours and cannot be understood.
#[derive(Debug, thiserror::Error)]
#[error("field `{field}`: {}", plain(source))]
pub struct ChangeError {
    /// Path of the member, such as `requestParameters.stageName`.
    pub field: String,
    /// What the parser found.
    #[source]
    pub source: serde_json::Error,
}

impl ChangeError {
    fn of(body: &str, error: FieldError) -> Self {
        let FieldError { field, source } = error.inside(body);
        Self { field, source }
    }

    /// Reading the same record again gives the same answer.
    pub fn is_retryable(&self) -> bool {
        false
    }
}

/// The kind of an API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum ApiType {
    /// REST API (service model `apigateway`, v1).
    Rest,
    /// HTTP API (service model `apigatewayv2`).
    Http,
    /// WebSocket API (service model `apigatewayv2`).
    WebSocket,
}

impl ApiType {
    /// Reads `protocolType` of the v2 service model.
    fn of_protocol(protocol: &str) -> Option<Self> {
        match protocol {
            "HTTP" => Some(Self::Http),
            "WEBSOCKET" => Some(Self::WebSocket),
            _ => None,
        }
    }
}

/// An API as far as one record names it. Members are `None` where the record cannot tell.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ApiRef {
    /// `restApiId` or `apiId`.
    pub id: Option<String>,
    /// REST, HTTP or WEBSOCKET.
    #[serde(rename = "type")]
    pub kind: Option<ApiType>,
    /// Its name, chosen by its owner.
    pub name: Option<String>,
}

/// What the change was made to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Target {
    /// `None` for a change to the account.
    pub api: Option<ApiRef>,
    /// Name of the stage, percent-decoded.
    pub stage: Option<String>,
    /// The CloudFormation stack that owns it, where the response shows its tags.
    pub stack: Option<String>,
}

/// How much of what was done the record shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Every edit is there.
    Full,
    /// Parameters are missing or were cut off: anything may have been changed.
    Missing,
}

/// One change, named after what happened.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub enum Change {
    /// Settings of a stage were edited.
    StageUpdated(StageUpdate),
    /// A stage was made; one of that name may have stood before.
    StageCreated(StageCreation),
    /// Settings of an API were edited.
    ApiUpdated(ApiUpdate),
    /// The whole definition was replaced by a document that is not looked into.
    ApiDefinitionReplaced(ApiUpdate),
    /// An API was made.
    ApiCreated(Target),
    /// An API was deleted.
    ApiDeleted(Target),
    /// The account's settings for API Gateway in this Region were edited.
    AccountUpdated(AccountUpdate),
    /// Something else that no rule compares; who did it may matter all the same.
    Other(Target),
}

/// Edits of a stage, in the order in which they apply.
#[derive(Debug, Clone)]
pub struct StageUpdate {
    /// The stage.
    pub target: Target,
    /// Whether `edits` is everything.
    pub detail: Detail,
    /// What was asked for.
    pub edits: Vec<Edit<StageEdit>>,
    /// The stage afterwards, where the record shows it.
    pub after: Option<StageSettings>,
}

/// A stage that was made.
#[derive(Debug, Clone)]
pub struct StageCreation {
    /// The stage.
    pub target: Target,
    /// Its settings, from the response or else from the request.
    pub after: StageSettings,
}

/// Edits of an API.
#[derive(Debug, Clone)]
pub struct ApiUpdate {
    /// The API.
    pub target: Target,
    /// Whether `edits` is everything.
    pub detail: Detail,
    /// What was asked for.
    pub edits: Vec<Edit<ApiEdit>>,
    /// The API afterwards, where the record shows it.
    pub after: Option<ApiSettings>,
}

/// Edits of the account.
#[derive(Debug, Clone)]
pub struct AccountUpdate {
    /// Whether `edits` is everything.
    pub detail: Detail,
    /// The CloudWatch role that was asked for, last one last; `None` clears it.
    pub edits: Vec<Edit<Option<String>>>,
    /// The account afterwards, where the record shows it.
    pub after: Option<AccountSettings>,
}

/// One edit and where the record has it.
#[derive(Debug, Clone, PartialEq)]
pub struct Edit<T> {
    /// The path as the record spells it, or a JSON pointer to the member.
    pub path: String,
    /// What it does.
    pub what: T,
}

/// What an edit does to a stage.
#[derive(Debug, Clone, PartialEq)]
pub enum StageEdit {
    /// Sets the level of execution logging.
    Level(Scope, LogLevel),
    /// Removes the settings of a scope whole: logging, metrics, throttling and caching.
    Removed(Scope),
    /// Writes settings of a route and leaves the level out.
    WrittenWithoutLevel(Scope),
    /// Replaces all method settings by something that is not shown.
    AllReplaced,
    /// Sends access logs elsewhere; `None` clears the destination.
    AccessLogDestination(Option<String>),
    /// Writes access logs in another form; `None` clears it.
    AccessLogFormat(Option<String>),
    /// Removes access logging.
    AccessLogsRemoved,
    /// Names access logging without saying what it becomes (`accessLogSettings: {}`).
    AccessLogsUnclear,
    /// Sets the steady request rate; `None` lifts the limit.
    RateLimit(Scope, Option<f64>),
    /// Sets the burst of requests; `None` lifts the limit.
    BurstLimit(Scope, Option<f64>),
    /// Another setting.
    Other,
}

/// What an edit does to an API.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApiEdit {
    /// Sets the endpoint type.
    EndpointType {
        /// What the path names: the old type as CloudFormation writes it, an index, or anything.
        from: Option<String>,
        /// The new type.
        to: String,
    },
    /// Switches the default `execute-api` endpoint off (`true`) or on.
    ExecuteApiDisabled(bool),
    /// Another setting.
    Other,
}

impl Change {
    /// Types a record. `None` when it is not API Gateway's, failed, or changes nothing a rule reads.
    ///
    /// # Errors
    /// When a member of a body that is read has the wrong type.
    pub fn from_record(record: &Record) -> Result<Option<Self>, ChangeError> {
        if !record.is_api_gateway_success() {
            return Ok(None);
        }
        let change = match record.name.as_str() {
            "UpdateStage" if v2::is_v2(record)? => v2::update_stage(record)?,
            "UpdateStage" => rest::update_stage(record)?,
            "CreateStage" if v2::is_v2(record)? => v2::create_stage(record)?,
            "CreateStage" => rest::create_stage(record)?,
            "UpdateRestApi" => rest::update_api(record)?,
            "PutRestApi" => rest::put_api(record)?,
            "CreateRestApi" | "ImportRestApi" => Self::ApiCreated(rest::created_api(record)?),
            "DeleteRestApi" => Self::ApiDeleted(rest::target(record)?),
            "UpdateAccount" => rest::update_account(record)?,
            "DeleteAccessLogSettings" => v2::delete_access_log(record)?,
            "DeleteRouteSettings" => v2::delete_route_settings(record)?,
            "UpdateApi" => v2::update_api(record)?,
            "ReimportApi" => v2::reimport_api(record)?,
            "CreateApi" | "ImportApi" => Self::ApiCreated(v2::created_api(record)?),
            "DeleteApi" => Self::ApiDeleted(v2::target(record)?),
            _ => return Ok(None),
        };
        Ok(Some(change))
    }

    /// The same for a call whose caller matters, whatever it changed. `None` for reads.
    ///
    /// # Errors
    /// As [`Change::from_record`].
    pub fn of_any_call(record: &Record) -> Result<Option<Self>, ChangeError> {
        let is_change = record.is_api_gateway_success() && record.read_only != Some(true);
        match Self::from_record(record)? {
            None if is_change => Ok(Some(Self::Other(any_target(record)?))),
            typed => Ok(typed),
        }
    }

    /// Whether the record shows neither what was asked for nor what came of it, so that only a look
    /// at the live state can tell.
    pub fn is_unseen(&self) -> bool {
        match self {
            Self::StageUpdated(update) => {
                update.detail == Detail::Missing && update.after.is_none()
            }
            Self::ApiUpdated(update) | Self::ApiDefinitionReplaced(update) => {
                update.detail == Detail::Missing && update.after.is_none()
            }
            Self::AccountUpdated(update) => {
                update.detail == Detail::Missing && update.after.is_none()
            }
            _ => false,
        }
    }

    /// Takes the live state for the state after the change, where the record shows none.
    pub fn seen_live(&mut self, live: Live) {
        match self {
            Self::StageUpdated(update) => update.after = update.after.take().or(live.stage),
            Self::ApiUpdated(update) | Self::ApiDefinitionReplaced(update) => {
                update.after = update.after.take().or(live.api);
            }
            Self::AccountUpdated(update) => update.after = update.after.take().or(live.account),
            _ => {}
        }
    }

    /// What it was made to.
    pub fn target(&self) -> Target {
        match self {
            Self::StageUpdated(update) => update.target.clone(),
            Self::StageCreated(creation) => creation.target.clone(),
            Self::ApiUpdated(update) | Self::ApiDefinitionReplaced(update) => update.target.clone(),
            Self::ApiCreated(target) | Self::ApiDeleted(target) | Self::Other(target) => {
                target.clone()
            }
            Self::AccountUpdated(_) => Target::default(),
        }
    }
}

fn any_target(record: &Record) -> Result<Target, ChangeError> {
    if v2::is_v2(record)? {
        v2::target(record)
    } else {
        rest::target(record)
    }
}

/// Reads `requestParameters`; `None` when there are none.
fn request<'a, T: Deserialize<'a>>(record: &'a Record) -> Result<Option<T>, ChangeError> {
    read(&record.request, "requestParameters")
}

/// Reads `responseElements`; `None` when there are none.
fn response<'a, T: Deserialize<'a>>(record: &'a Record) -> Result<Option<T>, ChangeError> {
    read(&record.response, "responseElements")
}

fn read<'a, T: Deserialize<'a>>(
    body: &'a Body,
    name: &'static str,
) -> Result<Option<T>, ChangeError> {
    let Some(json) = body.json() else {
        return Ok(None);
    };
    let value = settings::fields(json).map_err(|error| ChangeError::of(name, error))?;
    Ok(Some(value))
}

/// Reads the settings after the call with one of the parsers of [`crate::settings`].
fn after<T>(
    record: &Record,
    parse: impl Fn(&str) -> Result<T, FieldError>,
) -> Result<Option<T>, ChangeError> {
    let parsed = record.response.json().map(parse).transpose();
    parsed.map_err(|error| ChangeError::of("responseElements", error))
}

/// The stage after the call.
fn stage_after(record: &Record) -> Result<Option<StageSettings>, ChangeError> {
    Ok(after(record, settings::stage)?.flatten())
}

/// Tells the two service models apart where they share a name: a REST request always has the
/// member `template`, or else a path parameter or wrapper of its own (in every real record).
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Model {
    template: Option<IgnoredAny>,
    rest_api_id: Option<IgnoredAny>,
    update_stage_input: Option<IgnoredAny>,
    create_stage_input: Option<IgnoredAny>,
}

impl Model {
    fn is_rest(&self) -> bool {
        self.template.is_some()
            || self.rest_api_id.is_some()
            || self.update_stage_input.is_some()
            || self.create_stage_input.is_some()
    }
}

/// What a response says about the thing it describes, whichever it is.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Described {
    id: Option<String>,
    api_id: Option<String>,
    name: Option<String>,
    stage_name: Option<String>,
    protocol_type: Option<String>,
    /// Read member by member: a redacted map is a string.
    tags: serde_json::Value,
    /// The HAL link of a REST resource to itself, which repeats the path parameters.
    #[serde(rename = "self")]
    link: Option<Object<Link>>,
}

impl Described {
    fn stack(&self) -> Option<String> {
        let name = self.tags.get("aws:cloudformation:stack-name")?;
        name.as_str().map(str::to_owned)
    }
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Link {
    rest_api_id: Option<String>,
}

#[cfg(test)]
mod tests;
