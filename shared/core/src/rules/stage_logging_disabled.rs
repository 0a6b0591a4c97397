//! Execution or access logging of a stage goes from on to off.
//!
//! The first move of nearly every attack on an API: what follows leaves no trace. Execution and
//! access logging are judged apart; either is enough.

use super::{About, Before, Evidence, Need, Rule, Verdict, blind, confidence};
use crate::change::{Change, Detail, StageCreation, StageUpdate};
use crate::finding::{Confidence, Known, SettingChange, Severity};
use crate::logging::{self, AccessAfter, AccessChange, LevelChange};
use crate::settings::{AccessLog, Execution, StageSettings};

pub(super) const RULE: Rule = Rule {
    about: About {
        id: "stage-logging-disabled",
        title: "Stage logging disabled",
        severity: Severity::High,
        function: "stage-logging",
        remediation: Some("restore-stage-logging"),
        gain: "What is sent to the API from then on leaves no execution or access log.",
        fires: "The effective execution level of at least one method or route becomes OFF, its \
                settings are removed, or access logging is removed; also when a stage is made \
                again under its name without the logging it had.",
        quiet: "The level was OFF before; a later operation of the same call sets it again; the \
                response shows that logging is still on; the call failed.",
        misses: "A stage made again by CreateDeployment; a REST method whose settings are \
                 written without a level is taken to inherit the level of the stage.",
        false_positives: &[
            "terraform destroy of aws_api_gateway_method_settings removes the whole key",
            "teams that switch execution logging off for cost once access logs exist",
        ],
        next: "Ask the people behind the principal, not over a channel it controls, whether it was \
               meant. Compare the stage with its last known settings, put them back, and look at \
               what else the same session did.",
        references: &[
            "https://docs.aws.amazon.com/apigateway/latest/api/patch-operations.html",
            "https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-logging.html",
            "https://attack.mitre.org/techniques/T1562/008/",
        ],
    },
    cloudformation_lowers: true,
    judge,
};

fn judge(change: &Change, before: &Before) -> Verdict {
    match change {
        Change::StageUpdated(update) => updated(update, before.stage.as_ref()),
        Change::StageCreated(creation) => recreated(creation, before.stage.as_ref()),
        _ => Verdict::Quiet,
    }
}

fn updated(update: &StageUpdate, before: Option<&StageSettings>) -> Verdict {
    if update.detail == Detail::Missing {
        match (&update.after, before) {
            (Some(after), _) if logging::is_fully_logged(after) => return Verdict::Quiet,
            (Some(_), Some(_)) => {}
            _ => return blind("the settings of the stage were changed"),
        }
    }
    let levels = logging::levels(update, before);
    let levels: Vec<_> = levels.into_iter().filter(LevelChange::is_loss).collect();
    let access = logging::access(update, before).filter(AccessChange::is_loss);
    let knows_levels = before.is_some_and(|before| before.execution.is_some());
    match verdict(&levels, access.as_ref()) {
        Verdict::Quiet if !knows_levels && logging::may_have_silenced_a_route(update) => {
            Verdict::NeedState(Need::OrUndecided)
        }
        verdict => verdict,
    }
}

fn verdict(levels: &[LevelChange], access: Option<&AccessChange>) -> Verdict {
    if levels.is_empty() && access.is_none() {
        return Verdict::Quiet;
    }
    let known = levels.iter().any(|level| level.before.is_some())
        || access
            .is_some_and(|access| access.before.is_some() && access.after != AccessAfter::Unclear);
    let mut parts: Vec<String> = levels
        .iter()
        .map(|level| format!("execution logging of {} is off", level.scope.describe()))
        .collect();
    parts.extend(access.map(|access| match access.after {
        AccessAfter::Unclear => "access logging was given no destination".to_owned(),
        _ => "access logging is off".to_owned(),
    }));
    Verdict::Fire(
        Evidence::new(confidence(known), parts.join("; "))
            .with(levels.iter().map(LevelChange::setting))
            .with(access.map(access_setting)),
    )
}

fn access_setting(access: &AccessChange) -> SettingChange {
    let before = match &access.before {
        None => Known::Unknown,
        Some(log) => Known::from(log.as_ref().and_then(|log| log.destination_arn.clone())),
    };
    SettingChange {
        path: access.path.clone(),
        before,
        after: match access.after {
            AccessAfter::Unclear => Known::Unknown,
            _ => Known::NotSet,
        },
    }
}

/// Attack: delete the stage and make it again; the new one has none of the old settings.
fn recreated(creation: &StageCreation, before: Option<&StageSettings>) -> Verdict {
    let Some(before) = before else {
        return Verdict::NeedState(Need::OrQuiet);
    };
    if !before.is_logged() {
        return Verdict::Quiet;
    }
    let none = Execution::default();
    let old = before.execution.as_ref().unwrap_or(&none);
    let new = creation.after.execution.as_ref().unwrap_or(&none);
    let levels: Vec<_> = old
        .scopes
        .keys()
        .map(|scope| LevelChange {
            path: logging::canonical_path(scope),
            scope: scope.clone(),
            before: Some(old.level(scope)),
            after: new.level(scope),
        })
        .filter(LevelChange::is_loss)
        .collect();
    let access = Some(AccessChange {
        path: "/accessLogSettings".to_owned(),
        before: Some(before.access_log.clone()),
        after: after(creation.after.access_log.as_ref()),
    });
    match verdict(&levels, access.filter(AccessChange::is_loss).as_ref()) {
        Verdict::Fire(evidence) => Verdict::Fire(Evidence {
            summary: format!(
                "made again without the logging it had: {}",
                evidence.summary
            ),
            confidence: Confidence::High,
            ..evidence
        }),
        quiet => quiet,
    }
}

fn after(log: Option<&AccessLog>) -> AccessAfter {
    log.cloned().map_or(AccessAfter::Off, AccessAfter::On)
}
