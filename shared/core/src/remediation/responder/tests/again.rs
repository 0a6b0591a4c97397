//! From the record to the end, where the setting was changed again before the event came: by the attacker's
//! second call, or by its owner.

use super::*;
use crate::change::{ApiRef, ApiType};
use crate::detection::decision;
use crate::finding::{Finding, Severity};
use crate::rules;

const LEVEL: &str = "/*/*/logging/loglevel";

/// `UpdateStage` on stage `prod` of `a1`, five seconds ago.
fn record(operations: &serde_json::Value) -> Record {
    let record = serde_json::json!({
        "eventVersion": "1.11", "eventID": "04c951c6-d227-4265-b445-153d00e52c1b",
        "eventTime": crate::finding::rfc3339(timestamp(NOW - 5)),
        "eventSource": "apigateway.amazonaws.com", "eventName": "UpdateStage",
        "eventType": "AwsApiCall", "eventCategory": "Management", "managementEvent": true,
        "awsRegion": "eu-west-1", "recipientAccountId": "111122223333", "readOnly": false,
        "sourceIPAddress": "192.0.2.10", "userAgent": "aws-cli/2.15.0",
        "requestID": "0b1f5f2e-6b62-4f42-a3fb-5c6f8e0f5e6b",
        "requestParameters": {"restApiId": "a1", "stageName": "prod", "template": false,
                              "updateStageInput": {"patchOperations": operations}},
        "responseElements": null,
        "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/mallory"}
    });
    Record::from_log(record.to_string().as_bytes()).unwrap()
}

fn finding(record: &Record) -> Finding {
    let about = rules::about("stage-logging-disabled").unwrap();
    Finding {
        id: "3f2a9c0d1b4e5f60".to_owned(),
        rule: about.id,
        title: about.title,
        severity: Severity::High,
        confidence: Confidence::High,
        time: record.time,
        account: Some("111122223333".to_owned()),
        region: Some("eu-west-1".to_owned()),
        api: Some(ApiRef {
            id: Some("a1".to_owned()),
            kind: Some(ApiType::Rest),
            name: None,
        }),
        stage: Some("prod".to_owned()),
        principal: None,
        source_ip: None,
        user_agent: None,
        driver: None,
        event_ids: vec![record.id.clone()],
        event_name: Some("UpdateStage".to_owned()),
        summary: "execution logging of every method is off".to_owned(),
        changes: Vec::new(),
        window: None,
        decision: decision(about),
        by_cloudformation: false,
    }
}

/// What comes of the event of a change, when the settings stood so before it and stand so now.
fn responded(
    operations: &serde_json::Value,
    before: &Settings,
    live: &Settings,
) -> (Arc<World>, Response) {
    let (world, thing) = (world(), stage("a1", "prod"));
    world.state().things.insert(name(&thing), live.clone());
    let version = Version::of_response(thing, timestamp(NOW - 600), kept(before, None));
    let record = record(operations);
    let case = Case {
        change: &Change::from_record(&record).unwrap().unwrap(),
        finding: &finding(&record),
        record: &record,
        past: &Past {
            versions: vec![version],
            ..Past::default()
        },
    };
    let response = block_on(remediator(&world).respond(&case, &delivery("r1")));
    (world, response)
}

fn off() -> serde_json::Value {
    serde_json::json!([{"op": "replace", "path": LEVEL, "value": "OFF"}])
}

#[test]
fn what_was_changed_again_and_is_still_a_loss_waits_for_a_person() {
    let before = logged("INFO", Some(GROUP));
    // The call of the event is all there is: at once. A second call has set another level since: not at once.
    let (_, alone) = responded(&off(), &before, &logged("OFF", Some(GROUP)));
    assert_eq!(alone.report.ending, Ending::Verified);
    let (world, again) = responded(&off(), &before, &logged("ERROR", Some(GROUP)));
    assert!(matches!(again.report.ending, Ending::Awaiting { .. }));
    assert_eq!(
        again.report.reasons,
        [
            "`/*/*/logging/loglevel` was changed again since, to something that is not what stood before \
             the change either: by whoever made it, or by the owner",
            "changed again",
        ]
    );
    assert_eq!(world.state().written.len(), 0);
    let command = Command::Approve {
        id: again.entry.unwrap().id,
        by: None,
    };
    let (answer, _) = block_on(remediator(&world).obey(&command, &delivery("c1"))).unwrap();
    assert_eq!(answer.state, "verified");
    assert_eq!(world.state().things[&name(&stage("a1", "prod"))], before);
}

#[test]
fn what_was_changed_again_and_is_no_loss_is_left_to_its_owner() {
    let (world, response) = responded(
        &off(),
        &logged("ERROR", Some(GROUP)),
        &logged("INFO", Some(GROUP)),
    );
    assert_eq!(response.report.ending, Ending::Failed);
    assert_eq!(response.report.reasons, Vec::<String>::new());
    assert_eq!(
        response.report.done.as_ref().unwrap().plan.notes,
        [format!(
            "`{LEVEL}` was changed again since and is left as it is"
        )]
    );
    assert_eq!(world.state().entries.len(), 0);
}

/// Somebody has put it back already, all but data trace.
#[test]
fn what_is_right_but_for_data_trace_is_right() {
    let mut before = logged("INFO", Some(GROUP));
    if let Settings::RestStage(stage) = &mut before {
        let set = stage.method_settings.get_mut("*/*").unwrap();
        set.data_trace_enabled = Some(true);
    }
    let (_, response) = responded(&off(), &before, &logged("INFO", Some(GROUP)));
    assert_eq!(response.report.ending, Ending::AlreadyRight);
    assert_eq!(response.report.reasons, Vec::<String>::new());
    assert_eq!(
        response.report.done.as_ref().unwrap().plan.notes,
        ["data trace of `*/*` was on and stays off: it writes bodies and tokens to the log"]
    );
}
