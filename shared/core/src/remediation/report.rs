//! What people are told of a remediation: a value; [`crate::notification`] makes text of it.

use super::plan::Plan;
use super::publication::Exposure;
use super::{Mode, Remediation};
use crate::baseline::thing::Thing;

/// What came of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// Nothing is planned: the mode is `off`, or nothing is known that could be put back.
    Nothing,
    /// The way to put it back by hand is described.
    Described,
    /// Dry run: this would be written, and policy would allow it (or not: see the reasons).
    WouldWrite {
        /// What policy says.
        allowed: bool,
    },
    /// It waits for a person until this time (seconds since the epoch).
    Awaiting {
        /// The end of the time for it.
        deadline: i64,
    },
    /// Put back, read back, and as it was.
    Verified,
    /// The live state was right already.
    AlreadyRight,
    /// Written, but what was read back is not what was wanted, or nothing could be read.
    Attempted,
    /// It cannot be done; nothing was written.
    Failed,
    /// It could not be done yet and will be tried again by itself.
    WillRetry,
    /// Another delivery is doing it right now.
    Held,
    /// Taken back.
    Undone,
}

/// What a command said of a remediation: no event brings it again by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Commanded {
    /// To make it.
    Approve,
    /// To take it back: what is written is its plan the other way round.
    Undo,
}

/// What was, or would be, done to one thing.
#[derive(Debug, Clone, PartialEq)]
pub struct Done {
    /// The thing.
    pub thing: Thing,
    /// What was planned for it; its `changes` are what people read, its `steps` become commands.
    pub plan: Plan,
}

/// What people are told of a remediation.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// What it is.
    pub remediation: Remediation,
    /// Ledger id, where there is an entry.
    pub id: Option<String>,
    /// The mode that the owner asked for.
    pub asked: Mode,
    /// The mode after all doubts.
    pub mode: Mode,
    /// What came of it.
    pub ending: Ending,
    /// Why the mode was lowered, why nothing was done, what failed: sentences, without a full stop.
    pub reasons: Vec<String>,
    /// To what it was or would be done.
    pub done: Option<Done>,
    /// Policies that decided.
    pub policies: Vec<String>,
    /// For a private API: whether the change was published.
    pub exposure: Option<Exposure>,
    /// What else was, or would be, done: redeploying, containing.
    pub follow_ups: Vec<Self>,
    /// Somebody must look now: contested, attempted, or a budget is spent.
    pub pages: bool,
    /// The last command about it.
    pub commanded: Option<Commanded>,
}

impl Report {
    /// Nothing was done, for these reasons.
    pub fn nothing(remediation: Remediation, mode: Mode, reason: impl Into<String>) -> Self {
        Self {
            remediation,
            id: None,
            asked: mode,
            mode,
            ending: Ending::Nothing,
            reasons: vec![reason.into()],
            done: None,
            policies: Vec::new(),
            exposure: None,
            follow_ups: Vec::new(),
            pages: false,
            commanded: None,
        }
    }

    /// Whether the plans are, or were, written the other way round.
    pub fn is_undo(&self) -> bool {
        match self.ending {
            Ending::Undone => true,
            // What was to be taken back stands as it was.
            Ending::Verified => false,
            _ => self.commanded == Some(Commanded::Undo),
        }
    }

    /// Whether people have to know whatever the severity: something was written, was to be written and
    /// could not be, or waits for them.
    pub fn matters(&self) -> bool {
        let matters = match self.ending {
            Ending::Awaiting { .. }
            | Ending::Verified
            | Ending::Attempted
            | Ending::Undone
            | Ending::WillRetry => true,
            // Without an entry nobody has begun.
            Ending::Failed => self.id.is_some(),
            _ => false,
        };
        matters || self.pages || self.follow_ups.iter().any(Self::matters)
    }

    /// Whether something of it is still to come: people are told that there will be a second message.
    pub fn is_open(&self) -> bool {
        let is_open = matches!(self.ending, Ending::WillRetry | Ending::Held);
        is_open || self.follow_ups.iter().any(Self::is_open)
    }
}
