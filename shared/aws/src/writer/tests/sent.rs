//! What is sent: the session, the request of each step, when.

use std::collections::BTreeMap;

use portcullis_core::remediation::settings::RouteSettings;
use portcullis_core::remediation::step::V2StageUpdate;
use portcullis_core::settings::AccessLog;
use serde_json::{Value, json};

use super::*;

#[tokio::test]
async fn the_session_is_named_after_the_ledger_entry_in_the_account_of_the_thing() {
    let bench = Bench::new([session("AKIA1", 900), Answer::ok("{}")]).await;
    assert_eq!(bench.step(&stage()).await, Ok(()));
    let asked = bench.replay.asked();
    let (sts, write) = (&asked[0], &asked[1]);
    assert!(sts.line.contains("sts.eu-central-1"), "{}", sts.line);
    assert!(sts.headers["authorization"].contains("Credential=own/"));
    let fields: BTreeMap<&str, &str> = sts
        .body
        .split('&')
        .filter_map(|field| field.split_once('='))
        .collect();
    assert_eq!(fields["Action"], "AssumeRole");
    assert_eq!(fields["RoleSessionName"], ID);
    let arn = fields["RoleArn"].replace("%3A", ":").replace("%2F", "/");
    assert_eq!(arn, "arn:aws:iam::111122223333:role/portcullis-remediator");
    assert_eq!(fields["DurationSeconds"], "900");
    assert!(write.line.contains("apigateway.eu-west-1.amazonaws.com"));
    let authorization = &write.headers["authorization"];
    assert!(
        authorization.contains("Credential=AKIA1/"),
        "{authorization}"
    );
    assert!(authorization.contains("/eu-west-1/apigateway/"));
    assert_eq!(write.headers["x-amz-security-token"], "token");
}

#[tokio::test(start_paused = true)]
async fn each_entry_has_a_session_of_its_own_that_is_kept_until_it_runs_out() {
    let write = || Answer::ok("{}");
    let bench = Bench::new([session("AKIA1", 900), write(), write()]).await;
    bench.step(&stage()).await.unwrap();
    bench.step(&stage()).await.unwrap();
    assert_eq!(bench.assumed().len(), 1, "the same entry");

    bench.replay.then([session("AKIA2", 30), write()]);
    let other = permit("restore-stage-logging-fedcba9876543210");
    bench.write(&other, &stage()).await.unwrap();
    assert!(bench.assumed()[1].contains(&other.ledger_id));

    bench.replay.then([session("AKIA3", 900), write(), write()]);
    bench.write(&other, &stage()).await.unwrap();
    bench.step(&stage()).await.unwrap();
    assert_eq!(bench.assumed().len(), 3, "thirty seconds are too few");
    let keys = bench.writes().into_iter().map(|asked| {
        let authorization = &asked.headers["authorization"];
        let (_, rest) = authorization.split_once("Credential=").unwrap();
        rest.split('/').next().unwrap().to_owned()
    });
    let keys: Vec<String> = keys.collect();
    assert_eq!(keys, ["AKIA1", "AKIA1", "AKIA2", "AKIA3", "AKIA1"]);
}

#[tokio::test(start_paused = true)]
async fn few_sessions_are_kept() {
    let bench = Bench::new([]).await;
    for entry in 0..40 {
        bench.replay.then([session("AKIA", 900), Answer::ok("{}")]);
        let permit = permit(&format!("restore-stage-logging-{entry:016x}"));
        bench.write(&permit, &stage()).await.unwrap();
    }
    assert_eq!(bench.writer.sessions.len().await, 16);
}

#[tokio::test]
async fn nothing_is_asked_without_a_permit_that_covers_the_step() {
    let bench = Bench::new([]).await;
    let mut permit = permit(ID);
    permit.covers = false;
    for step in [stage(), account(), deployment()] {
        let refused = bench.write(&permit, &step).await;
        assert_eq!(refused, Err(WriteErrorKind::NotPermitted));
    }
    assert!(bench.replay.asked().is_empty());
}

#[tokio::test]
async fn nothing_is_asked_without_a_role() {
    for role in [None, Some("")] {
        let bench = Bench::with_role(role, []).await;
        let error = bench.writer.make(&permit(ID), &stage()).await.unwrap_err();
        assert_eq!(error.kind, WriteErrorKind::RoleNotAssumable);
        let told = portcullis_core::causes::chain(&error);
        assert!(told.contains("PORTCULLIS_REMEDIATOR_ROLE"), "{told}");
        assert!(bench.replay.asked().is_empty());
    }
}

/// The request of one step, as line and body.
async fn request(step: &Step) -> (String, Value) {
    let bench = Bench::new([session("AKIA", 900), Answer::ok("{}")]).await;
    assert_eq!(bench.step(step).await, Ok(()));
    let asked = bench.writes().pop().unwrap();
    let (method, uri) = asked.line.split_once(" https://").unwrap();
    let path = uri.split_once('/').unwrap().1;
    let body = serde_json::from_str(&asked.body).unwrap();
    (format!("{method} /{path}"), body)
}

#[tokio::test]
async fn rest_steps_are_sent_as_they_are() {
    let (line, body) = request(&stage()).await;
    assert_eq!(line, "PATCH /restapis/a1b2c3d4e5/stages/prod");
    let level = json!({"op": "replace", "path": "/*/*/logging/loglevel", "value": "INFO"});
    assert_eq!(body, json!({"patchOperations": [level]}));

    let remove = |path: &str| PatchOperation {
        op: PatchOp::Remove,
        path: path.to_owned(),
        value: None,
    };
    let add = PatchOperation {
        op: PatchOp::Add,
        path: "/endpointConfiguration/vpcEndpointIds".to_owned(),
        value: Some("vpce-0123456789abcdef0".to_owned()),
    };
    let (line, body) = request(&Step::UpdateRestApi {
        rest_api_id: "a1b2c3d4e5".to_owned(),
        patch_operations: vec![remove("/policy"), add],
    })
    .await;
    assert_eq!(line, "PATCH /restapis/a1b2c3d4e5");
    let path = "/endpointConfiguration/vpcEndpointIds";
    let add = json!({"op": "add", "path": path, "value": "vpce-0123456789abcdef0"});
    let operations = json!([{"op": "remove", "path": "/policy"}, add]);
    assert_eq!(body, json!({"patchOperations": operations}), "in order");

    let (line, body) = request(&account()).await;
    assert_eq!(line, "PATCH /account");
    let (path, arn) = ("/cloudwatchRoleArn", "arn:aws:iam::111122223333:role/logs");
    let replace = json!({"op": "replace", "path": path, "value": arn});
    assert_eq!(body, json!({"patchOperations": [replace]}));

    let (line, body) = request(&deployment()).await;
    assert_eq!(line, "POST /restapis/a1b2c3d4e5/deployments");
    let description = format!("Portcullis {ID}");
    assert_eq!(
        body,
        json!({"stageName": "prod", "description": description})
    );
}

fn v2(update: V2StageUpdate) -> Step {
    Step::UpdateV2Stage {
        api_id: "f6g7h8i9j0".to_owned(),
        stage_name: "$default".to_owned(),
        update,
    }
}

#[tokio::test]
async fn a_v2_step_sends_only_the_members_that_it_has() {
    let log = AccessLog {
        destination_arn: Some("arn:aws:logs:eu-west-1:111122223333:log-group:a".to_owned()),
        format: Some("$context.requestId".to_owned()),
    };
    let (line, body) = request(&v2(V2StageUpdate {
        access_log_settings: Some(log),
        ..V2StageUpdate::default()
    }))
    .await;
    assert_eq!(line, "PATCH /v2/apis/f6g7h8i9j0/stages/%24default");
    let arn = "arn:aws:logs:eu-west-1:111122223333:log-group:a";
    let log = json!({"destinationArn": arn, "format": "$context.requestId"});
    assert_eq!(body, json!({"accessLogSettings": log}));

    let whole = RouteSettings {
        logging_level: Some("INFO".to_owned()),
        data_trace_enabled: Some(false),
        detailed_metrics_enabled: Some(true),
        throttling_burst_limit: Some(5000),
        throttling_rate_limit: Some(0.5),
    };
    let burst = RouteSettings {
        throttling_burst_limit: Some(0),
        ..RouteSettings::default()
    };
    let (_, body) = request(&v2(V2StageUpdate {
        default_route_settings: Some(whole),
        route_settings: Some([("GET /pets".to_owned(), burst)].into()),
        ..V2StageUpdate::default()
    }))
    .await;
    let default = json!({
        "loggingLevel": "INFO", "dataTraceEnabled": false, "detailedMetricsEnabled": true,
        "throttlingBurstLimit": 5000, "throttlingRateLimit": 0.5,
    });
    let routes = json!({"GET /pets": {"throttlingBurstLimit": 0}});
    assert_eq!(
        body,
        json!({"defaultRouteSettings": default, "routeSettings": routes})
    );
}

#[tokio::test]
async fn a_limit_that_cannot_be_sent_is_not_cut() {
    let bench = Bench::new([session("AKIA", 900)]).await;
    let settings = RouteSettings {
        throttling_burst_limit: Some(1 << 40),
        ..RouteSettings::default()
    };
    let step = v2(V2StageUpdate {
        default_route_settings: Some(settings),
        ..V2StageUpdate::default()
    });
    assert_eq!(bench.step(&step).await, Err(WriteErrorKind::Refused));
    assert!(bench.writes().is_empty());
}

#[tokio::test(start_paused = true)]
async fn writes_keep_the_pace_of_their_quota() {
    for (step, seconds) in [(stage(), 0.55), (deployment(), 5.0), (account(), 20.0)] {
        let bench = Bench::new([session("AKIA", 900)]).await;
        for _ in 0..3 {
            bench.replay.then([Answer::ok("{}")]);
            bench.step(&step).await.unwrap();
        }
        let times: Vec<_> = bench.writes().iter().map(|asked| asked.at).collect();
        for pair in times.windows(2) {
            let apart = (pair[1] - pair[0]).as_secs_f64();
            assert!((seconds..seconds + 0.1).contains(&apart), "{apart}");
        }
    }
}
