//! Tags of the last day: who strips one and then changes the thing often gains nothing.

use super::*;
use crate::baseline::{Kept, Shape};

const TAGGED: &str = r#"{"tags":{"portcullis:remediate":"enabled"}}"#;
const HOUR: i64 = 3_600;

fn by_tag(world: &Arc<World>) -> Remediator<PlainPolicy> {
    let modes = r#"
        [[target]]
        tags = { "portcullis:remediate" = "enabled" }
        mode = "auto"
    "#;
    Remediator {
        modes: Modes::parse(modes).unwrap(),
        ..remediator(world)
    }
}

/// Untagged 12 hours ago, and changed twenty times since.
fn stripped() -> (Arc<World>, Thing) {
    let (world, thing) = (world(), stage("a1", "prod"));
    let version = |json: &str, at| {
        let settings = Kept::from_read(Shape::RestStage, json).unwrap();
        Version::of_response(thing.clone(), timestamp(at), settings)
    };
    let bare = (0..20).map(|at| version(r#"{"variables":{"x":"y"}}"#, NOW - 12 * HOUR - at));
    let tagged = version(TAGGED, NOW - 30 * HOUR);
    let versions = bare.chain([tagged]).collect();
    world.state().versions.insert(name(&thing), versions);
    (world, thing)
}

#[test]
fn a_stripped_tag_counts_for_a_day_however_often_the_stage_is_changed() {
    let (world, thing) = stripped();
    let remediator = by_tag(&world);
    let mode = |at: i64| {
        let tagged = block_on(remediator.tags(&thing, timestamp(at))).unwrap();
        assert_eq!(tagged.doubt, None);
        let asked = remediator
            .modes
            .of(REMEDIATION, &thing, &tagged.tags, timestamp(at));
        tagged.lowered(asked).mode
    };
    assert_eq!(mode(NOW), Mode::Auto);
    assert_eq!(mode(NOW + 13 * HOUR), Mode::Notify);
}

#[test]
fn more_versions_than_are_read_leave_it_to_a_person() {
    let (world, thing) = stripped();
    world.state().is_cut = true;
    let tagged = block_on(by_tag(&world).tags(&thing, timestamp(NOW))).unwrap();
    assert_eq!(tagged.lowered(asked(Mode::Auto)).mode, Mode::Approve);
    assert_eq!(tagged.lowered(asked(Mode::Notify)).mode, Mode::Notify);
    assert_eq!(
        tagged.doubt.as_deref(),
        Some("it was changed so often within a day that not all tags it had are known")
    );
}

#[test]
fn tags_that_nobody_asks_for_are_not_read() {
    let (world, thing) = stripped();
    let tagged = block_on(remediator(&world).tags(&thing, timestamp(NOW))).unwrap();
    assert!(tagged.tags.is_empty());
    assert!(world.state().calls.is_empty());
}
