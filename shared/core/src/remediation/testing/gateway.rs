//! What API Gateway makes of writes.

use crate::remediation::settings::{MethodSetting, RestStage, Settings};
use crate::remediation::step::{PatchOp, PatchOperation, Step};

/// What API Gateway makes of a step, as far as plans write it.
pub(super) fn apply(settings: &mut Settings, step: &Step) -> Result<(), ()> {
    match (settings, step) {
        (
            Settings::RestStage(stage),
            Step::UpdateStage {
                patch_operations, ..
            },
        ) => {
            let mut patched = stage.clone();
            for operation in patch_operations {
                patch_stage(&mut patched, operation)?;
            }
            *stage = patched;
        }
        (
            Settings::RestApi(api),
            Step::UpdateRestApi {
                patch_operations, ..
            },
        ) => {
            for PatchOperation { op, path, value } in patch_operations {
                let value = value.clone().unwrap_or_default();
                let end = &mut api.endpoint_configuration;
                match (op, path.as_str()) {
                    (PatchOp::Replace, "/policy") => {
                        api.policy = Some(value).filter(|policy| !policy.is_empty());
                    }
                    (PatchOp::Replace, "/endpointConfiguration/ipAddressType") => {
                        end.ip_address_type = Some(value);
                    }
                    (PatchOp::Add, "/endpointConfiguration/vpcEndpointIds") => {
                        end.vpc_endpoint_ids.push(value);
                        end.vpc_endpoint_ids.sort();
                    }
                    (PatchOp::Remove, "/endpointConfiguration/vpcEndpointIds") => {
                        end.vpc_endpoint_ids.retain(|id| *id != value);
                    }
                    (PatchOp::Replace, path)
                        if path.starts_with("/endpointConfiguration/types/") =>
                    {
                        end.types = vec![value];
                    }
                    _ => return Err(()),
                }
            }
        }
        (Settings::Account(account), Step::UpdateAccount { patch_operations }) => {
            for operation in patch_operations {
                let role = operation.value.clone();
                account.cloudwatch_role_arn = role.filter(|role| !role.is_empty());
            }
        }
        _ => return Err(()),
    }
    Ok(())
}

fn patch_stage(stage: &mut RestStage, operation: &PatchOperation) -> Result<(), ()> {
    let PatchOperation { op, path, value } = operation;
    if path == "/accessLogSettings" && *op == PatchOp::Remove {
        stage.access_log_settings = None;
        return Ok(());
    }
    if let Some(member) = path.strip_prefix("/accessLogSettings/") {
        let log = stage.access_log_settings.get_or_insert_default();
        match member {
            "destinationArn" => log.destination_arn.clone_from(value),
            "format" => log.format.clone_from(value),
            _ => return Err(()),
        }
        return Ok(());
    }
    let path = path.strip_prefix('/').ok_or(())?;
    if *op == PatchOp::Remove {
        return stage.method_settings.remove(path).map(|_| ()).ok_or(());
    }
    let mut parts = path.rsplitn(3, '/');
    let (field, group, key) = (parts.next(), parts.next(), parts.next());
    let (Some(field), Some(group), Some(key)) = (field, group, key) else {
        return Err(());
    };
    let set = stage.method_settings.entry(key.to_owned()).or_default();
    set_field(set, group, field, value.as_deref().unwrap_or_default())
}

fn set_field(set: &mut MethodSetting, group: &str, field: &str, value: &str) -> Result<(), ()> {
    let flag = || value.parse().map_err(|_| ());
    match (group, field) {
        ("logging", "loglevel") => set.logging_level = Some(value.to_owned()),
        ("logging", "dataTrace") => set.data_trace_enabled = Some(flag()?),
        ("metrics", "enabled") => set.metrics_enabled = Some(flag()?),
        ("throttling", "burstLimit") => {
            set.throttling_burst_limit = Some(value.parse().map_err(|_| ())?);
        }
        ("throttling", "rateLimit") => {
            set.throttling_rate_limit = Some(value.parse().map_err(|_| ())?);
        }
        ("caching", "enabled") => set.caching_enabled = Some(flag()?),
        ("caching", "dataEncrypted") => set.cache_data_encrypted = Some(flag()?),
        ("caching", "ttlInSeconds") => {
            set.cache_ttl_in_seconds = Some(value.parse().map_err(|_| ())?);
        }
        ("caching", "requireAuthorizationForCacheControl") => {
            set.require_authorization_for_cache_control = Some(flag()?);
        }
        ("caching", "unauthorizedCacheControlHeaderStrategy") => {
            set.unauthorized_cache_control_header_strategy = Some(value.to_owned());
        }
        _ => return Err(()),
    }
    Ok(())
}
