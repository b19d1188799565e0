"""Pictures for those who may see them: found, shown one by one, marked, shared, deleted."""

from collections.abc import Callable, Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import discord

from bot.access.audience import is_for_adults, require_audience
from bot.errors import NotShownError
from bot.gallery.sights import Onlooker
from bot.requests.lineage import Member, find_members
from generation.derive import narrow
from generation.recipe import Recipe
from generation.recipe.sheet import is_sheet, read_recipes
from storage.decisions import choice_queries
from storage.gallery import index, search, share_links
from storage.gallery.rights import Viewer
from storage.gallery.search import Found, Wanted
from storage.gallery.share_links import ShareLink
from storage.privacy.forgetting import forget_some
from storage.queue import queries
from storage.queue.client import Jobs
from storage.queue.jobs import Job, StoredImage

PAGE: Final = 30
"""Drawings of a page of the gallery."""

_LOOKS: Final = 4
"""How often more are looked for where what was found is not shown."""


@dataclass(frozen=True, slots=True)
class Shown:
    """A drawing as somebody sees it.

    Attributes:
        found: Where it stands in the gallery.
        job: Its job.
        marked: Places of the pictures that they marked, from 0.
    """

    found: Found
    job: Job
    marked: frozenset[int]


async def _look_by_link(_: object) -> Viewer:
    return Viewer(linked=True)


_LINKED: Final = Onlooker(None, _look_by_link)
"""Somebody who has a link to what they look at."""


class PictureCollection:
    """What there is to see."""

    def __init__(self, client: discord.Client, jobs: Jobs, withdraw: Callable[[], None]) -> None:
        """Looks at nothing yet.

        Args:
            client: Knows channels.
            jobs: The queue, and what is kept beside it.
            withdraw: Has messages deleted that are written down for it.
        """
        self._client, self._jobs, self._records = client, jobs, jobs.records
        self._withdraw = withdraw

    async def list_page(self, onlooker: Onlooker, wanted: Wanted) -> tuple[list[Shown], int | None]:
        """The latest drawings that somebody wants and may see.

        Returns:
            At most ``PAGE`` of them, and the number by which the next page goes on, if any does.
        """
        seen: list[Found] = []
        for _ in range(_LOOKS):
            most = PAGE - len(seen)
            found = await self._records.read_apart(search.find, wanted, most)
            seen += await onlooker.select(found)
            if len(found) < most:
                return await self._load(onlooker, seen), None
            wanted = replace(wanted, before=found[-1].id)
            if len(seen) >= PAGE / 2:
                break
        return await self._load(onlooker, seen), wanted.before

    async def find(self, onlooker: Onlooker, job_id: str) -> Shown:
        """One drawing.

        Raises:
            NotShownError: There is none, or somebody may not see it.
        """
        shown = await self._load(onlooker, await self._select(onlooker, [job_id]))
        if not shown:
            raise NotShownError
        return shown[0]

    async def find_own(self, onlooker: Onlooker, job_id: str) -> Shown:
        """One drawing of somebody's own.

        Raises:
            NotShownError: There is none.
        """
        shown = await self.find(onlooker, job_id)
        if shown.job.person_id != onlooker.person:
            raise NotShownError
        return shown

    async def require_seen(self, onlooker: Onlooker, sha256: str) -> None:
        """Refuses somebody who sees none of the drawings that a stored picture is of.

        Raises:
            NotShownError: They do not.
        """
        if not await onlooker.select(await self._records.read(search.find_of_picture, sha256)):
            raise NotShownError

    async def list_lineage(self, onlooker: Onlooker, job: Job) -> list[Member]:
        """What a drawing was made of and what was made of it, as far as somebody may see it."""

        async def select(found: Sequence[Job]) -> list[Job]:
            shown = {one.job_id for one in await self._select(onlooker, [job.id for job in found])}
            return [one for one in found if one.id in shown]

        return await find_members(self._jobs, job, select)

    async def list_models(self, person: int) -> list[str]:
        """The models that drew somebody's latest drawings."""
        return await self._records.read(search.list_models, person)

    async def mark(self, onlooker: Onlooker, job_id: str, position: int, *, wanted: bool) -> None:
        """Marks a picture as a favourite, or takes the mark away.

        Raises:
            NotShownError: There is none, or somebody may not see it.
        """
        job = (await self.find(onlooker, job_id)).job
        find_picture(job, position)
        given = onlooker.person or 0, job_id, position, wanted
        if await self._records.write(choice_queries.mark, *given) is None:
            raise NotShownError

    async def keep_private(self, onlooker: Onlooker, job_id: str, *, private: bool) -> None:
        """Keeps a drawing of somebody's own from its server's gallery, or lets it in again.

        Raises:
            NotShownError: There is none.
        """
        await self.find_own(onlooker, job_id)
        await self._records.write(index.keep_private, [job_id], private=private)

    async def withdraw(self, message_ids: Collection[int]) -> None:
        """Keeps from a server's gallery what moderators deleted there; its owner sees it still."""
        found = await self._records.read(index.find_delivered, message_ids)
        # Most messages that are deleted show none of ours, and nothing is written for those.
        if found:
            await self._records.write(index.keep_private, found, private=True)

    async def share(
        self, onlooker: Onlooker, job_id: str, position: int, *, recipe: bool, life: timedelta
    ) -> str:
        """Makes a link to a picture of somebody's own; what it names.

        Raises:
            NotShownError: There is none.
            NotAllowedError: It is shown among adults alone.
        """
        shown = await self.find_own(onlooker, job_id)
        find_picture(shown.job, position)
        require_audience(self._client, shown.job, adult=False)
        given = onlooker.person or 0, job_id, position
        name = await self._records.write(share_links.share, *given, recipe=recipe, life=life)
        if name is None:
            raise NotShownError
        return name

    async def list_links(self, onlooker: Onlooker, job_id: str) -> list[ShareLink]:
        """Somebody's links to a drawing that are good."""
        return await self._records.read(share_links.list_links, onlooker.person or 0, job_id)

    async def revoke(self, onlooker: Onlooker, digest: str) -> None:
        """Ends a link of somebody's own.

        Raises:
            NotShownError: There is none.
        """
        if not await self._records.write(share_links.revoke, onlooker.person or 0, digest):
            raise NotShownError

    async def find_shared(self, name: str) -> tuple[ShareLink, Job]:
        """The link of a name, and the drawing that it leads to.

        Raises:
            NotShownError: It was revoked, has expired, or never was; or its picture is shown no
                more.
        """
        link = await self._records.read(share_links.find_link, name)
        if link is None:
            raise NotShownError
        job = (await self.find(_LINKED, link.job_id)).job
        # Of jobs that do not say for whom they are, their channel does, as it is now.
        if is_for_adults(self._client, job.adult, job.channel_id):
            raise NotShownError
        return link, job

    async def delete(self, onlooker: Onlooker, job_ids: Collection[str]) -> int:
        """Forgets drawings of somebody's own, with their messages, as ``/privacy`` does; how many.

        Those of others are let be.
        """
        count = await forget_some(self._jobs, onlooker.person or 0, job_ids)
        self._withdraw()
        return count

    async def _select(self, onlooker: Onlooker, job_ids: Collection[str]) -> list[Found]:
        """Those of some drawings that somebody may see."""
        found = await self._records.read(search.find_subjects, job_ids)
        return await onlooker.select(found)

    async def _load(self, onlooker: Onlooker, found: Iterable[Found]) -> list[Shown]:
        by_job = {one.job_id: one for one in found}
        jobs = await self._records.read(queries.read_jobs, [*by_job])
        marks = set[tuple[str, int]]()
        if onlooker.person is not None and by_job:
            marks = await self._records.read(choice_queries.list_marks, onlooker.person, [*by_job])
        return [
            Shown(
                by_job[job.id],
                job,
                frozenset(place for job_id, place in marks if job_id == job.id),
            )
            for job in jobs
            if job.pictures
        ]


def find_picture(job: Job, position: int) -> StoredImage:
    """A picture of a drawing by its place, from 0.

    Raises:
        NotShownError: It has none there.
    """
    found = next((one for one in job.pictures if one.position == position), None)
    if found is None:
        raise NotShownError
    return found


def find_recipe(job: Job, position: int) -> Recipe:
    """What one picture of a drawing was made from.

    Raises:
        RecipeError: It is of a version not known here.
    """
    recipes = read_recipes(job.recipe)
    if is_sheet(job.recipe):
        return recipes[min(position, len(recipes) - 1)]
    return narrow(recipes[0], position) if position < len(recipes[0].noise) else recipes[0]
