//! Properties of CloudFormation resources, as YAML.

use serde_json::Value;

use super::fields::{Fields, Method, pascal};
use super::quote::{Language, double, value};
use super::{Fix, Policy, Snippet};
use crate::remediation::settings::EndpointConfiguration;
use crate::settings::AccessLog;

/// Members of a method setting that CloudFormation does not have.
const UNKNOWN: &[&str] = &[
    "requireAuthorizationForCacheControl",
    "unauthorizedCacheControlHeaderStrategy",
];

/// Under `Properties` of the resource.
pub(super) fn snippet(fix: &Fix) -> Snippet {
    let (place, lines) = match fix {
        Fix::RestStage {
            methods,
            access_log,
        } => {
            let mut lines = method_settings(methods);
            lines.extend(log("AccessLogSetting", access_log.as_ref()));
            ("AWS::ApiGateway::Stage", lines)
        }
        Fix::V2Stage {
            default_route,
            routes,
            access_log,
        } => {
            let mut lines = block("DefaultRouteSettings", default_route);
            if !routes.is_empty() {
                lines.push("RouteSettings:".to_owned());
            }
            for (key, fields) in routes {
                lines.push(format!("  {}:", double(key, Language::Yaml)));
                lines.extend(members(fields).map(|member| format!("    {member}")));
            }
            lines.extend(log("AccessLogSettings", access_log.as_ref()));
            ("AWS::ApiGatewayV2::Stage", lines)
        }
        Fix::RestApi { endpoint, policy } => {
            let mut lines = endpoint.as_ref().map(configuration).unwrap_or_default();
            lines.extend(policy.as_ref().map(|policy| {
                let Policy(policy) = policy;
                format!("Policy: {}", value(policy, Language::Yaml))
            }));
            ("AWS::ApiGateway::RestApi", lines)
        }
        Fix::Account { role } => {
            let role = double(role, Language::Yaml);
            (
                "AWS::ApiGateway::Account",
                vec![format!("CloudWatchRoleArn: {role}")],
            )
        }
    };
    Snippet {
        language: "CloudFormation",
        place,
        lines: Some(lines).filter(|lines| lines.iter().all(|line| !is_resolved(line))),
    }
}

/// Whether CloudFormation would put something else in the place of a value: a secret that it looks up, or
/// the result of a function.
pub(super) fn is_resolved(line: &str) -> bool {
    ["{{resolve:", "\"Fn::", "\"Ref\"", "${Token["]
        .iter()
        .any(|marker| line.contains(marker))
}

fn method_settings(methods: &[(Method, Fields)]) -> Vec<String> {
    let mut lines = Vec::new();
    for (method, fields) in methods {
        let path = double(&resource_path(method), Language::Yaml);
        lines.push(format!("  - ResourcePath: {path}"));
        let verb = double(&method.verb, Language::Yaml);
        lines.push(format!("    HttpMethod: {verb}"));
        lines.extend(members(fields).map(|member| format!("    {member}")));
    }
    if !lines.is_empty() {
        lines.insert(0, "MethodSettings:".to_owned());
    }
    lines
}

/// Source: CloudFormation reference, `AWS::ApiGateway::Stage MethodSetting`.
fn resource_path(method: &Method) -> String {
    match method.path.as_str() {
        "" => "/".to_owned(),
        "*" => "/*".to_owned(),
        path => format!("/~1{}", path.replace('/', "~1")),
    }
}

fn members(fields: &Fields) -> impl Iterator<Item = String> {
    let known = fields
        .iter()
        .filter(|(name, _)| !UNKNOWN.contains(&name.as_str()));
    known.map(|(name, member)| format!("{}: {}", pascal(name), value(member, Language::Yaml)))
}

fn block(name: &str, fields: &Fields) -> Vec<String> {
    let members: Vec<String> = members(fields)
        .map(|member| format!("  {member}"))
        .collect();
    let name = (!members.is_empty()).then(|| format!("{name}:"));
    name.into_iter().chain(members).collect()
}

fn log(name: &str, log: Option<&AccessLog>) -> Vec<String> {
    let Some(log) = log else {
        return Vec::new();
    };
    let members = [
        ("destinationArn", &log.destination_arn),
        ("format", &log.format),
    ];
    let members = members.into_iter().filter_map(|(name, member)| {
        let member = member.clone()?;
        Some((name.to_owned(), Value::String(member)))
    });
    block(name, &members.collect())
}

fn configuration(endpoint: &EndpointConfiguration) -> Vec<String> {
    block("EndpointConfiguration", &endpoint_members(endpoint))
}

/// Members by AWS's names; lists that are empty are left out.
pub(super) fn endpoint_members(endpoint: &EndpointConfiguration) -> Fields {
    match serde_json::to_value(endpoint) {
        Ok(Value::Object(members)) => {
            let is_empty = |value: &Value| value.as_array().is_some_and(Vec::is_empty);
            members
                .into_iter()
                .filter(|(_, value)| !is_empty(value))
                .collect()
        }
        _ => Fields::new(),
    }
}
