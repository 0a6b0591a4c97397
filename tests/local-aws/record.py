"""Makes CloudTrail records of API Gateway calls, in the shapes that real records have.

REST APIs (v1) wrap the body (`updateStageInput`) and add `template`; HTTP and WebSocket APIs (v2) are flat. Which
members exist comes from botocore's models. What no model says, members that AWS always answers and the links of v1
resources, comes from real records (`ALWAYS`, `links.json`).
"""

import hashlib
import json
import time
import uuid
from pathlib import Path
from urllib.parse import quote, unquote

LINKS = json.loads((Path(__file__).parent / "links.json").read_text())
NOT_LOGGED = ("TestInvokeMethod", "TestInvokeAuthorizer")
SOURCE_IP = "192.0.2.10"
# What a v1 resource has in an answer of AWS even if nobody set it, beside the members of type boolean.
ALWAYS = {
    "RestApi": {"apiStatus": "AVAILABLE", "apiKeySource": "HEADER", "securityPolicy": "TLS_1_0"},
    "Stage": {"methodSettings": {}, "cacheClusterStatus": "NOT_AVAILABLE"},
    "Integration": {"timeoutInMillis": 29000, "cacheKeyParameters": [], "passthroughBehavior": "WHEN_NO_MATCH",
                    "responseTransferMode": "BUFFERED"},
}
# What MiniStack answers and AWS does not unless it was sent, by the resource's type.
UNASKED = {
    "AWS": ("connectionType",), "AWS_PROXY": ("connectionType",), "HTTP": ("connectionType",),
    "HTTP_PROXY": ("connectionType",), "MOCK": ("connectionType",),
    "COGNITO_USER_POOLS": ("authorizerResultTtlInSeconds",),
    "JWT": ("authorizerResultTtlInSeconds", "authorizerPayloadFormatVersion", "enableSimpleResponses"),
}
AUTHORIZER_TYPES = {"COGNITO_USER_POOLS": "cognito_user_pools", "TOKEN": "custom", "REQUEST": "custom"}
# The same for v2, by what the operation works on.
ALWAYS_V2 = {
    "Api": {"ipAddressType": "ipv4"},
    "Deployment": {"autoDeployed": False},
    "Integration": {"connectionType": "INTERNET", "timeoutInMillis": 30000},
    "Stage": {"routeSettings": {}, "defaultRouteSettings": {"detailedMetricsEnabled": False}, "tags": {},
              "stageVariables": "***"},
}


def make_record(request, call, answer, identity):
    """The record of one call, by the answer that the caller got."""
    _key, region, _service = request.scope
    failed = answer.status >= 400
    body = json_of(answer.body)
    record = {
        "eventVersion": "1.11",
        "userIdentity": user_identity(identity),
        "eventTime": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
        "eventSource": "apigateway.amazonaws.com",
        "eventName": call.operation,
        "awsRegion": region,
        "sourceIPAddress": SOURCE_IP,
        "userAgent": request.headers.get("user-agent", ""),
        "requestParameters": parameters(request, call),
        "responseElements": None if failed else elements(request, call, body, region),
        "requestID": answer.request_id or str(uuid.uuid4()),
        "eventID": str(uuid.uuid4()),
        "readOnly": call.model.http["method"] == "GET",
        "eventType": "AwsApiCall",
        "managementEvent": True,
        "recipientAccountId": identity["account"],
        "eventCategory": "Management",
        "tlsDetails": {"tlsVersion": "TLSv1.3", "cipherSuite": "TLS_AES_128_GCM_SHA256"},
    }
    if call.service == "apigateway":
        record["tlsDetails"]["clientProvidedHostHeader"] = f"apigateway.{region}.amazonaws.com"
    if failed:
        record.update(failure(call, answer.status, body))
    return record


def failure(call, status, body):
    """The members of a call that failed: v1 has a message; v2 has one in the answer, and only for bad requests."""
    code = error_code(body)
    message = body.get("message") or body.get("Message") or ""
    if status == 403:
        return {"errorCode": "AccessDenied", "errorMessage": message, "requestParameters": None}
    if call.service == "apigateway":
        return {"errorCode": code, "errorMessage": message}
    return {"errorCode": code, "responseElements": {"message": message} if status == 400 else None}


def error_code(body):
    """The code of an error answer."""
    return str(body.get("__type") or body.get("code") or "InternalFailure").rpartition("#")[2].partition(":")[0]


def user_identity(identity):
    """Who called, from the account, ARN and unique id behind the access key."""
    arn, account, user_id = identity["arn"], identity["account"], identity["user_id"]
    kind, _, name = arn.rpartition(":")[2].partition("/")
    shared = {"arn": arn, "accountId": account, "accessKeyId": identity["access_key"]}
    if kind != "assumed-role":
        name = name.rpartition("/")[2] or "tester"
        shared["arn"] = arn if kind == "user" else f"arn:aws:iam::{account}:user/{name}"
        return {"type": "IAMUser", "principalId": unique_id("AIDA", shared["arn"]), **shared, "userName": name}
    role, _, session = name.rpartition("/")
    role_id = user_id.partition(":")[0] if user_id.startswith("AROA") else unique_id("AROA", account + role)
    issuer = {"type": "Role", "principalId": role_id, "arn": f"arn:aws:iam::{account}:role/{role}",
              "accountId": account, "userName": role}
    started = {"creationDate": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "mfaAuthenticated": "false"}
    return {"type": "AssumedRole", "principalId": f"{role_id}:{session}", **shared,
            "sessionContext": {"sessionIssuer": issuer, "attributes": started}}


def unique_id(prefix, of):
    """An id as IAM makes them, always the same for the same name."""
    return prefix + hashlib.sha256(of.encode()).hexdigest()[:17].upper()


def parameters(request, call):
    """What the caller asked for."""
    return rest_parameters(request, call) if call.service == "apigateway" else flat_parameters(request, call)


def rest_parameters(request, call):
    """v1: path parameters, the wrapped body, `template`. A document (OpenAPI, CSV) is not wrapped."""
    shape = call.model.input_shape
    members = shape.members if shape else {}
    found = {name: unquote(call.labels[member.serialization["name"]])
             for name, member in members.items() if member.serialization.get("location") == "uri"}
    if shape and shape.serialization.get("payload"):
        return {**found, **document_parameters(request), "template": False}
    found.update(query_parameters(request, members))
    body = {name: member for name, member in members.items() if "location" not in member.serialization}
    if body:
        wrapped = {**booleans(body), **json_of(request.body)}
        if "patchOperations" in wrapped:
            wrapped["patchOperations"] = [patch_operation(one) for one in wrapped["patchOperations"]]
        found[f"{lower_first(call.operation)}Input"] = wrapped
    return {**found, "template": False}


def document_parameters(request):
    """The query of an import goes to `parameters`, but for the one flag of its own."""
    query = {name: values[-1] for name, values in request.query.items()}
    strict = query.pop("failonwarnings", "false").lower() == "true"
    return {"parameters": query, "body": request.body.decode("utf-8", "replace"), "failOnWarnings": strict}


def patch_operation(operation):
    """CloudTrail's order; a member that was not sent is absent."""
    return {name: operation[name] for name in ("path", "value", "op", "from") if operation.get(name) is not None}


def booleans(members):
    """AWS fills in plain booleans that the caller left out."""
    return {wire_name(name, member): False for name, member in members.items() if member.name == "Boolean"}


def query_parameters(request, members):
    """The members that travel in the query string, as their types."""
    found = {}
    for name, member in members.items():
        sent = request.query.get(member.serialization.get("name"))
        if member.serialization.get("location") == "querystring" and sent:
            value = sent if member.type_name == "list" else sent[-1]
            value = value.lower() == "true" if member.type_name == "boolean" else value
            found[lower_first(name)] = int(value) if member.type_name == "integer" else value
    return found


def flat_parameters(request, call):
    """v2: labels, percent-encoded all but the unreserved characters, beside the members of the body."""
    members = call.model.input_shape.members if call.model.input_shape else {}
    labels = {lower_first(name): quote(unquote(call.labels[member.serialization["name"]]), safe="-._~")
              for name, member in members.items() if member.serialization.get("location") == "uri"}
    return {**json_of(request.body), **query_parameters(request, members), **labels} or None


def elements(request, call, body, region):
    """The state after the call; null for deletions, tagging and reads."""
    shape = call.model.output_shape
    if not body or shape is None or call.model.http["method"] == "GET":
        return None
    sent = set(json_of(request.body))
    found = {}
    for name, member in shape.members.items():
        wire = wire_name(name, member)
        value = body.get(wire)
        if value not in (None, "", {}, []) or (value in ({}, []) and wire in sent):
            found[wire] = iso_time(value) if member.type_name == "timestamp" else value
    for name in UNASKED.get(found.get("type") or found.get("authorizerType"), ()):
        if name not in sent:
            found.pop(name, None)
    return rest_elements(call, shape, found) if call.service == "apigateway" else flat_elements(call, found, region)


def rest_elements(call, shape, found):
    """A v1 resource as AWS answers it, with its links."""
    found.pop("apiSummary", None)
    found = {**ALWAYS.get(shape.name, {}), **booleans(shape.members), **found}
    ids = {**{name: unquote(call.labels[member.serialization["name"]])
              for name, member in call.model.input_shape.members.items()
              if member.serialization.get("location") == "uri"}, **own_ids(shape.name, found)}
    if shape.name == "Integration":
        found.setdefault("cacheNamespace", ids["resourceId"])
    if shape.name == "Authorizer":
        found.setdefault("authType", AUTHORIZER_TYPES.get(found.get("type"), "custom"))
    return {**found, **{name: filled(link, ids) for name, link in LINKS.get(shape.name, {}).items()}}


def own_ids(kind, found):
    """The names under which a resource's links know it."""
    own = found.get("id")
    return {
        "RestApi": {"restApiId": own, "parentId": found.get("rootResourceId")},
        "Stage": {"stageName": found.get("stageName")},
        "Deployment": {"deploymentId": own},
        "Resource": {"resourceId": own, "parentId": own},
        "Authorizer": {"authorizerId": own},
    }.get(kind, {})


def filled(link, ids):
    """A link with its ids in place."""
    return {name: ids.get(value[1:]) if isinstance(value, str) else value for name, value in link.items()}


def flat_elements(call, found, region):
    """A v2 resource as AWS answers it."""
    kind = next((kind for kind in ALWAYS_V2 if call.operation in (f"Create{kind}", f"Update{kind}")), None)
    found = {**ALWAYS_V2.get(kind, {}), **found}
    if kind == "Stage":
        found["stageVariables"] = "***"
    if kind == "Api":
        scheme = "wss" if found.get("protocolType") == "WEBSOCKET" else "https"
        found["apiEndpoint"] = f"{scheme}://{found.get('apiId')}.execute-api.{region}.amazonaws.com"
        if not found.get("disableSchemaValidation"):
            found.pop("disableSchemaValidation", None)
    return found


def iso_time(value):
    """A time as records of 2026 have it, from a number or a text."""
    if isinstance(value, (int, float)):
        return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(value))
    return value


def wire_name(name, member):
    """What a member is called in JSON."""
    return member.serialization.get("name") or name


def lower_first(name):
    """`ApiId` as `apiId`."""
    return name[:1].lower() + name[1:]


def json_of(body):
    """The JSON object of a body; empty for anything else."""
    try:
        decoded = json.loads(body or b"{}")
    except ValueError:
        return {}
    return decoded if isinstance(decoded, dict) else {}
