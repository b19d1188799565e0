"""What a sheet's message shows, from the news that it waits to its pictures."""

from bot.components import buttons
from bot.components.sheet_menu import build_again_view, build_sheet_view
from bot.delivery.content import MessageContent, Picture, load_picture
from bot.delivery.marking import PictureMarks
from bot.text import messages, sentences
from bot.text.languages import say
from bot.text.sheet_texts import (
    write_sheet,
    write_sheet_alt,
    write_sheet_heading,
    write_sheet_state,
)
from generation.catalogue.families import find_card
from generation.recipe.sheet import Sheet
from storage.files import Files
from storage.queue.jobs import Event, Job, Progress, Queued


def compose_sheet_progress(job: Job, event: Event) -> MessageContent:
    """The message of a sheet that has not ended."""
    sheet, pictures = Sheet.from_json(job.recipe), None
    title = say(find_card(sheet.cells[0].family).title)
    match event:
        case Queued() as queued:
            state = messages.write_queued(queued, title)
        case Progress(steps=0):
            state = say(sentences.LOADING, model=title)
        case Progress(step=step, steps=steps, preview=preview):
            state = say(sentences.RUNNING, percent=round(100 * step / steps))
            name = f"easel-{job.id[:8]}-preview.webp"
            pictures = (Picture(name, preview, write_sheet_alt(sheet)),) if preview else None
        case _:
            state = say(sentences.STARTING)
    view = buttons.build_running_view(job.id)
    return MessageContent(write_sheet_state(job, sheet, state), view, pictures)


async def compose_sheet_ending(
    job: Job, files: Files, limit: int, marking: PictureMarks
) -> MessageContent:
    """The message of a sheet that has ended.

    Raises:
        MissingFileError: It is no longer stored.
        FileStoreError: The place where it is stored does not answer.
        RecipeError: It is of a version not known here.
        UnsentError: It cannot be read, or not be made so small.
    """
    sheet = Sheet.from_json(job.recipe)
    if job.state == "done":
        picture = await load_picture(job, files, limit, marking)
        return MessageContent(write_sheet(job, sheet), build_sheet_view(job.id, sheet), (picture,))
    if job.state == "cancelled":
        text = write_sheet_state(job, sheet, messages.write_cancelled(job))
    else:
        reason = messages.find_reason(job.failure or "")
        text = f"{write_sheet_heading(job, sheet)}\n{say(sentences.FAILED, reason=reason)}"
    return MessageContent(text, build_again_view(job.id), ())
