"""Images that people send: fetched, checked, kept, measured and looked at for signatures."""

import asyncio
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Final

from cachetools import LRUCache
from discord.http import HTTPClient

from bot.requests.renewal import DISCORD_FILES, renew_link
from generation.catalogue.families import compute_shown_size
from generation.provenance.manifest import Statement
from generation.provenance.trust import NOBODY, Trust
from generation.questions.measures import Measures
from generation.recipe import Recipe
from generation.untrusted.clean import CleanImage, Limits
from generation.untrusted.door import PictureDoor
from generation.untrusted.fetch import LinkNotFoundError, fetch
from generation.untrusted.traits import ImageTraits, read_traits
from prompt.reading.embedded import read_known
from storage.files import Files, MissingFileError
from storage.queue.jobs import Job
from storage.settings import Settings

_REMEMBERED: Final = 1000
"""How many images' traits are kept in memory, a few hundred bytes each."""


class SentImages:
    """Fetches what people link to or attach, and keeps what is left of it once it was checked."""

    def __init__(
        self, settings: Settings, files: Files, door: PictureDoor, http: HTTPClient
    ) -> None:
        self._files, self._door, self._http = files, door, http
        self._traits: LRUCache[str, ImageTraits] = LRUCache(_REMEMBERED)
        self._limits = Limits(
            max_bytes=settings.max_upload_mb * 2**20, max_pixels=settings.max_pixels_m * 10**6
        )
        # The stand-in serves attachments from this machine, which links may otherwise never lead
        # to.
        self._origins = frozenset({settings.discord} if settings.discord else ())
        self._hosts = None if settings.open_links else DISCORD_FILES

    async def keep(self, url: str, person: int) -> str:
        """Fetches, checks and stores an image; its SHA-256.

        Args:
            url: Where it is.
            person: Who gave it; of one person's images each waits for the one before.

        Raises:
            ImageError: It is no image that may be used.
        """
        return (await self._keep(url, person))[0]

    async def keep_described(self, url: str, person: int) -> tuple[str, str]:
        """As ``keep``, and beside it the prompt that its file says it was made from, or "".

        Raises:
            ImageError: It is no image that may be used.
        """
        sha256, texts = await self._keep(url, person)
        known = read_known(texts)
        return sha256, known.prompt.spelling if known else ""

    async def _keep(self, url: str, person: int) -> tuple[str, Mapping[str, str]]:
        """Stores an image; its SHA-256, and the texts in its file."""
        async with self._door.take_turn(person):
            image = await self._door.clean(await self._fetch(url), self._limits)
            sha256 = await self._files.aput(image.png)
        self._traits[sha256] = image.traits
        return sha256, image.texts

    async def inspect(
        self, url: str, person: int, trust: Trust = NOBODY
    ) -> tuple[CleanImage, Statement | None]:
        """What is left of an image, fetched and checked, and what its file is signed for.

        Args:
            url: Where it is.
            person: Who gave it; of one person's images each waits for the one before.
            trust: Whose signatures are ours.

        Raises:
            ImageError: It is no image that may be used.
        """
        async with self._door.take_turn(person):
            return await self._door.inspect(await self._fetch(url), trust, self._limits)

    async def _fetch(self, url: str) -> bytearray:
        """The bytes behind a link, or behind what Discord signs anew in its place."""
        try:
            return await self._fetch_once(url)
        except LinkNotFoundError:
            fresh = await renew_link(self._http, url, self._origins)
            if fresh is None:
                raise
            return await self._fetch_once(fresh)

    async def _fetch_once(self, url: str) -> bytearray:
        return await fetch(
            url, limits=self._limits, allowed_origins=self._origins, only_hosts=self._hosts
        )

    async def look_at(self, images: Iterable[str]) -> dict[str, ImageTraits]:
        """The traits of stored images by their SHA-256, without those that are gone.

        Drawing from one that is gone fails, and says so.
        """
        found = {}
        for sha256 in dict.fromkeys(images):
            # Only what was cleaned before a restart, or long ago, is read once more.
            if sha256 in self._traits:
                found[sha256] = self._traits[sha256]
                continue
            with suppress(MissingFileError):
                png = await self._files.aget(sha256)
                found[sha256] = await asyncio.to_thread(read_traits, png)
        return found

    async def keep_mask(self, data: bytes, parent: Job, person: int) -> str:
        """Checks and stores what somebody painted; its SHA-256.

        Args:
            data: An image file.
            parent: The job of the picture that it was painted over.
            person: Who painted it.

        Raises:
            ImageError: It is no image that may be used, or does not fit the picture.
            NothingPaintedError: Nothing is painted.
        """
        size = compute_shown_size(Recipe.from_json(parent.recipe))
        async with self._door.take_turn(person):
            return await self._files.aput(await self._door.clean_mask(data, size))

    async def measure(self, sha256: str, person: int) -> Measures:
        """What is measured of a stored picture, beside no other one of a person's.

        Raises:
            MissingFileError: It is no longer stored.
            ImageError: It takes too much.
        """
        async with self._door.take_turn(person):
            return await self._door.measure(await self._files.aget(sha256))
