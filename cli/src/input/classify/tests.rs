//! What each kind of object is taken for, and that the fast path never decides otherwise than a full parse.

use std::path::{Path, PathBuf};
use std::{env, fs};

use super::super::split::{End, Piece, Splitter};
use super::*;

fn describe(result: Result<Class<'_>, ClassifyError>) -> String {
    match result {
        Ok(Class::ApiGateway(form, json)) => format!("{form:?} {}", json),
        Ok(Class::Other) => "other".to_owned(),
        Ok(Class::Digest) => "digest".to_owned(),
        Err(error) => {
            let mut text = format!("! {error}");
            let mut cause = std::error::Error::source(&error);
            while let Some(error) = cause {
                text += &format!(": {error}");
                cause = error.source();
            }
            text
        }
    }
}

const UNKNOWN: &str = "! neither a CloudTrail record nor an event with one (no `eventSource`, `detail-type` with \
     `detail`, or `CloudTrailEvent`)";

const OBJECTS: &[(&str, &str)] = &[
    (r#"{"eventSource":"s3.amazonaws.com"}"#, "other"),
    (
        r#"{"eventSource":"s3.amazonaws.com","userAgent":"apigateway.amazonaws.com"}"#,
        "other",
    ),
    (
        r#"{"insightDetails":{"eventSource":"apigateway.amazonaws.com"}}"#,
        "other",
    ),
    (
        r#"{"eventSource":"apigateway.amazonaws.com"}"#,
        r#"Record {"eventSource":"apigateway.amazonaws.com"}"#,
    ),
    (
        r#"{"event\u0053ource":"\u0061pigateway.amazonaws.com"}"#,
        r#"Record {"event\u0053ource":"\u0061pigateway.amazonaws.com"}"#,
    ),
    (
        r#"{"detail-type":"x","detail":{"eventSource":"apigateway.amazonaws.com"}}"#,
        r#"Event {"detail-type":"x","detail":{"eventSource":"apigateway.amazonaws.com"}}"#,
    ),
    (
        r#"{"detail-type":"x","detail":{"eventSource":"s3.amazonaws.com"}}"#,
        "other",
    ),
    (
        r#"{"detail-type":"x","detail":{"state":"running"}}"#,
        "other",
    ),
    (
        r#"{"EventSource":"x","CloudTrailEvent":"{\"eventSource\":\"apigateway.amazonaws.com\"}"}"#,
        r#"Record {"eventSource":"apigateway.amazonaws.com"}"#,
    ),
    (
        r#"{"CloudTrailEvent":"{\"eventSource\":\"s3.amazonaws.com\"}"}"#,
        "other",
    ),
    (r#"{"CloudTrailEvent":"{\"insightDetails\":{}}"}"#, "other"),
    (
        r#"{"digestEndTime":"2026-01-01T00:00:00Z","digestS3Object":"x"}"#,
        "digest",
    ),
    ("{}", UNKNOWN),
    (r#"{"detail-type":"x"}"#, UNKNOWN),
    (
        r#"{"eventSource":5}"#,
        "! `eventSource` is not a string: invalid type: integer `5`, expected a string at line 1 column 1",
    ),
    (
        r#"{"eventSource":null,"a":"apigateway"}"#,
        "! `eventSource` is not a string: invalid type: null, expected a string at line 1 column 4",
    ),
    (
        r#"{"detail-type":"x","detail":["apigateway.amazonaws.com"]}"#,
        "! `detail` is not an object: invalid type: sequence, expected an object",
    ),
    (
        r#"{"detail-type":"x","detail":{"eventSource":{"a":"apigateway"}}}"#,
        "! `detail.eventSource` is not a string: invalid type: map, expected a string at line 1 column 0",
    ),
    (
        r#"{"CloudTrailEvent":{}}"#,
        "! `CloudTrailEvent` is not a string: invalid type: map, expected a string at line 1 column 0",
    ),
    (
        r#"{"CloudTrailEvent":"{"}"#,
        "! `CloudTrailEvent` does not hold a CloudTrail record: not a valid JSON object: EOF while parsing an object at \
             line 1 column 1",
    ),
    (
        r#"{"eventSource":"apigateway.amazonaws.com",}"#,
        "! not a valid JSON object: trailing comma at line 1 column 43",
    ),
    (
        r#"{"eventSource":"apigateway.amazonaws.com","eventSource":"x"}"#,
        "! not a valid JSON object: duplicate field `eventSource` at line 1 column 55",
    ),
];

#[test]
fn objects_are_told_apart() {
    for (json, expected) in OBJECTS {
        assert_eq!(describe(classify(json.as_bytes())), *expected, "{json}");
    }
}

#[test]
fn a_record_that_is_not_utf8_is_a_problem() {
    let json = b"{\"eventSource\":\"apigateway.amazonaws.com\",\"userAgent\":\"\xFF\"}";
    assert!(matches!(classify(json), Err(ClassifyError::NotUtf8(_))));
}

#[test]
fn the_fast_path_agrees_with_a_full_parse_on_real_records() {
    let Some(folder) = shared() else {
        println!("skipped: neither PORTCULLIS_SHARED nor ../shared has real records");
        return;
    };
    let (mut fast, mut ours) = (0, 0);
    for file in ["samples", "datasets"]
        .iter()
        .flat_map(|name| fs::read_dir(folder.join(name)).unwrap())
    {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|extension| extension == "tsv") {
            continue;
        }
        let mut splitter = Splitter::new(1 << 24);
        let mut check = |piece: Piece<'_>| match piece {
            Piece::Object(position, json) => {
                let parsed = parse(json).unwrap();
                assert_eq!(
                    classify(json).unwrap(),
                    parsed,
                    "{}: {position:?}",
                    path.display()
                );
                fast += u32::from(is_plainly_other(json));
                ours += u32::from(matches!(parsed, Class::ApiGateway(..)));
            }
            Piece::Problem(position, kind) => panic!("{}: {position:?}: {kind}", path.display()),
        };
        splitter.feed(&fs::read(&path).unwrap(), &mut check);
        splitter.finish(End::Complete, &mut check);
    }
    assert!(
        fast > 0 && ours > 0,
        "{fast} by the fast path, {ours} of API Gateway"
    );
}

/// The real records kept outside of the project, if they are here.
fn shared() -> Option<PathBuf> {
    let near = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .map(|folder| folder.join("../shared"));
    let mut folders = env::var_os("PORTCULLIS_SHARED")
        .map(PathBuf::from)
        .into_iter()
        .chain(near);
    folders.find_map(|folder| {
        Some(folder.join("cloudtrail")).filter(|folder| folder.join("samples").is_dir())
    })
}
