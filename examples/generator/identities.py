"""The people, roles and services of the example organisation, each as an `Actor`."""

from datetime import timedelta

from .ids import access_key, clock, iso, principal_id
from .records import Actor

SHARED, PROD, STAGING, DATA, SANDBOX = ("111122223333", "222233334444", "333344445555", "444455556666", "555566667777")
ALIASES = {SHARED: "shared-services", PROD: "shop-prod", STAGING: "shop-staging", DATA: "data-prod", SANDBOX: "sandbox"}
ACCOUNTS = tuple(ALIASES)
REGIONS = ("eu-west-1", "eu-central-1", "us-east-1")

OFFICE_IP = "192.0.2.{}"
CI_IP = "203.0.113.24"
NAT_IP = "203.0.113.{}"
INTRUDER_IP = "198.51.100.77"

TERRAFORM = (
    "APN/1.0 HashiCorp/1.0 Terraform/1.13.4 (+https://www.terraform.io) terraform-provider-aws/6.17.0 "
    "(+https://registry.terraform.io/providers/hashicorp/aws) aws-sdk-go-v2/1.39.2 ua/2.1 os/linux lang/go#1.24.8 "
    "md/GOOS#linux md/GOARCH#amd64 api/{api}#1.35.6 m/E,g"
)
CLI = (
    "aws-cli/2.31.9 md/awscrt#0.27.6 ua/2.1 os/linux#6.8.0-85-generic md/arch#x86_64 lang/python#3.13.7 "
    "md/pyimpl#CPython exec-env/ci m/b,Z,E cfg/retry-mode#standard md/installer#exe md/prompt#off md/command#{command}"
)
INTRUDER_CLI = (
    "aws-cli/2.31.2 md/awscrt#0.27.6 ua/2.1 os/linux#6.12.38+kali-amd64 md/arch#x86_64 lang/python#3.13.7 "
    "md/pyimpl#CPython m/b,Z,E cfg/retry-mode#standard md/installer#exe md/prompt#off md/command#{command}"
)
INTRUDER_SCRIPT = (
    "Boto3/1.40.55 md/Botocore#1.40.55 ua/2.1 os/linux#6.12.38+kali-amd64 md/arch#x86_64 "
    "lang/python#3.13.7 md/pyimpl#CPython m/b,Z,D cfg/retry-mode#legacy Botocore/1.40.55"
)
BOTO3 = (
    "Boto3/1.40.61 md/Botocore#1.40.61 ua/2.1 os/linux#5.10.245-267.986.amzn2.x86_64 md/arch#x86_64 "
    "lang/python#3.13.7 md/pyimpl#CPython exec-env/AWS_Lambda_python3.13 m/Z,b,E,n cfg/retry-mode#standard "
    "Botocore/1.40.61"
)
NODE = (
    "aws-sdk-js/3.913.0 ua/2.1 os/linux#5.10.245-267.986.amzn2.x86_64 lang/js md/nodejs#22.20.0 api/{api}#3.913.0 "
    "exec-env/AWS_Lambda_nodejs22.x m/E"
)
BROWSERS = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:144.0) Gecko/20100101 Firefox/144.0",
)


def role_arn(account, path_and_name):
    return f"arn:aws:iam::{account}:role/{path_and_name}"


def assumed_role(account, role, session, since, path="", mfa=False):
    """The userIdentity of an assumed role; `path` is the role's IAM path without its slashes at the ends."""
    issuer_id = principal_id("AROA", account, role)
    return {
        "type": "AssumedRole",
        "principalId": f"{issuer_id}:{session}",
        "arn": f"arn:aws:sts::{account}:assumed-role/{role}/{session}",
        "accountId": account,
        "accessKeyId": access_key("ASIA", account, role, session, iso(since)),
        "sessionContext": {
            "sessionIssuer": {
                "type": "Role",
                "principalId": issuer_id,
                "arn": role_arn(account, f"{path}/{role}" if path else role),
                "accountId": account,
                "userName": role,
            },
            "attributes": {"creationDate": iso(since), "mfaAuthenticated": "true" if mfa else "false"},
        },
    }


def iam_user(account, name):
    return {
        "type": "IAMUser",
        "principalId": principal_id("AIDA", account, name),
        "arn": f"arn:aws:iam::{account}:user/{name}",
        "accountId": account,
        "accessKeyId": access_key("AKIA", account, name),
        "userName": name,
    }


def aws_service(account, service):
    return Actor(account, {"type": "AWSService", "invokedBy": service}, service, service, tls=False)


def session_start(at):
    """Sessions last an hour, so calls of one hour share their credentials."""
    return at.replace(minute=0, second=0) - timedelta(minutes=4, seconds=at.hour)


def workload(account, role, session, at, agent=NODE, host=41):
    return Actor(account, assumed_role(account, role, session, session_start(at)), NAT_IP.format(host), agent)


def service_linked(account, service, role, session, at):
    """A service acting through its own role: `invokedBy`, source and agent all name the service."""
    identity = assumed_role(account, role, session, session_start(at), path=f"aws-service-role/{service}")
    return Actor(account, {**identity, "invokedBy": service}, service, service, tls=False)


SSO_ROLES = {
    "developer": "AWSReservedSSO_DeveloperAccess_4c1f0a9be27d6358",
    "oncall": "AWSReservedSSO_SecurityOnCall_91d27c4be80f36a5",
}
PEOPLE = {"mara.lindqvist": 14, "tomasz.okafor": 27, "ines.duarte": 33, "jonas.whitlow": 58}


def person(account, user, at, kind="developer"):
    """Somebody in the browser: console of 2024 and later, calls straight from the browser."""
    since = at.replace(hour=at.hour // 4 * 4, minute=7, second=12)
    identity = assumed_role(
        account,
        SSO_ROLES[kind],
        f"{user}@shop.example",
        min(since, at),
        path="aws-reserved/sso.amazonaws.com/eu-west-1",
    )
    return Actor(account, identity, OFFICE_IP.format(PEOPLE[user]), BROWSERS[PEOPLE[user] % 2], console=True)


def ci_session(account, run, at):
    return assumed_role(account, "platform-deploy", f"ci-{run}", at)


def ci_cloudformation(account, run, since):
    identity = {**ci_session(account, run, since), "invokedBy": "cloudformation.amazonaws.com"}
    return Actor(account, identity, "cloudformation.amazonaws.com", "cloudformation.amazonaws.com", tls=False)


def ci_cli(account, run, since):
    return Actor(account, ci_session(account, run, since), CI_IP, CLI)


def ci_terraform(account, run, since):
    return Actor(account, ci_session(account, run, since), CI_IP, TERRAFORM)


def ci_user():
    """The pipeline's own key, used from the pipeline."""
    return Actor(SHARED, iam_user(SHARED, "ci-deployer"), CI_IP, CLI)


def intruder_user():
    """The same key, used by somebody else."""
    return Actor(SHARED, iam_user(SHARED, "ci-deployer"), INTRUDER_IP, INTRUDER_CLI)


INTRUDER_SESSIONS = {
    PROD: ("botocore-session-1793612648", clock("09:44:08")),
    DATA: ("botocore-session-1793612671", clock("09:44:31")),
    STAGING: ("botocore-session-1793612697", clock("09:44:57")),
    SHARED: ("botocore-session-1793612723", clock("09:45:23")),
    SANDBOX: ("botocore-session-1793612744", clock("09:45:44")),
}


def intruder(account, script=False):
    session, since = INTRUDER_SESSIONS[account]
    identity = assumed_role(account, "platform-deploy", session, since)
    return Actor(account, identity, INTRUDER_IP, INTRUDER_SCRIPT if script else INTRUDER_CLI)
