"""Memory plans: how a model is to lie on a card, told from its parts and the card's memory alone.

From the fastest to the one that needs least: everything on the card; the text encoders elsewhere
until a new text is read; each part on the card only while it computes; the same with weights of 8
bits, and of 4.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from math import inf
from typing import Final, Literal, get_args

from faults import HostError
from generation.catalogue.card import Card
from generation.catalogue.controlnets import read_sources
from generation.catalogue.extras import FLOAT_8, Choices, select_beside
from generation.catalogue.eyes import READING
from generation.catalogue.families import CARDS
from generation.catalogue.footprints import FOOTPRINTS, Footprint

Bits = Literal[16, 8, 4]

AT_ONCE: Final = (4, 2, 1)
"""How many pictures may be computed at once, a whole grid first."""

_SMALLER: Final[Mapping[Bits, float]] = {16: 1.0, 8: 0.53, 4: 0.29}
"""What a layer takes beside one of 16 bits, the scales of its blocks included."""

_STEP: Final = 0.3
"""GiB that a step takes however many pictures there are."""

_READ: Final = 0.4
"""GiB that it takes to read a text."""

_TILES: Final = 0.3
"""What it takes to decode in tiles, beside decoding a picture whole."""


class Placing(StrEnum):
    """Where a model's weights lie, by the words of ``EASEL_MEMORY``."""

    RESIDENT = "resident"
    PARKED = "parked"
    OFFLOADED = "offload"


class MemoryPlanError(HostError, ValueError):
    """A setting or a card that no plan can be made for; the text is one sentence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryPlan:
    """How a model lies on a card.

    Attributes:
        placing: Where its weights lie.
        bits: Of the weights of its text encoders and its denoiser.
        at_once: How many pictures are computed together.
        tiled: Whether pictures are decoded in small tiles.
        floating: Whether weights of 8 bits have to be floating-point numbers.
        multiplied: Whether the denoiser may multiply in them as well.
        needs: GiB that this takes.
    """

    placing: Placing = Placing.RESIDENT
    bits: Bits = 16
    at_once: int = AT_ONCE[0]
    tiled: bool = False
    floating: bool = False
    multiplied: bool = False
    needs: float = 0.0


WHOLE: Final = MemoryPlan()
"""How a model lies where nothing has to be planned."""


@dataclass(frozen=True, slots=True)
class Room:
    """What a plan is made for.

    Attributes:
        memory: GiB of the card that are free for models; infinite where nothing has to be planned.
        wanted: ``EASEL_MEMORY``: ``auto``, one of :class:`Placing`, ``8bit``, ``fp8`` or
            ``4bit``, or GiB.
        multiplies: Whether the device multiplies floating-point numbers of 8 bits.
    """

    memory: float = inf
    wanted: str = "auto"
    multiplies: bool = False


CONTEXT: Final = 0.5
"""GiB of a card that its driver takes for a process."""

SPARED: Final = 0.03
"""Share of a card's memory that no plan counts on, since allocators leave gaps."""


def count_usable(card: float) -> float:
    """GiB for models on a card of so many GiB that nothing else uses."""
    return card * (1 - SPARED) - CONTEXT


ENDLESS: Final = Room()
"""Where nothing has to be planned."""

WORDS: Final = ("auto", *Placing, "8bit", FLOAT_8, "4bit")
"""What ``EASEL_MEMORY`` may be, beside a number of GiB."""


def read_room(memory: float, setting: str, *, multiplies: bool = False) -> Room:
    """The room on a card as a setting has it.

    Args:
        memory: GiB that are free for models.
        setting: ``EASEL_MEMORY``.
        multiplies: Whether the device multiplies floating-point numbers of 8 bits.

    Raises:
        MemoryPlanError: The setting is not understood.
    """
    if setting in WORDS:
        return Room(memory, setting, multiplies)
    try:
        return Room(min(memory, float(setting)), multiplies=multiplies)
    except ValueError:
        raise MemoryPlanError(
            f"EASEL_MEMORY cannot be `{setting[:20]}`; write {', '.join(WORDS)}, or a number of GiB"
        ) from None


def choose_plan(card: Card, parts: Footprint, room: Room) -> MemoryPlan:
    """The first plan that fits, or what a setting says whether it fits or not.

    Args:
        card: The model's, for its name.
        parts: What it takes, with all that is loaded beside it.
        room: What there is.

    Raises:
        MemoryPlanError: None fits.
    """
    floating = room.wanted == FLOAT_8
    plans = [
        replace(plan, floating=floating, multiplied=floating and room.multiplies)
        for plan in list_plans(parts)
        if _is_wanted(plan, room.wanted)
    ]
    found = next((plan for plan in plans if plan.needs <= room.memory), None)
    if found is not None:
        return found
    least = min(plans, key=lambda plan: plan.needs)
    if room.wanted != "auto":
        return least
    bare = parts.beside and any(
        plan.needs <= room.memory for plan in list_plans(replace(parts, beside=0.0))
    )
    fitting = ", ".join(list_fitting(room.memory)) or "none that Easel knows"
    would = "it fits without image adapters and ControlNets" if bare else f"what fits: {fitting}"
    raise MemoryPlanError(
        f"{card.title} needs {least.needs:.1f} GiB of the card's memory even with weights of"
        f" {least.bits} bits, and {room.memory:.1f} are free; {would}"
    )


def plan_ahead(card: Card, choices: Choices, room: Room) -> MemoryPlan:
    """The plan for a model that is not loaded, by the figures of its family.

    Args:
        card: The model's.
        choices: The settings, which say what is loaded beside it.
        room: What there is.

    Raises:
        MemoryPlanError: None fits.
        UnknownStructureError: The ControlNets cannot be read.
    """
    return choose_plan(card, estimate_served(card, choices), room)


def estimate_served(card: Card, choices: Choices) -> Footprint:
    """What a model takes with all that the settings load beside it, by its family's figures.

    Raises:
        UnknownStructureError: The ControlNets cannot be read.
    """
    adapters = select_beside(choices.adapters, card) if card.adapters else ""
    controlnets = select_beside(choices.controlnets, card) if card.controlnets else ""
    return estimate_footprint(card, adapters, controlnets)


class EyePlacing(StrEnum):
    """Where an eye finds room on a card while it is asked; between questions it lies beside it."""

    BESIDE = "beside"
    INSTEAD = "instead"


def plan_eye(name: str, weights: float, resting: float, room: Room) -> EyePlacing:
    """How an eye is to find room for a question; nothing is drawn meanwhile.

    Args:
        name: What it is called.
        weights: GiB of its weights in 16 bits.
        resting: GiB that the model which draws takes between two jobs.
        room: What there is.

    Raises:
        MemoryPlanError: It does not fit even where that model goes out for a question.
    """
    needs = weights + READING
    if resting + needs <= room.memory:
        return EyePlacing.BESIDE
    if needs <= room.memory:
        return EyePlacing.INSTEAD
    raise MemoryPlanError(
        f"the eye {name} needs {needs:.1f} GiB of the card's memory, and {room.memory:.1f} are"
        " free; set EASEL_EYES to a smaller one, or to off"
    )


def measure_rest(parts: Footprint, plan: MemoryPlan) -> float:
    """GiB of a card that a model takes between two jobs."""
    text, denoiser = _weigh(parts, plan.bits)
    match plan.placing:
        case Placing.RESIDENT:
            return text + denoiser + parts.vae + parts.beside
        case Placing.PARKED:
            return denoiser + parts.vae + parts.beside
        case Placing.OFFLOADED:
            return parts.beside


def measure_aside(parts: Footprint, plan: MemoryPlan) -> float:
    """GiB of the machine's own memory that a model takes for what waits beside the card."""
    text, denoiser = _weigh(parts, plan.bits)
    match plan.placing:
        case Placing.RESIDENT:
            return 0.0
        case Placing.PARKED:
            return text
        case Placing.OFFLOADED:
            return text + denoiser + parts.vae


def list_fitting(memory: float) -> Iterator[str]:
    """Names of the known families that draw with so many GiB, by themselves."""
    for card in CARDS:
        if any(plan.needs <= memory for plan in list_plans(estimate_footprint(card))):
            yield card.called


def list_plans(parts: Footprint) -> Iterator[MemoryPlan]:
    """Every plan with what it needs, the best one first."""
    for bits in get_args(Bits):
        for placing, tiled in _ORDER:
            for at_once in AT_ONCE[-1:] if tiled else AT_ONCE:
                plan = MemoryPlan(placing=placing, bits=bits, at_once=at_once, tiled=tiled)
                yield replace(plan, needs=measure_needs(parts, plan))


# Tiles meet in faint seams: better are text encoders that have to come back for a new text, worse
# is a whole model that comes and goes with every job.
_ORDER: Final = (
    (Placing.RESIDENT, False),
    (Placing.PARKED, False),
    (Placing.RESIDENT, True),
    (Placing.PARKED, True),
    (Placing.OFFLOADED, False),
    (Placing.OFFLOADED, True),
)
"""Where weights lie, and whether pictures are decoded in tiles."""


def measure_needs(parts: Footprint, plan: MemoryPlan) -> float:
    """GiB of a card that a plan takes at most, whatever is just being computed."""
    text, denoiser = _weigh(parts, plan.bits)
    drawing = _STEP + plan.at_once * parts.picture
    decoding = _STEP + parts.decoding * (_TILES if plan.tiled else 1.0)
    kept = denoiser + parts.vae + parts.beside
    match plan.placing:
        case Placing.RESIDENT:
            return text + kept + max(drawing, decoding)
        case Placing.PARKED:
            return kept + max(text + _READ, drawing, decoding)
        case Placing.OFFLOADED:
            each = text + _READ, denoiser + drawing, parts.vae + decoding
            return parts.beside + max(each)


def _weigh(parts: Footprint, bits: Bits) -> tuple[float, float]:
    """GiB of text encoders and denoiser with weights of so many bits."""
    small = _SMALLER[bits]
    text = parts.text * (1 - parts.text_layers * (1 - small))
    return text, parts.denoiser * (1 - parts.layers * (1 - small))


def estimate_footprint(card: Card, adapters: str = "", controlnets: str = "") -> Footprint:
    """What a model takes by the figures of its family.

    Args:
        card: Its card.
        adapters: Image adapters that are loaded beside it; empty for none.
        controlnets: ControlNets, as ``EASEL_CONTROLNETS`` names them; empty for none.
    """
    known = FOOTPRINTS.get(card.called) or FOOTPRINTS.get(card.id) or _guess(card)
    networks = set(read_sources(controlnets).values())
    return add_beside(known, adapters=bool(adapters), networks=networks)


def add_beside(parts: Footprint, *, adapters: bool, networks: Iterable[str]) -> Footprint:
    """A footprint with adapters and different ControlNets that stay on the card."""
    more = adapters * parts.adapters + len(list(networks)) * parts.network
    return replace(parts, beside=parts.beside + more)


def _guess(card: Card) -> Footprint:
    """Of a family without figures: by the memory that its card states."""
    return Footprint(text=0.3 * card.memory, denoiser=0.5 * card.memory, picture=0.05 * card.memory)


def _is_wanted(plan: MemoryPlan, wanted: str) -> bool:
    match wanted:
        case "auto":
            return True
        case _ if wanted == FLOAT_8:
            return plan.bits == 8
        case "8bit" | "4bit":
            return plan.bits == int(wanted.removesuffix("bit"))
        case _:
            return plan.bits == 16 and plan.placing == wanted


def describe(plan: MemoryPlan) -> str:
    """A plan in a few words, such as ``text encoders parked, 8 bits, one at a time``."""
    where = {
        Placing.RESIDENT: "resident",
        Placing.PARKED: "text encoders parked",
        Placing.OFFLOADED: "each part loaded as it computes",
    }[plan.placing]
    bits = [] if plan.bits == 16 else [f"{plan.bits} bits"]
    bits += ["multiplied in fp8"] if plan.multiplied else []
    number = {4: [], 2: ["two at a time"], 1: ["one at a time"]}[plan.at_once]
    return ", ".join([where, *bits, *number, *(["decoded in tiles"] if plan.tiled else [])])
