"""The same studio as in journeys, all in one process: a painter stands in for the worker."""

import asyncio
import signal

from storage.decisions.choices import PersonChoices, ServerChoices
from tests.bot.live.house import House
from tests.journeys.studio import BOT, WORKER, Studio


class LiveStudio(Studio):
    """A stand-in, the bot, and somebody who paints each job as soon as it is accepted."""

    def __init__(self, house: House) -> None:
        super().__init__(house.playground, house.jobs._settings.data)
        self.house = house
        self._painter: asyncio.Task[None] | None = None

    async def start(self, *sides: str, afresh: bool = False) -> None:
        """Starts the bot, the painter or both."""
        assert not afresh
        for side in sides:
            if side == BOT:
                await self.house.start()
            else:
                await self.house.jobs.sign_on()
                self._painter = asyncio.create_task(self._paint())

    async def decide(self, choices: ServerChoices) -> None:
        """Sets what the server decided."""
        await self.house.decide(choices)

    async def prefer(self, person: str, choices: PersonChoices) -> None:
        """Sets what a person decided."""
        await self.house.prefer(person, choices)

    def runs(self, side: str) -> bool:
        """Whether a side is at work."""
        return (self.house.bot if side == BOT else self._painter) is not None

    async def end(self, side: str, how: signal.Signals = signal.SIGTERM) -> int:
        """Ends a side as if it was told to stop."""
        assert how == signal.SIGTERM
        if side == BOT:
            await self.house.stop()
        elif self._painter:
            self._painter.cancel()
            await asyncio.wait([self._painter])
            self._painter = None
        return 0

    async def close(self) -> None:
        """Ends the painter; the house ends the bot."""
        await self.end(WORKER)

    async def _paint(self) -> None:
        jobs = self.house.jobs
        while True:
            jobs.changed.clear()
            for job_id in await jobs.waiting():
                await jobs.finish(job_id, self.house.files)
            await jobs.changed.wait()
