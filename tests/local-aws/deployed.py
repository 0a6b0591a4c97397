"""Puts Portcullis into the local AWS as its users do: `cdk bootstrap` and `cdk deploy` of the stack for one account.

Needs Node.js, and `npm ci` in infra/ before. The binaries are those of `stack.py`.
"""

import atexit
import contextlib
import functools
import json
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from bench import ACCOUNT, REGION
from remedy import Remedied
from scenes import ROLE
from stack import BINARIES, ROOT, RULE_FUNCTIONS, drain, plain, stripped, subscribe

INFRA = ROOT / "infra"
CDK = INFRA / "node_modules/.bin/cdk"
STACK = "portcullis"
FUNCTIONS = (*RULE_FUNCTIONS, "baseline")
REMEDIATIONS = (
    "restore-stage-logging", "restore-account-logging-role", "restore-private-endpoint", "redeploy", "contain")


class Deployed(Remedied):
    """The stack; `messages()` and the rest as of the ones that Python puts together. Its kill switch says `stop` until
    a test lets it write.
    """

    def __init__(self, aws, mode="auto", **modes):
        self.aws, self.folder = aws, aws.folder / "deployment"
        self.folder.mkdir()
        self._synthesise(mode, modes)
        self._cdk("bootstrap", f"aws://{ACCOUNT}/{REGION}")
        self._deploy()
        self.topic, self.table = self.outputs["TopicArn"], self.outputs["CounterTableName"]
        self.tables = (self.table, self.outputs["BaselineTableName"])
        self.inbox = subscribe(aws, self.topic)
        self.queues = {name: self._queue(f"portcullis-{name}-failed") for name in FUNCTIONS}
        self.empty()

    def update(self, mode, **modes):
        """Deploys other modes over what is there."""
        self._synthesise(mode, modes)
        self._deploy()

    def _synthesise(self, mode, modes):
        """Writes the templates and assets of a configuration, so that what follows needs not build them again."""
        configuration, packaged = self.folder / "configuration.json", package()
        configuration.write_text(json.dumps(configuration_of(mode, **modes)))
        context = [f"config={configuration}", f"artifacts={packaged / 'lambda'}"]
        context += ["credentials=cli"] if self.aws.auth else []
        output = self.folder / "cdk.out"
        synthesise(self.aws, output, *context)
        with contextlib.suppress(FileExistsError):
            (output / ".cache").symlink_to(packaged / "zipped")

    def _cdk(self, command, *arguments):
        """Runs a command on what was synthesised."""
        run_cdk(self.aws, command, *arguments, "--app", str(self.folder / "cdk.out"))

    def _deploy(self):
        outputs = self.folder / "outputs.json"
        self._cdk("deploy", STACK, "--require-approval", "never", "--outputs-file", str(outputs))
        self.outputs = json.loads(outputs.read_text())[STACK]

    def template(self):
        """The template that is deployed."""
        return json.loads((self.folder / "cdk.out" / f"{STACK}.template.json").read_text())

    def empty(self):
        """Forgets what was counted, kept, done, sent and logged; tables, functions and the kill switch stay."""
        client = self.aws.client("dynamodb")
        for table in self.tables:
            for item in client.scan(TableName=table, ConsistentRead=True)["Items"]:
                client.delete_item(TableName=table, Key={key: item[key] for key in ("pk", "sk")})
        for url in (self.inbox, *self.queues.values()):
            self.aws.client("sqs").purge_queue(QueueUrl=url)
        self.received = []
        self.log_start = self.log().stat().st_size

    def _queue(self, name):
        return self.aws.client("sqs").get_queue_url(QueueName=name)["QueueUrl"]

    def failures(self, name):
        """What lies in a function's queue of what it could not handle."""
        return [json.loads(message["Body"]) for message in drain(self.aws, self.queues[name])]

    def kept(self):
        """The lines of the baseline table."""
        items = self.aws.client("dynamodb").scan(TableName=self.tables[1], ConsistentRead=True)["Items"]
        return [json.loads(plain(item["version"])) for item in items if "version" in item]

    def cold(self, name):
        """Ends a function's processes, so that it has no credentials of other roles."""
        self._configure(name, {})

    def _configure(self, name, environment):
        client, function = self.aws.client("lambda"), f"portcullis-{name}"
        self.initial = getattr(self, "initial", {})
        known = self.initial.setdefault(
            name, client.get_function_configuration(FunctionName=function)["Environment"]["Variables"])
        client.update_function_configuration(
            FunctionName=function, Environment={"Variables": {**known, **environment}})


def configuration_of(mode, **modes):
    """A configuration of the deployment: one mode for all remediations, or others for some."""
    remediation = {name: {"mode": modes.get(name.replace("-", "_"), mode)} for name in REMEDIATIONS}
    return {"account": ACCOUNT, "homeRegion": REGION, "regions": [REGION], "architecture": "x86_64",
            "cloudWatchRoleName": ROLE.rpartition("/")[2], "remediation": remediation}


@functools.cache
def package():
    """A folder with `lambda/<function>/bootstrap`, as `make lambdas` has them, and what the CDK has zipped of it so far
    for any deployment of this process: that takes most of its time.
    """
    folder = Path(tempfile.mkdtemp(prefix="portcullis-package-"))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    (folder / "zipped").mkdir()
    for name in FUNCTIONS:
        (folder / "lambda" / name).mkdir(parents=True)
        shutil.copyfile(stripped(BINARIES / name, folder), folder / "lambda" / name / "bootstrap")
    return folder


def synthesise(aws, output, *context):
    """Writes the templates of a context, such as `config=FILE`."""
    words = [word for one in context for word in ("--context", one)]
    run_cdk(aws, "synth", STACK, "--quiet", "--no-validation", "--output", str(output), *words)


def check_ready():
    """Says what is missing for a deployment."""
    if not shutil.which("node"):
        raise FileNotFoundError("no command `node` here: the CDK needs Node.js 20 or later")
    if not CDK.exists():
        raise FileNotFoundError(f"{CDK} is missing: run `npm ci` in {INFRA}")


def run_cdk(aws, *arguments):
    """Runs the CDK's command line against this AWS, on the app as it was compiled once."""
    check_ready()
    compile_app()
    finish([CDK, *arguments, "--build", "true"], {
        "PATH": os.environ["PATH"], "HOME": str(aws.folder), "TMPDIR": str(aws.folder), "CI": "true",
        "CDK_DISABLE_CLI_TELEMETRY": "true", "AWS_ENDPOINT_URL": aws.endpoint_url, "AWS_REGION": REGION,
        "AWS_ACCESS_KEY_ID": ACCOUNT, "AWS_SECRET_ACCESS_KEY": "test"})


@functools.cache
def compile_app():
    """What the CDK would do before each of its commands."""
    finish(["npm", "run", "--silent", "build"], {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")})


def finish(command, environment):
    """Runs a command in infra/. However it ends, nothing of it is left running."""
    with subprocess.Popen(command, cwd=INFRA, env=environment, start_new_session=True, text=True,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
        try:
            output, _ = process.communicate()
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    if process.returncode:
        raise RuntimeError(f"{' '.join(map(str, command[:2]))} failed:\n{output[-4000:]}")
