//! A finding: one rule fired on one record, or one window on many. Its serialised form is the
//! line of `replay --format jsonl` and the machine part of a notification.

use std::borrow::Cow;

use jiff::Timestamp;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use sha2::{Digest, Sha256};

use crate::change::ApiRef;
use crate::driver::Driver;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Worth knowing.
    Low,
    /// Worth a look today.
    Medium,
    /// Worth a look now.
    High,
    /// Wake somebody.
    Critical,
}

impl Severity {
    /// All, from low to critical.
    pub const ALL: [Self; 4] = [Self::Low, Self::Medium, Self::High, Self::Critical];

    /// One lower; low stays low.
    pub fn lowered(self) -> Self {
        match self {
            Self::Low | Self::Medium => Self::Low,
            Self::High => Self::Medium,
            Self::Critical => Self::High,
        }
    }

    /// As it is written in findings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
            Self::Critical => "critical",
        }
    }
}

/// How sure it is that the change did what the finding says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Confidence {
    /// The record does not show the change; the call is one that could do it.
    Low,
    /// The record shows the bad value; what stood before is not known.
    Medium,
    /// Before and after are known, or the call can mean nothing else.
    High,
}

impl Confidence {
    /// As it is written in findings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Low => "low",
            Self::Medium => "medium",
            Self::High => "high",
        }
    }
}

/// A value that may not be known.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub enum Known {
    /// Nobody can tell; left out of the serialised form.
    #[default]
    Unknown,
    /// Known not to be set; `null`.
    NotSet,
    /// The value.
    Set(String),
}

impl Known {
    fn is_unknown(&self) -> bool {
        *self == Self::Unknown
    }
}

impl From<Option<String>> for Known {
    fn from(value: Option<String>) -> Self {
        value.map_or(Self::NotSet, Self::Set)
    }
}

impl Serialize for Known {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Unknown | Self::NotSet => serializer.serialize_none(),
            Self::Set(value) => serializer.serialize_str(value),
        }
    }
}

impl<'de> Deserialize<'de> for Known {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::<String>::deserialize(deserializer).map(Self::from)
    }
}

/// One setting that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SettingChange {
    /// The patch path as the record spells it, or a JSON pointer to the member.
    pub path: String,
    /// What stood before.
    #[serde(default, skip_serializing_if = "Known::is_unknown")]
    pub before: Known,
    /// What stands now.
    #[serde(default, skip_serializing_if = "Known::is_unknown")]
    pub after: Known,
}

/// Who did it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Principal {
    /// `IAMUser`, `AssumedRole` ...
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// ARN of the user or of the role session.
    pub arn: Option<String>,
    /// ARN of the role behind the session.
    pub session_issuer: Option<String>,
}

/// What a window counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Counted {
    /// Distinct stages.
    Stages,
    /// Distinct APIs.
    Apis,
    /// Distinct accounts.
    Accounts,
}

impl Counted {
    /// As it is written in findings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stages => "stages",
            Self::Apis => "apis",
            Self::Accounts => "accounts",
        }
    }

    /// As people read it.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Apis => "APIs",
            Self::Stages | Self::Accounts => self.as_str(),
        }
    }
}

/// The window behind a window finding.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct WindowSpan {
    /// What was counted.
    pub of: Counted,
    /// How many distinct ones lie in the interval.
    pub distinct: usize,
    /// More than this many make the finding.
    pub threshold: usize,
    /// Length of the interval, in seconds.
    pub seconds: i64,
    /// How often the threshold was doubled: 0 from N + 1 on, 1 from 2 (N + 1) on ...
    pub level: u32,
    /// Time of the first counted event.
    #[serde(serialize_with = "seconds")]
    pub first: Timestamp,
    /// Time of the last one, which closes the interval.
    #[serde(serialize_with = "seconds")]
    pub last: Timestamp,
}

/// What is done about it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Decision {
    /// `notify`, unless a policy allows more.
    pub mode: &'static str,
    /// The remediation that would apply.
    pub remediation: Option<&'static str>,
    /// Why it is so.
    pub reason: Cow<'static, str>,
    /// Id of the ledger entry, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// What came of it (`verified`, `awaiting` ...); left out when nothing was done.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub outcome: Option<&'static str>,
}

impl Decision {
    /// People are told, and nothing else is done.
    pub fn notify(remediation: Option<&'static str>, reason: impl Into<Cow<'static, str>>) -> Self {
        Self {
            mode: "notify",
            remediation,
            reason: reason.into(),
            id: None,
            outcome: None,
        }
    }
}

/// A finding. The order of the members is that of the serialised form.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// See [`id`].
    pub id: String,
    /// Id of the rule.
    pub rule: &'static str,
    /// What happened, in a few words.
    pub title: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// How sure it is.
    pub confidence: Confidence,
    /// Event time; of a window, when its interval closes.
    #[serde(serialize_with = "seconds")]
    pub time: Timestamp,
    /// `None` when it spans accounts.
    pub account: Option<String>,
    /// `None` when it spans Regions.
    pub region: Option<String>,
    /// `None` when it is not about one API.
    pub api: Option<ApiRef>,
    /// `None` when it is not about one stage.
    pub stage: Option<String>,
    /// `None` when it spans principals.
    pub principal: Option<Principal>,
    /// Where the call came from, as CloudTrail has it.
    pub source_ip: Option<String>,
    /// Written by the caller.
    pub user_agent: Option<String>,
    /// The tool behind the call.
    pub driver: Option<Driver>,
    /// The record, or one record for each distinct thing that was counted.
    pub event_ids: Vec<String>,
    /// Name of the call.
    pub event_name: Option<String>,
    /// One sentence.
    pub summary: String,
    /// What was changed, before and after.
    pub changes: Vec<SettingChange>,
    /// The window, of a window finding.
    pub window: Option<WindowSpan>,
    /// What is done about it.
    pub decision: Decision,
    /// Whether CloudFormation made every call behind it. Not part of the serialised form.
    #[serde(skip)]
    pub by_cloudformation: bool,
}

/// Id of a finding: the first 16 hexadecimal digits of the SHA-256 over the parts, each followed by
/// a line feed. The same rule on the same record has the same id in every delivery and replay.
pub fn id(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.as_bytes());
        hash.update(b"\n");
    }
    let hex = hash.finalize();
    hex.iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Times are written in whole seconds, as CloudTrail does.
fn seconds<S: Serializer>(time: &Timestamp, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_str(&rfc3339(*time))
}

/// `2026-11-02T10:11:12Z`.
pub fn rfc3339(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_value_is_left_out_and_an_unset_one_is_null() {
        let change = SettingChange {
            path: "/accessLogSettings".to_owned(),
            before: Known::Unknown,
            after: Known::NotSet,
        };
        let json = serde_json::to_string(&change).unwrap();
        assert_eq!(json, r#"{"path":"/accessLogSettings","after":null}"#);
    }

    #[test]
    fn ids_keep_their_parts_apart() {
        assert_ne!(id(&["ab", "c"]), id(&["a", "bc"]));
        assert_eq!(id(&["a"]).len(), 16);
    }

    #[test]
    fn low_is_the_floor() {
        assert_eq!(Severity::Critical.lowered().lowered(), Severity::Medium);
        assert_eq!(Severity::Low.lowered(), Severity::Low);
    }
}
