//! Findings and reports for the tests of messages.

use super::Notification;
use crate::baseline::thing::{Api, Thing, What};
use crate::change::{ApiRef, ApiType};
use crate::detection::decision;
use crate::driver::Driver;
use crate::finding::{Confidence, Finding, Known, Principal, SettingChange, Severity};
use crate::remediation::plan::Plan;
use crate::remediation::publication::Exposure;
use crate::remediation::report::{Done, Ending, Report};
use crate::remediation::settings::{
    EndpointConfiguration, MethodSetting, RestApi, RestStage, Serving, Settings,
};
use crate::remediation::step::{PatchOp, PatchOperation, Step};
use crate::remediation::{Mode, Remediation, ledger};
use crate::rules;
use crate::settings::AccessLog;

/// A finding with a baseline: everything is known.
pub(super) fn known() -> Finding {
    let about = rules::about("stage-logging-disabled").unwrap();
    let set = |value: &str| Known::Set(value.to_owned());
    Finding {
        id: "3f2a9c0d1b4e5f60".to_owned(),
        rule: about.id,
        title: about.title,
        severity: Severity::High,
        confidence: Confidence::High,
        time: "2026-11-02T10:11:12Z".parse().unwrap(),
        account: Some("111122223333".to_owned()),
        region: Some("eu-west-1".to_owned()),
        api: Some(ApiRef {
            id: Some("a1b2c3d4e5".to_owned()),
            kind: Some(ApiType::Rest),
            name: Some("orders".to_owned()),
        }),
        stage: Some("prod".to_owned()),
        principal: Some(Principal {
            kind: Some("AssumedRole".to_owned()),
            arn: Some("arn:aws:sts::111122223333:assumed-role/Developer/mallory".to_owned()),
            session_issuer: Some("arn:aws:iam::111122223333:role/Developer".to_owned()),
        }),
        source_ip: Some("192.0.2.10".to_owned()),
        user_agent: Some("aws-cli/2.15.0 md/Botocore#1.34".to_owned()),
        driver: Some(Driver::Cli),
        event_ids: vec!["90c72977-31e0-4079-9a74-ee25e5d7aadf".to_owned()],
        event_name: Some("UpdateStage".to_owned()),
        summary: "stage `prod` of REST API `orders` (a1b2c3d4e5): execution logging of every \
                  method is off; access logging is off"
            .to_owned(),
        changes: vec![
            SettingChange {
                path: "/*/*/logging/loglevel".to_owned(),
                before: set("INFO"),
                after: set("OFF"),
            },
            SettingChange {
                path: "/accessLogSettings".to_owned(),
                before: set("arn:aws:logs:eu-west-1:111122223333:log-group:orders"),
                after: Known::NotSet,
            },
        ],
        window: None,
        decision: decision(about),
        by_cloudformation: false,
    }
}

/// Attributes, subject and body.
pub(super) fn whole(notification: &Notification) -> String {
    let attributes = notification.attributes.iter();
    let attributes: Vec<_> = attributes.map(|(k, v)| format!("{k}={v}")).collect();
    let (subject, body) = (&notification.subject, &notification.body);
    format!("{}\n{subject}\n\n{body}", attributes.join(" "))
}

fn set(value: &str) -> Known {
    Known::Set(value.to_owned())
}

fn change(path: &str, before: Known, after: Known) -> SettingChange {
    SettingChange {
        path: path.to_owned(),
        before,
        after,
    }
}

fn replace(path: &str, value: &str) -> PatchOperation {
    PatchOperation {
        op: PatchOp::Replace,
        path: path.to_owned(),
        value: Some(value.to_owned()),
    }
}

fn api() -> Api {
    Api {
        id: "a1b2c3d4e5".to_owned(),
        kind: Some(ApiType::Rest),
        name: Some("orders".to_owned()),
    }
}

/// The REST API, or a stage of it.
pub(super) fn thing(stage: Option<&str>) -> Thing {
    Thing {
        account: "111122223333".to_owned(),
        region: "eu-west-1".to_owned(),
        what: match stage {
            Some(stage) => What::Stage(api(), stage.to_owned()),
            None => What::Api(api()),
        },
    }
}

pub(super) fn plan(live: Settings, wanted: Settings) -> Plan {
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

const LOG_GROUP: &str = "arn:aws:logs:eu-west-1:111122223333:log-group:orders";
const FORMAT: &str = r#"{"id":"$context.requestId"}"#;

/// Execution and access logging that came back.
pub(super) fn logging() -> Done {
    let stage = |level: &str, log: Option<AccessLog>| {
        let setting = MethodSetting {
            logging_level: Some(level.to_owned()),
            metrics_enabled: Some(true),
            ..MethodSetting::default()
        };
        Settings::RestStage(RestStage {
            method_settings: [("*/*".to_owned(), setting)].into(),
            access_log_settings: log,
        })
    };
    let log = AccessLog {
        destination_arn: Some(LOG_GROUP.to_owned()),
        format: Some(FORMAT.to_owned()),
    };
    Done {
        thing: thing(Some("prod")),
        plan: Plan {
            steps: vec![Step::UpdateStage {
                rest_api_id: "a1b2c3d4e5".to_owned(),
                stage_name: "prod".to_owned(),
                patch_operations: vec![
                    replace("/*/*/logging/loglevel", "INFO"),
                    replace("/accessLogSettings/destinationArn", LOG_GROUP),
                    replace("/accessLogSettings/format", FORMAT),
                ],
            }],
            changes: vec![
                change("/*/*/logging/loglevel", set("OFF"), set("INFO")),
                change(
                    "/accessLogSettings/destinationArn",
                    Known::NotSet,
                    set(LOG_GROUP),
                ),
                change("/accessLogSettings/format", Known::NotSet, set(FORMAT)),
            ],
            notes: vec![
                "data trace of `*/*` was on before and stays off: it writes bodies to the log"
                    .to_owned(),
            ],
            ..plan(stage("OFF", None), stage("INFO", Some(log)))
        },
    }
}

/// A report on logging that came to this.
pub(super) fn report(ending: Ending) -> Report {
    let remediation = Remediation::RestoreStageLogging;
    Report {
        id: Some(id(remediation)),
        ending,
        reasons: Vec::new(),
        done: Some(logging()),
        policies: vec!["restore-logging-in-prod".to_owned()],
        ..Report::nothing(remediation, Mode::Auto, "")
    }
}

/// Its ledger id.
pub(super) fn id(remediation: Remediation) -> String {
    ledger::id(
        remediation,
        "111122223333",
        "eu-west-1",
        "90c72977-31e0-4079-9a74-ee25e5d7aadf",
    )
}

/// That of what follows on a stage.
fn id_on(remediation: Remediation, stage: &str) -> String {
    let event_id = "90c72977-31e0-4079-9a74-ee25e5d7aadf";
    ledger::follow_up_id(remediation, &thing(Some(stage)), event_id)
}

/// The endpoint of a private API that came back, in two calls.
fn endpoint() -> Done {
    let api = |kind: &str, endpoints: &[&str], policy: &str| {
        Settings::RestApi(RestApi {
            endpoint_configuration: EndpointConfiguration {
                types: vec![kind.to_owned()],
                vpc_endpoint_ids: endpoints.iter().map(|&id| id.to_owned()).collect(),
                ip_address_type: Some("dualstack".to_owned()),
            },
            policy: Some(policy.to_owned()),
        })
    };
    let policy = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"*","Condition":{"StringEquals":{"aws:SourceVpce":"vpce-0a1b2c3d4e5f60718"}}}]}"#;
    let escaped = policy.replace('"', "\\\"");
    let patch = |patch_operations| Step::UpdateRestApi {
        rest_api_id: "a1b2c3d4e5".to_owned(),
        patch_operations,
    };
    Done {
        thing: thing(None),
        plan: Plan {
            steps: vec![
                patch(vec![replace("/policy", policy)]),
                patch(vec![
                    replace("/endpointConfiguration/types/REGIONAL", "PRIVATE"),
                    PatchOperation {
                        op: PatchOp::Add,
                        ..replace(
                            "/endpointConfiguration/vpcEndpointIds",
                            "vpce-0a1b2c3d4e5f60718",
                        )
                    },
                ]),
            ],
            changes: vec![
                change("/policy", set("{}"), set(policy)),
                change(
                    "/endpointConfiguration/types/0",
                    set("REGIONAL"),
                    set("PRIVATE"),
                ),
                change(
                    "/endpointConfiguration/vpcEndpointIds/0",
                    Known::NotSet,
                    set("vpce-0a1b2c3d4e5f60718"),
                ),
            ],
            ..plan(
                api("REGIONAL", &[], "{}"),
                api("PRIVATE", &["vpce-0a1b2c3d4e5f60718"], &escaped),
            )
        },
    }
}

/// A private API that was made public.
pub(super) fn public() -> Finding {
    let about = rules::about("private-api-made-public").unwrap();
    Finding {
        rule: about.id,
        title: about.title,
        severity: about.severity,
        stage: None,
        event_name: Some("UpdateRestApi".to_owned()),
        summary: "REST API `orders` (a1b2c3d4e5): its endpoint is REGIONAL now and was PRIVATE"
            .to_owned(),
        changes: vec![change(
            "/endpointConfiguration/types/PRIVATE",
            set("PRIVATE"),
            set("REGIONAL"),
        )],
        decision: decision(about),
        ..known()
    }
}

/// The report on it.
pub(super) fn private(ending: Ending, exposure: Exposure, follow_ups: Vec<Report>) -> Report {
    let remediation = Remediation::RestorePrivateEndpoint;
    Report {
        id: Some(id(remediation)),
        ending,
        reasons: Vec::new(),
        done: Some(endpoint()),
        policies: vec!["restore-private".to_owned()],
        exposure: Some(exposure),
        follow_ups,
        ..Report::nothing(remediation, Mode::Auto, "")
    }
}

/// Published by two stages.
pub(super) fn live() -> Exposure {
    Exposure::Live {
        since: Some(1_793_614_290),
        stages: vec!["prod".to_owned(), "beta".to_owned()],
    }
}

/// A deployment of the restored API on a stage.
pub(super) fn redeploy(ending: Ending, stage: &str) -> Report {
    let remediation = Remediation::Redeploy;
    let done = Done {
        thing: thing(Some(stage)),
        plan: Plan {
            steps: vec![Step::CreateDeployment {
                rest_api_id: "a1b2c3d4e5".to_owned(),
                stage_name: stage.to_owned(),
                description: format!("Portcullis {} request", id_on(remediation, stage)),
            }],
            changes: vec![change(
                "/deploymentId",
                set("x1y2z3"),
                set("a new deployment of the restored draft"),
            )],
            ..plan(
                Settings::Serving(Serving {
                    deployment_id: Some("x1y2z3".to_owned()),
                    description: None,
                }),
                Settings::Serving(Serving::default()),
            )
        },
    };
    Report {
        id: Some(id_on(remediation, stage)),
        mode: Mode::Approve,
        ending,
        reasons: vec![
            "the draft is not what was last published: `GET /pets` was changed".to_owned(),
        ],
        done: Some(done),
        ..Report::nothing(remediation, Mode::Auto, "")
    }
}

/// A request limit of 0 on a stage.
pub(super) fn contain(ending: Ending, stage: &str) -> Report {
    let remediation = Remediation::Contain;
    let limited = |limit: f64| {
        let setting = MethodSetting {
            throttling_rate_limit: Some(limit),
            ..MethodSetting::default()
        };
        Settings::RestStage(RestStage {
            method_settings: [("*/*".to_owned(), setting)].into(),
            access_log_settings: None,
        })
    };
    let done = Done {
        thing: thing(Some(stage)),
        plan: Plan {
            steps: vec![Step::UpdateStage {
                rest_api_id: "a1b2c3d4e5".to_owned(),
                stage_name: stage.to_owned(),
                patch_operations: vec![
                    replace("/*/*/throttling/rateLimit", "0"),
                    replace("/*/*/throttling/burstLimit", "0"),
                ],
            }],
            changes: vec![
                change("/*/*/throttling/rateLimit", set("10000"), set("0")),
                change("/*/*/throttling/burstLimit", set("5000"), set("0")),
            ],
            ..plan(limited(10_000.0), limited(0.0))
        },
    };
    Report {
        id: Some(id_on(remediation, stage)),
        ending,
        reasons: Vec::new(),
        done: Some(done),
        policies: vec!["contain-public".to_owned()],
        ..Report::nothing(remediation, Mode::Auto, "")
    }
}
