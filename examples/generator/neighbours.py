"""Near misses: events of other services with the names of API Gateway's, or about API Gateway without changing it."""

from . import aws
from .deployments import fixed, in_sequence
from .identities import DATA, PROD, SANDBOX, STAGING, ci_cloudformation, ci_terraform, person
from .ids import clock, uuid


def graphql(account, region):
    """AppSync has CreateApi, UpdateApi and DeleteApi too."""
    source = "appsync.amazonaws.com"
    api = {"apiId": "graphqlevents2026example01", "name": "price-events", "ownerContact": "pricing"}
    return [
        aws.write(source, "CreateApi", {"name": "price-events", "ownerContact": "pricing"}, {"api": api}),
        aws.write(source, "UpdateApi", {"apiId": api["apiId"], "name": "price-events"}, {"api": api}),
        aws.write(source, "CreateApiKey", {"apiId": api["apiId"], "description": "load test"}),
        aws.write(source, "DeleteApi", {"apiId": api["apiId"]}),
    ]


def live_video(account, region):
    """IVS calls its rooms stages."""
    source, arn = "ivs.amazonaws.com", f"arn:aws:ivs:{region}:{account}:stage/Q3tGexample7Vb"
    stage = {"arn": arn, "name": "product-demo", "activeSessionId": "st-7Kexample1QpL"}
    return [
        aws.write(source, "CreateStage", {"name": "product-demo"}, {"stage": stage}),
        aws.write(
            source,
            "UpdateStage",
            {"arn": arn, "name": "product-demo-2"},
            {"stage": {**stage, "name": "product-demo-2"}},
        ),
        aws.write(source, "DeleteStage", {"arn": arn}),
    ]


def other_deployments(account, region):
    return [
        aws.write(
            "amplify.amazonaws.com",
            "CreateDeployment",
            {"appId": "d2example4shop", "branchName": "main"},
            {"jobId": "118", "fileUploadUrls": {}, "zipUploadUrl": "***"},
        ),
        aws.write(
            "codedeploy.amazonaws.com",
            "CreateDeployment",
            {"applicationName": "checkout-task", "deploymentGroupName": "blue-green"},
            {"deploymentId": "d-EXAMPLE7Q"},
        ),
    ]


def firewall(account, region):
    """WAF in front of a stage: another service's event, with the stage only in an ARN."""
    acl = f"arn:aws:wafv2:{region}:{account}:regional/webacl/storefront/{uuid('webacl', account)}"
    stage = f"arn:aws:apigateway:{region}::/restapis/k3v9q2m7x1/stages/v2"
    lock = uuid("lock", account)
    return [
        aws.read("wafv2.amazonaws.com", "GetWebACLForResource", {"resourceArn": stage}),
        aws.write("wafv2.amazonaws.com", "AssociateWebACL", {"webACLArn": acl, "resourceArn": stage}),
        aws.write(
            "wafv2.amazonaws.com",
            "UpdateIPSet",
            {
                "name": "office",
                "scope": "REGIONAL",
                "id": uuid("ipset", account),
                "addresses": ["192.0.2.0/24"],
                "lockToken": lock,
            },
            {"nextLockToken": uuid("lock", lock)},
        ),
    ]


def permissions(account, region):
    """Lambda's permission for API Gateway, given and taken."""
    add = aws.add_gateway_permission(account, region, "cart-state", "d6f9g2h5j8", "*/*/cart")
    gone = {"functionName": add.request["functionName"], "statementId": add.request["statementId"]}
    return [add, aws.write("lambda.amazonaws.com", "RemovePermission20150331v2", gone)]


def log_housekeeping(account, region):
    source = "logs.amazonaws.com"
    return [
        aws.write(source, "PutRetentionPolicy", {"logGroupName": "/aws/lambda/report-builder", "retentionInDays": 90}),
        aws.write(
            source, "DeleteLogStream", {"logGroupName": "/aws/lambda/report-builder", "logStreamName": "2025/11/02/old"}
        ),
    ]


def steps():
    west, central = "eu-west-1", "eu-central-1"
    groups = [
        ("08:25:10", "mara.lindqvist", PROD, west, graphql),
        ("10:17:22", "tomasz.okafor", SANDBOX, west, live_video),
        ("10:52:30", "mara.lindqvist", STAGING, west, graphql),
        ("13:40:05", "tomasz.okafor", STAGING, west, live_video),
        ("09:31:48", "jonas.whitlow", PROD, west, other_deployments),
        ("15:50:33", "ines.duarte", DATA, central, log_housekeeping),
        ("11:55:12", "ines.duarte", PROD, west, firewall),
    ]
    out = []
    for start, user, account, region, calls in groups:
        at = clock(start)
        out += in_sequence(at, person(account, user, at), region, fixed(calls(account, region)), 21)
    at = clock("14:31:00")
    out += in_sequence(at, ci_terraform(STAGING, 4820, at), west, fixed(permissions(STAGING, west)), 40)
    at = clock("08:31:00")
    return out + in_sequence(at, ci_cloudformation(PROD, 4811, at), west, fixed(other_deployments(PROD, west)[1:]), 5)
