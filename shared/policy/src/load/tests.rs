use std::error::Error;

use portcullis_core::remediation::modes::Modes;
use portcullis_core::remediation::policy::Policy as _;

use super::*;
use crate::tables::{self, folder};

fn parse(text: &str) -> Result<CedarPolicy, PolicyError> {
    CedarPolicy::parse([("own.cedar", text)])
}

fn own(policy: &str) -> CedarPolicy {
    parse(&format!("@id(\"own\") @reason(\"because\") {policy}")).unwrap()
}

#[test]
fn the_embedded_policies_are_valid_and_those_of_the_folder() {
    let embedded = CedarPolicy::embedded().unwrap();
    embedded.validate().unwrap();
    let file = fs::read_to_string(folder().join("portcullis.cedar")).unwrap();
    assert_eq!(embedded.set, parse(&file).unwrap().set);
}

#[test]
fn tags_are_read_where_a_policy_asks_for_them() {
    assert!(!CedarPolicy::embedded().unwrap().reads_tags());
    let forbid = |when: &str| {
        own(&format!(
            "forbid (principal, action, resource) when {{ {when} }};"
        ))
    };
    assert!(forbid("resource.hasTag(\"team\")").reads_tags());
    assert!(forbid("resource.getTag(\"team\").contains(\"payments\")").reads_tags());
    assert!(!forbid("context.age > 5").reads_tags());
}

#[test]
fn reasons_are_one_sentence_without_a_full_stop() {
    let policy = CedarPolicy::embedded().unwrap();
    for one in policy.set.policies() {
        let reason = one.annotation("reason").unwrap();
        assert!(
            !reason.contains(['.', '\n']) && reason.len() < 120,
            "{reason}"
        );
        assert!(reason.starts_with(|c: char| c.is_lowercase()), "{reason}");
    }
}

#[test]
fn mistakes_are_refused_and_named() {
    let id = "@id(\"a\") @reason(\"b\") permit (principal, action, resource)";
    for (text, expected) in [
        (
            "",
            "there is no policy in `own.cedar`: add a file that ends in `.cedar`",
        ),
        (
            "\n\npermit (principal, action, resource) whne { true };",
            "`own.cedar`, line 3: not a Cedar policy",
        ),
        (
            "permit (principal == ?principal, action, resource);",
            "`own.cedar`: there is a template with `?principal` or `?resource`, write a policy",
        ),
        (
            &format!("{id};\npermit (principal, action, resource);"),
            "`own.cedar`: policy 2 has no id, write `@id(\"...\")` before it",
        ),
        (
            "@id(\"a\") permit (principal, action, resource);",
            "`own.cedar`: policy `a` gives no reason, write `@reason(\"...\")` before it",
        ),
        (
            &format!("{id};\n{id};"),
            "`own.cedar`: there is a policy `a` in `own.cedar` already",
        ),
    ] {
        assert_eq!(parse(text).unwrap_err().to_string(), expected, "{text}");
    }
    let two = CedarPolicy::parse([("1.cedar", format!("{id};")), ("2.cedar", format!("{id};"))]);
    let message = two.unwrap_err().to_string();
    assert_eq!(
        message,
        "`2.cedar`: there is a policy `a` in `1.cedar` already"
    );
}

#[test]
fn what_does_not_fit_the_schema_is_refused_and_named() {
    let action = |name: &str| format!("Portcullis::Action::\"{name}\"");
    let invalid = "`own.cedar`: policy `own` does not fit the schema";
    let suspicious = "`own.cedar`: policy `own` cannot be meant so";
    let when =
        |condition: &str| format!("forbid (principal, action, resource) when {{ {condition} }};");
    for (policy, expected, source) in [
        (
            format!(
                "permit (principal, action == {}, resource);",
                action("DeleteApi")
            ),
            invalid.to_owned(),
            "unrecognized action `Portcullis::Action::\"DeleteApi\"`",
        ),
        (
            format!(
                "permit (principal, action == {}, resource);",
                action("Redploy")
            ),
            format!("{invalid}, did you mean `{}`?", action("Redeploy")),
            "unrecognized action",
        ),
        (
            when("context.contestd"),
            format!("{invalid}, did you mean `contested`?"),
            "`contestd`",
        ),
        (when("resource.api == \"a\""), invalid.to_owned(), "`api`"),
        (
            when("context.confidence == Portcullis::Confidence::\"lo\""),
            invalid.to_owned(),
            "\"lo\"",
        ),
        (
            format!(
                "forbid (principal, action == {}, resource is Portcullis::Account);",
                action("Contain")
            ),
            suspicious.to_owned(),
            "unable to find an applicable action",
        ),
    ] {
        let error = own(&policy).validate().unwrap_err();
        let message = error.to_string();
        assert!(message.starts_with(&expected), "{policy}: {message}");
        let cause = error.source().unwrap().to_string();
        assert!(cause.contains(source), "{policy}: {message}: {cause}");
    }
    own(
        "forbid (principal, action, resource) when { resource.hasTag(\"a\") && resource has api };",
    )
    .validate()
    .unwrap();
}

#[test]
fn a_folder_is_read_whole_and_validated() {
    let folder = std::env::temp_dir().join(format!("portcullis-policy-{}", std::process::id()));
    fs::create_dir_all(&folder).unwrap();
    let message = |folder: &Path| match CedarPolicy::from_folder(folder) {
        Ok(policy) => format!("{:?}", policy.files.keys().collect::<Vec<_>>()),
        Err(error) => error
            .to_string()
            .replace(&folder.display().to_string(), "DIR"),
    };
    let id = |id, rest| {
        format!("@id(\"{id}\") @reason(\"b\") permit (principal, action, resource){rest};")
    };
    assert_eq!(
        message(&folder),
        "there is no policy in `DIR`: add a file that ends in `.cedar`"
    );
    fs::write(folder.join("notes.txt"), "no policy").unwrap();
    fs::write(folder.join("b.cedar"), id("b", "")).unwrap();
    fs::write(folder.join("a.cedar"), id("a", "")).unwrap();
    assert_eq!(message(&folder), r#"["a", "b"]"#);
    fs::write(folder.join("c.cedar"), id("c", "when { context.agee > 5 }")).unwrap();
    assert_eq!(
        message(&folder),
        "`DIR/c.cedar`: policy `c` does not fit the schema, did you mean `age`?"
    );
    fs::remove_dir_all(&folder).unwrap();
    assert_eq!(message(&folder), "cannot read `DIR`");
}

fn blocks(page: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    let blocks = page.split(&fence).skip(1);
    let ends = |block: &str| block.split("```").next().unwrap().to_owned();
    blocks.map(ends).collect()
}

/// What docs/policy.md shows is what is read here, and its table of requests holds.
#[test]
fn the_examples_of_the_documentation_are_valid() {
    let page = fs::read_to_string(folder().join("../../docs/policy.md")).unwrap();
    let (toml, json) = (blocks(&page, "toml"), blocks(&page, "json"));
    assert_eq!((toml.len(), json.len()), (3, 1));
    Modes::parse(&toml.concat()).unwrap();
    let files = blocks(&page, "cedar")
        .into_iter()
        .chain([FILE.1.to_owned()]);
    let files = (0..)
        .zip(files)
        .map(|(number, text): (u32, _)| (number.to_string(), text));
    let policy = CedarPolicy::parse(files).unwrap();
    policy.validate().unwrap();
    assert_eq!(
        tables::wrong(&policy, &tables::read("docs", &json.concat())),
        Vec::<String>::new()
    );
}
