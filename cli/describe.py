"""A served model in words: what ``easel models show`` prints."""

from collections.abc import Iterator

from cli.checkpoints import NotFetchedError, find_place
from generation.catalogue.card import Capability, Card
from generation.catalogue.families import CARDS, VARIANTS, find_card
from generation.catalogue.licences import find_licence
from generation.catalogue.served import ServedModel


def describe(one: ServedModel) -> Iterator[tuple[str, str]]:
    """Labels and what stands behind each."""
    card = one.card
    yield "model", f"{card.title} (--model {card.called})"
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


def tell_licence(one: ServedModel) -> str:
    """The licence of a model: its settings file's, its own card's, or what the catalogue knows."""
    known = next((card for card in (*CARDS, *VARIANTS) if card.model == one.source), None)
    if known or one.card.licence != find_card(one.card.id).licence:
        return one.card.licence
    try:
        return find_licence(str(find_place(one.source)))
    except NotFetchedError:
        return "not known before it is fetched"
