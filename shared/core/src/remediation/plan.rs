//! What a change took away, and the steps that bring exactly that back: three-way against the live
//! state, so that what others changed since survives.

mod account;
mod build;
mod document;
mod fields;
mod left;
mod progress;
mod recovery;
mod rest_api;
mod rest_patch;
mod rest_stage;
pub(crate) mod shell;
mod take;
mod touched;
mod v2_patch;
mod v2_stage;

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use self::recovery::Recovery;
use super::settings::{MethodSetting, Serving, Settings, V2Stage};
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
    /// The settings that were taken away, by stable names such as `logging of */*`, whether or
    /// not a step brings them back. What names the same setting twice within an hour is contested.
    pub fields: BTreeSet<String>,
    /// What is not brought back and why, as sentences for people.
    pub notes: Vec<String>,
    /// Settings that the steps bring back although they were changed again since, as paths that people
    /// know. Whether that was an attacker's second call or an owner's decision is for a person to say.
    #[serde(default)]
    pub moved: BTreeSet<String>,
    /// Whether something that was taken away is left as it is; a note says what and why.
    #[serde(default)]
    pub left: bool,
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
/// what the change left nor what stood before was changed again since: where it still is less than before
/// (a lower level, another access log or policy, a type other than PRIVATE), the plan brings it back and
/// names it in [`Plan::moved`]; anything else is left alone, with a note.
pub fn restore(
    thing: &Thing,
    change: &Change,
    before: &Settings,
    after: Option<&Settings>,
    live: &Settings,
) -> Plan {
    match (before, live) {
        (Settings::RestStage(before), Settings::RestStage(now)) => {
            let after = after.and_then(|after| match after {
                Settings::RestStage(after) => Some(after),
                _ => None,
            });
            let found = rest_stage::restore(change, before, after, now);
            found.plan(thing, live, Settings::RestStage)
        }
        (Settings::V2Stage(before), Settings::V2Stage(now)) => {
            let after = after.and_then(|after| match after {
                Settings::V2Stage(after) => Some(after),
                _ => None,
            });
            let found = v2_stage::restore(thing, change, before, after, now);
            found.plan(thing, live, Settings::V2Stage)
        }
        (Settings::RestApi(before), Settings::RestApi(now)) => {
            let after = after.and_then(|after| match after {
                Settings::RestApi(after) => Some(after),
                _ => None,
            });
            let found = rest_api::restore(change, before, after, now);
            found.plan(thing, live, Settings::RestApi)
        }
        (Settings::Account(before), Settings::Account(now)) => {
            let after = after.and_then(|after| match after {
                Settings::Account(after) => Some(after),
                _ => None,
            });
            let found = account::restore(change, before, after, now);
            found.plan(thing, live, Settings::Account)
        }
        _ => build::nothing(
            live,
            "what stood before and what stands now are not the same kind of thing",
        ),
    }
}

impl<T> Recovery<T> {
    fn plan(self, thing: &Thing, live: &Settings, settings: fn(T) -> Settings) -> Plan {
        let wanted = settings(self.wanted);
        Plan {
            moved: self.moved,
            left: self.left,
            ..build::plan(thing, live, wanted, self.fields, self.notes)
        }
    }
}

/// A plan that leaves everything as it is.
pub fn nothing(live: &Settings) -> Plan {
    Plan {
        steps: Vec::new(),
        live: live.clone(),
        wanted: live.clone(),
        changes: Vec::new(),
        fields: BTreeSet::new(),
        notes: Vec::new(),
        moved: BTreeSet::new(),
        left: false,
    }
}

/// The request limit of 0 on everything that a stage of a REST API serves.
pub fn contain(thing: &Thing, live: &Settings) -> Plan {
    let Settings::RestStage(stage) = live else {
        return build::nothing(live, "only a stage of a REST API can be contained");
    };
    let mut stage = stage.clone();
    let keys = &mut stage.method_settings;
    keys.entry("*/*".to_owned()).or_default();
    for set in keys.values_mut() {
        *set = MethodSetting {
            throttling_rate_limit: Some(0.0),
            throttling_burst_limit: Some(0),
            ..set.clone()
        };
    }
    let names = keys.keys().map(|key| format!("limits of {key}")).collect();
    build::plan(thing, live, Settings::RestStage(stage), names, Vec::new())
}

/// What is left to do of a plan, from a live state where some of its steps may have been made: for the
/// run after a crash, and for an approval that comes later. No steps: all is as wanted.
///
/// # Errors
/// When a setting that the plan writes is neither as it was when the plan was made nor as wanted.
pub fn resume(thing: &Thing, plan: &Plan, live: &Settings) -> Result<Plan, Moved> {
    if let (Settings::Serving(was), Settings::Serving(wanted), Settings::Serving(now)) =
        (&plan.live, &plan.wanted, live)
    {
        return serving(plan, [was, wanted, now]);
    }
    let wanted = progress::remaining(&plan.live, &plan.wanted, live)?;
    let (fields, notes) = (plan.fields.clone(), plan.notes.clone());
    Ok(Plan {
        moved: plan.moved.clone(),
        left: plan.left,
        ..build::plan(thing, live, wanted, fields, notes)
    })
}

/// What is left of a deployment: nothing, where the stage serves it.
fn serving(plan: &Plan, [was, wanted, now]: [&Serving; 3]) -> Result<Plan, Moved> {
    if is_served(wanted, now) {
        return Ok(Plan {
            steps: Vec::new(),
            live: Settings::Serving(now.clone()),
            wanted: Settings::Serving(now.clone()),
            changes: Vec::new(),
            ..plan.clone()
        });
    }
    match was.deployment_id == now.deployment_id {
        true => Ok(plan.clone()),
        false => Err(Moved {
            fields: vec![fields::Field::Deployment.path()],
        }),
    }
}

/// Whether a stage serves the deployment that is wanted. It has no id before it is made; nobody else can
/// know its description by then.
fn is_served(wanted: &Serving, now: &Serving) -> bool {
    now.description.is_some() && now.description == wanted.description
}

/// The plan that takes a plan back: from the live state, where it still is what was wanted, to what was
/// live before it. Never data trace on.
///
/// # Errors
/// When the world has moved on, or a call that deletes would be needed.
pub fn undo(thing: &Thing, plan: &Plan, live: &Settings) -> Result<Plan, UndoRefused> {
    if let (Settings::Serving(was), Settings::Serving(wanted), Settings::Serving(now)) =
        (&plan.live, &plan.wanted, live)
    {
        // No step names a deployment, so the operator does it.
        let served = was.deployment_id.as_deref();
        let served = served.filter(|_| is_served(wanted, now));
        return match served.and_then(|id| shell::serve(thing, id)) {
            Some(command) => Err(UndoRefused::NeedsDelete {
                commands: vec![command],
            }),
            None => Ok(Plan {
                steps: Vec::new(),
                ..plan.clone()
            }),
        };
    }
    let wanted = progress::remaining(&plan.wanted, &plan.live, live)?;
    if let (Settings::V2Stage(live), Settings::V2Stage(wanted)) = (live, &wanted) {
        let commands = deletions(thing, live, wanted);
        if !commands.is_empty() {
            return Err(UndoRefused::NeedsDelete { commands });
        }
    }
    let fields = plan.fields.clone();
    Ok(build::plan(thing, live, wanted, fields, Vec::new()))
}

/// The calls that delete which lie between two states of a stage.
fn deletions(thing: &Thing, live: &V2Stage, wanted: &V2Stage) -> Vec<String> {
    let [from, to] = [live, wanted].map(|stage| stage.access_log_settings.as_ref());
    let [from, to] = [from, to].map(fields::access_log);
    let access_log = (from.is_some() && to.is_none())
        .then(|| shell::delete_access_log_settings(thing))
        .flatten();
    let routes = live.route_settings.keys();
    let routes = routes
        .filter(|route| !wanted.route_settings.contains_key(*route))
        .filter_map(|route| shell::delete_route_settings(thing, route));
    access_log.into_iter().chain(routes).collect()
}

/// What other settings of the thing are once the plan is carried out: everything that it writes is as
/// wanted, everything else as it was.
pub fn over(plan: &Plan, settings: &Settings) -> Settings {
    progress::over(&plan.live, &plan.wanted, settings)
}

/// The settings that the plan writes and that are not as wanted in what was read back; none: verified.
pub fn unmet(plan: &Plan, read: &Settings) -> Vec<String> {
    if let (Settings::Serving(wanted), Settings::Serving(now)) = (&plan.wanted, read) {
        return match is_served(wanted, now) {
            true => Vec::new(),
            false => vec![fields::Field::Deployment.path()],
        };
    }
    progress::unmet(&plan.live, &plan.wanted, read)
}

#[cfg(test)]
mod tests;
