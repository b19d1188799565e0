"""Prompts in the form of other programs, and those that pictures' own files say."""

import io
from collections.abc import Iterable
from typing import Any, Final

import discord

from bot.access import ownership
from bot.errors import NoPromptError
from bot.requests.accept import JobAcceptor
from bot.text import messages, sentences
from bot.text.languages import retell, say
from generation.recipe import Recipe
from prompt.reading.embedded import read_known, read_own_prompt
from prompt.reading.grammar import Prompt, parse
from prompt.writing.programs import ABILITIES, Program
from prompt.writing.write import write_prompt

_PROMPT_FILE: Final = "prompt.txt"
_NOTES_FILE: Final = "notes.txt"


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
        content, files = _write_for(parse(text), program, split=split)
        await interaction.response.send_message(content, files=files, ephemeral=True)

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
        content, files = _compose(lead, known.prompt.spelling, known.prompt.notes)
        await interaction.edit_original_response(content=content, attachments=files)


def _write_for(prompt: Prompt, program: Program, *, split: bool) -> tuple[str, list[discord.File]]:
    written = write_prompt(prompt, program, split=split)
    lead = say(sentences.WRITTEN_FOR, program=ABILITIES[program].title)
    return _compose(lead, written.text, (*prompt.notes, *written.lost))


def _compose(lead: str, text: str, notes: Iterable[str]) -> tuple[str, list[discord.File]]:
    """A prompt to copy with notes below it; what does not fit into a message comes as a file."""
    below = "".join(f"\n- {retell(note)}" for note in notes)
    whole = f"{lead}\n{messages.fence(text)}{below}"
    # A fence has another sign for back quotes, which would be wrong where they are meant.
    if "`" not in text and len(whole) <= messages.CONTENT_LIMIT:
        return whole, []
    files = [_make_file(_PROMPT_FILE, text)]
    if len(lead) + len(below) <= messages.CONTENT_LIMIT:
        return lead + below, files
    return lead, [*files, _make_file(_NOTES_FILE, below.strip())]


def _make_file(name: str, text: str) -> discord.File:
    return discord.File(io.BytesIO(text.encode()), name)
