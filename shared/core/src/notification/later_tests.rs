//! Later messages about remediations.

use super::testing::{contain, live, logging, private, redeploy, report, thing, whole};
use super::*;
use crate::finding::Confidence;
use crate::remediation::ledger::{Given, State};
use crate::remediation::publication::Exposure;
use crate::remediation::report::Commanded;
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
        budget_spent: false,
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
    Undo:        portcullis undo restore-stage-logging-3f94aac68ec68d1e brings the bad settings back (within 24 hours)
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

    Next:        First ask the people behind the principal, not over a channel it controls, whether it was meant, and look at what else the same session did. If it was not meant, put it back with the commands below.

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
        subject(&contain(Ending::Undone, "prod")),
        subject(&contain(Ending::Verified, "prod")),
        subject(&undo(Ending::Attempted)),
        subject(&undo(Ending::WillRetry)),
        subject(&paging),
        subject(&report(waiting.clone())),
        subject(&private(
            Ending::Verified,
            live(),
            vec![redeploy(waiting, "prod")],
        )),
        subject(&private(Ending::Verified, Exposure::Armed, Vec::new())),
        subject(&redeploy(Ending::Verified, "prod")),
        subject(&redeploy(Ending::WillRetry, "prod")),
    ];
    insta::assert_snapshot!(subjects.join("\n"), @r#"
    RESTORE UNDONE: Stage logging: orders (111122223333)
    STAGES OPEN AGAIN: API that was made public: orders (111122223333)
    CONTAINED: API that was made public: orders (111122223333)
    CRITICAL: UNDO NOT VERIFIED: Stage logging: orders (111122223333)
    NOT UNDONE: Stage logging: orders (111122223333)
    CRITICAL: NOT VERIFIED: Stage logging: orders (111122223333)
    APPROVAL NEEDED: Stage logging: orders (111122223333)
    RESTORED, STILL PUBLISHED: Private API: orders (111122223333)
    RESTORED: Private API: orders (111122223333)
    REDEPLOYED: API that had been made public: orders (111122223333)
    NOT REDEPLOYED: API that had been made public: orders (111122223333)
    "#);
}

/// Logging that a person wants taken back.
fn undo(ending: Ending) -> Report {
    Report {
        commanded: Some(Commanded::Undo),
        pages: ending == Ending::Attempted,
        ..report(ending)
    }
}

/// What a later message says was done and is to do, and its JSON's changes.
fn said(report: &Report) -> String {
    let entry = Entry {
        remediation: report.remediation,
        ..entry(State::Undone)
    };
    let body = of_remediation(&entry, report, Kind::Remediation).body;
    let is_shown = |line: &&str| {
        let labels = [
            "Somebody has to look now:",
            "Done:",
            "Redeploy:",
            "Contain:",
            "Set back:",
            "Would set:",
            "Tried:",
            "Undo:",
            "Next:",
            "By hand:",
            "In code:",
        ];
        labels.iter().any(|label| line.starts_with(label))
    };
    let mut lines: Vec<&str> = body.lines().filter(is_shown).collect();
    let json: serde_json::Value = serde_json::from_str(body.lines().last().unwrap()).unwrap();
    let first = json["changes"][0].to_string();
    lines.push(&first);
    lines.join("\n")
}

#[test]
fn an_undo_is_told_the_other_way_round() {
    insta::assert_snapshot!(said(&report(Ending::Undone)), @r#"
    Done:        the restore was taken back and read back: the settings are again as the change left them
    Set back:    /*/*/logging/loglevel: INFO -> OFF
    Set back:    /accessLogSettings/destinationArn: arn:aws:logs:eu-west-1:111122223333:log-group:orders -> (not set)
    Set back:    /accessLogSettings/format: {"id":"$context.requestId"} -> (not set)
    {"path":"/*/*/logging/loglevel","before":"INFO","after":"OFF"}
    "#);
    insta::assert_snapshot!(said(&undo(Ending::Attempted)), @r#"
    Somebody has to look now: the undo of restore-stage-logging was attempted and is not verified.
    Done:        the undo was attempted, NOT verified: what was read back is not what was wanted, or could not be read
    Tried:       /*/*/logging/loglevel: INFO -> OFF
    Tried:       /accessLogSettings/destinationArn: arn:aws:logs:eu-west-1:111122223333:log-group:orders -> (not set)
    Tried:       /accessLogSettings/format: {"id":"$context.requestId"} -> (not set)
    Undo:        portcullis undo restore-stage-logging-3f94aac68ec68d1e brings the bad settings back (within 24 hours)
    Next:        Look at the live settings: some of what was put back may be taken back. Give the command again, or set by hand what is not as it should be.
    {"path":"/*/*/logging/loglevel","before":"INFO","after":"OFF"}
    "#);
    insta::assert_snapshot!(said(&undo(Ending::WillRetry)), @r#"
    Done:        NOT taken back yet: it could not be done; give the command again (portcullis undo restore-stage-logging-3f94aac68ec68d1e)
    Would set:   /*/*/logging/loglevel: INFO -> OFF
    Would set:   /accessLogSettings/destinationArn: arn:aws:logs:eu-west-1:111122223333:log-group:orders -> (not set)
    Would set:   /accessLogSettings/format: {"id":"$context.requestId"} -> (not set)
    {"path":"/*/*/logging/loglevel","before":"INFO","after":"OFF"}
    "#);
    insta::assert_snapshot!(said(&contain(Ending::Undone, "prod")), @r#"
    Done:        the request limit was taken back and read back: the stage has the limits that it had before
    Set back:    /*/*/throttling/rateLimit: 0 -> 10000
    Set back:    /*/*/throttling/burstLimit: 0 -> 5000
    {"path":"/*/*/throttling/rateLimit","before":"0","after":"10000"}
    "#);
}

#[test]
fn what_a_person_commanded_is_not_tried_again_by_itself() {
    let approved = |report: Report| Report {
        commanded: Some(Commanded::Approve),
        ..report
    };
    insta::assert_snapshot!(said(&approved(report(Ending::WillRetry))), @r#"
    Done:        NOT put back yet: it could not be done; give the command again (portcullis approve restore-stage-logging-3f94aac68ec68d1e)
    Would set:   /*/*/logging/loglevel: OFF -> INFO
    Would set:   /accessLogSettings/destinationArn: (not set) -> arn:aws:logs:eu-west-1:111122223333:log-group:orders
    Would set:   /accessLogSettings/format: (not set) -> {"id":"$context.requestId"}
    By hand:     to put it back, in a POSIX shell with credentials of account 111122223333:
    In code:     CloudFormation (AWS::ApiGateway::Stage), so that the next deployment does not take it away again:
    In code:     CDK (apigateway.Stage), so that the next deployment does not take it away again:
    In code:     Terraform (aws_api_gateway_stage and its method settings), so that the next deployment does not take it away again:
    {"path":"/*/*/logging/loglevel","before":"OFF","after":"INFO"}
    "#);
    let followed = private(
        Ending::Verified,
        live(),
        vec![redeploy(Ending::WillRetry, "prod")],
    );
    insta::assert_snapshot!(said(&approved(followed)), @r#"
    Done:        put back and read back: as it was
    Undo:        portcullis undo restore-private-endpoint-d92efadf9901f9b7 prints the calls that bring the bad settings back (within 24 hours)
    Redeploy:    NOT done: it could not be, and nothing tries it again; use the commands below
    Next:        The settings are private again, what is published is not: deploy the restored API, or close the stages. Then ask the people behind the principal, not over a channel it controls, whether it was meant, and look at what else the same session did.
    By hand:     to deploy the restored API, in a POSIX shell with credentials of account 111122223333:
    In code:     CloudFormation (AWS::ApiGateway::RestApi), so that the next deployment does not take it away again:
    In code:     CDK (apigateway.RestApi), so that the next deployment does not take it away again:
    In code:     Terraform (aws_api_gateway_rest_api), so that the next deployment does not take it away again:
    {"path":"/policy","before":"{}","after":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"execute-api:Invoke\",\"Resource\":\"*\",\"Condition\":{\"StringEquals\":{\"aws:SourceVpce\":\"vpce-0a1b2c3d4e5f60718\"}}}]}"}
    "#);
}

#[test]
fn what_is_left_to_do_is_said() {
    let waiting = Ending::Awaiting { deadline: 0 };
    let open = private(Ending::Verified, live(), vec![redeploy(waiting, "prod")]);
    insta::assert_snapshot!(said(&open), @r#"
    Done:        put back and read back: as it was
    Undo:        portcullis undo restore-private-endpoint-d92efadf9901f9b7 prints the calls that bring the bad settings back (within 24 hours)
    Redeploy:    not done yet: it waits for approval until 1970-01-01T00:00:00Z (UTC)
    Next:        The settings are private again, what is published is not: read the reasons above and approve what waits for it (redeploy). Then ask the people behind the principal, not over a channel it controls, whether it was meant, and look at what else the same session did.
    By hand:     to deploy the restored API, in a POSIX shell with credentials of account 111122223333:
    In code:     CloudFormation (AWS::ApiGateway::RestApi), so that the next deployment does not take it away again:
    In code:     CDK (apigateway.RestApi), so that the next deployment does not take it away again:
    In code:     Terraform (aws_api_gateway_rest_api), so that the next deployment does not take it away again:
    {"path":"/policy","before":"{}","after":"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"execute-api:Invoke\",\"Resource\":\"*\",\"Condition\":{\"StringEquals\":{\"aws:SourceVpce\":\"vpce-0a1b2c3d4e5f60718\"}}}]}"}
    "#);
    insta::assert_snapshot!(said(&contain(Ending::Verified, "prod")), @r#"
    Done:        request limit set to 0 and read back: the stage refuses every request until this is undone
    Undo:        portcullis undo contain-572b4202d49a8dee takes the request limit back (within 24 hours)
    Next:        The settings are private again and the stages are closed to everybody: deploy the restored API, then take the request limit back (portcullis undo contain-572b4202d49a8dee). Then ask the people behind the principal, not over a channel it controls, whether it was meant, and look at what else the same session did.
    {"path":"/*/*/throttling/rateLimit","before":"10000","after":"0"}
    "#);
    let limited = Report {
        follow_ups: vec![contain(Ending::Verified, "prod")],
        ..redeploy(Ending::Verified, "prod")
    };
    insta::assert_snapshot!(said(&limited), @r#"
    Done:        deployed again and read back: the stage serves a deployment of the restored API
    Contain:     request limit set to 0 and read back: the stage refuses every request until this is undone
    Undo:        portcullis undo contain-572b4202d49a8dee takes the request limit back (within 24 hours)
    Next:        The settings are private again and the stages are closed to everybody: take the request limit back (portcullis undo contain-572b4202d49a8dee). Then ask the people behind the principal, not over a channel it controls, whether it was meant, and look at what else the same session did.
    {"path":"/deploymentId","before":"x1y2z3","after":"a new deployment of the restored draft"}
    "#);
}

#[test]
fn only_what_is_over_is_resolved() {
    let restored = |follow_ups| private(Ending::Verified, live(), follow_ups);
    let redeployed = |follow_ups| Report {
        follow_ups,
        ..redeploy(Ending::Verified, "prod")
    };
    let both = |report: fn(Ending, &str) -> Report, ending: Ending| {
        ["prod", "beta"]
            .map(|stage| report(ending.clone(), stage))
            .to_vec()
    };
    let lifted = || contain(Ending::Undone, "prod");
    let cases = [
        (report(Ending::Verified), Kind::Resolved),
        (
            private(Ending::Verified, Exposure::Armed, Vec::new()),
            Kind::Resolved,
        ),
        (
            restored(
                [
                    both(redeploy, Ending::Verified),
                    both(contain, Ending::Undone),
                ]
                .concat(),
            ),
            Kind::Resolved,
        ),
        (redeployed(vec![lifted()]), Kind::Resolved),
        // Every caller gets 429.
        (contain(Ending::Verified, "prod"), Kind::Remediation),
        (restored(both(contain, Ending::Verified)), Kind::Remediation),
        (
            redeployed(vec![contain(Ending::Attempted, "prod")]),
            Kind::Remediation,
        ),
        // Still published.
        (restored(Vec::new()), Kind::Remediation),
        (report(Ending::Undone), Kind::Remediation),
        (report(Ending::Attempted), Kind::Remediation),
        (report(Ending::Failed), Kind::Remediation),
        (report(Ending::Awaiting { deadline: 0 }), Kind::Approval),
    ];
    for (report, kind) in cases {
        assert_eq!(Kind::later(&report), kind, "{report:?}");
    }
}

#[test]
fn who_gave_a_command_without_a_name_is_where_it_may_be() {
    let entry = Entry {
        undone: Some(Given {
            by: None,
            at: 1_793_614_860,
        }),
        ..entry(State::Undone)
    };
    let body = of_remediation(&entry, &report(Ending::Undone), Kind::Remediation).body;
    let line = "\nUndo asked:  2026-11-02T10:21:00Z (UTC) by nobody named: CloudTrail has the caller if \
                data events of Lambda are recorded\n";
    assert!(body.contains(line), "{body}");
}
