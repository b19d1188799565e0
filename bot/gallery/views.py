"""Stored pictures as they are looked at in a browser, small or large, each made once."""

import asyncio
from typing import Final
from weakref import WeakValueDictionary

from cachetools import LRUCache

from generation.untrusted.door import PictureDoor
from storage.files import Files

SMALL: Final = 384
"""Longest side of a picture among others, in pixels..."""

LARGE: Final = 1600
"""and of one by itself."""

KEPT: Final = 64 * 2**20
"""Bytes of views that are kept: some three thousand small ones. In memory, where nothing of a
picture is left once it was deleted and forgotten; browsers keep them for themselves."""


class PictureViews:
    """Makes views, in the processes that decode strangers' pictures, and keeps the latest."""

    def __init__(self, files: Files, door: PictureDoor) -> None:
        self._files, self._door = files, door
        self._kept: LRUCache[tuple[str, int], bytes] = LRUCache(KEPT, len)
        self._turns: WeakValueDictionary[tuple[str, int], asyncio.Lock] = WeakValueDictionary()

    async def view(self, sha256: str, side: int) -> bytes:
        """A picture as WebP, no longer than a side.

        Raises:
            MissingFileError: It is no longer stored.
            ImageError: It takes too much.
        """
        key = sha256, side
        # Several may ask for one at once, such as two windows.
        async with self._turns.setdefault(key, asyncio.Lock()):
            if key not in self._kept:
                png = await self._files.aget(sha256)
                made = await self._door.view(png, side)
                if len(made) > KEPT:
                    return made
                self._kept[key] = made
            return self._kept[key]
