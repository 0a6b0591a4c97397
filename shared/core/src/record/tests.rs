//! Wrong types are named, absent fields are fine, the envelope outranks the record.

use serde_json::{Value, json};

use super::*;

/// A record with every member that is read, and some that are not.
fn record() -> Value {
    json!({
        "eventVersion": "1.11", "eventID": "e-1", "eventTime": "2026-11-02T10:11:12Z",
        "eventSource": "apigateway.amazonaws.com", "eventName": "UpdateStage",
        "eventType": "AwsApiCall", "eventCategory": "Management", "managementEvent": true,
        "awsRegion": "eu-west-1", "recipientAccountId": "111122223333", "readOnly": false,
        "sourceIPAddress": "192.0.2.10", "userAgent": "aws-cli/2.15.0",
        "sessionCredentialFromConsole": "true", "errorCode": "BadRequestException",
        "requestParameters": {"restApiId": "a1b2c3", "template": false},
        "responseElements": null,
        "userIdentity": {
            "type": "AssumedRole", "arn": "arn:aws:sts::111122223333:assumed-role/admin/alice",
            "accountId": "444455556666", "invokedBy": "cloudformation.amazonaws.com",
            "sessionContext": {
                "sessionIssuer": {"type": "Role", "arn": "arn:aws:iam::111122223333:role/admin"},
                "attributes": {"mfaAuthenticated": "false"}
            }
        }
    })
}

/// The record with one member, named by its path, set to something else.
fn with(path: &str, value: Value) -> Value {
    let mut record = record();
    let (outer, last) = path.rsplit_once('.').unwrap_or(("", path));
    let outer = outer.split('.').filter(|part| !part.is_empty());
    outer.fold(&mut record, |at, part| &mut at[part])[last] = value;
    record
}

fn without(members: &[&str]) -> Value {
    let mut record = record();
    for member in members {
        record.as_object_mut().unwrap().remove(*member).unwrap();
    }
    record
}

fn log(record: &Value) -> Result<Record, RecordError> {
    Record::from_log(record.to_string().as_bytes())
}

fn event(detail: &Value) -> Result<Option<Record>, RecordError> {
    let event = json!({"version": "0", "detail-type": "AWS API Call via CloudTrail",
        "account": "777788889999", "region": "us-east-1", "detail": detail});
    Record::from_event(event.to_string().as_bytes())
}

fn field<T: fmt::Debug>(result: Result<T, RecordError>) -> String {
    match result.unwrap_err() {
        RecordError::Field { field, .. } => field,
        RecordError::Nowhere { field } => format!("nowhere: {field}"),
    }
}

/// Lines of `left => right`.
fn table(text: &str) -> impl Iterator<Item = (&str, &str)> {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.map(|line| line.split_once(" => ").unwrap())
}

#[test]
fn every_member_is_read() {
    let record = log(&record()).unwrap();
    assert_eq!(record.account, "111122223333");
    assert_eq!(record.region, "eu-west-1");
    assert_eq!(record.id, "e-1");
    assert_eq!(record.time.to_string(), "2026-11-02T10:11:12Z");
    assert_eq!(record.source, API_GATEWAY);
    assert_eq!(record.name, "UpdateStage");
    assert_eq!(record.identity.kind.as_deref(), Some("AssumedRole"));
    let issuer = record.identity.session_issuer();
    assert_eq!(issuer, Some("arn:aws:iam::111122223333:role/admin"));
    assert_eq!(record.source_ip.as_deref(), Some("192.0.2.10"));
    assert_eq!((record.read_only, record.from_console), (Some(false), true));
    assert_eq!(record.error_code.as_deref(), Some("BadRequestException"));
    assert!(!record.is_insight && !record.is_api_gateway_success());
    assert!(record.request.json().unwrap().contains("a1b2c3"));
    assert!(matches!(record.response, Body::Absent));
}

#[test]
fn a_wrong_type_is_named() {
    let cases = r#"
        eventTime => 5 | null | "yesterday" | "2026-13-01T00:00:00Z" | "9999-12-31T23:59:59"
        eventSource eventName => 5 | {} | null
        eventID eventType eventCategory awsRegion sourceIPAddress userAgent errorCode => 5 | {}
        readOnly => "x" | "true" | 5
        sessionCredentialFromConsole => "maybe" | 1
        userIdentity userIdentity.sessionContext userIdentity.sessionContext.sessionIssuer => 5 | []
        userIdentity.sessionContext.sessionIssuer.arn => 5 | {}
        recipientAccountId userIdentity.type userIdentity.arn userIdentity.accountId userIdentity.invokedBy => 5 | {}
    "#;
    let each = |(paths, values): (&'static str, &'static str)| {
        let values = move |path| values.split(" | ").map(move |value| (path, value));
        paths.split(' ').flat_map(values)
    };
    for (path, value) in table(cases).flat_map(each) {
        let record = with(path, serde_json::from_str(value).unwrap());
        assert_eq!(field(log(&record)), path, "{value}");
        assert_eq!(field(event(&record)), format!("detail.{path}"), "{value}");
        assert!(!log(&record).unwrap_err().is_retryable());
    }
}

#[test]
fn a_missing_member_is_named_if_it_is_needed() {
    for member in ["eventTime", "eventSource", "eventName"] {
        let missing = format!("missing field `{member}`");
        let record = without(&[member]);
        for error in [log(&record).err(), event(&record).err()] {
            let error = error.unwrap().to_string();
            assert!(error.contains(&missing), "{error}");
        }
    }
    assert_eq!(field(log(&without(&["awsRegion"]))), "nowhere: awsRegion");
    let nobody = without(&["recipientAccountId", "userIdentity"]);
    assert_eq!(field(log(&nobody)), "nowhere: recipientAccountId");
}

#[test]
fn the_rest_may_be_missing() {
    let bare = json!({"eventTime": "2026-11-02T10:11:12Z", "eventSource": "s", "eventName": "n",
        "awsRegion": "eu-west-1",
        "userIdentity": {"accountId": "444455556666", "sessionContext": {"sessionIssuer": {}}}});
    let bare = log(&bare).unwrap();
    assert_eq!(bare.account, "444455556666");
    assert_eq!(bare.identity.session_issuer(), None);
    assert_eq!((bare.read_only, bare.from_console), (None, false));
    assert_eq!((bare.user_agent, bare.error_code), (None, None));
    assert!(bare.request.json().is_none() && bare.response.json().is_none());
}

#[test]
fn a_record_without_an_id_gets_a_digest_of_its_own_text() {
    let record = without(&["eventID"]);
    let id = log(&record).unwrap().id;
    // The first half of the SHA-256 of the text, whether an envelope is around it or not.
    let text = r#"{"eventTime":"2026-11-02T10:11:12Z","eventSource":"s","eventName":"n","awsRegion":"r","recipientAccountId":"1"}"#;
    let known = Record::from_log(text.as_bytes()).unwrap();
    assert_eq!(known.id, "sha256-2040ef3311bec4d75dcfa7c7e7245c09");
    assert_eq!(event(&record).unwrap().unwrap().id, id);
    assert_ne!(log(&with("eventID", json!(null))).unwrap().id, id);
}

#[test]
fn the_envelope_outranks_the_record() {
    for lacking in [&[][..], &["awsRegion", "recipientAccountId"]] {
        let record = event(&without(lacking)).unwrap().unwrap();
        assert_eq!(record.account, "777788889999");
        assert_eq!(record.region, "us-east-1");
    }
}

#[test]
fn only_calls_that_cloudtrail_delivered_are_ours() {
    let read = |member: &str, value: Value| {
        let mut event = json!({"detail-type": "x", "account": "1", "region": "r", "detail": 5});
        event[member] = value;
        Record::from_event(event.to_string().as_bytes())
    };
    let service = "AWS Service Event via CloudTrail";
    for detail_type in ["APIGateway CRL Processing", service, ""] {
        let record = read("detail-type", json!(detail_type)).unwrap();
        assert!(record.is_none(), "{detail_type}");
    }
    for member in ["account", "region", "detail-type"] {
        assert_eq!(field(read(member, json!(5))), member);
    }
}

#[test]
fn event_times_in_all_their_spellings() {
    let cases = "
        2026-11-02T10:11:12Z => 2026-11-02T10:11:12Z
        2026-11-02T10:11:12 => 2026-11-02T10:11:12Z
        2026-11-02 10:11:12.345 => 2026-11-02T10:11:12.345Z
        2026-11-02T12:11:12+02:00 => 2026-11-02T10:11:12Z
        2026-11-01T23:11:12-11:00 => 2026-11-02T10:11:12Z
    ";
    for (text, utc) in table(cases) {
        let record = log(&with("eventTime", json!(text))).unwrap();
        assert_eq!(record.time.to_string(), utc, "{text}");
    }
    for text in ["", "Nov 2, 2026 10:11:12 AM", "1793614272", "2026-11-02Z"] {
        assert_eq!(parse_time(text), None, "{text}");
    }
}

#[test]
fn bodies_are_text_unless_absent_or_omitted() {
    let cases = r#"
        null => absent
        {"omitted":true} => omitted
        {"omitted":"true","reason":"too large"} => omitted
        {"omitted":"yes"} => {"omitted":"yes"}
        "***" => "***"
    "#;
    let shown = |body: &Body| match body {
        Body::Absent => "absent".to_owned(),
        Body::Omitted => "omitted".to_owned(),
        Body::Json(raw) => raw.get().to_owned(),
    };
    for (body, expected) in table(cases) {
        let mut record = with("requestParameters", serde_json::from_str(body).unwrap());
        record["responseElements"] = record["requestParameters"].clone();
        let record = log(&record).unwrap();
        assert_eq!(shown(&record.request), expected);
        assert_eq!(shown(&record.response), expected);
    }
}

#[test]
fn an_insight_event_is_no_call() {
    let calls = |member: &str, value: &str| {
        let mut record = without(&["errorCode"]);
        record[member] = json!(value);
        let record = log(&record).unwrap();
        (record.is_api_gateway_success(), record.is_insight)
    };
    assert_eq!(calls("eventCategory", "Insight"), (false, true));
    assert_eq!(calls("eventType", "AwsCloudTrailInsight"), (false, true));
    assert_eq!(calls("eventCategory", "Data"), (true, false));
    let other = calls("eventSource", "appsync.amazonaws.com");
    assert_eq!(other, (false, false));
}

#[test]
fn what_follows_the_json_is_an_error() {
    let good = record().to_string();
    for tail in ["x", "{}", ",", "\0"] {
        let text = format!("{good}{tail}");
        assert_eq!(field(Record::from_log(text.as_bytes())), "", "{tail:?}");
        let event = r#"{"detail-type":"x","account":"1","region":"r","detail":"#;
        let event = format!("{event}{good}}}{tail}");
        assert_eq!(field(Record::from_event(event.as_bytes())), "", "{tail:?}");
    }
    assert!(Record::from_log(format!(" {good}\r\n").as_bytes()).is_ok());
    for text in ["", "null", "5", "[]", r#"["e-1"]"#] {
        assert_eq!(field(Record::from_log(text.as_bytes())), "", "{text}");
    }
}
