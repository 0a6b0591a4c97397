"""A Lambda function that shows what a function gets: a plain `bootstrap` that speaks the Runtime API.

Logs the request id of each invocation to the file `LOG`. Fails if the event's detail asks for it; with `UNDO` set,
deletes the REST API that the event says was created. Answers with its access key. Prints what the event's detail has as
`late`, a while after the answer.
"""

import json
import os
import time
import urllib.request

LATE = 0.5  # seconds
RUNTIME = f"http://{os.environ['AWS_LAMBDA_RUNTIME_API']}/2018-06-01/runtime/invocation"


def undo(api_id):
    """Calls AWS as any function does: at the endpoint and with the credentials of its environment."""
    scope = f"{os.environ['AWS_ACCESS_KEY_ID']}/20260101/{os.environ['AWS_REGION']}/apigateway/aws4_request"
    signed = {"Authorization": f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=host, Signature=0"}
    url = f"{os.environ['AWS_ENDPOINT_URL']}/restapis/{api_id}"
    urllib.request.urlopen(urllib.request.Request(url, method="DELETE", headers=signed)).read()


def serve_one():
    """Takes one event and answers it."""
    with urllib.request.urlopen(f"{RUNTIME}/next") as answer:
        event, name = json.load(answer), answer.headers["Lambda-Runtime-Aws-Request-Id"]
    with open(os.environ["LOG"], "a", encoding="utf-8") as log:
        log.write(f"invoked {name}\n")
    if os.environ.get("UNDO"):
        undo(event["detail"]["responseElements"]["id"])
    verdict = "error" if event["detail"].get("fail") else "response"
    body = {"errorMessage": "asked to", "errorType": "Asked", "key": os.environ["AWS_ACCESS_KEY_ID"]}
    posted = urllib.request.Request(f"{RUNTIME}/{name}/{verdict}", json.dumps(body).encode(), method="POST")
    urllib.request.urlopen(posted).read()
    if event["detail"].get("late"):
        time.sleep(LATE)
        print(event["detail"]["late"], flush=True)


if __name__ == "__main__":
    while True:
        serve_one()
