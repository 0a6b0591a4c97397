//! The rules: what each means, and the pure function that judges a change.
//!
//! A rule is one file and one folder of fixtures of the same name. It sees a typed change and what
//! is known of the state before; it has no clock, no store and no client. Window rules are data:
//! they count findings of their base rule ([`crate::window`]).

mod access_logs_redirected;
mod account_logging_role_removed;
mod api_created;
mod api_deleted;
mod api_disabled;
mod api_enabled;
mod private_api_made_public;
mod responder_role_misused;
mod stage_logging_disabled;
mod stage_logging_reduced;
mod windows;

use crate::change::{ApiRef, ApiType, Change, Target};
use crate::finding::{Confidence, Counted, SettingChange, Severity};
use crate::settings::{AccountSettings, ApiSettings, StageSettings};

/// Every rule on single records, by id.
pub const RULES: &[&Rule] = &[
    &access_logs_redirected::RULE,
    &account_logging_role_removed::RULE,
    &api_created::RULE,
    &api_deleted::RULE,
    &api_disabled::RULE,
    &api_enabled::RULE,
    &private_api_made_public::RULE,
    &responder_role_misused::RULE,
    &stage_logging_disabled::RULE,
    &stage_logging_reduced::RULE,
];

pub use windows::WINDOW_RULES;

/// What people need to know about a rule. Both kinds of rule have it.
#[derive(Debug)]
pub struct About {
    /// File name with `-` for `_`; never changes once released.
    pub id: &'static str,
    /// What happened, in a few words.
    pub title: &'static str,
    /// Before it is lowered for a single finding.
    pub severity: Severity,
    /// The function whose EventBridge pattern brings the events.
    pub function: &'static str,
    /// The remediation that puts it back, where one can.
    pub remediation: Option<&'static str>,
    /// What an attacker gains.
    pub gain: &'static str,
    /// When it fires.
    pub fires: &'static str,
    /// When it stays quiet although it looks alike.
    pub quiet: &'static str,
    /// What it cannot see.
    pub misses: &'static str,
    /// Harmless causes to think of first.
    pub false_positives: &'static [&'static str],
    /// What on-call does next.
    pub next: &'static str,
    /// Where the facts come from.
    pub references: &'static [&'static str],
}

/// A rule on single records.
#[derive(Debug)]
pub struct Rule {
    /// For people.
    pub about: About,
    /// Whether a call by CloudFormation itself lowers the severity by one.
    pub cloudformation_lowers: bool,
    /// The judgement.
    pub judge: fn(&Change, &Before) -> Verdict,
}

/// A rule on a window of findings of one base rule.
#[derive(Debug)]
pub struct WindowRule {
    /// For people.
    pub about: About,
    /// Id of the rule whose findings are counted.
    pub base: &'static str,
    /// What is counted.
    pub counts: Counted,
    /// What it is counted in.
    pub scope: WindowScope,
    /// At least this many APIs must be among them.
    pub min_apis: usize,
}

/// Where a window counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WindowScope {
    /// One API in one Region of one account.
    Api,
    /// One account, all Regions.
    Account,
    /// Every account.
    Everything,
}

/// What is known besides the change: the state before it, and whether the call was our own.
#[derive(Debug, Clone, Default)]
pub struct Before {
    /// The stage, last known before the event.
    pub stage: Option<StageSettings>,
    /// The API.
    pub api: Option<ApiSettings>,
    /// The account in this Region.
    pub account: Option<AccountSettings>,
    /// Type and name of the API, which some records leave out.
    pub named: Option<ApiRef>,
    /// Whether a responder role made the call, and no entry of the ledger accounts for it.
    pub is_unaccounted: bool,
}

/// A rule's answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    /// It happened.
    Fire(Evidence),
    /// It did not happen.
    Quiet,
    /// The record alone does not tell.
    NeedState(Need),
}

/// What to do when the state cannot be had.
#[derive(Debug, Clone, PartialEq)]
pub enum Need {
    /// Stay quiet: only what was known before would make it a finding.
    OrQuiet,
    /// Stay quiet and count the record as undecided.
    OrUndecided,
    /// Fire all the same: a risky call whose parameters are missing.
    OrFire(Evidence),
}

/// What a rule saw.
#[derive(Debug, Clone, PartialEq)]
pub struct Evidence {
    /// How sure it is.
    pub confidence: Confidence,
    /// Another severity than the rule's own.
    pub severity: Option<Severity>,
    /// One sentence, without the names of API and stage.
    pub summary: String,
    /// What changed.
    pub changes: Vec<SettingChange>,
}

impl Evidence {
    fn new(confidence: Confidence, summary: impl Into<String>) -> Self {
        Self {
            confidence,
            severity: None,
            summary: summary.into(),
            changes: Vec::new(),
        }
    }

    fn with(mut self, changes: impl IntoIterator<Item = SettingChange>) -> Self {
        self.changes.extend(changes);
        self
    }

    fn severity(mut self, severity: Severity) -> Self {
        self.severity = Some(severity);
        self
    }
}

/// A risky call without parameters: fire low unless somebody can read the live state.
fn blind(what: &str) -> Verdict {
    Verdict::NeedState(Need::OrFire(Evidence::new(
        Confidence::Low,
        format!("{what} with parameters that the record does not show"),
    )))
}

/// High where the state before is known, else medium.
fn confidence(known: bool) -> Confidence {
    if known {
        Confidence::High
    } else {
        Confidence::Medium
    }
}

/// What a rule and a window rule are known by.
pub fn about(id: &str) -> Option<&'static About> {
    all().find(|about| about.id == id)
}

/// Everything that can produce findings, rules first.
pub fn all() -> impl Iterator<Item = &'static About> {
    let rules = RULES.iter().map(|rule| &rule.about);
    rules.chain(WINDOW_RULES.iter().map(|rule| &rule.about))
}

/// Every rule that has something to say about a change, with its answer.
pub fn evaluate(change: &Change, before: &Before) -> Vec<(&'static Rule, Verdict)> {
    RULES
        .iter()
        .map(|rule| (*rule, (rule.judge)(change, before)))
        .filter(|(_, verdict)| *verdict != Verdict::Quiet)
        .collect()
}

/// "REST API `orders` (a1b2c3), stage `prod`", for summaries.
pub(crate) fn describe(target: &Target) -> String {
    let api = target.api.as_ref().map(describe_api);
    let stage = target
        .stage
        .as_ref()
        .map(|stage| format!("stage `{stage}`"));
    match (api, stage) {
        (Some(api), Some(stage)) => format!("{stage} of {api}"),
        (Some(api), None) => api,
        (None, Some(stage)) => format!("{stage} of an API that the record does not name"),
        (None, None) => "an API that the record does not name".to_owned(),
    }
}

fn describe_api(api: &ApiRef) -> String {
    let kind = match api.kind {
        Some(ApiType::Rest) => "REST API",
        Some(ApiType::Http) => "HTTP API",
        Some(ApiType::WebSocket) => "WebSocket API",
        None => "API",
    };
    match (&api.name, &api.id) {
        (Some(name), Some(id)) => format!("{kind} `{name}` ({id})"),
        (Some(name), None) => format!("{kind} `{name}`"),
        (None, Some(id)) => format!("{kind} {id}"),
        (None, None) => format!("{kind} without an id in the record"),
    }
}
