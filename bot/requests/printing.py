"""Pictures for paper, by their size in centimetres."""

import asyncio
import io
from functools import partial
from typing import Any

import discord
from PIL import Image

from bot.access import ownership
from bot.access.audience import require_shown
from bot.components import modals
from bot.delivery.marking import PictureMarks
from bot.errors import NotAllowedError, NotYetError, UnsentError
from bot.text import sentences
from bot.text.alt_text import write_alt_text
from bot.text.languages import say
from generation.pictures.printing import DENSITY, LARGEST, encode_print, plan_print
from generation.recipe import Recipe
from prompt.sentences import Sentence
from storage.files import Files
from storage.queue.client import Jobs


class PrintHandler:
    """Makes files for paper of finished pictures."""

    def __init__(self, jobs: Jobs, files: Files, marking: PictureMarks) -> None:
        self._jobs, self._files, self._marking = jobs, files, marking

    async def offer(self, interaction: discord.Interaction[Any], job: str, index: int) -> None:
        """Asks how large."""
        await interaction.response.send_modal(modals.build_print_form(job, max(1, index)))

    async def submit(self, interaction: discord.Interaction[Any], job_id: str, index: int) -> None:
        """Sends the file in private, and says for which size the picture has pixels of its own.

        Raises:
            NotAllowedError: The size is no number, or too large; or it is shown among adults alone.
            JobGoneError: The job is not in the database.
            MissingFileError: Its pictures are no longer stored.
            UnsentError: The file is larger than Discord takes.
        """
        longest = _read_length(modals.read_length(interaction))
        await interaction.response.defer(ephemeral=True, thinking=True)
        job = await ownership.find_drawing(self._jobs, job_id)
        if job.state != "done":
            raise NotYetError
        require_shown(interaction.client, job, interaction.channel)
        recipe = Recipe.from_json(job.recipe)
        ownership.require_picture(recipe, index - 1)
        png = await self._files.aget(job.pictures[index - 1].sha256)
        picture = await asyncio.to_thread(_open, png)
        paper = plan_print(picture.size, longest)
        encode = partial(encode_print, picture, paper.pixels)
        limit = interaction.filesize_limit
        try:
            jpeg, _ = await self._marking.seal_file(job, encode, recipe, limit)
        except ValueError as error:
            raise UnsentError("too_large") from error
        width, height = (f"{side / DENSITY * 2.54:.1f}" for side in paper.pixels)
        pixels = "{} × {}".format(*paper.pixels)
        said = [say(sentences.PRINTED, width=width, height=height, dpi=DENSITY, pixels=pixels)]
        if longest > paper.own:
            said.append(say(sentences.PRINT_SOFT, own=f"{paper.own:g}"))
        name, alt = f"easel-{job.id[:8]}-{longest:g}cm.jpg", write_alt_text(recipe)
        await interaction.edit_original_response(
            content="\n".join(said),
            attachments=[discord.File(io.BytesIO(jpeg), name, description=alt)],
        )


def _open(png: bytes) -> Image.Image:
    # Of our own making: Pillow shall not try its other decoders.
    with Image.open(io.BytesIO(png), formats=["PNG"]) as picture:
        return picture.convert("RGB")


def _read_length(typed: str) -> float:
    """Centimetres as people type them: 20, 20 cm, 20,5.

    Raises:
        NotAllowedError: It is no such number.
    """
    try:
        length = float(typed.strip().lower().removesuffix("cm").strip().replace(",", "."))
    except ValueError:
        length = 0.0
    if not 1 <= length <= LARGEST:
        raise NotAllowedError(Sentence(sentences.PRINT_WRONG, limit=f"{LARGEST:g}"))
    return length
