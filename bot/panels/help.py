"""The help: examples to press, and a page for each topic to choose."""

from collections.abc import Sequence
from typing import Final

import discord

from bot.components.items import Item
from bot.components.panel import Panel, PanelPress, make_custom_id
from bot.errors import OldButtonError
from bot.interactions.host import find_host
from bot.text import messages, sentences
from bot.text.languages import retell, say
from generation.catalogue.card import Card
from prompt.flags.table import MODEL
from prompt.guidance.topics import TOPICS, Topic, format_topic

EXAMPLES: Final = {
    "apple": "a red apple",
    "cat": "a black cat, pixel art",
    "boat": "a sailboat, line art --ar 3:2",
}
"""Prompts that every model draws well, by the value of their buttons: words, a look, a flag."""

_PANEL: Final = "help"
_DRAW: Final = "draw"
_TOPIC: Final = "topic"


def build_overview() -> Panel:
    """Where to begin."""
    return Panel(messages.write_help(), _build_items(""))


def build_topic(topic: Topic, cards: Sequence[Card]) -> Panel:
    """The page of a topic.

    Args:
        topic: The topic.
        cards: The cards of what draws here, the usual one's first.
    """
    text = retell(format_topic(topic, cards[0]))
    if len(cards) > 1 and MODEL.name in topic.flags:
        text += "\n" + messages.list_models(cards)
    return Panel(text, _build_items(topic.name))


def find_topic(name: str) -> Topic | None:
    """The topic of a name, if there is one."""
    return next((topic for topic in TOPICS if topic.name == name), None)


async def take_press(press: PanelPress) -> Panel | None:
    """Draws an example, or turns to a topic.

    Raises:
        OldButtonError: This version has no such example or topic.
    """
    it = press.interaction
    if press.what == _DRAW and press.value in EXAMPLES:
        await find_host(it).draw(it, EXAMPLES[press.value])
        return None
    topic = find_topic("".join(press.values)) if press.what == _TOPIC else None
    if topic is None:
        raise OldButtonError
    await it.response.defer()
    return build_topic(topic, find_host(it).cards)


def _build_items(chosen: str) -> list[Item]:
    """The examples, and below them the topics with the one that is shown."""
    examples: list[Item] = [
        discord.ui.Button(
            label=prompt,
            style=discord.ButtonStyle.primary,
            custom_id=make_custom_id(_PANEL, _DRAW, name),
            row=0,
        )
        for name, prompt in EXAMPLES.items()
    ]
    options = [
        discord.SelectOption(label=say(topic.title), value=topic.name, default=topic.name == chosen)
        for topic in TOPICS
    ]
    topics: Item = discord.ui.Select(
        custom_id=make_custom_id(_PANEL, _TOPIC),
        placeholder=say(sentences.HELP_TOPICS),
        options=options,
        row=1,
    )
    return [*examples, topics]
