"""Who made a change, and what it changed where the record does not say."""

import json

import pytest

from bench import ACCOUNT
from deliveries import deliver, variant
from scenes import STAGE_FUNCTIONS, last, logged_rest_stage, logging_switched_off, patch


def session_of(stack, role):
    """A client of somebody who assumed this role."""
    trust = {"Version": "2012-10-17", "Statement": [
        {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}
    arn = stack.aws.client("iam").create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(trust))["Role"]["Arn"]
    keys = stack.aws.client("sts").assume_role(RoleArn=arn, RoleSessionName="mallory")["Credentials"]
    return stack.aws.client("apigateway", account=keys["AccessKeyId"], aws_secret_access_key=keys["SecretAccessKey"],
                            aws_session_token=keys["SessionToken"])


@pytest.mark.parametrize("role, is_told", [
    ("portcullis-remediator", True), ("portcullis-remediator-2", False), ("deployer", False)])
def test_misuse_of_the_responders_role_is_told(stack, role, is_told):
    rest = session_of(stack, role)
    stage = {"restApiId": logging_switched_off(stack)["detail"]["requestParameters"]["restApiId"], "stageName": "prod"}
    rest.update_stage(**stage, patchOperations=patch("replace", "/variables/color", "blue"))
    event = last(stack, "UpdateStage")
    stack.handled(event, *STAGE_FUNCTIONS)
    issuer = event["detail"]["userIdentity"]["sessionContext"]["sessionIssuer"]["arn"]
    assert issuer == f"arn:aws:iam::{ACCOUNT}:role/{role}"
    told = [(one["rule"], one["severity"], one["event_ids"]) for one in stack.findings()]
    assert told == [("responder-role-misused", "critical", [event["detail"]["eventID"]])] * is_told


def test_any_call_by_the_responders_role_is_told(stack):
    """One that no rule reads, and that reaches the function by its caller only."""
    rest = stack.aws.client("apigateway", record={"userIdentity": {
        "type": "AssumedRole", "arn": f"arn:aws:sts::{ACCOUNT}:assumed-role/portcullis-remediator/x",
        "sessionContext": {"sessionIssuer": {"arn": f"arn:aws:iam::{ACCOUNT}:role/portcullis-remediator"}}}})
    rest.create_api_key(name="backdoor")
    stack.handled(last(stack, "CreateApiKey"), "api-lifecycle")
    [found] = stack.findings()
    assert (found["rule"], found["event_name"]) == ("responder-role-misused", "CreateApiKey")


def truncated(stack, *faults, **parameters):
    """Delivers a change to a stage with its parameters cut to these and no response; what is told, and reads made."""
    event = variant(logging_switched_off(stack), requestParameters=parameters or None, responseElements=None)
    calls = stack.calls("stage-logging").get("apigateway:GetStage", 0)
    stack.aws.faults(*faults)
    deliver(stack, [event])
    stack.handled(event, *STAGE_FUNCTIONS)
    found = [(one["severity"], one["confidence"]) for one in stack.findings("stage-logging-disabled")]
    return found, stack.calls("stage-logging").get("apigateway:GetStage", 0) - calls


def test_a_truncated_change_to_a_stage_that_is_fully_logged_is_quiet(stack):
    """The live state decides."""
    assert truncated(stack, **logged_rest_stage(stack)) == ([], 1)


def test_a_truncated_change_to_a_stage_that_is_not_logged_is_told(stack):
    named = logging_switched_off(stack)["detail"]["requestParameters"]
    assert truncated(stack, restApiId=named["restApiId"], stageName="prod") == ([("medium", "low")], 1)


def test_a_truncated_change_to_a_stage_that_is_gone_is_told(stack):
    assert truncated(stack, restApiId="gone", stageName="prod") == ([("medium", "low")], 1)


def test_a_live_read_that_fails_keeps_nothing_from_people(stack):
    unreadable = {"operation": "GetStage", "answer": 500}
    assert truncated(stack, unreadable, **logged_rest_stage(stack)) == ([("medium", "low")], 0)


def test_a_change_without_any_parameters_is_told(stack):
    """There is nothing that could be read: the record names no stage."""
    assert truncated(stack) == ([("medium", "low")], 0)
