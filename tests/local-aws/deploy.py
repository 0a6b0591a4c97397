"""Puts a Lambda function of a `bootstrap` file and an event rule for it into the local AWS."""

import io
import json
import zipfile

TRUST = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}]}


def deploy_function(aws, name, bootstrap, files=None, environment=None, timeout=30, **where):
    """Creates a `provided.al2023` function that runs as role `name`; returns its ARN.

    `bootstrap` is the path of an executable, `files` maps names in the package to paths; `where` is account, region.
    """
    iam = aws.client("iam", **where)
    role = iam.create_role(RoleName=name, AssumeRolePolicyDocument=json.dumps(TRUST))["Role"]["Arn"]
    created = aws.client("lambda", **where).create_function(
        FunctionName=name, Runtime="provided.al2023", Handler="bootstrap", Role=role, Timeout=timeout,
        Code={"ZipFile": package(bootstrap, files or {})}, Environment={"Variables": environment or {}})
    return created["FunctionArn"]


def package(bootstrap, files):
    """The zip of a function; the bootstrap keeps its permission to run."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        entry = zipfile.ZipInfo("bootstrap")
        entry.external_attr, entry.compress_type = 0o755 << 16, zipfile.ZIP_DEFLATED
        archive.writestr(entry, bootstrap.read_bytes())
        for name, path in files.items():
            archive.write(path, name)
    return buffer.getvalue()


def connect_rule(aws, name, pattern, target_arn, state="ENABLED", role=None, **where):
    """A rule on the default bus whose only target is the given function, queue, topic or bus (which needs the ARN of
    a role); returns its ARN.
    """
    events = aws.client("events", **where)
    arn = events.put_rule(Name=name, EventPattern=json.dumps(pattern), State=state)["RuleArn"]
    target = {"Id": "target", "Arn": target_arn, **({"RoleArn": role} if role else {})}
    failed = events.put_targets(Rule=name, Targets=[target])["FailedEntryCount"]
    if failed:
        raise RuntimeError(f"rule {name}: the target was refused")
    return arn
