"""Portcullis with its baseline and remediation switched on, and what tests of it need."""

import collections
import contextlib
import json
import re
import subprocess
from types import SimpleNamespace

import operations
from bench import ACCOUNT, REGION, LocalAws
from deliveries import at, deliver, digest, event_of, place_of
from record import make_record
from relay import replaced
from scenes import LOG_GROUP, ROLE, patches, queue_of, rest_api_with_method, unseen
from stack import BINARIES, ROOT, Stack, attributes, finding

KILL_SWITCH = "/portcullis/remediation"
REMEDIATOR = "portcullis-remediator"
WRITERS = ("stage-logging", "api-exposure")
# What stands before an attack is made so long ago, for events count in whole seconds.
EARLIER = {"eventTime": at(120)}
TRUST = {"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}]}


LOGGED = {"/*/*/logging/loglevel": "INFO", "/~1pets/GET/logging/loglevel": "INFO",
          "/accessLogSettings/destinationArn": LOG_GROUP, "/accessLogSettings/format": "$context.requestId"}
OFF = {"/*/*/logging/loglevel": "OFF"}
POLICY = json.dumps({"Version": "2012-10-17", "Statement": [
    {"Effect": "Allow", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*"},
    {"Effect": "Deny", "Principal": "*", "Action": "execute-api:Invoke", "Resource": "execute-api:/*",
     "Condition": {"StringNotEquals": {"aws:SourceVpce": ["vpce-1", "vpce-2"]}}}]})


class Remedied(Stack):
    """All functions; `modes(...)` writes the remediation.toml that the writers read at their next start."""

    def __init__(self, aws, folder):
        self.folder = folder
        (folder / "thresholds.toml").write_text((ROOT / "policies/thresholds.toml").read_text())
        (folder / "remediation.toml").write_text(modes())
        (folder / "cedar").mkdir()
        for policy in (ROOT / "policies/cedar").glob("*.cedar"):
            (folder / "cedar" / policy.name).write_text(policy.read_text())
        aws.client("iam").create_role(RoleName=REMEDIATOR, AssumeRolePolicyDocument=json.dumps(TRUST))
        super().__init__(aws)
        self.sweeps, _ = queue_of(aws, "sweeps")
        self.settings["PORTCULLIS_SWEEP_QUEUE"] = self.sweeps
        self.functions["baseline"] = self.deploy("baseline")
        self.settings |= {"PORTCULLIS_CONFIG": str(folder), "PORTCULLIS_REMEDIATION_MAX": "auto",
                          "PORTCULLIS_KILL_SWITCH": KILL_SWITCH}
        self.switch("allow")
        self.restart()

    def switch(self, value):
        """Sets the kill switch: `allow`, or anything else."""
        self.aws.client("ssm").put_parameter(Name=KILL_SWITCH, Value=value, Type="String", Overwrite=True)

    def unswitch(self):
        """Takes the kill switch's parameter away."""
        self.aws.client("ssm").delete_parameter(Name=KILL_SWITCH)

    def configure_modes(self, text):
        """Another remediation.toml, from the next event on."""
        (self.folder / "remediation.toml").write_text(text)
        self.restart()

    def entries(self):
        """The ledger's entries by id, newest last."""
        items = self.items("L#").values()
        entries = [json.loads(item["doc"]) for item in items if not item["pk"].startswith("L#T#")]
        return {entry["id"]: entry for entry in sorted(entries, key=lambda entry: entry["created"])}

    def entry(self, event, remediation="restore-stage-logging"):
        """The ledger's entry of what was done about an event; none where nothing was."""
        found = self.items(f"L#{ledger_id(event, remediation)}").values()
        return next((json.loads(item["doc"]) for item in found), None)

    def rewrite(self, id_, **members):
        """Sets members of a ledger entry, as if time had passed."""
        table, key = self.aws.client("dynamodb"), {"pk": {"S": f"L#{id_}"}, "sk": {"S": "-"}}
        item = table.get_item(TableName=self.table, Key=key, ConsistentRead=True)["Item"]
        item["doc"] = {"S": json.dumps({**json.loads(item["doc"]["S"]), **members})}
        table.put_item(TableName=self.table, Item=item)

    def forgive(self):
        """Forgets what was done to resources and in accounts lately, so that a test has all of the budgets."""
        table = self.aws.client("dynamodb")
        for pk, sk in self.items("L#T#"):
            table.delete_item(TableName=self.table, Key={"pk": {"S": pk}, "sk": {"S": sk}})

    @contextlib.contextmanager
    def afresh(self):
        """Without faults and with all of the budgets; kill switch and modes are as at the start afterwards."""
        file = self.folder / "remediation.toml"
        configured = file.read_text()
        self.aws.faults()
        self.forgive()
        yield self
        self.aws.faults()
        self.switch("allow")
        if file.read_text() != configured:
            self.configure_modes(configured)

    def writes(self, entry_id=""):
        """Events of calls by the remediator's role, of one ledger entry or of all."""
        return [event for event in self.aws.events() if f":assumed-role/{REMEDIATOR}/{entry_id}" in issuer(event)]

    def writes_to(self, api):
        """Those to an API, or to the API of a stage."""
        return [event for event in self.writes()
                if event["detail"]["requestParameters"]["restApiId"] == api["restApiId"]]

    def told(self, event):
        """The one message about the finding of an event."""
        found = self.all_told(event)
        assert len(found) == 1, [message["Subject"] for message in self.messages()]
        return found[0]

    def all_told(self, event):
        """Every message about the finding of an event: subject, text, its lines by label, finding and attributes."""
        return self.told_as("finding", event)

    def told_as(self, kind, event):
        """The messages of a kind that carry the finding of an event."""
        event_ids = [event["detail"]["eventID"]]
        found = [message for message in self.messages() if attributes(message)["kind"] == kind
                 and "--- finding (JSON)" in message["Message"] and finding(message)["event_ids"] == event_ids]
        return [SimpleNamespace(**texts(message), finding=finding(message), **attributes(message)) for message in found]

    def told_later(self, event):
        """Later messages about the remediations of an event."""
        event_id = event["detail"]["eventID"]
        found = [message for message in self.messages() if "--- remediation (JSON)" in message["Message"]
                 and carried(message)["event_id"] == event_id]
        return [SimpleNamespace(**texts(message), remediation=carried(message), **attributes(message))
                for message in found]

    def answered(self, event, function="stage-logging"):
        """Delivers an event, waits for its end and returns what people were told of it."""
        deliver(self, [event])
        self.brought_to_an_end(event, function)
        return self.told(event)

    def command(self, *arguments, **environment):
        """Runs the command line against this AWS; returns exit status, standard output and error."""
        environment = {
            "AWS_ENDPOINT_URL": self.aws.endpoint_url, "AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": ACCOUNT,
            "AWS_SECRET_ACCESS_KEY": "test", "AWS_EC2_METADATA_DISABLED": "true", "PATH": "/usr/bin:/bin",
            **environment}
        run = subprocess.run([BINARIES / "portcullis", *arguments], env=environment, capture_output=True, text=True,
                             check=False, timeout=60)
        return run.returncode, run.stdout, run.stderr

    def decisions(self, rule=None):
        """What messages of findings say was decided."""
        return [one["decision"] for one in self.findings(rule)]

    def findings(self, rule=None):
        """The findings that messages carry; later messages about remediations carry none."""
        found = [finding(message) for message in self.messages() if "--- finding (JSON)" in message["Message"]]
        return [one for one in found if rule in (None, one["rule"])]

    def later(self):
        """What later messages about remediations carry."""
        return [carried(message) for message in self.messages() if "--- remediation (JSON)" in message["Message"]]


@contextlib.contextmanager
def remediation(folder, **options):
    """Portcullis that puts everything back at once, in an AWS of its own whose account has a CloudWatch role."""
    with LocalAws(**options) as aws:
        stack = Remedied(aws, folder)
        aws.client("apigateway", record=EARLIER).update_account(patchOperations=patches({"/cloudwatchRoleArn": ROLE}))
        yield stack


def known_stage(stack, settings=LOGGED, seconds_ago=120, api=None, name="prod", region=REGION, **more):
    """A stage of a REST API (a new one) as the baseline knows it since then; `more` is of CreateStage."""
    rest = stack.aws.client("apigateway", region=region, record={"eventTime": at(seconds_ago + 60)})
    api = api or rest_api_with_method(rest)
    stage = {"restApiId": api, "stageName": name}
    rest.create_stage(**stage, deploymentId=rest.create_deployment(restApiId=api)["id"], **more)
    stack.aws.client("apigateway", region=region, record={"eventTime": at(seconds_ago)}).update_stage(
        **stage, patchOperations=patches(settings))
    stack.handled(stack.aws.events("UpdateStage")[-1], "baseline")
    return stage


def attacked(stack, stage, operations=None, region=REGION, **record):
    """The event, not yet delivered, of an attack on a stage: its execution logs switched off, or other operations."""
    rest = stack.aws.client("apigateway", region=region, record=record)
    operations = operations or patches(OFF)
    return unseen(stack, lambda: rest.update_stage(**stage, patchOperations=operations), "UpdateStage")


def private_api(rest):
    """A new private REST API; returns its id."""
    endpoint = {"types": ["PRIVATE"], "vpcEndpointIds": ["vpce-1", "vpce-2"]}
    return rest.create_rest_api(name="payroll", policy=POLICY, endpointConfiguration=endpoint)["id"]


def known_private_api(stack):
    """A private REST API as the baseline knows it, as the name that calls take."""
    api = private_api(stack.aws.client("apigateway", record=EARLIER))
    stack.handled(stack.aws.events("CreateRestApi")[-1], "baseline")
    return {"restApiId": api}


def made_public(stack, api):
    """The event, not yet delivered, of a private API made public, its policy cleared with it."""
    rest = stack.aws.client("apigateway")
    operations = patches({"/policy": "", "/endpointConfiguration/types/PRIVATE": "REGIONAL"})
    return unseen(stack, lambda: rest.update_rest_api(**api, patchOperations=operations), "UpdateRestApi")


def api_settings(stack, api):
    """The settings of a REST API."""
    answer = stack.aws.client("apigateway").get_rest_api(**api)
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def settings_of(stack, stage, region=REGION):
    """The settings of a stage of a REST API, but for what API Gateway writes by itself."""
    answer = stack.aws.client("apigateway", region=region).get_stage(**stage)
    return {name: value for name, value in answer.items() if name not in ("ResponseMetadata", "lastUpdatedDate")}


def texts(message):
    """What people read of a message: subject, text, and what its lines say, by label."""
    text, said = message["Message"].split("\n--- ")[0], collections.defaultdict(list)
    for label, words in re.findall(r"^([A-Z][A-Za-z ]*): +(.*)$", text, re.MULTILINE):
        said[label].append(words)
    return {"subject": message["Subject"], "text": text, "said": said}


def says(told, label, start):
    """Whether a line of that label begins so."""
    return any(words.startswith(start) for words in told.said[label])


def carried(message):
    """The JSON at the end of a later message."""
    return json.loads(message["Message"].split("\n--- remediation (JSON)\n")[1])


def ledger_id(event, remediation="restore-stage-logging", stage="prod"):
    """The id that the remediation of an event must have; what follows a private API is of a stage each."""
    stages = [stage] if remediation in ("redeploy", "contain") else []
    return f"{remediation}-{digest(remediation, *place_of(event), event['detail']['eventID'], *stages)}"


def issuer(event):
    """ARN of the session that made the call."""
    return event["detail"]["userIdentity"].get("arn") or ""


def modes(default="auto", **others):
    """A remediation.toml with one mode for all, or others for some (`restore_stage_logging="off"`)."""
    names = ("restore-stage-logging", "restore-account-logging-role", "restore-private-endpoint", "redeploy", "contain")
    lines = [f'{name} = "{others.get(name.replace("-", "_"), default)}"' for name in names]
    return "\n".join(["[modes]", *lines, ""])


def as_remediator(stack, session, service="apigateway"):
    """A client of somebody who assumed the remediator's role under a session name of his choice."""
    keys = stack.aws.client("sts").assume_role(
        RoleArn=f"arn:aws:iam::{ACCOUNT}:role/{REMEDIATOR}", RoleSessionName=session)["Credentials"]
    return stack.aws.client(service, account=keys["AccessKeyId"], aws_secret_access_key=keys["SecretAccessKey"],
                            aws_session_token=keys["SessionToken"])


def recorded(aws, publish, record=None):
    """A client of moto; `publish` gets the event of each of its changes, recorded as the relay records them."""
    client = aws.client("apigateway", endpoint_url=aws.moto_url)
    identity = {"arn": f"arn:aws:iam::{ACCOUNT}:root", "account": ACCOUNT, "user_id": ACCOUNT, "access_key": "AKIA"}
    sent = []

    def answered(http_response, model, **_):
        request = sent.pop()
        if model.http["method"] != "GET":
            answer = operations.Answer(
                http_response.status_code, list(http_response.headers.items()), http_response.content)
            detail = make_record(request, operations.name_call(request), answer, identity)
            publish(event_of(replaced(detail, record or {})))

    client.meta.events.register("before-send", lambda request, **_: sent.append(request_of(request)))
    client.meta.events.register("after-call", answered)
    return client


def request_of(request):
    """What botocore sends, as the relay sees it."""
    text = {name.lower(): value if isinstance(value, str) else value.decode()
            for name, value in request.headers.items()}
    body = request.body or b""
    target = "/" + request.url.split("/", 3)[3]
    return operations.Request(request.method, target, text, body if isinstance(body, bytes) else body.encode())
