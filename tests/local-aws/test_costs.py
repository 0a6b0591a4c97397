"""What an event costs: the calls of a warm function, and the time from the bus to the message.

`pytest -s` prints the figures. Calls are asserted, times are not.
"""

import statistics
import time

from bench import wait_for
from deliveries import deliver, in_order, variant
from scenes import STAGE_FUNCTIONS, logged_rest_stage, logging_switched_off, patch, unseen

# The contract: a finding, each window that it feeds, each window alert.
OF_FINDING, OF_WINDOW, OF_ALERT = 4, 2, 4


def cost(stack, event, function):
    """The calls that a function makes for one event."""
    before, delivered = stack.calls(function), len(stack.outcomes(event["detail"]["eventID"]))
    deliver(stack, [event])
    reached = STAGE_FUNCTIONS if event["detail"]["eventName"] == "UpdateStage" else [function]
    stack.handled(event, *reached, times=delivered // len(reached) + 1)
    after = stack.calls(function)
    return {name: number - before.get(name, 0) for name, number in after.items() if number != before.get(name, 0)}


def show(title, calls):
    """One line of the table."""
    what = ", ".join(f"{number} {name}" for name, number in sorted(calls.items())) or "none"
    print(f"\n{title:<42}{sum(calls.values()):>3}  {what}", end="")


def test_a_quiet_event_costs_nothing(stack):
    stage = logged_rest_stage(stack)
    rest = stack.aws.client("apigateway")
    quiet = unseen(stack, lambda: rest.update_stage(
        **stage, patchOperations=patch("replace", "/variables/color", "blue")), "UpdateStage")
    failed = variant(quiet, errorCode="BadRequestException")
    for function in STAGE_FUNCTIONS:
        cost(stack, variant(quiet), function)
        calls = cost(stack, variant(quiet), function)
        show(f"quiet event, {function}", calls)
        assert calls == {}
    outcomes = len(stack.outcomes())
    deliver(stack, [failed])
    assert len(stack.outcomes()) == outcomes


def test_a_finding_that_feeds_no_window(stack):
    rest = stack.aws.client("apigateway")
    made = unseen(stack, lambda: rest.create_rest_api(name="orders"), "CreateRestApi")
    cost(stack, made, "api-lifecycle")
    calls = cost(stack, variant(made), "api-lifecycle")
    show("finding, no window", calls)
    assert sum(calls.values()) <= OF_FINDING
    calls = cost(stack, made, "api-lifecycle")
    show("the same event again, no window", calls)
    assert sum(calls.values()) < OF_FINDING


def test_a_finding_that_feeds_windows(stack):
    """Three windows, below their threshold, at it, and above it."""
    stack.restart()
    event = logging_switched_off(stack)
    early, *stages = in_order(variant(event, stage=f"s{number}") for number in range(6))
    for stage in stages[:2]:
        cost(stack, stage, "stage-logging")
    below = cost(stack, stages[2], "stage-logging")
    show("finding, 3 windows below threshold", below)
    assert sum(below.values()) <= OF_FINDING + 3 * OF_WINDOW
    alert = cost(stack, stages[3], "stage-logging")
    show("finding, 3 windows, 1 alert", alert)
    assert sum(alert.values()) <= OF_FINDING + 3 * OF_WINDOW + OF_ALERT
    covered = cost(stack, stages[4], "stage-logging")
    show("finding, 3 windows, alerted before", covered)
    assert sum(covered.values()) <= OF_FINDING + 3 * OF_WINDOW
    # It is earlier than others of its account and minute: docs/windows.md has the third call.
    late = cost(stack, early, "stage-logging")
    show("finding, 3 windows, early in its minute", late)
    assert sum(late.values()) <= OF_FINDING + 3 * OF_WINDOW + 2
    again = cost(stack, stages[3], "stage-logging")
    show("the same event again, 3 windows", again)
    assert sum(again.values()) < sum(covered.values())
    assert len(stack.findings("stage-logging-disabled-across-stages")) == 1


def test_a_cold_start_costs_one_call(stack):
    first, second, third = in_order([logging_switched_off(stack)] * 3)
    cost(stack, first, "stage-logging")
    warm = cost(stack, second, "stage-logging")
    stack.restart()
    cold = cost(stack, third, "stage-logging")
    show("cold start, beside its event", {"dynamodb:GetItem": 1})
    assert cold == {**warm, "dynamodb:GetItem": 1}


def test_latency_from_the_bus_to_the_message(stack):
    """A rule sends 20 messages for an API, so that there are two rounds."""
    event, seconds = logging_switched_off(stack), []
    for _ in range(2):
        stack.empty()
        latency(stack, variant(event))
        seconds += [latency(stack, variant(event)) for _ in range(15)]
    print(f"\nfrom the bus to the queue of on-call, {len(seconds)} findings on warm functions: median "
          f"{statistics.median(seconds) * 1000:.0f} ms, p95 {statistics.quantiles(seconds, n=20)[-1] * 1000:.0f} ms")


def latency(stack, event):
    """Seconds from putting an event on the bus to the arrival of its message."""
    started, arrived = time.monotonic(), len(stack.received)
    deliver(stack, [event])
    wait_for(lambda: len(stack.messages()) > arrived)
    seconds = time.monotonic() - started
    stack.handled(event, *STAGE_FUNCTIONS)
    return seconds
