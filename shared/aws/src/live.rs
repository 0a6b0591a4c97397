//! `LiveReader` on both service models of API Gateway: what holds now.
//!
//! What does not exist (any more) is no error: the answer is that nothing is known.

use std::error::Error;
use std::sync::Arc;

use async_trait::async_trait;
use aws_sdk_apigateway as v1;
use aws_sdk_apigateway::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_apigatewayv2 as v2;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use portcullis_core::change::{ApiType, Change};
use portcullis_core::ports::{Live, LiveReader, PortError};
use portcullis_core::record::Record;
use portcullis_core::settings::{self, FieldError};

use crate::clients::Clients;
use crate::error::port_error;
use crate::settings_json as json;

/// Reads with the role that may only read.
#[derive(Debug, Clone)]
pub struct LiveApiGateway(Arc<Clients>);

impl LiveApiGateway {
    /// A reader with these credentials.
    pub fn new(clients: Arc<Clients>) -> Self {
        Self(clients)
    }
}

#[async_trait]
impl LiveReader for LiveApiGateway {
    async fn live(&self, record: &Record, change: &Change) -> Result<Live, PortError> {
        let config = self.0.of(&record.account, &record.region).await;
        let target = change.target();
        if matches!(change, Change::AccountUpdated(_)) {
            return account(&v1::Client::new(&config)).await;
        }
        let Some((Some(id), kind)) = target.api.map(|api| (api.id, api.kind)) else {
            return Ok(Live::default());
        };
        match (kind, target.stage) {
            (Some(ApiType::Rest), Some(stage)) => {
                rest_stage(&v1::Client::new(&config), &id, &stage).await
            }
            (Some(ApiType::Rest), None) => rest_api(&v1::Client::new(&config), &id).await,
            (_, Some(stage)) => v2_stage(&v2::Client::new(&config), &id, &stage).await,
            (_, None) => v2_api(&v2::Client::new(&config), &id).await,
        }
    }
}

/// What was read; `None` when it does not exist.
fn found<T, E>(
    action: &'static str,
    answer: Result<T, SdkError<E, HttpResponse>>,
    is_missing: fn(&E) -> bool,
) -> Result<Option<T>, PortError>
where
    E: Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    match answer {
        Ok(answer) => Ok(Some(answer)),
        Err(error) if error.as_service_error().is_some_and(is_missing) => Ok(None),
        Err(error) => Err(port_error(action, error)),
    }
}

/// The settings in AWS's own JSON, read by the parser that reads baselines and responses.
fn understood<T>(settings: Result<T, FieldError>) -> Result<T, PortError> {
    settings.map_err(|error| PortError {
        action: "understand the live settings",
        retryable: false,
        source: Box::new(error),
    })
}

async fn account(client: &v1::Client) -> Result<Live, PortError> {
    let answer = client.get_account().send().await;
    let answer = answer.map_err(|error| port_error("read the account's settings", error))?;
    Ok(Live {
        account: Some(understood(settings::account(&json::account(&answer)))?),
        ..Live::default()
    })
}

async fn rest_api(client: &v1::Client, id: &str) -> Result<Live, PortError> {
    let answer = client.get_rest_api().rest_api_id(id).send().await;
    let missing = v1::operation::get_rest_api::GetRestApiError::is_not_found_exception;
    api(found("read the API", answer, missing)?.map(|api| json::rest_api(&api)))
}

async fn v2_api(client: &v2::Client, id: &str) -> Result<Live, PortError> {
    let answer = client.get_api().api_id(id).send().await;
    let missing = v2::operation::get_api::GetApiError::is_not_found_exception;
    api(found("read the API", answer, missing)?.map(|api| json::v2_api(&api)))
}

fn api(json: Option<String>) -> Result<Live, PortError> {
    let api = json.as_deref().map(settings::api).transpose();
    Ok(Live {
        api: understood(api)?,
        ..Live::default()
    })
}

async fn rest_stage(client: &v1::Client, id: &str, name: &str) -> Result<Live, PortError> {
    let read = client.get_stage().rest_api_id(id).stage_name(name);
    let answer = read.send().await;
    let missing = v1::operation::get_stage::GetStageError::is_not_found_exception;
    stage(found("read the stage", answer, missing)?.map(|stage| json::rest_stage(&stage)))
}

async fn v2_stage(client: &v2::Client, id: &str, name: &str) -> Result<Live, PortError> {
    let answer = client.get_stage().api_id(id).stage_name(name).send().await;
    let missing = v2::operation::get_stage::GetStageError::is_not_found_exception;
    stage(found("read the stage", answer, missing)?.map(|stage| json::v2_stage(&stage)))
}

fn stage(json: Option<String>) -> Result<Live, PortError> {
    let stage = json.as_deref().map(settings::stage).transpose();
    Ok(Live {
        stage: understood(stage)?.flatten(),
        ..Live::default()
    })
}
