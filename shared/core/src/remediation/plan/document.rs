//! Resource policies as text: API Gateway answers them escaped once more than it takes them.

use std::collections::BTreeMap;

use serde_json::Value;

/// A response is escaped once more than what was written; more than that has not been seen.
const LAYERS: usize = 3;

/// The policy as it is written: what API Gateway answers, without the backslashes.
pub(super) fn plain(policy: &str) -> String {
    let mut text = policy.to_owned();
    for _ in 0..LAYERS {
        if is_document(&text) {
            return text;
        }
        match serde_json::from_str::<String>(&format!("\"{text}\"")) {
            Ok(inner) => text = inner,
            Err(_) => break,
        }
    }
    if is_document(&text) {
        text
    } else {
        policy.to_owned()
    }
}

fn is_document(text: &str) -> bool {
    serde_json::from_str::<BTreeMap<String, Value>>(text).is_ok()
}

/// One spelling of all that mean the same. What is no JSON stays as it is.
pub(super) fn canonical(policy: &str) -> String {
    let text = plain(policy);
    match serde_json::from_str(&text) {
        Ok(value) => in_order(&value),
        Err(_) => text,
    }
}

/// JSON with its members in order, whatever the order of a map of values is.
fn in_order(value: &Value) -> String {
    match value {
        Value::Object(members) => {
            let members: BTreeMap<&String, &Value> = members.iter().collect();
            let members: Vec<String> = members
                .into_iter()
                .map(|(name, value)| format!("{}:{}", Value::from(name.as_str()), in_order(value)))
                .collect();
            format!("{{{}}}", members.join(","))
        }
        Value::Array(members) => {
            let members: Vec<String> = members.iter().map(in_order).collect();
            format!("[{}]", members.join(","))
        }
        other => other.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLAIN: &str = r#"{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Resource":"arn:aws:execute-api:eu-west-1:111122223333:a1b2c3/*"}]}"#;

    #[test]
    fn a_policy_is_unescaped_once() {
        let answered = PLAIN.replace('"', "\\\"").replace('/', "\\/");
        assert!(answered.starts_with(r#"{\"Version\""#));
        assert_eq!(plain(&answered), PLAIN);
        assert_eq!(plain(PLAIN), PLAIN);
    }

    #[test]
    fn order_and_escapes_do_not_matter() {
        let answered = r#"{\"Statement\":[{\"Resource\":\"arn:aws:execute-api:eu-west-1:111122223333:a1b2c3\/*\",\"Effect\":\"Deny\"}],\"Version\":\"2012-10-17\"}"#;
        assert_eq!(canonical(answered), canonical(PLAIN));
        assert_ne!(canonical(&PLAIN.replace("Deny", "Allow")), canonical(PLAIN));
    }

    #[test]
    fn what_is_no_policy_stays_as_it_is() {
        for text in ["", "x", "\\", "\"", "{", "\\u00", "[1]", "***"] {
            assert_eq!(plain(text), text);
            assert_eq!(canonical(text).is_empty(), text.is_empty());
        }
    }
}
