"""Processes of tests, forked from one server that has imported their libraries already."""

import gc
import multiprocessing
import os
import runpy
import sys
from collections.abc import Callable, Mapping
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Final

_FORKS: Final = multiprocessing.get_context("forkserver")
_PRELOADED: Final = ["tests.unswept", "pytest"]


def preload(*modules: str) -> None:
    """Names what the server imports when the first process is started."""
    _PRELOADED.extend(module for module in modules if module not in _PRELOADED)
    _FORKS.set_forkserver_preload(_PRELOADED)


def spawn(work: Callable[..., None], *arguments: object) -> BaseProcess:
    """Runs a function in a process of its own, which ends with the tests if not before."""
    process = _FORKS.Process(target=_begin, args=(work, *arguments), daemon=True)
    process.start()
    return process


def _begin(work: Callable[..., None], *arguments: object) -> None:
    # What was imported before stays to the end: nobody looks through it for garbage.
    gc.freeze()
    gc.enable()
    work(*arguments)


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
