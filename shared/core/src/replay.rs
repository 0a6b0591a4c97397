//! Replay: the rules over a stretch of history, in any order and with any duplication.
//!
//! Each worker keeps a [`Collected`]; merging them is associative and commutative, so neither the
//! order of files nor the number of threads shows in the result. Memory grows with findings, never
//! with records.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::baseline::Baselines;
use crate::change::{Change, ChangeError};
use crate::counting;
use crate::detection::{Detection, detect};
use crate::finding::{self, Finding};
use crate::functions::Functions;
use crate::ports::Seen;
use crate::record::Record;
use crate::responders::Responders;
use crate::rules::{self, Before, WINDOW_RULES, WindowRule};
use crate::thresholds::Thresholds;
use crate::window::{self, Fact, Threshold};

/// What replay judges by.
#[derive(Debug)]
pub struct Judge {
    /// When windows fire.
    pub thresholds: Thresholds,
    /// What is known of the time before.
    pub baselines: Baselines,
    /// The patterns through which events reach the functions.
    pub functions: Functions,
    /// Names of the responder's roles, none of whose calls a ledger accounts for. Empty in history.
    pub responders: Responders,
}

/// What one worker has found so far.
#[derive(Debug, Default)]
pub struct Collected {
    findings: BTreeMap<String, Finding>,
    undecided: BTreeSet<String>,
    dropped: BTreeSet<Dropped>,
    reached: BTreeMap<&'static str, u64>,
}

/// A finding that would never have been made live: the pattern of its function drops the event.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Dropped {
    /// The rule that fires.
    pub rule: &'static str,
    /// The function whose pattern drops it.
    pub function: &'static str,
    /// The record.
    pub event_id: String,
}

/// Everything that a stretch of history amounts to.
#[derive(Debug)]
pub struct Report {
    /// Sorted by time, then id.
    pub findings: Vec<Finding>,
    /// Records that at least one rule could not decide.
    pub undecided: usize,
    /// Findings that the patterns would have kept from happening.
    pub dropped: Vec<Dropped>,
    /// How many changes each function would have been invoked for.
    pub reached: BTreeMap<&'static str, u64>,
}

impl Collected {
    /// Judges one record. `event` makes the EventBridge event that carries it, for the patterns.
    ///
    /// # Errors
    /// When the record is API Gateway's and cannot be understood.
    pub fn observe(
        &mut self,
        record: &Record,
        event: impl FnOnce() -> Option<serde_json::Value>,
        judge: &Judge,
    ) -> Result<(), ChangeError> {
        let is_unaccounted = judge.responders.made(record);
        let change = match is_unaccounted {
            true => Change::of_any_call(record)?,
            false => Change::from_record(record)?,
        };
        let detection = match change {
            None => Detection::default(),
            Some(change) => {
                let before = Before {
                    is_unaccounted,
                    ..judge.baselines.before(record, &change)
                };
                detect(record, &change, &before, &judge.thresholds, |_| true)
            }
        };
        if !detection.undecided.is_empty() {
            let id = [&record.account, &record.region, &record.id].map(String::as_str);
            self.undecided.insert(finding::id(&id));
        }
        // EventBridge delivers reads to no rule in state ENABLED.
        let reached = match record.read_only {
            Some(true) => Vec::new(),
            _ => event().map_or_else(Vec::new, |event| judge.functions.reached(&event)),
        };
        for function in &reached {
            *self.reached.entry(function).or_default() += 1;
        }
        for finding in detection.findings {
            let function = rules::about(finding.rule).map_or("", |about| about.function);
            if !reached.contains(&function) {
                self.dropped.insert(Dropped {
                    rule: finding.rule,
                    function,
                    event_id: record.id.clone(),
                });
            }
            self.add(finding);
        }
        Ok(())
    }

    /// The same record gives the same finding. Should two records share an id, one is kept whatever
    /// the order they come in.
    fn add(&mut self, finding: Finding) {
        let kept = self.findings.entry(finding.id.clone());
        kept.and_modify(|kept| {
            if order(&finding) < order(kept) {
                kept.clone_from(&finding);
            }
        })
        .or_insert(finding);
    }

    /// Adds what another worker found.
    pub fn merge(&mut self, other: Self) {
        for finding in other.findings.into_values() {
            self.add(finding);
        }
        self.undecided.extend(other.undecided);
        self.dropped.extend(other.dropped);
        for (function, count) in other.reached {
            *self.reached.entry(function).or_default() += count;
        }
    }

    /// Counts the windows and sorts.
    pub fn finish(self, thresholds: &Thresholds) -> Report {
        let base: Vec<Finding> = self.findings.into_values().collect();
        let mut findings: Vec<Finding> = WINDOW_RULES
            .iter()
            .filter(|rule| thresholds.is_enabled(rule.about.id))
            .flat_map(|rule| windows(rule, &base, &thresholds.of(rule)))
            .collect();
        findings.extend(base);
        findings.sort_by(|a, b| (a.time, &a.id).cmp(&(b.time, &b.id)));
        Report {
            findings,
            undecided: self.undecided.len(),
            dropped: self.dropped.into_iter().collect(),
            reached: self.reached,
        }
    }
}

/// A total order over everything that is shown.
fn order(finding: &Finding) -> (Timestamp, String) {
    let shown = serde_json::to_string(finding).unwrap_or_default();
    (finding.time, shown)
}

/// All windows of one rule.
fn windows(rule: &WindowRule, base: &[Finding], threshold: &Threshold) -> Vec<Finding> {
    let mut scopes: BTreeMap<String, BTreeMap<Fact, Seen>> = BTreeMap::new();
    for finding in base.iter().filter(|finding| counts(rule, finding)) {
        if let Some((key, seen)) = counting::seen(rule, finding) {
            let scope = scopes.entry(key.scope).or_default();
            scope.insert(seen.fact.clone(), seen);
        }
    }
    let mut findings = Vec::new();
    for (scope, counted) in &scopes {
        let facts: BTreeSet<Fact> = counted.keys().cloned().collect();
        for alert in window::canonical(&facts, threshold) {
            let inside = window::interval(&facts, alert.time, threshold);
            let seen: Vec<Seen> = inside
                .filter_map(|fact| counted.get(fact).cloned())
                .collect();
            findings.push(counting::finding(rule, scope, alert, threshold, &seen));
        }
    }
    findings
}

fn counts(rule: &WindowRule, finding: &Finding) -> bool {
    counting::counted_by(finding).any(|other| other.about.id == rule.about.id)
}
