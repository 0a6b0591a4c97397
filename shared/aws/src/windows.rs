//! `WindowStore` on DynamoDB: one item a minute and thing, one item for the alerts of a window.
//!
//! `docs/windows.md` has the items, requests, costs and the reasons. In short: counts depend on
//! nothing but the set of (second, thing), and an item holds the seconds of its thing and minute
//! exactly; its first and last occurrence alone would not do, because a moment between them may turn
//! hot later and lie W away from every alert. For what an alert shows they do: an interval of 60
//! seconds or more cuts a minute at one end at most, so that it holds the first or the last
//! occurrence of every thing that is counted.

mod items;
mod keep;
mod steps;
mod table;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use portcullis_core::ports::{Delivery, PortError, Raised, Seen, WindowStore};
use portcullis_core::window::live::WindowKey;
use portcullis_core::window::{Alert, Threshold};

use steps::Steps;
use table::DynamoTable;

/// Windows in one table.
#[derive(Debug)]
pub struct DynamoWindows(Steps<DynamoTable>);

impl DynamoWindows {
    /// Windows in the table of this name.
    pub fn new(config: &SdkConfig, table: String) -> Self {
        Self(Steps::new(DynamoTable {
            client: Client::new(config),
            name: table,
        }))
    }
}

#[async_trait]
impl WindowStore for DynamoWindows {
    async fn observe(
        &self,
        key: &WindowKey,
        seen: &Seen,
        threshold: &Threshold,
        delivery: &Delivery,
    ) -> Result<Vec<Raised>, PortError> {
        self.0.observe(key, seen, threshold, delivery).await
    }

    async fn settle(&self, key: &WindowKey, alert: &Alert) -> Result<(), PortError> {
        self.0.settle(key, alert).await
    }
}

#[cfg(test)]
mod tests;
