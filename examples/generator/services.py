"""The ordinary day of every account: what services, workloads, people and scanners call all the time.

`EVERYWHERE` and `GLOBAL` are the mix; each kind makes one (actor, call) from a `Context`. Nothing here changes an API.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from . import aws, rest, v2
from .identities import (
    ACCOUNTS,
    BOTO3,
    DATA,
    PEOPLE,
    PROD,
    SANDBOX,
    SHARED,
    STAGING,
    aws_service,
    person,
    service_linked,
    workload,
)
from .ids import ALNUM, DAY, stream, token, uuid
from .records import Actor, Step


@dataclass
class Context:
    account: str
    region: str
    at: datetime
    rng: Random
    apis: list

    def arn(self, service, resource):
        return f"arn:aws:{service}:{self.region}:{self.account}:{resource}"

    def pick(self, *values):
        return values[self.rng.randrange(len(values))]


FUNCTIONS = {
    SHARED: ("token-issuer", "webhook-relay", "status-probe"),
    PROD: ("storefront-pages", "order-intake", "payment-capture", "loyalty-points", "stock-sync"),
    STAGING: ("storefront-pages", "order-intake", "cart-state"),
    DATA: ("ingest-writer", "report-builder", "exports-worker", "telemetry-fanout"),
    SANDBOX: ("demo-hello", "workshop-quiz"),
}


def function(c):
    return c.pick(*FUNCTIONS[c.account])


def lambda_role(c, name):
    return workload(c.account, f"{name}-role", name, c.at, host=41 + len(name) % 9)


# --- services acting by themselves ---


def service_assumes_role(c):
    service, role = c.pick(
        ("lambda.amazonaws.com", None),
        ("lambda.amazonaws.com", None),
        ("ecs-tasks.amazonaws.com", "checkout-task"),
        ("states.amazonaws.com", "nightly-flow"),
        ("ec2.amazonaws.com", "bastion-host"),
    )
    name = function(c)
    role = role or f"{name}-role"
    session = name if role.endswith("-role") else token(ALNUM, 16, "session", c.at, role)
    call = aws.assume_role(c.account, role, session, c.at, shared_id=uuid("sts", c.account, c.at, role))
    del call.response["assumedRoleUser"]
    return aws_service(c.account, service), call


def trail_checks_bucket(c):
    bucket = "organization-trail-logs"
    call = s3_call("GetBucketAcl", bucket, c, {"acl": ""})
    call.extra["sharedEventID"] = uuid("s3", c.account, c.region, c.at)
    return aws_service(c.account, "cloudtrail.amazonaws.com"), call


def config_describes(c):
    actor = service_linked(c.account, "config.amazonaws.com", "AWSServiceRoleForConfig", "AWSConfig-Describe", c.at)
    source, name, request = c.pick(
        ("lambda", "ListFunctions20150331", {"maxItems": 50}),
        ("dynamodb", "DescribeTable", {"tableName": f"{function(c)}-state"}),
        ("s3", "ListBuckets", None),
        ("ec2", "DescribeVpcs", {"vpcSet": {}, "filterSet": {}}),
        ("kms", "ListKeys", None),
        ("sqs", "ListQueues", {"maxResults": 100}),
        ("config", "PutEvaluations", {"resultToken": "***", "testMode": False, "evaluations": []}),
    )
    call = aws.read(f"{source}.amazonaws.com", name, request)
    call.read = name != "PutEvaluations"
    return actor, call


def config_reads_apis(c):
    actor = service_linked(c.account, "config.amazonaws.com", "AWSServiceRoleForConfig", "AWSConfig-Describe", c.at)
    return actor, c.pick(rest.read("GetRestApis", limit=500), v2.read("GetApis", maxResults="100"))


def scaling_alarms(c):
    service = "dynamodb.application-autoscaling.amazonaws.com"
    actor = service_linked(
        c.account, service, "AWSServiceRoleForApplicationAutoScaling_DynamoDBTable", "AutoScaling-ManageAlarms", c.at
    )
    alarms = [f"TargetTracking-table/{function(c)}-state-AlarmLow-{uuid('alarm', c.at)}"]
    name = c.pick("DescribeAlarms", "DescribeAlarms", "DeleteAlarms")
    call = aws.read("monitoring.amazonaws.com", name, {"alarmNames": alarms})
    call.read = name == "DescribeAlarms"
    return actor, call


def secret_rotates(c):
    """A service event: an identity without a type, no request id."""
    name = function(c)
    actor = Actor(
        c.account,
        {"accountId": c.account, "invokedBy": "secretsmanager.amazonaws.com"},
        "secretsmanager.amazonaws.com",
        "secretsmanager.amazonaws.com",
        tls=False,
    )
    secret = c.arn("secretsmanager", f"secret:{name}/config-{token(ALNUM, 6, 'secret', c.account, name)}")
    return actor, aws.write(
        "secretsmanager.amazonaws.com",
        c.pick("RotationStarted", "RotationSucceeded"),
        eventType="AwsServiceEvent",
        additionalEventData={"SecretId": secret},
    )


# --- workloads ---


def decrypt(c):
    name = function(c)
    key = c.arn("kms", f"key/{uuid('key', c.account, c.region)}")
    call = aws.read(
        "kms.amazonaws.com",
        "Decrypt",
        {
            "encryptionAlgorithm": "SYMMETRIC_DEFAULT",
            "keyId": key,
            "encryptionContext": {"aws:lambda:FunctionArn": c.arn("lambda", f"function:{name}")},
        },
        resources=[{"accountId": c.account, "type": "AWS::KMS::Key", "ARN": key}],
    )
    return lambda_role(c, name), call


def data_key(c):
    key = c.arn("kms", f"key/{uuid('key', c.account, c.region)}")
    bucket = f"arn:aws:s3:::exports-{c.account}-{c.region}"
    actor = lambda_role(c, function(c))
    identity = {**actor.identity, "invokedBy": "AWS Internal"}
    call = aws.read(
        "kms.amazonaws.com",
        "GenerateDataKey",
        {"keyId": key, "encryptionContext": {"aws:s3:arn": bucket}, "keySpec": "AES_256"},
        resources=[{"accountId": c.account, "type": "AWS::KMS::Key", "ARN": key}],
    )
    return Actor(c.account, identity, "AWS Internal", "AWS Internal", tls=False), call


def log_stream(c):
    name = function(c)
    stream = f"{c.at:%Y/%m/%d}/[$LATEST]{token('0123456789abcdef', 32, 'stream', c.account, c.at)}"
    return lambda_role(c, name), aws.write(
        "logs.amazonaws.com", "CreateLogStream", {"logGroupName": f"/aws/lambda/{name}", "logStreamName": stream}
    )


def describe_table(c):
    name = function(c)
    return lambda_role(c, name), aws.read("dynamodb.amazonaws.com", "DescribeTable", {"tableName": f"{name}-state"})


def secret_value(c):
    name = function(c)
    return lambda_role(c, name), aws.read(
        "secretsmanager.amazonaws.com",
        "GetSecretValue",
        {"secretId": c.arn("secretsmanager", f"secret:{name}/config-{token(ALNUM, 6, 'secret', c.account, name)}")},
    )


def parameter(c):
    name = function(c)
    return lambda_role(c, name), aws.read(
        "ssm.amazonaws.com",
        "GetParameters",
        {"names": [f"/{name}/settings", f"/{name}/limits"], "withDecryption": True},
    )


def s3_call(name, bucket, c, more=None):
    host = f"{bucket}.s3.{c.region}.amazonaws.com"
    data = {
        "SignatureVersion": "SigV4",
        "CipherSuite": "TLS_AES_128_GCM_SHA256",
        "bytesTransferredIn": 0,
        "AuthenticationMethod": "AuthHeader",
        "bytesTransferredOut": 400 + 8 * c.rng.randrange(40),
    }
    return aws.read(
        "s3.amazonaws.com",
        name,
        {"bucketName": bucket, "Host": host, **(more or {})},
        host=host,
        additionalEventData=data,
        resources=[{"accountId": c.account, "type": "AWS::S3::Bucket", "ARN": f"arn:aws:s3:::{bucket}"}],
    )


def bucket_settings(c):
    name, key = c.pick(
        ("GetBucketAcl", "acl"),
        ("GetBucketPolicy", "policy"),
        ("GetBucketLocation", "location"),
        ("GetBucketEncryption", "encryption"),
        ("GetBucketPublicAccessBlock", "publicAccessBlock"),
    )
    bucket = f"{c.pick('exports', 'assets', 'deploy-artifacts')}-{c.account}-{c.region}"
    return scanner(c), s3_call(name, bucket, c, {key: ""})


# --- scanners and people ---


def scanner(c):
    return workload(c.account, "posture-scanner", "posture-scan", c.at, agent=BOTO3, host=90)


def scanner_reads(c):
    source, name, request = c.pick(
        ("ec2", "DescribeInstances", {"instancesSet": {}, "filterSet": {}}),
        ("ec2", "DescribeSecurityGroups", {"securityGroupSet": {}, "securityGroupIdSet": {}, "filterSet": {}}),
        ("ec2", "DescribeSubnets", {"subnetSet": {}, "filterSet": {}}),
        ("ec2", "DescribeVpcEndpoints", {"DescribeVpcEndpointsRequest": {"MaxResults": 1000}}),
        ("lambda", "GetPolicy20150331v2", {"functionName": function(c)}),
        ("elasticloadbalancing", "DescribeLoadBalancers", {"pageSize": 200}),
        ("cloudtrail", "GetTrailStatus", {"name": "organization-trail"}),
        ("rds", "DescribeDBInstances", None),
        ("config", "DescribeConfigurationRecorders", None),
    )
    return scanner(c), aws.read(f"{source}.amazonaws.com", name, request)


def scanner_reads_apis(c):
    if not c.apis:
        return scanner(c), rest.read("GetRestApis", limit=500)
    api = c.pick(*c.apis)
    if api.type == "REST":
        return scanner(c), c.pick(
            rest.read("GetStages", restApiId=api.id),
            rest.read("GetAuthorizers", restApiId=api.id),
            rest.read("GetRestApi", restApiId=api.id),
            rest.read("GetAccount"),
        )
    return scanner(c), c.pick(
        v2.read("GetStages", apiId=api.id), v2.read("GetRoutes", apiId=api.id), v2.read("GetApi", apiId=api.id)
    )


def no_such_policy(c):
    """The commonest error of all: asking for what does not exist."""
    call = aws.read("lambda.amazonaws.com", "GetPolicy20150331v2", {"functionName": function(c)})
    call.error, call.message = "ResourceNotFoundException", "The resource you requested does not exist."
    return scanner(c), call


def missing_api(c):
    api = token("abcdefghijklmnopqrstuvwxyz0123456789", 10, "gone", c.account, c.at)
    if c.rng.random() < 0.5:
        call = rest.read("GetRestApi", restApiId=api)
        call.message = f"Invalid API identifier specified {c.account}:{api}"
    else:
        call = v2.read("GetApi", apiId=api)
    call.error = "NotFoundException"
    return scanner(c), call


def someone(c):
    return person(c.account, sorted(PEOPLE)[c.rng.randrange(len(PEOPLE))], c.at)


def console_reads(c):
    source, name, request = c.pick(
        (
            "health",
            "DescribeEventAggregates",
            {"aggregateField": "eventTypeCategory", "filter": {"eventStatusCodes": ["open", "upcoming"]}},
        ),
        ("logs", "DescribeLogGroups", {"logGroupNamePrefix": "/aws/"}),
        ("cloudformation", "DescribeStacks", None),
        ("monitoring", "DescribeAlarms", {"stateValue": "ALARM", "maxRecords": 100}),
        ("lambda", "ListFunctions20150331", {"maxItems": 50}),
        ("dynamodb", "ListTables", {"limit": 100}),
        ("cloudformation", "ListStacks", {"stackStatusFilter": ["CREATE_COMPLETE", "UPDATE_COMPLETE"]}),
        ("resource-explorer-2", "ListIndexes", {"Type": "AGGREGATOR"}),
        ("states", "ListStateMachines", {"maxResults": 100}),
    )
    return someone(c), aws.read(f"{source}.amazonaws.com", name, request)


def console_reads_apis(c):
    rest_ids = [api.id for api in c.apis if api.type == "REST"]
    calls = [
        rest.read("GetRestApis", limit=500),
        rest.read("GetUsagePlans", limit=500),
        rest.read("GetDomainNames", limit=500),
    ]
    if rest_ids:
        calls.append(rest.read("GetResources", restApiId=rest_ids[0], embed=["methods"], limit=500))
    return someone(c), c.pick(*calls)


def console_denied(c):
    actor = someone(c)
    source, name, request = c.pick(
        ("ce", "GetCostAndUsage", None), ("organizations", "DescribeOrganization", None), ("iam", "ListUsers", None)
    )
    call = aws.read(f"{source}.amazonaws.com", name, request)
    return actor, aws.denied(call, actor, f"{source}:{name}", f"arn:aws:{source}::{c.account}:*")


def alarm_state(c):
    return lambda_role(c, function(c)), aws.write(
        "monitoring.amazonaws.com",
        "PutMetricAlarm",
        {
            "alarmName": f"{function(c)}-errors",
            "metricName": "Errors",
            "namespace": "AWS/Lambda",
            "statistic": "Sum",
            "period": 60,
            "evaluationPeriods": 3,
            "threshold": 1.0,
            "comparisonOperator": "GreaterThanOrEqualToThreshold",
        },
    )


# --- global services, logged in us-east-1 ---


def iam_reads(c):
    name, request = c.pick(
        ("GetRole", {"roleName": f"{function(c)}-role"}),
        ("ListRoles", {"maxItems": 1000}),
        ("GetPolicyVersion", {"policyArn": f"arn:aws:iam::{c.account}:policy/service-boundary", "versionId": "v3"}),
        ("ListAttachedRolePolicies", {"roleName": f"{function(c)}-role"}),
        ("GetAccountSummary", None),
        ("GenerateCredentialReport", None),
    )
    return scanner(c), aws.read("iam.amazonaws.com", name, request)


def console_login(c):
    actor = someone(c)
    url = "https://eu-west-1.console.aws.amazon.com/console/home"
    return actor, aws.write(
        "signin.amazonaws.com",
        "ConsoleLogin",
        None,
        {"ConsoleLogin": "Success"},
        host="eu-west-1.signin.aws.amazon.com",
        eventType="AwsConsoleSignIn",
        additionalEventData={"MobileVersion": "No", "MFAUsed": "No", "LoginTo": url},
    )


def sign_in(c):
    actor = someone(c)
    arn = actor.identity["sessionContext"]["sessionIssuer"]["arn"]
    user = actor.identity["principalId"].split(":")[1]
    federated = {
        "type": "SAMLUser",
        "principalId": f"{token(ALNUM, 27, 'idp')}:{user}",
        "userName": user,
        "identityProvider": token(ALNUM, 27, "idp"),
    }
    call = aws.assume_role(c.account, arn.split("/")[-1], user, c.at, seconds=14400, host="sts.us-east-1.amazonaws.com")
    call.name = "AssumeRoleWithSAML"
    call.request["principalArn"] = f"arn:aws:iam::{c.account}:saml-provider/AWSSSO_example"
    return Actor(
        c.account, federated, actor.ip, "aws-sdk-java/2.35.1 md/internal ua/2.1 os/Linux#5.10 lang/java#17.0.16"
    ), call


EVERYWHERE = [
    (16, service_assumes_role),
    (5, trail_checks_bucket),
    (9, config_describes),
    (2, config_reads_apis),
    (3, scaling_alarms),
    (15, decrypt),
    (5, data_key),
    (13, log_stream),
    (6, describe_table),
    (5, secret_value),
    (4, parameter),
    (6, bucket_settings),
    (11, scanner_reads),
    (5, scanner_reads_apis),
    (2, no_such_policy),
    (1, missing_api),
    (9, console_reads),
    (2, console_reads_apis),
    (1, console_denied),
    (1, alarm_state),
    (1, secret_rotates),
]
GLOBAL = [
    (10, iam_reads),
    (4, sign_in),
    (2, console_login),
    (6, service_assumes_role),
    (4, config_describes),
    (3, scanner_reads),
    (2, console_denied),
]
PEOPLE_KINDS = {console_reads, console_reads_apis, console_denied, sign_in, console_login}

VOLUME = {
    (PROD, "eu-west-1"): 640,
    (PROD, "eu-central-1"): 250,
    (PROD, "us-east-1"): 90,
    (STAGING, "eu-west-1"): 300,
    (STAGING, "eu-central-1"): 110,
    (STAGING, "us-east-1"): 60,
    (DATA, "eu-west-1"): 260,
    (DATA, "eu-central-1"): 400,
    (DATA, "us-east-1"): 70,
    (SHARED, "eu-west-1"): 330,
    (SHARED, "eu-central-1"): 120,
    (SHARED, "us-east-1"): 110,
    (SANDBOX, "eu-west-1"): 100,
    (SANDBOX, "eu-central-1"): 40,
    (SANDBOX, "us-east-1"): 40,
}
BY_HOUR = (3, 3, 3, 3, 3, 4, 6, 8, 10, 11, 11, 10, 9, 10, 11, 10, 9, 7, 6, 5, 4, 4, 3, 3)
WORKING_HOURS = range(7, 18)


def weighted(rng, pairs):
    left = rng.randrange(sum(weight for weight, _ in pairs))
    for weight, value in pairs:
        if left < weight:
            return value
        left -= weight
    raise AssertionError("weights do not add up")


def steps(world):
    """All ordinary calls of the day; services and workloads at any hour, people while they work."""
    out = []
    hours = [(weight, hour) for hour, weight in enumerate(BY_HOUR)]
    for account in ACCOUNTS:
        for (owner, region), count in VOLUME.items():
            if owner != account:
                continue
            rng = stream("services", account, region)
            apis = [a for a in world.apis.values() if (a.account, a.region) == (account, region)]
            kinds = GLOBAL if region == "us-east-1" else EVERYWHERE
            for _ in range(count):
                at = DAY + timedelta(hours=weighted(rng, hours), seconds=rng.randrange(3600))
                kind = weighted(rng, kinds)
                if kind in PEOPLE_KINDS and at.hour not in WORKING_HOURS:
                    kind = scanner_reads
                actor, call = kind(Context(account, region, at, rng, apis))
                out.append(Step(at, actor, region, lambda w, call=call: call))
    return out
