"""The CloudTrail envelope: who calls (`Actor`), what is called (`Call`), and the record made of both.

The field set and its order follow records of eventVersion 1.08 to 1.11.
"""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from .ids import iso, uuid

NO_TLS_HOST = {"apigatewayv2"}
EVENT_VERSIONS = {
    "health": "1.08",
    "secretsmanager": "1.08",
    "resource-explorer-2": "1.09",
    "cloudformation": "1.09",
    "ce": "1.10",
    "iam": "1.10",
    "elasticloadbalancing": "1.10",
}
API_VERSIONS = {
    "logs": "20140328",
    "wafv2": "2019-04-23",
    "codedeploy": "2014-10-06",
    "elasticloadbalancing": "2015-12-01",
}


@dataclass(frozen=True)
class Actor:
    """A caller with its credentials. `agent` may hold `{api}` and `{command}` for SDK and CLI agents."""

    account: str
    identity: dict
    ip: str
    agent: str
    console: bool = False
    tls: bool = True


@dataclass
class Call:
    """One API call and its result. `api` is the SDK's name of the service where it differs from the source's."""

    source: str
    name: str
    request: Any = None
    response: Any = None
    read: bool = False
    error: str | None = None
    message: str | None = None
    api: str | None = None
    extra: dict = field(default_factory=dict)

    def host_name(self):
        return self.source.split(".")[0]

    def service(self):
        return self.api or self.host_name()


@dataclass
class Step:
    """A call at a time. `call` runs on the world as earlier steps left it; `story` and `rules` are for the README."""

    at: datetime
    actor: Actor
    region: str
    call: Callable
    story: str = ""
    rules: tuple = ()
    target: str = ""


def failed(call, error, message=None, keep_request=True):
    """The same call refused: no response, and for an access denial no request parameters either."""
    call.error, call.message, call.response = error, message, None
    if not keep_request:
        call.request = None
    return call


def kebab(name):
    """`GetRestApis` -> `get-rest-apis`, without the version suffix of Lambda's event names."""
    name = re.sub(r"20\d{6}(v\d)?$", "", name)
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "-", name).lower()


def user_agent(actor, call):
    service = call.service()
    return actor.agent.format(api=service, command=f"{service}.{kebab(call.name)}")


def tls_details(call, region):
    details = {"tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256"}
    if call.service() not in NO_TLS_HOST:
        name = call.host_name()
        host = f"{name}.amazonaws.com" if name in ("iam", "organizations") else f"{name}.{region}.amazonaws.com"
        details["clientProvidedHostHeader"] = call.extra.get("host", host)
    return details


def request_fields(actor, call, at, region):
    """The first half of a record: everything about the call and its result."""
    out = {
        "eventVersion": EVENT_VERSIONS.get(call.host_name(), "1.11"),
        "userIdentity": actor.identity,
        "eventTime": iso(at),
        "eventSource": call.source,
        "eventName": call.name,
        "awsRegion": region,
        "sourceIPAddress": actor.ip,
        "userAgent": user_agent(actor, call),
    }
    if call.error:
        out["errorCode"] = call.error
    if call.message:
        out["errorMessage"] = call.message
    out.update({"requestParameters": call.request, "responseElements": call.response})
    if "additionalEventData" in call.extra:
        out["additionalEventData"] = call.extra["additionalEventData"]
    return out


def record(actor, call, at, region):
    """The CloudTrail record of `call`; its ids are a function of everything else in it."""
    out = request_fields(actor, call, at, region)
    seed = json.dumps([out, actor.account, call.extra], sort_keys=True)
    event_type = call.extra.get("eventType", "AwsApiCall")
    if event_type == "AwsApiCall":
        out["requestID"] = uuid("request", seed)
    out.update({"eventID": uuid("event", seed), "readOnly": call.read})
    if "resources" in call.extra:
        out["resources"] = call.extra["resources"]
    out["eventType"] = event_type
    if call.host_name() in API_VERSIONS:
        out["apiVersion"] = API_VERSIONS[call.host_name()]
    out.update({"managementEvent": True, "recipientAccountId": actor.account})
    if "sharedEventID" in call.extra:
        out["sharedEventID"] = call.extra["sharedEventID"]
    out["eventCategory"] = "Management"
    if actor.tls:
        out["tlsDetails"] = tls_details(call, region)
    if actor.console:
        out["sessionCredentialFromConsole"] = "true"
    return out
