"""What an administrator sees of a server, or of all of them, as the page shows it."""

import math
from collections.abc import Callable, Sequence
from datetime import datetime
from functools import partial
from typing import Any, Final

from bot.admin.rights import Administrator, may_administer
from bot.errors import JobGoneError, NotAdministeredError, TooLateError
from bot.text import sentences, server_log, server_rules
from bot.text.case_events import word_reason
from bot.text.languages import say
from storage.decisions import cases, choice_queries
from storage.decisions.choices import Change
from storage.queue import books, overview
from storage.queue.client import Jobs
from storage.queue.overview import Entry, Standing

DAYS: Final = 14
"""Days of which it is told what was used."""

PEOPLE: Final = 25
"""Most people who are named as having used most."""

QUEUED: Final = 50
"""Most jobs of the queue that are listed."""

CASES: Final = 20
"""Latest events of cases that are listed."""

CHANGES: Final = 20
"""Most changes on one page."""

Json = dict[str, Any]


class Overview:
    """Looks at the database for administrators, and cancels jobs for them."""

    def __init__(self, jobs: Jobs, dead_after: float, strip: Callable[[str], str]) -> None:
        """Looks at nothing yet.

        Args:
            jobs: The queue, and what is kept beside it.
            dead_after: Seconds without a sign of life after which a worker counts as dead.
            strip: Takes Discord's markup from a sentence.
        """
        self._jobs, self._records = jobs, jobs.records
        self._dead_after, self._strip = dead_after, strip

    async def write(self, who: Administrator, server_id: int | None, skipped: int = 0) -> Json:
        """All that the page shows.

        Args:
            who: Who looks.
            server_id: Of which server; None for all of the bot.
            skipped: Changes that are newer than those to be shown.

        Raises:
            NotAdministeredError: It is not theirs to see.
        """
        if not may_administer(who, server_id):
            raise NotAdministeredError
        return {
            "days": await self._write_days(server_id),
            "people": await self._write_people(server_id),
            "queue": await self._write_queue(server_id),
            "rules": await self._write_rules(server_id),
            "workers": await self._write_workers() if may_administer(who, None) else None,
            "cases": await self._write_cases(who, server_id),
            "changes": None if server_id is None else await self._write_changes(server_id, skipped),
        }

    async def cancel(self, who: Administrator, job_id: str) -> None:
        """Cancels a job that waits or runs.

        Raises:
            NotAdministeredError: It is not theirs.
            JobGoneError: There is none.
            TooLateError: It has already ended.
        """
        job = await self._jobs.get(job_id)
        # Whether there is one of that id is theirs alone to know.
        if not may_administer(who, job.server_id if job else None):
            raise NotAdministeredError
        if job is None:
            raise JobGoneError
        if not await self._jobs.cancel(job_id, who.person):
            raise TooLateError

    async def _write_days(self, server_id: int | None) -> list[Json]:
        days = await self._records.read_apart(books.list_days, server_id, DAYS)
        return [
            {
                "day": one.day.isoformat(),
                "minutes": math.ceil(one.seconds / 60),
                "jobs": one.jobs,
                "pictures": one.pictures,
            }
            for one in days
        ]

    async def _write_people(self, server_id: int | None) -> list[Json]:
        used = await self._records.read_apart(books.list_used, server_id, DAYS)
        return [
            {
                # Below 0 for those who were forgotten. As text: a browser's numbers are too short.
                "person": str(one.person_id) if one.person_id > 0 else "",
                "minutes": math.ceil(one.seconds / 60),
                "jobs": one.jobs,
                "pictures": one.pictures,
            }
            for one in used[:PEOPLE]
        ]

    async def _write_queue(self, server_id: int | None) -> Json:
        entries = await self._records.read_apart(overview.list_queue, server_id, QUEUED)
        return {
            "count": await self._records.read_apart(overview.count_queue, server_id),
            "jobs": [self._write_entry(one) for one in entries],
        }

    def _write_entry(self, entry: Entry) -> Json:
        where = sentences.ADMIN_DIRECT if entry.server_id is None else f"<#{entry.channel_id}>"
        return {
            "job": entry.id,
            "person": str(entry.person_id),
            "server": str(entry.server_id or ""),
            "where": self._strip(say(where)),
            "state": say(sentences.ADMIN_STATES[entry.state]),
            "model": entry.model,
            "pictures": entry.pictures,
            "worker": entry.worker or "",
            "at": entry.created_at.timestamp(),
        }

    async def _write_rules(self, server_id: int | None) -> list[Json]:
        limits = self._jobs.host_limits
        if server_id is None:
            told = [server_rules.tell_host(limits)]
            return [{"title": say(sentences.PANEL_LIMITS), "told": told}]
        choices = await self._records.read(choice_queries.read_server, server_id)
        return [
            {"title": title, "told": [self._strip(sentence) for sentence in told]}
            for title, told in server_rules.list_rules(choices, limits)
        ]

    async def _write_workers(self) -> list[Json]:
        standings = await self._records.read(overview.list_standings)
        return [
            {
                "name": one.name,
                "state": say(sentences.ADMIN_STATES[self._find_state(one)]),
                "alive": one.age <= self._dead_after,
                "model": one.model,
                "device": one.device,
                "age": one.age,
                "memory": [one.memory.used, one.memory.whole] if one.memory else None,
            }
            for one in standings
        ]

    def _find_state(self, worker: Standing) -> str:
        if worker.age > self._dead_after:
            return "gone"
        if worker.trouble:
            return "trouble"
        if worker.draining:
            return "draining"
        return "running" if worker.job else "ready"

    async def _write_cases(self, who: Administrator, server_id: int | None) -> list[Json]:
        # What may show minors is in no server's queue, and for whoever runs the bot alone.
        events = await self._records.read(
            partial(cases.list_latest, suspected=may_administer(who, None)), server_id, CASES
        )
        return [
            {
                "at": one.at.timestamp(),
                "what": say(sentences.CASE_EVENTS[one.what]),
                # Below 0 for those who were forgotten.
                "person": str(max(one.person_id, 0) or ""),
                "actor": str(one.actor_id or ""),
                "server": str(one.server_id or ""),
                "reason": word_reason(one),
            }
            for one in events
        ]

    async def _write_changes(self, server_id: int, skipped: int) -> Json:
        found = await self._records.read(
            # One more than is shown tells whether there are others.
            choice_queries.list_changes,
            server_id,
            CHANGES + 1,
            skipped,
        )
        older = skipped + CHANGES if len(found) > CHANGES else None
        return {"list": self._write_list(found[:CHANGES]), "older": older, "newer": bool(skipped)}

    def _write_list(self, found: Sequence[tuple[datetime, Change]]) -> list[Json]:
        told = ((at, change, *server_log.word_change(change)) for at, change in found)
        return [
            {
                "at": at.timestamp(),
                "person": str(change.person_id or ""),
                "what": self._strip(server_log.name_change(change.what)),
                "before": "" if change.what == server_log.PERSON else self._clear(before),
                "after": self._clear(after),
            }
            for at, change, before, after in told
        ]

    def _clear(self, said: str) -> str:
        # What Discord hides until it is pressed.
        return self._strip(said).replace("||", "") or say(sentences.NONE)
