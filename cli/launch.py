"""Each side of Easel in a process of its own: started, watched, restarted and stopped together.

``python -m cli.launch MODULE …`` is how a side is run: it runs that module, and ends it when the
process that started it is gone, however it went, so that no side is ever left behind.
"""

import asyncio
import contextlib
import os
import runpy
import signal
import sys
import threading
import time
import traceback
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Self

from faults import HostError
from storage.signals import CRASHED, RESTART

STEADY: Final = 10.0
"""Seconds after which a side counts as having started well."""

RESTARTS: Final = 5
"""How often in a row a side is started again that does not become steady, unless others of its role
run: then it is tried for ever."""

LONGEST_PAUSE: Final = 300.0
"""Seconds at most before a side is started again."""

QUIET: Final = {
    "DIFFUSERS_VERBOSITY": "error",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TRANSFORMERS_VERBOSITY": "error",
}
"""Keeps the model libraries from writing between the lines of a command or a log."""

GRACE: Final = 5.0
"""Seconds that a side has to end by itself when asked to."""

_FIRST_PAUSE: Final = 0.5
# asyncio's own limit is 64 KiB; a line of the log that quotes a recipe may be longer.
_LONGEST_LINE: Final = 2**20
_LARGEST_LOG: Final = 10 * 2**20


# Compared by identity: a mapping in it could not be hashed, and sides are keys.
@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Side:
    """A process to run.

    Attributes:
        name: Names its log file and prefixes its lines.
        command: The module to run, and its arguments.
        environment: Variables that differ from this process's own.
        carries: Whether the others need it until they have ended.
        drains: Whether it may end in good order while the others go on, as a worker that takes no
            more jobs does.
        role: Of several that do the same, what that is: one that cannot run does not end the
            others while another of its role runs. Empty for one that nothing replaces.
    """

    name: str
    command: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    carries: bool = False
    drains: bool = False
    role: str = ""


class SideFailedError(HostError, RuntimeError):
    """A side ended and is not started again.

    Attributes:
        name: Which.
        said: The last line that it wrote.
    """

    def __init__(self, name: str, said: str) -> None:
        super().__init__(f"the {name} ended: {said or 'it said nothing'}")
        self.name = name
        self.said = said


class Crew:
    """Sides that run together; leaving the context stops them all.

    A side that dies is started again after a pause that doubles. One that says right after the
    first start why it cannot run, or never becomes steady, ends the whole crew instead, unless
    another does the same.
    """

    def __init__(self, logs: Path, tell: Callable[[str, str], None] | None = None) -> None:
        """Prepares.

        Args:
            logs: Folder for one log file a side.
            tell: Given every line as well, with the side's name.
        """
        logs.mkdir(parents=True, exist_ok=True)
        self._logs = logs
        self._tell = tell or (lambda _name, _line: None)
        self._processes: dict[str, asyncio.subprocess.Process] = {}
        self._keepers: dict[Side, asyncio.Task[None]] = {}
        self._ending = asyncio.Event()
        self._fault: SideFailedError | None = None

    async def __aenter__(self) -> Self:
        """Makes Ctrl-C and SIGTERM end the crew; a second one ends it at once."""
        for number in (signal.SIGINT, signal.SIGTERM):
            asyncio.get_running_loop().add_signal_handler(number, self._interrupt)
        return self

    async def __aexit__(self, *_: object) -> None:
        """Asks every side to end, and makes those end that do not."""
        self._ending.set()
        # First those that need the others: a bot that signs off still talks to the stand-in.
        for carrying in (False, True):
            sides = [side for side in self._keepers if side.carries == carrying]
            if sides:
                await self._end(sides)

    async def _end(self, sides: list[Side]) -> None:
        keepers = [self._keepers[side] for side in sides]
        self._send(signal.SIGTERM, sides)
        _, late = await asyncio.wait(keepers, timeout=GRACE)
        if late:
            self._send(signal.SIGKILL, sides)
            await asyncio.wait(late)

    def start(self, side: Side) -> None:
        """Runs ``side`` from now on."""
        self._keepers[side] = asyncio.create_task(self._keep(side), name=side.name)

    async def until(self, check: Callable[[], Awaitable[bool]], pause: float = 0.1) -> bool:
        """Waits until ``check`` holds; False if the crew was told to end before.

        Raises:
            SideFailedError: A side is not started again.
        """
        while not self._ending.is_set():
            if await check():
                return True
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._ending.wait(), pause)
        if self._fault:
            raise self._fault
        return False

    async def until_told(self) -> None:
        """Waits for Ctrl-C or SIGTERM.

        Raises:
            SideFailedError: A side is not started again.
        """
        await self._ending.wait()
        if self._fault:
            raise self._fault

    def _interrupt(self) -> None:
        if self._ending.is_set():
            self._send(signal.SIGKILL, self._keepers)
        self._ending.set()

    def _send(self, number: signal.Signals, sides: Iterable[Side]) -> None:
        for side in sides:
            if side.name in self._processes:
                _signal(self._processes[side.name], number)

    async def _keep(self, side: Side) -> None:
        short_lives = 0
        for life in range(sys.maxsize):
            began = time.monotonic()
            code, said = await self._live(side)
            # A side that ends because all do is not started again.
            if self._ending.is_set():
                return
            if side.drains and code == 0:
                self._tell("easel", f"the {side.name} has ended, and is left so")
                return
            steady = time.monotonic() - began > STEADY
            short_lives = 0 if steady else short_lives + 1
            # Above 0 the side says itself that it cannot run, as without a token; below 0 a signal
            # ended it. What it did not foresee, and some faults, a new process may find mended.
            own_fault = life == 0 and not steady and code > 0 and code not in {RESTART, CRASHED}
            replaced = self._is_replaced(side)
            if own_fault or (short_lives > RESTARTS and not replaced):
                self._give_up(SideFailedError(side.name, said), replaced=replaced)
                return
            pause = min(_FIRST_PAUSE * 2**short_lives, LONGEST_PAUSE)
            await self._pause_before_restart(side.name, code, pause)

    def _is_replaced(self, side: Side) -> bool:
        """Whether another of its role runs."""
        return any(
            other.role == side.role and other is not side and not keeper.done()
            for other, keeper in self._keepers.items()
            if side.role
        )

    def _give_up(self, fault: SideFailedError, *, replaced: bool) -> None:
        """Goes on without a side that another replaces, and ends the crew otherwise."""
        if replaced:
            self._tell("easel", f"{fault}; the others go on")
            return
        self._fault = fault
        self._ending.set()

    async def _pause_before_restart(self, name: str, code: int, seconds: float) -> None:
        self._tell("easel", f"the {name} ended ({_cause(code)}); starting it again")
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._ending.wait(), seconds)

    async def _live(self, side: Side) -> tuple[int, str]:
        """One life of a side: its exit code and its last line."""
        # The end may have come while it waited to be started again.
        if self._ending.is_set():
            return 0, ""
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "cli.launch", *side.command),
            # Lines are told as they are written, not in blocks as Python writes them into a pipe.
            env={**os.environ, **QUIET, "PYTHONUNBUFFERED": "1", **side.environment},
            # It closes when this process is gone, however it went: see `_end_with_parent`.
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            # Ctrl-C signals the whole group: without one of its own a side would hear it before the
            # crew.
            start_new_session=True,
            limit=_LONGEST_LINE,
        )
        self._processes[side.name] = process
        # It was begun while the others were told to end, and missed its signal.
        if self._ending.is_set() and not side.carries:
            _signal(process, signal.SIGTERM)
        said = await self._collect(side.name, process)
        return await process.wait(), said

    async def _collect(self, name: str, process: asyncio.subprocess.Process) -> str:
        """Writes what a side says to its log until it ends; its last line."""
        last = ""
        # Unbuffered: the last lines before a crash are the ones that matter.
        with _log_file(self._logs / f"{name}.log").open("ab", buffering=0) as log:
            while line := await _line(process):
                log.write(line)
                last = line.decode(errors="replace").strip() or last
                self._tell(name, line.decode(errors="replace").rstrip())
        return last


async def _line(process: asyncio.subprocess.Process) -> bytes:
    if process.stdout is None:
        return b""
    try:
        return await process.stdout.readline()
    # asyncio has dropped what it had read of the line by then.
    except ValueError:
        return b"(a line too long to keep)\n"


def _log_file(path: Path) -> Path:
    if path.exists() and path.stat().st_size > _LARGEST_LOG:
        path.replace(path.with_suffix(".old.log"))
    return path


def _signal(process: asyncio.subprocess.Process, number: signal.Signals) -> None:
    if process.returncode is None:
        # It may have ended since it was looked at.
        with contextlib.suppress(ProcessLookupError):
            process.send_signal(number)


def _cause(code: int) -> str:
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name


def _end_with_parent() -> None:
    """Waits until the other end of standard input closes, which death cannot forget to do."""
    while os.read(sys.stdin.fileno(), 1024):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
    time.sleep(GRACE)
    # Only what does not listen gets here; otherwise this thread has ended with its process.
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """Runs the module that the command line names."""
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    sys.argv = sys.argv[1:]
    try:
        runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
    except Exception:  # noqa: BLE001 - Python would end with 1, as what ends by its own word does
        traceback.print_exc()
        sys.exit(CRASHED)


if __name__ == "__main__":
    main()
