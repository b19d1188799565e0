"""A picture's lineage, shown in private: what it was made of, and what was made of it."""

import asyncio
import io
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import discord
from PIL import Image

from bot.access import ownership
from bot.access.audience import may_appear, require_shown
from bot.components.buttons import KINDS
from bot.delivery.content import load_thumbnail
from bot.panels import routing
from bot.panels.latest import build_lineage
from bot.text import messages, sentences, titles
from bot.text.languages import say
from bot.text.messages import Title
from generation.pictures.lineage import Node, draw_lineage
from generation.recipe import Recipe
from storage.files import Files, MissingFileError
from storage.queue.client import Jobs
from storage.queue.jobs import Job
from storage.queue.lineage import list_children

BEFORE: Final = 8
"""Earlier pictures that are shown at most, and..."""

IN_ALL: Final = 20
"""pictures altogether; a menu of Discord's has 25 choices."""

_WISH_SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class Member:
    """One job of a lineage, and the place of what it was made of among those before it."""

    job: Job
    parent: int | None


class LineageHandler:
    """Finds what belongs to a picture, and draws it as a tree."""

    def __init__(self, jobs: Jobs, files: Files) -> None:
        self._jobs, self._files = jobs, files

    async def show(self, interaction: discord.Interaction[Any], job_id: str) -> None:
        """Shows the tree around a job's pictures, with a menu that leads to each.

        As pictures may have been made in private, of others' the pressed one alone is shown.

        Raises:
            JobGoneError: There is no such job.
            NotAllowedError: Its pictures are shown among adults alone.
        """
        await interaction.response.defer(ephemeral=True, thinking=True)
        await self._show(interaction, await ownership.find_drawing(self._jobs, job_id))

    async def show_from(self, interaction: discord.Interaction[Any], beginning: str) -> None:
        """The same around the job whose id begins so.

        Raises:
            NoJobError: There is no such job.
            NotYoursError: It is somebody else's.
        """
        await interaction.response.defer(ephemeral=True, thinking=True)
        job = await ownership.find_own(self._jobs, interaction, beginning)
        ownership.require_drawing(job)
        await self._show(interaction, job)

    async def _show(self, interaction: discord.Interaction[Any], job: Job) -> None:
        require_shown(interaction.client, job, interaction.channel)

        async def select(found: Sequence[Job]) -> list[Job]:
            return [one for one in found if _shows(interaction, one)]

        members = await find_members(self._jobs, job, select)
        if len(members) < 2:
            await interaction.edit_original_response(content=say(sentences.LINEAGE_ALONE))
            return
        said = [write_wish(member.job) for member in members]
        told = list(zip(members, said, strict=True))
        nodes = [
            Node(await self._load(one.job), text, one.parent, chosen=one.job.id == job.id)
            for one, text in told
        ]
        panel = build_lineage([(one.job.id, text) for one, text in told])
        lines = (_write_line(number, *each) for number, each in enumerate(told, 1))
        await interaction.edit_original_response(
            content=messages.stack_lines(panel.text, lines),
            view=routing.build_view(panel),
            attachments=[await asyncio.to_thread(_draw, nodes, " · ".join(said))],
        )

    async def _load(self, job: Job) -> Image.Image:
        try:
            return Image.open(io.BytesIO((await load_thumbnail(job, self._files)).data))
        except MissingFileError:
            return Image.new("RGB", (1, 1))


def _shows(interaction: discord.Interaction[Any], job: Job) -> bool:
    if not job.pictures or not ownership.may_remove(interaction, job):
        return False
    return may_appear(interaction.client, job, interaction.channel)


Select = Callable[[Sequence[Job]], Awaitable[list[Job]]]
"""Those of some jobs that are shown to whoever asks."""


async def find_members(jobs: Jobs, job: Job, select: Select) -> list[Member]:
    """The job, what it was made of from the first on, and what was made of it, as a tree.

    Args:
        jobs: Where they are.
        job: Whose lineage.
        select: Of others, which are shown; what lies behind one that is not is not looked at.
    """
    line = [job]
    while line[0].parent_id and len(line) <= BEFORE:
        earlier = await jobs.get(line[0].parent_id)
        if earlier is None or not await _choose([earlier], select):
            break
        line.insert(0, earlier)
    members = [Member(one, place - 1 if place else None) for place, one in enumerate(line)]
    latest = {job.id: len(members) - 1}
    while latest and len(members) < IN_ALL:
        room = IN_ALL - len(members)
        found = await jobs.records.read(partial(list_children, most=room), list(latest))
        places: dict[str, int] = {}
        for child in await _choose(found, select):
            places[child.id] = len(members)
            members.append(Member(child, latest[child.parent_id or ""]))
        latest = places
    return members


async def _choose(found: Sequence[Job], select: Select) -> list[Job]:
    return await select([job for job in found if job.pictures])


def write_wish(job: Job) -> str:
    """What was asked for: words where there were any, else what was pressed."""
    title = Title.read(job.title)
    kind = KINDS.get(title.action)
    if kind is None:
        # A sheet has a prompt as well, and is no recipe.
        return titles.drop_links(str(job.recipe.get("prompt", ""))) or say(sentences.NO_WORDS)
    recipe = Recipe.from_json(job.recipe)
    if kind.action in {"edit", "retouch"} and recipe.asked:
        return recipe.asked[-1]
    return say(kind.label, k=title.index) if kind.label else kind.emoji or kind.action


def _write_line(number: int, member: Member, text: str) -> str:
    made_of = "" if member.parent is None else f" ← {member.parent + 1}"
    return f"**{number}**{made_of} · {messages.escape(text, _WISH_SHOWN)}"


def _draw(nodes: Sequence[Node], said: str) -> discord.File:
    data = io.BytesIO()
    draw_lineage(nodes).save(data, "WEBP", quality=85)
    data.seek(0)
    return discord.File(data, "easel-lineage.webp", description=said[:1000])
