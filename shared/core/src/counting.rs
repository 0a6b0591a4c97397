//! Findings as facts of windows, and windows as findings: the two ends of [`crate::window`], the same
//! for replay and for a live store.

use std::collections::BTreeSet;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::change::ApiRef;
use crate::detection::decision;
use crate::driver::Driver;
use crate::finding::{self, Confidence, Counted, Finding, Principal, Severity, WindowSpan};
use crate::ports::Seen;
use crate::rules::{self, WINDOW_RULES, WindowRule, WindowScope};
use crate::window::memory::WindowKey;
use crate::window::{self, Alert, Fact, Threshold};

/// A window finding names at most this many events; the count is exact all the same.
const MAX_EVENT_IDS: usize = 100;

/// Longer names of things and scopes are shortened, in bytes.
const MAX_NAME: usize = 600;

/// A sentence names at most this many things.
const MAX_NAMES: usize = 8;

/// What a window finding shows of a counted one, beyond its fact. Stores keep it as text.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
struct Shown {
    account: Option<String>,
    api: Option<ApiRef>,
    principal: Option<Principal>,
    source_ip: Option<String>,
    driver: Option<Driver>,
    event_name: Option<String>,
    confidence: Confidence,
    by_cloudformation: bool,
}

/// The window rules that count a finding: of its rule, with at least medium confidence.
pub fn counted_by(finding: &Finding) -> impl Iterator<Item = &'static WindowRule> {
    let counts = finding.confidence >= Confidence::Medium;
    let base = finding.rule;
    let rules = WINDOW_RULES.iter().copied();
    rules.filter(move |rule| counts && rule.base == base)
}

/// What a finding counts as, and where. `None` when the record does not name the thing: what is
/// unknown is not distinct.
pub fn seen(rule: &WindowRule, finding: &Finding) -> Option<(WindowKey, Seen)> {
    let account = finding.account.as_deref()?;
    let region = finding.region.as_deref()?;
    let api = || {
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
    let shown = Shown {
        account: finding.account.clone(),
        // The other scopes do not show it, and stores write once for details that repeat.
        api: match rule.scope {
            WindowScope::Api => finding.api.clone(),
            WindowScope::Account | WindowScope::Everything => None,
        },
        principal: finding.principal.clone(),
        source_ip: finding.source_ip.clone(),
        driver: finding.driver,
        event_name: finding.event_name.clone(),
        confidence: finding.confidence,
        by_cloudformation: finding.by_cloudformation,
    };
    let (scope, thing) = (bounded(scope), bounded(thing));
    let seen = Seen {
        fact: Fact {
            time: finding.time.as_second(),
            event_id: finding.event_ids.first()?.clone(),
            thing,
            group: api().unwrap_or_default(),
        },
        region: region.to_owned(),
        shown: serde_json::to_string(&shown).ok(),
    };
    let key = WindowKey {
        rule: rule.about.id,
        scope,
    };
    Some((key, seen))
}

/// Stores limit their keys (DynamoDB: 1,024 bytes). AWS allows no name that comes near it; one that
/// does gets a digest for its end.
fn bounded(name: String) -> String {
    if name.len() <= MAX_NAME {
        return name;
    }
    let start: String = name.chars().take(MAX_NAME / 8).collect();
    format!("{start}...{}", finding::id(&[&name]))
}

/// The finding of an alert. `seen` are facts of its interval, at least the first of each thing.
pub fn finding(
    rule: &WindowRule,
    scope: &str,
    alert: Alert,
    threshold: &Threshold,
    seen: &[Seen],
) -> Finding {
    let facts: BTreeSet<Fact> = seen.iter().map(|seen| seen.fact.clone()).collect();
    let inside = || window::interval(&facts, alert.time, threshold);
    let shown: Vec<Shown> = seen.iter().filter_map(shown).collect();
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
    let event_ids = window::witnesses(inside())
        .into_iter()
        .take(MAX_EVENT_IDS)
        .map(|fact| fact.event_id.clone())
        .collect();
    let by_cloudformation = shown.iter().all(|shown| shown.by_cloudformation) && !shown.is_empty();
    let account = match rule.scope {
        WindowScope::Everything => None,
        WindowScope::Api | WindowScope::Account => shared(&shown, |s| s.account.clone()),
    };
    let api = match rule.scope {
        WindowScope::Api => Some(shared_api(&shown)),
        WindowScope::Account | WindowScope::Everything => None,
    };
    let about = &rule.about;
    let u = finding::rfc3339(span.last);
    Finding {
        id: finding::id(&[about.id, scope, &u, &alert.level.to_string()]),
        rule: about.id,
        title: about.title,
        severity: severity(about.severity, by_cloudformation),
        confidence: least(&shown),
        time: span.last,
        summary: summary(
            rule,
            account.as_deref(),
            api.as_ref(),
            &span,
            &things(rule, inside()),
        ),
        account,
        region: shared(seen, |seen| Some(seen.region.clone())),
        api,
        stage: None,
        principal: shared(&shown, |s| s.principal.clone()),
        source_ip: shared(&shown, |s| s.source_ip.clone()),
        user_agent: None,
        driver: shared(&shown, |s| s.driver),
        event_ids,
        event_name: shared(&shown, |s| s.event_name.clone()),
        changes: Vec::new(),
        window: Some(span),
        decision: decision(about),
        by_cloudformation,
    }
}

/// A store that lost the text, or has an older form of it, only makes the finding show less.
fn shown(seen: &Seen) -> Option<Shown> {
    serde_json::from_str(seen.shown.as_deref()?).ok()
}

fn least(shown: &[Shown]) -> Confidence {
    let least = shown.iter().map(|shown| shown.confidence).min();
    least.unwrap_or(Confidence::Medium)
}

fn severity(own: Severity, by_cloudformation: bool) -> Severity {
    if by_cloudformation {
        own.lowered()
    } else {
        own
    }
}

/// The value that all share; `None` when they differ.
fn shared<T, V: PartialEq>(all: &[T], of: impl Fn(&T) -> Option<V>) -> Option<V> {
    let (first, rest) = all.split_first()?;
    let value = of(first);
    if rest.iter().any(|other| of(other) != value) {
        return None;
    }
    value
}

fn shared_api(shown: &[Shown]) -> ApiRef {
    ApiRef {
        id: shared(shown, |s| s.api.as_ref()?.id.clone()),
        kind: shared(shown, |s| s.api.as_ref()?.kind),
        name: shared(shown, |s| s.api.as_ref()?.name.clone()),
    }
}

/// Names of what was counted, as far as a sentence holds them.
fn things<'a>(rule: &WindowRule, interval: impl Iterator<Item = &'a Fact>) -> String {
    let name = |fact: &'a Fact| match rule.scope {
        // The sentence names the API already.
        WindowScope::Api => fact.thing.rsplit('/').next().unwrap_or(&fact.thing),
        WindowScope::Account | WindowScope::Everything => fact.thing.as_str(),
    };
    let names: BTreeSet<&str> = interval.map(name).collect();
    let more = names.len().saturating_sub(MAX_NAMES);
    let named: Vec<&str> = names.into_iter().take(MAX_NAMES).collect();
    match more {
        0 => named.join(", "),
        more => format!("{} and {more} more", named.join(", ")),
    }
}

fn summary(
    rule: &WindowRule,
    account: Option<&str>,
    api: Option<&ApiRef>,
    span: &WindowSpan,
    things: &str,
) -> String {
    let what = rule.counts.noun();
    let place = match (api.and_then(|api| api.id.as_deref()), account) {
        (Some(api), _) => format!("API {api}: "),
        (None, Some(account)) => format!("account {account}: "),
        (None, None) => String::new(),
    };
    let base = rules::about(rule.base).map_or("", |about| about.title);
    format!(
        "{place}\"{base}\" in {} distinct {what} within {} seconds (more than {} alert): {things}",
        span.distinct, span.seconds, span.threshold
    )
}

#[cfg(test)]
mod tests {
    use super::{MAX_NAME, bounded};

    #[test]
    fn names_of_any_length_fit_a_key_and_stay_apart() {
        assert_eq!(bounded("eu-west-1/a1/prod".to_owned()), "eu-west-1/a1/prod");
        let long = |end: &str| bounded(format!("{}{end}", "é".repeat(5_000)));
        assert!(long("a").len() <= MAX_NAME);
        assert_ne!(long("a"), long("b"));
    }
}
