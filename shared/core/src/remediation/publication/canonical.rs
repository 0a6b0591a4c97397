//! One digest for all the ways in which the same JSON can be written.
//!
//! Order of members and of names in a list, spaces and nulls do not matter; everything else does. An
//! empty string or list is not the same as none: better one difference too many than one too few.

use serde_json::Value;
use sha2::{Digest, Sha256};

/// The first 32 hexadecimal digits of the SHA-256 over the canonical form.
///
/// # Errors
/// When it is not JSON.
pub(super) fn digest(json: &str) -> Result<String, serde_json::Error> {
    let value: Value = serde_json::from_str(json)?;
    Ok(hash(&canonical(&value)))
}

/// The same of a resource policy, which AWS answers escaped once more than it is written. One that is no
/// JSON either way counts as the text that it is.
pub(super) fn policy_digest(policy: &str) -> String {
    let parse = |text: &str| serde_json::from_str::<Value>(text).ok();
    let unescaped = || serde_json::from_str::<String>(&format!("\"{policy}\"")).ok();
    let value = parse(policy).or_else(|| parse(&unescaped()?));
    hash(&canonical(&value.unwrap_or_else(|| policy.into())))
}

/// One digest for several parts of the same name.
pub(super) fn joined<'a>(digests: impl Iterator<Item = &'a str>) -> String {
    hash(&digests.collect::<Vec<_>>().join(" "))
}

/// The first 32 hexadecimal digits of the SHA-256 over a text: whoever edits a draft can search for one that
/// has the digest of another, and a deployment publishes what is found.
pub(super) fn hash(text: &str) -> String {
    let hash = Sha256::digest(text.as_bytes());
    hash.iter()
        .take(16)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// The order of members is set here, because that of `serde_json` depends on who else uses it.
fn canonical(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members = members.iter().filter(|(_, value)| !value.is_null());
            let mut members: Vec<String> = members
                .map(|(name, value)| format!("{}:{}", quoted(name), canonical(value)))
                .collect();
            members.sort();
            format!("{{{}}}", members.join(","))
        }
        Value::Array(members) => {
            let mut written: Vec<String> = members.iter().map(canonical).collect();
            if members.iter().all(Value::is_string) {
                written.sort();
            }
            format!("[{}]", written.join(","))
        }
        other => other.to_string(),
    }
}

fn quoted(text: &str) -> String {
    Value::from(text).to_string()
}
