"""Captions: what a person might type for a picture."""

from collections import Counter
from collections.abc import Sequence
from random import Random

from generation.guided.dyes import COLOUR_WORDS
from training.world import Thing, World

_LEADS = ("a picture of", "an emoji of", "a drawing of")
_STYLE_FORMS = ("{}, {} style", "{}, {}", "{} in {} style", "{} {} style")


def find_nicknames(things: Sequence[Thing]) -> list[list[str]]:
    """Keywords that belong to one thing alone, by thing: they serve as further names of it."""
    counts = Counter(tag for thing in things for tag in set(thing.tags))
    taken = {name for thing in things for name in thing.names} | set(COLOUR_WORDS)
    return [[t for t in thing.tags if counts[t] == 1 and t not in taken] for thing in things]


class Captions:
    """Words for the pictures of a world.

    Args:
        world: Whose things and styles are named.
        random: Where choices come from.
    """

    def __init__(self, world: World, random: Random) -> None:
        self.world, self.random = world, random
        self.nicknames = find_nicknames(world.things)

    def thing(self, thing: int, colour: int = -1) -> str:
        """A thing with its article and perhaps its colour: "a blue car"."""
        noun = self._noun(thing)
        words = f"{COLOUR_WORDS[colour]} {noun}" if colour >= 0 else noun
        lead = self.random.random()
        if lead < 0.4:
            return words
        article = "an" if words[0] in "aeiou" else "a"
        if lead < 0.85:
            return f"{article} {words}"
        return f"{self.random.choice(_LEADS)} {article} {words}"

    def _noun(self, thing: int) -> str:
        found: Thing = self.world.things[thing]
        draw = self.random.random()
        if draw < 0.08 and self.nicknames[thing]:
            return self.random.choice(self.nicknames[thing])
        return found.names[0] if draw < 0.75 else self.random.choice(found.names)

    def ground(self, text: str, colour: int) -> str:
        """The text with the colour of the ground, if it has one."""
        if colour < 0:
            return text
        form = self.random.choice(("{} on a {} background", "{}, {} background"))
        return form.format(text, COLOUR_WORDS[colour]).replace("on a orange", "on an orange")

    def style(self, text: str, style: int) -> str:
        """The text with the style word; the style alone if there is no text."""
        word = self.world.styles[style]
        if not text:
            return self.random.choice((f"{word} style", word))
        if self.random.random() < 0.15:
            return f"{word} style, {text}"
        return self.random.choice(_STYLE_FORMS).format(text, word)
