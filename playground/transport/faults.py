"""Everything that goes wrong on demand, the rate limits, and the journal of what was asked."""

from __future__ import annotations

import asyncio
import re
import time
import zlib
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Literal

from playground.state.records import Body

JOURNAL_LENGTH = 5000
MOST_BUCKETS = 1000
"""Above this many, buckets whose time is over are forgotten."""
GatewayFault = Literal["op7", "op9", "op9_resumable", "drop", "silent"]


@dataclass(frozen=True)
class Request:
    """One REST request and what became of it.

    Attributes:
        path: below ``/api/v10``, with the query.
        files: name and size of each uploaded file.
        verdict: ``ok`` or ``refused``; ``fault`` where a test asked for one.
        reason: why it was refused, in one line.
        validated: whether it was checked against Discord's description.
        seconds: how long the stand-in took.
    """

    method: str
    path: str
    body: Body | None
    files: tuple[tuple[str, int], ...]
    status: int
    verdict: Literal["ok", "refused", "fault"]
    reason: str
    validated: bool
    seconds: float
    operation: str = ""


@dataclass
class Fault:
    """One thing that shall go wrong with matching requests.

    Attributes:
        status: answer with this HTTP status; None answers as usual.
        code: Discord's own code in that answer.
        reset: cut the connection before or after the request had its effect.
        delay: seconds to wait before the request is looked at.
        files: meet only requests with files.
        after: let the request have its effect before `status` is answered.
        retry_after: seconds that a 429 asks to wait.
        via: whether a 429 carries the ``Via`` header; without it, it reads as a ban of the address.
        everywhere: whether a 429 says that it is the limit over all routes.
        times: how many more requests it meets.
    """

    method: str
    path: re.Pattern[str]
    status: int | None = None
    code: int = 0
    reset: Literal["before", "after"] | None = None
    delay: float = 0.0
    files: bool = False
    after: bool = False
    retry_after: float = 0.3
    via: bool = True
    everywhere: bool = False
    times: int = 1

    def meets(self, method: str, path: str, *, files: bool) -> bool:
        """Return whether a request is one of those that it is for."""
        wanted = self.method in ("*", method) and (files or not self.files)
        return self.times > 0 and wanted and bool(self.path.search(path))


@dataclass
class Bucket:
    """Requests that count together towards a limit."""

    started: float = 0.0
    used: int = 0


@dataclass
class Faults:
    """The knobs.

    Attributes:
        limit: requests that one bucket allows within `window` seconds; Discord's own numbers are
            not published, the defaults let any well-behaved bot through.
        heartbeat: seconds between heartbeats that the gateway asks for.
    """

    limit: int = 50
    window: float = 1.0
    heartbeat: float = 41.25
    _next: list[Fault] = field(default_factory=list)
    _buckets: dict[str, Bucket] = field(default_factory=dict)
    _gateway: Callable[[GatewayFault], None] | None = None

    def next(
        self,
        method: str,
        path: str,
        *,
        status: int | None = None,
        code: int = 0,
        reset: Literal["before", "after"] | None = None,
        delay: float = 0.0,
        files: bool = False,
        after: bool = False,
        retry_after: float = 0.3,
        via: bool = True,
        everywhere: bool = False,
        times: int = 1,
    ) -> Fault:
        """Let the next `times` requests go wrong; see `Fault` for what can.

        Args:
            method: HTTP method, ``*`` for any.
            path: regular expression searched for in the path below ``/api/v10``.
            status: HTTP status to answer with.
            code: Discord's own code beside it, 0 for none that says more.
            reset: cut the connection before or after the effect.
            delay: seconds to wait first.
            files: only requests with files.
            after: answer `status` only after the effect.
            retry_after: seconds that a 429 asks to wait.
            via: whether a 429 has the ``Via`` header.
            everywhere: whether a 429 is that of all routes.
            times: how many requests.
        """
        fault = Fault(
            method,
            re.compile(path),
            status,
            code,
            reset,
            delay,
            files,
            after,
            retry_after,
            via,
            everywhere,
            times,
        )
        self._next.append(fault)
        return fault

    def clear(self) -> None:
        """Forget faults that no request has met yet."""
        self._next.clear()

    def gateway(self, fault: GatewayFault) -> None:
        """Let every gateway connection go wrong now.

        Args:
            fault: ``op7`` asks to reconnect, ``op9`` ends the session, ``op9_resumable`` asks to
                resume it, ``drop`` cuts the socket, ``silent`` stops sending and acknowledging.
        """
        if self._gateway:
            self._gateway(fault)

    def take(self, method: str, path: str, *, files: bool) -> Fault | None:
        """Return the fault that a request, with files or without, meets; and count it."""
        for fault in self._next:
            if fault.meets(method, path, files=files):
                fault.times -= 1
                return fault
        return None

    def on_gateway(self, act: Callable[[GatewayFault], None]) -> None:
        """Say who carries out gateway faults."""
        self._gateway = act

    def count(self, bucket: str) -> tuple[dict[str, str], Fault | None]:
        """Count a request; return the rate limit headers and, over the limit, the 429 it meets."""
        now = time.time()
        if len(self._buckets) > MOST_BUCKETS:
            self._buckets = {
                name: it for name, it in self._buckets.items() if now - it.started < self.window
            }
        it = self._buckets.setdefault(bucket, Bucket(now))
        if now - it.started >= self.window:
            it.started, it.used = now, 0
        it.used += 1
        left = it.started + self.window - now
        headers = {
            "X-RateLimit-Limit": str(self.limit),
            "X-RateLimit-Remaining": str(max(0, self.limit - it.used)),
            "X-RateLimit-Reset": f"{it.started + self.window:.3f}",
            "X-RateLimit-Reset-After": f"{left:.3f}",
            "X-RateLimit-Bucket": f"{zlib.crc32(bucket.encode()):08x}",
        }
        over = Fault("*", re.compile(""), status=429, retry_after=left)
        return headers, over if it.used > self.limit else None


class Journal:
    """What was asked of the stand-in, newest last, and how much of it was checked."""

    def __init__(self) -> None:
        self.requests: deque[Request] = deque(maxlen=JOURNAL_LENGTH)
        self.validated = 0
        self.refused = 0
        self._listeners: list[Callable[[Request], None]] = []

    def listen(self, listener: Callable[[Request], None]) -> Callable[[], None]:
        """Call `listener` after every request; the returned function ends that."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)

    @contextmanager
    def record(self) -> Iterator[list[Request]]:
        """What is asked meanwhile, oldest first, however much was before."""
        asked: list[Request] = []
        forget = self.listen(asked.append)
        try:
            yield asked
        finally:
            forget()

    def add(self, request: Request) -> None:
        """Write one request down."""
        self.requests.append(request)
        self.validated += request.validated
        self.refused += request.verdict == "refused"
        for listener in tuple(self._listeners):
            listener(request)


async def pause(fault: Fault | None) -> None:
    """Wait as long as a fault says."""
    if fault and fault.delay:
        await asyncio.sleep(fault.delay)
