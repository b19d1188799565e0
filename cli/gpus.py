"""Which GPUs a worker each is started for, asked of the driver: PyTorch stays out of the parent."""

import os
import re
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Final

from storage.settings import Settings, SettingsError

VISIBLE: Final = "CUDA_VISIBLE_DEVICES"
"""The variable by which CUDA shows a process some GPUs alone (CUDA programming guide)."""

_PATIENCE: Final = 20.0
"""Seconds for the driver to answer, which it takes long over where nothing keeps it loaded."""

_DRIVER: Final = Path("/proc/driver/nvidia/gpus")
"""Where the driver tells of each GPU on Linux; of one that failed the UUID is question marks."""

_CARD: Final = re.compile(r"GPU (\d+): .*\(UUID: (GPU-[\w-]+)\)")
_PART: Final = re.compile(r"\s+MIG .*\(UUID: (MIG-[\w/-]+)\)")


def list_gpus(settings: Settings) -> dict[int, str]:
    """What ``CUDA_VISIBLE_DEVICES`` shows a worker each, by number, in the driver's order.

    Empty where ``EASEL_DEVICE`` names one device, and where there are no GPUs of NVIDIA's.

    Raises:
        SettingsError: ``EASEL_GPUS`` names one that is not there.
    """
    if settings.device not in {"auto", "cuda"}:
        return {}
    seen = _list_visible()
    if settings.gpus == "all":
        return dict(enumerate(seen))
    wanted = [int(part) for part in settings.gpus.split(",")]
    if max(wanted) >= len(seen):
        raise SettingsError(
            f"EASEL_GPUS names GPU {max(wanted)}, and this machine shows {len(seen)};"
            " `nvidia-smi -L` lists them, counted from 0."
        )
    return {number: seen[number] for number in wanted}


def parse_listing(text: str) -> tuple[str, ...]:
    """The GPUs that ``nvidia-smi -L`` lists, by their UUIDs; of one in parts (MIG) the parts."""
    found: list[list[str]] = []
    for line in text.splitlines():
        if card := _CARD.match(line):
            found.append([card[2]])
        elif found and (part := _PART.match(line)):
            found[-1].append(part[1])
    # CUDA computes on the parts, once there are any.
    return tuple(name for card, *parts in found for name in parts or [card])


def _list_visible() -> tuple[str, ...]:
    if (shown := os.environ.get(VISIBLE)) is None:
        return parse_listing(_ask_driver())
    names = [name.strip() for name in shown.split(",")]
    # As CUDA reads it: nothing behind one that does not exist, such as -1, is seen.
    end = next((k for k, name in enumerate(names) if name in {"", "-1"}), len(names))
    return tuple(names[:end])


def _ask_driver() -> str:
    try:
        asked = subprocess.run(
            ["nvidia-smi", "-L"],  # noqa: S607 - it lies elsewhere on every system
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return _read_driver()
    # One GPU that has failed makes it fail as a whole, having listed the others or not.
    return asked.stdout if _CARD.search(asked.stdout) else _read_driver()


def _read_driver() -> str:
    """The GPUs that the driver itself tells of, as ``nvidia-smi -L`` would; without their parts."""
    found = []
    for told in sorted(_DRIVER.glob("*/information")):
        with suppress(OSError):
            found += re.findall(r"^GPU UUID:\s+(GPU-[0-9a-f-]+)$", told.read_text(), re.MULTILINE)
    return "\n".join(f"GPU {number}: (UUID: {name})" for number, name in enumerate(found))
