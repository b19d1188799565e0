"""What the whole suite shares: the tally of requests, no deadlines, and logging put back."""

import gc
import io
import logging
import os
import random
import re
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import structlog
from hypothesis import settings
from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants

from storage.signals import STOPPING

if TYPE_CHECKING:
    from selenium import webdriver

TALLY = "EASEL_PLAYGROUND_COUNT"
"""Environment variable naming the file to which each stand-in adds its counts."""


TESTS = Path(__file__).parent
DRAWING = ("tests/journeys/", "tests/storage/test_host_faults.py")
"""Tests that start workers with all that draws: the first of them in a process takes longest."""

LONGEST_FIRST = {
    name: place
    for place, name in enumerate(
        ("journeys", "generation", "cli", "training", "storage", "playground", "bot", "prompt")
    )
}


# A busy machine is no fault of the code; times are for benchmarks/. Nor is what chance finds one of
# the change that is tried: the same code is tried with the same examples, until one looks for more.
# They would also be made of numbers in modules that happen to be imported by then.
setattr(providers, "_get_local_constants", Constants)  # noqa: B010 - it is a private one
settings.register_profile("easel", deadline=None, max_examples=30, derandomize=True)
settings.register_profile("thorough", deadline=None, max_examples=1000)
settings.load_profile("easel")


# One thread for each process of tests: those that share a tiny model's work only wait for each
# other. Before PyTorch is imported here, and for all processes that are started.
os.environ["OMP_NUM_THREADS"] = "1"

# Loading a model compiles more patterns than Python keeps, so each load would compile them again.
setattr(re, "_MAXCACHE", 2**14)  # noqa: B010 - that it has a limit is not known to types

# Until everything is imported and collected; what that leaves is never garbage.
gc.disable()

# Two dozen processes are started, and each would compile all that it imports.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
sys.dont_write_bytecode = False


def pytest_configure(config: pytest.Config) -> None:
    """Names the file once, before any worker process of the suite starts."""
    if not hasattr(config, "workerinput"):
        folder = tempfile.TemporaryDirectory(prefix="easel-tally-")
        config.add_cleanup(folder.cleanup)
        os.environ[TALLY] = str(Path(folder.name) / "counts")


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Prints how many requests were checked against Discord's description."""
    tally = Path(os.environ[TALLY])
    if not tally.exists():
        return
    counts = [line.split() for line in tally.read_text(encoding="utf-8").splitlines()]
    validated, refused = (sum(int(count[k]) for count in counts) for k in (0, 1))
    terminalreporter.write_line(
        f"{validated} requests were checked against Discord's OpenAPI description, "
        f"in {len(counts)} stand-ins; {refused} were refused, as tests wanted."
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Begins with what takes long, so that processes that share the files end together.

    What waits most is first of all, beside what computes.
    """
    items.sort(key=lambda item: LONGEST_FIRST.get(item.path.parts[len(TESTS.parts)], 0))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Two processes for each core: half of the time tests wait for others' processes."""
    return 2 * len(os.sched_getaffinity(0))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes(config: pytest.Config) -> None:
    """Has the processes forked, but where lines are counted: those of imports would not be."""
    if not config.getoption("cov_source", None):
        # Imported where xdist is, of whose parts it is made.
        from tests.workers import fork_workers  # noqa: PLC0415

        fork_workers()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Gives all that starts workers to one process, so that what they share is started once."""
    if config.getvalue("dist") != "loadfile":
        return None
    # There where xdist is, whose hook this is.
    from xdist.scheduler import LoadFileScheduling  # noqa: PLC0415

    class Scheduling(LoadFileScheduling):  # type: ignore[misc]
        def _split_scope(self, nodeid: str) -> str:
            file: str = super()._split_scope(nodeid)
            return DRAWING[0] if file.startswith(DRAWING) else file

    return Scheduling(config, log)


def pytest_collection_finish() -> None:
    """Spares the garbage collector what stays to the end: a million objects of libraries."""
    gc.freeze()
    gc.enable()


@pytest.fixture(autouse=True)
def logs_restored() -> Iterator[None]:
    """Leaves logging as it was: a process of ours that runs inside a test sets it up anew."""
    root, engine = logging.getLogger(), logging.getLogger("dbos")
    before = root.handlers[:], root.level, engine.handlers[:], engine.propagate
    yield
    structlog.reset_defaults()
    root.handlers[:], engine.handlers[:] = before[0], before[2]
    root.setLevel(before[1])
    engine.propagate = before[3]


@pytest.fixture(autouse=True)
def chance_begun_anew() -> None:
    """Each test draws the same numbers, whichever ran before it in its process."""
    random.seed(0)
    if torch := sys.modules.get("torch"):
        # Its manual_seed keeps a trace of who called, for processors that are not there.
        torch.default_generator.manual_seed(0)


class Log(logging.StreamHandler[io.StringIO]):
    """What was logged: its records, and its text with tracebacks."""

    def __init__(self) -> None:
        super().__init__(io.StringIO())
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        """Keeps a record."""
        self.records.append(record)
        super().emit(record)

    @property
    def text(self) -> str:
        """All that was logged, as one reads it."""
        return self.stream.getvalue()


@pytest.fixture
def logged(logs_restored: None) -> Log:
    """What reaches the root of all logs during a test."""
    handler, root = Log(), logging.getLogger()
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    return handler


@pytest.fixture
def restored_signals() -> Iterator[None]:
    """Puts back what the test's process does on the signals that stop a service."""
    handlers = {number: signal.getsignal(number) for number in STOPPING}
    woken = signal.set_wakeup_fd(-1)
    yield
    signal.set_wakeup_fd(woken)
    for number, handler in handlers.items():
        signal.signal(number, handler)


@pytest.fixture(scope="session")
def chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator["webdriver.Chrome"]:
    """The one browser of a process, on whatever page the test before left it."""
    # Only tests in a browser pay for importing what drives it.
    from tests.playground.browser import start_chromium  # noqa: PLC0415

    driver = start_chromium(tmp_path_factory.mktemp("profile"))
    yield driver
    driver.quit()
