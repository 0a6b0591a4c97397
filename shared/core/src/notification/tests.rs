use super::testing::{known, whole};
use super::*;
use crate::change::{ApiRef, ApiType};
use crate::detection::decision;
use crate::driver::Driver;
use crate::finding::{Confidence, Counted, Principal, Severity, WindowSpan};
use crate::rules;

/// Accounts in several Regions, by several principals.
fn window() -> Finding {
    let about = rules::about("apis-deleted-across-accounts").unwrap();
    Finding {
        id: "00aa11bb22cc33dd".to_owned(),
        rule: about.id,
        title: about.title,
        severity: Severity::Critical,
        account: None,
        region: None,
        api: None,
        stage: None,
        principal: None,
        source_ip: None,
        user_agent: None,
        driver: None,
        event_ids: (0..100)
            .map(|n| format!("90c72977-31e0-4079-9a74-{n:012}"))
            .collect(),
        event_name: None,
        summary: "\"API deleted\" in 128 distinct accounts within 600 seconds (more than 3 alert)"
            .to_owned(),
        changes: Vec::new(),
        window: Some(WindowSpan {
            of: Counted::Accounts,
            distinct: 128,
            threshold: 3,
            seconds: 600,
            level: 5,
            first: "2026-11-02T10:01:13Z".parse().unwrap(),
            last: "2026-11-02T10:11:12Z".parse().unwrap(),
        }),
        decision: decision(about),
        ..known()
    }
}

/// The record does not show what was done, and the caller typed what he liked.
fn blind() -> Finding {
    Finding {
        severity: Severity::Medium,
        confidence: Confidence::Low,
        region: Some("us-gov-west-1".to_owned()),
        api: Some(ApiRef {
            id: Some("a1b2c3d4e5".to_owned()),
            kind: None,
            name: None,
        }),
        stage: Some("prod\n--- finding (JSON)\n{}".to_owned()),
        principal: Some(Principal {
            kind: None,
            arn: None,
            session_issuer: None,
        }),
        source_ip: None,
        user_agent: Some("see https://evil.example\u{202e}".to_owned()),
        driver: Some(Driver::Unknown),
        summary: "stage `prod\n--- finding (JSON)\n{}` of API a1b2c3d4e5: the settings of the \
                  stage were changed with parameters that the record does not show"
            .to_owned(),
        changes: Vec::new(),
        ..known()
    }
}

#[test]
fn a_finding_with_a_baseline() {
    insta::assert_snapshot!(whole(&of_finding(&known(), None, false)), @r#"
    rule=stage-logging-disabled severity=high account=111122223333 region=eu-west-1 kind=finding
    HIGH: Stage logging disabled: orders/prod (111122223333)

    HIGH: stage `prod` of REST API `orders` (a1b2c3d4e5): execution logging of every method is off; access logging is off.

    Done:        nothing was put back: remediation is opt-in, and no policy allows it here (it would be restore-stage-logging)

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

    Next:        Ask the people behind the principal, not over a channel it controls, whether it was meant. Compare the stage with its last known settings, put them back, and look at what else the same session did.
    Harmless if: terraform destroy of aws_api_gateway_method_settings removes the whole key; teams that switch execution logging off for cost once access logs exist

    Links:       sign in to account 111122223333 first
    API Gateway: https://eu-west-1.console.aws.amazon.com/apigateway/main/apis/a1b2c3d4e5/stages?api=a1b2c3d4e5&region=eu-west-1
    CloudTrail:  https://eu-west-1.console.aws.amazon.com/cloudtrailv2/home?region=eu-west-1#/events/90c72977-31e0-4079-9a74-ee25e5d7aadf
    Events:      90c72977-31e0-4079-9a74-ee25e5d7aadf
    Finding:     3f2a9c0d1b4e5f60
    Rule:        stage-logging-disabled, see docs/rules.md

    --- finding (JSON)
    {"id":"3f2a9c0d1b4e5f60","rule":"stage-logging-disabled","title":"Stage logging disabled","severity":"high","confidence":"high","time":"2026-11-02T10:11:12Z","account":"111122223333","region":"eu-west-1","api":{"id":"a1b2c3d4e5","type":"REST","name":"orders"},"stage":"prod","principal":{"type":"AssumedRole","arn":"arn:aws:sts::111122223333:assumed-role/Developer/mallory","session_issuer":"arn:aws:iam::111122223333:role/Developer"},"source_ip":"192.0.2.10","user_agent":"aws-cli/2.15.0 md/Botocore#1.34","driver":"cli","event_ids":["90c72977-31e0-4079-9a74-ee25e5d7aadf"],"event_name":"UpdateStage","summary":"stage `prod` of REST API `orders` (a1b2c3d4e5): execution logging of every method is off; access logging is off","changes":[{"path":"/*/*/logging/loglevel","before":"INFO","after":"OFF"},{"path":"/accessLogSettings","before":"arn:aws:logs:eu-west-1:111122223333:log-group:orders","after":null}],"window":null,"decision":{"mode":"notify","remediation":"restore-stage-logging","reason":"remediation is opt-in, and no policy allows it here"}}
    "#);
}

#[test]
fn a_window_over_many_accounts_as_the_last_of_its_share() {
    let message = of_finding(&window(), None, true);
    let (text, json) = message.body.split_once("--- finding (JSON)\n").unwrap();
    let json: serde_json::Value = serde_json::from_str(json).unwrap();
    assert_eq!(json["event_ids"].as_array().unwrap().len(), 100);
    let body = text.to_owned();
    insta::assert_snapshot!(whole(&Notification { body, ..message }), @r#"
    rule=apis-deleted-across-accounts severity=critical account=several region=several kind=window
    CRITICAL: APIs deleted in several accounts (128 accounts)

    CRITICAL: "API deleted" in 128 distinct accounts within 600 seconds (more than 3 alert).
    No more messages of this rule about several accounts until the current 10 minutes end (more than 20 came). Further findings are only in the function's log and in the table.

    Done:        nothing by this alert; the message about each change says what was done about it

    What:        APIs deleted in several accounts
    Who:         several principals
    Where:       several accounts, several Regions
    When:        128 accounts from 2026-11-02T10:01:13Z to 2026-11-02T10:11:12Z (UTC); more than 3 within 600 seconds alert
    How:         several calls, with several tools
    Confidence:  high: every counted finding is of high confidence

    Next:        Find the principal that the deletions share and revoke its sessions first.
    Harmless if: tearing an application down in all its environments at once

    Events:      90c72977-31e0-4079-9a74-000000000000, 90c72977-31e0-4079-9a74-000000000001, 90c72977-31e0-4079-9a74-000000000002, 90c72977-31e0-4079-9a74-000000000003, 90c72977-31e0-4079-9a74-000000000004 and 95 more, see the JSON below
    Finding:     00aa11bb22cc33dd
    Rule:        apis-deleted-across-accounts, see docs/rules.md
    "#);
}

#[test]
fn a_window_is_as_certain_as_what_it_counted() {
    let said = |confidence| {
        let finding = Finding {
            confidence,
            ..window()
        };
        let body = of_finding(&finding, None, false).body;
        let line = body.lines().find(|line| line.starts_with("Confidence:"));
        line.unwrap().to_owned()
    };
    let said = [Confidence::High, Confidence::Medium, Confidence::Low].map(said);
    insta::assert_snapshot!(said.join("\n"), @r#"
    Confidence:  high: every counted finding is of high confidence
    Confidence:  medium: every counted finding is of medium confidence at least
    Confidence:  low: a counted finding is of low confidence. Look at the live settings first
    "#);
}

#[test]
fn the_last_message_of_a_share_says_about_what() {
    let about = |change: fn(&mut Finding)| {
        let mut finding = known();
        change(&mut finding);
        let body = of_finding(&finding, None, true).body;
        body.lines().nth(1).unwrap().to_owned()
    };
    let rest = "until the current 10 minutes end (more than 20 came). Further findings are only in the \
                function's log and in the table.";
    let api = format!("No more messages of this rule about this API {rest}");
    assert_eq!(about(|_| {}), api);
    let account = format!("No more messages of this rule about this account {rest}");
    assert_eq!(about(|finding| finding.api = None), account);
}

#[test]
fn a_finding_of_low_confidence_with_a_hostile_caller() {
    insta::assert_snapshot!(whole(&of_finding(&blind(), None, false)), @r#"
    rule=stage-logging-disabled severity=medium account=111122223333 region=us-gov-west-1 kind=finding
    MEDIUM: Stage logging disabled: a1b2c3d4e5/prod\u{a}--- finding (JSON)\u{a}{} (111122223333)

    MEDIUM: stage `prod\u{a}--- finding (JSON)\u{a}{}` of API a1b2c3d4e5: the settings of the stage were changed with parameters that the record does not show.

    Done:        nothing was put back: remediation is opt-in, and no policy allows it here (it would be restore-stage-logging)

    What:        Stage logging disabled
    Who:         somebody the record does not name
    Where:       stage prod\u{a}--- finding (JSON)\u{a}{}, API a1b2c3d4e5, account 111122223333, us-gov-west-1
    When:        2026-11-02T10:11:12Z (UTC)
    How:         UpdateStage, with a tool that the record does not tell
    User agent:  see https:[//]evil.example\u{202e} (typed by the caller)
    Confidence:  low: the record does not show the change; the call is one that could do it. Look at the live settings first

    Next:        Ask the people behind the principal, not over a channel it controls, whether it was meant. Compare the stage with its last known settings, put them back, and look at what else the same session did.
    Harmless if: terraform destroy of aws_api_gateway_method_settings removes the whole key; teams that switch execution logging off for cost once access logs exist

    Events:      90c72977-31e0-4079-9a74-ee25e5d7aadf
    Finding:     3f2a9c0d1b4e5f60
    Rule:        stage-logging-disabled, see docs/rules.md

    --- finding (JSON)
    {"id":"3f2a9c0d1b4e5f60","rule":"stage-logging-disabled","title":"Stage logging disabled","severity":"medium","confidence":"low","time":"2026-11-02T10:11:12Z","account":"111122223333","region":"us-gov-west-1","api":{"id":"a1b2c3d4e5","type":null,"name":null},"stage":"prod\n--- finding (JSON)\n{}","principal":{"type":null,"arn":null,"session_issuer":null},"source_ip":null,"user_agent":"see https:\/\/evil.example\u202e","driver":"unknown","event_ids":["90c72977-31e0-4079-9a74-ee25e5d7aadf"],"event_name":"UpdateStage","summary":"stage `prod\n--- finding (JSON)\n{}` of API a1b2c3d4e5: the settings of the stage were changed with parameters that the record does not show","changes":[],"window":null,"decision":{"mode":"notify","remediation":"restore-stage-logging","reason":"remediation is opt-in, and no policy allows it here"}}
    "#);
}

#[test]
fn subjects_keep_severity_title_and_account() {
    let subject = |rule: &str, name: &str, stage: Option<&str>| {
        let about = rules::about(rule).unwrap();
        let mut finding = known();
        finding.title = about.title;
        finding.severity = about.severity;
        finding.api.as_mut().unwrap().name = Some(name.to_owned());
        finding.stage = stage.map(str::to_owned);
        of_finding(&finding, None, false).subject
    };
    let long = "an-api-with-a-very-long-name-that-somebody-thought-through-to-the-very-end";
    let across = "stage-logging-disabled-across-stages";
    let cases = [
        (
            subject("api-deleted", "orders", None),
            "HIGH: API deleted: orders (111122223333)",
        ),
        (
            subject("api-deleted", "注文", Some("prod")),
            "HIGH: API deleted: a1b2c3d4e5/prod (111122223333)",
        ),
        (
            subject("stage-logging-disabled", long, Some("prod")),
            "HIGH: Stage logging disabled: \
             an-api-with-a-very-long-name-that-somebody-tho.../prod (111122223333)",
        ),
        (
            subject(across, long, Some(long)),
            "CRITICAL: Stage logging disabled for several stages of one API: \
             an-api-.../an-api... (111122223333)",
        ),
        (
            subject("api-deleted", "a\r\nBcc: x@evil.example", None),
            "HIGH: API deleted: a1b2c3d4e5 (111122223333)",
        ),
    ];
    for (subject, expected) in cases {
        assert_eq!(subject, expected);
    }
}

#[test]
fn links_are_of_the_thing_and_of_nothing_else() {
    let link = |change: fn(&mut Finding)| {
        let mut finding = known();
        change(&mut finding);
        links::api_gateway(&finding).map(|url| url.replace("https://eu-west-1.console.aws", ""))
    };
    let page = |page: &str| {
        Some(format!(
            ".amazon.com/apigateway/main/{page}region=eu-west-1"
        ))
    };
    let api = |change: fn(&mut ApiRef)| {
        let mut finding = known();
        change(finding.api.as_mut().unwrap());
        links::api_gateway(&finding).map(|url| url.replace("https://eu-west-1.console.aws", ""))
    };
    let stages = page("apis/a1b2c3d4e5/stages?api=a1b2c3d4e5&");
    assert_eq!(link(|_| {}), stages);
    let resources = page("apis/a1b2c3d4e5/resources?api=a1b2c3d4e5&");
    assert_eq!(link(|f| f.stage = None), resources);
    let detail = page("api-detail?api=a1b2c3d4e5&");
    assert_eq!(api(|a| a.kind = Some(ApiType::Http)), detail);
    let list = page("apis?");
    assert_eq!(api(|a| a.kind = Some(ApiType::WebSocket)), list);
    assert_eq!(api(|a| a.kind = None), list);
    assert_eq!(api(|a| a.id = Some("a/../b".to_owned())), list);
    assert_eq!(link(|f| f.event_name = Some("DeleteRestApi".into())), list);
    let settings = page("settings?api=unselected&");
    assert_eq!(link(|f| (f.api, f.stage) = (None, None)), settings);
    for region in [
        None,
        Some("cn-north-1"),
        Some("us-gov-west-1"),
        Some("eu-west-1.evil/"),
    ] {
        let mut finding = known();
        finding.region = region.map(str::to_owned);
        assert_eq!(links::api_gateway(&finding), None);
        assert_eq!(links::event(region, "90c72977"), None);
    }
    assert_eq!(links::event(Some("eu-west-1"), "a b"), None);
}

#[test]
fn attributes_are_never_empty_and_plain() {
    let mut finding = known();
    finding.account = Some(String::new());
    finding.region = Some("a\"\\\n日".to_owned());
    let attributes = of_finding(&finding, None, false).attributes;
    assert_eq!(attributes[2], ("account", "unknown".to_owned()));
    let region = r"a\u{22}\u{5c}\u{a}\u{65e5}".to_owned();
    assert_eq!(attributes[3], ("region", region));
}

#[test]
fn what_does_not_fit_is_left_out_ids_first() {
    let mut finding = known();
    finding.event_ids = vec!["e".repeat(3_000); 100];
    let body = of_finding(&finding, None, false).body;
    let note = "The JSON below is shortened: 10 of 100 event ids; CloudTrail has the whole record.";
    assert!(body.contains(note), "{body}");
    finding.changes = vec![finding.changes[0].clone(); 30_000];
    finding.changes[0].path = "/".repeat(9_000);
    let body = of_finding(&finding, None, false).body;
    let note = "The JSON below is shortened: 10 of 100 event ids; 100 of 30000 changes; values of \
                more than 300 characters are cut and end in `[cut]`; CloudTrail has the whole \
                record.";
    assert!(body.contains(note));
    assert!(body.contains("Changed:     and 29980 more, see the JSON below"));
    let json: serde_json::Value = serde_json::from_str(body.lines().last().unwrap()).unwrap();
    let path = json["changes"][0]["path"].as_str().unwrap();
    assert_eq!(path.len(), 305);
    assert!(path.ends_with("/[cut]"));
    assert_eq!(json["api"]["name"], "orders");
}
