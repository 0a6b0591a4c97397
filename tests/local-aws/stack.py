"""Puts Portcullis into the local AWS: tables, topic, functions with their rules, and a queue that listens.

The real binaries run; which ones, `PORTCULLIS_BINARIES` says (a folder, `target/debug` by default).
"""

import json
import os
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

    def __init__(self, aws):
        self.aws = aws
        self.topic = aws.client("sns").create_topic(Name="on-call")["TopicArn"]
        self.inbox = subscribe(aws, self.topic)
        self.failed, self.failed_arn = queue_of(aws, "portcullis-failed")
        for table in TABLES:
            create_table(aws, table)
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

    def deploy(self, name, **environment):
        """One function with its rule and its on-failure queue; returns its ARN."""
        function = f"portcullis-{name}"
        arn = deploy_function(
            self.aws, function, BINARIES / name,
            files={"config/thresholds.toml": ROOT / "policies/thresholds.toml"},
            environment={
                "PORTCULLIS_TABLE": "portcullis",
                "PORTCULLIS_BASELINE_TABLE": "portcullis-baseline",
                "PORTCULLIS_TOPIC_ARN": self.topic,
                "PORTCULLIS_REMEDIATOR_ROLE": "portcullis-remediator",
                **environment,
            })
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

    def failures(self):
        """What ended in the on-failure queue."""
        return [json.loads(message["Body"]) for message in drain(self.aws, self.failed)]

    def calls(self, name):
        """AWS calls that a function has made since the last reset of the relay."""
        return self.aws.calls(caller=f"assumed-role/portcullis-{name}/")


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
    """Makes a member account send its API Gateway events to the bus of the hub."""
    hub = f"arn:aws:events:{REGION}:{ACCOUNT}:event-bus/default"
    connect_rule(aws, "to-hub", {"source": ["aws.apigateway"]}, hub, account=account, region=region)
