"""What a job's message shows while it is made."""

import pytest

from bot.delivery.content import compose_progress
from storage.queue.jobs import Event, Progress, Queued, Started
from tests.bot.samples import job

JOB = job()


@pytest.mark.parametrize(
    ("event", "state"),
    [
        (Queued(JOB.id, 1), "queued"),
        (Started(JOB.id), "starting"),
        (Progress(JOB.id, 0, 0, None), "loading Easel's bundled model"),
        (Progress(JOB.id, 0, 12, None), "0 %"),
        (Progress(JOB.id, 3, 12, None), "25 %"),
    ],
)
def test_each_stage_is_told(event: Event, state: str) -> None:
    assert state in compose_progress(JOB, event).text
