"""Fixtures: a stand-in, and the whole product running against it."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from playground import Playground
from storage.database import migrate
from storage.settings import Settings
from tests.journeys.studio import BOT, WORKER, Studio


@pytest.fixture
async def playground() -> AsyncIterator[Playground]:
    async with Playground(port=0) as standin:
        yield standin


@pytest.fixture
async def studio(playground: Playground, tmp_path: Path) -> AsyncIterator[Studio]:
    """Bot and worker running against a fresh stand-in and a fresh database."""
    migrate(Settings(data=tmp_path))
    whole = Studio(playground, tmp_path)
    try:
        await whole.start(BOT, WORKER)
        yield whole
    finally:
        await whole.close()
