"""What keeps remediation back: modes, caps, policies, exemptions, doubts; and that stripping a tag first does not."""

import json
from types import SimpleNamespace

import pytest

from bench import ACCOUNT
from deliveries import at, deliver, variant
from remedy import attacked, known_stage, ledger_id, modes, says, settings_of
from scenes import last, patches

RESCUER = f"arn:aws:iam::{ACCOUNT}:user/rescuer"
CLOUDFORMATION = {"userIdentity": {"invokedBy": "cloudformation.amazonaws.com"},
                  "sourceIPAddress": "cloudformation.amazonaws.com", "userAgent": "cloudformation.amazonaws.com"}
OWN_POLICY = """
@id("payments-by-hand")
@reason("team payments sees to it by itself")
forbid (principal, action == Portcullis::Action::"RestoreStageLogging", resource)
when { resource has api && resource.api == "%s" }%s;
"""


@pytest.fixture
def stack(remedied):
    """The same without faults and with all of the budgets; switch and modes are as at the start afterwards."""
    with remedied.afresh():
        yield remedied


def selected(stage, kind="target", **members):
    """A target or exemption of remediation.toml for the API of a stage."""
    lines = [f"{name} = {json.dumps(value)}" for name, value in members.items()]
    return "\n".join([f"[[{kind}]]", f'apis = ["{stage["restApiId"]}"]', *lines, ""])


def exemption(stage, expires):
    """An exemption until then."""
    return selected(stage, "exemption", reason="load test", owner="team-payments", expires=expires)


def asked_for(mode):
    """What an owner may write for a stage: this mode for it, and `auto` for all others."""
    return lambda stage: selected(stage, mode=mode)


DESCRIBED = "nothing was put back; the commands below do it (restore-stage-logging, mode notify)"
IGNORED = "nothing was put back (restore-stage-logging, mode off)"
PLANNED = "nothing was put back (dry run): policy would allow it"
DENIED = "nothing was put back (dry run): policy would not allow it"
WAITS = "nothing was put back yet: it waits for approval until"
# What the function is told by its environment. For each case of it what the owner asks for and members of the attack's
# record; then what must be said, what was done and why; and what is left in the ledger: the state, and the policies
# that decided.
NOT_DONE = {
    "": {
        "off": (asked_for("off"), {}, IGNORED, "remediation is switched off", None),
        "notify": (asked_for("notify"), {}, DESCRIBED, "the mode is `notify`: nothing is changed here", None),
        "dry-run": (asked_for("dry-run"), {}, PLANNED, None, ("planned", "asked-for")),
        "approve": (asked_for("approve"), {}, WAITS, None, ("awaiting", "asked-for")),
        "exempt": (lambda stage: exemption(stage, "2099-01-01T00:00:00Z"), {}, DENIED,
                   "exempt until 2099-01-01T00:00:00Z: load test (team-payments)", ("planned", "exempt")),
        "break-glass": (asked_for("auto"), {"userIdentity": {"arn": RESCUER}}, DENIED,
                        "a break-glass principal made the change, and their changes stay", ("planned", "break-glass")),
        "cloudformation": (asked_for("auto"), CLOUDFORMATION, DENIED,
                           "the change came through CloudFormation, and the owner does not ask to revert that",
                           ("planned", "cloudformation")),
        "too-old": (asked_for("auto"), {"eventTime": at(16 * 60)}, WAITS,
                    "the change is more than 15 minutes old, so a person has to decide whether it is relied on by now",
                    ("awaiting", "too-old", "asked-for"))},
    "PORTCULLIS_REMEDIATION_MAX=off": {
        "capped-at-off": (asked_for("auto"), {}, IGNORED, "remediation is switched off", None)},
    "PORTCULLIS_REMEDIATION_MAX=": {
        "not-allowed": (asked_for("auto"), {}, DESCRIBED, "the mode is `notify`: nothing is changed here", None)},
    "PORTCULLIS_REMEDIATION_MAX=dry-run": {
        "capped-at-dry-run": (asked_for("auto"), {}, PLANNED, "the deployment allows `dry-run` at most",
                              ("planned", "asked-for"))},
    "PORTCULLIS_REMEDIATION_MAX=approve": {
        "capped-at-approve": (asked_for("auto"), {}, WAITS, "the deployment allows `approve` at most",
                              ("awaiting", "asked-for")),
        "already-less": (asked_for("notify"), {}, DESCRIBED, "the mode is `notify`: nothing is changed here", None)},
    "PORTCULLIS_KILL_SWITCH=": {
        "no-kill-switch": (asked_for("auto"), {}, DENIED, "no kill switch is configured, so nobody could stop this",
                           ("planned", "no-kill-switch"))},
    "PORTCULLIS_REMEDIATOR_ROLE=": {
        "no-role": (asked_for("auto"), {}, PLANNED, "no remediator role is configured", ("planned", "asked-for"))},
}
CASES = {name: case for cases in NOT_DONE.values() for name, case in cases.items()}


@pytest.fixture(scope="module")
def not_done(remedied):
    """Every case on a stage of its own; those of one environment at once: event, settings before and after, message."""
    found, assumed = {}, remedied.calls("stage-logging").get("sts:AssumeRole", 0)
    for environment, cases in NOT_DONE.items():
        stages = {name: known_stage(remedied, seconds_ago=3600) for name in cases}
        owners = [asked(stages[name]) for name, (asked, *_) in cases.items()]
        (remedied.folder / "remediation.toml").write_text("\n".join(
            [modes(), *owners, f'[break-glass]\nprincipals = ["{RESCUER}"]\n']))
        events = {name: attacked(remedied, stages[name], **record) for name, (_, record, *_) in cases.items()}
        damaged = {name: settings_of(remedied, stage) for name, stage in stages.items()}
        with remedied.configured("stage-logging", **dict(one.split("=") for one in environment.split())):
            deliver(remedied, events.values())
            for event in events.values():
                remedied.brought_to_an_end(event, "stage-logging")
        for name, event in events.items():
            found[name] = SimpleNamespace(event=event, stage=stages[name], damaged=damaged[name])
    remedied.configure_modes(modes())
    # Without a write there is no session of the role that writes.
    assert remedied.calls("stage-logging").get("sts:AssumeRole", 0) == assumed
    return found


@pytest.mark.parametrize("name", CASES)
def test_nothing_is_written_and_the_message_says_why(remedied, not_done, name):
    _, _, done, reason, left = CASES[name]
    case = not_done[name]
    told, entry = remedied.told(case.event), remedied.entry(case.event)
    assert case.damaged["methodSettings"]["*/*"]["loggingLevel"] == "OFF"
    assert settings_of(remedied, case.stage) == case.damaged
    assert remedied.writes_to(case.stage) == []
    assert says(told, "Done", f"{done}")
    if reason:
        assert f"{reason}" in told.said["Reason"]
    assert (entry and (entry["state"], *entry["policies"])) == left
    assert (entry["writes"] if entry else []) == []
    assert getattr(told, "outcome", None) == (left and left[0])
    if left:
        label = "Planned" if done == DENIED else "Would set"
        assert told.said[label] == ["/*/*/logging/loglevel: OFF -> INFO"]
        assert told.said["Policy"] == [", ".join(left[1:])]
    waits = bool(left) and left[0] == "awaiting"
    assert told.said["Approve"] == [
        f"portcullis approve {ledger_id(case.event)} (credentials and Region of the account of Portcullis)"] * waits


def test_by_hand_is_what_would_have_been_written(remedied, not_done):
    told = remedied.told(not_done["notify"].event)
    api = not_done["notify"].stage["restApiId"]
    assert f"aws apigateway update-stage --region eu-west-1 --rest-api-id {api} --stage-name prod --patch-operations" \
        in told.text


@pytest.mark.parametrize(("unless", "done", "left"), [
    ("", DENIED, "planned"),
    (" unless { context.approved }", WAITS, "awaiting")])
def test_a_policy_of_the_deployment_has_the_last_word(stack, unless, done, left):
    stage, other = known_stage(stack), known_stage(stack)
    file = stack.folder / "cedar/own.cedar"
    file.write_text(OWN_POLICY % (stage["restApiId"], unless))
    stack.restart()
    event, spared = attacked(stack, stage), attacked(stack, other)
    damaged = settings_of(stack, stage)
    told = stack.answered(event)
    assert stack.answered(spared).outcome == "verified"
    file.unlink()
    stack.restart()
    assert settings_of(stack, stage) == damaged
    assert stack.writes_to(stage) == []
    assert says(told, "Done", f"{done}")
    assert "team payments sees to it by itself" in told.said["Reason"]
    entry = stack.entry(event)
    assert (entry["state"], told.outcome) == (left, left)
    assert entry["policies"] == ["payments-by-hand", "asked-for"][:1 if left == "planned" else 2]


def test_an_exemption_that_has_ended_does_nothing_and_is_told(stack):
    stage = known_stage(stack)
    before = settings_of(stack, stage)
    stack.configure_modes(modes() + exemption(stage, "2020-01-01T00:00:00Z"))
    told = stack.answered(attacked(stack, stage))
    assert settings_of(stack, stage) == before
    assert told.outcome == "verified"
    assert told.said["Reason"] == [
        "an exemption ended on 2020-01-01T00:00:00Z and does nothing any more: load test (team-payments)"]


def test_a_change_through_cloudformation_is_reverted_where_the_owner_asks_for_it(stack):
    stage = known_stage(stack)
    before = settings_of(stack, stage)
    stack.configure_modes(modes() + selected(stage, mode="auto", cloudformation=True))
    told = stack.answered(attacked(stack, stage, **CLOUDFORMATION))
    assert settings_of(stack, stage) == before
    assert (told.outcome, told.severity, told.finding["driver"]) == ("verified", "medium", "cloudformation")


def test_what_the_record_does_not_show_waits_for_a_person(stack):
    """Parameters and response were cut off, and the live state cannot be read at first."""
    stage = known_stage(stack)
    event = variant(attacked(stack, stage), responseElements=None, requestParameters=stage)
    damaged = settings_of(stack, stage)
    with stack.configured("stage-logging", AWS_MAX_ATTEMPTS="1"):
        stack.aws.faults({"operation": "GetStage", "answer": 500, "times": 1})
        told = stack.answered(event)
    assert settings_of(stack, stage) == damaged
    assert told.outcome == "awaiting"
    assert told.finding["confidence"] == "low"
    assert "the record does not show what was changed, so a person has to look" in told.said["Reason"]


OPT_IN = {"portcullis:remediate": "enabled"}
BY_TAG = modes("off") + '[[target]]\ntags = { "portcullis:remediate" = "enabled" }\nmode = "auto"\n'


@pytest.mark.parametrize("meanwhile", [0, 1, 11], ids=["at-once", "after-another-change", "after-many-changes"])
@pytest.mark.parametrize("tagged", ["api", "stage"])
def test_a_tag_that_is_stripped_before_the_attack_counts_all_the_same(stack, tagged, meanwhile):
    stack.configure_modes(BY_TAG)
    stripped = {"responseElements": {"tags": {}}}  # What MiniStack would still answer with the tag.
    rest = stack.aws.client("apigateway", record={"eventTime": at(200)})
    api = rest.create_rest_api(name="tagged", tags=OPT_IN if tagged == "api" else {})
    rest.put_method(restApiId=api["id"], resourceId=api["rootResourceId"], httpMethod="GET", authorizationType="NONE")
    stage = known_stage(stack, api=api["id"], tags=OPT_IN if tagged == "stage" else {})
    before = settings_of(stack, stage)
    arn = "arn:aws:apigateway:eu-west-1::/restapis/{restApiId}" + ("/stages/{stageName}" if tagged == "stage" else "")
    rest = stack.aws.client("apigateway", record={"eventTime": at(60), **stripped})
    rest.untag_resource(resourceArn=arn.format(**stage), tagKeys=list(OPT_IN))
    for number in range(meanwhile):
        # Each of a second of its own, and so a version of its own.
        rest = stack.aws.client("apigateway", record={"eventTime": at(59 - number), **stripped})
        rest.update_rest_api(restApiId=api["id"], patchOperations=patches({"/name": f"untagged{number}"}))
        stack.handled(last(stack, "UpdateRestApi"), "baseline")
        rest.update_stage(**stage, patchOperations=patches({"/variables/color": f"blue{number}"}))
        stack.handled(last(stack, "UpdateStage"), "baseline")
        before["variables"] = {"color": f"blue{number}"}
    told = stack.answered(attacked(stack, stage, **stripped))
    assert told.outcome == "verified"
    assert settings_of(stack, stage) == before


def test_a_stage_that_never_had_the_tag_is_left_alone(stack):
    stack.configure_modes(BY_TAG)
    stage = known_stage(stack, tags={"portcullis:remediate": "disabled"})
    told = stack.answered(attacked(stack, stage))
    assert "remediation is switched off" in told.said["Reason"]
    assert stack.writes_to(stage) == []
