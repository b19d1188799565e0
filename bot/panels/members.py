"""What a server's managers do about one person, and what they see of who used what."""

from datetime import UTC, datetime, timedelta
from typing import Any, Final

import discord
from sqlalchemy import Connection

from bot.components.panel import PanelPress, make_custom_id
from bot.errors import NotAllowedError
from bot.interactions.host import find_host
from bot.text import accounts, sentences
from bot.text.languages import say
from bot.text.server_log import PERSON, Deeds
from prompt.sentences import Sentence
from storage.decisions import choice_queries
from storage.decisions.choices import Change
from storage.queue import books
from storage.quotas import KINDS, parse_quotas

DAYS: Final = 7
"""Days, today among them, of which it is told who used what."""

LONGEST: Final = 3650
"""Days for which somebody can be blocked."""

RESET: Final = "reset"
"""What is typed in place of an amount to have all quotas begin anew."""

_GRANT: Final = "grant"
_BLOCK: Final = "block"


def build_form(person: str) -> discord.ui.Modal:
    """The form about a person, by their id."""
    form = discord.ui.Modal(
        title=say(sentences.PANEL_PERSON), custom_id=make_custom_id("server", _GRANT, person)
    )
    labels = {
        _GRANT: say(sentences.PERSON_GRANT, example="50 jobs/day"),
        _BLOCK: say(sentences.PERSON_BLOCK),
    }
    for name, label in labels.items():
        field: discord.ui.TextInput[Any] = discord.ui.TextInput(
            custom_id=name, required=False, max_length=200
        )
        form.add_item(discord.ui.Label(text=label, component=field))
    return form


async def change(press: PanelPress, server_id: int) -> str:
    """Does as a submitted form says, and notes who did; what is told of it.

    Raises:
        QuotaError: What is to be given cannot be read; nothing was changed.
        NotAllowedError: Nor can for how long to block; the same.
    """
    it, person = press.interaction, int(press.value)
    typed = press.typed.get(_GRANT, "").strip()
    extra = {} if typed.lower() == RESET else parse_quotas(typed)
    days = _parse_days(press.typed.get(_BLOCK, "").strip())

    deeds = Deeds(reset=typed.lower() == RESET, extra=extra, days=days)
    told = list(deeds.tell())

    def apply(connection: Connection) -> None:
        if deeds.reset:
            books.reset(connection, person, server_id, KINDS)
        if deeds.extra:
            books.grant(connection, person, server_id, deeds.extra)
        if deeds.days is not None:
            _block(connection, person, server_id, deeds.days)
        note = Change(it.user.id, PERSON, None, deeds.write())
        choice_queries.note_change(connection, server_id, note)

    if told:
        await find_host(it).records.write(apply)
    return f"<@{person}>: {', '.join(told)}" if told else ""


async def list_usage(it: discord.Interaction[Any], server_id: int) -> str:
    """Who used what on a server lately."""
    used = await find_host(it).records.read_apart(books.list_used, server_id, DAYS)
    return accounts.write_usage(used)


def _parse_days(typed: str) -> int | None:
    if not typed:
        return None
    if not typed.isdecimal() or int(typed) > LONGEST:
        shown = typed.replace("`", "ˋ")
        raise NotAllowedError(Sentence(sentences.LIMIT_WRONG, typed=shown, low=0, high=LONGEST))
    return int(typed)


def _block(connection: Connection, person: int, server_id: int, days: int) -> None:
    if days:
        books.block(connection, person, server_id, datetime.now(UTC) + timedelta(days=days))
    else:
        books.unblock(connection, person, server_id)
