"""Moderation: what people report and appeal, and what moderators see of it and decide."""

import asyncio
import io
from collections.abc import Callable
from datetime import timedelta
from typing import Any, Final

import discord
import structlog
from PIL import Image, ImageFilter

from bot.access import ownership
from bot.components import appeal
from bot.errors import NoPictureError, NotYoursError
from bot.panels import cases, routing
from bot.text import sentences
from bot.text.languages import say
from storage.decisions.cases import Strikes
from storage.files import Files, FileStoreError, MissingFileError
from storage.queue import moderation
from storage.queue.client import Jobs
from storage.queue.moderation import Decision, OpenCase, Outcome
from storage.settings import Settings

SIDE: Final = 512
"""Longer side in pixels of a picture as moderators see it, ..."""

BLUR: Final = 6
"""and the radius that it is blurred with: what it shows can be made out, and not looked at."""

log: Final = structlog.get_logger(__name__)


class ModerationHandler:
    """Takes reports and appeals, and shows moderators what waits for them."""

    def __init__(
        self, settings: Settings, jobs: Jobs, files: Files, withdraw: Callable[[], None]
    ) -> None:
        """Works on a queue.

        Args:
            settings: For what warnings lead to.
            jobs: The queue.
            files: Where pictures are, those that are shown to nobody else among them.
            withdraw: Has messages deleted that are written down for it.
        """
        self._withdraw = withdraw
        self._jobs, self._files, self._records = jobs, files, jobs.records
        self._strikes = Strikes(settings.strikes, timedelta(days=settings.strike_days))

    async def report(self, interaction: discord.Interaction[Any], job_id: str, reason: str) -> str:
        """Takes a report; what is told of it.

        Args:
            interaction: Who reports.
            job_id: Whose pictures.
            reason: Why, as ``sentences.REPORT_REASONS``.

        Raises:
            JobGoneError: There is no such job.
            NoPictureError: It has no pictures that are shown.
        """
        job = await ownership.find_job(self._jobs, job_id)
        if job.state != "done" or job.question:
            raise NoPictureError
        minors = reason == cases.MINORS
        await self._records.write(
            moderation.report, job_id, interaction.user.id, reason, minors=minors
        )
        if minors:
            self._apply()
        log.info("reported", job=job_id, reason=reason)
        return say(sentences.REPORTED)

    async def take_appeal(self, interaction: discord.Interaction[Any], job_id: str) -> None:
        """Takes a submitted appeal, of whoever asked for the pictures, once."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        job = await ownership.find_job(self._jobs, job_id)
        if job.person_id != interaction.user.id:
            raise NotYoursError
        why = appeal.read_reason(interaction)
        taken = await self._records.write(moderation.appeal, job_id, interaction.user.id, why)
        said = say(sentences.APPEALED if taken else sentences.APPEALED_BEFORE)
        await interaction.edit_original_response(content=said)

    async def show_queue(self, interaction: discord.Interaction[Any], after: str = "") -> None:
        """Shows a moderator, in the private answer that was promised, a case that waits.

        Args:
            interaction: Who asks, and where.
            after: The case after which the next is wanted.

        Raises:
            NotYoursError: They are no moderator there.
        """
        if not ownership.moderates(interaction, interaction.guild_id):
            raise NotYoursError
        server = interaction.guild_id or 0
        found = await self._records.read(moderation.read_next, server, self._strikes, after=after)
        if found is None:
            text = say(sentences.MOD_NONE)
            await interaction.edit_original_response(content=text, view=None, attachments=[])
            return
        panel = cases.build_panel(found)
        await interaction.edit_original_response(
            content=panel.text,
            view=routing.build_view(panel),
            attachments=await self._load_blurred(found),
        )

    async def decide(
        self,
        interaction: discord.Interaction[Any],
        job_id: str,
        decision: Decision,
        reason: str,
    ) -> None:
        """Does as a moderator decides, and shows the next case.

        Raises:
            JobGoneError: The pictures are gone.
            NotYoursError: They are of another server.
            DecidedError: Somebody else has decided.
        """
        job = await ownership.find_job(self._jobs, job_id)
        if not ownership.moderates(interaction, job.server_id):
            raise NotYoursError
        outcome = await self._records.write(
            moderation.decide,
            job_id,
            decision,
            actor_id=interaction.user.id,
            reason=reason,
            strikes=self._strikes,
        )
        self._apply()
        await self._tell(interaction, outcome, reason)
        await self.show_queue(interaction)

    def _apply(self) -> None:
        """Has what was decided shown: messages edited, copies deleted."""
        self._jobs.wake()
        self._withdraw()

    async def _load_blurred(self, found: OpenCase) -> list[discord.File]:
        """The pictures of a case, small and blurred; nothing where they cannot be read."""
        if not found.pictures:
            return []
        try:
            png = await self._files.aget(found.pictures[0].sha256)
            data = await asyncio.to_thread(_blur, png)
        except (MissingFileError, FileStoreError, OSError):
            return []
        # Discord covers it until it is clicked.
        name = f"SPOILER_easel-{found.job.id[:8]}-blurred.webp"
        return [discord.File(io.BytesIO(data), name, description=say(sentences.MOD_ALT))]

    async def _tell(
        self, interaction: discord.Interaction[Any], outcome: Outcome, reason: str
    ) -> None:
        """Tells somebody in private that they were warned or blocked."""
        server = interaction.guild.name if interaction.guild else ""
        if outcome.blocked and outcome.until is not None:
            when = discord.utils.format_dt(outcome.until, "R")
            said = say(sentences.BLOCKED_UNTIL, server=server, when=when)
        elif outcome.blocked:
            said = say(sentences.BLOCKED_FOR_GOOD, server=server)
        elif outcome.warned:
            said = say(sentences.WARNED, server=server)
        else:
            return
        text = "\n".join([said, *([f"> {reason}"] if reason else [])])
        try:
            person = await interaction.client.create_dm(discord.Object(outcome.person_id))
            await person.send(text)
        except discord.HTTPException as error:
            # Their direct messages are closed; what was decided holds all the same.
            log.info("decision_not_told", status=error.status)


def _blur(png: bytes) -> bytes:
    with Image.open(io.BytesIO(png), formats=["PNG"]) as picture:
        small = picture.convert("RGB")
    small.thumbnail((SIDE, SIDE))
    buffer = io.BytesIO()
    small.filter(ImageFilter.GaussianBlur(BLUR)).save(buffer, "WEBP", quality=60)
    return buffer.getvalue()
