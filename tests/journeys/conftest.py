"""Fixtures: the whole product, started once and shared, since starting a worker takes seconds."""

import os
from collections.abc import AsyncIterator
from inspect import iscoroutinefunction
from pathlib import Path

import pytest
import pytest_asyncio

from playground import Playground
from playground.state.world import UPLOAD_LIMIT
from storage.prepare import migrate
from tests.journeys.studio import BOT, WORKER, Studio
from tests.storage.conftest import settings_for

HERE = f"{Path(__file__).parent}{os.sep}"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Runs every journey in one event loop, in which the shared stand-in lives.

    Those that start processes of their own come first: the shared ones would look for work besides.
    """
    for item in items:
        ours = str(item.path).startswith(HERE)
        if ours and isinstance(item, pytest.Function) and iscoroutinefunction(item.function):
            item.add_marker(pytest.mark.asyncio(loop_scope="session"), append=False)
    items.sort(key=lambda item: "shared_studio" in getattr(item, "fixturenames", ()))


@pytest_asyncio.fixture(scope="package", loop_scope="session")
async def shared_studio(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Studio]:
    """A stand-in and a fresh database; ``studio`` starts the processes.

    They end with the journeys: bot and worker look for work even when nobody has any for them.
    """
    data = tmp_path_factory.mktemp("studio")
    migrate(settings_for(data))
    async with Playground(port=0) as standin:
        whole = Studio(standin, data)
        # An edge that is made crisp once is one like the other; the second time takes most.
        whole.cards = {"easel": {"enlarge": 2}}
        try:
            yield whole
        finally:
            await whole.close()


@pytest_asyncio.fixture(loop_scope="session")
async def studio(shared_studio: Studio) -> Studio:
    """Bot and worker running, whatever the test before did to them, and no faults left over."""
    await shared_studio.start(*(side for side in (BOT, WORKER) if not shared_studio.runs(side)))
    shared_studio.playground.faults.clear()
    shared_studio.playground.upload_limit = UPLOAD_LIMIT
    return shared_studio
