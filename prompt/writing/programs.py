"""A table: what other programs have of a prompt, and what they call it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
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
    QUALITY,
    RATIO,
    SAMPLER,
    SEED,
    STEPS,
    STRENGTH,
    TILE,
    WEIGHTING,
    WEIRD,
)
from prompt.writing.quality import (
    LOW_PRAISE,
    LOW_SCORES,
    PRAISE,
    SCORES,
    is_praise,
    is_score,
    is_tag,
    is_talk,
)
from prompt.writing.sides import GRAIN


class Program(StrEnum):
    """A program, or a kind of model, whose spelling is written here."""

    MIDJOURNEY = "midjourney"
    A1111 = "a1111"
    COMFYUI = "comfyui"
    NOVELAI = "novelai"
    INVOKEAI = "invokeai"
    FLUX = "flux"
    DALLE = "dalle"
    PONY = "pony"
    ILLUSTRIOUS = "illustrious"


def _knows_all(_: str) -> bool:
    return False


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
        reweighed: Whether unwanted words come back with bare brackets for the numbers these mean.
        breaks: Whether words can be told to begin a new window of the text encoder.
        images: Whether a prompt may link to images.
        prose: Whether it is told sentences instead of tags.
        sides: Whether a ratio is told as width and height.
        grain: What these are multiples of in pixels.
        few: Settings below whose number they are not read as such.
        usual: What is added to so few of them, in this order.
        embeddings: How it spells an embedding's name; empty where it takes none.
        asked: Whether it is asked in sentences for a picture, rather than told what one shows.
        speaks: Whether words are written as people say them, not as boards tag pictures.
        window: Tokens of the text encoder that are read together; 0 for all of them.
        foreign: Whether a tag in lower case is a quality tag that it does not know.
        quality: Quality tags that prompts for it begin with.
        flaws: Those that its unwanted words begin with.
    """

    title: str
    flags: frozenset[str]
    needed: Mapping[str, object]
    samplers: Mapping[str, tuple[str, str]]
    shares: bool = False
    weights: float | None = None
    figures: bool = False
    reweighed: bool = False
    breaks: bool = False
    images: bool = False
    prose: bool = False
    sides: bool = True
    grain: int = GRAIN
    few: int = 0
    usual: Mapping[str, object] = field(default_factory=dict)
    embeddings: str = ""
    asked: bool = False
    speaks: bool = False
    window: int = 0
    foreign: Callable[[str], bool] = _knows_all
    quality: Sequence[str] = ()
    flaws: Sequence[str] = ()


_FOREIGN_TO_MIDJOURNEY: Final = frozenset(
    flag.name
    for flag in (
        BATCH, CONTROL, CONTROL_END, CONTROL_SCALE, GUIDANCE, LORA, MODEL, PRESET, SAMPLER, STEPS,
        STRENGTH, WEIGHTING,
    )
)  # fmt: skip
_LEANER: Final = 8
"""Version of Midjourney from which on it lacks some flags of before..."""

_GONE: Final = frozenset(flag.name for flag in (NO, QUALITY, TILE, WEIRD))
"""namely these."""

_SETTINGS: Final = frozenset(
    flag.name for flag in (RATIO, SEED, NO, GUIDANCE, STEPS, SAMPLER, BATCH)
)

_WINDOW: Final = 75
"""Tokens that CLIP reads together, without those that mark beginning and end."""

_MIDJOURNEY: Final = Abilities(
    title="Midjourney",
    flags=frozenset(flag.name for flag in FLAGS) - _FOREIGN_TO_MIDJOURNEY,
    needed={},
    samplers={},
    shares=True,
    images=True,
    sides=False,
    speaks=True,
    foreign=is_tag,
)
_A1111: Final = Abilities(
    title="AUTOMATIC1111",
    flags=_SETTINGS | {LORA.name},
    needed={},
    samplers={
        "DPM++ 2M Karras": ("DPM++ 2M", "Karras"),
        "DPM++ 2M": ("DPM++ 2M", "Automatic"),
        "DPM++ 2M SDE Karras": ("DPM++ 2M SDE", "Karras"),
        "DPM++ SDE Karras": ("DPM++ SDE", "Karras"),
        "Euler a": ("Euler a", "Automatic"),
        "Euler": ("Euler", "Automatic"),
        "DDIM": ("DDIM", "Automatic"),
        "UniPC": ("UniPC", "Automatic"),
        "LCM": ("LCM", "Automatic"),
    },
    shares=True,
    weights=float("-inf"),
    breaks=True,
    window=_WINDOW,
    # Three, in its `parse_generation_parameters`.
    few=3,
    usual={STEPS.name: 20, GUIDANCE.name: 7.0},
    embeddings="{}",
)
_PROSE: Final = Abilities(
    title="FLUX",
    flags=frozenset({RATIO.name, SEED.name, STEPS.name}),
    needed={},
    samplers={},
    # As stress for sentences, which say it in words.
    weights=float("-inf"),
    prose=True,
    speaks=True,
    foreign=is_talk,
)

ABILITIES: Final[Mapping[Program, Abilities]] = {
    Program.MIDJOURNEY: _MIDJOURNEY,
    Program.A1111: _A1111,
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
            "DPM++ SDE Karras": ("dpmpp_sde", "karras"),
            "Euler a": ("euler_ancestral", "normal"),
            "Euler": ("euler", "normal"),
            "DDIM": ("ddim", "normal"),
            "UniPC": ("uni_pc", "normal"),
            "LCM": ("lcm", "normal"),
        },
        weights=float("-inf"),
        figures=True,
        reweighed=True,
        window=_WINDOW,
        embeddings="embedding:{}",
    ),
    Program.NOVELAI: Abilities(
        title="NovelAI",
        flags=_SETTINGS,
        needed={},
        samplers={
            "DPM++ 2M Karras": ("k_dpmpp_2m", "karras"),
            "DPM++ 2M": ("k_dpmpp_2m", "native"),
            "DPM++ 2M SDE Karras": ("k_dpmpp_2m_sde", "karras"),
            "DPM++ SDE Karras": ("k_dpmpp_sde", "karras"),
            "Euler a": ("k_euler_ancestral", "native"),
            "Euler": ("k_euler", "native"),
            "DDIM": ("ddim", "native"),
        },
        weights=float("-inf"),
        figures=True,
        grain=64,
        foreign=is_score,
    ),
    Program.INVOKEAI: Abilities(
        title="InvokeAI",
        flags=(_SETTINGS | {LORA.name}) - {BATCH.name},
        needed={},
        samplers={
            "DPM++ 2M Karras": ("dpmpp_2m_k", ""),
            "DPM++ 2M": ("dpmpp_2m", ""),
            "DPM++ 2M SDE Karras": ("dpmpp_2m_sde_k", ""),
            "DPM++ SDE Karras": ("dpmpp_sde_k", ""),
            "Euler a": ("euler_a", ""),
            "Euler": ("euler", ""),
            "DDIM": ("ddim", ""),
            "UniPC": ("unipc", ""),
            "LCM": ("lcm", ""),
            "TCD": ("tcd", ""),
        },
        weights=0.0,
        figures=True,
        window=_WINDOW,
    ),
    Program.FLUX: _PROSE,
    Program.DALLE: replace(_PROSE, title="DALL·E", flags=frozenset(), asked=True),
    Program.PONY: replace(
        _A1111, title="Pony", shares=False, foreign=is_praise, quality=SCORES, flaws=LOW_SCORES
    ),
    Program.ILLUSTRIOUS: replace(
        _A1111,
        title="Illustrious",
        shares=False,
        foreign=is_score,
        quality=PRAISE,
        flaws=LOW_PRAISE,
    ),
}


def find_abilities(program: Program, version: str | None) -> Abilities:
    """What a program has, in a version.

    Args:
        program: The program.
        version: Of Midjourney, as after ``--v``; None for the one that is usual there.
    """
    able = ABILITIES[program]
    if program is Program.MIDJOURNEY and version and float(version) >= _LEANER:
        return replace(able, flags=able.flags - _GONE)
    return able
