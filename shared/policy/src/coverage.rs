//! Which things an action is for, and which calls it may make: down to the settings that a patch names, so
//! that a permit to restore logging cannot move a stage to another deployment.

use portcullis_core::baseline::thing::{Api, Thing, What};
use portcullis_core::remediation::policy::Action;
use portcullis_core::remediation::step::{PatchOp, PatchOperation, Step, V2StageUpdate};

/// Whether the action is for such a thing at all. The schema says the same, as a test shows.
pub(crate) fn fits(action: Action, what: &What) -> bool {
    match action {
        Action::RestoreStageLogging | Action::Redeploy | Action::Contain => {
            matches!(what, What::Stage(..))
        }
        Action::RestoreAccountLoggingRole => matches!(what, What::Account),
        Action::RestorePrivateEndpoint => matches!(what, What::Api(_)),
        Action::Undo => true,
    }
}

pub(crate) fn covers(action: Action, thing: &Thing, step: &Step) -> bool {
    fits(action, &thing.what) && is_of(thing, step) && makes(action, step)
}

/// Whether the step writes to the thing.
fn is_of(thing: &Thing, step: &Step) -> bool {
    match step {
        Step::UpdateStage {
            rest_api_id,
            stage_name,
            ..
        }
        | Step::CreateDeployment {
            rest_api_id,
            stage_name,
            ..
        } => {
            is_stage(thing, stage_name)
                && thing
                    .api()
                    .is_some_and(|api| api.is_rest() && api.id == *rest_api_id)
        }
        Step::UpdateV2Stage {
            api_id, stage_name, ..
        } => {
            is_stage(thing, stage_name)
                && thing
                    .api()
                    .is_some_and(|api| !api.is_rest() && api.id == *api_id)
        }
        Step::UpdateRestApi { rest_api_id, .. } => {
            let is_it = |api: &Api| api.is_rest() && api.id == *rest_api_id;
            matches!(&thing.what, What::Api(api) if is_it(api))
        }
        Step::UpdateAccount { .. } => thing.what == What::Account,
    }
}

fn is_stage(thing: &Thing, name: &str) -> bool {
    thing.stage() == Some(name)
}

/// Whether the action makes such a call, with such settings in it.
fn makes(action: Action, step: &Step) -> bool {
    match (action, step) {
        (
            Action::RestoreStageLogging | Action::Undo,
            Step::UpdateStage {
                patch_operations, ..
            },
        ) => patch_operations.iter().all(is_stage_setting),
        (
            Action::Contain,
            Step::UpdateStage {
                patch_operations, ..
            },
        ) => patch_operations.iter().all(is_throttling),
        (
            Action::RestorePrivateEndpoint | Action::Undo,
            Step::UpdateRestApi {
                patch_operations, ..
            },
        ) => patch_operations.iter().all(is_endpoint),
        (
            Action::RestoreAccountLoggingRole | Action::Undo,
            Step::UpdateAccount { patch_operations },
        ) => patch_operations
            .iter()
            .all(|operation| operation.path == "/cloudwatchRoleArn"),
        (Action::RestoreStageLogging | Action::Undo, Step::UpdateV2Stage { update, .. }) => {
            !switches_data_trace_on(update)
        }
        (Action::Redeploy, Step::CreateDeployment { .. }) => true,
        _ => false,
    }
}

/// Access logs and method settings. A key of method settings comes back whole and goes whole, so all of its
/// settings are there, but data trace is never switched on.
fn is_stage_setting(operation: &PatchOperation) -> bool {
    match segments(&operation.path).as_slice() {
        ["accessLogSettings"] => operation.op == PatchOp::Remove,
        ["accessLogSettings", "destinationArn" | "format"] => true,
        [resource, method] => operation.op == PatchOp::Remove && is_key(resource, method),
        [resource, method, "logging", "dataTrace"] => {
            is_key(resource, method) && operation.value.as_deref() == Some("false")
        }
        [resource, method, "logging", "loglevel"]
        | [resource, method, "metrics" | "throttling" | "caching", _] => is_key(resource, method),
        _ => false,
    }
}

fn switches_data_trace_on(update: &V2StageUpdate) -> bool {
    let routes = update.route_settings.iter().flat_map(|all| all.values());
    let mut all = routes.chain(&update.default_route_settings);
    all.any(|settings| settings.data_trace_enabled == Some(true))
}

fn is_throttling(operation: &PatchOperation) -> bool {
    match segments(&operation.path).as_slice() {
        [resource, method, "throttling", "rateLimit" | "burstLimit"] => is_key(resource, method),
        _ => false,
    }
}

/// Its policy, its endpoint type, VPC endpoints and IP address type.
fn is_endpoint(operation: &PatchOperation) -> bool {
    matches!(
        segments(&operation.path).as_slice(),
        ["policy"] | ["endpointConfiguration", ..]
    )
}

/// What begins a patch path of a stage and is no resource: API Gateway's own list of them, and those that
/// its newer versions have.
const OTHERS: [&str; 12] = [
    "accessLogSettings",
    "cacheClusterEnabled",
    "cacheClusterSize",
    "canarySettings",
    "clientCertificateId",
    "deploymentId",
    "description",
    "documentationVersion",
    "methodSettings",
    "tracingEnabled",
    "variables",
    "webAclArn",
];

/// A key of method settings: `*/*`, or the path of a resource and a method. API Gateway takes a path with
/// its slashes escaped (`~1pets`) and, as Terraform writes it, without the first of them (`pets`).
fn is_key(resource: &str, method: &str) -> bool {
    let is_method = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_uppercase());
    let mut others = OTHERS.iter();
    let is_other = others.any(|other| other.eq_ignore_ascii_case(resource));
    !resource.is_empty() && !is_other && (method == "*" || is_method(method))
}

/// A path that is not written as API Gateway spells it has none.
fn segments(path: &str) -> Vec<&str> {
    path.strip_prefix('/')
        .map(|path| path.split('/').collect())
        .unwrap_or_default()
}

#[cfg(test)]
mod planned;
#[cfg(test)]
mod tests;
