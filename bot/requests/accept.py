"""From a recipe to a committed job: what all ways of asking for pictures share."""

import asyncio
import uuid
from collections.abc import Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Final

import discord
from cachetools import LRUCache
from discord.http import HTTPClient

from bot.access import policy
from bot.access.moderation import WordRules
from bot.access.places import AllowedPlaces
from bot.delivery.destination import Destination
from bot.delivery.markers import MessageRef
from bot.delivery.watcher import DeliveryWatcher
from bot.errors import FastSpentError, NotAllowedError
from bot.interactions.requester import Requester
from bot.requests.job_request import JobRequest, derive_id
from bot.requests.models import ServedModels
from bot.requests.renewal import DISCORD_FILES, renew_link
from bot.text import sentences
from bot.text.messages import Title
from generation.catalogue.families import compute_shown_size
from generation.derive import set_upscaler
from generation.provenance.manifest import Statement
from generation.provenance.trust import NOBODY, Trust
from generation.questions.measures import Measures
from generation.questions.question import EYES, Question
from generation.recipe import Recipe
from generation.recipe.sheet import Sheet
from generation.untrusted.clean import CleanImage, Limits
from generation.untrusted.door import PictureDoor
from generation.untrusted.fetch import LinkNotFoundError, fetch
from generation.untrusted.traits import ImageTraits, read_traits
from prompt.reading.embedded import read_known
from prompt.sentences import Sentence
from storage.decisions.choices import ServerChoices
from storage.files import Files, MissingFileError
from storage.queue.client import Jobs
from storage.queue.jobs import Job, NewJob, Speed
from storage.queue.limits import LimitReachedError
from storage.settings import Settings

_REMEMBERED: Final = 1000
"""How many images' traits are kept in memory, a few hundred bytes each."""


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
        *,
        places: AllowedPlaces,
        door: PictureDoor,
        http: HTTPClient,
    ) -> None:
        self.models, self.jobs, self.records = models, jobs, jobs.records
        self._places, self._words = places, WordRules(settings)
        self._files, self._delivery, self._door, self._http = files, delivery, door, http
        self._traits: LRUCache[str, ImageTraits] = LRUCache(_REMEMBERED)
        self._limits = Limits(
            max_bytes=settings.max_upload_mb * 2**20, max_pixels=settings.max_pixels_m * 10**6
        )
        # The stand-in serves attachments from this machine, which links may otherwise never lead
        # to.
        self._origins = frozenset({settings.discord} if settings.discord else ())
        self._hosts = None if settings.open_links else DISCORD_FILES

    async def admit(
        self,
        requester: Requester,
        choose: policy.Choose,
        *,
        kind: policy.AskedKind = "jobs",
        choices: ServerChoices | None = None,
        counts: bool = True,
    ) -> ServerChoices:
        """What the server decided, if it lets in what is asked for; see :func:`policy.admit`."""
        cards = self.models.cards
        return await policy.admit(
            *(self._places, self.jobs, requester, cards, choose),
            kind=kind,
            choices=choices,
            counts=counts,
        )

    async def keep_image(self, url: str, person: int) -> str:
        """Fetches, checks and stores an image; its SHA-256.

        Args:
            url: Where it is.
            person: Who gave it; of one person's images each waits for the one before.

        Raises:
            ImageError: It is no image that may be used.
        """
        return (await self._keep(url, person))[0]

    async def keep_described(self, url: str, person: int) -> tuple[str, str]:
        """As ``keep_image``, and beside it the prompt that its file says it was made from, or "".

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

    async def open_image(
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

    async def accept(
        self,
        requester: Requester,
        destination: Destination,
        requests: Sequence[JobRequest],
        choices: ServerChoices,
    ) -> None:
        """Commits all of some jobs or none, then shows each as queued.

        Args:
            requester: Whose they are.
            destination: Where they are shown.
            requests: What to make, in order.
            choices: What the server decided: how many jobs, and in which language they are shown.

        Raises:
            LimitReachedError: They do not all fit into what the person may ask for.
            FastSpentError: They would fit if they were relaxed.
            NotAllowedError: They may not be shown there, or their words are not drawn there.
        """
        self._words.require(requester, choices, [request.recipe for request in requests])
        rest = destination.follow_first()
        jobs = [
            self._describe(
                derive_id(requester, place),
                requester,
                rest if place else destination,
                request,
                choices,
            )
            for place, request in enumerate(requests)
        ]
        try:
            await self._commit(requester, jobs, choices)
        except LimitReachedError as error:
            if error.excess.kind != "fast":
                raise
            refused = [request.to_json() for request in requests]
            raise FastSpentError(error.excess, refused) from None

    async def _commit(
        self, requester: Requester, jobs: Sequence[NewJob], choices: ServerChoices
    ) -> None:
        job_ids = [job.id for job in jobs]
        with self._delivery.expect(job_ids):
            allowed = policy.allow(self.jobs.host_limits, choices, requester)
            accepted = await self.jobs.accept_many(jobs, allowed)
            for place, (job, queued) in enumerate(zip(jobs, accepted, strict=True)):
                shown = await self._delivery.begin(queued, job)
                # Only by posting is it known whether the bot may.
                if not shown and place == 0:
                    self._delivery.drop(job_ids)
                    await self.jobs.withdraw(job_ids)
                    raise NotAllowedError(Sentence(sentences.NO_PLACE))

    async def measure(self, sha256: str, person: int) -> Measures:
        """What is measured of a stored picture, beside no other one of a person's.

        Raises:
            MissingFileError: It is no longer stored.
            ImageError: It takes too much.
        """
        async with self._door.take_turn(person):
            return await self._door.measure(await self._files.aget(sha256))

    async def ask(
        self,
        requester: Requester,
        destination: Destination,
        question: Question,
        *,
        choices: ServerChoices,
        parent: Job | None = None,
    ) -> None:
        """Commits a question; one that was answered before, or needs no model, is not asked again.

        Raises:
            LimitReachedError: The person has as many unfinished jobs as they may.
            NotAllowedError: The bot may not write where the answer is to be shown.
        """
        known = await self.jobs.find_answer(question.digest) if question.needs_model else {}
        job = replace(
            self._place(requester, destination, choices),
            recipe=question.to_json(),
            question=question.digest,
            # What the judge looks at any worker takes; a prompt is read by the model that draws it.
            family=EYES if question.eye else question.family if question.model else "",
            model=question.eye or question.model,
            title=str(Title(question.kind)),
            parent_id=parent.id if parent else None,
        )
        if known is None:
            await self._commit(requester, [job], choices)
            return
        with self._delivery.expect([job.id]):
            await self.jobs.keep_answered(job, known)

    async def accept_sheet(
        self,
        requester: Requester,
        destination: Destination,
        sheet: Sheet,
        choices: ServerChoices,
        speed: Speed = "fast",
    ) -> None:
        """Commits a sheet, then shows it as queued.

        Raises:
            LimitReachedError: It does not fit into what the person may ask for.
            NotAllowedError: It may not be shown there, or its words are not drawn there.
        """
        self._words.require(requester, choices, sheet.cells)
        first = sheet.cells[0]
        job = replace(
            self._place(requester, destination, choices),
            recipe=sheet.to_json(),
            # A worker takes it that serves its first model, and leaves it to others if need be.
            family=first.family,
            model=first.model,
            pixels=sheet.pixels,
            steps=round(sheet.steps / len(sheet.cells)),
            picture_count=len(sheet.cells),
            title=str(Title("compare")),
            speed=speed,
        )
        await self._commit(requester, [job], choices)

    async def show_cell(
        self,
        requester: Requester,
        destination: Destination,
        parent: Job,
        place: int,
        choices: ServerChoices,
    ) -> None:
        """Shows the picture at a place of a sheet, from 0, alone; see :meth:`Jobs.keep_shown`."""
        recipe = Sheet.from_json(parent.recipe).cells[place]
        request = JobRequest(recipe=recipe, title=Title("imagine"), parent_id=parent.id)
        job = self._describe(uuid.uuid4().hex, requester, destination, request, choices)
        with self._delivery.expect([job.id]):
            allowed = policy.allow(self.jobs.host_limits, choices, requester)
            await self.jobs.keep_shown(job, parent.pictures[place], allowed)

    def mark_pressed(self, parent: Job, message: discord.Message | None = None) -> None:
        """Has the buttons under a job's pictures show which of them were pressed.

        Args:
            parent: The job.
            message: The message in which one was pressed; None for the job's own.
        """
        shown = parent.delivered_message_id or parent.message_id
        # What only one person sees, as a menu's buttons, cannot be edited without a promise to; and
        # what shows no pictures, as a question about them, has buttons of its own.
        if message is not None and message.attachments and not message.flags.ephemeral:
            self._delivery.mark_buttons(parent.id, MessageRef(message.channel.id, message.id))
        elif shown is not None:
            self._delivery.mark_buttons(parent.id, MessageRef(parent.channel_id, shown))

    def _describe(
        self,
        job_id: str,
        requester: Requester,
        destination: Destination,
        request: JobRequest,
        choices: ServerChoices,
    ) -> NewJob:
        # The recipe names the upscaler's weights, so a worker with others refuses rather than draws
        # otherwise.
        recipe = set_upscaler(request.recipe, self.models.cards[0].upscaler)
        return replace(
            self._place(requester, destination, choices),
            id=job_id,
            recipe=recipe.to_json(),
            family=recipe.family,
            model=recipe.model,
            pixels=recipe.pixels,
            steps=recipe.steps,
            picture_count=len(recipe.noise),
            parent_id=request.parent_id,
            title=str(request.title),
            speed=request.speed,
            origins=request.origins,
        )

    def _place(
        self, requester: Requester, destination: Destination, choices: ServerChoices
    ) -> NewJob:
        """A job of somebody's that makes nothing yet, with where it is shown."""
        return NewJob(
            id=uuid.uuid4().hex,
            recipe={},
            title="",
            person_id=requester.user.id,
            server_id=requester.guild_id,
            channel_id=destination.channel_id,
            message_id=destination.promised,
            application_id=requester.application_id,
            interaction_token=destination.token,
            token_expires_at=destination.expires,
            upload_limit=requester.filesize_limit,
            # Kept with the job, since its message is written long after the interaction is over.
            locale=choices.language or str(requester.locale),
        )
