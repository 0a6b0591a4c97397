//! From a record to findings: the one path that replay and every Lambda take.

use crate::change::{Change, Target};
use crate::driver::{self, Driver};
use crate::finding::{self, Confidence, Decision, Finding, Principal};
use crate::record::Record;
use crate::rules::{self, About, Before, Evidence, Need, Rule, Verdict};
use crate::thresholds::Thresholds;

/// What the rules say of one record.
#[derive(Debug, Default)]
pub struct Detection {
    /// At most one of each rule.
    pub findings: Vec<Finding>,
    /// Rules that the record alone does not decide, and that stay quiet.
    pub undecided: Vec<&'static str>,
}

/// Whether any rule has something to say that the state before may change. Most events end here,
/// before anything was asked of the outside.
pub fn is_worth_a_look(change: &Change, known: &Before, asked: impl Fn(&About) -> bool) -> bool {
    let verdicts = rules::evaluate(change, known);
    verdicts.iter().any(|(rule, _)| asked(&rule.about))
}

/// Whether a rule needs more than the record and the state before.
pub fn needs_live(change: &Change, before: &Before, asked: impl Fn(&About) -> bool) -> bool {
    let needs = |(rule, verdict): &(&'static Rule, Verdict)| {
        asked(&rule.about) && matches!(verdict, Verdict::NeedState(_))
    };
    change.is_unseen() && rules::evaluate(change, before).iter().any(needs)
}

/// Judges a typed change. Where a rule needs more, nobody could read it: it fires or stays quiet as
/// it says itself.
pub fn detect(
    record: &Record,
    change: &Change,
    before: &Before,
    settings: &Thresholds,
    asked: impl Fn(&About) -> bool,
) -> Detection {
    let target = named(change.target(), before);
    let mut detection = Detection::default();
    for (rule, verdict) in rules::evaluate(change, before) {
        if !asked(&rule.about) || !settings.is_enabled(rule.about.id) {
            continue;
        }
        match verdict {
            Verdict::Fire(evidence) | Verdict::NeedState(Need::OrFire(evidence)) => {
                let finding = finding(rule, record, &target, evidence, settings);
                detection.findings.push(finding);
            }
            Verdict::NeedState(Need::OrUndecided) => detection.undecided.push(rule.about.id),
            Verdict::NeedState(Need::OrQuiet) | Verdict::Quiet => {}
        }
    }
    detection
}

/// Fills in the type and the name of an API that the record leaves out.
fn named(mut target: Target, before: &Before) -> Target {
    if let (Some(api), Some(known)) = (&mut target.api, &before.named) {
        api.kind = api.kind.or(known.kind);
        api.name = api.name.take().or_else(|| known.name.clone());
    }
    target
}

fn finding(
    rule: &Rule,
    record: &Record,
    target: &Target,
    evidence: Evidence,
    settings: &Thresholds,
) -> Finding {
    let about = &rule.about;
    let by_cloudformation = driver::is_cloudformation(record);
    let lowered = [
        evidence.confidence == Confidence::Low,
        by_cloudformation && rule.cloudformation_lowers,
        settings.expects(about.id, &record.identity),
    ];
    let severity = lowered.into_iter().filter(|lowers| *lowers).fold(
        evidence.severity.unwrap_or(about.severity),
        |severity, _| severity.lowered(),
    );
    Finding {
        id: finding::id(&[about.id, &record.account, &record.region, &record.id]),
        rule: about.id,
        title: about.title,
        severity,
        confidence: evidence.confidence,
        time: record.time,
        account: Some(record.account.clone()),
        region: Some(record.region.clone()),
        api: target.api.clone(),
        stage: target.stage.clone(),
        principal: Some(principal(record)),
        source_ip: record.source_ip.clone(),
        user_agent: record.user_agent.clone(),
        driver: Some(Driver::of(record)),
        event_ids: vec![record.id.clone()],
        event_name: Some(record.name.clone()),
        summary: summary(record, target, &evidence.summary, by_cloudformation),
        changes: evidence.changes,
        window: None,
        decision: decision(about),
        by_cloudformation,
    }
}

fn principal(record: &Record) -> Principal {
    Principal {
        kind: record.identity.kind.clone(),
        arn: record.identity.arn.clone(),
        session_issuer: record.identity.session_issuer().map(str::to_owned),
    }
}

fn summary(record: &Record, target: &Target, what: &str, by_cloudformation: bool) -> String {
    let subject = if target.api.is_none() && target.stage.is_none() {
        format!("account {} in {}", record.account, record.region)
    } else {
        rules::describe(target)
    };
    let outside = match &target.stack {
        Some(stack) if !by_cloudformation => format!("; changed outside its stack `{stack}`"),
        _ => String::new(),
    };
    format!("{subject}: {what}{outside}")
}

/// Nothing is ever changed here; a policy may allow more where the functions run.
pub(crate) fn decision(about: &About) -> Decision {
    let reason = match about.remediation {
        Some(_) => "remediation is opt-in, and no policy allows it here",
        None => "no remediation undoes this",
    };
    Decision::notify(about.remediation, reason)
}
