"""Before and after: an edited picture beside the one that it was made of."""

import asyncio
import io
from functools import partial
from typing import Any, Final

import discord
from PIL import Image

from bot.access import ownership
from bot.access.audience import require_shown
from bot.delivery.marking import PictureMarks
from bot.errors import NothingBeforeError, NotYetError, NotYoursError
from bot.text import sentences
from bot.text.languages import say
from bot.text.messages import Title
from generation.pictures.before_after import put_beside
from generation.pictures.grid import Change, Extension, fit_webp
from generation.recipe import Recipe
from storage.files import Files
from storage.queue.client import Jobs
from storage.queue.jobs import Job

_LONGEST: Final = 4096
"""Pixels of a side at most; no screen shows more of two pictures."""


class BeforeAfterHandler:
    """Shows what changed in a picture."""

    def __init__(self, jobs: Jobs, files: Files, marking: PictureMarks) -> None:
        self._jobs, self._files, self._marking = jobs, files, marking

    async def show(self, interaction: discord.Interaction[Any], job_id: str, index: int) -> None:
        """Sends both in private as one picture.

        Args:
            interaction: Who asks, and where.
            job_id: Of the picture after the change.
            index: Its number; 0 for all of its job's.

        Raises:
            JobGoneError: The job is not in the database.
            NotYoursError: It is somebody else's.
            NotYetError: It is not done.
            NotAllowedError: It is shown among adults alone.
            OldButtonError: It has no such picture.
            NothingBeforeError: It was made of no other, or that one is gone.
            MissingFileError: One of the two is no longer stored.
            UnsentError: Discord does not take them.
        """
        await interaction.response.defer(ephemeral=True, thinking=True)
        job = await ownership.find_drawing(self._jobs, job_id)
        # What it was made of may have been made in private.
        if not ownership.may_remove(interaction, job):
            raise NotYoursError
        if job.state != "done":
            raise NotYetError
        require_shown(interaction.client, job, interaction.channel)
        recipe = Recipe.from_json(job.recipe)
        ownership.require_picture(recipe, max(0, index - 1))
        after = job.pictures[index - 1] if index else job.grid or job.pictures[0]
        before = await self._find_before(job, recipe)
        pngs = [await self._files.aget(sha256) for sha256 in (before, after.sha256)]
        said = say(sentences.COMPARED)
        both = await asyncio.to_thread(_join, *pngs)
        # One mark for the two: what somebody sent is not to bear ours alone.
        limit = interaction.filesize_limit
        data, kind = await self._marking.seal_file(job, partial(_encode, both), recipe, limit)
        name = f"easel-{job.id[:8]}-before-after.{kind}"
        file = discord.File(io.BytesIO(data), name, description=said)
        await interaction.edit_original_response(content=said, attachments=[file])

    async def _find_before(self, job: Job, recipe: Recipe) -> str:
        """SHA-256 of the picture before what was last asked for."""
        if recipe.inputs.canvas is not None:
            return recipe.inputs.canvas.image
        if len(recipe.inputs.edit) == 1:
            return recipe.inputs.edit[0].image
        if recipe.inputs.start is not None and job.parent_id is None:
            return recipe.inputs.start.image
        later, asked = job, recipe.asked
        while later.parent_id and (earlier := await self._jobs.get(later.parent_id)):
            if not ownership.draws(earlier):
                break
            # What only made it larger asked for nothing.
            if Recipe.from_json(earlier.recipe).asked != asked:
                place = (Title.read(later.title).index or 1) - 1
                shown = earlier.pictures[place : place + 1]
                if shown:
                    return shown[0].sha256
                break
            later = earlier
        raise NothingBeforeError


def _join(before: bytes, after: bytes) -> Image.Image:
    # Both are of our own making: Pillow shall not try its other decoders.
    with (
        Image.open(io.BytesIO(before), formats=["PNG"]) as one,
        Image.open(io.BytesIO(after), formats=["PNG"]) as other,
    ):
        both = put_beside(one.convert("RGB"), other.convert("RGB"))
    both.thumbnail((_LONGEST, _LONGEST))
    return both


def _encode(both: Image.Image, change: Change | None, limit: int) -> tuple[bytes, Extension]:
    return fit_webp(change(both) if change else both, limit), "webp"
