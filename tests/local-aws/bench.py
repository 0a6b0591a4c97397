"""A local AWS for tests: `with LocalAws() as aws: aws.client("apigateway", account="111122223333")`.

Starts MiniStack (mended) and the relay on free loopback ports, moto too if asked, and takes them down again with
everything they started. They get a clean environment and a temporary folder, and write their output there.
"""

import contextlib
import functools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path

import boto3
import botocore.session
from botocore.config import Config

HERE = Path(__file__).resolve().parent
ACCOUNT, REGION = "111122223333", "eu-west-1"
READY_SECONDS, STOP_SECONDS, STARTS = 30, 5, 3


class StartFailed(RuntimeError):
    """A server did not get ready; its output is in the message."""


class Server:
    """One child process, leader of a process group of its own."""

    def __init__(self, name, arguments, environment, folder):
        self.name = name
        self.log = folder / f"{name}.log"
        with self.log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, str(HERE / "lifeline.py"), *arguments], env=environment, cwd=folder,
                stdin=subprocess.PIPE, stdout=output, stderr=subprocess.STDOUT, start_new_session=True)
        self.pid = self._process.pid

    def wait_until_ready(self, url):
        """Asks until it answers; gives up when the process ends or the time is over."""
        end = time.monotonic() + READY_SECONDS
        while time.monotonic() < end and self._process.poll() is None:
            with contextlib.suppress(OSError):
                fetch(url)
                return
            time.sleep(0.05)
        raise StartFailed(f"{self.name} is not ready\n{self.tail()}")

    def stop(self):
        """Asks it to end, kills it after a while, and kills what is left of its group in any case."""
        self._process.terminate()
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(STOP_SECONDS)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.pid, signal.SIGKILL)
        self._process.wait(STOP_SECONDS)
        self._process.stdin.close()

    def tail(self, lines=40):
        """The end of its output."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])


class LocalAws:
    """The servers, and what a test needs of them."""

    def __init__(self, moto=False, auth=False, environment=None):
        self._moto, self.auth, self._environment = moto, auth, environment or {}
        self.servers = []
        self.folder = None

    def __enter__(self):
        for attempt in range(STARTS):
            try:
                self._start()
                return self
            except StartFailed:
                # Somebody else may have taken a port between its choice and its use.
                self._stop()
                if attempt == STARTS - 1:
                    raise
            except BaseException:
                self._stop()
                raise
        raise AssertionError("unreachable")

    def __exit__(self, *_failure):
        self._stop()

    def _start(self):
        self.folder = Path(tempfile.mkdtemp(prefix="local-aws-"))
        emulator, relay, moto = free_ports(3)
        self.endpoint_url = f"http://127.0.0.1:{relay}"
        self.emulator_url = f"http://127.0.0.1:{emulator}"
        self.moto_url = f"http://127.0.0.1:{moto}" if self._moto else None
        environment = clean_environment(self.folder, emulator, self.endpoint_url, self.auth) | self._environment
        self._serve("ministack", ["launcher"], environment, f"{self.emulator_url}/_ministack/health")
        arguments = ["relay", "--port", str(relay), "--upstream-port", str(emulator)]
        self._serve("relay", arguments, environment, f"{self.endpoint_url}/_relay/ready")
        if self._moto:
            arguments = ["moto.server", "-H", "127.0.0.1", "-p", str(moto)]
            self._serve("moto", arguments, environment, f"{self.moto_url}/moto-api/")

    def _serve(self, name, arguments, environment, ready_url):
        self.servers.append(Server(name, arguments, environment, self.folder))
        self.servers[-1].wait_until_ready(ready_url)

    def _stop(self):
        for server in reversed(self.servers):
            server.stop()
        self.servers = []
        shutil.rmtree(self.folder, ignore_errors=True)

    def client(self, service, account=ACCOUNT, region=REGION, record=None, **options):
        """A boto3 client of an account and Region. `record` replaces members of the CloudTrail records it causes.

        Other options are boto3's: `endpoint_url=aws.emulator_url` goes past the relay.
        """
        settings = {
            "endpoint_url": self.endpoint_url, "region_name": region,
            "aws_access_key_id": account, "aws_secret_access_key": "test", **options}
        settings["config"] = Config(proxies={}).merge(options.get("config") or Config())
        client = blank_session().client(service, **settings)
        if record:
            header = json.dumps(record)
            client.meta.events.register("before-send", lambda request, **_: request.headers.update(
                {"x-relay-record": header}))
        return client

    def faults(self, *rules):
        """Puts fault rules in force, in place of all others; without any, ends them. See `faults.Rule`."""
        self._control("faults", list(rules))

    def publish_reads(self, wanted=True):
        """Has the relay publish events of reads too."""
        self._control("settings", {"publish_reads": wanted})

    def events(self, name=None):
        """What the relay published or held back, as `{"detail": record, "published": times, ...}`."""
        return [event for event in self._control("events") if name in (None, event["detail"]["eventName"])]

    def calls(self, caller="", account=""):
        """How often each `service:Operation` was passed on; only of callers whose ARN contains `caller`."""
        query = urllib.parse.urlencode({"caller": caller, "account": account})
        return self._control(f"calls?{query}")

    def reset(self):
        """Empties every service, and the relay."""
        self._control("reset", {})
        fetch(f"{self.emulator_url}/_ministack/reset", b"{}")
        if self.moto_url:
            fetch(f"{self.moto_url}/moto-api/reset", b"{}")
        self._control("reset", {})

    def _control(self, name, body=None):
        sent = None if body is None else json.dumps(body).encode()
        return json.loads(fetch(f"{self.endpoint_url}/_relay/{name}", sent))

    def logs(self):
        """The end of every server's output."""
        return "\n".join(f"--- {server.name}\n{server.tail()}" for server in self.servers)


def clean_environment(folder, port, endpoint_url, auth):
    """All that the servers, and the functions that they start, see of an environment."""
    return {
        "PATH": "/usr/bin:/bin", "HOME": str(folder), "TMPDIR": str(folder), "PYTHONDONTWRITEBYTECODE": "1",
        "AWS_ENDPOINT_URL": endpoint_url, "BIND_HOST": "127.0.0.1", "MINISTACK_HOST": "127.0.0.1",
        "GATEWAY_PORT": str(port), "AUTH": str(auth).lower(), "S3_DATA_DIR": str(folder / "s3"),
        "STATE_DIR": str(folder / "state"), "LAMBDA_ASYNC_RETRY_BASE_SECONDS": "0.1", "LOG_LEVEL": "INFO",
        # Servers that nobody needs, and that would listen on all interfaces.
        "IOT_MTLS_ENABLED": "0", "SFTP_ENABLED": "0", "SFTP_HOST": "127.0.0.1",
    }


@functools.cache
def blank_session():
    """A session that knows nothing of the user's profiles and files. One is enough: it keeps the service models."""
    nothing, no_file = (None, None, None, None), (None, None, os.devnull, None)
    session = botocore.session.Session(
        session_vars={"profile": nothing, "config_file": no_file, "credentials_file": no_file})
    return boto3.session.Session(botocore_session=session)


def free_ports(number):
    """Ports that nobody listens on at the moment."""
    with contextlib.ExitStack() as opened:
        sockets = [opened.enter_context(socket.socket()) for _ in range(number)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]


def fetch(url, body=None):
    """The body of an answer; `body` is posted. An error answer raises with its text."""
    request = urllib.request.Request(url, body, {"Content-Type": "application/json"})
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=30) as answer:
            return answer.read()
    except urllib.error.HTTPError as error:
        raise ValueError(f"{url}: {error.code} {error.read().decode(errors='replace')}") from error


def wait_for(probe, seconds=10):
    """Asks until the answer is true, and returns it; fails after a while."""
    end = time.monotonic() + seconds
    while True:
        found = probe()
        if found:
            return found
        if time.monotonic() > end:
            raise TimeoutError(f"nothing after {seconds} seconds, last was {found!r}")
        time.sleep(0.02)
