"""From a recipe to a committed job: what all ways of asking for pictures share."""

import uuid
from collections.abc import Sequence
from dataclasses import replace

import discord

from bot.access import policy
from bot.access.audience import require_audience, require_audiences
from bot.access.moderation import WordRules, mentions_minors
from bot.access.places import AllowedPlaces
from bot.delivery.destination import Destination
from bot.delivery.markers import MessageRef
from bot.delivery.watcher import DeliveryWatcher
from bot.errors import FastSpentError, NotAllowedError
from bot.interactions.requester import Requester
from bot.requests.job_request import JobRequest, derive_id
from bot.requests.models import ServedModels
from bot.requests.sent_images import SentImages
from bot.text import sentences
from bot.text.messages import Title
from generation.derive import set_upscaler
from generation.questions.question import EYES, SPEAKERS, Question
from generation.recipe.sheet import Sheet
from prompt.sentences import Sentence
from storage.decisions.choices import ServerChoices
from storage.queue.client import Jobs
from storage.queue.jobs import Job, NewJob, Speed
from storage.queue.limits import LimitReachedError
from storage.settings import Settings


class JobAcceptor:
    """Admits people and accepts their jobs.

    Attributes:
        images: What people send.
        models: What draws here.
        jobs: Where jobs are kept.
        records: Where choices are kept.
    """

    def __init__(
        self,
        settings: Settings,
        models: ServedModels,
        jobs: Jobs,
        images: SentImages,
        delivery: DeliveryWatcher,
        *,
        places: AllowedPlaces,
        client: discord.Client,
    ) -> None:
        self.models, self.jobs, self.records = models, jobs, jobs.records
        self.images, self._delivery = images, delivery
        self._places, self._words = places, WordRules(settings)
        self._client = client

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

    async def accept(
        self,
        requester: Requester,
        destination: Destination,
        requests: Sequence[JobRequest],
        choices: ServerChoices,
        *,
        parent: Job | None = None,
    ) -> None:
        """Commits all of some jobs or none, then shows each as queued.

        Args:
            requester: Whose they are.
            destination: Where they are shown.
            requests: What to make, in order.
            choices: What the server decided: how many jobs, and in which language they are shown.
            parent: The job whose pictures they are made of, where it was read already.

        Raises:
            LimitReachedError: They do not all fit into what the person may ask for.
            FastSpentError: They would fit if they were relaxed.
            NotAllowedError: They may not be shown there, or their words are not drawn there.
            WithheldError: They would be made of pictures that are shown to nobody.
        """
        recipes = [request.recipe for request in requests]
        self._words.require(choices, recipes, adult=destination.adult)
        parents = [request.parent_id for request in requests]
        adult, known = destination.adult, [parent] if parent else []
        await require_audiences(self._client, self.jobs, parents, adult=adult, known=known)
        places = [destination, *[destination.follow_first()] * (len(requests) - 1)]
        jobs = [
            self._describe(derive_id(requester, k), requester, place, request, choices)
            for k, (place, request) in enumerate(zip(places, requests, strict=True))
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
            family=_name_family(question),
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
        self._words.require(choices, sheet.cells, adult=destination.adult)
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
            minors=mentions_minors(sheet.cells),
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
        require_audience(self._client, parent, adult=destination.adult)
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
            minors=mentions_minors([recipe]),
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
            adult=destination.adult,
            # Kept with the job, since its message is written long after the interaction is over.
            locale=choices.language or str(requester.locale),
        )


def _name_family(question: Question) -> str:
    """By what family a worker takes a question; empty for any."""
    if question.eye:
        return EYES
    if question.kind == "translate":
        return SPEAKERS
    return question.family if question.model else ""
