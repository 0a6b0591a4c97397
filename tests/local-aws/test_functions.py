"""The real binaries, from a plain API Gateway call to the message that on-call gets."""

from bench import ACCOUNT, REGION
from scenes import STAGE_FUNCTIONS, last, logged_rest_stage, logged_v2_stage, patch
from stack import attributes, finding


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
    stack.handled(last(stack, "UpdateStage"), *STAGE_FUNCTIONS)
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
    stack.handled(last(stack, "UpdateStage"), *STAGE_FUNCTIONS)
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
    calls = [stack.calls(name) for name in STAGE_FUNCTIONS]
    deployment = rest.create_deployment(restApiId=stage["restApiId"])["id"]
    rest.update_stage(**stage, patchOperations=patch("replace", "/deploymentId", deployment))
    # This one passes the patterns and is quiet.
    rest.update_stage(**stage, patchOperations=patch("replace", "/variables/color", "blue"))
    stack.handled(last(stack, "UpdateStage"), *STAGE_FUNCTIONS)
    assert [one["disposition"] for one in stack.outcomes()] == ["quiet", "quiet"]
    assert stack.messages() == []
    assert [stack.calls(name) for name in STAGE_FUNCTIONS] == calls
