"""The lint against policies that are wrong in one way each, and the reference it asks."""

import json

import pytest

import lint
import reference
from documents import Malformed, Policy, load, parse


def changed(label, old, new):
    """What the lint says of a policy of ours with one piece of text replaced."""
    policy = next(policy for policy in load() if policy.label == label)
    assert old in policy.text
    return lint.problems(Policy(policy.kind, policy.name, policy.text.replace(old, new)))


SCP, RCP = "scp/private-apis-stay-private.json", "rcp/protect-portcullis-data.json"
STAGES, ENDPOINT = "iam/remediator-restore-stage-logging.json", "iam/remediator-restore-private-endpoint.json"


@pytest.mark.parametrize(("label", "old", "new", "problem"), [
    (SCP, '"Version"', '"Versoin"', "not exactly `Version`"),
    (SCP, "2012-10-17", "2008-10-17", "not exactly `Version`"),
    (SCP, '"PrivateIsNotReimported"', '"PrivateStaysPrivate"', "not unique"),
    (SCP, '"PrivateIsNotReimported"', '"Another"', "README.md does not say what `Another` does"),
    (SCP, '"Effect": "Deny"', '"Effect": "Deny", "Principal": "*"', "the others have none"),
    (SCP, '"Effect": "Deny"', '"Effect": "Deny", "NotAction": "x"', "unknown members ['NotAction']"),
    (SCP, '"Effect": "Deny"', '"Effect": "Allow"', "only denies"),
    (SCP, '"apigateway:PATCH"', '"apigateway:*"', "wildcard action"),
    (SCP, '"apigateway:PATCH"', '"apigateway:Patch"', "no action `apigateway:Patch`"),
    (SCP, "/restapis/??????????", "/restapi/??????????", "acts on none of the resources"),
    (SCP, "apigateway:Request/EndpointType", "apigateway:Request/LoggingLevel", "no condition key"),
    (SCP, "ForAnyValue:StringEquals", "StringEquals", "`StringEquals` does not fit"),
    (SCP, "ForAnyValue:StringEquals", "ForAnyValue:Bool", "`ForAnyValue:Bool` does not fit"),
    (SCP, '"StringEquals"', '"ForAnyValue:StringEquals"', "does not fit `aws:ResourceTag/portcullis:protected`"),
    (SCP, '"ArnNotLike"', '"StringNotLike"', "exempts nobody"),
    (SCP, "role/stacksets-exec-*", "role/*", "exempts what is no role"),
    (SCP, "arn:aws:iam::*:role/stacksets-exec-*", "arn:aws:sts::*:assumed-role/x/*", "exempts what is no role"),
    (SCP, '"apigateway:PATCH"', '"apigateway:PUT"', "never comes with `apigateway:PUT`"),
    (SCP, "apigateway:UpdateRestApiPolicy", "apigateway:AddCertificateToDomain", "acts on none"),
    (SCP, "apigateway:Resource/EndpointType", "apigateway:Resource/AccessLoggingFormat", "never comes with"),
    (SCP, '"PRIVATE"', f'"{"x" * 2000}"', "5120 allowed"),
    (SCP, '"PRIVATE"', '"${Partition}"', "unknown placeholders ['Partition']"),
    (SCP, '"PRIVATE"', '"${Partition"', "unknown placeholders"),
    (RCP, '"Principal": "*"', '"Principal": {"AWS": "*"}', 'an RCP has `"Principal": "*"`'),
    (RCP, '"sqs:SendMessage"', '"sns:Publish"', "RCPs do not act on ['sns']"),
    (RCP, '"events:PutEvents"', '"events:PutPermission"', "acts on none of the resources"),
    (RCP, '"BoolIfExists"', '"Bool"', "denies AWS's own services"),
    (RCP, "StringNotEqualsIfExists", "StringNotEquals", "exempts nobody"),
    (STAGES, '"apigateway:PATCH"', '"apigateway:DELETE"', "allows to delete"),
    (STAGES, '["apigateway:DELETE", "apigateway:PUT"]', '"apigateway:PUT"', "does not deny ['apigateway:DELETE']"),
    (STAGES, '"arn:${Partition}:apigateway:*::/apis/*/stages/*"', '"*"', "allows on every resource"),
    (STAGES, "apigateway:*::/apis/*/stages/*", "sqs:*:*:queue", "no action acts on"),
    (STAGES, "/apis/*/stages/*", "/restapis/*/stages/*", ""),
    (ENDPOINT, "apigateway:Request/ApiName", "aws:PrincipalOrgId", "no condition key"),
])
def test_a_wrong_policy_is_named(label, old, new, problem):
    found = changed(label, old, new)
    assert any(problem in line for line in found) if problem else found == []


def test_a_policy_without_its_readme_part():
    assert "no heading `## x.json`" in lint.problems(Policy("scp", "x", '{"Version":"2012-10-17","Statement":[]}'))[0]


@pytest.mark.parametrize("text", ["{", '{"a": {"b": 1, "b": 2}}'])
def test_a_text_that_is_no_policy(text):
    with pytest.raises(Malformed):
        parse(text)
    assert "cannot be read" in lint.problems(Policy("scp", "x", text))[0]


def test_a_role_that_anybody_could_create():
    policies = load()
    text = next(policy.text for policy in policies if policy.label == SCP)
    forged = Policy("scp", "x", text.replace("role/stacksets-exec-*", "role/cdk-other-*"))
    assert any("can create `arn:aws:iam::*:role/cdk-other-*`" in line for line in lint.unforgeable([*policies, forged]))
    reserved = "role/aws-reserved/sso.amazonaws.com/*/AWSReservedSSO_BreakGlass_*"
    known = Policy("scp", "x", text.replace("role/stacksets-exec-*", reserved))
    assert list(lint.unforgeable([*policies, known])) == []


def test_a_policy_that_is_gone_is_missed_in_its_readme():
    gone = [policy for policy in load() if policy.label != SCP]
    assert any("describes private-apis-stay-private.json" in line for line in lint.strays(gone))


def test_api_gateway_has_no_key_for_what_the_readme_says_cannot_be_forbidden():
    keys = reference.services()["apigateway"]["conditions"]
    words = ("loglevel", "logginglevel", "datatrace", "metrics", "throttl", "methodsetting", "deploymentid")
    assert [key for key in keys if any(word in key.lower() for word in words)] == []


@pytest.mark.parametrize(("action", "pattern", "fits"), [
    ("apigateway:PATCH", "arn:aws:apigateway:*::/restapis/*/stages/*", True),
    ("apigateway:PATCH", "arn:aws:apigateway:*::/account", True),
    ("apigateway:PATCH", "arn:aws:apigateway:*::/nothing", False),
    ("events:DeleteRule", "arn:aws:events:*:*:rule/portcullis*", True),
    ("events:DeleteRule", "arn:aws:events:*:*:event-bus/portcullis*", False),
    ("events:PutPermission", "arn:aws:events:*:*:event-bus/portcullis*", False),
    ("events:PutPermission", "*", True),
    ("iam:CreateRole", "arn:aws:iam::*:role/a/b", True),
])
def test_which_resources_an_action_has(action, pattern, fits):
    assert reference.acts_on(action, pattern) is fits


@pytest.mark.parametrize(("left", "right", "shared"), [
    ("", "", True), ("a", "", False), ("*", "", True), ("%", "", True), ("a*c", "abbc", True), ("a%c", "a/c", False),
    ("a?c", "abc", True), ("a?c", "ac", False), ("a?c", "a/c", False), ("*b", "a*", True), ("%b", "a/*", False),
    ("a/%", "a/*/c", False),
    ("x*", "y*", False), ("*", "%/%", True),
])
def test_globs_that_share_a_text(left, right, shared):
    assert reference.meet(left, right) is shared
    assert reference.meet(right, left) is shared


def test_the_endpoint_type_is_a_key_of_apis_and_not_of_stages():
    key = "apigateway:Request/EndpointType"
    assert key in reference.action_keys("apigateway:PATCH", ["arn:aws:apigateway:*::/restapis/??????????"])
    assert key not in reference.action_keys("apigateway:PATCH", ["arn:aws:apigateway:*::/restapis/*/stages/*"])
    assert key not in reference.action_keys("apigateway:PUT", ["arn:aws:apigateway:*::/restapis/??????????"])


def test_files_are_written_as_json_that_people_read():
    for policy in load():
        assert policy.text.endswith("}\n") and json.loads(policy.text)
        assert not any("\t" in line or line != line.rstrip() for line in policy.text.splitlines())
