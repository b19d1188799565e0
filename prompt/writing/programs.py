"""A table: what other programs have of a prompt, and what they call it."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Final

from prompt.flags.table import (
    BATCH,
    CONTROL,
    CONTROL_END,
    CONTROL_SCALE,
    FLAGS,
    GUIDANCE,
    LORA,
    MODEL,
    NO,
    PRESET,
    RATIO,
    SAMPLER,
    SEED,
    STEPS,
    STRENGTH,
    WEIGHTING,
)


class Program(StrEnum):
    """A program whose spelling is written here."""

    MIDJOURNEY = "midjourney"
    A1111 = "a1111"
    COMFYUI = "comfyui"
    NOVELAI = "novelai"
    INVOKEAI = "invokeai"


@dataclass(frozen=True, slots=True, kw_only=True)
class Abilities:
    """What a program has.

    Attributes:
        title: Its name.
        flags: Names of the flags that it has something for.
        needed: Of those, the ones without which its form is not whole, with what is usual there.
        samplers: What it calls each sampler, with the schedule that belongs to it.
        shares: Whether it mixes several ideas by their weights.
        weights: Whether it weighs words; the lowest weight, or None if it does not.
        figures: Whether every weight is written as a number, never as bare brackets.
        breaks: Whether words can be told to begin a new window of the text encoder.
        images: Whether a prompt may link to images.
    """

    title: str
    flags: frozenset[str]
    needed: Mapping[str, object]
    samplers: Mapping[str, tuple[str, str]]
    shares: bool = False
    weights: float | None = None
    figures: bool = False
    breaks: bool = False
    images: bool = False


_FOREIGN_TO_MIDJOURNEY: Final = frozenset(
    flag.name
    for flag in (
        BATCH, CONTROL, CONTROL_END, CONTROL_SCALE, GUIDANCE, LORA, MODEL, PRESET, SAMPLER, STEPS,
        STRENGTH, WEIGHTING,
    )
)  # fmt: skip
_SETTINGS: Final = frozenset(
    flag.name for flag in (RATIO, SEED, NO, GUIDANCE, STEPS, SAMPLER, BATCH)
)

ABILITIES: Final[Mapping[Program, Abilities]] = {
    Program.MIDJOURNEY: Abilities(
        title="Midjourney",
        flags=frozenset(flag.name for flag in FLAGS) - _FOREIGN_TO_MIDJOURNEY,
        needed={},
        samplers={},
        shares=True,
        images=True,
    ),
    Program.A1111: Abilities(
        title="AUTOMATIC1111",
        flags=_SETTINGS | {LORA.name},
        needed={},
        samplers={
            "DPM++ 2M Karras": ("DPM++ 2M", "Karras"),
            "DPM++ 2M": ("DPM++ 2M", "Automatic"),
            "DPM++ 2M SDE Karras": ("DPM++ 2M SDE", "Karras"),
            "Euler a": ("Euler a", "Automatic"),
            "Euler": ("Euler", "Automatic"),
            "DDIM": ("DDIM", "Automatic"),
            "UniPC": ("UniPC", "Automatic"),
        },
        shares=True,
        weights=float("-inf"),
        breaks=True,
    ),
    Program.COMFYUI: Abilities(
        title="ComfyUI",
        flags=_SETTINGS | {LORA.name},
        # Its form has no default for any of these.
        needed={
            RATIO.name: (1, 1),
            SEED.name: 0,
            GUIDANCE.name: 7.0,
            STEPS.name: 20,
            SAMPLER.name: "Euler",
            BATCH.name: 1,
        },
        samplers={
            "DPM++ 2M Karras": ("dpmpp_2m", "karras"),
            "DPM++ 2M": ("dpmpp_2m", "normal"),
            "DPM++ 2M SDE Karras": ("dpmpp_2m_sde", "karras"),
            "Euler a": ("euler_ancestral", "normal"),
            "Euler": ("euler", "normal"),
            "DDIM": ("ddim", "normal"),
            "UniPC": ("uni_pc", "normal"),
        },
        weights=float("-inf"),
    ),
    Program.NOVELAI: Abilities(
        title="NovelAI",
        flags=_SETTINGS,
        needed={},
        samplers={
            "DPM++ 2M Karras": ("k_dpmpp_2m", "karras"),
            "DPM++ 2M": ("k_dpmpp_2m", "native"),
            "DPM++ 2M SDE Karras": ("k_dpmpp_2m_sde", "karras"),
            "Euler a": ("k_euler_ancestral", "native"),
            "Euler": ("k_euler", "native"),
            "DDIM": ("ddim", "native"),
        },
        weights=float("-inf"),
        figures=True,
    ),
    Program.INVOKEAI: Abilities(
        title="InvokeAI",
        flags=(_SETTINGS | {LORA.name}) - {BATCH.name},
        needed={},
        samplers={
            "DPM++ 2M Karras": ("dpmpp_2m_k", ""),
            "DPM++ 2M": ("dpmpp_2m", ""),
            "DPM++ 2M SDE Karras": ("dpmpp_2m_sde_k", ""),
            "Euler a": ("euler_a", ""),
            "Euler": ("euler", ""),
            "DDIM": ("ddim", ""),
            "UniPC": ("unipc", ""),
        },
        weights=0.0,
        figures=True,
    ),
}
