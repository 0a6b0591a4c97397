"""Bad worlds: each has its end in the ledger and its sentence in the message."""

import pytest

from bench import ACCOUNT, wait_for
from deliveries import deliver, envelope
from remedy import (
    EARLIER, LOGGED, OFF, api_settings, attacked, known_private_api, known_stage, ledger_id, made_public, modes,
    remediation, says, settings_of)
from scenes import LOG_GROUP, ROLE, patch, patches, rest_stage, unseen
from stack import forward

CANNOT = "NOT put back: it cannot be done, and nothing was written"
ACCESS_LOGS = patch("remove", "/accessLogSettings")
DESTINATION = "/accessLogSettings/destinationArn"
LEVEL = "/*/*/logging/loglevel"
LEVELS = {key: value for key, value in LOGGED.items() if key.endswith("loglevel")}


@pytest.fixture
def stack(remedied):
    """The same without faults and with all of the budgets; switch and modes are as at the start afterwards."""
    with remedied.afresh():
        yield remedied


def written(stack, event):
    """Writes for the remediation of an event that API Gateway has made."""
    return [one for one in stack.writes(ledger_id(event)) if "errorCode" not in one["detail"]]


def test_without_a_baseline_it_is_described(stack):
    rest = stack.aws.client("apigateway")
    stages = []
    unseen(stack, lambda: stages.append(rest_stage(rest)))
    event = attacked(stack, stages[0])
    told = stack.answered(event)
    assert "nothing was put back (restore-stage-logging, mode notify)" in told.said["Done"]
    assert "what stood before is not known (no baseline), so nothing can be put back by itself" in told.said["Reason"]
    assert stack.entry(event) is None
    assert written(stack, event) == []


@pytest.mark.parametrize("gone", ["api", "stage"])
def test_what_was_deleted_meanwhile_is_not_made_again(stack, gone):
    stage = known_stage(stack)
    event = attacked(stack, stage)
    rest = stack.aws.client("apigateway")
    unseen(stack, lambda: rest.delete_rest_api(restApiId=stage["restApiId"]) if gone == "api" else
           rest.delete_stage(**stage))
    told = stack.answered(event)
    assert (told.outcome, told.subject.endswith(", NOT restored")) == ("failed", True)
    assert f"{CANNOT}" in told.said["Done"]
    assert "it does not exist any more, so there is nothing to put back" in told.said["Reason"]
    assert stack.entry(event) is None
    assert [api["id"] for api in rest.get_rest_apis()["items"] if api["id"] == stage["restApiId"]] == \
        ([] if gone == "api" else [stage["restApiId"]])


def test_a_stage_that_was_made_again_meanwhile_gets_what_it_had(stack):
    """By the event of the attack what that took, by that of its making the rest; whichever comes first."""
    stage = known_stage(stack)
    before = settings_of(stack, stage)
    event = attacked(stack, stage)
    rest = stack.aws.client("apigateway")

    def again():
        rest.delete_stage(**stage)
        rest.create_stage(**stage, deploymentId=before["deploymentId"])

    made = unseen(stack, again, "CreateStage")
    assert stack.answered(event).outcome == "verified"
    found = settings_of(stack, stage)
    assert found["methodSettings"]["*/*"] == before["methodSettings"]["*/*"]
    assert "accessLogSettings" not in found
    deliver(stack, [made])
    stack.brought_to_an_end(made, "stage-logging")
    found = settings_of(stack, stage)
    assert {**found, "createdDate": before["createdDate"]} == before, stack.told(made).text


# The fault, and what is said of it: why it cannot be done.
REFUSED = {
    "access-denied": ({"operation": "UpdateStage", "answer": 403}, "the remediator role may not do it: "),
    "role-not-assumable": ({"operation": "sts:AssumeRole", "answer": 403, "code": "AccessDenied"},
                           "the remediator role cannot be assumed there: "),
    "value-refused": ({"operation": "UpdateStage", "answer": 400}, "API Gateway refuses it: "),
    "quota-exceeded": ({"operation": "UpdateStage", "answer": 429, "code": "LimitExceededException", "retry_after": 0},
                       "a quota of the account is used up: "),
    "gone-in-between": ({"operation": "UpdateStage", "answer": 404}, "it does not exist any more: "),
}


@pytest.mark.parametrize("case", REFUSED)
def test_a_write_that_is_refused_is_told_as_not_made(stack, case):
    fault, reason = REFUSED[case]
    stage = known_stage(stack)
    event = attacked(stack, stage)
    damaged = settings_of(stack, stage)
    stack.aws.faults(fault)
    told = stack.answered(event)
    stack.aws.faults()
    assert settings_of(stack, stage) == damaged
    assert (told.outcome, told.subject.endswith(", NOT restored")) == ("failed", True)
    assert f"{CANNOT}" in told.said["Done"]
    assert says(told, "Reason", f"{reason}")
    assert says(told, "By hand", "to put it back, ")
    entry = stack.entry(event)
    assert (entry["state"], entry["reasons"][-1].startswith(reason), "lease" in entry) == ("failed", True, False)


def test_a_write_that_is_refused_keeps_nobody_else_waiting(stack):
    stage = known_stage(stack)
    event, other = attacked(stack, stage), attacked(stack, stage, ACCESS_LOGS)
    stack.aws.faults({"operation": "UpdateStage", "answer": 403})
    assert stack.answered(event).outcome == "failed"
    stack.aws.faults()
    assert stack.answered(other).outcome == "verified"


def test_settings_that_may_not_be_read_are_told(stack):
    stage = known_stage(stack)
    event = attacked(stack, stage)
    stack.aws.faults({"operation": "GetStage", "answer": 403})
    told = stack.answered(event)
    assert (told.outcome, stack.entry(event)) == ("failed", None)
    assert f"{CANNOT}" in told.said["Done"]
    assert says(told, "Reason", "cannot read the stage: ")
    assert "AccessDenied" in told.text


def test_a_baseline_that_may_not_be_read_is_told(stack):
    stage = known_stage(stack)
    event = attacked(stack, stage)
    stack.aws.faults({"operation": "dynamodb:Query", "answer": 403, "times": 1})
    stack.invoke("stage-logging", envelope(event["detail"]))
    told = stack.told(event)
    assert stack.entry(event) is None
    assert says(told, "Reason", "what stood before cannot be read, so nothing can be put back by itself: ")
    assert "AccessDenied" in told.text


@pytest.mark.parametrize(("remediation", "operation", "function"), [
    ("restore-stage-logging", "UpdateStage", "stage-logging"),
    ("restore-private-endpoint", "UpdateRestApi", "api-exposure")])
def test_a_change_that_is_running_is_waited_for(stack, remediation, operation, function):
    """The first message says that it is not done yet, the second that it is."""
    if function == "api-exposure":
        event = made_public(stack, known_private_api(stack))
    else:
        event = attacked(stack, known_stage(stack))
    stack.aws.faults({"operation": operation, "answer": 409, "times": 1})
    deliver(stack, [event])
    assert stack.brought_to_an_end(event, function) == ["failed", "fired"]
    told = stack.told(event)
    assert (told.outcome, told.subject.endswith(", not restored yet")) == ("retrying", True)
    assert says(told, "Reason", "another change of it is running: ")
    [later] = stack.told_later(event)
    assert (later.kind, later.outcome, later.remediation["state"]) == ("resolved", "verified", "verified")
    assert later.subject.startswith("RESTORED: ")
    assert later.remediation["finding_id"] == told.finding["id"]
    assert stack.entry(event, remediation)["state"] == "verified"


def test_a_change_that_runs_on_ends_in_the_queue(stack):
    stage = known_stage(stack)
    event = attacked(stack, stage)
    damaged = settings_of(stack, stage)
    stack.aws.faults({"operation": "UpdateStage", "answer": 409})
    deliver(stack, [event])
    [failed] = stack.failures(1)
    assert failed["requestPayload"]["detail"]["eventID"] == event["detail"]["eventID"]
    assert (failed["requestContext"]["condition"], failed["responsePayload"]["errorType"]) == (
        "RetriesExhausted", "Retryable")
    assert settings_of(stack, stage) == damaged
    assert stack.entry(event)["state"] == "writing"
    assert stack.told(event).outcome == "retrying"
    assert stack.told_later(event) == []


def test_what_is_taken_from_the_queue_again_is_finished_once_the_lease_is_over(stack):
    stage = known_stage(stack)
    before = settings_of(stack, stage)
    event = attacked(stack, stage)
    stack.aws.faults({"operation": "UpdateStage", "answer": 409})
    deliver(stack, [event])
    stack.failures(1)
    stack.aws.faults()
    # Until then it is another delivery's.
    deliver(stack, [event])
    assert stack.brought_to_an_end(event, "stage-logging")[-1] == "fired"
    assert (stack.entry(event)["state"], written(stack, event)) == ("writing", [])
    entry = stack.entry(event)
    stack.rewrite(entry["id"], lease={**entry["lease"], "until": 1_700_000_000})
    stack.forgive()
    deliver(stack, [event])
    wait_for(lambda: stack.told_later(event))
    assert settings_of(stack, stage) == before
    assert (stack.entry(event)["state"], stack.told_later(event)[0].outcome) == ("verified", "verified")
    assert len(written(stack, event)) == 1


def test_what_somebody_has_set_since_and_is_no_loss_is_left_alone(stack):
    stage = known_stage(stack, {**LOGGED, LEVEL: "ERROR"})
    event = attacked(stack, stage)
    rest = stack.aws.client("apigateway")
    unseen(stack, lambda: rest.update_stage(**stage, patchOperations=patches({LEVEL: "INFO"})))
    now = settings_of(stack, stage)
    told = stack.answered(event)
    assert settings_of(stack, stage) == now
    assert told.outcome == "failed"
    assert told.said["Done"] == [
        "NOT put back: it is left as it is, for what the notes say; nothing was written"]
    assert told.said["Reason"] == []
    assert says(told, "Note", f"`{LEVEL}` was changed again since and is left as it is")
    assert stack.entry(event) is None


# The first call, the second before the first one's event comes, and the setting that both are about.
AGAIN = {
    "access-log": (ACCESS_LOGS, patches({DESTINATION: f"{LOG_GROUP}-gone"}), DESTINATION),
    "redirected": (patches({DESTINATION: f"{LOG_GROUP}-attacker"}), patches({DESTINATION: f"{LOG_GROUP}-other"}),
                   DESTINATION),
    "level": (patches(OFF), patches({LEVEL: "ERROR"}), LEVEL),
}


@pytest.mark.parametrize("case", AGAIN)
def test_a_second_call_does_not_keep_what_the_first_one_took(stack, case):
    first, second, setting = AGAIN[case]
    stage = known_stage(stack)
    before = settings_of(stack, stage)
    event = attacked(stack, stage, first)
    rest = stack.aws.client("apigateway")
    unseen(stack, lambda: rest.update_stage(**stage, patchOperations=second))
    damaged = settings_of(stack, stage)
    told = stack.answered(event)
    assert (told.outcome, settings_of(stack, stage)) == ("awaiting", damaged)
    assert says(told, "Reason", f"`{setting}` was changed again since")
    assert says(told, "Would set", f"{setting}: {second[0]['value']} -> ")
    assert stack.entry(event)["policies"] == ["changed-again", "asked-for"]
    assert stack.command("approve", ledger_id(event))[0] == 0
    assert settings_of(stack, stage) == before


def test_a_private_api_that_is_changed_again_is_not_left_public(stack):
    api = known_private_api(stack)
    before = api_settings(stack, api)
    event = made_public(stack, api)
    rest = stack.aws.client("apigateway")
    operations = patches({"/endpointConfiguration/types/REGIONAL": "EDGE"})
    unseen(stack, lambda: rest.update_rest_api(**api, patchOperations=operations))
    told = stack.answered(event, "api-exposure")
    assert told.outcome == "awaiting"
    assert says(told, "Reason", "`/endpointConfiguration/types` was changed again since")
    assert stack.command("approve", ledger_id(event, "restore-private-endpoint"))[0] == 0
    assert api_settings(stack, api) == before


def test_what_somebody_has_put_back_already_is_left_alone(stack):
    stage = known_stage(stack)
    before = settings_of(stack, stage)
    event = attacked(stack, stage)
    rest = stack.aws.client("apigateway")
    unseen(stack, lambda: rest.update_stage(**stage, patchOperations=patches({"/*/*/logging/loglevel": "INFO"})))
    told = stack.answered(event)
    assert settings_of(stack, stage) == before
    assert (told.outcome, told.subject.endswith(", right again")) == ("already-right", True)
    assert "nothing had to be changed: the live settings are as they were before the change" in told.said["Done"]
    assert (stack.entry(event), written(stack, event)) == (None, [])


def test_what_is_taken_away_before_it_is_read_back_pages(stack):
    stage = known_stage(stack)
    event = attacked(stack, stage)
    deliver(stack, [event])
    wait_for(lambda: written(stack, event))
    # Past the relay, so that no event tells of it.
    stack.aws.client("apigateway", endpoint_url=stack.aws.emulator_url).update_stage(
        **stage, patchOperations=patches(OFF))
    stack.brought_to_an_end(event, "stage-logging")
    told, entry = stack.told(event), stack.entry(event)
    assert (entry["state"], told.outcome, told.severity) == ("attempted", "attempted", "critical")
    assert told.subject.startswith("CRITICAL: ") and told.subject.endswith(", restore NOT verified")
    assert told.text.splitlines()[1] == \
        "Somebody has to look now: restore-stage-logging was attempted and is not verified."
    assert "read back, and not as wanted: /*/*/logging/loglevel" in told.said["Reason"]
    assert "/*/*/logging/loglevel: OFF -> INFO" in told.said["Tried"]


def test_two_restores_of_one_stage_at_once_take_turns(stack):
    stage = known_stage(stack)
    before = settings_of(stack, stage)
    events = [attacked(stack, stage), attacked(stack, stage, ACCESS_LOGS),
              attacked(stack, stage, patches({"/~1pets/GET/logging/loglevel": "OFF"}))]
    deliver(stack, events)
    for event in events:
        stack.brought_to_an_end(event, "stage-logging")
    assert settings_of(stack, stage) == before
    for event in events:
        assert stack.entry(event)["state"] == "verified"
        assert len(written(stack, event)) == 1
        assert stack.told(event).outcome == "verified"


def without_role(stack, region, former=True):
    """A stage in a Region of its own, its logging taken away; the account's role was cleared before that."""
    forward(stack.aws, ACCOUNT, region)
    rest = stack.aws.client("apigateway", region=region, record=EARLIER)
    if former:
        rest.update_account(patchOperations=patches({"/cloudwatchRoleArn": ROLE}))
        stack.handled(stack.aws.events("UpdateAccount")[-1], "baseline")
    else:
        unseen(stack, lambda: rest.update_account(patchOperations=patches({"/cloudwatchRoleArn": ROLE})))
    stage = known_stage(stack, region=region)
    before = settings_of(stack, stage, region)
    now = stack.aws.client("apigateway", region=region)
    cleared = unseen(
        stack, lambda: now.update_account(patchOperations=patches({"/cloudwatchRoleArn": ""})), "UpdateAccount")
    event = attacked(stack, stage, [*patches(OFF), *ACCESS_LOGS], region)
    return now, stage, before, event, cleared


def test_levels_come_back_once_the_accounts_role_has_come_back_by_its_own_event(stack):
    rest, stage, before, event, cleared = without_role(stack, "us-east-2")
    deliver(stack, [cleared, event])
    for one in (cleared, event):
        stack.brought_to_an_end(one, "stage-logging")
    assert rest.get_account()["cloudwatchRoleArn"] == ROLE
    assert settings_of(stack, stage, "us-east-2") == before
    assert stack.told(event).outcome == "verified"
    role = "restore-account-logging-role"
    assert (stack.entry(cleared, role)["state"], stack.entry(event)["state"]) == ("verified", "verified")
    assert stack.entry(event, role) is None
    # In this order.
    assert [one["detail"]["eventName"] for one in stack.writes() if one["region"] == "us-east-2"] == [
        "UpdateAccount", "UpdateStage"]


EXPLAINED = "execution logging cannot be restored while the account has no CloudWatch role"


@pytest.mark.parametrize(("region", "former", "asked", "also", "reason"), [
    ("us-west-1", True, "notify",
     "nothing was put back; the commands below do it (restore-account-logging-role, mode notify)",
     "the account has no CloudWatch role"),
    ("us-west-2", False, "auto", "nothing was put back (restore-account-logging-role, mode notify)",
     "the account has no CloudWatch role, and no former one is known"),
    ("eu-west-2", True, "approve", "nothing was put back yet: it waits for approval until", None),
    ("eu-west-3", True, "auto", "nothing was put back yet: it waits for approval until",
     "who removed the role, and whether that may be reverted, is judged by its own event only")],
    ids=["not-asked-for", "none-known", "by-a-person", "for-the-stage-only"])
def test_without_the_accounts_role_the_rest_is_restored_and_the_levels_are_explained(
        stack, region, former, asked, also, reason):
    stack.configure_modes(modes(restore_account_logging_role=asked))
    rest, stage, before, event, _ = without_role(stack, region, former)
    told = stack.answered(event)
    found = settings_of(stack, stage, region)
    assert found["accessLogSettings"] == before["accessLogSettings"]
    assert found["methodSettings"]["*/*"]["loggingLevel"] == "OFF"
    assert "cloudwatchRoleArn" not in rest.get_account()
    assert stack.entry(event)["state"] == "verified"
    assert f"{EXPLAINED}" in told.said["Reason"]
    assert says(told, "Also", f"{also}")
    if reason:
        assert f"{reason}" in told.said["Reason"]
    assert told.outcome == ("awaiting" if "waits for approval" in also else "verified")
