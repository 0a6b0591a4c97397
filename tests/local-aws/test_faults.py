"""Every call of a finding that closes a window fails once, or is done without an answer, as when the function is killed
right after it: after Lambda's retry the messages, findings, counts and alerts are those of an undisturbed run.
"""

import collections

import pytest

from bench import ACCOUNT, REGION
from deliveries import deliver, in_order, variant
from scenes import logging_switched_off

# What the fourth stage costs: in the order in which the function calls.
CALLS = [
    "dynamodb:Query",               # the settings before
    "dynamodb:TransactWriteItems",  # claims the finding
    "sns:Publish",                  # tells it
    "dynamodb:UpdateItem",          # records that it is told
    "dynamodb:UpdateItem",          # counts the account
    "dynamodb:Query",
    "dynamodb:UpdateItem",          # counts the stage in its account
    "dynamodb:Query",
    "dynamodb:UpdateItem",          # counts the stage in its API
    "dynamodb:Query",
    "dynamodb:GetItem",             # the alerts so far
    "dynamodb:UpdateItem",          # raises the alert
    "sns:Publish",                  # tells it
    "dynamodb:UpdateItem",          # records that it is told
]
NUMBERED = pytest.mark.parametrize("number", range(len(CALLS)), ids=[f"{n}-{name}" for n, name in enumerate(CALLS)])
# Between a message and the record of it lies the one spot where it is sent again, with the same finding id.
RECORDS = [number + 1 for number, name in enumerate(CALLS) if name == "sns:Publish"]


@pytest.fixture(scope="module")
def events(deployed):
    """Logging switched off on four stages of an API."""
    deployed.aws.faults()
    event = logging_switched_off(deployed)
    return in_order(variant(event, stage=f"s{number}") for number in range(4))


@pytest.fixture
def impatient(stack):
    """The function with no retries in its SDK, so that one failing call fails the invocation; it has no memory."""
    with stack.configured("stage-logging", AWS_MAX_ATTEMPTS="1"):
        yield stack


def fault(number, **what):
    """A rule for the call of this number."""
    name = CALLS[number]
    return {"operation": name, "skip": CALLS[:number].count(name), "times": 1, **what}


def close_window(stack, events, *faults):
    """Three stages without and one with faults; returns how the tries of the fourth ended."""
    for event in events[:3]:
        deliver(stack, [event])
        stack.brought_to_an_end(event, "stage-logging")
    stack.aws.faults(*faults)
    deliver(stack, events[3:])
    return stack.brought_to_an_end(events[3], "stage-logging")


def end_state(stack):
    """Everything that is left, but for who did it and when: findings, counts, alerts, and how many were told."""
    passing = ("owner", "claimed_at", "sent_at", "expires_at", "version")
    left, told = {}, collections.Counter()
    for (pk, sk), item in stack.items().items():
        if pk.startswith("Q#"):
            told[pk] += item["messages"]
        else:
            left[pk, sk] = {name: value for name, value in item.items() if name not in passing}
    return left, told


def message_ids(stack):
    """Ids of the findings that were sent, in order."""
    return sorted(one["id"] for one in stack.findings())


def assert_sent(stack, messages, is_twice):
    """All of these findings were sent, and at most one of them a second time."""
    sent = message_ids(stack)
    assert sorted(set(sent)) == messages
    assert len(sent) == len(messages) + is_twice


@pytest.fixture(scope="module")
def undisturbed(deployed, events):
    """Messages and table of a run without faults, and its calls."""
    deployed.aws.faults()
    deployed.empty()
    with deployed.configured("stage-logging"):
        for event in events[:3]:
            deliver(deployed, [event])
            deployed.handled(event, "stage-logging")
        before = deployed.calls("stage-logging")
        deliver(deployed, events[3:])
        deployed.handled(events[3], "stage-logging")
        after = deployed.calls("stage-logging")
    calls = {name: number - before.get(name, 0) for name, number in after.items() if number != before.get(name, 0)}
    return message_ids(deployed), end_state(deployed), calls


def test_these_are_all_the_calls(undisturbed, events):
    messages, (left, told), calls = undisturbed
    assert calls == {name: CALLS.count(name) for name in CALLS}
    assert len(messages) == 5
    assert {item["state"] for (pk, _), item in left.items() if pk.startswith("F#")} == {"SENT"}
    [alert] = [item["alerts"] for (pk, _), item in left.items() if pk.startswith("A#")]
    assert list(alert.values()) == ["4 SENT"]
    api = events[0]["detail"]["requestParameters"]["restApiId"]
    assert told == {f"Q#stage-logging-disabled#{ACCOUNT}/{REGION}/{api}": 4}


@NUMBERED
def test_a_call_that_fails_changes_nothing_in_the_end(impatient, events, undisturbed, number):
    messages, state, _calls = undisturbed
    assert close_window(impatient, events, fault(number, answer=500)) == ["failed", "fired"]
    assert end_state(impatient) == state
    assert_sent(impatient, messages, is_twice=number in RECORDS)


@NUMBERED
def test_a_call_without_an_answer_changes_nothing_in_the_end(impatient, events, undisturbed, number):
    messages, state, _calls = undisturbed
    assert close_window(impatient, events, fault(number, drop_answer=True)) == ["failed", "fired"]
    assert end_state(impatient) == state
    assert_sent(impatient, messages, is_twice=number + 1 in RECORDS)
