//! Later messages about remediations.

use super::testing::{live, logging, private, redeploy, report, thing, whole};
use super::*;
use crate::finding::Confidence;
use crate::remediation::ledger::{Given, State};
use crate::remediation::publication::Exposure;
use crate::remediation::{Mode, Remediation};

/// An entry about stage logging, changed 10 minutes after the event.
pub(super) fn entry(state: State) -> Entry {
    let done = logging();
    Entry {
        id: super::testing::id(Remediation::RestoreStageLogging),
        remediation: Remediation::RestoreStageLogging,
        state,
        lease: None,
        finding_id: "3f2a9c0d1b4e5f60".to_owned(),
        rule: "stage-logging-disabled".to_owned(),
        event_id: "90c72977-31e0-4079-9a74-ee25e5d7aadf".to_owned(),
        event_time: 1_793_614_272,
        actor: Some("arn:aws:iam::111122223333:role/Developer".to_owned()),
        confidence: Confidence::High,
        by_cloudformation: false,
        thing: done.thing,
        tags: Default::default(),
        asked: Mode::Auto,
        mode: Mode::Auto,
        created: 1_793_614_280,
        updated: 1_793_614_872,
        plan: done.plan,
        writes: Vec::new(),
        read_back: None,
        contested: false,
        allowed: true,
        draft_is_published: false,
        draft: None,
        policies: Vec::new(),
        exposure: None,
        reasons: Vec::new(),
        deadline: None,
        approved: None,
        undone: None,
        told: None,
    }
}

#[test]
fn restored_after_an_approval() {
    let entry = Entry {
        approved: Some(Given {
            by: Some("carol\nDone: by hand".to_owned()),
            at: 1_793_614_860,
        }),
        ..entry(State::Verified)
    };
    let message = of_remediation(&entry, &report(Ending::Verified), Kind::Resolved);
    insta::assert_snapshot!(whole(&message), @r#"
    rule=stage-logging-disabled severity=high account=111122223333 region=eu-west-1 kind=resolved outcome=verified
    RESTORED: Stage logging: orders/prod (111122223333)

    RESTORED: Stage logging: stage prod, REST API a1b2c3d4e5 (orders).

    Done:        put back and read back: as it was, but for what the notes say
    Restored:    /*/*/logging/loglevel: OFF -> INFO
    Restored:    /accessLogSettings/destinationArn: (not set) -> arn:aws:logs:eu-west-1:111122223333:log-group:orders
    Restored:    /accessLogSettings/format: (not set) -> {"id":"$context.requestId"}
    Note:        data trace of `*/*` was on before and stays off: it writes bodies to the log
    Undo:        portcullis undo restore-stage-logging-3f94aac68ec68d1e (within 24 hours)
    Remediation: restore-stage-logging-3f94aac68ec68d1e
    Policy:      restore-logging-in-prod

    What:        Stage logging disabled
    Who:         arn:aws:iam::111122223333:role/Developer
    Where:       stage prod, REST API a1b2c3d4e5 (orders), account 111122223333, eu-west-1
    Change made: 2026-11-02T10:11:12Z (UTC)
    Approved:    2026-11-02T10:21:00Z (UTC) by carol\u{a}Done: by hand (as the command says)
    As of:       2026-11-02T10:21:12Z (UTC)

    Links:       sign in to account 111122223333 first
    API Gateway: https://eu-west-1.console.aws.amazon.com/apigateway/main/apis/a1b2c3d4e5/stages?api=a1b2c3d4e5&region=eu-west-1
    CloudTrail:  https://eu-west-1.console.aws.amazon.com/cloudtrailv2/home?region=eu-west-1#/events/90c72977-31e0-4079-9a74-ee25e5d7aadf
    Event:       90c72977-31e0-4079-9a74-ee25e5d7aadf
    Finding:     3f2a9c0d1b4e5f60

    In code:     CloudFormation (AWS::ApiGateway::Stage), so that the next deployment does not take it away again:
        MethodSettings:
          - ResourcePath: "/*"
            HttpMethod: "*"
            LoggingLevel: "INFO"
        AccessLogSetting:
          DestinationArn: "arn:aws:logs:eu-west-1:111122223333:log-group:orders"
          Format: "{\"id\":\"$context.requestId\"}"

    In code:     CDK (apigateway.Stage), so that the next deployment does not take it away again:
        // properties of the Stage, or deployOptions of the RestApi:
        loggingLevel: apigateway.MethodLoggingLevel.INFO,
        // once the Stage is made:
        (stage.node.defaultChild as apigateway.CfnStage).addPropertyOverride("AccessLogSetting", {"DestinationArn":"arn:aws:logs:eu-west-1:111122223333:log-group:orders","Format":"{\"id\":\"$context.requestId\"}"});

    In code:     Terraform (aws_api_gateway_stage and its method settings), so that the next deployment does not take it away again:
        # in aws_api_gateway_method_settings:
        method_path = "*/*"
        settings {
          logging_level = "INFO"
        }
        # in aws_api_gateway_stage:
        access_log_settings {
          destination_arn = "arn:aws:logs:eu-west-1:111122223333:log-group:orders"
          format = "{\"id\":\"$context.requestId\"}"
        }

    --- remediation (JSON)
    {"id":"restore-stage-logging-3f94aac68ec68d1e","remediation":"restore-stage-logging","state":"verified","account":"111122223333","region":"eu-west-1","api":{"id":"a1b2c3d4e5","type":"REST","name":"orders"},"stage":"prod","finding_id":"3f2a9c0d1b4e5f60","event_id":"90c72977-31e0-4079-9a74-ee25e5d7aadf","changes":[{"path":"/*/*/logging/loglevel","before":"OFF","after":"INFO"},{"path":"/accessLogSettings/destinationArn","before":null,"after":"arn:aws:logs:eu-west-1:111122223333:log-group:orders"},{"path":"/accessLogSettings/format","before":null,"after":"{\"id\":\"$context.requestId\"}"}],"exposure":null,"reasons":[]}
    "#);
}

#[test]
fn not_restored_for_good() {
    let report = Report {
        reasons: vec!["the stage does not exist any more".to_owned()],
        ..report(Ending::Failed)
    };
    let message = of_remediation(&entry(State::Failed), &report, Kind::Remediation);
    insta::assert_snapshot!(whole(&message), @r#"
    rule=stage-logging-disabled severity=high account=111122223333 region=eu-west-1 kind=remediation outcome=failed
    NOT RESTORED: Stage logging: orders/prod (111122223333)

    NOT RESTORED: Stage logging: stage prod, REST API a1b2c3d4e5 (orders).

    Done:        NOT put back: it cannot be done, and nothing was written
    Would set:   /*/*/logging/loglevel: OFF -> INFO
    Would set:   /accessLogSettings/destinationArn: (not set) -> arn:aws:logs:eu-west-1:111122223333:log-group:orders
    Would set:   /accessLogSettings/format: (not set) -> {"id":"$context.requestId"}
    Reason:      the stage does not exist any more
    Note:        data trace of `*/*` was on before and stays off: it writes bodies to the log
    Remediation: restore-stage-logging-3f94aac68ec68d1e
    Policy:      restore-logging-in-prod

    What:        Stage logging disabled
    Who:         arn:aws:iam::111122223333:role/Developer
    Where:       stage prod, REST API a1b2c3d4e5 (orders), account 111122223333, eu-west-1
    Change made: 2026-11-02T10:11:12Z (UTC)
    As of:       2026-11-02T10:21:12Z (UTC)

    Next:        First ask the principal whether it was meant, and look at what else the same session did. If it was not meant, put it back with the commands below.

    Links:       sign in to account 111122223333 first
    API Gateway: https://eu-west-1.console.aws.amazon.com/apigateway/main/apis/a1b2c3d4e5/stages?api=a1b2c3d4e5&region=eu-west-1
    CloudTrail:  https://eu-west-1.console.aws.amazon.com/cloudtrailv2/home?region=eu-west-1#/events/90c72977-31e0-4079-9a74-ee25e5d7aadf
    Event:       90c72977-31e0-4079-9a74-ee25e5d7aadf
    Finding:     3f2a9c0d1b4e5f60

    By hand:     to put it back, in a POSIX shell with credentials of account 111122223333:
        aws apigateway update-stage --region eu-west-1 --rest-api-id a1b2c3d4e5 --stage-name prod --patch-operations '[{"op":"replace","path":"/*/*/logging/loglevel","value":"INFO"},{"op":"replace","path":"/accessLogSettings/destinationArn","value":"arn:aws:logs:eu-west-1:111122223333:log-group:orders"},{"op":"replace","path":"/accessLogSettings/format","value":"{\"id\":\"$context.requestId\"}"}]'

    In code:     CloudFormation (AWS::ApiGateway::Stage), so that the next deployment does not take it away again:
        MethodSettings:
          - ResourcePath: "/*"
            HttpMethod: "*"
            LoggingLevel: "INFO"
        AccessLogSetting:
          DestinationArn: "arn:aws:logs:eu-west-1:111122223333:log-group:orders"
          Format: "{\"id\":\"$context.requestId\"}"

    In code:     CDK (apigateway.Stage), so that the next deployment does not take it away again:
        // properties of the Stage, or deployOptions of the RestApi:
        loggingLevel: apigateway.MethodLoggingLevel.INFO,
        // once the Stage is made:
        (stage.node.defaultChild as apigateway.CfnStage).addPropertyOverride("AccessLogSetting", {"DestinationArn":"arn:aws:logs:eu-west-1:111122223333:log-group:orders","Format":"{\"id\":\"$context.requestId\"}"});

    In code:     Terraform (aws_api_gateway_stage and its method settings), so that the next deployment does not take it away again:
        # in aws_api_gateway_method_settings:
        method_path = "*/*"
        settings {
          logging_level = "INFO"
        }
        # in aws_api_gateway_stage:
        access_log_settings {
          destination_arn = "arn:aws:logs:eu-west-1:111122223333:log-group:orders"
          format = "{\"id\":\"$context.requestId\"}"
        }

    --- remediation (JSON)
    {"id":"restore-stage-logging-3f94aac68ec68d1e","remediation":"restore-stage-logging","state":"failed","account":"111122223333","region":"eu-west-1","api":{"id":"a1b2c3d4e5","type":"REST","name":"orders"},"stage":"prod","finding_id":"3f2a9c0d1b4e5f60","event_id":"90c72977-31e0-4079-9a74-ee25e5d7aadf","changes":[{"path":"/*/*/logging/loglevel","before":"OFF","after":"INFO"},{"path":"/accessLogSettings/destinationArn","before":null,"after":"arn:aws:logs:eu-west-1:111122223333:log-group:orders"},{"path":"/accessLogSettings/format","before":null,"after":"{\"id\":\"$context.requestId\"}"}],"exposure":null,"reasons":["the stage does not exist any more"]}
    "#);
}

#[test]
fn subjects_say_what_came_of_it() {
    let subject = |report: &Report| {
        let entry = Entry {
            remediation: report.remediation,
            thing: thing(None),
            ..entry(State::Attempted)
        };
        of_remediation(&entry, report, Kind::Remediation).subject
    };
    let paging = Report {
        pages: true,
        ..report(Ending::Attempted)
    };
    let waiting = Ending::Awaiting { deadline: 0 };
    let subjects = [
        subject(&report(Ending::Undone)),
        subject(&paging),
        subject(&report(waiting.clone())),
        subject(&private(Ending::Verified, live(), vec![redeploy(waiting)])),
        subject(&private(Ending::Verified, Exposure::Armed, Vec::new())),
        subject(&redeploy(Ending::Verified)),
        subject(&redeploy(Ending::WillRetry)),
    ];
    insta::assert_snapshot!(subjects.join("\n"), @r#"
    UNDONE: Stage logging: orders (111122223333)
    CRITICAL: NOT VERIFIED: Stage logging: orders (111122223333)
    APPROVAL NEEDED: Stage logging: orders (111122223333)
    RESTORED, STILL PUBLISHED: Private API: orders (111122223333)
    RESTORED: Private API: orders (111122223333)
    REDEPLOYED: API that had been made public: orders (111122223333)
    NOT REDEPLOYED: API that had been made public: orders (111122223333)
    "#);
}
