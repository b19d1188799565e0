"""What people do with jobs that wait or run, and what they may know of the queue."""

from typing import Any

import discord

from bot.access import ownership, policy
from bot.errors import NotYoursError, TooLateError
from bot.text import sentences
from bot.text.languages import say
from storage.decisions import choice_queries
from storage.queue import queries
from storage.queue.client import Jobs
from storage.queue.jobs import QueueInfo
from storage.queue.limits import Allowance, HostLimits, Usage


class JobHandler:
    """Cancels jobs, and tells how the queue and somebody's allowance stand."""

    def __init__(self, jobs: Jobs) -> None:
        self._jobs, self._records = jobs, jobs.records

    @property
    def limits(self) -> HostLimits:
        """How much anybody may ask for, whatever a server allows."""
        return self._jobs.host_limits

    async def cancel(self, interaction: discord.Interaction[Any], job_id: str) -> None:
        """Takes a press of Cancel.

        Raises:
            JobGoneError: The job is not in the database.
            NotYoursError: The person may not cancel it.
            TooLateError: It has already ended.
        """
        await interaction.response.defer()
        job = await ownership.find_job(self._jobs, job_id)
        if not ownership.may_remove(interaction, job):
            raise NotYoursError
        if not await self._jobs.cancel(job_id, interaction.user.id):
            raise TooLateError

    async def cancel_all(self, interaction: discord.Interaction[Any]) -> None:
        """Cancels everything of the person's that waits or runs."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        own = await self._records.read(queries.list_unfinished_of, interaction.user.id)
        # A job that has ended meanwhile was not cancelled and does not count.
        count = sum([await self._jobs.cancel(job) for job in own])
        said = (
            say(sentences.CANCELLED_ALL, count=count) if count else say(sentences.NOTHING_TO_CANCEL)
        )
        await interaction.edit_original_response(content=said)

    async def count_queue(self) -> QueueInfo:
        """How many jobs wait and run, and how many workers live."""
        return await self._jobs.queue_info()

    async def find_limits(self, interaction: discord.Interaction[Any]) -> tuple[Allowance, Usage]:
        """How much the person may ask for where they are, and how much of it they use."""
        server = await self._records.read(choice_queries.read_server, interaction.guild_id or 0)
        allowed = policy.allow(self._jobs.host_limits, server, interaction)
        return allowed, await self._jobs.read_usage(interaction.user.id, allowed)
