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
use portcullis_core::settings::{
    AccessLog, AccountSettings, ApiSettings, Execution, LogLevel, MethodSettings, Scope,
    StageSettings,
};

use crate::clients::Clients;
use crate::error::port_error;

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

async fn account(client: &v1::Client) -> Result<Live, PortError> {
    let answer = client.get_account().send().await;
    let answer = answer.map_err(|error| port_error("read the account's settings", error))?;
    Ok(Live {
        account: Some(AccountSettings {
            cloudwatch_role_arn: answer.cloudwatch_role_arn.filter(|arn| !arn.is_empty()),
        }),
        ..Live::default()
    })
}

async fn rest_api(client: &v1::Client, id: &str) -> Result<Live, PortError> {
    let answer = client.get_rest_api().rest_api_id(id).send().await;
    let Some(api) = found(
        "read the API",
        answer,
        v1::operation::get_rest_api::GetRestApiError::is_not_found_exception,
    )?
    else {
        return Ok(Live::default());
    };
    let types = api.endpoint_configuration.and_then(|end| end.types);
    Ok(Live {
        api: Some(ApiSettings {
            endpoint_types: types
                .map(|types| types.iter().map(|kind| kind.as_str().to_owned()).collect()),
            execute_api_disabled: Some(api.disable_execute_api_endpoint),
        }),
        ..Live::default()
    })
}

async fn v2_api(client: &v2::Client, id: &str) -> Result<Live, PortError> {
    let answer = client.get_api().api_id(id).send().await;
    let Some(api) = found(
        "read the API",
        answer,
        v2::operation::get_api::GetApiError::is_not_found_exception,
    )?
    else {
        return Ok(Live::default());
    };
    Ok(Live {
        api: Some(ApiSettings {
            endpoint_types: None,
            execute_api_disabled: api.disable_execute_api_endpoint,
        }),
        ..Live::default()
    })
}

async fn rest_stage(client: &v1::Client, id: &str, stage: &str) -> Result<Live, PortError> {
    let read = client.get_stage().rest_api_id(id).stage_name(stage);
    let answer = read.send().await;
    let Some(stage) = found(
        "read the stage",
        answer,
        v1::operation::get_stage::GetStageError::is_not_found_exception,
    )?
    else {
        return Ok(Live::default());
    };
    let scopes = stage.method_settings.unwrap_or_default();
    let scopes = scopes.into_iter().map(|(key, set)| {
        let settings = MethodSettings {
            level: set.logging_level.as_deref().map(LogLevel::parse),
            rate_limit: Some(set.throttling_rate_limit),
            burst_limit: Some(f64::from(set.throttling_burst_limit)),
        };
        (Scope::of_method(&key), settings)
    });
    let log = stage.access_log_settings.map(|log| AccessLog {
        destination_arn: log.destination_arn,
        format: log.format,
    });
    Ok(Live {
        stage: Some(StageSettings {
            execution: Some(Execution {
                scopes: scopes.collect(),
                inherits: true,
            }),
            access_log: log.filter(AccessLog::is_on),
        }),
        ..Live::default()
    })
}

async fn v2_stage(client: &v2::Client, id: &str, stage: &str) -> Result<Live, PortError> {
    let answer = client.get_stage().api_id(id).stage_name(stage).send().await;
    let Some(stage) = found(
        "read the stage",
        answer,
        v2::operation::get_stage::GetStageError::is_not_found_exception,
    )?
    else {
        return Ok(Live::default());
    };
    let routes = stage.route_settings.unwrap_or_default().into_iter();
    let mut scopes: std::collections::BTreeMap<_, _> = routes
        .map(|(key, set)| (Scope::of_route(&key), route(&set)))
        .collect();
    if let Some(set) = &stage.default_route_settings {
        scopes.insert(Scope::Default, route(set));
    }
    let log = stage.access_log_settings.map(|log| AccessLog {
        destination_arn: log.destination_arn,
        format: log.format,
    });
    Ok(Live {
        stage: Some(StageSettings {
            execution: Some(Execution {
                scopes,
                inherits: false,
            }),
            access_log: log.filter(AccessLog::is_on),
        }),
        ..Live::default()
    })
}

fn route(set: &v2::types::RouteSettings) -> MethodSettings {
    MethodSettings {
        level: set
            .logging_level
            .as_ref()
            .map(|level| LogLevel::parse(level.as_str())),
        rate_limit: set.throttling_rate_limit,
        burst_limit: set.throttling_burst_limit.map(f64::from),
    }
}
