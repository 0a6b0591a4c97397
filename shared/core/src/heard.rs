//! What a line of a log tells about the event that it is on.

use serde::Serialize;

use crate::escape::visible;
use crate::notification::text::cut;
use crate::record::Record;

/// Longer strings are cut.
const LONGEST_VALUE: usize = 300;
const LONGEST_ERROR: usize = 1_000;

/// An event as far as it is known, each member under the name that it has in the log.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Heard {
    /// `eventID`.
    #[serde(rename = "event.id", skip_serializing_if = "Option::is_none")]
    pub event_id: Option<String>,
    /// `eventName`.
    #[serde(rename = "event.name", skip_serializing_if = "Option::is_none")]
    pub event_name: Option<String>,
    /// Account of the event, or of the sweep.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub account: Option<String>,
    /// Region of the event, or of the sweep.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub region: Option<String>,
    /// The API that was changed.
    #[serde(rename = "api.id", skip_serializing_if = "Option::is_none")]
    pub api_id: Option<String>,
    /// The stage that was changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stage: Option<String>,
}

impl Heard {
    /// The record could be read.
    pub fn read(&mut self, record: &Record) {
        self.event_id = Some(record.id.clone());
        self.event_name = Some(record.name.clone());
        self.account = Some(record.account.clone());
        self.region = Some(record.region.clone());
    }

    /// The same fit for a log.
    pub(crate) fn shown(&self) -> Self {
        let value = |value: &Option<String>| value.as_deref().map(shown);
        Self {
            event_id: value(&self.event_id),
            event_name: value(&self.event_name),
            account: value(&self.account),
            region: value(&self.region),
            api_id: value(&self.api_id),
            stage: value(&self.stage),
        }
    }
}

/// A value fit for a log: nothing that a terminal obeys, nothing long.
pub(crate) fn shown(text: &str) -> String {
    cut(&visible(text), LONGEST_VALUE)
}

/// An error fit for a log.
pub(crate) fn shown_error(text: &str) -> String {
    cut(&visible(text), LONGEST_ERROR)
}
