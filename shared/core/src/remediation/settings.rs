//! The settings that can be restored, typed: one type for each kind of thing.
//!
//! They are read from what a baseline keeps or a read of API Gateway gives ([`Kept`], AWS's own words),
//! and hold nothing else: what the ledger stores of a stage has no stage variables in it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::baseline::Kept;
use crate::baseline::thing::{Thing, What};
use crate::settings::AccessLog;

/// Settings of one method-settings key of a REST stage. Every field that API Gateway has: a key that was
/// removed has to be written whole.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(missing_docs, reason = "AWS's own names: API reference, MethodSetting")]
pub struct MethodSetting {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logging_level: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_trace_enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub metrics_enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub throttling_burst_limit: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub throttling_rate_limit: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub caching_enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_ttl_in_seconds: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cache_data_encrypted: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub require_authorization_for_cache_control: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub unauthorized_cache_control_header_strategy: Option<String>,
}

/// A stage of a REST API.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RestStage {
    /// By key, as API Gateway spells it: `*/*`, `~1pets/GET`.
    pub method_settings: BTreeMap<String, MethodSetting>,
    /// Where access logs go; none are written without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_log_settings: Option<AccessLog>,
}

/// Settings of the routes of an HTTP or WebSocket API.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(
    missing_docs,
    reason = "AWS's own names: API reference v2, RouteSettings"
)]
pub struct RouteSettings {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logging_level: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub data_trace_enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub detailed_metrics_enabled: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub throttling_burst_limit: Option<i64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub throttling_rate_limit: Option<f64>,
}

/// A stage of an HTTP or WebSocket API.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct V2Stage {
    /// Where access logs go; none are written without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_log_settings: Option<AccessLog>,
    /// Of every route without settings of its own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_route_settings: Option<RouteSettings>,
    /// By route key.
    pub route_settings: BTreeMap<String, RouteSettings>,
}

/// How a REST API can be reached.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(
    missing_docs,
    reason = "AWS's own names: API reference, EndpointConfiguration"
)]
pub struct EndpointConfiguration {
    pub types: Vec<String>,
    pub vpc_endpoint_ids: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ip_address_type: Option<String>,
}

/// A REST API.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RestApi {
    /// How it can be reached.
    pub endpoint_configuration: EndpointConfiguration,
    /// Its resource policy, as AWS answers it (escaped once more than it is written).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub policy: Option<String>,
}

/// The account's settings for API Gateway in a Region.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Account {
    /// The role that writes execution logs.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cloudwatch_role_arn: Option<String>,
}

/// Which deployment a stage of a REST API serves.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Serving {
    /// The deployment; what a plan for a new one wants has none, because its id is not known before.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub deployment_id: Option<String>,
    /// Its description, by which a deployment of ours is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// The settings of one thing that can be restored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Settings {
    /// Which deployment a stage serves.
    Serving(Serving),
    /// Of a stage of a REST API.
    RestStage(RestStage),
    /// Of a stage of an HTTP or WebSocket API.
    V2Stage(V2Stage),
    /// Of a REST API.
    RestApi(RestApi),
    /// Of the account in a Region.
    Account(Account),
}

impl Settings {
    /// The restorable part of what is kept of a thing. `None` for an HTTP or WebSocket API, which has
    /// nothing that is restored.
    ///
    /// # Errors
    /// When a member has another type than AWS gives it.
    pub fn of(thing: &Thing, kept: &Kept) -> Result<Option<Self>, serde_json::Error> {
        let json = kept.to_string();
        Ok(match &thing.what {
            What::Account => Some(Self::Account(serde_json::from_str(&json)?)),
            What::Api(api) if api.is_rest() => Some(Self::RestApi(serde_json::from_str(&json)?)),
            What::Api(_) => None,
            What::Stage(api, _) if api.is_rest() => {
                Some(Self::RestStage(serde_json::from_str(&json)?))
            }
            What::Stage(..) => Some(Self::V2Stage(serde_json::from_str(&json)?)),
        })
    }

    /// The members that they are made of, in AWS's words.
    pub(crate) fn members(&self) -> &'static [&'static str] {
        match self {
            Self::RestStage(_) => &["methodSettings", "accessLogSettings"],
            Self::V2Stage(_) => &["accessLogSettings", "defaultRouteSettings", "routeSettings"],
            Self::RestApi(_) => &["endpointConfiguration", "policy"],
            Self::Account(_) => &["cloudwatchRoleArn"],
            Self::Serving(_) => &["deploymentId"],
        }
    }

    /// Which deployment a stage serves, of what is kept of it.
    ///
    /// # Errors
    /// When a member has another type than AWS gives it.
    pub fn serving(kept: &Kept) -> Result<Self, serde_json::Error> {
        Ok(Self::Serving(serde_json::from_str(&kept.to_string())?))
    }
}
