"""Who may see which pictures where: what was made among adults is shown among adults alone.

Everything that shows pictures asks here, with the place in which they would be seen. Pictures that
a classifier or a moderator is against need no question: they are among a job's pictures no more.
"""

from collections.abc import Iterable, Sequence
from typing import Final

import discord

from bot.errors import NotAllowedError, WithheldError
from bot.text import sentences
from prompt.sentences import Sentence
from storage.database.records import Records
from storage.queue.client import Jobs
from storage.queue.jobs import Job
from storage.queue.moderation import is_withheld
from storage.queue.verdicts import WITHHELD

_ADULT: Final = {discord.NSFWLevel.explicit, discord.NSFWLevel.age_restricted}


async def is_released(records: Records, sha256: str) -> bool:
    """Whether a stored file may be shown to anybody; false for pictures that are withheld."""
    return not await records.read(is_withheld, sha256)


def is_age_restricted(channel: object) -> bool:
    """Whether Discord shows a place to adults alone: a channel, its thread, or a whole server.

    In direct messages nobody says who is grown up.
    """
    guild = getattr(channel, "guild", None)
    # Discord's own flag on commands does not look at the whole server.
    if guild is not None and getattr(guild, "nsfw_level", None) in _ADULT:
        return True
    is_nsfw = getattr(channel, "is_nsfw", None)
    return guild is not None and is_nsfw is not None and bool(is_nsfw())


def is_for_adults(client: discord.Client, adult: bool | None, channel_id: int) -> bool:
    """Whether a job's pictures are shown to adults alone.

    Args:
        client: Knows channels.
        adult: What the job says of that; None for one of before that was kept.
        channel_id: Where the job was shown, which is looked at then.
    """
    if adult is not None:
        return adult
    return is_age_restricted(client.get_channel(channel_id))


def may_appear(client: discord.Client, job: Job, place: object) -> bool:
    """Whether a job's pictures may be seen in a place: a channel, or None for a direct message."""
    if not is_for_adults(client, job.adult, job.channel_id):
        return True
    return is_age_restricted(place)


def require_shown(client: discord.Client, job: Job, place: object) -> None:
    """Goes on if a job's pictures may be seen in a place, and are withheld from nobody.

    Raises:
        WithheldError: They are shown nowhere.
        NotAllowedError: They are shown among adults alone.
    """
    require_audience(client, job, adult=is_age_restricted(place))


async def require_audiences(
    client: discord.Client,
    jobs: Jobs,
    job_ids: Iterable[str | None],
    *,
    adult: bool,
    known: Sequence[Job] = (),
) -> None:
    """The same of all of some jobs that there are, whose pictures others are made of.

    Args:
        client: Knows channels.
        jobs: Where they are.
        job_ids: Which ones.
        adult: Whether adults alone are let in where they would be seen.
        known: Those of them that were read already.

    Raises:
        WithheldError: Those of one are shown nowhere.
        NotAllowedError: Those of one are shown among adults alone.
    """
    read = {job.id: job for job in known}
    for job_id in dict.fromkeys(filter(None, job_ids)):
        job = read.get(job_id) or await jobs.get(job_id)
        if job is not None:
            require_audience(client, job, adult=adult)


def require_audience(client: discord.Client, job: Job, *, adult: bool) -> None:
    """The same in a place of which it is known whether adults alone are let in.

    Raises:
        WithheldError: They are shown nowhere.
        NotAllowedError: They are shown among adults alone.
    """
    if job.failure in WITHHELD:
        raise WithheldError(job.failure or "")
    if not adult and is_for_adults(client, job.adult, job.channel_id):
        raise NotAllowedError(Sentence(sentences.ADULTS_ONLY))
