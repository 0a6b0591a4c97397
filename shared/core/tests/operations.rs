//! Holds the classification table against the service models: an operation that AWS adds has to be judged by a person
//! before this passes again. `tests/data/operations.py` writes the list it reads.

use std::collections::BTreeSet;

use portcullis_core::operations::{OPERATIONS, Service};

#[test]
fn every_mutating_operation_is_classified_and_nothing_else() {
    let listed: BTreeSet<(&str, &str)> = include_str!("data/operations.tsv")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .map(|line| {
            line.split_once('\t')
                .unwrap_or_else(|| panic!("operations.tsv: `{line}` is not `api<TAB>operation`"))
        })
        .collect();
    let classified: BTreeSet<(&str, &str)> = OPERATIONS
        .iter()
        .map(|operation| {
            let api = match operation.service {
                Service::Rest => "rest",
                Service::V2 => "v2",
            };
            (api, operation.name)
        })
        .collect();

    let unclassified: Vec<_> = listed.difference(&classified).collect();
    let unlisted: Vec<_> = classified.difference(&listed).collect();
    assert!(
        unclassified.is_empty() && unlisted.is_empty(),
        "add to src/operations.rs: {unclassified:?}\nnot in the service models, remove: {unlisted:?}"
    );
}
