//! What holds for every file: the last target that matches decides, and nothing else has a say.

use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

use super::*;
use crate::baseline::thing::{Api, What};

fn names(of: &'static [&'static str]) -> impl Strategy<Value = Option<BTreeSet<String>>> {
    let some = subsequence(of, 1..=of.len());
    option::of(some.prop_map(|names| names.into_iter().map(str::to_owned).collect()))
}

fn selectors() -> impl Strategy<Value = Selector> {
    let remediations = subsequence(Remediation::ALL.to_vec(), 1..=5);
    (
        option::of(remediations.prop_map(|all| all.into_iter().collect())),
        names(&["111122223333", "444455556666"]),
        names(&["eu-west-1", "us-east-1"]),
        names(&["a1", "b2"]),
        names(&["prod", "dev"]),
        option::of(select(vec!["yes", "no"])),
    )
        .prop_map(
            |(remediations, accounts, regions, apis, stages, tag)| Selector {
                remediations,
                accounts,
                regions,
                apis,
                stages,
                tags: tag
                    .map(|value| ("tag".to_owned(), value.to_owned()))
                    .into_iter()
                    .collect(),
            },
        )
}

fn targets() -> impl Strategy<Value = Target> {
    (selectors(), select(Mode::ALL.to_vec()), any::<bool>()).prop_map(
        |(selector, mode, cloudformation)| Target {
            selector,
            mode,
            cloudformation,
        },
    )
}

fn exemptions() -> impl Strategy<Value = (Selector, Exemption)> {
    (selectors(), 0i64..20).prop_map(|(selector, second)| {
        let exemption = Exemption {
            reason: "test".to_owned(),
            owner: "a".to_owned(),
            expires: Timestamp::from_second(second).unwrap(),
        };
        (selector, exemption)
    })
}

fn files() -> impl Strategy<Value = Modes> {
    let base = vec(select(Mode::ALL.to_vec()), 5);
    (base, vec(targets(), 0..6), vec(exemptions(), 0..4)).prop_map(|(base, targets, exemptions)| {
        Modes {
            modes: Remediation::ALL.into_iter().zip(base).collect(),
            targets,
            exemptions,
            break_glass: BTreeSet::new(),
        }
    })
}

fn things() -> impl Strategy<Value = Thing> {
    let api = select(vec!["a1", "b2", "c3"]).prop_map(|id| Api {
        id: id.to_owned(),
        kind: None,
        name: None,
    });
    let stage = select(vec!["prod", "dev", "v1"]).prop_map(str::to_owned);
    let what = prop_oneof![
        Just(What::Account),
        api.clone().prop_map(What::Api),
        (api, stage).prop_map(|(api, stage)| What::Stage(api, stage)),
    ];
    let account = select(vec!["111122223333", "444455556666"]);
    let region = select(vec!["eu-west-1", "us-east-1"]);
    (account, region, what).prop_map(|(account, region, what)| Thing {
        account: account.to_owned(),
        region: region.to_owned(),
        what,
    })
}

fn questions() -> impl Strategy<Value = (Remediation, Thing, Tags, Timestamp)> {
    let values = subsequence(vec!["yes", "no"], 0..=2);
    let tags = values.prop_map(|values| {
        let values = values.into_iter().map(str::to_owned).collect();
        Tags::from([("tag".to_owned(), values)])
    });
    let now = (0i64..20).prop_map(|second| Timestamp::from_second(second).unwrap());
    (select(Remediation::ALL.to_vec()), things(), tags, now)
}

proptest! {
    /// Folding from the start, each match replaces what stood before: that is all that order means.
    #[test]
    fn the_last_match_decides(file in files(), (remediation, thing, tags, now) in questions()) {
        let mut expected = (file.mode(remediation), false);
        for target in &file.targets {
            if target.selector.matches(remediation, &thing, &tags) {
                expected = (target.mode, target.cloudformation);
            }
        }
        let asked = file.of(remediation, &thing, &tags, now);
        prop_assert_eq!((asked.mode, asked.cloudformation), expected);
        prop_assert!(asked.mode <= Mode::Notify || file.may_act(remediation));
    }

    /// Taking a target away gives what stands before it, and never more than the rest of the file asks for.
    #[test]
    fn a_target_that_is_removed_leaves_what_the_others_ask_for(
        file in files(),
        (remediation, thing, tags, now) in questions(),
        index in any::<prop::sample::Index>(),
    ) {
        prop_assume!(!file.targets.is_empty());
        let before = file.of(remediation, &thing, &tags, now);
        let mut fewer = file.clone();
        let removed = fewer.targets.remove(index.index(file.targets.len()));
        let after = fewer.of(remediation, &thing, &tags, now);
        let rest = fewer.targets.iter().map(|target| target.mode);
        let most = rest.fold(file.mode(remediation), Mode::max);
        prop_assert!(after.mode <= most);
        if removed.mode >= most {
            prop_assert!(after.mode <= before.mode);
        }
        if !removed.selector.matches(remediation, &thing, &tags) {
            prop_assert_eq!(after, before);
        }
    }

    /// An exemption more changes no mode, ends no other, and its place among them does not matter.
    #[test]
    fn an_exemption_never_raises(
        file in files(),
        more in exemptions(),
        (remediation, thing, tags, now) in questions(),
    ) {
        let before = file.of(remediation, &thing, &tags, now);
        let (mut first, mut last) = (file.clone(), file);
        first.exemptions.insert(0, more.clone());
        last.exemptions.push(more.clone());
        let after = first.of(remediation, &thing, &tags, now);
        prop_assert_eq!((after.mode, after.cloudformation), (before.mode, before.cloudformation));
        let ends = |asked: &Asked| asked.exemption.as_ref().map(|one| one.expires);
        prop_assert!(ends(&after) >= ends(&before));
        if more.0.matches(remediation, &thing, &tags) && more.1.expires > now {
            prop_assert!(ends(&after) >= Some(more.1.expires));
        }
        prop_assert_eq!(ends(&after), ends(&last.of(remediation, &thing, &tags, now)));
    }
}
