"""Names AWS calls: which operation of which service an HTTP request is, by botocore's service models."""

import functools
import re
from dataclasses import dataclass, field
from urllib.parse import parse_qs, parse_qsl, urlsplit

import botocore.session

SCOPE = re.compile(r"Credential=([^/,\s]+)/\d+/([^/]+)/([^/]+)/aws4_request")
API_GATEWAY = ("apigateway", "apigatewayv2")
LABEL = re.compile(r"\{([^}]+)\}")


@dataclass(frozen=True)
class Request:
    """One HTTP request as it arrived; header names are in lower case."""

    method: str
    target: str
    headers: dict
    body: bytes

    @property
    def path(self):
        """The path, still percent-encoded."""
        return urlsplit(self.target).path

    @property
    def query(self):
        """The query string, name to values."""
        return parse_qs(urlsplit(self.target).query, keep_blank_values=True)

    @property
    def scope(self):
        """Access key, Region and signing name of the signature; empty where there is none."""
        found = SCOPE.search(self.headers.get("authorization", ""))
        return found.groups() if found else ("", "", "")


@dataclass(frozen=True)
class Answer:
    """What came back; headers are name and value pairs."""

    status: int
    headers: list
    body: bytes

    @property
    def request_id(self):
        """The id that AWS gave the call."""
        return dict((name.lower(), value) for name, value in self.headers).get("x-amzn-requestid")


@dataclass(frozen=True)
class Call:
    """A request that was named: `service:operation`, and for API Gateway its model and path labels."""

    service: str
    operation: str
    protocol: str
    model: object = None
    labels: dict = field(default_factory=dict)

    @property
    def name(self):
        """The name that counts and faults use."""
        return f"{self.service}:{self.operation}"

    @property
    def is_api_gateway(self):
        """Whether CloudTrail would record it with source `apigateway.amazonaws.com`."""
        return self.service in API_GATEWAY and self.model is not None


@dataclass(frozen=True)
class Route:
    """How one operation looks on the wire."""

    model: object
    path: re.Pattern
    query: dict
    weight: tuple


def name_call(request):
    """What a request calls. Anything unknown is named after its method and signing name."""
    _key, _region, service = request.scope
    target = request.headers.get("x-amz-target")
    if target:
        return Call(service or target.split("_")[0].lower(), target.rpartition(".")[2], "json")
    action = action_of(request)
    if action:
        return Call(service or "query", action, "query")
    names = API_GATEWAY if service == "apigateway" else (service,)
    for name in names:
        for route in routes(name).get(request.method, ()):
            found = route.path.fullmatch(request.path)
            if found and all(request.query.get(key) in ([value], ["", value]) for key, value in route.query.items()):
                labels = dict(zip(LABEL.findall(route.model.http["requestUri"].split("?")[0]), found.groups()))
                return Call(name, route.model.name, "rest", route.model, labels)
    return Call(service or "unsigned", request.method, "rest")


def action_of(request):
    """The operation of a query-protocol call."""
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        return dict(parse_qsl(request.body.decode("utf-8", "replace"))).get("Action")
    return (request.query.get("Action") or [None])[0]


@functools.lru_cache(maxsize=None)
def routes(service):
    """The operations of a REST service by HTTP method, the most specific first."""
    session = botocore.session.get_session()
    if service not in session.get_available_services():
        return {}
    model = session.get_service_model(service)
    if not model.metadata["protocol"].startswith("rest"):
        return {}
    found = {}
    for name in model.operation_names:
        operation = model.operation_model(name)
        found.setdefault(operation.http["method"], []).append(route_of(operation))
    return {method: sorted(known, key=lambda route: route.weight, reverse=True) for method, known in found.items()}


def route_of(operation):
    """The pattern of an operation's URI template. Only ARNs and greedy labels may hold a slash."""
    template, _, query = operation.http["requestUri"].partition("?")
    pattern, position = "", 0
    for label in LABEL.finditer(template):
        any_path = label.group(1).endswith("+") or "arn" in label.group(1).lower()
        pattern += re.escape(template[position:label.start()]) + ("(.+)" if any_path else "([^/]+)")
        position = label.end()
    pattern += re.escape(template[position:].rstrip("/")) + "/?"
    constants = dict(parse_qsl(query, keep_blank_values=True))
    return Route(operation, re.compile(pattern), constants, (len(constants), len(LABEL.sub("", template))))
