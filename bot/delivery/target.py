"""One job's message on its way: which route it takes, how often it is tried, and when it ends."""

import asyncio
import random
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import nullcontext
from datetime import UTC, datetime, timedelta
from typing import Final, TypeVar

import discord
import structlog

from bot.access.audience import may_appear
from bot.delivery.answers import (
    ADULTS_ALONE,
    NOT_THERE,
    NOTHING_FITS,
    UNFORESEEN,
    Answer,
    Reason,
    judge,
)
from bot.delivery.budget import EditBudget
from bot.delivery.content import MessageContent
from bot.delivery.routes import (
    BY_TOKEN,
    EDITS,
    ENDINGS,
    FIRST_ENDINGS,
    OPENINGS,
    Route,
    RouteClosedError,
    edit_by_message,
    find_limit,
    post_in_private,
)
from bot.errors import UnsentError
from bot.interactions.tracing import Exchange, hear
from storage.queue.jobs import Job

log: Final = structlog.get_logger(__name__)

FIRST_WAIT: Final = 0.5
"""Seconds before the second try by a route; each further wait is twice as long..."""

LONGEST_WAIT: Final = 30.0
"""up to this many seconds."""

TRIES: Final = 7
"""Tries by one route, within half a minute, before it is asked whether only that one fails."""

OPENING_TRIES: Final = 3
"""Tries to post a first message; what happens next posts it otherwise."""

FIRST_REST: Final = 30.0
"""Seconds before all routes are gone through again; doubled each time..."""

LONGEST_REST: Final = 600.0
"""up to this many seconds."""

GIVEN_UP_AFTER: Final = timedelta(days=1)
"""Age of an end that no route takes although Discord answers otherwise..."""

LEAST_ROUNDS: Final = 6
"""after so many rounds: a bot that was away for longer has to try first."""

SHRINKINGS: Final = 5
"""How often a message is halved for one route that finds it too large."""

PROBE_LIFE: Final = 10.0
"""Seconds for which an answer about Discord as a whole counts for all messages."""

Compose = Callable[[int], Awaitable[MessageContent]]
"""Makes what is to be shown, with no file larger than so many bytes; may raise UnsentError."""


Sent = TypeVar("Sent")


class RouteStuckError(Exception):
    """This route does not take the message for now, although Discord is in order."""


class AudienceError(RouteClosedError):
    """This route leads to where the pictures may not be seen."""


class Probe:
    """Tells an outage of Discord from the fault of one route."""

    def __init__(self, client: discord.Client) -> None:
        self._client = client
        self._asked = asyncio.Lock()
        self._found: tuple[float, bool] | None = None

    async def is_discord_up(self) -> bool:
        """Whether Discord answers the simplest question; many messages share one answer."""
        async with self._asked:
            now = time.monotonic()
            if self._found is None or now - self._found[0] > PROBE_LIFE:
                self._found = (now, await self._ask())
            return self._found[1]

    async def _ask(self) -> bool:
        try:
            with hear(Exchange()):
                await self._client.application_info()
        except Exception as error:  # noqa: BLE001 - whatever it is, nothing can be sent
            log.info("discord_is_away", error=repr(error))
            return False
        return True


class DeliveryTarget:
    """The routes to one job's message; one that has closed is not tried again.

    Requests to closed routes would be counted: Discord bans an address for 10,000 refused requests
    in 10 minutes.

    Attributes:
        client: Sends the requests.
        exchange: The latest request.
    """

    def __init__(self, client: discord.Client, probe: Probe, budget: EditBudget) -> None:
        self.client, self._probe, self._budget = client, probe, budget
        self._closed: dict[Route, Answer] = {}
        self._silent: set[Route] = set()
        self.exchange = Exchange()

    async def attempt(self, job: Job, content: MessageContent) -> int | None:
        """Shows news by the first open route to the job's message or to a new one.

        Returns:
            Id of the message that shows it; None if there is no such route.

        Raises:
            Exception: It cannot be shown now. News may be missed, so it is not insisted on.
        """
        opening = job.message_id is None
        for route in self._list_open(OPENINGS if opening else EDITS):
            if route in self._silent:
                continue
            # Of what all share, most is kept for ends.
            if route is edit_by_message and not self._budget.take(job.channel_id):
                return None
            try:
                return await self._try(route, job, content, OPENING_TRIES if opening else 1)
            except RouteClosedError:
                continue
        return None

    async def insist(self, job: Job, compose: Compose, *, plain: bool = False) -> int:
        """Shows what must arrive, through any outage, by the first route that takes it.

        Args:
            job: Whose message it is.
            compose: Makes what is to be shown.
            plain: Whether it is a few words, fit for routes that refused the pictures.

        Returns:
            Id of the message that shows it.

        Raises:
            UnsentError: It can be shown nowhere, or was too long refused everywhere.
        """
        if plain:
            self._closed = {route: why for route, why in self._closed.items() if why.gone}
        for tried, rest in enumerate(_double(FIRST_REST, LONGEST_REST), start=1):
            stuck = False
            for route in self._list_open(FIRST_ENDINGS if job.message_id is None else ENDINGS):
                shared = self._budget.hold(job.channel_id)
                try:
                    with nullcontext() if route in BY_TOKEN else shared:
                        return await self._take_route(route, job, compose)
                except RouteClosedError:
                    continue
                except RouteStuckError:
                    stuck = True
            if not stuck or (tried >= LEAST_ROUNDS and _is_overdue(job)):
                break
            # Discord is in order but for what this needs, such as uploads: nothing is lost by
            # asking again now and then.
            await asyncio.sleep(rest)
        raise UnsentError(self._find_reason())

    def _list_open(self, routes: Sequence[Route]) -> list[Route]:
        return [route for route in routes if route not in self._closed]

    def _find_reason(self) -> Reason:
        """Why the best route that still led somewhere refused."""
        return next((why.reason for why in self._closed.values() if not why.gone), "refused")

    async def _try(self, route: Route, job: Job, content: MessageContent, tries: int) -> int:
        """Shows news by one route, so often."""
        for wait in _double(FIRST_WAIT, LONGEST_WAIT):
            try:
                return await self._send(route, job, content)
            except Exception as error:
                answer, tries = self._judge(error), tries - 1
                if answer.gone:
                    self._closed[route] = answer
                elif answer.effect == "closes":
                    # It may be the news that is refused: the end is tried there all the same.
                    self._silent.add(route)
                if answer.effect == "closes":
                    raise RouteClosedError from error
                asked = _read_wait(error)
                if answer.effect != "waits" or not tries or asked > LONGEST_WAIT:
                    raise
                await asyncio.sleep(max(wait, asked))
        raise RouteClosedError

    async def _take_route(self, route: Route, job: Job, compose: Compose) -> int:
        """Shows an end by one route, smaller and smaller, through an outage of Discord."""
        limit, shrinkings, tries = find_limit(self.client, job, route), 0, 0
        waits = _double(FIRST_WAIT, LONGEST_WAIT)
        while True:
            try:
                content = await compose(limit)
                return await self._send(route, job, content)
            except UnsentError as unsent:
                if unsent.reason != "too_large":
                    raise
                self._closed[route] = NOTHING_FITS
                raise RouteClosedError from unsent
            except Exception as error:
                answer = self._judge(error)
                log.info("end_not_shown", job=job.id, effect=answer.effect, error=repr(error))
                if answer.effect == "ends":
                    raise UnsentError(answer.reason) from error
                if answer.effect == "shrinks" and content.size and shrinkings < SHRINKINGS:
                    limit, shrinkings = min(limit, content.size) // 2, shrinkings + 1
                elif answer.effect == "waits":
                    tries += 1
                    await self._wait(tries, next(waits), _read_wait(error))
                else:
                    self._closed[route] = answer
                    raise RouteClosedError from error

    async def _wait(self, tries: int, wait: float, asked: float) -> None:
        """Waits before the next try by a route.

        Raises:
            RouteStuckError: That was the last for now, and Discord is in order.
        """
        exhausted = tries >= TRIES or asked > LONGEST_WAIT
        if exhausted and await self._probe.is_discord_up():
            raise RouteStuckError
        # Results that wait for the same outage to end should not all come back at once.
        spread = random.uniform(0.75, 1.25)  # noqa: S311 - nothing secret hangs on it
        await asyncio.sleep(max(min(asked, LONGEST_REST), wait * spread))

    async def _send(self, route: Route, job: Job, content: MessageContent) -> int:
        # Words may go where the pictures may not.
        if content.pictures and not _may_take(self.client, job, route):
            raise AudienceError
        with hear(self.exchange):
            return await route(self.client, job, content)

    def _judge(self, error: Exception) -> Answer:
        if isinstance(error, AudienceError):
            return ADULTS_ALONE
        if isinstance(error, RouteClosedError):
            return NOT_THERE
        answer = judge(error)
        if answer is UNFORESEEN:
            log.error("sending_failed", exc_info=error)
        return answer


async def send_fitting(
    send: Callable[[MessageContent], Awaitable[Sent]], compose: Compose, limit: int
) -> Sent:
    """Sends pictures once, where there is one route only, smaller where they are found too large.

    Args:
        send: Sends a message.
        compose: Makes it.
        limit: Largest file that may be sent, in bytes.

    Returns:
        What ``send`` returned.

    Raises:
        UnsentError: They are judged, or too large however small they are.
        discord.HTTPException: Discord refuses otherwise.
    """
    for _ in range(SHRINKINGS + 1):
        content = await compose(limit)
        try:
            return await send(content)
        except discord.HTTPException as error:
            answer = judge(error)
            if answer.effect == "ends":
                raise UnsentError(answer.reason) from error
            if answer.effect != "shrinks" or not content.size:
                raise
            limit = min(limit, content.size) // 2
    raise UnsentError("too_large")


def _may_take(client: discord.Client, job: Job, route: Route) -> bool:
    """Whether a job's pictures may be seen where a route leads."""
    if route is post_in_private:
        return may_appear(client, job, None)
    place = client.get_channel(job.channel_id)
    # Of a place that is not known, what was known when the job was asked for holds.
    return place is None or may_appear(client, job, place)


def _double(first: float, longest: float) -> Iterator[float]:
    """Seconds to wait, twice as long each time, without end."""
    while True:
        yield first
        first = min(2 * first, longest)


def _read_wait(error: Exception) -> float:
    """How many seconds Discord, or discord.py for it, asks to wait; 0 where it does not say."""
    return float(getattr(error, "retry_after", 0.0))


def _is_overdue(job: Job) -> bool:
    return job.finished_at is not None and datetime.now(UTC) - job.finished_at > GIVEN_UP_AFTER
