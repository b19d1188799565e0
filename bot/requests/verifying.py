"""Where a picture is from: by its file's signature, its pixels, and what is kept of its job."""

import asyncio
from dataclasses import replace
from typing import Any

import discord

from bot.access.drafts import read_draft
from bot.delivery.marking import KnownMarks, PictureMarks, read_number
from bot.requests.accept import JobAcceptor
from bot.text.verdict import Findings, write_verdict
from generation.provenance.manifest import Statement
from generation.untrusted.clean import CleanImage
from prompt.reading.embedded import read_known
from storage.queue import queries
from storage.queue.jobs import Job


class VerifyHandler:
    """Answers in private; nothing is stored."""

    def __init__(self, acceptor: JobAcceptor, marking: PictureMarks) -> None:
        self._acceptor, self._marking = acceptor, marking

    async def take_image(self, interaction: discord.Interaction[Any], url: str) -> None:
        """Tells where a picture is from.

        Args:
            interaction: Who asks, and where.
            url: Where the picture is.

        Raises:
            NotAllowedError: The host or the server does not let them in.
            ImageError: It is no picture that may be read.
        """
        await interaction.response.defer(ephemeral=True, thinking=True)
        await self._tell(interaction, url)

    async def take_draft(self, interaction: discord.Interaction[Any], draft: str) -> None:
        """The same of a picture that was chosen in a message.

        Raises:
            DraftGoneError: That was more than a week ago.
            NotAllowedError: The host or the server does not let them in.
            ImageError: It is no picture that may be read.
        """
        await interaction.response.defer(ephemeral=True, thinking=True)
        records, person = self._acceptor.records, interaction.user.id
        body = await read_draft(records, draft, person)
        await self._tell(interaction, body["picture"])

    async def _tell(self, interaction: discord.Interaction[Any], url: str) -> None:
        await self._acceptor.admit(interaction, lambda _: [], kind="question")
        findings = await self._inspect(url, interaction.user.id)
        when = discord.utils.format_dt(findings.job.created_at, "f") if findings.job else ""
        await interaction.edit_original_response(content=write_verdict(findings, when))

    async def _inspect(self, url: str, person: int) -> Findings:
        known = await self._marking.load_known()
        image, statement = await self._acceptor.images.inspect(url, person, known.trust)
        findings = await asyncio.to_thread(find_marks, image, statement, known)
        job = await self._find_job(findings.short)
        return replace(findings, job=job, asks_owner=job is not None and job.person_id == person)

    async def _find_job(self, short: str) -> Job | None:
        found = await self._acceptor.records.read(queries.find_job, short) if short else None
        job = await self._acceptor.jobs.get(found) if found else None
        return None if job is None or job.question else job


def find_marks(image: CleanImage, statement: Statement | None, known: KnownMarks) -> Findings:
    """What a picture says of where it is from, before its job is looked up.

    Args:
        image: What is left of it.
        statement: What its file is signed for.
        known: What our own marks are told by.
    """
    told = read_known(image.texts)
    return Findings(
        statement=statement,
        number=read_number(image.png, known.watermark) if known.watermark else "",
        program=told.program if told else "",
    )
