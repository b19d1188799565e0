"""From a recipe to a committed job: what all ways of asking for pictures share."""

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from typing import Final

from bot.access import policy
from bot.delivery.destination import Spot
from bot.delivery.watcher import DeliveryWatcher
from bot.interactions.requester import Asking
from bot.requests.models import ServedModels
from bot.text.messages import Title
from generation.catalogue.card import Card
from generation.derive import with_upscaler
from generation.recipe import Recipe
from generation.untrusted.clean import Limits, clean
from generation.untrusted.fetch import fetch
from generation.untrusted.masks import painted
from storage.decisions.choices import ServerChoices
from storage.files import Files
from storage.queue.client import Jobs
from storage.queue.jobs import NewJob, Speed
from storage.settings import Settings

DISCORD_FILES: Final = frozenset({"cdn.discordapp.com", "media.discordapp.net"})
"""Hosts that serve what people attach in Discord."""


class JobAcceptor:
    """Admits people, keeps their images and accepts their jobs.

    Attributes:
        models: What draws here.
        jobs: Where jobs are kept.
        records: Where choices are kept.
    """

    def __init__(
        self,
        settings: Settings,
        models: ServedModels,
        jobs: Jobs,
        files: Files,
        delivery: DeliveryWatcher,
    ) -> None:
        self.models, self.jobs, self.records = models, jobs, jobs.records
        self._files, self._delivery = files, delivery
        self._limits = Limits(
            max_bytes=settings.max_upload_mb * 2**20, max_pixels=settings.max_pixels_m * 10**6
        )
        self._origins = frozenset({settings.discord} if settings.discord else ())
        self._hosts = None if settings.open_links else DISCORD_FILES

    async def admit(self, asking: Asking, drawn: Sequence[Card]) -> ServerChoices:
        """What the server decided, if it lets jobs in: one for each card, of what draws it.

        Raises:
            NotAllowedError: It does not.
            LimitReachedError: So many do not fit into what the person may ask for.
        """
        return await policy.admit(self.jobs, asking, self.models.cards, drawn)

    async def keep_image(self, url: str) -> str:
        """Fetches, checks and stores an image; its SHA-256.

        Raises:
            ImageError: It is no image that may be used.
        """
        data = await fetch(
            url,
            limits=self._limits,
            allowed_origins=self._origins,
            only_hosts=self._hosts,
        )
        image = await asyncio.to_thread(clean, data, self._limits)
        return await self._files.aput(image.png)

    async def keep_mask(self, data: bytes) -> str:
        """Checks and stores what somebody painted; its SHA-256.

        Raises:
            ImageError: It is no image that may be used.
            NothingPaintedError: Nothing is painted.
        """
        return await self._files.aput(await asyncio.to_thread(painted, data))

    async def accept(
        self,
        asking: Asking,
        spot: Spot,
        recipe: Recipe,
        title: Title,
        choices: ServerChoices,
        *,
        parent_id: str | None = None,
        speed: Speed = "fast",
        origins: Mapping[str, str] | None = None,
    ) -> None:
        """Commits a job, then shows it as queued.

        Args:
            asking: Whose it is.
            spot: The message that it is shown in.
            recipe: What to make.
            title: How it came about.
            choices: What the server decided: how many jobs, and in which language they are shown.
            parent_id: The job that it was derived from.
            speed: Its place in the queue.
            origins: Where each flag came from, and words that were added.

        Raises:
            LimitReachedError: The person has or asked for as many jobs as they may.
        """
        job = NewJob(
            id=uuid.uuid4().hex,
            recipe=with_upscaler(recipe, self.models.cards[0].upscaler).to_json(),
            person_id=asking.user.id,
            server_id=asking.guild_id,
            channel_id=spot.channel_id,
            message_id=spot.message_id,
            application_id=asking.application_id,
            interaction_token=spot.token,
            token_expires_at=spot.expires,
            upload_limit=asking.filesize_limit,
            parent_id=parent_id,
            title=str(title),
            speed=speed,
            origins=origins,
            locale=choices.language or str(asking.locale),
        )
        position = await self.jobs.accept(job, policy.allow(self.jobs.most, choices, asking))
        await self._delivery.begin(job.id, position)
