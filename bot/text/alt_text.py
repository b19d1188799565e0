"""What a screen reader says of pictures: their words without marks, links and what is unwanted."""

from typing import Final

from bot.text import sentences, titles
from bot.text.languages import say
from generation.recipe import Recipe
from prompt.reading.phrases import parse_phrases

_LONGEST: Final = 1024
"""Characters of a file's description (Discord)."""


def write_alt_text(recipe: Recipe) -> str:
    """What a screen reader says of a recipe's pictures, in the language spoken now."""
    structure, count = recipe.conditions.structure, len(recipe.noise)
    words = _read_words(recipe) or say(sentences.NO_WORDS)
    if structure is not None and structure.shown:
        text = say(sentences.ALT_MAP, kind=structure.kind)
    elif recipe.inputs.edit:
        text = say(sentences.ALT_EDIT, count=count, prompt=words)
    else:
        text = say(sentences.ALT, count=count, prompt=words)
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1].rstrip()}…"


def _read_words(recipe: Recipe) -> str:
    """The words as they are read aloud, and of their parts those that are wanted."""
    # Addresses are spelled letter by letter, and signed ones are nobody else's.
    phrases = parse_phrases(titles.drop_links(recipe.prompt))
    return ", ".join(" ".join(one.text.split()) for one in phrases if one.weight > 0)
