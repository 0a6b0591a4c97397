"""Our own writes and those of somebody else with the same role: told apart by the ledger, in every account."""

import json

import pytest

from bench import ACCOUNT
from remedy import EARLIER, REMEDIATOR, TRUST, as_remediator, issuer
from rows import (
    ACCESS, REST, assert_own_writes, assert_restored, ended, kept_rest_stage, on_ministack, rest_loop, run, settings,
    v2_loop)
from scenes import ROLE, last, patches
from stack import forward

MEMBER = "222233334444"


@pytest.fixture(scope="module")
def rest_loops(remedied):
    """Two restores of REST stages."""
    return run(remedied, on_ministack(remedied), rest_loop, ["1-every-method", "2-one-method"])


@pytest.fixture(scope="module")
def v2_loops(remedied):
    """One of a stage of an HTTP API."""
    return run(remedied, on_ministack(remedied), v2_loop, ["5-http-redirected"])


@pytest.mark.parametrize(("session", "api", "operations"), [
    ("made up", "same", "same"),
    ("restore-stage-logging-0123456789abcdef", "same", "same"),
    ("of the entry", "other", "same"),
    ("of the entry", "same", "other"),
    ("of the entry", "same", "more"),
], ids=["made-up", "unknown-id", "another-api", "another-patch", "a-longer-patch"])
def test_what_else_the_remediators_role_does_is_told(remedied, rest_loops, session, api, operations):
    """A session name that anybody can choose makes no call our own."""
    loop, other = rest_loops["1-every-method"], rest_loops["2-one-method"]
    entry = remedied.entry(loop.event)
    session = {"made up": "mallory", "of the entry": entry["id"]}.get(session, session)
    mine = entry["writes"][0]["step"]["patchOperations"]
    theirs = patches({"/variables/color": "green"})
    as_remediator(remedied, session).update_stage(
        **{"same": loop, "other": other}[api].stage,
        patchOperations={"same": mine, "other": theirs, "more": [*mine, *theirs]}[operations])
    event = last(remedied, "UpdateStage")
    remedied.handled(event, "api-lifecycle", "stage-logging")
    told = remedied.told(event)
    assert (told.rule, told.severity) == ("responder-role-misused", "critical")
    assert told.finding["principal"]["session_issuer"] == f"arn:aws:iam::{ACCOUNT}:role/{REMEDIATOR}"
    assert told.finding["decision"]["remediation"] is None


def test_an_attack_by_the_remediators_role_is_told_and_undone(remedied):
    aws = on_ministack(remedied)
    stage = kept_rest_stage(aws)
    remedied.handled(aws.newest(), "baseline")
    before = settings(aws.of().get_stage(**stage))
    as_remediator(remedied, "mallory").update_stage(**stage, patchOperations=REST["1-every-method"][0])
    event = last(remedied, "UpdateStage")
    remedied.handled(event, "api-lifecycle", "stage-logging")
    assert settings(aws.of().get_stage(**stage)) == before, [m["Message"][:900] for m in remedied.messages()[-3:]]
    event_id = event["detail"]["eventID"]
    rules = {one["rule"]: one["severity"] for one in remedied.findings() if one["event_ids"] == [event_id]}
    assert rules == {"responder-role-misused": "critical", "stage-logging-disabled": "high"}
    assert remedied.entry(event)["state"] == "verified"


@pytest.mark.parametrize(("call", "is_told"), [
    (lambda http, stage, _: http.update_stage(**stage, StageVariables={"color": "green"}), True),
    (lambda http, stage, update: http.update_stage(**stage, **update, StageVariables={"color": "green"}), True),
    (lambda http, stage, _: http.delete_access_log_settings(**stage), True),
    (lambda http, stage, update: http.update_stage(**stage, **update), False),
], ids=["another-update", "a-larger-update", "a-deletion", "the-same-update"])
def test_what_else_the_remediators_role_does_to_a_v2_stage_is_told(remedied, v2_loops, call, is_told):
    loop = v2_loops["5-http-redirected"]
    entry = remedied.entry(loop.event)
    update = {"AccessLogSettings": ACCESS}
    assert entry["writes"][0]["step"]["update"]["accessLogSettings"] == {
        "destinationArn": ACCESS["DestinationArn"], "format": ACCESS["Format"]}
    call(as_remediator(remedied, entry["id"], "apigatewayv2"), loop.stage, update)
    event = remedied.aws.events()[-1]
    remedied.handled(event, "api-lifecycle")
    told = [one["rule"] for one in remedied.findings() if one["event_ids"] == [event["detail"]["eventID"]]]
    assert ("responder-role-misused" in told) == is_told


def test_a_stage_of_a_member_account_is_restored_by_the_roles_of_that_account(remedied):
    forward(remedied.aws, MEMBER)
    iam = remedied.aws.client("iam", account=MEMBER)
    for role in (REMEDIATOR, "portcullis-reader"):
        iam.create_role(RoleName=role, AssumeRolePolicyDocument=json.dumps(TRUST))
    aws = on_ministack(remedied, account=MEMBER)
    aws.of(EARLIER).update_account(patchOperations=patches({"/cloudwatchRoleArn": ROLE}))
    with remedied.configured("stage-logging", PORTCULLIS_READER_ROLE="portcullis-reader"):
        loop = rest_loop(aws, "4-and-1-and-3-at-once")
        remedied.handled(loop.known, "baseline")
        ended(remedied, [loop])
    told, entry = assert_restored(remedied, loop)
    assert (told.account, entry["thing"]["account"]) == (MEMBER, MEMBER)
    [own] = remedied.writes(entry["id"])
    assert issuer(own) == f"arn:aws:sts::{MEMBER}:assumed-role/{REMEDIATOR}/{entry['id']}"
    assert_own_writes(remedied, entry, "stage-logging", "api-lifecycle")
