use super::*;
use crate::baseline::thing::{Api, What};
use crate::change::ApiType;

use Remediation::{Contain, Redeploy, RestoreAccountLoggingRole, RestoreStageLogging};

fn thing(what: What) -> Thing {
    Thing {
        account: "111122223333".to_owned(),
        region: "eu-west-1".to_owned(),
        what,
    }
}

fn api(id: &str) -> Api {
    Api {
        id: id.to_owned(),
        kind: Some(ApiType::Rest),
        name: None,
    }
}

fn stage(id: &str, name: &str) -> Thing {
    thing(What::Stage(api(id), name.to_owned()))
}

fn tags(pairs: &[(&str, &[&str])]) -> Tags {
    let owned = |values: &[&str]| values.iter().map(|value| (*value).to_owned()).collect();
    pairs
        .iter()
        .map(|(key, values)| ((*key).to_owned(), owned(values)))
        .collect()
}

fn now() -> Timestamp {
    "2026-11-02T10:00:00Z".parse().unwrap()
}

fn asked(file: &str, remediation: Remediation, thing: &Thing) -> Asked {
    let modes = Modes::parse(file).unwrap();
    modes.of(remediation, thing, &Tags::new(), now())
}

#[test]
fn the_embedded_file_names_every_remediation_and_writes_nothing() {
    let modes = Modes::embedded().unwrap();
    let named: Vec<_> = modes.modes.keys().copied().collect();
    assert_eq!(named, Remediation::ALL);
    assert!(Remediation::ALL.iter().all(|one| !modes.may_act(*one)));
    assert!(!modes.reads_tags());
}

/// What its comments show is read as they say.
#[test]
fn the_examples_in_the_embedded_file_are_read() {
    let is_example = |line: &&str| line.contains(" = ") || line.starts_with("# [");
    let examples = DEFAULT.lines().skip_while(|line| *line != "# [[target]]");
    let examples: Vec<_> = examples
        .filter(is_example)
        .map(|line| line.trim_start_matches("# "))
        .collect();
    let modes = Modes::parse(&examples.join("\n")).unwrap();
    let tagged = tags(&[("portcullis:remediate", &["enabled"])]);
    let prod = stage("a1b2c3d4e5", "prod");
    let asked = modes.of(RestoreStageLogging, &prod, &tagged, now());
    assert_eq!(asked.mode, Mode::Auto);
    assert!(!asked.cloudformation);
    assert_eq!(asked.exemption.unwrap().owner, "team-payments");
    assert!(modes.reads_tags());
    assert!(modes.is_break_glass("arn:aws:iam::111122223333:role/break-glass"));
    assert!(!modes.is_break_glass("arn:aws:iam::111122223333:role/break-glass-2"));
}

#[test]
fn the_last_target_that_matches_decides() {
    let file = "
        [modes]
        restore-stage-logging = 'dry-run'
        [[target]]
        apis = ['a1']
        mode = 'auto'
        cloudformation = true
        [[target]]
        stages = ['prod']
        mode = 'approve'
        [[target]]
        regions = ['us-east-1']
        mode = 'off'
    ";
    let of = |thing| {
        let asked = asked(file, RestoreStageLogging, &thing);
        (asked.mode, asked.cloudformation)
    };
    assert_eq!(of(stage("a1", "dev")), (Mode::Auto, true));
    assert_eq!(of(stage("a1", "prod")), (Mode::Approve, false));
    assert_eq!(of(stage("b2", "dev")), (Mode::DryRun, false));
    assert_eq!(
        asked(file, Contain, &thing(What::Api(api("b2")))).mode,
        Mode::Notify
    );
}

#[test]
fn selectors_of_apis_and_stages_never_match_an_account() {
    let account = thing(What::Account);
    for (selector, expected) in [
        ("apis = ['a1']", Mode::Notify),
        ("stages = ['prod']", Mode::Notify),
        ("tags = { a = 'b' }", Mode::Notify),
        ("accounts = ['111122223333']", Mode::Auto),
        ("accounts = ['444455556666']", Mode::Notify),
        ("remediations = ['redeploy']", Mode::Notify),
    ] {
        let file = format!("[[target]]\n{selector}\nmode = 'auto'");
        let mode = asked(&file, RestoreAccountLoggingRole, &account).mode;
        assert_eq!(mode, expected, "{selector}");
    }
}

#[test]
fn every_tag_that_is_named_must_have_had_the_value() {
    let file = "[[target]]\ntags = { a = '1', b = '' }\nmode = 'auto'";
    let modes = Modes::parse(file).unwrap();
    let of = |tags: &Tags| {
        modes
            .of(RestoreStageLogging, &stage("a1", "prod"), tags, now())
            .mode
    };
    assert_eq!(
        of(&tags(&[("a", &["0", "1"]), ("b", &[""]), ("c", &["x"])])),
        Mode::Auto
    );
    assert_eq!(of(&tags(&[("a", &["1"])])), Mode::Notify);
    assert_eq!(of(&tags(&[("a", &["0"]), ("b", &[""])])), Mode::Notify);
    assert_eq!(of(&Tags::new()), Mode::Notify);
}

fn exemption(selector: &str, owner: &str, expires: &str) -> String {
    format!(
        "[[exemption]]\n{selector}\nreason = 'test'\nowner = '{owner}'\nexpires = '{expires}'\n"
    )
}

#[test]
fn the_exemption_that_ends_last_holds_and_ended_ones_are_named() {
    let file = [
        exemption("apis = ['a1']", "ended", "2026-11-02T10:00:00Z"),
        exemption("stages = ['prod']", "last", "2026-11-04T00:00:00+01:00"),
        exemption("", "sooner", "2026-11-03T00:00:00Z"),
        exemption("apis = ['b2']", "other", "2027-01-01T00:00:00Z"),
    ];
    let asked = asked(&file.concat(), RestoreStageLogging, &stage("a1", "prod"));
    assert_eq!(asked.mode, Mode::Notify);
    assert_eq!(asked.exemption.unwrap().owner, "last");
    let expired: Vec<_> = asked.expired.into_iter().map(|one| one.owner).collect();
    assert_eq!(expired, ["ended"]);
}

/// What is done to a whole API and reaches its stages leaves an exempt one alone.
#[test]
fn an_exemption_of_a_stage_holds_for_what_reaches_it_through_its_api() {
    let file = exemption("stages = ['prod']", "a", "2027-01-01T00:00:00Z");
    let whole = thing(What::Api(api("a1")));
    let dev = stage("a1", "dev");
    let account = thing(What::Account);
    for (remediation, thing, expected) in [
        (Contain, &whole, true),
        (Redeploy, &whole, true),
        (Remediation::RestorePrivateEndpoint, &whole, false),
        (Contain, &dev, false),
        (RestoreAccountLoggingRole, &account, false),
    ] {
        let exemption = asked(&file, remediation, thing).exemption;
        assert_eq!(exemption.is_some(), expected, "{remediation:?}");
    }
}

#[test]
fn a_remediation_that_nothing_asks_for_may_not_act() {
    let may = |file: &str| {
        let modes = Modes::parse(file).unwrap();
        Remediation::ALL.map(|one| u8::from(modes.may_act(one)))
    };
    assert_eq!(may(""), [0; 5]);
    assert_eq!(
        may("[modes]\nredeploy = 'dry-run'\ncontain = 'off'"),
        [0, 0, 0, 1, 0]
    );
    let some = "[[target]]\nremediations = ['contain']\nstages = ['dev']\nmode = 'approve'\n";
    assert_eq!(may(some), [0, 0, 0, 0, 1]);
    let narrow = "[[target]]\naccounts = ['111122223333']\nmode = 'notify'\n";
    assert_eq!(may(&format!("{some}{narrow}")), [0, 0, 0, 0, 1]);
    let whole = "[[target]]\nmode = 'notify'\n";
    assert_eq!(may(&format!("{some}{whole}")), [0; 5]);
    assert_eq!(may(&format!("{whole}{some}")), [0, 0, 0, 0, 1]);
}
