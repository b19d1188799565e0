"""What is said of sheets: the question before, the heading, what their marks stand for."""

from collections.abc import Iterator, Sequence
from typing import Final

from bot.text import messages, sentences, titles
from bot.text.languages import say
from generation.catalogue.families import compute_shown_size
from generation.pictures.contact_sheet import mark_labels
from generation.recipe.sheet import Sheet
from storage.queue.jobs import Job

LABEL_LIMIT: Final = 32
"""Characters of a label in the question, of which there may be 25 in two rows."""


def write_sheet_question(sheet: Sheet, seconds: float | None) -> str:
    """What would be drawn, and what that takes.

    Args:
        sheet: The sheet.
        seconds: GPU seconds that it is expected to take; None where that is not known.
    """
    lines = [f"- {_list(labels)}" for labels in (sheet.columns, sheet.rows) if labels]
    if seconds is not None:
        takes = say(sentences.SHEET_TAKES, seconds=max(1, round(seconds)))
        lines.append(f"-# {takes}")
    return messages.stack_lines(say(sentences.SHEET_ASK, count=len(sheet.cells)), lines)


def write_sheet_state(job: Job, sheet: Sheet, state: str) -> str:
    """The message of a sheet that is not done: heading and state."""
    return f"{write_sheet_heading(job, sheet)} ({state})"


def write_sheet(job: Job, sheet: Sheet) -> str:
    """The message of a sheet: heading, what it was drawn with, what its marks stand for."""
    shapes = {compute_shown_size(cell) for cell in sheet.cells}
    seeds = {cell.noise[0].seed for cell in sheet.cells}
    parts = [
        say(sentences.SHEET_PICTURES, count=len(sheet.cells)),
        *(f"{width}×{height}" for width, height in shapes if len(shapes) == 1),
        *(say(sentences.SEED, seed=seed) for seed in seeds if len(seeds) == 1),
        *dict.fromkeys(cell.model for cell in sheet.cells),
    ]
    if took := messages.format_seconds(job.started_at, job.finished_at):
        parts.append(took)
    text = f"{write_sheet_heading(job, sheet)}\n-# {' · '.join(parts)}"
    return messages.stack_lines(text, _write_legend(sheet))


def write_sheet_heading(job: Job, sheet: Sheet) -> str:
    """The line that says what is compared, and for whom."""
    prompt = f"**{messages.escape(sheet.typed, titles.PROMPT_SHOWN)}**"
    return say(sentences.HEADINGS["compare"], prompt=prompt, who=f"<@{job.person_id}>")


def write_sheet_alt(sheet: Sheet) -> str:
    """What a screen reader says of a sheet."""
    labels = ", ".join((*sheet.columns, *sheet.rows))
    return say(sentences.SHEET_ALT, count=len(sheet.cells), labels=labels)[: titles.PROMPT_SHOWN]


def _write_legend(sheet: Sheet) -> Iterator[str]:
    for labels, letters in ((sheet.columns, True), (sheet.rows, False)):
        marks = mark_labels(labels, letters=letters)
        if marks != labels:
            for mark, label in zip(marks, labels, strict=True):
                yield f"-# **{mark}** {messages.escape(label, messages.ASK_SHOWN)}"


def _list(labels: Sequence[str]) -> str:
    shown = (titles.shorten(label, LABEL_LIMIT) for label in labels)
    return ", ".join(map(messages.format_code, shown))
