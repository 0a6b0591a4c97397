//! What comes after a plan was made: containing and lifting it, resuming, taking back, reading back.

use super::*;

fn stage_with(methods: &Value) -> Settings {
    rest_stage(&json!({"stageName": "prod", "methodSettings": methods}))
}

fn applied(live: &Settings, plan: &Plan) -> Settings {
    gateway::apply_all(ApiType::Rest, live, &plan.steps)
}

#[test]
fn containing_stops_every_method_and_is_lifted_again() {
    let thing = stage(ApiType::Rest);
    let live = stage_with(&json!({"~1x/GET": key("INFO")}));
    let plan = contain(&thing, &live);
    assert_eq!(
        lines(&plan),
        [
            "replace /*/*/throttling/burstLimit 0",
            "replace /*/*/throttling/rateLimit 0",
            "replace /~1x/GET/throttling/burstLimit 0",
            "replace /~1x/GET/throttling/rateLimit 0",
        ]
    );
    let contained = applied(&live, &plan);
    assert_eq!(unmet(&plan, &contained), Vec::<String>::new());
    let lift = undo(&thing, &plan, &contained).unwrap();
    assert_eq!(
        lines(&lift),
        [
            "remove /*/*",
            "replace /~1x/GET/throttling/burstLimit 123",
            "replace /~1x/GET/throttling/rateLimit 10000",
        ]
    );
    assert_eq!(applied(&contained, &lift), live);
}

#[test]
fn lifting_spares_what_others_have_set_since() {
    let thing = stage(ApiType::Rest);
    let live = stage_with(&json!({"~1x/GET": key("INFO")}));
    let plan = contain(&thing, &live);
    let mut contained = applied(&live, &plan);
    if let Settings::RestStage(stage) = &mut contained {
        let set = stage.method_settings.get_mut("~1x/GET").unwrap();
        set.metrics_enabled = Some(false);
    }
    let lifted = applied(&contained, &undo(&thing, &plan, &contained).unwrap());
    let mut spared = key("INFO");
    spared["metricsEnabled"] = json!(false);
    assert_eq!(lifted, stage_with(&json!({"~1x/GET": spared})));

    // The key that containing made is in use by now.
    if let Settings::RestStage(stage) = &mut contained {
        let set = stage.method_settings.get_mut("*/*").unwrap();
        set.logging_level = Some("INFO".to_owned());
    }
    let refused = undo(&thing, &plan, &contained).unwrap_err();
    assert_eq!(refused.to_string(), "changed since by somebody else: /*/*");
}

#[test]
fn containing_is_for_rest_stages() {
    let live = v2_stage(&json!({"stageName": "prod", "routeSettings": {}}));
    let plan = contain(&stage(ApiType::Http), &live);
    assert_eq!((plan.steps, plan.notes.len()), (Vec::new(), 1));
}

#[test]
fn an_access_log_from_nothing_takes_a_delete_to_undo() {
    let thing = stage(ApiType::Http);
    let state = |logs: &Value, routes: &Value| {
        v2_stage(&json!({"stageName": "prod", "routeSettings": routes, "accessLogSettings": logs}))
    };
    let logs = json!({"destinationArn": "arn:aws:logs:x", "format": "$context.requestId"});
    let routes = json!({"GET /pets": {"throttlingRateLimit": 5.0}});
    let (none, all) = (state(&Value::Null, &json!({})), state(&logs, &routes));
    let plan = build::plan(&thing, &none, all.clone(), BTreeSet::new(), Vec::new());
    let UndoRefused::NeedsDelete { commands } = undo(&thing, &plan, &all).unwrap_err() else {
        panic!("not refused for that");
    };
    assert_eq!(
        commands,
        [
            "aws apigatewayv2 delete-access-log-settings --region 'eu-west-1' --api-id 'a1b2c3' \
             --stage-name 'prod'",
            "aws apigatewayv2 delete-route-settings --region 'eu-west-1' --api-id 'a1b2c3' \
             --stage-name 'prod' --route-key 'GET /pets'",
        ]
    );
    assert_eq!(undo(&thing, &plan, &none).unwrap().steps, []);

    // Somebody has set more of the route.
    let more = state(
        &logs,
        &json!({"GET /pets": {"throttlingRateLimit": 5.0, "throttlingBurstLimit": 9}}),
    );
    let refused = undo(&thing, &plan, &more).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "changed since by somebody else: routeSettings.GET /pets"
    );
}

#[test]
fn resuming_does_what_is_left_and_stops_where_others_were() {
    let thing = stage(ApiType::Rest);
    let live = stage_with(&json!({"*/*": key("OFF"), "~1x/GET": key("OFF")}));
    let wanted = stage_with(&json!({"*/*": key("INFO"), "~1x/GET": key("INFO")}));
    let plan = build::plan(&thing, &live, wanted.clone(), BTreeSet::new(), Vec::new());
    let half = stage_with(&json!({"*/*": key("INFO"), "~1x/GET": key("OFF")}));
    let rest = resume(&thing, &plan, &half).unwrap();
    assert_eq!(lines(&rest), ["replace /~1x/GET/logging/loglevel INFO"]);
    assert_eq!(rest.live, half);
    assert_eq!(resume(&thing, &plan, &wanted).unwrap().steps, []);
    let moved = stage_with(&json!({"*/*": key("ERROR")}));
    assert_eq!(
        resume(&thing, &plan, &moved).unwrap_err().fields,
        ["/*/*/logging/loglevel", "/~1x/GET/logging/loglevel"]
    );
    assert_eq!(unmet(&plan, &half), ["/~1x/GET/logging/loglevel"]);
}

#[test]
fn an_edge_optimised_api_is_made_so_again_in_two_calls() {
    let thing = rest_api();
    let state = |kind: &str, ids: &[&str]| {
        read(
            Shape::RestApi,
            &json!({"id": "a1b2c3", "endpointConfiguration": {"types": [kind],
                    "vpcEndpointIds": ids}}),
        )
    };
    let (edge, private) = (state("EDGE", &[]), state("PRIVATE", &["vpce-1"]));
    let plan = build::plan(&thing, &edge, private.clone(), BTreeSet::new(), Vec::new());
    let back = undo(&thing, &plan, &private).unwrap();
    assert_eq!(
        lines(&back),
        [
            "remove /endpointConfiguration/vpcEndpointIds vpce-1",
            "replace /endpointConfiguration/types/PRIVATE REGIONAL",
            "replace /endpointConfiguration/types/REGIONAL EDGE",
        ]
    );
    let between = gateway::apply(ApiType::Rest, &private, back.steps.first().unwrap()).unwrap();
    let rest = resume(&thing, &back, &between).unwrap();
    assert_eq!(
        lines(&rest),
        ["replace /endpointConfiguration/types/REGIONAL EDGE"]
    );
}

#[test]
fn a_deployment_is_any_other_than_the_one_before() {
    let thing = stage(ApiType::Rest);
    let serving = |id: Option<&str>, description: Option<&str>| {
        Settings::Serving(Serving {
            deployment_id: id.map(str::to_owned),
            description: description.map(str::to_owned),
        })
    };
    let ours = "redeploy-0123456789abcdef";
    let plan = Plan {
        steps: vec![Step::CreateDeployment {
            rest_api_id: "a1b2c3".to_owned(),
            stage_name: "prod".to_owned(),
            description: ours.to_owned(),
        }],
        live: serving(Some("old"), None),
        wanted: serving(None, Some(ours)),
        changes: Vec::new(),
        fields: BTreeSet::new(),
        notes: Vec::new(),
        moved: BTreeSet::new(),
        left: false,
    };
    let (old, new) = (serving(Some("old"), None), serving(Some("new"), Some(ours)));
    assert_eq!(resume(&thing, &plan, &old).unwrap(), plan);
    assert_eq!(resume(&thing, &plan, &new).unwrap().steps, []);
    assert_eq!(unmet(&plan, &old), ["/deploymentId"]);
    assert_eq!(unmet(&plan, &new), Vec::<String>::new());
    assert_eq!(undo(&thing, &plan, &old).unwrap().steps, []);
    for other in [None, Some("redeploy-fedcba9876543210")] {
        let others = serving(Some("other"), other);
        let moved = resume(&thing, &plan, &others).unwrap_err();
        assert_eq!(moved.fields, ["/deploymentId"]);
        assert_eq!(unmet(&plan, &others), ["/deploymentId"]);
    }
    let UndoRefused::NeedsDelete { commands } = undo(&thing, &plan, &new).unwrap_err() else {
        panic!("not refused for that");
    };
    assert_eq!(
        commands,
        [
            "aws apigateway update-stage --region 'eu-west-1' --rest-api-id 'a1b2c3' --stage-name 'prod' \
             --patch-operations 'op=replace,path=/deploymentId,value=old'"
        ]
    );
}

#[test]
fn states_of_different_kinds_have_no_plan() {
    let thing = stage(ApiType::Rest);
    let rest = stage_with(&json!({"*/*": key("INFO")}));
    let account = Settings::Account(crate::remediation::settings::Account::default());
    let change = change("UpdateStage", &rest_request(&json!([])), &Value::Null);
    let plan = restore(&thing, &change, &account, None, &rest);
    assert_eq!((plan.steps.len(), plan.notes.len()), (0, 1));
    let plan = contain(&thing, &rest);
    assert!(resume(&thing, &plan, &account).is_err());
    assert!(undo(&thing, &plan, &account).is_err());
    assert!(!unmet(&plan, &account).is_empty());
}
