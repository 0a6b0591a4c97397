//! How loud each rule is: `policies/thresholds.toml`, checked before anything uses it.

use std::collections::BTreeMap;

use serde::Deserialize;

use crate::finding::Severity;
use crate::nearest;
use crate::record::UserIdentity;
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
    #[error("not a thresholds file")]
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
    /// Not the ARN of a role or user.
    #[error("`{id}`: `{arn}` in `expected_principals` is no ARN of an IAM role or user")]
    Principal {
        /// The rule.
        id: String,
        /// What stands there.
        arn: String,
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
    enabled: Option<bool>,
    notify_from: Option<Severity>,
    #[serde(default)]
    expected_principals: Vec<String>,
}

/// What the file says of one rule.
#[derive(Debug, Clone)]
struct Loudness {
    enabled: bool,
    notify_from: Severity,
    expected_principals: Vec<String>,
    window: Option<Threshold>,
}

/// What the file says of every rule; a rule that it leaves out is enabled and always told.
#[derive(Debug, Clone)]
pub struct Thresholds(BTreeMap<String, Loudness>);

impl Thresholds {
    /// Reads a file.
    ///
    /// # Errors
    /// When anything in it is unknown or out of range: a typing error must not silence a rule.
    pub fn parse(text: &str) -> Result<Self, ThresholdError> {
        let file: File = toml::from_str(text)?;
        let mut all = BTreeMap::new();
        for (id, entry) in file.rules {
            let loudness = Loudness {
                window: window(&id, &entry)?,
                enabled: entry.enabled.unwrap_or(true),
                notify_from: entry.notify_from.unwrap_or(Severity::Low),
                expected_principals: role_arns(&id, entry.expected_principals)?,
            };
            all.insert(id, loudness);
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

    /// When a window rule fires.
    pub fn of(&self, rule: &WindowRule) -> Threshold {
        let window = self.0.get(rule.about.id).and_then(|rule| rule.window);
        window.unwrap_or_else(|| default_window(rule))
    }

    /// Whether a rule fires at all.
    pub fn is_enabled(&self, id: &str) -> bool {
        self.0.get(id).is_none_or(|rule| rule.enabled)
    }

    /// Whether people are told; a finding that is not told stays in log and table.
    pub fn is_told(&self, id: &str, severity: Severity) -> bool {
        let from = self.0.get(id).map(|rule| rule.notify_from);
        from.is_none_or(|from| severity >= from)
    }

    /// Whether the caller is one whose changes of this kind are expected: lower by one.
    pub fn expects(&self, id: &str, identity: &UserIdentity) -> bool {
        let arns = [identity.session_issuer(), identity.arn.as_deref()];
        let expected = self
            .0
            .get(id)
            .map(|rule| rule.expected_principals.as_slice());
        let mut expected = expected.unwrap_or_default().iter();
        expected.any(|arn| arns.contains(&Some(arn)))
    }
}

fn default_window(rule: &WindowRule) -> Threshold {
    Threshold {
        more_than: MORE_THAN,
        seconds: SECONDS,
        min_groups: rule.min_apis,
    }
}

/// Thresholds are for window rules only.
fn window(id: &str, entry: &Entry) -> Result<Option<Threshold>, ThresholdError> {
    if entry.threshold.is_none() && entry.seconds.is_none() && rules::about(id).is_some() {
        return Ok(None);
    }
    let default = default_window(window_rule(id)?);
    let more_than = number(id, "threshold", entry.threshold, 1, 1_000_000)?;
    let (least, most) = (*SECONDS_RANGE.start(), *SECONDS_RANGE.end());
    let seconds = number(id, "seconds", entry.seconds, least, most)?;
    Ok(Some(Threshold {
        more_than: more_than
            .and_then(|n| usize::try_from(n).ok())
            .unwrap_or(default.more_than),
        seconds: seconds.unwrap_or(default.seconds),
        ..default
    }))
}

/// Whether this is the ARN of one IAM role or user: a pattern or a session would match nothing.
pub(crate) fn is_role_or_user(arn: &str) -> bool {
    let parts: Vec<&str> = arn.splitn(6, ':').collect();
    let ["arn", _, "iam", "", account, name] = parts.as_slice() else {
        return false;
    };
    let of_kind = |kind| name.strip_prefix(kind).is_some_and(|name| !name.is_empty());
    let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
    is_account && (of_kind("role/") || of_kind("user/")) && !name.contains(['*', '?'])
}

/// A pattern or a session would match nothing, and so be a mistake.
fn role_arns(id: &str, arns: Vec<String>) -> Result<Vec<String>, ThresholdError> {
    match arns.iter().find(|arn| !is_role_or_user(arn)) {
        Some(arn) => Err(ThresholdError::Principal {
            id: id.to_owned(),
            arn: arn.clone(),
        }),
        None => Ok(arns),
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
        let named = thresholds
            .0
            .iter()
            .filter(|(_, rule)| rule.window.is_some());
        let named: Vec<_> = named.map(|(id, _)| id.as_str()).collect();
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
        let single = message("[rules.api-deleted]\nthreshold = 3");
        assert!(single.contains("counts nothing"), "{single}");
        let arn = message("[rules.api-deleted]\nexpected_principals = ['arn:aws:iam::*:role/x']");
        assert!(arn.contains("no ARN of an IAM role"), "{arn}");
        assert!(
            message("[rules.apis-deleted-in-bulk]\nseconds = 5").contains("between 60 and 3600")
        );
        for text in ["[rules.apis-deleted-in-bulk]\nsecond = 60", "rules = 5"] {
            assert_eq!(message(text), "not a thresholds file");
        }
    }

    #[test]
    fn a_rule_can_be_silenced_or_expected() {
        let role = "arn:aws:iam::111122223333:role/deploy";
        let file = format!(
            "[rules.api-created]\nenabled = false\n\
             [rules.api-deleted]\nnotify_from = 'high'\nexpected_principals = ['{role}']"
        );
        let thresholds = Thresholds::parse(&file).unwrap();
        assert!(!thresholds.is_enabled("api-created"));
        assert!(thresholds.is_enabled("api-deleted"));
        assert!(thresholds.is_told("api-deleted", Severity::High));
        assert!(!thresholds.is_told("api-deleted", Severity::Medium));
        let identity = |arn: &str| -> UserIdentity {
            serde_json::from_str(&format!(r#"{{"arn":"{arn}"}}"#)).unwrap()
        };
        assert!(thresholds.expects("api-deleted", &identity(role)));
        assert!(!thresholds.expects("api-created", &identity(role)));
        assert!(!thresholds.expects("api-deleted", &identity("arn:aws:iam::111122223333:role/x")));
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
