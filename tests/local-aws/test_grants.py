"""The deployed stack under `AUTH=true`: the loop passes with the roles that CDK generated, and whatever is taken away
from one of them is missed, and said. What the emulator cannot ask for is in `grants.ON_BEHALF`.
"""

import contextlib
import functools
import json
import time

import pytest

import attacks
import grants
from bench import ACCOUNT, LocalAws, wait_for
from deployed import FUNCTIONS, Deployed
from scenes import ROLE, patch, refused

ROLES = (*FUNCTIONS, "reader", "remediator")
API = "a1b2c3d4e5"
STAGE = {"restApiId": API, "stageName": "prod"}
LOOPS = {
    attacks.stage_goes_dark: "stage-logging", attacks.websocket_stage_goes_dark: "stage-logging",
    attacks.account_loses_its_role: "stage-logging", attacks.private_api_is_published: "api-exposure",
}


@pytest.fixture(scope="module")
def enforced():
    """Portcullis, deployed by the CDK, where every call needs its grant."""
    with LocalAws(auth=True) as aws:
        stack = Deployed(aws)
        stack.switch("allow")
        attacks.account_with_role(stack)
        yield stack


@pytest.fixture
def strict(enforced):
    """The same with nothing counted or sent."""
    enforced.empty()
    enforced.complaints = []
    past_the_relay = enforced.aws.client("apigateway", endpoint_url=enforced.aws.emulator_url)
    past_the_relay.update_account(patchOperations=patch("replace", "/cloudwatchRoleArn", ROLE))
    return enforced


# The smallest scene that needs a grant, by role, action and what it is on.


def of_rules(name, known, unknown, unreadable):
    """Those of a function with rules. What is `unknown` is told and nothing else."""
    return {
        (name, "dynamodb:PutItem", "counters"): unknown,
        (name, "dynamodb:UpdateItem", "counters"): unknown,
        (name, "dynamodb:Query", "baselines"): unknown,
        (name, "sns:Publish", "topic"): unknown,
        (name, "sts:AssumeRole", "reader"): unreadable,
        **({(name, "dynamodb:Query", "counters"): unknown} if name in grants.COUNTING else {}),
        **({(name, "dynamodb:GetItem", "counters"): known, (name, "ssm:GetParameter", "kill switch"): known,
            (name, "sts:AssumeRole", "remediator"): known} if name in grants.WRITERS else {}),
    }


def api_is_made(stack):
    """A change that the baseline writes down from its record."""
    create = stack.aws.client("apigateway").create_rest_api
    return lambda: attacks.delivered(stack, attacks.unseen(stack, lambda: create(name="new"), "CreateRestApi"))


def sweep_is_asked_for(stack):
    """A sweep is begun, as the schedule does."""

    def strike():
        with pytest.raises(RuntimeError) as failed:
            stack.invoke("baseline", {"command": "sweep"})
        stack.complaints.append(str(failed.value))

    return strike


def account_is_swept(stack):
    """A sweep of an account without APIs."""
    body = json.dumps({"sweep": {"account": ACCOUNT, "region": "eu-west-1"}})
    attacks.forget_apis(stack)
    return lambda: stack.invoke("baseline", {"Records": [
        {"messageId": "1", "body": body, "eventSource": "aws:sqs"}]}) and None


def old_account_is_swept(stack):
    """The same, and what is known of the account is to expire soon."""
    attacks.account_with_role(stack)
    table, tomorrow = stack.aws.client("dynamodb"), {"N": str(int(time.time()) + 24 * 3600)}
    for item in table.scan(TableName=stack.tables[1])["Items"]:
        table.put_item(TableName=stack.tables[1], Item={**item, "expires_at": tomorrow})
    return account_is_swept(stack)


SCENES = {
    **of_rules("stage-logging", attacks.stage_goes_dark, attacks.unknown_stage_goes_dark,
               attacks.stage_is_changed_unreadably),
    **of_rules("api-exposure", attacks.private_api_goes_public, attacks.unknown_api_goes_public,
               attacks.rest_api_is_changed_unreadably),
    **of_rules("api-lifecycle", None, attacks.api_is_deleted, attacks.http_api_is_replaced_unreadably),
    ("api-lifecycle", "dynamodb:GetItem", "counters"): attacks.responder_is_imitated,
    ("baseline", "dynamodb:PutItem", "baselines"): api_is_made,
    ("baseline", "dynamodb:Query", "baselines"): account_is_swept,
    ("baseline", "dynamodb:UpdateItem", "baselines"): old_account_is_swept,
    ("baseline", "sqs:SendMessage", "sweeps"): sweep_is_asked_for,
    ("baseline", "sts:AssumeRole", "reader"): attacks.stage_is_changed_unreadably,
    ("reader", "apigateway:GET", "/account"): attacks.stage_goes_dark,
    ("reader", "apigateway:GET", "/apis"): account_is_swept,
    ("reader", "apigateway:GET", "/apis/*"): attacks.websocket_stage_goes_dark,
    ("reader", "apigateway:GET", "/restapis"): account_is_swept,
    ("reader", "apigateway:GET", "/restapis/*"): attacks.stage_goes_dark,
    ("remediator", "apigateway:PATCH", "/restapis/*/stages/*"): attacks.stage_goes_dark,
    ("remediator", "apigateway:PATCH", "/apis/*/stages/*"): attacks.websocket_stage_goes_dark,
    ("remediator", "apigateway:PATCH", "/account"): attacks.account_loses_its_role,
    ("remediator", "iam:PassRole", "logging role"): attacks.account_loses_its_role,
    ("remediator", "apigateway:PATCH", "/restapis/??????????"): attacks.private_api_goes_public,
    ("remediator", "apigateway:UpdateRestApiPolicy", "/restapis/*"): attacks.private_api_goes_public,
}


def test_every_grant_has_a_scene(strict):
    """But what AWS does on behalf of a function, and what opens a connection: no answer to that matters."""
    granted = {(role, *grant) for role in ROLES for document in grants.policies(strict.aws, role).values()
               for grant in grants.allowed(document["Statement"])}
    on_behalf = {(name, *grant) for grant, (functions, _why) in grants.ON_BEHALF.items() for name in functions}
    assert granted - on_behalf == SCENES.keys() | {
        ("baseline", "dynamodb:GetItem", "baselines"), ("remediator", "apigateway:POST", "/restapis/*/deployments")}


@pytest.mark.parametrize("scene", LOOPS, ids=lambda scene: scene.__name__)
def test_the_loop_passes(strict, scene):
    strike, before = scene(strict), len(strict.writes())
    event = strike()
    function = LOOPS[scene]
    [outcome] = [one for one in strict.handled(event, function) if one["function"] == function]
    assert outcome["disposition"] == "fired" and "warnings" not in outcome
    assert strict.told(event).subject.endswith(", restored")
    for own in strict.writes()[before:]:
        assert "errorCode" not in own["detail"]
        assert {one["disposition"] for one in strict.handled(own, "api-lifecycle")} <= {"own_action", "written"}
    assert [strict.failures(name) for name in FUNCTIONS] == [[]] * len(FUNCTIONS)


def test_functions_call_nothing_else(strict):
    """What the relay has counted so far, of a function and of its sessions of the two roles."""
    table = {name: {call for _file, call, _thing, functions in grants.CALLS if name in functions} for name in FUNCTIONS}
    for name in FUNCTIONS:
        as_reader = strict.aws.calls(caller=f":assumed-role/portcullis-reader/{name}")
        assert {*strict.calls(name), *as_reader} - table[name] == set()
    as_remediator = strict.aws.calls(caller=":assumed-role/portcullis-remediator/")
    assert {call for call in as_remediator} == {
        call for file, call, _thing, _functions in grants.CALLS if file == "writer/requests.rs"}


@pytest.mark.parametrize(("role", "action", "thing"), SCENES)
def test_a_grant_is_missed(strict, role, action, thing):
    strike = SCENES[role, action, thing](strict)
    if (action, thing) == ("sts:AssumeRole", "reader"):
        strict.cold(role)
    with grants.taken_away(strict.aws, role, lambda statement: grants.without(statement, action, thing)):
        event = strike()
        wait_for(lambda: f"not authorized to perform: {action}" in said_of(strict, event), seconds=30)


def test_the_right_to_deploy_is_missed(strict):
    """Without it the API is not even looked for. The loop of a published API shows what it is for."""
    rest = session(strict, "remediator")("apigateway")
    refused("NotFoundException", rest.create_deployment, restApiId=API)
    change = functools.partial(grants.without, action="apigateway:POST", thing="/restapis/*/deployments")
    with grants.taken_away(strict.aws, "remediator", change):
        refused("AccessDeniedException", rest.create_deployment, restApiId=API)


@pytest.mark.parametrize("key", grants.KEYS)
def test_a_key_is_missed(strict, key):
    """Which items of a table a function may write."""
    scenes = {"A#": attacks.unknown_stages_go_dark, "L#": attacks.stage_goes_dark}
    strike = scenes.get(key, attacks.unknown_stage_goes_dark)(strict)
    with grants.taken_away(strict.aws, "stage-logging", lambda statement: grants.without_key(statement, f"{key}*")):
        event = strike()
        wait_for(lambda: "not authorized to perform: dynamodb:" in said_of(strict, event), seconds=30)


def said_of(stack, events):
    """What log, messages and on-failure queues say of an event or of several; of none, all since the test began."""
    ids = [event["detail"]["eventID"] for event in grants.listed(events)] if events else [""]
    stack.complaints += [json.dumps(one) for name in FUNCTIONS for one in stack.failures(name)]
    words = [*map(json.dumps, stack.outcomes()), *stack.complaints, *(one["Message"] for one in stack.messages())]
    return "\n".join(one for one in words if any(event_id in one for event_id in ids))


# What the roles must not do. Nothing of it exists: permissions are looked at first.


def item(key, table="counters"):
    """An item of a table under a partition key."""
    return {"TableName": table, "Item": {"pk": {"S": key}, "sk": {"S": "-"}}}


def changed(path, value, **names):
    """A change by patch operations."""
    return {**names, "patchOperations": patch("replace", path, value)}


ENDPOINT = "/endpointConfiguration/types/PRIVATE"
METHOD = {"restApiId": API, "resourceId": "r", "httpMethod": "GET"}
LEDGER = "L#restore-stage-logging-0123456789abcdef"
SWITCH = "/portcullis/remediation"
FORBIDDEN = [
    ("remediator", "apigateway", "delete_stage", STAGE),
    ("remediator", "apigateway", "delete_rest_api", {"restApiId": API}),
    ("remediator", "apigateway", "put_rest_api", {"restApiId": API, "body": b"{}"}),
    ("remediator", "apigateway", "create_rest_api", {"name": "new"}),
    ("remediator", "apigateway", "update_rest_api", changed(ENDPOINT, "REGIONAL", restApiId=API)),
    ("remediator", "apigateway", "update_rest_api", changed(ENDPOINT, "EDGE", restApiId=API)),
    ("remediator", "apigateway", "update_rest_api", changed("/disableExecuteApiEndpoint", "true", restApiId=API)),
    ("remediator", "apigateway", "update_rest_api", changed("/name", "new", restApiId=API)),
    ("remediator", "apigateway", "update_account", changed("/cloudwatchRoleArn", f"{ROLE}-2")),
    ("remediator", "apigateway", "update_method", changed("/authorizationType", "NONE", **METHOD)),
    ("remediator", "apigateway", "get_stage", STAGE),
    ("remediator", "apigatewayv2", "delete_access_log_settings", {"ApiId": API, "StageName": "prod"}),
    ("remediator", "apigatewayv2", "update_api", {"ApiId": API, "Name": "new"}),
    ("reader", "apigateway", "update_stage", changed("/description", "x", **STAGE)),
    ("reader", "apigateway", "get_api_keys", {}),
    ("reader", "apigateway", "get_usage_plan_keys", {"usagePlanId": "p"}),
    ("api-lifecycle", "dynamodb", "put_item", item(LEDGER)),
    ("api-lifecycle", "ssm", "get_parameter", {"Name": SWITCH}),
    ("api-exposure", "dynamodb", "put_item", item("W#")),
    ("stage-logging", "dynamodb", "put_item", item("B#", "baselines")),
    ("stage-logging", "dynamodb", "put_item", item("F#", "baselines")),
    ("stage-logging", "dynamodb", "delete_item", {"TableName": "counters", "Key": item(LEDGER)["Item"]}),
    ("stage-logging", "dynamodb", "scan", {"TableName": "counters"}),
    ("stage-logging", "ssm", "put_parameter", {"Name": SWITCH, "Value": "allow", "Overwrite": True}),
    ("stage-logging", "apigateway", "update_stage", changed("/description", "x", **STAGE)),
    ("baseline", "dynamodb", "put_item", item("F#")),
    ("baseline", "dynamodb", "delete_item", {"TableName": "baselines", "Key": item("B#")["Item"]}),
    ("baseline", "sns", "publish", {"TopicArn": "topic", "Message": "x"}),
]


@pytest.mark.parametrize(("role", "service", "operation", "parameters"), FORBIDDEN)
def test_a_role_may_not(enforced, role, service, operation, parameters):
    real = {"counters": enforced.tables[0], "baselines": enforced.tables[1], "topic": enforced.topic}
    parameters = {name: real.get(value, value) if isinstance(value, str) else value
                  for name, value in parameters.items()}
    call = getattr(session(enforced, role)(service), operation)
    refused("AuthorizationError" if service == "sns" else "AccessDeniedException", call, **parameters)


@pytest.mark.parametrize(("role", "operation", "parameters"), [
    ("reader", "get_stage", STAGE), ("reader", "get_account", {}),
    ("remediator", "update_stage", changed("/*/*/logging/loglevel", "INFO", **STAGE))])
def test_a_role_may_not_do_in_another_region(enforced, role, operation, parameters):
    client = session(enforced, role)("apigateway", region="ap-south-1")
    refused("AccessDeniedException", getattr(client, operation), **parameters)


@pytest.mark.parametrize(("taker", "role"), [
    ("api-lifecycle", "remediator"), ("baseline", "remediator"), ("reader", "remediator"), ("remediator", "reader"),
    ("administrator", "remediator"), ("administrator", "reader"), ("administrator", "stage-logging")])
def test_a_role_may_not_be_taken(enforced, taker, role):
    arn = f"arn:aws:iam::{ACCOUNT}:role/portcullis-{role}"
    refused("AccessDenied", session(enforced, taker)("sts").assume_role, RoleArn=arn, RoleSessionName="tester")


def session(stack, role):
    """Makes clients of a session of a role. The account itself stands for Lambda, which takes the functions' roles."""
    iam, name = stack.aws.client("iam"), f"portcullis-{role}"
    if role == "administrator":
        trust = {"Version": "2012-10-17", "Statement": [
            {"Effect": "Allow", "Principal": {"AWS": ACCOUNT}, "Action": "sts:AssumeRole"}]}
        with contextlib.suppress(iam.exceptions.EntityAlreadyExistsException):
            iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(trust))
        everything = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "*", "Resource": "*"}]}
        iam.put_role_policy(RoleName=name, PolicyName="all", PolicyDocument=json.dumps(everything))
    through = session(stack, "stage-logging") if role in ("reader", "remediator") else stack.aws.client
    keys = through("sts").assume_role(
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{name}", RoleSessionName="tester")["Credentials"]
    return functools.partial(
        stack.aws.client, account=keys["AccessKeyId"], aws_secret_access_key=keys["SecretAccessKey"],
        aws_session_token=keys["SessionToken"])
