"""Who changed what a server decided, in sentences."""

import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final, Self

import discord

from bot.text import sentences, server_rules
from bot.text.languages import say
from bot.text.messages import ASK_SHOWN, CONTENT_LIMIT, escape, format_code
from bot.text.titles import shorten
from storage.decisions.choices import Change, ServerChoices
from storage.quotas import Quotas, format_quotas, parse_quotas

_TOLD: Final = 400
"""Characters of what a setting was, and of what it became."""

PERSON: Final = "person"
"""What is noted of deeds about a person, which have nothing before them."""

_WORDS: Final = "words"
_TITLES: Final = {
    **server_rules.TITLES,
    "preset": sentences.PANEL_DEFAULT,
    PERSON: sentences.PANEL_PERSON,
}
"""What is called how: rules of the server's, and what else is noted."""


def write_server_log(changes: Sequence[tuple[datetime, Change]]) -> tuple[str, int]:
    """Who changed what, the latest first.

    Args:
        changes: When, and what was noted.

    Returns:
        The text, and how many of the changes it had room for.
    """
    text, count = "", 0
    for at, change in changes:
        entry = _write_entry(at, change)
        if count and len(text) + len(entry) > CONTENT_LIMIT:
            break
        text, count = f"{text}\n{entry}".strip(), count + 1
    return text or say(sentences.NO_CHANGES), count


def _write_entry(at: datetime, change: Change) -> str:
    before, after = word_change(change)
    when = discord.utils.format_dt(at, "R")
    who = f"<@{change.person_id}>" if change.person_id else say(sentences.SOMEBODY)
    head = f"{when} {who}: **{name_change(change.what)}**"
    lines = [say(sentences.CHANGED_TO, after=after or say(sentences.NONE))]
    # What was done about a person has nothing before it.
    if change.what != PERSON:
        lines.append(say(sentences.CHANGED_FROM, before=before or say(sentences.NONE)))
    return "\n".join([head, *(f"> {line}" for line in lines)])


def name_change(what: str) -> str:
    """What was changed, for people."""
    _, _, name = what.partition(" ")
    if name:
        return say(sentences.PANEL_PRESET, name=format_code(name))
    return say(_TITLES.get(what, what))


def word_change(change: Change) -> tuple[str, str]:
    """What something was and what it became, in the language spoken now where that is possible."""
    try:
        before, after = _word_deeds(change) if change.what == PERSON else _word_setting(change)
    # Presets are words already, as everything was at first.
    except (ValueError, TypeError):
        return escape(change.before or "", ASK_SHOWN), escape(change.after or "", ASK_SHOWN)
    return shorten(" ".join(before), _TOLD), shorten(" ".join(after), _TOLD)


def _word_setting(change: Change) -> tuple[Sequence[str], Sequence[str]]:
    """The sentences that held before and no longer do, and those that hold since."""
    before, after = (
        ServerChoices.model_validate_json(kept or "") for kept in (change.before, change.after)
    )
    if change.what == _WORDS:
        return _list_words(before, after), _list_words(after, before)
    tell = server_rules.RULES.get(change.what)
    if tell is None:
        raise ValueError(change.what)
    old, new = tell(before), tell(after)
    gone = [sentence for sentence in old if sentence not in new]
    return gone, [sentence for sentence in new if sentence not in old]


def _list_words(choices: ServerChoices, other: ServerChoices) -> Sequence[str]:
    """The words that one has and the other has not."""
    lists = {
        name: tuple(word for word in getattr(choices, name) if word not in getattr(other, name))
        for name in ("refused", "restricted")
    }
    return list(server_rules.list_words(choices.model_copy(update=lists)))


@dataclass(frozen=True, slots=True)
class Deeds:
    """What a manager did about a person at once; kept without their name, which would outlive them.

    Attributes:
        reset: Whether all quotas began anew.
        extra: What was given.
        days: For how many days they were blocked; 0 if they were let in again, None for neither.
    """

    reset: bool = False
    extra: Quotas = field(default_factory=dict)
    days: int | None = None

    def write(self) -> str:
        """For keeping, so that everybody reads it in their own language."""
        kept = {"reset": self.reset, "extra": format_quotas(self.extra), "days": self.days}
        return json.dumps(kept)

    @classmethod
    def read(cls, text: str) -> Self:
        """What :meth:`write` wrote.

        Raises:
            ValueError: It is something else.
        """
        kept = json.loads(text)
        if not isinstance(kept, dict):
            raise ValueError(text)
        return cls(kept["reset"], parse_quotas(kept["extra"]), kept["days"])

    def tell(self) -> Iterator[str]:
        """Each of them in words."""
        if self.reset:
            yield say(sentences.PERSON_RESET)
        if self.extra:
            yield say(sentences.PERSON_GIVEN, extra=server_rules.list_amounts(self.extra))
        if self.days:
            yield say(sentences.PERSON_BLOCKED, count=self.days)
        elif self.days is not None:
            yield say(sentences.PERSON_UNBLOCKED)


def _word_deeds(change: Change) -> tuple[Sequence[str], Sequence[str]]:
    return [], [", ".join(Deeds.read(change.after or "").tell())]
