//! Which settings a version keeps, as JSON in AWS's own words: what a restore needs, and what rules read.
//!
//! One list serves responses and reads, so that the same state gives equal versions whichever way it
//! was learned. HAL links, dates and states are left out, and so is everything about API keys.

use std::fmt;

use serde_json::{Map, Number, Value};

use crate::remediation::settings::Settings;

/// What JSON describes: the members that are kept differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    /// A stage of a REST API.
    RestStage,
    /// A stage of an HTTP or WebSocket API.
    V2Stage,
    /// A REST API.
    RestApi,
    /// An HTTP or WebSocket API.
    V2Api,
    /// The account's settings for API Gateway in a Region.
    Account,
}

impl Shape {
    fn members(self) -> &'static [&'static str] {
        match self {
            Self::RestStage => &[
                "accessLogSettings",
                "cacheClusterEnabled",
                "cacheClusterSize",
                "canarySettings",
                "clientCertificateId",
                "deploymentId",
                "methodSettings",
                "tags",
                "tracingEnabled",
                "variables",
                "webAclArn",
            ],
            Self::V2Stage => &[
                "accessLogSettings",
                "autoDeploy",
                "clientCertificateId",
                "defaultRouteSettings",
                "deploymentId",
                "routeSettings",
                "stageVariables",
                "tags",
            ],
            Self::RestApi => &[
                "apiKeySource",
                "binaryMediaTypes",
                "disableExecuteApiEndpoint",
                "endpointAccessMode",
                "endpointConfiguration",
                "minimumCompressionSize",
                "name",
                "policy",
                "securityPolicy",
                "tags",
                "version",
            ],
            Self::V2Api => &[
                "apiKeySelectionExpression",
                "corsConfiguration",
                "disableExecuteApiEndpoint",
                "disableSchemaValidation",
                "ipAddressType",
                "name",
                "protocolType",
                "routeSelectionExpression",
                "tags",
                "version",
            ],
            Self::Account => &["cloudwatchRoleArn"],
        }
    }

    /// Whether a response is this and whole. Every real one has these members; one without them may lack
    /// others too, and a version that lacks something is worse than a read.
    fn is_shown(self, response: &Map<String, Value>) -> bool {
        let has = |member: &&str| response.contains_key(*member);
        match self {
            Self::RestStage => ["stageName", "methodSettings"].iter().all(has),
            Self::V2Stage => ["stageName", "routeSettings"].iter().all(has),
            Self::RestApi => ["id", "endpointConfiguration"].iter().all(has),
            Self::V2Api => ["apiId", "protocolType"].iter().all(has),
            // An account without a role has no `cloudwatchRoleArn`.
            Self::Account => [
                "apiKeyVersion",
                "cloudwatchRoleArn",
                "features",
                "throttleSettings",
            ]
            .iter()
            .any(has),
        }
    }
}

/// Members of members, where not all are settings.
const INNER: &[(&str, &[&str])] = &[
    ("accessLogSettings", &["destinationArn", "format"]),
    (
        "endpointConfiguration",
        &["ipAddressType", "types", "vpcEndpointIds"],
    ),
];

/// Maps that say something by being empty: nothing is set.
const EMPTY_SAYS: &[&str] = &["defaultRouteSettings", "methodSettings", "routeSettings"];

/// What stands where CloudTrail hides a value.
const HIDDEN: &[&str] = &["***", "HIDDEN_DUE_TO_SECURITY_REASONS"];

/// The settings of one version.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Kept(Map<String, Value>);

impl Kept {
    /// Keeps what matters of an answer of API Gateway.
    ///
    /// # Errors
    /// When it is no JSON object.
    pub fn from_read(shape: Shape, json: &str) -> Result<Self, serde_json::Error> {
        let whole: Map<String, Value> = serde_json::from_str(json)?;
        Ok(Self(kept(shape, whole)))
    }

    /// Keeps what matters of a response in a record. `None` when it is no such thing, not all of it,
    /// or when something that matters is hidden: only a read tells then.
    pub(crate) fn from_response(shape: Shape, json: &str) -> Option<Self> {
        let mut whole: Map<String, Value> = serde_json::from_str(json).ok()?;
        if !shape.is_shown(&whole) {
            return None;
        }
        // Hidden in every record of a v2 stage, even when there are none.
        whole.remove("stageVariables");
        let kept = kept(shape, whole);
        let is_hidden = kept.values().any(is_hidden);
        (!is_hidden).then_some(Self(kept))
    }

    /// The same with these settings in place of its own.
    ///
    /// # Errors
    /// Never; typed settings have nothing that JSON lacks.
    pub(crate) fn with(&self, settings: &Settings) -> Result<Self, serde_json::Error> {
        let (shape, json) = match settings {
            Settings::RestStage(stage) => (Shape::RestStage, serde_json::to_value(stage)?),
            Settings::V2Stage(stage) => (Shape::V2Stage, serde_json::to_value(stage)?),
            Settings::RestApi(api) => (Shape::RestApi, serde_json::to_value(api)?),
            Settings::Account(account) => (Shape::Account, serde_json::to_value(account)?),
            Settings::Serving(serving) => (Shape::RestStage, serde_json::to_value(serving)?),
        };
        let Value::Object(members) = json else {
            return Ok(self.clone());
        };
        let mut whole = self.0.clone();
        for name in settings.members() {
            whole.remove(*name);
        }
        whole.extend(members);
        Ok(Self(kept(shape, whole)))
    }

    /// The tags that are kept.
    pub(crate) fn tags(&self) -> impl Iterator<Item = (String, String)> + '_ {
        let tags = self.0.get("tags").and_then(Value::as_object);
        let tags = tags.into_iter().flatten();
        tags.filter_map(|(key, value)| Some((key.clone(), value.as_str()?.to_owned())))
    }

    /// The settings a version was written with.
    pub(super) fn stored(json: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(json).map(Self)
    }
}

impl fmt::Display for Kept {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // A map of JSON values has nothing that JSON lacks.
        f.write_str(&serde_json::to_string(&self.0).unwrap_or_default())
    }
}

fn kept(shape: Shape, whole: Map<String, Value>) -> Map<String, Value> {
    let members = shape.members();
    let kept = whole
        .into_iter()
        .filter(|(name, _)| members.contains(&name.as_str()));
    let kept = kept.filter_map(|(name, value)| {
        let inner = INNER.iter().find(|(outer, _)| *outer == name);
        let value = plain(match (inner, value) {
            (Some((_, inner)), Value::Object(mut value)) => {
                value.retain(|name, _| inner.contains(&name.as_str()));
                Value::Object(value)
            }
            (_, value) => value,
        });
        let says = !is_empty(&value) || EMPTY_SAYS.contains(&name.as_str());
        (says && !value.is_null()).then_some((name, value))
    });
    kept.collect()
}

/// One spelling of what AWS spells in several: no nulls, lists of names in order, whole numbers
/// without a fraction.
fn plain(value: Value) -> Value {
    match value {
        Value::Object(members) => {
            let members = members.into_iter().filter(|(_, value)| !value.is_null());
            Value::Object(members.map(|(name, value)| (name, plain(value))).collect())
        }
        Value::Array(mut members) => {
            if members.iter().all(Value::is_string) {
                members.sort_by(|a, b| a.as_str().cmp(&b.as_str()));
            }
            Value::Array(members)
        }
        Value::Number(number) => Value::Number(whole(&number).unwrap_or(number)),
        other => other,
    }
}

/// Exact as far as JSON's numbers are: quotas of API Gateway are far below.
fn whole(number: &Number) -> Option<Number> {
    let float = number.as_f64().filter(|_| number.is_f64())?;
    let text = format!("{float:.0}");
    let whole: i64 = text.parse().ok()?;
    let is_whole = float.fract() == 0.0 && float.abs() < 9e15;
    is_whole.then(|| Number::from(whole))
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.is_empty(),
        Value::Array(members) => members.is_empty(),
        Value::String(text) => text.is_empty(),
        _ => false,
    }
}

fn is_hidden(value: &Value) -> bool {
    match value {
        Value::Object(members) => members.values().any(is_hidden),
        Value::Array(members) => members.iter().any(is_hidden),
        Value::String(text) => HIDDEN.contains(&text.as_str()),
        _ => false,
    }
}

#[cfg(test)]
mod tests;
