//! The arguments. Help texts are for a person who has never seen the program.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};
use jiff::Timestamp;
use portcullis_core::finding::Severity;
use portcullis_core::{nearest, record, rules};

/// Guards Amazon API Gateway: detects control-plane changes in CloudTrail.
#[derive(Debug, Parser)]
#[command(version, about, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show what the rules would have told on-call about a stretch of CloudTrail history.
    Replay(ReplayArgs),
    /// List the rules, or show one in full.
    Rules(RulesArgs),
    /// Try an EventBridge event pattern on events.
    Pattern(PatternArgs),
    /// Work with the last known good settings that the Lambda function `baseline` keeps.
    Baseline(BaselineArgs),
    /// Do what waits for approval: the id stands in the message about the finding.
    Approve(ApproveArgs),
    /// Take back what Portcullis has put back, unless somebody changed it since.
    Undo(ApproveArgs),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Exit status: 0 when all was read; 1 with --fail-on when a finding is at or above it; 2 when \
something could not be read (findings are printed all the same) or the arguments are wrong.")]
pub(crate) struct ReplayArgs {
    /// Files, folders, globs, or - for standard input: CloudTrail log files (also gzip), records as
    /// NDJSON, EventBridge events, output of `aws cloudtrail lookup-events`.
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<OsString>,
    /// How findings are written.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: FindingFormat,
    /// Write findings to this file instead of standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Thresholds of the window rules [default: those of policies/thresholds.toml].
    #[arg(long, value_name = "FILE")]
    pub(crate) thresholds: Option<PathBuf>,
    /// Folder with thresholds.toml, laid out like policies/.
    #[arg(long, value_name = "DIR", conflicts_with = "thresholds")]
    pub(crate) policies: Option<PathBuf>,
    /// Last known good settings, as `portcullis baseline export` writes them: findings then show
    /// what stood before, and more can be decided.
    #[arg(long, value_name = "FILE")]
    pub(crate) baseline: Option<PathBuf>,
    /// Only findings at or after this time (RFC 3339, or a date in UTC); earlier events still count
    /// in windows.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) since: Option<Timestamp>,
    /// Only findings before this time.
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) until: Option<Timestamp>,
    /// Only findings of this rule; may be repeated.
    #[arg(long = "rule", value_name = "ID", value_parser = rule)]
    pub(crate) rules: Vec<&'static str>,
    /// Number of files read at the same time [default: one a processor].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=1024))]
    pub(crate) threads: Option<u16>,
    /// Exit with status 1 when a finding is at least this severe.
    #[arg(long, value_name = "SEVERITY", value_parser = severity)]
    pub(crate) fail_on: Option<Severity>,
}

#[derive(Debug, Args)]
pub(crate) struct RulesArgs {
    /// The rule to show in full.
    #[arg(value_name = "ID", value_parser = rule)]
    pub(crate) rule: Option<&'static str>,
    /// How rules are written.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: RuleFormat,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Exit status: 0 when at least one event matches, or --cases were all read; 1 when none matches; 2 \
when the pattern is invalid or something could not be read.")]
pub(crate) struct PatternArgs {
    /// File with the pattern.
    #[arg(required_unless_present = "cases", value_name = "PATTERN")]
    pub(crate) pattern: Option<PathBuf>,
    /// Files with events, one or many JSON values each; - for standard input.
    #[arg(required_unless_present = "cases", value_name = "EVENT")]
    pub(crate) events: Vec<PathBuf>,
    /// Read one {"id","pattern","event"} a line, write one {"id","match"} or {"id","error"} a line.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["pattern", "events"])]
    pub(crate) cases: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct BaselineArgs {
    #[command(subcommand)]
    pub(crate) command: BaselineCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum BaselineCommand {
    /// Write the newest version of the settings of each API, stage and account, one JSON object a
    /// line, as `portcullis replay --baseline` reads them.
    Export(ExportArgs),
}

#[derive(Debug, Args)]
#[command(after_help = "\
Region, credentials and endpoint are those of the AWS SDK: AWS_REGION, AWS_PROFILE, AWS_ENDPOINT_URL \
and so on. Needs dynamodb:Scan on the table and kms:Decrypt on its key.")]
pub(crate) struct ExportArgs {
    /// Table of the function `baseline` [default: the one in `PORTCULLIS_BASELINE_TABLE`].
    #[arg(long, value_name = "NAME")]
    pub(crate) table: Option<String>,
    /// Write to this file instead of standard output.
    #[arg(long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// As an event at this time would find them (RFC 3339, or a date in UTC) [default: the newest].
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) at: Option<Timestamp>,
}

#[derive(Debug, Args)]
#[command(after_help = "\
Region, credentials and endpoint are those of the AWS SDK: AWS_REGION, AWS_PROFILE, AWS_ENDPOINT_URL \
and so on; they are those of the account that Portcullis is deployed in, not of the API. Needs \
lambda:InvokeFunction on the function, which is all that approving takes.

Exit status: 0 when it is done and read back, or was so already; 1 when it was refused, is not \
verified, or is still open; 2 when the arguments are wrong or the function could not be asked.")]
pub(crate) struct ApproveArgs {
    /// Id of the remediation, such as restore-stage-logging-0123456789abcdef.
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// Name or ARN of the function [default: portcullis- and the function that the id tells].
    #[arg(long, value_name = "NAME")]
    pub(crate) function: Option<String>,
    /// Who says so, for the ledger; CloudTrail has who invoked the function where data events of
    /// Lambda are recorded.
    #[arg(long, value_name = "TEXT")]
    pub(crate) by: Option<String>,
    /// How the answer is written.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: AnswerFormat,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(crate) enum AnswerFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object.
    Json,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(crate) enum FindingFormat {
    /// For people, grouped by API, newest last.
    #[default]
    Text,
    /// One JSON object a line, sorted by time.
    Jsonl,
}

#[derive(Debug, Clone, Copy, Default, ValueEnum)]
pub(crate) enum RuleFormat {
    /// For people.
    #[default]
    Text,
    /// One JSON object a line.
    Jsonl,
    /// The page docs/rules.md.
    Markdown,
}

fn time(text: &str) -> Result<Timestamp, String> {
    record::parse_time(text)
        .ok_or_else(|| "not a time such as 2026-11-02T10:00:00Z or 2026-11-02".to_owned())
}

fn rule(id: &str) -> Result<&'static str, String> {
    let known = rules::about(id).map(|about| about.id);
    known.ok_or_else(|| {
        let nearest = nearest(id, rules::all().map(|about| about.id));
        format!("no rule has this id, did you mean `{nearest}`? `portcullis rules` lists them")
    })
}

fn severity(text: &str) -> Result<Severity, String> {
    let all = Severity::ALL;
    all.into_iter()
        .find(|severity| severity.as_str() == text)
        .ok_or_else(|| "one of low, medium, high, critical".to_owned())
}
