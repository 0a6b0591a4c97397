//! What a policy is asked, and what it answers. Core asks; `portcullis-policy` answers and alone makes
//! permits.

use super::Mode;
use super::modes::{Asked, Tags};
use super::step::Step;
use crate::baseline::thing::Thing;
use crate::finding::Confidence;

/// What is to be done. Nothing here deletes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Action {
    /// See [`super::Remediation::RestoreStageLogging`].
    RestoreStageLogging,
    /// See [`super::Remediation::RestoreAccountLoggingRole`].
    RestoreAccountLoggingRole,
    /// See [`super::Remediation::RestorePrivateEndpoint`].
    RestorePrivateEndpoint,
    /// See [`super::Remediation::Redeploy`].
    Redeploy,
    /// See [`super::Remediation::Contain`].
    Contain,
    /// Take back what one of the others did.
    Undo,
}

impl Action {
    /// All of them.
    pub const ALL: [Self; 6] = [
        Self::RestoreStageLogging,
        Self::RestoreAccountLoggingRole,
        Self::RestorePrivateEndpoint,
        Self::Redeploy,
        Self::Contain,
        Self::Undo,
    ];

    /// As policies name it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RestoreStageLogging => "RestoreStageLogging",
            Self::RestoreAccountLoggingRole => "RestoreAccountLoggingRole",
            Self::RestorePrivateEndpoint => "RestorePrivateEndpoint",
            Self::Redeploy => "Redeploy",
            Self::Contain => "Contain",
            Self::Undo => "Undo",
        }
    }
}

impl From<super::Remediation> for Action {
    fn from(remediation: super::Remediation) -> Self {
        match remediation {
            super::Remediation::RestoreStageLogging => Self::RestoreStageLogging,
            super::Remediation::RestoreAccountLoggingRole => Self::RestoreAccountLoggingRole,
            super::Remediation::RestorePrivateEndpoint => Self::RestorePrivateEndpoint,
            super::Remediation::Redeploy => Self::Redeploy,
            super::Remediation::Contain => Self::Contain,
        }
    }
}

/// Everything that a decision rests on.
#[derive(Debug, Clone)]
pub struct Request {
    /// What is to be done.
    pub action: Action,
    /// How: `Auto` without anybody asked, or `Approve` by a person who has approved.
    pub mode: Mode,
    /// What the owner asks for, already capped by the deployment.
    pub asked: Asked,
    /// What it is done to. A permit is for this thing alone.
    pub thing: Thing,
    /// Its tags.
    pub tags: Tags,
    /// ARN of the principal whose change is reverted: the role behind a session, else the user.
    pub actor: Option<String>,
    /// What speaks for or against it.
    pub circumstances: Circumstances,
    /// Id of the ledger entry that the permit is for.
    pub ledger_id: String,
}

/// What speaks for or against it. Every doubt is a member; policies forbid by them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Circumstances {
    /// Seconds from the event to the decision.
    pub age: i64,
    /// How sure the finding is.
    pub confidence: Confidence,
    /// The same setting was restored within the last hour and taken away again.
    pub contested: bool,
    /// A setting was changed again since, and what stands now is still less than what stood before.
    pub changed_again: bool,
    /// The resource or the account had its share of remediations.
    pub budget_spent: bool,
    /// CloudFormation made the change.
    pub by_cloudformation: bool,
    /// The actor is a break-glass principal.
    pub break_glass: bool,
    /// The kill switch is configured.
    pub has_kill_switch: bool,
    /// What stood before is known.
    pub has_baseline: bool,
    /// For `Redeploy`: the draft is what the last good deployment published.
    pub draft_is_published: bool,
}

/// The answer.
#[derive(Debug)]
pub struct Ruling<P> {
    /// Present when it may be done.
    pub permit: Option<P>,
    /// Ids of the policies that decided.
    pub policies: Vec<String>,
    /// Why not, one sentence for each policy that forbids; or that nothing allows it.
    pub reasons: Vec<String>,
}

/// What a permit is for. A writer asks it before every write.
pub trait Permitted: Send + Sync {
    /// The thing that may be written to.
    fn thing(&self) -> &Thing;

    /// The ledger entry that the write belongs to; it names the role session.
    fn ledger_id(&self) -> &str;

    /// Whether it allows this step.
    fn covers(&self, step: &Step) -> bool;
}

/// Decides. Pure: the same request has the same answer.
pub trait Policy: Send + Sync {
    /// What nothing is written without. Only a policy makes one; it names action, thing and ledger entry.
    type Permit: Send + Sync;

    /// Whether an answer may depend on tags: only then are they read.
    fn reads_tags(&self) -> bool;

    /// Whether it may be done.
    fn decide(&self, request: &Request) -> Ruling<Self::Permit>;
}
