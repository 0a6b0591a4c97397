//! What the function `baseline` starts with: the environment, the ports, and the translation between
//! the Lambda Runtime API and [`portcullis_core::keeper`].

use std::env;
use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use lambda_runtime::{Context, Diagnostic, Error, LambdaEvent, service_fn};
use portcullis_core::causes::chain;
use portcullis_core::config::KeeperConfig;
use portcullis_core::keeper::draft::DraftSource;
use portcullis_core::keeper::input::{Input, InputError, Message, Scope, place_of_function};
use portcullis_core::keeper::report::{FUNCTION, Report};
use portcullis_core::keeper::{KeepError, Keeper, Place, SweepQueue};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::baselines::DynamoBaselines;
use crate::bootstrap::{beside_binary, connect, now_ms, readable};
use crate::clients::Clients;
use crate::drafts::DynamoDrafts;
use crate::queue::SqsSweeps;
use crate::settings::ApiGatewaySettings;

/// What a sweep leaves of the invocation's time, for the API it is at and for the message that goes on.
/// One API takes two requests as a rule; a throttled one waits.
const RESERVE: Duration = Duration::from_secs(60);

/// The function, ready for invocations.
struct Function {
    keeper: Keeper,
    queue: Arc<SqsSweeps>,
    /// `None` for the function's own account and Region.
    scope: Option<Scope>,
}

/// Runs the function until Lambda ends it.
///
/// # Errors
/// When the environment or `accounts.toml` are not usable, or the Runtime API is gone.
pub async fn run() -> Result<(), Error> {
    let function = Arc::new(init().await.map_err(|error| readable(&*error))?);
    lambda_runtime::run(service_fn(|event: LambdaEvent<Box<RawValue>>| {
        let function = Arc::clone(&function);
        async move { function.handle(event).await }
    }))
    .await
}

async fn init() -> Result<Function, Error> {
    let config = KeeperConfig::from_lookup(|name| env::var(name).ok())?;
    Function::new(config).await
}

impl Function {
    async fn new(config: KeeperConfig) -> Result<Self, Error> {
        let scope = scope(&config)?;
        let reads_elsewhere = config.reader_role.is_some();
        let clients = Arc::new(Clients::load(config.reader_role, FUNCTION).await);
        let own = clients.own();
        connect(own, &config.baseline_table).await;
        let queue = Arc::new(SqsSweeps::new(own, config.sweep_queue));
        // One for settings and drafts: an account has one pace.
        let reader = Arc::new(ApiGatewaySettings::new(Arc::clone(&clients)));
        Ok(Self {
            keeper: Keeper {
                drafts: Arc::new(DynamoDrafts::new(own, config.baseline_table.clone())),
                drafter: Arc::clone(&reader) as Arc<dyn DraftSource>,
                store: Arc::new(DynamoBaselines::new(own, config.baseline_table)),
                reader,
                queue: Arc::clone(&queue) as Arc<dyn SweepQueue>,
                reads_elsewhere,
            },
            queue,
            scope,
        })
    }

    async fn handle(&self, event: LambdaEvent<Box<RawValue>>) -> Result<Value, Diagnostic> {
        let json = event.payload.get().as_bytes();
        let input = Input::parse(json).map_err(|error| diagnostic(&error.into()))?;
        let own = place_of_function(&event.context.invoked_function_arn);
        match input {
            Input::Event => self.event(json, &account(own)).await,
            Input::Messages(messages) => {
                Ok(self.messages(messages, &account(own), &event.context).await)
            }
            Input::Sweep => self.start(own, event.context.invoked_function_arn).await,
        }
    }

    async fn event(&self, json: &[u8], own: &str) -> Result<Value, Diagnostic> {
        let started = Instant::now();
        let (report, result) = self.keeper.event(json, own).await;
        tell(report, started);
        let result = result.map(|()| Value::Null);
        result.map_err(|error| diagnostic(&error))
    }

    /// Every message that did not come to its end is named, so that it alone comes again. After a
    /// failure the account's other messages wait too: a FIFO queue keeps their order.
    async fn messages(&self, messages: Vec<Message>, own: &str, context: &Context) -> Value {
        let deadline = context.deadline();
        let is_late = move || {
            let left = deadline.duration_since(SystemTime::now());
            left.unwrap_or_default() < RESERVE
        };
        let mut failures: Vec<Value> = Vec::new();
        for message in messages {
            if failures.is_empty() && !is_late() {
                let started = Instant::now();
                let (report, result) = self.keeper.message(&message.body, own, &is_late).await;
                tell(report, started);
                if result.is_ok() {
                    continue;
                }
            }
            failures.push(json!({"itemIdentifier": message.message_id}));
        }
        json!({"batchItemFailures": failures})
    }

    async fn start(&self, own: Option<Place>, arn: String) -> Result<Value, Diagnostic> {
        let scope = self.scope.clone().or_else(|| own.map(Scope::of));
        let scope = scope.ok_or_else(|| diagnostic(&InputError::NoPlace(arn).into()))?;
        let sweeps = scope.sweeps();
        let sent = self.queue.send(&sweeps).await;
        sent.map_err(|error| diagnostic(&error.into()))?;
        Ok(json!({"sweeps": sweeps.len()}))
    }
}

/// Nothing is read for an account that is not known to be the function's own.
fn account(own: Option<Place>) -> String {
    own.map(|place| place.account).unwrap_or_default()
}

/// `accounts.toml`; without one, the function's own account and Region. One that cannot be used stops
/// the function: half a scope must not pass for all of it.
fn scope(config: &KeeperConfig) -> Result<Option<Scope>, Error> {
    let folder = config.folder.as_ref();
    let path = folder
        .map_or_else(beside_binary, PathBuf::from)
        .join("accounts.toml");
    match fs::read_to_string(&path) {
        Ok(text) => Ok(Some(Scope::parse(&text)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(format!("cannot read `{}`: {error}", path.display()).into()),
    }
}

/// Lambda shows the type in its metrics and hands both to the on-failure destination.
fn diagnostic(error: &KeepError) -> Diagnostic {
    let error_type = match error.is_retryable() {
        true => "Retryable",
        false => "Final",
    };
    Diagnostic {
        error_type: error_type.to_owned(),
        error_message: chain(error),
    }
}

/// One line for people and one for CloudWatch's metrics.
fn tell(mut report: Report, started: Instant) {
    report.duration_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
    let mut out = io::stdout().lock();
    for line in [report.log_line(), report.metrics(now_ms())] {
        // Standard output is the log: when it fails there is no place left to say so.
        let _ = writeln!(out, "{line}");
    }
}
