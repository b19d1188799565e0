"""Editing by words: forms and replies about finished pictures become jobs."""

import asyncio
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Final

import discord

from bot.access import ownership
from bot.access.drafts import read_draft
from bot.components import asking, modals
from bot.components.asking import WishDraft
from bot.errors import (
    FormLateError,
    NoPlaceError,
    NotAllowedError,
    NothingBeforeError,
    NotUnderstoodError,
    OldButtonError,
    WhichPictureError,
)
from bot.interactions.patience import begin
from bot.interactions.pictures import find_image
from bot.interactions.replies import acknowledge, answer_error, tell_notes
from bot.interactions.requester import Requester
from bot.requests.accept import JobAcceptor
from bot.requests.derive import DeriveHandler
from bot.requests.edit_plans import Plan, plan
from bot.requests.editor import Editor
from bot.requests.finding import ThingFinder
from bot.requests.given import GivenPictures
from bot.requests.imagine import ImagineHandler
from bot.requests.results import ResultHandler
from bot.requests.rewording import Fetched
from bot.text import sentences
from bot.text.languages import retell
from bot.text.messages import Title
from faults import UserError
from generation.recipe import Recipe, Region
from prompt.editing.wishes import WishKind
from prompt.sentences import Sentence
from storage.decisions import choice_queries
from storage.queue import queries
from storage.queue.jobs import Job

ASKED: Final = (NotUnderstoodError, NoPlaceError, WhichPictureError)
"""What of a wish is asked for with buttons rather than guessed."""


@dataclass(frozen=True, slots=True)
class Reply:
    """What comes of a wish that was written in a message.

    Attributes:
        notes: Sentences to be told.
        shown: The job whose pictures are to be shown again, where that was the wish.
    """

    notes: Sequence[str] = ()
    shown: Job | None = None


class EditHandler:
    """Takes what people ask of finished pictures in words."""

    def __init__(
        self,
        acceptor: JobAcceptor,
        maker: DeriveHandler,
        results: ResultHandler,
        imagine: ImagineHandler,
        finder: ThingFinder,
    ) -> None:
        self._finder = finder
        self._acceptor, self._editor = acceptor, Editor(acceptor.models)
        self._maker, self._results, self._imagine = maker, results, imagine
        self._given = GivenPictures(acceptor, maker)

    async def offer(self, interaction: discord.Interaction[Any], job: str, index: int) -> None:
        """Shows the form, which asks for nothing but what is to change."""
        await interaction.response.send_modal(modals.build_edit_form(job, max(1, index)))

    async def offer_in_message(
        self, interaction: discord.Interaction[Any], message: discord.Message
    ) -> None:
        """Shows the form for the pictures of a message, the bot's own or anybody's.

        Raises:
            NoImageError: The message has none.
            FormLateError: The database is slow.
        """
        finding = await begin(self._find_shown(message.id))
        if not finding.done():
            raise FormLateError
        job = finding.result()
        if job is not None:
            count = len(job.pictures)
            form = modals.build_edit_form(job.id, int(count == 1), count)
            await interaction.response.send_modal(form)
            return
        draft, wish = uuid.uuid4().hex, WishDraft(picture=find_image(message))
        keeping = await begin(self.keep(interaction.user.id, draft, wish))
        await interaction.response.send_modal(modals.build_draft_form(draft))
        await keeping

    async def _find_shown(self, message: int) -> Job | None:
        job_id = await self._acceptor.records.read(queries.find_job_of_message, message)
        return await self.find(job_id) if job_id else None

    async def submit(self, interaction: discord.Interaction[Any], job: str, index: int) -> None:
        """Takes the submitted form; what it does not say is asked for with buttons.

        Raises:
            NothingBeforeError: There is no earlier picture to go back to.
            PromptError: What they ask for cannot be drawn.
            NotAbleError: The family cannot do it.
            JobGoneError: The picture is not in the database.
        """
        asked = modals.EditAnswers.read(interaction)
        index = asked.index or max(1, index)
        wish = WishDraft(asked.words, job, index, second=asked.second)
        await self._take(interaction, wish, asked.regions, whole=asked.whole)

    async def submit_draft(self, interaction: discord.Interaction[Any], draft: str) -> None:
        """Takes the form for a picture that waits in a draft.

        Raises:
            DraftGoneError: There is no such draft.
            FormLateError: The database is slow.
            Exception: As :meth:`submit` raises.
        """
        asked = modals.EditAnswers.read(interaction)
        waiting = await self._read(interaction, draft)
        wish = replace(waiting, words=asked.words, second=asked.second or waiting.second)
        await self._take(interaction, wish, asked.regions, whole=asked.whole)

    async def take_reading(
        self, interaction: discord.Interaction[Any], reading: str, draft: str, index: int
    ) -> None:
        """Takes the answer to what a wish means.

        Args:
            interaction: Whose answer.
            reading: Which of ``asking.READINGS``.
            draft: Under which the wish waits.
            index: Number of the picture, where that was asked.

        Raises:
            DraftGoneError: It does not, or is somebody else's.
            FormLateError: The database is slow.
            OldButtonError: There is no such reading.
            Exception: As :meth:`submit` raises.
        """
        wish = await self._read(interaction, draft)
        match reading:
            case "where":
                form = modals.build_draft_form(draft, wish.words)
                await interaction.response.send_modal(form)
            case "prompt":
                pictures = [wish.picture] if wish.picture else []
                await self._imagine.take_prompt(interaction, wish.words, pictures)
            case "one" if index:
                await self._take(interaction, replace(wish, index=index))
            case "all":
                await self._take(interaction, wish, every=True)
            case "whole":
                await self._take(interaction, wish, whole=True)
            case "middle" | "around":
                await self._take(interaction, wish, asking.PLACES[reading])
            case _:
                raise OldButtonError

    async def _read(self, interaction: discord.Interaction[Any], draft: str) -> WishDraft:
        """The wish that waits in a draft, read before the first answer."""
        person = interaction.user.id
        reading = await begin(read_draft(self._acceptor.records, draft, person))
        if not reading.done():
            raise FormLateError
        return WishDraft.from_json(reading.result())

    async def _take(
        self,
        interaction: discord.Interaction[Any],
        wish: WishDraft,
        regions: Sequence[Region] = (),
        *,
        whole: bool = False,
        every: bool = False,
    ) -> None:
        try:
            planned = await _plan(wish.words, regions, whole=whole)
            planned = replace(planned, every=every, second=wish.second)
            await self._make(interaction, wish, planned)
        except ASKED as error:
            draft = uuid.uuid4().hex
            # Kept first where that is quick: the answers may be pressed at once.
            keeping = await begin(self.keep(interaction.user.id, draft, wish))
            await answer_error(interaction, error, asking.build_question(error, draft))
            await keeping
            return
        await tell_notes(interaction, _list_notes(planned))

    async def _make(
        self, interaction: discord.Interaction[Any], wish: WishDraft, planned: Plan
    ) -> None:
        title = Title(planned.title, None if planned.every else wish.index or None)
        fetched = Fetched([planned.second]) if planned.second else None
        if wish.picture:
            change = self._editor.change(await self._finder.seek(planned), fetched)
            await self._given.make(interaction, wish.picture, change, title, fetched)
        elif planned.leads_back:
            finding = await begin(self._go_back(wish.job, planned))
            message = None if finding.done() else await acknowledge(interaction)
            await self._results.show(interaction, (await finding).id, promised=message)
        else:
            locating = await begin(self._locate(planned, wish))
            message = None if locating.done() else await acknowledge(interaction)
            job, located = await locating
            change = self._editor.change(located, fetched)
            await self._maker.try_and_make(
                interaction, job, change, title, fetched, promised=message
            )

    async def _locate(self, planned: Plan, wish: WishDraft) -> tuple[Job, Plan]:
        job = await ownership.find_drawing(self._acceptor.jobs, wish.job)
        return job, await self._finder.locate(planned, job, wish.index)

    async def keep(self, person: int, draft: str, wish: WishDraft) -> None:
        """Keeps a wish until its question is answered, for whoever has it alone."""
        await self._acceptor.records.write(choice_queries.keep_draft, draft, person, wish.to_json())

    async def ask(self, person: int, wish: WishDraft, error: UserError) -> discord.ui.View:
        """Keeps a wish of which something is not known; the buttons that answer it."""
        draft = uuid.uuid4().hex
        await self.keep(person, draft, wish)
        return asking.build_question(error, draft)

    async def take_reply(
        self, requester: Requester, job: Job, index: int, words: str, second: str = ""
    ) -> Reply:
        """Takes what somebody wrote under pictures.

        Args:
            requester: Who wrote it, and where.
            job: Whose pictures they are.
            index: Number of the picture that is meant; 0 where nobody said.
            words: What is to change.
            second: Address of a picture from which something is to be taken; empty for none.

        Raises:
            WhichPictureError: There are several, and one has to be meant.
            NotUnderstoodError: Nothing tells what the words are for.
            NoPlaceError: They change a part of the picture, and it is not said which.
            Exception: As :meth:`submit` raises.
        """
        count = len(job.pictures)
        try:
            planned = replace(await _plan(words), second=second)
        except NotUnderstoodError:
            # Which of several comes first: what is asked then is about that one.
            if index == 0 and count > 1:
                raise WhichPictureError(words, count, every=False) from None
            raise
        if planned.leads_back:
            return Reply(
                list(map(retell, _list_notes(planned))),
                await self._find_before(job, planned),
            )
        every = index == 0 and count > 1
        if every and not planned.asks_no_picture:
            raise WhichPictureError(words, count, every=planned.suits_every)
        located = await self._finder.locate(planned, job, max(1, index))
        fetched = Fetched([second]) if second else None
        change = self._editor.change(replace(located, every=every), fetched)
        title = Title(planned.title, None if every else max(1, index))
        told = await self._maker.make_for(requester, job, change, title, fetched)
        return Reply(list(map(retell, told)))

    async def find(self, job_id: str) -> Job | None:
        """A job whose pictures can be edited; None for one that has none, or asks a question."""
        job = await self._acceptor.jobs.get(job_id)
        if job is None or not ownership.draws(job) or job.state != "done":
            return None
        structure = Recipe.from_json(job.recipe).conditions.structure
        # A control map is a picture of nothing.
        return None if structure and structure.shown else job

    async def _go_back(self, job_id: str, planned: Plan) -> Job:
        job = await ownership.find_job(self._acceptor.jobs, job_id)
        return await self._find_before(job, planned)

    async def _find_before(self, job: Job, planned: Plan) -> Job:
        """The job that a picture was made of, or the first of all.

        Raises:
            NothingBeforeError: There is none.
            NotAllowedError: Something is to be taken from another picture, which goes into none.
        """
        if planned.second:
            raise NotAllowedError(Sentence(sentences.EDIT_SECOND_IDLE))
        jobs = self._acceptor.jobs
        found = await jobs.get(job.parent_id) if job.parent_id else None
        while found and found.parent_id and planned.leads_back is WishKind.ORIGINAL:
            earlier = await jobs.get(found.parent_id)
            if earlier is None:
                break
            found = earlier
        if found is None:
            raise NothingBeforeError
        return found


async def _plan(words: str, regions: Sequence[Region] = (), *, whole: bool = False) -> Plan:
    # In a thread: the first sentence has the rules of all languages read and compiled.
    return await asyncio.to_thread(plan, words, regions, whole=whole)


def _list_notes(planned: Plan) -> list[Sentence]:
    return [Sentence(sentences.EDIT_LATER)] if planned.waits else []
