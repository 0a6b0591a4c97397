//! What people paste to put a setting back: commands for a shell, and lines for the code that owns it.
//!
//! Every value may be the attacker's. What is written here is printable ASCII on lines of our own; a value
//! keeps its meaning and cannot leave its quotes ([`quote`]). What cannot be written so is not written.
//! Only what a plan restores is shown, never the whole thing, and never data trace switched on.

mod cdk;
mod cloudformation;
mod fields;
pub(crate) mod quote;
pub(crate) mod shell;
mod terraform;

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use super::plan::Plan;
use super::settings::{EndpointConfiguration, MethodSetting, RestStage, Settings, V2Stage};
use crate::baseline::thing::{Thing, What};
use crate::change::ApiType;
use crate::settings::AccessLog;
use fields::{Fields, Method};

/// The same settings in one language. Lines carry no indentation of the message that holds them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Snippet {
    /// `CloudFormation`, `CDK`, `Terraform`.
    pub language: &'static str,
    /// Where the lines belong: a resource type, or a construct.
    pub place: &'static str,
    /// The lines; `None` when a value cannot be written in this language without being taken for something
    /// else.
    pub lines: Option<Vec<String>>,
}

/// What a plan restores, by the words of the languages.
#[derive(Debug, Clone, PartialEq)]
enum Fix {
    RestStage {
        methods: Vec<(Method, Fields)>,
        access_log: Option<AccessLog>,
    },
    V2Stage {
        default_route: Fields,
        routes: Vec<(String, Fields)>,
        access_log: Option<AccessLog>,
    },
    RestApi {
        endpoint: Option<EndpointConfiguration>,
        policy: Option<Policy>,
    },
    Account {
        role: String,
    },
}

/// A resource policy as its owner writes it.
#[derive(Debug, Clone, PartialEq)]
struct Policy(serde_json::Value);

/// The permanent fix in every language; none when the plan restores nothing that code would hold.
pub fn of(thing: &Thing, plan: &Plan) -> Vec<Snippet> {
    let Some(fix) = fix(thing, plan) else {
        return Vec::new();
    };
    vec![
        cloudformation::snippet(&fix),
        cdk::snippet(&fix),
        terraform::snippet(&fix),
    ]
}

fn fix(thing: &Thing, plan: &Plan) -> Option<Fix> {
    match (&plan.live, &plan.wanted) {
        (Settings::RestStage(live), Settings::RestStage(wanted)) => rest_stage(live, wanted),
        (Settings::V2Stage(live), Settings::V2Stage(wanted)) => {
            v2_stage(live, wanted, is_http(thing))
        }
        (Settings::RestApi(live), Settings::RestApi(wanted)) => {
            let (before, after) = (&live.endpoint_configuration, &wanted.endpoint_configuration);
            let endpoint = (before != after).then(|| after.clone());
            let policy = wanted
                .policy
                .as_deref()
                .filter(|_| live.policy != wanted.policy);
            let policy = policy.and_then(written);
            let is_something = endpoint.is_some() || policy.is_some();
            is_something.then_some(Fix::RestApi { endpoint, policy })
        }
        (Settings::Account(live), Settings::Account(wanted)) => {
            let role = wanted.cloudwatch_role_arn.clone();
            let role = role.filter(|_| live != wanted && !is_empty(&wanted.cloudwatch_role_arn));
            role.map(|role| Fix::Account { role })
        }
        // Which deployment a stage serves is nothing that code holds.
        _ => None,
    }
}

fn is_empty(text: &Option<String>) -> bool {
    text.as_deref().is_none_or(str::is_empty)
}

fn is_http(thing: &Thing) -> bool {
    match &thing.what {
        What::Api(api) | What::Stage(api, _) => api.kind == Some(ApiType::Http),
        What::Account => false,
    }
}

fn rest_stage(live: &RestStage, wanted: &RestStage) -> Option<Fix> {
    let none = MethodSetting::default();
    let methods = wanted.method_settings.iter().filter_map(|(key, setting)| {
        let before = live.method_settings.get(key).unwrap_or(&none);
        let fields = fields::restored(before, setting);
        (!fields.is_empty()).then(|| (Method::of(key), fields))
    });
    let methods: Vec<_> = methods.collect();
    let access_log = access_log(&live.access_log_settings, &wanted.access_log_settings);
    let is_something = !methods.is_empty() || access_log.is_some();
    is_something.then_some(Fix::RestStage {
        methods,
        access_log,
    })
}

fn v2_stage(live: &V2Stage, wanted: &V2Stage, is_http: bool) -> Option<Fix> {
    let restored = |before, after| {
        let mut fields = fields::restored(before, after);
        if is_http {
            // HTTP APIs refuse both.
            fields
                .retain(|(name, _)| !["loggingLevel", "dataTraceEnabled"].contains(&name.as_str()));
        }
        fields
    };
    let none = super::settings::RouteSettings::default();
    let before = live.default_route_settings.as_ref().unwrap_or(&none);
    let after = wanted.default_route_settings.as_ref();
    let default_route = after.map(|after| restored(before, after));
    let default_route = default_route.unwrap_or_default();
    let routes: BTreeMap<&String, Fields> = wanted
        .route_settings
        .iter()
        .map(|(key, after)| {
            let before = live.route_settings.get(key).unwrap_or(&none);
            (key, restored(before, after))
        })
        .collect();
    let routes = routes.into_iter().filter(|(_, fields)| !fields.is_empty());
    let routes: Vec<_> = routes.map(|(key, fields)| (key.clone(), fields)).collect();
    let access_log = access_log(&live.access_log_settings, &wanted.access_log_settings);
    let is_something = !default_route.is_empty() || !routes.is_empty() || access_log.is_some();
    is_something.then_some(Fix::V2Stage {
        default_route,
        routes,
        access_log,
    })
}

/// Both members, because one without the other is refused.
fn access_log(live: &Option<AccessLog>, wanted: &Option<AccessLog>) -> Option<AccessLog> {
    let wanted = wanted.as_ref().filter(|log| log.is_on());
    wanted.filter(|_| live.as_ref() != wanted).cloned()
}

/// AWS answers a policy as a string of JSON that is escaped once more than it was written. `None` when it is
/// no JSON then.
fn written(policy: &str) -> Option<Policy> {
    let parse = |text: &str| serde_json::from_str::<serde_json::Value>(text).ok();
    let is_policy = |value: &serde_json::Value| value.is_object();
    let unescaped = || serde_json::from_str::<String>(&format!("\"{policy}\"")).ok();
    let plain = parse(policy).filter(is_policy);
    let policy = plain.or_else(|| unescaped().and_then(|text| parse(&text).filter(is_policy)));
    policy.map(Policy)
}

impl Policy {
    /// On one line, compact.
    fn json(&self) -> String {
        self.0.to_string()
    }
}
