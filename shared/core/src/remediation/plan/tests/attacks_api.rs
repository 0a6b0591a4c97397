//! A private API made public; the account's CloudWatch role cleared or replaced.

use super::*;

const POLICY: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Principal":"*","Action":"execute-api:Invoke","Resource":"arn:aws:execute-api:eu-west-1:111122223333:a1b2c3/*","Condition":{"StringNotEquals":{"aws:SourceVpce":"vpce-1"}}}]}"#;

/// As API Gateway answers it.
fn answered(policy: &str) -> String {
    policy.replace('"', "\\\"").replace('/', "\\/")
}

fn api_with(kind: &str, ids: &[&str], ip: &str, policy: Option<&str>) -> Value {
    json!({"id": "a1b2c3", "name": "internal", "apiKeySource": "HEADER",
           "endpointConfiguration": {"types": [kind], "vpcEndpointIds": ids, "ipAddressType": ip},
           "policy": policy.map(answered), "disableExecuteApiEndpoint": false})
}

fn update(operations: &Value, after: &Value) -> Change {
    let request = json!({"restApiId": "a1b2c3", "template": false,
                         "updateRestApiInput": {"patchOperations": operations}});
    change("UpdateRestApi", &request, after)
}

fn api_state(json: &Value) -> Settings {
    read(Shape::RestApi, json)
}

#[test]
fn a_private_api_made_public_with_its_policy() {
    let before = api_with("PRIVATE", &["vpce-1", "vpce-2"], "dualstack", Some(POLICY));
    for path in [
        "/endpointConfiguration/types/PRIVATE",
        "/endpointConfiguration/types/0",
        "endpointConfiguration/types/x",
    ] {
        let after = api_with("REGIONAL", &[], "ipv4", None);
        let change = update(
            &json!([{"op": "replace", "path": path, "value": "REGIONAL"},
                    {"op": "replace", "path": "/policy", "value": ""}]),
            &after,
        );
        let live = api_state(&after);
        for told in [Some(&live), None] {
            let plan = restore(&rest_api(), &change, &api_state(&before), told, &live);
            assert_eq!(
                lines(&plan),
                [
                    format!("replace /policy {}", POLICY),
                    "replace /endpointConfiguration/types/REGIONAL PRIVATE".to_owned(),
                    "add /endpointConfiguration/vpcEndpointIds vpce-1".to_owned(),
                    "add /endpointConfiguration/vpcEndpointIds vpce-2".to_owned(),
                    "replace /endpointConfiguration/ipAddressType dualstack".to_owned(),
                ]
            );
            assert_eq!(plan.steps.len(), 2);
            assert_eq!(fields_of(&plan), ["endpoint", "policy"]);
            let done = gateway::apply_all(ApiType::Rest, &live, &plan.steps);
            assert_eq!(unmet(&plan, &done), Vec::<String>::new());
        }
    }
}

/// Made public by one call, and changed again by the next.
#[test]
fn a_private_api_that_was_changed_again_is_private_again_with_its_own_policy() {
    let opened = POLICY.replace("Deny", "Allow");
    let before = api_state(&api_with("PRIVATE", &["vpce-1"], "dualstack", Some(POLICY)));
    let after = api_with("REGIONAL", &[], "ipv4", Some(&opened));
    let change = update(
        &json!([{"op": "replace", "path": "/endpointConfiguration/types/PRIVATE", "value": "REGIONAL"},
                {"op": "replace", "path": "/policy", "value": opened}]),
        &after,
    );
    let third = POLICY.replace("vpce-1", "vpce-9");
    let kind = "/endpointConfiguration/types";
    for (live, moved) in [
        (
            api_with("REGIONAL", &[], "ipv4", Some(&third)),
            vec!["/policy"],
        ),
        (api_with("REGIONAL", &[], "ipv4", None), vec!["/policy"]),
        (api_with("EDGE", &[], "ipv4", Some(&opened)), vec![kind]),
        (api_with("EDGE", &[], "ipv4", None), vec![kind, "/policy"]),
        (after.clone(), vec![]),
    ] {
        let live = api_state(&live);
        let told = api_state(&after);
        let plan = restore(&rest_api(), &change, &before, Some(&told), &live);
        assert_eq!(moved_of(&plan), moved);
        assert_eq!(plan.notes, Vec::<String>::new());
        let done = gateway::apply_all(ApiType::Rest, &live, &plan.steps);
        assert_eq!(fields::differences(&done, &before), []);
    }
}

#[test]
fn the_policy_is_left_alone_unless_this_change_replaced_it() {
    let after = api_with("EDGE", &["vpce-1"], "ipv4", None);
    let change = update(
        &json!([{"op": "replace", "path": "/endpointConfiguration/types/PRIVATE", "value": "EDGE"}]),
        &after,
    );
    let before = api_with("PRIVATE", &["vpce-1"], "ipv4", Some(POLICY));
    let live = api_state(&after);
    let plan = restore(
        &rest_api(),
        &change,
        &api_state(&before),
        Some(&live),
        &live,
    );
    assert_eq!(
        lines(&plan),
        ["replace /endpointConfiguration/types/EDGE PRIVATE"]
    );
}

#[test]
fn endpoints_that_the_change_added_go_and_no_others() {
    let before = api_with("PRIVATE", &["vpce-1"], "dualstack", None);
    let after = api_with("REGIONAL", &["vpce-9"], "dualstack", Some(POLICY));
    let live = api_with("REGIONAL", &["vpce-5", "vpce-9"], "dualstack", Some(POLICY));
    let path = "/endpointConfiguration/vpcEndpointIds";
    let change = update(
        &json!([{"op": "replace", "path": "/endpointConfiguration/types/PRIVATE", "value": "REGIONAL"},
                {"op": "add", "path": path, "value": "vpce-9"},
                {"op": "replace", "path": "/policy", "value": POLICY}]),
        &after,
    );
    let plan = restore(
        &rest_api(),
        &change,
        &api_state(&before),
        Some(&api_state(&after)),
        &api_state(&live),
    );
    assert_eq!(
        lines(&plan),
        [
            "replace /policy ".to_owned(),
            "replace /endpointConfiguration/types/REGIONAL PRIVATE".to_owned(),
            format!("add {path} vpce-1"),
            format!("remove {path} vpce-9"),
        ]
    );
}

#[test]
fn a_private_api_gets_no_address_type_that_it_cannot_have() {
    let before = api_with("PRIVATE", &[], "ipv4", None);
    let after = api_with("REGIONAL", &[], "dualstack", None);
    let change = update(
        &json!([{"op": "replace", "path": "/endpointConfiguration/types/0", "value": "REGIONAL"}]),
        &after,
    );
    let live = api_state(&after);
    let plan = restore(
        &rest_api(),
        &change,
        &api_state(&before),
        Some(&live),
        &live,
    );
    assert_eq!(
        lines(&plan),
        ["replace /endpointConfiguration/types/REGIONAL PRIVATE"]
    );
}

#[test]
fn a_document_that_made_it_public() {
    let before = api_with("PRIVATE", &["vpce-1"], "dualstack", Some(POLICY));
    let after = api_with("REGIONAL", &[], "ipv4", None);
    let request = json!({"restApiId": "a1b2c3", "mode": "overwrite", "template": false});
    let change = change("PutRestApi", &request, &after);
    let live = api_state(&after);
    let plan = restore(
        &rest_api(),
        &change,
        &api_state(&before),
        Some(&live),
        &live,
    );
    assert_eq!(lines(&plan).len(), 4);
}

#[test]
fn what_was_public_before_stays_so() {
    let before = api_with("REGIONAL", &[], "ipv4", Some(POLICY));
    let after = api_with("EDGE", &[], "ipv4", None);
    let change = update(
        &json!([{"op": "replace", "path": "/endpointConfiguration/types/REGIONAL", "value": "EDGE"},
                {"op": "replace", "path": "/policy", "value": ""}]),
        &after,
    );
    let live = api_state(&after);
    let plan = restore(
        &rest_api(),
        &change,
        &api_state(&before),
        Some(&live),
        &live,
    );
    assert_eq!((plan.steps, plan.fields.len()), (Vec::new(), 0));
}

#[test]
fn the_cloudwatch_role_cleared_or_replaced() {
    let role = "arn:aws:iam::111122223333:role/apigw-logs";
    let account = |role: Option<&str>| {
        read(
            Shape::Account,
            &json!({"cloudwatchRoleArn": role, "apiKeyVersion": "4", "features": ["UsagePlans"],
                    "throttleSettings": {"burstLimit": 5000, "rateLimit": 10000.0}}),
        )
    };
    for other in ["", "arn:aws:iam::111122223333:role/other"] {
        let request = json!({"template": false, "updateAccountInput": {"patchOperations": [
            {"op": "replace", "path": "/cloudwatchRoleArn", "value": other}]}});
        let change = change("UpdateAccount", &request, &Value::Null);
        let live = account(Some(other));
        let plan = restore(
            &at(What::Account),
            &change,
            &account(Some(role)),
            None,
            &live,
        );
        assert_eq!(lines(&plan), [format!("replace /cloudwatchRoleArn {role}")]);
        assert_eq!(fields_of(&plan), ["cloudwatch role"]);

        if !other.is_empty() {
            let none = account(None);
            let plan = restore(
                &at(What::Account),
                &change,
                &account(Some(role)),
                None,
                &none,
            );
            assert_eq!(lines(&plan), [format!("replace /cloudwatchRoleArn {role}")]);
            assert_eq!(moved_of(&plan), ["/cloudwatchRoleArn"]);
        }

        let since = account(Some("arn:aws:iam::111122223333:role/third"));
        let plan = restore(
            &at(What::Account),
            &change,
            &account(Some(role)),
            None,
            &since,
        );
        assert_eq!((plan.steps, plan.notes.len()), (Vec::new(), 1));
    }
}
