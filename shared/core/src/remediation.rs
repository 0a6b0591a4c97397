//! Putting settings back: what may be done and how far, what to write, and the record of it.
//!
//! [`settings`] are the settings that can be restored, typed; [`plan`] finds what a change took away and
//! the [`step`]s that bring it back; [`modes`] says how far that may go; a policy has the last word and
//! alone makes the permit that [`responder`] needs to write. The [`ledger`] remembers all of it.

pub mod brakes;
pub mod command;
pub mod ledger;
pub mod modes;
pub mod own;
pub mod plan;
pub mod policy;
pub mod ports;
pub mod publication;
pub mod report;
pub mod responder;
pub mod settings;
pub mod snippet;
pub mod step;
#[cfg(any(test, feature = "testing"))]
pub mod testing;

use serde::{Deserialize, Serialize};

/// What can be done about a finding. None of them deletes anything.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Remediation {
    /// Execution and access logging of a stage.
    RestoreStageLogging,
    /// The role with which API Gateway writes execution logs in a Region.
    RestoreAccountLoggingRole,
    /// A private API: its policy, its endpoint type and VPC endpoints.
    RestorePrivateEndpoint,
    /// A deployment of the restored draft, where the bad one was published.
    Redeploy,
    /// A request limit of 0 on the stages that serve what should not be public.
    Contain,
}

impl Remediation {
    /// All of them.
    pub const ALL: [Self; 5] = [
        Self::RestoreStageLogging,
        Self::RestoreAccountLoggingRole,
        Self::RestorePrivateEndpoint,
        Self::Redeploy,
        Self::Contain,
    ];

    /// As it is written in configuration, findings and ledger ids.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RestoreStageLogging => "restore-stage-logging",
            Self::RestoreAccountLoggingRole => "restore-account-logging-role",
            Self::RestorePrivateEndpoint => "restore-private-endpoint",
            Self::Redeploy => "redeploy",
            Self::Contain => "contain",
        }
    }

    /// The remediation of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }

    /// The function that does it.
    pub fn function(self) -> &'static str {
        match self {
            Self::RestoreStageLogging | Self::RestoreAccountLoggingRole => "stage-logging",
            Self::RestorePrivateEndpoint | Self::Redeploy | Self::Contain => "api-exposure",
        }
    }
}

/// How far a remediation may go. The order is from less to more.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, Default,
)]
#[serde(rename_all = "kebab-case")]
pub enum Mode {
    /// Nothing is planned.
    Off,
    /// People are told how to put it back.
    #[default]
    Notify,
    /// The live state is read; what would be written and what policy says of it are shown.
    DryRun,
    /// As `auto`, once a person has approved.
    Approve,
    /// It is put back at once.
    Auto,
}

impl Mode {
    /// All, from less to more.
    pub const ALL: [Self; 5] = [
        Self::Off,
        Self::Notify,
        Self::DryRun,
        Self::Approve,
        Self::Auto,
    ];

    /// As it is written in configuration and findings.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Off => "off",
            Self::Notify => "notify",
            Self::DryRun => "dry-run",
            Self::Approve => "approve",
            Self::Auto => "auto",
        }
    }

    /// The mode of that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }
}
