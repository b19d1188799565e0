"""Painting: what the page asks for, and the private link to it that a press of Region gives."""

import asyncio
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, Final

import discord

from bot.access import ownership
from bot.access.audience import require_shown
from bot.painting.tokens import LIFE, PageToken, TokenSigner
from bot.painting.visitor import Visitors
from bot.requests.accept import JobAcceptor
from bot.requests.derive import DeriveHandler
from bot.text import sentences
from bot.text.languages import find_language, retell, say
from bot.web import plain_text
from generation.catalogue.card import Capability
from generation.pictures.grid import encode_view
from prompt.reading.grammar import parse
from storage.files import Files
from storage.settings import Settings

SHOWN: Final = 1280
"""Longer side in pixels of the picture that is painted over; the mask needs no more."""


class PaintingHandler:
    """Gives links to the page, and does what people ask for there."""

    def __init__(
        self,
        client: discord.Client,
        acceptor: JobAcceptor,
        derive: DeriveHandler,
        files: Files,
        settings: Settings,
    ) -> None:
        token = settings.discord_token
        if token is None:
            raise ValueError("links are signed with a key made from the bot's token")
        self._client, self._files = client, files
        self._acceptor, self._models, self._derive = acceptor, acceptor.models, derive
        self._address = settings.painting_page
        self._visitors = Visitors(client)
        self.signer = TokenSigner(token.get_secret_value())

    def reaches(self, interaction: discord.Interaction[Any]) -> bool:
        """Whether the bot can write where somebody asks, once the interaction is over."""
        if interaction.guild_id is None:
            # The bot itself can write in direct messages with it, but not in those between other
            # people.
            return interaction.context.dm_channel is True
        return self._client.get_guild(interaction.guild_id) is not None

    async def offer(
        self, interaction: discord.Interaction[Any], parent_id: str, index: int
    ) -> None:
        """Gives the person, in private, a link to paint over a picture.

        Raises:
            NotAbleError: The family cannot draw into pictures.
            JobGoneError: The picture's job is not in the database.
            OtherFamilyError: The picture was drawn by a model that is no longer here.
            NotAllowedError: The server does not allow it.
        """
        self._models.require(Capability.INPAINT)
        await interaction.response.defer(ephemeral=True, thinking=True)
        card = self._models.find_maker(
            (await self._derive.find_parent(parent_id, index)).recipe
        ).card
        # Refused before somebody paints, rather than after; it is decided again when the mask
        # arrives.
        await self._acceptor.admit(interaction, lambda _: [card])
        self._models.require(Capability.INPAINT, card)
        given = PageToken(
            job=parent_id,
            index=index,
            person=interaction.user.id,
            server=interaction.guild_id,
            channel=interaction.channel_id or 0,
            locale=str(interaction.locale),
            expires=(datetime.now(UTC) + LIFE).replace(microsecond=0),
        )
        # Behind the #, which browsers send to no server, so that no log on the way has it.
        url = f"{self._address}?in={find_language(given.locale)}#{self.signer.write(given)}"
        button: discord.ui.Button[Any] = discord.ui.Button(label=say(sentences.PAINT), url=url)
        said = say(sentences.PAINT_LINK, hours=round(LIFE.total_seconds() / 3600))
        await interaction.edit_original_response(
            content=said, view=discord.ui.View(timeout=None).add_item(button)
        )

    async def read_prompt(self, given: PageToken) -> str:
        """The prompt of the picture, to be changed.

        Raises:
            NoLongerThereError: The person may not see the channel any more.
            JobGoneError: The picture's job is not in the database.
            OtherFamilyError: The picture was drawn by a model that is no longer here.
        """
        await self._visitors.admit(given)
        recipe = (await self._derive.find_parent(given.job, given.index)).recipe
        return f"{recipe.prompt} {recipe.parameters}".strip()

    async def load_picture(self, given: PageToken) -> bytes:
        """The picture to paint over, as WebP.

        Raises:
            NoLongerThereError: The person may not see the channel any more.
            JobGoneError: Its job is not in the database.
            MissingFileError: It is no longer stored.
            OtherFamilyError: The picture was drawn by a model that is no longer here.
        """
        await self._visitors.admit(given)
        parent = await self._derive.find_parent(given.job, given.index)
        job = await ownership.find_drawing(self._acceptor.jobs, given.job)
        require_shown(self._client, job, self._client.get_channel(given.channel))
        return await asyncio.to_thread(encode_view, await self._files.aget(parent.image), SHOWN)

    async def submit(self, given: PageToken, mask: bytes, words: str) -> Sequence[str]:
        """Has painted parts of a picture drawn anew, as a press of the button would.

        Args:
            given: Who asks, and of which picture.
            mask: An image file, bright where it is painted.
            words: The prompt.

        Returns:
            How the words were understood, where that needs telling; the job is committed.

        Raises:
            NoLongerThereError: The person may not see the channel any more.
            NothingPaintedError: Nothing is painted.
            ImageError: The mask is no image.
            PromptError: The words are no prompt.
            NotAllowedError: The server does not allow it.
        """
        prompt = parse(words)
        requester = await self._visitors.find(given)
        notes = await self._derive.repaint(
            requester, given.job, given.index, prompt=prompt, mask=mask
        )
        return [retell(note) for note in notes]

    def strip_markup(self, said: str) -> str:
        """What was worded for Discord, for eyes that see no Discord."""
        return plain_text.strip_markup(self._client, said)
