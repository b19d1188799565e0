"""What people do with finished pictures besides making more: see, keep, send home, delete."""

import io
import json
from typing import Any

import discord

from bot.access import ownership
from bot.components import buttons
from bot.delivery import content
from bot.errors import NoJobError, NoPictureError, NotYetError, NotYoursError
from bot.interactions.replies import acknowledge
from bot.interactions.requester import DIRECT_LIMIT, Asking
from bot.text import messages, origins, sentences
from bot.text.languages import say, speaking
from generation.recipe import Recipe
from storage.decisions import choice_queries
from storage.files import Files
from storage.queue import queries
from storage.queue.client import Jobs
from storage.queue.jobs import Job


class ResultHandler:
    """Finds jobs again and shows, marks, sends or deletes them."""

    def __init__(self, jobs: Jobs, files: Files) -> None:
        self._jobs, self._files = jobs, files
        self._records = jobs.records

    async def show(self, interaction: discord.Interaction[Any], beginning: str) -> None:
        """Shows a job again, with its buttons, by its id or the beginning of it.

        A prompt too long for a message comes whole in a file. As pictures may have been made in
        private, they are shown to their owner and to moderators alone.

        Raises:
            NoJobError: There is no such job.
            MissingFileError: Its pictures are no longer stored.
            NotYoursError: It is somebody else's.
        """
        message = await acknowledge(interaction)
        found = await self._records.read(queries.find_job, beginning)
        job = await self._jobs.get(found) if found else None
        if job is None:
            raise NoJobError(beginning)
        if not ownership.may_remove(interaction, job):
            raise NotYoursError
        if job.state not in {"done", "failed", "cancelled"}:
            raise NotYetError
        server = await self._records.read(choice_queries.read_server, interaction.guild_id or 0)
        with speaking(server.language or str(interaction.locale)):
            letter = await content.last(job, self._files)
            recipe = Recipe.from_json(job.recipe)
            text = messages.stacked(letter.text, origins.lines(job, recipe))
        attachments = letter.files()
        if messages.is_shortened(recipe):
            attachments.append(card(job)[1])
        await self._records.write(queries.keep_copy, message, job.id)
        await interaction.edit_original_response(
            content=text, view=letter.view, attachments=attachments
        )

    async def shown(self, message: int) -> str:
        """The id of the job whose pictures a message shows.

        Raises:
            NoPictureError: It shows none of the bot's.
        """
        job: str | None = await self._records.read(queries.find_job_of_message, message)
        if job is None:
            raise NoPictureError
        return job

    async def recipe(self, interaction: discord.Interaction[Any], job_id: str) -> None:
        """Tells in private everything that decided the pictures.

        Raises:
            JobGoneError: There is no such job.
        """
        await interaction.response.defer(ephemeral=True, thinking=True)
        job = await ownership.found(self._jobs, job_id)
        text, file = card(job)
        await interaction.edit_original_response(content=text, attachments=[file])

    async def offer(
        self, interaction: discord.Interaction[Any], message: int, actions: frozenset[str]
    ) -> None:
        """Shows in private those buttons of a message's pictures that do one of some actions.

        Raises:
            NoPictureError: The message shows no finished pictures of the bot's.
        """
        await interaction.response.defer(ephemeral=True, thinking=True)
        job = await self._jobs.get(await self.shown(message))
        if job is None or job.state != "done":
            raise NoPictureError
        view = buttons.among(job.id, Recipe.from_json(job.recipe), actions)
        said = say(sentences.WHICH_PICTURE if view.children else sentences.NOTHING_MORE)
        await interaction.edit_original_response(content=said, view=view)

    async def favourite(
        self, interaction: discord.Interaction[Any], job_id: str, index: int
    ) -> None:
        """Marks a picture as a favourite, or takes the mark away.

        Raises:
            JobGoneError: There is no such job.
        """
        await interaction.response.defer(ephemeral=True, thinking=True)
        await ownership.found(self._jobs, job_id)
        marked = await self._records.write(choice_queries.mark, interaction.user.id, job_id, index)
        said = say(sentences.FAVOURITE if marked else sentences.NO_FAVOURITE)
        await interaction.edit_original_response(content=said)

    async def send_home(self, person: discord.abc.Messageable, job_id: str) -> None:
        """Sends pictures, seed and recipe by direct message; nothing if those are closed."""
        job = await ownership.found(self._jobs, job_id)
        if job.state != "done":
            return
        picture = await content.result(job, self._files, DIRECT_LIMIT)
        text, file = card(job)
        try:
            message = await person.send(text, files=[picture.file(), file])
        except discord.Forbidden:
            return
        await self._records.write(queries.keep_copy, message.id, job_id)

    async def delete(self, message: discord.PartialMessage, job_id: str, asking: Asking) -> bool:
        """Deletes a job's message, for its owner or a moderator; False for anybody else."""
        job = await ownership.found(self._jobs, job_id)
        if not ownership.may_remove(asking, job):
            return False
        await self._jobs.cancel(job_id)
        await message.delete()
        return True


def card(job: Job) -> tuple[str, discord.File]:
    """Everything that decided a job's pictures: a message, and the recipe as a file."""
    recipe = Recipe.from_json(job.recipe)
    data = json.dumps(job.recipe, indent=2, ensure_ascii=False)
    name = f"easel-{job.id[:8]}.json"
    text = messages.stacked(messages.recipe_card(job, recipe), origins.lines(job, recipe))
    return text, discord.File(io.BytesIO(data.encode()), name)
