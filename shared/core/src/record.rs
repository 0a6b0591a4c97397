//! The CloudTrail record as delivered: lenient where AWS is, exact about what is wrong.
//!
//! Bodies (`requestParameters`, `responseElements`) stay JSON text here; only [`crate::change`] and
//! [`crate::settings`] look inside. Account and Region are those of the EventBridge envelope where
//! there is one, because whoever can publish an event writes what stands inside `detail`.

use std::fmt;

use jiff::{Timestamp, civil, tz::TimeZone};
use serde::{Deserialize, Deserializer, de};
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use crate::settings::{FieldError, Object, fields, plain, prefix};

/// The event source of both API Gateway service models (REST, and HTTP with WebSocket).
pub const API_GATEWAY: &str = "apigateway.amazonaws.com";

/// The only EventBridge detail type that carries an API call.
/// Source: EventBridge user guide, "AWS service events delivered via AWS CloudTrail".
const API_CALL: &str = "AWS API Call via CloudTrail";

/// Why a record cannot be read. Each names the field.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// A field is missing, has the wrong type, or the text is not JSON.
    #[error("{}{}", prefix(field), plain(source))]
    Field {
        /// Path of the field, such as `userIdentity.arn`; empty for the record itself.
        field: String,
        /// What the parser found.
        #[source]
        source: serde_json::Error,
    },
    /// Neither envelope nor record says where the call was made.
    #[error("field `{field}`: missing, and no envelope gives it")]
    Nowhere {
        /// The field that would have told.
        field: &'static str,
    },
}

impl RecordError {
    /// Reading the same bytes again gives the same answer.
    pub fn is_retryable(&self) -> bool {
        false
    }
}

/// One API call as CloudTrail recorded it, of any service.
#[derive(Debug, Clone)]
pub struct Record {
    /// Account of the envelope, else `recipientAccountId`, else the caller's account.
    pub account: String,
    /// Region of the envelope, else `awsRegion`.
    pub region: String,
    /// `eventID`, the key of deduplication. A record without one gets a digest of its own text.
    pub id: String,
    /// `eventTime`, in UTC.
    pub time: Timestamp,
    /// `eventSource`, such as `apigateway.amazonaws.com`.
    pub source: String,
    /// `eventName`, such as `UpdateStage`.
    pub name: String,
    /// Who called.
    pub identity: UserIdentity,
    /// `sourceIPAddress`: an address, a service name or `AWS Internal`.
    pub source_ip: Option<String>,
    /// `userAgent`, chosen by the caller.
    pub user_agent: Option<String>,
    /// Present when the call failed, and so changed nothing.
    pub error_code: Option<String>,
    /// `false` for a call that can change something; absent in old records.
    pub read_only: Option<bool>,
    /// Whether the console's own credentials were used (`sessionCredentialFromConsole`).
    pub from_console: bool,
    /// Not an API call at all: an Insights event repeats names of calls that it only counted.
    pub is_insight: bool,
    /// `requestParameters`.
    pub(crate) request: Body,
    /// `responseElements`.
    pub(crate) response: Body,
}

/// A body of a record.
#[derive(Debug, Clone)]
pub(crate) enum Body {
    /// Absent or `null`: nothing was sent, or CloudTrail left it out.
    Absent,
    /// Left out for its size, and marked so.
    Omitted,
    /// The JSON text.
    Json(Box<RawValue>),
}

impl Body {
    /// The JSON text, where there is any.
    pub(crate) fn json(&self) -> Option<&str> {
        match self {
            Self::Json(raw) => Some(raw.get()),
            Self::Absent | Self::Omitted => None,
        }
    }
}

/// `userIdentity`, with only what a finding shows or a rule needs. Every member may be missing:
/// real records have `"sessionIssuer": {}`, and identities without a type.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UserIdentity {
    /// `IAMUser`, `AssumedRole`, `AWSService` ...
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// ARN of the user or of the role session.
    pub arn: Option<String>,
    /// Account of the caller, which may not be that of the API.
    pub account_id: Option<String>,
    /// The AWS service that called on somebody's behalf. The caller cannot write it himself.
    pub invoked_by: Option<String>,
    session_context: Option<Object<SessionContext>>,
}

impl UserIdentity {
    /// ARN of the role behind a session.
    pub fn session_issuer(&self) -> Option<&str> {
        let Object(context) = self.session_context.as_ref()?;
        let Object(issuer) = context.session_issuer.as_ref()?;
        issuer.arn.as_deref()
    }
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct SessionContext {
    session_issuer: Option<Object<SessionIssuer>>,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(default)]
struct SessionIssuer {
    arn: Option<String>,
}

/// The record as it stands in the file.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Wire {
    #[serde(rename = "eventID")]
    event_id: Option<String>,
    #[serde(deserialize_with = "event_time")]
    event_time: Timestamp,
    event_source: String,
    event_name: String,
    event_type: Option<String>,
    event_category: Option<String>,
    aws_region: Option<String>,
    recipient_account_id: Option<String>,
    #[serde(default)]
    user_identity: Option<Object<UserIdentity>>,
    #[serde(rename = "sourceIPAddress")]
    source_ip_address: Option<String>,
    user_agent: Option<String>,
    error_code: Option<String>,
    read_only: Option<bool>,
    #[serde(default, deserialize_with = "flag")]
    session_credential_from_console: bool,
    request_parameters: Option<Box<RawValue>>,
    response_elements: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct Envelope<'a> {
    #[serde(rename = "detail-type")]
    detail_type: String,
    account: String,
    region: String,
    #[serde(borrow)]
    detail: &'a RawValue,
}

impl Record {
    /// Reads one record of a CloudTrail log file.
    ///
    /// # Errors
    /// When it is not JSON, a field that is read has the wrong type, or it names no place or time.
    pub fn from_log(json: &[u8]) -> Result<Self, RecordError> {
        Self::build(fields(text(json)?)?, json, None)
    }

    /// Reads an EventBridge event; `None` when it is not an API call that CloudTrail delivered.
    ///
    /// # Errors
    /// As [`Record::from_log`]; fields inside are named `detail.…`.
    pub fn from_event(json: &[u8]) -> Result<Option<Self>, RecordError> {
        let envelope: Envelope<'_> = fields(text(json)?)?;
        if envelope.detail_type != API_CALL {
            return Ok(None);
        }
        let detail = envelope.detail.get();
        let wire = fields(detail).map_err(|error| error.inside("detail"))?;
        let place = Some((envelope.account, envelope.region));
        Self::build(wire, detail.as_bytes(), place).map(Some)
    }

    fn build(
        wire: Wire,
        json: &[u8],
        place: Option<(String, String)>,
    ) -> Result<Self, RecordError> {
        let identity = wire
            .user_identity
            .map_or_else(UserIdentity::default, |Object(identity)| identity);
        let (account, region) = match place {
            Some((account, region)) => (Some(account), Some(region)),
            None => (
                wire.recipient_account_id
                    .or_else(|| identity.account_id.clone()),
                wire.aws_region,
            ),
        };
        Ok(Self {
            account: account.ok_or(RecordError::Nowhere {
                field: "recipientAccountId",
            })?,
            region: region.ok_or(RecordError::Nowhere { field: "awsRegion" })?,
            id: wire.event_id.unwrap_or_else(|| digest(json)),
            time: wire.event_time,
            source: wire.event_source,
            name: wire.event_name,
            identity,
            source_ip: wire.source_ip_address,
            user_agent: wire.user_agent,
            error_code: wire.error_code,
            read_only: wire.read_only,
            from_console: wire.session_credential_from_console,
            is_insight: wire.event_category.as_deref() == Some("Insight")
                || wire.event_type.as_deref() == Some("AwsCloudTrailInsight"),
            request: body(wire.request_parameters),
            response: body(wire.response_elements),
        })
    }

    /// Whether this is a call that API Gateway carried out.
    pub fn is_api_gateway_success(&self) -> bool {
        self.source == API_GATEWAY && self.error_code.is_none() && !self.is_insight
    }
}

impl From<FieldError> for RecordError {
    fn from(FieldError { field, source }: FieldError) -> Self {
        Self::Field { field, source }
    }
}

fn text(json: &[u8]) -> Result<&str, RecordError> {
    std::str::from_utf8(json).map_err(|error| RecordError::Field {
        field: String::new(),
        source: de::Error::custom(error),
    })
}

/// CloudTrail marks a body that was too large with `"omitted": true`.
#[derive(Deserialize)]
struct Omission {
    #[serde(default, deserialize_with = "flag")]
    omitted: bool,
}

fn body(raw: Option<Box<RawValue>>) -> Body {
    match raw {
        None => Body::Absent,
        Some(raw) => match serde_json::from_str(raw.get()) {
            Ok(Omission { omitted: true }) => Body::Omitted,
            _ => Body::Json(raw),
        },
    }
}

/// A boolean, or its spelling as a string: CloudTrail writes `"true"` for some flags.
pub(crate) fn flag<'de, D: Deserializer<'de>>(deserializer: D) -> Result<bool, D::Error> {
    struct Flag;
    impl de::Visitor<'_> for Flag {
        type Value = bool;

        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str("a boolean, or `true` or `false` as a string")
        }

        fn visit_bool<E: de::Error>(self, value: bool) -> Result<bool, E> {
            Ok(value)
        }

        fn visit_str<E: de::Error>(self, value: &str) -> Result<bool, E> {
            value
                .to_ascii_lowercase()
                .parse()
                .map_err(|_| E::invalid_value(de::Unexpected::Str(value), &self))
        }

        fn visit_unit<E: de::Error>(self) -> Result<bool, E> {
            Ok(false)
        }
    }
    deserializer.deserialize_any(Flag)
}

/// RFC 3339 as AWS writes it; a space for the `T` and a missing zone (UTC) are seen in exports.
fn event_time<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Timestamp, D::Error> {
    let text = String::deserialize(deserializer)?;
    parse_time(&text)
        .ok_or_else(|| de::Error::invalid_value(de::Unexpected::Str(&text), &"an RFC 3339 time"))
}

/// Reads a time as records, options and baselines spell it.
pub fn parse_time(text: &str) -> Option<Timestamp> {
    let zoned = text.parse::<Timestamp>().ok();
    zoned.or_else(|| {
        let naive: civil::DateTime = text.parse().ok()?;
        Some(naive.to_zoned(TimeZone::UTC).ok()?.timestamp())
    })
}

fn digest(json: &[u8]) -> String {
    let hash = Sha256::digest(json);
    let hex: String = hash
        .iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    format!("sha256-{hex}")
}

#[cfg(test)]
mod tests;
