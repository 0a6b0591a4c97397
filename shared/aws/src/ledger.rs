//! `LedgerReader` and, for functions that write to API Gateway, `Ledger` on DynamoDB.
//!
//! One item an entry (`L#<id>`) and one a tally (`L#T#<key>`), with what they hold as JSON. Every write
//! names the version that it replaces, so that nobody overwrites what he has not read. Items are never
//! deleted here; they expire.

#[cfg(feature = "writes")]
mod write;

use std::collections::HashMap;

use async_trait::async_trait;
use aws_config::SdkConfig;
use aws_sdk_dynamodb::Client;
use aws_sdk_dynamodb::types::AttributeValue;
use portcullis_core::ports::PortError;
use portcullis_core::remediation::ledger::{self, Entry};
use portcullis_core::remediation::ports::{LedgerReader, Versioned};
use serde::de::DeserializeOwned;

use crate::error::port_error;
#[cfg(feature = "writes")]
pub use write::DynamoLedger;

/// Sort key of every item: each has a partition of its own.
const SK: &str = "-";

/// An item that this program did not write so.
#[derive(Debug, thiserror::Error)]
enum Unreadable {
    #[error("ledger item `{0}` has no `version` or no `doc`")]
    Incomplete(String),
    #[error("the `doc` of ledger item `{0}` cannot be read")]
    Doc(String, #[source] serde_json::Error),
    #[error("ledger item `{0}` holds the entry `{1}`")]
    Other(String, String),
}

/// Reads entries. The only request it makes is `GetItem`.
#[derive(Debug, Clone)]
pub struct DynamoLedgerReader {
    client: Client,
    table: String,
}

impl DynamoLedgerReader {
    /// The ledger in this table.
    pub fn new(config: &SdkConfig, table: String) -> Self {
        Self {
            client: Client::new(config),
            table,
        }
    }

    /// What stands under a key; read after everything that was written before.
    async fn read<T: DeserializeOwned>(
        &self,
        action: &'static str,
        pk: &str,
    ) -> Result<Option<Versioned<T>>, PortError> {
        let get = self
            .client
            .get_item()
            .table_name(&self.table)
            .key("pk", text(pk))
            .key("sk", text(SK))
            .consistent_read(true);
        let answer = get.send().await;
        let answer = answer.map_err(|error| port_error(action, error))?;
        let read = answer.item.as_ref().map(|item| parse(pk, item)).transpose();
        read.map_err(|error| unreadable(action, error))
    }
}

#[async_trait]
impl LedgerReader for DynamoLedgerReader {
    async fn entry(&self, id: &str) -> Result<Option<Versioned<Entry>>, PortError> {
        const ACTION: &str = "read the ledger";
        // Ids come from session names and commands too: what is not one names no entry, and no tally.
        if ledger::remediation(id).is_none() {
            return Ok(None);
        }
        let pk = entry_key(id);
        let read: Option<Versioned<Entry>> = self.read(ACTION, &pk).await?;
        match read {
            Some(read) if read.value.id != id => {
                Err(unreadable(ACTION, Unreadable::Other(pk, read.value.id)))
            }
            read => Ok(read),
        }
    }
}

/// Partition key of an entry.
fn entry_key(id: &str) -> String {
    format!("L#{id}")
}

fn parse<T: DeserializeOwned>(
    pk: &str,
    item: &HashMap<String, AttributeValue>,
) -> Result<Versioned<T>, Unreadable> {
    let incomplete = || Unreadable::Incomplete(pk.to_owned());
    let version = item.get("version").and_then(|version| version.as_n().ok());
    let version = version.and_then(|version| version.parse().ok());
    let doc = item.get("doc").and_then(|doc| doc.as_s().ok());
    let doc = doc.ok_or_else(incomplete)?;
    Ok(Versioned {
        version: version.ok_or_else(incomplete)?,
        value: serde_json::from_str(doc).map_err(|error| Unreadable::Doc(pk.to_owned(), error))?,
    })
}

fn unreadable(action: &'static str, error: Unreadable) -> PortError {
    PortError {
        action,
        retryable: false,
        source: Box::new(error),
    }
}

fn text(value: impl Into<String>) -> AttributeValue {
    AttributeValue::S(value.into())
}
