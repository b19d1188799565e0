"""From a prompt as typed to committed jobs; after a question, where they are many."""

import re
import uuid
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

import discord
from sqlalchemy import Connection

from bot.access import policy
from bot.access.defaults import UserDefaults
from bot.components import confirm, modals
from bot.components.confirm import ASK_FROM, Draft
from bot.delivery.destination import Destination, release_promise
from bot.errors import DraftGoneError
from bot.interactions.replies import acknowledge, answer_error, tell_notes
from bot.requests.accept import JobAcceptor, JobRequest
from bot.requests.resolution import (
    CompletedOrders,
    admit,
    complete_orders,
    require_few_links,
    resolve_order,
)
from bot.text import sentences
from bot.text.languages import say
from bot.text.messages import Title
from bot.text.origins import keep_choice
from bot.text.titles import keep_title
from generation.catalogue.card import Capability, Card
from generation.untrusted.traits import ImageTraits
from prompt.errors import PromptError
from prompt.flags.sources import PromptSource
from prompt.flags.table import EDIT
from prompt.reading.grammar import Prompt
from prompt.reading.shortcuts import expand
from prompt.resolution.options import NO_OPTIONS, Options, read_options, write_options
from prompt.resolution.orders import Order, check_all, name_alternatives, read_orders
from prompt.resolution.references import find_links, list_addresses
from prompt.resolution.resolve import Resolved
from prompt.resolution.suggestions import mend_suggestion
from storage.decisions import choice_queries
from storage.decisions.choices import ServerChoices

_OF_A_PROGRAM: Final = re.compile(r"\s*\{|.*\n")
"""How the JSON and the several lines begin that other programs write."""


class ImagineHandler:
    """Checks, acknowledges, fetches, resolves and accepts; in that order."""

    def __init__(self, acceptor: JobAcceptor) -> None:
        self._acceptor, self._models = acceptor, acceptor.models
        self._records = acceptor.records

    async def take_prompt(
        self,
        interaction: discord.Interaction[Any],
        text: str,
        pictures: Sequence[str] = (),
        *,
        preset: str = "",
        source: PromptSource = PromptSource.IMAGINE,
        options: Options = NO_OPTIONS,
    ) -> None:
        """Takes a prompt as typed; many jobs only after a yes, and a suggestion with a button.

        Args:
            interaction: Who asks, and where.
            text: What was typed.
            pictures: Addresses of attached images.
            preset: Name of the preset chosen beside the prompt.
            source: Where the prompt was typed.
            options: What was chosen beside it, by the flags that mean the same.

        Raises:
            PromptError: The prompt is not one, and it takes a person to put it right.
            NotAllowedError: The server does not allow it.
        """
        try:
            await self._take(
                interaction, text, pictures, preset=preset, source=source, options=options
            )
        except PromptError as error:
            find = self._find_card(len(pictures))
            refusal = mend_suggestion(error, find, attached=len(pictures))
            if refusal.suggestion is None:
                raise refusal from None
            names = tuple(pictures)
            draft = Draft(refusal.suggestion, preset, (), source, write_options(options), names)
            await self._suggest(interaction, refusal, draft)

    async def _suggest(
        self, interaction: discord.Interaction[Any], refusal: PromptError, request: Draft
    ) -> None:
        """Refuses a prompt with the button that draws what would work."""
        draft = uuid.uuid4().hex
        # Answered before it is kept: a database that is slow must not cost the answer.
        await answer_error(interaction, refusal, confirm.build_offer(draft))
        await self._keep_draft(interaction, draft, request)

    async def _take(
        self,
        interaction: discord.Interaction[Any],
        text: str,
        pictures: Sequence[str],
        *,
        preset: str,
        source: PromptSource,
        options: Options,
    ) -> None:
        # Read and resolved as a trial first: a mistake is answered in private at once, which is
        # no longer possible after the public promise of an answer.
        text, wanted = await self._read(interaction, text, source, options)
        await self._check(interaction, wanted, preset=preset, source=source, attached=len(pictures))
        # Discord fixes with the first answer whether it is private; a question about many jobs is.
        many = len(wanted) >= ASK_FROM
        message = await acknowledge(interaction, private=many)
        defaults = await UserDefaults.load(self._records, interaction)
        asked = complete_orders(
            self._models, defaults, wanted, preset=preset, source=source, attached=len(pictures)
        )
        choices = await admit(self._acceptor, interaction, asked)
        # Images are fetched last, since a slow host may take longer than Discord waits for an
        # answer.
        person = interaction.user.id
        images = tuple([await self._acceptor.keep_image(url, person) for url in pictures])
        request = Draft(text, preset, images, source, write_options(options), tuple(pictures))
        if many:
            await self._ask(interaction, request, wanted)
        else:
            notes = await self._accept_orders(interaction, request, asked, choices, message)
            await tell_notes(interaction, notes)

    async def take_sketch(
        self, interaction: discord.Interaction[Any], text: str, drawing: str, options: Options
    ) -> None:
        """Takes a drawing to be finished, with ``--control`` among the options.

        Raises:
            NotAbleError: The family cannot keep to a drawing; nothing was acknowledged yet.
            PromptError: The prompt is not one; nothing was acknowledged yet.
            NotAllowedError: The server does not allow it.
        """
        self._models.require(Capability.STRUCTURE)
        await self.take_prompt(interaction, text, [drawing], options=options)

    async def _read(
        self,
        interaction: discord.Interaction[Any],
        text: str,
        source: PromptSource,
        options: Options,
    ) -> tuple[str, tuple[Order, ...]]:
        """The text with the person's own flags written out, and the jobs that it stands for.

        Only a text that cannot be read without them is looked up, so that all others are
        acknowledged before the database is asked for anything.
        """
        try:
            return text, read_orders(text, source=source, options=options)
        except PromptError:
            person = await policy.read_preferences(self._records, interaction.user.id)
            # A flag of the person's own, such as --mine, looks like a mistake until it is written
            # out.
            whole = expand(text, person.options)
            return whole, read_orders(whole, source=source, options=options)

    async def _check(
        self,
        interaction: discord.Interaction[Any],
        wanted: Sequence[Order],
        preset: str,
        source: PromptSource,
        attached: int,
    ) -> None:
        """Refuses what cannot be drawn.

        What is kept for a prompt is looked up only where that may have it drawn after all, with
        words or with another model, so that all others are acknowledged before the database is
        asked for anything.
        """
        prompts = [order.prompt for order in wanted]
        require_few_links(prompts)
        # A prompt without words may still get some from a preset, so it is not refused yet.
        if all(each.phrases for each in prompts):
            try:
                return check_all(prompts, self._find_card(attached), attached=attached)
            except PromptError:
                # With one model there is no other that a preset or preference could choose instead,
                # and words that it lacks are all that they could add.
                if len(self._models.cards) == 1 and not self._models.cards[0].taught:
                    raise
        defaults = await UserDefaults.load(self._records, interaction)
        asked = complete_orders(
            self._models, defaults, wanted, preset=preset, source=source, attached=attached
        )
        try:
            return check_all(asked.prompts, self._find_card(attached), attached=attached)
        except PromptError as error:
            raise name_alternatives(
                error, asked.prompts, self._models.cards, attached=attached
            ) from None

    def _find_card(self, attached: int) -> Callable[[Prompt], Card]:
        return lambda prompt: self._models.find_for(prompt, attached).card

    async def confirm(
        self, interaction: discord.Interaction[Any], draft: str, *, asked: bool
    ) -> None:
        """Takes a yes to a question about many jobs, or to a suggestion.

        Args:
            interaction: Whose yes.
            draft: The request.
            asked: Whether the person was told how many jobs it makes.

        Raises:
            DraftGoneError: It was answered before.
            NotAllowedError: The server does not allow it any more.
        """
        await interaction.response.defer()
        request = Draft.from_json(
            await self._read_draft(choice_queries.read_draft, interaction, draft)
        )
        # Everything is decided anew: presets, limits and permissions may have changed since the
        # question.
        options = read_options(request.options)
        wanted = read_orders(request.text, source=request.source, options=options)
        if not asked and len(wanted) >= ASK_FROM:
            await self._show_question(interaction, draft, wanted)
            return
        defaults = await UserDefaults.load(self._records, interaction)
        completed = complete_orders(
            self._models,
            defaults,
            wanted,
            preset=request.preset,
            source=request.source,
            attached=len(request.images or request.names),
        )
        choices = await admit(self._acceptor, interaction, completed)
        if not request.images:
            # What came with a refused prompt was not worth fetching until now.
            person = interaction.user.id
            fetched = [await self._acceptor.keep_image(url, person) for url in request.names]
            request = replace(request, images=tuple(fetched))
        # Taken first, so that of two presses one counts; put back where nothing was queued.
        await self._read_draft(choice_queries.take_draft, interaction, draft)
        try:
            notes = await self._accept_orders(interaction, request, completed, choices)
        except Exception:
            await self._keep_draft(interaction, draft, request)
            raise
        queued = say(sentences.ASKED, count=len(wanted))
        # They are queued and will be shown, whatever becomes of the note that says so.
        with suppress(discord.HTTPException):
            await interaction.edit_original_response(content=queued, view=None, attachments=[])
        await tell_notes(interaction, notes)

    async def _read_draft(
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
        request: Draft,
        wanted: Sequence[Order],
    ) -> None:
        draft = uuid.uuid4().hex
        await self._keep_draft(interaction, draft, request)
        await self._show_question(interaction, draft, wanted)

    async def _show_question(
        self, interaction: discord.Interaction[Any], draft: str, wanted: Sequence[Order]
    ) -> None:
        await interaction.edit_original_response(
            content=confirm.write_question(wanted),
            view=confirm.build_buttons(draft),
            attachments=[],
        )

    async def _keep_draft(
        self, interaction: discord.Interaction[Any], draft: str, request: Draft
    ) -> None:
        await self._records.write(
            choice_queries.keep_draft, draft, interaction.user.id, request.to_json()
        )

    async def _accept_orders(
        self,
        interaction: discord.Interaction[Any],
        request: Draft,
        asked: CompletedOrders,
        choices: ServerChoices,
        message: int | None = None,
    ) -> Collection[str]:
        """Resolves and accepts all orders or none; all but that of ``message`` get a new message.

        Returns:
            How the words were understood.
        """
        made = await self._resolve_orders(interaction.user.id, request, asked, choices)
        # All are resolved and checked before any is accepted, so that a request is refused whole.
        policy.check_size(choices, [resolved.recipe for resolved in made])
        destination = await Destination.choose(interaction, choices, asked.defaults.person, message)
        # What another program wrote, or what stands for several prompts, is no title of one.
        alone = len(made) == 1 and not _OF_A_PROGRAM.match(request.text)
        typed = request.text if alone else ""
        requests = [
            JobRequest(
                recipe=resolved.recipe,
                title=Title("imagine"),
                speed=resolved.speed,
                origins={
                    **whole.origins,
                    **keep_choice(resolved),
                    **keep_title(typed, order.prompt, request.names),
                },
            )
            for resolved, (order, whole) in zip(made, asked.each, strict=True)
        ]
        await self._acceptor.accept(interaction, destination, requests, choices)
        await release_promise(interaction, destination, message)
        return dict.fromkeys(note for resolved in made for note in resolved.notes)

    async def _resolve_orders(
        self, person: int, request: Draft, asked: CompletedOrders, choices: ServerChoices
    ) -> list[Resolved]:
        """Makes every choice of each order; an address that stands in several is fetched once."""
        kept: dict[str, str] = {}
        traits: dict[str, ImageTraits] = {}
        made: list[Resolved] = []
        for order, whole in asked.each:
            links = [link.url for link in order.prompt.images]
            for url in (*links, *list_addresses(whole.prompt.flags)):
                # Several orders of one text share their links; each is fetched once.
                kept[url] = kept.get(url) or await self._acceptor.keep_image(url, person)
            images = [*request.images, *(kept[url] for url in links)]
            edited = find_links(whole.prompt.flags).get(EDIT.name, ())
            used = dict.fromkeys([*images, *(kept[url] for url in edited)])
            traits |= await self._acceptor.look_at(used.keys() - traits.keys())
            known = {sha256: traits[sha256] for sha256 in used if sha256 in traits}
            one = Order(whole.prompt, order.copy)
            made.append(
                resolve_order(self._models, one, images, kept, traits=known, choices=choices)
            )
        return made

    async def offer_start(self, interaction: discord.Interaction[Any], picture: str) -> None:
        """Shows the form for words to go with an image, which has to be the first answer."""
        draft = uuid.uuid4().hex
        # A custom id has room for a hundred characters, and an image's address may have more.
        body = {"picture": picture}
        await self._records.write(choice_queries.keep_draft, draft, interaction.user.id, body)
        await interaction.response.send_modal(modals.build_start_form(draft))

    async def take_start(self, interaction: discord.Interaction[Any], draft: str) -> None:
        """Takes the words that go with an image.

        Raises:
            DraftGoneError: The form was sent before.
            PromptError: The words are no prompt.
        """
        body = await self._read_draft(choice_queries.take_draft, interaction, draft)
        await self.take_prompt(interaction, modals.read_prompt(interaction), [body["picture"]])
