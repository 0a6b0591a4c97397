"""Puts recorded events on the bus again: as they were, changed, many times, shuffled, at once."""

import copy
import datetime
import hashlib
import json
import random
import uuid
from concurrent.futures import ThreadPoolExecutor

from bench import ACCOUNT, REGION

AT_ONCE = 50


def event_of(detail):
    """A record as the relay shows its events."""
    return {"detail": detail, "account": detail["recipientAccountId"], "region": detail["awsRegion"]}


def envelope(detail, **members):
    """The event that EventBridge makes of a record."""
    return {"version": "0", "id": "1", "detail-type": "AWS API Call via CloudTrail", "source": "aws.apigateway",
            "account": ACCOUNT, "time": detail.get("eventTime"), "region": REGION, "resources": [], "detail": detail,
            **members}


def variant(event, new_id=True, **members):
    """Another event like this one. `api` and `stage` are renamed wherever a REST record has them; other members
    replace those of the record.
    """
    detail = copy.deepcopy(event["detail"])
    if new_id:
        detail["eventID"] = str(uuid.uuid4())
    for name, value in members.items():
        if name == "api":
            detail["requestParameters"]["restApiId"] = detail["responseElements"]["self"]["restApiId"] = value
        elif name == "stage":
            detail["requestParameters"]["stageName"] = detail["responseElements"]["stageName"] = value
        else:
            detail[name] = value
    return event_of(detail)


def in_order(events):
    """The same events with ids that sort as they stand: what is earlier in its minute costs a window less."""
    return [variant(event, eventID=f"{number:08}-0000-4000-8000-{uuid.uuid4().hex[:12]}")
            for number, event in enumerate(events)]


def at(seconds_ago):
    """An event time so long ago."""
    then = datetime.datetime.now(datetime.UTC) - datetime.timedelta(seconds=seconds_ago)
    return then.strftime("%Y-%m-%dT%H:%M:%SZ")


def deliver(stack, events, copies=1, seed=1):
    """Puts events on the bus of their account and Region, again and again, shuffled, many at once."""
    queue = [event for event in events for _ in range(copies)]
    random.Random(seed).shuffle(queue)
    buses = {place: stack.aws.client("events", *place, endpoint_url=stack.aws.emulator_url)
             for place in {place_of(event) for event in events}}

    def put(event):
        answer = buses[place_of(event)].put_events(Entries=[entry(event)])
        assert answer["FailedEntryCount"] == 0

    with ThreadPoolExecutor(max_workers=AT_ONCE) as pool:
        list(pool.map(put, queue))


def place_of(event):
    """Account and Region of an event."""
    return event["account"], event["region"]


def entry(event):
    """What PutEvents takes."""
    return {"Source": "aws.apigateway", "DetailType": "AWS API Call via CloudTrail",
            "Detail": json.dumps(event["detail"])}


def finding_id(rule, event):
    """The id that a finding of this rule on this event must have."""
    detail = event["detail"]
    return digest(rule, detail["recipientAccountId"], detail["awsRegion"], detail["eventID"])


def window_id(rule, scope, time, level=0):
    """The id of the finding of a window alert."""
    return digest(rule, scope, time, str(level))


def digest(*parts):
    """How Portcullis makes ids."""
    return hashlib.sha256("".join(f"{part}\n" for part in parts).encode()).hexdigest()[:16]
