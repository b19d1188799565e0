"""Who changed what a server decided, in sentences."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import discord

from bot.text import sentences
from bot.text.languages import say
from bot.text.messages import ASK_SHOWN, CONTENT_LIMIT, escape, format_code
from storage.decisions.choices import Change


def write_server_log(changes: Sequence[tuple[datetime, Change]], titles: Mapping[str, str]) -> str:
    """Who changed what, the latest first.

    Args:
        changes: When, and what was noted.
        titles: What is called how.
    """
    lines = [
        say(
            sentences.SERVER_CHANGE,
            when=discord.utils.format_dt(at, "R"),
            who=f"<@{change.person_id}>" if change.person_id else say(sentences.SOMEBODY),
            what=_name_change(change.what, titles),
            before=_format_value(change.before),
            after=_format_value(change.after),
        )
        for at, change in changes
    ]
    return "\n".join(lines)[:CONTENT_LIMIT] or say(sentences.NO_CHANGES)


def _name_change(what: str, titles: Mapping[str, str]) -> str:
    _, _, name = what.partition(" ")
    return (
        say(sentences.PANEL_PRESET, name=format_code(name)) if name else say(titles.get(what, what))
    )


def _format_value(text: str | None) -> str:
    return escape(text, ASK_SHOWN) if text else say(sentences.NONE)
