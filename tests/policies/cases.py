"""Requests, and what each policy must say to them: the behaviour of policies/ in one table.

An SCP or an RCP denies a request or lets it pass; an IAM document allows it, denies it, or says nothing (which in AWS
is a refusal too, as long as no other document allows it). `mutants.py` shows that the table is whole: whatever is taken
out of a policy, some line here fails.
"""

from dataclasses import dataclass

from documents import PLACEHOLDERS
from evaluator import Outcome, Request, decide

ALLOWED, DENIED, NOTHING = Outcome.ALLOWED, Outcome.DENIED, Outcome.NOTHING
PASSES = NOTHING

ACCOUNT = "111122223333"
HUB = PLACEHOLDERS["rcp"]["HubAccount"]
ORGANIZATION = PLACEHOLDERS["rcp"]["OrganizationId"]
LOGGING_ROLE = PLACEHOLDERS["iam"]["CloudWatchRoleArn"]


def role(name, account=ACCOUNT):
    """The ARN of a role, which is what `aws:PrincipalArn` holds for its sessions too."""
    return f"arn:aws:iam::{account}:role/{name}"


DEVELOPER = role("developer")
ADMINISTRATOR = role("admin")
ROOT = f"arn:aws:iam::{ACCOUNT}:root"
REMEDIATOR = role("portcullis-remediator")
BREAK_GLASS = role("portcullis-break-glass")
DEPLOYMENT = role("portcullis-deployment")
FUNCTION = role("portcullis-stage-logging", HUB)
APPLICATIONS = role("cdk-hnb659fds-cfn-exec-role-111122223333-eu-west-1")
OWN_CDK = role("cdk-portcullis-cfn-exec-role-111122223333-eu-west-1")
STACK_SETS = role("stacksets-exec-3f2a1b")

PROTECTED = {"aws:ResourceTag/portcullis:protected": "true"}
NOT_PROTECTED = {"aws:ResourceTag/portcullis:protected": "false"}


@dataclass(frozen=True)
class Case:
    """A request, and what one policy must say to it."""

    what: str
    request: Request
    outcome: Outcome

    def __str__(self):
        return f"{self.what}: expected {self.outcome.value}"


def case(what, outcome, action, resource, principal=DEVELOPER, **keys):
    """A line of the table; `keys` are given as one mapping, because their names are no Python names."""
    context = {"aws:PrincipalArn": principal, **keys.get("context", {})}
    return Case(what, Request(action, resource, context), outcome)


def api(path):
    """The ARN of something in API Gateway."""
    return f"arn:aws:apigateway:eu-west-1::{path}"


def exempt(what, action, resource, context, passing, denied=(DEVELOPER, ADMINISTRATOR, ROOT)):
    """One request by all sorts of principals: who passes, and who does not."""
    names = [(principal, PASSES) for principal in passing] + [(principal, DENIED) for principal in denied]
    return [
        case(f"{what} by {principal}", outcome, action, resource, principal, context=context)
        for principal, outcome in names
    ]


REST, HTTP = api("/restapis/a1b2c3d4e5"), api("/apis/f6g7h8i9j0")
REST_STAGE, HTTP_STAGE = f"{REST}/stages/prod", f"{HTTP}/stages/$default"
DEPLOYERS = [BREAK_GLASS, APPLICATIONS, STACK_SETS]

# Names that look like an exempt one, and are none.
LOOKALIKES = [
    role("portcullis-break-glass-2"),
    role("team/portcullis-break-glass"),
    f"arn:aws:iam::{ACCOUNT}:user/portcullis-break-glass",
    f"arn:aws:sts::{ACCOUNT}:assumed-role/portcullis-break-glass/me",
]


def endpoint(now, wanted=None):
    """The endpoint type an API has, and the one that a request asks for."""
    keys = {"apigateway:Resource/EndpointType": (now,)} if now else {}
    return keys | ({"apigateway:Request/EndpointType": wanted} if wanted else {})


TO_REGIONAL = endpoint("PRIVATE", ("REGIONAL",))
LOGS = f"arn:aws:logs:eu-west-1:{ACCOUNT}:log-group:API-Gateway-Execution-Logs_a1b2c3d4e5/prod"

PRIVATE_APIS = [
    *exempt("private made Regional", "apigateway:PATCH", REST, TO_REGIONAL, [REMEDIATOR, *DEPLOYERS],
            [DEVELOPER, ADMINISTRATOR, ROOT, *LOOKALIKES]),
    case("private made edge-optimised", DENIED, "apigateway:PATCH", REST, context=endpoint("PRIVATE", ("EDGE",))),
    case("private made Regional after naming PRIVATE", DENIED, "apigateway:PATCH", REST,
         context=endpoint("PRIVATE", ("PRIVATE", "REGIONAL"))),
    case("private made a type of the future", DENIED, "apigateway:PATCH", REST,
         context=endpoint("PRIVATE", ("SOMETHING",))),
    case("private set to private", PASSES, "apigateway:PATCH", REST, context=endpoint("PRIVATE", ("PRIVATE",))),
    case("description of a private API", PASSES, "apigateway:PATCH", REST, context=endpoint("PRIVATE")),
    case("Regional made edge-optimised", PASSES, "apigateway:PATCH", REST, context=endpoint("REGIONAL", ("EDGE",))),
    case("Regional made private", PASSES, "apigateway:PATCH", REST, context=endpoint("REGIONAL", ("PRIVATE",))),
    case("a domain name made edge-optimised", PASSES, "apigateway:PATCH", api("/domainnames/api.example.com"),
         context=TO_REGIONAL),
    case("a method of a private API", PASSES, "apigateway:PATCH", f"{REST}/resources/abc/methods/GET",
         context=TO_REGIONAL),
    *exempt("private reimported", "apigateway:PUT", REST, endpoint("PRIVATE"), DEPLOYERS,
            [DEVELOPER, ROOT, REMEDIATOR]),
    case("Regional reimported", PASSES, "apigateway:PUT", REST, context=endpoint("REGIONAL")),
    case("a method of a private API put", PASSES, "apigateway:PUT", f"{REST}/resources/abc/methods/GET",
         context=endpoint("PRIVATE")),
    *exempt("protected reimported, type unknown", "apigateway:PUT", REST, PROTECTED, DEPLOYERS,
            [DEVELOPER, REMEDIATOR]),
    case("unprotected reimported, type unknown", PASSES, "apigateway:PUT", REST, context=NOT_PROTECTED),
    *exempt("policy of a protected API", "apigateway:UpdateRestApiPolicy", REST, PROTECTED, [REMEDIATOR, *DEPLOYERS]),
    case("policy of another API", PASSES, "apigateway:UpdateRestApiPolicy", REST),
    case("reads a private API", PASSES, "apigateway:GET", REST, context=endpoint("PRIVATE") | PROTECTED),
]

STAGE_LOGGING = [
    *exempt("loglevel OFF on a protected stage", "apigateway:PATCH", REST_STAGE, PROTECTED, [REMEDIATOR, *DEPLOYERS],
            [DEVELOPER, ADMINISTRATOR, ROOT, *LOOKALIKES]),
    case("logging of a protected HTTP stage", DENIED, "apigateway:PATCH", HTTP_STAGE, context=PROTECTED),
    case("logging of another stage", PASSES, "apigateway:PATCH", REST_STAGE),
    case("logging of a stage that opted out", PASSES, "apigateway:PATCH", REST_STAGE, context=NOT_PROTECTED),
    case("a method of a protected API", PASSES, "apigateway:PATCH", f"{REST}/resources/abc/methods/GET",
         context=PROTECTED),
    case("reads a protected stage", PASSES, "apigateway:GET", REST_STAGE, context=PROTECTED),
    *exempt("deletes a protected stage", "apigateway:DELETE", REST_STAGE, PROTECTED, DEPLOYERS,
            [DEVELOPER, REMEDIATOR]),
    case("deletes access logs of a protected HTTP stage", DENIED, "apigateway:DELETE",
         f"{HTTP_STAGE}/accesslogsettings", context=PROTECTED),
    case("deletes route settings of a protected HTTP stage", DENIED, "apigateway:DELETE",
         f"{HTTP_STAGE}/routesettings/GET%20%2Fpets", context=PROTECTED),
    case("deletes a protected REST API", DENIED, "apigateway:DELETE", REST, context=PROTECTED),
    case("deletes a protected HTTP API", DENIED, "apigateway:DELETE", HTTP, context=PROTECTED),
    case("deletes another stage", PASSES, "apigateway:DELETE", REST_STAGE),
    case("deletes a deployment of a protected API", PASSES, "apigateway:DELETE", f"{REST}/deployments/abc",
         context=PROTECTED),
    *exempt("clears the account's CloudWatch role", "apigateway:PATCH", api("/account"), {}, [REMEDIATOR, *DEPLOYERS]),
    case("reads the account's settings", PASSES, "apigateway:GET", api("/account")),
    *exempt("deletes the protected CloudWatch role", "iam:DeleteRole", LOGGING_ROLE, PROTECTED, DEPLOYERS,
            [DEVELOPER, ROOT, REMEDIATOR]),
    *(
        case(f"{action} on the protected CloudWatch role", DENIED, f"iam:{action}", LOGGING_ROLE, context=PROTECTED)
        for action in ("AttachRolePolicy", "DeleteRolePolicy", "DetachRolePolicy", "PutRolePermissionsBoundary",
                       "PutRolePolicy", "TagRole", "UntagRole", "UpdateAssumeRolePolicy")
    ),
    *(
        case(f"{action} on {arn}", DENIED, f"logs:{action}", arn, context=PROTECTED)
        for action, arn in (
            ("DeleteLogGroup", LOGS), ("DeleteLogStream", f"{LOGS}:log-stream:0a1b"), ("PutRetentionPolicy", LOGS),
        )
    ),
    case("deletes another role", PASSES, "iam:DeleteRole", role("something")),
]


def regional(service, resource, account=HUB):
    """The ARN of something with a Region and an account."""
    return f"arn:aws:{service}:eu-west-1:{account}:{resource}"


# Each thing of Portcullis, and what nobody else may do to it.
NAMED = {
    regional("cloudformation", "stack/portcullis-member/0aa1"):
        "CreateChangeSet DeleteStack ExecuteChangeSet RollbackStack SetStackPolicy UpdateStack"
        " UpdateTerminationProtection",
    regional("cloudformation", "stack/StackSet-portcullis-member-77/0aa1"): "DeleteStack",
    regional("cloudwatch", "alarm:portcullis-errors"): "DeleteAlarms DisableAlarmActions PutMetricAlarm SetAlarmState",
    regional("dynamodb", "table/portcullis-baseline"):
        "DeleteResourcePolicy DeleteTable PutResourcePolicy TagResource UntagResource UpdateContinuousBackups"
        " UpdateTable UpdateTimeToLive",
    regional("events", "event-bus/portcullis"): "DeleteEventBus UpdateEventBus",
    regional("events", "rule/portcullis-forwarder", ACCOUNT):
        "DeleteRule DisableRule PutRule PutTargets RemoveTargets TagResource UntagResource",
    regional("events", "rule/custom/portcullis-stage-logging"): "DeleteRule",
    role("portcullis-remediator"):
        "AttachRolePolicy CreateRole DeleteRole DeleteRolePermissionsBoundary DeleteRolePolicy DetachRolePolicy"
        " PutRolePermissionsBoundary PutRolePolicy TagRole UntagRole UpdateAssumeRolePolicy UpdateRole",
    role("portcullis-remediator/forged"): "CreateRole",
    BREAK_GLASS: "CreateRole UpdateAssumeRolePolicy",
    APPLICATIONS: "CreateRole",
    OWN_CDK: "CreateRole",
    STACK_SETS: "CreateRole",
    regional("lambda", "function:portcullis-stage-logging"):
        "AddPermission DeleteFunction DeleteFunctionEventInvokeConfig PutFunctionConcurrency"
        " PutFunctionEventInvokeConfig RemovePermission TagResource UntagResource UpdateFunctionCode"
        " UpdateFunctionConfiguration UpdateFunctionEventInvokeConfig",
    regional("logs", "log-group:/aws/lambda/portcullis-stage-logging"): "DeleteLogGroup PutRetentionPolicy",
    regional("logs", "log-group:/aws/lambda/portcullis-stage-logging:log-stream:0a1b"): "DeleteLogStream",
    regional("sns", "portcullis-on-call"):
        "AddPermission DeleteTopic RemovePermission SetTopicAttributes TagResource UntagResource",
    regional("sqs", "portcullis-failed"):
        "AddPermission DeleteQueue PurgeQueue RemovePermission SetQueueAttributes TagQueue UntagQueue",
    f"arn:aws:iam::{HUB}:policy/portcullis-hub-GuardbaselineGuardedReadsApis0-1A2B":
        "CreatePolicyVersion DeletePolicy DeletePolicyVersion SetDefaultPolicyVersion",
    "arn:aws:s3:::cdk-portcullis-assets-999988887777-eu-west-1": "PutBucketPolicy",
    "arn:aws:s3:::cdk-portcullis-assets-999988887777-eu-west-1/0a1b.zip": "DeleteObject PutObject",
    regional("scheduler", "schedule/default/portcullis-heartbeat", ACCOUNT): "DeleteSchedule UpdateSchedule",
}

# The same calls on things that are not Portcullis's, and calls on its own that people need.
NOT_ITS_OWN = {
    regional("cloudformation", "stack/shop/0aa1"): "UpdateStack",
    regional("dynamodb", "table/orders"): "DeleteTable PutItem",
    regional("dynamodb", "table/portcullis"): "Scan Query GetItem",
    regional("events", "rule/nightly"): "DeleteRule",
    role("shop"): "CreateRole DeleteRole PassRole TagRole",
    regional("lambda", "function:shop"): "UpdateFunctionCode",
    regional("lambda", "function:portcullis-stage-logging"): "InvokeFunction GetFunction",
    regional("sns", "orders"): "DeleteTopic",
    regional("sns", "portcullis-on-call"): "Subscribe",
    regional("ssm", "parameter/shop"): "PutParameter",
    regional("ssm", "parameter/portcullis/kill-switch"): "GetParameter",
    f"arn:aws:iam::{ACCOUNT}:policy/shop": "CreatePolicyVersion",
    "arn:aws:s3:::cdk-hnb659fds-assets-111122223333-eu-west-1/0a1b.zip": "PutObject",
    regional("scheduler", "schedule/default/nightly"): "DeleteSchedule",
    regional("sqs", "orders"): "PurgeQueue",
    regional("sqs", "portcullis-failed"): "DeleteMessage ReceiveMessage",
}

OWN_DEPLOYERS = [BREAK_GLASS, DEPLOYMENT, OWN_CDK, STACK_SETS]
RULE = regional("events", "rule/portcullis-forwarder", ACCOUNT)
TABLE = regional("dynamodb", "table/portcullis")
SWITCH = regional("ssm", "parameter/portcullis/kill-switch")
KEY = regional("kms", "key/1234")


def each(outcome, table):
    """A case for each action on each thing."""
    return [
        case(f"{action} on {arn}", outcome, f"{arn.split(':')[2]}:{action}", arn)
        for arn, listed in table.items()
        for action in listed.split()
    ]


def tagging(key):
    """A request that sets or removes one tag."""
    return {"aws:TagKeys": ("team", key)}


OWN_TAG = tagging("portcullis:protected")

OURSELVES = [
    *each(DENIED, NAMED),
    *each(PASSES, NOT_ITS_OWN),
    *exempt("deletes the forwarder rule", "events:DeleteRule", RULE, {}, OWN_DEPLOYERS,
            [DEVELOPER, ROOT, APPLICATIONS, REMEDIATOR, *LOOKALIKES]),
    *exempt("passes its role", "iam:PassRole", role("portcullis-stage-logging"), {}, OWN_DEPLOYERS,
            [DEVELOPER, APPLICATIONS, REMEDIATOR]),
    case("passes the role of its deployments", DENIED, "iam:PassRole", OWN_CDK),
    case("passes the role of stack sets", DENIED, "iam:PassRole", STACK_SETS),
    case("passes the role of application deployments", PASSES, "iam:PassRole", APPLICATIONS),
    *exempt("writes the ledger", "dynamodb:PutItem", TABLE, {}, [FUNCTION, BREAK_GLASS, OWN_CDK, STACK_SETS],
            [DEVELOPER, ROOT, APPLICATIONS]),
    *(
        case(f"{action} on its table", DENIED, f"dynamodb:{action}", TABLE)
        for action in ("BatchWriteItem", "DeleteItem", "PartiQLDelete", "PartiQLInsert", "PartiQLUpdate", "UpdateItem")
    ),
    *(
        case(f"{action} on the kill switch", DENIED, f"ssm:{action}", SWITCH)
        for action in ("DeleteParameter", "DeleteParameters", "PutParameter")
    ),
    case("an operator sets the kill switch", PASSES, "ssm:PutParameter", SWITCH, role("portcullis-operator")),
    case("an operator purges a queue", PASSES, "sqs:PurgeQueue", regional("sqs", "portcullis-sweeps-failed.fifo"),
         role("portcullis-operator")),
    case("an operator deletes a queue", DENIED, "sqs:DeleteQueue", regional("sqs", "portcullis-failed"),
         role("portcullis-operator")),
    *exempt("replaces a binary", "s3:PutObject", "arn:aws:s3:::cdk-portcullis-assets-999988887777-eu-west-1/0a1b.zip",
            {}, [*OWN_DEPLOYERS, role("cdk-portcullis-file-publishing-role-999988887777-eu-west-1")],
            [DEVELOPER, ROOT, APPLICATIONS, FUNCTION]),
    *exempt("disables its key", "kms:DisableKey", KEY, PROTECTED, OWN_DEPLOYERS, [DEVELOPER, APPLICATIONS, REMEDIATOR]),
    case("replaces the policy of its key", DENIED, "kms:PutKeyPolicy", KEY, context=PROTECTED),
    case("schedules the deletion of its key", DENIED, "kms:ScheduleKeyDeletion", KEY, context=PROTECTED),
    case("disables another key", PASSES, "kms:DisableKey", KEY),
    *exempt("tags a stage as protected", "apigateway:PUT", api("/tags/arn"), OWN_TAG, [*OWN_DEPLOYERS, APPLICATIONS],
            [DEVELOPER, ROOT, REMEDIATOR]),
    case("sets an opt-in of remediation", DENIED, "apigateway:PUT", api("/tags/arn"),
         context=tagging("portcullis:remediate")),
    case("sets another tag", PASSES, "apigateway:PUT", api("/tags/arn"), context=tagging("portcullis")),
    case("changes a stage without tags", PASSES, "apigateway:PATCH", REST_STAGE),
    *(
        case(f"{action} with a tag of ours", DENIED, action, arn, context=OWN_TAG)
        for action, arn in (
            ("apigateway:DELETE", api("/tags/arn")), ("apigateway:PATCH", REST), ("apigateway:POST", api("/restapis")),
            ("iam:TagRole", LOGGING_ROLE), ("iam:UntagRole", LOGGING_ROLE),
            ("kms:TagResource", KEY), ("kms:UntagResource", KEY),
            ("logs:TagLogGroup", LOGS), ("logs:TagResource", LOGS), ("logs:UntagLogGroup", LOGS),
            ("logs:UntagResource", LOGS),
        )
    ),
]

INSIDE = {"aws:PrincipalOrgID": ORGANIZATION, "aws:PrincipalIsAWSService": "false"}
OUTSIDE = {"aws:PrincipalOrgID": "o-somebodyelse", "aws:PrincipalIsAWSService": "false"}
NO_ORGANIZATION = {"aws:PrincipalIsAWSService": "false"}
SERVICE = {"aws:PrincipalIsAWSService": "true"}
STRANGER = role("portcullis-stage-logging", "444455556666")
QUEUE = regional("sqs", "portcullis-failed")
BUS = regional("events", "event-bus/portcullis")
READER = role("portcullis-reader")


def by_whom(what, action, resource, expected, tags=()):
    """One request from a function in the hub, a developer, somebody outside, nobody in particular, a service."""
    who = (
        ("a function", FUNCTION, INSIDE), ("a developer", DEVELOPER, INSIDE), ("a stranger", STRANGER, OUTSIDE),
        ("an account without organization", STRANGER, NO_ORGANIZATION),
    )
    lines = [
        case(f"{what} by {name}", outcome, action, resource, principal, context=context | dict(tags))
        for (name, principal, context), outcome in zip(who, expected, strict=True)
    ]
    service = Request(action, resource, SERVICE | dict(tags))
    anonymous = Request(action, resource, dict(tags))
    return [*lines, Case(f"{what} by a service", service, PASSES), Case(f"{what} by nobody", anonymous, DENIED)]


READS = (PASSES, PASSES, DENIED, DENIED)

DATA = [
    *(
        line
        for arn, listed in {
            TABLE: "BatchGetItem ConditionCheckItem DeleteResourcePolicy DeleteTable GetItem PartiQLSelect"
                   " PutResourcePolicy Query Scan UpdateTable",
            f"{TABLE}/stream/2026-11-02T10:00:00.000": "GetRecords",
            BUS: "PutEvents",
            QUEUE: "AddPermission ChangeMessageVisibility DeleteQueue ReceiveMessage RemovePermission"
                   " SetQueueAttributes",
        }.items()
        for action in listed.split()
        for line in by_whom(f"{action} on {arn}", f"{arn.split(':')[2]}:{action}", arn, READS)
    ),
    *(
        line
        for action in ("CreateGrant", "Decrypt", "DisableKey", "Encrypt", "GenerateDataKey", "PutKeyPolicy",
                       "ScheduleKeyDeletion")
        for line in by_whom(f"{action} on its key", f"kms:{action}", KEY, READS, PROTECTED.items())
    ),
    case("a stranger uses another key", PASSES, "kms:Decrypt", KEY, STRANGER, context=OUTSIDE),
    case("a stranger reads another table", PASSES, "dynamodb:GetItem", regional("dynamodb", "table/orders"), STRANGER,
         context=OUTSIDE),
    # Of these calls the first statement denies strangers, the third everybody but Portcullis: an exempt ARN from
    # outside shows the first, a developer inside shows the third.
    *(
        line
        for arn, listed in {
            TABLE: "BatchWriteItem DeleteItem PartiQLDelete PartiQLInsert PartiQLUpdate PutItem UpdateItem",
            QUEUE: "DeleteMessage PurgeQueue SendMessage",
        }.items()
        for action in listed.split()
        for line in (
            *by_whom(f"{action} on {arn}", f"{arn.split(':')[2]}:{action}", arn, (PASSES, DENIED, DENIED, DENIED)),
            case(f"{action} on {arn} by a role of the hub's name outside", DENIED, f"{arn.split(':')[2]}:{action}", arn,
                 FUNCTION, context=OUTSIDE),
        )
    ),
    case("break-glass in a member empties a queue", PASSES, "sqs:PurgeQueue", QUEUE, BREAK_GLASS, context=INSIDE),
    case("a role of ours in a member writes the ledger", DENIED, "dynamodb:PutItem", TABLE, REMEDIATOR, context=INSIDE),
    case("a developer writes another table", PASSES, "dynamodb:PutItem", regional("dynamodb", "table/orders"),
         context=INSIDE),
    *by_whom("assumes the remediator", "sts:AssumeRole", REMEDIATOR, (PASSES, DENIED, DENIED, DENIED)),
    case("assumes the reader", DENIED, "sts:AssumeRole", READER, context=INSIDE),
    case("assumes the role of its deployments", DENIED, "sts:AssumeRole", OWN_CDK, context=INSIDE),
    case("SAML for the remediator", DENIED, "sts:AssumeRoleWithSAML", REMEDIATOR, context=INSIDE),
    case("a web identity for the remediator", DENIED, "sts:AssumeRoleWithWebIdentity", REMEDIATOR, context=INSIDE),
    case("somebody takes the break-glass role", PASSES, "sts:AssumeRole", BREAK_GLASS, context=INSIDE),
    case("assumes another role", PASSES, "sts:AssumeRole", role("shop"), context=INSIDE),
]


PATCH, GET, POST, PASS_ROLE = "apigateway:PATCH", "apigateway:GET", "apigateway:POST", "iam:PassRole"


HERE, ELSEWHERE = {"aws:RequestedRegion": PLACEHOLDERS["iam"]["Region"]}, {"aws:RequestedRegion": "ap-south-1"}


def permission(*allowed, nothing=(), denied=()):
    """The lines of an IAM document: what deletes or replaces is denied in each, nothing is allowed in other Regions."""
    never = (
        ("apigateway:DELETE", REST), ("apigateway:DELETE", HTTP_STAGE), ("apigateway:DELETE", api("/apikeys/k")),
        ("apigateway:PUT", REST), ("apigateway:PUT", api("/tags/arn")),
    )
    always_nothing = ((POST, api("/restapis")), (PASS_ROLE, role("admin")), ("sts:AssumeRole", READER))
    table = [(ALLOWED, allowed), (NOTHING, (*nothing, *always_nothing)), (DENIED, (*denied, *never))]
    lines = [(outcome, *(*line, {})[:3]) for outcome, listed in table for line in listed]
    here = [Case(f"{action} on {resource} {context}", Request(action, resource, {**HERE, **context}), outcome)
            for outcome, action, resource, context in lines]
    # A role is global: passing one is bound by what it is passed to.
    return here + [
        Case(f"{action} on {resource} {context} abroad", Request(action, resource, {**context, **ELSEWHERE}), NOTHING)
        for outcome, action, resource, context in lines if outcome == ALLOWED and action != PASS_ROLE]


TO_API_GATEWAY = {"iam:PassedToService": "apigateway.amazonaws.com"}


def asks(**keys):
    """What a request to API Gateway asks for."""
    return {f"apigateway:Request/{name}": value for name, value in keys.items()}


READS_SETTINGS = permission(
    (GET, api("/account")), (GET, api("/restapis")), (GET, REST), (GET, REST_STAGE), (GET, f"{REST}/deployments"),
    (GET, api("/apis")), (GET, HTTP), (GET, HTTP_STAGE),
    nothing=((PATCH, REST_STAGE), (PATCH, api("/account")), (POST, f"{REST}/deployments"),
             (GET, api("/clientcertificates")), (GET, api("/usageplans"))),
    denied=((GET, api("/apikeys")), (GET, api("/apikeys/k")), (GET, api("/usageplans/p/keys")),
            (GET, api("/usageplans/p/keys/k"))),
)

RESTORES_STAGE_LOGGING = permission(
    (PATCH, REST_STAGE), (PATCH, HTTP_STAGE),
    *((f"logs:{action}", "*") for action in (
        "CreateLogDelivery", "DescribeLogGroups", "DescribeResourcePolicies", "GetLogDelivery", "ListLogDeliveries",
        "PutResourcePolicy", "UpdateLogDelivery")),
    nothing=((PATCH, REST), (PATCH, HTTP), (PATCH, api("/account")), (GET, REST_STAGE), (POST, f"{REST}/stages"),
             (PATCH, f"{REST}/resources/abc/methods/GET"), ("logs:DeleteLogDelivery", "*"),
             ("logs:DeleteResourcePolicy", "*"), ("logs:CreateLogGroup", LOGS), ("logs:DeleteLogGroup", LOGS)),
)

RESTORES_LOGGING_ROLE = permission(
    (PATCH, api("/account")), (PASS_ROLE, LOGGING_ROLE, TO_API_GATEWAY),
    nothing=((PASS_ROLE, LOGGING_ROLE), (PASS_ROLE, LOGGING_ROLE, {"iam:PassedToService": "ec2.amazonaws.com"}),
             (PASS_ROLE, role("admin"), TO_API_GATEWAY), (PATCH, REST_STAGE), (PATCH, REST), (GET, api("/account"))),
)

RESTORES_PRIVATE_ENDPOINT = permission(
    (PATCH, REST, asks(EndpointType=("PRIVATE",))), (PATCH, REST),
    ("apigateway:UpdateRestApiPolicy", REST),
    nothing=(
        (PATCH, REST, asks(EndpointType=("PRIVATE",), DisableExecuteApiEndpoint="true")),
        (PATCH, REST, asks(DisableExecuteApiEndpoint="false")), (PATCH, REST, asks(ApiName="other")),
        (PATCH, REST, asks(SecurityPolicy=("TLS_1_0",))), (PATCH, REST_STAGE), (PATCH, HTTP), (PATCH, api("/account")),
        (PATCH, f"{REST}/resources/abc/methods/GET"), (POST, f"{REST}/deployments"),
        (PATCH, api("/domainnames/api.example.com"), asks(EndpointType=("PRIVATE",))),
    ),
    denied=(
        (PATCH, REST, asks(EndpointType=("REGIONAL",))), (PATCH, REST, asks(EndpointType=("PRIVATE", "REGIONAL"))),
        (PATCH, REST, asks(EndpointType=("EDGE",))),
    ),
)

REDEPLOYS = permission(
    (POST, f"{REST}/deployments"),
    nothing=((POST, f"{REST}/stages"), (POST, f"{HTTP}/deployments"), (PATCH, f"{REST}/deployments/abc"),
             (PATCH, REST_STAGE)),
)

CONTAINS = permission(
    (PATCH, REST_STAGE),
    nothing=((PATCH, HTTP_STAGE), (PATCH, REST), (POST, f"{REST}/deployments"), (GET, REST_STAGE)),
)

CASES = {
    "scp/private-apis-stay-private.json": PRIVATE_APIS,
    "scp/protect-stage-logging.json": STAGE_LOGGING,
    "scp/protect-portcullis.json": OURSELVES,
    "rcp/protect-portcullis-data.json": DATA,
    "iam/reader.json": READS_SETTINGS,
    "iam/remediator-restore-stage-logging.json": RESTORES_STAGE_LOGGING,
    "iam/remediator-restore-account-logging-role.json": RESTORES_LOGGING_ROLE,
    "iam/remediator-restore-private-endpoint.json": RESTORES_PRIVATE_ENDPOINT,
    "iam/remediator-redeploy.json": REDEPLOYS,
    "iam/remediator-contain.json": CONTAINS,
}


def failures(label, document):
    """The lines of the table that a document does not keep."""
    return [line for line in CASES[label] if decide(document, line.request) != line.outcome]
