"""From how jobs stand, seen again and again, to what happened in between."""

from collections.abc import Iterable

from storage.queue.jobs import Ended, Event, Progress, Queued, Started
from storage.queue.queries import Standing

Stance = tuple[object, ...]


class Watch:
    """What was last seen of each undelivered job."""

    def __init__(self) -> None:
        self._seen: dict[str, Stance] = {}

    def changes(self, standings: Iterable[Standing]) -> list[Event]:
        """Compares all undelivered jobs with the last time; all that is new is told once."""
        found = list(standings)
        positions = _positions(found)
        stances = {job.id: _stance(job, positions) for job in found}
        changed = [job for job in found if self._seen.get(job.id) != stances[job.id]]
        # Replaced, not updated: delivered jobs drop out, or it would grow for ever.
        self._seen = stances
        return [_event(job, positions) for job in changed]


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


def _positions(standings: list[Standing]) -> dict[str, int]:
    waiting = sorted(
        (job for job in standings if job.state == "queued"),
        key=lambda job: (job.priority, job.created_at),
    )
    return {job.id: place for place, job in enumerate(waiting, start=1)}


def _stance(job: Standing, positions: dict[str, int]) -> Stance:
    # With the attempts: a job that was begun again is running before and after.
    return job.state, job.attempts, positions.get(job.id)


def _event(job: Standing, positions: dict[str, int]) -> Event:
    if job.state == "queued":
        return Queued(job.id, positions[job.id])
    if job.state == "running":
        return Started(job.id)
    return Ended(job.id, job.state, job.failure)
