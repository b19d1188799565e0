"""What people ask for about themselves: a copy of what is kept of them, or to be forgotten."""

import asyncio
import io
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Final

import discord

from bot.access.audience import is_age_restricted, is_for_adults
from bot.text import sentences
from bot.text.languages import say
from storage.files import Files
from storage.privacy.exporting import Parts, list_entries, read_kept
from storage.privacy.forgetting import forget
from storage.privacy.retention import HostPolicy
from storage.queue.client import Jobs
from storage.settings import Settings

MOST_PARTS: Final = 5
"""Files in which a copy is sent: an app that a person installed may follow up so often."""

ROOM: Final = 2**16
"""Bytes of an upload that are left for what is beside the file."""


class PrivacyHandler:
    """Sends copies, and forgets people.

    Attributes:
        policy: What whoever runs the bot says of what is kept.
    """

    def __init__(
        self, settings: Settings, jobs: Jobs, files: Files, withdraw: Callable[[], None]
    ) -> None:
        """Works on what is kept.

        Args:
            settings: Of this installation.
            jobs: The queue, and what is kept beside it.
            files: Where pictures are.
            withdraw: Has messages deleted that are written down for it.
        """
        self._database, self._withdraw = settings.database, withdraw
        self._jobs, self._files = jobs, files
        self.policy = HostPolicy(settings.keep_days, settings.privacy_url)

    async def send_copy(self, interaction: discord.Interaction[Any]) -> None:
        """Sends somebody in private all that is kept of them, in as many files as it takes.

        Raises:
            FileStoreError: Their pictures cannot be read.
        """
        await interaction.response.defer(ephemeral=True, thinking=True)
        kept = await self._jobs.records.read_apart(read_kept, interaction.user.id)

        def shows(job: Mapping[str, Any]) -> bool:
            for_adults = is_for_adults(interaction.client, job["adult"], job["channel_id"])
            return not for_adults or is_age_restricted(interaction.channel)

        limit = interaction.filesize_limit - ROOM
        parts = Parts(list_entries(kept, self._files, shows), limit, MOST_PARTS)
        day, packed, sent = f"{datetime.now(UTC):%Y-%m-%d}", iter(parts), 0
        # In a thread, as pictures are read; one part at a time, so that memory holds no more.
        while (data := await asyncio.to_thread(next, packed, None)) is not None:
            sent += 1
            file = discord.File(io.BytesIO(data), f"easel-{day}-{sent}.zip")
            if sent == 1:
                text = say(sentences.PRIVACY_COPY)
                await interaction.edit_original_response(content=text, attachments=[file])
            else:
                await interaction.followup.send(file=file, ephemeral=True)
        elsewhere = sum(job["state"] == "done" and not shows(job) for job in kept.rows["jobs"])
        if elsewhere:
            # Their words are in the copy; the pictures are given among adults.
            text = say(sentences.PRIVACY_ADULTS, count=elsewhere)
            await interaction.followup.send(text, ephemeral=True)
        if parts.left:
            text = say(sentences.PRIVACY_LEFT, count=parts.left)
            if sent:
                await interaction.followup.send(text, ephemeral=True)
            else:
                await interaction.edit_original_response(content=text)

    async def erase(self, person_id: int) -> None:
        """Forgets somebody."""
        await forget(self._jobs, person_id, self._database)
        self._withdraw()
