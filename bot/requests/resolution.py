"""Orders completed with what is kept for people and servers, admitted, and resolved to recipes."""

import secrets
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Final

from bot.access import policy
from bot.access.defaults import UserDefaults
from bot.components.confirm import ASK_FROM, Draft
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
from prompt.errors import PromptError
from prompt.flags.sources import PromptSource
from prompt.flags.table import EDIT, SEED
from prompt.reading.grammar import Prompt
from prompt.reading.shortcuts import expand, may_expand
from prompt.resolution.check import drop_unreachable
from prompt.resolution.options import Options, write_options
from prompt.resolution.orders import Order, check_all, name_alternatives, read_orders
from prompt.resolution.presets import Merged
from prompt.resolution.references import StoredImages, find_links, list_addresses
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
    def orders(self) -> list[Order]:
        """The orders as they were typed."""
        return [order for order, _ in self.each]

    @property
    def prompts(self) -> list[Prompt]:
        """The prompts with everything added."""
        return [merged.prompt for _, merged in self.each]


@dataclass(frozen=True, slots=True)
class TypedRequest:
    """What somebody typed, and what they chose beside it.

    Attributes:
        text: The prompt, or several.
        preset: Name of the preset chosen beside it; empty for none.
        source: Where it was typed.
        options: What was chosen beside it, by the flags that mean the same.
        attached: How many images came with it besides those it links to.
    """

    text: str
    preset: str
    source: PromptSource
    options: Options
    attached: int

    def keep(self, images: Sequence[str], pictures: Sequence[str]) -> Draft:
        """The same as it is kept until a yes.

        Args:
            images: SHA-256 of the images that came with it, if they were fetched.
            pictures: Their addresses.
        """
        options = write_options(self.options)
        return Draft(self.text, self.preset, tuple(images), self.source, options, tuple(pictures))


def try_orders(models: ServedModels, typed: TypedRequest) -> Sequence[Order] | None:
    """The jobs that a text stands for, found without asking the database for anything.

    Returns:
        The jobs; None where what is kept for the person, or for the server, may have it read or
        drawn after all: flags of their own, words or another model of a preset.

    Raises:
        PromptError: It cannot be drawn, whatever is kept.
        NotAllowedError: It links to too many images.
    """
    try:
        wanted = read_orders(typed.text, source=typed.source, options=typed.options)
    except PromptError:
        if may_expand(typed.text):
            return None
        raise
    prompts = [order.prompt for order in wanted]
    require_few_links(prompts)
    if not all(each.phrases for each in prompts):
        return None
    try:
        check_typed(models, prompts, typed.attached)
    except PromptError:
        # With one model there is no other that a preset or preference could choose instead, and
        # words that it lacks are all that they could add.
        if len(models.cards) == 1 and not models.cards[0].taught:
            raise
        return None
    return wanted


def complete_typed(
    models: ServedModels,
    typed: TypedRequest,
    defaults: UserDefaults,
    tried: Sequence[Order] | None = None,
) -> tuple[TypedRequest, CompletedOrders]:
    """A text with everything kept for the person and the server.

    Args:
        models: What draws here.
        typed: What was typed.
        defaults: What is kept.
        tried: The jobs that it stands for, where :func:`try_orders` found them.

    Returns:
        The text with the person's own flags written out, and its jobs.

    Raises:
        PromptError: It cannot be drawn; another model may be named in it that would draw it.
    """
    # A flag of the person's own, such as --mine, looks like a mistake until it is written out.
    whole = typed if tried else replace(typed, text=expand(typed.text, defaults.person.options))
    wanted = tried or read_orders(whole.text, source=typed.source, options=typed.options)
    attached = typed.attached
    asked = complete_orders(
        models, defaults, wanted, preset=typed.preset, source=typed.source, attached=attached
    )
    try:
        if not tried:
            check_typed(models, asked.prompts, attached)
    except PromptError as error:
        raise name_alternatives(error, asked.prompts, models.cards, attached=attached) from None
    return whole, asked


def check_typed(models: ServedModels, prompts: Sequence[Prompt], attached: int) -> None:
    """Goes on if what would draw each prompt can.

    Raises:
        PromptError: It cannot.
    """
    check_all(prompts, lambda it: models.find_for(it, attached).card, attached=attached)


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
    acceptor: JobAcceptor,
    requester: Requester,
    asked: CompletedOrders,
    *,
    kind: policy.AskedKind = "jobs",
) -> ServerChoices:
    """What the server decided, if it lets all of these orders in.

    Args:
        acceptor: What lets them in.
        requester: Who asks, and where.
        asked: What for.
        kind: Whether each is a job of its own.

    Raises:
        NotAllowedError: It does not, or they link to too many images.
        LimitReachedError: So many do not fit into what the person may ask for.
    """
    links = require_few_links(asked.prompts)
    # Where nothing slow is done for them, jobs are held to limits as they are accepted, and once.
    slow = kind != "jobs" or bool(asked.attached or links) or len(asked.each) >= ASK_FROM

    def choose(choices: ServerChoices) -> list[Card]:
        find = partial(acceptor.models.find_for, attached=asked.attached, choices=choices)
        return [find(each).card for each in asked.prompts]

    return await acceptor.admit(
        requester, choose, kind=kind, choices=asked.defaults.server, counts=slow
    )


def require_few_links(prompts: Iterable[Prompt]) -> int:
    """Goes on if all prompts of a request together link to so many images that they are fetched.

    Returns:
        How many.

    Raises:
        NotAllowedError: They link to more.
    """
    links = {link.url for prompt in prompts for link in prompt.images}
    links.update(url for prompt in prompts for url in list_addresses(prompt.flags))
    if len(links) > MOST_LINKS:
        raise NotAllowedError(
            Sentence(sentences.TOO_MANY_LINKS, count=len(links), limit=MOST_LINKS)
        )
    return len(links)


async def resolve_orders(
    acceptor: JobAcceptor,
    person: int,
    attached: Sequence[str],
    asked: CompletedOrders,
    choices: ServerChoices,
) -> list[Resolved]:
    """Makes every choice of each order; an address that stands in several is fetched once.

    Args:
        acceptor: What keeps images, and knows what draws.
        person: Who asks.
        attached: SHA-256 of the images that came with it.
        asked: What was asked for.
        choices: What the server decided.

    Raises:
        ImageError: A link leads to no image that may be used.
    """
    kept: dict[str, str] = {}
    traits: dict[str, ImageTraits] = {}
    made: list[Resolved] = []
    for order, whole in asked.each:
        links = [link.url for link in order.prompt.images]
        for url in (*links, *list_addresses(whole.prompt.flags)):
            # Several orders of one text share their links; each is fetched once.
            kept[url] = kept.get(url) or await acceptor.images.keep(url, person)
        images = [*attached, *(kept[url] for url in links)]
        edited = find_links(whole.prompt.flags).get(EDIT.name, ())
        used = dict.fromkeys([*images, *(kept[url] for url in edited)])
        traits |= await acceptor.images.look_at(used.keys() - traits.keys())
        known = {sha256: traits[sha256] for sha256 in used if sha256 in traits}
        one = Order(whole.prompt, order.copy)
        made.append(
            resolve_order(acceptor.models, one, images, kept, traits=known, choices=choices)
        )
    return made


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
