"""The button under what is shown to nobody, and its form: somebody has another look."""

import re
from typing import Any, Final

import discord

from bot.components.items import Item, KeptItem
from bot.interactions.replies import telling_errors
from bot.interactions.submitted import read_answers
from bot.text import sentences
from bot.text.languages import say
from storage.decisions.cases import REASON_LIMIT

TEMPLATE: Final = re.compile(r"easel:appeal:(?P<job>[0-9a-f]{32})")
"""Custom ids of the button, and of its form."""

_REASON: Final = "reason"


class AppealButton(KeptItem, template=TEMPLATE):
    """Opens the form; it works after a restart too."""

    async def callback(self, interaction: discord.Interaction[Any]) -> None:
        """Asks why; whatever goes wrong becomes one private sentence."""
        async with telling_errors(interaction):
            await interaction.response.send_modal(build_appeal_form(self.custom_id))


def build_appeal_view(job: str) -> discord.ui.View:
    """What can be pressed under pictures that are shown to nobody."""
    button: Item = discord.ui.Button(label=say(sentences.APPEAL), custom_id=f"easel:appeal:{job}")
    return discord.ui.View(timeout=None).add_item(AppealButton(button))


def build_appeal_form(custom_id: str) -> discord.ui.Modal:
    """The form that asks why pictures should be shown."""
    return build_reason_form(sentences.APPEAL, sentences.APPEAL_WHY, custom_id)


def build_reason_form(title: str, label: str, custom_id: str) -> discord.ui.Modal:
    """A form with one field, for a reason; it may stay empty.

    Args:
        title: Of the form.
        label: Of the field.
        custom_id: What it is known by.
    """
    form = discord.ui.Modal(title=say(title), custom_id=custom_id)
    field: discord.ui.TextInput[Any] = discord.ui.TextInput(
        custom_id=_REASON,
        style=discord.TextStyle.paragraph,
        required=False,
        max_length=REASON_LIMIT,
    )
    form.add_item(discord.ui.Label(text=say(label), component=field))
    return form


def read_reason(interaction: discord.Interaction[Any]) -> str:
    """What was written into such a form, on one line."""
    return " ".join(dict(read_answers(interaction)).get(_REASON, "").split())
