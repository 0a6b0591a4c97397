//! From a record to findings: the one path that replay and every Lambda take.

use crate::baseline::Baselines;
use crate::change::{Change, ChangeError, Target};
use crate::driver::{self, Driver};
use crate::finding::{self, Confidence, Decision, Finding, Principal};
use crate::record::Record;
use crate::rules::{self, About, Evidence, Need, Rule, Verdict};

/// What the rules say of one record.
#[derive(Debug, Default)]
pub struct Detection {
    /// At most one of each rule.
    pub findings: Vec<Finding>,
    /// Rules that the record alone does not decide, and that stay quiet.
    pub undecided: Vec<&'static str>,
}

/// Judges a record with what a baseline knows of the time before. Where a rule needs more, nobody
/// can read the live state here: it fires or is undecided as it says itself.
///
/// # Errors
/// When the record is API Gateway's and a body that a rule reads has the wrong type.
pub fn detect(record: &Record, baselines: &Baselines) -> Result<Detection, ChangeError> {
    let Some(change) = Change::from_record(record)? else {
        return Ok(Detection::default());
    };
    let before = baselines.before(record, &change);
    let mut target = change.target();
    if let Some(api) = &mut target.api {
        baselines.fill(record, api);
    }
    let mut detection = Detection::default();
    for (rule, verdict) in rules::evaluate(&change, &before) {
        match verdict {
            Verdict::Fire(evidence) | Verdict::NeedState(Need::OrFire(evidence)) => {
                let finding = finding(rule, record, &target, evidence);
                detection.findings.push(finding);
            }
            Verdict::NeedState(Need::OrUndecided) => detection.undecided.push(rule.about.id),
            Verdict::Quiet => {}
        }
    }
    Ok(detection)
}

fn finding(rule: &Rule, record: &Record, target: &Target, evidence: Evidence) -> Finding {
    let by_cloudformation = driver::is_cloudformation(record);
    let mut severity = evidence.severity.unwrap_or(rule.about.severity);
    if evidence.confidence == Confidence::Low {
        severity = severity.lowered();
    }
    if by_cloudformation && rule.cloudformation_lowers {
        severity = severity.lowered();
    }
    let about = &rule.about;
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
        Some(stack) if !by_cloudformation => format!(", changed outside its stack `{stack}`"),
        _ => String::new(),
    };
    format!("{subject}: {what}{outside}")
}

/// Nothing is ever changed here; a policy may allow more where the functions run.
pub(crate) fn decision(about: &About) -> Decision {
    Decision {
        mode: "notify",
        remediation: about.remediation,
        reason: match about.remediation {
            Some(_) => "remediation is opt-in, and no policy allows it here",
            None => "no remediation undoes this",
        },
    }
}
