//! The writer on replayed answers: what it sends, and what it makes of every failure.

mod failures;
mod sent;

use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use portcullis_core::baseline::thing::{Api, What};
use portcullis_core::change::ApiType;
use portcullis_core::ports::PortError;
use portcullis_core::remediation::step::{PatchOp, PatchOperation};

use super::*;
use crate::replay::{Answer, Asked, Replay};

const ID: &str = "restore-stage-logging-0123456789abcdef";
const ROLE: &str = "portcullis-remediator";

/// A permit for one thing that covers every step or none.
struct OfTests {
    thing: Thing,
    ledger_id: String,
    covers: bool,
}

impl Permitted for OfTests {
    fn thing(&self) -> &Thing {
        &self.thing
    }

    fn ledger_id(&self) -> &str {
        &self.ledger_id
    }

    fn covers(&self, _step: &Step) -> bool {
        self.covers
    }
}

fn permit(ledger_id: &str) -> OfTests {
    let api = Api {
        id: "a1b2c3d4e5".to_owned(),
        kind: Some(ApiType::Rest),
        name: None,
    };
    OfTests {
        thing: Thing {
            account: "111122223333".to_owned(),
            region: "eu-west-1".to_owned(),
            what: What::Stage(api, "prod".to_owned()),
        },
        ledger_id: ledger_id.to_owned(),
        covers: true,
    }
}

fn level(value: &str) -> PatchOperation {
    PatchOperation {
        op: PatchOp::Replace,
        path: "/*/*/logging/loglevel".to_owned(),
        value: Some(value.to_owned()),
    }
}

fn stage() -> Step {
    Step::UpdateStage {
        rest_api_id: "a1b2c3d4e5".to_owned(),
        stage_name: "prod".to_owned(),
        patch_operations: vec![level("INFO")],
    }
}

fn account() -> Step {
    Step::UpdateAccount {
        patch_operations: vec![PatchOperation {
            op: PatchOp::Replace,
            path: "/cloudwatchRoleArn".to_owned(),
            value: Some("arn:aws:iam::111122223333:role/logs".to_owned()),
        }],
    }
}

fn deployment() -> Step {
    Step::CreateDeployment {
        rest_api_id: "a1b2c3d4e5".to_owned(),
        stage_name: "prod".to_owned(),
        description: format!("Portcullis {ID}"),
    }
}

/// What STS answers, with credentials until so many seconds from now.
fn session(key: &str, seconds: i64) -> Answer {
    let until = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(seconds);
    Answer::Is(
        200,
        vec![("content-type", "text/xml".to_owned())],
        format!(
            r#"<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult>
            <AssumedRoleUser><Arn>a</Arn><AssumedRoleId>b</AssumedRoleId></AssumedRoleUser>
            <Credentials><AccessKeyId>{key}</AccessKeyId><SecretAccessKey>none</SecretAccessKey>
            <SessionToken>token</SessionToken><Expiration>{until}</Expiration></Credentials>
            </AssumeRoleResult></AssumeRoleResponse>"#
        ),
    )
}

/// A refusal by STS.
fn refusal(status: u16, code: &str) -> Answer {
    let body = format!(
        "<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>m</Message></Error>\
         <RequestId>r</RequestId></ErrorResponse>"
    );
    Answer::Is(status, Vec::new(), body)
}

/// A writer, and the service that it talks to.
struct Bench {
    writer: ApiGatewayWriter,
    replay: Replay,
    switch: Arc<Switch>,
}

/// Allows until it is thrown, and counts how often it is asked.
#[derive(Debug, Default)]
struct Switch {
    is_thrown: AtomicBool,
    asked: AtomicUsize,
}

#[async_trait]
impl KillSwitch for Switch {
    async fn allows(&self) -> Result<bool, PortError> {
        self.asked.fetch_add(1, Ordering::SeqCst);
        Ok(!self.is_thrown.load(Ordering::SeqCst))
    }
}

impl Bench {
    async fn new(answers: impl IntoIterator<Item = Answer>) -> Self {
        Self::with_role(Some(ROLE), answers).await
    }

    async fn with_role(role: Option<&str>, answers: impl IntoIterator<Item = Answer>) -> Self {
        let replay = Replay::new(answers);
        let clients = Arc::new(Clients::of_config(replay.config().await));
        let role = role.map(ToOwned::to_owned);
        let switch = Arc::new(Switch::default());
        Self {
            writer: ApiGatewayWriter::new(clients, role, Arc::default(), Arc::clone(&switch) as _),
            replay,
            switch,
        }
    }

    async fn write(&self, permit: &OfTests, step: &Step) -> Result<(), WriteErrorKind> {
        let written = self.writer.make(permit, step).await;
        written.map_err(|error| {
            assert_eq!(error.source.retryable, error.kind.is_retryable());
            error.kind
        })
    }

    /// The same with the usual permit.
    async fn step(&self, step: &Step) -> Result<(), WriteErrorKind> {
        self.write(&permit(ID), step).await
    }

    /// Requests to API Gateway.
    fn writes(&self) -> Vec<Asked> {
        let asked = self.replay.asked().into_iter();
        asked.filter(|asked| !is_sts(asked)).collect()
    }

    /// Bodies of requests to STS.
    fn assumed(&self) -> Vec<String> {
        let asked = self.replay.asked().into_iter();
        asked.filter(is_sts).map(|asked| asked.body).collect()
    }
}

fn is_sts(asked: &Asked) -> bool {
    asked.line.contains("https://sts.")
}
