//! Lines for the CDK in TypeScript: properties of the constructs where they can say it, else overrides of
//! the CloudFormation resource behind them, which no version of a construct library changes.

use serde_json::{Map, Value, json};

use super::cloudformation::{endpoint_members, is_resolved};
use super::fields::{Fields, Method, pascal};
use super::quote::{Language, double, value};
use super::{Fix, Policy, Snippet};
use crate::remediation::settings::EndpointConfiguration;
use crate::settings::AccessLog;

/// Members of a method setting that the construct does not have.
const UNKNOWN: &[&str] = &[
    "requireAuthorizationForCacheControl",
    "unauthorizedCacheControlHeaderStrategy",
];

/// Properties and calls, by what they belong to.
pub(super) fn snippet(fix: &Fix) -> Snippet {
    let (place, lines) = match fix {
        Fix::RestStage {
            methods,
            access_log,
        } => ("apigateway.Stage", rest_stage(methods, access_log.as_ref())),
        Fix::V2Stage {
            default_route,
            routes,
            access_log,
        } => (
            "apigatewayv2.HttpStage, WebSocketStage or CfnStage",
            v2_stage(default_route, routes, access_log.as_ref()),
        ),
        Fix::RestApi { endpoint, policy } => (
            "apigateway.RestApi",
            rest_api(endpoint.as_ref(), policy.as_ref()),
        ),
        Fix::Account { role } => {
            let role = double(role, Language::Json);
            let line = format!(
                "new apigateway.CfnAccount(this, \"ApiGatewayAccount\", {{ cloudWatchRoleArn: {role} }});"
            );
            ("a stack of the account and Region", vec![line])
        }
    };
    Snippet {
        language: "CDK",
        place,
        lines: Some(lines).filter(|lines| lines.iter().all(|line| !is_resolved(line))),
    }
}

fn rest_stage(methods: &[(Method, Fields)], access_log: Option<&AccessLog>) -> Vec<String> {
    let mut lines = deploy_options(methods);
    if let Some(log) = access_log {
        let log = Value::Object(named(&json!(log)));
        let stage = "(stage.node.defaultChild as apigateway.CfnStage)";
        lines.push("// once the Stage is made:".to_owned());
        lines.push(overridden(stage, "AccessLogSetting", &log));
    }
    lines
}

fn v2_stage(
    default_route: &Fields,
    routes: &[(String, Fields)],
    access_log: Option<&AccessLog>,
) -> Vec<String> {
    let all = |fields: &Fields| {
        let fields = fields.iter();
        Value::Object(
            fields
                .map(|(name, value)| (pascal(name), value.clone()))
                .collect(),
        )
    };
    let routes = routes
        .iter()
        .map(|(key, fields)| (key.clone(), all(fields)));
    let values = [
        ("DefaultRouteSettings", all(default_route)),
        ("RouteSettings", Value::Object(routes.collect())),
        (
            "AccessLogSettings",
            Value::Object(named(&json!(access_log))),
        ),
    ];
    let values = values.iter().filter(|(_, value)| *value != json!({}));
    let stage = "(stage.node.defaultChild as apigatewayv2.CfnStage)";
    values
        .map(|(name, value)| overridden(stage, name, value))
        .collect()
}

fn rest_api(endpoint: Option<&EndpointConfiguration>, policy: Option<&Policy>) -> Vec<String> {
    let endpoint = endpoint.map(|endpoint| {
        let members = endpoint_members(endpoint).into_iter();
        let members = members.map(|(name, value)| (pascal(&name), value));
        ("EndpointConfiguration", Value::Object(members.collect()))
    });
    let policy = policy.map(|Policy(policy)| ("Policy", policy.clone()));
    let api = "(api.node.defaultChild as apigateway.CfnRestApi)";
    let lines = [endpoint, policy].into_iter().flatten();
    lines
        .map(|(name, value)| overridden(api, name, &value))
        .collect()
}

/// An override is merged into what the construct makes.
fn overridden(construct: &str, property: &str, override_: &Value) -> String {
    let value = value(override_, Language::Json);
    format!("{construct}.addPropertyOverride(\"{property}\", {value});")
}

fn named(members: &Value) -> Map<String, Value> {
    let members = members.as_object().cloned().unwrap_or_default();
    let members = members
        .into_iter()
        .map(|(name, value)| (pascal(&name), value));
    members.collect()
}

fn deploy_options(methods: &[(Method, Fields)]) -> Vec<String> {
    if methods.is_empty() {
        return Vec::new();
    }
    let mut lines = vec!["// properties of the Stage, or deployOptions of the RestApi:".to_owned()];
    let all = methods.iter().filter(|(method, _)| method.is_all());
    for (_, fields) in all {
        lines.extend(options(fields).map(|option| format!("{option},")));
    }
    let mut single = methods
        .iter()
        .filter(|(method, _)| !method.is_all())
        .peekable();
    if single.peek().is_none() {
        return lines;
    }
    lines.push("methodOptions: {".to_owned());
    for (method, fields) in single {
        let key = double(&format!("/{}/{}", method.path, method.verb), Language::Json);
        let options: Vec<String> = options(fields).collect();
        lines.push(format!("  {key}: {{ {} }},", options.join(", ")));
    }
    lines.push("},".to_owned());
    lines
}

/// Source: CDK reference, `MethodDeploymentOptions`.
fn options(fields: &Fields) -> impl Iterator<Item = String> {
    let known = fields
        .iter()
        .filter(|(name, _)| !UNKNOWN.contains(&name.as_str()));
    known.map(|(name, member)| match (name.as_str(), member.as_str()) {
        ("loggingLevel", Some(level @ ("INFO" | "ERROR" | "OFF"))) => {
            format!("loggingLevel: apigateway.MethodLoggingLevel.{level}")
        }
        ("cacheTtlInSeconds", _) => {
            format!(
                "cacheTtl: Duration.seconds({})",
                value(member, Language::Json)
            )
        }
        _ => format!("{name}: {}", value(member, Language::Json)),
    })
}
