//! `SettingsReader` on both service models of API Gateway, at the pace that an account can spare.
//!
//! The SDK's own retries are off, because they would not wait for a turn; throttling is waited for here,
//! and what outlasts that is left to the retry of the message or event.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_sdk_apigateway as v1;
use aws_sdk_apigatewayv2 as v2;
use aws_sdk_dynamodb::error::ProvideErrorMetadata;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use portcullis_core::baseline::thing::{Api, Thing, What};
use portcullis_core::baseline::version::Reading;
use portcullis_core::baseline::{Kept, Shape};
use portcullis_core::change::ApiType;
use portcullis_core::keeper::{Place, SettingsReader};
use portcullis_core::operations::Service;
use portcullis_core::ports::PortError;

use crate::bootstrap::now_ms;
use crate::clients::Clients;
use crate::error::port_error;
use crate::pace::{Call, Pace};
use crate::settings_json as json;

/// Waits before the second and the third try of a request.
const WAITS: &[Duration] = &[Duration::from_secs(5), Duration::from_secs(10)];

/// No request may take longer.
const TIMEOUT: Duration = Duration::from_secs(20);

/// Nothing is waited for longer than this before a read: a clock that is further off is broken.
const LONGEST_SETTLING: i64 = 10_000;

/// Most things of a REST API, or REST APIs, that one answer may list.
pub(crate) const PAGE: i32 = 500;

/// See the module.
#[derive(Debug)]
pub struct ApiGatewaySettings {
    clients: Arc<Clients>,
    pace: Arc<Pace>,
}

/// An answer, and when by our clock.
pub(crate) struct Answer<T> {
    pub(crate) value: T,
    started: i64,
    ended: i64,
}

impl<T> Answer<T> {
    fn reading(&self, thing: Thing, shape: Shape, json: &str) -> Result<Reading, PortError> {
        let settings = Kept::from_read(shape, json).map_err(|error| PortError {
            action: "understand the settings",
            retryable: false,
            source: Box::new(error),
        })?;
        Ok(Reading {
            thing,
            settings,
            started: self.started,
            ended: self.ended,
        })
    }
}

/// The clients of both service models for one account and Region.
pub(crate) struct Connection<'a> {
    account: &'a str,
    region: &'a str,
    pub(crate) rest: v1::Client,
    v2: v2::Client,
    pace: &'a Pace,
}

impl Connection<'_> {
    /// One request in its turn; `None` when what it asks for does not exist.
    pub(crate) async fn call<T, E, F>(
        &self,
        action: &'static str,
        send: impl Fn() -> F,
    ) -> Result<Option<Answer<T>>, PortError>
    where
        F: Future<Output = Result<T, SdkError<E, HttpResponse>>>,
        E: std::error::Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        let mut waits = WAITS.iter();
        loop {
            self.pace.turn(self.account, self.region, Call::Any).await;
            let started = now_ms();
            let error = match send().await {
                Ok(value) => {
                    return Ok(Some(Answer {
                        value,
                        started,
                        ended: now_ms(),
                    }));
                }
                Err(error) => error,
            };
            let code = error.as_service_error().and_then(|error| error.code());
            if code == Some("NotFoundException") {
                return Ok(None);
            }
            let error = port_error(action, error);
            match waits.next() {
                Some(wait) if error.retryable => tokio::time::sleep(*wait).await,
                _ => return Err(error),
            }
        }
    }
}

impl ApiGatewaySettings {
    /// A reader with these credentials and a pace of its own.
    pub fn new(clients: Arc<Clients>) -> Self {
        Self::at_pace(clients, Arc::default())
    }

    /// A reader with these credentials that takes its turns among others of this process.
    pub fn at_pace(clients: Arc<Clients>, pace: Arc<Pace>) -> Self {
        Self { clients, pace }
    }

    /// How many requests an account has had, in all Regions.
    pub async fn requests(&self, account: &str) -> u64 {
        self.pace.taken(account).await
    }

    pub(crate) async fn connect<'a>(&'a self, account: &'a str, region: &'a str) -> Connection<'a> {
        let config = single(self.clients.of(account, region).await);
        Connection {
            account,
            region,
            rest: v1::Client::new(&config),
            v2: v2::Client::new(&config),
            pace: &self.pace,
        }
    }
}

/// Without retries of the SDK's own.
fn single(config: SdkConfig) -> SdkConfig {
    let timeout = TimeoutConfig::builder().operation_timeout(TIMEOUT).build();
    let config = config.to_builder().retry_config(RetryConfig::disabled());
    config.timeout_config(timeout).build()
}

#[async_trait]
impl SettingsReader for ApiGatewaySettings {
    async fn read(&self, thing: &Thing, not_before: i64) -> Result<Option<Reading>, PortError> {
        let wait = not_before
            .saturating_sub(now_ms())
            .clamp(0, LONGEST_SETTLING);
        tokio::time::sleep(Duration::from_millis(wait.unsigned_abs())).await;
        let connection = self.connect(&thing.account, &thing.region).await;
        match &thing.what {
            What::Account => connection.account(thing).await,
            What::Api(api) if api.is_rest() => connection.rest_api(thing, api).await,
            What::Api(api) => connection.v2_api(thing, api).await,
            What::Stage(api, stage) if api.is_rest() => {
                connection.rest_stage(thing, api, stage).await
            }
            What::Stage(api, stage) => connection.v2_stage(thing, api, stage).await,
        }
    }

    async fn apis(&self, place: &Place, service: Service) -> Result<Vec<Reading>, PortError> {
        let connection = self.connect(&place.account, &place.region).await;
        let mut apis = match service {
            Service::Rest => connection.rest_apis(place).await?,
            Service::V2 => connection.v2_apis(place).await?,
        };
        let id = |reading: &Reading| reading.thing.api().map(|api| api.id.clone());
        apis.sort_by_key(id);
        Ok(apis)
    }

    async fn stages(&self, place: &Place, api: &Api) -> Result<Vec<Reading>, PortError> {
        let connection = self.connect(&place.account, &place.region).await;
        if api.is_rest() {
            connection.rest_stages(place, api).await
        } else {
            connection.v2_stages(place, api).await
        }
    }
}

fn thing(place: &Place, what: What) -> Thing {
    Thing {
        account: place.account.clone(),
        region: place.region.clone(),
        what,
    }
}

/// Single things.
impl Connection<'_> {
    async fn account(&self, thing: &Thing) -> Result<Option<Reading>, PortError> {
        let send = || self.rest.get_account().send();
        let Some(answer) = self.call("read the account's settings", send).await? else {
            return Ok(None);
        };
        let json = json::account(&answer.value);
        answer
            .reading(thing.clone(), Shape::Account, &json)
            .map(Some)
    }

    async fn rest_api(&self, thing: &Thing, api: &Api) -> Result<Option<Reading>, PortError> {
        let send = || self.rest.get_rest_api().rest_api_id(&api.id).send();
        let Some(answer) = self.call("read the API", send).await? else {
            return Ok(None);
        };
        let api = Api {
            name: answer.value.name.clone(),
            ..api.clone()
        };
        let what = What::Api(api);
        let thing = Thing {
            what,
            ..thing.clone()
        };
        let json = json::rest_api(&answer.value);
        answer.reading(thing, Shape::RestApi, &json).map(Some)
    }

    async fn v2_api(&self, thing: &Thing, api: &Api) -> Result<Option<Reading>, PortError> {
        let send = || self.v2.get_api().api_id(&api.id).send();
        let Some(answer) = self.call("read the API", send).await? else {
            return Ok(None);
        };
        let api = Api {
            id: api.id.clone(),
            kind: kind(answer.value.protocol_type.as_ref()).or(api.kind),
            name: answer.value.name.clone(),
        };
        let what = What::Api(api);
        let thing = Thing {
            what,
            ..thing.clone()
        };
        let json = json::v2_api(&answer.value);
        answer.reading(thing, Shape::V2Api, &json).map(Some)
    }

    async fn rest_stage(
        &self,
        thing: &Thing,
        api: &Api,
        stage: &str,
    ) -> Result<Option<Reading>, PortError> {
        let get = || self.rest.get_stage().rest_api_id(&api.id);
        let send = || get().stage_name(stage).send();
        let Some(answer) = self.call("read the stage", send).await? else {
            return Ok(None);
        };
        let json = json::rest_stage(&answer.value);
        answer
            .reading(thing.clone(), Shape::RestStage, &json)
            .map(Some)
    }

    async fn v2_stage(
        &self,
        thing: &Thing,
        api: &Api,
        stage: &str,
    ) -> Result<Option<Reading>, PortError> {
        let send = || self.v2.get_stage().api_id(&api.id).stage_name(stage).send();
        let Some(answer) = self.call("read the stage", send).await? else {
            return Ok(None);
        };
        let json = json::v2_stage(&answer.value);
        answer
            .reading(thing.clone(), Shape::V2Stage, &json)
            .map(Some)
    }
}

fn kind(protocol: Option<&v2::types::ProtocolType>) -> Option<ApiType> {
    match protocol? {
        v2::types::ProtocolType::Http => Some(ApiType::Http),
        v2::types::ProtocolType::Websocket => Some(ApiType::WebSocket),
        _ => None,
    }
}

mod lists;
