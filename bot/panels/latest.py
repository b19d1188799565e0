"""The latest pictures of a person, small, of which one can be chosen to be shown again."""

import re
from collections.abc import Sequence
from itertools import islice
from typing import Final

import discord

from bot.access.defaults import CHOICES
from bot.components.items import Item
from bot.components.panel import Panel, PanelPress, make_custom_id
from bot.components.sheet_menu import LABEL_LIMIT
from bot.errors import OldButtonError
from bot.interactions.host import find_host
from bot.text import messages, sentences
from bot.text.languages import say
from storage.database.records import Records
from storage.decisions import choice_queries
from storage.decisions.choice_queries import KeptPictures

_SEARCHED: Final = 200
"""Pictures that are looked through for what somebody types."""

_ID: Final = re.compile(r"[0-9a-f]{32}")
_PANEL: Final = "show"
_PICK: Final = "pick"
_TURN: Final = "turn"

MOST_PAGES: Final = 40
"""Pages of a person's pictures; the option ``id`` and the gallery find older ones."""


def build_panel(kept: Sequence[KeptPictures], page: int = 0, *, more: bool = False) -> Panel:
    """What to choose from, and the way to what comes before and after.

    Args:
        kept: The pictures of a page.
        page: Which one, from 0.
        more: Whether another follows.
    """
    if not kept:
        return Panel(say(sentences.SHOW_NONE), ())
    options = [
        discord.SelectOption(label=messages.write_choice(each, LABEL_LIMIT), value=each.id)
        for each in kept
    ]
    items: list[Item] = [_build_menu(options)]
    if page or more:
        items += [
            _build_turn(sentences.SHOW_NEWER, page - 1, possible=page > 0),
            _build_turn(sentences.SHOW_OLDER, page + 1, possible=more),
        ]
    return Panel(say(sentences.SHOW_LATEST), items)


def _build_turn(label: str, page: int, *, possible: bool) -> Item:
    return discord.ui.Button(
        label=say(label),
        custom_id=make_custom_id(_PANEL, _TURN, str(max(0, page)) + ("" if possible else "x")),
        disabled=not possible,
    )


def build_lineage(lineage: Sequence[tuple[str, str]]) -> Panel:
    """The pictures of a tree to choose from, by the numbers that they have there.

    Args:
        lineage: Of each the id of its job, and what was asked for.
    """
    options = [
        discord.SelectOption(label=f"{number} · {text}"[:LABEL_LIMIT], value=id_)
        for number, (id_, text) in enumerate(lineage, 1)
    ]
    return Panel(say(sentences.LINEAGE), (_build_menu(options),))


def _build_menu(options: list[discord.SelectOption]) -> discord.ui.Select[discord.ui.View]:
    return discord.ui.Select(
        custom_id=make_custom_id(_PANEL, _PICK),
        placeholder=say(sentences.SHOW_MENU),
        options=options,
    )


async def list_choices(records: Records, person_id: int, typed: str) -> list[tuple[str, str]]:
    """One's favourites and latest pictures whose prompt or id has what was typed.

    Returns:
        For each how it is called in a list, and its job's id.
    """
    low = typed.strip().lower().removeprefix("easel-")
    # Searched here, as prompts lie inside recipes; so many at most are read at each key.
    most = _SEARCHED if low else CHOICES
    kept = await records.read(choice_queries.list_pictures, person_id, most)
    found = ((messages.write_choice(each, LABEL_LIMIT), each.id) for each in kept)
    fitting = ((name, id_) for name, id_ in found if low in name.lower() or id_.startswith(low))
    return list(islice(fitting, CHOICES))


async def take_press(press: PanelPress) -> None:
    """Shows what was chosen, or another page to choose from.

    Raises:
        OldButtonError: Nothing was.
    """
    if press.what == _TURN and press.value.isdecimal() and int(press.value) < MOST_PAGES:
        await find_host(press.interaction).show_latest(press.interaction, int(press.value))
        return
    # Values come from the network; only whole ids were ever on offer.
    if press.what != _PICK or not any(map(_ID.fullmatch, press.values)):
        raise OldButtonError
    await find_host(press.interaction).show(press.interaction, press.values[0])
