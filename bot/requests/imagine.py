"""The one way in: from what a person asked to a committed job."""

import secrets
import uuid
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any

import discord
from sqlalchemy import Connection

from bot import errors
from bot.access import ownership, policy
from bot.access.defaults import Shelf
from bot.components import confirm, modals
from bot.components.confirm import ASK_FROM, Request
from bot.delivery.destination import Place
from bot.requests.accept import Acceptance, acknowledge, tell
from bot.text import sentences
from bot.text.languages import say
from bot.text.messages import Title
from generation.catalogue.card import Capability, Card
from generation.derive import blend, reroll
from generation.recipe import SEED_LIMIT, Ingredient
from prompt.errors import PromptError
from prompt.flags.sources import PromptSource
from prompt.flags.table import RATIO, SEED
from prompt.reading.grammar import Prompt, parse
from prompt.reading.shortcuts import expand
from prompt.resolution.check import drop_unreachable
from prompt.resolution.orders import Order, check_all, name_alternatives, read_orders
from prompt.resolution.presets import Merged, check_preset
from prompt.resolution.references import StoredImages, list_addresses
from prompt.resolution.resolve import Resolved, resolve
from prompt.resolution.suggestions import mend_suggestion
from storage.decisions import choice_queries
from storage.decisions.choices import Limits, ServerChoices
from storage.queue.jobs import QueueInfo


@dataclass(frozen=True, slots=True)
class _Asked:
    """What was asked for.

    Attributes:
        shelf: What is kept for the person and the server.
        each: Every order, and its prompt with what is kept added to it.
    """

    shelf: Shelf
    each: tuple[tuple[Order, Merged], ...]

    @property
    def prompts(self) -> list[Prompt]:
        """The prompts with everything added."""
        return [merged.prompt for _, merged in self.each]


class Intake:
    """Checks, acknowledges, fetches, resolves and accepts; in that order."""

    def __init__(self, acceptance: Acceptance) -> None:
        self._in, self._records = acceptance, acceptance.records

    @property
    def cards(self) -> list[Card]:
        """The cards of what draws here, the usual one's first."""
        return self._in.cards

    def kept(self, text: str) -> str:
        """A text that is kept for later prompts, in canonical spelling.

        Raises:
            PromptError: It cannot be kept.
        """
        return check_preset(text, self._in.models)

    async def imagine(
        self,
        interaction: discord.Interaction[Any],
        text: str,
        pictures: Sequence[str] = (),
        preset: str = "",
        way: PromptSource = PromptSource.IMAGINE,
    ) -> None:
        """Takes a prompt as typed; many jobs only after a yes.

        Args:
            interaction: Who asks, and where.
            text: What was typed.
            pictures: Addresses of attached images.
            preset: Name of the preset chosen beside the prompt.
            way: Where the prompt was typed.

        Raises:
            PromptError: The prompt is not one; nothing was acknowledged yet.
            NotAllowedError: The server does not allow it.
        """
        try:
            text, wanted = await self._read(interaction, text, way)
            await self._check(interaction, wanted, preset, way, len(pictures))
        except PromptError as error:
            raise mend_suggestion(error, self._draws, attached=len(pictures)) from None
        many = len(wanted) >= ASK_FROM
        message = await acknowledge(interaction, private=many)
        shelf = await Shelf.of(self._records, interaction)
        asked = self._completed(shelf, wanted, preset, way, len(pictures))
        choices = await self._admit(interaction, asked)
        request = Request(text, preset, tuple([await self._in.keep(url) for url in pictures]), way)
        if many:
            await self._ask(interaction, request, wanted)
        else:
            await self._take(interaction, request, asked, choices, message)

    async def sketch(self, interaction: discord.Interaction[Any], text: str, drawing: str) -> None:
        """Takes a drawing to be finished, with ``--control`` in its text.

        Raises:
            NotAbleError: The family cannot keep to a drawing; nothing was acknowledged yet.
            PromptError: The prompt is not one; nothing was acknowledged yet.
            NotAllowedError: The server does not allow it.
        """
        self._in.require(Capability.STRUCTURE)
        await self.imagine(interaction, text, [drawing])

    async def _read(
        self, interaction: discord.Interaction[Any], text: str, way: PromptSource
    ) -> tuple[str, tuple[Order, ...]]:
        """The text with the person's own flags written out, and the jobs that it stands for.

        Only a text that cannot be read without them is looked up, so that all others are
        acknowledged before the database is asked for anything.
        """
        try:
            return text, read_orders(text, source=way)
        except PromptError:
            person = await policy.preferences(self._records, interaction.user.id)
            whole = expand(text, person.options)
            return whole, read_orders(whole, source=way)

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
                if len(self.cards) == 1:
                    raise
        shelf = await Shelf.of(self._records, interaction)
        asked = self._completed(shelf, wanted, preset, way, attached)
        try:
            return check_all(asked.prompts, self._draws, attached=attached)
        except PromptError as error:
            raise name_alternatives(error, asked.prompts, self.cards, attached=attached) from None

    def _draws(self, prompt: Prompt) -> Card:
        return self._in.drawing(prompt).card

    async def confirm(self, interaction: discord.Interaction[Any], draft: str) -> None:
        """Takes a yes to a question about many jobs.

        Raises:
            DraftGoneError: It was answered before.
            NotAllowedError: The server does not allow it any more.
        """
        await interaction.response.defer()
        request = Request.kept(await self._draft(choice_queries.draft, interaction, draft))
        wanted = read_orders(request.text, source=request.way)
        shelf = await Shelf.of(self._records, interaction)
        asked = self._completed(shelf, wanted, request.preset, request.way, len(request.images))
        choices = await self._admit(interaction, asked)
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
            raise errors.DraftGoneError
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
        asked: _Asked,
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
                kept[url] = kept.get(url) or await self._in.keep(url)
            images = [*request.images, *(kept[url] for url in links)]
            made.append(self._resolved(Order(whole.prompt, order.copy), images, kept))
            notes |= dict.fromkeys(made[-1].notes)
        policy.measure(choices, [resolved.recipe for resolved in made])
        place = await Place.of(interaction, choices, asked.shelf.person)
        for resolved, (_, whole) in zip(made, asked.each, strict=True):
            spot, message = await place.spot(message), None
            await self._in.accept(
                interaction,
                spot,
                resolved.recipe,
                Title("imagine"),
                choices,
                speed=resolved.speed,
                origins=whole.origins,
            )
        await tell(interaction, notes)

    async def blend(
        self,
        interaction: discord.Interaction[Any],
        pictures: Sequence[str],
        weights: Sequence[float],
        ratio: str,
    ) -> None:
        """Takes several images to be blended, without words but the person's own suffix.

        Args:
            interaction: Who asks, and where.
            pictures: Addresses of the images.
            weights: How much of each, beside the others.
            ratio: Width to height, as ``--ar`` takes it; empty if the person chose none.

        Raises:
            NotAbleError: The family cannot blend; nothing was acknowledged yet.
            NotAllowedError: The server does not allow it.
        """
        self._in.require(Capability.BLEND)
        message = await acknowledge(interaction)
        shelf = await Shelf.of(self._records, interaction)
        typed = parse(f"--{RATIO.name} {ratio}" if ratio else "")
        asked = self._completed(shelf, [Order(typed, 0)], "", PromptSource.BLEND, 1)
        choices = await self._admit(interaction, asked)
        ((_, merged),) = asked.each
        self._in.require(Capability.BLEND, self._draws(merged.prompt))
        images = [await self._in.keep(url) for url in pictures]
        linked = list_addresses(merged.prompt.flags)
        kept = {url: await self._in.keep(url) for url in linked}
        resolved = self._resolved(Order(merged.prompt, 0), images[:1], kept)
        recipe = blend(
            resolved.recipe,
            [Ingredient(image=i, weight=w) for i, w in zip(images, weights, strict=True)],
        )
        policy.measure(choices, [recipe])
        spot = await (await Place.of(interaction, choices, shelf.person)).spot(message)
        await self._in.accept(
            interaction,
            spot,
            recipe,
            Title("blend"),
            choices,
            speed=resolved.speed,
            origins=merged.origins,
        )
        await tell(interaction, resolved.notes)

    def _completed(
        self, shelf: Shelf, wanted: Sequence[Order], preset: str, way: PromptSource, attached: int
    ) -> _Asked:
        """Orders with all that presets, the person and the server add and the model can do."""
        each = []
        for order in wanted:
            merged = shelf.complete(order.prompt, preset, way)
            card, images = self._draws(merged.prompt), attached + len(order.prompt.images)
            each.append((order, drop_unreachable(merged, card, images=images)))
        return _Asked(shelf, tuple(each))

    async def _admit(self, interaction: discord.Interaction[Any], asked: _Asked) -> ServerChoices:
        return await self._in.admit(interaction, [self._draws(each) for each in asked.prompts])

    def _resolved(self, order: Order, images: Sequence[str], kept: StoredImages) -> Resolved:
        """One order with every choice made; repetitions of a named seed take those after it."""
        one = self._in.drawing(order.prompt)
        resolved = resolve(
            order.prompt,
            one.card,
            model=one.model,
            seed=secrets.randbelow(SEED_LIMIT),
            images=images,
            kept=kept,
            versions=self._in.versions,
        )
        own = SEED.of(order.prompt.flags)
        if own is None or not order.copy:
            return resolved
        seed = (own + order.copy * len(resolved.recipe.pictures)) % SEED_LIMIT
        return replace(
            resolved,
            recipe=reroll(resolved.recipe, seed),
            notes=(*resolved.notes, say(sentences.SEEDS_FOLLOW)),
        )

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

    async def cancel(self, interaction: discord.Interaction[Any], job_id: str) -> None:
        """Takes a press of Cancel.

        Raises:
            JobGoneError: The job is not in the database.
            NotYoursError: The person may not cancel it.
            TooLateError: It has already ended.
        """
        await interaction.response.defer()
        job = await ownership.found(self._in.jobs, job_id)
        if not ownership.may_remove(interaction, job):
            raise errors.NotYoursError
        if not await self._in.jobs.cancel(job_id):
            raise errors.TooLateError

    async def cancel_all(self, interaction: discord.Interaction[Any]) -> None:
        """Cancels everything of the person's that waits or runs."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        own = await self._records.read(choice_queries.unfinished_of, interaction.user.id)
        count = sum([await self._in.jobs.cancel(job) for job in own])
        said = (
            say(sentences.CANCELLED_ALL, count=count) if count else say(sentences.NOTHING_TO_CANCEL)
        )
        await interaction.edit_original_response(content=said)

    async def queue(self) -> QueueInfo:
        """How many jobs wait and run, and how many workers live."""
        return await self._in.jobs.queue_info()

    async def allowance(self, interaction: discord.Interaction[Any]) -> Limits:
        """How much the person may ask for where they are."""
        server = await self._records.read(choice_queries.server, interaction.guild_id or 0)
        own = policy.allowance(server, interaction)
        return own.model_copy(update={"unfinished": min(own.unfinished, self._in.jobs.most)})
