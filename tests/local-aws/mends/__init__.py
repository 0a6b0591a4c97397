"""The mends of MiniStack's defects, one module per service, and the door they share.

A mend either stands in front of a service's HTTP door (`intercept`) or replaces one of its functions. Mends at the
door leave MiniStack's own provisioners alone, which call the functions with values that no client could send.
"""

import json
import re


def intercept(module, method, path):
    """Lets the decorated function answer matching requests first; `None` leaves them to the service.

    It is called with the decoded body, the query and the groups of `path`, a regular expression for the whole path.
    """
    pattern = re.compile(path)

    def decorate(answer):
        behind = module.handle_request

        async def handle_request(asked, where, headers, body, query):
            found = pattern.fullmatch(where) if asked == method else None
            if found:
                answered = answer(body_of(body), query, *found.groups())
                if answered is not None:
                    return answered
            return await behind(asked, where, headers, body, query)

        module.handle_request = handle_request
        return answer

    return decorate


def body_of(body):
    """The JSON object that was sent; empty for anything else."""
    try:
        decoded = json.loads(body or b"{}")
    except ValueError:
        return {}
    return decoded if isinstance(decoded, dict) else {}
