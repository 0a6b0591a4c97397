//! `SweepQueue` on SQS: one message an account and Region.
//!
//! On a FIFO queue the messages of one account form a group, so that one account is swept by one
//! process at a time, which then holds the account's pace.

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_sqs::Client;
use aws_sdk_sqs::types::SendMessageBatchRequestEntry;
use portcullis_core::keeper::SweepQueue;
use portcullis_core::keeper::sweep::Sweep;
use portcullis_core::ports::PortError;

use crate::error::port_error;

/// Most messages that one request may carry.
const BATCH: usize = 10;

/// Messages that the queue did not take.
#[derive(Debug, thiserror::Error)]
#[error("the queue refused {count} messages, the first with `{code}`")]
struct Refused {
    count: usize,
    code: String,
}

/// See the module.
#[derive(Debug)]
pub struct SqsSweeps {
    client: Client,
    url: String,
}

impl SqsSweeps {
    /// The queue with this URL.
    pub fn new(config: &SdkConfig, url: String) -> Self {
        Self {
            client: Client::new(config),
            url,
        }
    }

    fn entry(&self, at: usize, sweep: &Sweep) -> Result<SendMessageBatchRequestEntry, PortError> {
        let body = sweep.body().map_err(|error| unbuilt(Box::new(error)))?;
        let mut entry = SendMessageBatchRequestEntry::builder()
            .id(at.to_string())
            .message_body(body);
        if self.url.ends_with(".fifo") {
            entry = entry
                .message_group_id(&sweep.account)
                .message_deduplication_id(deduplication_id(sweep));
        }
        entry.build().map_err(|error| unbuilt(Box::new(error)))
    }
}

/// The same sweep twice within five minutes is one.
fn deduplication_id(sweep: &Sweep) -> String {
    let after = sweep.after.as_deref().unwrap_or_default();
    format!("{}/{}/{after}", sweep.account, sweep.region)
}

fn unbuilt(source: Box<dyn std::error::Error + Send + Sync>) -> PortError {
    PortError {
        action: "build a message",
        retryable: false,
        source,
    }
}

#[async_trait]
impl SweepQueue for SqsSweeps {
    async fn send(&self, sweeps: &[Sweep]) -> Result<(), PortError> {
        for batch in sweeps.chunks(BATCH) {
            let entries = batch.iter().enumerate();
            let entries = entries.map(|(at, sweep)| self.entry(at, sweep));
            let send = self
                .client
                .send_message_batch()
                .queue_url(&self.url)
                .set_entries(Some(entries.collect::<Result<_, _>>()?));
            let sent = send.send().await;
            let sent = sent.map_err(|error| port_error("queue the sweeps", error))?;
            if let Some(first) = sent.failed().first() {
                let refused = Refused {
                    count: sent.failed().len(),
                    code: first.code().to_owned(),
                };
                return Err(PortError {
                    action: "queue the sweeps",
                    retryable: !first.sender_fault(),
                    source: Box::new(refused),
                });
            }
        }
        Ok(())
    }
}
