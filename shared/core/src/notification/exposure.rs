//! Whether a bad change of a private API was published, and what is true now. INVARIANT: nothing here says
//! that it was never public.

use super::text;
use super::wording::moment;
use crate::remediation::Remediation;
use crate::remediation::publication::Exposure;
use crate::remediation::report::{Done, Ending, Report};
use crate::remediation::step::Step;

/// Whether the bad change reached a stage, and what is true now: one line each.
pub(super) fn lines(report: &Report) -> Vec<String> {
    let is_private = matches!(report.ending, Ending::Verified | Ending::AlreadyRight);
    match &report.exposure {
        None => Vec::new(),
        Some(Exposure::Armed) => vec![match is_private {
            true => {
                "found no deployment dated after the change; the API that the next one publishes is \
                 private again"
                    .to_owned()
            }
            false => {
                "found no deployment dated after the change; the next one makes the API public: let \
                 nobody deploy it before it is put back"
                    .to_owned()
            }
        }],
        Some(Exposure::Live { since, stages }) => {
            let published = match since {
                Some(since) => format!("LIVE: published at {} (UTC) or earlier", moment(*since)),
                None => "treat as LIVE: whether it was published could not be read, nor since when"
                    .to_owned(),
            };
            let stages = match (stages.is_empty(), since) {
                (true, _) => "; by which stages is not known".to_owned(),
                (false, Some(_)) => format!(", by {}", names(stages)),
                (false, None) => format!("; maybe by {}", names(stages)),
            };
            vec![format!("{published}{stages}"), now(report)]
        }
    }
}

/// What is true of the stages at this moment.
fn now(report: &Report) -> String {
    let open = open_stages(report);
    match open {
        Some(open) if open.is_empty() => closed(report),
        Some(open) => format!("now: treat {} as public", names(&open)),
        None => "now: treat every stage of the API as public".to_owned(),
    }
}

fn closed(report: &Report) -> String {
    match contained(report).next().is_some() {
        true => {
            "now: every one of these stages refuses all requests or serves a deployment of the \
                 restored API (read back)"
                .to_owned()
        }
        false => "now: every one of these stages serves a deployment of the restored API (read \
                  back)"
            .to_owned(),
    }
}

/// Where nothing is open: what closed stages, and may keep them closed until it is undone.
pub(super) fn contained(report: &Report) -> impl Iterator<Item = &Report> {
    let all = std::iter::once(report).chain(&report.follow_ups);
    all.filter(|one| one.remediation == Remediation::Contain && one.ending != Ending::Undone)
}

/// Whether nothing of the change is published any more, and no request limit that was set for it is left.
pub(super) fn is_over(report: &Report) -> bool {
    !is_open(report) && contained(report).next().is_none()
}

fn verified(report: &Report) -> impl Iterator<Item = &Report> {
    let follow_ups = report.follow_ups.iter();
    follow_ups.filter(|one| one.ending == Ending::Verified)
}

/// Whether stages may still serve what was published of a bad change.
pub(super) fn is_open(report: &Report) -> bool {
    matches!(report.exposure, Some(Exposure::Live { .. }))
        && open_stages(report).is_none_or(|open| !open.is_empty())
}

/// Live stages that no verified follow-up closed. `None` when the stages are not known.
fn open_stages(report: &Report) -> Option<Vec<String>> {
    let Some(Exposure::Live { stages, .. }) = &report.exposure else {
        return None;
    };
    let closed: Vec<&str> = verified(report)
        .flat_map(|one| one.done.iter().flat_map(stages_of))
        .collect();
    let open = stages
        .iter()
        .filter(|stage| !closed.contains(&stage.as_str()));
    (!stages.is_empty()).then(|| open.cloned().collect())
}

fn stages_of(done: &Done) -> impl Iterator<Item = &str> {
    let steps = done.plan.steps.iter();
    steps.filter_map(|step| match step {
        Step::CreateDeployment { stage_name, .. } | Step::UpdateStage { stage_name, .. } => {
            Some(stage_name.as_str())
        }
        _ => None,
    })
}

/// `stage prod`, `stages prod, beta and 3 more`.
fn names(stages: &[String]) -> String {
    const NAMED: usize = 10;
    let shown: Vec<String> = stages
        .iter()
        .take(NAMED)
        .map(|stage| text::value(stage))
        .collect();
    let shown = shown.join(", ");
    let word = if stages.len() == 1 { "stage" } else { "stages" };
    match stages.len().saturating_sub(NAMED) {
        0 => format!("{word} {shown}"),
        more => format!("{word} {shown} and {more} more"),
    }
}
