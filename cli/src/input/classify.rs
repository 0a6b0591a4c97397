//! Says what an object is: a CloudTrail record, an event with one, an item of `LookupEvents`, a digest file, or none of these.
//!
//! Only API Gateway's records are handed on. Most others are told by a search for its name, without parsing.

#[cfg(test)]
mod tests;

use std::borrow::Cow;
use std::str::{Utf8Error, from_utf8};
use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde::de::{Error, Unexpected};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::Form;

/// What API Gateway's records have as their `eventSource`, REST, HTTP and WebSocket APIs alike.
const API_GATEWAY: &str = "apigateway.amazonaws.com";

/// What an object is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Class<'a> {
    /// API Gateway's, with the JSON of the record or event.
    ApiGateway(Form, Cow<'a, str>),
    /// A record or event of another service.
    Other,
    /// A digest file.
    Digest,
}

/// Why an object could not be told or taken apart.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ClassifyError {
    /// Text in another encoding.
    #[error("not UTF-8")]
    NotUtf8(#[source] Utf8Error),
    /// Not JSON after all, or a name that comes twice.
    #[error("not a valid JSON object")]
    Json(#[source] serde_json::Error),
    /// A field of the wrong type.
    #[error("`{field}` is not {expected}")]
    WrongType {
        /// The field.
        field: &'static str,
        /// The type that it should have, with its article.
        expected: &'static str,
        /// What was found.
        #[source]
        source: serde_json::Error,
    },
    /// A string that should hold a record.
    #[error("`CloudTrailEvent` does not hold a CloudTrail record")]
    Embedded(#[source] Box<Self>),
    /// An object of some other kind.
    #[error(
        "neither a CloudTrail record nor an event with one (no `eventSource`, `detail-type` with `detail`, or `CloudTrailEvent`)"
    )]
    Unknown,
}

/// The fields that tell the kinds apart. They are read one by one, to name the one that is wrong.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Header<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    event_source: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    insight_details: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present", rename = "detail-type")]
    detail_type: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    detail: Option<&'a RawValue>,
    #[serde(
        borrow,
        default,
        deserialize_with = "present",
        rename = "CloudTrailEvent"
    )]
    cloud_trail_event: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    digest_s3_object: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    digest_end_time: Option<&'a RawValue>,
}

/// What matters of an event's `detail`.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Detail<'a> {
    #[serde(borrow, default, deserialize_with = "present")]
    event_source: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Keeps `null`, which is of the wrong type, apart from a field that is absent.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// Says what the object `json` is.
pub(super) fn classify(json: &[u8]) -> Result<Class<'_>, ClassifyError> {
    if is_plainly_other(json) {
        return Ok(Class::Other);
    }
    parse(json)
}

/// Whether the object is a record or event, and not of API Gateway: that name occurs nowhere, not even escaped.
fn is_plainly_other(json: &[u8]) -> bool {
    let finders = &*FINDERS;
    if finders.service.find(json).is_some() || finders.escape.find(json).is_some() {
        return false;
    }
    let value = finders
        .field
        .find(json)
        .and_then(|at| json.get(at + FIELD.len()..));
    let value = value.and_then(|value| value.trim_ascii_start().strip_prefix(b":"));
    value.is_some_and(|value| value.trim_ascii_start().starts_with(b"\""))
}

const FIELD: &[u8] = br#""eventSource""#;

/// Searches prepared once, because most objects are short.
struct Finders {
    service: Finder<'static>,
    escape: Finder<'static>,
    field: Finder<'static>,
}

static FINDERS: LazyLock<Finders> = LazyLock::new(|| Finders {
    service: Finder::new(b"apigateway"),
    escape: Finder::new(br"\u"),
    field: Finder::new(FIELD),
});

/// The same decision as [`classify`], exact and slower.
fn parse(json: &[u8]) -> Result<Class<'_>, ClassifyError> {
    let json = from_utf8(json).map_err(ClassifyError::NotUtf8)?;
    let header: Header<'_> = serde_json::from_str(json).map_err(ClassifyError::Json)?;
    if let Some(source) = header.event_source {
        return Ok(class(
            is_api_gateway("eventSource", source)?,
            Form::Record,
            json,
        ));
    }
    if let (Some(detail_type), Some(detail)) = (header.detail_type, header.detail) {
        text("detail-type", detail_type)?;
        let detail = object("detail", detail)?;
        let ours = detail
            .event_source
            .map(|source| is_api_gateway("detail.eventSource", source));
        return Ok(class(ours.transpose()?.unwrap_or(false), Form::Event, json));
    }
    if let Some(event) = header.cloud_trail_event {
        let record = text("CloudTrailEvent", event)?;
        return embedded(&record).map_err(|error| ClassifyError::Embedded(Box::new(error)));
    }
    // An Insights event has its `eventSource` inside of this field.
    if header.insight_details.is_some() {
        return Ok(Class::Other);
    }
    if header.digest_s3_object.is_some() || header.digest_end_time.is_some() {
        return Ok(Class::Digest);
    }
    Err(ClassifyError::Unknown)
}

/// The record inside an item of what `LookupEvents` returns.
fn embedded(record: &str) -> Result<Class<'static>, ClassifyError> {
    let header: Header<'_> = serde_json::from_str(record).map_err(ClassifyError::Json)?;
    match header.event_source {
        Some(source) if is_api_gateway("eventSource", source)? => {
            let json = Cow::Owned(record.to_owned());
            Ok(Class::ApiGateway(Form::Record, json))
        }
        Some(_) => Ok(Class::Other),
        None if header.insight_details.is_some() => Ok(Class::Other),
        None => Err(ClassifyError::Unknown),
    }
}

fn class(ours: bool, form: Form, json: &str) -> Class<'_> {
    if ours {
        Class::ApiGateway(form, Cow::Borrowed(json))
    } else {
        Class::Other
    }
}

fn is_api_gateway(field: &'static str, source: &RawValue) -> Result<bool, ClassifyError> {
    Ok(text(field, source)? == API_GATEWAY)
}

fn text<'a>(field: &'static str, value: &'a RawValue) -> Result<Cow<'a, str>, ClassifyError> {
    typed(field, "a string", value).map(|Text(text)| text)
}

/// An object, where serde would also take a list of its fields.
fn object<'a>(field: &'static str, value: &'a RawValue) -> Result<Detail<'a>, ClassifyError> {
    let expected = "an object";
    if value.get().starts_with('[') {
        let source = serde_json::Error::invalid_type(Unexpected::Seq, &expected);
        return Err(ClassifyError::WrongType {
            field,
            expected,
            source,
        });
    }
    typed(field, expected, value)
}

fn typed<'a, T: Deserialize<'a>>(
    field: &'static str,
    expected: &'static str,
    value: &'a RawValue,
) -> Result<T, ClassifyError> {
    serde_json::from_str(value.get()).map_err(|source| ClassifyError::WrongType {
        field,
        expected,
        source,
    })
}
