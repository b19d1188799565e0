"""A stand-in for a browser, and a bot behind that."""

from __future__ import annotations

import asyncio
import os
import tempfile
import threading
from collections.abc import Callable, Coroutine, Iterator
from multiprocessing.process import BaseProcess
from pathlib import Path
from typing import Any, Final, TypeVar

import pytest

from playground import Message, Playground
from tests.processes import preload, run_module, spawn

preload("bot.client")
ROOT: Final = Path(__file__).parents[2]
NOTICE: Final = "Everything here happens on this machine."
PATIENCE: Final = 90.0
T = TypeVar("T")


class Stage:
    """The stand-in in a thread of its own, with a bot process; tests drive it from outside."""

    def __init__(self, bot: str = "tests.playground.page_bot", data: Path | None = None) -> None:
        """Starts the stand-in.

        Args:
            bot: The module that is run as the bot.
            data: The bot's own folder, where it needs one.
        """
        self._module, self._data = bot, data
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self.playground = Playground(notice=NOTICE)
        self.run(self.playground.start())
        self.bot: BaseProcess | None = None
        self._logs = tempfile.TemporaryDirectory(prefix="easel-stage-")

    def run(self, work: Coroutine[Any, Any, T]) -> T:
        """Runs something in the stand-in's loop and waits for it."""
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(PATIENCE)

    def call(self, function: Callable[..., T], *given: object) -> T:
        """Calls something in the stand-in's loop."""

        async def work() -> T:
            return function(*given)

        return self.run(work())

    def start_bot(self) -> None:
        """Starts the bot and waits until it has registered its commands."""
        environment = {**os.environ, "EASEL_DISCORD": self.playground.url}
        if self._data:
            environment["EASEL_DATA"] = str(self._data)
        log, token = Path(self._logs.name) / "bot.log", self.playground.token
        self.bot = spawn(run_module, self._module, environment, ROOT, log, token)
        self.run(self.playground.ready(PATIENCE))

    def stop_bot(self) -> None:
        """Ends the bot, as a crash would."""
        if self.bot:
            self.bot.kill()
            self.bot.join()
            self.bot = None

    def say(self, person: str, text: str, channel: str = "general") -> Message:
        """Lets somebody write."""
        return self.run(self.playground.say(person, channel, text))

    def message(self, text: str) -> Message:
        """The first message that contains a text, once it is there."""
        return self.run(self.playground.message(lambda message: text in message.content))

    def close(self) -> None:
        """Stops everything."""
        self.stop_bot()
        self.run(self.playground.close())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(PATIENCE)
        self._loop.close()
        self._logs.cleanup()


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """A stand-in with a bot."""
    it = Stage()
    it.start_bot()
    yield it
    it.close()
