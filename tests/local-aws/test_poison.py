"""Events that cannot be read: each ends in a queue with the reason, and the others go on."""

import pytest

from deliveries import deliver, finding_id, variant
from scenes import STAGE_FUNCTIONS, logging_switched_off


def poisoned(event, damage):
    """The event with something wrong in it."""
    event = variant(event)
    damage(event["detail"])
    return event


def with_time(detail):
    """A time that is a number."""
    detail["eventTime"] = 5


def with_operations(detail):
    """A text in place of the operations."""
    detail["requestParameters"]["updateStageInput"]["patchOperations"] = "x"


def with_identity(detail):
    """An ARN that is a list."""
    detail["userIdentity"]["arn"] = ["x"]


def with_half_a_character(detail):
    """A text that is no Unicode."""
    detail["userAgent"] = "a\ud800b"


@pytest.mark.parametrize("damage, field", [
    (with_half_a_character, "detail.userAgent"),
    (with_time, "detail.eventTime"),
    (with_operations, "requestParameters.updateStageInput.patchOperations"),
    (with_identity, "detail.userIdentity.arn"),
])
def test_poison_ends_in_the_queue_with_the_reason_and_others_go_on(stack, damage, field):
    good = logging_switched_off(stack)
    poison = poisoned(good, damage)
    deliver(stack, [poison, good])
    failures = stack.failures(len(STAGE_FUNCTIONS))
    assert [one["requestPayload"]["detail"] for one in failures] == [poison["detail"]] * len(STAGE_FUNCTIONS)
    for failure in failures:
        assert failure["requestContext"]["condition"] == "RetriesExhausted"
        assert failure["responsePayload"]["errorType"] == "Final"
        assert f"`{field}`" in failure["responsePayload"]["errorMessage"]
    stack.handled(good, "stage-logging")
    assert [one["id"] for one in stack.findings()] == [finding_id("stage-logging-disabled", good)]
