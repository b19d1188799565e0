"""Asking what a wish for a finished picture means: the buttons, of which one press is the answer.

The wish waits in the database under the draft's id, so the buttons work after a restart.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, Self

import discord

from bot.components.buttons import ROW
from bot.errors import NoPlaceError, WhichPictureError
from bot.interactions.host import find_host
from bot.interactions.replies import telling_errors
from bot.text import sentences
from bot.text.languages import say
from faults import UserError
from generation.recipe import Region

TEMPLATE: Final = re.compile(
    r"easel:wish:(?P<reading>[a-z]+):(?P<draft>[0-9a-f]{32}):(?P<index>[0-9])"
)
"""Custom ids of these buttons."""

READINGS: Final = {
    "whole": sentences.READ_WHOLE,
    "middle": sentences.READ_MIDDLE,
    "around": sentences.READ_AROUND,
    "where": sentences.READ_WHERE,
    "prompt": sentences.READ_PROMPT,
    "one": "{k}",
    "all": sentences.READ_ALL,
}
"""What a wish can mean, by what stands in the custom id."""

_LOW, _HIGH = 0.2, 0.8

PLACES: Final[Mapping[str, tuple[Region, ...]]] = {
    "middle": (Region(left=_LOW, top=_LOW, right=_HIGH, bottom=_HIGH),),
    "around": (
        Region(left=0, top=0, right=1, bottom=_LOW),
        Region(left=0, top=_HIGH, right=1, bottom=1),
        Region(left=0, top=_LOW, right=_LOW, bottom=_HIGH),
        Region(left=_HIGH, top=_LOW, right=1, bottom=_HIGH),
    ),
}
"""Which parts of a picture a reading is about, where it is about parts."""


@dataclass(frozen=True, slots=True)
class WishDraft:
    """What somebody asks of a picture, to be taken up again after a press.

    Attributes:
        words: What is to change; empty while that is still to be said.
        job: Whose picture it is; empty for one that was not drawn here.
        index: Its number there; 0 where that is not known.
        picture: The address of one that was not drawn here.
        second: The address of one from which something is to be taken.
    """

    words: str = ""
    job: str = ""
    index: int = 0
    picture: str = ""
    second: str = ""

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Self:
        """The wish that ``to_json`` wrote, or one for the image that waits in another draft."""
        return cls(
            words=str(body.get("words", "")),
            job=str(body.get("job", "")),
            index=int(body.get("index", 0)),
            picture=str(body.get("picture", "")),
            second=str(body.get("second", "")),
        )

    def to_json(self) -> dict[str, Any]:
        """The wish as JSON."""
        return {
            "words": self.words,
            "job": self.job,
            "index": self.index,
            "picture": self.picture,
            "second": self.second,
        }


class ReadingButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=TEMPLATE,
):
    """One of the things that a wish can mean."""

    def __init__(self, reading: str, draft: str, index: int = 0) -> None:
        super().__init__(
            discord.ui.Button(
                # A later version may know other readings; its buttons still get an answer here.
                label=say(READINGS.get(reading, "…"), k=index),
                style=discord.ButtonStyle.primary,
                custom_id=f"easel:wish:{reading}:{draft}:{index}",
            )
        )
        self.reading, self.draft, self.index = reading, draft, index

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],  # noqa: ARG003
        item: discord.ui.Item[Any],  # noqa: ARG003
        match: re.Match[str],
        /,
    ) -> Self:
        """The button that a press of ``match`` means."""
        return cls(match["reading"], match["draft"], int(match["index"]))

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Does as the press says; whatever goes wrong becomes one private sentence."""
        async with telling_errors(interaction):
            await find_host(interaction).take_reading(
                interaction, self.reading, self.draft, self.index
            )


def build_question(error: UserError, draft: str) -> discord.ui.View:
    """The answers to what is asked in a refusal's place.

    Args:
        error: What is not known of a wish.
        draft: Under which the wish waits.
    """
    match error:
        case WhichPictureError():
            answers = [("one", k) for k in range(1, error.count + 1)]
            answers += [("all", 0)] if error.every else []
        case NoPlaceError():
            answers = [("middle", 0), ("where", 0), ("whole", 0)]
        case _:
            answers = [("whole", 0), ("around", 0), ("where", 0), ("prompt", 0)]
    return _build_view(answers, draft)


def _build_view(answers: Sequence[tuple[str, int]], draft: str) -> discord.ui.View:
    view = discord.ui.View(timeout=None)
    for place, (reading, index) in enumerate(answers):
        button = ReadingButton(reading, draft, index)
        button.row = place // ROW
        view.add_item(button)
    return view
