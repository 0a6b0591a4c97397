"""`make demo`: the stack as the CDK deploys it into a local AWS, an attack on API Gateway, the messages that on-call
gets, and the settings back in place.

Each step checks what it shows. However it ends, all servers are stopped, and that is checked too.
"""

import contextlib
import importlib.util
import os
import shlex
import shutil
import signal
import subprocess
import sys
import textwrap
import time

sys.dont_write_bytecode = True
if missing := [name for name in ("boto3", "ministack", "pytest") if importlib.util.find_spec(name) is None]:
    sys.exit(f"demo: this Python lacks {', '.join(missing)}; run `make demo`, which installs what is needed")

from botocore import xform_name  # noqa: E402  (these seven after the check above)

from attacks import DARK, LOGGED  # noqa: E402
from bench import ACCOUNT, LocalAws, wait_for  # noqa: E402
from deliveries import at  # noqa: E402
from deployed import FUNCTIONS, Deployed, check_ready as check_cdk  # noqa: E402
from scenes import ROLE, patch, rest_api_with_method  # noqa: E402
from stack import BINARIES, RULE_FUNCTIONS, finding  # noqa: E402

WIDTH, LABEL, MARKER = 100, 13, "--- finding (JSON)\n"
STAGES = ("prod", "blue", "green", "test")
# Which functions are invoked for a change.
ON_STAGE = ("api-lifecycle", "baseline", "stage-logging")
ON_API = ("api-exposure", "api-lifecycle", "baseline")
ON_ACCOUNT = ("baseline", "stage-logging")
OFF = "stage-logging-disabled"
# What a setting is that nobody chose, and when it was made.
OF_ITSELF = ("createdDate", "lastUpdatedDate", "ResponseMetadata")


class Screen:
    """Standard output: steps with their times, commands, messages."""

    CODES = {"bold": 1, "dim": 2, "CRITICAL": 31, "HIGH": 33}

    def __init__(self):
        self._coloured = sys.stdout.isatty() and not os.environ.get("NO_COLOR")
        self.number, self.title = 0, "getting ready"

    def say(self, text="", style=None, indent=3):
        """Prints lines as they are, indented."""
        text = textwrap.indent(text, " " * indent)
        if self._coloured and style in self.CODES:
            text = f"\x1b[{self.CODES[style]}m{text}\x1b[0m"
        try:
            print(text, flush=True)
        except BrokenPipeError:
            # Nobody reads on (`make demo | head`): end as after Ctrl-C, and let nothing more be written there.
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            raise KeyboardInterrupt from None

    @contextlib.contextmanager
    def step(self, title):
        """A numbered step; tells at its end how long it took."""
        self.number, self.title = self.number + 1, title
        self.say(f"{self.number}  {title}", "bold", indent=0)
        started = time.monotonic()
        yield
        self.say(f"[{time.monotonic() - started:.1f} s]\n", "dim")

    def command(self, operation, parameters):
        """A call as one would type it."""
        self.say("$ " + " \\\n      ".join(folded(command_line(operation, parameters), WIDTH - 11)))

    def subject(self, message):
        """The subject of a message."""
        self.say(f"SNS  {message['Subject']}", message["Subject"].partition(":")[0])

    def message(self, message):
        """A message as on-call reads it: the text whole but for the code, of the JSON only how it starts."""
        self.subject(message)
        text, _, line = message["Message"].partition(MARKER)
        text, _, code = text.partition("\nIn code:")
        first, *rows = text.splitlines()
        lines = folded(first, WIDTH - 5)
        if code:
            rows += ["", "In code:     the same for CloudFormation, CDK and Terraform"]
        for row in [*rows, "", MARKER.strip(), f"{line[:40]} ...  ({len(line.strip())} characters, for programs)"]:
            # A link stays in one piece, so that a terminal can open it.
            lines += [row] if "https://" in row else folded(row, WIDTH - 5, LABEL)
        self.say("\n".join(f"| {line}".rstrip() for line in lines))


class Demo:
    """Portcullis, a team and an attacker in one account; remembers what each change led to."""

    def __init__(self, screen, aws):
        self.screen, self.aws, self.stack = screen, aws, Deployed(aws, "auto")
        self.rows, self.orders, self.payroll = [], None, None
        self.stack.switch("allow")
        aws.client("iam").create_role(RoleName="ci-deploy", AssumeRolePolicyDocument="{}")
        self.attacker = self.session("build-4712", "198.51.100.77")
        # What it looks like now, past the relay: nobody is told of these reads, and none is counted.
        self.now = aws.client("apigateway", endpoint_url=aws.emulator_url)

    def session(self, name, address, **record):
        """An API Gateway client that calls as the role `ci-deploy`, with the AWS CLI."""
        role = f"arn:aws:iam::{ACCOUNT}:role/ci-deploy"
        key = self.aws.client("sts").assume_role(RoleArn=role, RoleSessionName=name)["Credentials"]
        return self.aws.client(
            "apigateway", account=key["AccessKeyId"], aws_secret_access_key=key["SecretAccessKey"],
            aws_session_token=key["SessionToken"],
            record={"sourceIPAddress": address, "userAgent": "aws-cli/2.31.0", **record})

    def team(self, seconds_ago=0):
        """The team's client, whose records say that it called so long ago."""
        return self.session("build-4711", "192.0.2.10", eventTime=at(seconds_ago))

    def create_apis(self):
        """Two APIs, a while ago: `orders` with four stages that log, and `payroll`, which is private."""
        team = self.team(300)
        team.update_account(patchOperations=patch("replace", "/cloudwatchRoleArn", ROLE))
        self.handled(*ON_ACCOUNT)
        self.orders = rest_api_with_method(team)
        self.stack.handled(self.aws.events("CreateRestApi")[-1], "api-lifecycle", "baseline")
        deployment = team.create_deployment(restApiId=self.orders)["id"]
        for stage in STAGES:
            team.create_stage(restApiId=self.orders, stageName=stage, deploymentId=deployment)
            self.handled("baseline", "stage-logging")
            self.team(240).update_stage(restApiId=self.orders, stageName=stage, patchOperations=LOGGED)
            self.handled(*ON_STAGE)
        self.payroll = team.create_rest_api(name="payroll", endpointConfiguration={"types": ["PRIVATE"]})["id"]
        self.handled("api-lifecycle", "baseline")
        # Nobody is told of this; with it every function has been started once.
        media_type = patch("add", "/binaryMediaTypes/image~1png")
        self.team(240).update_rest_api(restApiId=self.payroll, patchOperations=media_type)
        self.handled(*ON_API)
        for message in self.expect(["api-created", "api-created"], seen=0):
            self.screen.subject(message)

    def handled(self, *functions):
        """Waits until these functions are done with the newest event: one after the other, so that runs are alike."""
        outcomes = self.stack.handled(self.aws.events()[-1], *functions)
        for one in outcomes:
            if one["disposition"] == "failed":
                raise RuntimeError(f"{one['function']} failed: {one.get('error')}")

    def expect(self, rules, seen):
        """The messages after the first `seen`, which must be of these rules; ordered by rule."""
        messages = sorted(self.stack.messages()[seen:], key=lambda message: finding(message)["rule"])
        found = [finding(message)["rule"] for message in messages]
        if found != sorted(rules):
            raise RuntimeError(f"expected messages of {rules}, got {found}")
        return messages

    def attack(self, label, call, readers, rules, look):
        """Makes a call as the attacker, and waits until what `look` sees is as before and on-call has been told;
        returns the messages, which must be of these rules.
        """
        seen, counted, (operation, parameters) = len(self.stack.messages()), self.counted(), call
        before = settings(look())
        self.screen.command(operation, parameters)
        started = time.monotonic()
        changed = settings(getattr(self.attacker, operation)(**parameters))
        with contextlib.suppress(TimeoutError):  # said below
            wait_for(lambda: settings(look()) == before, seconds=30)
        restored = time.monotonic() - started
        with contextlib.suppress(TimeoutError):  # `expect` says what is missing
            wait_for(lambda: len(self.stack.messages()) >= seen + len(rules), seconds=30)
        told = time.monotonic() - started
        messages = self.expect(rules, seen)
        if changed == before or settings(look()) != before:
            raise RuntimeError(f"{label}: was {before}, is {settings(look())}")
        # The newest event is that of the write that put it back.
        self.handled(*readers)
        self.row(label, counted, f"{restored:.1f} s", f"{told:.1f} s")
        self.screen.say(f"as it was again after {restored:.1f} s, told after {told:.1f} s", "bold")
        return messages

    def row(self, label, counted, *times):
        """Keeps what a change led to."""
        self.rows.append((label, *times, *(str(now - then) for now, then in zip(self.counted(), counted))))

    def counted(self):
        """AWS calls of each function so far, as itself and as the reader, and of all as the remediator."""
        calls = [(self.stack.calls(name), self.aws.calls(caller=f":assumed-role/portcullis-reader/{name}"))
                 for name in RULE_FUNCTIONS]
        writes = self.aws.calls(caller=":assumed-role/portcullis-remediator/")
        return [*(sum((*own.values(), *reads.values())) for own, reads in calls), sum(writes.values())]

    def deploy_as_usual(self):
        """A deployment, put on a stage, and a stage variable: nobody must be told."""
        team, counted, handled = self.team(), self.counted(), len(self.stack.outcomes())
        seen = len(self.stack.messages())
        self.screen.command("create_deployment", {"restApiId": self.orders})
        deployment = team.create_deployment(restApiId=self.orders)["id"]
        for change in (patch("replace", "/deploymentId", deployment), patch("replace", "/variables/color", "blue")):
            parameters = {"restApiId": self.orders, "stageName": "prod", "patchOperations": change}
            self.screen.command("update_stage", parameters)
            team.update_stage(**parameters)
        self.handled(*ON_STAGE)
        self.expect([], seen)
        self.row("an ordinary deployment", counted, "-", "none")
        judged = [one for one in self.stack.outcomes()[handled:] if one["function"] in RULE_FUNCTIONS]
        spent = sum(map(int, self.rows[-1][3:]))
        if spent or [one["disposition"] for one in judged] != ["quiet", "quiet"]:
            raise RuntimeError(f"an ordinary deployment cost {spent} AWS calls and led to {judged}")
        self.screen.say("The patterns drop the first two calls; two functions look at the third and are quiet:\n"
                        "0 messages, 0 AWS calls by the rule functions")

    def switch_off(self, stage, rules):
        """The attacker ends all logging of a stage."""
        named = {"restApiId": self.orders, "stageName": stage}
        call = ("update_stage", {**named, "patchOperations": DARK})
        return self.attack(f"logging of {stage} off", call, ON_STAGE, rules, lambda: self.now.get_stage(**named))

    def clear_account_role(self):
        """The attacker ends execution logging of the whole Region."""
        call = ("update_account", {"patchOperations": patch("replace", "/cloudwatchRoleArn", "")})
        return self.attack(
            "account role cleared", call, ON_ACCOUNT, ["account-logging-role-removed"], self.now.get_account)

    def make_public(self):
        """The attacker opens the private API."""
        operations = patch("replace", "/endpointConfiguration/types/PRIVATE", "REGIONAL")
        call = ("update_rest_api", {"restApiId": self.payroll, "patchOperations": operations})
        return self.attack("payroll made public", call, ON_API, ["private-api-made-public"],
                           lambda: self.now.get_rest_api(restApiId=self.payroll))


def settings(answer):
    """All that an answer says but when it was made and changed."""
    return {name: value for name, value in answer.items() if name not in OF_ITSELF}


def folded(text, width, indent=0):
    """The lines of a text in some width; no word is cut."""
    return textwrap.wrap(text, width, subsequent_indent=" " * indent, break_long_words=False,
                         break_on_hyphens=False) or [""]


def command_line(operation, parameters):
    """A boto3 call as the AWS CLI has it."""
    words = ["aws apigateway", operation.replace("_", "-")]
    for name, value in parameters.items():
        values = [value] if isinstance(value, str) else [
            ",".join(f"{key}={member}" for key, member in one.items()) for one in value]
        words += [f"--{xform_name(name, '-')}", *map(shlex.quote, values)]
    return " ".join(words)


def play(screen, groups):
    """All steps; adds the servers' process groups to `groups`. Returns what each change cost."""
    with contextlib.ExitStack() as running:
        with screen.step("Start a local AWS on 127.0.0.1: MiniStack, and a relay that makes CloudTrail events"):
            aws = running.enter_context(LocalAws())
            groups += [server.pid for server in aws.servers]
            # A second Ctrl-C does not stop the stopping.
            running.callback(signal.signal, signal.SIGINT, signal.SIG_IGN)
        try:
            rows = show(screen, aws)
        except Exception:
            print(aws.logs(), file=sys.stderr)
            raise
        with screen.step("Stop everything"):
            running.close()
    return rows


def show(screen, aws):
    """The story, from the deployment on; returns what each change cost."""
    with screen.step("Deploy Portcullis with the CDK, every remediation in mode auto; then let it write"):
        screen.say("$ npx cdk bootstrap && npx cdk deploy portcullis -c config=auto.json\n"
                   "$ aws ssm put-parameter --name /portcullis/remediation --value allow --overwrite")
        demo = Demo(screen, aws)
    with screen.step("A team has made two APIs: `orders` with four stages that log, and the private `payroll`"):
        demo.create_apis()
    with screen.step("The team deploys, on an ordinary day"):
        demo.deploy_as_usual()
    with screen.step("An attacker has the team's credentials and switches off the logs of one stage"):
        screen.message(*demo.switch_off("prod", [OFF]))
    with screen.step("One call would take the execution logs of every API in the Region"):
        screen.message(*demo.clear_account_role())
    with screen.step("The private API is made public"):
        screen.message(*demo.make_public())
    with screen.step("Three more stages go dark: the fourth within ten minutes is one too many"):
        screen.subject(*demo.switch_off("blue", [OFF]))
        screen.subject(*demo.switch_off("green", [OFF]))
        alone, across = demo.switch_off("test", [OFF, f"{OFF}-across-stages"])
        screen.subject(alone)
        screen.message(across)
    return demo.rows


def show_table(screen, rows):
    """What each change led to."""
    rows = [("change", "restored", "told", *RULE_FUNCTIONS, "writes"), *rows]
    first, *others = [max(map(len, column)) for column in zip(*rows)]
    for label, *cells in rows:
        screen.say("  ".join([label.ljust(first), *map(str.rjust, cells, others)]))
    screen.say("\nTimes are from the attacker's call until the settings are as they were, and until on-call has\n"
               "the last message; in AWS, CloudTrail's seconds to minutes come first. On the right, AWS calls of\n"
               "each function, with its reads of API Gateway (at most 1.8 a second); then what changed an API.\n")


def remaining(groups):
    """How many processes are children of this one or belong to the servers' groups."""
    with subprocess.Popen(["ps", "-A", "-o", "pid=,ppid=,pgid=,stat="], stdout=subprocess.PIPE, text=True) as listing:
        rows = [line.split() for line in listing.stdout]
    return sum((int(parent) == os.getpid() or int(group) in groups) and int(pid) != listing.pid
               for pid, parent, group, state in rows if not state.startswith("Z"))


def check_ready():
    """Refuses to start when something is missing, and says what to do."""
    if absent := [name for name in FUNCTIONS if not (BINARIES / name).is_file()]:
        sys.exit(f"demo: no {', '.join(absent)} in {BINARIES}; run `make demo`, or\n"
                 "`cargo build --workspace --bins`; PORTCULLIS_BINARIES names another folder")
    if not shutil.which("ps"):
        sys.exit("demo: no command `ps` here; install the package procps")
    try:
        check_cdk()
    except FileNotFoundError as error:
        sys.exit(f"demo: {error}")


def main():
    """Plays, and looks that nothing is left; returns 1 after a failure, 130 after Ctrl-C."""
    check_ready()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    screen, groups, status = Screen(), [], 0
    try:
        show_table(screen, play(screen, groups))
    except KeyboardInterrupt:
        print("\ndemo: interrupted", file=sys.stderr)
        status = 130
    except Exception as error:  # whatever it is: said once, after all has been stopped
        print(f"demo: failed in step {screen.number} ({screen.title}): {error}", file=sys.stderr)
        status = 1
    with contextlib.suppress(TimeoutError):
        wait_for(lambda: not remaining(groups), seconds=5)
    left = remaining(groups)
    told = f"{left} processes are left" if left else "everything is stopped: 0 processes left"
    print(told, file=sys.stderr if status or left else sys.stdout)
    return status or min(left, 1)


if __name__ == "__main__":
    sys.exit(main())
