"""What several tests set up and look at: APIs with a stage, queues, functions, calls that must fail."""

import sys
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from bench import ACCOUNT, REGION
from deploy import deploy_function

LOG_GROUP = f"arn:aws:logs:{REGION}:{ACCOUNT}:log-group:access"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/api-gateway-logs"
# The functions that an UpdateStage reaches.
STAGE_FUNCTIONS = ("stage-logging", "api-lifecycle")


def refused(code, call, *arguments, **members):
    """Makes a call that must fail with this code."""
    with pytest.raises(ClientError) as caught:
        call(*arguments, **members)
    assert caught.value.response["Error"]["Code"] == code


def rest_api_with_method(rest):
    """An API that can be deployed; returns its id."""
    api = rest.create_rest_api(name="orders")
    rest.put_method(
        restApiId=api["id"], resourceId=api["rootResourceId"], httpMethod="GET", authorizationType="NONE")
    return api["id"]


def rest_stage(rest):
    """A stage of such an API, as the names that calls take."""
    api = rest_api_with_method(rest)
    rest.create_deployment(restApiId=api, stageName="prod")
    return {"restApiId": api, "stageName": "prod"}


def patch(op, path, value=None):
    """One patch operation."""
    return [{"op": op, "path": path, **({} if value is None else {"value": value})}]


def patches(values):
    """Patch operations that set these paths."""
    return [operation for path, value in values.items() for operation in patch("replace", path, value)]


def http_stage(http, protocol="HTTP", **settings):
    """A stage of a new API, as the names that calls take."""
    expression = {"RouteSelectionExpression": "$request.body.action"} if protocol == "WEBSOCKET" else {}
    api = http.create_api(Name="orders", ProtocolType=protocol, **expression)["ApiId"]
    http.create_stage(ApiId=api, StageName="prod", **settings)
    return {"ApiId": api, "StageName": "prod"}


def set_account_role(aws):
    """Gives the account its CloudWatch role."""
    aws.client("apigateway").update_account(patchOperations=patch("replace", "/cloudwatchRoleArn", ROLE))


def queue_of(aws, name, **where):
    """A new queue: its URL and ARN."""
    sqs = aws.client("sqs", **where)
    url = sqs.create_queue(QueueName=name)["QueueUrl"]
    return url, sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]


def receive(aws, url, **where):
    """The messages of a queue so far."""
    answer = aws.client("sqs", **where).receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, MessageAttributeNames=["All"])
    return answer.get("Messages", [])


def deploy_probe(aws, folder, **environment):
    """Deploys `probe.py` as the function `guard` that logs to `folder/log`; returns its ARN."""
    (folder / "log").write_text("")
    bootstrap = folder / "bootstrap"
    bootstrap.write_text(f"#!{sys.executable}\n" + (Path(__file__).parent / "probe.py").read_text())
    return deploy_function(aws, "guard", bootstrap, environment={"LOG": str(folder / "log"), **environment})


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
    stack.handled(last(stack, "UpdateStage"), *STAGE_FUNCTIONS)
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


def unseen(stack, calls, name=None):
    """Makes calls whose events do not come; returns the newest event of a name, for a test to deliver itself."""
    stack.aws.faults({"operation": "*", "drop_event": True})
    calls()
    stack.aws.faults()
    return last(stack, name) if name else None


def logging_switched_off(stack, stage=None, **where):
    """The event, not yet delivered, of execution logging switched off on a stage (of a new API)."""
    rest = stack.aws.client("apigateway", **where)
    off = patch("replace", "/*/*/logging/loglevel", "OFF")
    return unseen(stack, lambda: rest.update_stage(**stage or rest_stage(rest), patchOperations=off), "UpdateStage")
