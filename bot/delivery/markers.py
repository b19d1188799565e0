"""Buttons that show they were pressed: edits of the rows under pictures, and of nothing else."""

import asyncio
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Final

import discord
import structlog

from bot.components import buttons
from bot.delivery import courier
from bot.delivery.answers import judge
from bot.text.languages import speaking
from generation.recipe import Recipe
from generation.recipe.sheet import is_sheet
from storage.decisions import choice_queries
from storage.queue import queries
from storage.queue.client import Jobs
from storage.queue.jobs import Job

log: Final = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class MessageRef:
    """A message, and the channel that it is in."""

    channel_id: int
    message_id: int


class ButtonMarker:
    """Edits the buttons of messages to how their jobs stand in the database.

    What they show is read anew for every edit, and a message is edited by one task at a time, so
    that of presses at the same moment none is lost: the last edit shows them all.
    """

    def __init__(self, client: discord.Client, jobs: Jobs) -> None:
        self._client, self._jobs = client, jobs
        self._stale: dict[MessageRef, bool] = {}

    async def mark(
        self, job_id: str, message: MessageRef, webhook: discord.Webhook | None = None
    ) -> None:
        """Brings the buttons of a message up to date, at the pace of all edits.

        Args:
            job_id: Whose pictures it shows.
            message: The message.
            webhook: Of an interaction that was answered by promising to edit that message; it
                needs no permission there.
        """
        running = message in self._stale
        self._stale[message] = True
        if running:
            return
        try:
            while self._stale[message]:
                self._stale[message] = False
                await self._edit(job_id, message, webhook)
                # Further presses meanwhile share the next edit.
                await asyncio.sleep(courier.PACE)
        finally:
            del self._stale[message]

    async def _edit(
        self, job_id: str, message: MessageRef, webhook: discord.Webhook | None
    ) -> None:
        """Edits the buttons once; that they lag behind is no reason to fail a press."""
        try:
            job = await self._jobs.get(job_id)
            view = await self._build_view(job) if job else None
            if job is not None and view is not None:
                await self._send(job, message, view, webhook)
        except Exception as error:  # noqa: BLE001 - the press has done what it is for
            log.info("buttons_not_marked", job=job_id, error=type(error).__name__)

    async def _build_view(self, job: Job) -> discord.ui.View | None:
        """The buttons of a job that has ended."""
        if job.question or is_sheet(job.recipe):
            return None
        marks = await read_marks(self._jobs, job.id)
        with speaking(job.locale):
            if job.state == "done":
                return buttons.build_done_view(job.id, Recipe.from_json(job.recipe), marks)
            if job.state in {"failed", "cancelled"}:
                return buttons.build_stopped_view(job.id, marks)
        return None

    async def _send(
        self,
        job: Job,
        message: MessageRef,
        view: discord.ui.View,
        webhook: discord.Webhook | None,
    ) -> None:
        for each in self._list_webhooks(job, message, webhook):
            try:
                await each.edit_message(message.message_id, view=view)
            except discord.HTTPException as error:
                if judge(error).effect != "closes":
                    raise
            else:
                return
        channel = self._client.get_partial_messageable(message.channel_id)
        await channel.get_partial_message(message.message_id).edit(view=view)

    def _list_webhooks(
        self, job: Job, message: MessageRef, webhook: discord.Webhook | None
    ) -> Iterator[discord.Webhook]:
        """Those that may edit a message wherever it is."""
        if webhook is not None:
            yield webhook
        alive = job.token_expires_at is not None and datetime.now(UTC) < job.token_expires_at
        if job.interaction_token and alive and job.message_id == message.message_id:
            yield discord.Webhook.partial(
                job.application_id, job.interaction_token, client=self._client
            )


async def read_marks(jobs: Jobs, job_id: str) -> buttons.Marks:
    """What the buttons under a job's pictures show besides what they do."""
    titles = await jobs.records.read(queries.list_derived, job_id)
    # Only a single picture has a ⭐, and so does its first picture alone.
    stars = await jobs.records.read(choice_queries.count_marks, job_id, 0)
    return buttons.Marks.read(titles, stars)
