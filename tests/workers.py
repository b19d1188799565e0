"""Processes that share the tests, forked from one that has imported what all of them import.

Each would import PyTorch and what runs on it by itself, which takes longer than many tests.
"""

import gc
import os
import sys
from importlib.metadata import entry_points
from multiprocessing import Pipe
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from execnet import gateway_io
from execnet.gateway_base import Popen2IO

from tests.processes import preload, share_server, spawn

OWN = frozenset(path.parent.name for path in Path(__file__).parents[1].glob("*/__init__.py"))
"""Packages of the checkout."""


class Forked(Popen2IO):
    """A forked process that does what execnet asks of it, in place of one that is started."""

    def __init__(self, _: list[str], execmodel: Any) -> None:
        here, there = Pipe()
        self._process = spawn(serve, there, daemon=False)
        there.close()
        into, out = (os.fdopen(os.dup(here.fileno()), mode) for mode in ("wb", "rb"))
        here.close()
        super().__init__(into, out, execmodel)

    def wait(self) -> int | None:
        """Its exit code, once it has ended."""
        self._process.join()
        return self._process.exitcode

    def kill(self) -> None:
        """Ends it at once."""
        self._process.kill()


def fork_workers() -> None:
    """Has the processes that share the tests forked from now on."""
    preload("boto3", "storage.prepare", "tests.storage.toy", "tests.journeys.preloaded")
    setattr(gateway_io, "Popen2IOMaster", Forked)  # noqa: B010 - what it makes is no parameter


def serve(connection: Connection) -> None:
    """Does what such a process does, from its beginning to its end."""
    for number in (0, 1):
        os.dup2(connection.fileno(), number)
    connection.close()
    sys.stdin, sys.stdout = os.fdopen(0, closefd=False), os.fdopen(1, "w", closefd=False)
    share_server()
    # Hypothesis looks who refers to generators of numbers, and finds nobody who is frozen.
    gc.unfreeze()
    gc.disable()
    # As in a process that was started, pytest imports what is ours and what plugs in to it, and
    # rewrites its asserts.
    plugins = {point.module.partition(".")[0] for point in entry_points(group="pytest11")}
    for name in list(sys.modules):
        if name.partition(".")[0] in OWN | plugins:
            del sys.modules[name]
    # execnet's own way to begin.
    exec(eval(sys.stdin.readline()), {"__name__": "__main__"})
