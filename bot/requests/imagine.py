"""From a prompt as typed to committed jobs; after a question, where they are many."""

import re
import uuid
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any, Final

import discord

from bot.access import policy
from bot.access.defaults import UserDefaults
from bot.access.drafts import read_draft, take_draft
from bot.components import confirm, modals
from bot.components.confirm import ASK_FROM, Draft
from bot.components.describing import build_image_view
from bot.delivery.destination import Destination, release_promise
from bot.interactions.host import FindPicture
from bot.interactions.patience import begin
from bot.interactions.replies import acknowledge, answer_error, tell_notes
from bot.requests.accept import JobAcceptor
from bot.requests.job_request import JobRequest
from bot.requests.resolution import (
    CompletedOrders,
    TypedRequest,
    admit,
    complete_orders,
    complete_typed,
    resolve_orders,
    try_orders,
)
from bot.text import sentences
from bot.text.languages import say
from bot.text.messages import Title
from bot.text.origins import keep_choice
from bot.text.titles import keep_title
from generation.catalogue.card import Capability, Card
from prompt.errors import PromptError
from prompt.flags.sources import PromptSource
from prompt.reading.grammar import Prompt
from prompt.resolution.options import NO_OPTIONS, Options, read_options
from prompt.resolution.orders import Order, read_orders
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
        begun: str = "",
        promised: bool = False,
    ) -> None:
        """Takes a prompt as typed; many jobs only after a yes, and a suggestion with a button.

        Args:
            interaction: Who asks, and where.
            text: What was typed.
            pictures: Addresses of attached images.
            preset: Name of the preset chosen beside the prompt.
            source: Where the prompt was typed.
            options: What was chosen beside it, by the flags that mean the same.
            begun: The draft in which an image waits for these words; empty for none.
            promised: Whether an answer was promised already, in private.

        Raises:
            DraftGoneError: There is no such draft.
            PromptError: The prompt is not one, and it takes a person to put it right.
            NotAllowedError: The server does not allow it.
        """
        attached = len(pictures) or int(bool(begun))
        typed = TypedRequest(text, preset, source, options, attached)
        try:
            await self._take(interaction, typed, pictures, begun, promised=promised)
        except PromptError as error:
            refusal = mend_suggestion(error, self._find_card(attached), attached=attached)
            if refusal.suggestion is None:
                raise refusal from None
            await self._suggest(interaction, refusal, typed, pictures, begun)

    async def _suggest(
        self,
        interaction: discord.Interaction[Any],
        refusal: PromptError,
        typed: TypedRequest,
        pictures: Sequence[str],
        begun: str,
    ) -> None:
        """Refuses a prompt with the button that draws what would work."""
        draft = uuid.uuid4().hex
        # Answered before it is kept: a database that is slow must not cost the answer.
        await answer_error(interaction, refusal, confirm.build_offer(draft))
        if begun:
            body = await read_draft(self._records, begun, interaction.user.id)
            pictures = [body["picture"]]
        right = replace(typed, text=refusal.suggestion or "")
        await self._keep_draft(interaction, draft, right.keep((), pictures))

    async def _take(
        self,
        interaction: discord.Interaction[Any],
        typed: TypedRequest,
        pictures: Sequence[str],
        begun: str,
        *,
        promised: bool,
    ) -> None:
        # Read and resolved as a trial first: a mistake is answered in private at once, which is
        # no longer possible after the public promise of an answer.
        tried, asked = try_orders(self._models, typed), None
        if tried is None:
            reading = await begin(UserDefaults.load(self._records, interaction))
            if reading.done():
                typed, asked = complete_typed(self._models, typed, reading.result())
        wanted = asked.orders if asked else tried
        # Discord fixes with the first answer whether it is private; a question about many jobs is,
        # and so is what may still turn out to be a mistake, once the database has answered.
        private = promised or wanted is None or len(wanted) >= ASK_FROM
        message = None if promised else await acknowledge(interaction, private=private)
        if asked is None:
            defaults = await UserDefaults.load(self._records, interaction)
            typed, asked = complete_typed(self._models, typed, defaults, tried)
        if begun:
            body = await take_draft(self._records, begun, interaction.user.id)
            pictures = [body["picture"]]
        choices = await admit(self._acceptor, interaction, asked)
        # Images are fetched last, since a slow host may take longer than Discord waits for an
        # answer.
        person = interaction.user.id
        images = tuple([await self._acceptor.images.keep(url, person) for url in pictures])
        request = typed.keep(images, pictures)
        if len(asked.each) >= ASK_FROM:
            await self._ask(interaction, request, asked.orders)
        elif private:
            await self._accept_privately(interaction, request, asked, choices)
        else:
            notes = await self._accept_orders(interaction, request, asked, choices, message)
            await tell_notes(interaction, notes)

    async def _accept_privately(
        self,
        interaction: discord.Interaction[Any],
        request: Draft,
        asked: CompletedOrders,
        choices: ServerChoices,
    ) -> None:
        """Accepts orders beside a private promise, which cannot show pictures to everybody."""
        # Edited first: what follows a promise that was not kept yet would stay private with it.
        await interaction.edit_original_response(content=say(sentences.WAITING))
        notes = await self._accept_orders(interaction, request, asked, choices)
        # They are queued and will be shown, whatever becomes of the note that says so.
        with suppress(discord.HTTPException):
            queued = say(sentences.ASKED, count=len(asked.each))
            await interaction.edit_original_response(content=queued)
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
        request = Draft.from_json(await read_draft(self._records, draft, interaction.user.id))
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
            fetched = [await self._acceptor.images.keep(url, person) for url in request.names]
            request = replace(request, images=tuple(fetched))
        # Taken first, so that of two presses one counts; put back where nothing was queued.
        await take_draft(self._records, draft, interaction.user.id)
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
        made = await resolve_orders(
            self._acceptor, interaction.user.id, request.images, asked, choices
        )
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

    async def offer(self, person: int, text: str, pictures: Sequence[str]) -> str:
        """Keeps a prompt that nobody has asked to draw yet; the draft that a press takes up.

        Args:
            person: Who wrote it, and alone may press.
            text: The prompt.
            pictures: Addresses of images that came with it, fetched only once they are wanted.
        """
        draft, request = uuid.uuid4().hex, Draft(text, "", (), names=tuple(pictures))
        await self._records.write(choice_queries.keep_draft, draft, person, request.to_json())
        return draft

    async def offer_image(self, interaction: discord.Interaction[Any], picture: str) -> None:
        """Shows in private what can be done with an image."""
        draft = uuid.uuid4().hex
        # A custom id has room for a hundred characters, and an image's address may have more.
        keeping = await begin(self.keep_picture(draft, interaction.user.id, picture))
        await interaction.response.send_message(
            say(sentences.WHAT_WITH_IMAGE), view=build_image_view(draft), ephemeral=True
        )
        await keeping

    async def offer_start(self, interaction: discord.Interaction[Any], find: FindPicture) -> None:
        """Shows the form for words to go with an image, which has to be the first answer.

        Raises:
            NoImageError: There is no image after all.
        """
        draft = uuid.uuid4().hex
        await interaction.response.send_modal(modals.build_start_form(draft))
        # After it: whoever fills the form in takes longer than a message or a database.
        await self.keep_picture(draft, interaction.user.id, await find())

    async def keep_picture(self, draft: str, person: int, picture: str) -> None:
        """Keeps the address of an image for what somebody does with it next."""
        body = {"picture": picture}
        await self._records.write(choice_queries.keep_draft, draft, person, body)

    async def take_start(self, interaction: discord.Interaction[Any], draft: str) -> None:
        """Takes the words that go with an image.

        Raises:
            DraftGoneError: The form was sent before.
            PromptError: The words are no prompt.
        """
        await self.take_prompt(interaction, modals.read_prompt(interaction), begun=draft)
