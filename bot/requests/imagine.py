"""From a prompt as typed to committed jobs; after a question, where they are many."""

import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import discord
from sqlalchemy import Connection

from bot.access import policy
from bot.access.defaults import Shelf
from bot.components import confirm, modals
from bot.components.confirm import ASK_FROM, Request
from bot.delivery.destination import Place
from bot.errors import DraftGoneError
from bot.interactions.replies import acknowledge, tell
from bot.requests.accept import JobAcceptor
from bot.requests.resolution import CompletedOrders, admit, complete_orders, resolve_order
from bot.text import sentences
from bot.text.languages import say
from bot.text.messages import Title
from generation.catalogue.card import Capability, Card
from prompt.errors import PromptError
from prompt.flags.sources import PromptSource
from prompt.reading.grammar import Prompt
from prompt.reading.shortcuts import expand
from prompt.resolution.options import NO_OPTIONS, Options, read_options, write_options
from prompt.resolution.orders import Order, check_all, name_alternatives, read_orders
from prompt.resolution.references import list_addresses
from prompt.resolution.resolve import Resolved
from prompt.resolution.suggestions import mend_suggestion
from storage.decisions import choice_queries
from storage.decisions.choices import ServerChoices


class ImagineHandler:
    """Checks, acknowledges, fetches, resolves and accepts; in that order."""

    def __init__(self, acceptor: JobAcceptor) -> None:
        self._acceptor, self._models = acceptor, acceptor.models
        self._records = acceptor.records

    async def imagine(
        self,
        interaction: discord.Interaction[Any],
        text: str,
        pictures: Sequence[str] = (),
        *,
        preset: str = "",
        way: PromptSource = PromptSource.IMAGINE,
        options: Options = NO_OPTIONS,
    ) -> None:
        """Takes a prompt as typed; many jobs only after a yes.

        Args:
            interaction: Who asks, and where.
            text: What was typed.
            pictures: Addresses of attached images.
            preset: Name of the preset chosen beside the prompt.
            way: Where the prompt was typed.
            options: What was chosen beside it, by the flags that mean the same.

        Raises:
            PromptError: The prompt is not one; nothing was acknowledged yet.
            NotAllowedError: The server does not allow it.
        """
        try:
            text, wanted = await self._read(interaction, text, way, options)
            await self._check(interaction, wanted, preset=preset, way=way, attached=len(pictures))
        except PromptError as error:
            raise mend_suggestion(error, self._draws, attached=len(pictures)) from None
        many = len(wanted) >= ASK_FROM
        message = await acknowledge(interaction, private=many)
        shelf = await Shelf.of(self._records, interaction)
        asked = complete_orders(
            self._models, shelf, wanted, preset=preset, way=way, attached=len(pictures)
        )
        choices = await admit(self._acceptor, interaction, asked)
        images = tuple([await self._acceptor.keep_image(url) for url in pictures])
        request = Request(text, preset, images, way, write_options(options))
        if many:
            await self._ask(interaction, request, wanted)
        else:
            await self._take(interaction, request, asked, choices, message)

    async def sketch(
        self, interaction: discord.Interaction[Any], text: str, drawing: str, options: Options
    ) -> None:
        """Takes a drawing to be finished, with ``--control`` among the options.

        Raises:
            NotAbleError: The family cannot keep to a drawing; nothing was acknowledged yet.
            PromptError: The prompt is not one; nothing was acknowledged yet.
            NotAllowedError: The server does not allow it.
        """
        self._models.require(Capability.STRUCTURE)
        await self.imagine(interaction, text, [drawing], options=options)

    async def _read(
        self,
        interaction: discord.Interaction[Any],
        text: str,
        way: PromptSource,
        options: Options,
    ) -> tuple[str, tuple[Order, ...]]:
        """The text with the person's own flags written out, and the jobs that it stands for.

        Only a text that cannot be read without them is looked up, so that all others are
        acknowledged before the database is asked for anything.
        """
        try:
            return text, read_orders(text, source=way, options=options)
        except PromptError:
            person = await policy.preferences(self._records, interaction.user.id)
            whole = expand(text, person.options)
            return whole, read_orders(whole, source=way, options=options)

    async def _check(
        self,
        interaction: discord.Interaction[Any],
        wanted: Sequence[Order],
        preset: str,
        way: PromptSource,
        attached: int,
    ) -> None:
        """Refuses what cannot be drawn.

        What is kept for a prompt is looked up only where that may have it drawn after all, with
        words or with another model, so that all others are acknowledged before the database is
        asked for anything.
        """
        prompts = [order.prompt for order in wanted]
        if all(each.phrases for each in prompts):
            try:
                return check_all(prompts, self._draws, attached=attached)
            except PromptError:
                if len(self._models.cards) == 1:
                    raise
        shelf = await Shelf.of(self._records, interaction)
        asked = complete_orders(
            self._models, shelf, wanted, preset=preset, way=way, attached=attached
        )
        try:
            return check_all(asked.prompts, self._draws, attached=attached)
        except PromptError as error:
            raise name_alternatives(
                error, asked.prompts, self._models.cards, attached=attached
            ) from None

    def _draws(self, prompt: Prompt) -> Card:
        return self._models.find_for(prompt).card

    async def confirm(self, interaction: discord.Interaction[Any], draft: str) -> None:
        """Takes a yes to a question about many jobs.

        Raises:
            DraftGoneError: It was answered before.
            NotAllowedError: The server does not allow it any more.
        """
        await interaction.response.defer()
        request = Request.kept(await self._draft(choice_queries.read_draft, interaction, draft))
        options = read_options(request.options)
        wanted = read_orders(request.text, source=request.way, options=options)
        shelf = await Shelf.of(self._records, interaction)
        asked = complete_orders(
            self._models,
            shelf,
            wanted,
            preset=request.preset,
            way=request.way,
            attached=len(request.images),
        )
        choices = await admit(self._acceptor, interaction, asked)
        await self._draft(choice_queries.take_draft, interaction, draft)
        queued = say(sentences.ASKED, count=len(wanted))
        await interaction.edit_original_response(content=queued, view=None)
        await self._take(interaction, request, asked, choices)

    async def _draft(
        self,
        look: Callable[[Connection, str, int], dict[str, Any] | None],
        interaction: discord.Interaction[Any],
        draft: str,
    ) -> dict[str, Any]:
        """What waits under a draft's id.

        Raises:
            DraftGoneError: Nothing, as it was answered before.
        """
        body = await self._records.write(look, draft, interaction.user.id)
        if body is None:
            raise DraftGoneError
        return body

    async def forget(self, interaction: discord.Interaction[Any], draft: str) -> None:
        """Takes a no to a question about many jobs."""
        await interaction.response.edit_message(content=say(sentences.FORGOTTEN), view=None)
        await self._records.write(choice_queries.take_draft, draft, interaction.user.id)

    async def _ask(
        self,
        interaction: discord.Interaction[Any],
        request: Request,
        wanted: Sequence[Order],
    ) -> None:
        draft = uuid.uuid4().hex
        await self._records.write(
            choice_queries.keep_draft, draft, interaction.user.id, asdict(request)
        )
        await interaction.edit_original_response(
            content=confirm.question(wanted), view=confirm.buttons(draft)
        )

    async def _take(
        self,
        interaction: discord.Interaction[Any],
        request: Request,
        asked: CompletedOrders,
        choices: ServerChoices,
        message: int | None = None,
    ) -> None:
        """Resolves, then accepts each order; all but that of ``message`` get a new message."""
        notes: dict[str, None] = {}
        kept: dict[str, str] = {}
        made: list[Resolved] = []
        for order, whole in asked.each:
            links = [link.url for link in order.prompt.images]
            for url in (*links, *list_addresses(whole.prompt.flags)):
                kept[url] = kept.get(url) or await self._acceptor.keep_image(url)
            images = [*request.images, *(kept[url] for url in links)]
            made.append(resolve_order(self._models, Order(whole.prompt, order.copy), images, kept))
            notes |= dict.fromkeys(made[-1].notes)
        policy.measure(choices, [resolved.recipe for resolved in made])
        place = await Place.of(interaction, choices, asked.shelf.person)
        for resolved, (_, whole) in zip(made, asked.each, strict=True):
            spot, message = await place.spot(message), None
            await self._acceptor.accept(
                interaction,
                spot,
                resolved.recipe,
                Title("imagine"),
                choices,
                speed=resolved.speed,
                origins=whole.origins,
            )
        await tell(interaction, notes)

    async def offer_start(self, interaction: discord.Interaction[Any], picture: str) -> None:
        """Shows the form for words to go with an image, which has to be the first answer."""
        draft = uuid.uuid4().hex
        body = {"picture": picture}
        await self._records.write(choice_queries.keep_draft, draft, interaction.user.id, body)
        await interaction.response.send_modal(modals.start(draft))

    async def start(self, interaction: discord.Interaction[Any], draft: str) -> None:
        """Takes the words that go with an image.

        Raises:
            DraftGoneError: The form was sent before.
            PromptError: The words are no prompt.
        """
        body = await self._draft(choice_queries.take_draft, interaction, draft)
        await self.imagine(interaction, modals.answer(interaction), [body["picture"]])
