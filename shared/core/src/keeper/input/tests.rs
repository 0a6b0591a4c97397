//! Inputs and scopes, right and wrong.

use super::*;

#[test]
fn inputs_are_told_apart() {
    let parse = |json: &str| Input::parse(json.as_bytes());
    assert_eq!(parse(r#"{"command":"sweep"}"#).unwrap(), Input::Sweep);
    assert_eq!(
        parse(r#"{"detail-type":"x","detail":{}}"#).unwrap(),
        Input::Event
    );
    let records = r#"{"Records":[{"messageId":"m1","body":"{}","eventSource":"aws:sqs"}]}"#;
    let Input::Messages(messages) = parse(records).unwrap() else {
        panic!("messages");
    };
    assert_eq!(messages[0].message_id, "m1");
    let wrong = [
        ("{}", "expected an EventBridge event"),
        (
            r#"{"command":"sleep"}"#,
            "unknown command `sleep`, expected `sweep`",
        ),
        (r#"{"command":5}"#, "the input cannot be read"),
        (r#"{"Records":[{"Sns":{}}]}"#, "missing field `messageId`"),
        ("[", "the input cannot be read"),
    ];
    for (json, expected) in wrong {
        let error = parse(json).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn every_account_is_swept_in_every_region() {
    let text = r#"
        accounts = ["444455556666", "111122223333", "111122223333"]
        regions = ["eu-west-1", "us-east-1"]
    "#;
    let sweeps = Scope::parse(text).unwrap().sweeps();
    let places: Vec<String> = sweeps
        .iter()
        .map(|sweep| format!("{} {}", sweep.account, sweep.region))
        .collect();
    let expected = [
        "111122223333 eu-west-1",
        "111122223333 us-east-1",
        "444455556666 eu-west-1",
        "444455556666 us-east-1",
    ];
    assert_eq!(places, expected);
}

#[test]
fn a_wrong_scope_is_named() {
    let cases = [
        (r#"accounts = ["111122223333"]"#, "missing field `regions`"),
        (
            r#"accounts = []
            regions = ["eu-west-1"]"#,
            "`accounts` names nothing",
        ),
        (
            r#"accounts = ["prod"]
            regions = ["eu-west-1"]"#,
            "`prod`",
        ),
        (
            r#"accounts = ["111122223333"]
            regions = ["everywhere"]"#,
            "`everywhere`",
        ),
        (
            r#"accounts = ["111122223333"]
            regions = ["eu-west-1"]
            region = "x""#,
            "unknown field `region`",
        ),
    ];
    for (text, expected) in cases {
        let error = Scope::parse(text).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}

#[test]
fn a_function_knows_its_place_from_its_arn() {
    let place = place_of_function("arn:aws:lambda:eu-west-1:111122223333:function:baseline:live");
    let expected = Place {
        account: "111122223333".to_owned(),
        region: "eu-west-1".to_owned(),
    };
    assert_eq!(place, Some(expected));
    for arn in [
        "",
        "baseline",
        "arn:aws:lambda:eu-west-1::function:baseline",
    ] {
        assert_eq!(place_of_function(arn), None);
    }
}
