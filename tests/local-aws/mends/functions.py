"""Mends of Lambda: whose credentials a function has, and by which id it knows a retry."""

import asyncio
import contextvars
import functools
import hashlib
import os

from ministack.core import lambda_runtime
from ministack.services import lambda_svc, sqs, sts


def functions_run_as_their_role():
    """AWS gives a function a session of its role, named after the function. MiniStack does so only with `AUTH=true`
    and gives it the account's root key otherwise, so that nothing can tell a function's writes from anybody's.
    """

    def execution_credentials(config):
        account, _region = lambda_runtime._account_region_from_function_config(config)
        role, name = config.get("Role", ""), config.get("FunctionName", "function")[:64]
        digest = hashlib.sha256(f"{config.get('FunctionArn', '')}:{role}".encode()).hexdigest()
        key, secret, token = f"ASIA{digest[:16].upper()}", digest[16:56], digest
        sts.register_session(key, {
            "Arn": f"arn:aws:sts::{account}:assumed-role/{role.rsplit('/', 1)[-1]}/{name}",
            "UserId": f"AROA{digest[:17].upper()}:{name}",
            "SecretAccessKey": secret,
            "SessionToken": token,
        })
        return {"AWS_ACCESS_KEY_ID": key, "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": token}

    lambda_runtime.execution_credentials = execution_credentials
    lambda_svc.execution_credentials = execution_credentials


def retries_keep_the_request_id():
    """AWS invokes a function again under the same request id when an asynchronous invocation failed; MiniStack makes
    a new one, so that a retry cannot tell its own claims from those of another delivery.
    """
    invoke, dispatch = lambda_svc.invoke_async_with_retry, lambda_svc._execute_function_dispatch
    shared = contextvars.ContextVar("request id of an asynchronous invocation", default=None)

    def invoke_async_with_retry(func, event):
        token = shared.set(lambda_svc.new_uuid())
        try:
            invoke(func, event)
        finally:
            shared.reset(token)

    def execute_function_dispatch(func, config, event, request_id, started):
        return dispatch(func, config, event, shared.get() or request_id, started)

    lambda_svc.invoke_async_with_retry = invoke_async_with_retry
    lambda_svc._execute_function_dispatch = execute_function_dispatch


def invoke_settings_of_the_latest_version():
    """In AWS the settings of `$LATEST` and those without a qualifier are the same; MiniStack keeps two, and a template
    sets those of `$LATEST`.
    """
    settings = lambda_svc._event_invoke_config
    lambda_svc._event_invoke_config = lambda function, qualifier: (
        settings(function, qualifier) or (None if qualifier else settings(function, "$LATEST")))


def failures_are_never_lost():
    """The thread of a function adds its failure to the list of a queue's messages, which the event loop makes anew when
    somebody receives or deletes one: what is added in between is gone. Here the event loop adds it.
    """
    route, behind = lambda_svc._route_async_failure, sqs.handle_request
    loops = []

    async def handle_request(*asked):
        loops[:] = [asyncio.get_running_loop()]
        return await behind(*asked)

    def route_async_failure(*failure):
        in_context = functools.partial(contextvars.copy_context().run, route, *failure)
        if loops:
            loops[0].call_soon_threadsafe(in_context)
        else:
            in_context()

    sqs.handle_request = handle_request
    lambda_svc._route_async_failure = route_async_failure


def output_is_never_lost():
    """In AWS all that a function prints is in its log. MiniStack takes what is there 50 ms after the answer; the rest
    waits for the next invocation of the same process, which may never come.
    """
    worker = lambda_runtime.ProvidedWorker
    pump = worker._pump_output
    worker._pump_output = lambda self, stream, _lines: pump(self, stream, Shown())
    worker._drain_stderr_bounded = lambda self, **_waits: ""


class Shown:
    """Writes each line at once, and whole, to the server's own output."""

    def put_nowait(self, line):
        """Takes a line of a function."""
        os.write(1, f"{line}\n".encode())


MENDS = (functions_run_as_their_role, retries_keep_the_request_id, invoke_settings_of_the_latest_version,
         failures_are_never_lost, output_is_never_lost)
