//! Whatever core plans, the permit for it covers: a step that it does not is never made, and nobody hears of
//! that before an attack.

use portcullis_core::change::{ApiType, Change};
use portcullis_core::record::Record;
use portcullis_core::remediation::plan::{self, Plan};
use portcullis_core::remediation::settings::{
    Account, EndpointConfiguration, MethodSetting, RestApi, RestStage, RouteSettings, Settings,
    V2Stage,
};
use portcullis_core::settings::AccessLog;
use proptest::prelude::*;
use proptest::sample::select;
use serde_json::{Value, json};

use super::*;

fn thing(what: What) -> Thing {
    Thing {
        account: "111122223333".to_owned(),
        region: "eu-west-1".to_owned(),
        what,
    }
}

fn api(kind: ApiType) -> Api {
    Api {
        id: "a1b2c3".to_owned(),
        kind: Some(kind),
        name: None,
    }
}

/// A change of everything that is about the stage `prod`, the API or the account.
fn change(name: &str, request: &Value) -> Change {
    let record = json!({
        "eventVersion": "1.11", "eventID": "04c951c6-d227-4265-b445-153d00e52c1b",
        "eventTime": "2026-11-02T10:11:12Z", "eventSource": "apigateway.amazonaws.com",
        "eventName": name, "eventType": "AwsApiCall", "eventCategory": "Management",
        "managementEvent": true, "awsRegion": "eu-west-1", "recipientAccountId": "111122223333",
        "readOnly": false, "sourceIPAddress": "192.0.2.10", "userAgent": "aws-cli/2.15.0",
        "requestID": "0b1f5f2e-6b62-4f42-a3fb-5c6f8e0f5e6b",
        "requestParameters": request, "responseElements": Value::Null,
        "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/alice"}
    });
    let record = Record::from_log(record.to_string().as_bytes()).unwrap();
    Change::from_record(&record).unwrap().unwrap()
}

fn level() -> impl Strategy<Value = Option<String>> {
    let levels = select(vec![None, Some("OFF"), Some("ERROR"), Some("INFO")]);
    levels.prop_map(|level| level.map(str::to_owned))
}

/// Keys as API Gateway answers them, in every spelling that is known: `*/*`, `~1/GET`, `~1pets~1{id}/GET`,
/// and `pets/GET` as Terraform makes them.
fn key() -> impl Strategy<Value = String> {
    let resource = "(\\*|~1|(~1)?[a-z{}._-]{1,9}(~1[A-Za-z{}+]{1,6}){0,2})";
    let method = select(vec!["GET", "POST", "DELETE", "ANY", "*"]);
    (resource, method)
        .prop_map(|(resource, method)| format!("{resource}/{method}"))
        .prop_filter("is no resource for API Gateway either", |key| {
            !key.starts_with("variables/") && !key.starts_with("description/")
        })
}

fn method() -> impl Strategy<Value = MethodSetting> {
    (level(), any::<[Option<bool>; 3]>(), any::<Option<u16>>()).prop_map(|(level, flags, limit)| {
        let [trace, metrics, caching] = flags;
        MethodSetting {
            logging_level: level,
            data_trace_enabled: trace,
            metrics_enabled: metrics,
            caching_enabled: caching,
            throttling_burst_limit: limit.map(i64::from),
            throttling_rate_limit: limit.map(f64::from),
            cache_ttl_in_seconds: limit.map(i64::from),
            ..MethodSetting::default()
        }
    })
}

fn access_log() -> impl Strategy<Value = Option<AccessLog>> {
    let log = select(vec!["arn:aws:logs:a", "arn:aws:logs:b"]).prop_map(|arn| AccessLog {
        destination_arn: Some(arn.to_owned()),
        format: Some(format!("$context.requestId {arn}")),
    });
    prop::option::of(log)
}

fn rest_stage() -> impl Strategy<Value = Settings> {
    let keys = prop::collection::btree_map(key(), method(), 0..5);
    (keys, access_log()).prop_map(|(method_settings, access_log_settings)| {
        Settings::RestStage(RestStage {
            method_settings,
            access_log_settings,
        })
    })
}

/// The same stage with other settings, and some that the first has not.
fn two_rest_stages() -> impl Strategy<Value = (Settings, Settings)> {
    (
        rest_stage(),
        rest_stage(),
        prop::collection::vec(method(), 5),
    )
        .prop_map(|(one, mut other, sets)| {
            if let (Settings::RestStage(one), Settings::RestStage(other)) = (&one, &mut other) {
                let keys = one.method_settings.keys().cloned();
                other.method_settings.extend(keys.zip(sets).skip(1));
            }
            (one, other)
        })
}

fn route() -> impl Strategy<Value = RouteSettings> {
    (level(), any::<Option<bool>>()).prop_map(|(level, trace)| RouteSettings {
        logging_level: level,
        data_trace_enabled: trace,
        ..RouteSettings::default()
    })
}

fn v2_stage() -> impl Strategy<Value = Settings> {
    let key = select(vec!["$connect", "$default", "send"]).prop_map(str::to_owned);
    let routes = prop::collection::btree_map(key, route(), 0..3);
    (prop::option::of(route()), routes, access_log()).prop_map(|(default, routes, log)| {
        Settings::V2Stage(V2Stage {
            default_route_settings: default,
            route_settings: routes,
            access_log_settings: log,
        })
    })
}

fn rest_api() -> impl Strategy<Value = Settings> {
    let kind = select(vec!["PRIVATE", "REGIONAL", "EDGE"]);
    let ids = prop::collection::vec("vpce-[0-9a-f]{4}", 0..3);
    let policy = prop::option::of(select(vec![r#"{"a":1}"#, r#"{"a":2}"#]));
    (kind, ids, policy).prop_map(|(kind, ids, policy)| {
        Settings::RestApi(RestApi {
            endpoint_configuration: EndpointConfiguration {
                types: vec![kind.to_owned()],
                vpc_endpoint_ids: ids,
                ip_address_type: Some("dualstack".to_owned()),
            },
            policy: policy.map(str::to_owned),
        })
    })
}

fn uncovered(action: Action, thing: &Thing, plan: &Plan) -> Vec<Step> {
    let steps = plan.steps.iter();
    let uncovered = steps.filter(|step| !covers(action, thing, step));
    uncovered.cloned().collect()
}

/// The restore of everything, and what takes it back.
fn assert_covered(
    action: Action,
    thing: &Thing,
    change: &Change,
    before: &Settings,
    live: &Settings,
) -> Result<(), TestCaseError> {
    let plan = plan::restore(thing, change, before, None, live);
    prop_assert_eq!(uncovered(action, thing, &plan), []);
    if let Ok(back) = plan::undo(thing, &plan, &plan.wanted) {
        prop_assert_eq!(uncovered(Action::Undo, thing, &back), []);
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn steps_on_a_stage_of_a_rest_api((before, live) in two_rest_stages()) {
        let stage = thing(What::Stage(api(ApiType::Rest), "prod".to_owned()));
        let created = json!({"restApiId": "a1b2c3", "template": false,
            "createStageInput": {"stageName": "prod", "deploymentId": "d1"}});
        let unseen = json!({"restApiId": "a1b2c3", "stageName": "prod", "template": false});
        for (name, request) in [("CreateStage", created), ("UpdateStage", unseen)] {
            let change = change(name, &request);
            assert_covered(Action::RestoreStageLogging, &stage, &change, &before, &live)?;
        }
        let plan = plan::contain(&stage, &live);
        prop_assert!(!plan.steps.is_empty() || plan.wanted == live);
        prop_assert_eq!(uncovered(Action::Contain, &stage, &plan), []);
        let back = plan::undo(&stage, &plan, &plan.wanted).unwrap();
        prop_assert_eq!(uncovered(Action::Undo, &stage, &back), []);
    }

    #[test]
    fn steps_on_a_stage_of_another_api(before in v2_stage(), live in v2_stage()) {
        for kind in [ApiType::Http, ApiType::WebSocket] {
            let stage = thing(What::Stage(api(kind), "prod".to_owned()));
            let request = json!({"apiId": "a1b2c3", "stageName": "prod"});
            let change = change("CreateStage", &request);
            assert_covered(Action::RestoreStageLogging, &stage, &change, &before, &live)?;
        }
    }

    #[test]
    fn steps_on_an_api(before in rest_api(), live in rest_api()) {
        let rest_api = thing(What::Api(api(ApiType::Rest)));
        let change = change("PutRestApi", &json!({"restApiId": "a1b2c3", "template": false}));
        assert_covered(Action::RestorePrivateEndpoint, &rest_api, &change, &before, &live)?;
    }

    #[test]
    fn steps_on_an_account(before in prop::option::of("[a-z]{3}"), live in prop::option::of("[a-z]{3}")) {
        let [before, live] = [before, live].map(|role| Settings::Account(Account {
            cloudwatch_role_arn: role,
        }));
        let change = change("UpdateAccount", &json!({"template": false}));
        let account = thing(What::Account);
        assert_covered(Action::RestoreAccountLoggingRole, &account, &change, &before, &live)?;
    }
}
