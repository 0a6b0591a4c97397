//! What something is called in a line of text.

use super::text;
use crate::change::{ApiRef, ApiType};

/// `stage prod, REST API a1b2c3d4e5 (orders)`; `None` when neither is known.
pub(super) fn thing(stage: Option<&str>, api: Option<&ApiRef>) -> Option<String> {
    let stage = stage.map(|stage| format!("stage {}", text::value(stage)));
    let parts: Vec<String> = [stage, api.map(self::api)].into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}

/// `account 111122223333`.
pub(super) fn account(account: Option<&str>) -> String {
    account.map_or_else(
        || "several accounts".to_owned(),
        |account| format!("account {}", text::value(account)),
    )
}

/// `eu-west-1`.
pub(super) fn region(region: Option<&str>) -> String {
    region.map_or_else(|| "several Regions".to_owned(), text::value)
}

fn api(api: &ApiRef) -> String {
    let kind = match api.kind {
        Some(ApiType::Rest) => "REST API",
        Some(ApiType::Http) => "HTTP API",
        Some(ApiType::WebSocket) => "WebSocket API",
        None => "API",
    };
    let id = api.id.as_deref().map(text::value);
    let name = api.name.as_deref().map(text::value);
    match (id, name) {
        (Some(id), Some(name)) => format!("{kind} {id} ({name})"),
        (Some(id), None) => format!("{kind} {id}"),
        (None, Some(name)) => format!("{kind} ({name})"),
        (None, None) => format!("{kind} without an id"),
    }
}
