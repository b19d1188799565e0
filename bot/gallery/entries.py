"""What the page is told of drawings, as JSON."""

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from typing import Any

from bot.components.buttons import KINDS
from bot.gallery.collection import Shown
from bot.requests.lineage import Member, write_wish
from bot.text import messages, sentences, titles
from bot.text.alt_text import write_alt_text
from bot.text.languages import say
from bot.text.messages import Title
from bot.text.sheet_texts import write_sheet_alt
from generation.recipe import RecipeError
from generation.recipe.sheet import Sheet, is_sheet, read_recipes
from storage.gallery.share_links import ShareLink
from storage.queue.jobs import Job

Json = dict[str, Any]


def write_entries(drawings: Sequence[Shown], person: int) -> list[Json]:
    """Those of some drawings whose recipes are known here; a newer release may have kept others.

    Args:
        drawings: What somebody sees.
        person: Who.
    """
    entries = []
    for shown in drawings:
        with suppress(RecipeError):
            entries.append(write_entry(shown, person))
    return entries


def write_entry(shown: Shown, person: int) -> Json:
    """A drawing in the list: its words, when it was asked for, its pictures."""
    job = shown.job
    own = job.person_id == person
    cells = read_cells(job, links=own)
    return {
        "job": job.id,
        "at": job.created_at.timestamp(),
        # As text: browsers round numbers of this size.
        "person": str(job.person_id),
        "own": own,
        "prompt": read_words(job),
        "flags": read_flags(job, links=own),
        "did": write_wish(job) if Title.read(job.title).action in KINDS else "",
        "alt": describe(job),
        "pictures": [
            {
                "n": one.position,
                "sha256": one.sha256,
                "width": one.width,
                "height": one.height,
                "marked": one.position in shown.marked,
                **cells.get(one.position, {}),
            }
            for one in job.pictures
        ],
    }


def write_details(
    shown: Shown,
    person: int,
    *,
    lineage: Sequence[Member],
    links: Sequence[ShareLink],
    strip: Callable[[str], str],
) -> Json:
    """The same on a page of its own, with all that decided it and what belongs to it.

    Args:
        shown: The drawing.
        person: Who looks.
        lineage: What it was made of, and what was made of it.
        links: Links to it.
        strip: Takes Discord's markup away.
    """
    job = shown.job
    recipe = read_recipes(job.recipe)[0]
    return {
        **write_entry(shown, person),
        "settings": strip(messages.write_settings(job, recipe)),
        "private": shown.found.subject.private,
        "server": job.server_id is not None,
        "lineage": [
            {
                "job": one.job.id,
                "sha256": one.job.pictures[0].sha256,
                "said": write_wish(one.job),
                "parent": one.parent,
            }
            for one in (lineage if len(lineage) > 1 else ())
        ],
        "links": [
            {
                "id": link.digest,
                "n": link.position,
                "recipe": link.recipe,
                "until": link.expires_at.timestamp(),
            }
            for link in links
        ],
    }


def read_words(job: Job) -> str:
    """What a drawing was asked for with."""
    return titles.drop_links(str(job.recipe.get("prompt", ""))) or say(sentences.NO_WORDS)


def read_flags(job: Job, *, links: bool) -> str:
    """The flags of a drawing.

    Args:
        job: Its job.
        links: Whether with addresses of images: signed ones of Discord's are nobody else's.
    """
    flags = str(job.recipe.get("parameters", ""))
    return flags if links else titles.drop_links(flags)


def read_cells(job: Job, *, links: bool) -> Mapping[int, Json]:
    """What each picture of a sheet was asked for with, by its place; empty for other drawings.

    Args:
        job: The drawing's job.
        links: As in :func:`read_flags`.
    """
    if not is_sheet(job.recipe):
        return {}
    return {
        place: {
            "prompt": titles.drop_links(cell.prompt) or say(sentences.NO_WORDS),
            "flags": cell.parameters if links else titles.drop_links(cell.parameters),
        }
        for place, cell in enumerate(Sheet.from_json(job.recipe).cells)
    }


def describe(job: Job) -> str:
    """What a screen reader says of it."""
    if is_sheet(job.recipe):
        return write_sheet_alt(Sheet.from_json(job.recipe))
    return write_alt_text(read_recipes(job.recipe)[0])
