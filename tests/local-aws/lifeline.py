"""Runs a server module that dies with its parent: `python lifeline.py MODULE [ARGUMENT ...]`.

The parent holds the other end of standard input. When it closes, because the parent closed it or was killed, the
server's whole process group goes, and with it the Lambda functions it started. The caller must start this script
as the leader of a group of its own.
"""

import os
import runpy
import signal
import sys
import threading


def die_with_parent():
    """Kills the process group as soon as standard input ends."""

    def watch():
        while os.read(0, 4096):
            pass
        os.killpg(0, signal.SIGKILL)

    if os.getpgid(0) != os.getpid():
        raise SystemExit("lifeline: must lead a process group of its own")
    threading.Thread(target=watch, daemon=True, name="lifeline").start()


def main():
    """Starts the watch, then runs the module as if it had been started with `-m`."""
    die_with_parent()
    del sys.argv[0]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
