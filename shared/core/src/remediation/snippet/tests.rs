use proptest::prelude::*;

use super::*;
use crate::baseline::thing::Api;
use crate::remediation::settings::{Account, RestApi, RouteSettings};
use crate::remediation::step::{PatchOp, PatchOperation, Step, V2StageUpdate};

fn stage(kind: ApiType) -> Thing {
    let api = Api {
        id: "a1b2c3".to_owned(),
        kind: Some(kind),
        name: None,
    };
    Thing {
        account: "111122223333".to_owned(),
        region: "eu-west-1".to_owned(),
        what: What::Stage(api, "prod".to_owned()),
    }
}

fn plan(live: Settings, wanted: Settings) -> Plan {
    Plan {
        steps: Vec::new(),
        live,
        wanted,
        changes: Vec::new(),
        fields: Default::default(),
        notes: Vec::new(),
        moved: Default::default(),
        left: false,
    }
}

/// All snippets as a message shows them.
fn shown(thing: &Thing, live: Settings, wanted: Settings) -> String {
    let snippets = of(thing, &plan(live, wanted));
    let shown = snippets.iter().map(|snippet| {
        let lines = snippet.lines.clone();
        let lines = lines.unwrap_or_else(|| vec!["(not shown)".to_owned()]);
        format!(
            "{} ({})\n{}\n",
            snippet.language,
            snippet.place,
            lines.join("\n")
        )
    });
    shown.collect()
}

fn log(format: &str) -> Option<AccessLog> {
    Some(AccessLog {
        destination_arn: Some("arn:aws:logs:eu-west-1:111122223333:log-group:a".to_owned()),
        format: Some(format.to_owned()),
    })
}

#[test]
fn a_rest_stage_shows_only_what_was_taken_away() {
    let level = |level: &str| MethodSetting {
        logging_level: Some(level.to_owned()),
        data_trace_enabled: Some(level != "OFF"),
        metrics_enabled: Some(true),
        ..MethodSetting::default()
    };
    let removed = MethodSetting {
        throttling_rate_limit: Some(100.5),
        throttling_burst_limit: Some(50),
        cache_ttl_in_seconds: Some(300),
        require_authorization_for_cache_control: Some(true),
        ..level("ERROR")
    };
    let live = RestStage {
        method_settings: [("*/*".to_owned(), level("OFF"))].into(),
        access_log_settings: log("x"),
    };
    let wanted = RestStage {
        method_settings: [
            ("*/*".to_owned(), level("INFO")),
            ("~1pets~1{id}/GET".to_owned(), removed),
            ("~1/GET".to_owned(), level("INFO")),
        ]
        .into(),
        access_log_settings: log("x"),
    };
    let (live, wanted) = (Settings::RestStage(live), Settings::RestStage(wanted));
    insta::assert_snapshot!(shown(&stage(ApiType::Rest), live.clone(), wanted), @r#"
    CloudFormation (AWS::ApiGateway::Stage)
    MethodSettings:
      - ResourcePath: "/*"
        HttpMethod: "*"
        LoggingLevel: "INFO"
      - ResourcePath: "/"
        HttpMethod: "GET"
        LoggingLevel: "INFO"
        MetricsEnabled: true
      - ResourcePath: "/~1pets~1{id}"
        HttpMethod: "GET"
        LoggingLevel: "ERROR"
        MetricsEnabled: true
        ThrottlingBurstLimit: 50
        ThrottlingRateLimit: 100.5
        CacheTtlInSeconds: 300
    CDK (apigateway.Stage)
    // properties of the Stage, or deployOptions of the RestApi:
    loggingLevel: apigateway.MethodLoggingLevel.INFO,
    methodOptions: {
      "//GET": { loggingLevel: apigateway.MethodLoggingLevel.INFO, metricsEnabled: true },
      "/pets/{id}/GET": { loggingLevel: apigateway.MethodLoggingLevel.ERROR, metricsEnabled: true, throttlingBurstLimit: 50, throttlingRateLimit: 100.5, cacheTtl: Duration.seconds(300) },
    },
    Terraform (aws_api_gateway_stage and its method settings)
    # in aws_api_gateway_method_settings:
    method_path = "*/*"
    settings {
      logging_level = "INFO"
    }
    # in aws_api_gateway_method_settings:
    method_path = "~1/GET"
    settings {
      logging_level = "INFO"
      metrics_enabled = true
    }
    # in aws_api_gateway_method_settings:
    method_path = "pets/{id}/GET"
    settings {
      logging_level = "ERROR"
      metrics_enabled = true
      throttling_burst_limit = 50
      throttling_rate_limit = 100.5
      cache_ttl_in_seconds = 300
      require_authorization_for_cache_control = true
    }
    "#);
    assert_eq!(of(&stage(ApiType::Rest), &plan(live.clone(), live)), []);
}

#[test]
fn a_stage_of_an_http_api_has_no_log_level() {
    let route = |metrics: bool| RouteSettings {
        logging_level: Some("INFO".to_owned()),
        detailed_metrics_enabled: Some(metrics),
        throttling_burst_limit: Some(5),
        ..RouteSettings::default()
    };
    let wanted = || {
        Settings::V2Stage(V2Stage {
            access_log_settings: log("$context.requestId ${x}\n"),
            default_route_settings: Some(route(true)),
            route_settings: [("GET /pets/{id}.json".to_owned(), route(false))].into(),
        })
    };
    let live = Settings::V2Stage(V2Stage::default());
    let http = shown(&stage(ApiType::Http), live.clone(), wanted());
    insta::assert_snapshot!(http, @r#"
    CloudFormation (AWS::ApiGatewayV2::Stage)
    DefaultRouteSettings:
      DetailedMetricsEnabled: true
      ThrottlingBurstLimit: 5
    RouteSettings:
      "GET /pets/{id}.json":
        DetailedMetricsEnabled: false
        ThrottlingBurstLimit: 5
    AccessLogSettings:
      DestinationArn: "arn:aws:logs:eu-west-1:111122223333:log-group:a"
      Format: "$context.requestId ${x}\n"
    CDK (apigatewayv2.HttpStage, WebSocketStage or CfnStage)
    (stage.node.defaultChild as apigatewayv2.CfnStage).addPropertyOverride("DefaultRouteSettings", {"DetailedMetricsEnabled":true,"ThrottlingBurstLimit":5});
    (stage.node.defaultChild as apigatewayv2.CfnStage).addPropertyOverride("RouteSettings", {"GET /pets/{id}.json":{"DetailedMetricsEnabled":false,"ThrottlingBurstLimit":5}});
    (stage.node.defaultChild as apigatewayv2.CfnStage).addPropertyOverride("AccessLogSettings", {"DestinationArn":"arn:aws:logs:eu-west-1:111122223333:log-group:a","Format":"$context.requestId ${x}\n"});
    Terraform (aws_apigatewayv2_stage)
    default_route_settings {
      detailed_metrics_enabled = true
      throttling_burst_limit = 5
    }
    route_settings {
      route_key = "GET /pets/{id}.json"
      detailed_metrics_enabled = false
      throttling_burst_limit = 5
    }
    access_log_settings {
      destination_arn = "arn:aws:logs:eu-west-1:111122223333:log-group:a"
      format = "$context.requestId $\u007bx}\n"
    }
    "#);
    let websocket = shown(&stage(ApiType::WebSocket), live, wanted());
    assert!(websocket.contains("LoggingLevel: \"INFO\""), "{websocket}");
}

#[test]
fn an_account_shows_its_role() {
    let account = Thing {
        what: What::Account,
        ..stage(ApiType::Rest)
    };
    let role = |role: Option<&str>| {
        Settings::Account(Account {
            cloudwatch_role_arn: role.map(str::to_owned),
        })
    };
    let arn = "arn:aws:iam::111122223333:role/ApiGatewayLogs";
    insta::assert_snapshot!(shown(&account, role(None), role(Some(arn))), @r#"
    CloudFormation (AWS::ApiGateway::Account)
    CloudWatchRoleArn: "arn:aws:iam::111122223333:role/ApiGatewayLogs"
    CDK (a stack of the account and Region)
    new apigateway.CfnAccount(this, "ApiGatewayAccount", { cloudWatchRoleArn: "arn:aws:iam::111122223333:role/ApiGatewayLogs" });
    Terraform (aws_api_gateway_account)
    cloudwatch_role_arn = "arn:aws:iam::111122223333:role/ApiGatewayLogs"
    "#);
    assert_eq!(of(&account, &plan(role(Some(arn)), role(Some("")))), []);
}

#[test]
fn what_cloudformation_would_look_up_is_not_shown_to_it() {
    let wanted = |format: &str| {
        Settings::RestStage(RestStage {
            access_log_settings: log(format),
            ..RestStage::default()
        })
    };
    let none = Settings::RestStage(RestStage::default());
    for format in ["{{resolve:secretsmanager:prod}}", "${Token[AWS.Region.4]}"] {
        let snippets = of(&stage(ApiType::Rest), &plan(none.clone(), wanted(format)));
        let lines: Vec<bool> = snippets.iter().map(|one| one.lines.is_some()).collect();
        assert_eq!(lines, [false, false, true], "{format}");
    }
    let policy = |policy: &str| {
        Settings::RestApi(RestApi {
            policy: Some(policy.to_owned()),
            ..RestApi::default()
        })
    };
    let hidden = policy(r#"{\"Statement\":[{\"Fn::Sub\":\"x\"}]}"#);
    let snippets = of(&stage(ApiType::Rest), &plan(policy(""), hidden));
    assert_eq!(snippets[0].lines, None);
    let plain = policy(r#"{"Statement":[]}"#);
    let snippets = of(&stage(ApiType::Rest), &plan(policy(""), plain));
    let line = r#"Policy: {"Statement":[]}"#.to_owned();
    assert_eq!(snippets[0].lines, Some(vec![line]));
    assert_eq!(
        of(&stage(ApiType::Rest), &plan(policy(""), policy("no json"))),
        []
    );
}

#[test]
fn every_step_has_its_command() {
    let patch = || {
        vec![PatchOperation {
            op: PatchOp::Replace,
            path: "/cloudwatchRoleArn".to_owned(),
            value: Some("it's".to_owned()),
        }]
    };
    let route = RouteSettings {
        detailed_metrics_enabled: Some(true),
        ..RouteSettings::default()
    };
    let steps = [
        Step::UpdateAccount {
            patch_operations: patch(),
        },
        Step::UpdateRestApi {
            rest_api_id: "a1b2c3".to_owned(),
            patch_operations: vec![PatchOperation {
                op: PatchOp::Remove,
                path: "/policy".to_owned(),
                value: None,
            }],
        },
        Step::UpdateV2Stage {
            api_id: "a1b2c3".to_owned(),
            stage_name: "$default".to_owned(),
            update: V2StageUpdate {
                access_log_settings: log("x"),
                default_route_settings: Some(route.clone()),
                route_settings: Some([("GET /pets".to_owned(), route)].into()),
            },
        },
        Step::CreateDeployment {
            rest_api_id: "a1b2c3".to_owned(),
            stage_name: "-prod".to_owned(),
            description: "portcullis redeploy-1".to_owned(),
        },
    ];
    let shown = steps
        .iter()
        .map(|step| shell::command(step, "eu-west-1").unwrap());
    let shown = shown.collect::<Vec<_>>().join("\n");
    insta::assert_snapshot!(shown, @r#"
    aws apigateway update-account --region eu-west-1 --patch-operations '[{"op":"replace","path":"/cloudwatchRoleArn","value":"it\u0027s"}]'
    aws apigateway update-rest-api --region eu-west-1 --rest-api-id a1b2c3 --patch-operations '[{"op":"remove","path":"/policy"}]'
    aws apigatewayv2 update-stage --region eu-west-1 --api-id a1b2c3 --stage-name '$default' --access-log-settings '{"DestinationArn":"arn:aws:logs:eu-west-1:111122223333:log-group:a","Format":"x"}' --default-route-settings '{"DetailedMetricsEnabled":true}' --route-settings '{"GET /pets":{"DetailedMetricsEnabled":true}}'
    aws apigateway create-deployment --region eu-west-1 --rest-api-id a1b2c3 --stage-name=-prod
    "#);
    let hidden = Step::UpdateStage {
        rest_api_id: "a1b2c3".to_owned(),
        stage_name: "prod\u{202e}".to_owned(),
        patch_operations: patch(),
    };
    assert_eq!(shell::command(&hidden, "eu-west-1"), None);
}

/// A line without what stands between double quotes, and whether the last one is closed.
fn outside(line: &str) -> (String, bool) {
    let mut outside = String::new();
    let mut is_open = false;
    let mut chars = line.chars();
    while let Some(c) = chars.next() {
        match c {
            '\\' if is_open => {
                chars.next();
            }
            '"' => is_open = !is_open,
            c if !is_open => outside.push(c),
            _ => {}
        }
    }
    (outside, !is_open)
}

/// The lines of all languages for stages with these texts in every place that takes one.
fn lines(texts: &[String]) -> Vec<String> {
    let [level, key, format, arn] = texts else {
        panic!("four texts");
    };
    let log = Some(AccessLog {
        destination_arn: Some(format!("a{arn}")),
        format: Some(format.clone()),
    });
    // Never the key of all methods, which the CDK has another place for.
    let key = format!("k{key}");
    let level = Some(level.clone());
    let setting = MethodSetting {
        logging_level: level.clone(),
        ..MethodSetting::default()
    };
    let route = RouteSettings {
        logging_level: level,
        ..RouteSettings::default()
    };
    let rest = RestStage {
        method_settings: [(key.clone(), setting)].into(),
        access_log_settings: log.clone(),
    };
    let v2 = V2Stage {
        access_log_settings: log,
        default_route_settings: Some(route.clone()),
        route_settings: [(key.clone(), route)].into(),
    };
    let plans = [
        plan(
            Settings::RestStage(RestStage::default()),
            Settings::RestStage(rest),
        ),
        plan(Settings::V2Stage(V2Stage::default()), Settings::V2Stage(v2)),
    ];
    let snippets = plans
        .iter()
        .flat_map(|plan| of(&stage(ApiType::WebSocket), plan));
    snippets.flat_map(|one| one.lines.unwrap()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn no_text_leaves_its_quotes(
        texts in proptest::collection::vec(
            prop_oneof![any::<String>(), r#"[$%{}'"\\ /:.\n;|&`()#\[\],\-x]{0,30}"#], 4,
        ),
    ) {
        let harmless = ["x", "y/z", "x", "x"].map(str::to_owned);
        let (lines, expected) = (lines(&texts), lines(&harmless));
        prop_assert_eq!(lines.len(), expected.len());
        for (line, expected) in lines.iter().zip(&expected) {
            prop_assert!(line.chars().all(|c| (' '..='~').contains(&c)), "{line}");
            prop_assert!(!line.contains("://"), "{line}");
            let (ours, is_closed) = outside(line);
            prop_assert!(is_closed, "{line}");
            prop_assert_eq!(ours, outside(expected).0);
        }
    }
}
