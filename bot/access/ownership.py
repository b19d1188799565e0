"""Jobs found again, and who may do what to them."""

from bot.errors import (
    JobGoneError,
    NoJobError,
    NoPictureError,
    NotYoursError,
    OldButtonError,
    SheetError,
    WithheldError,
)
from bot.interactions.requester import Requester
from generation.recipe import Recipe
from generation.recipe.sheet import is_sheet
from storage.queue import queries
from storage.queue.client import Jobs
from storage.queue.jobs import Job
from storage.queue.verdicts import WITHHELD


async def find_job(jobs: Jobs, job_id: str | None) -> Job:
    """A job by its id.

    Raises:
        JobGoneError: There is none.
    """
    job = await jobs.get(job_id) if job_id else None
    if job is None:
        raise JobGoneError
    return job


async def find_own(
    jobs: Jobs, requester: Requester, beginning: str, *, questions: bool = True
) -> Job:
    """A job that somebody may remove, by the beginning of its id.

    Args:
        jobs: The queue.
        requester: Who asks, and where.
        beginning: Of the job's id, as it was typed.
        questions: Whether it may be a question.

    Raises:
        NoJobError: There is no such job.
        NotYoursError: It is somebody else's.
    """
    found = await jobs.records.read(queries.find_job, beginning)
    job = await jobs.get(found) if found else None
    if job is None or (job.question and not questions):
        raise NoJobError(beginning)
    if not may_remove(requester, job):
        raise NotYoursError
    return job


async def find_drawing(jobs: Jobs, job_id: str | None) -> Job:
    """A job that makes pictures of one recipe, by its id.

    Raises:
        JobGoneError: There is none.
        NoPictureError: It is a question, which makes none.
        SheetError: It is a sheet, of which one is chosen first.
        WithheldError: Its pictures are shown to nobody.
    """
    job = await find_job(jobs, job_id)
    require_drawing(job)
    return job


def require_drawing(job: Job) -> None:
    """Goes on with a job that makes pictures of one recipe.

    Raises:
        NoPictureError: It is a question, which makes none.
        SheetError: It is a sheet, of which one is chosen first.
        WithheldError: Its pictures are shown to nobody.
    """
    if job.failure in WITHHELD:
        raise WithheldError(job.failure or "")
    if is_sheet(job.recipe):
        raise SheetError
    if job.question:
        raise NoPictureError


def draws(job: Job) -> bool:
    """Whether a job makes pictures of one recipe, and is neither a question nor a sheet."""
    return not job.question and not is_sheet(job.recipe)


def require_picture(recipe: Recipe, index: int) -> None:
    """Goes on if a recipe makes so many pictures; a button's number comes from the client.

    Args:
        recipe: The recipe.
        index: Which one, counted from 0.

    Raises:
        OldButtonError: It makes fewer.
    """
    if index >= len(recipe.noise):
        raise OldButtonError


def may_remove(requester: Requester, job: Job) -> bool:
    """Whether somebody may cancel or delete a job: its owner, or a moderator of its server."""
    if requester.user.id == job.person_id:
        return True
    return moderates(requester, job.server_id)


def moderates(requester: Requester, server_id: int | None) -> bool:
    """Whether somebody is a moderator of a server, and there."""
    # Being one elsewhere, or in direct messages, gives no right over its pictures.
    same_server = requester.guild_id is not None and requester.guild_id == server_id
    return same_server and requester.permissions.manage_messages
