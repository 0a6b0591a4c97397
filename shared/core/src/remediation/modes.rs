//! How far each remediation may go for which target: `policies/remediation.toml`, checked before anything
//! uses it.
//!
//! Nothing here allows a write: a mode is what an owner asks for, a policy decides.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use self::selector::Selector;
use super::{Mode, Remediation};
use crate::baseline::thing::Thing;

mod file;
mod selector;

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
    /// No remediation, mode or member has this name.
    #[error("{place}: `{name}` is no {kind}, did you mean `{nearest}`?")]
    Unknown {
        /// Where: `[modes]`, `target 2`, `exemption 1`.
        place: String,
        /// What it should be the name of.
        kind: &'static str,
        /// What stands there.
        name: String,
        /// A name that exists.
        nearest: &'static str,
    },
    /// A target says nothing without it.
    #[error("{place} has no `mode`")]
    NoMode {
        /// Which target.
        place: String,
    },
    /// An empty selector selects nothing, and so is a mistake.
    #[error("{place}: `{member}` is empty, leave it out to match all")]
    Empty {
        /// Where.
        place: String,
        /// The selector.
        member: &'static str,
    },
    /// A selector that nothing can match.
    #[error("{place}: `{value}` in `{member}` is no {kind}")]
    Value {
        /// Where.
        place: String,
        /// The selector.
        member: &'static str,
        /// What stands there.
        value: String,
        /// What it should be.
        kind: &'static str,
    },
    /// Nobody would know why, whose or how long it is.
    #[error("{place} has no `{member}`: it needs a reason, an owner and an end")]
    Missing {
        /// Which exemption.
        place: String,
        /// What it lacks.
        member: &'static str,
    },
    /// Not a time.
    #[error("{place}: `{value}` in `expires` is no time, write `2026-12-31T00:00:00Z`")]
    Expires {
        /// Which exemption.
        place: String,
        /// What stands there.
        value: String,
        /// What is wrong with it.
        #[source]
        source: jiff::Error,
    },
    /// Not the ARN of a role or user.
    #[error("`{arn}` in `break-glass` is no ARN of an IAM role or user")]
    Principal {
        /// What stands there.
        arn: String,
    },
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

impl Asked {
    /// Nothing is asked for.
    pub fn nothing() -> Self {
        Self {
            mode: Mode::Off,
            cloudformation: false,
            exemption: None,
            expired: Vec::new(),
        }
    }
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

/// How far remediations may go for what it selects.
#[derive(Debug, Clone)]
struct Target {
    selector: Selector,
    mode: Mode,
    cloudformation: bool,
}

/// The file.
#[derive(Debug, Clone, Default)]
pub struct Modes {
    modes: BTreeMap<Remediation, Mode>,
    targets: Vec<Target>,
    exemptions: Vec<(Selector, Exemption)>,
    break_glass: BTreeSet<String>,
}

impl Modes {
    /// Reads a file.
    ///
    /// # Errors
    /// When anything in it is unknown or makes no sense: a typing error must not allow or forbid.
    pub fn parse(text: &str) -> Result<Self, ModesError> {
        file::parse(text)
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
        remediation: Remediation,
        thing: &Thing,
        tags: &Tags,
        now: Timestamp,
    ) -> Asked {
        let target = self
            .targets
            .iter()
            .rfind(|target| target.selector.matches(remediation, thing, tags));
        let matching = self
            .exemptions
            .iter()
            .filter(|(selector, _)| selector.touches(remediation, thing, tags))
            .map(|(_, exemption)| exemption.clone());
        let (running, expired): (Vec<_>, Vec<_>) =
            matching.partition(|exemption| now < exemption.expires);
        Asked {
            mode: target.map_or_else(|| self.mode(remediation), |target| target.mode),
            cloudformation: target.is_some_and(|target| target.cloudformation),
            exemption: running.into_iter().max_by_key(|one| one.expires),
            expired,
        }
    }

    /// Whether this remediation is more than described anywhere: otherwise nothing has to be read for it.
    pub fn may_act(&self, remediation: Remediation) -> bool {
        let of_it = self
            .targets
            .iter()
            .filter(|target| target.selector.is_about(remediation));
        let start = self.mode(remediation) > Mode::Notify;
        of_it.fold(start, |may_act, target| {
            let acts = target.mode > Mode::Notify;
            // What matches everything hides what stands before it.
            acts || (may_act && !target.selector.is_whole())
        })
    }

    /// Whether a target or an exemption is chosen by tags of an API: only then they have to be looked up.
    pub fn reads_tags(&self) -> bool {
        let targets = self.targets.iter().map(|target| &target.selector);
        let exemptions = self.exemptions.iter().map(|(selector, _)| selector);
        targets.chain(exemptions).any(Selector::reads_tags)
    }

    /// Whether the ARN (of a role or a user) is one of the break-glass principals.
    pub fn is_break_glass(&self, arn: &str) -> bool {
        self.break_glass.contains(arn)
    }

    /// The mode where no target matches.
    fn mode(&self, remediation: Remediation) -> Mode {
        self.modes.get(&remediation).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod property_tests;
#[cfg(test)]
mod tests;
