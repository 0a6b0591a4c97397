"""The Lambda Runtime API on loopback, around one real binary: `with Runtime(binary, environment) as function`.

What Lambda would log is kept: `function.ended()` tells how a binary that stopped by itself ended.
"""

import json
import queue
import subprocess
import tempfile
import threading
import time
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PREFIX = "/2018-06-01/runtime/"
SECONDS = 20


class Runtime:
    """A binary that asks for events, and the answers that it gives."""

    def __init__(self, binary, environment, timeout=60):
        self._binary, self._environment, self._timeout = binary, environment, timeout
        self.events, self.answers = queue.Queue(), queue.Queue()
        self.asked = threading.Event()

    def __enter__(self):
        handler = type("Handler", (Handler,), {"runtime": self})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
        self._server.daemon_threads = True
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        self._output = tempfile.TemporaryFile()
        address = f"127.0.0.1:{self._server.server_port}"
        environment = {
            "AWS_LAMBDA_RUNTIME_API": address, "AWS_LAMBDA_FUNCTION_NAME": "function",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "128", "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
            "AWS_LAMBDA_LOG_STREAM_NAME": "stream", "AWS_LAMBDA_LOG_GROUP_NAME": "group", **self._environment}
        self._process = subprocess.Popen(
            [str(self._binary)], env=environment, stdin=subprocess.DEVNULL, stdout=self._output, stderr=self._output)
        return self

    def __exit__(self, *_failure):
        self.events.put(None)
        self._process.kill()
        self._process.wait()
        self._output.close()
        self._server.shutdown()
        self._server.server_close()

    def ready(self):
        """Waits until the binary asks for its first event."""
        assert self.asked.wait(SECONDS), self.log()

    def invoke(self, payload):
        """Hands over bytes as an event; returns `response` or `error`, and the answer's body."""
        self.events.put((str(uuid.uuid4()), payload))
        return self.answers.get(timeout=SECONDS)

    def ended(self):
        """Waits until the binary stops by itself; returns its exit code and all that it said."""
        return self._process.wait(SECONDS), self.log()

    def is_running(self):
        """Whether the binary is still there."""
        return self._process.poll() is None

    def log(self):
        """What the binary has written so far."""
        self._output.seek(0)
        return self._output.read().decode(errors="replace")

    def deadline(self):
        """When the invocation that starts now would be ended, in milliseconds since 1970."""
        return int((time.time() + self._timeout) * 1000)


class Handler(BaseHTTPRequestHandler):
    """The two sides of the Runtime API that a function sees."""

    protocol_version = "HTTP/1.1"
    runtime = None

    def do_GET(self):
        """`invocation/next`: waits for an event."""
        self.runtime.asked.set()
        event = self.runtime.events.get()
        if event is None:
            self.close_connection = True
            return
        request_id, payload = event
        self.reply(200, payload, {
            "Lambda-Runtime-Aws-Request-Id": request_id, "Lambda-Runtime-Deadline-Ms": str(self.runtime.deadline()),
            "Lambda-Runtime-Invoked-Function-Arn": "arn:aws:lambda:eu-west-1:111122223333:function:function"})

    def do_POST(self):
        """`invocation/ID/response`, `invocation/ID/error` or `init/error`."""
        body = self.body()
        self.runtime.answers.put((self.path.removeprefix(PREFIX).rpartition("/")[2], json.loads(body or b"null")))
        self.reply(202, b"{}", {})

    def body(self):
        """By its length or in chunks."""
        if self.headers.get("Transfer-Encoding") != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        found = b""
        while size := int(self.rfile.readline(), 16):
            found += self.rfile.read(size)
            self.rfile.readline()
        self.rfile.readline()
        return found

    def reply(self, status, body, headers):
        """Answers."""
        self.send_response(status)
        for name, value in {**headers, "Content-Type": "application/json", "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_arguments):
        """Says nothing."""
