//! Steps as requests of the two service models: what a step holds and nothing else.

use std::collections::{BTreeMap, HashMap};
use std::num::TryFromIntError;

use aws_config::SdkConfig;
use aws_sdk_apigateway as v1;
use aws_sdk_apigatewayv2 as v2;
use portcullis_core::baseline::thing::Thing;
use portcullis_core::remediation::ports::{WriteError, WriteErrorKind};
use portcullis_core::remediation::settings::RouteSettings;
use portcullis_core::remediation::step::{PatchOp, PatchOperation, Step, V2StageUpdate};
use portcullis_core::settings::AccessLog;

use super::ApiGatewayWriter;
use super::failure::error;
use crate::pace::Call;

impl ApiGatewayWriter {
    /// Makes the call of a step.
    pub(super) async fn send(
        &self,
        config: &SdkConfig,
        thing: &Thing,
        step: &Step,
    ) -> Result<(), WriteError> {
        let rest = v1::Client::new(config);
        match step {
            Step::UpdateStage {
                rest_api_id,
                stage_name,
                patch_operations,
            } => {
                let update = rest.update_stage().rest_api_id(rest_api_id);
                let update = update.stage_name(stage_name);
                let update = update.set_patch_operations(Some(patch(patch_operations)));
                let send = || update.clone().send();
                self.call("update the stage", thing, Call::Any, send).await
            }
            Step::UpdateV2Stage {
                api_id,
                stage_name,
                update,
            } => {
                let request = v2::Client::new(config).update_stage().api_id(api_id);
                let request =
                    members(request.stage_name(stage_name), update).map_err(|source| {
                        error(WriteErrorKind::Refused, "build the request", source)
                    })?;
                let send = || request.clone().send();
                self.call("update the stage", thing, Call::Any, send).await
            }
            Step::UpdateRestApi {
                rest_api_id,
                patch_operations,
            } => {
                let update = rest.update_rest_api().rest_api_id(rest_api_id);
                let update = update.set_patch_operations(Some(patch(patch_operations)));
                let send = || update.clone().send();
                self.call("update the API", thing, Call::Any, send).await
            }
            Step::UpdateAccount { patch_operations } => {
                let update = rest.update_account();
                let update = update.set_patch_operations(Some(patch(patch_operations)));
                let (action, send) = ("update the account's settings", || update.clone().send());
                self.call(action, thing, Call::UpdateAccount, send).await
            }
            Step::CreateDeployment {
                rest_api_id,
                stage_name,
                description,
            } => {
                let create = rest.create_deployment().rest_api_id(rest_api_id);
                let create = create.stage_name(stage_name).description(description);
                let (action, send) = ("deploy the API", || create.clone().send());
                self.call(action, thing, Call::CreateDeployment, send).await
            }
        }
    }
}

fn patch(operations: &[PatchOperation]) -> Vec<v1::types::PatchOperation> {
    let operations = operations.iter().map(|operation| {
        let op = match operation.op {
            PatchOp::Add => v1::types::Op::Add,
            PatchOp::Replace => v1::types::Op::Replace,
            PatchOp::Remove => v1::types::Op::Remove,
        };
        v1::types::PatchOperation::builder()
            .op(op)
            .path(&operation.path)
            .set_value(operation.value.clone())
            .build()
    });
    operations.collect()
}

type UpdateStage = v2::operation::update_stage::builders::UpdateStageFluentBuilder;

fn members(request: UpdateStage, update: &V2StageUpdate) -> Result<UpdateStage, TryFromIntError> {
    let log = update.access_log_settings.as_ref().map(access_log);
    let default = update.default_route_settings.as_ref();
    let routes = update.route_settings.as_ref();
    Ok(request
        .set_access_log_settings(log)
        .set_default_route_settings(default.map(route_settings).transpose()?)
        .set_route_settings(routes.map(all_routes).transpose()?))
}

fn access_log(log: &AccessLog) -> v2::types::AccessLogSettings {
    v2::types::AccessLogSettings::builder()
        .set_destination_arn(log.destination_arn.clone())
        .set_format(log.format.clone())
        .build()
}

type Routes = HashMap<String, v2::types::RouteSettings>;

fn all_routes(routes: &BTreeMap<String, RouteSettings>) -> Result<Routes, TryFromIntError> {
    let routes = routes.iter();
    routes
        .map(|(key, settings)| Ok((key.clone(), route_settings(settings)?)))
        .collect()
}

/// A limit that AWS's own type cannot hold is never cut to one that it can.
fn route_settings(settings: &RouteSettings) -> Result<v2::types::RouteSettings, TryFromIntError> {
    let level = settings.logging_level.as_deref();
    let burst = settings.throttling_burst_limit.map(i32::try_from);
    Ok(v2::types::RouteSettings::builder()
        .set_logging_level(level.map(v2::types::LoggingLevel::from))
        .set_data_trace_enabled(settings.data_trace_enabled)
        .set_detailed_metrics_enabled(settings.detailed_metrics_enabled)
        .set_throttling_burst_limit(burst.transpose()?)
        .set_throttling_rate_limit(settings.throttling_rate_limit)
        .build())
}
