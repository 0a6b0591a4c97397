use super::*;

fn assert_refused(cases: &[(String, &str)]) {
    for (file, expected) in cases {
        let message = Modes::parse(file).unwrap_err().to_string();
        assert_eq!(message, *expected, "{file}");
    }
}

#[test]
fn mistakes_in_modes_and_targets_are_refused_and_named() {
    assert_refused(&[
        (
            "[modes]\nrestore-stage-loging = 'auto'".to_owned(),
            "[modes]: `restore-stage-loging` is no remediation, did you mean `restore-stage-logging`?",
        ),
        (
            "[modes]\nredeploy = 'automatic'".to_owned(),
            "[modes] redeploy: `automatic` is no mode, did you mean `auto`?",
        ),
        (
            "[[target]]\nmode = 'auto'\n[[target]]\nmode = 'Auto'".to_owned(),
            "target 2: `Auto` is no mode, did you mean `auto`?",
        ),
        (
            "[[target]]\nremediations = ['conatin']\nmode = 'auto'".to_owned(),
            "target 1: `conatin` is no remediation, did you mean `contain`?",
        ),
        (
            "[[target]]\nstage = ['prod']\nmode = 'auto'".to_owned(),
            "target 1: `stage` is no member, did you mean `stages`?",
        ),
        (
            "[[target]]\nstages = ['prod']".to_owned(),
            "target 1 has no `mode`",
        ),
        (
            "[[target]]\nremediations = []\nmode = 'auto'".to_owned(),
            "target 1: `remediations` is empty, leave it out to match all",
        ),
        (
            "[[target]]\ntags = {}\nmode = 'auto'".to_owned(),
            "target 1: `tags` is empty, leave it out to match all",
        ),
        (
            "[[target]]\naccounts = ['11112222333']\nmode = 'auto'".to_owned(),
            "target 1: `11112222333` in `accounts` is no account id of 12 digits",
        ),
        (
            "[[target]]\nregions = ['eu-west']\nmode = 'auto'".to_owned(),
            "target 1: `eu-west` in `regions` is no Region such as `eu-west-1`",
        ),
        (
            "[[target]]\napis = ['a1*']\nmode = 'auto'".to_owned(),
            "target 1: `a1*` in `apis` is no id of an API",
        ),
        (
            "[[target]]\nstages = ['*']\nmode = 'auto'".to_owned(),
            "target 1: `*` in `stages` is no name of a stage",
        ),
    ]);
}

#[test]
fn mistakes_in_exemptions_and_the_rest_are_refused_and_named() {
    let end = "owner = 'a'\nexpires = '2027-01-01T00:00:00Z'";
    assert_refused(&[
        (
            format!("[[exemption]]\n{end}"),
            "exemption 1 has no `reason`: it needs a reason, an owner and an end",
        ),
        (
            format!("[[exemption]]\nreason = ' '\n{end}"),
            "exemption 1 has no `reason`: it needs a reason, an owner and an end",
        ),
        (
            format!("[[exemption]]\nreason = 'a'\nexpire = 'never'\n{end}"),
            "exemption 1: `expire` is no member, did you mean `expires`?",
        ),
        (
            "[[exemption]]\nreason = 'a'\nowner = 'a'\nexpires = '2026-12-31'".to_owned(),
            "exemption 1: `2026-12-31` in `expires` is no time, write `2026-12-31T00:00:00Z`",
        ),
        (
            "[break-glass]\nprincipals = ['arn:aws:iam::111122223333:role/*']".to_owned(),
            "`arn:aws:iam::111122223333:role/*` in `break-glass` is no ARN of an IAM role or user",
        ),
        (
            "[break-glass]\nprincipals = ['arn:aws:sts::111122223333:assumed-role/a/b']".to_owned(),
            "`arn:aws:sts::111122223333:assumed-role/a/b` in `break-glass` is no ARN of an IAM role or user",
        ),
        (
            "[break-glas]\nprincipals = []".to_owned(),
            "not a remediation file",
        ),
        (
            "[break-glass]\nprincipal = []".to_owned(),
            "not a remediation file",
        ),
        (
            "[[target]]\nmode = 'auto'\ncloudformation = 'yes'".to_owned(),
            "not a remediation file",
        ),
        (
            "[[target]]\nmode = 'auto'\nstages = 'prod'".to_owned(),
            "not a remediation file",
        ),
    ]);
}

#[test]
fn regions_of_all_partitions_are_known() {
    for region in [
        "eu-west-1",
        "us-gov-west-1",
        "ap-southeast-5",
        "us-iso-east-1",
        "cn-north-1",
    ] {
        let file = format!("[[target]]\nregions = ['{region}']\nmode = 'auto'");
        assert!(Modes::parse(&file).is_ok(), "{region}");
    }
}
