from __future__ import annotations

import asyncio
import re
import signal
import sys
from pathlib import Path

import aiohttp

from tests.playground.conftest import ROOT


async def test_the_stand_in_runs_alone_and_stops_cleanly(tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "playground", "--port", "0", "--keep", str(tmp_path)),
        cwd=ROOT,
        stdout=asyncio.subprocess.PIPE,
    )
    assert process.stdout
    try:
        line = (await asyncio.wait_for(process.stdout.readline(), 60)).decode()
        found = re.search(r"http://127\.0\.0\.1:\d+", line)
        assert found
        async with (
            aiohttp.ClientSession() as session,
            session.get(f"{found[0]}/playground/health") as response,
        ):
            assert await response.json() == {"ready": False, "commands": 0}
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 60) == 0
        assert (tmp_path / "journal.jsonl").is_file()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
