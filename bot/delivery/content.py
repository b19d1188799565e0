"""What a job's message shows, from the news of a waiting job to the finished pictures."""

import asyncio
import io
from dataclasses import dataclass

import discord

from bot.components import buttons
from bot.text import messages, sentences
from bot.text.languages import say
from generation.catalogue.families import card
from generation.pictures.grid import fit
from generation.recipe import Recipe
from storage.files import Files
from storage.queue.jobs import Ended, Event, Job, Progress, Queued, Started


@dataclass(frozen=True, slots=True)
class Picture:
    """A file for a message: short name, bytes, and what a screen reader says."""

    name: str
    data: bytes
    alt: str

    def to_file(self) -> discord.File:
        """The upload; made afresh for every try, since sending uses it up."""
        return discord.File(io.BytesIO(self.data), self.name, description=self.alt)


@dataclass(frozen=True, slots=True)
class MessageContent:
    """What a message should show. ``pictures`` None keeps the pictures that it has."""

    text: str
    view: discord.ui.View | None = None
    pictures: tuple[Picture, ...] | None = None

    def to_files(self) -> list[discord.File]:
        """The uploads of this content."""
        return [picture.to_file() for picture in self.pictures or ()]


def compose_progress(job: Job, event: Event) -> MessageContent:
    """The message of a job that has not ended."""
    recipe = Recipe.from_json(job.recipe)
    view = buttons.build_running_view(job.id)
    match event:
        case Queued(position=position):
            state = say(sentences.QUEUED, place=messages.write_place(position))
            return MessageContent(messages.write_running(job, recipe, state), view)
        # A worker reports no steps while it still loads the model.
        case Progress(steps=0):
            title = say(card(recipe.family).title)
            return MessageContent(
                messages.write_running(job, recipe, say(sentences.LOADING, model=title)), view
            )
        case Progress(step=step, steps=steps, preview=preview):
            state = say(sentences.RUNNING, percent=round(100 * step / steps))
            name = f"easel-{job.id[:8]}-preview.webp"
            pictures = (
                (Picture(name, preview, messages.write_alt_text(recipe)),) if preview else None
            )
            return MessageContent(messages.write_running(job, recipe, state), view, pictures)
        case Started() | Ended():
            return MessageContent(
                messages.write_running(job, recipe, say(sentences.STARTING)), view
            )


async def compose_ending(job: Job, files: Files) -> MessageContent:
    """The message of a job that has ended.

    Raises:
        MissingFileError: Its pictures are no longer stored.
        RecipeError: Its recipe is of a version not known here.
    """
    recipe = Recipe.from_json(job.recipe)
    if job.state == "done":
        picture = await load_picture(job, files, job.upload_limit)
        view = buttons.build_done_view(job.id, recipe)
        return MessageContent(messages.write_finished(job, recipe), view, (picture,))
    view = buttons.build_stopped_view(job.id)
    if job.state == "cancelled":
        state = messages.write_cancelled(job)
        return MessageContent(messages.write_running(job, recipe, state), view, ())
    return MessageContent(messages.write_failed(job, recipe), view, ())


def compose_apology(job: Job) -> MessageContent:
    """The message of a job whose pictures were made but cannot be sent."""
    return MessageContent(messages.write_undeliverable(job), buttons.build_stopped_view(job.id), ())


async def load_picture(job: Job, files: Files, limit: int) -> Picture:
    """The grid, or the only picture, in a form of at most ``limit`` bytes.

    Raises:
        MissingFileError: It is no longer stored.
    """
    recipe = Recipe.from_json(job.recipe)
    shown = job.grid or job.pictures[0]
    png = await files.aget(shown.sha256)
    # Encoding until it fits may take seconds for a large grid.
    data, extension = await asyncio.to_thread(fit, png, recipe, limit)
    return Picture(f"easel-{job.id[:8]}.{extension}", data, messages.write_alt_text(recipe))
