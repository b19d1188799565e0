"""What can be pressed, chosen and filled in under a description and under shorter prompts.

The whole meaning of each stands in its custom id, as in ``components.buttons``: what to do, with
which job, for which target, how often others were asked for, and which prompt.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Final, Self

import discord

from bot.components.items import Item, KeptItem, read_chosen
from bot.components.modals import TEXT_LIMIT, build_prompt_field
from bot.interactions.host import find_host
from bot.interactions.replies import telling_errors
from bot.interactions.submitted import read_answers, read_upload
from bot.text import sentences
from bot.text.languages import say
from generation.questions.description import Description
from generation.questions.question import WORD_LIMIT
from prompt.describing.intents import INTENTS
from prompt.describing.targets import HERE, TARGETS

TEMPLATE: Final = re.compile(
    r"easel:card:(?P<action>[a-z]+):(?P<job>[0-9a-f]{32}):(?P<target>[a-z0-9-]{1,20})"
    r":(?P<turn>\d{1,2}):(?P<number>\d)"
)
"""Custom ids of these buttons and menus, and of the forms that they open."""

IMAGE: Final = re.compile(
    r"easel:image:(?P<action>prompt|describe|edit|verify):(?P<draft>[0-9a-f]{32})"
)
"""Custom ids of the buttons that say what to do with an image, which waits in a draft."""

DRAW: Final = "easel:words"
"""Custom id of the form for a prompt that is drawn as it stands there."""

TURNS: Final = 100
"""Numbers of other wordings that a custom id has room for; then they begin anew."""

_IMAGE_ACTS: Final[Mapping[str, tuple[str, str | None]]] = {
    "prompt": (sentences.IMAGE_PROMPT, None),
    "edit": (sentences.EDIT_TITLE, "✏️"),
    "describe": (sentences.DESCRIBE, None),
    "verify": (sentences.VERIFY, None),
}

_WORD: Final = "word"
_PICTURE: Final = "picture"


@dataclass(frozen=True, slots=True)
class CardPress:
    """What a custom id says.

    Attributes:
        action: ``use`` a prompt, draw ``all``, write ``again``, ``say`` what is shown, take the
            ``style``, write for another ``target``, or use a ``short`` prompt.
        job: The question's job.
        target: For whom prompts are written.
        turn: How often others were asked for.
        number: Which prompt, counted from 1; 0 where it does not matter.
    """

    action: str
    job: str
    target: str = HERE
    turn: int = 0
    number: int = 0

    def __str__(self) -> str:
        return f"easel:card:{self.action}:{self.job}:{self.target}:{self.turn}:{self.number}"

    @classmethod
    def read(cls, custom_id: str, chosen: Sequence[str] = ()) -> Self | None:
        """The press of a custom id, with what was chosen in a menu; None if it is another's."""
        match = TEMPLATE.fullmatch(custom_id)
        if match is None:
            return None
        # A target may be of another version, or of nobody's menu.
        target = next(iter(chosen), match["target"])
        known = target if target in TARGETS else HERE
        return cls(match["action"], match["job"], known, int(match["turn"]), int(match["number"]))


class CardItem(KeptItem, template=TEMPLATE):
    """A button or a menu under a description."""

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Does as the press says; whatever goes wrong becomes one private sentence."""
        async with telling_errors(interaction):
            await find_host(interaction).press_card(
                interaction, self.custom_id, read_chosen(interaction)
            )


class ImageButton(discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]], template=IMAGE):
    """One of the things that can be done with an image."""

    def __init__(self, action: str, draft: str) -> None:
        label, emoji = _IMAGE_ACTS[action]
        super().__init__(
            discord.ui.Button(
                label=say(label), emoji=emoji, custom_id=f"easel:image:{action}:{draft}"
            )
        )
        self.action, self.draft = action, draft

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],  # noqa: ARG003
        item: discord.ui.Item[Any],  # noqa: ARG003
        match: re.Match[str],
        /,
    ) -> Self:
        """The button that a press means."""
        return cls(match["action"], match["draft"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Does as the press says; whatever goes wrong becomes one private sentence."""
        async with telling_errors(interaction):
            await find_host(interaction).use_image(interaction, self.action, self.draft)


def build_image_view(draft: str) -> discord.ui.View:
    """What can be done with an image."""
    view = discord.ui.View(timeout=None).add_item(ImageButton("prompt", draft))
    add_image_buttons(view, draft)
    return view


def add_image_buttons(view: discord.ui.View, draft: str) -> None:
    """Adds what can be done with an image beside starting from it."""
    for action in ("edit", "describe", "verify"):
        view.add_item(ImageButton(action, draft))


def build_card_view(
    job: str, description: Description, target: str = HERE, turn: int = 0
) -> discord.ui.View:
    """What can be pressed and chosen under a description."""
    press = CardPress("", job, target, turn)
    view = discord.ui.View(timeout=None)
    _add_buttons(
        view, 0, ((replace(press, action="use", number=k), str(k)) for k in range(1, INTENTS + 1))
    )
    again: Item = discord.ui.Button(
        emoji="🔄", custom_id=str(replace(press, action="again")), row=0
    )
    view.add_item(CardItem(again, row=0))
    named = {"all": sentences.IMAGINE_ALL, "style": sentences.USE_STYLE}
    # What a file says it was made from needs no word of anybody's.
    named |= {} if description.exact else {"say": sentences.SAY_SUBJECT}
    labelled = ((replace(press, action=action), say(label)) for action, label in named.items())
    _add_buttons(view, 1, labelled)
    options = [
        discord.SelectOption(label=title, value=name, default=name == target)
        for name, title in {HERE: say(sentences.THIS_SERVER), **TARGETS}.items()
    ]
    menu: Item = discord.ui.Select(
        custom_id=str(replace(press, action="target")),
        placeholder=say(sentences.PROMPTS_FOR),
        options=options,
        row=2,
    )
    return view.add_item(CardItem(menu, row=2))


def build_short_view(job: str, count: int) -> discord.ui.View:
    """A button for each of some shorter prompts."""
    view = discord.ui.View(timeout=None)
    presses = (CardPress("short", job, number=k) for k in range(1, count + 1))
    _add_buttons(view, 0, ((press, str(press.number)) for press in presses))
    return view


def _add_buttons(
    view: discord.ui.View, row: int, labelled: Iterable[tuple[CardPress, str]]
) -> None:
    for press, label in labelled:
        button: Item = discord.ui.Button(label=label, custom_id=str(press), row=row)
        view.add_item(CardItem(button, row=row))


def build_draw_form(prompt: str) -> discord.ui.Modal:
    """The form with a prompt to be changed and drawn."""
    form = discord.ui.Modal(title=say(sentences.DRAW_PROMPT), custom_id=DRAW)
    return form.add_item(build_prompt_field(say(sentences.REMIX_PROMPT), prompt[:TEXT_LIMIT]))


def build_subject_form(press: CardPress) -> discord.ui.Modal:
    """The form for what a picture shows."""
    form = discord.ui.Modal(title=say(sentences.SAY_SUBJECT), custom_id=str(press))
    return form.add_item(_build_word_field(sentences.SUBJECT_FIELD, required=True))


def build_style_form(press: CardPress) -> discord.ui.Modal:
    """The form for what is drawn in a picture's style: words, another picture, or both."""
    form = discord.ui.Modal(title=say(sentences.USE_STYLE), custom_id=str(press))
    form.add_item(_build_word_field(sentences.STYLE_FIELD, required=False))
    upload: discord.ui.FileUpload[Any] = discord.ui.FileUpload(
        custom_id=_PICTURE, required=False, max_values=1
    )
    return form.add_item(discord.ui.Label(text=say(sentences.STYLE_PICTURE), component=upload))


def _build_word_field(label: str, *, required: bool) -> discord.ui.Label[Any]:
    field: discord.ui.TextInput[Any] = discord.ui.TextInput(
        custom_id=_WORD, required=required, max_length=WORD_LIMIT
    )
    return discord.ui.Label(text=say(label), component=field)


def read_word(interaction: discord.Interaction[Any]) -> str:
    """The words that a submitted form carries, on one line."""
    return " ".join(dict(read_answers(interaction)).get(_WORD, "").split())


def read_style_picture(interaction: discord.Interaction[Any]) -> str:
    """The address of the picture that a submitted form carries; empty without one."""
    return read_upload(interaction, _PICTURE)
