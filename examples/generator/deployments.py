"""The day's ordinary changes to APIs, by pipelines and people. None of them may raise a finding: releases, logging
switched on, an EDGE API made REGIONAL, changes that failed.
"""

from datetime import timedelta

from . import aws, rest, v2
from .identities import (
    CI_IP,
    CLI,
    DATA,
    PROD,
    SANDBOX,
    SHARED,
    STAGING,
    ci_cli,
    ci_cloudformation,
    ci_terraform,
    ci_user,
    iam_user,
    person,
    role_arn,
)
from .ids import access_key, clock
from .records import Actor, Step, failed
from .rest import remove, replace

KEY_ROTATED = clock("11:38:47")
GATEWAY_WAIT = timedelta(seconds=6)


def pipeline_user(at):
    """The pipeline's user; after the incident it has a new key."""
    if at < KEY_ROTATED:
        return ci_user()
    identity = {**iam_user(SHARED, "ci-deployer"), "accessKeyId": access_key("AKIA", SHARED, "ci-deployer", "new")}
    return Actor(SHARED, identity, CI_IP, CLI)


def in_sequence(at, actor, region, calls, gap=3):
    """One step per call, a few seconds apart."""
    return [Step(at + timedelta(seconds=gap * i), actor, region, call) for i, call in enumerate(calls)]


def fixed(calls):
    return [lambda w, call=call: call for call in calls]


def log_in(account, run, at):
    return aws.assume_role_across(pipeline_user(at), account, f"ci-{run}", at)


def cloudformation_run(start, run, account, region, stack, changes):
    """A pipeline run: log in, execute a change set, CloudFormation makes the changes, the pipeline waits."""
    at = clock(start)
    before, after = aws.change_set(account, region, stack, run)
    end = at + timedelta(seconds=45 + 6 * len(changes))
    return (
        log_in(account, run, at)
        + in_sequence(at + timedelta(seconds=4), ci_cli(account, run, at), region, fixed(before), 8)
        + in_sequence(at + timedelta(seconds=40), ci_cloudformation(account, run, at), region, changes, 6)
        + in_sequence(end, ci_cli(account, run, at), region, fixed(after), 7)
    )


def terraform_run(start, run, account, region, changes):
    at = clock(start)
    return log_in(account, run, at) + in_sequence(
        at + timedelta(seconds=5), ci_terraform(account, run, at), region, changes, 2
    )


# --- what a release consists of ---


def rest_release(account, region, api_id, stages, function):
    """CloudFormation: new code, a changed method, a deployment, then each stage moved to it."""

    def integration(w):
        api = w.apis[api_id]
        return rest.put_integration(api, api.root[:6], "GET", function)

    return [
        lambda w: aws.update_function(account, region, function),
        lambda w: rest.put_method(api_id, w.apis[api_id].root[:6], "GET", "AWS_IAM"),
        integration,
        lambda w: rest.create_deployment(w, api_id),
        *[lambda w, s=s: rest.release(w, api_id, s) for s in stages],
        lambda w: aws.add_gateway_permission(account, region, function, api_id, "*/GET/items"),
    ]


def terraform_reads(api_id, stage):
    return fixed(
        [
            rest.read("GetRestApi", restApiId=api_id),
            rest.read("GetResources", restApiId=api_id, limit=500),
            rest.read("GetStage", restApiId=api_id, stageName=stage),
            rest.read("GetAccount"),
        ]
    )


def terraform_rest_release(api_id, stage, function):
    return terraform_reads(api_id, stage) + [
        lambda w: rest.create_resource(w, api_id, "history"),
        lambda w: rest.put_method(api_id, w.apis[api_id].root[:6], "GET", "AWS_IAM"),
        lambda w: rest.put_integration(w.apis[api_id], w.apis[api_id].root[:6], "GET", function),
        lambda w: rest.update_method(api_id, w.apis[api_id].root[:6], "GET", replace("/operationName", "listHistory")),
        lambda w: rest.create_deployment(w, api_id, description="Managed by Terraform"),
        lambda w: rest.release(w, api_id, stage),
    ]


def terraform_method_settings(api_id, stage, level):
    """aws_api_gateway_method_settings writes every setting, with -1 where no limit is configured."""
    return [
        lambda w: rest.update_stage(
            w,
            api_id,
            stage,
            replace("/*/*/metrics/enabled", "true"),
            replace("/*/*/logging/loglevel", level),
            replace("/*/*/logging/dataTrace", "false"),
            replace("/*/*/throttling/burstLimit", "-1"),
            replace("/*/*/throttling/rateLimit", "-1.000000"),
        )
    ]


def terraform_v2_release(api_id, stage, **members):
    return fixed(
        [
            v2.read("GetApi", apiId=api_id),
            v2.read("GetStage", stageName=v2.label(stage), apiId=api_id),
            v2.read("GetRoutes", apiId=api_id),
        ]
    ) + [
        lambda w: v2.update_route(w, api_id, "r" + api_id[:6], "GET /items", "i" + api_id[:6]),
        lambda w: v2.create_deployment(w, api_id, "Managed by Terraform"),
        lambda w: v2.release(w, api_id, stage, **members),
    ]


PREVIEW_TAGS = {
    "aws:cloudformation:stack-name": "storefront-preview-482",
    "aws:cloudformation:logical-id": "PreviewStage",
    "preview": "pr-482",
}
UNLIMITED = {"throttlingBurstLimit": -1, "throttlingRateLimit": -1.0}


def pipelines():
    """Every pipeline run of the day, each as a list of steps."""
    west, central, east = "eu-west-1", "eu-central-1", "us-east-1"
    storefront, catalogue = "storefront-api-stack", "catalogue-api-stack"
    preview = [
        lambda w: rest.create_deployment(w, "s1a4q7w0e3"),
        lambda w: rest.create_stage(w, "s1a4q7w0e3", "pr-482", w.latest["s1a4q7w0e3"], PREVIEW_TAGS),
    ]
    regional = [
        lambda w: rest.update_rest_api(w, "c4x7v0b6n3", replace("/endpointConfiguration/types/EDGE", "REGIONAL")),
        lambda w: rest.create_deployment(w, "c4x7v0b6n3"),
        lambda w: rest.release(w, "c4x7v0b6n3", "prod"),
    ]
    retire = [
        lambda w: rest.update_stage(
            w,
            "c4x7v0b6n3",
            "prod",
            replace("/~1legacy/GET/throttling/rateLimit", "0"),
            replace("/~1legacy/GET/throttling/burstLimit", "0"),
        )
    ]
    websocket = [lambda w: v2.create_deployment(w, "w2m5u9i1d4"), lambda w: v2.release(w, "w2m5u9i1d4", "prod")]
    set_role = [lambda w: rest.update_account(w, SANDBOX, east, role_arn(SANDBOX, "apigateway-cloudwatch-logs"))]
    return [
        terraform_run("06:48:10", 4809, PROD, central, terraform_rest_release("l9k2j5h8g1", "prod", "loyalty-points")),
        cloudformation_run(
            "07:32:05",
            4810,
            PROD,
            west,
            storefront,
            rest_release(PROD, west, "k3v9q2m7x1", ["v1", "v2"], "storefront-pages"),
        ),
        cloudformation_run(
            "08:12:40",
            4811,
            STAGING,
            west,
            storefront,
            rest_release(STAGING, west, "s1a4q7w0e3", ["staging", "qa"], "storefront-pages") + preview,
        ),
        terraform_run(
            "08:40:22",
            4812,
            PROD,
            central,
            terraform_v2_release(
                "g3s6d9f2a5", "$default", defaultRouteSettings={"detailedMetricsEnabled": True, **UNLIMITED}
            ),
        ),
        cloudformation_run("09:06:31", 4813, PROD, west, catalogue, regional),
        terraform_run("10:11:03", 4815, DATA, west, terraform_rest_release("r6t9y2u5i8", "prod", "exports-worker")),
        terraform_run("11:50:44", 4816, SANDBOX, east, fixed([rest.read("GetAccount")]) + set_role),
        terraform_run(
            "12:05:18",
            4817,
            SHARED,
            central,
            terraform_rest_release("d1f4g7h0j3", "prod", "certificate-store")
            + terraform_method_settings("d1f4g7h0j3", "prod", "INFO"),
        ),
        terraform_run("12:40:09", 4818, SHARED, west, terraform_v2_release("c8v1b4n7m0", "$default")),
        cloudformation_run(
            "14:20:51",
            4820,
            STAGING,
            west,
            storefront,
            rest_release(STAGING, west, "s1a4q7w0e3", ["staging", "qa"], "storefront-pages")
            + [lambda w: rest.delete_stage(w, "s1a4q7w0e3", "pr-482")],
        ),
        terraform_run(
            "15:05:37",
            4821,
            PROD,
            east,
            terraform_v2_release(
                "e1r4t7y0u3",
                "prod",
                defaultRouteSettings={
                    "detailedMetricsEnabled": True,
                    "throttlingBurstLimit": 5000,
                    "throttlingRateLimit": 10000.0,
                },
            ),
        ),
        cloudformation_run(
            "15:31:14",
            4822,
            PROD,
            west,
            catalogue,
            rest_release(PROD, west, "c4x7v0b6n3", ["prod"], "catalogue-search") + retire,
        ),
        cloudformation_run("16:45:26", 4823, PROD, west, "notifications-ws-stack", websocket),
    ]


# --- people ---


def console_deploy(start, account, user, region, api_id, stage):
    """The console's Deploy button: a deployment without a stage, then the stage moved to it."""
    at = clock(start)
    return in_sequence(
        at,
        person(account, user, at),
        region,
        fixed(
            [
                rest.read("GetRestApis", limit=500),
                rest.read("GetResources", restApiId=api_id, limit=500),
                rest.read("GetStages", restApiId=api_id),
            ]
        )
        + [
            lambda w: rest.create_deployment(w, api_id, description=""),
            lambda w: rest.release(w, api_id, stage),
            lambda w: rest.update_stage(w, api_id, stage, replace("/description", "Owned by the storefront team")),
        ],
        9,
    )


def refused(start, account, user, region, api_id, stage):
    """A developer may not switch logging off: AccessDenied, so CloudTrail keeps no parameters and nothing changed."""
    at = clock(start)
    actor = person(account, user, at)
    arn = f"arn:aws:apigateway:{region}::/restapis/{api_id}/stages/{stage}"
    call = rest.call(
        "UpdateStage",
        {
            "updateStageInput": {"patchOperations": [replace("/*/*/logging/loglevel", "OFF")]},
            "restApiId": api_id,
            "stageName": stage,
        },
    )
    return [Step(at, actor, region, lambda w: aws.denied(call, actor, "apigateway:PATCH", arn))]


def malformed(start, account, user, region, api_id, stage):
    """Logging off and a misspelt path in one call: BadRequest, so neither took effect."""
    at = clock(start)
    ops = [replace("/*/*/logging/loglevel", "OFF"), remove("/accessLogSetting")]
    call = rest.call(
        "UpdateStage", {"updateStageInput": {"patchOperations": ops}, "restApiId": api_id, "stageName": stage}
    )
    message = "Invalid patch path  '/accessLogSetting' specified for op 'remove'. Please choose supported operations"
    return [Step(at, person(account, user, at), region, lambda w: failed(call, "BadRequestException", message))]


def refused_v2(start, account, user, region, api_id, stage):
    """A refused change of an HTTP API: the text is in the response, which is no sign of success."""
    at = clock(start)

    def call(w):
        out = v2.call(
            "UpdateStage",
            {"stageName": v2.label(stage), "defaultRouteSettings": {"loggingLevel": "OFF"}, "apiId": api_id},
        )
        out.error = "BadRequestException"
        out.response = {"message": "Execution logs are not supported on protocol type HTTP"}
        return out

    return [Step(at, person(account, user, at), region, call)]


def people():
    return [
        refused("09:21:37", PROD, "tomasz.okafor", "eu-west-1", "k3v9q2m7x1", "v2"),
        console_deploy("13:15:20", STAGING, "mara.lindqvist", "eu-west-1", "s1a4q7w0e3", "staging"),
        malformed("13:52:08", STAGING, "mara.lindqvist", "eu-west-1", "s1a4q7w0e3", "qa"),
        refused_v2("14:03:55", SANDBOX, "jonas.whitlow", "eu-west-1", "v3b6n9m2q5", "dev"),
        console_deploy("16:08:12", DATA, "ines.duarte", "eu-west-1", "r6t9y2u5i8", "prod"),
    ]


def steps():
    return [step for run in pipelines() + people() for step in run]
