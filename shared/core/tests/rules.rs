//! Every fixture of every rule, against every rule, every window and every pattern.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "helper functions of tests may"
)]

mod fixtures;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use fixtures::Fixture;
use portcullis_core::finding::Finding;
use portcullis_core::functions::Functions;
use portcullis_core::replay::{Collected, Judge, Report};
use portcullis_core::responders::Responders;
use portcullis_core::rules::{self, RULES, WINDOW_RULES};
use portcullis_core::thresholds::Thresholds;

fn is_window(id: &str) -> bool {
    WINDOW_RULES.iter().any(|rule| rule.about.id == id)
}

fn replay(fixture: &Fixture) -> Report {
    let judge = Judge {
        thresholds: Thresholds::embedded().unwrap(),
        baselines: fixture.baselines.clone(),
        functions: Functions::embedded().unwrap(),
        responders: Responders::new(
            Some("portcullis-reader".to_owned()),
            Some("portcullis-remediator".to_owned()),
        ),
    };
    let mut collected = Collected::default();
    for (record, event) in fixture.records() {
        collected
            .observe(&record, || Some(event.clone()), &judge)
            .unwrap_or_else(|error| panic!("{}: {error}", fixture.name));
    }
    collected.finish(&judge.thresholds)
}

fn fired(report: &Report) -> BTreeSet<&'static str> {
    report.findings.iter().map(|finding| finding.rule).collect()
}

#[test]
fn fires_fires_its_own_rule_alone_and_quiet_keeps_it_quiet() {
    let mut wrong = String::new();
    for fixture in fixtures::all() {
        let report = replay(&fixture);
        let fired = fired(&report);
        let right = match (fixture.fires, is_window(&fixture.rule)) {
            (true, false) => fired == BTreeSet::from([fixture.rule.as_str()]),
            (true, true) => fired.contains(fixture.rule.as_str()),
            (false, _) => !fired.contains(fixture.rule.as_str()),
        };
        if !right {
            writeln!(wrong, "{}: fired {fired:?}", fixture.name).unwrap();
        }
    }
    assert!(wrong.is_empty(), "\n{wrong}");
}

#[test]
fn what_fires_passes_the_pattern_of_its_function() {
    for fixture in fixtures::all() {
        assert_eq!(replay(&fixture).dropped, [], "{}", fixture.name);
    }
}

#[test]
fn every_rule_has_a_file_a_folder_and_both_kinds_of_fixtures() {
    let names = fixtures::names(&fixtures::folder());
    let file = |id: &str| id.replace('-', "_");
    let mut expected: Vec<String> = rules::all().map(|about| file(about.id)).collect();
    expected.extend(
        RULES
            .iter()
            .map(|rule| format!("{}.rs", file(rule.about.id))),
    );
    expected.push("windows.rs".to_owned());
    expected.sort();
    assert_eq!(names, expected);

    let mut kinds: BTreeMap<String, BTreeSet<bool>> = BTreeMap::new();
    for fixture in fixtures::all() {
        kinds.entry(fixture.rule).or_default().insert(fixture.fires);
    }
    for about in rules::all() {
        assert_eq!(kinds[about.id].len(), 2, "{}", about.id);
    }
}

#[test]
fn ids_are_unique_sorted_and_well_formed() {
    for ids in [
        RULES.iter().map(|rule| rule.about.id).collect::<Vec<_>>(),
        WINDOW_RULES.iter().map(|rule| rule.about.id).collect(),
    ] {
        assert!(ids.is_sorted(), "{ids:?}");
        for id in ids {
            assert!(
                id.chars().all(|c| c.is_ascii_lowercase() || c == '-'),
                "{id}"
            );
            assert_eq!(rules::all().filter(|about| about.id == id).count(), 1);
        }
    }
}

#[test]
fn window_rules_count_a_rule_of_their_own_function() {
    for window in WINDOW_RULES {
        let base = rules::about(window.base).unwrap();
        assert_eq!(base.function, window.about.function, "{}", window.about.id);
    }
}

/// What on-call would read, for every fixture: a change to any of it is seen in review.
#[test]
fn what_the_fixtures_say() {
    let mut said = String::new();
    for fixture in fixtures::all() {
        let report = replay(&fixture);
        writeln!(said, "{}", fixture.name).unwrap();
        for finding in &report.findings {
            writeln!(said, "  {}", line(finding)).unwrap();
        }
        if report.undecided > 0 {
            writeln!(said, "  undecided").unwrap();
        }
    }
    insta::assert_snapshot!(said);
}

fn line(finding: &Finding) -> String {
    format!(
        "{} {}/{} {}",
        finding.rule,
        finding.severity.as_str(),
        finding.confidence.as_str(),
        finding.summary
    )
}
