import asyncio
import contextlib
import dataclasses
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from cli import launch
from cli.launch import Crew, Side, SideFailedError
from storage.signals import RESTART

STAYS = """
import signal, sys, time
signal.signal(signal.SIGTERM, lambda *_: (print("bye", flush=True), sys.exit(0)))
print("up", flush=True)
while True:
    time.sleep(60)
"""

STUBBORN = """
import signal, time
signal.signal(signal.SIGTERM, signal.SIG_IGN)
print("up", flush=True)
while True:
    time.sleep(60)
"""


@pytest.fixture
def module(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Side]:
    """Makes a side that runs some code."""
    monkeypatch.setenv("PYTHONPATH", f"{Path.cwd()}{os.pathsep}{tmp_path}")

    def side(code: str, name: str = "actor", *arguments: str) -> Side:
        (tmp_path / f"{name}.py").write_text(code, encoding="utf-8")
        return Side(name=name, command=(name, *arguments))

    return side


class Heard:
    """What sides said, and a way to wait for it."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, str]] = []
        self._new = asyncio.Event()

    def __call__(self, name: str, line: str) -> None:
        self.lines.append((name, line))
        self._new.set()

    def count(self, line: str) -> int:
        return sum(said == line for _, said in self.lines)

    async def until(self, line: str, times: int = 1) -> None:
        async with asyncio.timeout(90):
            while self.count(line) < times:
                self._new.clear()
                await self._new.wait()


@contextlib.contextmanager
def watched(pid: int) -> Iterator[Callable[[float], bool]]:
    """Gives a function that waits for the end of any process, and says whether it came."""
    handle = os.pidfd_open(pid)
    try:
        yield lambda seconds: bool(select.select([handle], [], [], seconds)[0])
    finally:
        os.close(handle)


async def test_what_a_side_says_is_told_and_kept(
    module: Callable[..., Side], tmp_path: Path
) -> None:
    heard = Heard()
    async with Crew(tmp_path / "logs", heard) as crew:
        crew.start(module(STAYS, "actor"))
        await heard.until("up")
    assert heard.lines == [("actor", "up"), ("actor", "bye")]
    assert (tmp_path / "logs" / "actor.log").read_text() == "up\nbye\n"


async def test_a_side_gets_its_arguments_and_variables(
    module: Callable[..., Side], tmp_path: Path
) -> None:
    code = "import os, sys; print(sys.argv, os.environ['PART'], __name__, flush=True)\n" + STAYS
    plain = module(code, "actor", "--port", "1")
    heard = Heard()
    async with Crew(tmp_path / "logs", heard) as crew:
        crew.start(Side(name="actor", command=plain.command, environment={"PART": "Hamlet"}))
        await heard.until("up")
    program, _, rest = heard.lines[0][1].partition(", ")
    assert program.endswith("actor.py'")
    assert rest == "'--port', '1'] Hamlet __main__"


async def test_a_killed_side_is_started_again(module: Callable[..., Side], tmp_path: Path) -> None:
    heard = Heard()
    async with Crew(tmp_path / "logs", heard) as crew:
        crew.start(module(STAYS))
        await heard.until("up")
        crew._processes["actor"].kill()
        await heard.until("up", times=2)
    assert ("easel", "the actor ended (SIGKILL); starting it again") in heard.lines


async def test_a_fault_at_the_first_start_ends_the_crew(
    module: Callable[..., Side], tmp_path: Path
) -> None:
    heard = Heard()
    async with Crew(tmp_path / "logs", heard) as crew:
        crew.start(module(STAYS, "partner"))
        await heard.until("up")
        crew.start(module("import sys; print('no token'); sys.exit(1)", "actor"))
        with pytest.raises(SideFailedError) as caught:
            await crew.until_told()
    assert (caught.value.name, caught.value.said) == ("actor", "no token")
    assert ("partner", "bye") in heard.lines


async def test_a_crash_at_the_first_start_is_no_word_of_its_own(
    module: Callable[..., Side], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "_FIRST_PAUSE", 0.001)
    once = tmp_path / "once"
    crash = f"""
import pathlib
if not pathlib.Path({str(once)!r}).exists():
    pathlib.Path({str(once)!r}).touch()
    raise RuntimeError("the driver was not ready")
"""
    heard = Heard()
    async with Crew(tmp_path / "logs", heard) as crew:
        crew.start(module(crash + STAYS))
        await heard.until("up")
    assert heard.count("RuntimeError: the driver was not ready") == 1
    assert ("easel", "the actor ended (exit code 70); starting it again") in heard.lines


async def test_one_of_several_is_tried_for_ever(
    module: Callable[..., Side], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "RESTARTS", 1)
    monkeypatch.setattr(launch, "LONGEST_PAUSE", 0.001)
    heard = Heard()
    async with Crew(tmp_path / "logs", heard) as crew:
        for side in (module(STAYS, "first"), module("print('again'); 1 / 0", "second")):
            crew.start(dataclasses.replace(side, role="worker"))
        await heard.until("again", times=4)


async def test_a_side_that_never_stays_up_is_given_up(
    module: Callable[..., Side], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "RESTARTS", 2)
    monkeypatch.setattr(launch, "_FIRST_PAUSE", 0.001)
    heard = Heard()
    async with Crew(tmp_path / "logs", heard) as crew:
        crew.start(module("print('again', flush=True)"))
        with pytest.raises(SideFailedError, match="the actor ended: again"):
            await crew.until(never)
    assert heard.count("again") == 3


async def test_a_side_that_asks_for_a_new_start_gets_one(
    module: Callable[..., Side], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "_FIRST_PAUSE", 0.001)
    mark = tmp_path / "mark"
    once = f"""
import pathlib, sys
mark = pathlib.Path({str(mark)!r})
if not mark.exists():
    mark.touch()
    sys.exit({RESTART})
"""
    heard = Heard()
    async with Crew(tmp_path / "logs", heard) as crew:
        crew.start(module(once + STAYS))
        await heard.until("up")
    assert ("easel", f"the actor ended (exit code {RESTART}); starting it again") in heard.lines


def a_worker(side: Side, name: str) -> Side:
    return Side(name=name, command=side.command, drains=True, role="worker")


async def test_a_worker_that_was_drained_stays_so_and_one_that_died_is_started_again(
    module: Callable[..., Side],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(launch, "_FIRST_PAUSE", 0.001)
    heard = Heard()
    async with Crew(tmp_path / "logs", heard) as crew:
        crew.start(a_worker(module(STAYS, "one"), "worker-0"))
        crew.start(a_worker(module(STAYS, "two"), "worker-1"))
        await heard.until("up", times=2)
        crew._processes["worker-0"].terminate()
        await heard.until("the worker-0 has ended, and is left so")
        crew._processes["worker-1"].kill()
        await heard.until("up", times=3)
    assert [name for name, line in heard.lines if line == "up"].count("worker-1") == 2


async def test_a_worker_that_cannot_run_ends_the_others_only_if_it_is_the_last(
    module: Callable[..., Side],
    tmp_path: Path,
) -> None:
    heard = Heard()
    fails = "print('too small'); raise SystemExit(1)"
    async with Crew(tmp_path / "logs", heard) as crew:
        crew.start(a_worker(module(STAYS, "one"), "worker-0"))
        await heard.until("up")
        crew.start(a_worker(module(fails, "two"), "worker-1"))
        await heard.until("the worker-1 ended: too small; the others go on")
        crew._processes["worker-0"].terminate()
        await heard.until("the worker-0 has ended, and is left so")
        crew.start(a_worker(module(fails, "three"), "worker-2"))
        with pytest.raises(SideFailedError, match="the worker-2 ended: too small"):
            await crew.until_told()


async def never() -> bool:
    return False


async def test_a_side_that_does_not_listen_is_made_to_end(
    module: Callable[..., Side], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "GRACE", 0.2)
    heard = Heard()
    async with Crew(tmp_path / "logs", heard) as crew:
        crew.start(module(STUBBORN))
        await heard.until("up")
        process = crew._processes["actor"]
    assert process.returncode == -signal.SIGKILL


async def test_waiting_ends_with_what_is_waited_for(tmp_path: Path) -> None:
    asked = 0

    async def third() -> bool:
        nonlocal asked
        asked += 1
        return asked == 3

    async with Crew(tmp_path / "logs") as crew:
        assert await crew.until(third, pause=0.001)
    assert not await crew.until(never)


async def test_a_line_without_end_is_cut_and_the_side_goes_on(
    module: Callable[..., Side], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "_LONGEST_LINE", 1000)
    heard = Heard()
    async with Crew(tmp_path / "logs", heard) as crew:
        crew.start(module("print('x' * 5000, flush=True)\n" + STAYS))
        await heard.until("up")
    assert heard.count("(a line too long to keep)") >= 1


async def test_a_log_grown_large_is_put_aside(
    module: Callable[..., Side], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch, "_LARGEST_LOG", 10)
    logs = tmp_path / "logs"
    logs.mkdir()
    (logs / "actor.log").write_text("from earlier days\n")
    heard = Heard()
    async with Crew(logs, heard) as crew:
        crew.start(module(STAYS))
        await heard.until("up")
    assert (logs / "actor.old.log").read_text() == "from earlier days\n"
    assert (logs / "actor.log").read_text() == "up\nbye\n"


PARENT = """
import asyncio, sys
from pathlib import Path
from cli.launch import Crew, Side

async def main():
    async with Crew(Path(sys.argv[1]), lambda name, line: print(line, flush=True)) as crew:
        crew.start(Side(name="actor", command=("actor",)))
        await crew.until_told()

asyncio.run(main())
"""


def parent_with_side(
    module: Callable[..., Side], tmp_path: Path
) -> tuple[subprocess.Popen[str], int]:
    """A process that runs a crew of one, and the process id of that one."""
    module("import os; print(os.getpid(), flush=True)\n" + STAYS, "actor")
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, str(tmp_path / "logs")],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    assert parent.stdout is not None
    pid = int(parent.stdout.readline())
    assert parent.stdout.readline() == "up\n"
    return parent, pid


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_everything(
    module: Callable[..., Side], tmp_path: Path, number: signal.Signals
) -> None:
    parent, pid = parent_with_side(module, tmp_path)
    with parent, watched(pid) as ended:
        parent.send_signal(number)
        assert parent.wait(60) == 0
        assert ended(0)


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="watches processes by pidfd")
def test_no_side_outlives_a_parent_that_was_killed(
    module: Callable[..., Side], tmp_path: Path
) -> None:
    parent, pid = parent_with_side(module, tmp_path)
    with parent, watched(pid) as ended:
        parent.kill()
        assert ended(60)
