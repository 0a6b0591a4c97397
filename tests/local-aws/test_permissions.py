"""Permissions against code, both ways: a call without a grant fails, and so does a grant that no code needs. Nothing
runs here: `test_grants.py` shows on the deployed stack that the table of `grants.py` is true.
"""

import json
import re
from types import SimpleNamespace

import botocore.session
import pytest
from botocore import xform_name

import grants
from deployed import configuration_of, synthesise
from stack import ROOT

SOURCES = ROOT / "shared/aws/src"
SERVICES = ("apigateway", "apigatewayv2", "dynamodb", "lambda", "sns", "sqs", "ssm", "sts")
API = "a1b2c3d4e5"
CALL = re.compile(r"\.\s*([a-z0-9_]+)\(\)")
# How else a call is written: by a provider of credentials, and as a part of a transaction.
PROVIDER = "AssumeRoleProvider::builder"
PARTS = {"dynamodb:PutItem": "Put::builder", "dynamodb:UpdateItem": "Update::builder",
         "dynamodb:DeleteItem": "Delete::builder", "dynamodb:ConditionCheckItem": "ConditionCheck::builder"}
KEY = re.compile(r'"([A-Z]#)')


@pytest.fixture(scope="module")
def template(tmp_path_factory):
    """The template of one account with every remediation switched on, with stubs for the binaries."""
    folder = tmp_path_factory.mktemp("synthesis")
    (folder / "configuration.json").write_text(json.dumps(configuration_of("auto")))
    nowhere = SimpleNamespace(folder=folder, endpoint_url="http://127.0.0.1:9")
    synthesise(nowhere, folder / "cdk.out", f"config={folder / 'configuration.json'}", "stubArtifacts=true")
    return json.loads((folder / "cdk.out/portcullis.template.json").read_text())


def statements(template, role):
    """All statements of a role's policies."""
    for resource in template["Resources"].values():
        assert resource["Type"] not in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"), "read it here too"
        if resource["Type"] == "AWS::IAM::Role" and resource["Properties"].get("RoleName") == f"portcullis-{role}":
            return [statement for policy in resource["Properties"]["Policies"]
                    for statement in policy["PolicyDocument"]["Statement"]]
    raise ValueError(f"no role portcullis-{role}")


def sources():
    """Files of shared/aws/src without their tests, as text."""
    files = [file for file in sorted(SOURCES.rglob("*.rs"))
             if file.stem not in ("tests", "replay") and "tests" not in file.relative_to(SOURCES).parts]
    return {file.relative_to(SOURCES).as_posix(): re.split(r"#\[cfg\(test\)\]\s*mod \w+ \{", file.read_text())[0]
            for file in files}


def operations():
    """The operations of the services by their names in Rust."""
    session, found = botocore.session.get_session(), {}
    for service in SERVICES:
        for name in session.get_service_model(service).operation_names:
            found.setdefault(xform_name(name), set()).add(f"{service}:{name}")
    return found


def test_the_table_has_every_call_of_the_code_and_no_other():
    known = operations()
    found = {(file, name) for file, text in sources().items() for name in CALL.findall(text) if name in known}
    found |= {(file, "assume_role") for file, text in sources().items() if PROVIDER in text}
    assert found == {(file, xform_name(call.partition(":")[2])) for file, call, _thing, _functions in grants.CALLS}


def test_calls_of_the_table_exist():
    names = set().union(*operations().values())
    assert {call for _file, call, _thing, _functions in grants.CALLS} - names == set()


def test_transactions_need_what_they_write():
    for file, text in sources().items():
        parts = {action for action, builder in PARTS.items() if re.search(rf"\b{builder}\b", text)}
        assert parts == set(grants.OTHER_ACTIONS.get((file, "dynamodb:TransactWriteItems"), ())), file


def test_nobody_else_calls_aws():
    folders = ("functions", "shared/core", "shared/policy")
    others = [file for folder in folders for file in (ROOT / folder).rglob("*.rs")]
    assert len(others) > 20
    assert [str(file) for file in others if re.search(r"\baws_(sdk|config|smithy)", file.read_text())] == []


def test_functions_link_what_they_may_use():
    """Without the feature `writes` a function has neither ledger nor kill switch nor writer."""
    modules = (SOURCES / "lib.rs").read_text() + (SOURCES / "ledger.rs").read_text()
    behind = set(re.findall(r'#\[cfg\(feature = "writes"\)\]\s*(?:pub )?mod (\w+);', modules))
    assert behind == {"kill_switch", "replay", "write", "writer", "writing"}  # `replay` is of tests
    manifests = {file.parent.name: file.read_text() for file in (ROOT / "functions").glob("*/Cargo.toml")}
    assert {name for name, text in manifests.items() if '"writes"' in text} == set(grants.WRITERS)
    assert manifests.keys() == set(grants.EVERY)
    for file, _call, _thing, functions in grants.CALLS:
        if re.match(r"(kill_switch|ledger/write|writer)\b", file):
            assert functions == grants.WRITERS


def test_windows_are_counted_where_the_rules_are():
    rules = (ROOT / "shared/core/src/rules/windows.rs").read_text()
    assert set(re.findall(r'function: "([\w-]+)"', rules)) == set(grants.COUNTING)


@pytest.mark.parametrize("name", grants.EVERY)
def test_a_function_has_the_grants_that_it_needs(template, name):
    assert grants.allowed(statements(template, name)) == grants.needed(name)


@pytest.mark.parametrize("name", grants.RULES)
def test_a_function_writes_its_own_keys(template, name):
    [keys] = [statement["Condition"]["ForAllValues:StringLike"]["dynamodb:LeadingKeys"]
              for statement in statements(template, name) if "dynamodb:PutItem" in statement["Action"]]
    assert set(keys) == {f"{key}*" for key, (_file, functions) in grants.KEYS.items() if name in functions}


def test_keys_are_those_of_the_code():
    """`B#` is the other table's."""
    found = {(key, file) for file, text in sources().items() for key in KEY.findall(text)}
    assert {(key, file) for key, file in found if key != "B#"} == {
        (key, file) for key, (file, _functions) in grants.KEYS.items()} | {("L#", "ledger/write.rs")}


@pytest.mark.parametrize("role", ["reader", "remediator"])
def test_a_role_has_the_grants_that_its_calls_need(template, role):
    wanted = set().union(*(api_gateway(call) for _file, call, thing, _functions in grants.CALLS
                           if thing == role and call.startswith("apigateway")))
    wanted |= {grant for grant, (roles, _why) in grants.ON_BEHALF.items() if role in roles}
    granted = grants.allowed(statements(template, role))
    assert [one for one in wanted if not any(covers(grant, one) for grant in granted)] == []
    assert [grant for grant in granted if not any(covers(grant, one) for one in wanted)] == []


def api_gateway(call):
    """What a call of API Gateway needs: action and path. Changes of some settings need more than the call."""
    service, name = call.split(":")
    http = botocore.session.get_session().get_service_model(service).operation_model(name).http
    path = re.sub(r"\{[^}]+\}", API, http["requestUri"].partition("?")[0].removeprefix("/v2"))
    more = {"apigateway:UpdateAccount": {("iam:PassRole", "logging role")},
            "apigateway:UpdateRestApi": {("apigateway:UpdateRestApiPolicy", path)}}
    return {(f"apigateway:{http['method']}", path)} | more.get(call, set())


def covers(grant, wanted):
    """Whether a grant allows what is wanted."""
    pattern = re.escape(grant[1]).replace(r"\*", ".*").replace(r"\?", ".")
    return grant[0] == wanted[0] and re.fullmatch(pattern, wanted[1]) is not None
