"""The one way in: from what a person asked to a committed job."""

import asyncio
import secrets
import uuid
from collections.abc import Callable, Sequence
from typing import Any, Final

import discord

from bot import access, errors, messages
from bot.delivery import Delivery
from bot.messages import Title
from generation.cards import Card, card_for, model_name
from generation.images import Limits, clean
from generation.links import fetch
from generation.recipe import SEED_LIMIT, Recipe
from prompt.grammar import parse
from prompt.resolve import check, resolve
from storage.engine import Jobs
from storage.files import Files
from storage.jobs import Job, NewJob, Speed
from storage.settings import Settings

DISCORD_FILES: Final = frozenset({"cdn.discordapp.com", "media.discordapp.net"})
"""Hosts that serve what people attach in Discord."""


class Intake:
    """Checks, acknowledges, fetches, resolves and accepts; in that order."""

    def __init__(self, settings: Settings, jobs: Jobs, files: Files, delivery: Delivery) -> None:
        self._jobs, self._files, self._delivery = jobs, files, delivery
        self.card: Card = card_for(settings.model, settings.family)
        self._model = model_name(settings.model, self.card)
        self._limits = Limits(
            max_bytes=settings.max_upload_mb * 2**20, max_pixels=settings.max_pixels_m * 10**6
        )
        self._origins = frozenset({settings.discord} if settings.discord else ())
        self._hosts = None if settings.open_links else DISCORD_FILES

    async def imagine(
        self,
        interaction: discord.Interaction[Any],
        text: str,
        attachments: Sequence[discord.Attachment] = (),
    ) -> None:
        """Takes a prompt as typed.

        Raises:
            PromptError: The prompt is not one; nothing was acknowledged yet.
        """
        prompt = parse(text)
        links = [*(file.url for file in attachments), *(link.url for link in prompt.images)]
        check(prompt, self.card, images=len(links))
        message = await _thinking(interaction)
        images = [await self._keep(link) for link in links]
        resolved = resolve(
            prompt,
            self.card,
            model=self._model,
            seed=secrets.randbelow(SEED_LIMIT),
            images=images,
        )
        await self._accept(
            interaction, message, resolved.recipe, Title("imagine"), speed=resolved.speed
        )
        if resolved.notes:
            await interaction.followup.send(messages.notes(resolved.notes), ephemeral=True)

    async def derive(
        self,
        interaction: discord.Interaction[Any],
        parent_id: str,
        change: Callable[[Recipe, int, int], Recipe],
        title: Title,
    ) -> None:
        """Takes a press of a button: the recipe that ``change`` makes of the parent's.

        Raises:
            JobGoneError: The parent is not in the database.
            OtherFamilyError: The parent was drawn by a model that is no longer here.
        """
        message = await _thinking(interaction)
        parent = await self._job(parent_id)
        recipe = Recipe.from_json(parent.recipe)
        if recipe.family != self.card.id:
            raise errors.OtherFamilyError(recipe.family, self.card.title)
        changed = change(recipe, (title.index or 1) - 1, secrets.randbelow(SEED_LIMIT))
        await self._accept(interaction, message, changed, title, parent_id=parent_id)

    async def cancel(self, interaction: discord.Interaction[Any], job_id: str) -> None:
        """Takes a press of Cancel.

        Raises:
            JobGoneError: The job is not in the database.
            NotYoursError: The person may not cancel it.
            TooLateError: It has already ended.
        """
        await interaction.response.defer()
        job = await self._job(job_id)
        if not access.may_cancel(interaction, job):
            raise errors.NotYoursError
        if not await self._jobs.cancel(job_id):
            raise errors.TooLateError

    async def _job(self, job_id: str) -> Job:
        job = await self._jobs.get(job_id)
        if job is None:
            raise errors.JobGoneError
        return job

    async def _keep(self, url: str) -> str:
        """Fetches, checks and stores an image; its SHA-256."""
        data = await fetch(
            url,
            limits=self._limits,
            allowed_origins=self._origins,
            only_hosts=self._hosts,
        )
        image = await asyncio.to_thread(clean, data, self._limits)
        return await self._files.aput(image.png)

    async def _accept(
        self,
        interaction: discord.Interaction[Any],
        message_id: int,
        recipe: Recipe,
        title: Title,
        *,
        parent_id: str | None = None,
        speed: Speed = "fast",
    ) -> None:
        job = NewJob(
            id=uuid.uuid4().hex,
            recipe=recipe.to_json(),
            person_id=interaction.user.id,
            server_id=interaction.guild_id,
            channel_id=interaction.channel_id or 0,
            message_id=message_id,
            application_id=interaction.application_id,
            interaction_token=interaction.token,
            token_expires_at=interaction.expires_at,
            upload_limit=interaction.filesize_limit,
            parent_id=parent_id,
            title=str(title),
            speed=speed,
        )
        position = await self._jobs.accept(job)
        await self._delivery.begin(job.id, position)


async def _thinking(interaction: discord.Interaction[Any]) -> int:
    """Acknowledges in public; the id of the message that will carry the result."""
    response = await interaction.response.defer(thinking=True)
    if response is None or response.message_id is None:
        raise RuntimeError("Discord named no message for the acknowledgement")
    return response.message_id
