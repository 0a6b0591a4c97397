"""Every AWS call of a restore fails once, or is done without an answer, and the function is killed between calls: after
Lambda's retry there is one patch, it is read back, and people know.
"""

import contextlib
import datetime
import os
import signal
from pathlib import Path

import pytest

from bench import wait_for
from deliveries import deliver
from remedy import attacked, known_stage, ledger_id, says, settings_of
from scenes import patch, patches, unseen

# What a restore of access logs costs: in the order in which the function calls.
CALLS = [
    "dynamodb:Query",               # the settings before
    "dynamodb:GetItem",             # what was put back last, which the baseline may not know of
    "dynamodb:GetItem",             # no entry yet
    "apigateway:GetStage",          # the settings now
    "dynamodb:GetItem",             # what was done to the stage lately
    "dynamodb:GetItem",             # what was done in the account lately
    "dynamodb:TransactWriteItems",  # begins: entry and both tallies
    "apigateway:GetStage",          # what has moved meanwhile
    "ssm:GetParameter",             # the kill switch
    "dynamodb:TransactWriteItems",  # notes the write
    "sts:AssumeRole",
    "apigateway:UpdateStage",
    "apigateway:GetStage",          # reads back
    "dynamodb:GetItem",             # the stage's tally
    "dynamodb:TransactWriteItems",  # ends: entry and tally
    "dynamodb:TransactWriteItems",  # claims the finding
    "sns:Publish",                  # tells it
    "dynamodb:GetItem",             # the entry
    "dynamodb:TransactWriteItems",  # records that its state is told
    "dynamodb:UpdateItem",          # records that the finding is told
]
# Counting in three windows would follow; test_faults.py is about that.
UNCOUNTED = "".join(f"[rules.stage-logging-disabled-across-{what}]\nenabled = false\n" for what in (
    "stages", "apis", "accounts"))
# The function waits and reads again by itself.
PATIENT = [number for number, name in enumerate(CALLS) if name == "apigateway:GetStage"]
SWITCH, PATCH, TELL = (CALLS.index(name) for name in ("ssm:GetParameter", "apigateway:UpdateStage", "sns:Publish"))
CLAIM = TELL - 1
FAILING = [number for number in range(len(CALLS)) if number != SWITCH]
WRITES = [number for number, name in enumerate(CALLS) if "Get" not in name and "Query" not in name]
ACCESS_LOGS = patch("remove", "/accessLogSettings")
# Our own write's event would make calls of its own in between; tests deliver it in the end.
UNHEARD = {"operation": "UpdateStage", "drop_event": True}


def named(numbers):
    """Test ids of calls."""
    return {"argvalues": numbers, "ids": [f"{number}-{CALLS[number]}" for number in numbers]}


@pytest.fixture(scope="module")
def remedied(remedied):
    """The functions have no retries in their SDK, so that one failing call fails the invocation."""
    remedied.settings["AWS_MAX_ATTEMPTS"] = "1"
    (remedied.folder / "thresholds.toml").write_text(UNCOUNTED)
    remedied.restart()
    return remedied


@pytest.fixture
def stack(remedied):
    """The same without faults and with all of the budgets; switch and modes are as at the start afterwards."""
    with remedied.afresh():
        yield remedied


@pytest.fixture
def victim(stack):
    """A stage whose access logs were removed, its settings before, and the event, not yet delivered."""
    stage = known_stage(stack)
    before = settings_of(stack, stage)
    return stage, before, attacked(stack, stage, ACCESS_LOGS)


def fault(number, **what):
    """Rules for the call of this number."""
    name = CALLS[number]
    rule = {"operation": name, "skip": CALLS[:number].count(name), "times": 1, **what}
    return [{**rule, "drop_event": True} if number == PATCH else rule, UNHEARD]


def patched(stack):
    """How many writes of the remediator reached API Gateway."""
    return stack.aws.calls(caller="assumed-role/portcullis-remediator/").get("apigateway:UpdateStage", 0)


def run(stack, victim, *rules):
    """Delivers the event with these faults; returns how its tries ended, and the outcomes that people were told."""
    stage, before, event = victim
    patches = patched(stack)
    stack.aws.faults(*rules)
    deliver(stack, [event])
    ended = stack.brought_to_an_end(event, "stage-logging")
    assert settings_of(stack, stage) == before
    assert patched(stack) - patches == 1
    assert stack.entry(event)["state"] == "verified"
    [own] = [one for one in stack.writes(ledger_id(event)) if "errorCode" not in one["detail"]]
    stack.aws.faults()
    deliver(stack, [own])
    outcomes = stack.handled(own, "stage-logging", "api-lifecycle")
    assert {one["disposition"] for one in outcomes if one["function"] != "baseline"} == {"own_action"}
    return ended, [message.outcome for message in (*stack.all_told(event), *stack.told_later(event))]


def test_these_are_all_the_calls(stack, victim):
    run(stack, victim, UNHEARD)  # Opens connections.
    stage = known_stage(stack)
    again = stage, settings_of(stack, stage), attacked(stack, stage, ACCESS_LOGS)
    before, patches = stack.calls("stage-logging"), patched(stack)
    stack.aws.faults(UNHEARD)
    assert stack.answered(again[2]).outcome == "verified"
    made = {name: number - before.get(name, 0) for name, number in stack.calls("stage-logging").items()}
    made["apigateway:UpdateStage"] = patched(stack) - patches
    assert {name: number for name, number in made.items() if number} == {name: CALLS.count(name) for name in CALLS}


@pytest.mark.parametrize("number", **named(FAILING))
def test_a_call_that_fails_changes_nothing_in_the_end(stack, victim, number):
    ended, told = run(stack, victim, *fault(number, answer=500))
    assert ended == (["fired"] if number in PATIENT else ["failed", "fired"])
    # Before the claim people hear that it is not done yet, and then how it ended.
    is_told_first = 1 < number < CLAIM and number not in PATIENT
    # What is not known to be told is told again.
    is_told_twice = number > TELL
    assert told == ["retrying"] * is_told_first + ["verified"] * (1 + is_told_twice)


@pytest.mark.parametrize("number", **named(WRITES))
def test_a_call_without_an_answer_changes_nothing_in_the_end(stack, victim, number):
    ended, told = run(stack, victim, *fault(number, drop_answer=True))
    assert ended == (["fired"] if number == PATCH else ["failed", "fired"])
    is_told_first = number < CLAIM and number != PATCH
    is_told_twice = number in (TELL, TELL + 2)
    assert told == ["retrying"] * is_told_first + ["verified"] * (1 + is_told_twice)


def test_a_kill_switch_that_cannot_be_read_stops(stack, victim):
    stage, _, event = victim
    damaged, patches = settings_of(stack, stage), patched(stack)
    stack.aws.faults(*fault(SWITCH, answer=500))
    told = stack.answered(event)
    assert settings_of(stack, stage) == damaged
    assert patched(stack) == patches
    assert (told.outcome, stack.entry(event)["state"]) == ("awaiting", "awaiting")
    assert says(told, "Reason", "the kill switch cannot be read, which stops every write: ")


def test_what_somebody_else_has_put_back_before_the_retry_is_told(stack, victim):
    """No entry of the ledger tells it: the first try came to none, the second had nothing to do."""
    stage, before, event = victim
    access_logs = {f"/accessLogSettings/{name}": value for name, value in before["accessLogSettings"].items()}
    unseen(stack, lambda: stack.aws.client("apigateway").update_stage(**stage, patchOperations=patches(access_logs)))
    stack.aws.faults(*fault(2, answer=500))
    deliver(stack, [event])
    assert stack.brought_to_an_end(event, "stage-logging") == ["failed", "fired"]
    [told], [later] = stack.all_told(event), stack.told_as("resolved", event)
    assert (told.outcome, later.outcome, stack.entry(event)) == ("retrying", "already-right", None)
    assert later.subject.endswith(", right again")


def test_a_throttled_write_waits_as_long_as_it_is_told_to(stack, victim):
    stack.aws.faults({**UNHEARD, "answer": 429, "retry_after": 2, "times": 1}, UNHEARD)
    stage, before, event = victim
    assert stack.answered(event).outcome == "verified"
    assert settings_of(stack, stage) == before
    throttled, made = stack.writes(ledger_id(event))
    assert throttled["detail"]["errorCode"] == "TooManyRequestsException"
    assert seconds(made) - seconds(throttled) >= 2
    entry = stack.entry(event)
    assert (entry["state"], len(entry["writes"])) == ("verified", 1)


def seconds(event):
    """The time of an event."""
    return datetime.datetime.fromisoformat(event["detail"]["eventTime"]).timestamp()


@pytest.mark.parametrize("call", ["sts:AssumeRole", "apigateway:UpdateStage"])
def test_a_function_that_is_killed_between_two_calls_is_finished_by_its_retry(stack, victim, call):
    """Right after the call: before the write, and after it but before the read-back. Each call of API Gateway waits for
    its turn, so there is time.
    """
    stage, before, event = victim
    callers = {"sts:AssumeRole": "portcullis-stage-logging", "apigateway:UpdateStage": "portcullis-remediator"}

    def count(name, caller):
        return stack.aws.calls(caller=f"assumed-role/{caller}/").get(name, 0)

    made, patches = count(call, callers[call]), patched(stack)
    reads = count("apigateway:GetStage", "portcullis-stage-logging")
    stack.aws.faults(UNHEARD)
    deliver(stack, [event])
    wait_for(lambda: count(call, callers[call]) > made)
    for process in processes(stack, "portcullis-stage-logging"):
        os.kill(process, signal.SIGKILL)
    assert patched(stack) - patches == (call == "apigateway:UpdateStage")
    assert count("apigateway:GetStage", "portcullis-stage-logging") - reads == 2
    assert stack.entry(event)["state"] == "writing"
    stack.brought_to_an_end(event, "stage-logging")
    assert settings_of(stack, stage) == before
    assert patched(stack) - patches == 1
    assert (stack.entry(event)["state"], stack.told(event).outcome) == ("verified", "verified")


def processes(stack, function):
    """Processes of a function that the emulator of this test runs."""
    group = next(server.pid for server in stack.aws.servers if server.name == "ministack")
    wanted = f"AWS_LAMBDA_FUNCTION_NAME={function}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(fields[2]) == group and wanted in (folder / "environ").read_bytes().split(b"\0"):
                found.append(int(folder.name))
    return found
