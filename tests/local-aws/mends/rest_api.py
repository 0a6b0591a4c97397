"""Mends of API Gateway REST APIs (v1). Error texts are AWS's where one is known; no test should rest on the others."""

import json
import re
from urllib.parse import unquote

from ministack.services import apigateway as v2, apigateway_v1 as v1

from mends import intercept

LOG_LEVELS = ("OFF", "ERROR", "INFO")
LOG_DESTINATION = re.compile(
    r"arn:aws[a-z-]*:(logs:[a-z0-9-]+:\d{12}:log-group:\S+"
    r"|firehose:[a-z0-9-]+:\d{12}:deliverystream/amazon-apigateway-\S+)"
)
NO_ROLE = "CloudWatch Logs role ARN must be set in account settings to enable logging"
ENDPOINT_TYPES = ("EDGE", "REGIONAL", "PRIVATE")
METHOD_SETTINGS = (
    "metrics/enabled", "logging/loglevel", "logging/dataTrace", "throttling/burstLimit", "throttling/rateLimit",
    "caching/enabled", "caching/ttlInSeconds", "caching/dataEncrypted", "caching/requireAuthorizationForCacheControl",
    "caching/unauthorizedCacheControlHeaderStrategy",
)
STAGE_PATHS = re.compile(
    r"/(deploymentId|description|cacheClusterEnabled|cacheClusterSize|clientCertificateId|documentationVersion"
    r"|tracingEnabled|methodSettings|accessLogSettings(/(destinationArn|format))?|variables(/[^/]+)?"
    r"|canarySettings(/.+)?|.+/.+/(" + "|".join(METHOD_SETTINGS) + r"))"
)


def bad_request(message):
    """A 400 as API Gateway answers it."""
    return v1._v1_error("BadRequestException", message, 400)


def ids_of_apis():
    """Ids of REST, HTTP and WebSocket APIs have ten characters, which policies count; MiniStack's have eight."""
    rest, routed = v1._resolve_custom_rest_api_id, v2._resolve_custom_api_id

    def rest_api_id(tags):
        asked, error = rest(tags)
        return (asked, error) if asked or error else (v1._new_id(), None)

    v1._resolve_custom_rest_api_id = rest_api_id
    v2._resolve_custom_api_id = lambda tags, existing: (
        routed(tags, existing) or (v1._new_id() if existing is v2._apis else None))


def no_null_members():
    """AWS leaves out what is not set; MiniStack answers nulls, and `accessLogSettings: {}` where there are none."""
    answer = v1._v1_response
    v1._v1_response = lambda data, status=200: answer(without_nulls(data), status)


def without_nulls(data):
    """The same value without null members and empty access-log settings."""
    if isinstance(data, dict):
        return {
            name: without_nulls(value)
            for name, value in data.items()
            if value is not None and not (name == "accessLogSettings" and not value)
        }
    return [without_nulls(item) for item in data] if isinstance(data, list) else data


def create_rest_api_defaults_to_edge():
    """AWS creates an edge-optimised API if no endpoint type is given, and adds the IP address type."""
    create = v1._create_rest_api

    def create_rest_api(data):
        endpoint = dict(data.get("endpointConfiguration") or {})
        endpoint["types"] = endpoint.get("types") or ["EDGE"]
        endpoint.setdefault("ipAddressType", ip_address_type(endpoint["types"][0]))
        return create({**data, "endpointConfiguration": endpoint})

    v1._create_rest_api = create_rest_api


def ip_address_type(endpoint_type):
    """What AWS sets with an endpoint type: private APIs are always dualstack."""
    return "dualstack" if endpoint_type == "PRIVATE" else "ipv4"


def import_rest_api():
    """AWS's `POST /restapis?mode=import` reads an OpenAPI document; MiniStack makes an empty API of it."""

    @intercept(v1, "POST", "/restapis/?")
    def answer(data, query):
        if query.get("mode") != ["import"]:
            return None
        api_id = v1._import_rest_api(data, {"name": (data.get("info") or {}).get("title", "")})
        types = parameter(query, "endpointConfigurationTypes")
        if types:
            v1._rest_apis[api_id]["endpointConfiguration"] = {
                "types": types.split(","), "ipAddressType": ip_address_type(types)}
        status, headers, body = v1._get_rest_api(api_id)
        return 201 if status == 200 else status, headers, body


def parameter(query, name):
    """One value of the query string, or none."""
    return (query.get(name) or [None])[0]


def update_rest_api():
    """AWS knows each path and its type; MiniStack sets whatever it is told, and turns endpoint types into an object."""

    @intercept(v1, "PATCH", "/restapis/([^/]+)")
    def answer(data, _query, api_id):
        api = v1._rest_apis.get(api_id)
        if api is None:
            return None
        changed = json.loads(json.dumps(api))
        for operation in data.get("patchOperations") or []:
            problem = patch_rest_api(changed, operation)
            if problem:
                return bad_request(problem)
        v1._rest_apis[api_id] = changed
        return v1._get_rest_api(api_id)


def patch_rest_api(api, operation):
    """Applies one operation of UpdateRestApi; returns what is wrong with it."""
    op, path, value = operation.get("op"), operation.get("path") or "", operation.get("value")
    if path.startswith("/endpointConfiguration/"):
        return patch_endpoint(api.setdefault("endpointConfiguration", {}), op, path.split("/", 3)[2], value)
    if path.startswith("/binaryMediaTypes/"):
        return patch_media_types(api, op, path.split("/", 2)[2].replace("~1", "/").replace("~0", "~"), value)
    name = path[1:]
    if name not in REST_API_VALUES or op not in ("replace", *REST_API_ALSO.get(name, ())):
        return f"Invalid patch path {path}"
    api[name] = REST_API_VALUES[name](value) if op != "remove" and value not in (None, "") else None
    if name == "description" and api[name] is None:
        api[name] = ""
    return None


REST_API_VALUES = {
    "name": str, "description": str, "apiKeySource": str, "policy": str, "securityPolicy": str,
    "endpointAccessMode": str, "minimumCompressionSize": int,
    "disableExecuteApiEndpoint": lambda value: value.lower() == "true",
}
REST_API_ALSO = {"description": ("add", "remove")}


def patch_endpoint(endpoint, op, member, value):
    """The endpoint configuration: of several types in one call the last wins; EDGE cannot follow PRIVATE."""
    current = (endpoint.get("types") or ["EDGE"])[0]
    if member == "types" and op == "replace":
        if value not in ENDPOINT_TYPES:
            return f"Invalid endpoint type {value}"
        if (current, value) == ("PRIVATE", "EDGE"):
            return "Cannot update endpoint from PRIVATE to EDGE"
        endpoint.update(types=[value], ipAddressType=ip_address_type(value))
        if value != "PRIVATE":
            endpoint.pop("vpcEndpointIds", None)
    elif member == "ipAddressType" and op == "replace":
        endpoint["ipAddressType"] = value
    elif member == "vpcEndpointIds" and op in ("add", "remove"):
        if current != "PRIVATE":
            return "VPC endpoint ids are only supported for PRIVATE endpoints"
        others = [known for known in endpoint.get("vpcEndpointIds", []) if known != value]
        endpoint["vpcEndpointIds"] = [*others, value] if op == "add" else others
    else:
        return f"Invalid patch path /endpointConfiguration/{member}"
    return None


def patch_media_types(api, op, media_type, value):
    """Binary media types are a list whose entries are named in the path."""
    kept = [known for known in api.get("binaryMediaTypes") or [] if known != media_type]
    if op not in ("add", "replace", "remove"):
        return f"Invalid patch operation {op}"
    api["binaryMediaTypes"] = kept if op == "remove" else [*kept, value if op == "replace" else media_type]
    return None


def duplicate_stage():
    """AWS refuses a second stage of the same name; MiniStack overwrites the first."""

    @intercept(v1, "POST", "/restapis/([^/]+)/stages")
    def answer(data, _query, api_id):
        if data.get("stageName") in v1._stages_v1.get(api_id, {}):
            return v1._v1_error("ConflictException", "Stage already exists", 409)
        return None


def deployment_without_methods():
    """AWS refuses to deploy an API that has no method."""

    @intercept(v1, "POST", "/restapis/([^/]+)/deployments")
    def answer(_data, _query, api_id):
        resources = v1._resources.get(api_id)
        if resources is not None and not any(resource.get("resourceMethods") for resource in resources.values()):
            return bad_request("The REST API doesn't contain any methods")
        return None


def stage_settings():
    """AWS checks each patch of a stage: its path, the log level, the destination, the account's role."""

    @intercept(v1, "PATCH", "/restapis/([^/]+)/stages/([^/]+)")
    def answer(data, _query, api_id, name):
        stage = v1._stages_v1.get(api_id, {}).get(unquote(name))
        for operation in data.get("patchOperations") or [] if stage else []:
            problem = stage_patch_problem(stage, operation)
            if problem:
                return bad_request(problem)
        return None


def stage_patch_problem(stage, operation):
    """What AWS has against one operation of UpdateStage."""
    op, path, value = operation.get("op"), operation.get("path") or "", operation.get("value")
    whole_key = re.fullmatch(r"/(.+/[A-Z*]+)", path)
    if op == "remove" and whole_key:
        key = whole_key.group(1)
        if key not in (stage.get("methodSettings") or {}):
            return f"Cannot remove method setting {key} because there is no method setting for this method"
        return None
    if not STAGE_PATHS.fullmatch(path):
        return f"Invalid method setting path: {path}"
    if path.endswith(tuple(METHOD_SETTINGS)) and op != "replace":
        return f"Invalid patch operation {op} for {path}"
    if path.endswith("/logging/loglevel") and value not in LOG_LEVELS:
        return f"Invalid logging level {value}"
    logs = path.endswith(("/logging/loglevel", "/logging/dataTrace")) and value not in ("OFF", "false")
    if logs and not account_role():
        return NO_ROLE
    return destination_problem(op, path, value)


def destination_problem(op, path, value):
    """Access logs go away as a whole only; a destination is a log group or a Firehose stream that may not exist."""
    if path in ("/accessLogSettings/destinationArn", "/accessLogSettings/format") and (op == "remove" or not value):
        return f"Invalid patch operation {op} for {path}: remove /accessLogSettings instead"
    if path == "/accessLogSettings/destinationArn" and not LOG_DESTINATION.fullmatch(value):
        return f"Invalid ARN specified in the request: {value}"
    return None


def account_role():
    """The account's CloudWatch role in this Region."""
    return (v1._account_settings.get("settings") or {}).get("cloudwatchRoleArn")


def method_settings_keys():
    """AWS keeps the key of a method's settings as the patch wrote it (`~1pets/GET`); MiniStack unescapes it.

    A new entry of AWS has no log level until one is set.
    """
    v1._decode_json_pointer_token = lambda segment: segment
    entry, throttling = v1._default_method_setting_entry, v1._method_throttle_settings
    v1._default_method_setting_entry = lambda: {
        name: value for name, value in entry().items() if name != "loggingLevel"}

    def throttle_settings(stage, resource_path, http_method):
        key = f"{resource_path.replace('/', '~1')}/{http_method}"
        return (stage.get("methodSettings") or {}).get(key) or throttling(stage, resource_path, http_method)

    v1._method_throttle_settings = throttle_settings


def account_role_is_cleared():
    """AWS's only other path of UpdateAccount is `/features`; an empty role is no role."""

    @intercept(v1, "PATCH", "/account")
    def answer(data, _query):
        operations = data.get("patchOperations") or []
        for operation in operations:
            path, op = operation.get("path"), operation.get("op")
            if path == "/cloudwatchRoleArn" and op == "replace":
                operation["value"] = operation.get("value") or None
            elif path != "/features":
                return bad_request(f"Invalid patch path {path}")
        return v1._update_account({"patchOperations": operations})


MENDS = (
    ids_of_apis,
    no_null_members,
    create_rest_api_defaults_to_edge,
    import_rest_api,
    update_rest_api,
    duplicate_stage,
    deployment_without_methods,
    stage_settings,
    method_settings_keys,
    account_role_is_cleared,
)
