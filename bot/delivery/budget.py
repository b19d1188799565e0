"""Edits that the bot makes in its own name, which Discord counts by channel: results go first.

While an interaction's token lives, its message is edited by that and counted alone. Afterwards all
messages of a channel share five edits in five seconds, and news would keep results waiting.
"""

import time
from collections import Counter, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Final

WINDOW: Final = 5.0
"""Seconds over which edits are counted."""

NEWS: Final = 2
"""Edits of a channel within them that may be news; the rest is for results."""


class EditBudget:
    """Says when news may be shown in a channel."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        """Args: clock: Tells the time, in seconds."""
        self._clock = clock
        self._news: dict[int, deque[float]] = {}
        self._results: Counter[int] = Counter()

    def take(self, channel_id: int) -> bool:
        """Whether news may be shown in a channel now; if so, it counts."""
        now = self._clock()
        for channel, times in list(self._news.items()):
            while times and now - times[0] >= WINDOW:
                times.popleft()
            # Or channels would be remembered for ever.
            if not times:
                del self._news[channel]
        shown = self._news.setdefault(channel_id, deque())
        if self._results[channel_id] or len(shown) >= NEWS:
            return False
        shown.append(now)
        return True

    @contextmanager
    def hold(self, channel_id: int) -> Iterator[None]:
        """Shows no news in a channel while a result is on its way there."""
        self._results[channel_id] += 1
        try:
            yield
        finally:
            self._results[channel_id] -= 1
            if not self._results[channel_id]:
                del self._results[channel_id]
