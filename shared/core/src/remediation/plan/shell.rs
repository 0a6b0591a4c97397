//! Commands for the operator. Every value in them may be the attacker's.

use crate::baseline::thing::{Thing, What};

/// One word of a shell, whatever is in it.
pub(crate) fn quoted(value: &str) -> String {
    format!("'{}'", value.replace('\'', r"'\''"))
}

/// Takes the settings of a route away. `None` for what is no stage.
pub(super) fn delete_route_settings(thing: &Thing, route: &str) -> Option<String> {
    let stage = of_stage(thing)?;
    let route = quoted(route);
    Some(format!(
        "aws apigatewayv2 delete-route-settings {stage} --route-key {route}"
    ))
}

/// Ends access logging of a stage of an HTTP or WebSocket API. `None` for what is no stage.
pub(super) fn delete_access_log_settings(thing: &Thing) -> Option<String> {
    let stage = of_stage(thing)?;
    Some(format!(
        "aws apigatewayv2 delete-access-log-settings {stage}"
    ))
}

fn of_stage(thing: &Thing) -> Option<String> {
    let What::Stage(api, stage) = &thing.what else {
        return None;
    };
    Some(format!(
        "--region {} --api-id {} --stage-name {}",
        quoted(&thing.region),
        quoted(&api.id),
        quoted(stage)
    ))
}

/// Makes a stage of a REST API serve another deployment. `None` for what is no stage.
pub(super) fn serve(thing: &Thing, deployment: &str) -> Option<String> {
    let What::Stage(api, stage) = &thing.what else {
        return None;
    };
    Some(format!(
        "aws apigateway update-stage --region {} --rest-api-id {} --stage-name {} --patch-operations {}",
        quoted(&thing.region),
        quoted(&api.id),
        quoted(stage),
        quoted(&format!("op=replace,path=/deploymentId,value={deployment}")),
    ))
}

#[cfg(test)]
mod tests {
    use super::quoted;

    #[test]
    fn a_value_is_one_word_whatever_is_in_it() {
        for value in [
            "$default",
            "a b",
            "'",
            "'; rm -rf / #",
            "`id`",
            "$(id)",
            "\\'",
            "a\nb",
            "",
        ] {
            let echoed = std::process::Command::new("sh")
                .arg("-c")
                .arg(format!("printf %s {}", quoted(value)))
                .output()
                .unwrap();
            assert_eq!(String::from_utf8_lossy(&echoed.stdout), value);
        }
    }
}
