//! The real records beside the project: all of them parse, and the patterns drop ordinary traffic.
//!
//! They are not part of the repository. Where the folder does not exist, the tests say so and pass.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "helper functions of tests may"
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use portcullis_core::change::{ApiType, Change};
use portcullis_core::functions::{self, Functions};
use portcullis_core::record::{API_GATEWAY, Record};
use serde_json::Value;

/// `cloudtrail` of the shared folder: `PORTCULLIS_SHARED`, else beside the workspace.
fn corpus() -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared");
    let shared = std::env::var_os("PORTCULLIS_SHARED").map_or_else(beside, PathBuf::from);
    let folder = shared.join("cloudtrail");
    if !folder.is_dir() {
        println!("skipped: {} does not exist", folder.display());
        return None;
    }
    Some(folder)
}

/// Text of every file with an extension, by file name.
fn files(folder: &Path, extension: &str) -> BTreeMap<String, String> {
    let paths = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .map(|path| {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            (name, std::fs::read_to_string(path).unwrap())
        })
        .collect()
}

/// A bare record, or an EventBridge event, with the event that reaches the patterns.
fn sample(text: &str) -> (Record, Value) {
    let value: Value = serde_json::from_str(text).unwrap();
    if value.get("detail-type").is_some() {
        let record = Record::from_event(text.as_bytes()).unwrap();
        return (record.unwrap(), value);
    }
    let record = Record::from_log(text.as_bytes()).unwrap();
    let event = functions::event(&record, text.as_bytes()).unwrap();
    (record, event)
}

fn kind(change: &Change) -> &'static str {
    match change {
        Change::StageUpdated(_) => "stage updated",
        Change::StageCreated(_) => "stage created",
        Change::ApiUpdated(_) => "api updated",
        Change::ApiDefinitionReplaced(_) => "api definition replaced",
        Change::ApiCreated(_) => "api created",
        Change::ApiDeleted(_) => "api deleted",
        _ => "another",
    }
}

#[test]
fn every_record_of_the_data_sets_parses() {
    let Some(corpus) = corpus() else { return };
    let mut records = 0;
    for (name, text) in files(&corpus.join("datasets"), "ndjson") {
        for (at, line) in text.lines().enumerate() {
            let record = Record::from_log(line.as_bytes())
                .unwrap_or_else(|error| panic!("{name}, line {}: {error}", at + 1));
            let change = Change::from_record(&record);
            assert!(change.unwrap().is_none(), "{name}, line {}", at + 1);
            records += 1;
        }
    }
    assert_eq!(records, 2_900);
}

#[test]
fn every_sample_parses_and_those_of_api_gateway_become_changes() {
    let Some(corpus) = corpus() else { return };
    let samples = files(&corpus.join("samples"), "json");
    let (mut ours, mut failed) = (0, 0);
    let mut changes = BTreeMap::<_, Vec<String>>::new();
    for (name, text) in &samples {
        let (record, _) = sample(text);
        let change = Change::from_record(&record).unwrap_or_else(|error| panic!("{name}: {error}"));
        ours += usize::from(record.source == API_GATEWAY);
        failed += usize::from(record.source == API_GATEWAY && record.error_code.is_some());
        if let Some(change) = change {
            let api = change.target().api.unwrap();
            assert!(api.id.is_some(), "{name}");
            // A v2 stage does not tell which of the two kinds it is, nor does a deleted API.
            let rest = name.contains("-v1-");
            assert_eq!(api.kind == Some(ApiType::Rest), rest, "{name}");
            changes.entry(kind(&change)).or_default().push(name.clone());
        }
    }
    let counts: BTreeMap<_, _> = changes
        .iter()
        .map(|(kind, names)| (*kind, names.len()))
        .collect();
    assert_eq!((samples.len(), ours, failed), (69, 44, 4), "{changes:#?}");
    assert_eq!(
        counts,
        BTreeMap::from([
            ("api created", 4),
            ("api deleted", 2),
            ("api updated", 1),
            ("stage created", 4),
            ("stage updated", 2)
        ]),
        "{changes:#?}"
    );
}

/// What reaches a function, by function: nothing that failed or only read, no plain deployment of a
/// REST stage, no resources, methods, routes, integrations or authorizers. A plain deployment of an
/// HTTP stage does reach two, because no pattern lists the members of a flat request.
#[test]
fn the_patterns_drop_ordinary_traffic() {
    let Some(corpus) = corpus() else { return };
    let functions = Functions::embedded().unwrap();
    let mut reached = BTreeMap::<&str, Vec<String>>::new();
    let mut dropped = Vec::new();
    for (name, text) in files(&corpus.join("samples"), "json") {
        let (record, event) = sample(&text);
        let by = functions.reached(&event);
        if by.is_empty() && record.source == API_GATEWAY {
            dropped.push(name.clone());
        }
        for function in by {
            reached.entry(function).or_default().push(name.clone());
        }
    }
    assert_eq!(dropped.len(), 32, "{dropped:#?}");
    let lifecycle = [
        "spotlight-v1-ImportRestApi",
        "spotlight-v1-UpdateRestApi",
        "stackd-v1-CreateRestApi",
        "stackd-v1-DeleteRestApi",
        "stackd-v2-CreateApi",
        "stackd-v2-DeleteApi",
        "stackd-v2-UpdateStage-default-deployment",
        "traildiscover-v2-CreateApi",
    ];
    let logging = [
        "c7n-v1-CreateStage",
        "console2024-v1-CreateStage",
        "spotlight-v1-CreateStage",
        "stackd-v2-CreateStage-default",
        "stackd-v2-UpdateStage-default-deployment",
    ];
    let expected = [
        ("api-exposure", &["spotlight-v1-UpdateRestApi"][..]),
        ("api-lifecycle", &lifecycle),
        ("stage-logging", &logging),
    ];
    let reached = reached
        .iter()
        .map(|(name, samples)| (*name, samples.iter().map(String::as_str).collect()));
    let expected: BTreeMap<_, Vec<_>> = expected
        .map(|(name, samples)| (name, samples.to_vec()))
        .into();
    assert_eq!(reached.collect::<BTreeMap<_, Vec<_>>>(), expected);
}
