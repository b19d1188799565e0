"""The one way in: from what a person asked to a committed job."""

import asyncio
import secrets
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Any, Final

import discord

from bot import access, drafts, errors, messages, modals, policy
from bot.buttons import KINDS, Kind
from bot.delivery import Delivery
from bot.drafts import ASK_FROM
from bot.languages import say
from bot.messages import Title
from bot.places import Place, Spot
from bot.shelf import Shelf
from generation.cards import Card, card_for, model_name
from generation.derive import GRID, reroll, subtly, vary
from generation.images import Limits, clean
from generation.links import fetch
from generation.recipe import SEED_LIMIT, Recipe
from prompt.errors import PromptError
from prompt.grammar import parse
from prompt.orders import Order, orders
from prompt.parameters import SEED
from prompt.resolve import Resolved, check, resolve
from prompt.shortcuts import expand
from prompt.versions import versions
from storage import keeping
from storage.choices import ServerChoices
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
        self._versions = versions(settings.versions)
        self._limits = Limits(
            max_bytes=settings.max_upload_mb * 2**20, max_pixels=settings.max_pixels_m * 10**6
        )
        self._origins = frozenset({settings.discord} if settings.discord else ())
        self._hosts = None if settings.open_links else DISCORD_FILES

    async def imagine(
        self,
        interaction: discord.Interaction[Any],
        text: str,
        pictures: Sequence[str] = (),
        preset: str = "",
    ) -> None:
        """Takes a prompt as typed; many jobs only after a yes.

        Args:
            interaction: Who asks, and where.
            text: What was typed.
            pictures: Addresses of attached images.
            preset: Name of the preset chosen beside the prompt.

        Raises:
            PromptError: The prompt is not one; nothing was acknowledged yet.
            NotAllowedError: The server does not allow it.
        """
        text, wanted = await self._read(interaction, text)
        for order in wanted:
            check(order.prompt, self.card, images=len(pictures) + len(order.prompt.images))
        many = len(wanted) >= ASK_FROM
        message = await _thinking(interaction, private=many)
        choices = await self._admit(interaction, len(wanted))
        request = Request(text, preset, tuple([await self._keep(url) for url in pictures]))
        if many:
            await self._ask(interaction, request, wanted)
        else:
            await self._take(interaction, request, wanted, choices, message)

    async def _read(
        self, interaction: discord.Interaction[Any], text: str
    ) -> tuple[str, tuple[Order, ...]]:
        """The text with the person's own flags written out, and the jobs that it stands for.

        Only a text that cannot be read without them is looked up, so that all others are
        acknowledged before the database is asked for anything.
        """
        try:
            return text, orders(text)
        except PromptError:
            person = await policy.preferences(self._records, interaction.user.id)
            whole = expand(text, person.options)
            return whole, orders(whole)

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
        choices = await self._admit(interaction, len(wanted))
        queued = say(messages.ASKED, count=len(wanted))
        await interaction.edit_original_response(content=queued, view=None)
        await self._take(interaction, request, wanted, choices)

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
        choices: ServerChoices,
        message: int | None = None,
    ) -> None:
        """Resolves, then accepts each order; all but that of ``message`` get a new message."""
        notes: dict[str, None] = {}
        kept: dict[str, str] = {}
        made: list[Resolved] = []
        shelf = await Shelf.of(self._records, interaction)
        merged = [shelf.complete(order.prompt, request.preset) for order in wanted]
        for order, whole in zip(wanted, merged, strict=True):
            for link in order.prompt.images:
                kept[link.url] = kept.get(link.url) or await self._keep(link.url)
            images = [*request.images, *(kept[link.url] for link in order.prompt.images)]
            made.append(self._resolved(Order(whole.prompt, order.copy), images))
            notes |= dict.fromkeys(made[-1].notes)
        policy.measure(choices, [resolved.recipe for resolved in made])
        place = await Place.of(interaction, choices, shelf.person)
        for resolved, whole in zip(made, merged, strict=True):
            spot, message = await place.spot(message), None
            await self._accept(
                interaction,
                spot,
                resolved.recipe,
                Title("imagine"),
                speed=resolved.speed,
                origins=whole.origins,
                language=choices.language,
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
            versions=self._versions,
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
        choices = await self._admit(interaction)
        parent = await self._job(parent_id)
        recipe = Recipe.from_json(parent.recipe)
        if recipe.family != self.card.id:
            raise errors.OtherFamilyError(recipe.family, self.card.title)
        if change is vary and await self._prefers_subtle(interaction, title):
            title, change = Title("subtle", title.index), subtly
        changed = change(recipe, (title.index or 1) - 1, secrets.randbelow(SEED_LIMIT))
        policy.measure(choices, [changed])
        person = await policy.preferences(self._records, interaction.user.id)
        spot = await (await Place.of(interaction, choices, person)).spot(message)
        await self._accept(
            interaction, spot, changed, title, parent_id=parent_id, language=choices.language
        )

    async def _admit(self, interaction: discord.Interaction[Any], count: int = 1) -> ServerChoices:
        """What the server decided, if it lets so many jobs in."""
        return await policy.admit(self._records, interaction, self.card.id, count)

    async def offer_start(self, interaction: discord.Interaction[Any], picture: str) -> None:
        """Shows the form for words to go with an image, which has to be the first answer."""
        draft = uuid.uuid4().hex
        body = {"picture": picture}
        await self._records.write(keeping.keep_draft, draft, interaction.user.id, body)
        await interaction.response.send_modal(modals.start(draft))

    async def start(self, interaction: discord.Interaction[Any], draft: str) -> None:
        """Takes the words that go with an image.

        Raises:
            DraftGoneError: The form was sent before.
            PromptError: The words are no prompt.
        """
        body = await self._records.write(keeping.take_draft, draft, interaction.user.id)
        if body is None:
            raise errors.DraftGoneError
        await self.imagine(interaction, modals.answer(interaction), [body["picture"]])

    async def remixes(self, interaction: discord.Interaction[Any]) -> bool:
        """Whether the person wants to change the prompt before pictures are made from pictures."""
        return (await self._records.read(keeping.person, interaction.user.id)).remix

    async def offer_remix(
        self, interaction: discord.Interaction[Any], parent_id: str, title: Title
    ) -> None:
        """Shows the form with the parent's prompt, which has to be the first answer.

        Raises:
            JobGoneError: The parent is not in the database.
            TooLongError: The prompt does not fit into a form.
        """
        recipe = Recipe.from_json((await self._job(parent_id)).recipe)
        prompt = f"{recipe.prompt} {recipe.parameters}".strip()
        if len(prompt) > modals.TEXT_LIMIT:
            raise errors.TooLongError
        form = modals.remix(title.action, parent_id, title.index or 0, prompt)
        await interaction.response.send_modal(form)

    async def remix(
        self, interaction: discord.Interaction[Any], parent_id: str, kind: Kind, title: Title
    ) -> None:
        """Takes a submitted form: what the button does, with other words.

        Raises:
            PromptError: The new prompt is not one; nothing was acknowledged yet.
            JobGoneError: The parent is not in the database.
        """
        prompt = parse(modals.answer(interaction))
        if await self._prefers_subtle(interaction, title):
            kind, title = KINDS["subtle"], Title("subtle", title.index)

        def changed(recipe: Recipe, index: int, seed: int) -> Recipe:
            """The derived recipe with the new prompt's words and numbers."""
            images = [recipe.start.image] if recipe.start else []
            fresh = resolve(prompt, self.card, model=self._model, seed=seed, images=images).recipe
            derived = kind.derive(recipe, index, seed) if kind.derive else recipe
            size = fresh if title.action == "reroll" else recipe
            return replace(fresh, pictures=derived.pictures, width=size.width, height=size.height)

        await self.derive(interaction, parent_id, changed, title)

    async def _prefers_subtle(self, interaction: discord.Interaction[Any], title: Title) -> bool:
        """Whether V, which leaves it to the person, is to stay close."""
        person = await self._records.read(keeping.person, interaction.user.id)
        return title.action == "vary" and person.variability == "subtle"

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
        spot: Spot,
        recipe: Recipe,
        title: Title,
        *,
        parent_id: str | None = None,
        speed: Speed = "fast",
        origins: Mapping[str, str] | None = None,
        language: str = "",
    ) -> None:
        job = NewJob(
            id=uuid.uuid4().hex,
            recipe=recipe.to_json(),
            person_id=interaction.user.id,
            server_id=interaction.guild_id,
            channel_id=spot.channel_id,
            message_id=spot.message_id,
            application_id=interaction.application_id,
            interaction_token=spot.token,
            token_expires_at=spot.expires,
            upload_limit=interaction.filesize_limit,
            parent_id=parent_id,
            title=str(title),
            speed=speed,
            origins=origins,
            locale=language or str(interaction.locale),
        )
        position = await self._jobs.accept(job)
        await self._delivery.begin(job.id, position)


async def _thinking(interaction: discord.Interaction[Any], *, private: bool = False) -> int:
    """Acknowledges; the id of the message that will carry the answer."""
    response = await interaction.response.defer(thinking=True, ephemeral=private)
    if response is None or response.message_id is None:
        raise RuntimeError("Discord named no message for the acknowledgement")
    return response.message_id
