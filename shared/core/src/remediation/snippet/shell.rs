//! The AWS command line call that makes a step, for a person with a POSIX shell.

use serde_json::{Map, Value, json};

use super::fields::pascal;
use super::quote::{Language, single, value, word};
use crate::remediation::step::{PatchOperation, Step, V2StageUpdate};

/// The call on one line. `None` when a name in it cannot be shown without hiding something.
pub(crate) fn command(step: &Step, region: &str) -> Option<String> {
    let call = match step {
        Step::UpdateStage {
            rest_api_id,
            stage_name,
            patch_operations,
        } => Call::new("apigateway update-stage", region)
            .name("rest-api-id", rest_api_id)
            .name("stage-name", stage_name)
            .json("patch-operations", &patch(patch_operations)),
        Step::UpdateV2Stage {
            api_id,
            stage_name,
            update,
        } => v2_stage(
            Call::new("apigatewayv2 update-stage", region)
                .name("api-id", api_id)
                .name("stage-name", stage_name),
            update,
        ),
        Step::UpdateRestApi {
            rest_api_id,
            patch_operations,
        } => Call::new("apigateway update-rest-api", region)
            .name("rest-api-id", rest_api_id)
            .json("patch-operations", &patch(patch_operations)),
        Step::UpdateAccount { patch_operations } => Call::new("apigateway update-account", region)
            .json("patch-operations", &patch(patch_operations)),
        Step::CreateDeployment {
            rest_api_id,
            stage_name,
            // By it ours is told from all others: nobody else is to know it.
            description: _,
        } => Call::new("apigateway create-deployment", region)
            .name("rest-api-id", rest_api_id)
            .name("stage-name", stage_name),
    };
    call.0
}

/// The call that tells when a change of an API's endpoint type is done.
pub(crate) fn status(api: &str, region: &str) -> Option<String> {
    let call = Call::new("apigateway get-rest-api", region).name("rest-api-id", api);
    call.0.map(|call| format!("{call} --query apiStatus"))
}

/// A command line, until something in it cannot be shown.
struct Call(Option<String>);

impl Call {
    fn new(command: &str, region: &str) -> Self {
        Self(Some(format!("aws {command}"))).name("region", region)
    }

    fn name(self, option: &str, name: &str) -> Self {
        // What begins with a hyphen would be another option.
        let joint = if name.starts_with('-') { '=' } else { ' ' };
        let call = self.0.zip(word(name));
        Self(call.map(|(call, word)| format!("{call} --{option}{joint}{word}")))
    }

    fn json(self, option: &str, json: &Value) -> Self {
        let argument = single(&value(json, Language::Json));
        Self(self.0.map(|call| format!("{call} --{option} {argument}")))
    }
}

fn patch(operations: &[PatchOperation]) -> Value {
    let operations = operations.iter().map(|operation| {
        let mut members = json!({"op": operation.op.as_str(), "path": operation.path});
        if let (Some(value), Value::Object(members)) = (&operation.value, &mut members) {
            members.insert("value".to_owned(), json!(value));
        }
        members
    });
    operations.collect()
}

fn v2_stage(mut call: Call, update: &V2StageUpdate) -> Call {
    if let Some(log) = &update.access_log_settings {
        call = call.json("access-log-settings", &named(json!(log)));
    }
    if let Some(settings) = &update.default_route_settings {
        call = call.json("default-route-settings", &named(json!(settings)));
    }
    if let Some(routes) = &update.route_settings {
        let routes = routes.iter();
        let routes = routes.map(|(key, settings)| (key.clone(), named(json!(settings))));
        call = call.json("route-settings", &Value::Object(routes.collect()));
    }
    call
}

/// With the names that the command line wants.
fn named(members: Value) -> Value {
    match members {
        Value::Object(members) => {
            let members = members
                .into_iter()
                .map(|(name, value)| (pascal(&name), value));
            Value::Object(members.collect::<Map<_, _>>())
        }
        other => other,
    }
}
