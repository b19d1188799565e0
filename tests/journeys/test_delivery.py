"""Results arrive whatever Discord does."""

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from playground.state.records import Permission
from tests.journeys.studio import FINISHED, PATIENCE, Studio, answer, showing
from tests.journeys.test_survival import finals, running


async def test_dead_token(studio: Studio) -> None:
    message = await running(studio)
    studio.playground.clock.advance(16 * 60)
    await showing(message, FINISHED)
    assert finals(message) == 1


async def test_deleted_message(studio: Studio) -> None:
    standin = studio.playground
    message = await running(studio)
    await standin.delete("otto", message)
    other = await standin.message(lambda m: m.id > message.id and FINISHED in m.content, PATIENCE)
    assert other.id != message.id
    assert other.channel_id == message.channel_id


@pytest_asyncio.fixture(loop_scope="session")
async def opened_again(studio: Studio) -> AsyncIterator[None]:
    """Gives the channel back to the bot, which the journeys after this one write in."""
    yield
    studio.playground.permit("bot", "art", Permission.VIEW_CHANNEL)


@pytest.mark.usefixtures("opened_again")
async def test_channel_closed_to_the_bot(studio: Studio) -> None:
    standin = studio.playground
    message = await running(studio, channel="art")
    standin.forbid("bot", "art", Permission.VIEW_CHANNEL)
    standin.clock.advance(16 * 60)
    other = await standin.message(lambda m: m.id > message.id and FINISHED in m.content, PATIENCE)
    assert other.channel_id == standin.channel("@mira")
    assert message.id != other.id


async def test_outages_at_the_end(studio: Studio) -> None:
    standin = studio.playground
    message = await running(studio)
    standin.faults.next("PATCH", r".*/messages/.*", status=503, times=3)
    standin.faults.next("PATCH", r".*/messages/.*", reset="before", times=2)
    standin.faults.next("PATCH", r".*/messages/.*", status=429, times=1)
    await showing(message, FINISHED)


async def test_result_larger_than_the_upload_limit(studio: Studio) -> None:
    studio.playground.upload_limit = 300_000
    message = await answer(await studio.imagine("a red apple --seed 7 --steps 2"))
    await showing(message, FINISHED)
    assert message.attachments[0].size <= 300_000


async def test_gateway_reconnects(studio: Studio) -> None:
    standin = studio.playground
    for trouble in ("op7", "drop", "op9"):
        standin.faults.gateway(trouble)
        await standin.ready(PATIENCE)
        message = await answer(await studio.imagine("a red apple --steps 4"))
        await showing(message, FINISHED)
