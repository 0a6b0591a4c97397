//! What came of one event or one message: a line for the log and counters for CloudWatch.
//!
//! Received = not ours + nothing + unnamed + written + known + gone + drafted + failed for events, and
//! swept + failed for messages.

use std::error::Error;

use serde::Serialize;

use super::draft::Drafted;
use super::sweep::Sweep;
use crate::baseline::thing::Thing;
use crate::causes::chain;
use crate::heard::{Heard, shown, shown_error};
use crate::metrics::{count, document};
use crate::record::Record;

/// Name of the function.
pub const FUNCTION: &str = "baseline";

/// Where an event or a message ended. Each ends in exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    /// No successful call of API Gateway.
    NotOurs,
    /// No setting that is kept changed.
    Nothing,
    /// The record does not say what changed.
    Unnamed,
    /// A version was written.
    Written,
    /// It was known from an earlier delivery.
    Known,
    /// What changed does not exist any more.
    Gone,
    /// A deployment that names no stage; what came of its draft is told apart.
    Drafted,
    /// An account and Region were looked at.
    Swept,
    /// It could not be brought to an end; it will come again or lies in a queue.
    Failed,
}

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Whether it is a message of the sweep queue.
    pub is_sweep: bool,
    /// The event, or where the sweep is.
    pub heard: Heard,
    /// Where it ended.
    pub ending: Ending,
    /// What came of the draft that was deployed.
    pub drafted: Option<Drafted>,
    /// Versions written.
    pub versions: usize,
    /// Versions whose retention begins anew.
    pub renewed: usize,
    /// Things read for an event.
    pub reads: usize,
    /// APIs that a sweep looked at.
    pub apis: usize,
    /// Stages that a sweep looked at.
    pub stages: usize,
    /// A sweep goes on in another message.
    pub is_continued: bool,
    /// Time that it took.
    pub duration_ms: u64,
    /// What went wrong.
    pub error: Option<String>,
}

impl Report {
    fn received(is_sweep: bool) -> Self {
        Self {
            is_sweep,
            heard: Heard::default(),
            ending: Ending::NotOurs,
            drafted: None,
            versions: 0,
            renewed: 0,
            reads: 0,
            apis: 0,
            stages: 0,
            is_continued: false,
            duration_ms: 0,
            error: None,
        }
    }

    /// An event of which nothing is known yet.
    pub fn of_event() -> Self {
        Self::received(false)
    }

    /// A message of which nothing is known yet.
    pub fn of_sweep() -> Self {
        Self::received(true)
    }

    /// The record could be read.
    pub fn read(&mut self, record: &Record) {
        self.heard.read(record);
    }

    /// It changed this.
    pub fn of(&mut self, thing: &Thing) {
        self.heard.api_id = thing.api().map(|api| api.id.clone());
        self.heard.stage = thing.stage().map(str::to_owned);
    }

    /// The message asks for this.
    pub fn sweeps(&mut self, sweep: &Sweep) {
        self.heard.account = Some(sweep.account.clone());
        self.heard.region = Some(sweep.region.clone());
    }

    /// An event came to its end.
    pub fn ended(&mut self, ending: Ending) {
        self.versions += usize::from(ending == Ending::Written);
        self.ending = ending;
    }

    /// Something failed.
    pub fn failed(&mut self, error: &(dyn Error + 'static)) {
        self.error = Some(chain(error));
        self.ending = Ending::Failed;
    }

    /// One line of JSON for the log.
    pub fn log_line(&self) -> String {
        let line = Line {
            level: match self.ending {
                Ending::Failed => "ERROR",
                _ => "INFO",
            },
            message: self.message(),
            function: FUNCTION,
            disposition: self.ending,
            heard: self.heard.shown(),
            drafted: self.drafted,
            versions: self.versions,
            renewed: self.renewed,
            reads: self.reads,
            apis: self.apis,
            stages: self.stages,
            is_continued: self.is_continued,
            duration_ms: self.duration_ms,
            error: self.error.as_deref().map(shown_error),
        };
        // It has no map and no number that JSON lacks, so that nothing can fail.
        serde_json::to_string(&line).unwrap_or_default()
    }

    fn message(&self) -> String {
        let what = match self.ending {
            Ending::NotOurs => "is not ours",
            Ending::Nothing => "changed no setting that is kept",
            Ending::Unnamed => "does not name what it changed",
            Ending::Written => "gave a version",
            Ending::Known => "was known",
            Ending::Gone => "changed what is gone",
            Ending::Drafted => "deployed without naming a stage",
            Ending::Swept => "ended",
            Ending::Failed => "failed",
        };
        let name = |name: &Option<String>| shown(name.as_deref().unwrap_or("?"));
        match self.is_sweep {
            true => {
                let (account, region) = (name(&self.heard.account), name(&self.heard.region));
                format!("sweep of {account} in {region} {what}")
            }
            false => format!("event {} {what}", name(&self.heard.event_id)),
        }
    }

    /// The counters, as one line of CloudWatch's embedded metric format.
    pub fn metrics(&self, epoch_ms: i64) -> String {
        let ended = |ending| u64::from(self.ending == ending);
        let drafted = |drafted| u64::from(self.drafted == Some(drafted));
        let metrics = [
            count("Received", 1_u64),
            count("Sweeps", u64::from(self.is_sweep)),
            count("NotOurs", ended(Ending::NotOurs)),
            count("Nothing", ended(Ending::Nothing)),
            count("Unnamed", ended(Ending::Unnamed)),
            count("Written", ended(Ending::Written)),
            count("Known", ended(Ending::Known)),
            count("Gone", ended(Ending::Gone)),
            count("Drafted", ended(Ending::Drafted)),
            count("Swept", ended(Ending::Swept)),
            count("Failed", ended(Ending::Failed)),
            count("DraftsKept", drafted(Drafted::Kept)),
            count("DraftsLate", drafted(Drafted::Late)),
            count("DraftsTooLong", drafted(Drafted::TooLong)),
            count("Versions", self.versions),
            count("Renewed", self.renewed),
            count("Reads", self.reads),
            count("Apis", self.apis),
            count("Stages", self.stages),
        ];
        document(&[("function", FUNCTION)], &metrics, epoch_ms)
    }
}

/// The order of the members is that of the line.
#[derive(Serialize)]
struct Line {
    level: &'static str,
    message: String,
    function: &'static str,
    disposition: Ending,
    #[serde(flatten)]
    heard: Heard,
    #[serde(rename = "draft", skip_serializing_if = "Option::is_none")]
    drafted: Option<Drafted>,
    #[serde(rename = "versions.written")]
    versions: usize,
    #[serde(rename = "versions.renewed")]
    renewed: usize,
    reads: usize,
    #[serde(rename = "sweep.apis")]
    apis: usize,
    #[serde(rename = "sweep.stages")]
    stages: usize,
    #[serde(rename = "sweep.continued")]
    is_continued: bool,
    duration_ms: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
}

#[cfg(test)]
mod tests;
