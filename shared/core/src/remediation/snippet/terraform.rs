//! Arguments of Terraform resources of the AWS provider, as HCL.

use serde_json::Value;

use super::cloudformation::endpoint_members;
use super::fields::{Fields, Method, snake};
use super::quote::{Language, double, value};
use super::{Fix, Snippet};
use crate::settings::AccessLog;

/// Arguments in the resource.
pub(super) fn snippet(fix: &Fix) -> Snippet {
    let (place, lines) = match fix {
        Fix::RestStage {
            methods,
            access_log,
        } => {
            let mut lines = Vec::new();
            for (method, fields) in methods {
                lines.extend(method_settings(method, fields));
            }
            if let Some(log) = access_log {
                lines.push("# in aws_api_gateway_stage:".to_owned());
                lines.extend(block("access_log_settings", &members(log)));
            }
            ("aws_api_gateway_stage and its method settings", lines)
        }
        Fix::V2Stage {
            default_route,
            routes,
            access_log,
        } => {
            let mut lines = Vec::new();
            if !default_route.is_empty() {
                lines.extend(block("default_route_settings", default_route));
            }
            for (key, fields) in routes {
                let key = ("routeKey".to_owned(), Value::String(key.clone()));
                let fields = std::iter::once(&key).chain(fields).cloned().collect();
                lines.extend(block("route_settings", &fields));
            }
            if let Some(log) = access_log {
                lines.extend(block("access_log_settings", &members(log)));
            }
            ("aws_apigatewayv2_stage", lines)
        }
        Fix::RestApi { endpoint, policy } => {
            let mut lines = Vec::new();
            if let Some(endpoint) = endpoint {
                lines.extend(block("endpoint_configuration", &endpoint_members(endpoint)));
            }
            lines.extend(
                policy
                    .as_ref()
                    .map(|policy| format!("policy = {}", double(&policy.json(), Language::Hcl))),
            );
            ("aws_api_gateway_rest_api", lines)
        }
        Fix::Account { role } => {
            let role = double(role, Language::Hcl);
            (
                "aws_api_gateway_account",
                vec![format!("cloudwatch_role_arn = {role}")],
            )
        }
    };
    Snippet {
        language: "Terraform",
        place,
        lines: Some(lines),
    }
}

fn method_settings(method: &Method, fields: &Fields) -> Vec<String> {
    let path = double(&method_path(method), Language::Hcl);
    let mut lines = vec![
        "# in aws_api_gateway_method_settings:".to_owned(),
        format!("method_path = {path}"),
    ];
    lines.extend(block("settings", fields));
    lines
}

/// Source: documentation of the AWS provider: without the slash at the start.
fn method_path(method: &Method) -> String {
    match method.path.as_str() {
        "" => format!("~1/{}", method.verb),
        path => format!("{path}/{}", method.verb),
    }
}

fn members(log: &AccessLog) -> Fields {
    match serde_json::to_value(log) {
        Ok(Value::Object(members)) => members.into_iter().collect(),
        _ => Fields::new(),
    }
}

fn block(name: &str, fields: &Fields) -> Vec<String> {
    let mut lines = vec![format!("{name} {{")];
    lines.extend(
        fields
            .iter()
            .map(|(name, member)| format!("  {} = {}", snake(name), value(member, Language::Hcl))),
    );
    lines.push("}".to_owned());
    lines
}
