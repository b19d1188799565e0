"""A served model in words: what ``easel models show`` prints."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from cli.checkpoints import NotFetchedError, find_fault, find_place
from generation.catalogue.card import Capability, Card
from generation.catalogue.checkpoints import is_file
from generation.catalogue.families import CARDS, VARIANTS, find_card
from generation.catalogue.licences import find_licence
from generation.catalogue.served import ServedModel
from generation.catalogue.signatures import read_signature


def describe(one: ServedModel) -> Iterator[tuple[str, str]]:
    """Labels and what stands behind each."""
    card = one.card
    yield "model", f"{card.title} (--model {card.called})"
    for note in filter(None, (find_fault(one), suggest(one))):
        yield "", note
    yield "family", find_card(card.id).title
    yield "about", card.about
    yield "licence", tell_licence(one)
    if card.notice:
        yield "", card.notice
    yield from _describe_drawing(card)
    yield "memory", f"{card.memory:g} GiB of GPU memory or more"
    yield "can do", ", ".join(sorted(card.capabilities))
    yield "settings", f"in {one.tuning}" if one.tuning else "its family's; none of its own"


def _describe_drawing(card: Card) -> Iterator[tuple[str, str]]:
    """What it is drawn with where nothing is typed."""
    exact = ", and no other number" if card.distilled else ""
    yield "steps", f"{card.steps}{exact}"
    guided = Capability.GUIDANCE in card.capabilities
    yield "guidance", f"{card.guidance:g}" if guided else "none"
    spaced = f", timesteps {card.spacing}" if card.spacing else ""
    yield "sampler", f"{card.sampler}{spaced}"
    yield "size", f"{card.side} × {card.side}"
    for label, said in (
        ("adds", card.added),
        ("avoids", card.avoided),
        ("trigger", card.trigger),
        ("rescale", f"{card.rescale:g}" if card.rescale else ""),
        ("clip skip", str(card.clip_skip) if card.clip_skip > 1 else ""),
        ("autoencoder", card.vae),
        ("LoRA", card.worn),
        ("words", ", ".join(card.learnt)),
    ):
        if said:
            # Messages name no path.
            yield label, said.rpartition("/")[2] if label in {"autoencoder", "LoRA"} else said
    if card.velocity:
        yield "predicts", "velocity"
    if card.float8:
        yield "numbers", "weights of 8 bits (fp8), multiplied so where the GPU can"


_QUICK: Final = re.compile(r"lightning|turbo|hyper|lcm|dmd|[1-8][ _-]?steps?", re.IGNORECASE)
_VELOCITY: Final = re.compile(r"v[ _-]?pred", re.IGNORECASE)


def suggest(one: ServedModel) -> str:
    """What a single file's name says of it and nothing else does, in a sentence; empty if nothing.

    Names are no more than a hint, so nothing is drawn otherwise for one.
    """
    card, own = one.card, f"{Path(one.source).stem}.toml"
    if one.tuning or card.distilled or not (is_file(one.source) and Path(one.source).is_file()):
        return ""
    if card.id not in {"sd15", "sdxl"}:
        return ""
    if _VELOCITY.search(one.model) and not read_signature(Path(one.source)).velocity:
        return (
            "by its name it predicts velocity, and its tensors do not say so: if pictures are"
            f' noise, write prediction = "velocity" into {own} beside it'
        )
    if _QUICK.search(one.model):
        return (
            f"by its name it is made for few steps, and it is drawn with {card.steps}: write what"
            f" its page says of steps, guidance and sampler into {own} beside it"
        )
    return ""


def tell_licence(one: ServedModel) -> str:
    """The licence of a model: its settings file's, its own card's, or what the catalogue knows."""
    known = next((card for card in (*CARDS, *VARIANTS) if card.model == one.source), None)
    if known or one.card.licence != find_card(one.card.id).licence:
        return one.card.licence
    try:
        return find_licence(str(find_place(one.source)))
    except NotFetchedError:
        return "not known before it is fetched"
