//! The two items of a window as DynamoDB holds them, and as values.
//!
//! What cannot be read back was not written by this program: that is an error, never a guess.

use std::collections::{BTreeSet, HashMap};

use aws_sdk_dynamodb::types::AttributeValue;
use portcullis_core::ports::{PortError, Seen};
use portcullis_core::window::live::{Episodes, State, WindowKey};
use portcullis_core::window::{Alert, Fact};

/// An item by attribute name.
pub(super) type Attributes = HashMap<String, AttributeValue>;

/// Partition key of the facts of a window.
pub(super) fn facts_key(key: &WindowKey) -> String {
    format!("W#{}#{}", key.rule, key.scope)
}

/// Partition key of the alerts of a window. A partition of its own: reading facts reads no alerts.
pub(super) fn alerts_key(key: &WindowKey) -> String {
    format!("A#{}#{}", key.rule, key.scope)
}

/// Sort key of the one item in the partition of the alerts.
pub(super) const ALERTS: &str = "-";

/// Where the items of a minute begin; minutes sort by number up to the year 20 000.
pub(super) fn minute_key(minute: i64) -> String {
    format!("{:010}", minute.max(0))
}

/// Sort key of the facts of a minute and thing.
pub(super) fn fact_key(fact: &Fact) -> String {
    format!("{}#{}", minute_key(minute(fact.time)), fact.thing)
}

/// The minute of a time.
pub(super) fn minute(time: i64) -> i64 {
    time.div_euclid(60)
}

/// An occurrence as a text that sorts by time, then by event id.
pub(super) fn stamp(fact: &Fact) -> String {
    format!("{:012} {}", fact.time.max(0), fact.event_id)
}

/// What is kept of an occurrence beside its stamp.
pub(super) fn details(seen: &Seen) -> String {
    let details = (&seen.region, &seen.fact.group, &seen.shown);
    // Texts always serialise; without details the item could not be read, and that is an error.
    serde_json::to_string(&details).unwrap_or_default()
}

/// Everything that is kept of one thing in one minute.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct FactItem {
    /// The seconds in which it occurred, since the epoch.
    pub(super) seconds: BTreeSet<i64>,
    /// The occurrence with the lowest stamp.
    pub(super) first: Seen,
    /// The one with the highest.
    pub(super) last: Seen,
}

impl FactItem {
    /// Reads an item.
    pub(super) fn read(item: &Attributes) -> Result<Self, PortError> {
        Self::try_read(item).ok_or_else(|| unreadable("read the facts of a window", item))
    }

    fn try_read(item: &Attributes) -> Option<Self> {
        let (minute, thing) = text(item, "sk")?.split_once('#')?;
        let start = minute.parse::<i64>().ok()?.checked_mul(60)?;
        let occurrence = |stamp: &str, details: &str| {
            let (time, event_id) = stamp.split_once(' ')?;
            let (region, group, shown) = serde_json::from_str(details).ok()?;
            Some(Seen {
                fact: Fact {
                    time: time.parse().ok()?,
                    event_id: event_id.to_owned(),
                    thing: thing.to_owned(),
                    group,
                },
                region,
                shown,
            })
        };
        let first_details = text(item, "first_details")?;
        let last_details = text(item, "last_details").unwrap_or(first_details);
        let seconds = item.get("seconds")?.as_ns().ok()?.iter();
        Some(Self {
            seconds: seconds
                .map(|second| Some(start + second.parse::<i64>().ok()?))
                .collect::<Option<_>>()?,
            first: occurrence(text(item, "first")?, first_details)?,
            last: occurrence(text(item, "last")?, last_details)?,
        })
    }

    /// The facts of all its seconds. Those between the first and the last have no event id.
    pub(super) fn facts(&self) -> impl Iterator<Item = Fact> {
        self.seconds.iter().map(|&time| Fact {
            time,
            event_id: String::new(),
            thing: self.first.fact.thing.clone(),
            group: self.first.fact.group.clone(),
        })
    }
}

/// The alerts of a window.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct AlertItem {
    /// Grows with every write; `None` while there is no item.
    pub(super) version: Option<i64>,
    /// See [`Episodes`].
    pub(super) episodes: Episodes,
}

impl AlertItem {
    /// Reads an item.
    pub(super) fn read(item: &Attributes) -> Result<Self, PortError> {
        Self::try_read(item).ok_or_else(|| unreadable("read the alerts of a window", item))
    }

    fn try_read(item: &Attributes) -> Option<Self> {
        let version = item.get("version")?.as_n().ok()?.parse().ok()?;
        let mut episodes = Episodes::default();
        for (name, value) in item.get("alerts")?.as_m().ok()? {
            let (time, level) = name.split_once(' ')?;
            let mut words = value.as_s().ok()?.splitn(4, ' ');
            let alert = Alert {
                time: time.parse().ok()?,
                level: level.parse().ok()?,
                distinct: words.next()?.parse().ok()?,
            };
            let state = match (words.next()?, words.next(), words.next()) {
                ("SENT", None, None) => State::Sent,
                ("PENDING", Some(since), Some(owner)) => State::Pending {
                    owner: owner.to_owned(),
                    since: since.parse().ok()?,
                },
                _ => return None,
            };
            episodes.insert(alert, state);
        }
        Some(Self {
            version: Some(version),
            episodes,
        })
    }
}

/// The name of an alert in its item.
pub(super) fn alert_name(alert: &Alert) -> String {
    format!("{} {}", alert.time, alert.level)
}

/// An alert in its item.
pub(super) fn alert_value(alert: &Alert, state: &State) -> AttributeValue {
    let distinct = alert.distinct;
    AttributeValue::S(match state {
        State::Sent => format!("{distinct} SENT"),
        State::Pending { owner, since } => format!("{distinct} PENDING {since} {owner}"),
    })
}

/// All alerts of an item.
pub(super) fn alert_values(episodes: &Episodes) -> AttributeValue {
    let alerts = episodes.iter();
    let values = alerts.map(|(alert, state)| (alert_name(&alert), alert_value(&alert, state)));
    AttributeValue::M(values.collect())
}

fn text<'a>(item: &'a Attributes, name: &str) -> Option<&'a str> {
    item.get(name)?.as_s().ok().map(String::as_str)
}

/// An item that this program did not write.
#[derive(Debug, thiserror::Error)]
#[error("item `{pk}` `{sk}` is damaged: delete it, its window then starts anew")]
struct Damaged {
    pk: String,
    sk: String,
}

fn unreadable(action: &'static str, item: &Attributes) -> PortError {
    let name = |key| text(item, key).unwrap_or("?").to_owned();
    PortError {
        action,
        retryable: false,
        source: Box::new(Damaged {
            pk: name("pk"),
            sk: name("sk"),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_sort_as_facts_do() {
        let fact = |time, id: &str| Fact {
            time,
            event_id: id.to_owned(),
            thing: String::new(),
            group: String::new(),
        };
        let ordered = [
            fact(9, "b"),
            fact(10, "a"),
            fact(10, "b"),
            fact(1_700_000_000, "a"),
        ];
        assert!(ordered.is_sorted());
        assert!(ordered.iter().map(stamp).is_sorted());
    }

    #[test]
    fn minutes_sort_by_number() {
        assert_eq!(minute(119), 1);
        assert!(minute_key(9) < minute_key(10));
        assert!(minute_key(28_333_333) < minute_key(253_402_300_799 / 60));
    }

    #[test]
    fn alerts_are_read_as_written() {
        let mut episodes = Episodes::default();
        let alert = |time, level| Alert {
            time,
            level,
            distinct: 7,
        };
        let owner = "an owner with spaces".to_owned();
        episodes.insert(alert(1, 0), State::Pending { owner, since: 5 });
        episodes.insert(alert(1, 1), State::Sent);
        let mut item = Attributes::from([
            ("version".to_owned(), AttributeValue::N("3".to_owned())),
            ("alerts".to_owned(), alert_values(&episodes)),
        ]);
        let read = AlertItem::read(&item).unwrap();
        assert_eq!((read.version, read.episodes), (Some(3), episodes));
        item.remove("alerts");
        assert!(!AlertItem::read(&item).unwrap_err().retryable);
    }
}
