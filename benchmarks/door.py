"""The picture door under attack: what each hostile file costs, and what others feel of a hundred.

``python -m benchmarks.door`` prints two tables. First, for each file of at most 20 MiB: seconds of
a processor and megabytes of the process that decodes, and by how many megabytes the process that
asked grew; beside it what Pillow alone takes to read the same bytes, where it is given up after
some seconds. Then acknowledgements and deliveries of one person while another sends a hundred such
files at once, beside those of the same run without. ``costs`` or ``others`` prints one of them; a
word behind it takes the files whose names have that. Files are made anew, which takes a minute,
unless ``EASEL_HOSTILE`` names a folder that keeps them.
"""

import asyncio
import io
import json
import logging
import multiprocessing
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable
from concurrent.futures import ProcessPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any, Final
from unittest import mock

import structlog
from PIL import Image

from faults import UserError
from generation.untrusted.door import Decoder
from playground import Playground
from storage.decisions.choices import ServerChoices
from storage.files import Files
from storage.prepare import migrate
from storage.queue.jobs import Made, Rendered, Report
from storage.queue.worker import serve
from storage.settings import Settings
from storage.signals import stop_event
from tests import heif, hostile
from tests.journeys.studio import BOT, Studio

LARGEST: Final = 20 * 2**20
PATIENCE: Final = 4
BARS: Final = {
    "cpu": (2, "seconds of a core"),
    "decoder": (600, "MB"),
    "grown": (50, "MB in the process that asks"),
}
"""What any file may take."""

ASKED, SENT, PAUSE = 40, 100, 0.4
"""Requests of the person who is measured, and the seconds between two; files of the other."""


def noise(mode: str, width: int, height: int) -> Image.Image:
    """A picture that packs badly."""
    bands = [Image.effect_noise((width // 4, height // 4), 90) for _ in mode]
    return Image.merge(mode, bands).resize((width, height), Image.Resampling.NEAREST)


BATTERY: Final[dict[str, Callable[[], bytes]]] = {
    "JPEG, 25 MP, 1,000 scans": lambda: hostile.jpeg_with_scans(1000, 5000),
    "JPEG, 25 MP, 60 scans": lambda: hostile.jpeg_with_scans(56, 5000),
    "JPEG, EXIF in 800,000 segments": lambda: hostile.exif_in_segments(800_000),
    "JPEG, 4 million comments": lambda: hostile.comments(4_000_000),
    "JPEG, 19 MB of fill bytes": lambda: hostile.fill_bytes(19_000_000),
    "JPEG, 25 MP": lambda: hostile.encoded(noise("RGB", 5000, 5000), "JPEG", quality=85),
    "JPEG, 25 MP, CMYK, progressive": lambda: hostile.encoded(
        noise("CMYK", 5000, 5000), "JPEG", quality=50, progressive=True
    ),
    "PNG, 1 by 24,999,999": lambda: hostile.png(1, 24_999_999),
    "PNG, 700 by 35,000": lambda: hostile.png(700, 35_000),
    "PNG, 25 MP, RGBA": lambda: hostile.encoded(noise("RGBA", 5000, 5000), "PNG", compress_level=1),
    "PNG, 1.6 million empty chunks": lambda: hostile.empty_chunks(1_600_000),
    "PNG, 1.6 million empty IDAT": lambda: hostile.single_bytes(1_600_000),
    "PNG, text of 50 times 200 MB": lambda: hostile.packed_text(200_000_000, 50),
    "APNG, 5,000 frames": lambda: hostile.frames("PNG", 5000),
    "GIF, 5,000 frames": lambda: hostile.frames("GIF", 5000),
    "GIF, 9 million blocks": lambda: hostile.gif_blocks(9_000_000),
    "GIF, 25 MP": lambda: hostile.encoded(noise("L", 5000, 5000), "GIF"),
    "WebP, 2,000 frames": lambda: hostile.frames("WEBP", 2000),
    "WebP, 2.5 million chunks": lambda: hostile.webp_chunks(2_500_000),
    "WebP, 25 MP, RGBA": lambda: hostile.encoded(
        noise("RGBA", 5000, 5000), "WEBP", quality=30, method=0
    ),
    "AVIF, 25 MP, RGBA": lambda: hostile.encoded(noise("RGBA", 5000, 5000), "AVIF", speed=10),
    "PNG, text of 100,000 times 128 kB": lambda: hostile.packed_text(2**17, 100_000),
    "PNG, 25 MP, 16 bits, interlaced": lambda: hostile.interlaced(5000),
    "WebP, film of 25 MP": lambda: hostile.encoded(
        noise("RGB", 5000, 5000),
        "WEBP",
        quality=20,
        method=0,
        save_all=True,
        append_images=[Image.new("RGB", (5000, 5000))],
    ),
    "AVIF, 800 tiles": lambda: heif.grid("AVIF", 25, 32),
    "AVIF, 60,000 tiles": lambda: heif.grid("AVIF", 240, 250),
    "HEIC, 200 pictures of one EXIF": lambda: heif.many("HEIC", 200, bytes(19_000_000)),
}
"""The files, by what is hostile about them; some are only as large as they may be."""

ALONE: Final = """
import io, sys
from PIL import Image
data = open(sys.argv[1], "rb").read()
Image.open(io.BytesIO(data)).convert("RGB").resize((2048, 2048))
"""


def write_files(folder: Path, word: str) -> dict[str, Path]:
    """Makes the files whose names have a word, unless they are there; none is too large."""
    made = {}
    for number, (name, make) in enumerate(BATTERY.items()):
        if word not in name:
            continue
        made[name] = folder / str(number)
        if made[name].exists():
            continue
        data = make()
        if len(data) > LARGEST:
            raise ValueError(f"{name} has {len(data)} bytes")
        made[name].write_bytes(data)
    return made


def measure_one(path: Path) -> dict[str, Any]:
    """Has one file decoded as the bot does, in this process, whose growth is looked at."""
    with Decoder(2.0) as decoder:
        decoder.clean(hostile.png(16, 16))
        data = bytearray(path.read_bytes())
        # From here on its peak is counted anew; the file itself was fetched, and counts.
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
        memory = Watch(decoder)
        before = _resident("VmRSS") - len(data) / 1e6
        began = time.perf_counter()
        try:
            decoder.clean(data)
            result = "read"
        except UserError as error:
            result = type(error).__name__
        seconds = time.perf_counter() - began
        grown = _resident("VmHWM") - before
        memory.stop()
    spent = resource.getrusage(resource.RUSAGE_CHILDREN)
    return {
        "result": result,
        "wall": seconds,
        "cpu": spent.ru_utime + spent.ru_stime,
        "decoder": memory.most,
        "grown": grown,
    }


class Watch(threading.Thread):
    """Looks at a decoder's peak of memory until it is gone or stopped; in megabytes."""

    def __init__(self, decoder: Decoder) -> None:
        super().__init__(daemon=True)
        assert decoder._process
        self.most, self._pid, self._over = 0.0, decoder._process.pid, threading.Event()
        self.start()

    def run(self) -> None:
        """Looks every five milliseconds."""
        with suppress(OSError, IndexError):
            while True:
                self.most = max(self.most, _resident("VmHWM", self._pid))
                if self._over.wait(0.005):
                    break

    def stop(self) -> None:
        """Has looked for the last time."""
        self._over.set()
        self.join()


def _resident(kind: str, process: int | str = "self") -> float:
    """Megabytes of a process."""
    text = Path(f"/proc/{process}/status").read_text(encoding="ascii")
    return int(text.split(f"{kind}:")[1].split()[0]) / 1000


def measure_alone(path: Path) -> tuple[float, float, bool]:
    """Seconds of a processor and megabytes that Pillow alone takes, and whether it ended."""
    command = [sys.executable, "-W", "ignore", "-c", ALONE, str(path)]
    process = subprocess.Popen(command, stderr=subprocess.DEVNULL)
    deadline, pid = time.monotonic() + PATIENCE, 0
    while not pid and time.monotonic() < deadline:
        time.sleep(0.02)
        pid, _, spent = os.wait4(process.pid, os.WNOHANG)
    ended = bool(pid)
    if not ended:
        process.kill()
        _, _, spent = os.wait4(process.pid, 0)
    process.returncode = 0
    return spent.ru_utime + spent.ru_stime, spent.ru_maxrss / 1000, ended


def print_costs(files: dict[str, Path]) -> None:
    """The first table."""
    print(f"{'':32}{'MiB':>6} {'cpu s':>7}{'MB':>6}{'asker MB':>10}  {'':22}Pillow: cpu s, MB")
    worst: Counter[str] = Counter()
    for name, path in files.items():
        command = [sys.executable, "-m", "benchmarks.door", str(path)]
        found = json.loads(subprocess.check_output(command, text=True))
        worst |= Counter({kind: found[kind] for kind in BARS})
        cpu, memory, ended = measure_alone(path)
        print(
            f"{name:32}{path.stat().st_size / 2**20:6.1f} "
            f"{found['cpu']:7.2f}{found['decoder']:6.0f}{found['grown']:10.1f}  "
            f"{found['result']:22}{'' if ended else '>'}{cpu:.1f}, {memory:.0f}",
            flush=True,
        )
    told = ", ".join(f"{worst[kind]:.1f} of {bar} {what}" for kind, (bar, what) in BARS.items())
    print(f"worst: {told}")


def paint(settings: Settings, takes: float = 0.0) -> None:
    """A worker that makes plain pictures, each job in so many seconds."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    files = Files(settings.data / "images")

    def render(recipe: dict[str, Any], _report: Report) -> Rendered:
        time.sleep(takes)
        seed = recipe["noise"][0]["seed"]
        colour = (seed % 256, seed // 256 % 256, seed // 65536 % 256)
        buffer = io.BytesIO()
        Image.new("RGB", (512, 512), colour).save(buffer, "PNG")
        sha256 = files.put(buffer.getvalue())
        made = Made(sha256=sha256, width=512, height=512, digest=sha256)
        return Rendered(pictures=[made] * 4, grid=made)

    serve(settings, render, model="easel-1", device="none", stop=stop_event())


async def ask(standin: Playground) -> tuple[list[float], list[float]]:
    """Seconds until each of some requests was acknowledged, and until its pictures were there."""
    acknowledged, delivered = [], []

    async def follow(number: int) -> None:
        began = time.perf_counter()
        asked = await standin.command("otto", "imagine", {"prompt": f"a cat --seed {number}"})
        await asked.acknowledged(60)
        acknowledged.append(asked.latency)
        assert asked.message
        await asked.message.until(lambda now: now.attachments and "Cancel" not in now.buttons, 120)
        delivered.append(time.perf_counter() - began)

    async with asyncio.TaskGroup() as group:
        for number in range(ASKED):
            group.create_task(follow(number))
            await asyncio.sleep(PAUSE)
    return acknowledged, delivered


async def measure_others(folder: Path, files: list[Path]) -> None:
    """The second table."""
    os.environ["EASEL_MAX_JOBS_PER_PERSON"] = "100"
    settings = Settings(data=folder, worker="benchmark")
    migrate(settings)
    worker = multiprocessing.get_context("spawn").Process(target=paint, args=[settings])
    worker.start()
    async with Playground(port=0) as standin:
        studio = Studio(standin, folder)
        try:
            await studio.start(BOT)
            await studio.decide(ServerChoices(unfinished=100))
            await ask(standin)
            usual = await ask(standin)
            # The stand-in would open each in this process, with Pillow alone and for seconds.
            with mock.patch("playground.state.files._dimensions", return_value=(None, None)):
                sent = [
                    await standin.command(
                        "mira",
                        "imagine",
                        {"prompt": "a cat"},
                        files={"image": ("a.png", files[number % len(files)].read_bytes())},
                    )
                    for number in range(SENT)
                ]
            attacked = await ask(standin)
            ended = sum(
                bool(each.message and "Thinking" not in each.message.content) for each in sent
            )
        finally:
            await studio.close()
            worker.terminate()
            worker.join(20)
    for name, before, during in zip(("acknowledged", "delivered"), usual, attacked, strict=True):
        for kind, look in (("median", statistics.median), ("p95", _late)):
            quiet, busy = look(before) * 1e3, look(during) * 1e3
            print(f"{name:14}{kind:8}{quiet:8.0f} ms{busy:8.0f} ms  {busy / quiet:5.2f} times")
    print(f"{ended} of the {SENT} files were answered meanwhile")


def _late(seconds: list[float]) -> float:
    return sorted(seconds)[int(0.95 * len(seconds))]


def main() -> None:
    """Prints the tables, or one of them, or measures one file where a path is given."""
    asked, word = (*sys.argv[1:], "", "")[:2]
    if asked not in {"", "costs", "others"}:
        print(json.dumps(measure_one(Path(asked))))
        return
    print(f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f}")
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(os.environ.get("EASEL_HOSTILE", f"{folder}/files"))
        kept.mkdir(exist_ok=True)
        # In a process of its own: what this one ever had counts for whatever it starts.
        with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as writing:
            files = writing.submit(write_files, kept, word).result()
        if asked != "others":
            print_costs(files)
        if asked != "costs":
            asyncio.run(measure_others(Path(folder) / "data", list(files.values())))


if __name__ == "__main__":
    main()
