"""What an attack takes comes back field by field, and what others changed meanwhile stays: rows 1 to 8, 11 and 15 of
the attacks, from the event to the read-back. Every attack meets a stage (API, Region) of its own.
"""

from types import SimpleNamespace

import pytest

from bench import ACCOUNT, REGION
from remedy import EARLIER
from rows import (
    DEFAULT, REST, ROUTES, TRACED, V2, assert_own_writes, assert_private_again, assert_restored, changes, ended,
    on_ministack, rest_loop, run, settings, v2_change, v2_loop, v2_stage)
from scenes import ROLE, patches, rest_stage
from stack import forward


@pytest.fixture(scope="module")
def rest_loops(remedied):
    """Attacks on stages of REST APIs."""
    return run(remedied, on_ministack(remedied), rest_loop, REST)


@pytest.fixture(scope="module")
def v2_loops(remedied):
    """Attacks on stages of HTTP and WebSocket APIs."""
    return run(remedied, on_ministack(remedied), v2_loop, V2)


@pytest.mark.parametrize("row", REST)
def test_logging_of_a_rest_stage_comes_back(remedied, rest_loops, row):
    """All but data trace, which is never switched on again; and that is told."""
    loop, is_traced = rest_loops[row], REST[row][1] == TRACED
    told, entry = assert_restored(remedied, loop, is_noted=is_traced)
    assert_own_writes(remedied, entry, "stage-logging", "api-lifecycle")
    assert loop.before["methodSettings"]["*/*"]["dataTraceEnabled"] is is_traced
    assert loop.read()["methodSettings"]["*/*"]["dataTraceEnabled"] is False
    assert [("data trace" in note.lower()) for note in told.said["Note"]] == [True] * is_traced


@pytest.mark.parametrize("row", V2)
def test_logging_of_a_v2_stage_comes_back(remedied, v2_loops, row):
    _, entry = assert_restored(remedied, v2_loops[row])
    # The record of a v2 stage does not tell which settings were changed, so no pattern leaves it out.
    assert_own_writes(remedied, entry, "stage-logging", "api-lifecycle")


def test_a_route_that_was_silenced_by_settings_of_its_own_is_logged_again(remedied):
    """Its settings cannot be removed without a call that deletes: they become those that it had from the stage."""
    aws = on_ministack(remedied)
    silent = changes(RouteSettings={**ROUTES, "$disconnect": {"LoggingLevel": "OFF"}})
    loop = v2_change(aws, v2_stage(aws, "WEBSOCKET", {}), silent, {})
    ended(remedied, [loop])
    loop.expected["RouteSettings"] = {**ROUTES, "$disconnect": DEFAULT}
    told, entry = assert_restored(remedied, loop, is_noted=True)
    assert_own_writes(remedied, entry, "stage-logging", "api-lifecycle")
    [note] = told.said["Note"]
    assert note.startswith("route `$disconnect` had no settings of its own; to remove those that it has now: "
                           f"aws apigatewayv2 delete-route-settings --region '{REGION}' --api-id ")


def recreated_rest(aws, _row):
    """Row 11: a stage is deleted and made again under its name; then somebody sets what is not logging."""
    loop = rest_loop(aws, "1-every-method")
    stage, known = loop.stage, loop.before

    def again(rest):
        rest.delete_stage(**stage)
        rest.create_stage(**stage, deploymentId=known["deploymentId"], variables=known["variables"], tags=known["tags"])

    loop.event = aws.hidden(again)
    aws.of().update_stage(**stage, patchOperations=patches({
        "/variables/color": "blue", "/tracingEnabled": "true", "/description": "for all"}))
    loop.damaged = loop.read()
    loop.expected["methodSettings"] = known["methodSettings"]
    return loop


def recreated_v2(aws, kind):
    """The same of an HTTP or WebSocket API."""
    def again(http, stage):
        http.delete_stage(**stage)
        http.create_stage(**stage, StageVariables={"owner": "team"})

    return v2_change(aws, v2_stage(aws, kind, {}), again, {})


@pytest.fixture(scope="module")
def recreated(remedied):
    """Stages that were made again."""
    aws = on_ministack(remedied)
    makers = {"REST": recreated_rest, "HTTP": recreated_v2, "WEBSOCKET": recreated_v2}
    return run(remedied, aws, lambda aws, kind: makers[kind](aws, kind), makers)


@pytest.mark.parametrize("kind", ["REST", "HTTP", "WEBSOCKET"])
def test_a_stage_that_was_made_again_is_logged_as_before(remedied, recreated, kind):
    loop = recreated[kind]
    assert loop.event["detail"]["eventName"] == "CreateStage"
    _, entry = assert_restored(remedied, loop)
    assert_own_writes(remedied, entry, "stage-logging", "api-lifecycle")


def test_a_private_api_is_private_again(remedied):
    entry = assert_private_again(remedied, on_ministack(remedied))
    # The policy first: a private API needs it.
    assert [[one["path"] for one in write["step"]["patchOperations"]] for write in entry["writes"]] == [
        ["/policy"], ["/endpointConfiguration/types/REGIONAL", "/endpointConfiguration/vpcEndpointIds",
                      "/endpointConfiguration/vpcEndpointIds", "/endpointConfiguration/ipAddressType"]]
    assert_own_writes(remedied, entry, "api-exposure", "api-lifecycle", number=2)


@pytest.mark.parametrize(("region", "role"), [("us-east-1", ""), ("eu-central-1", f"{ROLE}-of-nobody")])
def test_the_accounts_logging_role_comes_back(remedied, region, role):
    """Row 8, cleared or replaced, each in a Region of its own: the role is that of an account and Region. There is
    nothing else to change in an account (MiniStack spoils `/features`), so a stage of the Region is changed.
    """
    forward(remedied.aws, ACCOUNT, region)
    aws = on_ministack(remedied, region=region)
    before, now = aws.of(EARLIER), aws.of()
    before.update_account(patchOperations=patches({"/cloudwatchRoleArn": ROLE}))
    loop = SimpleNamespace(read=lambda: settings(now.get_account()), known=aws.newest())
    loop.before = loop.read()
    loop.event = aws.hidden(lambda rest: rest.update_account(patchOperations=patches({"/cloudwatchRoleArn": role})))
    now.update_stage(**rest_stage(now), patchOperations=patches({"/variables/color": "blue"}))
    loop.damaged, loop.expected = loop.read(), loop.before
    remedied.handled(loop.known, "baseline")
    ended(remedied, [loop])
    told, entry = assert_restored(remedied, loop, "restore-account-logging-role")
    assert (told.rule, told.region) == ("account-logging-role-removed", region)
    assert_own_writes(remedied, entry, "stage-logging", "api-lifecycle")


def test_no_own_write_is_told(remedied, rest_loops, v2_loops, recreated):
    """After all of the above; those of the account's role and of the private API too."""
    told = {event_id for found in remedied.findings() for event_id in found["event_ids"]}
    written = {event["detail"]["eventID"] for event in remedied.writes()}
    assert len(written) >= len(rest_loops) + len(v2_loops) + len(recreated)
    assert not told & written
    assert remedied.findings("responder-role-misused") == []
