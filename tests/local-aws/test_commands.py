"""`portcullis approve` and `portcullis undo`, the real program against the real functions; and that a message alone is
worth nothing to whoever reads it.
"""

import json
import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from deliveries import deliver
from remedy import (
    EARLIER, attacked, known_private_api, known_stage, ledger_id, made_public, modes, settings_of)
from scenes import LOG_GROUP, http_stage, last, patches, unseen

LEVEL = "/*/*/logging/loglevel"
CREDENTIALS = "(credentials and Region of the account of Portcullis)"
SWITCHED = "the kill switch stops every write: it is not set to `allow`; set it before you approve or undo"
NO_UNDO = """
@id("audit")
@reason("an audit is running")
forbid (principal, action == Portcullis::Action::"Undo", resource);
"""
# One for each test that takes one.
STAGES = 25


@pytest.fixture(scope="module")
def remedied(remedied):
    """The owner asks for approval, of stages and of everything else."""
    remedied.configure_modes(modes("approve"))
    return remedied


@pytest.fixture
def stack(remedied):
    """The same without faults and with all of the budgets; switch and modes are as at the start afterwards."""
    with remedied.afresh():
        yield remedied


@pytest.fixture(scope="module")
def attacks(remedied):
    """Stages whose logging was switched off, told to people and waiting for them; all at once, for tests to take."""
    stages = [known_stage(remedied) for _ in range(STAGES)]
    before = [settings_of(remedied, stage) for stage in stages]
    events = [attacked(remedied, stage) for stage in stages]
    deliver(remedied, events)
    for event in events:
        remedied.brought_to_an_end(event, "stage-logging")
    return list(zip(stages, before, events))


@pytest.fixture
def waiting(stack, attacks):
    """One of them: the stage, its settings before and after the attack, the event, and the id that waits."""
    stage, before, event = attacks.pop()
    assert stack.told(event).outcome == "awaiting"
    return stage, before, settings_of(stack, stage), event, ledger_id(event)


@pytest.fixture
def approved(stack, waiting):
    """The same after an approval."""
    code, out, _ = stack.command("approve", waiting[-1])
    assert (code, out) == (0, f"{waiting[-1]}: verified\n")
    return waiting


def refused(stack, verb, id_, *more):
    """What the program prints of a command that is refused; nothing else is on standard error."""
    code, out, err = stack.command(verb, id_, *more)
    lines = out.splitlines()
    assert (code, lines[0], err) == (1, f"{id_}: refused", "")
    return [line.strip() for line in lines[1:]]


def assert_own(stack, id_, number):
    """So many writes, which every function knows for our own."""
    written = stack.writes(id_)
    assert len(written) == number
    for event in written:
        reached = stack.handled(event, "stage-logging", "api-lifecycle")
        assert {one["disposition"] for one in reached if one["function"] != "baseline"} == {"own_action"}


def test_an_approval_puts_back_and_is_recorded(stack, waiting):
    stage, before, _, event, id_ = waiting
    told = stack.told(event)
    assert told.said["Approve"] == [f"portcullis approve {id_} {CREDENTIALS}"]
    assert (told.kind, told.outcome, told.subject.endswith(", needs approval")) == ("finding", "awaiting", True)
    assert stack.command("approve", id_, "--by", "carol") == (0, f"{id_}: verified\n", "")
    assert settings_of(stack, stage) == before
    entry = stack.entry(event)
    assert (entry["state"], entry["mode"], entry["approved"]["by"]) == ("verified", "approve", "carol")
    assert_own(stack, id_, 1)
    [later] = stack.told_later(event)
    assert (later.kind, later.outcome) == ("resolved", "verified")
    assert later.subject == f"RESTORED: Stage logging: {stage['restApiId']}/prod (111122223333)"
    assert "by carol (as the command says)" in later.text
    assert (later.remediation["id"], later.remediation["state"]) == (id_, "verified")
    assert later.remediation["finding_id"] == told.finding["id"]


def test_a_second_approval_is_refused(stack, approved):
    assert refused(stack, "approve", approved[-1]) == ["nothing waits for approval: it is verified"]
    assert len(stack.writes(approved[-1])) == 1


def test_of_two_approvals_at_once_one_counts(stack, waiting):
    stage, before, _, _, id_ = waiting
    with ThreadPoolExecutor() as pool:
        answers = list(pool.map(lambda name: stack.command("approve", id_, "--by", name), ["carol", "dave", "erin"]))
    assert sorted(code for code, _, _ in answers).count(0) >= 1
    assert settings_of(stack, stage) == before
    assert len(stack.writes(id_)) == 1


def test_an_approval_that_comes_too_late_is_refused(stack, waiting):
    stage, _, damaged, _, id_ = waiting
    stack.rewrite(id_, deadline=1_700_000_000)
    assert refused(stack, "approve", id_) == ["the time for approval ended at 2023-11-14T22:13:20Z"]
    assert settings_of(stack, stage) == damaged
    assert stack.writes(id_) == []


def test_an_approval_after_the_settings_have_moved_on_is_refused(stack, waiting):
    stage, _, _, _, id_ = waiting
    stack.aws.client("apigateway").update_stage(**stage, patchOperations=patches({LEVEL: "ERROR"}))
    now = settings_of(stack, stage)
    assert refused(stack, "approve", id_) == [f"changed since by somebody else: {LEVEL}"]
    assert settings_of(stack, stage) == now
    assert stack.writes(id_) == []


def test_an_approval_of_what_is_right_already_writes_nothing(stack, waiting):
    stage, before, _, event, id_ = waiting
    stack.aws.client("apigateway").update_stage(**stage, patchOperations=patches({LEVEL: "INFO"}))
    code, _, _ = stack.command("approve", id_)
    assert (code, settings_of(stack, stage), stack.writes(id_)) == (0, before, [])
    assert stack.entry(event)["state"] == "verified"


def test_an_approval_after_the_api_was_deleted_is_refused(stack, waiting):
    stage, _, _, _, id_ = waiting
    stack.aws.client("apigateway").delete_rest_api(restApiId=stage["restApiId"])
    assert refused(stack, "approve", id_) == ["it does not exist any more"]


def test_the_kill_switch_stops_approvals_until_it_allows_again(stack, waiting):
    stage, before, damaged, event, id_ = waiting
    stack.switch("stop")
    assert refused(stack, "approve", id_) == [SWITCHED]
    assert (settings_of(stack, stage), stack.entry(event)["state"]) == (damaged, "awaiting")
    stack.switch("allow")
    assert stack.command("approve", id_)[0] == 0
    assert settings_of(stack, stage) == before


def test_an_exemption_that_came_since_stops_an_approval(stack, waiting):
    stage, _, damaged, _, id_ = waiting
    stack.configure_modes(modes("approve") + (
        f'[[exemption]]\napis = ["{stage["restApiId"]}"]\nreason = "load test"\nowner = "team"\n'
        'expires = "2099-01-01T00:00:00Z"\n'))
    assert refused(stack, "approve", id_) == ["an exemption holds for it"]
    assert settings_of(stack, stage) == damaged


@pytest.mark.parametrize(("id_", "nearest"), [
    ("restore-stage-loging-0123456789abcdef", "restore-stage-logging-0123456789abcdef"),
    ("restore-private-endpoints-0123456789abcdef", "restore-private-endpoint-0123456789abcdef"),
    ("0123456789abcdef", ""), ("restore-stage-logging-0123", "restore-stage-logging-0123456789abcdef")])
@pytest.mark.parametrize("verb", ["approve", "undo"])
def test_what_is_no_id_is_refused_with_the_nearest(stack, verb, id_, nearest):
    code, out, err = stack.command(verb, id_)
    assert (code, out) == (2, "")
    assert f"`{id_}` is no id of a remediation" in err
    assert nearest in err


def test_an_id_that_nobody_gave_is_refused(stack):
    for verb in ("approve", "undo"):
        assert refused(stack, verb, "restore-stage-logging-0123456789abcdef") == ["the ledger has no such entry"]


def test_another_function_refuses_the_id(stack, waiting):
    assert refused(stack, "approve", waiting[-1], "--function", "portcullis-api-exposure") == [
        "the function `stage-logging` does that"]
    assert refused(stack, "approve", waiting[-1], "--function", "portcullis-api-lifecycle") == [
        "the function `api-lifecycle` changes nothing"]
    assert stack.entry(waiting[-2])["state"] == "awaiting"


def test_a_function_that_is_not_there_is_named(stack, waiting):
    code, out, err = stack.command("approve", waiting[-1], "--function", "portcullis-nowhere")
    assert (code, out) == (2, "")
    assert f"no answer about `{waiting[-1]}`" in err


def test_an_undo_takes_back_what_was_restored(stack, approved):
    stage, before, damaged, event, id_ = approved
    assert settings_of(stack, stage) == before
    code, out, err = stack.command("undo", id_, "--by", "dave", "--format", "json")
    assert (code, err) == (0, "")
    answer = json.loads(out)
    assert (answer["id"], answer["state"]) == (id_, "undone")
    assert settings_of(stack, stage) == damaged
    entry = stack.entry(event)
    assert (entry["state"], entry["undone"]["by"]) == ("undone", "dave")
    assert_own(stack, id_, 2)
    undone = stack.told_later(event)[-1]
    assert (undone.outcome, undone.subject.split(":")[0]) == ("undone", "RESTORE UNDONE")
    assert "by dave (as the command says)" in undone.text
    assert f"{LEVEL}: INFO -> OFF" in undone.said["Set back"]
    # Once.
    assert refused(stack, "undo", id_) == ["there is nothing to take back: it is undone"]
    assert refused(stack, "approve", id_) == ["nothing waits for approval: it is undone"]
    assert settings_of(stack, stage) == damaged


def test_an_undo_keeps_what_others_have_set_since(stack, approved):
    stage, _, damaged, _, id_ = approved
    stack.aws.client("apigateway").update_stage(**stage, patchOperations=patches({"/variables/color": "blue"}))
    assert stack.command("undo", id_)[0] == 0
    assert settings_of(stack, stage) == {**damaged, "variables": {"color": "blue"}}


def test_an_undo_after_the_world_has_moved_on_is_refused(stack, approved):
    stage, _, _, event, id_ = approved
    stack.aws.client("apigateway").update_stage(**stage, patchOperations=patches({LEVEL: "ERROR"}))
    now = settings_of(stack, stage)
    assert refused(stack, "undo", id_) == [f"changed since by somebody else: {LEVEL}"]
    assert (settings_of(stack, stage), stack.entry(event)["state"]) == (now, "verified")


def test_an_undo_after_a_day_is_refused(stack, approved):
    stack.rewrite(approved[-1], updated=1_700_000_000)
    assert refused(stack, "undo", approved[-1]) == ["it is more than 24 hours old"]


def test_an_undo_that_policy_does_not_allow_any_more_is_refused(stack, approved):
    stage, before, _, event, id_ = approved
    file = stack.folder / "cedar/own.cedar"
    file.write_text(NO_UNDO)
    stack.restart()
    answer = refused(stack, "undo", id_)
    file.unlink()
    stack.restart()
    assert answer == ["an audit is running"]
    assert (settings_of(stack, stage), stack.entry(event)["state"]) == (before, "verified")


def test_who_asks_for_less_by_now_can_still_take_a_restore_back(stack, approved):
    stage, _, damaged, event, id_ = approved
    stack.configure_modes(modes("notify"))
    code, out, _ = stack.command("undo", id_)
    assert (code, out) == (0, f"{id_}: undone\n")
    assert (settings_of(stack, stage), stack.entry(event)["state"]) == (damaged, "undone")


def test_an_undo_of_what_was_never_done_is_refused(stack, waiting):
    assert refused(stack, "undo", waiting[-1]) == ["there is nothing to take back: it is awaiting"]


def test_the_kill_switch_stops_an_undo_and_nothing_is_lost(stack, approved):
    stage, before, damaged, event, id_ = approved
    stack.switch("stop")
    assert refused(stack, "undo", id_) == [SWITCHED]
    assert (settings_of(stack, stage), stack.entry(event)["state"]) == (before, "verified")
    stack.switch("allow")
    assert stack.command("undo", id_)[0] == 0
    assert settings_of(stack, stage) == damaged


def test_an_undo_that_would_need_a_deletion_is_refused_and_prints_it(stack):
    http = stack.aws.client("apigatewayv2")
    stage = http_stage(stack.aws.client("apigatewayv2", record=EARLIER), "HTTP", AccessLogSettings={
        "DestinationArn": LOG_GROUP, "Format": "$context.requestId"})
    stack.handled(last(stack, "CreateStage"), "baseline")
    event = unseen(stack, lambda: http.delete_access_log_settings(**stage), "DeleteAccessLogSettings")
    assert stack.answered(event).outcome == "awaiting"
    id_ = ledger_id(event)
    assert stack.command("approve", id_)[0] == 0
    assert refused(stack, "undo", id_) == [
        "that takes a call that deletes, which is never made here",
        f"aws apigatewayv2 delete-access-log-settings --region 'eu-west-1' --api-id '{stage['ApiId']}' "
        "--stage-name 'prod'"]
    assert http.get_stage(**stage)["AccessLogSettings"]["DestinationArn"] == LOG_GROUP
    assert stack.entry(event)["state"] == "verified"


def test_an_undo_never_makes_an_api_public(stack):
    api = known_private_api(stack)
    event = made_public(stack, api)
    assert stack.answered(event, "api-exposure").outcome == "awaiting"
    id_ = ledger_id(event, "restore-private-endpoint")
    assert stack.command("approve", id_)[0] == 0
    [first, *commands] = refused(stack, "undo", id_)
    assert first == "Portcullis never makes a private API public; to do it by hand, run:"
    assert all(line.startswith("aws apigateway update-rest-api ") for line in commands) and commands
    endpoint = stack.aws.client("apigateway").get_rest_api(**api)["endpointConfiguration"]
    assert endpoint["types"] == ["PRIVATE"]


def test_nothing_in_a_message_acts_by_itself(stack, approved):
    """Links go to the console, which asks who one is; there are no tokens and no keys. Commands need credentials."""
    assert stack.command("undo", approved[-1])[0] == 0
    texts = [message["Message"] for message in stack.messages()]
    links = {link for text in texts for link in re.findall(r"[a-z]+://[^\s\"]+", text)}
    assert links
    for link in links:
        assert re.match(r"https://eu-west-1\.console\.aws\.amazon\.com/(apigateway|cloudtrailv2)/", link), link
        assert not re.search(r"approve|undo|token|command|lambda|invoke|restore-", link), link
    for text in texts:
        assert not re.search(r"\bA(KIA|SIA|ROA)[0-9A-Z]{16}\b|X-Amz-|session.?token|secret", text, re.IGNORECASE)
    assert {one for text in texts for one in re.findall(r"portcullis [a-z]+", text)} <= {
        "portcullis approve", "portcullis undo"}


def test_a_message_is_not_enough_without_credentials(stack, waiting):
    """Whoever knows the id, and has no right to invoke, gets nowhere."""
    stage, _, damaged, event, id_ = waiting
    code, out, err = stack.command("approve", id_, AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
    assert (code, out) == (2, "")
    assert f"no answer about `{id_}`" in err
    assert (settings_of(stack, stage), stack.entry(event)["state"]) == (damaged, "awaiting")
