//! The account's CloudWatch role: what a change took of it, and the patch that sets it.

use super::fields::Field;
use super::recovery::{Recovery, Sides};
use super::rest_patch::replace;
use crate::change::{Change, Detail};
use crate::remediation::settings::Account;
use crate::remediation::step::PatchOperation;

/// What brings back what the change took away.
pub(super) fn restore(
    change: &Change,
    before: &Account,
    after: Option<&Account>,
    live: &Account,
) -> Recovery<Account> {
    let mut recovery = Recovery::new(live);
    let Change::AccountUpdated(update) = change else {
        return recovery;
    };
    let asked = update.edits.last().map(|edit| edit.what.clone());
    if asked.is_none() && update.detail == Detail::Full {
        return recovery;
    }
    let after = match (after, asked) {
        (Some(after), _) => role(after).map(str::to_owned),
        (None, Some(asked)) => asked,
        (None, None) => role(live).map(str::to_owned),
    };
    let sides = Sides {
        before: role(before),
        after: after.as_deref().filter(|role| !role.is_empty()),
        live: role(live),
    };
    if sides.before.is_none() || sides.before == sides.after {
        return recovery;
    }
    recovery.taken("cloudwatch role");
    if recovery.comes_back(&Field::Role, sides, sides.live.is_none()) {
        recovery.wanted.cloudwatch_role_arn = sides.before.map(str::to_owned);
    }
    recovery
}

fn role(account: &Account) -> Option<&str> {
    let role = account.cloudwatch_role_arn.as_deref();
    role.filter(|role| !role.is_empty())
}

/// The patch; an empty role is none.
pub(super) fn patch(live: &Account, wanted: &Account) -> Vec<PatchOperation> {
    if role(live) == role(wanted) {
        return Vec::new();
    }
    let role = role(wanted).unwrap_or_default();
    vec![replace(Field::Role.path(), role.to_owned())]
}
