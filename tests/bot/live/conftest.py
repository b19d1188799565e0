"""One house for all tests here, since a client takes most of a second to connect."""

import os
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.bot.live.house import House, open_house
from tests.bot.live.studio import LiveStudio
from tests.haste import hasten
from tests.journeys.studio import BOT, WORKER, Studio

HERE = f"{Path(__file__).parent}{os.sep}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Runs every test here in one event loop, in which the house lives."""
    for item in items:
        if str(item.path).startswith(HERE):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)


def pytest_fixture_setup(fixturedef: pytest.FixtureDef[object]) -> None:
    """Holds fixtures to that loop: in another they fail only where two wait for the same lock."""
    if getattr(fixturedef.func, "_loop_scope", "session") != "session":
        raise TypeError(f"The fixture {fixturedef.argname} lacks loop_scope='session'.")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def shared_house(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[House]:
    """The stand-in with the bot in it; edits and second tries come without a rest."""
    with pytest.MonkeyPatch.context() as patch:
        hasten(patch)
        async with open_house(tmp_path_factory.mktemp("house")) as house:
            yield house


@pytest_asyncio.fixture(loop_scope="session")
async def house(shared_house: House) -> House:
    """A house in which nothing has happened but messages."""
    await shared_house.reset()
    return shared_house


@pytest_asyncio.fixture(loop_scope="session")
async def studio(house: House) -> AsyncIterator[Studio]:
    """Bot and painter at work."""
    whole = LiveStudio(house)
    await whole.start(*(side for side in (BOT, WORKER) if not whole.runs(side)))
    yield whole
    await whole.close()
