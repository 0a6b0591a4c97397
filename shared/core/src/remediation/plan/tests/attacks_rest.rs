//! Logging of REST stages taken away, in all the ways that are known.

use super::*;

const LOG: &str = "arn:aws:logs:eu-west-1:111122223333:log-group:api-access";
const FORMAT: &str = "$context.requestId $context.identity.sourceIp $context.status";

fn logs() -> Value {
    json!({"destinationArn": LOG, "format": FORMAT})
}

fn stage_with(methods: &Value, logs: &Value) -> Value {
    json!({"stageName": "prod", "deploymentId": "yocj2y", "methodSettings": methods,
           "accessLogSettings": logs, "variables": {"backend": "blue"}, "tracingEnabled": false})
}

/// What an `UpdateStage` that is seen with its response leads to; nobody has done anything since.
fn restored(operations: &Value, before: &Value, after: &Value) -> Plan {
    let (thing, state) = (stage(ApiType::Rest), rest_stage(after));
    let change = change("UpdateStage", &rest_request(operations), after);
    let plan = restore(&thing, &change, &rest_stage(before), Some(&state), &state);
    let live_alone = restore(&thing, &change, &rest_stage(before), None, &state);
    assert_eq!(plan.fields, live_alone.fields);
    let done = gateway::apply_all(ApiType::Rest, &state, &plan.steps);
    assert_eq!(unmet(&plan, &done), Vec::<String>::new());
    plan
}

fn replace(path: &str, value: &str) -> Value {
    json!([{"op": "replace", "path": path, "value": value}])
}

fn remove(path: &str) -> Value {
    json!([{"op": "remove", "path": path}])
}

#[test]
fn execution_logging_of_everything_off() {
    let plan = restored(
        &replace("/*/*/logging/loglevel", "OFF"),
        &stage_with(&json!({"*/*": key("INFO")}), &logs()),
        &stage_with(&json!({"*/*": key("OFF")}), &logs()),
    );
    assert_eq!(lines(&plan), ["replace /*/*/logging/loglevel INFO"]);
    assert_eq!(
        changes_of(&plan),
        [r#"/*/*/logging/loglevel: "OFF" -> "INFO""#]
    );
    assert_eq!(fields_of(&plan), ["logging of */*"]);
    assert_eq!(plan.notes, Vec::<String>::new());
}

#[test]
fn a_level_that_goes_up_is_nobodys_business() {
    for (from, to) in [("OFF", "INFO"), ("ERROR", "INFO"), ("INFO", "INFO")] {
        let plan = restored(
            &replace("/*/*/logging/loglevel", to),
            &stage_with(&json!({"*/*": key(from)}), &logs()),
            &stage_with(&json!({"*/*": key(to)}), &logs()),
        );
        assert_eq!(lines(&plan), Vec::<String>::new());
        assert_eq!(plan.wanted, plan.live);
        assert!(plan.fields.is_empty());
    }
}

#[test]
fn one_method_silenced_that_had_no_settings_of_its_own() {
    let before = stage_with(&json!({"*/*": key("INFO")}), &logs());
    let off = json!({"*/*": key("INFO"), "~1admin/POST": key("OFF")});
    let plan = restored(
        &replace("/~1admin/POST/logging/loglevel", "OFF"),
        &before,
        &stage_with(&off, &logs()),
    );
    assert_eq!(lines(&plan), ["remove /~1admin/POST"]);
    assert_eq!(fields_of(&plan), ["logging of POST /admin"]);
    assert!(
        changes_of(&plan).contains(&r#"/~1admin/POST/logging/loglevel: "OFF" -> null"#.to_owned())
    );
}

#[test]
fn a_key_is_not_removed_when_nothing_shows_how_the_change_left_it() {
    let methods = json!({"*/*": key("INFO"), "~1admin/POST": key("OFF")});
    let live = rest_stage(&stage_with(&methods, &logs()));
    let before = rest_stage(&stage_with(&json!({"*/*": key("INFO")}), &logs()));
    let operations = replace("/~1admin/POST/logging/loglevel", "OFF");
    let change = change("UpdateStage", &rest_request(&operations), &Value::Null);
    let plan = restore(&stage(ApiType::Rest), &change, &before, None, &live);
    assert_eq!(
        lines(&plan),
        ["replace /~1admin/POST/logging/loglevel INFO"]
    );
}

#[test]
fn what_others_have_set_on_a_silenced_method_since_survives() {
    let before = stage_with(&json!({"*/*": key("INFO")}), &logs());
    let after = stage_with(
        &json!({"*/*": key("INFO"), "~1admin/POST": key("OFF")}),
        &logs(),
    );
    let mut live = after.clone();
    live["methodSettings"]["~1admin/POST"]["throttlingRateLimit"] = json!(5.5);
    let change = change(
        "UpdateStage",
        &rest_request(&replace("/~1admin/POST/logging/loglevel", "OFF")),
        &after,
    );
    let plan = restore(
        &stage(ApiType::Rest),
        &change,
        &rest_stage(&before),
        Some(&rest_stage(&after)),
        &rest_stage(&live),
    );
    assert_eq!(
        lines(&plan),
        ["replace /~1admin/POST/logging/loglevel INFO"]
    );
    assert_eq!(plan.notes.len(), 1, "{:?}", plan.notes);
}

#[test]
fn one_method_of_several_reduced_and_the_root_silenced() {
    let plan = restored(
        &json!([{"op": "replace", "path": "/~1/GET/logging/loglevel", "value": "OFF"},
                {"op": "replace", "path": "/pets/POST/logging/loglevel", "value": "ERROR"}]),
        &stage_with(
            &json!({"*/*": key("OFF"), "~1/GET": key("ERROR"), "pets/POST": key("INFO")}),
            &logs(),
        ),
        &stage_with(
            &json!({"*/*": key("OFF"), "~1/GET": key("OFF"), "pets/POST": key("ERROR")}),
            &logs(),
        ),
    );
    assert_eq!(
        lines(&plan),
        [
            "replace /pets/POST/logging/loglevel INFO",
            "replace /~1/GET/logging/loglevel ERROR",
        ]
    );
    assert_eq!(
        fields_of(&plan),
        ["logging of GET /", "logging of POST /pets"]
    );
}

#[test]
fn a_whole_key_removed_comes_back_with_everything_but_data_trace() {
    let mut traced = key("INFO");
    traced["dataTraceEnabled"] = json!(true);
    traced["throttlingRateLimit"] = json!(0.5);
    let plan = restored(
        &remove("/*/*"),
        &stage_with(&json!({"*/*": traced, "~1x/GET": key("ERROR")}), &logs()),
        &stage_with(&json!({"~1x/GET": key("ERROR")}), &logs()),
    );
    assert_eq!(
        lines(&plan),
        [
            "replace /*/*/logging/loglevel INFO",
            "replace /*/*/logging/dataTrace false",
            "replace /*/*/metrics/enabled true",
            "replace /*/*/throttling/burstLimit 123",
            "replace /*/*/throttling/rateLimit 0.5",
            "replace /*/*/caching/ttlInSeconds 300",
            "replace /*/*/caching/enabled false",
            "replace /*/*/caching/dataEncrypted false",
            "replace /*/*/caching/requireAuthorizationForCacheControl true",
            "replace /*/*/caching/unauthorizedCacheControlHeaderStrategy \
             SUCCEED_WITH_RESPONSE_HEADER",
        ]
    );
    assert_eq!(
        plan.notes,
        ["data trace of `*/*` was on and stays off: it writes bodies and tokens to the log"]
    );
    assert_eq!(
        changes_of(&plan),
        [
            r#"/*/*/logging/loglevel: null -> "INFO""#,
            r#"/*/*/metrics/enabled: null -> "true""#,
            r#"/*/*/throttling/burstLimit: null -> "123""#,
            r#"/*/*/throttling/rateLimit: null -> "0.5""#,
        ]
    );
}

#[test]
fn a_removed_key_comes_back_over_what_api_gateway_has_put_there_since() {
    // Somebody has switched metrics off since, which made the key again.
    let fresh = json!({
        "dataTraceEnabled": false, "metricsEnabled": false, "throttlingBurstLimit": 5000,
        "throttlingRateLimit": 7.0, "cachingEnabled": false, "cacheTtlInSeconds": 300,
        "cacheDataEncrypted": false, "requireAuthorizationForCacheControl": true,
        "unauthorizedCacheControlHeaderStrategy": "SUCCEED_WITH_RESPONSE_HEADER"
    });
    let before = rest_stage(&stage_with(&json!({"*/*": key("INFO")}), &logs()));
    let after = stage_with(&json!({}), &logs());
    let live = rest_stage(&stage_with(&json!({"*/*": fresh}), &logs()));
    let change = change("UpdateStage", &rest_request(&remove("/*/*")), &after);
    let after = rest_stage(&after);
    let plan = restore(&stage(ApiType::Rest), &change, &before, Some(&after), &live);
    assert_eq!(
        lines(&plan),
        [
            "replace /*/*/logging/loglevel INFO",
            "replace /*/*/metrics/enabled true",
            "replace /*/*/throttling/burstLimit 123",
        ]
    );
    assert_eq!(
        plan.notes,
        ["`/*/*/throttling/rateLimit` was changed again since and is left as it is"]
    );
}

#[test]
fn a_key_removed_by_which_more_is_logged_stays_away() {
    let plan = restored(
        &remove("/~1x/GET"),
        &stage_with(&json!({"*/*": key("INFO"), "~1x/GET": key("OFF")}), &logs()),
        &stage_with(&json!({"*/*": key("INFO")}), &logs()),
    );
    assert_eq!(lines(&plan), Vec::<String>::new());
    assert_eq!(plan.notes.len(), 1);
}

#[test]
fn access_logs_removed() {
    for path in ["/accessLogSettings", "/accessLogSettings/destinationArn"] {
        let plan = restored(
            &remove(path),
            &stage_with(&json!({}), &logs()),
            &stage_with(&json!({}), &Value::Null),
        );
        assert_eq!(
            lines(&plan),
            [
                format!("replace /accessLogSettings/destinationArn {LOG}"),
                format!("replace /accessLogSettings/format {FORMAT}"),
            ]
        );
        assert_eq!(fields_of(&plan), ["access log"]);
    }
}

#[test]
fn access_logs_redirected_or_gutted() {
    let elsewhere = "arn:aws:logs:eu-west-1:444455556666:log-group:elsewhere";
    let plan = restored(
        &replace("/accessLogSettings/destinationArn", elsewhere),
        &stage_with(&json!({}), &logs()),
        &stage_with(
            &json!({}),
            &json!({"destinationArn": elsewhere, "format": FORMAT}),
        ),
    );
    assert_eq!(
        lines(&plan),
        [format!("replace /accessLogSettings/destinationArn {LOG}")]
    );
    let plan = restored(
        &replace("/accessLogSettings/format", "$context.requestId"),
        &stage_with(&json!({}), &logs()),
        &stage_with(
            &json!({}),
            &json!({"destinationArn": LOG, "format": "$context.requestId"}),
        ),
    );
    assert_eq!(
        lines(&plan),
        [format!("replace /accessLogSettings/format {FORMAT}")]
    );
}

#[test]
fn a_stage_made_again_without_its_logging() {
    let before = stage_with(
        &json!({"*/*": key("INFO"), "~1x/GET": key("ERROR")}),
        &logs(),
    );
    let after = json!({"stageName": "prod", "deploymentId": "zzz111", "methodSettings": {},
                       "cacheClusterStatus": "NOT_AVAILABLE", "tracingEnabled": false});
    let request = json!({"restApiId": "a1b2c3", "template": false,
        "createStageInput": {"stageName": "prod", "deploymentId": "zzz111"}});
    let state = rest_stage(&after);
    for told in [Some(&state), None] {
        let change = change("CreateStage", &request, &after);
        let plan = restore(
            &stage(ApiType::Rest),
            &change,
            &rest_stage(&before),
            told,
            &state,
        );
        assert_eq!(plan.steps.len(), 1);
        assert_eq!(lines(&plan).len(), 22);
        assert_eq!(plan.wanted, rest_stage(&before));
        assert_eq!(
            fields_of(&plan),
            ["access log", "logging of */*", "logging of GET /x"]
        );
    }
}

#[test]
fn an_ordinary_deployment_is_not_blamed_for_drift() {
    let before = stage_with(&json!({"*/*": key("INFO")}), &logs());
    let after = stage_with(&json!({"*/*": key("OFF")}), &Value::Null);
    let plan = restored(&replace("/deploymentId", "zzz111"), &before, &after);
    assert_eq!(lines(&plan), Vec::<String>::new());
    assert!(plan.fields.is_empty());
    assert!(plan.notes.is_empty());
}

#[test]
fn what_is_not_shown_may_be_anything() {
    let before = stage_with(&json!({"*/*": key("INFO")}), &logs());
    let live = rest_stage(&stage_with(&json!({"*/*": key("OFF")}), &Value::Null));
    let change = change(
        "UpdateStage",
        &json!({"restApiId": "a1b2c3", "stageName": "prod", "template": false}),
        &Value::Null,
    );
    let plan = restore(
        &stage(ApiType::Rest),
        &change,
        &rest_stage(&before),
        None,
        &live,
    );
    assert_eq!(lines(&plan).len(), 3);
}

/// What stands now is neither what the change left nor what stood before.
fn since(operations: &Value, before: &Value, after: &Value, live: &Value) -> Plan {
    let (thing, live) = (stage(ApiType::Rest), rest_stage(live));
    let change = change("UpdateStage", &rest_request(operations), after);
    let before = rest_stage(before);
    let plan = restore(&thing, &change, &before, Some(&rest_stage(after)), &live);
    let untold = restore(&thing, &change, &before, None, &live);
    assert_eq!(plan.steps, untold.steps);
    assert_decent(&thing, &plan);
    let done = gateway::apply_all(ApiType::Rest, &live, &plan.steps);
    assert_eq!(unmet(&plan, &done), Vec::<String>::new());
    plan
}

#[test]
fn what_was_set_since_and_is_no_loss_is_left_alone() {
    let level = |level: &str| stage_with(&json!({"*/*": key(level)}), &logs());
    let off = replace("/*/*/logging/loglevel", "OFF");
    let plan = since(&off, &level("ERROR"), &level("OFF"), &level("INFO"));
    assert_eq!(lines(&plan), Vec::<String>::new());
    assert_eq!(
        plan.notes,
        ["`/*/*/logging/loglevel` was changed again since and is left as it is"]
    );
    assert_eq!(fields_of(&plan), ["logging of */*"]);
    assert!(plan.left && plan.moved.is_empty());
}

#[test]
fn a_second_call_does_not_make_a_lower_level_somebodys_choice() {
    let level = |level: &str| stage_with(&json!({"*/*": key(level)}), &logs());
    let off = replace("/*/*/logging/loglevel", "OFF");
    let plan = since(&off, &level("INFO"), &level("OFF"), &level("ERROR"));
    assert_eq!(lines(&plan), ["replace /*/*/logging/loglevel INFO"]);
    assert_eq!(
        changes_of(&plan),
        [r#"/*/*/logging/loglevel: "ERROR" -> "INFO""#]
    );
    assert_eq!(moved_of(&plan), ["/*/*/logging/loglevel"]);
    assert_eq!(plan.notes, Vec::<String>::new());
}

#[test]
fn a_second_call_does_not_make_another_access_log_somebodys_choice() {
    let elsewhere = json!({"destinationArn": "arn:aws:logs:eu-west-1:111122223333:log-group:gone"});
    let plan = since(
        &remove("/accessLogSettings"),
        &stage_with(&json!({}), &logs()),
        &stage_with(&json!({}), &Value::Null),
        &stage_with(&json!({}), &elsewhere),
    );
    assert_eq!(
        lines(&plan),
        [
            format!("replace /accessLogSettings/destinationArn {LOG}"),
            format!("replace /accessLogSettings/format {FORMAT}"),
        ]
    );
    assert_eq!(moved_of(&plan), ["/accessLogSettings/destinationArn"]);
}

#[test]
fn a_second_call_that_removes_a_gutted_access_log_does_not_keep_it_gutted() {
    let gutted = json!({"destinationArn": LOG, "format": "$context.requestId"});
    let plan = since(
        &replace("/accessLogSettings/format", "$context.requestId"),
        &stage_with(&json!({}), &logs()),
        &stage_with(&json!({}), &gutted),
        &stage_with(&json!({}), &Value::Null),
    );
    assert_eq!(plan.wanted, rest_stage(&stage_with(&json!({}), &logs())));
    assert_eq!(
        moved_of(&plan),
        [
            "/accessLogSettings/destinationArn",
            "/accessLogSettings/format",
        ]
    );
}

#[test]
fn a_second_call_that_removes_a_silenced_key_and_silences_the_rest_does_not_keep_it_silent() {
    let off = replace("/~1pets/GET/logging/loglevel", "OFF");
    let stage_of = |methods: &Value| stage_with(methods, &logs());
    let before = stage_of(&json!({"*/*": key("INFO"), "~1pets/GET": key("INFO")}));
    let after = stage_of(&json!({"*/*": key("INFO"), "~1pets/GET": key("OFF")}));
    let plan = since(
        &off,
        &before,
        &after,
        &stage_of(&json!({"*/*": key("OFF")})),
    );
    assert_eq!(lines(&plan), ["replace /~1pets/GET/logging/loglevel INFO"]);
    assert_eq!(moved_of(&plan), ["/~1pets/GET/logging/loglevel"]);

    // As good as before without it.
    let plan = since(
        &off,
        &before,
        &after,
        &stage_of(&json!({"*/*": key("INFO")})),
    );
    assert_eq!((plan.steps.len(), plan.moved.len()), (0, 0));
}

#[test]
fn data_trace_that_a_write_ends_is_said_to_end() {
    let traced = |burst: Value| {
        let mut set = key("INFO");
        set["dataTraceEnabled"] = json!(true);
        set["cacheTtlInSeconds"] = burst;
        rest_stage(&stage_with(&json!({"~1x/GET": set}), &logs()))
    };
    // A setting that is cleared takes the key with it.
    let (live, wanted) = (traced(json!(300)), traced(Value::Null));
    let thing = stage(ApiType::Rest);
    let plan = build::plan(&thing, &live, wanted, BTreeSet::new(), Vec::new());
    assert_decent(&thing, &plan);
    assert_eq!(
        plan.notes,
        [
            "data trace of `~1x/GET` is on and is switched off by this write: Portcullis never writes \
             data trace on"
        ]
    );
    let off = r#"/~1x/GET/logging/dataTrace: "true" -> "false""#;
    assert!(changes_of(&plan).contains(&off.to_owned()), "{plan:?}");
}
