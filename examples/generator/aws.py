"""Calls of the other services that deployments, people and the intruder make, and the two records of an AssumeRole."""

from datetime import timedelta

from .identities import SHARED, role_arn
from .ids import ALNUM, access_key, iso, long_date, principal_id, token, uuid
from .records import Actor, Call, Step


def read(source, name, request=None, **extra):
    return Call(source, name, request, read=True, extra=extra)


def write(source, name, request=None, response=None, **extra):
    return Call(source, name, request, response, extra=extra)


def denied(call, actor, action, resource, because="no identity-based policy allows the {} action"):
    call.error = "AccessDenied"
    call.message = (
        f"User: {actor.identity['arn']} is not authorized to perform: {action} on resource: {resource} "
        f"because {because.format(action)}"
    )
    call.request = call.response = None
    return call


def assume_role(account, role, session, at, shared_id=None, seconds=3600, host="sts.eu-west-1.amazonaws.com"):
    arn = role_arn(account, role)
    response = {
        "credentials": {
            "accessKeyId": access_key("ASIA", account, role, session, iso(at)),
            "sessionToken": "IQoJb3JpZ2luX2VjEXAMPLE" + token(ALNUM, 24, account, role, session),
            "expiration": long_date(at + timedelta(seconds=seconds)),
        },
        "assumedRoleUser": {
            "assumedRoleId": f"{principal_id('AROA', account, role)}:{session}",
            "arn": f"arn:aws:sts::{account}:assumed-role/{role}/{session}",
        },
    }
    extra = {"resources": [{"accountId": account, "type": "AWS::IAM::Role", "ARN": arn}], "host": host}
    if shared_id:
        extra["sharedEventID"] = shared_id
    request = {"roleArn": arn, "roleSessionName": session, "durationSeconds": seconds}
    return Call("sts.amazonaws.com", "AssumeRole", request, response, read=True, extra=extra)


def assume_role_across(caller, account, session, at, region="eu-west-1", story=""):
    """An AssumeRole into another account is logged in both, with one `sharedEventID`."""
    if account == caller.account:
        return [Step(at, caller, region, lambda w: assume_role(account, "platform-deploy", session, at), story)]
    shared_id = uuid("shared", account, session)
    foreign = {"type": "AWSAccount", "principalId": caller.identity["principalId"], "accountId": caller.account}
    target_side = Actor(account, foreign, caller.ip, caller.agent)
    return [
        Step(at, caller, region, lambda w: assume_role(account, "platform-deploy", session, at, shared_id), story),
        Step(at, target_side, region, lambda w: assume_role(account, "platform-deploy", session, at, shared_id)),
    ]


def change_set(account, region, stack, run):
    """The calls with which a pipeline starts a stack update, and those with which it waits for the end."""
    source = "cloudformation.amazonaws.com"
    stack_id = f"arn:aws:cloudformation:{region}:{account}:stack/{stack}/6f1d2c30-4b7e-11f0-9a51-0a1b2c3d4e5f"
    set_id = f"arn:aws:cloudformation:{region}:{account}:changeSet/ci-{run}/{uuid('change-set', stack, run)}"
    named = {"stackName": stack, "changeSetName": f"ci-{run}"}
    create = write(
        source,
        "CreateChangeSet",
        {
            **named,
            "capabilities": ["CAPABILITY_IAM"],
            "changeSetType": "UPDATE",
            "templateURL": f"https://deploy-artifacts-{account}.s3.{region}.amazonaws.com/{stack}/{run}.yaml",
        },
        {"id": set_id, "stackId": stack_id},
    )
    return [create, read(source, "DescribeChangeSet", named), write(source, "ExecuteChangeSet", named)], [
        read(source, "DescribeStacks", {"stackName": stack_id}),
        read(source, "DescribeStackEvents", {"stackName": stack}),
    ]


def update_function(account, region, function):
    arn = f"arn:aws:lambda:{region}:{account}:function:{function}"
    request = {
        "functionName": function,
        "s3Bucket": f"deploy-artifacts-{account}",
        "s3Key": f"{function}.zip",
        "publish": False,
        "dryRun": False,
    }
    response = {
        "functionName": function,
        "functionArn": arn,
        "runtime": "nodejs22.x",
        "handler": "index.handler",
        "role": role_arn(account, f"{function}-role"),
        "memorySize": 512,
        "timeout": 15,
        "version": "$LATEST",
        "state": "Active",
        "lastUpdateStatus": "InProgress",
        "packageType": "Zip",
        "architectures": ["arm64"],
    }
    return write("lambda.amazonaws.com", "UpdateFunctionCode20150331v2", request, response)


def add_gateway_permission(account, region, function, api_id, path):
    """A near miss: Lambda's own permission for API Gateway, which changes no API."""
    arn = f"arn:aws:lambda:{region}:{account}:function:{function}"
    source_arn = f"arn:aws:execute-api:{region}:{account}:{api_id}/{path}"
    sid = uuid("statement", api_id, path)
    statement = (
        f'{{"Sid":"{sid}","Effect":"Allow","Principal":{{"Service":"apigateway.amazonaws.com"}},"Action":'
        f'"lambda:InvokeFunction","Resource":"{arn}","Condition":{{"ArnLike":{{"AWS:SourceArn":"{source_arn}"}}}}}}'
    )
    request = {
        "functionName": arn,
        "statementId": sid,
        "action": "lambda:InvokeFunction",
        "principal": "apigateway.amazonaws.com",
        "sourceArn": source_arn,
    }
    return write("lambda.amazonaws.com", "AddPermission20150331v2", request, {"statement": statement})


def update_access_key(user, key, status):
    return write("iam.amazonaws.com", "UpdateAccessKey", {"userName": user, "accessKeyId": key, "status": status})


def create_access_key(user, key):
    return write(
        "iam.amazonaws.com",
        "CreateAccessKey",
        {"userName": user},
        {
            "accessKey": {
                "userName": user,
                "accessKeyId": key,
                "status": "Active",
                "createDate": "Nov 2, 2026, 11:38:47 AM",
            }
        },
    )


def revoke_sessions(role):
    """What the IAM console's `Revoke active sessions` does."""
    policy = (
        '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":["*"],"Resource":["*"],"Condition":'
        '{"DateLessThan":{"aws:TokenIssueTime":"2026-11-02T11:18:00.000Z"}}}]}'
    )
    return write(
        "iam.amazonaws.com",
        "PutRolePolicy",
        {"roleName": role, "policyName": "AWSRevokeOlderSessions", "policyDocument": policy},
    )


def delete_log_group(name):
    return write("logs.amazonaws.com", "DeleteLogGroup", {"logGroupName": name})


def list_accounts():
    return read("organizations.amazonaws.com", "ListAccounts")


def stop_logging(actor, region):
    arn = f"arn:aws:cloudtrail:{region}:{SHARED}:trail/organization-trail"
    return denied(
        write("cloudtrail.amazonaws.com", "StopLogging"),
        actor,
        "cloudtrail:StopLogging",
        arn,
        "a service control policy explicitly denies the {} action",
    )
