//! From an error of the SDK to one of core's ports: what was tried, whether the same call may succeed
//! later, and the source.
//!
//! The SDK has tried a few times already when an error arrives here.

use std::error::Error;

use aws_sdk_dynamodb::error::{ConnectorError, ProvideErrorMetadata};
#[cfg(feature = "functions")]
use aws_sdk_sts::operation::assume_role::AssumeRoleError;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use portcullis_core::ports::PortError;

/// Codes of errors that pass by themselves, where the status alone does not say so. Source: AWS SDKs
/// and Tools Reference Guide, "Retry behavior", and the services' own lists of errors.
const PASSING: &[&str] = &[
    "BandwidthLimitExceeded",
    "LimitExceededException",
    "PriorRequestNotComplete",
    "ProvisionedThroughputExceededException",
    "ReplicatedWriteConflictException",
    "RequestLimitExceeded",
    "RequestThrottled",
    "RequestThrottledException",
    "RequestTimeout",
    "RequestTimeoutException",
    "SlowDown",
    "Throttled",
    "ThrottledException",
    "Throttling",
    "ThrottlingException",
    "TooManyRequestsException",
    "TransactionConflictException",
    "TransactionInProgressException",
];

/// Reasons for cancelling a transaction that pass by themselves; the message names them.
const PASSING_REASONS: &[&str] = &[
    "ProvisionedThroughputExceeded",
    "ThrottlingError",
    "TransactionConflict",
];

/// The error of a call; `action` says what was tried, such as "read the baseline".
pub(crate) fn port_error<E>(action: &'static str, error: SdkError<E, HttpResponse>) -> PortError
where
    E: Error + ProvideErrorMetadata + Send + Sync + 'static,
{
    PortError {
        action,
        retryable: is_retryable(&error),
        source: Box::new(error),
    }
}

fn is_retryable<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> bool {
    match error {
        // Whether a call without a proper answer took effect is unknown; every call bears repetition.
        SdkError::TimeoutError(_) | SdkError::ResponseError(_) => true,
        // What the program itself set up wrongly stays wrong, and so does a role that may not be assumed.
        SdkError::DispatchFailure(failure) => {
            !failure.is_user() && !failure.as_connector_error().is_some_and(is_role_refused)
        }
        SdkError::ServiceError(failure) => {
            let status = failure.raw().status();
            let code = failure.err().code().unwrap_or_default();
            let message = failure.err().message().unwrap_or_default();
            let names = |reason: &&str| message.contains(*reason);
            status.is_server_error()
                || status.as_u16() == 429
                || PASSING.contains(&code)
                || code == "TransactionCanceledException" && PASSING_REASONS.iter().any(names)
        }
        // The request could not even be built.
        _ => false,
    }
}

/// Whether no credentials were to be had because STS refuses the role.
#[cfg(feature = "functions")]
fn is_role_refused(error: &ConnectorError) -> bool {
    let mut cause = error.source();
    while let Some(error) = cause {
        if let Some(error) = error.downcast_ref::<SdkError<AssumeRoleError, HttpResponse>>() {
            return !is_retryable(error);
        }
        cause = error.source();
    }
    false
}

/// The command line assumes no role of ours.
#[cfg(not(feature = "functions"))]
fn is_role_refused(_: &ConnectorError) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use aws_sdk_dynamodb::error::ErrorMetadata;
    use aws_sdk_dynamodb::operation::update_item::UpdateItemError;

    use super::*;

    fn service(status: u16, code: &str, message: &str) -> PortError {
        let metadata = ErrorMetadata::builder().code(code).message(message).build();
        let response = HttpResponse::new(status.try_into().unwrap(), "".into());
        let error = SdkError::service_error(UpdateItemError::generic(metadata), response);
        port_error("count the event", error)
    }

    #[test]
    fn what_passes_by_itself_is_retryable() {
        let cancelled = "TransactionCanceledException";
        let cases = [
            (400, "ProvisionedThroughputExceededException", "", true),
            (400, "ThrottlingException", "", true),
            (400, "TransactionConflictException", "", true),
            (429, "Anything", "", true),
            (500, "InternalServerError", "", true),
            (503, "Anything", "", true),
            (400, "ValidationException", "", false),
            (400, "ResourceNotFoundException", "", false),
            (403, "AccessDeniedException", "", false),
            (400, "ConditionalCheckFailedException", "", false),
            (400, cancelled, "[None, TransactionConflict]", true),
            (400, cancelled, "[ConditionalCheckFailed, None]", false),
        ];
        for (status, code, message, retryable) in cases {
            let error = service(status, code, message);
            assert_eq!(error.retryable, retryable, "{status} {code} {message}");
        }
    }

    #[test]
    fn a_connection_that_fails_is_retryable() {
        let io = || Box::new(std::io::Error::other("reset"));
        let failed = |connector| {
            let error = SdkError::<UpdateItemError, HttpResponse>::dispatch_failure(connector);
            port_error("count the event", error).retryable
        };
        assert!(failed(ConnectorError::io(io())));
        assert!(failed(ConnectorError::timeout(io())));
        assert!(!failed(ConnectorError::user(io())));
    }

    #[test]
    fn a_role_that_sts_refuses_is_refused_again() {
        let assume = |status: u16, code: &str| {
            let metadata = ErrorMetadata::builder().code(code).build();
            let response = HttpResponse::new(status.try_into().unwrap(), "".into());
            let error = SdkError::service_error(AssumeRoleError::generic(metadata), response);
            let connector = ConnectorError::other(Box::new(error), None);
            let error = SdkError::<UpdateItemError, HttpResponse>::dispatch_failure(connector);
            port_error("read the stage", error).retryable
        };
        assert!(!assume(403, "AccessDenied"));
        assert!(assume(400, "Throttling"));
        assert!(assume(503, "ServiceUnavailable"));
    }

    #[test]
    fn the_source_is_kept() {
        let error = service(400, "ValidationException", "no such index");
        let source = error.source().and_then(Error::source).unwrap();
        assert!(format!("{source:?}").contains("no such index"));
    }
}
