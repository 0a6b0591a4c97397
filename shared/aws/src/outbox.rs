//! `Outbox` on DynamoDB: which findings were sent, and how many of each rule and account.
//!
//! One item a finding (`F#<id>`) and one counter a rule, scope and ten minutes (`Q#<rule>#<scope>`). A
//! claim is one transaction on both, so that a finding that is claimed twice is counted once.

use std::collections::HashMap;
use std::fmt::Display;
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::put_item::PutItemError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{
    AttributeValue, CancellationReason, Put, ReturnValuesOnConditionCheckFailure,
    TransactWriteItem, Update,
};
use portcullis_core::finding::Finding;
use portcullis_core::notification::{MESSAGES_IN_SHARE, SECONDS_OF_SHARE, json_within};
use portcullis_core::ports::{Claim, Delivery, Outbox, PortError};

use crate::error::port_error;

/// Findings stay in the table this long: longer than any retry, short enough to stay small.
const KEEP: i64 = 90 * 24 * 3600;

/// A claim older than this belongs to an invocation that is gone: functions run 120 seconds at most.
const LEASE: i64 = 150;

/// Bytes of a finding that an item holds. DynamoDB's limit for a whole item is 400 KB.
const MAX_FINDING: usize = 300_000;

/// How long a claim waits for another one that counts at the same time, doubling each time.
const FIRST_WAIT: Duration = Duration::from_millis(20);
const LAST_WAIT: Duration = Duration::from_millis(640);

/// See the module.
#[derive(Debug)]
pub struct DynamoOutbox {
    client: Client,
    table: String,
    /// Counters that are known to be full, so that a storm costs one write a finding.
    full: Mutex<HashMap<String, i64>>,
}

/// What a transaction came to.
enum Attempt {
    Claimed,
    /// The finding has an item.
    Known(HashMap<String, AttributeValue>),
    /// The share is used up.
    Full,
}

impl DynamoOutbox {
    /// An outbox in this table.
    pub fn new(config: &SdkConfig, table: String) -> Self {
        Self {
            client: Client::new(config),
            table,
            full: Mutex::default(),
        }
    }

    fn is_full(&self, counter: &str, bucket: i64) -> bool {
        let full = self.full.lock();
        full.is_ok_and(|full| full.get(counter) == Some(&bucket))
    }

    fn note_full(&self, counter: &str, bucket: i64) {
        if let Ok(mut full) = self.full.lock() {
            full.retain(|_, other| *other >= bucket);
            full.insert(counter.to_owned(), bucket);
        }
    }

    /// Makes the finding's item and counts it, if there is none and `condition` holds for the counter.
    /// Two claims that count at the same time make one of them wait.
    async fn attempt(
        &self,
        entry: &Entry<'_>,
        state: &str,
        condition: &str,
    ) -> Result<Attempt, PortError> {
        let mut wait = FIRST_WAIT;
        loop {
            let writes = self
                .client
                .transact_write_items()
                .transact_items(self.finding_write(entry, state)?)
                .transact_items(self.counter_write(entry, condition)?);
            let Err(error) = writes.send().await else {
                return Ok(Attempt::Claimed);
            };
            match cancelled(error.as_service_error()) {
                Cancelled::ByFinding(known) => return Ok(Attempt::Known(known)),
                Cancelled::ByCounter => return Ok(Attempt::Full),
                Cancelled::ByConflict if wait <= LAST_WAIT => {}
                Cancelled::ByConflict | Cancelled::No => {
                    return Err(port_error("claim the finding", error));
                }
            }
            tokio::time::sleep(wait).await;
            wait *= 2;
        }
    }

    fn finding_write(
        &self,
        entry: &Entry<'_>,
        state: &str,
    ) -> Result<TransactWriteItem, PortError> {
        let put = Put::builder()
            .table_name(&self.table)
            .set_item(Some(item(entry.finding, entry.delivery, state)))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .build();
        let put = put.map_err(unbuilt)?;
        Ok(TransactWriteItem::builder().put(put).build())
    }

    fn counter_write(
        &self,
        entry: &Entry<'_>,
        condition: &str,
    ) -> Result<TransactWriteItem, PortError> {
        let update = Update::builder()
            .table_name(&self.table)
            .key("pk", text(&entry.counter))
            .key("sk", text(format!("{:012}", entry.bucket)))
            .condition_expression(condition)
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld)
            .update_expression("ADD messages :one SET expires_at = :expires")
            .expression_attribute_values(":one", number(1))
            .expression_attribute_values(":share", number(MESSAGES_IN_SHARE))
            .expression_attribute_values(
                ":expires",
                number(entry.delivery.now + SECONDS_OF_SHARE + KEEP),
            )
            .build();
        let update = update.map_err(unbuilt)?;
        Ok(TransactWriteItem::builder().update(update).build())
    }

    /// An item stands: what does it say to this delivery?
    async fn known(
        &self,
        entry: &Entry<'_>,
        item: &HashMap<String, AttributeValue>,
    ) -> Result<Claim, PortError> {
        let is = |name: &str, value: &str| item.get(name) == Some(&text(value));
        let claimed_at = item
            .get("claimed_at")
            .and_then(|at| at.as_n().ok()?.parse().ok());
        let stale = claimed_at.is_none_or(|at: i64| at + LEASE < entry.delivery.now);
        if is("state", "SENT") {
            return Ok(sent(item));
        }
        if is("state", "MUTED") {
            return Ok(Claim::Muted);
        }
        if !stale && !is("owner", &entry.delivery.owner) {
            return Ok(Claim::Held);
        }
        let last = is("state", "PENDING_LAST");
        self.take_over(entry, item).await.map(|taken| match taken {
            false => Claim::Held,
            true if last => Claim::SendAsLast,
            true => Claim::Send,
        })
    }

    /// Takes a claim over from an invocation that is gone, or from this one's earlier try.
    async fn take_over(
        &self,
        entry: &Entry<'_>,
        item: &HashMap<String, AttributeValue>,
    ) -> Result<bool, PortError> {
        let old = |name: &str| {
            item.get(name)
                .cloned()
                .unwrap_or(AttributeValue::Null(true))
        };
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("pk", text(format!("F#{}", entry.finding.id)))
            .key("sk", text("-"))
            .condition_expression("#state = :state AND #owner = :owner AND claimed_at = :at")
            .update_expression("SET #owner = :new, claimed_at = :now")
            .expression_attribute_names("#state", "state")
            .expression_attribute_names("#owner", "owner")
            .expression_attribute_values(":state", old("state"))
            .expression_attribute_values(":owner", old("owner"))
            .expression_attribute_values(":at", old("claimed_at"))
            .expression_attribute_values(":new", text(&entry.delivery.owner))
            .expression_attribute_values(":now", number(entry.delivery.now));
        match update.send().await {
            Ok(_) => Ok(true),
            Err(error)
                if error
                    .as_service_error()
                    .is_some_and(|e| e.is_conditional_check_failed_exception()) =>
            {
                Ok(false)
            }
            Err(error) => Err(port_error("take the claim over", error)),
        }
    }

    /// The share is used up: keep the finding, tell nobody. The counter is left alone, so that a storm
    /// does not write to one item.
    async fn mute(&self, entry: &Entry<'_>) -> Result<Claim, PortError> {
        self.note_full(&entry.counter, entry.bucket);
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item(entry.finding, entry.delivery, "MUTED")))
            .condition_expression("attribute_not_exists(pk)")
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let Err(error) = put.send().await else {
            return Ok(Claim::Muted);
        };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                let known = failed.item.clone().unwrap_or_default();
                self.known(entry, &known).await
            }
            _ => Err(port_error("keep the finding", error)),
        }
    }
}

/// A finding on its way.
struct Entry<'a> {
    finding: &'a Finding,
    delivery: &'a Delivery,
    counter: String,
    bucket: i64,
}

#[async_trait]
impl Outbox for DynamoOutbox {
    async fn claim(
        &self,
        finding: &Finding,
        scope: &str,
        delivery: &Delivery,
    ) -> Result<Claim, PortError> {
        let entry = Entry {
            finding,
            delivery,
            counter: format!("Q#{}#{scope}", finding.rule),
            bucket: delivery.now.div_euclid(SECONDS_OF_SHARE) * SECONDS_OF_SHARE,
        };
        if self.is_full(&entry.counter, entry.bucket) {
            return self.mute(&entry).await;
        }
        let free = "attribute_not_exists(messages) OR messages < :share";
        match self.attempt(&entry, "PENDING", free).await? {
            Attempt::Claimed => return Ok(Claim::Send),
            Attempt::Known(item) => return self.known(&entry, &item).await,
            Attempt::Full => {}
        }
        match self
            .attempt(&entry, "PENDING_LAST", "messages = :share")
            .await?
        {
            Attempt::Claimed => Ok(Claim::SendAsLast),
            Attempt::Known(item) => self.known(&entry, &item).await,
            Attempt::Full => self.mute(&entry).await,
        }
    }

    async fn keep(&self, finding: &Finding, delivery: &Delivery) -> Result<Claim, PortError> {
        let put = self
            .client
            .put_item()
            .table_name(&self.table)
            .set_item(Some(item(finding, delivery, "MUTED")))
            .condition_expression("attribute_not_exists(pk) OR #state <> :sent")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":sent", text("SENT"))
            .return_values_on_condition_check_failure(ReturnValuesOnConditionCheckFailure::AllOld);
        let Err(error) = put.send().await else {
            return Ok(Claim::Muted);
        };
        match error.as_service_error() {
            Some(PutItemError::ConditionalCheckFailedException(failed)) => {
                Ok(failed.item.as_ref().map_or(Claim::Muted, sent))
            }
            _ => Err(port_error("keep the finding", error)),
        }
    }

    async fn sent(
        &self,
        finding: &Finding,
        is_open: bool,
        delivery: &Delivery,
    ) -> Result<(), PortError> {
        let update = self
            .client
            .update_item()
            .table_name(&self.table)
            .key("pk", text(format!("F#{}", finding.id)))
            .key("sk", text("-"))
            .update_expression("SET #state = :sent, sent_at = :now, is_open = :open")
            .expression_attribute_names("#state", "state")
            .expression_attribute_values(":open", AttributeValue::Bool(is_open))
            .expression_attribute_values(":sent", text("SENT"))
            .expression_attribute_values(":now", number(delivery.now));
        let sent = update.send().await;
        sent.map_err(|error| port_error("record that the finding is sent", error))?;
        Ok(())
    }
}

/// Why a transaction did not happen.
enum Cancelled {
    /// The finding has this item already.
    ByFinding(HashMap<String, AttributeValue>),
    /// The counter does not allow it.
    ByCounter,
    /// Another transaction was faster; nothing is decided.
    ByConflict,
    /// Another error.
    No,
}

fn cancelled(error: Option<&TransactWriteItemsError>) -> Cancelled {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error else {
        return Cancelled::No;
    };
    let reasons = cancelled.cancellation_reasons();
    let failed = |reason: &CancellationReason| reason.code() == Some("ConditionalCheckFailed");
    match reasons {
        [finding, _] if failed(finding) => {
            Cancelled::ByFinding(finding.item.clone().unwrap_or_default())
        }
        [_, counter] if failed(counter) => Cancelled::ByCounter,
        reasons
            if reasons
                .iter()
                .any(|r| r.code() == Some("TransactionConflict")) =>
        {
            Cancelled::ByConflict
        }
        _ => Cancelled::No,
    }
}

/// What the item of a finding that was sent says. One without the mark promised nothing.
fn sent(item: &HashMap<String, AttributeValue>) -> Claim {
    Claim::Sent {
        is_open: item.get("is_open") == Some(&AttributeValue::Bool(true)),
    }
}

fn unbuilt(error: BuildError) -> PortError {
    PortError {
        action: "build a write",
        retryable: false,
        source: Box::new(error),
    }
}

fn item(finding: &Finding, delivery: &Delivery, state: &str) -> HashMap<String, AttributeValue> {
    let members = [
        ("pk", text(format!("F#{}", finding.id))),
        ("sk", text("-")),
        ("state", text(state)),
        ("owner", text(&delivery.owner)),
        ("claimed_at", number(delivery.now)),
        ("finding", text(json_within(finding, MAX_FINDING))),
        ("expires_at", number(delivery.now + KEEP)),
    ];
    members.map(|(name, value)| (name.to_owned(), value)).into()
}

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}

fn number(value: impl Display) -> AttributeValue {
    AttributeValue::N(value.to_string())
}
