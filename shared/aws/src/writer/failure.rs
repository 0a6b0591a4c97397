//! What a failed call means for a remediation.
//!
//! Sources: the service models of API Gateway, v1 and v2 (codes and their statuses); for the message of
//! a change that is running, terraform-provider-aws #45905.

use std::error::Error;
use std::time::Duration;

use aws_sdk_apigateway::error::ProvideErrorMetadata;
use aws_smithy_runtime_api::client::orchestrator::HttpResponse;
use aws_smithy_runtime_api::client::result::SdkError;
use portcullis_core::ports::PortError;
use portcullis_core::remediation::ports::{WriteError, WriteErrorKind};

use crate::error::port_error;

/// Parts of messages that come with `BadRequestException` while another change of the API is running.
const RUNNING: &[&str] = &["in progress", "concurrent modification"];

/// A failed call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Failure {
    pub(super) kind: WriteErrorKind,
    /// How long the service asks to wait.
    pub(super) retry_after: Option<Duration>,
}

impl Failure {
    /// Of a write.
    pub(super) fn of<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Self {
        let retry_after = error.raw_response().and_then(retry_after);
        let kind = match error {
            SdkError::ServiceError(failure) => {
                let code = failure.err().code().unwrap_or_default();
                let message = failure.err().message().unwrap_or_default();
                let status = failure.raw().status().as_u16();
                of_write(status, code, message, retry_after.is_some())
            }
            // It was never sent.
            SdkError::ConstructionFailure(_) => WriteErrorKind::Refused,
            _ => WriteErrorKind::Unknown,
        };
        Self { kind, retry_after }
    }

    /// Of a role that was to be assumed: nothing was written, whatever happened.
    pub(super) fn of_role<E: ProvideErrorMetadata>(error: &SdkError<E, HttpResponse>) -> Self {
        let kind = match error {
            SdkError::ServiceError(failure) => {
                let code = failure.err().code().unwrap_or_default();
                of_role(failure.raw().status().as_u16(), code)
            }
            SdkError::ConstructionFailure(_) => WriteErrorKind::RoleNotAssumable,
            _ => WriteErrorKind::Unknown,
        };
        Self {
            kind,
            retry_after: None,
        }
    }

    /// The error that callers get.
    pub(super) fn with<E>(
        self,
        action: &'static str,
        error: SdkError<E, HttpResponse>,
    ) -> WriteError
    where
        E: Error + ProvideErrorMetadata + Send + Sync + 'static,
    {
        WriteError {
            kind: self.kind,
            source: PortError {
                retryable: self.kind.is_retryable(),
                ..port_error(action, error)
            },
        }
    }
}

/// An error that no service has given.
pub(super) fn error(
    kind: WriteErrorKind,
    action: &'static str,
    source: impl Error + Send + Sync + 'static,
) -> WriteError {
    WriteError {
        kind,
        source: PortError {
            action,
            retryable: kind.is_retryable(),
            source: Box::new(source),
        },
    }
}

/// In seconds; API Gateway sends no dates.
fn retry_after(response: &HttpResponse) -> Option<Duration> {
    let seconds = response.headers().get("retry-after")?;
    seconds.trim().parse().ok().map(Duration::from_secs)
}

fn of_write(status: u16, code: &str, message: &str, may_retry: bool) -> WriteErrorKind {
    match code {
        "NotFoundException" => WriteErrorKind::Gone,
        "ConflictException" => WriteErrorKind::Busy,
        // The model has one code for a rate and for a quota that is used up; only a rate passes.
        "LimitExceededException" if may_retry => WriteErrorKind::Throttled,
        "LimitExceededException" => WriteErrorKind::LimitExceeded,
        "BadRequestException" if is_running(message) => WriteErrorKind::Busy,
        _ if is_throttling(status, code) => WriteErrorKind::Throttled,
        _ => match status {
            401 | 403 => WriteErrorKind::AccessDenied,
            404 => WriteErrorKind::Gone,
            409 => WriteErrorKind::Busy,
            400..500 if code.starts_with("AccessDenied") => WriteErrorKind::AccessDenied,
            400..500 => WriteErrorKind::Refused,
            // Also an answer that says 200 and cannot be read.
            _ => WriteErrorKind::Unknown,
        },
    }
}

fn of_role(status: u16, code: &str) -> WriteErrorKind {
    match status {
        _ if is_throttling(status, code) => WriteErrorKind::Throttled,
        // A role that does not exist is `AccessDenied` too.
        400..500 => WriteErrorKind::RoleNotAssumable,
        _ => WriteErrorKind::Unknown,
    }
}

fn is_running(message: &str) -> bool {
    let message = message.to_lowercase();
    RUNNING.iter().any(|part| message.contains(part))
}

fn is_throttling(status: u16, code: &str) -> bool {
    status == 429 || code.starts_with("Throttl") || code == "TooManyRequestsException"
}

#[cfg(test)]
mod tests {
    use super::*;
    use WriteErrorKind as Kind;

    #[test]
    fn a_failed_write_means_what_its_code_says_else_its_status() {
        let running = "There is already an update in progress. Please wait until the current \
                       update finishes before making another request.";
        let cases = [
            (404, "NotFoundException", "", Kind::Gone),
            (404, "", "", Kind::Gone),
            (409, "ConflictException", "", Kind::Busy),
            (409, "", "", Kind::Busy),
            (400, "BadRequestException", running, Kind::Busy),
            (
                400,
                "BadRequestException",
                "Invalid patch path",
                Kind::Refused,
            ),
            (400, "ValidationException", "", Kind::Refused),
            (403, "AccessDeniedException", "", Kind::AccessDenied),
            (400, "AccessDeniedException", "", Kind::AccessDenied),
            (403, "ForbiddenException", "", Kind::AccessDenied),
            (403, "ExpiredTokenException", "", Kind::AccessDenied),
            (401, "UnauthorizedException", "", Kind::AccessDenied),
            (429, "TooManyRequestsException", "", Kind::Throttled),
            (400, "ThrottlingException", "", Kind::Throttled),
            (429, "", "", Kind::Throttled),
            (429, "LimitExceededException", "", Kind::LimitExceeded),
            (500, "InternalFailure", "", Kind::Unknown),
            (503, "ServiceUnavailableException", "", Kind::Unknown),
            (504, "", "", Kind::Unknown),
            (200, "", "", Kind::Unknown),
        ];
        for (status, code, message, kind) in cases {
            let found = of_write(status, code, message, false);
            assert_eq!(found, kind, "{status} {code} {message}");
        }
        let rate = of_write(429, "LimitExceededException", "", true);
        assert_eq!(rate, Kind::Throttled);
    }

    #[test]
    fn a_role_that_is_refused_is_not_assumable() {
        let cases = [
            (403, "AccessDenied", Kind::RoleNotAssumable),
            (400, "ValidationError", Kind::RoleNotAssumable),
            (403, "RegionDisabledException", Kind::RoleNotAssumable),
            (400, "Throttling", Kind::Throttled),
            (500, "InternalFailure", Kind::Unknown),
        ];
        for (status, code, kind) in cases {
            assert_eq!(of_role(status, code), kind, "{status} {code}");
        }
    }
}
