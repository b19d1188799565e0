"""Nothing accepted is ever lost: real processes, real signals."""

import signal

from sqlalchemy import select

from playground import Message
from storage.database.tables import JobRow
from tests.journeys.studio import (
    BOT,
    FINISHED,
    PATIENCE,
    WORKER,
    Studio,
    answer,
    public,
    result,
    showing,
    versions,
)

# Chaos goes without a plan, by which drawing takes a moment.
SLOW = "a red apple --seed 7 --steps 20 --chaos 1"


async def running(studio: Studio, count: int = 1) -> Message:
    """The message of a job of so many pictures that the worker is in the middle of."""
    return await showing(await answer(await studio.imagine(f"{SLOW} --batch {count}")), "%")


def finals(message: Message) -> int:
    """How often a message came to show finished pictures."""
    return sum(FINISHED in content for content in versions(message))


async def test_an_old_button_works_after_everything_was_stopped(studio: Studio) -> None:
    grid = await result(await studio.imagine("a red apple --seed 7 --steps 1 --batch 2"))
    assert await studio.end(BOT) == 0
    assert await studio.end(WORKER) == 0
    await studio.start(BOT, WORKER)
    single = await result(await studio.playground.press("mira", grid, label="U1"))
    assert "Image #1" in single.content


async def test_worker_killed_in_the_middle(studio: Studio) -> None:
    message = await running(studio)
    await studio.end(WORKER, signal.SIGKILL)
    await studio.start(WORKER)
    await showing(message, FINISHED)
    assert finals(message) == 1
    assert [m.id for m in public(studio.playground, message.id)] == [message.id]


async def test_bot_killed_in_the_middle(studio: Studio) -> None:
    message = await running(studio)
    await studio.end(BOT, signal.SIGKILL)
    await studio.start(BOT)
    await showing(message, FINISHED)
    assert finals(message) == 1
    assert [m.id for m in public(studio.playground, message.id)] == [message.id]


async def test_result_made_while_the_bot_was_dead(studio: Studio) -> None:
    message = await answer(await studio.imagine("a red apple --steps 1 --batch 1"))
    # It may say the next thing at once.
    await message.until(lambda now: any("queued" in each for each in versions(now)), PATIENCE)
    await studio.end(BOT, signal.SIGKILL)
    done = select(JobRow.id).where(JobRow.message_id == message.id, JobRow.state == "done")
    await studio.recorded(done)
    await studio.start(BOT)
    await showing(message, FINISHED)
    assert finals(message) == 1


async def test_cancel_while_running_and_while_queued(studio: Studio) -> None:
    first = await running(studio, 2)
    second = await showing(await answer(await studio.imagine("a pear --steps 1")), "queued")
    assert list(second.buttons) == ["Cancel"]
    await studio.playground.press("mira", second, label="Cancel")
    await showing(second, "cancelled")
    await studio.playground.press("mira", first, label="Cancel")
    await showing(first, "cancelled")
    third = await result(await studio.imagine("a peach --steps 1 --batch 1"))
    assert third.attachments
    assert not first.attachments
    assert not second.attachments
