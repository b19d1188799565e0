"""From a recipe to a committed job: what all ways of asking for pictures share."""

import asyncio
import uuid
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Final

import discord

from bot import errors
from bot.access import policy
from bot.delivery.destination import Spot
from bot.delivery.watcher import Delivery
from bot.interactions.requester import Asking
from bot.text import messages
from bot.text.messages import Title
from generation.catalogue.card import Capability, Card
from generation.catalogue.served import Served, drew, served, usual
from generation.derive import with_upscaler
from generation.recipe import Recipe
from generation.untrusted.clean import Limits, clean
from generation.untrusted.fetch import fetch
from generation.untrusted.masks import painted
from prompt.reading.grammar import Prompt
from prompt.resolution.versions import choose_model, parse_versions
from storage.decisions.choices import ServerChoices
from storage.files import Files
from storage.queue.engine import Jobs
from storage.queue.jobs import NewJob, Speed
from storage.settings import Settings

DISCORD_FILES: Final = frozenset({"cdn.discordapp.com", "media.discordapp.net"})
"""Hosts that serve what people attach in Discord."""


class Acceptance:
    """Admits people, keeps their images and accepts their jobs.

    Attributes:
        models: What draws here, by name; the usual one first.
        versions: Family by version of Midjourney.
        jobs: Where jobs are kept.
        records: Where choices are kept.
    """

    def __init__(self, settings: Settings, jobs: Jobs, files: Files, delivery: Delivery) -> None:
        self.jobs, self.records = jobs, jobs.records
        self.models = served(settings)
        self.versions = parse_versions(settings.versions)
        self._files, self._delivery = files, delivery
        self._limits = Limits(
            max_bytes=settings.max_upload_mb * 2**20, max_pixels=settings.max_pixels_m * 10**6
        )
        self._origins = frozenset({settings.discord} if settings.discord else ())
        self._hosts = None if settings.open_links else DISCORD_FILES

    @property
    def cards(self) -> list[Card]:
        """The cards of what draws here, the usual one's first."""
        return [one.card for one in self.models.values()]

    def drawing(self, prompt: Prompt) -> Served:
        """What draws a prompt: the model that its flags ask for if it is served, or the usual."""
        return choose_model(prompt.flags, self.models, self.versions)

    def drew(self, recipe: Recipe) -> Served:
        """What drew the pictures of a recipe, and draws what is made of them.

        Raises:
            OtherFamilyError: It is no longer here.
        """
        if found := drew(self.models, recipe):
            return found
        related = any(card.id == recipe.family for card in self.cards)
        gone = recipe.model if related else recipe.family
        raise errors.OtherFamilyError(gone, usual(self.models).card.title)

    def require(self, capability: Capability, card: Card | None = None) -> None:
        """Goes on if a model can do something, or, where it is not known yet, if any can.

        Raises:
            NotAbleError: It cannot.
        """
        able = [card] if card else self.cards
        if not any(capability in each.capabilities for each in able):
            raise errors.NotAbleError(capability, able[0].title)

    async def admit(self, asking: Asking, drawn: Sequence[Card]) -> ServerChoices:
        """What the server decided, if it lets jobs in: one for each card, of what draws it.

        Raises:
            NotAllowedError: It does not.
        """
        return await policy.admit(self.records, asking, self.cards, drawn)

    async def keep(self, url: str) -> str:
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
            TooManyJobsError: The person has as many unfinished jobs as they may.
            DailyLimitError: They asked for as many within a day as they may.
        """
        job = NewJob(
            id=uuid.uuid4().hex,
            recipe=with_upscaler(recipe, self.cards[0].upscaler).to_json(),
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
        position = await self.jobs.accept(job, policy.allowance(choices, asking))
        await self._delivery.begin(job.id, position)


async def acknowledge(interaction: discord.Interaction[Any], *, private: bool = False) -> int:
    """Promises an answer; the id of the message that will carry it."""
    response = await interaction.response.defer(thinking=True, ephemeral=private)
    if response is None or response.message_id is None:
        raise RuntimeError("Discord named no message for the acknowledgement")
    return response.message_id


async def tell(interaction: discord.Interaction[Any], notes: Collection[str]) -> None:
    """Tells the person alone how their words were understood, where that needs telling."""
    if notes:
        await interaction.followup.send(messages.notes(notes), ephemeral=True)
