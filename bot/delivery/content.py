"""What a job's message shows, from the news of a waiting job to the finished pictures."""

import asyncio
import io
from dataclasses import dataclass
from typing import Final

import discord
from PIL import Image

from bot.components import buttons
from bot.components.appeal import build_appeal_view
from bot.components.sheet_menu import build_again_view
from bot.delivery.marking import PictureMarks
from bot.errors import UnsentError
from bot.text import messages, sentences
from bot.text.alt_text import write_alt_text
from bot.text.languages import say
from bot.text.sheet_texts import write_sheet_alt, write_sheet_heading
from generation.catalogue.families import find_card
from generation.recipe import Recipe
from generation.recipe.sheet import Sheet, is_sheet, read_recipes
from storage.files import Files
from storage.queue.jobs import Ended, Event, Job, Progress, Queued, Started
from storage.queue.verdicts import SUSPECTED, WITHHELD

THUMBNAIL: Final = 160
"""Longest side of a small picture, in pixels; Discord shows half of it."""


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

    @property
    def size(self) -> int:
        """Bytes of its largest picture; 0 where it has none."""
        return max((len(picture.data) for picture in self.pictures or ()), default=0)

    def to_files(self) -> list[discord.File]:
        """The uploads of this content."""
        return [picture.to_file() for picture in self.pictures or ()]


def compose_progress(job: Job, event: Event) -> MessageContent:
    """The message of a job that has not ended."""
    recipe = Recipe.from_json(job.recipe)
    return MessageContent(
        messages.write_running(job, recipe, write_state(event, recipe.family)),
        buttons.build_running_view(job.id),
        show_preview(job, event, write_alt_text(recipe)),
    )


def write_state(event: Event, family: str) -> str:
    """How a drawing stands that has not ended, by the latest news and the family that draws it."""
    match event:
        case Queued() as queued:
            return messages.write_queued(queued, say(find_card(family).title))
        # A worker reports no steps while it still loads the model.
        case Progress(steps=0):
            return say(sentences.LOADING, model=say(find_card(family).title))
        case Progress(step=step, steps=steps):
            return say(sentences.RUNNING, percent=round(100 * step / steps))
        case Started() | Ended():
            return say(sentences.STARTING)


def show_preview(job: Job, event: Event, alt: str) -> tuple[Picture, ...] | None:
    """What is seen of pictures that are being made; None to keep what is shown."""
    if not (isinstance(event, Progress) and event.preview):
        return None
    return (Picture(f"easel-{job.id[:8]}-preview.webp", event.preview, alt),)


async def compose_ending(
    job: Job,
    files: Files,
    limit: int,
    marking: PictureMarks,
    marks: buttons.Marks = buttons.UNMARKED,
) -> MessageContent:
    """The message of a job that has ended.

    Args:
        job: The job.
        files: Where its pictures are.
        limit: Largest file that may be sent, in bytes.
        marking: Marks the file.
        marks: What its buttons show; nothing was pressed where they were not shown before.

    Raises:
        MissingFileError: Its pictures are no longer stored.
        FileStoreError: The place where they are stored does not answer.
        RecipeError: Its recipe is of a version not known here.
        UnsentError: They cannot be read, or not be made so small.
    """
    if job.failure in WITHHELD:
        return compose_withheld(job)
    recipe = Recipe.from_json(job.recipe)
    if job.state == "done":
        picture = await load_picture(job, files, limit, marking)
        view = buttons.build_done_view(job.id, recipe, marks)
        return MessageContent(messages.write_finished(job, recipe), view, (picture,))
    view = buttons.build_stopped_view(job.id, marks)
    if job.state == "cancelled":
        state = messages.write_cancelled(job)
        return MessageContent(messages.write_running(job, recipe, state), view, ())
    return MessageContent(messages.write_failed(job, recipe), view, ())


def compose_withheld(job: Job) -> MessageContent:
    """The message of a job whose pictures are shown to nobody: one sentence, and an appeal."""
    said = say(sentences.WITHHELD[job.failure or ""])
    # No words are repeated of what may show minors.
    if job.failure == SUSPECTED:
        return _withhold(job, f"<@{job.person_id}> {said}")
    if is_sheet(job.recipe):
        heading = write_sheet_heading(job, Sheet.from_json(job.recipe))
    else:
        heading = messages.write_heading(job, Recipe.from_json(job.recipe))
    return _withhold(job, f"{heading}\n{said}")


def _withhold(job: Job, text: str) -> MessageContent:
    # Nobody but whoever runs the bot decides what may show minors.
    return MessageContent(text, None if job.failure == SUSPECTED else build_appeal_view(job.id), ())


def compose_apology(job: Job, reason: str) -> MessageContent:
    """The message of a job whose end cannot be shown: a few words of ours alone, and why."""
    if job.failure in WITHHELD:
        said = say(sentences.WITHHELD[job.failure or ""])
        return _withhold(job, f"<@{job.person_id}> {said}")
    text = messages.write_undeliverable(job, reason)
    # A question is asked again by the command that asked it.
    if job.question:
        return MessageContent(text, None, ())
    build = build_again_view if is_sheet(job.recipe) else buttons.build_stopped_view
    return MessageContent(text, build(job.id), ())


async def load_thumbnail(job: Job, files: Files) -> Picture:
    """The grid, or the only picture, small enough to stand beside a line of text.

    Raises:
        MissingFileError: It is no longer stored.
    """
    shown = job.grid or job.pictures[0]
    data = await asyncio.to_thread(_shrink, await files.aget(shown.sha256))
    return Picture(f"easel-{job.id[:8]}-small.webp", data, _describe(job))


def _describe(job: Job) -> str:
    """What a screen reader says of a job's pictures."""
    if is_sheet(job.recipe):
        return write_sheet_alt(Sheet.from_json(job.recipe))
    return write_alt_text(Recipe.from_json(job.recipe))


def _shrink(png: bytes) -> bytes:
    with Image.open(io.BytesIO(png)) as image:
        image.thumbnail((THUMBNAIL, THUMBNAIL))
        buffer = io.BytesIO()
        image.save(buffer, "WEBP", quality=80)
    return buffer.getvalue()


async def load_picture(job: Job, files: Files, limit: int, marking: PictureMarks) -> Picture:
    """The grid, the sheet or the only picture, marked and in a form of at most ``limit`` bytes.

    Raises:
        MissingFileError: It is no longer stored.
        FileStoreError: The place where it is stored does not answer.
        RecipeError: Its recipe is of a version not known here.
        UnsentError: It cannot be read, or not be made so small.
    """
    recipe = read_recipes(job.recipe)[0]
    shown = job.grid or job.pictures[0]
    png = await files.aget(shown.sha256)
    try:
        # Encoding until it fits may take seconds for a large grid.
        data, extension = await marking.seal(job, png, recipe, limit)
    except ValueError as error:
        raise UnsentError("too_large") from error
    except (OSError, SyntaxError) as error:
        # What Pillow says of files that are no picture, or are broken.
        raise UnsentError("damaged") from error
    return Picture(f"easel-{job.id[:8]}.{extension}", data, _describe(job))
