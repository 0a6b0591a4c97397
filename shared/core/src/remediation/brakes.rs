//! What keeps remediation from fighting and from running away: budgets, contested settings, one writer
//! at a time.
//!
//! INVARIANT: a remediation begins in the same transaction that counts it, on the versions that were
//! judged; so no interleaving begins more than the budget.

use std::collections::BTreeSet;

use super::Remediation;
use super::ledger::{Lease, Restore, Tally};
use super::ports::{LedgerWrite, Versioned};
use crate::baseline::thing::Thing;

/// Starts and restored settings are looked back at for so many seconds.
pub const HOUR: i64 = 3600;

/// Automatic remediations of one kind an hour and resource.
pub const PER_RESOURCE: usize = 3;

/// Automatic remediations of one kind an hour and account. Each kind has a budget of its own: throwaway
/// stages cannot use up what a private API needs.
pub const PER_ACCOUNT: usize = 20;

/// So many restores of a resource are remembered until a baseline knows of them.
pub const REMEMBERED: usize = 8;

/// What an ended remediation means for what stands at its resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Left {
    /// What this restore has written stands there.
    Restored(Restore),
    /// What the restore of this id has written does not stand there any more.
    TakenBack(String),
    /// Earlier restores stand as they did.
    Nothing,
}

/// The tallies that a remediation is judged by and counted in.
#[derive(Debug, Clone, PartialEq)]
pub struct Brakes {
    resource_key: String,
    account_key: String,
    resource: Versioned<Tally>,
    account: Versioned<Tally>,
}

/// Names the tally of a resource.
pub fn resource_key(remediation: Remediation, thing: &Thing) -> String {
    let api = thing.api().map_or("", |api| api.id.as_str());
    let stage = thing.stage().unwrap_or_default();
    let Thing {
        account, region, ..
    } = thing;
    let name = remediation.as_str();
    format!("{name}/{account}/{region}/{api}/{stage}")
}

/// Names the tally of an account.
pub fn account_key(remediation: Remediation, thing: &Thing) -> String {
    format!("{}/{}", remediation.as_str(), thing.account)
}

/// Whose share a remediation counts for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Counts {
    /// Nobody's: a person began it, or it was counted before.
    Nothing,
    /// The resource's: the account's has counted the event before.
    Resource,
    /// Those of resource and account.
    Both,
}

impl Brakes {
    /// Takes what the store says.
    pub fn new(
        remediation: Remediation,
        thing: &Thing,
        resource: Versioned<Tally>,
        account: Versioned<Tally>,
    ) -> Self {
        Self {
            resource_key: resource_key(remediation, thing),
            account_key: account_key(remediation, thing),
            resource,
            account,
        }
    }

    /// Whether resource or account had their share within the last hour.
    pub fn is_spent(&self, now: i64) -> bool {
        self.spent(now).is_some()
    }

    /// Which of the two had its share within the last hour, as a sentence for people.
    pub fn spent(&self, now: i64) -> Option<String> {
        let shares = [
            (&self.resource, "the resource", PER_RESOURCE),
            (&self.account, "the account", PER_ACCOUNT),
        ];
        let spent = shares
            .into_iter()
            .find(|(tally, _, share)| recent(&tally.value, now) >= *share);
        spent.map(|(_, whose, share)| {
            format!("{whose} had its share of {share} remediations of this kind within the hour")
        })
    }

    /// Those of the settings that were restored within the last hour, and taken away again by an event at
    /// `event_time`. What was taken before the restore is not contested.
    pub fn contested<'a>(
        &self,
        fields: &'a BTreeSet<String>,
        event_time: i64,
        now: i64,
    ) -> Vec<&'a str> {
        let restored = &self.resource.value.restored;
        let is_contested = |field: &&String| {
            let at = restored.get(field.as_str());
            at.is_some_and(|at| now - at < HOUR && *at <= event_time)
        };
        fields
            .iter()
            .filter(is_contested)
            .map(String::as_str)
            .collect()
    }

    /// Somebody else who writes to the resource right now.
    pub fn holder(&self, lease: &Lease, now: i64) -> Option<&Lease> {
        let holder = self.resource.value.holder.as_ref()?;
        let is_other = holder.owner != lease.owner && holder.until > now;
        is_other.then_some(holder)
    }

    /// The tallies once a remediation has begun: it holds the resource, and is counted.
    pub fn begun(&self, lease: &Lease, counts: Counts, now: i64) -> Vec<LedgerWrite> {
        let mut resource = pruned(&self.resource, now);
        resource.value.holder = Some(lease.clone());
        if counts != Counts::Nothing {
            resource.value.starts.push(now);
        }
        let mut writes = vec![LedgerWrite::Tally {
            key: self.resource_key.clone(),
            tally: resource,
        }];
        if counts == Counts::Both {
            let mut account = pruned(&self.account, now);
            account.value.starts.push(now);
            writes.push(LedgerWrite::Tally {
                key: self.account_key.clone(),
                tally: account,
            });
        }
        writes
    }

    /// The resource's tally once a remediation has ended: nobody holds it, and what was restored is noted
    /// with the time of the write.
    pub fn ended(
        &self,
        lease: &Lease,
        restored: &BTreeSet<String>,
        left: &Left,
        written: i64,
        now: i64,
    ) -> LedgerWrite {
        let mut resource = pruned(&self.resource, now);
        let is_ours = |holder: &Lease| holder.owner == lease.owner;
        if resource.value.holder.as_ref().is_some_and(is_ours) {
            resource.value.holder = None;
        }
        remember(&mut resource.value.restores, left);
        for field in restored {
            resource.value.restored.insert(field.clone(), written);
        }
        LedgerWrite::Tally {
            key: self.resource_key.clone(),
            tally: resource,
        }
    }
}

/// INVARIANT: a remediation that fails ends nothing of what earlier ones have brought; an undo ends its own.
fn remember(restores: &mut Vec<Restore>, left: &Left) {
    match left {
        Left::Restored(restore) if restores.iter().all(|known| known.id != restore.id) => {
            restores.push(restore.clone());
            let over = restores.len().saturating_sub(REMEMBERED);
            restores.drain(..over);
        }
        Left::TakenBack(id) => restores.retain(|known| known.id != *id),
        Left::Restored(_) | Left::Nothing => {}
    }
}

fn recent(tally: &Tally, now: i64) -> usize {
    tally.starts.iter().filter(|at| now - **at < HOUR).count()
}

fn pruned(tally: &Versioned<Tally>, now: i64) -> Versioned<Tally> {
    let mut tally = tally.clone();
    tally.value.starts.retain(|at| now - *at < HOUR);
    tally.value.restored.retain(|_, at| now - *at < HOUR);
    tally
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::baseline::thing::What;

    const NOW: i64 = 1_000_000;

    fn brakes(resource: Tally, account: Tally) -> Brakes {
        let versioned = |value| Versioned { value, version: 7 };
        let thing = Thing {
            account: "111122223333".to_owned(),
            region: "eu-west-1".to_owned(),
            what: What::Account,
        };
        let remediation = Remediation::RestoreAccountLoggingRole;
        Brakes::new(remediation, &thing, versioned(resource), versioned(account))
    }

    fn started(times: &[i64]) -> Tally {
        Tally {
            starts: times.to_vec(),
            ..Tally::default()
        }
    }

    #[test]
    fn a_share_is_what_began_within_the_last_hour() {
        let spent = |resource: &[i64], account: &[i64]| {
            brakes(started(resource), started(account)).is_spent(NOW)
        };
        assert!(!spent(&[], &[]));
        assert!(!spent(&[NOW - HOUR, NOW - 2, NOW - 1], &[]));
        assert!(spent(&[NOW - HOUR + 1, NOW - 2, NOW - 1], &[]));
        assert!(!spent(&[], &[NOW; PER_ACCOUNT - 1]));
        assert!(spent(&[], &[NOW; PER_ACCOUNT]));
    }

    #[test]
    fn a_setting_is_contested_for_an_hour() {
        let restored = [("access log", NOW - HOUR), ("endpoint", NOW - HOUR + 1)];
        let restored = restored.map(|(name, at)| (name.to_owned(), at));
        let tally = Tally {
            restored: restored.into(),
            ..Tally::default()
        };
        let fields = ["access log", "endpoint", "policy"].map(str::to_owned);
        let brakes = brakes(tally, Tally::default());
        assert_eq!(
            brakes.contested(&fields.clone().into(), NOW, NOW),
            ["endpoint"]
        );
        let earlier = NOW - HOUR;
        assert!(brakes.contested(&fields.into(), earlier, NOW).is_empty());
    }

    #[test]
    fn beginning_counts_in_both_and_ending_notes_what_was_restored() {
        let lease = Lease {
            owner: "a".to_owned(),
            until: NOW + 60,
        };
        let brakes = brakes(started(&[NOW - HOUR, NOW - 5]), started(&[NOW - 5]));
        let begun = brakes.begun(&lease, Counts::Both, NOW);
        let starts: Vec<Vec<i64>> = begun
            .iter()
            .map(|write| match write {
                LedgerWrite::Tally { tally, .. } => tally.value.starts.clone(),
                LedgerWrite::Entry(_) => Vec::new(),
            })
            .collect();
        assert_eq!(starts, [[NOW - 5, NOW], [NOW - 5, NOW]]);
        assert_eq!(brakes.begun(&lease, Counts::Resource, NOW).len(), 1);
        assert_eq!(brakes.begun(&lease, Counts::Nothing, NOW).len(), 1);

        let LedgerWrite::Tally { tally, .. } = begun.into_iter().next().unwrap() else {
            panic!("a tally");
        };
        let held = Brakes {
            resource: tally,
            ..brakes
        };
        assert_eq!(held.holder(&lease, NOW), None);
        let other = Lease {
            owner: "b".to_owned(),
            ..lease.clone()
        };
        assert_eq!(held.holder(&other, NOW), Some(&lease));
        assert_eq!(held.holder(&other, NOW + 60), None);
        let LedgerWrite::Tally { tally, .. } =
            held.ended(&lease, &["policy".into()].into(), &Left::Nothing, NOW, NOW)
        else {
            panic!("a tally");
        };
        assert_eq!(tally.value.holder, None);
        assert_eq!(tally.value.restored["policy"], NOW);
    }

    #[test]
    fn the_last_restores_are_remembered_until_one_is_taken_back() {
        let restored = |at: usize| {
            Left::Restored(Restore {
                id: at.to_string(),
                at: NOW,
            })
        };
        let ids = |restores: &[Restore]| -> Vec<String> {
            restores.iter().map(|restore| restore.id.clone()).collect()
        };
        let mut restores = Vec::new();
        for at in [1, 2, 2] {
            remember(&mut restores, &restored(at));
        }
        remember(&mut restores, &Left::Nothing);
        assert_eq!(ids(&restores), ["1", "2"]);
        remember(&mut restores, &Left::TakenBack("1".to_owned()));
        assert_eq!(ids(&restores), ["2"]);
        for at in 3..20 {
            remember(&mut restores, &restored(at));
        }
        assert_eq!(restores.len(), REMEMBERED);
        assert_eq!(ids(&restores).last().unwrap(), "19");
    }

    /// One that was written before there was a list of restores.
    #[test]
    fn an_older_tally_is_read() {
        let old = r#"{"starts":[1],"restored":{"policy":2},"last":{"id":"a","at":3}}"#;
        let tally: Tally = serde_json::from_str(old).unwrap();
        assert_eq!((tally.starts, tally.restores), (vec![1], Vec::new()));
    }
}
