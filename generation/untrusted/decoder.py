"""A process that decodes strangers' pictures: ``python -m generation.untrusted.decoder``.

It reads a picture from standard input and writes what became of it to standard output, one after
the other, until the input ends. Decoders are C code with faults of their own, so this process has
nothing to lose: no settings, no secrets, no network, no file that it may write, and limits that it
dies of. ``untrusted.door`` starts it anew.

A message, either way, is two lengths, a head in JSON and a body of bytes; never a pickle, since
what came out of a decoder that was taken over must not take over whoever reads it.
"""

import io
import json
import os
import signal
import struct
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import IO, Any, Final

from generation.provenance.kept import SIGN, keep_statements
from generation.provenance.manifest import MEDIA, read
from generation.provenance.trust import Trust
from generation.untrusted.clean import Limits, clean
from generation.untrusted.containers import find_format
from generation.untrusted.image_errors import ImageError, ImageTooHardError
from generation.untrusted.masks import clean_mask

BYTES_OF_A_PIXEL: Final = 22
"""Of memory beyond what the process has from the start, for the largest picture that is let in: an
animated WebP takes 19 of them."""

_VIEW_QUALITY: Final = 80

_LENGTHS: Final = struct.Struct(">II")
_LONGEST_TRACE: Final = 4000
_PRIORITY: Final = 5

Head = dict[str, Any]


def write_message(stream: IO[bytes], head: Head, body: bytes | bytearray = b"") -> None:
    """Sends a message."""
    text = json.dumps(head).encode()
    stream.write(_LENGTHS.pack(len(text), len(body)) + text)
    stream.write(body)
    stream.flush()


def read_message(stream: IO[bytes], most: int | None = None) -> tuple[Head, bytes] | None:
    """The next message; None where the stream ends.

    Raises:
        ValueError: It is no message, or larger than ``most`` bytes.
    """
    lengths = stream.read(_LENGTHS.size)
    if len(lengths) < _LENGTHS.size:
        return None
    head, body = _LENGTHS.unpack(lengths)
    if most is not None and head + body > most:
        raise ValueError("the message is too long")
    text, data = stream.read(head), stream.read(body)
    return (json.loads(text), data) if len(data) == body else None


def main() -> None:
    """Answers until the input ends."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    # Whatever a library prints must not be taken for an answer.
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    # Ctrl-C reaches the whole group; this process ends when the one that started it does.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _give_up_rights(int(sys.argv[1]))
    # What is killed has to be started again, which costs whoever is next as much.
    begun = time.process_time()
    while (asked := read_message(sys.stdin.buffer)) is not None:
        head, data = asked
        del asked
        _limit_seconds(max(head["seconds"] - begun, head["seconds"] / 2))
        answer = _answer(head, data)
        _limit_seconds(0)
        write_message(answers, *answer)


def _answer(head: Head, data: bytes) -> tuple[Head, bytes]:
    try:
        if "picture" in head:
            return {}, clean_mask(data, tuple(head["picture"]))
        if "view" in head:
            return {}, _view(data, head["view"])
        if "measure" in head:
            return {"measures": _measure(data)}, b""
        image = clean(data, Limits(**head["limits"]))
        statement, png = _read_statements(data, image.png, head.get("trust"))
    except ImageError as error:
        # What an error carries are the arguments that it is made from, in their order.
        return {"error": type(error).__name__, "values": [*vars(error).values()]}, b""
    except MemoryError:
        return {"error": ImageTooHardError.__name__, "values": []}, b""
    except Exception:  # noqa: BLE001 - a fault of ours, logged by whoever asked
        import traceback  # noqa: PLC0415 - hardly ever

        return {"fault": traceback.format_exc()[-_LONGEST_TRACE:]}, b""
    traits = image.traits
    told = [traits.width, traits.height, traits.photograph]
    return {"traits": told, "texts": image.texts, "statement": statement}, png


def _read_statements(data: bytes, png: bytes, trust: Head | None) -> tuple[Head | None, bytes]:
    """What a file says of where it is from, if that is asked; and what is kept with its pixels."""
    if SIGN not in data:
        return None, png
    kind = (find_format(data) or "").lower()
    if kind not in MEDIA:
        return None, png
    if trust is None:
        return None, keep_statements(png, data, kind)
    statement = read(data, kind, Trust(trust["roots"], tuple(trust["serials"])))
    return (asdict(statement) if statement else None), png


def _view(png: bytes, side: int) -> bytes:
    """A picture that was drawn or cleaned, to look at: WebP, no longer than a side."""
    from PIL.PngImagePlugin import PngImageFile  # noqa: PLC0415 - where pictures are looked at

    with PngImageFile(io.BytesIO(png)) as image:
        shown = image.convert("RGB")
    shown.thumbnail((side, side), reducing_gap=2.0)
    buffer = io.BytesIO()
    shown.save(buffer, "WEBP", quality=_VIEW_QUALITY)
    return buffer.getvalue()


def _measure(png: bytes) -> dict[str, Any]:
    """What is measured of a picture that was cleaned."""
    from PIL.PngImagePlugin import PngImageFile  # noqa: PLC0415 - where pictures are described

    from generation.questions.measures import measure  # noqa: PLC0415 - with numpy

    with PngImageFile(io.BytesIO(png)) as image:
        return asdict(measure(image))


def _limit_seconds(seconds: float) -> None:
    """Dies after so many seconds of the processor's time; 0 is without end.

    The limit that RLIMIT_CPU sets is in whole seconds of a process's life, which this one is not.
    """
    if hasattr(signal, "setitimer"):
        signal.setitimer(signal.ITIMER_PROF, seconds)


def _give_up_rights(memory: int) -> None:
    """Limits memory and files for good, as far as the system can; others come first from now on.

    Args:
        memory: Bytes beyond what the process has already.
    """
    try:
        import resource  # noqa: PLC0415 - not on Windows
    except ImportError:
        return
    os.nice(_PRIORITY)
    # SIGPROF ends a process unless whoever started it said otherwise.
    signal.signal(signal.SIGPROF, signal.SIG_DFL)
    limits = {resource.RLIMIT_FSIZE: 0, resource.RLIMIT_CORE: 0}
    pages = Path("/proc/self/statm")
    # Where addresses cannot be limited, as on macOS, seconds alone are.
    if pages.exists():
        used = int(pages.read_text(encoding="ascii").split()[0]) * resource.getpagesize()
        limits[resource.RLIMIT_AS] = used + memory
    for kind, most in limits.items():
        resource.setrlimit(kind, (most, most))


if __name__ == "__main__":
    main()
