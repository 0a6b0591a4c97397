"""The organisation's APIs before the incident, as GetStage, GetRestApi, GetApi and GetAccount return them.

`World` is the state that calls change: each step's response shows what the earlier steps left.
"""

from dataclasses import dataclass, field

from .identities import ACCOUNTS, DATA, PROD, REGIONS, SANDBOX, SHARED, STAGING, role_arn
from .ids import LOWER, token

CREATED = "2025-06-17T08:21:40Z"
UPDATED = "2026-10-29T13:02:11Z"
FORMAT_V1 = (
    '{"requestId":"$context.requestId","ip":"$context.identity.sourceIp","caller":"$context.identity.caller",'
    '"requestTime":"$context.requestTime","httpMethod":"$context.httpMethod","resourcePath":'
    '"$context.resourcePath","status":"$context.status","responseLength":"$context.responseLength"}'
)
FORMAT_V2 = (
    '{"requestId":"$context.requestId","ip":"$context.identity.sourceIp","requestTime":"$context.requestTime",'
    '"routeKey":"$context.routeKey","status":"$context.status","responseLength":"$context.responseLength"}'
)


@dataclass
class Api:
    account: str
    region: str
    id: str
    type: str
    name: str
    settings: dict
    stages: dict = field(default_factory=dict)

    @property
    def root(self):
        return token(LOWER, 10, "root", self.id)


class World:
    """All APIs and account settings, and the time of the call being made."""

    def __init__(self):
        self.apis = {api.id: api for api in all_apis()}
        self.cloudwatch_roles = {(a, r): cloudwatch_role(a, r) for a in ACCOUNTS for r in REGIONS}
        self.now = None
        self.latest = {}
        self.made = 0

    def new_id(self, kind, length):
        self.made += 1
        return token(LOWER, length, kind, self.made)


def cloudwatch_role(account, region):
    """Set wherever the account has APIs that log; nothing logs in the sandbox's us-east-1 yet."""
    if (account, region) == (SANDBOX, "us-east-1"):
        return None
    return role_arn(account, "apigateway-cloudwatch-logs")


def method_settings(level, burst=5000, rate=10000.0, metrics=True):
    return {
        "metricsEnabled": metrics,
        "loggingLevel": level,
        "dataTraceEnabled": False,
        "throttlingBurstLimit": burst,
        "throttlingRateLimit": rate,
        "cachingEnabled": False,
        "cacheTtlInSeconds": 300,
        "cacheDataEncrypted": False,
        "requireAuthorizationForCacheControl": True,
        "unauthorizedCacheControlHeaderStrategy": "SUCCEED_WITH_RESPONSE_HEADER",
    }


def log_group(account, region, api_name, stage):
    return f"arn:aws:logs:{region}:{account}:log-group:/aws/apigateway/{api_name}/{stage.strip('$')}"


def tags(account, api_name, region):
    """Tags of a CloudFormation stack; APIs that Terraform owns carry its tag instead."""
    if api_name in TERRAFORM_OWNED:
        return {"managed-by": "terraform", "service": api_name}
    stack = f"{api_name}-stack"
    return {
        "aws:cloudformation:stack-name": stack,
        "aws:cloudformation:stack-id": f"arn:aws:cloudformation:{region}:{account}:stack/{stack}/"
        "6f1d2c30-4b7e-11f0-9a51-0a1b2c3d4e5f",
        "aws:cloudformation:logical-id": "Api",
    }


TERRAFORM_OWNED = {"loyalty-api", "gift-cards", "certificates-api", "status-http", "exports-api", "edge-redirects"}


def rest_stage(api, name, levels, access_logs=True, terraform=False):
    limits = {"burst": -1, "rate": -1.0} if terraform else {}
    stage = {
        "deploymentId": token(LOWER, 6, "deployment", api.id, name),
        "stageName": name,
        "cacheClusterEnabled": False,
        "cacheClusterStatus": "NOT_AVAILABLE",
        "methodSettings": {key: method_settings(level, **limits) for key, level in levels.items()},
        "variables": {},
        "tracingEnabled": True,
        "tags": tags(api.account, api.name, api.region),
        "createdDate": CREATED,
        "lastUpdatedDate": UPDATED,
    }
    if access_logs:
        stage["accessLogSettings"] = {
            "format": FORMAT_V1,
            "destinationArn": log_group(api.account, api.region, api.name, name),
        }
    return stage


def v2_stage(api, name, level=None, burst=5000, rate=10000.0):
    default = {"detailedMetricsEnabled": True, "throttlingBurstLimit": burst, "throttlingRateLimit": rate}
    if api.type == "WEBSOCKET":
        default = {"dataTraceEnabled": False, "loggingLevel": level, **default}
    return {
        "accessLogSettings": {
            "destinationArn": log_group(api.account, api.region, api.name, name),
            "format": FORMAT_V2,
        },
        "autoDeploy": name == "$default" and api.name not in TERRAFORM_OWNED,
        "createdDate": CREATED,
        "defaultRouteSettings": default,
        "deploymentId": token(LOWER, 6, "deployment", api.id, name),
        "lastUpdatedDate": UPDATED,
        "routeSettings": {},
        "stageName": name,
        "stageVariables": {},
        "tags": tags(api.account, api.name, api.region),
    }


def private_policy(account, region, api_id, vpce):
    return (
        f'{{"Version":"2012-10-17","Statement":[{{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke",'
        f'"Resource":"arn:aws:execute-api:{region}:{account}:{api_id}/*","Condition":{{"StringEquals":'
        f'{{"aws:SourceVpce":"{vpce}"}}}}}}]}}'
    )


def rest_api(account, region, api_id, name, stages, endpoint="REGIONAL", disabled=False, access_logs=True):
    """`stages` maps a stage name to its log level, or to levels by method-settings key."""
    settings = {
        "id": api_id,
        "name": name,
        "createdDate": CREATED,
        "apiKeySource": "HEADER",
        "endpointConfiguration": {"types": [endpoint], "ipAddressType": "ipv4"},
        "tags": tags(account, name, region),
        "disableExecuteApiEndpoint": disabled,
        "rootResourceId": token(LOWER, 10, "root", api_id),
        "apiStatus": "AVAILABLE",
        "securityPolicy": "TLS_1_0",
    }
    if endpoint == "PRIVATE":
        vpce = "vpce-0" + token("0123456789abcdef", 16, "vpce", account, region)
        settings["endpointConfiguration"].update({"ipAddressType": "dualstack", "vpcEndpointIds": [vpce]})
        settings["policy"] = private_policy(account, region, api_id, vpce)
    api = Api(account, region, api_id, "REST", name, settings)
    for stage, levels in stages.items():
        levels = levels if isinstance(levels, dict) else {"*/*": levels}
        api.stages[stage] = rest_stage(api, stage, levels, access_logs, terraform=name in TERRAFORM_OWNED)
    return api


def v2_api(account, region, api_id, kind, name, stages, disabled=False, **limits):
    """`stages` maps a stage name to the log level of its default route (WebSocket) or to None (HTTP)."""
    scheme, selection = (
        ("wss", "$request.body.action") if kind == "WEBSOCKET" else ("https", "$request.method $request.path")
    )
    settings = {
        "apiEndpoint": f"{scheme}://{api_id}.execute-api.{region}.amazonaws.com",
        "apiId": api_id,
        "apiKeySelectionExpression": "$request.header.x-api-key",
        "createdDate": CREATED,
        "disableExecuteApiEndpoint": disabled,
        "ipAddressType": "ipv4",
        "name": name,
        "protocolType": kind,
        "routeSelectionExpression": selection,
        "tags": tags(account, name, region),
    }
    api = Api(account, region, api_id, kind, name, settings)
    for stage, level in stages.items():
        api.stages[stage] = v2_stage(api, stage, level, **limits)
    return api


def all_apis():
    west, central, east = REGIONS
    info = "INFO"
    return [
        rest_api(
            PROD,
            west,
            "k3v9q2m7x1",
            "storefront-api",
            {
                "v1": info,
                "v2": info,
                "partner": info,
                "mobile": {"*/*": info, "~1checkout/POST": info},
                "internal": info,
            },
        ),
        rest_api(PROD, west, "p8d4w1z6c0", "payments-api", {"prod": info}),
        rest_api(PROD, west, "n5t2y8r3b7", "pricing-api", {"prod": info}),
        rest_api(PROD, west, "f0j6l3a8e5", "fulfilment-internal", {"prod": info}, endpoint="PRIVATE"),
        rest_api(
            PROD, west, "c4x7v0b6n3", "catalogue-api", {"prod": {"*/*": info, "~1legacy/GET": info}}, endpoint="EDGE"
        ),
        v2_api(PROD, west, "o7f1g4h9s2", "HTTP", "orders-http", {"$default": None}),
        v2_api(PROD, west, "w2m5u9i1d4", "WEBSOCKET", "notifications-ws", {"prod": info}),
        rest_api(PROD, central, "l9k2j5h8g1", "loyalty-api", {"prod": info}),
        rest_api(PROD, central, "h4z7r1t0w6", "invoices-api", {"prod": "ERROR"}, disabled=True),
        v2_api(PROD, central, "g3s6d9f2a5", "HTTP", "gift-cards", {"$default": None}, burst=-1, rate=-1.0),
        v2_api(PROD, east, "e1r4t7y0u3", "HTTP", "edge-redirects", {"prod": None}),
        rest_api(STAGING, west, "s1a4q7w0e3", "storefront-api", {"staging": info, "qa": "ERROR"}),
        rest_api(STAGING, west, "z3x6c9v2b5", "catalogue-api", {"staging": info}),
        rest_api(STAGING, west, "y2u5i8o1p4", "payments-api", {"staging": info}),
        v2_api(STAGING, west, "d6f9g2h5j8", "HTTP", "cart-http", {"staging": None}),
        v2_api(STAGING, west, "m8n1b4v7c0", "HTTP", "search-http", {"staging": None}),
        v2_api(STAGING, west, "q5w8e1r4t7", "HTTP", "partner-http", {"staging": None}, disabled=True),
        rest_api(STAGING, central, "a7s0d3f6g9", "loyalty-api", {"staging": info}),
        v2_api(STAGING, central, "h2j5k8l1z4", "HTTP", "gift-cards", {"staging": None}, burst=-1, rate=-1.0),
        v2_api(STAGING, central, "x9c2v5b8n1", "WEBSOCKET", "live-updates-ws", {"staging": info}),
        rest_api(DATA, west, "i4o7p0a3s6", "ingest-api", {"prod": info}),
        rest_api(DATA, west, "r6t9y2u5i8", "exports-api", {"prod": info}),
        v2_api(DATA, west, "t1y4u7i0o3", "WEBSOCKET", "telemetry-ws", {"prod": info}),
        v2_api(DATA, central, "v7b0n3m6q9", "HTTP", "query-http", {"$default": None}),
        rest_api(DATA, central, "b5n8m1k4j7", "reports-api", {"prod": info}),
        rest_api(DATA, central, "u0p3l6k9j2", "warehouse-admin", {"prod": info}, endpoint="PRIVATE"),
        rest_api(DATA, central, "a2l5i8n1e4", "lineage-api", {"prod": "ERROR"}),
        rest_api(SHARED, west, "j1k4l7z0x3", "auth-api", {"prod": info}),
        v2_api(SHARED, west, "c8v1b4n7m0", "HTTP", "status-http", {"$default": None}),
        v2_api(SHARED, west, "i3o6p9a2s5", "HTTP", "webhooks-http", {"prod": None}),
        v2_api(SHARED, west, "e6r9t2y5u8", "WEBSOCKET", "chatops-ws", {"prod": info}),
        rest_api(SHARED, central, "d1f4g7h0j3", "certificates-api", {"prod": "ERROR"}),
        rest_api(SANDBOX, west, "k8l1z4x7c0", "demo-api", {"dev": info}),
        v2_api(SANDBOX, west, "v3b6n9m2q5", "HTTP", "workshop-http", {"dev": None}),
        v2_api(SANDBOX, central, "b1t4p7s0k3", "WEBSOCKET", "spike-ws", {"dev": "ERROR"}),
        rest_api(SANDBOX, east, "w7e0r3t6y9", "hello-api", {"dev": "OFF"}, access_logs=False),
    ]
