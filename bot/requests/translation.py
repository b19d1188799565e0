"""Prompts in the form of other programs, and those that pictures' own files say."""

import io
from typing import Any

import discord

from bot.access import ownership
from bot.delivery.destination import Destination
from bot.errors import NoPromptError
from bot.interactions.patience import read_in_time
from bot.interactions.replies import acknowledge
from bot.requests.accept import JobAcceptor
from bot.text import messages, sentences
from bot.text.languages import retell, say
from bot.text.translations import Texts, write_to_copy, write_translation
from faults import UserError
from generation.catalogue.served import choose_usual
from generation.questions.question import PROSE_LIMIT, SPEAKERS, Question
from generation.recipe import Recipe
from prompt.reading.embedded import read_known, read_own_prompt
from prompt.reading.grammar import Prompt, parse
from prompt.writing.programs import Program
from prompt.writing.write import is_templated, write_prompt


class TranslationHandler:
    """Answers in private; nothing is drawn."""

    def __init__(self, acceptor: JobAcceptor) -> None:
        self._acceptor = acceptor

    async def translate(
        self, interaction: discord.Interaction[Any], text: str, program: Program, *, split: bool
    ) -> None:
        """Takes a prompt as typed, to be written for another program.

        Raises:
            PromptError: It is none.
        """
        prompt = parse(text)
        written = write_prompt(prompt, program, split=split)
        composed, acceptor = write_translation(prompt, written, program), self._acceptor
        speaker = ""
        if is_templated(written) and len(written.kept.text) <= PROSE_LIMIT:
            speaker = await read_in_time(acceptor.jobs.find_served(SPEAKERS), "")
        if not speaker:
            content, files = _attach(composed)
            await interaction.response.send_message(content, files=files, ephemeral=True)
            return
        message = await acknowledge(interaction, private=True)
        question = Question(
            kind="translate",
            text=written.kept.text,
            exact=text,
            program=program.value,
            split=split,
            model=speaker,
            family=choose_usual(acceptor.models.by_name).card.id,
        )
        try:
            choices = await acceptor.admit(interaction, lambda _: [], kind="question")
            # What was asked for in private stays so, even if it takes longer than an interaction.
            alone = (await interaction.user.create_dm()).id
            place = Destination(alone, message, interaction.token, interaction.expires_at)
            await acceptor.ask(interaction, place, question, choices=choices)
        except (UserError, discord.HTTPException):
            # The template's sentences need no model, and nobody's leave.
            content, files = _attach(composed)
            await interaction.edit_original_response(content=content, attachments=files)

    async def copy(
        self, interaction: discord.Interaction[Any], job_id: str, program: Program
    ) -> None:
        """Writes the prompt of finished pictures for another program.

        Raises:
            JobGoneError: There is no such job.
        """
        await interaction.response.defer(ephemeral=True, thinking=True)
        job = await ownership.find_drawing(self._acceptor.jobs, job_id)
        prompt = read_own_prompt(Recipe.from_json(job.recipe))
        content, files = _write_for(prompt, program, split=False)
        await interaction.edit_original_response(content=content, attachments=files)

    async def tell_known(self, interaction: discord.Interaction[Any], picture: str) -> None:
        """Tells in an answer that was promised what a picture's own file says of how it was made.

        Args:
            interaction: Who asks, and where.
            picture: The picture's address.

        Raises:
            NoPromptError: It says nothing.
            ImageError: It is no picture that may be read.
        """
        await self._acceptor.admit(interaction, lambda _: [])
        cleaned, _ = await self._acceptor.images.inspect(picture, interaction.user.id)
        known = read_known(cleaned.texts)
        if known is None:
            raise NoPromptError
        made_by = f"{known.program} ({known.model})" if known.model else known.program
        lead = say(sentences.FILE_SAYS, program=messages.quote(made_by))
        notes = map(retell, known.prompt.notes)
        content, files = _attach(write_to_copy(lead, known.prompt.spelling, notes))
        await interaction.edit_original_response(content=content, attachments=files)


def _write_for(prompt: Prompt, program: Program, *, split: bool) -> tuple[str, list[discord.File]]:
    written = write_prompt(prompt, program, split=split)
    return _attach(write_translation(prompt, written, program))


def _attach(composed: tuple[str, Texts]) -> tuple[str, list[discord.File]]:
    content, texts = composed
    return content, [discord.File(io.BytesIO(text.encode()), name) for name, text in texts]
