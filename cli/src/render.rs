//! Findings as text for people and as lines of JSON. Text is grouped by API, newest last, wrapped to
//! a width; every string of a record is made visible first.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::{self, Write};

use anstyle::{AnsiColor, Style};
use jiff::Timestamp;
use portcullis_core::change::ApiType;
use portcullis_core::escape::{json_line, visible};
use portcullis_core::finding::{Finding, Known, SettingChange, Severity, WindowSpan, rfc3339};
use portcullis_core::rules;

/// Longer values are cut in text; `--format jsonl` has them whole.
const LONGEST_VALUE: usize = 160;

/// The same for a sentence, which may hold several values.
const LONGEST_SENTENCE: usize = 600;

/// One JSON object a line.
pub(crate) fn jsonl(findings: &[Finding], out: &mut dyn Write) -> io::Result<()> {
    for finding in findings {
        writeln!(out, "{}", json_line(finding)?)?;
    }
    Ok(())
}

/// Groups, then what to do next.
pub(crate) fn text(findings: &[Finding], width: usize, out: &mut dyn Write) -> io::Result<()> {
    for group in groups(findings) {
        let bold = Style::new().bold();
        writeln!(out, "{bold}{}{bold:#}", group.heading)?;
        for finding in group.findings {
            out.write_all(entry(finding, width).as_bytes())?;
        }
        writeln!(out)?;
    }
    next_steps(findings, width, out)
}

struct Group<'a> {
    heading: String,
    newest: Timestamp,
    findings: Vec<&'a Finding>,
}

/// One group for each API, account and the rest; the one with the newest finding comes last.
fn groups(findings: &[Finding]) -> Vec<Group<'_>> {
    let mut groups: BTreeMap<String, Group<'_>> = BTreeMap::new();
    for finding in findings {
        let group = groups.entry(subject(finding)).or_insert_with(|| Group {
            heading: String::new(),
            newest: finding.time,
            findings: Vec::new(),
        });
        group.newest = group.newest.max(finding.time);
        group.findings.push(finding);
    }
    let mut groups: Vec<_> = groups.into_values().collect();
    for group in &mut groups {
        group.heading = heading(&group.findings);
    }
    groups.sort_by_key(|group| group.newest);
    groups
}

/// What findings are grouped by.
fn subject(finding: &Finding) -> String {
    let id = finding.api.as_ref().and_then(|api| api.id.as_deref());
    let region = finding.region.as_deref().filter(|_| id.is_some());
    let parts = [finding.account.as_deref(), region, id];
    parts.map(|part| part.unwrap_or_default()).join("/")
}

/// The fullest name that any finding of the group knows.
fn heading(findings: &[&Finding]) -> String {
    let apis = || findings.iter().filter_map(|finding| finding.api.as_ref());
    let first = findings.first();
    let account = first.and_then(|finding| finding.account.as_deref());
    let Some(account) = account else {
        return "Several accounts".to_owned();
    };
    let account = visible(account);
    let Some(id) = apis().find_map(|api| api.id.as_deref()) else {
        return format!("Account {account}");
    };
    let kind = match apis().find_map(|api| api.kind) {
        Some(ApiType::Rest) => "REST API",
        Some(ApiType::Http) => "HTTP API",
        Some(ApiType::WebSocket) => "WebSocket API",
        None => "API",
    };
    let name = apis().find_map(|api| api.name.as_deref());
    let name = name.map_or_else(String::new, |name| format!(" \"{}\"", visible(name)));
    let region = first.and_then(|finding| finding.region.as_deref());
    format!(
        "{kind} {}{name} in account {account}, {}",
        visible(id),
        visible(region.unwrap_or("several Regions"))
    )
}

/// The colour of a severity.
pub(crate) fn style(severity: Severity) -> Style {
    let colour = match severity {
        Severity::Critical => return AnsiColor::BrightRed.on_default().bold(),
        Severity::High => AnsiColor::Red,
        Severity::Medium => AnsiColor::Yellow,
        Severity::Low => AnsiColor::Cyan,
    };
    colour.on_default()
}

fn entry(finding: &Finding, width: usize) -> String {
    let mut text = String::new();
    let style = style(finding.severity);
    let severity = finding.severity.as_str().to_ascii_uppercase();
    // Writing to a string cannot fail.
    let _ = writeln!(
        text,
        "  {}  {style}{severity:<8}{style:#}  {}",
        rfc3339(finding.time),
        finding.rule
    );
    let mut line = |label: &str, value: &str| {
        let indent = format!("      {label:<8}");
        text.push_str(&wrapped(&indent, "              ", &visible(value), width));
        text.push('\n');
    };
    line("what", &cut(&finding.summary, LONGEST_SENTENCE));
    for change in &finding.changes {
        line("change", &setting(change));
    }
    if let Some(window) = &finding.window {
        line("window", &span(window));
    }
    if let Some(who) = who(finding) {
        line("who", &who);
    }
    line("trace", &trace(finding));
    text
}

/// A paragraph. Words stay whole, however long, so that ARNs and ids can be copied.
pub(crate) fn wrapped(first: &str, rest: &str, text: &str, width: usize) -> String {
    let options = textwrap::Options::new(width)
        .initial_indent(first)
        .subsequent_indent(rest)
        .word_splitter(textwrap::WordSplitter::NoHyphenation)
        .break_words(false);
    textwrap::fill(text, options)
}

/// `/*/*/logging/loglevel: INFO -> OFF`.
fn setting(change: &SettingChange) -> String {
    let value = |known: &Known| match known {
        Known::Unknown => "(unknown)".to_owned(),
        Known::NotSet => "(not set)".to_owned(),
        Known::Set(value) => shortened(value),
    };
    format!(
        "{}: {} -> {}",
        shortened(&change.path),
        value(&change.before),
        value(&change.after)
    )
}

fn shortened(value: &str) -> String {
    cut(value, LONGEST_VALUE)
}

fn cut(value: &str, longest: usize) -> String {
    let mut chars = value.chars();
    let short: String = chars.by_ref().take(longest).collect();
    match chars.next() {
        None => short,
        Some(_) => format!("{short}..."),
    }
}

fn span(window: &WindowSpan) -> String {
    format!(
        "{} {} from {} to {}; more than {} within {} seconds alert",
        window.distinct,
        window.of.as_str(),
        rfc3339(window.first),
        rfc3339(window.last),
        window.threshold,
        window.seconds
    )
}

fn who(finding: &Finding) -> Option<String> {
    let principal = finding.principal.as_ref()?;
    let name = [&principal.arn, &principal.session_issuer, &principal.kind];
    let name = name.into_iter().flatten().next();
    let mut who = shortened(name.map_or("somebody the record does not name", String::as_str));
    if let Some(source) = &finding.source_ip {
        let _ = write!(who, " from {}", shortened(source));
    }
    if let Some(driver) = finding.driver {
        let _ = write!(who, " with {}", driver.as_str());
    }
    Some(who)
}

fn trace(finding: &Finding) -> String {
    let call = finding.event_name.as_deref().unwrap_or("several calls");
    let mut events = finding.event_ids.iter();
    let first = events.next().map_or("", String::as_str);
    let more = match events.len() {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!(
        "{call} {first}{more}; finding {}, confidence {}",
        finding.id,
        finding.confidence.as_str()
    )
}

/// Once for each rule that fired, worst first.
fn next_steps(findings: &[Finding], width: usize, out: &mut dyn Write) -> io::Result<()> {
    let fired: BTreeSet<&str> = findings.iter().map(|finding| finding.rule).collect();
    let mut abouts: Vec<_> = rules::all()
        .filter(|about| fired.contains(about.id))
        .collect();
    if abouts.is_empty() {
        return writeln!(out, "No rule fires.");
    }
    abouts.sort_by_key(|about| std::cmp::Reverse(about.severity));
    let bold = Style::new().bold();
    writeln!(out, "{bold}What to do next{bold:#}")?;
    for about in abouts {
        let text = format!("{}: {}", about.id, about.next);
        writeln!(out, "{}", wrapped("  ", "      ", &text, width))?;
    }
    Ok(())
}
