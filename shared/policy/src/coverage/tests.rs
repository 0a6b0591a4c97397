use std::collections::BTreeMap;

use portcullis_core::change::ApiType;
use portcullis_core::remediation::settings::RouteSettings;
use portcullis_core::remediation::step::V2StageUpdate;

use super::*;

fn thing(what: What) -> Thing {
    Thing {
        account: "111122223333".to_owned(),
        region: "eu-west-1".to_owned(),
        what,
    }
}

fn api(id: &str, kind: Option<ApiType>) -> Api {
    Api {
        id: id.to_owned(),
        kind,
        name: None,
    }
}

fn rest_stage(id: &str, stage: &str) -> Thing {
    thing(What::Stage(api(id, Some(ApiType::Rest)), stage.to_owned()))
}

fn patch(op: PatchOp, path: &str, value: Option<&str>) -> PatchOperation {
    PatchOperation {
        op,
        path: path.to_owned(),
        value: value.map(str::to_owned),
    }
}

fn replace(path: &str) -> PatchOperation {
    patch(PatchOp::Replace, path, Some("0"))
}

fn update_stage(patch_operations: Vec<PatchOperation>) -> Step {
    Step::UpdateStage {
        rest_api_id: "a1".to_owned(),
        stage_name: "prod".to_owned(),
        patch_operations,
    }
}

/// One step of each kind, to `a1` and its stage `prod`.
fn steps() -> [(&'static str, Step); 8] {
    let (id, stage) = ("a1".to_owned(), "prod".to_owned());
    let v2 = Step::UpdateV2Stage {
        api_id: id.clone(),
        stage_name: stage.clone(),
        update: V2StageUpdate::default(),
    };
    let api = Step::UpdateRestApi {
        rest_api_id: id.clone(),
        patch_operations: vec![
            replace("/policy"),
            replace("/endpointConfiguration/types/EDGE"),
        ],
    };
    let account = Step::UpdateAccount {
        patch_operations: vec![replace("/cloudwatchRoleArn")],
    };
    let deployment = Step::CreateDeployment {
        rest_api_id: id,
        stage_name: stage,
        description: String::new(),
    };
    [
        (
            "logging",
            update_stage(vec![replace("/*/*/logging/loglevel")]),
        ),
        (
            "throttling",
            update_stage(vec![replace("/*/*/throttling/rateLimit")]),
        ),
        ("publish", update_stage(vec![replace("/deploymentId")])),
        ("variables", update_stage(vec![replace("/variables/url")])),
        ("v2", v2),
        ("api", api),
        ("account", account),
        ("deployment", deployment),
    ]
}

fn covered(action: Action, thing: &Thing) -> Vec<&'static str> {
    let steps = steps().into_iter();
    let covered = steps.filter(|(_, step)| covers(action, thing, step));
    covered.map(|(name, _)| name).collect()
}

#[test]
fn each_action_covers_its_own_calls_to_its_own_thing() {
    use Action::{
        Contain, Redeploy, RestoreAccountLoggingRole, RestorePrivateEndpoint, RestoreStageLogging,
        Undo,
    };
    const NONE: &[&str] = &[];
    let account = thing(What::Account);
    let rest_api = thing(What::Api(api("a1", Some(ApiType::Rest))));
    let stage = rest_stage("a1", "prod");
    let v2 = thing(What::Stage(api("a1", None), "prod".to_owned()));
    for (action, of_account, of_api, of_stage, of_v2) in [
        (
            RestoreStageLogging,
            NONE,
            NONE,
            &["logging", "throttling"][..],
            &["v2"][..],
        ),
        (
            RestoreAccountLoggingRole,
            &["account"][..],
            NONE,
            NONE,
            NONE,
        ),
        (RestorePrivateEndpoint, NONE, &["api"], NONE, NONE),
        (Redeploy, NONE, NONE, &["deployment"], NONE),
        (Contain, NONE, NONE, &["throttling"], NONE),
        (
            Undo,
            &["account"],
            &["api"],
            &["logging", "throttling"],
            &["v2"],
        ),
    ] {
        assert_eq!(covered(action, &account), of_account, "{action:?}");
        assert_eq!(covered(action, &rest_api), of_api, "{action:?}");
        assert_eq!(covered(action, &stage), of_stage, "{action:?}");
        assert_eq!(covered(action, &v2), of_v2, "{action:?}");
    }
}

#[test]
fn another_api_or_stage_is_never_covered() {
    let others = [
        rest_stage("a1", "dev"),
        rest_stage("b2", "prod"),
        thing(What::Api(api("b2", Some(ApiType::Rest)))),
        thing(What::Stage(api("b2", None), "prod".to_owned())),
        thing(What::Stage(api("a1", None), "dev".to_owned())),
    ];
    for action in Action::ALL {
        for thing in &others {
            assert_eq!(
                covered(action, thing),
                Vec::<&str>::new(),
                "{action:?} {thing:?}"
            );
        }
    }
}

#[test]
fn restoring_logging_touches_logging_and_whole_keys_only() {
    use PatchOp::{Add, Remove, Replace};
    for (op, path, value, expected) in [
        (
            Replace,
            "/~1pets~1{id}/GET/logging/loglevel",
            Some("INFO"),
            true,
        ),
        (Replace, "/~1/GET/logging/loglevel", Some("INFO"), true),
        (Replace, "/pets/GET/logging/loglevel", Some("INFO"), true),
        (
            Replace,
            "/pets~1{id}/GET/metrics/enabled",
            Some("true"),
            true,
        ),
        (Remove, "/pets/GET", None, true),
        (Replace, "/pets/GET/logging/dataTrace", Some("true"), false),
        (Remove, "/Variables/GET", None, false),
        (Remove, "/canarySettings/GET", None, false),
        (
            Replace,
            "/canarySettings/GET/throttling/rateLimit",
            Some("7"),
            false,
        ),
        (Remove, "/methodSettings/*", None, false),
        (Remove, "/pets/stageVariables", None, false),
        (
            Replace,
            "/~1pets/GET/caching/ttlInSeconds",
            Some("300"),
            true,
        ),
        (Replace, "/~1pets/GET/metrics/enabled", Some("true"), true),
        (
            Replace,
            "/accessLogSettings/destinationArn",
            Some("arn"),
            true,
        ),
        (Replace, "/accessLogSettings/format", Some("{}"), true),
        (Remove, "/accessLogSettings", None, true),
        (Remove, "/~1pets/GET", None, true),
        (Remove, "/*/*", None, true),
        (Replace, "/*/*/logging/dataTrace", Some("false"), true),
        (Replace, "/*/*/logging/dataTrace", Some("true"), false),
        (Replace, "/*/*/logging/dataTrace", Some("True"), false),
        (Replace, "/*/*/logging/DATATRACE", Some("true"), false),
        (Replace, "/accessLogSettings", Some("{}"), false),
        (Add, "/~1pets/GET", None, false),
        (Remove, "/variables/url", None, false),
        (
            Replace,
            "/variables/GET/logging/loglevel",
            Some("INFO"),
            false,
        ),
        (Replace, "/deploymentId", Some("d1"), false),
        (
            Replace,
            "/canarySettings/percentTraffic",
            Some("100"),
            false,
        ),
        (Replace, "/webAclArn", Some(""), false),
        (Replace, "*/*/logging/loglevel", Some("INFO"), false),
        (Replace, "//GET/logging/loglevel", Some("INFO"), false),
        (Replace, "", None, false),
    ] {
        let thing = rest_stage("a1", "prod");
        let step = update_stage(vec![
            replace("/*/*/logging/loglevel"),
            patch(op, path, value),
        ]);
        let found = covers(Action::RestoreStageLogging, &thing, &step);
        assert_eq!(found, expected, "{op:?} {path} {value:?}");
    }
}

#[test]
fn containing_touches_limits_only_and_an_endpoint_nothing_else_of_its_api() {
    let stage = rest_stage("a1", "prod");
    let mixed = update_stage(vec![
        replace("/*/*/throttling/burstLimit"),
        replace("/*/*/logging/loglevel"),
    ]);
    assert!(!covers(Action::Contain, &stage, &mixed));
    let rest_api = thing(What::Api(api("a1", Some(ApiType::Rest))));
    for path in [
        "/name",
        "/disableExecuteApiEndpoint",
        "/binaryMediaTypes/a",
        "policy",
    ] {
        let step = Step::UpdateRestApi {
            rest_api_id: "a1".to_owned(),
            patch_operations: vec![replace("/policy"), replace(path)],
        };
        assert!(
            !covers(Action::RestorePrivateEndpoint, &rest_api, &step),
            "{path}"
        );
    }
}

#[test]
fn data_trace_of_a_v2_stage_is_never_switched_on() {
    let settings = |traced| RouteSettings {
        data_trace_enabled: Some(traced),
        ..RouteSettings::default()
    };
    let stage = thing(What::Stage(
        api("a1", Some(ApiType::WebSocket)),
        "prod".to_owned(),
    ));
    let covered = |default, route| {
        let step = Step::UpdateV2Stage {
            api_id: "a1".to_owned(),
            stage_name: "prod".to_owned(),
            update: V2StageUpdate {
                access_log_settings: None,
                default_route_settings: Some(settings(default)),
                route_settings: Some(BTreeMap::from([("send".to_owned(), settings(route))])),
            },
        };
        covers(Action::RestoreStageLogging, &stage, &step) && covers(Action::Undo, &stage, &step)
    };
    assert!(covered(false, false));
    assert!(!covered(true, false) && !covered(false, true));
}
