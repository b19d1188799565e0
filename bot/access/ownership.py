"""Jobs found again, and who may do what to them."""

from bot.errors import JobGoneError
from bot.interactions.requester import Asking
from storage.queue.client import Jobs
from storage.queue.jobs import Job


async def found(jobs: Jobs, job_id: str | None) -> Job:
    """A job by its id.

    Raises:
        JobGoneError: There is none.
    """
    job = await jobs.get(job_id) if job_id else None
    if job is None:
        raise JobGoneError
    return job


def may_remove(asking: Asking, job: Job) -> bool:
    """Whether somebody may cancel or delete a job: its owner, or a moderator of its server."""
    if asking.user.id == job.person_id:
        return True
    same_server = asking.guild_id is not None and asking.guild_id == job.server_id
    return same_server and asking.permissions.manage_messages
