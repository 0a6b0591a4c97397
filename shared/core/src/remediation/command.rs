//! Commands that a person gives by invoking a function: the right to invoke it is the credential.

use serde::{Deserialize, Serialize};

use super::Remediation;
use super::ledger;

/// What a function is told to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "command", rename_all = "lowercase", deny_unknown_fields)]
pub enum Command {
    /// Do what waits for approval.
    Approve {
        /// Ledger id.
        id: String,
        /// Who says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
    /// Take back what was done.
    Undo {
        /// Ledger id.
        id: String,
        /// Who says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        by: Option<String>,
    },
}

impl Command {
    /// The ledger id.
    pub fn id(&self) -> &str {
        match self {
            Self::Approve { id, .. } | Self::Undo { id, .. } => id,
        }
    }

    /// The remediation that it is about; `None` when the id is none.
    pub fn remediation(&self) -> Option<Remediation> {
        ledger::remediation(self.id())
    }
}

/// The answer to a command.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Answer {
    /// Ledger id.
    pub id: String,
    /// Where the remediation stands now (`verified`, `undone` ...), or `refused`.
    pub state: String,
    /// What happened, in sentences.
    pub text: Vec<String>,
}
