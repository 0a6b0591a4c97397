//! Any private API, any change of it: what holds of every plan.

use proptest::prelude::*;
use proptest::sample::select;

use super::*;
use crate::remediation::settings::{EndpointConfiguration, RestApi};

fn endpoint() -> impl Strategy<Value = RestApi> {
    let ids = prop::collection::btree_set(select(vec!["vpce-1", "vpce-2", "vpce-3"]), 0..3);
    let policy = prop::option::of(select(vec![r#"{\"a\":1,\"b\":2}"#, r#"{\"a\":2}"#]));
    let ip = select(vec!["ipv4", "dualstack"]);
    (select(vec!["PRIVATE", "REGIONAL", "EDGE"]), ids, policy, ip).prop_map(
        |(kind, ids, policy, ip)| RestApi {
            endpoint_configuration: EndpointConfiguration {
                types: vec![kind.to_owned()],
                vpc_endpoint_ids: match kind {
                    "PRIVATE" => ids.into_iter().map(str::to_owned).collect(),
                    _ => Vec::new(),
                },
                ip_address_type: Some(if kind == "PRIVATE" { "dualstack" } else { ip }.to_owned()),
            },
            policy: policy.map(str::to_owned),
        },
    )
}

fn api_operation() -> impl Strategy<Value = PatchOperation> {
    let ids = select(vec!["vpce-1", "vpce-2", "vpce-9"]);
    let path = "/endpointConfiguration/vpcEndpointIds";
    let of = |op, path: &str, value: &str| PatchOperation {
        op,
        path: path.to_owned(),
        value: Some(value.to_owned()),
    };
    prop_oneof![
        3 => select(vec!["PRIVATE", "REGIONAL", "EDGE"])
            .prop_map(move |kind| of(PatchOp::Replace, "/endpointConfiguration/types/0", kind)),
        1 => ids.clone().prop_map(move |id| of(PatchOp::Add, path, id)),
        1 => ids.prop_map(move |id| of(PatchOp::Remove, path, id)),
        2 => select(vec!["", r#"{"a":3}"#, r#"{"b":2, "a":1}"#])
            .prop_map(move |policy| of(PatchOp::Replace, "/policy", policy)),
    ]
}

/// The operations that API Gateway takes, and the API after them.
fn patched(api: &RestApi, asked: &[PatchOperation]) -> (RestApi, Vec<PatchOperation>) {
    let mut now = api.clone();
    let mut taken = Vec::new();
    for operation in asked {
        let is_double = operation.op == PatchOp::Add
            && operation
                .value
                .as_ref()
                .is_some_and(|id| now.endpoint_configuration.vpc_endpoint_ids.contains(id));
        match gateway::rest_api(&now, std::slice::from_ref(operation)) {
            Ok(after) if !is_double => {
                now = after;
                taken.push(operation.clone());
            }
            _ => {}
        }
    }
    (now, taken)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    /// A private API is private again, whatever others did; half of it done, the rest follows.
    #[test]
    fn a_private_api_comes_back(
        before in endpoint(),
        asked in prop::collection::vec(api_operation(), 0..4),
        since in prop_oneof![2 => Just(Vec::new()), 1 => prop::collection::vec(api_operation(), 0..3)],
        is_told: bool,
    ) {
        let (after, operations) = patched(&before, &asked);
        let (live, _) = patched(&after, &since);
        let mut response = serde_json::to_value(&after).unwrap();
        response["id"] = json!("a1b2c3");
        let request = json!({"restApiId": "a1b2c3", "template": false,
            "updateRestApiInput": {"patchOperations": operations}});
        let change = change("UpdateRestApi", &request, if is_told { &response } else { &Value::Null });
        let states = [&before, &after, &live].map(|api| Settings::RestApi(api.clone()));
        let [was, left, now] = &states;
        let thing = rest_api();
        let again = |now| restore(&thing, &change, was, is_told.then_some(left), now);
        let plan = again(now);
        let kind = |api: &RestApi| api.endpoint_configuration.types.first().cloned().unwrap();
        let is_taken = kind(&before) == "PRIVATE" && kind(&after) != "PRIVATE";
        prop_assert_eq!(plan.fields.contains("endpoint"), is_taken);
        if !is_taken {
            prop_assert_eq!(&plan.steps, &[]);
        }
        let done = gateway::apply_all(ApiType::Rest, now, &plan.steps);
        prop_assert_eq!(unmet(&plan, &done), Vec::<String>::new());
        prop_assert_eq!(again(&done).steps, []);
        if is_taken && live == after {
            let Settings::RestApi(end) = &done else { panic!("{done:?}") };
            prop_assert_eq!(&end.endpoint_configuration, &before.endpoint_configuration);
            let policies = [&before, end].map(|api| api.policy.as_deref().map(document::canonical));
            prop_assert_eq!(&policies[0], &policies[1]);
        }
        for done_before in 0..=plan.steps.len() {
            let half = gateway::apply_all(ApiType::Rest, now, &plan.steps[..done_before]);
            let rest = resume(&thing, &plan, &half).unwrap();
            let end = gateway::apply_all(ApiType::Rest, &half, &rest.steps);
            prop_assert_eq!(fields::differences(&end, &done), []);
        }
        let back = undo(&thing, &plan, &done).unwrap();
        for done_before in 0..=back.steps.len() {
            let half = gateway::apply_all(ApiType::Rest, &done, &back.steps[..done_before]);
            let rest = resume(&thing, &back, &half).unwrap();
            let end = gateway::apply_all(ApiType::Rest, &half, &rest.steps);
            prop_assert_eq!(fields::differences(&end, now), []);
        }
    }

    /// Strings of any kind give a plan.
    #[test]
    fn no_string_is_too_strange(policies in (".{0,9}", ".{0,9}"), kinds in (".{0,5}", ".{0,5}")) {
        let api = |policy: &str, kind: &str| Settings::RestApi(RestApi {
            policy: Some(policy.to_owned()),
            endpoint_configuration: EndpointConfiguration {
                types: vec![kind.to_owned()],
                ..EndpointConfiguration::default()
            },
        });
        let request = json!({"restApiId": "a1b2c3", "template": false});
        let change = change("PutRestApi", &request, &Value::Null);
        let live = api(&policies.1, &kinds.1);
        for kind in ["PRIVATE", &kinds.0] {
            let plan = restore(&rest_api(), &change, &api(&policies.0, kind), None, &live);
            prop_assert_eq!(resume(&rest_api(), &plan, &live).unwrap().steps, plan.steps.clone());
            prop_assert_eq!(undo(&rest_api(), &plan, &live).unwrap().steps, []);
        }
    }
}
