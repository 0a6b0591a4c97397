//! The Lambda functions and the EventBridge pattern of each, the same file that deploys it.
//!
//! Replay sends every record through them, so that a rule whose events would never arrive shows.

use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::pattern::{Pattern, PatternError};
use crate::record::Record;

/// Name and pattern of every function that holds rules.
pub const PATTERNS: &[(&str, &str)] = &[
    (
        "api-exposure",
        include_str!("../../../functions/api-exposure/pattern.json"),
    ),
    (
        "api-lifecycle",
        include_str!("../../../functions/api-lifecycle/pattern.json"),
    ),
    (
        "stage-logging",
        include_str!("../../../functions/stage-logging/pattern.json"),
    ),
];

/// The patterns, ready to match.
#[derive(Debug)]
pub struct Functions(Vec<(&'static str, Pattern)>);

impl Functions {
    /// Parses the patterns.
    ///
    /// # Errors
    /// Never, as a test shows; the files are part of the program.
    pub fn embedded() -> Result<Self, PatternError> {
        let parsed = PATTERNS
            .iter()
            .map(|(name, text)| Ok((*name, Pattern::parse(text)?)));
        parsed.collect::<Result<_, _>>().map(Self)
    }

    /// Names of the functions that an event reaches.
    pub fn reached(&self, event: &Value) -> Vec<&'static str> {
        self.0
            .iter()
            .filter(|(_, pattern)| pattern.matches(event))
            .map(|(name, _)| *name)
            .collect()
    }
}

/// The event that EventBridge makes of a record of a log file. `None` when `record` is not JSON.
pub fn event(record: &Record, json: &[u8]) -> Option<Value> {
    let detail: &RawValue = serde_json::from_slice(json).ok()?;
    Some(json!({
        "version": "0",
        "detail-type": "AWS API Call via CloudTrail",
        "source": source(&record.source),
        "account": record.account,
        "region": record.region,
        "resources": [],
        "detail": detail,
    }))
}

/// `aws.apigateway` of `apigateway.amazonaws.com`.
fn source(event_source: &str) -> String {
    let service = event_source.strip_suffix(".amazonaws.com");
    format!("aws.{}", service.unwrap_or(event_source))
}
