"""Conversation: what people say to the bot in a message, without a command.

Discord shows a bot the words of direct messages and of those that mention it, which a reply does
unless its author turned that off. Of all others it hears without their words, and those it leaves
alone; but a reply to pictures of its own that it cannot read gets a button that does the same.
"""

import asyncio
import contextlib
import re
import time
import uuid
from typing import Final

import discord
import structlog
from cachetools import TTLCache

from bot.access.places import AllowedPlaces
from bot.components import confirm
from bot.components.asking import WishDraft
from bot.components.buttons import JobButton
from bot.components.describing import add_image_buttons
from bot.components.more import build_menu
from bot.errors import NoImageError
from bot.events.dispatch import Handlers
from bot.interactions.pictures import find_image
from bot.interactions.requester import RemoteRequester
from bot.panels import hello, routing
from bot.requests.editing import ASKED
from bot.requests.job_request import name_job
from bot.requests.results import NONCE
from bot.text import sentences
from bot.text.languages import say, speak
from bot.text.wording import word_error
from prompt.editing.choosing import split_number
from storage.queue import queries
from storage.queue.jobs import Job

ANSWER_EVERY: Final = 3.0
"""Seconds within which somebody is answered once, whatever they say."""

_KNOWN: Final = 10_000
_GREETINGS: Final = re.compile(
    r"\W*(?:h(?:ello|i|ey|allo|ola|ej)|bonjour|salut|ol[aá]|oi|moin|servus|good (?:morning|evening)"
    r"|help|hilfe|ayuda|aide|ajuda|thanks?(?: you)?|danke|gracias|merci|obrigad[oa]|こんにちは"
    r"|やあ|ありがとう)(?:\W+(?:there|easel|bot|again|all|everybody|you))?\W*",
    re.IGNORECASE,
)
log: Final = structlog.get_logger(__name__)


class Conversation:
    """Answers messages, each person once in a while."""

    def __init__(self, client: discord.Client, handlers: Handlers, places: AllowedPlaces) -> None:
        self._client, self._handlers, self._places = client, handlers, places
        self._answered: TTLCache[int, bool] = TTLCache(_KNOWN, ANSWER_EVERY, timer=time.monotonic)

    async def take(self, message: discord.Message) -> None:
        """Does as a message to the bot says; leaves all others alone."""
        if self._client.user is None or message.author.bot or not _is_said(message):
            return
        # Most messages end here, without a look into the database.
        to_us = message.guild is None or self._client.user in message.mentions
        if not to_us and not (message.reference and not message.content):
            return
        speak(str(message.guild.preferred_locale if message.guild else "en-US"))
        try:
            await self._take(message, to_us=to_us)
        except discord.HTTPException as error:
            log.info("message_without_answer", error=type(error).__name__)
        except Exception as error:
            text = word_error(error)
            if text is None:
                log.exception("message_failed", exc_info=error)
            else:
                await _reply(message, text)

    async def _take(self, message: discord.Message, *, to_us: bool) -> None:
        shown = message.reference and message.reference.message_id
        records = self._handlers.records
        job_id = await records.read(queries.find_job_of_message, shown) if shown else None
        job = await self._find_pictures(job_id)
        if not (to_us or job) or not self._may_answer(message):
            return
        words = self._read_words(message)
        if job is None:
            await self._answer(message, words)
        elif words:
            await self._edit(message, job, words)
        else:
            await _reply(message, say(sentences.UNREAD), _offer_edit(job))

    async def _find_pictures(self, job_id: str | None) -> Job | None:
        """The job of pictures that can be edited; None for what is none."""
        job = await self._handlers.editing.find(job_id) if job_id else None
        return job if job and job.pictures else None

    async def _edit(self, message: discord.Message, job: Job, words: str) -> None:
        second = _find_picture(message)
        # In a thread, as all that reads sentences.
        index, wish = await asyncio.to_thread(split_number, words, len(job.pictures))
        requester, editing = self._find_requester(message), self._handlers.editing
        try:
            came = await editing.take_reply(requester, job, index, wish, second)
        except ASKED as error:
            draft = WishDraft(wish, job.id, index, second=second)
            view = await editing.ask(message.author.id, draft, error)
            await _reply(message, word_error(error) or "", view)
            return
        if came.shown:
            await self._handlers.results.show_beside(requester, self._client, came.shown)
        for note in came.notes:
            await _reply(message, note)

    async def _answer(self, message: discord.Message, words: str) -> None:
        await self._places.require(self._find_requester(message))
        picture = _find_picture(message)
        if words and not _GREETINGS.fullmatch(words):
            pictures = [picture] if picture else []
            draft = await self._handlers.imagine.offer(message.author.id, words, pictures)
            await _reply(message, say(sentences.DRAW_IT), confirm.build_offer(draft))
            return
        panel = hello.build_answer(message.id if picture else None)
        view = routing.build_view(panel)
        if picture:
            draft = uuid.uuid4().hex
            await self._handlers.imagine.keep_picture(draft, message.author.id, picture)
            add_image_buttons(view, draft)
        await _reply(message, panel.text, view)

    def _may_answer(self, message: discord.Message) -> bool:
        if message.author.id in self._answered:
            return False
        self._answered[message.author.id] = True
        return True

    def _read_words(self, message: discord.Message) -> str:
        """A message's words without the bot's name."""
        user = self._client.user
        named = rf"<@!?{user.id}>" if user else ""
        return " ".join(re.sub(named, " ", message.content).split())

    def _find_requester(self, message: discord.Message) -> RemoteRequester:
        guild_id = message.guild.id if message.guild else None
        place = message.channel.id, message.channel, guild_id
        event = f"message:{message.id}"
        return RemoteRequester.find(self._client, message.author, *place, event=event)


def _find_picture(message: discord.Message) -> str:
    """The address of the image in a message; empty without one."""
    try:
        return find_image(message)
    except NoImageError:
        return ""


def _is_said(message: discord.Message) -> bool:
    """Whether somebody said it, alone or in answer; news of pins refer to messages, too."""
    if message.type not in {discord.MessageType.default, discord.MessageType.reply}:
        return False
    reference = message.reference
    return reference is None or reference.type is discord.MessageReferenceType.reply


def _offer_edit(job: Job) -> discord.ui.View:
    view, count = discord.ui.View(timeout=None), len(job.pictures)
    return view.add_item(build_menu(job.id, count) if count > 1 else JobButton("edit", job.id, 1))


async def _reply(message: discord.Message, text: str, view: discord.ui.View | None = None) -> None:
    # Somebody may have deleted it, or the bot may not write there.
    with contextlib.suppress(discord.HTTPException):
        await message.reply(
            text,
            view=view or discord.utils.MISSING,
            mention_author=False,
            # Of two bots that hear of one message, Discord takes one reply.
            nonce=name_job(f"{message.id}:{text}")[:NONCE],
        )
