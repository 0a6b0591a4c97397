//! The summary of a replay, for standard error: what was read, what was found, what could not be
//! read. Every string that comes from a file is made visible first.

use std::collections::BTreeMap;
use std::fmt::Write;

use portcullis_core::causes::chain;
use portcullis_core::escape::visible;
use portcullis_core::finding::Severity;
use portcullis_core::replay::Report;
use portcullis_core::rules;

use super::Counts;
use crate::input::Problem;
use crate::render::style;

/// Problems that are listed; the rest is counted. The exit status says 2 all the same.
const LISTED: usize = 50;

/// What to summarise.
pub(super) struct Summary<'a> {
    pub(super) counts: Counts,
    pub(super) problems: &'a [Problem],
    pub(super) report: &'a Report,
    pub(super) has_baseline: bool,
    pub(super) seconds: f64,
}

/// One text, ending in a line feed.
pub(super) fn render(summary: &Summary<'_>) -> String {
    let mut text = String::new();
    // Writing to a string cannot fail.
    let _ = read(summary, &mut text);
    let _ = findings(summary.report, &mut text);
    let _ = dropped(summary.report, &mut text);
    let _ = unreadable(summary.problems, &mut text);
    text
}

fn read(summary: &Summary<'_>, text: &mut String) -> std::fmt::Result {
    let counts = summary.counts;
    write!(
        text,
        "\nread       {}, {}, {} of API Gateway",
        plural(counts.files, "file"),
        plural(counts.records, "record"),
        counts.api_gateway
    )?;
    if counts.digests > 0 {
        write!(text, ", {}", plural(counts.digests, "digest file"))?;
    }
    writeln!(text, ", in {:.2} seconds", summary.seconds)?;
    let invoked: Vec<_> = summary
        .report
        .reached
        .iter()
        .map(|(function, count)| format!("{function} {count}"))
        .collect();
    if !invoked.is_empty() {
        writeln!(text, "invoked    {}", invoked.join(", "))?;
    }
    let undecided = summary.report.undecided as u64;
    let hint = match (undecided, summary.has_baseline) {
        (0, _) => "",
        (_, false) => " (the record alone does not tell; --baseline FILE may)",
        (_, true) => " (neither the record nor the baseline tells)",
    };
    writeln!(text, "undecided  {}{hint}", plural(undecided, "record"))
}

fn findings(report: &Report, text: &mut String) -> std::fmt::Result {
    let mut by_rule: BTreeMap<&str, u64> = BTreeMap::new();
    let mut by_severity: BTreeMap<Severity, u64> = BTreeMap::new();
    for finding in &report.findings {
        *by_rule.entry(finding.rule).or_default() += 1;
        *by_severity.entry(finding.severity).or_default() += 1;
    }
    let severities: Vec<_> = by_severity
        .iter()
        .rev()
        .map(|(severity, count)| {
            let style = style(*severity);
            format!("{style}{count} {}{style:#}", severity.as_str())
        })
        .collect();
    let total = report.findings.len();
    match severities.is_empty() {
        true => writeln!(text, "findings   none")?,
        false => writeln!(text, "findings   {total}: {}", severities.join(", "))?,
    }
    for about in rules::all() {
        if let Some(count) = by_rule.get(about.id) {
            writeln!(text, "           {count:>6}  {}", about.id)?;
        }
    }
    Ok(())
}

/// A defect of ours: live, these would have been missed.
fn dropped(report: &Report, text: &mut String) -> std::fmt::Result {
    for dropped in report.dropped.iter().take(LISTED) {
        writeln!(
            text,
            "error      `{}` fires on event {}, but the pattern of `{}` drops it",
            dropped.rule,
            visible(&dropped.event_id),
            dropped.function
        )?;
    }
    let more = report.dropped.len().saturating_sub(LISTED);
    if more > 0 {
        writeln!(
            text,
            "error      {more} more events are dropped by patterns"
        )?;
    }
    Ok(())
}

fn unreadable(problems: &[Problem], text: &mut String) -> std::fmt::Result {
    writeln!(text, "unreadable {}", problems.len())?;
    for problem in problems.iter().take(LISTED) {
        writeln!(text, "           {}", visible(&chain(problem)))?;
    }
    let more = problems.len().saturating_sub(LISTED);
    if more > 0 {
        writeln!(text, "           and {more} more")?;
    }
    Ok(())
}

fn plural(count: u64, what: &str) -> String {
    let s = if count == 1 { "" } else { "s" };
    format!("{count} {what}{s}")
}
