"""Who may do what to a job."""

from typing import Any

import discord

from storage.jobs import Job


def may_cancel(interaction: discord.Interaction[Any], job: Job) -> bool:
    """Whether the person may cancel the job: its owner, or a moderator of the job's server."""
    if interaction.user.id == job.person_id:
        return True
    same_server = interaction.guild_id is not None and interaction.guild_id == job.server_id
    return same_server and interaction.permissions.manage_messages
