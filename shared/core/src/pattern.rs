//! EventBridge event patterns: parsed as AWS parses them, matched as AWS matches them.
//!
//! The meaning is that of the open-source matcher which AWS wrote for the service, Event Ruler (below:
//! the reference); the golden cases carry its verdicts. Left out on purpose: the undocumented limit on
//! how complex wildcards may be, and `$or` as the name of an ordinary field.

mod address;
mod compile;
mod error;
mod json;
mod lint;
mod matching;
mod operator;
mod text;
mod value;

#[cfg(test)]
mod golden_tests;
#[cfg(test)]
mod property_tests;

use serde_json::Value;

pub use error::{PatternError, Problem};
pub use lint::PatternLint;

use compile::{Compiled, Rule};
use json::Json;

/// A valid event pattern.
#[derive(Debug, Clone)]
pub struct Pattern {
    /// Any of these must match: each `$or` is expanded into one rule per member.
    rules: Vec<Rule>,
    lints: Vec<PatternLint>,
}

impl Pattern {
    /// Reads a pattern from its text.
    ///
    /// The text is needed, not a parsed value: the order of the fields and a key that stands twice both
    /// decide what a pattern means.
    ///
    /// # Errors
    ///
    /// Whenever EventBridge would refuse the pattern.
    pub fn parse(json: &str) -> Result<Self, PatternError> {
        let document: Json = serde_json::from_str(json).map_err(PatternError::NotJson)?;
        let Json::Object(members) = document else {
            return Err(PatternError::NotAnObject);
        };
        let Compiled { rules, mut lints } = compile::compile(&members)?;
        lints.extend(lint::check_length(json));
        Ok(Self { rules, lints })
    }

    /// Whether EventBridge would hand the event to the targets of a rule with this pattern.
    ///
    /// `event` is the whole event, with `source` and `detail`. An event that is not an object matches
    /// nothing. An event built to exhaust the search (see `matching.rs` for what that takes) counts as a
    /// match: what stands behind the pattern looks at the event again, while a miss would be final.
    pub fn matches(&self, event: &Value) -> bool {
        event.is_object()
            && self
                .rules
                .iter()
                .any(|rule| matching::matches(rule, event).unwrap_or(true))
    }

    /// What EventBridge accepts without a word although it hardly means what its author meant.
    pub fn lints(&self) -> Vec<PatternLint> {
        self.lints.clone()
    }
}
