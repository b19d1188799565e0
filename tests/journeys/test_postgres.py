"""The same product with PostgreSQL in place of the SQLite file."""

from pathlib import Path

import pytest

from playground import Playground
from storage.prepare import migrate
from tests.journeys.studio import BOT, WORKER, Studio, result
from tests.storage.conftest import postgres, postgres_running, settings_for

__all__ = ["postgres", "postgres_running"]


@pytest.mark.postgres
async def test_words_become_a_grid_and_a_button_works(postgres: str, tmp_path: Path) -> None:
    url = postgres + "journey"
    migrate(settings_for(tmp_path, url))
    async with Playground(port=0) as standin:
        studio = Studio(standin, tmp_path, url)
        try:
            await studio.start(BOT, WORKER)
            grid = await result(await studio.imagine("a red apple --seed 7 --steps 1 --batch 2"))
            single = await result(await standin.press("mira", grid, label="U2"))
        finally:
            await studio.close()
    assert "Image #2" in single.content
    assert not (tmp_path / "easel.db").exists()
