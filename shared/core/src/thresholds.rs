//! When window rules fire: `policies/thresholds.toml`, checked before anything uses it.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::nearest;
use crate::rules::{self, WINDOW_RULES, WindowRule};
use crate::window::Threshold;

/// The thresholds that come with Portcullis.
const DEFAULT: &str = include_str!("../../../policies/thresholds.toml");

const MORE_THAN: usize = 3;
const SECONDS: i64 = 600;

/// A window shorter than the delay between two calls of a person, or longer than an incident, is a
/// mistake in the file.
const SECONDS_RANGE: std::ops::RangeInclusive<i64> = 60..=3600;

/// Why the file is refused. Nothing of it is used then.
#[derive(Debug, thiserror::Error)]
pub enum ThresholdError {
    /// Not TOML, or a member is unknown or has the wrong type.
    #[error("not a thresholds file: {0}")]
    Toml(#[from] toml::de::Error),
    /// No window rule has this id.
    #[error("`{id}` {problem}, did you mean `{nearest}`?")]
    Rule {
        /// As it stands there.
        id: String,
        /// What is wrong with it.
        problem: &'static str,
        /// A window rule.
        nearest: &'static str,
    },
    /// The number makes no sense.
    #[error("`{id}`: `{member}` is {value}, must lie between {least} and {most}")]
    Range {
        /// The rule.
        id: String,
        /// Its member.
        member: &'static str,
        /// What stands there.
        value: i64,
        /// The least value.
        least: i64,
        /// The greatest.
        most: i64,
    },
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    #[serde(default)]
    rules: BTreeMap<String, Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    threshold: Option<i64>,
    seconds: Option<i64>,
}

/// The threshold of every window rule.
#[derive(Debug, Clone)]
pub struct Thresholds(BTreeMap<String, Threshold>);

impl Thresholds {
    /// Reads a file.
    ///
    /// # Errors
    /// When anything in it is unknown or out of range: a typing error must not silence a rule.
    pub fn parse(text: &str) -> Result<Self, ThresholdError> {
        let file: File = toml::from_str(text)?;
        let mut all = BTreeMap::new();
        for (id, entry) in file.rules {
            let rule = window_rule(&id)?;
            let threshold = Threshold {
                more_than: number(&id, "threshold", entry.threshold, 1, 1_000_000)?
                    .and_then(|n| usize::try_from(n).ok())
                    .unwrap_or(MORE_THAN),
                seconds: number(
                    &id,
                    "seconds",
                    entry.seconds,
                    *SECONDS_RANGE.start(),
                    *SECONDS_RANGE.end(),
                )?
                .unwrap_or(SECONDS),
                min_groups: rule.min_apis,
            };
            all.insert(id, threshold);
        }
        Ok(Self(all))
    }

    /// The thresholds that come with Portcullis.
    ///
    /// # Errors
    /// Never, as a test shows; the file is part of the program.
    pub fn embedded() -> Result<Self, ThresholdError> {
        Self::parse(DEFAULT)
    }

    /// The threshold of a rule.
    pub fn of(&self, rule: &WindowRule) -> Threshold {
        self.0.get(rule.about.id).copied().unwrap_or(Threshold {
            more_than: MORE_THAN,
            seconds: SECONDS,
            min_groups: rule.min_apis,
        })
    }
}

fn window_rule(id: &str) -> Result<&'static WindowRule, ThresholdError> {
    WINDOW_RULES
        .iter()
        .copied()
        .find(|rule| rule.about.id == id)
        .ok_or_else(|| ThresholdError::Rule {
            id: id.to_owned(),
            problem: match rules::about(id) {
                Some(_) => "counts nothing, so it has no threshold",
                None => "is no rule",
            },
            nearest: nearest(id, WINDOW_RULES.iter().map(|rule| rule.about.id)),
        })
}

fn number(
    id: &str,
    member: &'static str,
    value: Option<i64>,
    least: i64,
    most: i64,
) -> Result<Option<i64>, ThresholdError> {
    match value {
        Some(value) if !(least..=most).contains(&value) => Err(ThresholdError::Range {
            id: id.to_owned(),
            member,
            value,
            least,
            most,
        }),
        value => Ok(value),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_file_names_every_window_rule() {
        let thresholds = Thresholds::embedded().unwrap();
        let named: Vec<_> = thresholds.0.keys().map(String::as_str).collect();
        let rules: Vec<_> = WINDOW_RULES.iter().map(|rule| rule.about.id).collect();
        assert_eq!(named, rules);
    }

    #[test]
    fn mistakes_are_refused_and_named() {
        let message = |text: &str| Thresholds::parse(text).unwrap_err().to_string();
        let unknown = message("[rules.apis-deleted-in-bluk]\nthreshold = 3");
        assert_eq!(
            unknown,
            "`apis-deleted-in-bluk` is no rule, did you mean `apis-deleted-in-bulk`?"
        );
        assert!(message("[rules.api-deleted]").contains("counts nothing"));
        assert!(
            message("[rules.apis-deleted-in-bulk]\nseconds = 5").contains("between 60 and 3600")
        );
        assert!(message("[rules.apis-deleted-in-bulk]\nsecond = 60").contains("unknown field"));
        assert!(message("rules = 5").contains("not a thresholds file"));
    }

    #[test]
    fn what_is_left_out_keeps_its_default() {
        let thresholds = Thresholds::parse("[rules.apis-deleted-in-bulk]\nthreshold = 9").unwrap();
        let of = |id| thresholds.of(window_rule(id).unwrap());
        assert_eq!(of("apis-deleted-in-bulk").more_than, 9);
        assert_eq!(of("apis-deleted-in-bulk").seconds, 600);
        assert_eq!(of("apis-deleted-across-accounts").more_than, 3);
    }
}
