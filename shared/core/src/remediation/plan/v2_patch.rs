//! The call that brings a stage of an HTTP or WebSocket API from one state to another.

use super::fields::{self, ROUTE, is_execution_logging};
use super::rest_patch::data_trace_off;
use crate::remediation::settings::{RouteSettings, V2Stage};
use crate::remediation::step::V2StageUpdate;

/// The call; `None` when there is nothing to write. `wanted` is corrected where something is never
/// written: data trace is off in everything that is sent. What only a call that deletes can do is not done.
pub(super) fn update(
    live: &V2Stage,
    wanted: &mut V2Stage,
    executes: bool,
    notes: &mut Vec<String>,
) -> Option<V2StageUpdate> {
    let [from, to] = [live, wanted].map(|stage| stage.access_log_settings.as_ref());
    let [from, to] = [from, to].map(fields::access_log);
    let access_log_settings = to.filter(|to| from.as_ref() != Some(to));
    let default = sides(
        live.default_route_settings.as_ref(),
        wanted.default_route_settings.as_ref(),
    );
    let is_default_sent = differ(&default[0], &default[1]);
    let default_route_settings = is_default_sent.then(|| {
        let set = wanted.default_route_settings.get_or_insert_default();
        sent("the default route", &default[0], set, executes, notes)
    });
    let routes = wanted.route_settings.iter();
    let are_routes_sent = routes
        .clone()
        .any(|(key, set)| match live.route_settings.get(key) {
            Some(live) => differ(live, set),
            None => true,
        });
    let route_settings = are_routes_sent.then(|| {
        let all = wanted.route_settings.iter_mut().map(|(key, set)| {
            let live = live.route_settings.get(key).cloned().unwrap_or_default();
            (key.clone(), sent(key, &live, set, executes, notes))
        });
        all.collect()
    });
    let update = V2StageUpdate {
        access_log_settings,
        default_route_settings,
        route_settings,
    };
    (update != V2StageUpdate::default()).then_some(update)
}

fn sides(live: Option<&RouteSettings>, wanted: Option<&RouteSettings>) -> [RouteSettings; 2] {
    [live, wanted].map(|set| set.cloned().unwrap_or_default())
}

fn differ(live: &RouteSettings, wanted: &RouteSettings) -> bool {
    ROUTE
        .iter()
        .any(|row| fields::route_value(row, live) != fields::route_value(row, wanted))
}

/// What is sent of a route: everything that it is to have. What is cleared is written as what it becomes.
fn sent(
    name: &str,
    live: &RouteSettings,
    wanted: &mut RouteSettings,
    executes: bool,
    notes: &mut Vec<String>,
) -> RouteSettings {
    if executes && wanted.data_trace_enabled == Some(true) {
        // All routes are sent, also those that nothing was taken of: see `docs/assumptions.md`.
        wanted.data_trace_enabled = Some(false);
        data_trace_off(name, live.data_trace_enabled, notes);
    }
    let nothing = RouteSettings {
        logging_level: Some("OFF".to_owned()),
        data_trace_enabled: Some(false),
        detailed_metrics_enabled: Some(false),
        ..RouteSettings::default()
    };
    let mut sent = wanted.clone();
    for row in ROUTE {
        if (row.get)(wanted).is_none() && (row.get)(live).is_some() {
            (row.copy)(&nothing, &mut sent);
        }
        if is_execution_logging(row) && !executes {
            (row.copy)(&RouteSettings::default(), &mut sent);
        }
    }
    sent
}
