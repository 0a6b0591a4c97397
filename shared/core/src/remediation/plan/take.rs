//! Takes single settings over from one state into another.

use super::fields::{Field, METHOD, ROUTE, access_log};
use crate::remediation::settings::{MethodSetting, RestApi, RouteSettings, Settings};
use crate::settings::AccessLog;

/// Makes one setting of `into` what it is in `from`. A key or route that `from` does not have goes with the
/// last of its settings that somebody chose. States of different kinds have nothing to take over.
pub(super) fn take(field: &Field, from: &Settings, into: &mut Settings) {
    match (from, into) {
        (Settings::RestStage(from), Settings::RestStage(into)) => match field {
            Field::Method(key, name) => {
                let theirs = from.method_settings.get(key);
                let ours = into.method_settings.entry(key.clone()).or_default();
                copy_method(name, theirs.unwrap_or(&MethodSetting::default()), ours);
                if theirs.is_none() && is_untouched(ours) {
                    into.method_settings.remove(key);
                }
            }
            field => take_access_log(
                field,
                from.access_log_settings.as_ref(),
                &mut into.access_log_settings,
            ),
        },
        (Settings::V2Stage(from), Settings::V2Stage(into)) => match field {
            Field::Default(name) => {
                let theirs = from.default_route_settings.clone().unwrap_or_default();
                copy_route(
                    name,
                    &theirs,
                    into.default_route_settings.get_or_insert_default(),
                );
            }
            Field::Route(key, name) => {
                let theirs = from.route_settings.get(key);
                let ours = into.route_settings.entry(key.clone()).or_default();
                copy_route(name, theirs.unwrap_or(&RouteSettings::default()), ours);
                if theirs.is_none() && *ours == RouteSettings::default() {
                    into.route_settings.remove(key);
                }
            }
            field => take_access_log(
                field,
                from.access_log_settings.as_ref(),
                &mut into.access_log_settings,
            ),
        },
        (Settings::RestApi(from), Settings::RestApi(into)) => take_of_api(field, from, into),
        (Settings::Account(from), Settings::Account(into)) => into.clone_from(from),
        (Settings::Serving(from), Settings::Serving(into)) => into.clone_from(from),
        _ => {}
    }
}

fn take_of_api(field: &Field, from: &RestApi, into: &mut RestApi) {
    let theirs = &from.endpoint_configuration;
    let ours = &mut into.endpoint_configuration;
    match field {
        Field::EndpointType => ours.types.clone_from(&theirs.types),
        Field::IpAddressType => ours.ip_address_type.clone_from(&theirs.ip_address_type),
        Field::VpcEndpoint(id) => {
            ours.vpc_endpoint_ids.retain(|one| one != id);
            if theirs.vpc_endpoint_ids.contains(id) {
                ours.vpc_endpoint_ids.push(id.clone());
                ours.vpc_endpoint_ids.sort();
            }
        }
        Field::Policy => into.policy.clone_from(&from.policy),
        _ => {}
    }
}

fn copy_method(name: &str, from: &MethodSetting, into: &mut MethodSetting) {
    if let Some(row) = METHOD.iter().find(|row| row.name == name) {
        (row.copy)(from, into);
    }
}

fn copy_route(name: &str, from: &RouteSettings, into: &mut RouteSettings) {
    if let Some(row) = ROUTE.iter().find(|row| row.name == name) {
        (row.copy)(from, into);
    }
}

/// Whether nothing of a key is other than API Gateway makes it by itself.
fn is_untouched(set: &MethodSetting) -> bool {
    METHOD
        .iter()
        .all(|row| (row.get)(set).is_none_or(|value| row.is_default(&value)))
}

fn take_access_log(field: &Field, from: Option<&AccessLog>, into: &mut Option<AccessLog>) {
    let from = access_log(from).unwrap_or_default();
    let mut log = access_log(into.as_ref()).unwrap_or_default();
    match field {
        Field::Destination => log.destination_arn = from.destination_arn,
        Field::Format => log.format = from.format,
        _ => return,
    }
    *into = (log != AccessLog::default()).then_some(log);
}
