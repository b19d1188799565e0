"""Forms: the prompt to change, and what else is asked, before pictures are made from pictures.

A form's meaning stands in its custom id, and its answer is taken by that alone, so one that was
open while the bot restarted still works.
"""

import re
from dataclasses import dataclass, replace
from typing import Any, Final, Self

import discord

from bot.errors import ZoomError
from bot.interactions.submitted import read_answers, read_upload
from bot.text import sentences
from bot.text.languages import say
from generation.derive import select_ninth
from generation.recipe import Region
from prompt.editing.understanding import LONGEST
from prompt.flags.table import BY_NAME
from prompt.reading.grammar import Prompt, parse

TEMPLATE: Final = re.compile(r"easel:remix:(?P<action>[a-z]+):(?P<job>[0-9a-f]{32}):(?P<index>\d)")
"""Custom ids of forms for a changed prompt."""

START: Final = re.compile(r"easel:start:(?P<draft>[0-9a-f]{32})")
"""Custom ids of forms for words to go with an image."""

EDIT: Final = re.compile(r"easel:change:(?P<job>[0-9a-f]{32}):(?P<index>\d)")
"""Custom ids of forms for what is to change in a picture..."""

EDIT_DRAFT: Final = re.compile(r"easel:revise:(?P<draft>[0-9a-f]{32})")
"""and in one that waits in a draft."""

PRINT: Final = re.compile(r"easel:print:(?P<job>[0-9a-f]{32}):(?P<index>\d)")
"""Custom ids of forms for a size on paper."""

TEXT_LIMIT: Final = 4000
"""Most characters in a form's field (Discord)."""

EDIT_LIMIT: Final = LONGEST
"""Characters of what is to change."""

NINTHS: Final = 9
"""Parts of a picture that can be chosen to be drawn anew, row by row."""

_NINTHS: Final = frozenset(map(str, range(NINTHS)))
_PROMPT: Final = "prompt"
_ZOOM: Final = "zoom"
_PARTS: Final = "parts"
_WHOLE: Final = "whole"
_PICTURE: Final = "picture"
_SECOND: Final = "second"
_LENGTH: Final = "length"

_TITLES: Final = {"zoom": sentences.ZOOM_TITLE, "region": sentences.REGION_TITLE}


@dataclass(frozen=True, slots=True)
class FormAnswers:
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
    def read(cls, interaction: discord.Interaction[Any]) -> Self:
        """The answers that a submitted form carries.

        Raises:
            PromptError: The prompt is not one.
            ZoomError: The zoom is no number that it can be.
        """
        given = list(read_answers(interaction))
        # Values come from the network; one that no menu of ours offered is left out.
        parts = {int(value) for field, value in given if field == _PARTS and value in _NINTHS}
        prompt, factor = parse(read_prompt(interaction)), dict(given).get(_ZOOM)
        if factor is not None and (typed := BY_NAME["zoom"].of(prompt.flags)) is not None:
            # Midjourney's own form has no field for it, so people write it behind the prompt.
            factor, flags = str(typed), dict(prompt.flags)
            del flags["zoom"]
            prompt = replace(prompt, flags=flags)
        zoom = _parse_zoom("1" if factor is None else factor)
        return cls(prompt, zoom, tuple(map(select_ninth, sorted(parts))))


@dataclass(frozen=True, slots=True)
class EditAnswers:
    """What the form for a change was answered with.

    Attributes:
        words: What is to change.
        regions: The parts of the picture that it is about; empty where none was chosen.
        whole: Whether the whole picture was chosen.
        index: Number of the picture; None where the form did not ask.
        second: Address of the picture from which something is to be taken; empty for none.
    """

    words: str
    regions: tuple[Region, ...]
    whole: bool
    index: int | None
    second: str = ""

    @classmethod
    def read(cls, interaction: discord.Interaction[Any]) -> Self:
        """The answers that a submitted form carries."""
        given = list(read_answers(interaction))
        chosen = {value for field, value in given if field == _PARTS}
        places = sorted(int(value) for value in chosen & _NINTHS)
        whole = _WHOLE in chosen
        # The whole has all parts in it.
        regions = () if whole else tuple(map(select_ninth, places))
        number = dict(given).get(_PICTURE, "")
        index = int(number) if number.isdecimal() else None
        words = " ".join(read_prompt(interaction).split())
        return cls(words, regions, whole, index, read_upload(interaction, _SECOND))


def _parse_zoom(typed: str) -> float:
    try:
        # People type 1,5 and 1.5x as well as 1.5.
        zoom = float(typed.strip().removesuffix("x").replace(",", "."))
    except ValueError:
        raise ZoomError(typed) from None
    if not 1 <= zoom <= 2:
        raise ZoomError(typed)
    return zoom


def build_remix_form(action: str, job: str, index: int, prompt: str) -> discord.ui.Modal:
    """The form for changing a prompt, and for what else the action needs to know.

    Args:
        action: What to do with it, as in the button's custom id.
        job: Whose prompt.
        index: Number of the picture, 0 for all.
        prompt: The prompt as it was, of at most ``TEXT_LIMIT`` characters.
    """
    form = discord.ui.Modal(
        title=say(_TITLES.get(action, sentences.REMIX_TITLE)),
        custom_id=f"easel:remix:{action}:{job}:{index}",
    )
    if action == "zoom":
        form.add_item(_build_zoom_field())
    if action == "region":
        form.add_item(_build_region_menu())
    return form.add_item(build_prompt_field(say(sentences.REMIX_PROMPT), prompt))


def build_edit_form(job: str, index: int, pictures: int = 1) -> discord.ui.Modal:
    """The form for what is to change in a picture.

    Args:
        job: The picture's job.
        index: Its number there; 0 to ask for it.
        pictures: How many there are.
    """
    form = _build_edit_form(f"easel:change:{job}:{index}", "")
    if not index:
        menu: discord.ui.Select[Any] = discord.ui.Select(
            custom_id=_PICTURE,
            options=[discord.SelectOption(label=str(k)) for k in range(1, pictures + 1)],
        )
        form.add_item(discord.ui.Label(text=say(sentences.WHICH_PICTURE), component=menu))
    return form


def build_draft_form(draft: str, words: str = "") -> discord.ui.Modal:
    """The same for what waits in a draft.

    Args:
        draft: Its id.
        words: What was asked for already.
    """
    return _build_edit_form(f"easel:revise:{draft}", words)


def _build_edit_form(custom_id: str, typed: str) -> discord.ui.Modal:
    form = discord.ui.Modal(title=say(sentences.EDIT_TITLE), custom_id=custom_id)
    words: discord.ui.TextInput[Any] = discord.ui.TextInput(
        custom_id=_PROMPT,
        placeholder=say(sentences.EDIT_EXAMPLES),
        default=typed[:EDIT_LIMIT],
        max_length=EDIT_LIMIT,
    )
    form.add_item(discord.ui.Label(text=say(sentences.EDIT_WORDS), component=words))
    whole = discord.SelectOption(label=say(sentences.EDIT_WHOLE), value=_WHOLE)
    menu: discord.ui.Select[Any] = discord.ui.Select(
        custom_id=_PARTS,
        options=[whole, *_list_ninths()],
        min_values=0,
        max_values=NINTHS,
        required=False,
    )
    form.add_item(
        discord.ui.Label(
            text=say(sentences.EDIT_PARTS),
            description=say(sentences.EDIT_PARTS_HINT),
            component=menu,
        )
    )
    upload: discord.ui.FileUpload[Any] = discord.ui.FileUpload(
        custom_id=_SECOND, required=False, max_values=1
    )
    return form.add_item(
        discord.ui.Label(
            text=say(sentences.EDIT_SECOND),
            description=say(sentences.EDIT_SECOND_HINT),
            component=upload,
        )
    )


def build_print_form(job: str, index: int) -> discord.ui.Modal:
    """The form for a picture's size on paper."""
    form = discord.ui.Modal(
        title=say(sentences.PRINT_TITLE), custom_id=f"easel:print:{job}:{index}"
    )
    field: discord.ui.TextInput[Any] = discord.ui.TextInput(
        custom_id=_LENGTH, default="15", max_length=8
    )
    return form.add_item(discord.ui.Label(text=say(sentences.PRINT_LENGTH), component=field))


def read_length(interaction: discord.Interaction[Any]) -> str:
    """The length that was typed into it."""
    return dict(read_answers(interaction)).get(_LENGTH, "")


def build_start_form(draft: str) -> discord.ui.Modal:
    """The form for words to go with an image, which waits in a draft."""
    form = discord.ui.Modal(title=say(sentences.START_TITLE), custom_id=f"easel:start:{draft}")
    return form.add_item(build_prompt_field(say(sentences.START_PROMPT), ""))


def build_prompt_field(label: str, default: str) -> discord.ui.Label[Any]:
    """The field of a form in which a prompt is typed; ``read_prompt`` reads it."""
    field: discord.ui.TextInput[Any] = discord.ui.TextInput(
        custom_id=_PROMPT,
        style=discord.TextStyle.paragraph,
        default=default,
        max_length=TEXT_LIMIT,
    )
    return discord.ui.Label(text=label, component=field)


def _build_zoom_field() -> discord.ui.Label[Any]:
    field: discord.ui.TextInput[Any] = discord.ui.TextInput(
        custom_id=_ZOOM, default="2", max_length=8
    )
    return discord.ui.Label(text=say(sentences.ZOOM_FACTOR), component=field)


def _build_region_menu() -> discord.ui.Label[Any]:
    menu: discord.ui.Select[Any] = discord.ui.Select(
        custom_id=_PARTS, options=_list_ninths(), max_values=NINTHS
    )
    return discord.ui.Label(
        text=say(sentences.REGION_PARTS),
        description=say(sentences.REGION_BY_HAND),
        component=menu,
    )


def _list_ninths() -> list[discord.SelectOption]:
    names = map(say, sentences.PARTS.values())
    return [discord.SelectOption(label=name, value=str(k)) for k, name in enumerate(names)]


def read_prompt(interaction: discord.Interaction[Any]) -> str:
    """The prompt that a submitted form carries."""
    return dict(read_answers(interaction)).get(_PROMPT, "")
