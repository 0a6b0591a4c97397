"""Puts Portcullis into the local AWS: tables, topic, functions with their rules, and a queue that listens.

The real binaries run; which ones, `PORTCULLIS_BINARIES` says (a folder, `target/debug` by default).
"""

import contextlib
import json
import os
import shutil
import subprocess
from pathlib import Path

from bench import ACCOUNT, REGION, wait_for
from deploy import connect_rule, deploy_function
from scenes import queue_of

ROOT = Path(__file__).resolve().parents[2]
BINARIES = Path(os.environ.get("PORTCULLIS_BINARIES", ROOT / "target/debug"))
RULE_FUNCTIONS = ("api-exposure", "api-lifecycle", "stage-logging")
TABLES = ("portcullis", "portcullis-baseline")


class Stack:
    """A deployed Portcullis; `messages()` is what on-call has been sent since the last `empty()`."""

    table = TABLES[0]

    def __init__(self, aws):
        self.aws = aws
        self.topic = aws.client("sns").create_topic(Name="on-call")["TopicArn"]
        self.inbox = subscribe(aws, self.topic)
        self.failed, self.failed_arn = queue_of(aws, "portcullis-failed")
        for table in TABLES:
            create_table(aws, table)
        self.settings = {
            "PORTCULLIS_TABLE": "portcullis", "PORTCULLIS_BASELINE_TABLE": "portcullis-baseline",
            "PORTCULLIS_TOPIC_ARN": self.topic, "PORTCULLIS_REMEDIATOR_ROLE": "portcullis-remediator"}
        self.functions = {name: self.deploy(name) for name in RULE_FUNCTIONS}
        self.empty()

    def empty(self):
        """Forgets what was counted, sent and logged; the functions stay, warm or not."""
        for table in TABLES:
            self.aws.client("dynamodb").delete_table(TableName=table)
            create_table(self.aws, table)
        for queue in (self.inbox, self.failed):
            self.aws.client("sqs").purge_queue(QueueUrl=queue)
        self.received = []
        self.log_start = self.log().stat().st_size

    def restart(self):
        """Ends the functions' processes: what they remember is gone, and the next event meets a cold start."""
        for name in RULE_FUNCTIONS:
            self._configure(name, {})

    @contextlib.contextmanager
    def configured(self, name, **environment):
        """One function with more environment, for as long as the context lasts."""
        self._configure(name, environment)
        try:
            yield
        finally:
            self._configure(name, {})

    def _configure(self, name, environment):
        self.aws.client("lambda").update_function_configuration(
            FunctionName=f"portcullis-{name}", Environment={"Variables": {**self.settings, **environment}})

    def log(self):
        """The file that the functions' output ends in."""
        return next(server.log for server in self.aws.servers if server.name == "ministack")

    def outcomes(self, event_id=None):
        """What the functions say of the events that they have handled since the last `empty()`."""
        with self.log().open("rb") as log:
            log.seek(self.log_start)
            lines = log.read().decode(errors="replace").splitlines()
        found = [json.loads(line) for line in lines if line.startswith("{") and '"disposition"' in line]
        return [one for one in found if event_id in (None, one.get("event.id"))]

    def handled(self, event, *functions, times=1):
        """Waits until these functions have handled an event so many times; returns their outcomes."""
        event_id = event["detail"]["eventID"]

        def all_there():
            outcomes = self.outcomes(event_id)
            counts = [sum(one["function"] == name for one in outcomes) for name in functions]
            return outcomes if all(count >= times for count in counts) else None

        return wait_for(all_there, seconds=30)

    def brought_to_an_end(self, event, function):
        """Waits until a try has not failed; returns the dispositions of all tries, such as `["failed", "fired"]`."""
        def tries():
            outcomes = [one for one in self.outcomes(event["detail"]["eventID"]) if one["function"] == function]
            ended = [one["disposition"] for one in outcomes]
            return ended if any(one != "failed" for one in ended) else None

        return wait_for(tries, seconds=30)

    def invoke(self, name, payload, wait=True):
        """Calls a function and waits for its answer, or calls it as an event does."""
        answer = self.aws.client("lambda").invoke(
            FunctionName=f"portcullis-{name}", Payload=json.dumps(payload).encode(),
            InvocationType="RequestResponse" if wait else "Event")
        body = json.loads(answer["Payload"].read() or b"null")
        if "FunctionError" in answer:
            raise RuntimeError(f"{name}: {body}")
        return body

    def deploy(self, name):
        """One function with its rule and its on-failure queue; returns its ARN."""
        function = f"portcullis-{name}"
        arn = deploy_function(
            self.aws, function, stripped(BINARIES / name, self.aws.folder),
            files={"config/thresholds.toml": ROOT / "policies/thresholds.toml"}, environment=self.settings)
        self.aws.client("lambda").put_function_event_invoke_config(
            FunctionName=function, MaximumRetryAttempts=2,
            DestinationConfig={"OnFailure": {"Destination": self.failed_arn}})
        connect_rule(self.aws, name, pattern(name), arn)
        return arn

    def messages(self):
        """Every message so far, in the order of arrival: the SNS envelope with `Message` and `MessageAttributes`."""
        while batch := drain(self.aws, self.inbox):
            self.received += [json.loads(message["Body"]) for message in batch]
        return self.received

    def findings(self, rule=None):
        """The findings that messages carry, of one rule or of all."""
        found = [finding(message) for message in self.messages()]
        return [one for one in found if rule in (None, one["rule"])]

    def failures(self, number):
        """Waits for so many messages in the on-failure queue; returns all that are there."""
        found = []

        def enough():
            found.extend(json.loads(message["Body"]) for message in drain(self.aws, self.failed))
            return len(found) >= number

        wait_for(enough)
        return found

    def items(self, prefix=""):
        """The items of the table whose partition key begins so, with plain values, by key."""
        pages = self.aws.client("dynamodb").get_paginator("scan").paginate(TableName=self.table, ConsistentRead=True)
        items = [{name: plain(value) for name, value in item.items()} for page in pages for item in page["Items"]]
        return {(item["pk"], item["sk"]): item for item in items if item["pk"].startswith(prefix)}

    def calls(self, name):
        """AWS calls that a function has made since the last reset of the relay."""
        return self.aws.calls(caller=f"assumed-role/portcullis-{name}/")


def stripped(binary, folder):
    """The binary without debug information, which makes deploying slow; as it is where nothing can strip it."""
    if not binary.exists():
        raise FileNotFoundError(f"{binary}: build it with `cargo build --workspace --bins`")
    if not shutil.which("strip"):
        return binary
    smaller = folder / f"stripped-{binary.name}"
    subprocess.run(["strip", "-o", smaller, binary], check=True)
    return smaller


def plain(value):
    """A DynamoDB value as Python has it."""
    [(kind, inner)] = value.items()
    if kind == "M":
        return {name: plain(one) for name, one in inner.items()}
    return {"N": int, "NS": lambda all_of: sorted(map(int, all_of))}.get(kind, lambda same: same)(inner)


def pattern(name):
    """The EventBridge pattern of a function, as it is deployed."""
    return json.loads((ROOT / "functions" / name / "pattern.json").read_text())


def finding(message):
    """The JSON at the end of a message."""
    return json.loads(message["Message"].split("\n--- finding (JSON)\n")[1])


def attributes(message):
    """Message attributes as a plain mapping."""
    return {name: value["Value"] for name, value in message["MessageAttributes"].items()}


def create_table(aws, name):
    """A table as Portcullis needs it."""
    client = aws.client("dynamodb")
    client.create_table(
        TableName=name, BillingMode="PAY_PER_REQUEST",
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in ("pk", "sk")],
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}])
    client.update_time_to_live(
        TableName=name, TimeToLiveSpecification={"Enabled": True, "AttributeName": "expires_at"})
    return name


def subscribe(aws, topic):
    """A queue that gets every message of the topic; returns its URL."""
    url, arn = queue_of(aws, "on-call-inbox")
    by_topic = {"Effect": "Allow", "Principal": {"Service": "sns.amazonaws.com"}, "Action": "sqs:SendMessage",
                "Resource": arn, "Condition": {"ArnEquals": {"aws:SourceArn": topic}}}
    policy = json.dumps({"Version": "2012-10-17", "Statement": [by_topic]})
    aws.client("sqs").set_queue_attributes(QueueUrl=url, Attributes={"Policy": policy})
    aws.client("sns").subscribe(TopicArn=topic, Protocol="sqs", Endpoint=arn)
    return url


def drain(aws, url):
    """Takes up to ten messages out of a queue."""
    sqs = aws.client("sqs")
    batch = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    for message in batch:
        sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return batch


def forward(aws, account, region=REGION):
    """Makes an account and Region send its API Gateway events to the bus of the hub, which lets it in."""
    hub = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
    aws.client("events").put_permission(
        EventBusName="default", Action="events:PutEvents", Principal=account, StatementId=f"from-{account}")
    role = f"arn:aws:iam::{account}:role/to-hub"
    connect_rule(aws, "to-hub", {"source": ["aws.apigateway"]}, hub, role=role, account=account, region=region)
