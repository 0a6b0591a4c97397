//! Writes of the ledger: all of a call or none, each only over the version that was read.
//!
//! A single write is a transaction too. Its token makes a repetition by the SDK, after an answer that
//! was lost, the same write: a plain conditional put would fail on its own first try, and a lease that
//! was taken would look like somebody else's.

use std::collections::HashMap;
use std::fmt::Display;
use std::time::Duration;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_dynamodb::error::BuildError;
use aws_sdk_dynamodb::operation::transact_write_items::TransactWriteItemsError;
use aws_sdk_dynamodb::types::{AttributeValue, Put, TransactWriteItem};
use portcullis_core::finding;
use portcullis_core::ports::PortError;
use portcullis_core::remediation::ledger::{Entry, KEEP, LARGEST, Tally};
use portcullis_core::remediation::ports::{Ledger, LedgerReader, LedgerWrite, Versioned};
use serde::Serialize;

use super::{DynamoLedgerReader, SK, entry_key, text};
use crate::bootstrap::now_ms;
use crate::error::port_error;

/// Bytes of a document. DynamoDB's limit for a whole item is 400 KB.
const MAX_DOC: usize = LARGEST;

/// Tallies are kept this long after their last write: nothing in them counts for more than an hour,
/// and a lease ends with its invocation.
const KEEP_TALLY: i64 = 3 * 24 * 3600;

/// Bytes of a tally's key that its item is named by.
const MAX_KEY: usize = 512;

/// How long a write waits for another one on the same items, doubling each time.
const FIRST_WAIT: Duration = Duration::from_millis(20);
const LAST_WAIT: Duration = Duration::from_millis(640);

const ACTION: &str = "write the ledger";

/// What cannot be written, whoever tries.
#[derive(Debug, thiserror::Error)]
enum Unwritable {
    #[error("`{pk}` would be {bytes} bytes of JSON; a ledger item holds {MAX_DOC}")]
    TooLarge { pk: String, bytes: usize },
    #[error("`{0}` cannot be written as JSON")]
    Json(String, #[source] serde_json::Error),
    #[error("the request cannot be built")]
    Request(#[source] BuildError),
}

impl From<Unwritable> for PortError {
    fn from(error: Unwritable) -> Self {
        Self {
            action: ACTION,
            retryable: false,
            source: Box::new(error),
        }
    }
}

/// Reads and writes the ledger. Only functions that write to API Gateway have it.
#[derive(Debug, Clone)]
pub struct DynamoLedger(DynamoLedgerReader);

impl DynamoLedger {
    /// The ledger in this table.
    pub fn new(config: &SdkConfig, table: String) -> Self {
        Self(DynamoLedgerReader::new(config, table))
    }

    fn put(&self, write: &LedgerWrite, now: i64) -> Result<TransactWriteItem, Unwritable> {
        let (item, old) = match write {
            LedgerWrite::Entry(entry) => (entry_item(entry)?, entry.version),
            LedgerWrite::Tally { key, tally } => (tally_item(key, tally, now)?, tally.version),
        };
        let put = Put::builder()
            .table_name(&self.0.table)
            .set_item(Some(item));
        let put = match old {
            0 => put.condition_expression("attribute_not_exists(pk)"),
            old => put
                .condition_expression("#version = :old")
                .expression_attribute_names("#version", "version")
                .expression_attribute_values(":old", number(old)),
        };
        let put = put.build().map_err(Unwritable::Request)?;
        Ok(TransactWriteItem::builder().put(put).build())
    }
}

#[async_trait]
impl LedgerReader for DynamoLedger {
    async fn entry(&self, id: &str) -> Result<Option<Versioned<Entry>>, PortError> {
        self.0.entry(id).await
    }
}

#[async_trait]
impl Ledger for DynamoLedger {
    async fn tally(&self, key: &str) -> Result<Versioned<Tally>, PortError> {
        let tally = self.0.read("read a tally", &tally_key(key)).await?;
        Ok(tally.unwrap_or(Versioned {
            value: Tally::default(),
            version: 0,
        }))
    }

    async fn write(&self, writes: &[LedgerWrite]) -> Result<bool, PortError> {
        if writes.is_empty() {
            return Ok(true);
        }
        let now = now_ms() / 1000;
        let puts = writes.iter().map(|write| self.put(write, now));
        let puts: Vec<TransactWriteItem> = puts.collect::<Result<_, _>>()?;
        let mut wait = FIRST_WAIT;
        loop {
            let write = self.0.client.transact_write_items();
            let write = write.set_transact_items(Some(puts.clone()));
            let Err(error) = write.send().await else {
                return Ok(true);
            };
            match cancelled(error.as_service_error()) {
                Cancelled::ByVersion => return Ok(false),
                Cancelled::ByConflict if wait <= LAST_WAIT => {}
                // Who conflicts for longer may or may not change a version: `false` would say that
                // it has. The event comes again, and is decided on what stands there then.
                Cancelled::ByConflict | Cancelled::No => return Err(port_error(ACTION, error)),
            }
            tokio::time::sleep(wait).await;
            wait *= 2;
        }
    }
}

/// Why a transaction did not happen.
#[derive(Debug, PartialEq, Eq)]
enum Cancelled {
    /// Another version stands there.
    ByVersion,
    /// Another transaction was at one of the items; nothing is decided.
    ByConflict,
    /// Another error.
    No,
}

fn cancelled(error: Option<&TransactWriteItemsError>) -> Cancelled {
    let Some(TransactWriteItemsError::TransactionCanceledException(cancelled)) = error else {
        return Cancelled::No;
    };
    let reasons = cancelled.cancellation_reasons();
    let has = |code: &str| reasons.iter().any(|reason| reason.code() == Some(code));
    if has("ConditionalCheckFailed") {
        Cancelled::ByVersion
    } else if has("TransactionConflict") {
        Cancelled::ByConflict
    } else {
        Cancelled::No
    }
}

/// Partition key of a tally. A long name is cut, and told from others by its digest.
fn tally_key(key: &str) -> String {
    if key.len() <= MAX_KEY {
        return format!("L#T#{key}");
    }
    let start = key.get(..key.floor_char_boundary(MAX_KEY));
    format!("L#T#{}#{}", start.unwrap_or_default(), finding::id(&[key]))
}

type Item = HashMap<String, AttributeValue>;

fn entry_item(entry: &Versioned<Entry>) -> Result<Item, Unwritable> {
    let Versioned { value, version } = entry;
    let expires_at = value.created.saturating_add(KEEP);
    let mut item = item(entry_key(&value.id), value, *version, expires_at)?;
    // For people who look at the table; nothing here reads them.
    item.extend([
        ("state".to_owned(), text(value.state.as_str())),
        ("remediation".to_owned(), text(value.remediation.as_str())),
        ("account".to_owned(), text(&value.thing.account)),
    ]);
    Ok(item)
}

fn tally_item(key: &str, tally: &Versioned<Tally>, now: i64) -> Result<Item, Unwritable> {
    let expires_at = now.saturating_add(KEEP_TALLY);
    item(tally_key(key), &tally.value, tally.version, expires_at)
}

/// The item that follows the version `old`.
fn item<T: Serialize>(
    pk: String,
    value: &T,
    old: u64,
    expires_at: i64,
) -> Result<Item, Unwritable> {
    let doc = match serde_json::to_string(value) {
        Ok(doc) if doc.len() <= MAX_DOC => doc,
        Ok(doc) => {
            let bytes = doc.len();
            return Err(Unwritable::TooLarge { pk, bytes });
        }
        Err(error) => return Err(Unwritable::Json(pk, error)),
    };
    let members = [
        ("pk", text(pk)),
        ("sk", text(SK)),
        ("version", number(old.saturating_add(1))),
        ("doc", text(doc)),
        ("expires_at", number(expires_at)),
    ];
    Ok(members.map(|(name, value)| (name.to_owned(), value)).into())
}

fn number(value: impl Display) -> AttributeValue {
    AttributeValue::N(value.to_string())
}

#[cfg(test)]
mod tests;
