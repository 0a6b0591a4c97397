"""The same rows with moto as API Gateway: a second opinion on REST APIs. Each emulator is wrong in other places."""

from types import SimpleNamespace

import pytest

from bench import LocalAws
from deliveries import deliver
from remedy import EARLIER, Remedied, recorded
from rows import ALL, LOGGED, ORDERS, REST, TRACED, assert_private_again, assert_restored, ended, rest_loop, run
from scenes import ROLE, patch, patches

# What moto can do: it takes no key away.
ON_MOTO = [row for row in REST if not row.startswith(("2-a-", "2-the-", "3-", "4-and-"))]


@pytest.fixture(scope="module")
def second(tmp_path_factory):
    """The same with moto as API Gateway; everything else stays."""
    with LocalAws(moto=True) as aws:
        stack = Remedied(aws, tmp_path_factory.mktemp("config"))
        stack.settings["AWS_ENDPOINT_URL_API_GATEWAY"] = aws.moto_url
        stack.restart()
        recorded(aws, lambda event: deliver(stack, [event]), EARLIER).update_account(
            patchOperations=patch("replace", "/cloudwatchRoleArn", ROLE))
        yield stack


def on_moto(stack):
    """The same there: its clients make the records that the relay would have made."""
    def hidden(calls):
        held = []
        calls(recorded(stack.aws, held.append))
        return held[-1]

    seen = []

    def published(event):
        seen.append(event)
        deliver(stack, [event])

    return SimpleNamespace(hidden=hidden, newest=lambda: seen[-1],
                           of=lambda record=None: recorded(stack.aws, published, record))


@pytest.fixture(scope="module")
def second_loops(second):
    """Attacks on stages of REST APIs where moto keeps them."""
    return run(second, on_moto(second), rest_loop, ON_MOTO)


@pytest.mark.parametrize("row", ON_MOTO)
def test_logging_of_a_rest_stage_comes_back_on_moto(second, second_loops, row):
    assert_restored(second, second_loops[row], is_noted=REST[row][1] == TRACED)


def test_a_key_that_was_removed_comes_back_on_moto(second):
    """moto takes no key away: the stage is made again without it, and the record says what AWS's would."""
    aws, held = on_moto(second), []
    loop = rest_loop(aws, "1-every-method")
    silent = recorded(second.aws, held.append)
    silent.update_stage(**loop.stage, patchOperations=patch("remove", ALL))
    loop.event = held[-1]
    loop.event["detail"]["responseElements"]["methodSettings"].pop("*/*")
    silent.delete_stage(**loop.stage)
    silent.create_stage(**loop.stage, deploymentId=loop.before["deploymentId"], tags=loop.before["tags"],
                        variables={**loop.before["variables"], "color": "blue"}, tracingEnabled=True)
    silent.update_stage(**loop.stage, patchOperations=[
        *(one for one in LOGGED if not one["path"].startswith(ALL)),
        *patches({f"{ORDERS}/throttling/rateLimit": "7", "/description": "for all"})])
    loop.damaged = loop.read()
    second.handled(loop.known, "baseline")
    ended(second, [loop])
    assert_restored(second, loop)


def test_a_private_api_is_private_again_on_moto(second):
    assert_private_again(second, on_moto(second))
