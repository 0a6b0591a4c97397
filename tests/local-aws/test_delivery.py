"""Deliveries that come twice, late, in another order or at once, and calls to AWS that fail: the end is the same."""

import json

import pytest

from deliveries import deliver, finding_id
from scenes import last, logged_rest_stage, logging_switched_off, patch, unseen
from stack import finding

RULE = "stage-logging-disabled"
SDK_TRIES = 3


def switch_off(stack, stage):
    """Switches execution logging off; returns the event."""
    stack.aws.client("apigateway").update_stage(
        **stage, patchOperations=patch("replace", "/*/*/logging/loglevel", "OFF"))
    return last(stack, "UpdateStage")


def states(stack):
    """State of every finding in the table, by id."""
    return {pk.removeprefix("F#"): item["state"] for (pk, _), item in stack.items("F#").items()}


def assert_told_once(stack, event):
    """One message about the event, and the table says so."""
    assert [one["id"] for one in stack.findings()] == [finding_id(RULE, event)]
    assert states(stack) == {finding_id(RULE, event): "SENT"}


def test_fifty_deliveries_at_once_are_one_message(stack):
    event = logging_switched_off(stack)
    deliver(stack, [event], copies=50)
    stack.handled(event, "stage-logging", times=50)
    assert_told_once(stack, event)
    notified = [one["findings"][0]["notified"] for one in stack.outcomes() if one["function"] == "stage-logging"]
    assert notified.count("sent") == 1
    assert set(notified) <= {"sent", "already_sent", "held"}


def test_an_event_that_comes_six_times_is_told_once(stack):
    stage = logged_rest_stage(stack)
    stack.aws.faults({"operation": "UpdateStage", "duplicate": 5})
    event = switch_off(stack, stage)
    stack.handled(event, "stage-logging", times=6)
    assert_told_once(stack, event)


def test_an_event_that_comes_late_is_told(stack):
    stage = logged_rest_stage(stack)
    stack.aws.faults({"operation": "UpdateStage", "delay": 1})
    event = switch_off(stack, stage)
    assert stack.messages() == []
    stack.handled(event, "stage-logging")
    assert_told_once(stack, event)


def test_events_out_of_order_are_told_each(stack):
    stage = logged_rest_stage(stack)
    rest = stack.aws.client("apigateway")
    stack.aws.faults({"operation": "UpdateStage", "reorder": 3})
    for level in ("OFF", "INFO", "OFF"):
        rest.update_stage(**stage, patchOperations=patch("replace", "/*/*/logging/loglevel", level))
    events = stack.aws.events("UpdateStage")[-3:]
    for event in events:
        stack.handled(event, "stage-logging")
    assert {one["id"] for one in stack.findings()} == {finding_id(RULE, event) for event in (events[0], events[2])}


@pytest.mark.parametrize("failing", [1, SDK_TRIES])
def test_a_message_that_cannot_be_sent_is_sent_later_once(stack, failing):
    """First the SDK's own second try succeeds, then only a retry of the invocation does."""
    event = logging_switched_off(stack)
    stack.aws.faults({"operation": "sns:Publish", "answer": 500, "times": failing})
    deliver(stack, [event])
    ended = stack.brought_to_an_end(event, "stage-logging")
    assert ended == ["fired"] if failing == 1 else ["failed", "fired"]
    assert_told_once(stack, event)


def test_a_retry_sends_only_what_was_not_sent(stack):
    """Two findings of one event: the second cannot be sent at first."""
    stage = logged_rest_stage(stack)
    both = [*patch("replace", "/~1/GET/logging/loglevel", "ERROR"), *patch("remove", "/accessLogSettings")]
    call = stack.aws.client("apigateway").update_stage
    event = unseen(stack, lambda: call(**stage, patchOperations=both), "UpdateStage")
    rules = (RULE, "stage-logging-reduced")
    with stack.configured("stage-logging", AWS_MAX_ATTEMPTS="1"):
        stack.aws.faults({"operation": "sns:Publish", "skip": 1, "times": 1, "answer": 500})
        deliver(stack, [event])
        assert stack.brought_to_an_end(event, "stage-logging") == ["failed", "fired"]
    assert sorted(one["id"] for one in stack.findings()) == sorted(finding_id(rule, event) for rule in rules)
    assert set(states(stack).values()) == {"SENT"}


def test_what_can_never_be_sent_ends_in_the_queue_and_a_redrive_sends_it(stack):
    event = logging_switched_off(stack)
    with stack.configured("stage-logging", AWS_MAX_ATTEMPTS="1"):
        stack.aws.faults({"operation": "sns:Publish", "answer": 500})
        deliver(stack, [event])
        [failure] = stack.failures(1)
    stack.aws.faults()
    assert failure["requestPayload"]["detail"]["eventID"] == event["detail"]["eventID"]
    assert failure["responsePayload"]["errorType"] == "Retryable"
    assert "publish to the topic" in failure["responsePayload"]["errorMessage"]
    assert (stack.messages(), states(stack)) == ([], {finding_id(RULE, event): "PENDING"})
    # A delivery of its own does not send what another may be sending ...
    deliver(stack, [event])
    stack.handled(event, "stage-logging", times=4)
    assert stack.messages() == []
    # ... until that one must be gone.
    age_claims(stack)
    deliver(stack, [event])
    stack.handled(event, "stage-logging", times=5)
    assert_told_once(stack, event)


def age_claims(stack):
    """Makes every claim three minutes old."""
    for (pk, sk), item in stack.items("F#").items():
        stack.aws.client("dynamodb").update_item(
            TableName="portcullis", Key={"pk": {"S": pk}, "sk": {"S": sk}}, UpdateExpression="SET claimed_at = :then",
            ExpressionAttributeValues={":then": {"N": str(item["claimed_at"] - 180)}})


def test_no_message_is_lost_in_the_marker(stack):
    """The JSON in the queue's message is the finding that the table holds."""
    event = logging_switched_off(stack)
    deliver(stack, [event])
    stack.handled(event, "stage-logging")
    [item] = stack.items("F#").values()
    assert json.loads(item["finding"]) == finding(stack.messages()[0])
