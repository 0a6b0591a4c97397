//! The writes that bring an occurrence into the item of its minute and thing, as expressions.
//!
//! They commute and bear repetition: seconds are only added, the first only becomes earlier, the last
//! only later.

/// How an occurrence goes into the item of its minute and thing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// As the item itself, or as its new last occurrence if its details are those of the first: if
    /// there is none, or it is later than the last.
    Alike,
    /// As the last occurrence: if it is later than the last.
    Last,
    /// As the first: if it is earlier than the first.
    First,
    /// As one more second: if there is an item.
    Between,
}

impl Keep {
    /// The change; `:stamp`, `:details`, `:second` and `:expires_at` are of the occurrence.
    pub(super) fn update(self) -> &'static str {
        match self {
            Self::Alike => {
                "SET #first = if_not_exists(#first, :stamp), \
                     #first_details = if_not_exists(#first_details, :details), \
                     #last = :stamp, #expires_at = :expires_at \
                 REMOVE #last_details ADD #seconds :second"
            }
            Self::Last => {
                "SET #last = :stamp, #last_details = :details, #expires_at = :expires_at \
                 ADD #seconds :second"
            }
            Self::First => {
                "SET #first = :stamp, #first_details = :details, \
                     #last_details = if_not_exists(#last_details, #first_details), \
                     #expires_at = :expires_at \
                 ADD #seconds :second"
            }
            Self::Between => "SET #expires_at = :expires_at ADD #seconds :second",
        }
    }

    /// When it may be made.
    pub(super) fn condition(self) -> &'static str {
        match self {
            Self::Alike => {
                "attribute_not_exists(#first) OR (#last < :stamp AND #first_details = :details)"
            }
            Self::Last => "#last < :stamp",
            Self::First => "#first > :stamp",
            Self::Between => "attribute_exists(#first)",
        }
    }

    /// The attributes that the two expressions name: DynamoDB refuses one too many as one too few.
    pub(super) fn names(self) -> &'static [&'static str] {
        match self {
            Self::Alike => &[
                "expires_at",
                "first",
                "first_details",
                "last",
                "last_details",
                "seconds",
            ],
            Self::Last => &["expires_at", "last", "last_details", "seconds"],
            Self::First => &[
                "expires_at",
                "first",
                "first_details",
                "last_details",
                "seconds",
            ],
            Self::Between => &["expires_at", "first", "seconds"],
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn what_expressions_name_is_what_is_sent() {
        for how in [Keep::Alike, Keep::Last, Keep::First, Keep::Between] {
            let both = format!("{} {}", how.update(), how.condition());
            let words = |sign| -> BTreeSet<&str> {
                both.split(|c: char| !c.is_alphanumeric() && !"_#:".contains(c))
                    .filter_map(|word| word.strip_prefix(sign))
                    .collect()
            };
            assert!(words('#').iter().eq(how.names()), "{how:?}");
            let between = how == Keep::Between;
            let mut values = BTreeSet::from(["expires_at", "second"]);
            values.extend(
                (!between)
                    .then_some(["details", "stamp"])
                    .into_iter()
                    .flatten(),
            );
            assert_eq!(words(':'), values, "{how:?}");
        }
    }
}
