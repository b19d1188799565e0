"""What a job's message shows, from the news of a waiting job to the finished pictures."""

import asyncio

from bot.components import buttons
from bot.delivery.routes import Letter, Picture
from bot.text import messages, sentences
from bot.text.languages import say
from generation.catalogue.families import card
from generation.pictures.grid import fit
from generation.recipe import Recipe
from storage.files import Files
from storage.queue.jobs import Ended, Event, Job, Progress, Queued, Started


def news(job: Job, event: Event) -> Letter:
    """The message of a job that has not ended."""
    recipe = Recipe.from_json(job.recipe)
    view = buttons.while_running(job.id)
    match event:
        case Queued(position=position):
            state = say(sentences.QUEUED, place=messages.place(position))
            return Letter(messages.running(job, recipe, state), view)
        case Progress(steps=0):
            title = say(card(recipe.family).title)
            return Letter(messages.running(job, recipe, say(sentences.LOADING, model=title)), view)
        case Progress(step=step, steps=steps, preview=preview):
            state = say(sentences.RUNNING, percent=round(100 * step / steps))
            name = f"easel-{job.id[:8]}-preview.webp"
            pictures = (Picture(name, preview, messages.alt_text(recipe)),) if preview else None
            return Letter(messages.running(job, recipe, state), view, pictures)
        case Started() | Ended():
            return Letter(messages.running(job, recipe, say(sentences.STARTING)), view)


async def last(job: Job, files: Files) -> Letter:
    """The message of a job that has ended.

    Raises:
        MissingFileError: Its pictures are no longer stored.
        RecipeError: Its recipe is of a version not known here.
    """
    recipe = Recipe.from_json(job.recipe)
    if job.state == "done":
        picture = await result(job, files, job.upload_limit)
        view = buttons.when_done(job.id, recipe)
        return Letter(messages.finished(job, recipe), view, (picture,))
    view = buttons.when_stopped(job.id)
    if job.state == "cancelled":
        return Letter(messages.running(job, recipe, say(sentences.CANCELLED)), view, ())
    return Letter(messages.failed(job, recipe), view, ())


def apology(job: Job) -> Letter:
    """The message of a job whose pictures were made but cannot be sent."""
    return Letter(messages.undeliverable(job), buttons.when_stopped(job.id), ())


async def result(job: Job, files: Files, limit: int) -> Picture:
    """The grid, or the only picture, in a form of at most ``limit`` bytes.

    Raises:
        MissingFileError: It is no longer stored.
    """
    recipe = Recipe.from_json(job.recipe)
    shown = job.grid or job.pictures[0]
    png = await files.aget(shown.sha256)
    data, extension = await asyncio.to_thread(fit, png, recipe, limit)
    return Picture(f"easel-{job.id[:8]}.{extension}", data, messages.alt_text(recipe))
