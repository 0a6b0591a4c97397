//! Counters and latency of an outcome in CloudWatch's embedded metric format, for the log.
//!
//! A document holds one value of each dimension, so that the counters of the function are one
//! document and those of each rule that fired another. Times are handed in.

use serde_json::{Map, Value, json};

use crate::outcome::{Disposition, FindingOutcome, Notified, Outcome};

/// Namespace of every metric.
pub const NAMESPACE: &str = "Portcullis";

/// The documents of an outcome, one line of JSON each: first that of the function, then one for each
/// rule that fired, then one for each remediation. `Findings` counts deliveries, `Notified` and `Muted`
/// what came of them; `Remediations` has what came of each as a dimension.
pub fn lines(outcome: &Outcome, epoch_ms: i64) -> Vec<String> {
    let mut lines = vec![function(outcome, epoch_ms)];
    let mut rules: Vec<&str> = outcome.findings.iter().map(|found| found.rule).collect();
    rules.sort_unstable();
    rules.dedup();
    lines.extend(rules.into_iter().map(|rule| {
        let of_rule = outcome.findings.iter().filter(|found| found.rule == rule);
        let dimensions = [("function", outcome.function), ("rule", rule)];
        document(&dimensions, &findings(of_rule), epoch_ms)
    }));
    lines.extend(outcome.remediations.iter().map(|one| {
        let dimensions = [
            ("function", outcome.function),
            ("remediation", one.name),
            ("outcome", one.outcome),
        ];
        document(&dimensions, &[count("Remediations", 1_u64)], epoch_ms)
    }));
    lines
}

/// One value of one metric.
pub(crate) struct Metric {
    name: &'static str,
    unit: &'static str,
    value: u64,
}

pub(crate) fn count(name: &'static str, value: impl TryInto<u64>) -> Metric {
    Metric {
        name,
        unit: "Count",
        value: value.try_into().unwrap_or(u64::MAX),
    }
}

fn function(outcome: &Outcome, epoch_ms: i64) -> String {
    let ended = |disposition| u64::from(outcome.disposition == disposition);
    let mut metrics = vec![
        count("Received", 1_u64),
        count("OwnAction", ended(Disposition::OwnAction)),
        count("NotOurs", ended(Disposition::NotOurs)),
        count("Quiet", ended(Disposition::Quiet)),
        count("Fired", ended(Disposition::Fired)),
        count("Failed", ended(Disposition::Failed)),
        count("Undecided", outcome.undecided.len()),
        count("WindowAlerts", outcome.window_alerts),
        count("LateBeyondHorizon", u64::from(outcome.late_beyond_horizon)),
    ];
    metrics.extend(findings(outcome.findings.iter()));
    metrics.extend(outcome.latency_ms.map(|value| Metric {
        name: "Latency",
        unit: "Milliseconds",
        value,
    }));
    document(&[("function", outcome.function)], &metrics, epoch_ms)
}

fn findings<'a>(findings: impl Iterator<Item = &'a FindingOutcome>) -> [Metric; 3] {
    let (mut all, mut notified, mut muted) = (0_u64, 0_u64, 0_u64);
    for finding in findings {
        all += 1;
        match finding.notified {
            Notified::Sent | Notified::SentAsLast => notified += 1,
            Notified::Muted => muted += 1,
            Notified::AlreadySent | Notified::Held => {}
        }
    }
    [
        count("Findings", all),
        count("Notified", notified),
        count("Muted", muted),
    ]
}

/// Source: CloudWatch user guide, "Specification: Embedded metric format". At most 100 metrics and
/// 30 dimensions; what they name stands at the root, numbers and strings.
pub(crate) fn document(
    dimensions: &[(&'static str, &str)],
    metrics: &[Metric],
    epoch_ms: i64,
) -> String {
    let keys: Vec<&str> = dimensions.iter().map(|(key, _)| *key).collect();
    let definitions: Vec<Value> = metrics
        .iter()
        .map(|metric| json!({"Name": metric.name, "Unit": metric.unit}))
        .collect();
    let mut root = Map::new();
    root.insert(
        "_aws".to_owned(),
        json!({
            "Timestamp": epoch_ms,
            "CloudWatchMetrics": [{
                "Namespace": NAMESPACE,
                "Dimensions": [keys],
                "Metrics": definitions,
            }],
        }),
    );
    let dimensions = dimensions.iter().map(|(key, value)| (*key, json!(value)));
    let values = metrics
        .iter()
        .map(|metric| (metric.name, json!(metric.value)));
    root.extend(
        dimensions
            .chain(values)
            .map(|(key, value)| (key.to_owned(), value)),
    );
    Value::Object(root).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::finding::Severity;

    const UNITS: [&str; 2] = ["Count", "Milliseconds"];

    fn outcome(disposition: Disposition, notified: &[(&'static str, Notified)]) -> Outcome {
        let mut outcome = Outcome::received("stage-logging");
        outcome.disposition = disposition;
        outcome.findings = notified
            .iter()
            .map(|(rule, notified)| FindingOutcome {
                id: "0011223344556677".to_owned(),
                rule,
                severity: Severity::High,
                notified: *notified,
            })
            .collect();
        outcome
    }

    /// Checks a document against the specification.
    fn document(line: &str, dimensions: &[&str]) -> Value {
        assert!(!line.contains('\n'));
        let root: Value = serde_json::from_str(line).unwrap();
        assert_eq!(root["_aws"]["Timestamp"], 1_793_614_272_000_i64);
        let [directive] = root["_aws"]["CloudWatchMetrics"]
            .as_array()
            .unwrap()
            .as_slice()
        else {
            panic!("one directive: {line}");
        };
        assert_eq!(directive["Namespace"], "Portcullis");
        assert_eq!(directive["Dimensions"], json!([dimensions]));
        for dimension in dimensions {
            let value = root[*dimension].as_str().unwrap();
            assert!((1..=1024).contains(&value.len()));
        }
        let metrics = directive["Metrics"].as_array().unwrap();
        assert!(metrics.len() <= 100);
        for metric in metrics {
            assert!(root[metric["Name"].as_str().unwrap()].is_u64(), "{metric}");
            assert!(
                UNITS.contains(&metric["Unit"].as_str().unwrap()),
                "{metric}"
            );
        }
        assert_eq!(
            root.as_object().unwrap().len(),
            1 + dimensions.len() + metrics.len()
        );
        root
    }

    fn of_function(outcome: &Outcome) -> Value {
        let lines = lines(outcome, 1_793_614_272_000);
        document(&lines[0], &["function"])
    }

    #[test]
    fn received_is_the_sum_of_the_dispositions() {
        for disposition in Disposition::ALL {
            let root = of_function(&outcome(disposition, &[]));
            let ends = ["OwnAction", "NotOurs", "Quiet", "Fired", "Failed"];
            let ended: Vec<&str> = ends.into_iter().filter(|end| root[*end] == 1).collect();
            assert_eq!(ended, [format!("{disposition:?}")]);
            let sum: u64 = ends.iter().map(|end| root[*end].as_u64().unwrap()).sum();
            assert_eq!(root["Received"], sum);
        }
    }

    #[test]
    fn each_rule_has_a_document_and_they_add_up() {
        let notified = [
            ("stage-logging-disabled", Notified::Sent),
            ("stage-logging-reduced", Notified::Muted),
            ("stage-logging-disabled", Notified::SentAsLast),
            ("access-logs-redirected", Notified::AlreadySent),
            ("access-logs-redirected", Notified::Held),
        ];
        let outcome = outcome(Disposition::Fired, &notified);
        let lines = lines(&outcome, 1_793_614_272_000);
        let all = document(&lines[0], &["function"]);
        assert_eq!(all["Findings"], 5);
        assert_eq!(all["Notified"], 2);
        assert_eq!(all["Muted"], 1);
        let rules: Vec<Value> = lines[1..]
            .iter()
            .map(|line| document(line, &["function", "rule"]))
            .collect();
        let names: Vec<&Value> = rules.iter().map(|root| &root["rule"]).collect();
        assert_eq!(
            names,
            [
                "access-logs-redirected",
                "stage-logging-disabled",
                "stage-logging-reduced"
            ]
        );
        for name in ["Findings", "Notified", "Muted"] {
            let sum: u64 = rules.iter().map(|root| root[name].as_u64().unwrap()).sum();
            assert_eq!(all[name], sum, "{name}");
        }
    }

    #[test]
    fn what_else_is_counted() {
        let mut outcome = outcome(Disposition::Quiet, &[]);
        let root = of_function(&outcome);
        assert_eq!(root.get("Latency"), None);
        assert_eq!(root["Undecided"], 0);
        outcome.undecided = vec!["stage-logging-disabled", "stage-logging-reduced"];
        outcome.window_alerts = 3;
        outcome.late_beyond_horizon = true;
        outcome.latency_ms = Some(2_500);
        let root = of_function(&outcome);
        assert_eq!(root["Undecided"], 2);
        assert_eq!(root["WindowAlerts"], 3);
        assert_eq!(root["LateBeyondHorizon"], 1);
        assert_eq!(root["Latency"], 2_500);
    }
}
