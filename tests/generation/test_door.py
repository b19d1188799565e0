"""The door: pictures decoded in processes that are killed where a picture exceeds them."""

import ast
import asyncio
import itertools
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Final

import psutil
import pytest
from PIL import Image

from generation.untrusted import clean as cleaning
from generation.untrusted import decoder as decoding
from generation.untrusted import door as module
from generation.untrusted import patience
from generation.untrusted.clean import LIMITS, Limits, clean
from generation.untrusted.door import PROCESSES, Decoder, DecoderError, PictureDoor
from generation.untrusted.image_errors import (
    BrokenImageError,
    ImageError,
    ImageTooHardError,
    ImageTooLargeError,
    ImageTooNarrowError,
    MaskMisfitError,
    NotAnImageError,
    NothingPaintedError,
)
from generation.untrusted.masks import clean_mask
from tests import hostile
from tests.photographs import CHELSEA, ROCKET

SECONDS = 2.0


@pytest.fixture(scope="module")
def decoder() -> Iterator[Decoder]:
    with Decoder(SECONDS) as decoder:
        yield decoder


def process_of(decoder: Decoder) -> psutil.Process:
    assert decoder._process
    return psutil.Process(decoder._process.pid)


def test_what_comes_out_is_what_a_clean_makes(decoder: Decoder) -> None:
    for photograph in (CHELSEA, ROCKET):
        assert decoder.clean(photograph.read()) == clean(photograph.read())
    small = Limits(max_side=64)
    assert decoder.clean(ROCKET.read(), small) == clean(ROCKET.read(), small)
    painted = hostile.encoded(Image.new("L", (64, 64), 255), "PNG")
    assert decoder.clean_mask(painted, (64, 64)) == clean_mask(painted, (64, 64))


@pytest.mark.parametrize(
    ("data", "error", "told"),
    [
        (b"hello", NotAnImageError, {}),
        (hostile.png(9, 9)[:44], BrokenImageError, {"format": "PNG"}),
        (hostile.png(1, 60), ImageTooNarrowError, {"width": 1, "height": 60}),
        (hostile.jpeg_with_scans(1000, 16), ImageTooHardError, {}),
        (
            hostile.png(6000, 5000, colours=0)[:2000],
            ImageTooLargeError,
            {"unit": "pixels", "limit": LIMITS.max_pixels, "found": 30_000_000},
        ),
        (
            bytes(LIMITS.max_bytes + 1),
            ImageTooLargeError,
            {"unit": "bytes", "limit": LIMITS.max_bytes, "found": LIMITS.max_bytes + 1},
        ),
    ],
    ids=["text", "cut", "narrow", "scans", "pixels", "bytes"],
)
def test_errors_come_out_as_they_are(
    decoder: Decoder, data: bytes, error: type[ImageError], told: dict[str, object]
) -> None:
    with pytest.raises(error) as caught:
        decoder.clean(data)
    assert type(caught.value) is error
    assert vars(caught.value) == told


def test_errors_of_masks_do_too(decoder: Decoder) -> None:
    painted, blank = (hostile.encoded(Image.new("L", (8, 8), level), "PNG") for level in (255, 0))
    with pytest.raises(MaskMisfitError) as caught:
        decoder.clean_mask(painted, (512, 512))
    assert (caught.value.width, caught.value.height) == (8, 8)
    with pytest.raises(NothingPaintedError):
        decoder.clean_mask(blank, (8, 8))


def test_what_takes_too_long_is_killed_and_the_next_is_read() -> None:
    data = hostile.jpeg_with_scans(50, 3000)
    with Decoder(0.1) as decoder:
        with pytest.raises(ImageTooHardError):
            decoder.clean(data)
        decoder._seconds = SECONDS
        assert decoder.clean(CHELSEA.read()).width == CHELSEA.width


def test_what_takes_too_much_memory_is_refused_and_the_next_is_read(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The limit is made small in a copy of the environment: the process runs the code as it is."""
    (tmp_path / "sitecustomize.py").write_text(
        "import resource as r\n"
        "limit = r.setrlimit\n"
        "r.setrlimit = lambda kind, most: limit(kind, most if kind != r.RLIMIT_AS else"
        " tuple(each - (450 << 20) for each in most))\n"
    )
    monkeypatch.setattr(module, "_PASSED_ON", ())
    monkeypatch.setattr(module, "_ROOT", f"{tmp_path}{os.pathsep}{module._ROOT}")
    with Decoder(SECONDS) as decoder:
        with pytest.raises(ImageTooHardError):
            decoder.clean(hostile.png(4900, 5000, colours=6))
        assert decoder.clean(CHELSEA.read()).width == CHELSEA.width


def test_one_that_was_stopped_is_replaced(monkeypatch: pytest.MonkeyPatch) -> None:
    with Decoder(SECONDS) as decoder:
        decoder.clean(CHELSEA.read())
        process_of(decoder).suspend()
        with monkeypatch.context() as patch:
            patch.setattr(patience, "LOOK", 0.01)
            patch.setattr(patience, "STILL", 0.1)
            with pytest.raises(ImageTooHardError):
                decoder.clean(CHELSEA.read())
        assert decoder.clean(CHELSEA.read()).width == CHELSEA.width


def test_what_got_no_processor_for_long_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    """It stands still until it was looked at fifty times, and was seen to get on at each."""
    with Decoder(SECONDS) as decoder:
        decoder.clean(CHELSEA.read())
        process, looks = process_of(decoder), itertools.count()

        def measure(process: psutil.Process) -> float:
            if (look := next(looks)) == 50:
                process.resume()
            return look * patience.LEAST

        monkeypatch.setattr(patience, "LOOK", 0.01)
        monkeypatch.setattr(patience, "MARGIN", 1e9)
        monkeypatch.setattr(patience, "_measure", measure)
        process.suspend()
        assert decoder.clean(CHELSEA.read()).width == CHELSEA.width
        assert next(looks) > 50


@pytest.mark.parametrize(
    "lack",
    [
        MemoryError(),
        RuntimeError("Memory allocation error: Unspecified: Allocating 69206031 bytes failed"),
        RuntimeError("Pixel allocation failed: Out of memory"),
    ],
    ids=["Pillow", "libheif", "libavif"],
)
def test_a_lack_of_memory_is_no_damage(lack: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise lack

    monkeypatch.setitem(cleaning._OPENERS, "PNG", fail)
    with pytest.raises(ImageTooHardError):
        clean(hostile.png(9, 9))


def test_a_lack_of_memory_afterwards_is_none_either(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cleaning, "_encode_png", lambda _: bytearray(2**62))
    told, _ = decoding._answer({"limits": asdict(LIMITS)}, hostile.png(9, 9))
    assert told == {"error": "ImageTooHardError", "values": []}


@pytest.mark.parametrize(
    ("number", "error"),
    [
        (signal.SIGKILL, ImageTooHardError),
        (signal.SIGABRT, ImageTooHardError),
        (signal.SIGSEGV, BrokenImageError),
    ],
)
def test_a_process_that_dies_of_a_picture_refuses_it(
    number: signal.Signals, error: type[ImageError], monkeypatch: pytest.MonkeyPatch
) -> None:
    with Decoder(SECONDS) as decoder:
        process = decoder._start()
        monkeypatch.setattr(module, "write_message", lambda *_: process.send_signal(number))
        with pytest.raises(error):
            decoder.clean(CHELSEA.read())
        monkeypatch.undo()
        assert decoder.clean(CHELSEA.read()).width == CHELSEA.width


def test_a_process_that_died_while_idle_is_replaced(decoder: Decoder) -> None:
    decoder.clean(CHELSEA.read())
    before = process_of(decoder)
    before.kill()
    before.wait(10)
    assert decoder.clean(CHELSEA.read()).width == CHELSEA.width


def test_one_that_cannot_start_is_no_fault_of_the_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_ROOT", "/nowhere")
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with Decoder(SECONDS) as decoder, pytest.raises(DecoderError, match="exit code 1"):
        decoder.clean(CHELSEA.read())


def test_it_has_more_memory_where_larger_pictures_are_let_in() -> None:
    for pixels, megabytes in ((1, 550), (50_000_000, 1100)):
        with Decoder(SECONDS, pixels) as decoder:
            decoder.clean(CHELSEA.read())
            process = process_of(decoder)
            (most, _) = process.rlimit(psutil.RLIMIT_AS)
            # Of what it had before that something was given back since, or taken.
            assert (most - process.memory_info().vms) / 1e6 == pytest.approx(megabytes, abs=100)


def test_the_process_is_light_and_has_nothing_to_lose(
    decoder: Decoder, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISCORD_TOKEN", "secret")
    decoder.close()
    decoder.clean(CHELSEA.read())
    process = process_of(decoder)
    assert set(process.environ()) <= {*module._PASSED_ON, *module._ALONE, "PYTHONPATH", "LC_CTYPE"}
    assert process.nice() == min(19, psutil.Process().nice() + 5)
    assert len(process.net_connections()) == 0
    assert process.memory_info().rss < 100 * 2**20
    listed = "import sys, generation.untrusted.decoder; print(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", listed], check=True, capture_output=True, text=True
    )
    assert not {"discord", "torch", "numpy", "aiohttp"} & set(loaded.stdout.split())


def test_it_ends_with_the_process_that_started_it() -> None:
    """Killed, so that nothing is left to end it but the pipe that closes."""
    code = (
        "import sys, time\n"
        "from generation.untrusted.door import Decoder\n"
        "decoder = Decoder(2.0)\n"
        "print(decoder._start().pid, flush=True)\n"
        "time.sleep(60)\n"
    )
    parent = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE)
    assert parent.stdout
    child = psutil.Process(int(parent.stdout.readline()))
    parent.kill()
    parent.wait(10)
    parent.stdout.close()
    psutil.wait_procs([child], 20)
    assert not child.is_running() or child.status() == psutil.STATUS_ZOMBIE


@pytest.fixture
def door() -> Iterator[PictureDoor]:
    door = PictureDoor(SECONDS)
    yield door
    door.close()


async def test_no_more_processes_than_there_are_places(door: PictureDoor) -> None:
    await door.clean(CHELSEA.read())
    assert sum(each._process is not None for each in door._decoders) == 1
    await asyncio.gather(*(door.clean(CHELSEA.read()) for _ in range(6)))
    processes = [process_of(each) for each in door._decoders]
    assert len(processes) == PROCESSES
    door.close()
    assert not any(process.is_running() for process in processes)


async def test_of_one_person_one_picture_is_read_at_a_time(door: PictureDoor) -> None:
    inside: list[int] = []
    most: dict[int, int] = {1: 0, 2: 0}

    async def give(person: int) -> None:
        async with door.take_turn(person):
            inside.append(person)
            most[person] = max(most[person], inside.count(person))
            most[0] = max(most.get(0, 0), len(inside))
            await asyncio.sleep(0.001)
            inside.remove(person)

    await asyncio.gather(*(give(person) for person in (1, 2) for _ in range(5)))
    assert most == {0: 2, 1: 1, 2: 1}
    assert not door._turns


async def test_the_bot_s_own_threads_are_not_behind_pictures(door: PictureDoor) -> None:
    """As many pictures wait as the pool of `to_thread` has threads, and it answers at once."""
    slow = hostile.jpeg_with_scans(50, 1000)
    reading = [asyncio.create_task(door.clean(slow)) for _ in range(40)]
    await asyncio.sleep(0)
    await asyncio.to_thread(time.monotonic)
    assert not any(task.done() for task in reading[PROCESSES:])
    door.close()
    ended = await asyncio.gather(*reading, return_exceptions=True)
    assert all(isinstance(each, BaseException) for each in ended[PROCESSES:])


ROOMS: Final = ("bot", "cli", "commands", "prompt", "storage")
PLACES: Final = {
    # Pictures of the store, which were drawn here or came out of the door.
    "opens a picture": {
        "bot/delivery/content.py",
        "bot/delivery/marking.py",
        "bot/requests/before_after.py",
        "bot/requests/finding.py",
        "bot/requests/lineage.py",
        "bot/requests/moderating.py",
        "bot/requests/printing.py",
    },
    # The last one compares them with what it sent.
    "follows a link": {"bot/requests/sent_images.py", "cli/imagine.py", "cli/live/alone.py"},
    "takes a form with files": {"bot/painting/web.py"},
    # Presets, in JSON.
    "takes an attachment": {"commands/preset.py"},
}
"""What has to do with bytes from people, beside the door itself: a new one belongs behind it."""


MAY_DEAL: Final = re.compile(
    r"\b(Image\.open|fetch|multipart|post|read|to_file|save|\w*ImageFile)\("
)


def tell_dealings(node: ast.AST) -> str:
    """What a call has to do with them, if anything, by the name that is called."""
    match node:
        case ast.Await(
            value=ast.Call(func=ast.Attribute(attr="read" | "to_file" | "save"), args=[])
        ):
            return "takes an attachment"
        case ast.Call(func=ast.Attribute(value=ast.Name(id="Image"), attr="open")):
            return "opens a picture"
        case ast.Call(func=ast.Name(id="fetch")):
            return "follows a link"
        case ast.Call(func=ast.Attribute(ast.Name("request"), "multipart" | "post" | "read")):
            return "takes a form with files"
        case ast.Call(func=ast.Name(id=name) | ast.Attribute(attr=name)):
            return "opens a picture" if name.endswith("ImageFile") else ""
    return ""


def test_whatever_deals_with_people_s_bytes_is_known() -> None:
    found: dict[str, set[str]] = {}
    root = Path(module._ROOT)
    for path in (path for room in ROOMS for path in (root / room).rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if not MAY_DEAL.search(text):
            continue
        for node in ast.walk(ast.parse(text)):
            if dealings := tell_dealings(node):
                found.setdefault(dealings, set()).add(path.relative_to(root).as_posix())
    assert found == PLACES
