"""From several images to a committed job that blends them."""

from collections.abc import Sequence
from typing import Any

import discord

from bot.access import policy
from bot.access.defaults import UserDefaults
from bot.delivery.destination import Destination, release_promise
from bot.interactions.replies import acknowledge, tell_notes
from bot.requests.accept import JobAcceptor
from bot.requests.job_request import JobRequest
from bot.requests.resolution import admit, complete_orders, resolve_order
from bot.text.messages import Title
from bot.text.origins import keep_choice
from bot.text.titles import keep_title
from generation.catalogue.card import Capability
from generation.catalogue.families import find_card
from generation.derive import blend
from generation.recipe import Ingredient
from prompt.flags.numbers import Ratio
from prompt.flags.sources import PromptSource
from prompt.flags.table import RATIO
from prompt.reading.grammar import Prompt
from prompt.resolution.orders import Order
from prompt.resolution.references import list_addresses


class BlendHandler:
    """Takes what ``/blend`` asks for."""

    def __init__(self, acceptor: JobAcceptor) -> None:
        self._acceptor, self._models = acceptor, acceptor.models
        self._records = acceptor.records

    async def take_images(
        self,
        interaction: discord.Interaction[Any],
        pictures: Sequence[str],
        weights: Sequence[float],
        ratio: Ratio | None,
    ) -> None:
        """Takes several images to be blended, without words but the person's own suffix.

        Args:
            interaction: Who asks, and where.
            pictures: Addresses of the images.
            weights: How much of each, beside the others.
            ratio: Width to height, or None if the person chose none.

        Raises:
            NotAbleError: The family cannot blend; nothing was acknowledged yet.
            NotAllowedError: The server does not allow it.
        """
        self._models.require(Capability.BLEND)
        message = await acknowledge(interaction)
        defaults = await UserDefaults.load(self._records, interaction)
        chosen = Prompt(flags={RATIO.name: ratio} if ratio else {})
        asked = complete_orders(
            self._models,
            defaults,
            [Order(chosen, 0)],
            preset="",
            source=PromptSource.BLEND,
            attached=1,
        )
        choices = await admit(self._acceptor, interaction, asked)
        ((_, merged),) = asked.each
        self._models.require(Capability.BLEND, self._models.find_for(merged.prompt, 1).card)
        person = interaction.user.id
        images = [await self._acceptor.images.keep(url, person) for url in pictures]
        linked = list_addresses(merged.prompt.flags)
        kept = {url: await self._acceptor.images.keep(url, person) for url in linked}
        traits = await self._acceptor.images.look_at(images)
        order = Order(merged.prompt, 0)
        resolved = resolve_order(
            self._models, order, images[:1], kept, traits=traits, choices=choices
        )
        recipe = blend(
            resolved.recipe,
            [Ingredient(image=i, weight=w) for i, w in zip(images, weights, strict=True)],
            find_card(resolved.recipe.family).plan,
        )
        policy.check_size(choices, [recipe])
        destination = await Destination.choose(interaction, choices, defaults.person, message)
        request = JobRequest(
            recipe=recipe,
            title=Title("blend"),
            speed=resolved.speed,
            origins={
                **merged.origins,
                **keep_choice(resolved),
                **keep_title("", merged.prompt, pictures),
            },
        )
        await self._acceptor.accept(interaction, destination, [request], choices)
        await release_promise(interaction, destination, message)
        await tell_notes(interaction, resolved.notes)
