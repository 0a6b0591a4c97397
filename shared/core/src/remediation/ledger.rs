//! The record of remediations: what was found, decided, written and read back. Its entries are leases,
//! approvals and evidence in one; [`super::responder`] moves them from state to state.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::modes::Tags;
use super::plan::Plan;
use super::publication::Exposure;
use super::settings::Settings;
use super::step::Step;
use super::{Mode, Remediation};
use crate::baseline::thing::Thing;
use crate::finding::{self, Confidence};

/// Entries are kept this long after they were made, in seconds.
pub const KEEP: i64 = 400 * 24 * 3600;

/// Bytes of JSON that an entry may have: an item of DynamoDB holds 400 kB.
pub const LARGEST: usize = 380_000;

/// Bytes of an entry for what is not planned: reasons, lease, who approved.
const RESERVE: usize = 4_000;

/// An approval may be given for this long, and a restore be undone, in seconds.
pub const APPROVAL: i64 = 24 * 3600;

/// Where a remediation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// Dry run: planned, never to be written.
    Planned,
    /// A person has to approve.
    Awaiting,
    /// Somebody holds the lease and is writing.
    Writing,
    /// Written, and read back as wanted.
    Verified,
    /// Written, or not known not to be; what was read back is not what was wanted.
    Attempted,
    /// It cannot be done; nothing was written.
    Failed,
    /// Somebody holds the lease and is taking it back.
    Undoing,
    /// Taken back, and read back so.
    Undone,
}

impl State {
    /// As it is written.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Planned => "planned",
            Self::Awaiting => "awaiting",
            Self::Writing => "writing",
            Self::Verified => "verified",
            Self::Attempted => "attempted",
            Self::Failed => "failed",
            Self::Undoing => "undoing",
            Self::Undone => "undone",
        }
    }
}

/// Who works on an entry, and until when nobody else may.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Lease {
    /// Id of the invocation.
    pub owner: String,
    /// Seconds since the epoch. Compared here, never by the table's TTL.
    pub until: i64,
}

/// A write that is about to be made, or was.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Write {
    /// When, in seconds since the epoch.
    pub at: i64,
    /// What.
    pub step: Step,
}

/// A command that a person gave.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Given {
    /// Who, as the command line says; the identity is in the CloudTrail record of the invocation.
    pub by: Option<String>,
    /// When, in seconds since the epoch.
    pub at: i64,
}

/// One remediation.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Entry {
    /// See [`id`]. It names the role session of every write.
    pub id: String,
    /// What is done.
    pub remediation: Remediation,
    /// Where it stands.
    pub state: State,
    /// Who works on it.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub lease: Option<Lease>,
    /// Id of the finding.
    pub finding_id: String,
    /// Id of the rule.
    pub rule: String,
    /// `eventID` of the change.
    pub event_id: String,
    /// Its time, in seconds since the epoch.
    pub event_time: i64,
    /// ARN of who made the change: the role behind a session, else the user.
    pub actor: Option<String>,
    /// How sure the finding is.
    pub confidence: Confidence,
    /// Whether CloudFormation made the change.
    pub by_cloudformation: bool,
    /// What the change was made to.
    pub thing: Thing,
    /// Its tags, as policies saw them.
    pub tags: Tags,
    /// The mode that the owner asked for.
    pub asked: Mode,
    /// The mode after all doubts.
    pub mode: Mode,
    /// When it was made, in seconds since the epoch.
    pub created: i64,
    /// When it was last changed.
    pub updated: i64,
    /// What is to be written.
    pub plan: Plan,
    /// Every write, noted before it is made.
    pub writes: Vec<Write>,
    /// What was read afterwards.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub read_back: Option<Settings>,
    /// Whether it was restored within the last hour and taken away again.
    #[serde(default)]
    pub contested: bool,
    /// Whether a person has to approve it because resource or account had their share within the hour.
    #[serde(default)]
    pub budget_spent: bool,
    /// Whether policy allows it.
    pub allowed: bool,
    /// Policies that decided.
    pub policies: Vec<String>,
    /// For a redeployment: whether the draft is what the last good deployment published.
    #[serde(default)]
    pub draft_is_published: bool,
    /// For a redeployment: the digest of the draft that was judged. No other is deployed.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub draft: Option<String>,
    /// For a private API: whether the change had been published.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub exposure: Option<Exposure>,
    /// Why it stands where it stands, for people.
    pub reasons: Vec<String>,
    /// Until when it may be approved, in seconds since the epoch.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub deadline: Option<i64>,
    /// Who approved.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub approved: Option<Given>,
    /// Who took it back.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub undone: Option<Given>,
    /// The last state that people were told of.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub told: Option<State>,
}

impl Entry {
    /// Whether the ledger can hold the entry to its end: with every write noted and all that is read back.
    /// Otherwise writes would be made of which it never tells how they ended.
    pub fn fits(&self) -> bool {
        let mut end = self.clone();
        end.read_back = Some(self.plan.wanted.clone());
        let writes = self.plan.steps.iter().map(|step| Write {
            at: self.created,
            step: step.clone(),
        });
        end.writes.extend(writes);
        let json = serde_json::to_string(&end);
        json.is_ok_and(|json| json.len() + RESERVE <= LARGEST)
    }
}

/// A restore of a resource that was verified.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Restore {
    /// Ledger id.
    pub id: String,
    /// When it was written, in seconds since the epoch.
    pub at: i64,
}

/// What was done to a resource, or in an account, lately.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tally {
    /// When automatic remediations began, in seconds since the epoch; older than an hour is forgotten.
    pub starts: Vec<i64>,
    /// Who writes to the resource right now, by ledger id.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub holder: Option<Lease>,
    /// Settings that were restored, by name, and when; older than an hour is forgotten.
    pub restored: BTreeMap<String, i64>,
    /// Its last restores, the newest one last: what they wrote stands there until a baseline knows.
    #[serde(skip_serializing_if = "Vec::is_empty", default)]
    pub restores: Vec<Restore>,
}

/// Id of the remediation of one event: `restore-stage-logging-` and 16 hexadecimal digits. Every delivery
/// of the event has the same one, and so has every finding on it.
pub fn id(remediation: Remediation, account: &str, region: &str, event_id: &str) -> String {
    let name = remediation.as_str();
    let digest = finding::id(&[name, account, region, event_id]);
    format!("{name}-{digest}")
}

/// The same of what follows on a stage of the API that was restored.
pub fn follow_up_id(remediation: Remediation, stage: &Thing, event_id: &str) -> String {
    let name = remediation.as_str();
    let stage_name = stage.stage().unwrap_or_default();
    let digest = finding::id(&[name, &stage.account, &stage.region, event_id, stage_name]);
    format!("{name}-{digest}")
}

/// The remediation that an id is of.
pub fn remediation(id: &str) -> Option<Remediation> {
    let (name, digest) = id.rsplit_once('-')?;
    let is_digest = digest.len() == 16
        && digest
            .bytes()
            .all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte));
    Remediation::parse(name).filter(|_| is_digest)
}
