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
use portcullis_core::metrics;
use portcullis_core::outcome::Outcome;
use portcullis_core::pipeline::{EventError, Pipeline};
use portcullis_core::ports::Delivery;
use portcullis_core::thresholds::Thresholds;
use serde_json::value::RawValue;

use crate::baselines::DynamoBaselines;
use crate::clients::Clients;
use crate::live::LiveApiGateway;
use crate::outbox::DynamoOutbox;
use crate::sns::SnsNotifier;
use crate::windows::DynamoWindows;

/// Runs a rule function until Lambda ends it.
///
/// # Errors
/// When the environment or the configuration files are not usable, or the Runtime API is gone.
pub async fn run(function: &'static str) -> Result<(), Error> {
    let pipeline = Arc::new(init(function).await.map_err(|error| readable(&*error))?);
    lambda_runtime::run(service_fn(|event: LambdaEvent<Box<RawValue>>| {
        let pipeline = Arc::clone(&pipeline);
        async move { handle(&pipeline, event).await }
    }))
    .await
}

async fn init(function: &'static str) -> Result<Pipeline, Error> {
    let config = Config::from_lookup(|name| env::var(name).ok())?;
    pipeline(function, config).await
}

/// A function that cannot start prints its error as programmers see it; this one is for people.
pub(crate) fn readable(error: &(dyn std::error::Error + 'static)) -> Error {
    chain(error).into()
}

async fn pipeline(function: &'static str, config: Config) -> Result<Pipeline, Error> {
    let clients = Arc::new(Clients::load(config.reader_role.clone(), function).await);
    let own = clients.own();
    connect(own, &config.table).await;
    Ok(Pipeline {
        function,
        thresholds: thresholds(&config)?,
        responders: config.responders(),
        baselines: Arc::new(DynamoBaselines::new(own, config.baseline_table)),
        live: Arc::new(LiveApiGateway::new(Arc::clone(&clients))),
        windows: Arc::new(DynamoWindows::new(own, config.table.clone())),
        outbox: Arc::new(DynamoOutbox::new(own, config.table)),
        notifier: Arc::new(SnsNotifier::new(own, config.topic_arn)),
    })
}

/// The file of the deployment, or the one that comes with Portcullis when there is none. One that
/// cannot be used stops the function: half a configuration must not silence rules.
fn thresholds(config: &Config) -> Result<Thresholds, Error> {
    let folder = config
        .folder
        .as_ref()
        .map_or_else(beside_binary, PathBuf::from);
    let path = folder.join("thresholds.toml");
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Thresholds::parse(&text)?),
        Err(error) if error.kind() == io::ErrorKind::NotFound && config.folder.is_none() => {
            Ok(Thresholds::embedded()?)
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

async fn handle(pipeline: &Pipeline, event: LambdaEvent<Box<RawValue>>) -> Result<(), Diagnostic> {
    let started = Instant::now();
    let delivery = Delivery {
        owner: event.context.request_id,
        now: now_ms() / 1000,
    };
    let json = event.payload.get().as_bytes();
    let (mut outcome, result) = pipeline.handle(json, &delivery).await;
    outcome.duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    report(&outcome);
    result.map_err(|error| diagnostic(&error, &outcome))
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
