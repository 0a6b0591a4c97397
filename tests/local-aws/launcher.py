"""Starts MiniStack with its defects mended: `python launcher.py`, configured by MiniStack's own environment.

One mend per defect, in `mends/`; each says what AWS does, and `test_launcher.py` has a test per mend, of permissions
`test_enforcement.py`. All are for the version pinned in `requirements.txt`: drop a mend when upstream has it.
"""

import importlib.metadata
import json
import urllib.parse

import ministack.app
from ministack.core import iam_evaluator, responses

from mends import cloudformation, events, functions, http_api, permissions, rest_api

VERSION = "1.5.33"
IDENTITY_PATH = "/_bench/identity"


def check_version():
    """Refuses any MiniStack but the one that the mends were written for."""
    found = importlib.metadata.version("ministack")
    if found != VERSION:
        raise SystemExit(f"launcher: the mends are for ministack {VERSION}, found {found}")


def answer_identities():
    """Adds `GET /_bench/identity?access_key=...`: whose key it is, as the relay's records need it."""
    app = ministack.app.app

    async def with_identities(scope, receive, send):
        if scope["type"] != "http" or scope["path"] != IDENTITY_PATH:
            await app(scope, receive, send)
            return
        query = urllib.parse.parse_qs(scope["query_string"].decode())
        body = json.dumps(identity_of(query.get("access_key", [""])[0])).encode()
        await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/json")]})
        await send({"type": "http.response.body", "body": body})

    ministack.app.app = with_identities


def identity_of(access_key):
    """The account, ARN and unique id behind an access key."""
    responses.set_request_account_id(iam_evaluator.find_iam_access_key_account(access_key) or access_key)
    account = responses.get_account_id()
    found = iam_evaluator.resolve_caller_identity(access_key) or {}
    arn = found.get("userArn") or f"arn:aws:iam::{account}:root"
    return {"account": account, "arn": arn, "user_id": found.get("userId") or account}


def main():
    """Mends, then serves until it is told to stop."""
    check_version()
    for mended in (rest_api, http_api, events, functions, cloudformation, permissions):
        for mend in mended.MENDS:
            mend()
    answer_identities()
    ministack.app.main()


if __name__ == "__main__":
    main()
