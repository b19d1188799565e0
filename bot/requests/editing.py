"""Editing by words: forms and replies about finished pictures become jobs."""

import asyncio
from collections.abc import Sequence
from typing import Any

import discord

from bot.access import ownership
from bot.components import modals
from bot.errors import NothingBeforeError
from bot.interactions.patience import begin
from bot.interactions.replies import acknowledge, tell_notes
from bot.interactions.requester import Requester
from bot.requests.accept import JobAcceptor
from bot.requests.derive import DeriveHandler
from bot.requests.edit_plans import Editor, Plan, plan
from bot.requests.results import ResultHandler
from bot.text import sentences
from bot.text.languages import retell, say
from bot.text.messages import Title
from generation.recipe import Recipe, Region
from prompt.editing.wishes import WishKind
from prompt.sentences import Sentence
from storage.queue.jobs import Job


class EditHandler:
    """Takes what people ask of finished pictures in words."""

    def __init__(self, acceptor: JobAcceptor, maker: DeriveHandler, results: ResultHandler) -> None:
        self._acceptor, self._editor = acceptor, Editor(acceptor.models)
        self._maker, self._results = maker, results

    async def offer(self, interaction: discord.Interaction[Any], job: str, index: int) -> None:
        """Shows the form, which asks for nothing but what is to change."""
        await interaction.response.send_modal(modals.build_edit_form(job, index))

    async def submit(self, interaction: discord.Interaction[Any], job: str, index: int) -> None:
        """Takes the submitted form.

        Raises:
            NotUnderstoodError: Nothing tells what the words are for; nothing was acknowledged yet.
            NoPlaceError: They change a part of the picture, and it is not said which.
            NothingBeforeError: There is no earlier picture to go back to.
            PromptError: What they ask for cannot be drawn.
            NotAbleError: The family cannot do it.
            JobGoneError: The picture is not in the database.
        """
        asked = modals.EditAnswers.read(interaction)
        planned = await _plan(asked.words, asked.regions, whole=asked.whole)
        if planned.leads_back:
            finding = await begin(self._find_before(job, planned.leads_back))
            message = None if finding.done() else await acknowledge(interaction)
            await self._results.show(interaction, (await finding).id, promised=message)
        else:
            title = Title(planned.title, index or None)
            await self._maker.try_and_make(interaction, job, self._editor.change(planned), title)
        await tell_notes(interaction, _list_notes(planned))

    async def take_reply(
        self, requester: Requester, job: str, index: int, words: str
    ) -> Sequence[str]:
        """Takes what somebody wrote under pictures.

        Args:
            requester: Who wrote it, and where.
            job: Whose pictures they are.
            index: Number of the picture that is meant.
            words: What is to change.

        Returns:
            Sentences to be told.

        Raises:
            Exception: As :meth:`submit` raises.
        """
        planned = await _plan(words)
        if planned.leads_back:
            before = await self._find_before(job, planned.leads_back)
            told = [say(sentences.EDIT_BEFORE, link=_write_link(before))]
        else:
            title, change = Title(planned.title, index), self._editor.change(planned)
            told = [
                retell(note) for note in await self._maker.make_for(requester, job, change, title)
            ]
        return [*told, *map(retell, _list_notes(planned))]

    async def find(self, job_id: str) -> Job | None:
        """A job whose pictures can be edited; None for one that has none, or asks a question."""
        job = await self._acceptor.jobs.get(job_id)
        if job is None or job.question or job.state != "done":
            return None
        structure = Recipe.from_json(job.recipe).conditions.structure
        # A control map is a picture of nothing.
        return None if structure and structure.shown else job

    async def _find_before(self, job_id: str, kind: WishKind) -> Job:
        """The job that a picture was made of, or the first of all.

        Raises:
            NothingBeforeError: There is none.
        """
        jobs = self._acceptor.jobs
        job = await ownership.find_job(jobs, job_id)
        found = await jobs.get(job.parent_id) if job.parent_id else None
        while found and found.parent_id and kind is WishKind.ORIGINAL:
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


def _write_link(job: Job) -> str:
    """Where the pictures of a job are shown."""
    message = job.delivered_message_id or job.message_id
    if message is None:
        raise NothingBeforeError
    place = job.server_id or "@me"
    return f"https://discord.com/channels/{place}/{job.channel_id}/{message}"
