//! The first lines of a message, for every way in which a remediation ends.

use super::testing::{contain, known, live, private, public, redeploy, report};
use super::*;
use crate::remediation::publication::Exposure;
use crate::remediation::{Mode, Remediation};

/// 2026-11-03T10:11:40Z.
const DEADLINE: i64 = 1_793_700_700;

/// Subject, and the text up to the facts.
fn first_lines(finding: &Finding, report: &Report) -> String {
    let message = of_finding(finding, Some(report), false);
    let (head, _) = message.body.split_once("\nWhat:").unwrap();
    format!("{}\n\n{head}", message.subject)
}

fn because(ending: Ending, reason: &str) -> String {
    let report = Report {
        reasons: vec![reason.to_owned()],
        ..report(ending)
    };
    first_lines(&known(), &report)
}

#[test]
fn nothing_is_written_without_a_person() {
    let awaiting = Report {
        mode: Mode::Approve,
        reasons: vec!["the event is older than 15 minutes".to_owned()],
        ..report(Ending::Awaiting { deadline: DEADLINE })
    };
    insta::assert_snapshot!(first_lines(&known(), &awaiting), @r#"
    HIGH: Stage logging disabled: orders/prod (111122223333), needs approval

    HIGH: stage `prod` of REST API `orders` (a1b2c3d4e5): execution logging of every method is off; access logging is off.

    Done:        nothing was put back yet: it waits for approval until 2026-11-03T10:11:40Z (UTC)
    Would set:   /*/*/logging/loglevel: OFF -> INFO
    Would set:   /accessLogSettings/destinationArn: (not set) -> arn:aws:logs:eu-west-1:111122223333:log-group:orders
    Would set:   /accessLogSettings/format: (not set) -> {"id":"$context.requestId"}
    Mode:        approve, lowered from auto
    Reason:      the event is older than 15 minutes
    Note:        data trace of `*/*` was on before and stays off: it writes bodies to the log
    Approve:     portcullis approve restore-stage-logging-3f94aac68ec68d1e (credentials and Region of the account of Portcullis)
    Remediation: restore-stage-logging-3f94aac68ec68d1e
    Policy:      restore-logging-in-prod
    "#);
}

#[test]
fn a_dry_run_says_what_policy_says() {
    let allowed = Report {
        mode: Mode::DryRun,
        reasons: vec!["no kill switch is configured".to_owned()],
        ..report(Ending::WouldWrite { allowed: true })
    };
    insta::assert_snapshot!(first_lines(&known(), &allowed), @r#"
    HIGH: Stage logging disabled: orders/prod (111122223333)

    HIGH: stage `prod` of REST API `orders` (a1b2c3d4e5): execution logging of every method is off; access logging is off.

    Done:        nothing was put back (dry run): policy would allow it
    Would set:   /*/*/logging/loglevel: OFF -> INFO
    Would set:   /accessLogSettings/destinationArn: (not set) -> arn:aws:logs:eu-west-1:111122223333:log-group:orders
    Would set:   /accessLogSettings/format: (not set) -> {"id":"$context.requestId"}
    Mode:        dry-run, lowered from auto
    Reason:      no kill switch is configured
    Note:        data trace of `*/*` was on before and stays off: it writes bodies to the log
    Remediation: restore-stage-logging-3f94aac68ec68d1e
    Policy:      restore-logging-in-prod
    "#);
    let forbidden = because(
        Ending::WouldWrite { allowed: false },
        "policy `no-prod` forbids it: production is left to its owners",
    );
    insta::assert_snapshot!(forbidden, @r#"
    HIGH: Stage logging disabled: orders/prod (111122223333)

    HIGH: stage `prod` of REST API `orders` (a1b2c3d4e5): execution logging of every method is off; access logging is off.

    Done:        nothing was put back (dry run): policy would not allow it
    Planned:     /*/*/logging/loglevel: OFF -> INFO
    Planned:     /accessLogSettings/destinationArn: (not set) -> arn:aws:logs:eu-west-1:111122223333:log-group:orders
    Planned:     /accessLogSettings/format: (not set) -> {"id":"$context.requestId"}
    Reason:      policy `no-prod` forbids it: production is left to its owners
    Note:        data trace of `*/*` was on before and stays off: it writes bodies to the log
    Remediation: restore-stage-logging-3f94aac68ec68d1e
    Policy:      restore-logging-in-prod
    "#);
}

#[test]
fn what_did_not_work_says_why_and_what_comes() {
    let denied = "the role `portcullis-remediator` may not do it: AccessDenied";
    insta::assert_snapshot!(because(Ending::Failed, denied), @r#"
    HIGH: Stage logging disabled: orders/prod (111122223333), NOT restored

    HIGH: stage `prod` of REST API `orders` (a1b2c3d4e5): execution logging of every method is off; access logging is off.

    Done:        NOT put back: it cannot be done, and nothing was written
    Would set:   /*/*/logging/loglevel: OFF -> INFO
    Would set:   /accessLogSettings/destinationArn: (not set) -> arn:aws:logs:eu-west-1:111122223333:log-group:orders
    Would set:   /accessLogSettings/format: (not set) -> {"id":"$context.requestId"}
    Reason:      the role `portcullis-remediator` may not do it: AccessDenied
    Note:        data trace of `*/*` was on before and stays off: it writes bodies to the log
    Remediation: restore-stage-logging-3f94aac68ec68d1e
    Policy:      restore-logging-in-prod
    "#);
    insta::assert_snapshot!(because(Ending::WillRetry, "API Gateway throttles"), @r#"
    HIGH: Stage logging disabled: orders/prod (111122223333), not restored yet

    HIGH: stage `prod` of REST API `orders` (a1b2c3d4e5): execution logging of every method is off; access logging is off.

    Done:        NOT put back yet: it could not be done. It is tried twice more within minutes, and a second message says if that succeeds; if none comes within 10 minutes, use the commands below
    Would set:   /*/*/logging/loglevel: OFF -> INFO
    Would set:   /accessLogSettings/destinationArn: (not set) -> arn:aws:logs:eu-west-1:111122223333:log-group:orders
    Would set:   /accessLogSettings/format: (not set) -> {"id":"$context.requestId"}
    Reason:      API Gateway throttles
    Note:        data trace of `*/*` was on before and stays off: it writes bodies to the log
    Remediation: restore-stage-logging-3f94aac68ec68d1e
    Policy:      restore-logging-in-prod
    "#);
    insta::assert_snapshot!(because(Ending::Held, "the lease is held"), @r#"
    HIGH: Stage logging disabled: orders/prod (111122223333), not restored yet

    HIGH: stage `prod` of REST API `orders` (a1b2c3d4e5): execution logging of every method is off; access logging is off.

    Done:        NOT put back yet: another delivery of the event is at it; a second message says what came of it
    Would set:   /*/*/logging/loglevel: OFF -> INFO
    Would set:   /accessLogSettings/destinationArn: (not set) -> arn:aws:logs:eu-west-1:111122223333:log-group:orders
    Would set:   /accessLogSettings/format: (not set) -> {"id":"$context.requestId"}
    Reason:      the lease is held
    Note:        data trace of `*/*` was on before and stays off: it writes bodies to the log
    Remediation: restore-stage-logging-3f94aac68ec68d1e
    Policy:      restore-logging-in-prod
    "#);
}

#[test]
fn what_is_right_undone_or_left_alone() {
    let right = because(Ending::AlreadyRight, "read live: nothing is missing");
    insta::assert_snapshot!(right, @r#"
    HIGH: Stage logging disabled: orders/prod (111122223333), right again

    HIGH: stage `prod` of REST API `orders` (a1b2c3d4e5): execution logging of every method is off; access logging is off.

    Done:        nothing had to be changed: everything that may be written is as it was already; see the notes
    Reason:      read live: nothing is missing
    Note:        data trace of `*/*` was on before and stays off: it writes bodies to the log
    Remediation: restore-stage-logging-3f94aac68ec68d1e
    Policy:      restore-logging-in-prod
    "#);
    insta::assert_snapshot!(first_lines(&known(), &report(Ending::Undone)), @r#"
    HIGH: Stage logging disabled: orders/prod (111122223333), restore undone

    HIGH: stage `prod` of REST API `orders` (a1b2c3d4e5): execution logging of every method is off; access logging is off.

    Done:        the restore was taken back and read back: the settings are again as the change left them
    Set back:    /*/*/logging/loglevel: INFO -> OFF
    Set back:    /accessLogSettings/destinationArn: arn:aws:logs:eu-west-1:111122223333:log-group:orders -> (not set)
    Set back:    /accessLogSettings/format: {"id":"$context.requestId"} -> (not set)
    Note:        data trace of `*/*` was on before and stays off: it writes bodies to the log
    Remediation: restore-stage-logging-3f94aac68ec68d1e
    Policy:      restore-logging-in-prod
    "#);
    let nothing = Report::nothing(
        Remediation::RestoreStageLogging,
        Mode::Off,
        "exempt until 2026-12-31T00:00:00Z: load test (team-payments)",
    );
    insta::assert_snapshot!(first_lines(&known(), &nothing), @r#"
    HIGH: Stage logging disabled: orders/prod (111122223333)

    HIGH: stage `prod` of REST API `orders` (a1b2c3d4e5): execution logging of every method is off; access logging is off.

    Done:        nothing was put back (restore-stage-logging, mode off)
    Reason:      exempt until 2026-12-31T00:00:00Z: load test (team-payments)
    "#);
}

#[test]
fn contested_pages_with_its_reason() {
    let report = Report {
        mode: Mode::Notify,
        reasons: vec!["contested: taken away again within an hour".to_owned()],
        pages: true,
        ..report(Ending::Described)
    };
    insta::assert_snapshot!(first_lines(&known(), &report), @r#"
    CRITICAL: Stage logging disabled: orders/prod (111122223333)

    CRITICAL: stage `prod` of REST API `orders` (a1b2c3d4e5): execution logging of every method is off; access logging is off.
    Somebody has to look now: contested: taken away again within an hour.

    Done:        nothing was put back; the commands below do it (restore-stage-logging, mode notify)
    Would set:   /*/*/logging/loglevel: OFF -> INFO
    Would set:   /accessLogSettings/destinationArn: (not set) -> arn:aws:logs:eu-west-1:111122223333:log-group:orders
    Would set:   /accessLogSettings/format: (not set) -> {"id":"$context.requestId"}
    Mode:        notify, lowered from auto
    Reason:      contested: taken away again within an hour
    Note:        data trace of `*/*` was on before and stays off: it writes bodies to the log
    Remediation: restore-stage-logging-3f94aac68ec68d1e
    Policy:      restore-logging-in-prod
    "#);
}

#[test]
fn a_page_says_what_of_it_pages() {
    // As of a redeployment that pages the restore before it is said to page too.
    let report = Report {
        pages: true,
        ..private(
            Ending::Verified,
            live(),
            vec![Report {
                pages: true,
                ..redeploy(Ending::Attempted, "prod")
            }],
        )
    };
    let message = of_finding(&public(), Some(&report), false);
    let second = message.body.lines().nth(1).unwrap();
    assert_eq!(
        second,
        "Somebody has to look now: redeploy was attempted and is not verified."
    );
}

/// Subject, what was done, how far it was published, and what to do.
fn published(ending: Ending, exposure: Exposure, follow_ups: Vec<Report>) -> String {
    let report = private(ending, exposure, follow_ups);
    let message = of_finding(&public(), Some(&report), false);
    let is_shown = |line: &&str| {
        let labels = [
            "Done:",
            "Exposure:",
            "Redeploy:",
            "Contain:",
            "Limited:",
            "Deployed:",
            "Next:",
        ];
        labels.iter().any(|label| line.starts_with(label))
    };
    let lines: Vec<&str> = message.body.lines().filter(is_shown).collect();
    format!("{}\n{}", message.subject, lines.join("\n"))
}

#[test]
fn an_armed_api_is_never_called_one_that_was_not_public() {
    let restored = published(Ending::Verified, Exposure::Armed, Vec::new());
    insta::assert_snapshot!(restored, @r#"
    CRITICAL: Private API made public: orders (111122223333), restored
    Done:        put back and read back: as it was
    Exposure:    found no deployment dated after the change; the API that the next one publishes is private again
    Next:        Nothing is left to put back. Still, ask the people behind the principal, not over a channel it controls, whether it was meant, and look at what else the same session did.
    "#);
    let described = published(Ending::Described, Exposure::Armed, Vec::new());
    insta::assert_snapshot!(described, @r#"
    CRITICAL: Private API made public: orders (111122223333)
    Done:        nothing was put back; the commands below do it (restore-private-endpoint, mode auto)
    Exposure:    found no deployment dated after the change; the next one makes the API public: let nobody deploy it before it is put back
    Next:        First ask the people behind the principal, not over a channel it controls, whether it was meant, and look at what else the same session did. If it was not meant, put it back with the commands below.
    "#);
}

#[test]
fn a_live_api_says_what_is_true_now() {
    let half = vec![contain(Ending::Verified, "prod")];
    insta::assert_snapshot!(published(Ending::Verified, live(), half), @r#"
    CRITICAL: Private API made public: orders (111122223333), still published
    Done:        put back and read back: as it was
    Exposure:    LIVE: published at 2026-11-02T10:11:30Z (UTC) or earlier, by stages prod, beta
    Exposure:    now: treat stage beta as public
    Contain:     request limit set to 0 and read back: the stage refuses every request until this is undone
    Limited:     /*/*/throttling/rateLimit: 10000 -> 0
    Limited:     /*/*/throttling/burstLimit: 5000 -> 0
    Next:        The settings are private again, what is published is not: deploy the restored API, or close the stages. Then ask the people behind the principal, not over a channel it controls, whether it was meant, and look at what else the same session did.
    "#);
    let closed = ["prod", "beta"]
        .map(|stage| contain(Ending::Verified, stage))
        .to_vec();
    insta::assert_snapshot!(published(Ending::Verified, live(), closed), @r#"
    CRITICAL: Private API made public: orders (111122223333), restored, stages closed
    Done:        put back and read back: as it was
    Exposure:    LIVE: published at 2026-11-02T10:11:30Z (UTC) or earlier, by stages prod, beta
    Exposure:    now: every one of these stages refuses all requests or serves a deployment of the restored API (read back)
    Contain:     stage prod: request limit set to 0 and read back: the stage refuses every request until this is undone
    Limited:     /*/*/throttling/rateLimit: 10000 -> 0
    Limited:     /*/*/throttling/burstLimit: 5000 -> 0
    Contain:     stage beta: request limit set to 0 and read back: the stage refuses every request until this is undone
    Limited:     /*/*/throttling/rateLimit: 10000 -> 0
    Limited:     /*/*/throttling/burstLimit: 5000 -> 0
    Next:        The settings are private again and the stages are closed to everybody: deploy the restored API, then take the request limit back (portcullis undo contain-572b4202d49a8dee, portcullis undo contain-358d4193af60faee). Then ask the people behind the principal, not over a channel it controls, whether it was meant, and look at what else the same session did.
    "#);
}

#[test]
fn a_live_api_that_was_deployed_again_is_over() {
    let redeployed = ["prod", "beta"]
        .map(|stage| redeploy(Ending::Verified, stage))
        .to_vec();
    insta::assert_snapshot!(published(Ending::Verified, live(), redeployed), @r#"
    CRITICAL: Private API made public: orders (111122223333), restored
    Done:        put back and read back: as it was
    Exposure:    LIVE: published at 2026-11-02T10:11:30Z (UTC) or earlier, by stages prod, beta
    Exposure:    now: every one of these stages serves a deployment of the restored API (read back)
    Redeploy:    stage prod: deployed again and read back: the stage serves a deployment of the restored API
    Deployed:    /deploymentId: x1y2z3 -> a new deployment of the restored draft
    Redeploy:    stage beta: deployed again and read back: the stage serves a deployment of the restored API
    Deployed:    /deploymentId: x1y2z3 -> a new deployment of the restored draft
    Next:        Nothing is left to put back. Still, ask the people behind the principal, not over a channel it controls, whether it was meant, and look at what else the same session did.
    "#);
    let unknown = Exposure::Live {
        since: None,
        stages: Vec::new(),
    };
    let maybe = Exposure::Live {
        since: None,
        stages: vec!["prod".to_owned()],
    };
    insta::assert_snapshot!(published(Ending::AlreadyRight, maybe, Vec::new()), @r#"
    CRITICAL: Private API made public: orders (111122223333), still published
    Done:        nothing had to be changed: the live settings are as they were before the change
    Exposure:    treat as LIVE: whether it was published could not be read, nor since when; maybe by stage prod
    Exposure:    now: treat stage prod as public
    Next:        The settings are private again, what is published is not: deploy the restored API, or close the stages. Then ask the people behind the principal, not over a channel it controls, whether it was meant, and look at what else the same session did.
    "#);
    insta::assert_snapshot!(published(Ending::WillRetry, unknown, Vec::new()), @r#"
    CRITICAL: Private API made public: orders (111122223333), not restored yet
    Done:        NOT put back yet: it could not be done. It is tried twice more within minutes, and a second message says if that succeeds; if none comes within 10 minutes, use the commands below
    Exposure:    treat as LIVE: whether it was published could not be read, nor since when; by which stages is not known
    Exposure:    now: treat every stage of the API as public
    Next:        See whether a deployment followed: if so the API is public now. Put the policy and the type with its VPC endpoints back, look at what else the draft holds, and deploy.
    "#);
}
