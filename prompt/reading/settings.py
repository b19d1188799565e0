"""Settings of other programs: which flag each is here, and which mean nothing here."""

import math
import re
from collections.abc import Iterable
from typing import Final

from generation.recipe import SEED_LIMIT
from prompt.flags.table import (
    BATCH,
    BY_NAME,
    GUIDANCE,
    LORA,
    NO,
    OTHER_NAMES,
    RATIO,
    SAMPLER,
    SEED,
    STEPS,
    STRENGTH,
    WEIGHTING,
    normalize_name,
)

Pair = tuple[str, str]
"""A setting's name as another program spells it, and its value."""

SIDES: Final = frozenset({"width", "height"})

FLAGS: Final = SIDES | {
    flag.name
    for flag in (RATIO, SEED, STEPS, GUIDANCE, SAMPLER, STRENGTH, NO, LORA, WEIGHTING, BATCH)
}
"""The flags that settings of other programs may become."""

_NAMES: Final = {
    "cfg": "cfg",
    "noiseseed": "seed",
    "resolution": "ar",
    "samplingsteps": "steps",
    "uc": "no",
    "undesiredcontent": "no",
    "numimages": "batch",
    "nsamples": "batch",
    "images": "batch",
}
"""Names that stand in saved settings alone, beside those of ``OTHER_NAMES``."""

_SIZE: Final = re.compile(r"\(?(\d{2,5})\s*+[xX×:,*]\s*+(\d{2,5})\)?")

_USUAL: Final = frozenset({"", "-1", "1", "1.0", "normal", "simple", "automatic", "native"})
"""Values that ask for what happens anyway: a random seed, a full strength, the usual schedule."""

_LONGEST_SEED: Final = 20
"""Digits of a number of 64 bits."""

MEANINGLESS: Final = (
    "adetailer model", "adm guidance", "base model", "batch pos", "civitai resources",
    "clip skip", "control mode", "controlnet 0", "created date", "date", "eta", "ensd",
    "face restoration", "fooocus v2 expansion", "fooocus version", "hires cfg scale",
    "hires module 1", "hires prompt", "hires resize", "hires sampler", "hires steps",
    "hires upscale", "hires upscaler", "initial noise multiplier", "lora hashes", "mask blur",
    "metadata scheme", "model", "model hash", "module 1", "noise schedule", "pag scale",
    "performance", "refiner", "refiner model", "refiner switch", "refiner switch at",
    "rng", "schedule max sigma", "schedule rho", "schedule type", "scheduler", "sharpness",
    "shift", "software", "source", "style selector style", "styles", "swarm version",
    "ti hashes", "token merging ratio", "vae", "vae hash", "variation seed",
    "variation seed strength", "version",
)  # fmt: skip
"""What the same programs save beside, in words, and what changes nothing here."""


def find_flag(name: str) -> str | None:
    """The flag that a setting of another program is here, or None if there is none."""
    low = normalize_name(name)
    row = BY_NAME.get(_NAMES.get(low) or OTHER_NAMES.get(low, low))
    return row.name if row is not None and row.name in FLAGS else None


def format_settings(settings: Iterable[Pair]) -> str:
    """The flags for these settings, without those that have none or whose value has no meaning."""
    flags = dict[str, str]()
    sides = dict[str, str]()
    for key, value in _join_schedule(settings):
        name = find_flag(key)
        if name in SIDES:
            sides[name] = value.strip()
        elif name == NO.name:
            if value.strip(" ,."):
                before = f"{flags[name]}," if name in flags else f"--{name}"
                flags[name] = f"{before} {' '.join(value.split())}"
        elif name is not None:
            flags[name] = flags.get(name) or format_setting(name, value)
    if len(sides) == len(SIDES):
        flags[RATIO.name] = format_setting(RATIO.name, f"{sides['width']}x{sides['height']}")
    return " ".join(filter(None, flags.values()))


def find_meaningless(settings: Iterable[Pair]) -> list[str]:
    """Names of settings that have a flag here, and a value that means nothing to it."""
    return [
        name
        for name, value in _join_schedule(settings)
        if (flag := find_flag(name)) is not None
        and flag not in SIDES | {NO.name}
        and value.strip() not in _USUAL
        and not format_setting(flag, value)
    ]


def format_setting(name: str, value: str) -> str:
    """A flag with a value of another program, or nothing if it means nothing here."""
    row = BY_NAME[name]
    value = value.strip()
    if name == RATIO.name and (size := _SIZE.fullmatch(value)):
        across, down = int(size[1]), int(size[2])
        shared = math.gcd(across, down) or 1
        value = f"{across // shared}:{down // shared}"
    if name == STRENGTH.name and value in {"1", "1.0"}:
        return ""
    if name == SEED.name and value.isdecimal():
        # Those of ComfyUI have twice as many bits; whatever they draw there, it is one here.
        value = str(int(value[:_LONGEST_SEED]) % SEED_LIMIT)
    try:
        meant = row.kind.parse(row.kind.mend(value))
    except ValueError:
        return ""
    return row.format(meant) if row.allows(meant) else ""


def _join_schedule(settings: Iterable[Pair]) -> Iterable[Pair]:
    """The settings, the schedule with the name of the sampler that it belongs to."""
    pairs = list(settings)
    schedules = [value.strip().lower() for name, value in pairs if _is_schedule(name)]
    if "karras" not in schedules:
        return pairs
    kept = [(name, value) for name, value in pairs if not _is_schedule(name)]
    return [(name, _add_karras(name, value)) for name, value in kept]


def _add_karras(name: str, value: str) -> str:
    """A sampler with the schedule behind its name, if there is one of that name here."""
    whole = f"{value.strip()} Karras"
    if find_flag(name) != SAMPLER.name or not format_setting(SAMPLER.name, whole):
        return value
    return whole


def _is_schedule(name: str) -> bool:
    return normalize_name(name) in {"scheduletype", "scheduler", "noiseschedule"}
