"""Topics: pages of help for people, each short enough for one message."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from generation.catalogue.card import Card
from prompt import sentences as said
from prompt.flags.table import BY_NAME
from prompt.guidance.help import format_line, list_idle
from prompt.sentences import Sentence, join


@dataclass(frozen=True, slots=True)
class Topic:
    """A page of help.

    Attributes:
        name: One word to ask for it by.
        title: Its heading.
        text: What stands above the flags.
        flags: Names of the flags that it explains, in order.
    """

    name: str
    title: str
    text: str
    flags: tuple[str, ...] = ()


TOPICS: Final[Sequence[Topic]] = (
    Topic(
        "picture",
        "What the picture shows",
        "Write what you want to see, and put flags at the end.",
        ("ar", "no", "seed", "cfg"),
    ),
    Topic(
        "images",
        "Starting from an image",
        "Attach an image, or put a link to one at the front of the prompt.",
        ("iw", "strength", "control", "cs", "ce"),
    ),
    Topic(
        "references",
        "Style and people from images",
        "Put image links after these flags; with several, `::` sets how much each one "
        "counts.\nSeveral images at the front of the prompt, or those of `/blend`, become "
        "one.\n`--sref random` picks a style with a number; that number is the same style "
        "everywhere.",
        ("sref", "sw", "cref", "cw", "oref", "ow"),
    ),
    Topic(
        "editing",
        "Changing images by words",
        "`make it night --edit` with an image attached, or with links after the flag, changes "
        "what the words say and keeps the rest. Several images are `image 1`, `image 2` and so "
        "on.",
        ("edit",),
    ),
    Topic(
        "weights",
        "Weights and choices",
        "`hot:: dog::2` is two ideas, the second twice as strong; `fog::-0.5` pushes fog "
        "away.\n`a {red, green} bird` makes two jobs; groups multiply, can be nested and can "
        "hold flags: `--ar {1:1, 3:2}`. The bot asks before it queues more than a few "
        "jobs.\n`\\{`, `\\}` and `\\,` are the characters themselves.",
        ("repeat", "batch"),
    ),
    Topic(
        "emphasis",
        "Words that count more",
        "`a (red:1.3) car` gives a word more weight, `(red:0.7)` less. `(red)` is 1.1, `[red]` "
        "divides by that, and brackets can be nested. `BREAK` begins a new part. `\\(` and `\\)` "
        "are the characters themselves.",
        ("weighting",),
    ),
    Topic(
        "look",
        "Taste and surprise",
        "Let the bot add something of its own to your words, or to the finished picture.",
        ("stylize", "raw", "chaos", "weird", "exp", "tile"),
    ),
    Topic(
        "quality",
        "Time and quality",
        "More steps take longer and refine more.",
        ("quality", "draft", "steps", "stop", "hd", "sampler", "fast", "relax"),
    ),
    Topic(
        "models",
        "Which model draws",
        "Versions of Midjourney stand for the model that is nearest to them.",
        ("model", "version", "niji", "lora"),
    ),
    Topic(
        "compare",
        "What a dial does",
        "`/compare` draws one prompt for each value of one or two dials, from the same noise, and "
        "shows them on one sheet with labels. A dial is a flag with its values, such as "
        "`--stylize 0..1000 x5` or `--iw 0.5, 1, 2`, or words: `oil painting, watercolour`. It "
        "says what that takes before it draws; each picture can be seen alone, with its buttons.",
    ),
    Topic(
        "presets",
        "Presets",
        "`/preset save` saves words and flags under a name, `/preset list` shows them.",
        ("preset",),
    ),
    Topic(
        "midjourney",
        "Flags from Midjourney",
        "Prompts from elsewhere may carry flags that do nothing here yet. Most are left out with "
        "a note. Where the pictures would be quite different without one, the prompt is refused, "
        "with what to do instead. These ask for what happens anyway:",
        ("sd", "public"),
    ),
)
"""Every page, in the order to read them."""

_IDLE_TOPIC: Final = TOPICS[-1]


def format_topic(topic: Topic, card: Card | None = None) -> Sentence:
    """A topic's whole page, in Discord's markdown, below 2000 characters.

    Args:
        topic: Which.
        card: The family that draws, if its own values are to be named.
    """
    return join(_format_lines(topic, card), "\n")


def _format_lines(topic: Topic, card: Card | None) -> Iterator[Sentence]:
    yield Sentence("**{title}**", title=Sentence(topic.title))
    yield Sentence(topic.text)
    for name in topic.flags:
        yield Sentence("- {line}", line=format_line(BY_NAME[name], card))
    if topic is _IDLE_TOPIC:
        yield Sentence(said.LEFT_OUT, flags=" ".join(f"`--{row.name}`" for row in list_idle()))
