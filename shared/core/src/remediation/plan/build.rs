//! Makes a plan of a live and a wanted state: the steps between them, and what they change.

use std::collections::BTreeSet;

use super::fields::{self, Difference, Field, LEVEL, METHOD, ROUTE};
use super::{Plan, account, rest_api, rest_patch, v2_patch, v2_stage};
use crate::baseline::thing::{Thing, What};
use crate::finding::SettingChange;
use crate::remediation::settings::Settings;
use crate::remediation::step::Step;

/// The plan from `live` to `wanted`.
pub(super) fn plan(
    thing: &Thing,
    live: &Settings,
    mut wanted: Settings,
    fields: BTreeSet<String>,
    mut notes: Vec<String>,
) -> Plan {
    let steps = steps(thing, live, &mut wanted, &mut notes);
    if steps.is_empty() {
        wanted = live.clone();
    }
    Plan {
        steps,
        changes: changes(live, &wanted),
        live: live.clone(),
        wanted,
        fields,
        notes,
        moved: BTreeSet::new(),
        left: false,
    }
}

/// The plan that changes nothing.
pub(super) fn nothing(live: &Settings, note: &str) -> Plan {
    Plan {
        notes: vec![note.to_owned()],
        left: true,
        ..super::nothing(live)
    }
}

fn steps(
    thing: &Thing,
    live: &Settings,
    wanted: &mut Settings,
    notes: &mut Vec<String>,
) -> Vec<Step> {
    match (&thing.what, live, wanted) {
        (What::Stage(api, stage), Settings::RestStage(live), Settings::RestStage(wanted)) => {
            let patch = rest_patch::patch(live, wanted, notes);
            let step = |patch_operations| Step::UpdateStage {
                rest_api_id: api.id.clone(),
                stage_name: stage.clone(),
                patch_operations,
            };
            some(patch).map(step).into_iter().collect()
        }
        (What::Stage(api, stage), Settings::V2Stage(live), Settings::V2Stage(wanted)) => {
            let executes = v2_stage::logs_executions(thing);
            let update = v2_patch::update(live, wanted, executes, notes);
            let step = |update| Step::UpdateV2Stage {
                api_id: api.id.clone(),
                stage_name: stage.clone(),
                update,
            };
            update.map(step).into_iter().collect()
        }
        (What::Api(api), Settings::RestApi(live), Settings::RestApi(wanted)) => {
            let step = |patch_operations| Step::UpdateRestApi {
                rest_api_id: api.id.clone(),
                patch_operations,
            };
            let patches = rest_api::patches(live, wanted);
            patches.into_iter().map(step).collect()
        }
        (What::Account, Settings::Account(live), Settings::Account(wanted)) => {
            let patch = account::patch(live, wanted);
            let step = |patch_operations| Step::UpdateAccount { patch_operations };
            some(patch).map(step).into_iter().collect()
        }
        _ => Vec::new(),
    }
}

fn some<T>(list: Vec<T>) -> Option<Vec<T>> {
    (!list.is_empty()).then_some(list)
}

/// What people read: without what API Gateway sets by itself when a key or route comes or goes.
fn changes(live: &Settings, wanted: &Settings) -> Vec<SettingChange> {
    let differences = fields::differences(live, wanted);
    let (telling, rest): (Vec<_>, Vec<_>) = differences.into_iter().partition(is_telling);
    let shown = if telling.is_empty() { rest } else { telling };
    shown
        .into_iter()
        .map(|one| SettingChange {
            path: one.field.path(),
            before: one.from.into(),
            after: one.to.into(),
        })
        .collect()
}

fn is_telling(one: &Difference) -> bool {
    let value = match (&one.from, &one.to) {
        (Some(value), None) | (None, Some(value)) => value,
        _ => return true,
    };
    match &one.field {
        Field::Method(_, name) => {
            *name == LEVEL
                || METHOD
                    .iter()
                    .all(|row| row.name != *name || !row.is_default(value))
        }
        Field::Route(_, name) => ROUTE
            .iter()
            .all(|row| row.name != *name || !row.is_default(value)),
        _ => true,
    }
}
