"""Orders completed with what is kept for people and servers, admitted, and resolved to recipes."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from bot.access.defaults import UserDefaults
from bot.errors import NotAllowedError
from bot.interactions.requester import Requester
from bot.requests.accept import JobAcceptor
from bot.requests.models import ServedModels
from bot.text import sentences
from bot.text.languages import say
from generation.catalogue.card import Card
from generation.derive import reroll
from generation.recipe import SEED_LIMIT
from generation.untrusted.traits import ImageTraits
from prompt.flags.sources import PromptSource
from prompt.flags.table import SEED
from prompt.reading.grammar import Prompt
from prompt.resolution.check import drop_unreachable
from prompt.resolution.orders import Order
from prompt.resolution.presets import Merged
from prompt.resolution.references import StoredImages, list_addresses
from prompt.resolution.resolve import Resolved, resolve
from prompt.resolution.versions import choose_model
from prompt.sentences import Sentence
from storage.decisions.choices import ServerChoices

MOST_LINKS: Final = 10
"""Different images that one request may link to; each costs this machine a connection."""


@dataclass(frozen=True, slots=True)
class CompletedOrders:
    """What was asked for.

    Attributes:
        defaults: What is kept for the person and the server.
        attached: How many images came with each prompt besides those it links to.
        each: Every order, and its prompt with what is kept added to it.
    """

    defaults: UserDefaults
    attached: int
    each: tuple[tuple[Order, Merged], ...]

    @property
    def prompts(self) -> list[Prompt]:
        """The prompts with everything added."""
        return [merged.prompt for _, merged in self.each]


def complete_orders(
    models: ServedModels,
    defaults: UserDefaults,
    wanted: Sequence[Order],
    *,
    preset: str,
    source: PromptSource,
    attached: int,
) -> CompletedOrders:
    """Orders with all that presets, the person and the server add and the model can do.

    Args:
        models: What draws here.
        defaults: What is kept for the person and the server.
        wanted: The orders as typed.
        preset: Name of the preset chosen beside the prompt; empty for none.
        source: Where the prompt was typed.
        attached: How many images came with it.
    """
    each = []
    for order in wanted:
        merged = defaults.complete(order.prompt, preset, source)
        card = models.find_for(merged.prompt, attached).card
        # References that somebody keeps for all prompts must not refuse one whose model takes none.
        images = attached + len(order.prompt.images)
        each.append((order, drop_unreachable(merged, card, images=images)))
    return CompletedOrders(defaults, attached, tuple(each))


async def admit(
    acceptor: JobAcceptor, requester: Requester, asked: CompletedOrders
) -> ServerChoices:
    """What the server decided, if it lets all of these orders in.

    Raises:
        NotAllowedError: It does not, or they link to too many images.
        LimitReachedError: So many do not fit into what the person may ask for.
    """
    require_few_links(asked.prompts)

    def choose(choices: ServerChoices) -> list[Card]:
        find = partial(acceptor.models.find_for, attached=asked.attached, choices=choices)
        return [find(each).card for each in asked.prompts]

    return await acceptor.admit(requester, choose)


def require_few_links(prompts: Iterable[Prompt]) -> None:
    """Goes on if all prompts of a request together link to so many images that they are fetched.

    Raises:
        NotAllowedError: They link to more.
    """
    links = {link.url for prompt in prompts for link in prompt.images}
    links.update(url for prompt in prompts for url in list_addresses(prompt.flags))
    if len(links) > MOST_LINKS:
        raise NotAllowedError(
            Sentence(sentences.TOO_MANY_LINKS, count=len(links), limit=MOST_LINKS)
        )


def resolve_order(
    models: ServedModels,
    order: Order,
    images: Sequence[str],
    kept: StoredImages,
    *,
    traits: Mapping[str, ImageTraits],
    choices: ServerChoices,
) -> Resolved:
    """One order with every choice made; repetitions of a named seed take those after it.

    Args:
        models: What draws here.
        order: What to make.
        images: SHA-256 of attached and linked images.
        kept: SHA-256 by address of what its flags link to.
        traits: What is known of the images that the pictures are made from, by their SHA-256.
        choices: What the server decided.
    """
    photographs = bool(traits) and all(each.photograph for each in traits.values())
    attached = len(images) - len(order.prompt.images)
    one = models.find_for(order.prompt, attached, photographs=photographs, choices=choices)
    resolved = resolve(
        order.prompt,
        one.card,
        model=one.model,
        seed=secrets.randbelow(SEED_LIMIT),
        images=images,
        kept=kept,
        shapes={sha256: each.shape for sha256, each in traits.items()},
        versions=models.versions,
    )
    if photographs and one is not choose_model(order.prompt.flags, models.by_name, models.versions):
        resolved = replace(resolved, by_image=True)
    own = SEED.of(order.prompt.flags)
    if own is None or not order.copy:
        return resolved
    # Every picture of a grid takes a seed, so repetitions go on after the grid's last one.
    seed = (own + order.copy * len(resolved.recipe.noise)) % SEED_LIMIT
    return replace(
        resolved,
        recipe=reroll(resolved.recipe, seed),
        notes=(*resolved.notes, say(sentences.SEEDS_FOLLOW)),
    )
