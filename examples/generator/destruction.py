"""Exposure, back doors and destruction: private APIs made public, APIs created, disabled and deleted."""

from . import aws, rest, v2
from .identities import DATA, PROD, SANDBOX, SHARED, STAGING, intruder
from .moves import CENTRAL, EAST, WEST, step
from .records import failed
from .rest import remove, replace

OPEN_POLICY = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":"*","Action":"execute-api:Invoke",'
    '"Resource":"execute-api:/*"}]}'
)


def publish_fulfilment(w):
    vpce = w.apis["f0j6l3a8e5"].settings["endpointConfiguration"]["vpcEndpointIds"][0]
    return rest.update_rest_api(
        w,
        "f0j6l3a8e5",
        remove("/endpointConfiguration/vpcEndpointIds", vpce),
        replace("/endpointConfiguration/types/PRIVATE", "REGIONAL"),
    )


def expose():
    return [
        step(
            "10:41:30",
            PROD,
            WEST,
            "opens the resource policy of the private fulfilment API",
            lambda w: rest.update_rest_api(w, "f0j6l3a8e5", replace("/policy", OPEN_POLICY)),
            target="f0j6l3a8e5",
        ),
        step(
            "10:42:18",
            PROD,
            WEST,
            "makes it public",
            publish_fulfilment,
            "private-api-made-public",
            target="f0j6l3a8e5",
        ),
        step(
            "10:43:00",
            PROD,
            WEST,
            "deploys it, which makes the change live",
            lambda w: rest.create_deployment(w, "f0j6l3a8e5", "prod"),
            target="f0j6l3a8e5/prod",
        ),
        step(
            "10:44:37",
            DATA,
            CENTRAL,
            "makes the warehouse administration public, by index",
            lambda w: rest.update_rest_api(w, "u0p3l6k9j2", replace("/endpointConfiguration/types/0", "REGIONAL")),
            "private-api-made-public",
            target="u0p3l6k9j2",
        ),
        step(
            "10:46:05",
            STAGING,
            WEST,
            "enables the default endpoint of an HTTP API behind a custom domain",
            lambda w: v2.update_api(w, "q5w8e1r4t7", disableExecuteApiEndpoint=False),
            "api-enabled",
            target="q5w8e1r4t7",
        ),
        step(
            "10:46:52",
            PROD,
            CENTRAL,
            "does the same to a REST API",
            lambda w: rest.update_rest_api(w, "h4z7r1t0w6", replace("/disableExecuteApiEndpoint", "false")),
            "api-enabled",
            target="h4z7r1t0w6",
        ),
    ]


def back_doors():
    relay = "r0e3l6a9y2"

    return [
        step(
            "10:48:12",
            SHARED,
            CENTRAL,
            "creates a REST API",
            lambda w: rest.create_rest_api(w, SHARED, CENTRAL, "z8y5x2w9v6", "health-check-v2", "Health checks"),
            "api-created",
            target="z8y5x2w9v6",
        ),
        step(
            "10:49:03",
            PROD,
            EAST,
            "creates an HTTP API in a quiet Region, as a relay",
            lambda w: v2.create_api(w, PROD, EAST, relay, "HTTP", "metrics-relay"),
            "api-created",
            target=relay,
        ),
        step(
            "10:49:21",
            PROD,
            EAST,
            "",
            lambda w: v2.create_integration(w, relay, "https://198.51.100.80/{proxy}", "HTTP_PROXY"),
        ),
        step("10:49:38", PROD, EAST, "", lambda w: v2.create_route(w, relay, "ANY /{proxy+}")),
        step(
            "10:49:55",
            PROD,
            EAST,
            "gives it an open route and a stage",
            lambda w: v2.create_stage(w, relay, "$default"),
            target=f"{relay}/$default",
        ),
        step(
            "10:50:41",
            SANDBOX,
            WEST,
            "creates a WebSocket API",
            lambda w: v2.create_api(
                w,
                SANDBOX,
                WEST,
                "u7t4s1r8q5",
                "WEBSOCKET",
                "session-relay",
                routeSelectionExpression="$request.body.action",
            ),
            "api-created",
            target="u7t4s1r8q5",
        ),
    ]


def switch_off():
    none = {"throttlingBurstLimit": 0, "throttlingRateLimit": 0.0}
    return [
        step(
            "10:54:20",
            PROD,
            WEST,
            "disables the default endpoint of the storefront",
            lambda w: rest.update_rest_api(w, "k3v9q2m7x1", replace("/disableExecuteApiEndpoint", "true")),
            "api-disabled",
            target="k3v9q2m7x1",
        ),
        step(
            "10:54:58",
            PROD,
            WEST,
            "disables the default endpoint of the orders API",
            lambda w: v2.update_api(w, "o7f1g4h9s2", disableExecuteApiEndpoint=True),
            "api-disabled",
            target="o7f1g4h9s2",
        ),
        step(
            "10:55:36",
            PROD,
            WEST,
            "throttles the pricing API to nothing",
            lambda w: rest.update_stage(
                w,
                "n5t2y8r3b7",
                "prod",
                replace("/*/*/throttling/rateLimit", "0"),
                replace("/*/*/throttling/burstLimit", "0"),
            ),
            "api-disabled",
            target="n5t2y8r3b7/prod",
        ),
        step(
            "10:56:11",
            STAGING,
            WEST,
            "throttles the search API to nothing",
            lambda w: v2.update_stage(w, "m8n1b4v7c0", "staging", defaultRouteSettings=none),
            "api-disabled",
            target="m8n1b4v7c0/staging",
        ),
    ]


def throttled(w):
    return failed(
        rest.call("DeleteRestApi", {"restApiId": "a7s0d3f6g9"}), "TooManyRequestsException", "Too Many Requests"
    )


def destroy():
    gone = "api-deleted"
    bulk, across = "apis-deleted-in-bulk", "apis-deleted-across-accounts"
    return [
        step(
            "10:58:05",
            STAGING,
            WEST,
            "deletes the payments API",
            lambda w: rest.delete_rest_api(w, "y2u5i8o1p4"),
            gone,
            target="y2u5i8o1p4",
        ),
        step(
            "10:58:20", STAGING, CENTRAL, "is throttled (DeleteRestApi: one per 30 s)", throttled, target="a7s0d3f6g9"
        ),
        step(
            "10:58:38",
            STAGING,
            CENTRAL,
            "deletes the loyalty API",
            lambda w: rest.delete_rest_api(w, "a7s0d3f6g9"),
            gone,
            target="a7s0d3f6g9",
        ),
        step(
            "10:58:52",
            STAGING,
            CENTRAL,
            "deletes the gift card API",
            lambda w: v2.delete_api(w, "h2j5k8l1z4"),
            gone,
            target="h2j5k8l1z4",
        ),
        step(
            "10:59:20",
            STAGING,
            CENTRAL,
            "deletes a WebSocket API: the fourth of the account",
            lambda w: v2.delete_api(w, "x9c2v5b8n1"),
            gone,
            bulk,
            target="x9c2v5b8n1",
        ),
        step(
            "10:59:45",
            STAGING,
            WEST,
            "deletes the cart API",
            lambda w: v2.delete_api(w, "d6f9g2h5j8"),
            gone,
            target="d6f9g2h5j8",
        ),
        step(
            "11:01:10",
            SANDBOX,
            EAST,
            "deletes the hello API",
            lambda w: rest.delete_rest_api(w, "w7e0r3t6y9"),
            gone,
            target="w7e0r3t6y9",
        ),
        step(
            "11:02:30",
            SHARED,
            WEST,
            "deletes the webhooks API",
            lambda w: v2.delete_api(w, "i3o6p9a2s5"),
            gone,
            target="i3o6p9a2s5",
        ),
        step(
            "11:03:15",
            DATA,
            CENTRAL,
            "deletes the lineage API: the fourth account",
            lambda w: rest.delete_rest_api(w, "a2l5i8n1e4"),
            gone,
            across,
            target="a2l5i8n1e4",
        ),
        step(
            "11:04:02",
            PROD,
            WEST,
            "deletes the payments API of production",
            lambda w: rest.delete_rest_api(w, "p8d4w1z6c0"),
            gone,
            target="p8d4w1z6c0",
        ),
        step(
            "11:07:26",
            PROD,
            WEST,
            "deletes the execution logs of the storefront",
            lambda w: aws.delete_log_group("API-Gateway-Execution-Logs_k3v9q2m7x1/v1"),
            target="k3v9q2m7x1",
        ),
        step(
            "11:10:48",
            SHARED,
            WEST,
            "tries to stop the trail and is refused",
            lambda w: aws.stop_logging(intruder(SHARED), WEST),
            target="organization-trail",
        ),
    ]


def steps():
    return expose() + back_doors() + switch_off() + destroy()
