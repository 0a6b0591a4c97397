"""Mends of EventBridge: what may be put, which rules fire, and what becomes of a target that cannot be reached."""

import contextvars
import json

from ministack.core import responses
from ministack.core.arn import ArnParseError, parse_arn
from ministack.services import eventbridge, lambda_svc, sns, sqs

BY_CLOUDTRAIL = "AWS API Call via CloudTrail"
ALSO_READS = "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS"


def put_events():
    """AWS services put events of source `aws.*`, which PutEvents refuses to anybody else, as AWS does; the relay
    stands in for CloudTrail, so they are let in. AWS's `time` is the entry's `Time`; MiniStack takes its own clock.
    """
    put, now = eventbridge._put_events, eventbridge._now_ts
    asked = contextvars.ContextVar("time of the entry", default=None)
    eventbridge._now_ts = lambda: now() if asked.get() is None else float(asked.get())

    def put_events_of(data, allow_aws_source=True):
        entries = data.get("Entries", [])
        if len(entries) > 10:
            return put(data)
        answers = []
        for entry in entries:
            token = asked.set(entry.get("Time"))
            answers.append(json.loads(put({"Entries": [entry]}, allow_aws_source)[2]))
            asked.reset(token)
        return responses.json_response({
            "FailedEntryCount": sum(answer["FailedEntryCount"] for answer in answers),
            "Entries": [result for answer in answers for result in answer["Entries"]]})

    eventbridge._put_events = put_events_of


def rules_for_all_management_events():
    """A rule in state ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS fires, and only such a rule fires on reads that
    come from CloudTrail. MiniStack never fires it, and fires every other rule on reads.
    """

    def dispatch_event(event, view=None):
        view = view or eventbridge._pattern_event_view(event)
        states = (ALSO_READS,) if is_read(event) else (ALSO_READS, "ENABLED")
        for key, rule in list(eventbridge._rules.items()):
            if rule.get("State") not in states or not rule.get("EventPattern"):
                continue
            if rule.get("EventBusName", "default") != event.get("EventBusName", "default"):
                continue
            if key in (event.get("_DispatchPath") or []):
                continue
            if eventbridge._matches_pattern_view(rule["EventPattern"], view, f"rule {key}"):
                for target in eventbridge._targets.get(key, []):
                    eventbridge._invoke_target(target, event, rule, view)

    eventbridge._dispatch_event = dispatch_event


def is_read(event):
    """Whether CloudTrail says that the call changed nothing."""
    if event.get("DetailType") != BY_CLOUDTRAIL:
        return False
    try:
        detail = json.loads(event.get("Detail") or "{}")
    except ValueError:
        return False
    return isinstance(detail, dict) and detail.get("readOnly") is True


def buses_elsewhere():
    """AWS hands an event on to a bus in another Region or account, if that bus's policy lets the account in. The
    event keeps its own account and Region, and is not handed on a second time. MiniStack drops it.
    """
    to_bus = eventbridge._dispatch_to_event_bus

    def dispatch_to_event_bus(spec, event, rule, event_path, payload=None):
        if (spec.account_id, spec.region) == (responses.get_account_id(), responses.get_region()):
            return to_bus(spec, event, rule, event_path, payload)
        if delivery_problem(spec) or event.get("_HandedOn"):
            return None
        forwarded = {**event, "_HandedOn": True, "_DispatchPath": [], "EventBusName": spec.resource.split("/", 1)[1]}
        if payload is not None:
            forwarded["Detail"] = payload
        with responses.request_scope(spec.account_id, spec.region):
            eventbridge._dispatch_event(forwarded)
            eventbridge._archive_event(forwarded)
        return None

    eventbridge._dispatch_to_event_bus = dispatch_to_event_bus


def target_dead_letters():
    """AWS sends an event that a target did not take to the target's dead-letter queue; MiniStack drops it."""
    invoke = eventbridge._invoke_target

    def invoke_target(target, event, rule, view=None):
        view = view or eventbridge._pattern_event_view(event)
        queue_arn = (target.get("DeadLetterConfig") or {}).get("Arn")
        problem = target_problem(target.get("Arn", ""))
        if problem and queue_arn and sqs._queue_by_arn(queue_arn):
            send_dead_letter(queue_arn, json.dumps(view.event_with_detail()), {
                "RULE_ARN": rule.get("Arn", ""), "TARGET_ARN": target.get("Arn", ""),
                "ERROR_CODE": problem, "ERROR_MESSAGE": "the target does not exist or may not be used"})
            return
        invoke(target, event, rule, view)

    eventbridge._invoke_target = invoke_target


def target_problem(arn):
    """Why a target would not get its event; nothing for targets of other kinds."""
    try:
        spec = parse_arn(arn)
    except ArnParseError:
        return "INVALID_ARN"
    here = (spec.account_id, spec.region) == (responses.get_account_id(), responses.get_region())
    if spec.service == "events" and spec.resource.startswith("event-bus/"):
        return delivery_problem(spec)
    reached = {
        "lambda": lambda: lambda_svc._get_func_record_for_ref(arn)[0],
        "sqs": lambda: sqs._queue_by_arn(arn),
        "sns": lambda: sns._topics.get(arn),
    }
    if spec.service not in reached:
        return None
    return None if here and reached[spec.service]() else "RESOURCE_NOT_FOUND"


def delivery_problem(spec):
    """Why a bus would not take an event of the present account."""
    name = spec.resource.split("/", 1)[1]
    if name != "default" and not eventbridge._event_buses.get_scoped(spec.account_id, spec.region, name):
        return "RESOURCE_NOT_FOUND"
    account = responses.get_account_id()
    if spec.account_id == account:
        return None
    policy = eventbridge._event_bus_policies.get_scoped(spec.account_id, spec.region, name) or {}
    named = json.dumps([statement.get("Principal") for statement in policy.get("Statement", [])])
    return None if '"*"' in named or account in named else "NO_PERMISSIONS"


def send_dead_letter(queue_arn, body, attributes):
    """Puts a message with attributes into a queue."""
    eventbridge._dispatch_to_sqs(parse_arn(queue_arn), body)
    message = sqs._queue_by_arn(queue_arn)["messages"][-1]
    message["message_attributes"] = {
        name: {"DataType": "String", "StringValue": value} for name, value in attributes.items()}


def lambda_targets_retry():
    """AWS invokes a function asynchronously: two retries, then its on-failure destination or dead-letter queue."""

    def dispatch_to_lambda(arn, payload):
        function, config, _name = lambda_svc._get_func_record_for_ref(arn)
        if function and config:
            record = lambda_svc._execution_record_for_config(function, config)
            lambda_svc.invoke_async_with_retry(record, json.loads(payload))

    eventbridge._dispatch_to_lambda = dispatch_to_lambda


MENDS = (put_events, rules_for_all_management_events, buses_elsewhere, target_dead_letters, lambda_targets_retry)
