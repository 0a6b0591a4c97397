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
use crate::escape::visible;
use crate::metrics::{count, document};
use crate::notification::text::cut;
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
    /// `eventID`.
    pub event_id: Option<String>,
    /// `eventName`.
    pub event_name: Option<String>,
    /// Account of the event or the sweep.
    pub account: Option<String>,
    /// Region of the event or the sweep.
    pub region: Option<String>,
    /// The API that was changed.
    pub api_id: Option<String>,
    /// The stage that was changed.
    pub stage: Option<String>,
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
            event_id: None,
            event_name: None,
            account: None,
            region: None,
            api_id: None,
            stage: None,
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
        self.event_id = Some(record.id.clone());
        self.event_name = Some(record.name.clone());
        self.account = Some(record.account.clone());
        self.region = Some(record.region.clone());
    }

    /// It changed this.
    pub fn of(&mut self, thing: &Thing) {
        self.api_id = thing.api().map(|api| api.id.clone());
        self.stage = thing.stage().map(str::to_owned);
    }

    /// The message asks for this.
    pub fn sweeps(&mut self, sweep: &Sweep) {
        self.account = Some(sweep.account.clone());
        self.region = Some(sweep.region.clone());
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
        let value = |value: &Option<String>| value.as_deref().map(|text| shown(text, 300));
        let line = Line {
            level: match self.ending {
                Ending::Failed => "ERROR",
                _ => "INFO",
            },
            message: self.message(),
            function: FUNCTION,
            disposition: self.ending,
            event_id: value(&self.event_id),
            event_name: value(&self.event_name),
            account: value(&self.account),
            region: value(&self.region),
            api_id: value(&self.api_id),
            stage: value(&self.stage),
            drafted: self.drafted,
            versions: self.versions,
            renewed: self.renewed,
            reads: self.reads,
            apis: self.apis,
            stages: self.stages,
            is_continued: self.is_continued,
            duration_ms: self.duration_ms,
            error: self.error.as_deref().map(|text| shown(text, 1_000)),
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
        let name = |name: &Option<String>| shown(name.as_deref().unwrap_or("?"), 300);
        match self.is_sweep {
            true => {
                let (account, region) = (name(&self.account), name(&self.region));
                format!("sweep of {account} in {region} {what}")
            }
            false => format!("event {} {what}", name(&self.event_id)),
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
    #[serde(rename = "event.id", skip_serializing_if = "Option::is_none")]
    event_id: Option<String>,
    #[serde(rename = "event.name", skip_serializing_if = "Option::is_none")]
    event_name: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    #[serde(rename = "api.id", skip_serializing_if = "Option::is_none")]
    api_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stage: Option<String>,
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

fn shown(text: &str, longest: usize) -> String {
    cut(&visible(text), longest)
}

#[cfg(test)]
mod tests;
