//! A later message: what became of a remediation that an earlier message, about its finding, left open.

use serde::Serialize;

use super::lines::Text;
use super::{
    Kind, MARKER_LATER, MAX_BODY, Notification, by_hand, deed, exposure, links, machine, names,
    text,
};
use super::{attribute, severity_of_pages, wording};
use crate::change::ApiRef;
use crate::finding::{SettingChange, Severity};
use crate::remediation::Remediation;
use crate::remediation::ledger::{Entry, Given, State};
use crate::remediation::publication::Exposure;
use crate::remediation::report::{Ending, Report};
use crate::rules;

/// The message about an entry of the ledger.
pub(super) fn notification(entry: &Entry, report: &Report, kind: Kind) -> Notification {
    let severity = severity(entry, report);
    Notification {
        subject: subject(entry, report),
        body: body(entry, report),
        attributes: super::with_outcome(
            vec![
                ("rule", attribute(&entry.rule)),
                ("severity", severity.as_str().to_owned()),
                ("account", attribute(&entry.thing.account)),
                ("region", attribute(&entry.thing.region)),
                ("kind", kind.as_str().to_owned()),
            ],
            Some(report),
        ),
    }
}

/// That of the rule, so that it reaches whoever was told of the finding.
fn severity(entry: &Entry, report: &Report) -> Severity {
    let rule = rules::about(&entry.rule).map_or(Severity::High, |about| about.severity);
    severity_of_pages(rule, Some(report))
}

/// What came of it, in a word that fits a subject.
fn word(report: &Report) -> &'static str {
    match (&report.ending, report.remediation) {
        (Ending::Verified, Remediation::Redeploy) => "REDEPLOYED",
        (Ending::Verified, Remediation::Contain) => "CONTAINED",
        (Ending::Verified, _) if exposure::is_open(report) => "RESTORED, STILL PUBLISHED",
        (Ending::Verified, _) => "RESTORED",
        (Ending::AlreadyRight, _) => "ALREADY RIGHT",
        (Ending::Attempted, _) if report.is_undo() => "UNDO NOT VERIFIED",
        (Ending::Attempted, _) => "NOT VERIFIED",
        (Ending::Undone, Remediation::Contain) => "STAGES OPEN AGAIN",
        (Ending::Undone, _) => "RESTORE UNDONE",
        (Ending::Awaiting { .. }, _) => "APPROVAL NEEDED",
        _ if report.is_undo() => "NOT UNDONE",
        (_, Remediation::Redeploy) => "NOT REDEPLOYED",
        (_, Remediation::Contain) => "NOT CONTAINED",
        _ => "NOT RESTORED",
    }
}

/// What it is about.
fn what(remediation: Remediation) -> &'static str {
    match remediation {
        Remediation::RestoreStageLogging => "Stage logging",
        Remediation::RestoreAccountLoggingRole => "Account logging role",
        Remediation::RestorePrivateEndpoint => "Private API",
        Remediation::Redeploy => "API that had been made public",
        Remediation::Contain => "API that was made public",
    }
}

fn subject(entry: &Entry, report: &Report) -> String {
    let page = match wording::page(report) {
        Some(_) => "CRITICAL: ",
        None => "",
    };
    let head = format!("{page}{}: {}", word(report), what(entry.remediation));
    let target = entry.thing.target();
    super::assembled(
        &head,
        target.api.as_ref(),
        target.stage.as_deref(),
        &text::ascii(&entry.thing.account),
        "",
    )
}

fn body(entry: &Entry, report: &Report) -> String {
    let mut head = Text::default();
    let target = entry.thing.target();
    let thing = names::thing(target.stage.as_deref(), target.api.as_ref());
    let account = names::account(Some(&entry.thing.account));
    let thing = thing.unwrap_or_else(|| account.clone());
    head.plain(&format!(
        "{}: {}: {thing}.",
        word(report),
        what(entry.remediation)
    ));
    if let Some(why) = wording::page(report) {
        head.plain(&why);
    }
    head.plain("");
    deed::lines(report, &mut head);
    head.plain("");
    facts(entry, &mut head);
    head.plain("");
    // What is over needs nobody.
    let is_over = report.ending == Ending::Verified && exposure::is_over(report);
    if let Some(next) = wording::next(report).filter(|_| !is_over) {
        head.line("Next", &next);
        head.plain("");
    }
    references(entry, &mut head);
    head.plain("");
    let room = MAX_BODY.saturating_sub(head.0.len());
    let json = json(entry, report, room);
    let room = room.saturating_sub(json.len() + MARKER_LATER.len() + 2);
    let pasted = by_hand::fitting(&by_hand::blocks(report), room, Some(report));
    head.0.push_str(&pasted);
    head.plain(MARKER_LATER);
    head.plain(&json);
    head.0
}

fn facts(entry: &Entry, text: &mut Text) {
    let title = rules::about(&entry.rule).map(|about| about.title.to_owned());
    text.line("What", &title.unwrap_or_else(|| text::value(&entry.rule)));
    if let Some(actor) = &entry.actor {
        text.line("Who", &text::value(actor));
    }
    let target = entry.thing.target();
    let thing = names::thing(target.stage.as_deref(), target.api.as_ref());
    let account = names::account(Some(&entry.thing.account));
    let region = names::region(Some(&entry.thing.region));
    let parts = [thing, Some(account), Some(region)].into_iter().flatten();
    text.line("Where", &parts.collect::<Vec<_>>().join(", "));
    text.line(
        "Change made",
        &format!("{} (UTC)", wording::moment(entry.event_time)),
    );
    if let Some(given) = &entry.approved {
        text.line("Approved", &by(given));
    }
    if let Some(given) = &entry.undone {
        text.line("Undo asked", &by(given));
    }
    text.line(
        "As of",
        &format!("{} (UTC)", wording::moment(entry.updated)),
    );
}

fn by(given: &Given) -> String {
    let at = wording::moment(given.at);
    match &given.by {
        Some(by) => format!("{at} (UTC) by {} (as the command says)", text::value(by)),
        None => format!(
            "{at} (UTC) by nobody named: CloudTrail has the caller if data events of Lambda are \
             recorded"
        ),
    }
}

fn references(entry: &Entry, text: &mut Text) {
    if let Some(url) = links::thing(&entry.thing) {
        let account = text::value(&entry.thing.account);
        text.line("Links", &format!("sign in to account {account} first"));
        text.line("API Gateway", &url);
        if let Some(url) = links::event(Some(&entry.thing.region), &entry.event_id) {
            text.line("CloudTrail", &url);
        }
    }
    text.line("Event", &text::value(&entry.event_id));
    text.line("Finding", &text::value(&entry.finding_id));
}

/// The line of JSON. The order of the members is that of the serialised form.
#[derive(Serialize)]
struct Line<'a> {
    id: &'a str,
    remediation: Remediation,
    state: State,
    account: &'a str,
    region: &'a str,
    api: Option<ApiRef>,
    stage: Option<String>,
    finding_id: &'a str,
    event_id: &'a str,
    changes: Vec<SettingChange>,
    exposure: Option<ExposureLine>,
    reasons: Vec<String>,
}

#[derive(Serialize)]
struct ExposureLine {
    state: &'static str,
    since: Option<String>,
    stages: Vec<String>,
}

/// In at most `room` bytes, as far as the last limits go: 10 changes of 3 values, 100 characters each.
fn json(entry: &Entry, report: &Report, room: usize) -> String {
    const LIMITS: [(usize, usize); 4] = [
        (usize::MAX, usize::MAX),
        (usize::MAX, 2_000),
        (100, 300),
        (10, 100),
    ];
    let mut line = String::new();
    for (items, longest) in LIMITS {
        line = machine::ascii(&shortened(entry, report, items, longest));
        if line.len() <= room {
            break;
        }
    }
    line
}

/// INVARIANT: ids stay whole.
fn shortened<'a>(entry: &'a Entry, report: &Report, items: usize, longest: usize) -> Line<'a> {
    let target = entry.thing.target();
    let done = report.done.iter();
    let changes = done.flat_map(|done| deed::settings(report, done));
    let changes = changes.take(items);
    let cut = |texts: &[String]| {
        let texts = texts.iter().take(items);
        texts
            .map(|text| machine::cut(text, longest))
            .collect::<Vec<_>>()
    };
    Line {
        id: &entry.id,
        remediation: entry.remediation,
        state: entry.state,
        account: &entry.thing.account,
        region: &entry.thing.region,
        api: target.api.map(|api| ApiRef {
            name: api.name.map(|name| machine::cut(&name, longest)),
            ..api
        }),
        stage: entry
            .thing
            .stage()
            .map(|stage| machine::cut(stage, longest)),
        finding_id: &entry.finding_id,
        event_id: &entry.event_id,
        changes: changes
            .map(|change| machine::shorter(&change, longest))
            .collect(),
        exposure: report.exposure.as_ref().map(|exposure| match exposure {
            Exposure::Armed => ExposureLine {
                state: "armed",
                since: None,
                stages: Vec::new(),
            },
            Exposure::Live { since, stages } => ExposureLine {
                state: "live",
                since: since.map(wording::moment),
                stages: cut(stages),
            },
        }),
        reasons: cut(&report.reasons),
    }
}
