//! The members of a setting that a plan brings back, in AWS's order of names, and the spellings of the
//! languages.

use serde::Serialize;
use serde_json::Value;

/// Members by AWS's own names (`loggingLevel`), with their values: text, numbers, truth values.
pub(super) type Fields = Vec<(String, Value)>;

/// The members of `wanted` that `live` does not have. Never data trace on: it writes bodies to the log.
pub(super) fn restored<T: Serialize>(live: &T, wanted: &T) -> Fields {
    let members = |settings: &T| match serde_json::to_value(settings) {
        Ok(Value::Object(members)) => members,
        // The settings are structs; nothing else can come.
        _ => serde_json::Map::new(),
    };
    let live = members(live);
    let is_new = |(name, value): &(String, Value)| {
        live.get(name) != Some(value)
            && !(name == "dataTraceEnabled" && *value == Value::Bool(true))
    };
    let mut fields: Fields = members(wanted).into_iter().filter(is_new).collect();
    // What this is about comes first.
    fields.sort_by_key(|(name, _)| name != "loggingLevel");
    fields
}

/// `LoggingLevel`, as CloudFormation and the command line spell it.
pub(super) fn pascal(name: &str) -> String {
    let mut chars = name.chars();
    let first = chars.next().map(|first| first.to_ascii_uppercase());
    first.into_iter().chain(chars).collect()
}

/// `logging_level`, as Terraform spells it.
pub(super) fn snake(name: &str) -> String {
    let mut snake = String::with_capacity(name.len() + 4);
    for c in name.chars() {
        if c.is_ascii_uppercase() {
            snake.push('_');
        }
        snake.push(c.to_ascii_lowercase());
    }
    snake
}

/// What a method-settings key of a REST stage applies to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Method {
    /// Without the slash at its start: `pets/{id}`, empty for the root, `*` for all.
    pub(super) path: String,
    /// `GET`, `*`.
    pub(super) verb: String,
}

impl Method {
    /// Reads `*/*`, `~1pets~1{id}/GET`, `pets/GET`.
    pub(super) fn of(key: &str) -> Self {
        let (resource, verb) = key.rsplit_once('/').unwrap_or((key, "*"));
        let path = resource.replace("~1", "/").replace("~0", "~");
        Self {
            path: path.trim_matches('/').to_owned(),
            verb: verb.to_owned(),
        }
    }

    /// Whether it is every method without settings of its own.
    pub(super) fn is_all(&self) -> bool {
        self.path == "*" && self.verb == "*"
    }
}

#[cfg(test)]
mod tests {
    use super::{Method, pascal, snake};

    #[test]
    fn keys_and_names_in_every_spelling() {
        let cases = [
            ("*/*", "*", "*"),
            ("~1pets~1{id}/GET", "pets/{id}", "GET"),
            ("pets/GET", "pets", "GET"),
            ("~1/GET", "", "GET"),
        ];
        for (key, path, verb) in cases {
            let method = Method::of(key);
            assert_eq!((method.path.as_str(), method.verb.as_str()), (path, verb));
        }
        assert_eq!(pascal("cacheTtlInSeconds"), "CacheTtlInSeconds");
        assert_eq!(snake("cacheTtlInSeconds"), "cache_ttl_in_seconds");
    }
}
