//! The text of a message, for an engineer on call: one fact a line, each line begun by us.
//!
//! Lines are not wrapped, so that nothing of a record comes to stand at the start of one.

use super::lines::Text;
use super::{
    MARKER, MAX_BODY, MESSAGES_IN_SHARE, SECONDS_OF_SHARE, by_hand, deed, links, machine, names,
    text, wording,
};
use crate::driver::Driver;
use crate::finding::{Confidence, Decision, Finding, WindowSpan, rfc3339};
use crate::remediation::report::Report;
use crate::rules;

/// Changes, event ids and links to events that the text names; the JSON has the rest.
const CHANGES: usize = 20;
const EVENTS: usize = 5;
const EVENT_LINKS: usize = 3;

/// Bytes that stay for the JSON, which always fits in them once it is shortened.
const LEAST_JSON: usize = 48_000;

/// Text, marker, JSON. What is to be pasted gives way first.
pub(super) fn body(finding: &Finding, report: Option<&Report>, is_last: bool) -> String {
    let mut head = Text::default();
    head.plain(&first(finding, report));
    if let Some(why) = report.and_then(wording::page) {
        head.plain(&why);
    }
    if is_last {
        head.plain(&format!(
            "No more messages of this rule about {} until the current {} minutes end (more than \
             {MESSAGES_IN_SHARE} came). Further findings are only in the function's log and in the \
             table.",
            scope(finding),
            SECONDS_OF_SHARE / 60
        ));
    }
    head.plain("");
    match report {
        Some(report) => deed::lines(report, &mut head),
        None => head.line("Done", &done(finding)),
    }
    head.plain("");
    facts(finding, &mut head);
    head.plain("");
    answers(finding, report, &mut head);
    head.plain("");
    references(finding, &mut head);
    head.plain("");
    let room = MAX_BODY.saturating_sub(head.0.len());
    let line = machine::line(finding, room.max(LEAST_JSON));
    let mut tail = Text::default();
    if let Some(note) = line.note {
        tail.plain(&note);
    }
    tail.plain(MARKER);
    tail.plain(&line.json);
    let room = room.saturating_sub(tail.0.len());
    let blocks = report.map(by_hand::blocks).unwrap_or_default();
    let pasted = by_hand::fitting(&blocks, room, report);
    head.0 + &pasted + &tail.0
}

/// What a share of messages is counted for.
fn scope(finding: &Finding) -> &'static str {
    let api = finding.api.as_ref().and_then(|api| api.id.as_ref());
    match (api, &finding.account) {
        (Some(_), _) => "this API",
        (None, Some(_)) => "this account",
        (None, None) => "several accounts",
    }
}

/// What happened, in one sentence.
fn first(finding: &Finding, report: Option<&Report>) -> String {
    let severity = super::severity(finding, report).as_str();
    let severity = severity.to_ascii_uppercase();
    format!("{severity}: {}.", text::sentence(&finding.summary))
}

fn facts(finding: &Finding, text: &mut Text) {
    text.line("What", finding.title);
    text.line("Who", &who(finding));
    if let Some(source) = &finding.source_ip {
        text.line("From", &text::value(source));
    }
    text.line("Where", &place(finding));
    match &finding.window {
        None => text.line("When", &format!("{} (UTC)", rfc3339(finding.time))),
        Some(window) => text.line("When", &span(window)),
    }
    text.line("How", &how(finding));
    if let Some(agent) = &finding.user_agent {
        let agent = text::value(agent);
        text.line("User agent", &format!("{agent} (typed by the caller)"));
    }
    for change in finding.changes.iter().take(CHANGES) {
        text.line("Changed", &deed::setting(change));
    }
    if finding.changes.len() > CHANGES {
        let more = finding.changes.len() - CHANGES;
        text.line("Changed", &format!("and {more} more, see the JSON below"));
    }
    text.line("Confidence", confidence(finding));
}

fn answers(finding: &Finding, report: Option<&Report>, text: &mut Text) {
    let own = report.and_then(wording::next);
    let about = rules::about(finding.rule);
    let next = own.or_else(|| about.map(|about| about.next.to_owned()));
    if let Some(next) = next {
        text.line("Next", &next);
    }
    if let Some(about) = about.filter(|about| !about.false_positives.is_empty()) {
        text.line("Harmless if", &about.false_positives.join("; "));
    }
}

fn references(finding: &Finding, text: &mut Text) {
    let region = finding.region.as_deref();
    // The console shows what the account of the browser's session holds.
    if let Some(account) = &finding.account {
        if let Some(url) = links::api_gateway(finding) {
            let account = text::value(account);
            text.line("Links", &format!("sign in to account {account} first"));
            text.line("API Gateway", &url);
        }
        let events = finding.event_ids.iter().take(EVENT_LINKS);
        for url in events.filter_map(|id| links::event(region, id)) {
            text.line("CloudTrail", &url);
        }
    }
    text.line("Events", &events_named(finding));
    text.line("Finding", &text::value(&finding.id));
    text.line("Rule", &format!("{}, see docs/rules.md", finding.rule));
}

fn who(finding: &Finding) -> String {
    let Some(principal) = &finding.principal else {
        return "several principals".to_owned();
    };
    let issuer = principal.session_issuer.as_ref();
    let name = principal.arn.as_ref().or(issuer);
    let name = name.map_or_else(
        || "somebody the record does not name".to_owned(),
        |name| text::value(name),
    );
    let kind = principal.kind.as_deref().map(text::value);
    let role = issuer.filter(|_| principal.arn.is_some());
    let role = role.map(|role| format!("role {}", text::value(role)));
    let details: Vec<String> = [kind, role].into_iter().flatten().collect();
    match details.is_empty() {
        true => name,
        false => format!("{name} ({})", details.join(", ")),
    }
}

fn place(finding: &Finding) -> String {
    let parts = [
        names::thing(finding.stage.as_deref(), finding.api.as_ref()),
        Some(names::account(finding.account.as_deref())),
        Some(names::region(finding.region.as_deref())),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

fn span(window: &WindowSpan) -> String {
    format!(
        "{} {} from {} to {} (UTC); more than {} within {} seconds alert",
        window.distinct,
        window.of.noun(),
        rfc3339(window.first),
        rfc3339(window.last),
        window.threshold,
        window.seconds
    )
}

fn how(finding: &Finding) -> String {
    let call = finding.event_name.as_deref();
    let call = call.map_or_else(|| "several calls".to_owned(), text::value);
    let driver = finding.driver.map_or("several tools", tool);
    format!("{call}, with {driver}")
}

fn tool(driver: Driver) -> &'static str {
    match driver {
        Driver::CloudFormation => "CloudFormation",
        Driver::Cdk => "the CDK",
        Driver::Sam => "the SAM command line",
        Driver::Terraform => "Terraform or OpenTofu",
        Driver::Console => "the AWS console",
        Driver::Cli => "the AWS command line",
        Driver::Sdk => "an AWS SDK",
        Driver::Service => "another AWS service",
        Driver::Unknown => "a tool that the record does not tell",
    }
}

fn confidence(finding: &Finding) -> &'static str {
    match finding.confidence {
        Confidence::Low if finding.window.is_some() => {
            "low: a counted finding is of low confidence. Look at the live settings first"
        }
        Confidence::Medium if finding.window.is_some() => {
            "medium: every counted finding is of medium confidence at least"
        }
        Confidence::High if finding.window.is_some() => {
            "high: every counted finding is of high confidence"
        }
        Confidence::Low => {
            "low: the record does not show the change; the call is one that could do it. Look at \
             the live settings first"
        }
        Confidence::Medium => {
            "medium: the record shows the bad value; what stood before is not known"
        }
        Confidence::High => "high: before and after are known, or the call can mean nothing else",
    }
}

/// A window is about changes that each had a message, and maybe a remediation, of their own.
fn done(finding: &Finding) -> String {
    match finding.window {
        Some(_) => {
            "nothing by this alert; the message about each change says what was done about it"
                .to_owned()
        }
        None => decided(&finding.decision),
    }
}

fn decided(decision: &Decision) -> String {
    let mode = match decision.mode {
        "off" | "notify" => "nothing was put back".to_owned(),
        mode => format!("mode {mode}"),
    };
    let remediation = match decision.remediation {
        None => String::new(),
        Some(remediation) => format!(" (it would be {remediation})"),
    };
    format!("{mode}: {}{remediation}", decision.reason)
}

fn events_named(finding: &Finding) -> String {
    let ids = finding.event_ids.iter().take(EVENTS);
    let ids: Vec<String> = ids.map(|id| text::value(id)).collect();
    let ids = ids.join(", ");
    match finding.event_ids.len().saturating_sub(EVENTS) {
        0 if ids.is_empty() => "none".to_owned(),
        0 => ids,
        more => format!("{ids} and {more} more, see the JSON below"),
    }
}
