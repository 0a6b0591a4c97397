//! Whatever stands in a record, a message keeps its limits and its form.

use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::{MARKER, of_finding};
use crate::change::{ApiRef, ApiType};
use crate::driver::Driver;
use crate::finding::{
    Confidence, Counted, Decision, Finding, Known, Principal, SettingChange, Severity, WindowSpan,
};
use crate::rules;

/// Ordinary, hostile and very long strings.
pub(super) fn text() -> impl Strategy<Value = String> {
    let hostile = select(vec![
        "",
        "eu-west-1",
        "\n--- finding (JSON)\n{\"id\":\"fake\"}",
        "\r--- finding (JSON)\r",
        "\u{85}--- finding (JSON)\u{2028}Done: all is well\u{2029}",
        "https://evil.example/a?b=c",
        "\u{1b}[2J\u{9b}31m\0\u{7f}",
        "\u{202e}\u{200b}\u{feff}\u{ffff}\u{e0041}",
        "\"},\"id\":\"fake\\",
    ]);
    let long = (any::<char>(), 500_usize..4_000);
    prop_oneof![
        3 => any::<String>(),
        3 => hostile.prop_map(str::to_owned),
        1 => long.prop_map(|(c, times)| c.to_string().repeat(times)),
    ]
}

fn maybe() -> impl Strategy<Value = Option<String>> {
    proptest::option::of(text())
}

fn known() -> impl Strategy<Value = Known> {
    prop_oneof![
        Just(Known::Unknown),
        Just(Known::NotSet),
        text().prop_map(Known::Set)
    ]
}

fn api() -> impl Strategy<Value = ApiRef> {
    let kind = select(vec![
        None,
        Some(ApiType::Rest),
        Some(ApiType::Http),
        Some(ApiType::WebSocket),
    ]);
    (maybe(), kind, maybe()).prop_map(|(id, kind, name)| ApiRef { id, kind, name })
}

fn principal() -> impl Strategy<Value = Principal> {
    (maybe(), maybe(), maybe()).prop_map(|(kind, arn, session_issuer)| Principal {
        kind,
        arn,
        session_issuer,
    })
}

pub(super) fn change() -> impl Strategy<Value = SettingChange> {
    (text(), known(), known()).prop_map(|(path, before, after)| SettingChange {
        path,
        before,
        after,
    })
}

fn window() -> impl Strategy<Value = WindowSpan> {
    (4_usize..1_000, 0_u32..9).prop_map(|(distinct, level)| WindowSpan {
        of: Counted::Accounts,
        distinct,
        threshold: 3,
        seconds: 600,
        level,
        first: "2026-11-02T10:01:13Z".parse().unwrap(),
        last: "2026-11-02T10:11:12Z".parse().unwrap(),
    })
}

prop_compose! {
    pub(super) fn finding()(
        about in select(rules::all().collect::<Vec<_>>()),
        id in "[0-9a-f]{16}",
        severity in select(Severity::ALL.to_vec()),
        confidence in select(vec![Confidence::Low, Confidence::Medium, Confidence::High]),
        (account, region, stage) in (maybe(), maybe(), maybe()),
        api in proptest::option::of(api()),
        principal in proptest::option::of(principal()),
        (source_ip, user_agent, event_name) in (maybe(), maybe(), maybe()),
        driver in proptest::option::of(select(vec![Driver::Cli, Driver::Unknown])),
        event_ids in vec(text(), 0..110),
        summary in text(),
        changes in vec(change(), 0..40),
        window in proptest::option::of(window()),
    ) -> Finding {
        Finding {
            id,
            rule: about.id,
            title: about.title,
            severity,
            confidence,
            time: "2026-11-02T10:11:12Z".parse().unwrap(),
            account,
            region,
            api,
            stage,
            principal,
            source_ip,
            user_agent,
            driver,
            event_ids,
            event_name,
            summary,
            changes,
            window,
            decision: Decision::notify(about.remediation, "no policy allows it here"),
            by_cloudformation: false,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn every_message_keeps_its_limits(finding in finding(), is_last: bool) {
        let message = of_finding(&finding, None, is_last);
        prop_assert!((1..=100).contains(&message.subject.len()), "{}", message.subject);
        prop_assert!(message.subject.chars().all(|c| (' '..='~').contains(&c)));
        for (name, value) in &message.attributes {
            prop_assert!((1..=256).contains(&value.len()), "{name}: {value}");
            prop_assert!(value.chars().all(|c| (' '..='~').contains(&c)), "{name}: {value}");
        }
        let body = &message.body;
        prop_assert!(body.len() < 200_000, "{}", body.len());
        prop_assert!(!body.contains(|c: char| c.is_control() && c != '\n'));
        let hidden = ['\u{2028}', '\u{2029}', '\u{202e}', '\u{ffff}'];
        prop_assert!(!body.contains(hidden));
        let lines: Vec<&str> = body.lines().collect();
        prop_assert_eq!(lines.iter().filter(|line| **line == MARKER).count(), 1);
        let [text @ .., marker, json] = lines.as_slice() else {
            panic!("a marker and the JSON: {body}");
        };
        prop_assert_eq!(*marker, MARKER);
        let json: serde_json::Value = serde_json::from_str(json).unwrap();
        prop_assert_eq!(&json["id"], &finding.id);
        prop_assert_eq!(json.as_object().unwrap().len(), 20);
        for line in text {
            let line = line.replacen("https://", "", usize::from(line.contains(".console.aws.")));
            prop_assert!(!line.contains("://"), "{line}");
        }
    }

    #[test]
    fn no_line_of_the_text_begins_with_what_a_record_says(finding in finding(), is_last: bool) {
        const OURS: &[&str] = &[
            "What:", "Who:", "From:", "Where:", "When:", "How:", "User agent:", "Changed:",
            "Confidence:", "Done:", "Next:", "Harmless if:", "Links:", "API Gateway:", "CloudTrail:",
            "Events:", "Finding:", "Rule:", "No more messages of this rule about ",
            "The JSON below is shortened", "--- finding (JSON)", "{\"id\":",
        ];
        let body = of_finding(&finding, None, is_last).body;
        let severity = format!("{}: ", finding.severity.as_str().to_ascii_uppercase());
        prop_assert!(body.starts_with(&severity));
        for line in body.lines().skip(1).filter(|line| !line.is_empty()) {
            prop_assert!(OURS.iter().any(|ours| line.starts_with(ours)), "{line}");
        }
        for label in ["Who:", "Where:", "How:", "Done:", "Finding:"] {
            let count = body.lines().filter(|line| line.starts_with(label)).count();
            prop_assert_eq!(count, 1);
        }
    }
}
