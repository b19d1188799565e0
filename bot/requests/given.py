"""Edits of pictures that were not drawn here: what the first change of each is derived from."""

import secrets
from dataclasses import replace
from typing import Any, Final

import discord

from bot.access import policy
from bot.delivery.destination import Destination, release_promise
from bot.interactions.replies import acknowledge, tell_notes
from bot.requests.accept import JobAcceptor
from bot.requests.derive import DeriveHandler
from bot.requests.job_request import JobRequest
from bot.requests.resolution import resolve_order
from bot.requests.rewording import Change, Fetched
from bot.text.messages import Title
from bot.text.titles import keep_title
from generation.catalogue.card import Card
from generation.derive import Parent
from generation.recipe import SEED_LIMIT, Recipe
from prompt.flags.table import STRENGTH
from prompt.reading.grammar import Prompt
from prompt.resolution.orders import Order
from storage.decisions.choices import ServerChoices

_AS_IT_IS: Final = Prompt(flags={STRENGTH.name: 0.0})
"""What gives an image back: the picture before its first change."""


def as_parent(given: Recipe, image: str) -> Parent:
    """An image as something to make others of.

    Args:
        given: The recipe that gives it back.
        image: Its SHA-256.
    """
    # Nobody typed that nothing is to change, and the next words are to.
    return Parent(replace(given, parameters=""), 0, image)


class GivenPictures:
    """Has pictures made of images that people show."""

    def __init__(self, acceptor: JobAcceptor, maker: DeriveHandler) -> None:
        self._acceptor, self._models, self._maker = acceptor, acceptor.models, maker

    async def make(
        self,
        interaction: discord.Interaction[Any],
        url: str,
        change: Change,
        title: Title,
        fetched: Fetched | None = None,
    ) -> None:
        """Makes something of the image at an address.

        Args:
            interaction: Who asks, and where.
            url: Where the image is.
            change: From the image, as the one picture of a recipe that gives it back.
            title: How the job is titled.
            fetched: The images that it takes besides.

        Raises:
            Exception: Whatever ``change`` raises.
            ImageError: It is no picture that may be used.
            NotAllowedError: The server does not allow it.
        """
        message = await acknowledge(interaction)
        acceptor, person = self._acceptor, interaction.user.id
        choices = await acceptor.admit(interaction, self._choose)
        image = await acceptor.images.keep(url, person)
        if fetched is not None:
            await fetched.fetch(acceptor.images, person)
        traits = await acceptor.images.look_at([image])
        given = resolve_order(
            self._models, Order(_AS_IT_IS, 0), [image], {}, traits=traits, choices=choices
        )
        made = change(as_parent(given.recipe, image), secrets.randbelow(SEED_LIMIT))
        self._maker.check_ratio(made.recipe)
        policy.check_size(choices, [made.recipe])
        preferences = await policy.read_preferences(acceptor.records, person)
        destination = await Destination.choose(interaction, choices, preferences, message)
        request = JobRequest(
            recipe=made.recipe,
            title=Title(title.action),
            speed=made.speed,
            origins=keep_title("", _AS_IT_IS, [url]),
        )
        await acceptor.accept(interaction, destination, [request], choices)
        await release_promise(interaction, destination, message)
        await tell_notes(interaction, made.notes)

    def _choose(self, choices: ServerChoices) -> list[Card]:
        return [self._models.find_for(_AS_IT_IS, 1, choices=choices).card]
