"""Forms: the prompt to change, and what else is asked, before pictures are made from pictures.

A form's meaning stands in its custom id, and its answer is taken by that alone, so one that was
open while the bot restarted still works.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, Self, cast

import discord

from bot import errors, messages
from bot.languages import say
from generation.derive import ninth
from generation.recipe import Region
from prompt.grammar import Prompt, parse

TEMPLATE: Final = re.compile(r"easel:remix:(?P<action>[a-z]+):(?P<job>[0-9a-f]{32}):(?P<index>\d)")
"""Custom ids of forms for a changed prompt."""

START: Final = re.compile(r"easel:start:(?P<draft>[0-9a-f]{32})")
"""Custom ids of forms for words to go with an image."""

TEXT_LIMIT: Final = 4000
"""Most characters in a form's field (Discord)."""

NINTHS: Final = 9
"""Parts of a picture that can be chosen to be drawn anew, row by row."""

_PROMPT: Final = "prompt"
_ZOOM: Final = "zoom"
_PARTS: Final = "parts"

_TITLES: Final = {"zoom": messages.ZOOM_TITLE, "region": messages.REGION_TITLE}


@dataclass(frozen=True, slots=True)
class Answers:
    """What a form for a changed prompt was answered with.

    Attributes:
        prompt: The changed prompt.
        zoom: How much wider the view becomes, from 1 to 2; 1 where the form did not ask.
        regions: What to draw anew; empty where the form did not ask.
    """

    prompt: Prompt
    zoom: float
    regions: tuple[Region, ...]

    @classmethod
    def of(cls, interaction: discord.Interaction[Any]) -> Self:
        """The answers that a submitted form carries.

        Raises:
            PromptError: The prompt is not one.
            ZoomError: The zoom is no number that it can be.
        """
        parts = [int(v) for v in _chosen(interaction, _PARTS) if v in set(map(str, range(NINTHS)))]
        typed = next(_chosen(interaction, _ZOOM), "1")
        return cls(parse(answer(interaction)), _zoom(typed), tuple(map(ninth, parts)))


def _zoom(typed: str) -> float:
    try:
        zoom = float(typed.strip().removesuffix("x").replace(",", "."))
    except ValueError:
        raise errors.ZoomError(typed) from None
    if not 1 <= zoom <= 2:
        raise errors.ZoomError(typed)
    return zoom


def remix(action: str, job: str, index: int, prompt: str) -> discord.ui.Modal:
    """The form for changing a prompt, and for what else the action needs to know.

    Args:
        action: What to do with it, as in the button's custom id.
        job: Whose prompt.
        index: Number of the picture, 0 for all.
        prompt: The prompt as it was, of at most ``TEXT_LIMIT`` characters.
    """
    form = discord.ui.Modal(
        title=say(_TITLES.get(action, messages.REMIX_TITLE)),
        custom_id=f"easel:remix:{action}:{job}:{index}",
    )
    if action == "zoom":
        form.add_item(_factor())
    if action == "region":
        form.add_item(_parts())
    return form.add_item(_words(say(messages.REMIX_PROMPT), prompt))


def start(draft: str) -> discord.ui.Modal:
    """The form for words to go with an image, which waits in a draft."""
    form = discord.ui.Modal(title=say(messages.START_TITLE), custom_id=f"easel:start:{draft}")
    return form.add_item(_words(say(messages.START_PROMPT), ""))


def _words(label: str, default: str) -> discord.ui.Label[Any]:
    field: discord.ui.TextInput[Any] = discord.ui.TextInput(
        custom_id=_PROMPT,
        style=discord.TextStyle.paragraph,
        default=default,
        max_length=TEXT_LIMIT,
    )
    return discord.ui.Label(text=label, component=field)


def _factor() -> discord.ui.Label[Any]:
    field: discord.ui.TextInput[Any] = discord.ui.TextInput(
        custom_id=_ZOOM, default="2", max_length=8
    )
    return discord.ui.Label(text=say(messages.ZOOM_FACTOR), component=field)


def _parts() -> discord.ui.Label[Any]:
    names = map(say, messages.PARTS.values())
    options = [discord.SelectOption(label=name, value=str(k)) for k, name in enumerate(names)]
    menu: discord.ui.Select[Any] = discord.ui.Select(
        custom_id=_PARTS, options=options, max_values=NINTHS
    )
    return discord.ui.Label(text=say(messages.REGION_PARTS), component=menu)


def answer(interaction: discord.Interaction[Any]) -> str:
    """The prompt that a submitted form carries."""
    return next(_chosen(interaction, _PROMPT), "")


def _chosen(interaction: discord.Interaction[Any], field: str) -> Iterator[str]:
    """What was typed or chosen in a field."""
    yield from _values(cast("dict[str, Any]", interaction.data)["components"], field)


def _values(components: list[dict[str, Any]], field: str) -> Iterator[str]:
    for part in components:
        if part.get("custom_id") == field:
            yield from map(str, part.get("values") or [part.get("value", "")])
        yield from _values(part.get("components") or [], field)
        yield from _values([part["component"]] if "component" in part else [], field)
