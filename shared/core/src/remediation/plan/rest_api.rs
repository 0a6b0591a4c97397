//! Private REST APIs: what a change took of that, and the patches from one state to another.

use std::collections::BTreeSet;

use super::document;
use super::fields::{Field, endpoint_type};
use super::recovery::{Recovery, Sides};
use super::rest_patch::replace;
use super::touched::ApiTouch;
use crate::change::Change;
use crate::remediation::settings::{EndpointConfiguration, RestApi};
use crate::remediation::step::{PatchOp, PatchOperation};

const PRIVATE: &str = "PRIVATE";
const REGIONAL: &str = "REGIONAL";
const EDGE: &str = "EDGE";
const DUALSTACK: &str = "dualstack";

/// What brings back what the change took away. Only a change that ended the type PRIVATE took anything.
pub(super) fn restore(
    change: &Change,
    before: &RestApi,
    after: Option<&RestApi>,
    live: &RestApi,
) -> Recovery<RestApi> {
    let mut recovery = Recovery::new(live);
    let touch = ApiTouch::of(change);
    let is_told = after.is_some();
    let mut after = after.unwrap_or(live).clone();
    if let Some(asked) = touch.asked.clone().filter(|_| !is_told) {
        after.endpoint_configuration.types = vec![asked];
    }
    let sides = Sides {
        before,
        after: &after,
        live,
    };
    let endpoints = sides.of(|api| &api.endpoint_configuration);
    let types = endpoints.of(endpoint_type);
    let was_private = types.before.as_deref() == Some(PRIVATE);
    let is_taken = types.after.is_some() && types.after != types.before;
    if !touch.endpoint || !was_private || !is_taken {
        return recovery;
    }
    recovery.taken("endpoint");
    // Whatever else it has become, it is not private.
    if recovery.comes_back(
        &Field::EndpointType,
        types.as_ref().of(Option::as_deref),
        true,
    ) {
        let types = &before.endpoint_configuration.types;
        recovery
            .wanted
            .endpoint_configuration
            .types
            .clone_from(types);
    }
    // Nothing else can have VPC endpoints.
    if endpoint_type(&recovery.wanted.endpoint_configuration).as_deref() == Some(PRIVATE) {
        vpc_endpoints(&mut recovery, &touch, endpoints);
        ip_address_type(&mut recovery, endpoints);
    }
    if touch.policy {
        policy(&mut recovery, sides);
    }
    recovery
}

fn vpc_endpoints(
    recovery: &mut Recovery<RestApi>,
    touch: &ApiTouch,
    sides: Sides<&EndpointConfiguration>,
) {
    let of = |endpoint: &EndpointConfiguration| -> BTreeSet<String> {
        endpoint.vpc_endpoint_ids.iter().cloned().collect()
    };
    let (before, after) = (of(sides.before), of(sides.after));
    let mut ids = of(sides.live);
    let live = ids.clone();
    ids.extend(before.difference(&after).cloned());
    if touch.vpc_endpoints {
        for added in after.difference(&before) {
            ids.remove(added);
        }
    }
    if ids != live {
        let endpoint = &mut recovery.wanted.endpoint_configuration;
        endpoint.vpc_endpoint_ids = ids.into_iter().collect();
    }
}

/// A private API is `dualstack`, which API Gateway sets by itself and of which it takes no other.
fn ip_address_type(recovery: &mut Recovery<RestApi>, sides: Sides<&EndpointConfiguration>) {
    let kinds = sides.of(|endpoint| endpoint.ip_address_type.as_deref());
    let is_taken = kinds.before == Some(DUALSTACK) && kinds.before != kinds.after;
    if is_taken && recovery.comes_back(&Field::IpAddressType, kinds, true) {
        let kind = &sides.before.ip_address_type;
        let endpoint = &mut recovery.wanted.endpoint_configuration;
        endpoint.ip_address_type.clone_from(kind);
    }
}

fn policy(recovery: &mut Recovery<RestApi>, sides: Sides<&RestApi>) {
    let policies = sides.of(canonical_policy);
    if policies.before == policies.after {
        return;
    }
    recovery.taken("policy");
    let policies = policies.as_ref().of(Option::as_deref);
    if recovery.comes_back(&Field::Policy, policies, true) {
        recovery.wanted.policy.clone_from(&sides.before.policy);
    }
}

fn canonical_policy(api: &RestApi) -> Option<String> {
    let policy = api.policy.as_deref().filter(|policy| !policy.is_empty());
    policy.map(document::canonical)
}

/// The patches from one state to another, one call each. A private API needs its policy first; one that
/// ceases to be private loses it last.
pub(super) fn patches(live: &RestApi, wanted: &RestApi) -> Vec<Vec<PatchOperation>> {
    let mut patches =
        endpoint_patches(&live.endpoint_configuration, &wanted.endpoint_configuration);
    if canonical_policy(live) != canonical_policy(wanted) {
        let policy = wanted.policy.as_deref().map(document::plain);
        let policy = vec![replace(Field::Policy.path(), policy.unwrap_or_default())];
        let ends_private = endpoint_type(&live.endpoint_configuration).as_deref() == Some(PRIVATE)
            && endpoint_type(&wanted.endpoint_configuration).as_deref() != Some(PRIVATE);
        let at = if ends_private { patches.len() } else { 0 };
        patches.insert(at, policy);
    }
    patches
}

fn endpoint_patches(
    live: &EndpointConfiguration,
    wanted: &EndpointConfiguration,
) -> Vec<Vec<PatchOperation>> {
    let (from, to) = (endpoint_type(live), endpoint_type(wanted));
    let to = to.filter(|to| from.as_ref() != Some(to));
    let ends_private = from.as_deref() == Some(PRIVATE) && to.is_some();
    let mut ids = ids_patch(live, wanted);
    let kind = wanted.ip_address_type.as_ref();
    // What ceases to be private becomes `ipv4` by itself.
    let kind = kind.filter(|kind| ends_private || live.ip_address_type.as_ref() != Some(kind));
    let kind = kind.map(|kind| replace(Field::IpAddressType.path(), kind.clone()));
    let mut patch = Vec::new();
    let mut then = None;
    if ends_private {
        // Only a private API has VPC endpoints to remove.
        patch.append(&mut ids);
    }
    match to.as_deref() {
        Some(EDGE) if ends_private => {
            patch.push(type_operation(from.as_deref(), REGIONAL));
            then = Some(vec![type_operation(Some(REGIONAL), EDGE)]);
        }
        Some(to) => patch.push(type_operation(from.as_deref(), to)),
        None => {}
    }
    patch.append(&mut ids);
    patch.extend(kind);
    let patch = Some(patch).filter(|patch| !patch.is_empty());
    patch.into_iter().chain(then).collect()
}

/// The path names the old type; the index serves where that is not told.
fn type_operation(from: Option<&str>, to: &str) -> PatchOperation {
    let path = format!("{}/{}", Field::EndpointType.path(), from.unwrap_or("0"));
    replace(path, to.to_owned())
}

fn ids_patch(live: &EndpointConfiguration, wanted: &EndpointConfiguration) -> Vec<PatchOperation> {
    let of = |endpoint: &EndpointConfiguration| -> BTreeSet<String> {
        endpoint.vpc_endpoint_ids.iter().cloned().collect()
    };
    let (from, to) = (of(live), of(wanted));
    let operation = |op, id: &String| PatchOperation {
        op,
        path: Field::VpcEndpoint(id.clone()).path(),
        value: Some(id.clone()),
    };
    let added = to.difference(&from).map(|id| operation(PatchOp::Add, id));
    let removed = from
        .difference(&to)
        .map(|id| operation(PatchOp::Remove, id));
    added.chain(removed).collect()
}

/// Whether a type is on the way from one to another: a private API becomes an edge-optimised one in two
/// calls.
pub(super) fn is_between(from: Option<&str>, now: Option<&str>, to: Option<&str>) -> bool {
    from == Some(PRIVATE) && now == Some(REGIONAL) && to == Some(EDGE)
}
