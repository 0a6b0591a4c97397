//! For any request: a doubt that forbids leaves no permit, and only modes that write get one.

use std::sync::LazyLock;

use portcullis_core::finding::Confidence;
use portcullis_core::remediation::Mode;
use portcullis_core::remediation::policy::{Action, Permitted, Policy};
use proptest::prelude::*;
use proptest::sample::select;

use crate::tables::Words;
use crate::{CedarPolicy, Permit};

fn words() -> impl Strategy<Value = Words> {
    let mode = || select(Mode::ALL.to_vec());
    let confidence = select(vec![Confidence::Low, Confidence::Medium, Confidence::High]);
    let age = prop_oneof![0i64..1200, any::<i64>(), 899i64..903];
    let rarely = || prop::bool::weighted(0.15);
    let mostly = || prop::bool::weighted(0.85);
    (
        (
            select(Action::ALL.to_vec()),
            mode(),
            mode(),
            age,
            confidence,
        ),
        (
            rarely(),
            rarely(),
            rarely(),
            rarely(),
            rarely(),
            rarely(),
            any::<bool>(),
        ),
        (mostly(), mostly(), mostly()),
        select(vec![None, Some("account"), Some("api"), Some("stage")]),
        ".*",
        prop::option::of(".*"),
    )
        .prop_map(|(kind, doubts, known, thing, stage, actor)| {
            let (action, mode, asked, age, confidence) = kind;
            let (
                exempt,
                break_glass,
                contested,
                changed_again,
                budget_spent,
                by_cloudformation,
                cloudformation,
            ) = doubts;
            let (has_kill_switch, has_baseline, draft_is_published) = known;
            Words {
                mode,
                asked,
                age,
                confidence,
                exempt,
                break_glass,
                contested,
                changed_again,
                budget_spent,
                by_cloudformation,
                cloudformation,
                has_kill_switch,
                has_baseline,
                draft_is_published,
                thing: thing.map(str::to_owned),
                stage,
                actor,
                ..Words::of(action)
            }
        })
}

/// What forbids it, in plain Rust: a second opinion on the policies.
fn doubts(words: &Words) -> bool {
    if !words.has_kill_switch {
        return true;
    }
    let is_approved = words.mode == Mode::Approve;
    if words.action == "Undo" {
        return !is_approved;
    }
    let for_all = words.exempt
        || words.break_glass
        || !words.has_baseline
        || (words.by_cloudformation && !words.cloudformation);
    let for_a_person = words.contested
        || words.changed_again
        || words.budget_spent
        || words.age > 900
        || words.confidence == Confidence::Low
        || (words.action == "Redeploy" && !words.draft_is_published);
    for_all || (for_a_person && !is_approved)
}

static POLICY: LazyLock<CedarPolicy> = LazyLock::new(|| CedarPolicy::embedded().unwrap());

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1000))]

    #[test]
    fn no_doubt_gets_a_permit(words in words()) {
        let request = words.request();
        let ruling = POLICY.decide(&request);
        let fits = crate::coverage::fits(request.action, &request.thing.what);
        let allowed = fits && !doubts(&words) && words.mode <= words.asked;
        prop_assert_eq!(ruling.reasons.is_empty(), allowed, "{:?}", ruling);
        let may_write = allowed && words.mode >= Mode::Approve;
        prop_assert_eq!(ruling.permit.is_some(), may_write, "{:?}", ruling);
        let covers = |permit: &Permit| *permit.thing() == request.thing;
        prop_assert!(ruling.permit.as_ref().is_none_or(covers));
    }
}
