//! `--format text` as a person sees it.

use serde_json::{Value, json};

use super::common::{Folder, call, deletion, logging_off, ndjson, run};

/// A private API is opened, logging of two stages goes, an API is deleted.
fn incident() -> Vec<Value> {
    let opened = json!({
        "restApiId": "p9r8i7v6a5",
        "template": false,
        "updateRestApiInput": {"patchOperations": [
            {"op": "replace", "path": "/endpointConfiguration/types/PRIVATE", "value": "REGIONAL"}
        ]}
    });
    let now = json!({
        "id": "p9r8i7v6a5",
        "name": "payroll",
        "createdDate": "2025-06-17T08:21:40Z",
        "apiKeySource": "HEADER",
        "endpointConfiguration": {"types": ["REGIONAL"], "ipAddressType": "ipv4"},
        "disableExecuteApiEndpoint": false,
        "rootResourceId": "x48iy4rl70"
    });
    vec![
        logging_off(1, "10:00:00", "prod"),
        logging_off(2, "10:01:30", "staging"),
        call(3, "10:05:00", "UpdateRestApi", opened, now),
        deletion(4, "10:09:00"),
    ]
}

fn text(records: &[Value]) -> String {
    let folder = Folder::new();
    let file = folder.write("incident.ndjson", ndjson(records));
    let window = "[rules.stage-logging-disabled-across-stages]\nthreshold = 1\n";
    let thresholds = folder.write("thresholds.toml", window);
    let run = run(&["replay", &file, "--thresholds", &thresholds]);
    assert_eq!(run.code, 0, "{}", run.err);
    run.out
}

#[test]
fn a_small_incident() {
    insta::assert_snapshot!(text(&incident()), @r#"
    REST API a1b2c3d4e5 in account 111122223333, eu-west-1
      2026-11-02T10:00:00Z  HIGH      stage-logging-disabled
          what    stage `prod` of REST API a1b2c3d4e5: execution logging of every method or route
                  without settings of its own is off
          change  /*/*/logging/loglevel: (unknown) -> OFF
          who     arn:aws:sts::111122223333:assumed-role/Deploy/mallory from 192.0.2.44 with cli
          trace   UpdateStage 00000000-0000-4000-8000-000000000001; finding e567d886289cffbb, confidence
                  medium
      2026-11-02T10:01:30Z  HIGH      stage-logging-disabled
          what    stage `staging` of REST API a1b2c3d4e5: execution logging of every method or route
                  without settings of its own is off
          change  /*/*/logging/loglevel: (unknown) -> OFF
          who     arn:aws:sts::111122223333:assumed-role/Deploy/mallory from 192.0.2.44 with cli
          trace   UpdateStage 00000000-0000-4000-8000-000000000002; finding 1aef0abcf51e29b2, confidence
                  medium
      2026-11-02T10:01:30Z  CRITICAL  stage-logging-disabled-across-stages
          what    API a1b2c3d4e5: "Stage logging disabled" in 2 distinct stages within 600 seconds (more
                  than 1 alert): prod, staging
          window  2 stages from 2026-11-02T10:00:00Z to 2026-11-02T10:01:30Z; more than 1 within 600
                  seconds alert
          who     arn:aws:sts::111122223333:assumed-role/Deploy/mallory from 192.0.2.44 with cli
          trace   UpdateStage 00000000-0000-4000-8000-000000000001 and 1 more; finding ae6337006206061e,
                  confidence medium

    REST API p9r8i7v6a5 "payroll" in account 111122223333, eu-west-1
      2026-11-02T10:05:00Z  CRITICAL  private-api-made-public
          what    REST API `payroll` (p9r8i7v6a5): the endpoint type is no longer PRIVATE: with the next
                  deployment, unless one followed already, the internet can reach it
          change  /endpointConfiguration/types/PRIVATE: (unknown) -> REGIONAL
          who     arn:aws:sts::111122223333:assumed-role/Deploy/mallory from 192.0.2.44 with cli
          trace   UpdateRestApi 00000000-0000-4000-8000-000000000003; finding 1adae2dec807283f,
                  confidence medium

    REST API api4 in account 111122223333, eu-west-1
      2026-11-02T10:09:00Z  HIGH      api-deleted
          what    REST API api4: the API is deleted
          who     arn:aws:sts::111122223333:assumed-role/Deploy/mallory from 192.0.2.44 with cli
          trace   DeleteRestApi 00000000-0000-4000-8000-000000000004; finding 6c1d5b30d325f211,
                  confidence high

    What to do next
      private-api-made-public: See whether a deployment followed: if so the API is public now. Put the
          policy and the type with its VPC endpoints back, look at what else the draft holds, and
          deploy.
      stage-logging-disabled-across-stages: Revoke the sessions of the principal, then restore the
          stages that are not restored already.
      api-deleted: A deleted API does not come back with its id. Redeploy it from its source, then point
          domain mappings and clients to the new id.
      stage-logging-disabled: Ask the people behind the principal, not over a channel it controls,
          whether it was meant. Compare the stage with its last known settings, put them back, and look
          at what else the same session did.
    "#);
}

#[test]
fn nothing_found_is_said() {
    let mut denied = deletion(1, "10:00:00");
    denied["errorCode"] = json!("AccessDenied");
    assert_eq!(text(&[denied]), "No rule fires.\n");
}

#[test]
fn long_values_are_cut_and_arns_are_not_broken() {
    let mut record = logging_off(1, "10:00:00", "prod");
    let role = format!(
        "arn:aws:sts::111122223333:assumed-role/{}/x",
        "r".repeat(64)
    );
    record["userIdentity"]["arn"] = json!(role);
    record["userAgent"] = json!("agent/1.0 ".repeat(500));
    record["sourceIPAddress"] = json!("s".repeat(1000));
    record["requestParameters"]["updateStageInput"]["patchOperations"][0]["path"] =
        json!(format!("/{}/GET/logging/loglevel", "p".repeat(1000)));
    let text = text(&[record]);
    assert!(text.contains(&format!("      who     {role}\n")), "{text}");
    assert!(
        text.contains(&format!(" {}...\n", "s".repeat(160))),
        "{text}"
    );
    let change = format!(
        "change  /{}...:\n              (unknown) -> OFF\n",
        "p".repeat(159)
    );
    assert!(text.contains(&change), "{text}");
    assert!(text.matches("agent/1.0").count() <= 17, "{text}");
}

#[test]
fn lines_keep_to_100_columns_unless_a_word_is_longer() {
    let text = run(&["replay", "examples/incident"]).out;
    let long = |line: &&str| line.chars().count() > 100;
    for line in text.lines().filter(long) {
        let words = line.split_whitespace().count();
        assert!(words <= 2 || line.starts_with("  2026-"), "{line}");
    }
    assert!(text.lines().any(|line| line.chars().count() > 90));
}

#[test]
fn the_summary_is_cut_too() {
    let mut record = logging_off(1, "10:00:00", "prod");
    record["requestParameters"]["updateStageInput"]["patchOperations"][0]["path"] =
        json!(format!("/{}/GET/logging/loglevel", "p".repeat(100_000)));
    let text = text(&[record]);
    assert!(text.len() < 5_000, "{}", text.len());
}
