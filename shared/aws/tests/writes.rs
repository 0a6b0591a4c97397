//! The writer and the kill switch on a local AWS.
//!
//! Needs `PORTCULLIS_LOCAL_AWS`, the endpoint of a local AWS; without it the tests say so and pass.
#![cfg(feature = "writes")]
#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "helper functions of tests are not recognised as tests"
)]

mod common;

use std::sync::Arc;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_apigateway as v1;
use aws_sdk_apigatewayv2 as v2;
use aws_sdk_ssm::types::ParameterType;
use portcullis_aws::clients::Clients;
use portcullis_aws::kill_switch::SsmKillSwitch;
use portcullis_aws::writer::ApiGatewayWriter;
use portcullis_core::baseline::thing::{Api, Thing, What};
use portcullis_core::change::ApiType;
use portcullis_core::finding::Confidence;
use portcullis_core::ports::PortError;
use portcullis_core::remediation::Mode;
use portcullis_core::remediation::modes::{Asked, Tags};
use portcullis_core::remediation::policy::{Action, Circumstances, Policy, Request};
use portcullis_core::remediation::ports::{KillSwitch, WriteErrorKind, Writer};
use portcullis_core::remediation::settings::RouteSettings;
use portcullis_core::remediation::step::{PatchOp, PatchOperation, Step, V2StageUpdate};
use portcullis_core::settings::AccessLog;
use portcullis_policy::{CedarPolicy, Permit};

const LOG_GROUP: &str = "arn:aws:logs:eu-west-1:111122223333:log-group:access";

/// What makes such a step, and to what.
fn aim(step: &Step) -> (Action, What) {
    let api = |id: &str, kind| Api {
        id: id.to_owned(),
        kind: Some(kind),
        name: None,
    };
    let rest = |id: &str| api(id, ApiType::Rest);
    match step {
        Step::UpdateStage {
            rest_api_id,
            stage_name,
            ..
        } => (
            Action::RestoreStageLogging,
            What::Stage(rest(rest_api_id), stage_name.clone()),
        ),
        Step::UpdateV2Stage {
            api_id, stage_name, ..
        } => (
            Action::RestoreStageLogging,
            What::Stage(api(api_id, ApiType::WebSocket), stage_name.clone()),
        ),
        Step::UpdateRestApi { rest_api_id, .. } => {
            (Action::RestorePrivateEndpoint, What::Api(rest(rest_api_id)))
        }
        Step::CreateDeployment {
            rest_api_id,
            stage_name,
            ..
        } => (
            Action::Redeploy,
            What::Stage(rest(rest_api_id), stage_name.clone()),
        ),
        Step::UpdateAccount { .. } => (Action::RestoreAccountLoggingRole, What::Account),
    }
}

/// The permit for a step, from the policies that come with Portcullis.
fn permit(step: &Step) -> Permit {
    let (action, what) = aim(step);
    let request = Request {
        action,
        mode: Mode::Auto,
        asked: Asked {
            mode: Mode::Auto,
            cloudformation: false,
            exemption: None,
            expired: Vec::new(),
        },
        thing: Thing {
            account: "111122223333".to_owned(),
            region: "eu-west-1".to_owned(),
            what,
        },
        tags: Tags::new(),
        actor: None,
        circumstances: Circumstances {
            age: 1,
            confidence: Confidence::High,
            contested: false,
            changed_again: false,
            budget_spent: false,
            by_cloudformation: false,
            break_glass: false,
            has_kill_switch: true,
            has_baseline: true,
            draft_is_published: true,
        },
        ledger_id: "restore-stage-logging-0123456789abcdef".to_owned(),
    };
    let ruling = CedarPolicy::embedded().unwrap().decide(&request);
    ruling.permit.unwrap()
}

/// A switch that nobody throws.
#[derive(Debug)]
struct Allows;

#[async_trait]
impl KillSwitch for Allows {
    async fn allows(&self) -> Result<bool, PortError> {
        Ok(true)
    }
}

fn writer(config: &SdkConfig) -> ApiGatewayWriter {
    let clients = Arc::new(Clients::of_config(config.clone()));
    let role = Some("portcullis-remediator".to_owned());
    ApiGatewayWriter::new(clients, role, Arc::default(), Arc::new(Allows))
}

fn replace(path: &str, value: &str) -> PatchOperation {
    PatchOperation {
        op: PatchOp::Replace,
        path: path.to_owned(),
        value: Some(value.to_owned()),
    }
}

/// A REST API with a method, so that it can be deployed; its id.
async fn rest_api(client: &v1::Client, name: &str) -> String {
    let made = client.create_rest_api().name(name).send().await.unwrap();
    let api = made.id().unwrap();
    let resources = client.get_resources().rest_api_id(api);
    let resources = resources.send().await.unwrap();
    let root = resources.items().first().unwrap().id().unwrap();
    let method = client.put_method().rest_api_id(api).resource_id(root);
    let method = method.http_method("GET").authorization_type("NONE");
    method.send().await.unwrap();
    let integration = client.put_integration().rest_api_id(api).resource_id(root);
    let integration = integration.http_method("GET");
    let integration = integration.r#type(v1::types::IntegrationType::Mock);
    integration.send().await.unwrap();
    api.to_owned()
}

#[tokio::test]
async fn a_rest_api_is_deployed_and_its_stage_written() {
    let Some((config, table)) = common::table("writes").await else {
        return;
    };
    let client = v1::Client::new(&config);
    let api = rest_api(&client, &table).await;
    let deploy = Step::CreateDeployment {
        rest_api_id: api.clone(),
        stage_name: "prod".to_owned(),
        description: "Portcullis restore-stage-logging-0123456789abcdef".to_owned(),
    };
    // Without the role no stage can log.
    let role = "arn:aws:iam::111122223333:role/logs";
    let account = Step::UpdateAccount {
        patch_operations: vec![replace("/cloudwatchRoleArn", role)],
    };
    let writer = writer(&config);
    writer.write(&permit(&account), &account).await.unwrap();
    writer.write(&permit(&deploy), &deploy).await.unwrap();
    let update = |stage: &str| Step::UpdateStage {
        rest_api_id: api.clone(),
        stage_name: stage.to_owned(),
        patch_operations: vec![
            replace("/*/*/logging/loglevel", "INFO"),
            replace("/accessLogSettings/destinationArn", LOG_GROUP),
        ],
    };
    writer
        .write(&permit(&update("prod")), &update("prod"))
        .await
        .unwrap();
    let stage = client.get_stage().rest_api_id(&api).stage_name("prod");
    let stage = stage.send().await.unwrap();
    let settings = &stage.method_settings().unwrap()["*/*"];
    assert_eq!(settings.logging_level(), Some("INFO"));
    let log = stage.access_log_settings().unwrap();
    assert_eq!(log.destination_arn(), Some(LOG_GROUP));

    let gone = writer
        .write(&permit(&update("nowhere")), &update("nowhere"))
        .await;
    assert_eq!(gone.unwrap_err().kind, WriteErrorKind::Gone);
}

#[tokio::test]
async fn a_v2_stage_is_written() {
    let Some((config, table)) = common::table("v2-writes").await else {
        return;
    };
    let client = v2::Client::new(&config);
    let create = client.create_api().name(&table);
    let create = create.protocol_type(v2::types::ProtocolType::Http);
    let made = create.send().await.unwrap();
    let api = made.api_id().unwrap();
    let stage = client.create_stage().api_id(api).stage_name("live");
    stage.send().await.unwrap();
    let update = V2StageUpdate {
        access_log_settings: Some(AccessLog {
            destination_arn: Some(LOG_GROUP.to_owned()),
            format: Some("$context.requestId".to_owned()),
        }),
        default_route_settings: Some(RouteSettings {
            throttling_burst_limit: Some(100),
            throttling_rate_limit: Some(50.0),
            ..RouteSettings::default()
        }),
        route_settings: None,
    };
    let step = Step::UpdateV2Stage {
        api_id: api.to_owned(),
        stage_name: "live".to_owned(),
        update,
    };
    writer(&config).write(&permit(&step), &step).await.unwrap();
    let stage = client.get_stage().api_id(api).stage_name("live");
    let stage = stage.send().await.unwrap();
    let log = stage.access_log_settings().unwrap();
    assert_eq!(log.destination_arn(), Some(LOG_GROUP));
    let settings = stage.default_route_settings().unwrap();
    assert_eq!(settings.throttling_burst_limit(), Some(100));
}

#[tokio::test]
async fn the_kill_switch_is_what_the_parameter_says_now() {
    let Some((config, table)) = common::table("kill-switch").await else {
        return;
    };
    let client = aws_sdk_ssm::Client::new(&config);
    let name = format!("/portcullis/{table}");
    let switch = SsmKillSwitch::new(&config, name.clone());
    assert!(
        !switch.allows().await.unwrap_err().retryable,
        "no parameter"
    );
    for (kind, value, allows) in [
        (ParameterType::String, "allow", true),
        (ParameterType::String, "stop", false),
        (ParameterType::SecureString, "Allow", true),
    ] {
        let put = client.put_parameter().name(&name).overwrite(true);
        let put = put.value(value).r#type(kind);
        put.send().await.unwrap();
        assert_eq!(switch.allows().await.unwrap(), allows, "{value}");
    }
}
