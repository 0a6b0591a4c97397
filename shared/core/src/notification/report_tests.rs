//! What the message about a finding says of its remediation.

use super::testing::{known, live, private, public, redeploy, report, whole};
use super::*;
use crate::remediation::{Mode, Remediation};

/// 2026-11-03T10:11:40Z.
const DEADLINE: i64 = 1_793_700_700;

#[test]
fn verified() {
    let message = of_finding(&known(), Some(&report(Ending::Verified)), false);
    insta::assert_snapshot!(whole(&message), @r#"
    rule=stage-logging-disabled severity=high account=111122223333 region=eu-west-1 kind=finding outcome=verified
    HIGH: Stage logging disabled: orders/prod (111122223333), restored

    HIGH: stage `prod` of REST API `orders` (a1b2c3d4e5): execution logging of every method is off; access logging is off.

    Done:        put back and read back: as it was, but for what the notes say
    Restored:    /*/*/logging/loglevel: OFF -> INFO
    Restored:    /accessLogSettings/destinationArn: (not set) -> arn:aws:logs:eu-west-1:111122223333:log-group:orders
    Restored:    /accessLogSettings/format: (not set) -> {"id":"$context.requestId"}
    Note:        data trace of `*/*` was on before and stays off: it writes bodies to the log
    Undo:        portcullis undo restore-stage-logging-3f94aac68ec68d1e brings the bad settings back (within 24 hours)
    Remediation: restore-stage-logging-3f94aac68ec68d1e
    Policy:      restore-logging-in-prod

    What:        Stage logging disabled
    Who:         arn:aws:sts::111122223333:assumed-role/Developer/mallory (AssumedRole, role arn:aws:iam::111122223333:role/Developer)
    From:        192.0.2.10
    Where:       stage prod, REST API a1b2c3d4e5 (orders), account 111122223333, eu-west-1
    When:        2026-11-02T10:11:12Z (UTC)
    How:         UpdateStage, with the AWS command line
    User agent:  aws-cli/2.15.0 md/Botocore#1.34 (typed by the caller)
    Changed:     /*/*/logging/loglevel: INFO -> OFF
    Changed:     /accessLogSettings: arn:aws:logs:eu-west-1:111122223333:log-group:orders -> (not set)
    Confidence:  high: before and after are known, or the call can mean nothing else

    Next:        Nothing is left to put back. Still, ask the people behind the principal, not over a channel it controls, whether it was meant, and look at what else the same session did.
    Harmless if: terraform destroy of aws_api_gateway_method_settings removes the whole key; teams that switch execution logging off for cost once access logs exist

    Links:       sign in to account 111122223333 first
    API Gateway: https://eu-west-1.console.aws.amazon.com/apigateway/main/apis/a1b2c3d4e5/stages?api=a1b2c3d4e5&region=eu-west-1
    CloudTrail:  https://eu-west-1.console.aws.amazon.com/cloudtrailv2/home?region=eu-west-1#/events/90c72977-31e0-4079-9a74-ee25e5d7aadf
    Events:      90c72977-31e0-4079-9a74-ee25e5d7aadf
    Finding:     3f2a9c0d1b4e5f60
    Rule:        stage-logging-disabled, see docs/rules.md

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

    --- finding (JSON)
    {"id":"3f2a9c0d1b4e5f60","rule":"stage-logging-disabled","title":"Stage logging disabled","severity":"high","confidence":"high","time":"2026-11-02T10:11:12Z","account":"111122223333","region":"eu-west-1","api":{"id":"a1b2c3d4e5","type":"REST","name":"orders"},"stage":"prod","principal":{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/Developer/mallory","session_issuer":"arn:aws:iam::111122223333:role/Developer"},"source_ip":"192.0.2.10","user_agent":"aws-cli/2.15.0 md/Botocore#1.34","driver":"cli","event_ids":["90c72977-31e0-4079-9a74-ee25e5d7aadf"],"event_name":"UpdateStage","summary":"stage `prod` of REST API `orders` (a1b2c3d4e5): execution logging of every method is off; access logging is off","changes":[{"path":"/*/*/logging/loglevel","before":"INFO","after":"OFF"},{"path":"/accessLogSettings","before":"arn:aws:logs:eu-west-1:111122223333:log-group:orders","after":null}],"window":null,"decision":{"mode":"auto","remediation":"restore-stage-logging","reason":"put back and read back: as it was, but for what the notes say","id":"restore-stage-logging-3f94aac68ec68d1e","outcome":"verified"}}
    "#);
}

#[test]
fn described() {
    let report = Report {
        id: None,
        asked: Mode::Notify,
        mode: Mode::Notify,
        reasons: vec!["mode notify: no more is asked for".to_owned()],
        policies: Vec::new(),
        ..report(Ending::Described)
    };
    let message = of_finding(&known(), Some(&report), false);
    insta::assert_snapshot!(whole(&message), @r#"
    rule=stage-logging-disabled severity=high account=111122223333 region=eu-west-1 kind=finding
    HIGH: Stage logging disabled: orders/prod (111122223333)

    HIGH: stage `prod` of REST API `orders` (a1b2c3d4e5): execution logging of every method is off; access logging is off.

    Done:        nothing was put back; the commands below do it (restore-stage-logging, mode notify)
    Would set:   /*/*/logging/loglevel: OFF -> INFO
    Would set:   /accessLogSettings/destinationArn: (not set) -> arn:aws:logs:eu-west-1:111122223333:log-group:orders
    Would set:   /accessLogSettings/format: (not set) -> {"id":"$context.requestId"}
    Reason:      mode notify: no more is asked for
    Note:        data trace of `*/*` was on before and stays off: it writes bodies to the log

    What:        Stage logging disabled
    Who:         arn:aws:sts::111122223333:assumed-role/Developer/mallory (AssumedRole, role arn:aws:iam::111122223333:role/Developer)
    From:        192.0.2.10
    Where:       stage prod, REST API a1b2c3d4e5 (orders), account 111122223333, eu-west-1
    When:        2026-11-02T10:11:12Z (UTC)
    How:         UpdateStage, with the AWS command line
    User agent:  aws-cli/2.15.0 md/Botocore#1.34 (typed by the caller)
    Changed:     /*/*/logging/loglevel: INFO -> OFF
    Changed:     /accessLogSettings: arn:aws:logs:eu-west-1:111122223333:log-group:orders -> (not set)
    Confidence:  high: before and after are known, or the call can mean nothing else

    Next:        First ask the people behind the principal, not over a channel it controls, whether it was meant, and look at what else the same session did. If it was not meant, put it back with the commands below.
    Harmless if: terraform destroy of aws_api_gateway_method_settings removes the whole key; teams that switch execution logging off for cost once access logs exist

    Links:       sign in to account 111122223333 first
    API Gateway: https://eu-west-1.console.aws.amazon.com/apigateway/main/apis/a1b2c3d4e5/stages?api=a1b2c3d4e5&region=eu-west-1
    CloudTrail:  https://eu-west-1.console.aws.amazon.com/cloudtrailv2/home?region=eu-west-1#/events/90c72977-31e0-4079-9a74-ee25e5d7aadf
    Events:      90c72977-31e0-4079-9a74-ee25e5d7aadf
    Finding:     3f2a9c0d1b4e5f60
    Rule:        stage-logging-disabled, see docs/rules.md

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

    --- finding (JSON)
    {"id":"3f2a9c0d1b4e5f60","rule":"stage-logging-disabled","title":"Stage logging disabled","severity":"high","confidence":"high","time":"2026-11-02T10:11:12Z","account":"111122223333","region":"eu-west-1","api":{"id":"a1b2c3d4e5","type":"REST","name":"orders"},"stage":"prod","principal":{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/Developer/mallory","session_issuer":"arn:aws:iam::111122223333:role/Developer"},"source_ip":"192.0.2.10","user_agent":"aws-cli/2.15.0 md/Botocore#1.34","driver":"cli","event_ids":["90c72977-31e0-4079-9a74-ee25e5d7aadf"],"event_name":"UpdateStage","summary":"stage `prod` of REST API `orders` (a1b2c3d4e5): execution logging of every method is off; access logging is off","changes":[{"path":"/*/*/logging/loglevel","before":"INFO","after":"OFF"},{"path":"/accessLogSettings","before":"arn:aws:logs:eu-west-1:111122223333:log-group:orders","after":null}],"window":null,"decision":{"mode":"notify","remediation":"restore-stage-logging","reason":"mode notify: no more is asked for"}}
    "#);
}

#[test]
#[expect(clippy::too_many_lines, reason = "a whole message")]
fn live_with_a_deployment_that_waits_for_approval() {
    let waiting = Ending::Awaiting { deadline: DEADLINE };
    let waiting = ["prod", "beta"].map(|stage| redeploy(waiting.clone(), stage));
    let report = private(Ending::Verified, live(), waiting.to_vec());
    let message = of_finding(&public(), Some(&report), false);
    insta::assert_snapshot!(whole(&message), @r#"
    rule=private-api-made-public severity=critical account=111122223333 region=eu-west-1 kind=finding outcome=awaiting
    CRITICAL: Private API made public: orders (111122223333), still published

    CRITICAL: REST API `orders` (a1b2c3d4e5): its endpoint is REGIONAL now and was PRIVATE.

    Done:        put back and read back: as it was
    Exposure:    LIVE: published at 2026-11-02T10:11:30Z (UTC) or earlier, by stages prod, beta
    Exposure:    now: treat stages prod, beta as public
    Restored:    /policy: {} -> {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"*","Condition":{"StringEquals":{"aws:SourceVpce":"vpce-0a1b2c3d4e5f60718"}}}]}
    Restored:    /endpointConfiguration/types/0: REGIONAL -> PRIVATE
    Restored:    /endpointConfiguration/vpcEndpointIds/0: (not set) -> vpce-0a1b2c3d4e5f60718
    Undo:        portcullis undo restore-private-endpoint-d92efadf9901f9b7 prints the calls that bring the bad settings back (within 24 hours)
    Remediation: restore-private-endpoint-d92efadf9901f9b7
    Policy:      restore-private

    Redeploy:    stage prod: not done yet: it waits for approval until 2026-11-03T10:11:40Z (UTC)
    To deploy:   /deploymentId: x1y2z3 -> a new deployment of the restored draft
    Mode:        approve, lowered from auto
    Reason:      the draft is not what was last published: `GET /pets` was changed
    Approve:     portcullis approve redeploy-914fadc8b280fb47 (credentials and Region of the account of Portcullis)
    Remediation: redeploy-914fadc8b280fb47

    Redeploy:    stage beta: not done yet: it waits for approval until 2026-11-03T10:11:40Z (UTC)
    To deploy:   /deploymentId: x1y2z3 -> a new deployment of the restored draft
    Mode:        approve, lowered from auto
    Reason:      the draft is not what was last published: `GET /pets` was changed
    Approve:     portcullis approve redeploy-3818966e3cd65afb (credentials and Region of the account of Portcullis)
    Remediation: redeploy-3818966e3cd65afb

    What:        Private API made public
    Who:         arn:aws:sts::111122223333:assumed-role/Developer/mallory (AssumedRole, role arn:aws:iam::111122223333:role/Developer)
    From:        192.0.2.10
    Where:       REST API a1b2c3d4e5 (orders), account 111122223333, eu-west-1
    When:        2026-11-02T10:11:12Z (UTC)
    How:         UpdateRestApi, with the AWS command line
    User agent:  aws-cli/2.15.0 md/Botocore#1.34 (typed by the caller)
    Changed:     /endpointConfiguration/types/PRIVATE: PRIVATE -> REGIONAL
    Confidence:  high: before and after are known, or the call can mean nothing else

    Next:        The settings are private again, what is published is not: read the reasons above and approve what waits for it (redeploy). Then ask the people behind the principal, not over a channel it controls, whether it was meant, and look at what else the same session did.
    Harmless if: a planned migration from private to Regional

    Links:       sign in to account 111122223333 first
    API Gateway: https://eu-west-1.console.aws.amazon.com/apigateway/main/apis/a1b2c3d4e5/resources?api=a1b2c3d4e5&region=eu-west-1
    CloudTrail:  https://eu-west-1.console.aws.amazon.com/cloudtrailv2/home?region=eu-west-1#/events/90c72977-31e0-4079-9a74-ee25e5d7aadf
    Events:      90c72977-31e0-4079-9a74-ee25e5d7aadf
    Finding:     3f2a9c0d1b4e5f60
    Rule:        private-api-made-public, see docs/rules.md

    By hand:     to deploy the restored API, in a POSIX shell with credentials of account 111122223333:
        aws apigateway create-deployment --region eu-west-1 --rest-api-id a1b2c3d4e5 --stage-name prod

    By hand:     to deploy the restored API, in a POSIX shell with credentials of account 111122223333:
        aws apigateway create-deployment --region eu-west-1 --rest-api-id a1b2c3d4e5 --stage-name beta

    In code:     CloudFormation (AWS::ApiGateway::RestApi), so that the next deployment does not take it away again:
        EndpointConfiguration:
          Types: ["PRIVATE"]
          VpcEndpointIds: ["vpce-0a1b2c3d4e5f60718"]
          IpAddressType: "dualstack"
        Policy: {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"*","Condition":{"StringEquals":{"aws:SourceVpce":"vpce-0a1b2c3d4e5f60718"}}}]}

    In code:     CDK (apigateway.RestApi), so that the next deployment does not take it away again:
        (api.node.defaultChild as apigateway.CfnRestApi).addPropertyOverride("EndpointConfiguration", {"Types":["PRIVATE"],"VpcEndpointIds":["vpce-0a1b2c3d4e5f60718"],"IpAddressType":"dualstack"});
        (api.node.defaultChild as apigateway.CfnRestApi).addPropertyOverride("Policy", {"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke","Resource":"*","Condition":{"StringEquals":{"aws:SourceVpce":"vpce-0a1b2c3d4e5f60718"}}}]});

    In code:     Terraform (aws_api_gateway_rest_api), so that the next deployment does not take it away again:
        endpoint_configuration {
          types = ["PRIVATE"]
          vpc_endpoint_ids = ["vpce-0a1b2c3d4e5f60718"]
          ip_address_type = "dualstack"
        }
        policy = "{\"Version\":\"2012-10-17\",\"Statement\":[{\"Effect\":\"Allow\",\"Principal\":\"*\",\"Action\":\"execute-api:Invoke\",\"Resource\":\"*\",\"Condition\":{\"StringEquals\":{\"aws:SourceVpce\":\"vpce-0a1b2c3d4e5f60718\"}}}]}"

    --- finding (JSON)
    {"id":"3f2a9c0d1b4e5f60","rule":"private-api-made-public","title":"Private API made public","severity":"critical","confidence":"high","time":"2026-11-02T10:11:12Z","account":"111122223333","region":"eu-west-1","api":{"id":"a1b2c3d4e5","type":"REST","name":"orders"},"stage":null,"principal":{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/Developer/mallory","session_issuer":"arn:aws:iam::111122223333:role/Developer"},"source_ip":"192.0.2.10","user_agent":"aws-cli/2.15.0 md/Botocore#1.34","driver":"cli","event_ids":["90c72977-31e0-4079-9a74-ee25e5d7aadf"],"event_name":"UpdateRestApi","summary":"REST API `orders` (a1b2c3d4e5): its endpoint is REGIONAL now and was PRIVATE","changes":[{"path":"/endpointConfiguration/types/PRIVATE","before":"PRIVATE","after":"REGIONAL"}],"window":null,"decision":{"mode":"auto","remediation":"restore-private-endpoint","reason":"put back and read back: as it was","id":"restore-private-endpoint-d92efadf9901f9b7","outcome":"verified"}}
    "#);
}

#[test]
fn attempted_pages() {
    let report = Report {
        reasons: vec!["not as wanted when read back: /*/*/logging/loglevel".to_owned()],
        pages: true,
        ..report(Ending::Attempted)
    };
    let message = of_finding(&known(), Some(&report), false);
    insta::assert_snapshot!(whole(&message), @r#"
    rule=stage-logging-disabled severity=critical account=111122223333 region=eu-west-1 kind=finding outcome=attempted
    CRITICAL: Stage logging disabled: orders/prod (111122223333), restore NOT verified

    CRITICAL: stage `prod` of REST API `orders` (a1b2c3d4e5): execution logging of every method is off; access logging is off.
    Somebody has to look now: restore-stage-logging was attempted and is not verified.

    Done:        attempted, NOT verified: what was read back is not what was wanted, or could not be read
    Tried:       /*/*/logging/loglevel: OFF -> INFO
    Tried:       /accessLogSettings/destinationArn: (not set) -> arn:aws:logs:eu-west-1:111122223333:log-group:orders
    Tried:       /accessLogSettings/format: (not set) -> {"id":"$context.requestId"}
    Reason:      not as wanted when read back: /*/*/logging/loglevel
    Note:        data trace of `*/*` was on before and stays off: it writes bodies to the log
    Undo:        portcullis undo restore-stage-logging-3f94aac68ec68d1e brings the bad settings back (within 24 hours)
    Remediation: restore-stage-logging-3f94aac68ec68d1e
    Policy:      restore-logging-in-prod

    What:        Stage logging disabled
    Who:         arn:aws:sts::111122223333:assumed-role/Developer/mallory (AssumedRole, role arn:aws:iam::111122223333:role/Developer)
    From:        192.0.2.10
    Where:       stage prod, REST API a1b2c3d4e5 (orders), account 111122223333, eu-west-1
    When:        2026-11-02T10:11:12Z (UTC)
    How:         UpdateStage, with the AWS command line
    User agent:  aws-cli/2.15.0 md/Botocore#1.34 (typed by the caller)
    Changed:     /*/*/logging/loglevel: INFO -> OFF
    Changed:     /accessLogSettings: arn:aws:logs:eu-west-1:111122223333:log-group:orders -> (not set)
    Confidence:  high: before and after are known, or the call can mean nothing else

    Next:        Look at the live settings and put back by hand what is not as it was. Then ask the people behind the principal, not over a channel it controls, whether it was meant, and look at what else the same session did.
    Harmless if: terraform destroy of aws_api_gateway_method_settings removes the whole key; teams that switch execution logging off for cost once access logs exist

    Links:       sign in to account 111122223333 first
    API Gateway: https://eu-west-1.console.aws.amazon.com/apigateway/main/apis/a1b2c3d4e5/stages?api=a1b2c3d4e5&region=eu-west-1
    CloudTrail:  https://eu-west-1.console.aws.amazon.com/cloudtrailv2/home?region=eu-west-1#/events/90c72977-31e0-4079-9a74-ee25e5d7aadf
    Events:      90c72977-31e0-4079-9a74-ee25e5d7aadf
    Finding:     3f2a9c0d1b4e5f60
    Rule:        stage-logging-disabled, see docs/rules.md

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

    --- finding (JSON)
    {"id":"3f2a9c0d1b4e5f60","rule":"stage-logging-disabled","title":"Stage logging disabled","severity":"high","confidence":"high","time":"2026-11-02T10:11:12Z","account":"111122223333","region":"eu-west-1","api":{"id":"a1b2c3d4e5","type":"REST","name":"orders"},"stage":"prod","principal":{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/Developer/mallory","session_issuer":"arn:aws:iam::111122223333:role/Developer"},"source_ip":"192.0.2.10","user_agent":"aws-cli/2.15.0 md/Botocore#1.34","driver":"cli","event_ids":["90c72977-31e0-4079-9a74-ee25e5d7aadf"],"event_name":"UpdateStage","summary":"stage `prod` of REST API `orders` (a1b2c3d4e5): execution logging of every method is off; access logging is off","changes":[{"path":"/*/*/logging/loglevel","before":"INFO","after":"OFF"},{"path":"/accessLogSettings","before":"arn:aws:logs:eu-west-1:111122223333:log-group:orders","after":null}],"window":null,"decision":{"mode":"auto","remediation":"restore-stage-logging","reason":"not as wanted when read back: /*/*/logging/loglevel","id":"restore-stage-logging-3f94aac68ec68d1e","outcome":"attempted"}}
    "#);
}

#[test]
fn the_decision_tells_what_came_of_it() {
    let message = of_finding(&known(), Some(&report(Ending::Verified)), false);
    let json = message.body.lines().last().unwrap();
    let json: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!(
        json["decision"],
        serde_json::json!({
            "mode": "auto",
            "remediation": "restore-stage-logging",
            "reason": "put back and read back: as it was, but for what the notes say",
            "id": "restore-stage-logging-3f94aac68ec68d1e",
            "outcome": "verified",
        })
    );
    let nothing = Report::nothing(Remediation::Contain, Mode::Off, "one");
    let nothing = Report {
        reasons: vec!["one".to_owned(), "two".to_owned()],
        ..nothing
    };
    let decision = decision(&nothing);
    assert_eq!(
        (decision.mode, decision.reason.as_ref()),
        ("off", "one; two")
    );
    assert_eq!((decision.id, decision.outcome), (None, None));
}
