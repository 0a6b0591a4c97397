//! Exposure against a plain reading of its rule.

use proptest::prelude::*;

use super::*;

fn publications(
    stages: &[(&str, Option<i64>)],
    deployments: &[(&str, Option<i64>)],
) -> Publications {
    let stage = |(at, (deployment, changed)): (usize, &(&str, Option<i64>))| PublishedStage {
        name: format!("s{at}"),
        deployment_id: (!deployment.is_empty()).then(|| (*deployment).to_owned()),
        changed: *changed,
    };
    Publications {
        stages: stages.iter().enumerate().map(stage).collect(),
        deployments: deployments
            .iter()
            .map(|(id, at)| ((*id).to_owned(), *at))
            .collect(),
        ..Publications::default()
    }
}

const CHANGE: i64 = 1_793_613_600;
const BEFORE: Option<i64> = Some(CHANGE - 3_600);

#[test]
fn any_doubt_is_live() {
    let after = Some(CHANGE + 60);
    let live = |since: Option<i64>, stages: &[&str]| Exposure::Live {
        since,
        stages: stages.iter().map(ToString::to_string).collect(),
    };
    let cases = [
        (publications(&[], &[]), Exposure::Armed),
        (
            publications(&[("d1", BEFORE)], &[("d1", BEFORE)]),
            Exposure::Armed,
        ),
        // Published, and served by one of two stages.
        (
            publications(
                &[("d1", BEFORE), ("d2", BEFORE)],
                &[("d1", BEFORE), ("d2", after)],
            ),
            live(after, &["s1"]),
        ),
        // Published, and (no longer) served.
        (
            publications(&[("d1", BEFORE)], &[("d1", BEFORE), ("d2", after)]),
            live(after, &[]),
        ),
        // Moved there and back, and the deployment deleted.
        (
            publications(&[("d1", after)], &[("d1", BEFORE)]),
            live(after, &["s0"]),
        ),
        (
            publications(&[("d1", None)], &[("d1", BEFORE)]),
            live(None, &["s0"]),
        ),
        (
            publications(&[("d1", BEFORE)], &[("d1", None)]),
            live(None, &["s0"]),
        ),
        (
            publications(&[("d9", BEFORE)], &[("d1", BEFORE)]),
            live(None, &["s0"]),
        ),
        (
            publications(&[("", BEFORE)], &[("d1", BEFORE)]),
            live(None, &["s0"]),
        ),
        (publications(&[], &[("d1", None)]), live(None, &[])),
        // The clocks differ. Nothing was exposed before the change.
        (
            publications(&[], &[("d1", Some(CHANGE - 10))]),
            live(Some(CHANGE), &[]),
        ),
        (
            publications(&[], &[("d1", Some(CHANGE - 11))]),
            Exposure::Armed,
        ),
    ];
    for (publications, expected) in cases {
        assert_eq!(publications.exposure(CHANGE), expected, "{publications:?}");
    }
}

#[test]
fn the_last_deployment_is_known_or_it_is_not() {
    let last = |deployments: &[(&str, Option<i64>)]| {
        let publications = publications(&[], deployments);
        publications.last_before(100).map(str::to_owned)
    };
    assert_eq!(last(&[]), None);
    assert_eq!(last(&[("d1", Some(100))]), None);
    let dated = [
        ("d1", Some(90)),
        ("d2", Some(99)),
        ("d3", Some(80)),
        ("d4", Some(100)),
    ];
    assert_eq!(last(&dated).as_deref(), Some("d2"));
    assert_eq!(last(&[("d1", Some(90)), ("d2", None)]), None);
    assert_eq!(
        last(&[("d1", Some(90)), ("d2", Some(90)), ("d3", Some(80))]),
        None
    );
    assert_eq!(
        last(&[("d1", Some(80)), ("d2", Some(80)), ("d3", Some(90))]).as_deref(),
        Some("d3")
    );
}

fn date() -> impl Strategy<Value = Option<i64>> {
    prop::option::weighted(0.9, CHANGE - 30..CHANGE + 30)
}

fn any_publications() -> impl Strategy<Value = Publications> {
    let stage = (prop::option::weighted(0.9, "d[0-3]"), date());
    let stages = prop::collection::vec(stage, 0..4);
    let deployments = prop::collection::btree_map("d[0-3]", date(), 0..4);
    (stages, deployments).prop_map(|(stages, deployments)| {
        let stage = |(at, (deployment_id, changed))| PublishedStage {
            name: format!("s{at}"),
            deployment_id,
            changed,
        };
        let stages = stages.into_iter().enumerate().map(stage).collect();
        Publications {
            stages,
            deployments,
            ..Publications::default()
        }
    })
}

proptest! {
    #[test]
    fn never_armed_with_a_date_at_or_after_or_unknown(publications in any_publications()) {
        let dates = publications.deployments.values().copied();
        let mut dates = dates.chain(publications.stages.iter().map(|stage| stage.changed));
        let doubt = dates.any(|at| at.is_none_or(|at| at >= CHANGE));
        let lost = publications.stages.iter().any(|stage| {
            stage.deployment_id.as_ref().is_none_or(|id| !publications.deployments.contains_key(id))
        });
        let exposure = publications.exposure(CHANGE);
        if doubt || lost {
            prop_assert_ne!(&exposure, &Exposure::Armed);
        }
        if let Exposure::Live { since: Some(since), .. } = exposure {
            prop_assert!(since >= CHANGE);
        }
        // Later, the same publications are no less harmless.
        if publications.exposure(CHANGE) == Exposure::Armed {
            prop_assert_eq!(publications.exposure(CHANGE + 7), Exposure::Armed);
        }
    }
}
