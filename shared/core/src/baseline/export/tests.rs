//! One version of each thing, the same as a lookup finds.

use super::super::Kept;
use super::super::Shape;
use super::super::thing::{Thing, What};
use super::*;

fn version(region: &str, second: i64, since: i64) -> Version {
    let thing = Thing {
        account: "111122223333".to_owned(),
        region: region.to_owned(),
        what: What::Account,
    };
    let json = format!(r#"{{"cloudwatchRoleArn":"{second}"}}"#);
    let settings = Kept::from_read(Shape::Account, &json).unwrap();
    let at = |second| Timestamp::from_second(second).unwrap();
    Version {
        since: at(since),
        ..Version::of_response(thing, at(second), settings)
    }
}

#[test]
fn the_newest_is_the_one_that_has_seen_most() {
    let all = [
        version("eu-west-1", 100, 100),
        version("us-east-1", 50, 50),
        // Counts later than the first, and has seen less.
        version("eu-west-1", 110, 90),
    ];
    let newest = |at: Option<i64>| {
        let at = at.map(|at| Timestamp::from_second(at).unwrap());
        let mut newest = Newest::new(at);
        for version in all.clone() {
            newest.add(version);
        }
        let times = newest
            .into_versions()
            .map(|version| version.time.as_second());
        times.collect::<Vec<_>>()
    };
    assert_eq!(newest(None), [100, 50]);
    assert_eq!(newest(Some(101)), [100, 50]);
    assert_eq!(newest(Some(100)), [50]);
    assert_eq!(newest(Some(50)), [] as [i64; 0]);
}
