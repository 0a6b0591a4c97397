//! Tells a function to approve or to undo: a synchronous invocation with a command, and its answer.
//!
//! The right to invoke the function is the credential; nothing else is checked on this side.

use std::error::Error;

use aws_config::SdkConfig;
use aws_sdk_lambda::Client;
use aws_sdk_lambda::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_lambda::operation::invoke::InvokeOutput;
use aws_sdk_lambda::primitives::Blob;
use portcullis_core::remediation::command::{Answer, Command};
use serde::Deserialize;

/// Why there is no answer. Each says what to do next.
#[derive(Debug, thiserror::Error)]
pub enum InvokeError {
    /// The caller may not.
    #[error(
        "not allowed: approving and undoing need the right `lambda:InvokeFunction` on the function \
         `{function}`"
    )]
    Denied {
        /// Its name.
        function: String,
        /// What Lambda said.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// There is no such function where the credentials and the Region point.
    #[error(
        "no function `{function}` in this account and Region ({region}): the functions run where \
         Portcullis is deployed, not where the API is; see AWS_PROFILE, AWS_REGION and --function"
    )]
    Missing {
        /// Its name.
        function: String,
        /// The Region that was asked.
        region: String,
        /// What Lambda said.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The function ran and failed.
    #[error(
        "the function `{function}` failed: {message}; the command may be given again, and the log \
         group `/aws/lambda/{function}` has more"
    )]
    Failed {
        /// Its name.
        function: String,
        /// What it said.
        message: String,
    },
    /// The function answered something else.
    #[error(
        "the answer of the function `{function}` is none to a command: is it a version that knows \
         `approve` and `undo`?"
    )]
    Answer {
        /// Its name.
        function: String,
        /// What is wrong with it.
        #[source]
        source: serde_json::Error,
    },
    /// The call did not come through.
    #[error(
        "cannot invoke the function `{function}`; whether it ran is not known, and the command may \
         be given again"
    )]
    Call {
        /// Its name.
        function: String,
        /// What failed.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// The command cannot be written as JSON. It always can.
    #[error("cannot write the command")]
    Command(#[source] serde_json::Error),
}

/// What Lambda makes of an error of a function, and of its end before it answered.
#[derive(Deserialize)]
struct Fault {
    #[serde(rename = "errorMessage")]
    message: String,
}

/// Gives a command to the function of this name and waits for the answer.
///
/// # Errors
/// See [`InvokeError`].
pub async fn invoke(
    config: &SdkConfig,
    function: &str,
    command: &Command,
) -> Result<Answer, InvokeError> {
    let payload = serde_json::to_vec(command).map_err(InvokeError::Command)?;
    let invoke = Client::new(config).invoke();
    let invoke = invoke.function_name(function).payload(Blob::new(payload));
    match invoke.send().await {
        Ok(output) => answer(function, &output),
        Err(error) => Err(refused(config, function, error)),
    }
}

fn answer(function: &str, output: &InvokeOutput) -> Result<Answer, InvokeError> {
    let payload = output.payload().map(AsRef::as_ref).unwrap_or_default();
    if output.function_error().is_some() {
        let fault = serde_json::from_slice::<Fault>(payload);
        let message = fault.map_or_else(
            |_| String::from_utf8_lossy(payload).into_owned(),
            |fault| fault.message,
        );
        return Err(InvokeError::Failed {
            function: function.to_owned(),
            message,
        });
    }
    serde_json::from_slice(payload).map_err(|source| InvokeError::Answer {
        function: function.to_owned(),
        source,
    })
}

fn refused<E, R>(config: &SdkConfig, function: &str, error: SdkError<E, R>) -> InvokeError
where
    E: Error + ProvideErrorMetadata + Send + Sync + 'static,
    R: std::fmt::Debug + Send + Sync + 'static,
{
    let code = error.code().unwrap_or_default().to_owned();
    let function = function.to_owned();
    let source = Box::new(error);
    match code.as_str() {
        "AccessDeniedException" | "AccessDenied" => InvokeError::Denied { function, source },
        "ResourceNotFoundException" => InvokeError::Missing {
            function,
            region: config
                .region()
                .map_or("none", |region| region.as_ref())
                .to_owned(),
            source,
        },
        _ => InvokeError::Call { function, source },
    }
}
