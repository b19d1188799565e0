"""What must not be drawn by its words: nowhere, not on a server, or not in every channel of it."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

import discord

from bot.errors import NotAllowedError
from bot.interactions.requester import Requester
from bot.text import messages, sentences
from generation.recipe import Recipe
from prompt.moderation.minors import sexualizes_minors
from prompt.moderation.words import WORD_LENGTH, WordList, parse_words
from prompt.reading.phrases import parse_phrases
from prompt.sentences import Sentence
from storage.decisions.choices import ServerChoices
from storage.settings import Settings

_SERVERS: Final = 200
"""Lists that are kept as they are looked up, of the servers that asked lately."""

_ADULT: Final = {discord.NSFWLevel.explicit, discord.NSFWLevel.age_restricted}


class WordRules:
    """Looks at the words of everything that is to be drawn, before it is queued."""

    def __init__(self, settings: Settings) -> None:
        self._refused = parse_words(settings.refused_words)
        self._restricted = parse_words(settings.restricted_words)

    def require(
        self, requester: Requester, choices: ServerChoices, recipes: Iterable[Recipe]
    ) -> None:
        """Goes on if the words of all of them may be drawn where somebody asks.

        What is to be left out of a picture is not looked at: it says what nobody wants.

        Raises:
            NotAllowedError: They may not be.
        """
        adult = is_age_restricted(requester)
        said = ((tuple(_list_wanted(one)), tuple(_list_unwanted(one))) for one in recipes)
        # Repetitions, and what only a dial changes, say the same.
        for wanted, unwanted in dict.fromkeys(said):
            # Whatever a list says: to leave clothes out is to ask for none.
            if sexualizes_minors(wanted, unwanted):
                raise NotAllowedError(Sentence(sentences.NEVER_DRAWN))
            refusal = self._refuse("\n".join(wanted), choices, adult=adult)
            if refusal is not None:
                raise NotAllowedError(refusal)

    def _refuse(self, wanted: str, choices: ServerChoices, *, adult: bool) -> Sentence | None:
        rules = [(self._refused, sentences.HOST_WORD), (choices.refused, sentences.SERVER_WORD)]
        if not adult:
            rules.append(((*self._restricted, *choices.restricted), sentences.ADULT_WORD))
        for words, said in rules:
            found = _find_list(words).find(wanted)
            if found is not None:
                return Sentence(said, word=messages.escape(found.replace("|", ""), WORD_LENGTH))
        return None


def is_age_restricted(requester: Requester) -> bool:
    """Whether Discord shows a place to adults alone: a channel, its thread, or a whole server."""
    channel = requester.channel
    guild = getattr(channel, "guild", None)
    # Discord's own flag on commands does not look at the whole server.
    if guild is not None and getattr(guild, "nsfw_level", None) in _ADULT:
        return True
    is_nsfw = getattr(channel, "is_nsfw", None)
    # In direct messages nobody says who is grown up.
    return guild is not None and is_nsfw is not None and bool(is_nsfw())


def _list_wanted(recipe: Recipe) -> Iterator[str]:
    """What a recipe asks for: as it was typed, as the model reads it, and by its latest edit."""
    yield from (phrase.text for phrase in parse_phrases(recipe.prompt) if phrase.weight > 0)
    yield from (phrase.text for phrase in recipe.conditions.phrases if phrase.weight > 0)
    yield from recipe.asked


def _list_unwanted(recipe: Recipe) -> Iterator[str]:
    yield recipe.conditions.negative.text
    yield from (phrase.text for phrase in parse_phrases(recipe.prompt) if phrase.weight < 0)


@lru_cache(_SERVERS)
def _find_list(words: tuple[str, ...]) -> WordList:
    return WordList(words)
