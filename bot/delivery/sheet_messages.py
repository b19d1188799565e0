"""What a sheet's message shows, from the news that it waits to its pictures."""

from bot.components import buttons
from bot.components.sheet_menu import build_again_view, build_sheet_view
from bot.delivery.content import (
    MessageContent,
    compose_withheld,
    load_picture,
    show_preview,
    write_state,
)
from bot.delivery.marking import PictureMarks
from bot.text import messages, sentences
from bot.text.languages import say
from bot.text.sheet_texts import (
    write_sheet,
    write_sheet_alt,
    write_sheet_heading,
    write_sheet_state,
)
from generation.recipe.sheet import Sheet
from storage.files import Files
from storage.queue.jobs import Event, Job
from storage.queue.verdicts import WITHHELD


def compose_sheet_progress(job: Job, event: Event) -> MessageContent:
    """The message of a sheet that has not ended."""
    sheet = Sheet.from_json(job.recipe)
    return MessageContent(
        write_sheet_state(job, sheet, write_state(event, sheet.cells[0].family)),
        buttons.build_running_view(job.id),
        show_preview(job, event, write_sheet_alt(sheet)),
    )


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
    if job.failure in WITHHELD:
        return compose_withheld(job)
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
