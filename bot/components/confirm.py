"""Asking before something is queued: the question, and the buttons that answer it.

The request itself waits in the database under the draft's id, so the buttons work after a restart.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Self

import discord

from bot.interactions.host import find_host
from bot.interactions.replies import telling_errors
from bot.text import messages, sentences
from bot.text.languages import say
from prompt.flags.sources import PromptSource
from prompt.resolution.orders import Order, list_prompts

ASK_FROM: Final = 4
"""Jobs from which on a person is asked first."""

TEMPLATE: Final = re.compile(
    r"easel:draft:(?P<answer>yes|no|draw|relax|sheet):(?P<draft>[0-9a-f]{32})"
)
"""Custom ids of these buttons."""

_SHOWN: Final = 10
_LABELS: Final = {
    "yes": sentences.QUEUE_THEM,
    "no": sentences.NEVER_MIND,
    "draw": sentences.DRAW_THAT,
    "relax": sentences.DRAW_RELAXED,
    "sheet": sentences.SHEET_DRAW,
}


@dataclass(frozen=True, slots=True)
class Draft:
    """What was typed, to be taken up again after a yes.

    Attributes:
        text: The prompt.
        preset: Name of the preset chosen beside it; empty for none.
        images: SHA-256 of attached images.
        source: Where it was typed.
        options: What was chosen beside it, spelled as the flags that mean the same.
        names: Addresses of the attached images, of which people are shown the names; the images
            of a refused prompt are fetched from there only once they are wanted after all.
    """

    text: str
    preset: str
    images: tuple[str, ...]
    source: PromptSource = PromptSource.IMAGINE
    options: Mapping[str, str] = field(default_factory=dict)
    names: tuple[str, ...] = ()

    @classmethod
    def from_json(cls, body: Mapping[str, Any]) -> Self:
        """The request that was kept as JSON, by an earlier version perhaps."""
        # Drafts of earlier versions may wait for a week, and had no source before /img2img.
        source = PromptSource(body.get("way", PromptSource.IMAGINE))
        images, options = tuple(body["images"]), body.get("options", {})
        names = tuple(body.get("names", ()))
        return cls(body["text"], body["preset"], images, source, options, names)

    def to_json(self) -> dict[str, Any]:
        """The draft as JSON, under the names that earlier versions read and wrote."""
        return {
            "text": self.text,
            "preset": self.preset,
            "images": list(self.images),
            "way": self.source.value,
            "options": dict(self.options),
            "names": list(self.names),
        }


class DraftButton(
    discord.ui.DynamicItem[discord.ui.Button[discord.ui.View]],
    template=TEMPLATE,
):
    """Queue them, never mind, draw what was suggested, a sheet, or what was refused as fast."""

    def __init__(self, answer: str, draft: str) -> None:
        style = discord.ButtonStyle.secondary if answer == "no" else discord.ButtonStyle.primary
        super().__init__(
            discord.ui.Button(
                label=say(_LABELS[answer]),
                style=style,
                custom_id=f"easel:draft:{answer}:{draft}",
            )
        )
        self.answer, self.draft = answer, draft

    @classmethod
    async def from_custom_id(
        cls,
        interaction: discord.Interaction[Any],  # noqa: ARG003
        item: discord.ui.Item[Any],  # noqa: ARG003
        match: re.Match[str],
        /,
    ) -> Self:
        """The button that a press of ``match`` means."""
        return cls(match["answer"], match["draft"])

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Answers the press; whatever goes wrong becomes one private sentence."""
        host = find_host(interaction)
        async with telling_errors(interaction):
            if self.answer == "no":
                await host.forget(interaction, self.draft)
            elif self.answer == "relax":
                await host.draw_relaxed(interaction, self.draft)
            elif self.answer == "sheet":
                await host.draw_sheet(interaction, self.draft)
            else:
                await host.confirm(interaction, self.draft, asked=self.answer == "yes")


def build_buttons(draft: str) -> discord.ui.View:
    """Both answers."""
    view = discord.ui.View(timeout=None)
    view.add_item(DraftButton("yes", draft)).add_item(DraftButton("no", draft))
    return view


def build_offer(draft: str) -> discord.ui.View:
    """What is below a suggestion."""
    return discord.ui.View(timeout=None).add_item(DraftButton("draw", draft))


def build_sheet_question(draft: str) -> discord.ui.View:
    """What is below the question before a sheet."""
    view = discord.ui.View(timeout=None)
    return view.add_item(DraftButton("sheet", draft)).add_item(DraftButton("no", draft))


def build_relaxed_offer(draft: str) -> discord.ui.View:
    """What is below the news that fast time is used up."""
    return discord.ui.View(timeout=None).add_item(DraftButton("relax", draft))


def write_question(orders: Sequence[Order]) -> str:
    """What would be queued."""
    few = list_prompts(orders, _SHOWN)
    kinds = len(list_prompts(orders, len(orders)))
    return messages.write_question(len(orders), few, kinds - len(few))
