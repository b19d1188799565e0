"""The one way in: from what a person asked to a committed job."""

import asyncio
import secrets
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import discord

from bot import access, drafts, errors, messages, policy
from bot.delivery import Delivery
from bot.drafts import ASK_FROM
from bot.languages import say
from bot.messages import Title
from bot.shelf import Shelf
from generation.cards import Card, card_for, model_name
from generation.derive import GRID, reroll, subtly
from generation.images import Limits, clean
from generation.links import fetch
from generation.recipe import SEED_LIMIT, Recipe
from prompt.orders import Order, orders
from prompt.parameters import SEED
from prompt.resolve import Resolved, check, resolve
from storage import keeping
from storage.engine import Jobs
from storage.files import Files
from storage.jobs import Job, NewJob, QueueInfo, Speed
from storage.settings import Settings

DISCORD_FILES: Final = frozenset({"cdn.discordapp.com", "media.discordapp.net"})
"""Hosts that serve what people attach in Discord."""


@dataclass(frozen=True, slots=True)
class Request:
    """What was typed, to be taken up again after a yes.

    Attributes:
        text: The prompt.
        preset: Name of the preset chosen beside it; empty for none.
        images: SHA-256 of attached images.
    """

    text: str
    preset: str
    images: tuple[str, ...]


class Intake:
    """Checks, acknowledges, fetches, resolves and accepts; in that order."""

    def __init__(self, settings: Settings, jobs: Jobs, files: Files, delivery: Delivery) -> None:
        self._jobs, self._files, self._delivery = jobs, files, delivery
        self._records = jobs.records
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
        preset: str = "",
    ) -> None:
        """Takes a prompt as typed; many jobs only after a yes.

        Raises:
            PromptError: The prompt is not one; nothing was acknowledged yet.
            NotAllowedError: The server does not allow it.
        """
        wanted = orders(text)
        for order in wanted:
            check(order.prompt, self.card, images=len(attachments) + len(order.prompt.images))
        many = len(wanted) >= ASK_FROM
        message = await _thinking(interaction, private=many)
        await policy.admit(self._records, interaction, len(wanted))
        request = Request(text, preset, tuple([await self._keep(f.url) for f in attachments]))
        if many:
            await self._ask(interaction, request, wanted)
        else:
            await self._take(interaction, request, wanted, message)

    async def confirm(self, interaction: discord.Interaction[Any], draft: str) -> None:
        """Takes a yes to a question about many jobs.

        Raises:
            DraftGoneError: It was answered before.
            NotAllowedError: The server does not allow it any more.
        """
        await interaction.response.defer()
        body = await self._records.write(keeping.take_draft, draft, interaction.user.id)
        if body is None:
            raise errors.DraftGoneError
        request = Request(body["text"], body["preset"], tuple(body["images"]))
        wanted = orders(request.text)
        await policy.admit(self._records, interaction, len(wanted))
        queued = say(messages.ASKED, count=len(wanted))
        await interaction.edit_original_response(content=queued, view=None)
        await self._take(interaction, request, wanted)

    async def forget(self, interaction: discord.Interaction[Any], draft: str) -> None:
        """Takes a no to a question about many jobs."""
        await interaction.response.edit_message(content=say(messages.FORGOTTEN), view=None)
        await self._records.write(keeping.take_draft, draft, interaction.user.id)

    async def _ask(
        self,
        interaction: discord.Interaction[Any],
        request: Request,
        wanted: Sequence[Order],
    ) -> None:
        draft = uuid.uuid4().hex
        await self._records.write(keeping.keep_draft, draft, interaction.user.id, asdict(request))
        await interaction.edit_original_response(
            content=drafts.question(wanted), view=drafts.buttons(draft)
        )

    async def _take(
        self,
        interaction: discord.Interaction[Any],
        request: Request,
        wanted: Sequence[Order],
        message: int | None = None,
    ) -> None:
        """Resolves and accepts each order; every one but that of ``message`` gets a new message."""
        notes: dict[str, None] = {}
        kept: dict[str, str] = {}
        shelf = await Shelf.of(self._records, interaction)
        merged = [shelf.complete(order.prompt, request.preset) for order in wanted]
        for order, whole in zip(wanted, merged, strict=True):
            for link in order.prompt.images:
                kept[link.url] = kept.get(link.url) or await self._keep(link.url)
            images = [*request.images, *(kept[link.url] for link in order.prompt.images)]
            resolved = self._resolved(Order(whole.prompt, order.copy), images)
            notes |= dict.fromkeys(resolved.notes)
            place = message or await _another(interaction)
            message = None
            await self._accept(
                interaction,
                place,
                resolved.recipe,
                Title("imagine"),
                speed=resolved.speed,
                origins=whole.origins,
            )
        if notes:
            await interaction.followup.send(messages.notes(list(notes)), ephemeral=True)

    def _resolved(self, order: Order, images: Sequence[str]) -> Resolved:
        """One order with every choice made; repetitions of a named seed take those after it."""
        resolved = resolve(
            order.prompt,
            self.card,
            model=self._model,
            seed=secrets.randbelow(SEED_LIMIT),
            images=images,
        )
        own = SEED.of(order.prompt.parameters)
        if own is None or not order.copy:
            return resolved
        seed = (own + order.copy * GRID) % SEED_LIMIT
        return replace(
            resolved,
            recipe=reroll(resolved.recipe, seed),
            notes=(*resolved.notes, say(messages.SEEDS_FOLLOW)),
        )

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
        await policy.admit(self._records, interaction)
        parent = await self._job(parent_id)
        recipe = Recipe.from_json(parent.recipe)
        if recipe.family != self.card.id:
            raise errors.OtherFamilyError(recipe.family, self.card.title)
        if title.action == "vary" and await self._prefers_subtle(interaction):
            title, change = Title("subtle", title.index), subtly
        changed = change(recipe, (title.index or 1) - 1, secrets.randbelow(SEED_LIMIT))
        await self._accept(interaction, message, changed, title, parent_id=parent_id)

    async def _prefers_subtle(self, interaction: discord.Interaction[Any]) -> bool:
        person = await self._records.read(keeping.person, interaction.user.id)
        return person.variability == "subtle"

    async def cancel(self, interaction: discord.Interaction[Any], job_id: str) -> None:
        """Takes a press of Cancel.

        Raises:
            JobGoneError: The job is not in the database.
            NotYoursError: The person may not cancel it.
            TooLateError: It has already ended.
        """
        await interaction.response.defer()
        job = await self._job(job_id)
        if not access.may_remove(access.Asker.of(interaction), job):
            raise errors.NotYoursError
        if not await self._jobs.cancel(job_id):
            raise errors.TooLateError

    async def cancel_all(self, interaction: discord.Interaction[Any]) -> None:
        """Cancels everything of the person's that waits or runs."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        own = await self._records.read(keeping.unfinished_of, interaction.user.id)
        count = sum([await self._jobs.cancel(job) for job in own])
        said = (
            say(messages.CANCELLED_ALL, count=count) if count else say(messages.NOTHING_TO_CANCEL)
        )
        await interaction.edit_original_response(content=said)

    async def queue(self) -> QueueInfo:
        """How many jobs wait and run, and how many workers live."""
        return await self._jobs.queue_info()

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
        origins: Mapping[str, str] | None = None,
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
            origins=origins,
            locale=str(interaction.locale),
        )
        position = await self._jobs.accept(job)
        await self._delivery.begin(job.id, position)


async def _thinking(interaction: discord.Interaction[Any], *, private: bool = False) -> int:
    """Acknowledges; the id of the message that will carry the answer."""
    response = await interaction.response.defer(thinking=True, ephemeral=private)
    if response is None or response.message_id is None:
        raise RuntimeError("Discord named no message for the acknowledgement")
    return response.message_id


async def _another(interaction: discord.Interaction[Any]) -> int:
    """A further public message; the id of it."""
    message = await interaction.followup.send(say(messages.WAITING), wait=True)
    return message.id
