//! How far a plan has come: what is left of it, and what takes it back.

use std::collections::BTreeSet;

use super::fields::{self, Field};
use super::take::take;
use super::{Moved, rest_api};
use crate::remediation::settings::Settings;

/// The state that is wanted of `live`: what lies between `from` and `to` and has not been done, done, and
/// everything else as it is.
pub(super) fn remaining(
    from: &Settings,
    to: &Settings,
    live: &Settings,
) -> Result<Settings, Moved> {
    if !same_kind(from, to) || !same_kind(from, live) {
        return Err(Moved {
            fields: vec!["what it is".to_owned()],
        });
    }
    let now = fields::values(live);
    let mut wanted = live.clone();
    let mut moved = BTreeSet::new();
    for one in fields::differences(from, to) {
        if !can_be_written(&one.field, one.to.as_deref()) {
            continue;
        }
        let now = now.get(&one.field).map(String::as_str);
        let (from, end) = (one.from.as_deref(), one.to.as_deref());
        let is_between = one.field == Field::EndpointType && rest_api::is_between(from, now, end);
        if now == from || is_between {
            take(&one.field, to, &mut wanted);
        } else if now != end {
            moved.insert(one.field.path());
        }
    }
    moved.extend(leftovers(from, to, &wanted));
    if moved.is_empty() {
        Ok(wanted)
    } else {
        Err(Moved {
            fields: moved.into_iter().collect(),
        })
    }
}

/// `settings` with everything that lies between `from` and `to` as it is in `to`.
pub(super) fn over(from: &Settings, to: &Settings, settings: &Settings) -> Settings {
    let mut settings = settings.clone();
    for one in fields::differences(from, to) {
        take(&one.field, to, &mut settings);
    }
    settings
}

/// API Gateway keeps a type of some kind, and an IP address type once it has one.
fn can_be_written(field: &Field, to: Option<&str>) -> bool {
    to.is_some() || !matches!(field, Field::EndpointType | Field::IpAddressType)
}

fn same_kind(one: &Settings, other: &Settings) -> bool {
    std::mem::discriminant(one) == std::mem::discriminant(other)
}

/// Keys and routes that are to go and are still there, because somebody has set more of them.
fn leftovers(from: &Settings, to: &Settings, wanted: &Settings) -> Vec<String> {
    match (from, to, wanted) {
        (Settings::RestStage(from), Settings::RestStage(to), Settings::RestStage(wanted)) => {
            let keys = from.method_settings.keys();
            keys.filter(|key| !to.method_settings.contains_key(*key))
                .filter(|key| wanted.method_settings.contains_key(*key))
                .map(|key| fields::key_path(key))
                .collect()
        }
        (Settings::V2Stage(from), Settings::V2Stage(to), Settings::V2Stage(wanted)) => {
            let routes = from.route_settings.keys();
            routes
                .filter(|route| !to.route_settings.contains_key(*route))
                .filter(|route| wanted.route_settings.contains_key(*route))
                .map(|route| format!("routeSettings.{route}"))
                .collect()
        }
        _ => Vec::new(),
    }
}

/// The settings between `from` and `to` that are not as in `to`.
pub(super) fn unmet(from: &Settings, to: &Settings, read: &Settings) -> Vec<String> {
    let read = fields::values(read);
    let unmet: BTreeSet<String> = fields::differences(from, to)
        .into_iter()
        .filter(|one| can_be_written(&one.field, one.to.as_deref()))
        .filter(|one| read.get(&one.field) != one.to.as_ref())
        .map(|one| one.field.path())
        .collect();
    unmet.into_iter().collect()
}
