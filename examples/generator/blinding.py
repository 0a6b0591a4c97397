"""Blinding: logging switched off on one API, over one account, over all accounts; then starved in quieter ways."""

from . import aws, rest, v2
from .identities import DATA, PROD, SANDBOX, SHARED, STAGING, intruder, role_arn
from .inventory import log_group
from .moves import CENTRAL, LOGGING, WEST, step
from .rest import remove, replace

FOREIGN = "999988887777"
STAGES, APIS, ACCOUNTS = (f"{LOGGING}-across-{x}" for x in ("stages", "apis", "accounts"))
OFF = replace("/*/*/logging/loglevel", "OFF")


def blind_one_api():
    """Every stage of the storefront, each in another way."""
    api = "k3v9q2m7x1"
    return [
        step(
            "10:05:14",
            PROD,
            WEST,
            "switches execution logging of `v1` off",
            lambda w: rest.update_stage(w, api, "v1", OFF),
            LOGGING,
            target=f"{api}/v1",
        ),
        step(
            "10:05:41",
            PROD,
            WEST,
            "removes all method settings of `v2`, logging among them",
            lambda w: rest.update_stage(w, api, "v2", remove("/*/*")),
            LOGGING,
            target=f"{api}/v2",
        ),
        step(
            "10:06:09",
            PROD,
            WEST,
            "removes the access logs of `partner`",
            lambda w: rest.update_stage(w, api, "partner", remove("/accessLogSettings")),
            LOGGING,
            target=f"{api}/partner",
        ),
        step(
            "10:06:33",
            PROD,
            WEST,
            "switches logging off for `POST /checkout` alone on `mobile`: the fourth stage",
            lambda w: rest.update_stage(w, api, "mobile", replace("/~1checkout/POST/logging/loglevel", "OFF")),
            LOGGING,
            STAGES,
            target=f"{api}/mobile",
        ),
        step(
            "10:07:02",
            PROD,
            WEST,
            "switches execution logging of `internal` off",
            lambda w: rest.update_stage(w, api, "internal", OFF),
            LOGGING,
            target=f"{api}/internal",
        ),
    ]


def keep_access_logs(w):
    return v2.update_stage(w, "v7b0n3m6q9", "$default", accessLogSettings={})


def blind_one_account():
    """REST, WebSocket and HTTP APIs of data-prod in two Regions."""
    return [
        step(
            "10:14:20",
            DATA,
            WEST,
            "switches execution logging of the ingest API off",
            lambda w: rest.update_stage(w, "i4o7p0a3s6", "prod", OFF),
            LOGGING,
            target="i4o7p0a3s6/prod",
        ),
        step(
            "10:15:05",
            DATA,
            WEST,
            "sets the default route of a WebSocket API to OFF",
            lambda w: v2.update_stage(
                w, "t1y4u7i0o3", "prod", defaultRouteSettings={"dataTraceEnabled": False, "loggingLevel": "OFF"}
            ),
            LOGGING,
            target="t1y4u7i0o3/prod",
        ),
        step(
            "10:15:31",
            DATA,
            CENTRAL,
            "sends empty access-log settings to an HTTP API, which changes nothing",
            keep_access_logs,
            target="v7b0n3m6q9/$default",
        ),
        step(
            "10:15:48",
            DATA,
            CENTRAL,
            "deletes the access-log settings of that HTTP API",
            lambda w: v2.delete_access_log_settings(w, "v7b0n3m6q9", "$default"),
            LOGGING,
            target="v7b0n3m6q9/$default",
        ),
        step(
            "10:16:30",
            DATA,
            CENTRAL,
            "removes the access logs of the reports API: four stages of four APIs",
            lambda w: rest.update_stage(w, "b5n8m1k4j7", "prod", remove("/accessLogSettings")),
            LOGGING,
            APIS,
            target="b5n8m1k4j7/prod",
        ),
    ]


def denied_stage(account, region, api_id, stage):
    actor = intruder(account)
    arn = f"arn:aws:apigateway:{region}::/restapis/{api_id}/stages/{stage}"
    return lambda w: aws.denied(
        rest.call("UpdateStage", {}),
        actor,
        "apigateway:PATCH",
        arn,
        "a service control policy explicitly denies the {} action",
    )


def blind_the_rest():
    return [
        step(
            "10:20:10",
            STAGING,
            WEST,
            "deletes the access-log settings of the cart API",
            lambda w: v2.delete_access_log_settings(w, "d6f9g2h5j8", "staging"),
            LOGGING,
            target="d6f9g2h5j8/staging",
        ),
        step(
            "10:21:02",
            SANDBOX,
            WEST,
            "switches execution logging of the demo API off",
            lambda w: rest.update_stage(w, "k8l1z4x7c0", "dev", OFF),
            LOGGING,
            target="k8l1z4x7c0/dev",
        ),
        step(
            "10:21:40",
            SHARED,
            WEST,
            "switches both logs of the auth API off in one call: the fourth account",
            lambda w: rest.update_stage(w, "j1k4l7z0x3", "prod", OFF, remove("/accessLogSettings")),
            LOGGING,
            ACCOUNTS,
            target="j1k4l7z0x3/prod",
        ),
        step(
            "10:22:14",
            SHARED,
            CENTRAL,
            "is refused on the certificates API (AccessDenied)",
            denied_stage(SHARED, CENTRAL, "d1f4g7h0j3", "prod"),
            target="d1f4g7h0j3/prod",
        ),
    ]


def starve():
    """Quieter ways: less detail, other destinations, the role that all logging needs."""
    elsewhere = f"arn:aws:logs:{CENTRAL}:{FOREIGN}:log-group:/collector/loyalty"
    orders_logs = log_group(PROD, WEST, "orders-http", "$default")
    return [
        step(
            "10:24:50",
            STAGING,
            WEST,
            "lowers execution logging of `POST /checkout` from INFO to ERROR",
            lambda w: rest.update_stage(
                w, "z3x6c9v2b5", "staging", replace("/~1checkout/POST/logging/loglevel", "ERROR")
            ),
            "stage-logging-reduced",
            target="z3x6c9v2b5/staging",
        ),
        step(
            "10:26:15",
            SHARED,
            WEST,
            "lowers a WebSocket API as a whole to ERROR",
            lambda w: v2.update_stage(w, "e6r9t2y5u8", "prod", defaultRouteSettings={"loggingLevel": "ERROR"}),
            "stage-logging-reduced",
            target="e6r9t2y5u8/prod",
        ),
        step(
            "10:27:40",
            PROD,
            CENTRAL,
            f"sends access logs to a log group of account {FOREIGN}",
            lambda w: rest.update_stage(
                w, "l9k2j5h8g1", "prod", replace("/accessLogSettings/destinationArn", elsewhere)
            ),
            "access-logs-redirected",
            target="l9k2j5h8g1/prod",
        ),
        step(
            "10:28:26",
            PROD,
            WEST,
            "cuts the access-log format of an HTTP API down to the request id",
            lambda w: v2.update_stage(
                w,
                "o7f1g4h9s2",
                "$default",
                accessLogSettings={"destinationArn": orders_logs, "format": "$context.requestId"},
            ),
            "access-logs-redirected",
            target="o7f1g4h9s2/$default",
        ),
        step(
            "10:30:20",
            DATA,
            CENTRAL,
            "clears the account's CloudWatch role: no API of the Region can log any more",
            lambda w: rest.update_account(w, DATA, CENTRAL, ""),
            "account-logging-role-removed",
            target="account",
        ),
        step(
            "10:31:02",
            SANDBOX,
            WEST,
            "replaces the account's CloudWatch role by one without permissions (medium)",
            lambda w: rest.update_account(w, SANDBOX, WEST, role_arn(SANDBOX, "apigateway-logs-new")),
            "account-logging-role-removed",
            target="account",
        ),
    ]


def recreate():
    """A stage deleted and made again has no logging; a change too large to log has no parameters."""
    api = "p8d4w1z6c0"

    padding = [replace(f"/variables/pad{i:04}", "x") for i in range(2000)]
    return [
        step(
            "10:33:05",
            PROD,
            WEST,
            "deletes the production stage of the payments API",
            lambda w: rest.delete_stage(w, api, "prod"),
            target=f"{api}/prod",
        ),
        step(
            "10:33:31",
            PROD,
            WEST,
            "creates it again on the same deployment, without logging",
            lambda w: rest.create_stage(w, api, "prod", w.latest[api]),
            LOGGING,
            target=f"{api}/prod",
        ),
        step(
            "10:36:44",
            PROD,
            WEST,
            "sends an UpdateStage so large that CloudTrail drops its parameters (confidence low, severity medium)",
            lambda w: rest.truncated_update_stage(w, api, "prod", *padding),
            LOGGING,
            target="unknown",
        ),
    ]


def steps():
    return blind_one_api() + blind_one_account() + blind_the_rest() + starve() + recreate()
