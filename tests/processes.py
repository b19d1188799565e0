"""Processes of tests, forked from one server that has imported their libraries already."""

import gc
import multiprocessing
import os
import runpy
import sys
from collections.abc import Callable, Mapping, Sequence
from multiprocessing import forkserver
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final

_FORKS: Final = multiprocessing.get_context("forkserver")
_PRELOADED: Final = ["tests.unswept", "pytest"]


def preload(*modules: str) -> None:
    """Names what the server imports when the first process is started."""
    _PRELOADED.extend(module for module in modules if module not in _PRELOADED)
    _FORKS.set_forkserver_preload(_PRELOADED)


def spawn(work: Callable[..., None], *arguments: object, daemon: bool = True) -> BaseProcess:
    """Runs a function in a process of its own, which ends with the tests if not before.

    Args:
        work: The function, of a module that can be imported.
        arguments: What it is called with.
        daemon: Ends it with the tests; else it may have processes of its own, and is waited for.
    """
    outputs = [Connection(os.dup(number), readable=False) for number in (1, 2)]
    process = _FORKS.Process(target=_begin, args=(outputs, work, *arguments), daemon=daemon)
    process.start()
    for output in outputs:
        output.close()
    return process


def _begin(outputs: Sequence[Connection], work: Callable[..., None], *arguments: object) -> None:
    # Where whoever spawned it writes, which the server may not.
    for number, output in enumerate(outputs, 1):
        os.dup2(output.fileno(), number)
        output.close()
    # What was imported before stays to the end: nobody looks through it for garbage.
    gc.freeze()
    gc.enable()
    work(*arguments)


def share_server() -> None:
    """Has what a forked process spawns forked from the server that it is of, not from one more."""
    setattr(forkserver._forkserver, "ensure_running", lambda: None)  # noqa: B010 - its own method


def run_module(
    module: str, environment: Mapping[str, str], folder: Path, log: Path, *arguments: str
) -> None:
    """What ``python -m module`` does, for ``spawn``; both outputs go to the end of ``log``."""
    _step_into(environment, folder, log)
    become(module, *arguments)


def become(module: str, *arguments: str) -> None:
    """Goes on in this process as a module that is run."""
    sys.argv = [module, *arguments]
    for imported in (module, f"{module}.__main__"):
        sys.modules.pop(imported, None)
    runpy.run_module(module, run_name="__main__", alter_sys=True)


def run_afresh(module: str, environment: Mapping[str, str], folder: Path, log: Path) -> None:
    """The same without anything that was imported before."""
    _step_into(environment, folder, log)
    os.execv(sys.executable, [sys.executable, "-m", module])


def _step_into(environment: Mapping[str, str], folder: Path, log: Path) -> None:
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    with log.open("ab") as file:
        os.dup2(file.fileno(), sys.stdout.fileno())
        os.dup2(file.fileno(), sys.stderr.fileno())
