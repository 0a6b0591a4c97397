//! How far each remediation may go for which target: `policies/remediation.toml`, checked before anything
//! uses it.
//!
//! Nothing here allows a write: a mode is what an owner asks for, a policy decides.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use super::{Mode, Remediation};
use crate::baseline::thing::Thing;

/// The modes that come with Portcullis: everything is told, nothing is written.
const DEFAULT: &str = include_str!("../../../../policies/remediation.toml");

/// Tags of a stage and its API, each with every value it had within the last day before the change, and the
/// last one known before that: who strips a tag first changes nothing.
pub type Tags = BTreeMap<String, BTreeSet<String>>;

/// Why the file is refused. Nothing of it is used then.
#[derive(Debug, thiserror::Error)]
pub enum ModesError {
    /// Not TOML, or a member is unknown or has the wrong type.
    #[error("not a remediation file")]
    Toml(#[from] toml::de::Error),
}

/// What an owner asks for, for one remediation of one thing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// How far it may go.
    pub mode: Mode,
    /// Whether changes that came through CloudFormation are reverted too.
    pub cloudformation: bool,
    /// An exemption that holds now.
    pub exemption: Option<Exemption>,
    /// Exemptions that match and have run out: they do nothing, and are reported.
    pub expired: Vec<Exemption>,
}

/// Why something is left alone for a while.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Exemption {
    /// Why.
    pub reason: String,
    /// Whose it is.
    pub owner: String,
    /// Until when.
    pub expires: Timestamp,
}

/// The file.
#[derive(Debug, Clone, Default)]
pub struct Modes {}

impl Modes {
    /// Reads a file.
    ///
    /// # Errors
    /// When anything in it is unknown or makes no sense: a typing error must not allow or forbid.
    pub fn parse(_text: &str) -> Result<Self, ModesError> {
        Ok(Self {})
    }

    /// The modes that come with Portcullis.
    ///
    /// # Errors
    /// Never, as a test shows; the file is part of the program.
    pub fn embedded() -> Result<Self, ModesError> {
        Self::parse(DEFAULT)
    }

    /// What is asked for at the time `now`.
    pub fn of(
        &self,
        _remediation: Remediation,
        _thing: &Thing,
        _tags: &Tags,
        _now: Timestamp,
    ) -> Asked {
        Asked {
            mode: Mode::Notify,
            cloudformation: false,
            exemption: None,
            expired: Vec::new(),
        }
    }

    /// Whether this remediation is more than described anywhere: otherwise nothing has to be read for it.
    pub fn may_act(&self, _remediation: Remediation) -> bool {
        false
    }

    /// Whether a target is chosen by tags of an API: only then they have to be looked up.
    pub fn reads_tags(&self) -> bool {
        false
    }

    /// Whether the ARN (of a role or a user) is one of the break-glass principals.
    pub fn is_break_glass(&self, _arn: &str) -> bool {
        false
    }
}
