//! Settings of a stage, an API and an account, as far as rules compare them.
//!
//! One parser reads them from AWS's own JSON: the `responseElements` of a record (the state after
//! the call) and the `settings` of a baseline (the state before). HAL links and every member that no
//! rule reads are passed over.

use std::collections::BTreeMap;
use std::fmt;
use std::marker::PhantomData;

use percent_encoding::percent_decode_str;
use serde::de::value::MapAccessDeserializer;
use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

use crate::record::flag;

/// Level of execution logging. `Other` is a level that API Gateway may add: logged, not comparable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogLevel {
    /// Nothing is logged.
    Off,
    /// Errors only.
    Error,
    /// Errors and the steps of every request.
    Info,
    /// A level that is not known here.
    Other,
}

impl LogLevel {
    /// Reads a level in any case; nothing at all means that nothing is logged.
    pub fn parse(text: &str) -> Self {
        match text.trim().to_ascii_uppercase().as_str() {
            "" | "OFF" => Self::Off,
            "ERROR" => Self::Error,
            "INFO" => Self::Info,
            _ => Self::Other,
        }
    }

    /// AWS's spelling.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "OFF",
            Self::Error => "ERROR",
            Self::Info => "INFO",
            Self::Other => "another level",
        }
    }

    /// Whether anything is logged at this level.
    pub fn is_logged(self) -> bool {
        self != Self::Off
    }
}

/// What a group of stage settings applies to.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Every method or route without settings of its own: `*/*`, or the default route settings.
    Default,
    /// One method of a REST API (`GET /pets`) or one route (`$connect`).
    One(String),
}

impl Scope {
    /// Reads a REST method-settings key in any of its spellings: `~1pets/GET`, `pets/GET`, `*/*`.
    /// The last segment is the HTTP method, the rest the resource path (RFC 6901 escapes).
    pub fn of_method(key: &str) -> Self {
        let (resource, method) = key.rsplit_once('/').unwrap_or((key, "*"));
        let path = resource.replace("~1", "/").replace("~0", "~");
        let path = path.trim_matches('/');
        if path == "*" && method == "*" {
            return Self::Default;
        }
        Self::One(format!("{} /{path}", method.to_ascii_uppercase()))
    }

    /// Reads a route key, which requests carry percent-encoded (`%24connect`).
    pub fn of_route(key: &str) -> Self {
        Self::One(decode(key))
    }

    /// How a person would call it.
    pub fn describe(&self) -> String {
        match self {
            Self::Default => "every method or route without settings of its own".to_owned(),
            Self::One(name) => format!("`{name}`"),
        }
    }
}

/// Undoes the percent-encoding of URI labels: `$default` is logged as `%24default` in updates.
pub fn decode(label: &str) -> String {
    percent_decode_str(label).decode_utf8_lossy().into_owned()
}

/// The settings of one scope. A member that is `None` is not set.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct MethodSettings {
    /// Execution logging.
    pub level: Option<LogLevel>,
    /// Steady requests per second.
    pub rate_limit: Option<f64>,
    /// Requests at once.
    pub burst_limit: Option<f64>,
}

/// Where access logs go, and in which form.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AccessLog {
    /// ARN of a log group or a Firehose stream.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination_arn: Option<String>,
    /// The line to write, with `$context` variables.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
}

impl AccessLog {
    /// Logs are written only where there is a destination.
    pub fn is_on(&self) -> bool {
        self.destination_arn
            .as_deref()
            .is_some_and(|arn| !arn.is_empty())
    }
}

/// Execution settings by scope.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Execution {
    /// By scope; [`Scope::Default`] may be absent.
    pub scopes: BTreeMap<Scope, MethodSettings>,
    /// Whether a scope that leaves the level out takes that of the default. A REST method does;
    /// a route's settings replace the default ones whole (terraform-aws-apigateway-v2 #78).
    pub inherits: bool,
}

impl Execution {
    /// The level that holds for a scope.
    pub fn level(&self, scope: &Scope) -> LogLevel {
        let default = self.scopes.get(&Scope::Default).and_then(|set| set.level);
        let level = match self.scopes.get(scope) {
            Some(own) if self.inherits => own.level.or(default),
            Some(own) => own.level,
            None => default,
        };
        level.unwrap_or(LogLevel::Off)
    }

    /// Whether every scope logs at least errors.
    pub fn is_fully_logged(&self) -> bool {
        self.level(&Scope::Default).is_logged()
            && self
                .scopes
                .keys()
                .all(|scope| self.level(scope).is_logged())
    }
}

/// A stage.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct StageSettings {
    /// `None` when the source does not tell.
    pub execution: Option<Execution>,
    /// `None` when no access log is written.
    pub access_log: Option<AccessLog>,
}

impl StageSettings {
    /// Whether execution or access logging is on anywhere.
    pub fn is_logged(&self) -> bool {
        let execution = self.execution.as_ref().is_some_and(|execution| {
            execution
                .scopes
                .keys()
                .any(|scope| execution.level(scope).is_logged())
        });
        execution || self.access_log.is_some()
    }
}

/// An API. A member that is `None` is unknown.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ApiSettings {
    /// `PRIVATE`, `REGIONAL` or `EDGE`; HTTP and WebSocket APIs have none.
    pub endpoint_types: Option<Vec<String>>,
    /// `disableExecuteApiEndpoint`.
    pub execute_api_disabled: Option<bool>,
}

impl ApiSettings {
    /// Whether the API can be reached through VPC endpoints only.
    pub fn is_private(&self) -> Option<bool> {
        let types = self.endpoint_types.as_ref()?;
        Some(
            types
                .iter()
                .any(|kind| kind.eq_ignore_ascii_case("PRIVATE")),
        )
    }
}

/// The settings of API Gateway for an account in a Region.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AccountSettings {
    /// Role that writes execution logs; `None` when there is none, and so no execution log.
    pub cloudwatch_role_arn: Option<String>,
}

/// A stage as `GetStage` of either service model answers it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct StageWire {
    stage_name: Option<String>,
    deployment_id: Option<String>,
    method_settings: Option<BTreeMap<String, Object<MethodWire>>>,
    default_route_settings: Option<Object<MethodWire>>,
    route_settings: Option<BTreeMap<String, Object<MethodWire>>>,
    access_log_settings: Option<Object<AccessLog>>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase")]
struct MethodWire {
    logging_level: Option<String>,
    throttling_rate_limit: Option<f64>,
    throttling_burst_limit: Option<f64>,
}

impl From<MethodWire> for MethodSettings {
    fn from(wire: MethodWire) -> Self {
        Self {
            level: wire.logging_level.as_deref().map(LogLevel::parse),
            rate_limit: wire.throttling_rate_limit,
            burst_limit: wire.throttling_burst_limit,
        }
    }
}

impl StageWire {
    fn is_stage(&self) -> bool {
        self.stage_name.is_some()
            || self.deployment_id.is_some()
            || self.method_settings.is_some()
            || self.default_route_settings.is_some()
            || self.route_settings.is_some()
            || self.access_log_settings.is_some()
    }

    fn execution(
        methods: Option<BTreeMap<String, Object<MethodWire>>>,
        default: Option<Object<MethodWire>>,
        routes: Option<BTreeMap<String, Object<MethodWire>>>,
    ) -> Option<Execution> {
        if let Some(methods) = methods {
            let scopes = methods
                .into_iter()
                .map(|(key, Object(set))| (Scope::of_method(&key), set.into()));
            return Some(Execution {
                scopes: scopes.collect(),
                inherits: true,
            });
        }
        if default.is_none() && routes.is_none() {
            return None;
        }
        let mut scopes: BTreeMap<Scope, MethodSettings> = routes
            .unwrap_or_default()
            .into_iter()
            .map(|(key, Object(set))| (Scope::of_route(&key), set.into()))
            .collect();
        if let Some(Object(default)) = default {
            scopes.insert(Scope::Default, default.into());
        }
        Some(Execution {
            scopes,
            inherits: false,
        })
    }
}

/// Reads a stage; `None` when the object is none.
///
/// # Errors
/// When a member that is read has the wrong type.
pub fn stage(json: &str) -> Result<Option<StageSettings>, FieldError> {
    let wire: StageWire = fields(json)?;
    if !wire.is_stage() {
        return Ok(None);
    }
    Ok(Some(StageSettings {
        execution: StageWire::execution(
            wire.method_settings,
            wire.default_route_settings,
            wire.route_settings,
        ),
        access_log: wire
            .access_log_settings
            .map(|Object(log)| log)
            .filter(AccessLog::is_on),
    }))
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct ApiWire {
    endpoint_configuration: Option<Object<EndpointWire>>,
    #[serde(default, deserialize_with = "optional_flag")]
    disable_execute_api_endpoint: Option<bool>,
}

#[derive(Deserialize)]
struct EndpointWire {
    types: Option<Vec<String>>,
}

fn optional_flag<'de, D: Deserializer<'de>>(from: D) -> Result<Option<bool>, D::Error> {
    #[derive(Deserialize)]
    struct Wrapped(#[serde(deserialize_with = "flag")] bool);
    Ok(Option::<Wrapped>::deserialize(from)?.map(|Wrapped(value)| value))
}

/// Reads an API.
///
/// # Errors
/// When a member that is read has the wrong type.
pub fn api(json: &str) -> Result<ApiSettings, FieldError> {
    let wire: ApiWire = fields(json)?;
    Ok(ApiSettings {
        endpoint_types: wire
            .endpoint_configuration
            .and_then(|Object(end)| end.types),
        execute_api_disabled: wire.disable_execute_api_endpoint,
    })
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct AccountWire {
    cloudwatch_role_arn: Option<String>,
}

/// Reads the account's settings; an empty role is none.
///
/// # Errors
/// When a member that is read has the wrong type.
pub fn account(json: &str) -> Result<AccountSettings, FieldError> {
    let wire: AccountWire = fields(json)?;
    Ok(AccountSettings {
        cloudwatch_role_arn: wire.cloudwatch_role_arn.filter(|arn| !arn.is_empty()),
    })
}

/// A member of a body that has the wrong type.
#[derive(Debug, thiserror::Error)]
#[error("{}{}", prefix(field), plain(source))]
pub struct FieldError {
    /// Path inside the body, such as `methodSettings.*/*.loggingLevel`; empty for the body itself.
    pub field: String,
    /// What the parser found.
    #[source]
    pub source: serde_json::Error,
}

impl FieldError {
    /// The same error, seen from outside.
    pub(crate) fn inside(self, outer: &str) -> Self {
        let field = match self.field.as_str() {
            "" => outer.to_owned(),
            inner => format!("{outer}.{inner}"),
        };
        Self { field, ..self }
    }
}

/// Names a field in front of a message; the whole has no name.
pub(crate) fn prefix(field: &str) -> String {
    match field {
        "" => String::new(),
        field => format!("field `{field}`: "),
    }
}

/// The message without line and column, which say nothing about a part of a record.
pub(crate) fn plain(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let end = text.rfind(" at line ").unwrap_or(text.len());
    text.get(..end).unwrap_or(&text).to_owned()
}

/// Parses a JSON object and names the member that does not fit.
pub(crate) fn fields<'de, T: Deserialize<'de>>(json: &'de str) -> Result<T, FieldError> {
    let mut reader = serde_json::Deserializer::from_str(json);
    let parsed = serde_path_to_error::deserialize(&mut reader).map_err(|error| {
        let path = error.path().to_string();
        FieldError {
            field: if path == "." { String::new() } else { path },
            source: error.into_inner(),
        }
    });
    let Object(value) = parsed?;
    let end = reader.end();
    end.map_err(|source| FieldError {
        field: String::new(),
        source,
    })?;
    Ok(value)
}

/// A JSON object. Derived types alone would also take a list, its members for fields in order.
#[derive(Debug, Clone)]
pub(crate) struct Object<T>(pub(crate) T);

impl<'de, T: Deserialize<'de>> Deserialize<'de> for Object<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for Members<T> {
            type Value = T;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<M: MapAccess<'de>>(self, members: M) -> Result<T, M::Error> {
                T::deserialize(MapAccessDeserializer::new(members))
            }
        }
        deserializer
            .deserialize_map(Members(PhantomData))
            .map(Object)
    }
}

#[cfg(test)]
mod tests;
