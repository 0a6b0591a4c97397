//! Whatever stands in a record, reading and judging it gives an answer and never a panic.

use portcullis_core::change::{Change, Detail, StageEdit};
use portcullis_core::record::Record;
use portcullis_core::rules::{self, Before};
use proptest::prelude::*;
use proptest::sample::{Index, select};
use serde_json::{Value, json};

/// Every call that becomes a change.
const CALLS: &[&str] = &[
    "UpdateStage",
    "CreateStage",
    "UpdateRestApi",
    "PutRestApi",
    "CreateRestApi",
    "ImportRestApi",
    "DeleteRestApi",
    "UpdateAccount",
    "DeleteAccessLogSettings",
    "DeleteRouteSettings",
    "UpdateApi",
    "ReimportApi",
    "CreateApi",
    "ImportApi",
    "DeleteApi",
];

/// Members that are read, of records and of their bodies.
const MEMBERS: &[&str] = &[
    "a",
    "arn",
    "sessionContext",
    "omitted",
    "restApiId",
    "apiId",
    "stageName",
    "template",
    "self",
    "updateStageInput",
    "updateRestApiInput",
    "updateAccountInput",
    "patchOperations",
    "op",
    "path",
    "value",
    "methodSettings",
    "*/*",
    "loggingLevel",
    "routeSettings",
    "defaultRouteSettings",
    "accessLogSettings",
    "destinationArn",
    "endpointConfiguration",
    "types",
    "tags",
    "disableExecuteApiEndpoint",
    "cloudwatchRoleArn",
    "throttlingRateLimit",
];

fn record() -> Value {
    json!({
        "eventVersion": "1.11", "eventID": "e-1", "eventTime": "2026-11-02T10:11:12Z",
        "eventSource": "apigateway.amazonaws.com", "eventName": "UpdateStage",
        "eventType": "AwsApiCall", "eventCategory": "Management", "managementEvent": true,
        "awsRegion": "eu-west-1", "recipientAccountId": "111122223333", "readOnly": false,
        "sourceIPAddress": "192.0.2.10", "userAgent": "aws-cli/2.15.0", "errorCode": null,
        "requestParameters": {"restApiId": "a1b2c3", "template": false},
        "responseElements": null, "sessionCredentialFromConsole": "true",
        "userIdentity": {"type": "IAMUser", "arn": "arn:aws:iam::111122223333:user/alice"}
    })
}

fn log(record: &Value) -> Result<Record, String> {
    Record::from_log(record.to_string().as_bytes()).map_err(|error| error.to_string())
}

/// Whether every rule answers, none of them twice.
fn is_judged(change: Option<&Change>) -> bool {
    let verdicts = change.map_or_else(Vec::new, |change| {
        rules::evaluate(change, &Before::default())
    });
    let ids = verdicts.iter().map(|(rule, _)| rule.about.id);
    ids.is_sorted_by(|a, b| a < b)
}

/// JSON of any shape, whose members bear names that are read.
fn any_json() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,8}".prop_map(Value::from),
        select(vec!["OFF", "true", "2026-11-02 10:11:12", "/*/*"]).prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 32, 5, |inner| {
        let member = (select(MEMBERS), inner.clone());
        prop_oneof![
            prop::collection::vec(inner, 0..4).prop_map(Value::from),
            prop::collection::vec(member, 0..5).prop_map(|members| {
                members
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect()
            }),
        ]
    })
}

/// A patch operation, often one that means something.
fn operation() -> impl Strategy<Value = Value> {
    let path = prop_oneof![
        prop::collection::vec(
            select(vec![
                "",
                "*",
                "~1",
                "~1pets",
                "GET",
                "logging",
                "loglevel",
                "throttling",
                "rateLimit",
                "methodSettings",
                "accessLogSettings",
                "destinationArn",
                "variables",
                "é",
            ]),
            0..6
        )
        .prop_map(|segments| segments.join("/")),
        ".{0,16}",
    ];
    let op = prop_oneof![
        select(vec!["replace", "remove", "add", "copy", "TEST"]).prop_map(str::to_owned),
        ".{0,4}"
    ];
    let value = prop_oneof![
        Just(Value::Null),
        "[-0-9.eE]{0,6}".prop_map(Value::from),
        ".{0,8}".prop_map(Value::from)
    ];
    (op, path, value).prop_map(|(op, path, value)| json!({"op": op, "path": path, "value": value}))
}

proptest! {
    #[test]
    fn bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(Record::from_log(&bytes).is_err());
        prop_assert!(Record::from_event(&bytes).is_err());
    }

    /// A real event that was cut off, or whose bytes were flipped.
    #[test]
    fn damaged_events(end in any::<Index>(), at in any::<Index>(), byte in any::<u8>()) {
        let mut event = json!({"detail-type": "AWS API Call via CloudTrail", "account": "1",
            "region": "r", "detail": record()}).to_string().into_bytes();
        let cut = event.get(..end.index(event.len())).unwrap();
        prop_assert!(Record::from_event(cut).is_err());
        let at = at.index(event.len());
        *event.get_mut(at).unwrap() = byte;
        if let Ok(Some(record)) = Record::from_event(&event) {
            prop_assert!(Change::from_record(&record).is_ok_and(|change| is_judged(change.as_ref())));
        }
    }

    /// The error names the member that was replaced; without one, the others are read as before.
    #[test]
    fn members(at in any::<Index>(), value in any_json()) {
        let mut record = record();
        let members: Vec<_> = record.as_object().unwrap().keys().cloned().collect();
        let member = at.get(&members);
        *record.get_mut(member).unwrap() = value;
        match log(&record) {
            Ok(read) => {
                prop_assert!(member == "eventName" || read.name == "UpdateStage");
                prop_assert!(member == "awsRegion" || read.region == "eu-west-1");
            }
            Err(error) => prop_assert!(error.contains(&format!("field `{member}")), "{error}"),
        }
        let event = json!({"detail-type": "AWS API Call via CloudTrail", "account": "777788889999",
            "region": "us-east-1", "detail": record});
        match Record::from_event(event.to_string().as_bytes()) {
            Ok(read) => prop_assert_eq!(read.unwrap().account, "777788889999"),
            Err(error) => {
                let named = error.to_string().contains(&format!("field `detail.{member}"));
                prop_assert!(named, "{error}");
            }
        }
    }

    /// Every call either becomes a change that all rules can judge, or the body at fault is named.
    #[test]
    fn bodies(name in select(CALLS), request in any_json(), response in any_json()) {
        let mut record = record();
        *record.get_mut("eventName").unwrap() = json!(name);
        *record.get_mut("requestParameters").unwrap() = request;
        *record.get_mut("responseElements").unwrap() = response;
        let mut record = log(&record).unwrap();
        match Change::from_record(&record) {
            Ok(change) => {
                prop_assert!(change.is_some());
                prop_assert!(is_judged(change.as_ref()));
            }
            Err(error) => {
                let error = error.to_string();
                let named = ["requestParameters", "responseElements"]
                    .iter()
                    .any(|body| error.starts_with(&format!("field `{body}")));
                prop_assert!(named, "{error}");
            }
        }
        record.error_code = Some("AccessDenied".to_owned());
        prop_assert!(Change::from_record(&record).unwrap().is_none());
    }

    /// No operation is lost but `test`, and their order and spelling are kept.
    #[test]
    fn patches(operations in prop::collection::vec(operation(), 0..6)) {
        let mut record = record();
        *record.get_mut("requestParameters").unwrap() = json!({"restApiId": "a1", "template": false,
            "updateStageInput": {"patchOperations": operations}});
        let record = log(&record).unwrap();
        let change = Change::from_record(&record).unwrap();
        prop_assert!(is_judged(change.as_ref()));
        let Some(Change::StageUpdated(update)) = change else {
            return Err(TestCaseError::fail("not a stage update"));
        };
        let is_shown = !update.edits.iter().any(|edit| edit.what == StageEdit::AllReplaced);
        prop_assert_eq!(update.detail == Detail::Full, is_shown);
        let text = |operation: &Value, member: &str| operation.get(member).unwrap().as_str().unwrap().to_owned();
        let kept: Vec<_> = operations
            .iter()
            .filter(|operation| !text(operation, "op").eq_ignore_ascii_case("test"))
            .map(|operation| text(operation, "path"))
            .collect();
        let edits: Vec<_> = update.edits.into_iter().map(|edit| edit.path).collect();
        prop_assert_eq!(edits, kept);
    }
}
