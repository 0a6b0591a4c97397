//! Every setting that a plan can write, as data: its name, how it is read, what API Gateway puts there by
//! itself. Plans compare states setting by setting through this table and nowhere else.

use std::collections::BTreeMap;

use super::document;
use crate::remediation::settings::{EndpointConfiguration, MethodSetting, RouteSettings, Settings};
use crate::settings::AccessLog;

/// One setting of a method-settings key or of a route.
pub(super) struct Row<T: 'static> {
    /// The end of its patch path (REST), or the name of the member (HTTP, WebSocket).
    pub(super) name: &'static str,
    /// What it is where nobody has set it; several where that depends on the account.
    pub(super) defaults: &'static [&'static str],
    /// Its value, as patches spell it.
    pub(super) get: fn(&T) -> Option<String>,
    /// Takes it over from another.
    pub(super) copy: fn(&T, &mut T),
}

impl<T> Row<T> {
    /// Whether that is what API Gateway puts there by itself.
    pub(super) fn is_default(&self, value: &str) -> bool {
        self.defaults.contains(&value)
    }
}

/// `-1` lifts a limit, an empty string says nothing: both are as if not set.
fn given(value: &impl ToString) -> Option<String> {
    let value = value.to_string();
    (!value.is_empty() && value != NO_LIMIT).then_some(value)
}

/// What is written to lift a request limit.
pub(super) const NO_LIMIT: &str = "-1";

macro_rules! row {
    ($name:literal, $member:ident, [$($default:literal),*]) => {
        Row {
            name: $name,
            defaults: &[$($default),*],
            get: |set| set.$member.as_ref().and_then(given),
            copy: |from, into| into.$member.clone_from(&from.$member),
        }
    };
}

/// The level of execution logging, of a method-settings key.
pub(super) const LEVEL: &str = "logging/loglevel";

/// Whether bodies are logged, of a method-settings key.
pub(super) const DATA_TRACE: &str = "logging/dataTrace";

/// All of a method-settings key.
pub(super) const METHOD: &[Row<MethodSetting>] = &[
    row!("logging/loglevel", logging_level, ["OFF"]),
    row!("logging/dataTrace", data_trace_enabled, ["false"]),
    row!("metrics/enabled", metrics_enabled, ["false"]),
    row!("throttling/burstLimit", throttling_burst_limit, ["5000"]),
    row!("throttling/rateLimit", throttling_rate_limit, ["10000"]),
    row!("caching/ttlInSeconds", cache_ttl_in_seconds, ["300"]),
    row!("caching/enabled", caching_enabled, ["false"]),
    row!("caching/dataEncrypted", cache_data_encrypted, ["false"]),
    row!(
        "caching/requireAuthorizationForCacheControl",
        require_authorization_for_cache_control,
        ["true"]
    ),
    row!(
        "caching/unauthorizedCacheControlHeaderStrategy",
        unauthorized_cache_control_header_strategy,
        ["SUCCEED_WITH_RESPONSE_HEADER"]
    ),
];

/// All of a route.
pub(super) const ROUTE: &[Row<RouteSettings>] = &[
    row!("loggingLevel", logging_level, ["OFF"]),
    row!("dataTraceEnabled", data_trace_enabled, ["false"]),
    row!(
        "detailedMetricsEnabled",
        detailed_metrics_enabled,
        ["false"]
    ),
    row!("throttlingBurstLimit", throttling_burst_limit, []),
    row!("throttlingRateLimit", throttling_rate_limit, []),
];

/// Whether only execution logging has it, which HTTP APIs have not.
pub(super) fn is_execution_logging(row: &Row<RouteSettings>) -> bool {
    matches!(row.name, "loggingLevel" | "dataTraceEnabled")
}

/// A setting of a route; one that is left out is at AWS's default, where that is known.
pub(super) fn route_value(row: &Row<RouteSettings>, set: &RouteSettings) -> Option<String> {
    let default = row.defaults.first().map(|text| (*text).to_owned());
    (row.get)(set).or(default)
}

/// Names one setting.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Field {
    /// Of a method-settings key; see [`METHOD`].
    Method(String, &'static str),
    /// Of the default route settings; see [`ROUTE`].
    Default(&'static str),
    /// Of a route; see [`ROUTE`].
    Route(String, &'static str),
    /// Where access logs go.
    Destination,
    /// How access logs are written.
    Format,
    /// The endpoint type.
    EndpointType,
    /// A VPC endpoint.
    VpcEndpoint(String),
    /// The IP address type.
    IpAddressType,
    /// The resource policy.
    Policy,
    /// The CloudWatch role.
    Role,
    /// What a stage serves.
    Deployment,
}

impl Field {
    /// The path that people know.
    pub(super) fn path(&self) -> String {
        match self {
            Self::Method(key, name) => format!("{}/{name}", key_path(key)),
            Self::Default(name) => format!("defaultRouteSettings.{name}"),
            Self::Route(key, name) => format!("routeSettings.{key}.{name}"),
            Self::Destination => "/accessLogSettings/destinationArn".to_owned(),
            Self::Format => "/accessLogSettings/format".to_owned(),
            Self::EndpointType => "/endpointConfiguration/types".to_owned(),
            Self::VpcEndpoint(_) => "/endpointConfiguration/vpcEndpointIds".to_owned(),
            Self::IpAddressType => "/endpointConfiguration/ipAddressType".to_owned(),
            Self::Policy => "/policy".to_owned(),
            Self::Role => "/cloudwatchRoleArn".to_owned(),
            Self::Deployment => "/deploymentId".to_owned(),
        }
    }
}

/// The patch path of a method-settings key: the resource path is one segment of it, so its slashes are
/// escaped; what is escaped already stays. The root resource is `~1`.
pub(super) fn key_path(key: &str) -> String {
    let Some((resource, method)) = key.rsplit_once('/') else {
        return format!("/{}", escaped(key));
    };
    let resource = match resource {
        "" => "~1".to_owned(),
        resource => escaped(resource),
    };
    format!("/{resource}/{method}")
}

fn escaped(resource: &str) -> String {
    let mut text = String::with_capacity(resource.len());
    let mut rest = resource.chars().peekable();
    while let Some(next) = rest.next() {
        match next {
            '/' => text.push_str("~1"),
            '~' if !matches!(rest.peek(), Some('0' | '1')) => text.push_str("~0"),
            other => text.push(other),
        }
    }
    text
}

/// Access logging that is on.
pub(super) fn access_log(log: Option<&AccessLog>) -> Option<AccessLog> {
    let log = log.filter(|log| log.is_on())?;
    Some(AccessLog {
        destination_arn: log.destination_arn.clone(),
        format: log.format.clone().filter(|format| !format.is_empty()),
    })
}

/// The endpoint type in one spelling; `None` when it is not told.
pub(super) fn endpoint_type(endpoint: &EndpointConfiguration) -> Option<String> {
    let kind = endpoint.types.first()?.trim().to_ascii_uppercase();
    (!kind.is_empty()).then_some(kind)
}

/// Every setting that is set, in one spelling, so that equal states are equal.
pub(super) fn values(settings: &Settings) -> BTreeMap<Field, String> {
    let mut values = BTreeMap::new();
    let mut put = |field, value: Option<String>| {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            values.insert(field, value);
        }
    };
    let mut log = None;
    match settings {
        Settings::RestStage(stage) => {
            log = access_log(stage.access_log_settings.as_ref());
            for (key, set) in &stage.method_settings {
                for row in METHOD {
                    put(Field::Method(key.clone(), row.name), (row.get)(set));
                }
            }
        }
        Settings::V2Stage(stage) => {
            log = access_log(stage.access_log_settings.as_ref());
            let default = stage.default_route_settings.clone().unwrap_or_default();
            for row in ROUTE {
                put(Field::Default(row.name), route_value(row, &default));
            }
            for (key, set) in &stage.route_settings {
                for row in ROUTE {
                    put(Field::Route(key.clone(), row.name), route_value(row, set));
                }
            }
        }
        Settings::RestApi(api) => {
            let endpoint = &api.endpoint_configuration;
            put(Field::EndpointType, endpoint_type(endpoint));
            put(Field::IpAddressType, endpoint.ip_address_type.clone());
            for id in &endpoint.vpc_endpoint_ids {
                put(Field::VpcEndpoint(id.clone()), Some(id.clone()));
            }
            let policy = api.policy.as_deref();
            put(Field::Policy, policy.map(document::canonical));
        }
        Settings::Account(account) => put(Field::Role, account.cloudwatch_role_arn.clone()),
        Settings::Serving(serving) => put(Field::Deployment, serving.deployment_id.clone()),
    }
    let log = log.unwrap_or_default();
    put(Field::Destination, log.destination_arn);
    put(Field::Format, log.format);
    values
}

/// A setting in which two states differ.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Difference {
    pub(super) field: Field,
    pub(super) from: Option<String>,
    pub(super) to: Option<String>,
}

/// Where two states differ.
pub(super) fn differences(from: &Settings, to: &Settings) -> Vec<Difference> {
    let (mut from, mut to) = (values(from), values(to));
    let mut fields: Vec<Field> = from.keys().chain(to.keys()).cloned().collect();
    fields.sort();
    fields.dedup();
    let differences = fields.into_iter().map(|field| Difference {
        from: from.remove(&field),
        to: to.remove(&field),
        field,
    });
    differences.filter(|one| one.from != one.to).collect()
}
