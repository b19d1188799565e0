"""What people do with finished pictures besides making more: see, keep, send home, delete."""

import io
import json
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final

import discord

from bot.access import ownership, policy
from bot.access.audience import may_appear, require_audience, require_shown
from bot.components import buttons
from bot.components.panel import Panel
from bot.delivery.content import (
    MessageContent,
    Picture,
    compose_ending,
    load_picture,
    load_thumbnail,
)
from bot.delivery.destination import Destination
from bot.delivery.markers import MessageRef, read_marks
from bot.delivery.marking import PictureMarks
from bot.delivery.sheet_messages import compose_sheet_ending
from bot.delivery.target import send_fitting
from bot.delivery.watcher import DeliveryWatcher
from bot.errors import JobGoneError, NoPictureError, NotYetError, NotYoursError
from bot.interactions.replies import acknowledge
from bot.interactions.requester import DIRECT_LIMIT, Requester
from bot.panels import copying, latest, routing
from bot.panels.cases import build_report_button
from bot.requests.job_request import name_job
from bot.text import messages, origins, sentences, titles
from bot.text.languages import say, speaking
from bot.text.sheet_texts import write_sheet
from generation.recipe import Recipe
from generation.recipe.sheet import Sheet, is_sheet
from storage.decisions import choice_queries
from storage.files import Files, MissingFileError
from storage.gallery import index
from storage.queue import copies, queries
from storage.queue.client import Jobs
from storage.queue.jobs import Job

HOME_ONCE: Final = 20.0
"""Seconds for which pictures are sent home once, however often that is heard."""

NONCE: Final = 25
"""Characters of a nonce at most (Discord)."""

LATEST_SHOWN: Final = 5
"""Pictures to choose from on a page, where a person names none."""


class ResultHandler:
    """Finds jobs again and shows, marks, sends or deletes them."""

    def __init__(
        self, jobs: Jobs, files: Files, delivery: DeliveryWatcher, marking: PictureMarks
    ) -> None:
        self._jobs, self._files, self._delivery = jobs, files, delivery
        self._marking = marking
        self._records = jobs.records

    async def show(
        self,
        interaction: discord.Interaction[Any],
        beginning: str,
        *,
        promised: int | None = None,
    ) -> None:
        """Shows a job again, with its buttons, by its id or the beginning of it.

        A prompt too long for a message comes whole in a file. As pictures may have been made in
        private, they are shown to their owner and to moderators alone.

        Args:
            interaction: Who asks, and where.
            beginning: Of the job's id.
            promised: The message that carries the answer, where one was promised already.

        Raises:
            NoJobError: There is no such job.
            JobGoneError: It was deleted meanwhile.
            NotAllowedError: Its pictures are shown among adults alone.
            MissingFileError: Its pictures are no longer stored.
            UnsentError: Discord does not take them.
            NotYoursError: It is somebody else's.
        """
        message = promised or await acknowledge(interaction)
        job = await ownership.find_own(self._jobs, interaction, beginning, questions=False)
        if job.state not in {"done", "failed", "cancelled"}:
            raise NotYetError
        # Whatever it says of itself is shown of what is withheld; where it may be seen, it is said.
        if job.state == "done":
            require_shown(interaction.client, job, interaction.channel)
        # The answer is public, so it is in the server's language rather than the asker's.
        server = await self._records.read(choice_queries.read_server, interaction.guild_id or 0)
        with speaking(server.language or str(interaction.locale)):
            # Reactions and menus name a message alone; this is how its job is found again.
            shown = message, job.id, interaction.channel_id
            if not await self._records.write(copies.keep_copy, *shown):
                raise JobGoneError
            await self._show_again(interaction, job)

    async def _show_again(self, interaction: discord.Interaction[Any], job: Job) -> None:
        recipe = Recipe.from_json(job.recipe) if ownership.draws(job) else None
        lines = _write_lines(job, recipe)

        async def send(content: MessageContent) -> None:
            more = [describe_job(job)[1]] if recipe and titles.is_shortened(job, recipe) else []
            await interaction.edit_original_response(
                content=messages.stack_lines(content.text, lines),
                view=content.view,
                attachments=[*content.to_files(), *more],
            )

        compose = await self._prepare(job)
        await send_fitting(send, compose, interaction.filesize_limit)

    async def _prepare(self, job: Job) -> Callable[[int], Awaitable[MessageContent]]:
        """What makes a job's message again, with files no larger than so many bytes."""
        if is_sheet(job.recipe):
            return lambda limit: compose_sheet_ending(job, self._files, limit, self._marking)
        marks = await read_marks(self._jobs, job.id)
        return lambda limit: compose_ending(job, self._files, limit, self._marking, marks)

    async def show_beside(self, requester: Requester, client: discord.Client, job: Job) -> None:
        """Shows a job again, in a message of the bot's own, where its owner sees pictures.

        Args:
            requester: Who asks, and where.
            client: Sends it.
            job: Whose pictures.

        Raises:
            NotYoursError: It is somebody else's.
            NotAllowedError: Its pictures are shown among adults alone.
            WithheldError: They are shown to nobody.
            MissingFileError: Its pictures are no longer stored.
            UnsentError: Discord does not take them.
        """
        if not ownership.may_remove(requester, job):
            raise NotYoursError
        person, server = await policy.read_choices(self._records, requester)
        place = await Destination.choose_beside(requester, server, person)
        require_audience(client, job, adult=place.adult)
        channel = client.get_partial_messageable(place.channel_id)
        lines = _write_lines(job, Recipe.from_json(job.recipe) if ownership.draws(job) else None)
        nonce = name_job(f"{requester.channel_id}:{requester.user.id}:{job.id}")[:NONCE]

        async def send(content: MessageContent) -> discord.Message:
            return await channel.send(
                messages.stack_lines(content.text, lines),
                view=content.view or discord.utils.MISSING,
                files=content.to_files(),
                # Of two bots that hear of one message, Discord takes one.
                nonce=nonce,
            )

        compose = await self._prepare(job)
        message = await send_fitting(send, compose, requester.filesize_limit)
        await self._keep_copy(message, job.id)

    async def offer_latest(
        self, interaction: discord.Interaction[Any], page: int | None = None
    ) -> None:
        """Shows in private the person's favourites and latest pictures, small, to choose from.

        Args:
            interaction: Who asks, by the command or on an earlier page.
            page: Which page, from 0, takes the place of that one; None for the first, anew.
        """
        if page is None:
            await interaction.response.defer(ephemeral=True, thinking=True)
        else:
            await interaction.response.defer()
        page = page or 0
        # One more than is shown tells whether another page follows.
        most = (page + 1) * LATEST_SHOWN + 1
        found = await self._records.read(choice_queries.list_pictures, interaction.user.id, most)
        kept = found[page * LATEST_SHOWN :]
        panel = latest.build_panel(
            kept[:LATEST_SHOWN],
            page,
            more=len(kept) > LATEST_SHOWN and page + 1 < latest.MOST_PAGES,
        )
        embeds, small = [], []
        for each in kept[:LATEST_SHOWN]:
            embed = discord.Embed(description=messages.write_entry(each))
            if picture := await self._load_thumbnail(interaction, each.id):
                embed.set_thumbnail(url=f"attachment://{picture.name}")
                small.append(picture.to_file())
            embeds.append(embed)
        await interaction.edit_original_response(
            content=panel.text, view=routing.build_view(panel), embeds=embeds, attachments=small
        )

    async def _load_thumbnail(
        self, interaction: discord.Interaction[Any], job_id: str
    ) -> Picture | None:
        """A small view of a job's pictures; None if there are none to be seen there."""
        job = await self._jobs.get(job_id)
        if job is None or not job.pictures:
            return None
        if not may_appear(interaction.client, job, interaction.channel):
            return None
        try:
            return await load_thumbnail(job, self._files)
        except MissingFileError:
            return None

    async def find_shown_job(self, message: int) -> str:
        """The id of the job whose pictures a message shows.

        Raises:
            NoPictureError: It shows none of the bot's.
        """
        job: str | None = await self._records.read(queries.find_job_of_message, message)
        if job is None:
            raise NoPictureError
        return job

    async def show_recipe(self, interaction: discord.Interaction[Any], job_id: str) -> None:
        """Tells in private everything that decided the pictures.

        Raises:
            JobGoneError: There is no such job.
        """
        await interaction.response.defer(ephemeral=True, thinking=True)
        await self.tell_recipe(interaction, job_id)

    async def tell_recipe(self, interaction: discord.Interaction[Any], job_id: str) -> None:
        """The same in an answer that was promised."""
        job = await ownership.find_job(self._jobs, job_id)
        if job.question:
            raise NoPictureError
        text, file = describe_job(job)
        # A sheet has a prompt for each of its pictures.
        alone = Panel(text, (build_report_button(job.id),))
        panel = copying.build_panel(text, job.id) if ownership.draws(job) else alone
        await interaction.edit_original_response(
            content=panel.text, view=routing.build_view(panel), attachments=[file]
        )

    async def offer_buttons(
        self, interaction: discord.Interaction[Any], message: int, actions: frozenset[str]
    ) -> None:
        """Shows in private those buttons of a message's pictures that do one of some actions.

        Raises:
            NoPictureError: The message shows no finished pictures of the bot's.
        """
        await interaction.response.defer(ephemeral=True, thinking=True)
        job = await self._jobs.get(await self.find_shown_job(message))
        if job is None or job.state != "done" or not ownership.draws(job):
            raise NoPictureError
        view = buttons.build_view_of(job.id, Recipe.from_json(job.recipe), actions)
        said = say(sentences.WHICH_PICTURE if view.children else sentences.NOTHING_MORE)
        await interaction.edit_original_response(content=said, view=view)

    async def renew_menu(
        self, message: discord.Message, job_id: str, view: discord.ui.View
    ) -> None:
        """Shows a menu for pictures with nothing chosen in it.

        Args:
            message: The one that it is in.
            job_id: Whose pictures it is about.
            view: What the message has where it shows no pictures.
        """
        if message.attachments and not message.flags.ephemeral:
            self._delivery.mark_buttons(job_id, MessageRef(message.channel.id, message.id))
            return
        # It may be gone, or seen by one person alone; all else was done.
        with suppress(discord.HTTPException):
            await message.edit(view=view)

    async def toggle_favourite(
        self, interaction: discord.Interaction[Any], job_id: str, index: int
    ) -> None:
        """Marks a picture as a favourite, or takes the mark away.

        Raises:
            JobGoneError: There is no such job.
            OldButtonError: It has no such picture.
        """
        # The promise is to edit the pressed message, so that its ⭐ can show the mark anywhere.
        await interaction.response.defer()
        job = await ownership.find_drawing(self._jobs, job_id)
        ownership.require_picture(Recipe.from_json(job.recipe), index)
        marked = await self._records.write(choice_queries.mark, interaction.user.id, job_id, index)
        if marked is None:
            raise JobGoneError
        if interaction.message is not None:
            ref = MessageRef(interaction.message.channel.id, interaction.message.id)
            self._delivery.mark_buttons(job_id, ref, interaction.followup)
        said = say(sentences.FAVOURITE if marked else sentences.NO_FAVOURITE)
        await interaction.followup.send(said, ephemeral=True)

    async def set_favourite(
        self, person_id: int, job_id: str, message: MessageRef, *, wanted: bool
    ) -> None:
        """Marks the first picture of a message as a favourite, or takes the mark away."""
        # A reaction has no room for a number: it stands for the whole message.
        await self._records.write(choice_queries.mark, person_id, job_id, 0, wanted)
        job = await self._jobs.get(job_id)
        # A grid has no ⭐ to show the mark on.
        if job is not None and len(job.pictures) == 1:
            self._delivery.mark_buttons(job_id, message)

    async def send_home(
        self,
        client: discord.Client,
        person: discord.User | discord.Member,
        job_id: str,
        message_id: int,
    ) -> None:
        """Sends pictures, seed and recipe by direct message; nothing if those are closed.

        Args:
            client: Sends it.
            person: Whose request it is.
            job_id: The job.
            message_id: The message under which they asked.

        Raises:
            NotAllowedError: The pictures are shown among adults alone.
        """
        job = await ownership.find_job(self._jobs, job_id)
        if job.state != "done" or job.question:
            return
        require_shown(client, job, None)

        window = int(time.time() / HOME_ONCE)
        nonce = name_job(f"{message_id}:{person.id}:{job_id}:{window}")[:NONCE]

        async def compose(limit: int) -> MessageContent:
            picture = await load_picture(job, self._files, limit, self._marking)
            return MessageContent(describe_job(job)[0], pictures=(picture,))

        async def send(content: MessageContent) -> discord.Message:
            return await person.send(
                content.text,
                files=[*content.to_files(), describe_job(job)[1]],
                # Of two bots that hear of one reaction, Discord takes one message.
                nonce=nonce,
            )

        try:
            message = await send_fitting(send, compose, DIRECT_LIMIT)
        except discord.Forbidden:
            return
        await self._keep_copy(message, job_id)

    async def _keep_copy(self, message: discord.Message, job_id: str) -> None:
        shown = message.id, job_id, message.channel.id
        # Of what was deleted meanwhile nothing stays.
        if not await self._records.write(copies.keep_copy, *shown):
            with suppress(discord.HTTPException):
                await message.delete()

    async def delete(
        self, message: discord.PartialMessage, job_id: str, requester: Requester
    ) -> bool:
        """Deletes a job's message, for its owner or a moderator; False for anybody else."""
        job = await ownership.find_job(self._jobs, job_id)
        if not ownership.may_remove(requester, job):
            return False
        # A message that is deleted shows nothing any more, so nobody needs the pictures.
        await self._jobs.cancel(job_id)
        await message.delete()
        # Of a copy that was shown again, only that goes.
        if message.id in {job.delivered_message_id, job.message_id}:
            await self._records.write(index.mark_deleted, job_id)
        return True


def _write_lines(job: Job, recipe: Recipe | None) -> list[str]:
    """What stands below pictures that are shown again; None for a sheet."""
    # Discord tells the age in the language of whoever reads.
    age = f"-# {discord.utils.format_dt(job.created_at, 'R')}"
    return [age, *(origins.write_origins(job, recipe) if recipe else ())]


def describe_job(job: Job) -> tuple[str, discord.File]:
    """Everything that decided a job's pictures: a message, and the recipe as a file."""
    data = json.dumps(job.recipe, indent=2, ensure_ascii=False)
    name = f"easel-{job.id[:8]}.json"
    if is_sheet(job.recipe):
        text = write_sheet(job, Sheet.from_json(job.recipe))
    else:
        recipe = Recipe.from_json(job.recipe)
        lines = origins.write_origins(job, recipe)
        text = messages.stack_lines(messages.write_recipe(job, recipe), lines)
    return text, discord.File(io.BytesIO(data.encode()), name)
