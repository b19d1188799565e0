"""The guarded door for pictures that strangers send: their bytes go in, a clean PNG comes out.

Nothing else in the project decodes an upload, a linked picture or a mask. It is done by a few
processes that are kept warm, each with limits of memory and time, and killed and replaced where a
picture exceeds them. They are waited for in threads of the door's own, so that however many
pictures there are, the bot's files and images are not behind them.
"""

import asyncio
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Final, Self, TypeVar
from weakref import WeakValueDictionary

from pydantic import TypeAdapter

from faults import HostError
from generation.provenance.kept import MOST_KEPT
from generation.provenance.manifest import Statement
from generation.provenance.trust import Trust
from generation.questions.measures import Measures
from generation.untrusted import image_errors
from generation.untrusted.clean import LIMITS, CleanImage, Limits
from generation.untrusted.decoder import BYTES_OF_A_PIXEL, Head, read_message, write_message
from generation.untrusted.image_errors import BrokenImageError, ImageError, ImageTooHardError
from generation.untrusted.patience import Watch
from generation.untrusted.texts import MOST_TEXT
from generation.untrusted.traits import ImageTraits

PROCESSES: Final = 2
"""How many pictures are decoded at once; one person's are one after the other."""

_ROOT: Final = str(Path(__file__).parents[2])
"""The folder from which the process imports this package."""

_MARGIN: Final = 2**20 + 12 * MOST_TEXT + MOST_KEPT
"""Bytes of an answer beyond its picture: a character of a text takes up to twelve in JSON."""

_BYTES_OF_AN_ANSWERED_PIXEL: Final = 3

# Of the environment no more than a Python may need to start: the rest holds the bot's secrets.
_PASSED_ON: Final = ("LD_LIBRARY_PATH", "PATH", "SYSTEMROOT")

# numpy's threads would each keep memory for themselves, of which the process has little.
_ALONE: Final = {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}

# Of the signals that end a process: out of seconds, out of memory within a library in C++, or the
# one that was chosen where the machine has no more memory.
_TOO_HARD: Final = frozenset(
    getattr(signal, name) for name in ("SIGPROF", "SIGABRT", "SIGKILL") if hasattr(signal, name)
)

_MEASURES: Final = TypeAdapter(Measures)
_STATEMENT: Final = TypeAdapter(Statement)

Found = TypeVar("Found")


class DecoderError(HostError):
    """The process that decodes does not run here, whatever the picture."""


class Decoder:
    """A process that decodes pictures, one at a time; started when it is first asked for one."""

    def __init__(self, seconds: float, most_pixels: int = LIMITS.max_pixels) -> None:
        """Starts nothing.

        Args:
            seconds: Of a processor, that a picture may take.
            most_pixels: Width times height of the largest picture, by which memory is limited.
        """
        # No less, since stored pictures are looked at here, too.
        self._memory = str(BYTES_OF_A_PIXEL * max(most_pixels, LIMITS.max_pixels))
        self._seconds = seconds
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        """Nothing is started yet."""
        return self

    def __exit__(self, *_: object) -> None:
        """Ends the process."""
        self.close()

    def clean(self, data: bytes | bytearray, limits: Limits = LIMITS) -> CleanImage:
        """As ``untrusted.clean.clean``.

        Raises:
            ImageError: The picture cannot be used, or takes too much to read.
        """
        return self._clean({"limits": asdict(limits)}, data, limits)[0]

    def inspect(
        self, data: bytes | bytearray, trust: Trust, limits: Limits = LIMITS
    ) -> tuple[CleanImage, Statement | None]:
        """What ``clean`` leaves of a picture, and what its file says of where it is from.

        Args:
            data: The file.
            trust: Whose signatures are this host's.
            limits: As for ``clean``.

        Raises:
            ImageError: The picture cannot be used, or takes too much to read.
        """
        image, statement = self._clean(
            {"limits": asdict(limits), "trust": asdict(trust)}, data, limits
        )
        return image, _STATEMENT.validate_python(statement) if statement else None

    def _clean(
        self, head: Head, data: bytes | bytearray, limits: Limits
    ) -> tuple[CleanImage, Head | None]:
        # Told without sending it.
        if len(data) > limits.max_bytes:
            raise image_errors.ImageTooLargeError("bytes", limits.max_bytes, len(data))
        said, png = self._ask(head, data, limits.max_side)
        width, height, photograph = said["traits"]
        image = CleanImage(png, ImageTraits(width, height, photograph), said["texts"])
        return image, said["statement"]

    def clean_mask(self, data: bytes, picture: tuple[int, int]) -> bytes:
        """As ``untrusted.masks.clean_mask``.

        Raises:
            ImageError: The mask cannot be used, or takes too much to read.
        """
        return self._ask({"picture": picture}, data, LIMITS.max_side)[1]

    def measure(self, png: bytes) -> Measures:
        """What is measured of a picture that was cleaned and stored.

        Raises:
            ImageError: It takes too much.
        """
        return _MEASURES.validate_python(self._ask({"measure": True}, png, 0)[0]["measures"])

    def view(self, png: bytes, side: int) -> bytes:
        """A stored picture to look at on a screen.

        Args:
            png: The picture, as it was drawn or cleaned.
            side: Longest side in pixels.

        Returns:
            A WebP file with nothing but pixels.

        Raises:
            ImageError: It takes too much.
        """
        return self._ask({"view": side}, png, side)[1]

    def close(self) -> None:
        """Ends the process; another is started when one is needed."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                # Closing writes what is left, to a process that has gone.
                with suppress(OSError):
                    if stream is not None:
                        stream.close()

    def _ask(self, head: Head, data: bytes | bytearray, side: int) -> tuple[Head, bytes]:
        process = self._start()
        with Watch(process, self._seconds) as watch:
            answer = _exchange(process, {**head, "seconds": self._seconds}, data, side)
        if answer is None:
            self.close()
            raise _explain_end(process.wait(), late=watch.late)
        self._raise_errors(answer[0])
        return answer

    def _raise_errors(self, head: Head) -> None:
        if "fault" in head:
            raise RuntimeError(head["fault"])
        if "error" in head:
            error: ImageError = getattr(image_errors, head["error"])(*head["values"])
            if isinstance(error, ImageTooHardError):
                # What it could not hold may have left it with little memory.
                self.close()
            raise error

    def _start(self) -> subprocess.Popen[bytes]:
        """The process, a new one where there is none or it died while nobody asked."""
        if self._process is not None and self._process.poll() is not None:
            self.close()
        if self._process is None:
            passed = {name: os.environ[name] for name in _PASSED_ON if name in os.environ}
            self._process = subprocess.Popen(  # noqa: S603 - one word is not fixed, a number
                # Without the working directory, from which anything could be imported.
                [sys.executable, "-P", "-s", "-m", "generation.untrusted.decoder", self._memory],
                env={**passed, **_ALONE, "PYTHONPATH": _ROOT},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                # A stranger's picture decides what libraries say of it, and how often.
                stderr=subprocess.DEVNULL,
            )
        return self._process


def _exchange(
    process: subprocess.Popen[bytes], head: Head, data: bytes | bytearray, side: int
) -> tuple[Head, bytes] | None:
    """What the process answers; None where it ended or answers what no decoder does."""
    if process.stdin is None or process.stdout is None:
        return None
    try:
        write_message(process.stdin, head, data)
        return read_message(process.stdout, side * side * _BYTES_OF_AN_ANSWERED_PIXEL + _MARGIN)
    except (OSError, ValueError):
        return None


def _explain_end(code: int, *, late: bool) -> Exception:
    """What it means that a process ended while it decoded, by its exit code."""
    if late or -code in _TOO_HARD:
        return ImageTooHardError()
    # Any other, such as SIGSEGV, is a decoder that a damaged file upset.
    if code < 0:
        return BrokenImageError("image")
    return DecoderError(f"the process that reads pictures ended with exit code {code}.")


class PictureDoor:
    """Decoders for many people at once, and whose turn it is."""

    def __init__(self, seconds: float, most_pixels: int = LIMITS.max_pixels) -> None:
        """As ``Decoder``, which each of them is."""
        self._decoders = [Decoder(seconds, most_pixels) for _ in range(PROCESSES)]
        # The one used last is taken first, so that a second is started only where two are needed.
        self._idle = list(self._decoders)
        self._threads = ThreadPoolExecutor(PROCESSES, "door")
        self._turns: WeakValueDictionary[int, asyncio.Lock] = WeakValueDictionary()

    @asynccontextmanager
    async def take_turn(self, person: int) -> AsyncIterator[None]:
        """Waits until no other picture of a person's is fetched or decoded.

        However much somebody sends, others find a decoder free, and no more than one file of theirs
        is in memory.
        """
        turn = self._turns.setdefault(person, asyncio.Lock())
        async with turn:
            yield

    async def clean(self, data: bytes | bytearray, limits: Limits = LIMITS) -> CleanImage:
        """As ``Decoder.clean``, without stopping the event loop.

        Raises:
            ImageError: The picture cannot be used, or takes too much to read.
        """
        return await self._run(lambda decoder: decoder.clean(data, limits))

    async def inspect(
        self, data: bytes | bytearray, trust: Trust, limits: Limits = LIMITS
    ) -> tuple[CleanImage, Statement | None]:
        """As ``Decoder.inspect``, without stopping the event loop.

        Raises:
            ImageError: The picture cannot be used, or takes too much to read.
        """
        return await self._run(lambda decoder: decoder.inspect(data, trust, limits))

    async def clean_mask(self, data: bytes, picture: tuple[int, int]) -> bytes:
        """As ``Decoder.clean_mask``, without stopping the event loop.

        Raises:
            ImageError: The mask cannot be used, or takes too much to read.
        """
        return await self._run(lambda decoder: decoder.clean_mask(data, picture))

    async def measure(self, png: bytes) -> Measures:
        """As ``Decoder.measure``, without stopping the event loop.

        Raises:
            ImageError: It takes too much.
        """
        return await self._run(lambda decoder: decoder.measure(png))

    async def view(self, png: bytes, side: int) -> bytes:
        """As ``Decoder.view``, without stopping the event loop.

        Raises:
            ImageError: It takes too much.
        """
        return await self._run(lambda decoder: decoder.view(png, side))

    def close(self) -> None:
        """Ends every process, in the middle of a picture too."""
        self._threads.shutdown(wait=False, cancel_futures=True)
        for decoder in self._decoders:
            decoder.close()
        self._threads.shutdown()
        # A thread may have started one while they were ended.
        for decoder in self._decoders:
            decoder.close()

    async def _run(self, work: Callable[[Decoder], Found]) -> Found:
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._threads, partial(self._decode, work))

    def _decode(self, work: Callable[[Decoder], Found]) -> Found:
        # There are as many as threads, so one is idle.
        decoder = self._idle.pop()
        try:
            return work(decoder)
        finally:
            self._idle.append(decoder)
