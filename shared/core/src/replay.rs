//! Replay: the rules over a stretch of history, in any order and with any duplication.
//!
//! Each worker keeps a [`Collected`]; merging them is associative and commutative, so neither the
//! order of files nor the number of threads shows in the result. Memory grows with findings, never
//! with records.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use jiff::Timestamp;

use crate::baseline::Baselines;
use crate::change::{ApiRef, ChangeError};
use crate::detection::{decision, detect};
use crate::finding::{self, Confidence, Counted, Finding, Severity, WindowSpan};
use crate::functions::Functions;
use crate::record::Record;
use crate::rules::{self, WINDOW_RULES, WindowRule, WindowScope};
use crate::thresholds::Thresholds;
use crate::window::{self, Alert, Fact, Threshold};

/// A window finding names at most this many events; the count is exact all the same.
const MAX_EVENT_IDS: usize = 100;

/// What replay judges by.
#[derive(Debug)]
pub struct Judge {
    /// When windows fire.
    pub thresholds: Thresholds,
    /// What is known of the time before.
    pub baselines: Baselines,
    /// The patterns through which events reach the functions.
    pub functions: Functions,
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
        let detection = detect(record, &judge.baselines)?;
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

/// One counted thing: the facts of a scope and the findings behind them.
#[derive(Default)]
struct Scope<'a> {
    facts: BTreeSet<Fact>,
    findings: HashMap<Fact, &'a Finding>,
}

fn windows(rule: &WindowRule, base: &[Finding], threshold: &Threshold) -> Vec<Finding> {
    let mut scopes: BTreeMap<String, Scope<'_>> = BTreeMap::new();
    let counted = base
        .iter()
        .filter(|finding| finding.rule == rule.base && finding.confidence >= Confidence::Medium);
    for finding in counted {
        if let Some((scope, fact)) = fact(rule, finding) {
            let scope = scopes.entry(scope).or_default();
            scope.findings.insert(fact.clone(), finding);
            scope.facts.insert(fact);
        }
    }
    let mut findings = Vec::new();
    for (name, scope) in &scopes {
        for alert in window::canonical(&scope.facts, threshold) {
            findings.push(window_finding(rule, name, scope, alert, threshold));
        }
    }
    findings
}

/// What a finding counts as, and where. `None` when the record does not name the thing: what is
/// unknown is not distinct.
fn fact(rule: &WindowRule, finding: &Finding) -> Option<(String, Fact)> {
    let account = finding.account.as_deref()?;
    let api = || {
        let region = finding.region.as_deref()?;
        let id = finding.api.as_ref()?.id.as_deref()?;
        Some(format!("{region}/{id}"))
    };
    let scope = match rule.scope {
        WindowScope::Api => format!("{account}/{}", api()?),
        WindowScope::Account => account.to_owned(),
        WindowScope::Everything => String::new(),
    };
    let thing = match rule.counts {
        Counted::Stages => format!("{}/{}", api()?, finding.stage.as_deref()?),
        Counted::Apis => api()?,
        Counted::Accounts => account.to_owned(),
    };
    let fact = Fact {
        time: finding.time.as_second(),
        event_id: finding.event_ids.first()?.clone(),
        thing,
        group: api().unwrap_or_default(),
    };
    Some((scope, fact))
}

fn window_finding(
    rule: &WindowRule,
    scope: &str,
    counted: &Scope<'_>,
    alert: Alert,
    threshold: &Threshold,
) -> Finding {
    let inside = || window::interval(&counted.facts, alert.time, threshold);
    let findings: Vec<&Finding> = inside()
        .filter_map(|fact| counted.findings.get(fact).copied())
        .collect();
    let events = window::witnesses(inside())
        .into_iter()
        .take(MAX_EVENT_IDS)
        .map(|fact| fact.event_id.clone());
    let time = |second| Timestamp::from_second(second).unwrap_or_default();
    let span = WindowSpan {
        of: rule.counts,
        distinct: alert.distinct,
        threshold: threshold.more_than,
        seconds: threshold.seconds,
        level: alert.level,
        first: time(inside().next().map_or(alert.time, |fact| fact.time)),
        last: time(alert.time),
    };
    let by_cloudformation = findings.iter().all(|finding| finding.by_cloudformation);
    let about = &rule.about;
    let u = finding::rfc3339(span.last);
    Finding {
        id: finding::id(&[about.id, scope, &u, &alert.level.to_string()]),
        rule: about.id,
        title: about.title,
        severity: severity(about.severity, by_cloudformation),
        confidence: findings
            .iter()
            .map(|finding| finding.confidence)
            .min()
            .unwrap_or(Confidence::Medium),
        time: span.last,
        account: match rule.scope {
            WindowScope::Everything => None,
            WindowScope::Api | WindowScope::Account => shared(&findings, |f| f.account.clone()),
        },
        region: shared(&findings, |f| f.region.clone()),
        api: match rule.scope {
            WindowScope::Api => Some(shared_api(&findings)),
            WindowScope::Account | WindowScope::Everything => None,
        },
        stage: None,
        principal: shared(&findings, |f| f.principal.clone()),
        source_ip: shared(&findings, |f| f.source_ip.clone()),
        user_agent: shared(&findings, |f| f.user_agent.clone()),
        driver: shared(&findings, |f| f.driver),
        event_ids: events.collect(),
        event_name: shared(&findings, |f| f.event_name.clone()),
        summary: summary(rule, &findings, &span),
        changes: Vec::new(),
        window: Some(span),
        decision: decision(about),
        by_cloudformation,
    }
}

fn severity(own: Severity, by_cloudformation: bool) -> Severity {
    if by_cloudformation {
        own.lowered()
    } else {
        own
    }
}

/// The value that all findings share; `None` when they differ.
fn shared<T: PartialEq>(findings: &[&Finding], of: impl Fn(&Finding) -> Option<T>) -> Option<T> {
    let (first, rest) = findings.split_first()?;
    let value = of(first);
    if rest.iter().any(|finding| of(finding) != value) {
        return None;
    }
    value
}

fn shared_api(findings: &[&Finding]) -> ApiRef {
    ApiRef {
        id: shared(findings, |f| f.api.as_ref()?.id.clone()),
        kind: shared(findings, |f| f.api.as_ref()?.kind),
        name: shared(findings, |f| f.api.as_ref()?.name.clone()),
    }
}

fn summary(rule: &WindowRule, findings: &[&Finding], span: &WindowSpan) -> String {
    let what = match rule.counts {
        Counted::Stages => "stages",
        Counted::Apis => "APIs",
        Counted::Accounts => "accounts",
    };
    let place = match rule.scope {
        WindowScope::Everything => String::new(),
        WindowScope::Account => shared(findings, |f| f.account.clone())
            .map_or_else(String::new, |account| format!("account {account}: ")),
        WindowScope::Api => shared(findings, |f| f.api.as_ref()?.id.clone())
            .map_or_else(String::new, |api| format!("API {api}: ")),
    };
    let base = rules::about(rule.base).map_or("", |about| about.title);
    format!(
        "{place}\"{base}\" in {} distinct {what} within {} seconds (more than {} alert)",
        span.distinct, span.seconds, span.threshold
    )
}
