//! A small API Gateway: applies steps as AWS is known, or assumed, to apply them. Written apart from the
//! planners, so that a mistake in one is not made in the other.

use std::collections::BTreeMap;

use crate::change::ApiType;
use crate::remediation::settings::{MethodSetting, RestApi, RestStage, Settings, V2Stage};
use crate::remediation::step::{PatchOp, PatchOperation, Step, V2StageUpdate};
use crate::settings::AccessLog;

/// Applies a step; all of it or, with AWS's error, nothing.
pub(super) fn apply(kind: ApiType, settings: &Settings, step: &Step) -> Result<Settings, String> {
    Ok(match (step, settings) {
        (
            Step::UpdateStage {
                patch_operations, ..
            },
            Settings::RestStage(stage),
        ) => Settings::RestStage(rest_stage(stage, patch_operations)?),
        (Step::UpdateV2Stage { update, .. }, Settings::V2Stage(stage)) => {
            Settings::V2Stage(v2_stage(kind, stage, update)?)
        }
        (
            Step::UpdateRestApi {
                patch_operations, ..
            },
            Settings::RestApi(api),
        ) => Settings::RestApi(rest_api(api, patch_operations)?),
        (Step::UpdateAccount { patch_operations }, Settings::Account(account)) => {
            let mut account = account.clone();
            for operation in patch_operations {
                assert_eq!(operation.path, "/cloudwatchRoleArn");
                let role = operation.value.clone().filter(|role| !role.is_empty());
                account.cloudwatch_role_arn = role;
            }
            Settings::Account(account)
        }
        _ => return Err("NotFoundException".to_owned()),
    })
}

pub(super) fn apply_all(kind: ApiType, settings: &Settings, steps: &[Step]) -> Settings {
    steps.iter().fold(settings.clone(), |now, step| {
        apply(kind, &now, step).unwrap_or_else(|error| panic!("{error}: {step:?}"))
    })
}

/// What a key has that was made by setting one thing of it.
fn fresh() -> MethodSetting {
    MethodSetting {
        logging_level: None,
        data_trace_enabled: Some(false),
        metrics_enabled: Some(false),
        throttling_burst_limit: Some(5000),
        throttling_rate_limit: Some(10000.0),
        caching_enabled: Some(false),
        cache_ttl_in_seconds: Some(300),
        cache_data_encrypted: Some(false),
        require_authorization_for_cache_control: Some(true),
        unauthorized_cache_control_header_strategy: Some("SUCCEED_WITH_RESPONSE_HEADER".to_owned()),
    }
}

pub(super) fn rest_stage(
    stage: &RestStage,
    operations: &[PatchOperation],
) -> Result<RestStage, String> {
    let mut stage = stage.clone();
    for PatchOperation { op, path, value } in operations {
        let segments: Vec<&str> = path.strip_prefix('/').unwrap().split('/').collect();
        let value = value.as_deref();
        match (op, segments.as_slice()) {
            (PatchOp::Remove, ["accessLogSettings"]) => {
                if stage.access_log_settings.take().is_none() {
                    return Err("Invalid patch path: nothing to remove".to_owned());
                }
            }
            (PatchOp::Replace, ["accessLogSettings", member]) => {
                let value = value.filter(|value| !value.is_empty());
                let value = Some(value.ok_or("Invalid value")?.to_owned());
                let log = stage.access_log_settings.get_or_insert_default();
                match *member {
                    "destinationArn" => log.destination_arn = value,
                    "format" => log.format = value,
                    other => return Err(format!("Invalid patch path {other}")),
                }
            }
            (PatchOp::Remove, [resource, method]) => {
                let key = format!("{resource}/{method}");
                if stage.method_settings.remove(&key).is_none() {
                    return Err(format!("Cannot remove method setting {key}"));
                }
            }
            (PatchOp::Replace, [resource, method, group, setting]) => {
                let key = format!("{resource}/{method}");
                let set = stage.method_settings.entry(key).or_insert_with(fresh);
                set_member(
                    set,
                    &format!("{group}/{setting}"),
                    value.unwrap_or_default(),
                )?;
            }
            _ => return Err(format!("Invalid patch path {path}")),
        }
    }
    // A single member of access logging cannot stand alone.
    let is_half = |log: &AccessLog| log.destination_arn.is_none();
    match stage.access_log_settings.as_ref().is_some_and(is_half) {
        true => Err("Access log destination must be set".to_owned()),
        false => Ok(stage),
    }
}

fn set_member(set: &mut MethodSetting, name: &str, value: &str) -> Result<(), String> {
    let flag = || value.parse::<bool>().map_err(|error| error.to_string());
    let whole = || value.parse::<i64>().map_err(|error| error.to_string());
    match name {
        "logging/loglevel" if ["OFF", "ERROR", "INFO"].contains(&value) => {
            set.logging_level = Some(value.to_owned());
        }
        "logging/dataTrace" => set.data_trace_enabled = Some(flag()?),
        "metrics/enabled" => set.metrics_enabled = Some(flag()?),
        "throttling/burstLimit" => set.throttling_burst_limit = Some(whole()?),
        "throttling/rateLimit" => {
            let rate = value.parse::<f64>().map_err(|error| error.to_string())?;
            set.throttling_rate_limit = Some(rate);
        }
        "caching/enabled" => set.caching_enabled = Some(flag()?),
        "caching/ttlInSeconds" => set.cache_ttl_in_seconds = Some(whole()?),
        "caching/dataEncrypted" => set.cache_data_encrypted = Some(flag()?),
        "caching/requireAuthorizationForCacheControl" => {
            set.require_authorization_for_cache_control = Some(flag()?);
        }
        "caching/unauthorizedCacheControlHeaderStrategy" => {
            set.unauthorized_cache_control_header_strategy = Some(value.to_owned());
        }
        other => return Err(format!("Invalid method setting path: {other}")),
    }
    Ok(())
}

pub(super) fn v2_stage(
    kind: ApiType,
    stage: &V2Stage,
    update: &V2StageUpdate,
) -> Result<V2Stage, String> {
    let mut stage = stage.clone();
    let routes = update.route_settings.clone().unwrap_or_default();
    for set in routes.values().chain(&update.default_route_settings) {
        let is_execution = set.logging_level.is_some() || set.data_trace_enabled.is_some();
        if kind == ApiType::Http && is_execution {
            return Err("Execution logs are not supported on protocol type HTTP".to_owned());
        }
    }
    if let Some(log) = &update.access_log_settings {
        // An empty object changes nothing.
        if *log != AccessLog::default() {
            stage.access_log_settings = Some(log.clone());
        }
    }
    if let Some(set) = &update.default_route_settings {
        stage.default_route_settings = Some(set.clone());
    }
    stage.route_settings.extend(routes);
    Ok(stage)
}

pub(super) fn rest_api(api: &RestApi, operations: &[PatchOperation]) -> Result<RestApi, String> {
    let mut api = api.clone();
    for PatchOperation { op, path, value } in operations {
        let value = value.clone().unwrap_or_default();
        let endpoint = &mut api.endpoint_configuration;
        let is_private = endpoint.types == ["PRIVATE"];
        let ids = &mut endpoint.vpc_endpoint_ids;
        match (op, path.as_str()) {
            (PatchOp::Replace, "/policy") if value.is_empty() => api.policy = None,
            (PatchOp::Replace, "/policy") => {
                serde_json::from_str::<BTreeMap<String, serde_json::Value>>(&value)
                    .map_err(|_| "Invalid policy document".to_owned())?;
                api.policy = Some(value.replace('\\', "\\\\").replace('"', "\\\""));
            }
            (PatchOp::Add, "/endpointConfiguration/vpcEndpointIds") if is_private => {
                ids.push(value);
                ids.sort();
            }
            (PatchOp::Remove, "/endpointConfiguration/vpcEndpointIds")
                if is_private && ids.contains(&value) =>
            {
                ids.retain(|id| *id != value);
            }
            (PatchOp::Replace, "/endpointConfiguration/ipAddressType")
                if !is_private || value == "dualstack" =>
            {
                endpoint.ip_address_type = Some(value);
            }
            (PatchOp::Replace, path) if path.starts_with("/endpointConfiguration/types/") => {
                if is_private && value == "EDGE" {
                    return Err("Cannot update endpoint from PRIVATE to EDGE".to_owned());
                }
                if value == "PRIVATE" {
                    endpoint.ip_address_type = Some("dualstack".to_owned());
                } else if is_private {
                    ids.clear();
                    endpoint.ip_address_type = Some("ipv4".to_owned());
                }
                endpoint.types = vec![value];
            }
            _ => return Err(format!("Invalid patch path {path}")),
        }
    }
    Ok(api)
}
