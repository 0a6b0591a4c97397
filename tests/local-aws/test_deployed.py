"""The stack for one account as the CDK deploys it, from an attack to the restored setting: first told only, as the
configuration starts out, then with remediation switched on. `test_grants.py` does it again with permissions enforced.
"""

import json

import pytest

import attacks
from bench import LocalAws, wait_for
from deliveries import at, deliver, variant
from deployed import FUNCTIONS, STACK, Deployed
from remedy import REMEDIATOR
from scenes import last, logging_switched_off, refused, unseen

OF_ITSELF = ("createdDate", "lastUpdatedDate", "ResponseMetadata")


@pytest.fixture(scope="module")
def in_mode_notify():
    """The stack as a first deployment makes it."""
    with LocalAws() as aws:
        stack = Deployed(aws, "notify")
        attacks.account_with_role(stack)
        yield stack


@pytest.fixture(scope="module")
def in_mode_auto(in_mode_notify):
    """The same stack, deployed again with every remediation switched on."""
    in_mode_notify.update("auto")
    return in_mode_notify


@pytest.fixture
def cloud(in_mode_auto):
    """The same, allowed to write, with nothing counted or sent."""
    in_mode_auto.empty()
    in_mode_auto.switch("allow")
    return in_mode_auto


def settings(answer):
    """All that an answer says but when it was made and changed."""
    return {name: value for name, value in answer.items() if name not in OF_ITSELF}


def outcome(stack, event, function):
    """What a function says of an event."""
    return next(one for one in stack.handled(event, function) if one["function"] == function)


def test_everything_of_the_template_is_there(in_mode_notify):
    pages = in_mode_notify.aws.client("cloudformation").get_paginator("list_stack_resources").paginate(StackName=STACK)
    made = {one["LogicalResourceId"]: one["ResourceStatus"] for page in pages for one in page["StackResourceSummaries"]}
    assert made == dict.fromkeys(in_mode_notify.template()["Resources"], "CREATE_COMPLETE")


def test_mode_notify_tells_and_cannot_write(in_mode_notify):
    stack, rest = in_mode_notify, in_mode_notify.aws.client("apigateway")
    stage = attacks.logged_stage(stack)
    event = attacks.stage_goes_dark(stack, stage)()
    assert outcome(stack, event, "stage-logging")["disposition"] == "fired"
    told = stack.told(event)
    assert told.finding["decision"]["mode"] == "notify"
    assert "nothing was put back" in told.text and "By hand:" in told.text
    assert "accessLogSettings" not in rest.get_stage(**stage)
    assert (stack.writes(), stack.entries()) == ([], {})

    refused("NoSuchEntity", stack.aws.client("iam").get_role, RoleName=REMEDIATOR)
    refused("ParameterNotFound", stack.aws.client("ssm").get_parameter, Name="/portcullis/remediation")
    for name in FUNCTIONS:
        policy = stack.aws.client("iam").get_role_policy(RoleName=f"portcullis-{name}", PolicyName="portcullis")
        assert REMEDIATOR not in json.dumps(policy["PolicyDocument"])


def test_nothing_is_written_until_somebody_allows_it(in_mode_auto):
    """The kill switch says `stop` at first."""
    stage = attacks.logged_stage(in_mode_auto)
    event = attacks.stage_goes_dark(in_mode_auto, stage)()
    assert outcome(in_mode_auto, event, "stage-logging")["disposition"] == "fired"
    assert "the kill switch stops every write" in in_mode_auto.told(event).text
    assert "accessLogSettings" not in in_mode_auto.aws.client("apigateway").get_stage(**stage)
    assert in_mode_auto.writes() == []


def test_logging_comes_back(cloud):
    """As it was, field by field; and the write that did it is known as our own."""
    rest, stage = cloud.aws.client("apigateway"), attacks.logged_stage(cloud)
    before = settings(rest.get_stage(**stage))
    event = attacks.stage_goes_dark(cloud, stage)()
    assert outcome(cloud, event, "stage-logging")["disposition"] == "fired"
    told = cloud.told(event)
    assert (told.subject.split(", ")[-1], told.outcome) == ("restored", "verified")
    assert "/*/*/logging/loglevel: OFF -> INFO" in told.text
    assert settings(rest.get_stage(**stage)) == before

    entry = cloud.entry(event)
    assert entry["state"] == "verified"
    [write] = cloud.writes(entry["id"])
    for function in ("stage-logging", "api-lifecycle"):
        assert outcome(cloud, write, function)["disposition"] == "own_action"
    assert [one["rule"] for one in cloud.findings() if one["rule"] != "api-created"] == ["stage-logging-disabled"]


def test_a_private_api_is_private_again(cloud):
    rest, api = cloud.aws.client("apigateway"), attacks.private_api(cloud)
    before = settings(rest.get_rest_api(restApiId=api))
    event = attacks.private_api_goes_public(cloud, api)()
    assert outcome(cloud, event, "api-exposure")["disposition"] == "fired"
    told = cloud.told(event)
    assert (told.subject.split(", ")[-1], told.severity) == ("restored", "critical")
    after = settings(rest.get_rest_api(restApiId=api))
    assert (json.loads(unescaped(after.pop("policy"))), after.items()) == (
        json.loads(unescaped(before.pop("policy"))), before.items())


def unescaped(policy):
    """API Gateway answers a policy with its quotes escaped."""
    return policy.replace('\\"', '"')


def test_the_kill_switch_stops_it(cloud):
    cloud.switch("stop")
    rest, api = cloud.aws.client("apigateway"), attacks.private_api(cloud)
    event = attacks.private_api_goes_public(cloud, api)()
    outcome(cloud, event, "api-exposure")
    assert "the kill switch stops every write" in cloud.told(event).text
    assert rest.get_rest_api(restApiId=api)["endpointConfiguration"]["types"] == ["REGIONAL"]
    assert cloud.writes(cloud.entry(event, "restore-private-endpoint")["id"]) == []


def test_what_a_sweep_has_seen_comes_back(cloud):
    """Of an API that was there before. What a sweep reads counts ten seconds later; the attack is dated even later."""
    attacks.forget_apis(cloud)
    stage = {}
    unseen(cloud, lambda: stage.update(attacks.stage_with_logs(cloud)))
    assert cloud.invoke("baseline", {"command": "sweep"}) == {"sweeps": 1}
    wait_for(lambda: [one for one in cloud.outcomes() if one["disposition"] == "swept"], seconds=60)
    rest = cloud.aws.client("apigateway", record={"eventTime": at(-15)})
    rest.update_stage(**stage, patchOperations=attacks.DARK)
    event = last(cloud, "UpdateStage")
    outcome(cloud, event, "stage-logging")
    assert cloud.told(event).outcome == "verified"
    assert rest.get_stage(**stage)["methodSettings"]["*/*"]["loggingLevel"] == "INFO"


def test_what_cannot_be_handled_is_kept(cloud):
    """After as many tries as the template says, with the reason."""
    deliver(cloud, [variant(logging_switched_off(cloud), eventID="broken", eventTime="yesterday")])
    [kept] = wait_for(lambda: cloud.failures("stage-logging"))
    assert kept["requestPayload"]["detail"]["eventID"] == "broken"
    assert kept["requestContext"]["approximateInvokeCount"] == 3
    assert kept["responsePayload"]["errorType"] == "Final"
