//! One write to API Gateway. There is no step that deletes: only updates, and a deployment.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::settings::RouteSettings;
use crate::settings::AccessLog;

/// What a patch operation does. `Remove` takes a setting away, never a thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum PatchOp {
    /// Adds to a list.
    Add,
    /// Sets.
    Replace,
    /// Clears.
    Remove,
}

impl PatchOp {
    /// As API Gateway spells it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Add => "add",
            Self::Replace => "replace",
            Self::Remove => "remove",
        }
    }
}

/// One operation of a patch (RFC 6902, in API Gateway's dialect).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PatchOperation {
    /// What it does.
    pub op: PatchOp,
    /// The setting.
    pub path: String,
    /// Its new value, always a string.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub value: Option<String>,
}

/// The members of an `UpdateStage` call of the v2 service model; those that are `None` are not sent.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[expect(
    missing_docs,
    reason = "AWS's own names: API reference v2, UpdateStage"
)]
pub struct V2StageUpdate {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub access_log_settings: Option<AccessLog>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default_route_settings: Option<RouteSettings>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub route_settings: Option<BTreeMap<String, RouteSettings>>,
}

/// One write.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "call", rename_all_fields = "camelCase")]
pub enum Step {
    /// `UpdateStage` of a REST API.
    UpdateStage {
        /// The API.
        rest_api_id: String,
        /// The stage.
        stage_name: String,
        /// Applied in order, all or nothing.
        patch_operations: Vec<PatchOperation>,
    },
    /// `UpdateStage` of an HTTP or WebSocket API.
    UpdateV2Stage {
        /// The API.
        api_id: String,
        /// The stage.
        stage_name: String,
        /// What is sent.
        update: V2StageUpdate,
    },
    /// `UpdateRestApi`.
    UpdateRestApi {
        /// The API.
        rest_api_id: String,
        /// Applied in order, all or nothing.
        patch_operations: Vec<PatchOperation>,
    },
    /// `UpdateAccount`.
    UpdateAccount {
        /// Applied in order, all or nothing.
        patch_operations: Vec<PatchOperation>,
    },
    /// `CreateDeployment` of a REST API on a stage.
    CreateDeployment {
        /// The API.
        rest_api_id: String,
        /// The stage that serves it from then on.
        stage_name: String,
        /// Shown in the console; names the ledger entry.
        description: String,
    },
}

impl Step {
    /// `eventName` of the call in CloudTrail.
    pub fn event_name(&self) -> &'static str {
        match self {
            Self::UpdateStage { .. } | Self::UpdateV2Stage { .. } => "UpdateStage",
            Self::UpdateRestApi { .. } => "UpdateRestApi",
            Self::UpdateAccount { .. } => "UpdateAccount",
            Self::CreateDeployment { .. } => "CreateDeployment",
        }
    }
}
