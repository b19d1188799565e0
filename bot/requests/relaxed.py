"""Jobs for which somebody's fast time is used up: kept, and drawn relaxed if they say so."""

import uuid
from contextlib import suppress
from typing import Any

import discord

from bot.access import policy
from bot.access.drafts import take_draft
from bot.components import confirm
from bot.delivery.destination import Destination
from bot.errors import FastSpentError
from bot.requests.accept import JobAcceptor
from bot.requests.job_request import JobRequest
from bot.text import sentences
from bot.text.languages import say
from generation.catalogue.card import Card
from storage.decisions import choice_queries
from storage.decisions.choices import ServerChoices


class RelaxedOffers:
    """Keeps what was refused as fast, and has it accepted as relaxed."""

    def __init__(self, acceptor: JobAcceptor) -> None:
        self._acceptor, self._records = acceptor, acceptor.records

    async def keep(
        self, interaction: discord.Interaction[Any], error: FastSpentError
    ) -> discord.ui.View:
        """Keeps what was refused; the button that has it drawn relaxed."""
        draft = uuid.uuid4().hex
        body = {"relaxed": list(error.requests)}
        await self._records.write(choice_queries.keep_draft, draft, interaction.user.id, body)
        return confirm.build_relaxed_offer(draft)

    async def take(self, interaction: discord.Interaction[Any], draft: str) -> None:
        """Takes a yes.

        Raises:
            DraftGoneError: It was answered before.
            OtherFamilyError: What was to draw it is no longer here.
            NotAllowedError: The server does not allow it any more.
            LimitReachedError: It does not fit into what the person may ask for.
        """
        await interaction.response.defer()
        person = interaction.user.id
        # Taken first, so that of two presses one counts; put back where nothing was queued.
        body = await take_draft(self._records, draft, person)
        try:
            requests = [JobRequest.from_json(one, "relax") for one in body["relaxed"]]
            await self._accept(interaction, requests)
        except Exception:
            await self._records.write(choice_queries.keep_draft, draft, person, body)
            raise
        queued = say(sentences.ASKED, count=len(requests))
        # They are queued and will be shown, whatever becomes of the note that says so.
        with suppress(discord.HTTPException):
            await interaction.edit_original_response(content=queued, view=None, attachments=[])

    async def _accept(
        self, interaction: discord.Interaction[Any], requests: list[JobRequest]
    ) -> None:
        recipes = [request.recipe for request in requests]

        def choose(_: ServerChoices) -> list[Card]:
            return [self._acceptor.models.find_maker(recipe).card for recipe in recipes]

        choices = await self._acceptor.admit(interaction, choose)
        policy.check_size(choices, recipes)
        preferences = await policy.read_preferences(self._records, interaction.user.id)
        destination = await Destination.choose(interaction, choices, preferences)
        await self._acceptor.accept(interaction, destination, requests, choices)
