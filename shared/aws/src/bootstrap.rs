//! What every rule function starts with. A `main.rs` names its function and calls [`run`].
//!
//! INIT reads the configuration and opens a connection, because it runs unthrottled; the handler only
//! translates between the Lambda Runtime API and the pipeline.

use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use aws_sdk_dynamodb::types::AttributeValue;
use lambda_runtime::{Diagnostic, Error, LambdaEvent, service_fn};
use portcullis_core::causes::chain;
use portcullis_core::config::Config;
use portcullis_core::escape::visible;
use portcullis_core::metrics;
use portcullis_core::outcome::Outcome;
use portcullis_core::pipeline::{EventError, Pipeline};
use portcullis_core::ports::Delivery;
use portcullis_core::remediation::command::{Answer, Command};
use portcullis_core::remediation::responder::Responder;
use portcullis_core::thresholds::Thresholds;
use serde_json::value::RawValue;

use crate::baselines::DynamoBaselines;
use crate::clients::Clients;
use crate::clock::LambdaClock;
use crate::ledger::DynamoLedgerReader;
use crate::live::LiveApiGateway;
use crate::outbox::DynamoOutbox;
use crate::sns::SnsNotifier;
use crate::windows::DynamoWindows;

/// Runs a rule function that writes nothing until Lambda ends it.
///
/// # Errors
/// When the environment or the configuration files are not usable, or the Runtime API is gone.
pub async fn run(function: &'static str) -> Result<(), Error> {
    serve(function, |_| Ok(None)).await
}

/// What a function is made from.
pub(crate) struct Parts {
    pub(crate) function: &'static str,
    pub(crate) config: Config,
    pub(crate) clients: Arc<Clients>,
    pub(crate) clock: Arc<LambdaClock>,
}

/// Runs a rule function with what `responder` makes of its parts.
pub(crate) async fn serve(
    function: &'static str,
    responder: impl FnOnce(&Parts) -> Result<Option<Arc<dyn Responder>>, Error>,
) -> Result<(), Error> {
    let started = init(function, responder).await;
    let (pipeline, clock) = started.map_err(|error| readable(&*error))?;
    let pipeline = Arc::new(pipeline);
    lambda_runtime::run(service_fn(|event: LambdaEvent<Box<RawValue>>| {
        let pipeline = Arc::clone(&pipeline);
        clock.must_end(event.context.deadline);
        async move { handle(&pipeline, event).await }
    }))
    .await
}

async fn init(
    function: &'static str,
    responder: impl FnOnce(&Parts) -> Result<Option<Arc<dyn Responder>>, Error>,
) -> Result<(Pipeline, Arc<LambdaClock>), Error> {
    let config = Config::from_lookup(|name| env::var(name).ok())?;
    let parts = Parts {
        function,
        clients: Arc::new(Clients::load(config.reader_role.clone(), function).await),
        config,
        clock: Arc::default(),
    };
    connect(parts.clients.own(), &parts.config.table).await;
    let responder = responder(&parts)?;
    Ok((pipeline(&parts, responder)?, parts.clock))
}

/// A function that cannot start prints its error as programmers see it; this one is for people.
pub(crate) fn readable(error: &(dyn std::error::Error + 'static)) -> Error {
    chain(error).into()
}

fn pipeline(parts: &Parts, responder: Option<Arc<dyn Responder>>) -> Result<Pipeline, Error> {
    let (config, own) = (&parts.config, parts.clients.own());
    let table = || config.table.clone();
    Ok(Pipeline {
        function: parts.function,
        thresholds: thresholds(config)?,
        responders: config.responders(),
        ledger: Arc::new(DynamoLedgerReader::new(own, table())),
        responder,
        baselines: Arc::new(DynamoBaselines::new(own, config.baseline_table.clone())),
        live: Arc::new(LiveApiGateway::new(Arc::clone(&parts.clients))),
        windows: Arc::new(DynamoWindows::new(own, table())),
        outbox: Arc::new(DynamoOutbox::new(own, table())),
        notifier: Arc::new(SnsNotifier::new(own, config.topic_arn.clone())),
    })
}

/// The file of the deployment, or the one that comes with Portcullis when there is none. One that
/// cannot be used stops the function: half a configuration must not silence rules.
fn thresholds(config: &Config) -> Result<Thresholds, Error> {
    Ok(match configured(config, "thresholds.toml")? {
        Some(text) => Thresholds::parse(&text)?,
        None => Thresholds::embedded()?,
    })
}

/// The folder of the configuration files.
pub(crate) fn folder(config: &Config) -> PathBuf {
    let folder = config.folder.as_ref();
    folder.map_or_else(beside_binary, PathBuf::from)
}

/// A configuration file. `None` where the deployment named no folder and brought no such file.
pub(crate) fn configured(config: &Config, name: &str) -> Result<Option<String>, Error> {
    let path = folder(config).join(name);
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(text)),
        // Without modes nothing is written: only thresholds have to be where they are said to be.
        Err(error)
            if error.kind() == io::ErrorKind::NotFound
                && (config.folder.is_none() || name == "remediation.toml") =>
        {
            Ok(None)
        }
        Err(error) => Err(format!("cannot read `{}`: {error}", path.display()).into()),
    }
}

pub(crate) fn beside_binary() -> PathBuf {
    let root = env::var("LAMBDA_TASK_ROOT").unwrap_or_else(|_| ".".to_owned());
    PathBuf::from(root).join("config")
}

/// Opens the connection to DynamoDB that the first finding will need. The item does not exist, and
/// whether the call succeeds does not matter here: the first real one tells.
pub(crate) async fn connect(config: &aws_config::SdkConfig, table: &str) {
    let client = aws_sdk_dynamodb::Client::new(config);
    let nothing = || AttributeValue::S("-".to_owned());
    let read = client
        .get_item()
        .table_name(table)
        .key("pk", nothing())
        .key("sk", nothing());
    let _ = read.send().await;
}

/// An EventBridge event, or a command: an object with the member `command`.
async fn handle(
    pipeline: &Pipeline,
    event: LambdaEvent<Box<RawValue>>,
) -> Result<Option<Answer>, Diagnostic> {
    let started = Instant::now();
    let delivery = Delivery {
        owner: event.context.request_id,
        now: now_ms() / 1000,
    };
    let json = event.payload.get();
    if is_command(json) {
        return obey(pipeline, json, &delivery).await.map(Some);
    }
    let (mut outcome, result) = pipeline.handle(json.as_bytes(), &delivery).await;
    outcome.duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    report(&outcome);
    match result {
        Ok(()) => Ok(None),
        Err(error) => Err(diagnostic(&error, &outcome)),
    }
}

fn is_command(json: &str) -> bool {
    #[derive(serde::Deserialize)]
    struct Peek {
        command: Option<serde::de::IgnoredAny>,
    }
    let peek = serde_json::from_str::<Peek>(json);
    peek.is_ok_and(|peek| peek.command.is_some())
}

async fn obey(pipeline: &Pipeline, json: &str, delivery: &Delivery) -> Result<Answer, Diagnostic> {
    let failed = |kind: &str, error: &(dyn std::error::Error + 'static)| Diagnostic {
        error_type: kind.to_owned(),
        error_message: chain(error),
    };
    let command: Command = serde_json::from_str(json).map_err(|error| failed("Final", &error))?;
    let answer = pipeline.obey(&command, delivery).await;
    let answer = answer.map_err(|error| match error.retryable {
        true => failed("Retryable", &error),
        false => failed("Final", &error),
    })?;
    let line = serde_json::json!({
        "level": "INFO",
        "message": format!("command on {}: {}", visible(&answer.id), visible(&answer.state)),
        "ledger.id": answer.id,
        "state": answer.state,
    });
    // Standard output is the log: when it fails there is no place left to say so.
    let _ = writeln!(io::stdout().lock(), "{line}");
    Ok(answer)
}

/// Lambda shows the type in its metrics and hands both to the on-failure destination.
fn diagnostic(error: &EventError, outcome: &Outcome) -> Diagnostic {
    let error_type = match error.is_retryable() {
        true => "Retryable",
        false => "Final",
    };
    let message = outcome.error.clone().unwrap_or_else(|| error.to_string());
    Diagnostic {
        error_type: error_type.to_owned(),
        error_message: message,
    }
}

/// One line for people and one or more for CloudWatch's metrics.
fn report(outcome: &Outcome) {
    let mut lines = vec![outcome.log_line()];
    lines.extend(metrics::lines(outcome, now_ms()));
    let mut out = io::stdout().lock();
    for line in lines {
        // Standard output is the log: when it fails there is no place left to say so.
        let _ = writeln!(out, "{line}");
    }
}

pub(crate) fn now_ms() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH);
    since.map_or(0, |since| {
        i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
    })
}
