"""A bot at work tells in numbers what it does, and whether it is ready."""

from contextlib import AsyncExitStack, suppress

import aiohttp
import pytest
from prometheus_client.parser import text_string_to_metric_families

from bot.__main__ import watch
from storage.database.connect import REVISION
from storage.settings import SettingsError
from tests.bot.live.house import House
from tests.ports import free_port


async def test_numbers_and_readiness_of_a_bot_at_work(house: House) -> None:
    assert house.bot
    port = free_port()
    settings = house.jobs._settings.model_copy(update={"metrics_port": port})
    async with (
        watch(settings, house.jobs) as watched,
        aiohttp.ClientSession(f"http://127.0.0.1:{port}") as session,
    ):

        async def fetch(path: str) -> tuple[int, str]:
            async with session.get(path) as answer:
                return answer.status, await answer.text()

        async def listened() -> tuple[int, str] | None:
            with suppress(aiohttp.ClientConnectionError):
                return await fetch("/readyz")
            return None

        # One that waits for its turn lives, and says what it waits for.
        assert await house.until(listened) == (503, "another bot serves\n")
        assert await fetch("/healthz") == (200, "alive\n")
        await watched.begin(house.bot)

        async def read() -> dict[tuple[str, str], float]:
            _, text = await fetch("/metrics")
            return {
                (sample.name, ",".join(sample.labels.values())): sample.value
                for family in text_string_to_metric_families(text)
                for sample in family.samples
            }

        # discord.py waits a moment for servers that may follow.
        await house.bot.wait_until_ready()
        await house.jobs.sign_on()
        await house.drawn("a red apple --relax")
        await house.refusal(await house.imagine("a red apple --chaos 900"), "--chaos")
        await house.imagine("a boat")
        (job,) = await house.accepted(1)
        key = ("easel_jobs_total", f"done,imagine,{job.model},,relax")

        async def counted() -> dict[tuple[str, str], float] | None:
            found = await read()
            return found if key in found else None

        # A moment after the database has it that the end was shown.
        found = await house.until(counted)
        assert found[key] == 1
        assert found["easel_wait_seconds_count", "relax"] == 1
        assert found["easel_show_seconds_count", ""] == 1
        assert found["easel_accept_seconds_count", ""] == 2
        assert found["easel_refusals_total", "PromptError"] == 1
        assert found["easel_answer_seconds_count", ""] >= 3
        assert found["easel_discord_answers_total", "200"] >= 3
        assert found["easel_queue_jobs", "fast,queued"] == 1
        assert found["easel_workers", "none"] == 1
        assert found["easel_gateway_connected", ""] == 1
        assert found["easel_free_bytes", ""] > 0
        # The tables were made without migrations here.
        status, reason = await fetch("/readyz")
        assert (status, "no tables" in reason or "revision" in reason) == (503, True)
        await house.jobs.records.write(lambda it: it.exec_driver_sql(_MARK))
        await house.jobs.records.write(lambda it: it.exec_driver_sql(_NOTE))
        assert await fetch("/readyz") == (200, "ready\n")
        assert await fetch("/healthz") == (200, "alive\n")
        # Nothing is left of it in the tables that all tests here share.
        await house.jobs.records.write(lambda it: it.exec_driver_sql("DROP TABLE alembic_version"))
        await house.stop()
        assert await fetch("/readyz") == (503, "not connected to Discord\n")


async def test_one_that_waits_listens_once_the_other_has_left(house: House) -> None:
    assert house.bot
    port = free_port()
    settings = house.jobs._settings.model_copy(update={"metrics_port": port})
    async with AsyncExitStack() as serving, aiohttp.ClientSession() as session:
        first = await serving.enter_async_context(watch(settings, house.jobs))
        await first.begin(house.bot)
        async with watch(settings, house.jobs) as third:
            with pytest.raises(SettingsError, match="Metrics cannot be served"):
                await third.begin(house.bot)
        async with watch(settings, house.jobs) as second:
            await serving.aclose()
            await second.begin(house.bot)
            async with session.get(f"http://127.0.0.1:{port}/healthz") as answer:
                assert await answer.text() == "alive\n"


_MARK = "CREATE TABLE IF NOT EXISTS alembic_version (version_num VARCHAR(32) NOT NULL)"
_NOTE = f"INSERT INTO alembic_version VALUES ('{REVISION}')"
