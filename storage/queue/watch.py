"""From how jobs stand, seen again and again, to what happened in between."""

import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Final

from storage.queue.jobs import Ended, Event, Progress, Queued, Started
from storage.queue.queries import Standing

NEAR: Final = 5
"""Places in the queue of which every change is told; those farther back move often and say little.
"""

FAR_PAUSE: Final = 0.5
"""Seconds between two far places that are told, of all jobs: each costs a request to Discord."""

Stance = tuple[object, ...]
Place = tuple[int, bool]
"""A place in the queue, and whether the job waits for a worker of another kind."""


@dataclass(frozen=True, slots=True)
class _Told:
    """What was last told of a job: how it stood, at which place, and when."""

    stance: Stance
    place: Place | None
    when: float


class Watch:
    """What was last told of each undelivered job."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Args: clock: Tells the time, in seconds."""
        self._clock = clock
        self._told: dict[str, _Told] = {}
        self._far_told = float("-inf")

    def changes(self, standings: Iterable[Standing], waiting: Mapping[str, Queued]) -> list[Event]:
        """Compares all undelivered jobs with the last time; all that is new is told once.

        Of places far back one is told at a time: that of the job which has waited longest for it.

        Args:
            standings: How all undelivered jobs stand.
            waiting: What is told of those that wait.
        """
        found, now = list(standings), self._clock()
        told, changed, far = {}, [], []
        for job in found:
            place, before = _place(waiting.get(job.id)), self._told.get(job.id)
            is_far = place is not None and place[0] > NEAR
            new = _Told((job.state, job.attempts), place, now)
            if before is None and is_far and job.message_id is not None:
                # It was queued before this watch began, and its message shows a place already.
                before = _Told(new.stance, None, now)
            moved = before is not None and before.stance == new.stance
            if before is not None and moved and (place == before.place or is_far):
                told[job.id] = before
                far += [job] if place != before.place else []
            else:
                told[job.id] = new
                changed.append(job)
        if far and now - self._far_told >= FAR_PAUSE:
            self._far_told = now
            job = min(far, key=lambda one: told[one.id].when)
            told[job.id] = _Told(told[job.id].stance, _place(waiting[job.id]), now)
            changed.append(job)
        # Replaced, not updated: delivered jobs drop out, or it would grow for ever.
        self._told = told
        return [waiting.get(job.id) or _event(job) for job in changed]


class Feed:
    """Events on their way to a reader; where it is slow, only the newest of a kind is kept."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[type[Event], str], Event] = {}

    def put(self, event: Event) -> None:
        """Adds an event in place of one of the same kind and job that still waits.

        Any but progress also takes away the job's progress that waits: it is of a run that is over.
        """
        if not isinstance(event, Progress):
            self._waiting.pop((Progress, event.job_id), None)
        key = (type(event), event.job_id)
        # Taken out first, so that it stands in line where the newest came in.
        self._waiting.pop(key, None)
        self._waiting[key] = event

    def take(self) -> list[Event]:
        """All events that wait, oldest first; then none wait."""
        taken = list(self._waiting.values())
        self._waiting.clear()
        return taken


def _place(queued: Queued | None) -> Place | None:
    return (queued.position, queued.unserved) if queued else None


def _event(job: Standing) -> Event:
    if job.state == "running":
        return Started(job.id)
    return Ended(job.id, job.state, job.failure)
