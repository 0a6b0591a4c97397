"""The real binaries, from a plain API Gateway call to the message that on-call gets."""

import json
import random
from concurrent.futures import ThreadPoolExecutor

import pytest

from bench import ACCOUNT, REGION
from scenes import LOG_GROUP, http_stage, patch, rest_stage, set_account_role
from stack import Stack, attributes, finding

BOTH = ("stage-logging", "api-lifecycle")


@pytest.fixture(scope="module")
def deployed(local_aws):
    """Portcullis, deployed once for all tests here."""
    local_aws.reset()
    return Stack(local_aws)


@pytest.fixture
def stack(deployed):
    """The same, with nothing counted or sent."""
    deployed.aws.faults()
    deployed.empty()
    return deployed


def last(stack, name):
    """The newest event of that name."""
    return stack.aws.events(name)[-1]


def logged_rest_stage(stack):
    """A stage of a REST API with execution and access logs; what it took to make it is forgotten."""
    set_account_role(stack.aws)
    rest = stack.aws.client("apigateway")
    stage = rest_stage(rest)
    rest.update_stage(**stage, patchOperations=[
        *patch("replace", "/*/*/logging/loglevel", "INFO"),
        *patch("replace", "/accessLogSettings/destinationArn", LOG_GROUP),
        *patch("replace", "/accessLogSettings/format", "$context.requestId")])
    stack.handled(last(stack, "UpdateStage"), *BOTH)
    stack.handled(last(stack, "CreateRestApi"), "api-lifecycle")
    stack.empty()
    return stage


def logged_v2_stage(stack, protocol):
    """A stage of an HTTP or WebSocket API with access logs, and execution logs where there are any."""
    set_account_role(stack.aws)
    settings = {"AccessLogSettings": {"DestinationArn": LOG_GROUP, "Format": "$context.requestId"}}
    if protocol == "WEBSOCKET":
        settings["DefaultRouteSettings"] = {"LoggingLevel": "INFO"}
    stage = http_stage(stack.aws.client("apigatewayv2"), protocol, **settings)
    stack.handled(last(stack, "CreateStage"), "stage-logging")
    stack.handled(last(stack, "CreateApi"), "api-lifecycle")
    stack.empty()
    return stage


def assert_one_message(stack, rule, severity="high"):
    """Exactly one message, with the attributes that filter policies use; returns its finding."""
    [message] = stack.messages()
    assert attributes(message) == {
        "rule": rule, "severity": severity, "account": ACCOUNT, "region": REGION, "kind": "finding"}
    assert len(message["Subject"]) <= 100
    return finding(message)


def test_rest_logging_switched_off_is_told_once(stack):
    stage = logged_rest_stage(stack)
    stack.aws.client("apigateway").update_stage(
        **stage, patchOperations=patch("replace", "/*/*/logging/loglevel", "OFF"))
    stack.handled(last(stack, "UpdateStage"), *BOTH)
    found = assert_one_message(stack, "stage-logging-disabled")
    assert (found["api"]["id"], found["stage"]) == (stage["restApiId"], "prod")
    assert found["changes"] == [{"path": "/*/*/logging/loglevel", "after": "OFF"}]


def test_http_access_logs_deleted_are_told_once(stack):
    stage = logged_v2_stage(stack, "HTTP")
    stack.aws.client("apigatewayv2").delete_access_log_settings(**stage)
    stack.handled(last(stack, "DeleteAccessLogSettings"), "stage-logging")
    assert assert_one_message(stack, "stage-logging-disabled")["stage"] == "prod"


def test_websocket_execution_logs_switched_off_are_told_once(stack):
    stage = logged_v2_stage(stack, "WEBSOCKET")
    stack.aws.client("apigatewayv2").update_stage(**stage, DefaultRouteSettings={"LoggingLevel": "OFF"})
    stack.handled(last(stack, "UpdateStage"), *BOTH)
    found = assert_one_message(stack, "stage-logging-disabled")
    assert found["changes"][0]["path"] == "/defaultRouteSettings/loggingLevel"


def test_a_private_api_made_public_is_told(stack):
    rest = stack.aws.client("apigateway")
    api = rest.create_rest_api(name="payroll", endpointConfiguration={"types": ["PRIVATE"]})["id"]
    stack.handled(last(stack, "CreateRestApi"), "api-lifecycle")
    stack.empty()
    rest.update_rest_api(
        restApiId=api, patchOperations=patch("replace", "/endpointConfiguration/types/PRIVATE", "REGIONAL"))
    stack.handled(last(stack, "UpdateRestApi"), "api-exposure", "api-lifecycle")
    assert assert_one_message(stack, "private-api-made-public", "critical")["api"]["id"] == api


def test_an_ordinary_deployment_is_silent_and_costs_nothing(stack):
    stage = logged_rest_stage(stack)
    rest = stack.aws.client("apigateway")
    calls = [stack.calls(name) for name in BOTH]
    deployment = rest.create_deployment(restApiId=stage["restApiId"])["id"]
    rest.update_stage(**stage, patchOperations=patch("replace", "/deploymentId", deployment))
    # This one passes the patterns and is quiet.
    rest.update_stage(**stage, patchOperations=patch("replace", "/variables/color", "blue"))
    stack.handled(last(stack, "UpdateStage"), *BOTH)
    assert [one["disposition"] for one in stack.outcomes()] == ["quiet", "quiet"]
    assert stack.messages() == []
    assert [stack.calls(name) for name in BOTH] == calls


def deliver(stack, events, copies, seed=1):
    """Puts recorded events on the bus again and again, shuffled, from many threads at once."""
    entries = [event_entry(event) for event in events for _ in range(copies)]
    random.Random(seed).shuffle(entries)
    client = stack.aws.client("events", endpoint_url=stack.aws.emulator_url)
    with ThreadPoolExecutor(max_workers=50) as pool:
        list(pool.map(lambda entry: client.put_events(Entries=[entry]), entries))


def event_entry(event):
    """The entry that puts an event of the relay on the bus once more."""
    detail = event["detail"]
    return {"Source": "aws.apigateway", "DetailType": "AWS API Call via CloudTrail", "Detail": json.dumps(detail)}


def test_four_stages_alert_once_whatever_the_delivery(stack):
    stage = logged_rest_stage(stack)
    rest = stack.aws.client("apigateway")
    deployment = rest.create_deployment(restApiId=stage["restApiId"])["id"]
    names = ["s1", "s2", "s3", "s4"]
    stack.aws.faults({"operation": "UpdateStage", "drop_event": True})
    for name in names:
        rest.create_stage(restApiId=stage["restApiId"], stageName=name, deploymentId=deployment)
        rest.update_stage(restApiId=stage["restApiId"], stageName=name,
                          patchOperations=patch("replace", "/*/*/logging/loglevel", "OFF"))
    events = [event for event in stack.aws.events("UpdateStage") if event["detail"]["requestParameters"]["stageName"] in names]
    assert len(events) == 4
    deliver(stack, events, copies=13)
    for event in events:
        stack.handled(event, *BOTH, times=13)
    assert len(stack.findings("stage-logging-disabled")) == 4
    [window] = stack.findings("stage-logging-disabled-across-stages")
    assert window["window"]["distinct"] == 4
    assert sorted(window["event_ids"]) == sorted(event["detail"]["eventID"] for event in events)
