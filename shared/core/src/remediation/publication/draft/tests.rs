//! Fingerprints of drafts that were shuffled, spelt otherwise or edited.

use proptest::prelude::*;
use proptest::sample::Index;

use super::*;

fn part(name: String, value: u8) -> Part {
    Part {
        json: format!(r#"{{"id":"{name}","value":{value},"scopes":["a","b"]}}"#),
        name,
    }
}

fn parts(prefix: &'static str) -> impl Strategy<Value = Vec<Part>> {
    let values = prop::collection::btree_map(0..6_u8, 0..3_u8, 0..4);
    values.prop_map(move |values| {
        let named = values.into_iter();
        named
            .map(|(at, value)| part(format!("{prefix}{at}"), value))
            .collect()
    })
}

fn any_draft() -> impl Strategy<Value = Draft> {
    let resources = prop::collection::vec(parts("M"), 1..5).prop_map(|resources| {
        let resource = |(at, methods)| Resource {
            path: format!("/r{at}"),
            methods,
        };
        resources.into_iter().enumerate().map(resource).collect()
    });
    let settings =
        (prop::option::of(0..3_u8), 0..3_u8, 0..3_u8).prop_map(|(policy, ids, types)| Settings {
            policy: policy.map(|sid| format!(r#"{{\"Statement\":[{{\"Sid\":\"{sid}\"}}]}}"#)),
            endpoint_types: vec!["PRIVATE".to_owned()],
            vpc_endpoint_ids: (0..ids).map(|id| format!("vpce-{id}")).collect(),
            ip_address_type: Some("dualstack".to_owned()),
            binary_media_types: (0..types).map(|kind| format!("image/{kind}")).collect(),
            ..Settings::default()
        });
    (
        settings,
        resources,
        parts("a"),
        parts("m"),
        parts("g"),
        parts("v"),
    )
        .prop_map(
            |(settings, resources, authorizers, models, gateway_responses, request_validators)| {
                Draft {
                    settings,
                    resources,
                    authorizers,
                    models,
                    gateway_responses,
                    request_validators,
                }
            },
        )
}

fn print(draft: &Draft) -> Fingerprint {
    draft.fingerprint().unwrap()
}

/// Every list in another order.
fn turned(draft: &Draft) -> Draft {
    let mut turned = draft.clone();
    turned.resources.reverse();
    for resource in &mut turned.resources {
        resource.methods.reverse();
    }
    let lists = [
        &mut turned.authorizers,
        &mut turned.models,
        &mut turned.gateway_responses,
        &mut turned.request_validators,
    ];
    for parts in lists {
        parts.reverse();
    }
    turned.settings.vpc_endpoint_ids.reverse();
    turned.settings.binary_media_types.reverse();
    turned
}

type Edit = fn(&mut Settings, Option<String>);

proptest! {
    #[test]
    fn order_does_not_matter(draft in any_draft(), by in any::<Index>()) {
        prop_assert_eq!(print(&draft), print(&turned(&draft)));
        let mut rotated = draft.clone();
        let resources = rotated.resources.len();
        rotated.resources.rotate_left(by.index(resources));
        prop_assert_eq!(print(&draft), print(&rotated));
        prop_assert_eq!(print(&draft).differences(&print(&rotated)), Vec::<String>::new());
    }

    #[test]
    fn every_edit_shows(draft in any_draft(), which in any::<Index>(), kind in 0..5_usize, how in 0..3_u8) {
        let mut edited = draft.clone();
        let (list, name) = match kind {
            0 => {
                let at = which.index(edited.resources.len());
                let resource = &mut edited.resources[at];
                (&mut resource.methods, format!("{{}} {}", resource.path))
            }
            1 => (&mut edited.authorizers, "authorizer {}".to_owned()),
            2 => (&mut edited.models, "model {}".to_owned()),
            3 => (&mut edited.gateway_responses, "gateway response {}".to_owned()),
            _ => (&mut edited.request_validators, "request validator {}".to_owned()),
        };
        let (name, what) = match (how, list.is_empty()) {
            (0, false) => {
                let gone = list.remove(which.index(list.len()));
                (name.replace("{}", &gone.name), "removed")
            }
            (1, false) => {
                let at = which.index(list.len());
                list[at] = part(list[at].name.clone(), 9);
                (name.replace("{}", &list[at].name), "changed")
            }
            _ => {
                list.push(part("new".to_owned(), 1));
                (name.replace("{}", "new"), "added")
            }
        };
        let (now, then) = (print(&edited), print(&draft));
        prop_assert_eq!(now.differences(&then), vec![format!("{name} was {what}")]);
        prop_assert_eq!(then.differences(&now).len(), 1);
    }

    #[test]
    fn every_setting_shows(draft in any_draft()) {
        let text = || Some("other".to_owned());
        let mut draft = draft;
        draft.settings.policy = Some(r#"{"Statement":[]}"#.to_owned());
        let edits: [(&str, &str, Edit); 8] = [
            ("policy", "changed", |settings, text| settings.policy = text),
            ("policy", "removed", |settings, _| settings.policy = Some(String::new())),
            ("endpoint configuration", "changed", |settings, text| settings.endpoint_types.extend(text)),
            ("endpoint configuration", "changed", |settings, text| settings.vpc_endpoint_ids.extend(text)),
            ("minimum compression size", "added", |settings, _| settings.minimum_compression_size = Some(0)),
            ("API key source", "added", |settings, text| settings.api_key_source = text),
            ("security policy", "added", |settings, text| settings.security_policy = text),
            ("endpoint access mode", "added", |settings, text| settings.endpoint_access_mode = text),
        ];
        for (name, what, edit) in edits {
            let mut edited = draft.clone();
            edit(&mut edited.settings, text());
            prop_assert_eq!(print(&edited).differences(&print(&draft)), vec![format!("{name} was {what}")]);
        }
        let mut edited = draft.clone();
        edited.settings.binary_media_types.push("other".to_owned());
        prop_assert_eq!(print(&edited).differences(&print(&draft)).len(), 1);
    }
}

#[test]
fn names_are_sentences_in_a_stable_order() {
    let resource = |path: &str, methods: &[&str]| Resource {
        path: path.to_owned(),
        methods: methods
            .iter()
            .map(|name| part((*name).to_owned(), 0))
            .collect(),
    };
    let published = Draft {
        resources: vec![resource("/", &[]), resource("/pets", &["GET", "DELETE"])],
        authorizers: vec![part("x1".to_owned(), 0)],
        ..Draft::default()
    };
    let now = Draft {
        resources: vec![
            resource("/pets", &["POST", "GET"]),
            resource("/", &[]),
            resource("/new", &[]),
        ],
        authorizers: vec![part("x1".to_owned(), 1)],
        ..Draft::default()
    };
    let expected = [
        "DELETE /pets was removed",
        "POST /pets was added",
        "authorizer x1 was changed",
        "resource /new was added",
    ];
    assert_eq!(print(&now).differences(&print(&published)), expected);
}

#[test]
fn spelling_does_not_matter_and_content_does() {
    let method = |json: &str| {
        let methods = vec![Part {
            name: "GET".to_owned(),
            json: json.to_owned(),
        }];
        let resources = vec![Resource {
            path: "/".to_owned(),
            methods,
        }];
        print(&Draft {
            resources,
            ..Draft::default()
        })
    };
    let one = method(r#"{"a":1,"b":{"x":"","y":["p","q"]},"c":null}"#);
    assert_eq!(
        one,
        method(r#"{ "b": {"y": ["q", "p"], "x": ""}, "a": 1 }"#)
    );
    for other in [
        r#"{"a":1,"b":{"y":["p","q"]}}"#,
        r#"{"a":"1","b":{"x":"","y":["p","q"]}}"#,
        r#"{"a":1,"b":{"x":"","y":["p"]}}"#,
        r#"{"a":1,"b":{"x":"","y":["p,q"]}}"#,
        r#"{"a":1,"b":{"x":"","y":[["p"],["q"]]}}"#,
    ] {
        assert_ne!(one, method(other), "{other}");
    }
    let policy = |text: &str| {
        let settings = Settings {
            policy: Some(text.to_owned()),
            ..Settings::default()
        };
        print(&Draft {
            settings,
            ..Draft::default()
        })
    };
    let escaped =
        policy(r#"{\"Version\":\"2012-10-17\",\"Statement\":[{\"Resource\":\"arn:x\/*\"}]}"#);
    let plain = r#"{"Statement": [{"Resource": "arn:x/*"}], "Version": "2012-10-17"}"#;
    assert_eq!(escaped, policy(plain));
    assert_ne!(escaped, policy(&plain.replace("arn:x", "arn:y")));
    assert_ne!(policy("not JSON"), policy("not JSON either"));
}

/// Long enough that two drafts of the same digest cannot be searched for; what was kept of a shorter digest
/// is another one.
#[test]
fn a_digest_has_128_bits() {
    let draft = Draft {
        resources: vec![Resource {
            path: "/pets".to_owned(),
            methods: vec![part("GET".to_owned(), 1)],
        }],
        authorizers: vec![part("a".to_owned(), 1), part("a".to_owned(), 2)],
        ..Draft::default()
    };
    let now = print(&draft);
    assert!(now.0.values().all(|digest| digest.len() == 32), "{now:?}");
    let shorter = |(name, digest): (&String, &String)| {
        let (head, _) = digest.split_at(16);
        (name.clone(), head.to_owned())
    };
    let before = Fingerprint(now.0.iter().map(shorter).collect());
    assert_eq!(now.differences(&before).len(), now.0.len());
}

#[test]
fn names_have_a_bounded_length_and_stay_different() {
    let path = |end: &str| format!("/{}{end}", "\u{e9}".repeat(300));
    let resource = |end: &str| Resource {
        path: path(end),
        methods: Vec::new(),
    };
    let draft = Draft {
        resources: vec![resource("a"), resource("b")],
        ..Draft::default()
    };
    let fingerprint = print(&draft);
    assert_eq!(fingerprint.0.len(), 3);
    assert!(fingerprint.0.keys().all(|name| name.len() <= 200));
}

#[test]
fn a_part_that_comes_twice_counts_with_both_its_states() {
    let of = |methods: Vec<Part>| {
        let path = "/".to_owned();
        print(&Draft {
            resources: vec![Resource { path, methods }],
            ..Draft::default()
        })
    };
    let (old, new) = (part("GET".to_owned(), 0), part("GET".to_owned(), 1));
    let both = of(vec![old.clone(), new.clone()]);
    assert_eq!(both, of(vec![new.clone(), old.clone()]));
    assert_eq!(of(vec![old.clone(), old.clone()]), of(vec![old.clone()]));
    assert_ne!(both, of(vec![old]));
    assert_ne!(both, of(vec![new]));
}

#[test]
fn what_is_not_json_gives_no_fingerprint() {
    let broken = Part {
        name: "x1".to_owned(),
        json: "{".to_owned(),
    };
    let draft = Draft {
        authorizers: vec![broken],
        ..Draft::default()
    };
    assert!(draft.fingerprint().is_err());
}
