//! For tests: an HTTP client that answers from a list and remembers what it was asked. It opens no
//! socket, so that tests may stop the clock.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex};

use aws_config::{BehaviorVersion, Region, SdkConfig};
use aws_sdk_dynamodb::config::Credentials;
use aws_smithy_runtime_api::client::http::{
    HttpConnector, HttpConnectorFuture, SharedHttpConnector, http_client_fn,
};
use aws_smithy_runtime_api::client::orchestrator::{HttpRequest, HttpResponse};
use aws_smithy_runtime_api::client::result::ConnectorError;
use tokio::time::Instant;

/// What happens to a request.
#[derive(Debug, Clone)]
pub(crate) enum Answer {
    /// Status, headers, body.
    Is(u16, Vec<(&'static str, String)>, String),
    /// The connection breaks.
    Broken,
    /// Nothing comes back.
    Silence,
}

impl Answer {
    /// JSON with status 200.
    pub(crate) fn ok(body: &str) -> Self {
        Self::Is(200, Vec::new(), body.to_owned())
    }

    /// An error of a JSON service.
    pub(crate) fn error(status: u16, code: &str, message: &str) -> Self {
        let body = serde_json::json!({"__type": code, "message": message});
        let kind = ("x-amzn-errortype", code.to_owned());
        Self::Is(status, vec![kind], body.to_string())
    }

    /// The same with one more header.
    pub(crate) fn header(self, name: &'static str, value: &str) -> Self {
        match self {
            Self::Is(status, mut headers, body) => {
                headers.push((name, value.to_owned()));
                Self::Is(status, headers, body)
            }
            other => other,
        }
    }
}

/// A request as it was sent.
#[derive(Debug, Clone)]
pub(crate) struct Asked {
    /// Method and URI.
    pub(crate) line: String,
    pub(crate) headers: BTreeMap<String, String>,
    pub(crate) body: String,
    pub(crate) at: Instant,
}

/// Answers in turn.
#[derive(Debug, Clone, Default)]
pub(crate) struct Replay(Arc<Mutex<(VecDeque<Answer>, Vec<Asked>)>>);

impl Replay {
    pub(crate) fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        let replay = Self::default();
        replay.then(answers);
        replay
    }

    /// More answers.
    pub(crate) fn then(&self, answers: impl IntoIterator<Item = Answer>) {
        self.0.lock().unwrap().0.extend(answers);
    }

    /// What was asked so far.
    pub(crate) fn asked(&self) -> Vec<Asked> {
        self.0.lock().unwrap().1.clone()
    }

    /// A configuration that talks to it.
    pub(crate) async fn config(&self) -> SdkConfig {
        let connector = SharedHttpConnector::new(self.clone());
        aws_config::defaults(BehaviorVersion::v2026_01_12())
            .http_client(http_client_fn(move |_, _| connector.clone()))
            .region(Region::new("eu-central-1"))
            .credentials_provider(Credentials::new("own", "none", None, None, "test"))
            .load()
            .await
    }
}

impl HttpConnector for Replay {
    fn call(&self, request: HttpRequest) -> HttpConnectorFuture {
        let headers = request.headers().iter();
        let asked = Asked {
            line: format!("{} {}", request.method(), request.uri()),
            headers: headers
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .collect(),
            body: String::from_utf8_lossy(request.body().bytes().unwrap()).into_owned(),
            at: Instant::now(),
        };
        let mut state = self.0.lock().unwrap();
        state.1.push(asked);
        let answer = state.0.pop_front().expect("no answer is left");
        HttpConnectorFuture::new(async move {
            match answer {
                Answer::Is(status, headers, body) => {
                    let mut response = HttpResponse::new(status.try_into().unwrap(), body.into());
                    for (name, value) in headers {
                        response.headers_mut().append(name, value);
                    }
                    Ok(response)
                }
                Answer::Broken => Err(ConnectorError::io("reset".into())),
                Answer::Silence => std::future::pending().await,
            }
        })
    }
}
