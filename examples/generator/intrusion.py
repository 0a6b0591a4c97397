"""The intrusion: a leaked pipeline key, ninety minutes, five accounts. Each step names the rules it should raise.

Beside the findings of single records, `rules` names the windows that become hot with that record.
"""

from datetime import timedelta

from . import aws, blinding, destruction, rest, v2
from .identities import (
    DATA,
    INTRUDER_SESSIONS,
    PROD,
    SANDBOX,
    SHARED,
    STAGING,
    ci_user,
    intruder,
    intruder_user,
    person,
)
from .ids import access_key, clock
from .moves import CENTRAL, EAST, WEST
from .records import Step


def break_in():
    """The key answers from a new address; the role of the pipelines opens all five accounts."""
    user = intruder_user()
    roles = "arn:aws:iam::111122223333:role/"
    out = [
        Step(
            clock("09:41:06"),
            user,
            EAST,
            lambda w: aws.read("sts.amazonaws.com", "GetCallerIdentity"),
            "tries the leaked key of `ci-deployer` from 198.51.100.77",
            target="ci-deployer",
        ),
        Step(
            clock("09:41:52"),
            user,
            EAST,
            lambda w: aws.denied(aws.read("iam.amazonaws.com", "ListRoles"), user, "iam:ListRoles", roles),
        ),
        Step(
            clock("09:42:17"),
            user,
            EAST,
            lambda w: aws.denied(
                aws.read("iam.amazonaws.com", "ListAttachedUserPolicies"),
                user,
                "iam:ListAttachedUserPolicies",
                "arn:aws:iam::111122223333:user/ci-deployer",
            ),
        ),
        Step(clock("09:43:02"), user, EAST, lambda w: aws.list_accounts()),
    ]
    for account, (session, at) in INTRUDER_SESSIONS.items():
        story = "assumes `platform-deploy` in every account (09:44-09:45)" if account == PROD else ""
        out += aws.assume_role_across(user, account, session, at, story=story)
    return out


def recon():
    """Lists APIs, stages and API keys everywhere; read-only calls, no finding."""
    out = []
    for i, account in enumerate(INTRUDER_SESSIONS):
        for j, region in enumerate((WEST, CENTRAL, EAST)):
            at = clock("09:47:03") + timedelta(seconds=131 * i + 37 * j)
            calls = [
                rest.read("GetRestApis", limit=500),
                v2.read("GetApis", maxResults="500"),
                rest.read("GetAccount"),
                rest.read("GetApiKeys", limit=500, includeValues=True),
            ]
            out += [
                Step(at + timedelta(seconds=7 * k), intruder(account, script=True), region, lambda w, c=c: c)
                for k, c in enumerate(calls)
            ]
    out[0].story = "lists APIs, stages and API keys in all accounts and Regions (until 10:02)"
    return out + stage_reads()


def stage_reads():
    reads = [
        (PROD, WEST, "k3v9q2m7x1"),
        (PROD, WEST, "p8d4w1z6c0"),
        (PROD, WEST, "f0j6l3a8e5"),
        (DATA, WEST, "i4o7p0a3s6"),
        (DATA, CENTRAL, "b5n8m1k4j7"),
        (DATA, CENTRAL, "u0p3l6k9j2"),
        (STAGING, WEST, "z3x6c9v2b5"),
        (SHARED, WEST, "j1k4l7z0x3"),
        (SANDBOX, WEST, "k8l1z4x7c0"),
    ]
    return [
        Step(
            clock("09:59:11") + timedelta(seconds=19 * i),
            intruder(account, script=True),
            region,
            lambda w, a=api_id: rest.read("GetStages", restApiId=a),
        )
        for i, (account, region, api_id) in enumerate(reads)
    ]


def response():
    """The on-call engineer stops it: key off, sessions of the role revoked, a new key for the pipeline."""

    def oncall(at, account=SHARED):
        return person(account, "ines.duarte", clock(at), "oncall")

    old_key = ci_user().identity["accessKeyId"]
    new_key = access_key("AKIA", SHARED, "ci-deployer", "new")
    out = [
        Step(
            clock("11:16:09"),
            oncall("11:16:09"),
            EAST,
            lambda w: aws.read("iam.amazonaws.com", "ListAccessKeys", {"userName": "ci-deployer"}),
        ),
        Step(
            clock("11:16:58"),
            oncall("11:16:58"),
            EAST,
            lambda w: aws.update_access_key("ci-deployer", old_key, "Inactive"),
            "the on-call engineer deactivates the key and revokes the sessions of `platform-deploy`",
            target="ci-deployer",
        ),
        Step(clock("11:38:47"), oncall("11:38:47"), EAST, lambda w: aws.create_access_key("ci-deployer", new_key)),
    ]
    for i, account in enumerate(INTRUDER_SESSIONS):
        at = clock("11:18:05") + timedelta(seconds=48 * i)
        out.append(
            Step(
                at, person(account, "ines.duarte", at, "oncall"), EAST, lambda w: aws.revoke_sessions("platform-deploy")
            )
        )
    return out


def steps():
    return break_in() + recon() + blinding.steps() + destruction.steps() + response()
