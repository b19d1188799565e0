"""Sheets: one prompt drawn for each value of one or two dials, from equal noise."""

import secrets
import uuid
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import discord

from bot.access import ownership, policy
from bot.access.defaults import UserDefaults
from bot.access.drafts import take_draft
from bot.components import confirm
from bot.components.confirm import Draft
from bot.delivery.destination import Destination, release_promise
from bot.errors import OldButtonError
from bot.interactions.replies import acknowledge, tell_notes
from bot.requests.accept import JobAcceptor
from bot.requests.resolution import (
    CompletedOrders,
    TypedRequest,
    admit,
    complete_typed,
    resolve_orders,
)
from bot.text import sentences, titles
from bot.text.languages import say
from bot.text.sheet_texts import write_sheet_question
from generation.derive import narrow, reroll
from generation.recipe import SEED_LIMIT, Recipe
from generation.recipe.sheet import Sheet, is_sheet
from prompt import sentences as said
from prompt.errors import PromptError
from prompt.flags.table import SEED
from prompt.resolution.dials import read_axes, write_dials
from prompt.resolution.options import NO_OPTIONS
from prompt.resolution.resolve import Resolved
from prompt.sentences import Sentence
from storage.decisions import choice_queries
from storage.decisions.choices import PersonChoices, ServerChoices
from storage.queue import costs
from storage.queue.costs import Work
from storage.queue.jobs import Job, Speed
from storage.queue.limits import LimitReachedError


@dataclass(frozen=True, slots=True)
class PlannedSheet:
    """A sheet with every choice made.

    Attributes:
        sheet: What is drawn.
        speed: Its place in the queue.
        notes: How the words were understood.
        choices: What the server decided.
        person: What the person decided.
    """

    sheet: Sheet
    speed: Speed
    notes: tuple[str, ...]
    choices: ServerChoices
    person: PersonChoices


class CompareHandler:
    """Asks before a sheet is drawn, draws it, and shows its pictures one by one."""

    def __init__(self, acceptor: JobAcceptor) -> None:
        self._acceptor, self._models = acceptor, acceptor.models
        self._records = acceptor.records

    async def take_prompt(
        self,
        interaction: discord.Interaction[Any],
        text: str,
        dials: Sequence[str],
        pictures: Sequence[str],
    ) -> None:
        """Takes a prompt with its dials, and tells what the sheet would be before it is drawn.

        Args:
            interaction: Who asks, and where.
            text: The prompt, perhaps with choices in braces.
            dials: What is changed besides.
            pictures: Addresses of attached images.

        Raises:
            PromptError: There is nothing to compare, too much, or no prompt.
            NotAllowedError: The server does not allow it.
            LimitReachedError: It does not fit into what the person may ask for.
        """
        axes = read_axes(write_dials(text, dials))
        await acknowledge(interaction, private=True)
        person, request = interaction.user.id, Draft(axes.text, "", (), names=tuple(pictures))
        planned, request = await self._plan(interaction, request)
        draft = uuid.uuid4().hex
        await self._records.write(choice_queries.keep_draft, draft, person, request.to_json())
        seconds = await self._expect(planned.sheet)
        await interaction.edit_original_response(
            content=write_sheet_question(planned.sheet, seconds),
            view=confirm.build_sheet_question(draft),
        )

    async def confirm(self, interaction: discord.Interaction[Any], draft: str) -> None:
        """Takes a yes to a sheet.

        Raises:
            DraftGoneError: It was answered before.
            NotAllowedError: The server does not allow it any more.
            LimitReachedError: It does not fit any more into what the person may ask for.
        """
        await interaction.response.defer()
        person = interaction.user.id
        # Taken first, so that of two presses one counts; put back where nothing was queued.
        body = await take_draft(self._records, draft, person)
        try:
            planned, _ = await self._plan(interaction, Draft.from_json(body))
            notes = await self._accept(interaction, planned)
        except Exception:
            await self._records.write(choice_queries.keep_draft, draft, person, body)
            raise
        # It is queued and will be shown, whatever becomes of the note that says so.
        with suppress(discord.HTTPException):
            queued = say(sentences.ASKED, count=1)
            await interaction.edit_original_response(content=queued, view=None)
        await tell_notes(interaction, notes)

    async def draw_again(self, interaction: discord.Interaction[Any], job_id: str) -> None:
        """Draws a sheet anew: from other noise, or from the same where nothing came of it.

        Raises:
            JobGoneError: There is no such job.
            OldButtonError: It is no sheet.
            NotAllowedError: The server does not allow it.
            LimitReachedError: It does not fit into what the person may ask for.
        """
        message = await acknowledge(interaction)
        job = await self._find(job_id)
        sheet = Sheet.from_json(job.recipe)
        # Where the seed is what is compared, other noise would belie the labels.
        if job.state == "done" and len({cell.noise for cell in sheet.cells}) == 1:
            seed = secrets.randbelow(SEED_LIMIT)
            fresh = tuple(reroll(cell, seed) for cell in sheet.cells)
            sheet = replace(sheet, cells=fresh)
        cards = [self._models.find_maker(cell).card for cell in sheet.cells]
        choices = await self._acceptor.admit(interaction, lambda _: cards, kind="sheet")
        policy.check_size(choices, sheet.cells)
        person = await policy.read_preferences(self._records, interaction.user.id)
        planned = PlannedSheet(sheet, job.speed, (), choices, person)
        await tell_notes(interaction, await self._accept(interaction, planned, message))

    async def show_cell(
        self, interaction: discord.Interaction[Any], job_id: str, chosen: Sequence[str]
    ) -> None:
        """Shows one picture of a sheet in a message of its own, with its buttons.

        Args:
            interaction: Who wants to see it.
            job_id: The sheet's job.
            chosen: Which of its pictures, counted from 0.

        Raises:
            JobGoneError: There is no such job.
            OldButtonError: It is no sheet, or has no such picture.
            NotAllowedError: The server lets them ask for nothing here.
            LimitReachedError: As many pictures of theirs wait to be shown as may.
        """
        message = await acknowledge(interaction)
        job = await self._find(job_id)
        place = next((int(one) for one in chosen if one.isdecimal()), len(job.pictures))
        if place >= len(job.pictures):
            raise OldButtonError
        choices = await self._acceptor.admit(interaction, lambda _: [], kind="question")
        person = await policy.read_preferences(self._records, interaction.user.id)
        destination = await Destination.choose(interaction, choices, person, message)
        await self._acceptor.show_cell(interaction, destination, job, place, choices)
        await release_promise(interaction, destination, message)

    async def _find(self, job_id: str) -> Job:
        job = await ownership.find_job(self._acceptor.jobs, job_id)
        if not is_sheet(job.recipe):
            raise OldButtonError
        return job

    async def _plan(
        self, interaction: discord.Interaction[Any], request: Draft
    ) -> tuple[PlannedSheet, Draft]:
        """A sheet with every choice made, and the request with its images fetched.

        Raises:
            PromptError: One of them cannot be drawn.
            NotAllowedError: The server does not allow it.
            LimitReachedError: It does not fit into what the person may ask for.
        """
        axes = read_axes(request.text)
        defaults = await UserDefaults.load(self._records, interaction)
        attached = len(request.images or request.names)
        typed = TypedRequest(request.text, "", request.source, NO_OPTIONS, attached)
        _, asked = complete_typed(self._models, typed, defaults)
        if len(asked.each) != len(axes.columns) * max(1, len(axes.rows)):
            raise PromptError(Sentence(said.REPEATED_DIALS))
        choices = await admit(self._acceptor, interaction, asked, kind="sheet")
        person = interaction.user.id
        if not request.images:
            # Fetched last, since a slow host takes its time, and for nobody who may not ask.
            images = [await self._acceptor.images.keep(url, person) for url in request.names]
            request = replace(request, images=tuple(images))
        made = await resolve_orders(self._acceptor, person, request.images, asked, choices)
        cells = axes.arrange(_share_noise(asked, made))
        policy.check_size(choices, cells)
        sheet = Sheet(
            typed=titles.drop_links(request.text),
            # Links to others' images are nobody else's.
            columns=tuple(map(titles.name_links, axes.columns)),
            rows=tuple(map(titles.name_links, axes.rows)),
            cells=tuple(cells),
        )
        notes = tuple(dict.fromkeys(note for resolved in made for note in resolved.notes))
        return PlannedSheet(sheet, made[0].speed, notes, choices, defaults.person), request

    async def _accept(
        self,
        interaction: discord.Interaction[Any],
        planned: PlannedSheet,
        message: int | None = None,
    ) -> tuple[str, ...]:
        """Accepts a sheet, relaxed where fast time is used up; what is to be told of it."""
        choices, notes = planned.choices, planned.notes
        destination = await Destination.choose(interaction, choices, planned.person, message)
        accept = partial(self._acceptor.accept_sheet, interaction, destination, planned.sheet)
        try:
            await accept(choices, planned.speed)
        except LimitReachedError as error:
            if error.excess.kind != "fast":
                raise
            await accept(choices, "relax")
            notes = (*notes, Sentence(sentences.SHEET_RELAXED))
        await release_promise(interaction, destination, message)
        return notes

    async def _expect(self, sheet: Sheet) -> float | None:
        """GPU seconds that a sheet is expected to take; None where that is not known."""
        works = [Work.of(one.model, "imagine", one.pixels, one.steps) for one in sheet.cells]
        known = await self._records.read(costs.read_known_costs, set(works))
        seconds = [known[work] for work in works]
        return None if None in seconds else sum(one or 0.0 for one in seconds)


def _share_noise(asked: CompletedOrders, made: Sequence[Resolved]) -> list[Recipe]:
    """The recipe of one picture each, all of one seed unless they name their own."""
    seed = secrets.randbelow(SEED_LIMIT)
    return [
        narrow(
            resolved.recipe
            if SEED.of(whole.prompt.flags) is not None
            else reroll(resolved.recipe, seed),
            0,
        )
        for resolved, (_, whole) in zip(made, asked.each, strict=True)
    ]
