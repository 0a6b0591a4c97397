"""The AWS endpoint of the tests: an HTTP proxy that turns API Gateway calls into CloudTrail events on the bus.

Every call is passed on unchanged and counted. After an API Gateway call that changes something, its record is put
on the default bus of the caller's account and Region, before the caller gets its answer. `/_relay/` is the control
endpoint: `faults`, `settings`, `events`, `calls`, `reset`.
"""

import argparse
import calendar
import collections
import http.client
import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, quote, urlsplit

import operations
import record
from faults import STATUSES, Faults

CONTROL = "/_relay/"
# Members of this JSON object replace those of the record: how a test calls as CloudFormation or from the console.
RECORD_HEADER = "x-relay-record"
HOP_BY_HOP = ("connection", "keep-alive", "transfer-encoding", "te", "upgrade", "proxy-connection", RECORD_HEADER)
UPSTREAM_SECONDS = 300
IDLE_SECONDS = 30


class Upstream:
    """The emulator. One connection per thread, because http.client's are not shared."""

    def __init__(self, host, port):
        self._address = (host, port)
        self._local = threading.local()

    def send(self, method, target, headers, body):
        """Sends one request. A connection that broke is not used again."""
        connection = self._connection()
        try:
            connection.putrequest(method, target, skip_host=True, skip_accept_encoding=True)
            for name, value in headers:
                connection.putheader(name, value)
            connection.endheaders(body or None)
            response = connection.getresponse()
            answer = operations.Answer(response.status, response.getheaders(), response.read())
            self._local.used = time.monotonic()
            return answer
        except (OSError, http.client.HTTPException):
            connection.close()
            self._local.connection = None
            raise

    def _connection(self):
        """This thread's connection; a new one if the emulator may have closed it for idleness."""
        known = getattr(self._local, "connection", None)
        if known is None or time.monotonic() - self._local.used > IDLE_SECONDS:
            known = self._local.connection = http.client.HTTPConnection(*self._address, timeout=UPSTREAM_SECONDS)
        return known

    def identity(self, access_key):
        """Whose access key it is."""
        target = f"/_bench/identity?access_key={quote(access_key, safe='')}"
        return json.loads(self.send("GET", target, [("Host", "localhost")], b"").body)

    def put_event(self, event):
        """Puts an event on the default bus; the account's root key needs no valid signature."""
        entry = {"Source": "aws.apigateway", "DetailType": "AWS API Call via CloudTrail",
                 "Detail": json.dumps(event["detail"]), "Time": event["time"]}
        scope = f"{event['account']}/20260101/{event['region']}/events/aws4_request"
        body = json.dumps({"Entries": [entry]}).encode()
        answer = self.send("POST", "/", [
            ("Host", "localhost"),
            ("Content-Type", "application/x-amz-json-1.1"),
            ("Content-Length", str(len(body))),
            ("X-Amz-Target", "AWSEvents.PutEvents"),
            ("Authorization", f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"),
        ], body)
        if answer.status != 200 or json.loads(answer.body)["FailedEntryCount"]:
            raise RuntimeError(f"the bus refused an event: {answer.body!r}")


class Relay:
    """What the relay knows: faults in force, events published, calls counted."""

    def __init__(self, upstream):
        self.upstream = upstream
        self.faults = Faults()
        self._lock = threading.Lock()
        self.reset()

    def reset(self):
        """Forgets everything, and lets events that are still held back go nowhere."""
        self.faults.replace([])
        with self._lock:
            self._generation = object()
            self._events, self._calls, self._identities = [], collections.Counter(), {}
            self._publish_reads = False

    def configure(self, settings):
        """Takes `{"publish_reads": bool}`."""
        if set(settings) != {"publish_reads"}:
            raise ValueError("expected publish_reads")
        self._publish_reads = bool(settings["publish_reads"])

    def identity(self, access_key):
        """Whose access key it is, asked once."""
        with self._lock:
            known = self._identities.get(access_key)
        if known is None:
            known = {**self.upstream.identity(access_key), "access_key": shown_key(access_key)}
            with self._lock:
                self._identities[access_key] = known
        return known

    def count(self, call, identity):
        """Counts a call that is passed on."""
        with self._lock:
            self._calls[call.name, identity["account"], identity["arn"]] += 1

    def calls(self, query):
        """Calls per operation, of all callers or those whose account or ARN is asked for."""
        counted = collections.Counter()
        account, caller = (query.get(name, [""])[0] for name in ("account", "caller"))
        with self._lock:
            for (name, of_account, arn), number in self._calls.items():
                if account in ("", of_account) and caller in arn:
                    counted[name] += number
        return dict(sorted(counted.items()))

    def events(self):
        """Every event so far, with how often it was published."""
        with self._lock:
            return [dict(event) for event in self._events]

    def wants(self, call):
        """Whether a call gets an event."""
        if not call.is_api_gateway or call.operation in record.NOT_LOGGED:
            return False
        return self._publish_reads or call.model.http["method"] != "GET"

    def publish(self, detail, rule):
        """Puts an event on the bus, or does with it what the rule says."""
        event = {"account": detail["recipientAccountId"], "region": detail["awsRegion"],
                 "time": epoch(detail["eventTime"]), "detail": detail, "published": 0}
        with self._lock:
            self._events.append(event)
            generation = self._generation
        if rule.drop_event:
            return
        copies = [event] * (1 + rule.duplicate)
        if rule.reorder:
            copies = self.faults.hold(rule, copies)
        if rule.delay:
            timer = threading.Timer(rule.delay, self.put_all, (copies, generation))
            timer.daemon = True
            timer.start()
        else:
            self.put_all(copies, generation)

    def put_all(self, events, generation=None):
        """Puts events on the bus, in this order, unless the relay was reset since."""
        for event in events:
            if generation in (None, self._generation):
                self.upstream.put_event(event)
                with self._lock:
                    event["published"] += 1


def epoch(text):
    """Seconds since 1970 of a record's time."""
    return calendar.timegm(time.strptime(text, "%Y-%m-%dT%H:%M:%SZ"))


def replaced(members, by):
    """The record with members of its own; those of an object are replaced one by one."""
    return {**members, **{name: {**members[name], **value} if isinstance(value, dict) and members.get(name) else value
                          for name, value in by.items()}}


def shown_key(access_key):
    """The key as a record shows it: an account id that is used as a key becomes one that looks like a key."""
    return record.unique_id("AKIA", access_key)[:20] if access_key.isdigit() else access_key


class Handler(BaseHTTPRequestHandler):
    """Serves one connection."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    relay = None

    def serve(self):
        """Answers one request: a control call, or one to pass on."""
        body = self.read_body()
        if self.path.startswith(CONTROL):
            self.control(body)
            return
        headers = {name.lower(): value for name, value in self.headers.items()}
        request = operations.Request(self.command, self.path, headers, body)
        self.pass_on(request, operations.name_call(request))

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = serve

    def read_body(self):
        """The body, by its length or in chunks."""
        if self.headers.get("Transfer-Encoding", "").lower() != "chunked":
            return self.rfile.read(int(self.headers.get("Content-Length") or 0))
        body = b""
        while size := int(self.rfile.readline().split(b";")[0], 16):
            body += self.rfile.read(size)
            self.rfile.readline()
        while self.rfile.readline().strip():
            pass
        return body

    def pass_on(self, request, call):
        """Passes a call on, publishes its event, answers; with the faults that are in force."""
        rule = self.relay.faults.take(call.name)
        identity = self.relay.identity(request.scope[0])
        if rule.answer:
            answer = refusal(call, rule)
        else:
            self.relay.count(call, identity)
            answer = self.relay.upstream.send(request.method, request.target, self.kept_headers(request), request.body)
        if self.relay.wants(call):
            detail = record.make_record(request, call, answer, identity)
            detail = replaced(detail, json.loads(request.headers.get(RECORD_HEADER) or "{}"))
            self.relay.publish(detail, rule)
        if rule.drop_answer:
            self.close_connection = True
        else:
            self.answer(answer)

    def kept_headers(self, request):
        """The caller's headers, with the body's length in place of its chunks."""
        kept = [(name, value) for name, value in self.headers.items()
                if name.lower() not in (*HOP_BY_HOP, "content-length")]
        if request.body or "content-length" in request.headers:
            kept.append(("Content-Length", str(len(request.body))))
        return kept

    def control(self, body):
        """The control endpoint."""
        url = urlsplit(self.path)
        name, relay = url.path[len(CONTROL):], self.relay
        changes = self.command in ("PUT", "POST", "DELETE")
        try:
            if name == "faults" and changes:
                relay.put_all(relay.faults.replace(json.loads(body or b"[]")))
            elif name == "settings" and changes:
                relay.configure(json.loads(body))
            elif name == "reset" and changes:
                relay.reset()
            answers = {"faults": relay.faults.rules, "events": relay.events, "ready": dict, "reset": dict,
                       "settings": dict, "calls": lambda: relay.calls(parse_qs(url.query))}
            found = answers.get(name)
            status, value = (200, found()) if found else (404, {"message": f"no control `{name}`"})
        except (TypeError, ValueError) as error:
            status, value = 400, {"message": str(error)}
        self.answer(operations.Answer(status, [("Content-Type", "application/json")], json.dumps(value).encode()))

    def answer(self, answer):
        """Sends an answer in one piece."""
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            if name.lower() not in (*HOP_BY_HOP, "content-length"):
                self.send_header(name, value)
        length = dict((name.lower(), value) for name, value in answer.headers).get("content-length", "0")
        self.send_header("Content-Length", length if self.command == "HEAD" else str(len(answer.body)))
        self._headers_buffer.append(b"\r\n" + (b"" if self.command == "HEAD" else answer.body))
        self.flush_headers()

    def log_message(self, *_arguments):
        """Says nothing: the emulator logs every call."""


def refusal(call, rule):
    """The error that a rule answers, as the call's protocol has it."""
    usual, message = STATUSES[rule.answer]
    code = rule.code or usual
    headers = [("Retry-After", f"{rule.retry_after:g}")] if rule.answer == 429 and rule.retry_after else []
    if call.protocol == "query":
        body = f"<ErrorResponse><Error><Code>{code}</Code><Message>{message}</Message></Error></ErrorResponse>"
        return operations.Answer(rule.answer, [*headers, ("Content-Type", "text/xml")], body.encode())
    body = json.dumps({"message": message, "__type": code}).encode()
    headers += [("Content-Type", "application/json"), ("x-amzn-ErrorType", code)]
    return operations.Answer(rule.answer, headers, body)


class Server(ThreadingHTTPServer):
    """Takes bursts of connections, and does not wait for them at the end."""

    daemon_threads = True
    request_queue_size = 256


def main():
    """Serves on loopback until it is told to stop."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--upstream-port", type=int, required=True)
    options = parser.parse_args()
    Handler.relay = Relay(Upstream("127.0.0.1", options.upstream_port))
    operations.routes("apigateway"), operations.routes("apigatewayv2")
    Server(("127.0.0.1", options.port), Handler).serve_forever()


if __name__ == "__main__":
    main()
