//! `portcullis replay`: reads sources in parallel, judges every record, prints findings.
//!
//! Everything that decides is in `portcullis-core`; a worker here only carries records to it and
//! keeps count of what was read.

mod summary;

use std::fs;
use std::path::Path;
use std::time::Instant;

use anyhow::{Context, bail};
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use portcullis_core::baseline::Baselines;
use portcullis_core::finding::Finding;
use portcullis_core::functions::{self, Functions};
use portcullis_core::record::Record;
use portcullis_core::replay::{Collected, Judge};
use portcullis_core::responders::Responders;
use portcullis_core::thresholds::Thresholds;
use rayon::prelude::*;

use crate::args::{FindingFormat, ReplayArgs};
use crate::input::{self, Form, Item, Limits, Problem, ProblemKind, Reader, Sink, Source};
use crate::{Outcome, output, render};

/// What was read, in numbers.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
struct Counts {
    files: u64,
    records: u64,
    api_gateway: u64,
    digests: u64,
}

/// One worker's share.
#[derive(Debug, Default)]
struct Share {
    counts: Counts,
    problems: Vec<Problem>,
    collected: Collected,
}

impl Share {
    fn merge(mut self, other: Self) -> Self {
        self.counts.files += other.counts.files;
        self.counts.records += other.counts.records;
        self.counts.api_gateway += other.counts.api_gateway;
        self.counts.digests += other.counts.digests;
        self.problems.extend(other.problems);
        self.collected.merge(other.collected);
        self
    }
}

/// Carries what a reader finds to the rules.
struct Worker<'a> {
    judge: &'a Judge,
    bar: &'a ProgressBar,
    file: String,
    share: Share,
}

impl Worker<'_> {
    fn judge(&mut self, item: &Item<'_>) -> Result<(), ProblemKind> {
        let record = match item.form {
            Form::Record => Some(Record::from_log(item.json.as_bytes())?),
            Form::Event => Record::from_event(item.json.as_bytes())?,
        };
        let Some(record) = record else {
            return Ok(());
        };
        self.share.counts.api_gateway += 1;
        let event = || match item.form {
            Form::Record => functions::event(&record, item.json.as_bytes()),
            Form::Event => serde_json::from_str(&item.json).ok(),
        };
        self.share.collected.observe(&record, event, self.judge)?;
        Ok(())
    }
}

impl Sink for Worker<'_> {
    fn item(&mut self, item: Item<'_>) {
        self.share.counts.records += 1;
        if let Err(kind) = self.judge(&item) {
            let file = self.file.clone();
            self.problem(Problem {
                file,
                position: Some(item.position),
                kind,
            });
        }
    }

    fn other(&mut self) {
        self.share.counts.records += 1;
    }

    fn digest(&mut self) {
        self.share.counts.digests += 1;
    }

    fn problem(&mut self, problem: Problem) {
        self.share.problems.push(problem);
    }

    fn progress(&mut self, bytes: u64) {
        self.bar.inc(bytes);
    }
}

/// Runs the command.
pub(crate) fn run(args: &ReplayArgs) -> anyhow::Result<Outcome> {
    let started = Instant::now();
    if let (Some(since), Some(until)) = (args.since, args.until)
        && since >= until
    {
        bail!("--since must be earlier than --until");
    }
    let judge = judge(args)?;
    let (sources, problems) = input::expand(&args.paths);
    let bar = progress_bar(&sources);
    let share = read(&sources, &judge, &bar, args.threads)?;
    bar.finish_and_clear();

    let mut problems: Vec<Problem> = problems.into_iter().chain(share.problems).collect();
    problems.sort_by(|a, b| place(a).cmp(&place(b)));
    let mut report = share.collected.finish(&judge.thresholds);
    report.findings.retain(|finding| wanted(finding, args));

    let file = args.output.as_deref();
    output::write(file, |out| match args.format {
        FindingFormat::Text => render::text(&report.findings, output::width(file), out),
        FindingFormat::Jsonl => render::jsonl(&report.findings, out),
    })?;
    output::tell(&summary::render(&summary::Summary {
        counts: share.counts,
        problems: &problems,
        report: &report,
        has_baseline: args.baseline.is_some(),
        seconds: started.elapsed().as_secs_f64(),
    }));

    let met = |finding: &Finding| args.fail_on.is_some_and(|least| finding.severity >= least);
    Ok(if !problems.is_empty() || !report.dropped.is_empty() {
        Outcome::Incomplete
    } else if report.findings.iter().any(met) {
        Outcome::Found
    } else {
        Outcome::Done
    })
}

fn judge(args: &ReplayArgs) -> anyhow::Result<Judge> {
    let from_policies = args
        .policies
        .as_ref()
        .map(|dir| dir.join("thresholds.toml"));
    let thresholds = match args.thresholds.as_ref().or(from_policies.as_ref()) {
        None => Thresholds::embedded().context("the thresholds of this program")?,
        Some(path) => Thresholds::parse(&text(path)?)
            .with_context(|| format!("cannot use `{}`", path.display()))?,
    };
    let baselines = match &args.baseline {
        None => Baselines::default(),
        Some(path) => Baselines::parse(&text(path)?)
            .with_context(|| format!("cannot use `{}`", path.display()))?,
    };
    Ok(Judge {
        thresholds,
        baselines,
        functions: Functions::embedded().context("the patterns of this program")?,
        responders: Responders::default(),
    })
}

fn text(path: &Path) -> anyhow::Result<String> {
    fs::read_to_string(path).with_context(|| format!("cannot read `{}`", path.display()))
}

fn read(
    sources: &[Source],
    judge: &Judge,
    bar: &ProgressBar,
    threads: Option<u16>,
) -> anyhow::Result<Share> {
    let threads = threads.map_or(0, usize::from);
    let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
    let pool = pool.context("cannot start the threads")?;
    Ok(pool.install(|| {
        sources
            .par_iter()
            .map_init(
                || Reader::new(Limits::default()),
                |reader, source| {
                    let mut worker = Worker {
                        judge,
                        bar,
                        file: source.to_string(),
                        share: Share::default(),
                    };
                    worker.share.counts.files = 1;
                    reader.read(source, &mut worker);
                    worker.share
                },
            )
            .reduce(Share::default, Share::merge)
    }))
}

/// A bar over the bytes on disk, on a terminal only.
fn progress_bar(sources: &[Source]) -> ProgressBar {
    let size = |source: &Source| match source {
        Source::Stdin => 0,
        Source::File(path) => fs::metadata(path).map_or(0, |file| file.len()),
    };
    let total = sources.iter().map(size).sum();
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    let style = ProgressStyle::with_template(
        "{wide_bar} {bytes}/{total_bytes} {bytes_per_sec}, {eta} left",
    );
    match style {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

/// Windows are counted before: only what is shown is filtered.
fn wanted(finding: &Finding, args: &ReplayArgs) -> bool {
    args.since.is_none_or(|since| finding.time >= since)
        && args.until.is_none_or(|until| finding.time < until)
        && (args.rules.is_empty() || args.rules.contains(&finding.rule))
}

fn place(problem: &Problem) -> (&str, u64) {
    let byte = problem.position.map_or(0, |position| position.byte);
    (&problem.file, byte)
}
