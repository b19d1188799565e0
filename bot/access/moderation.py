"""What must not be drawn by its words: nowhere, not on a server, or not in every channel of it."""

from collections.abc import Iterable, Iterator
from functools import lru_cache
from typing import Final

from bot.errors import NotAllowedError
from bot.text import messages, sentences
from generation.recipe import Recipe
from prompt.moderation.minors import names_minors, sexualizes_minors
from prompt.moderation.words import WORD_LENGTH, WordList, parse_words
from prompt.reading.phrases import parse_phrases
from prompt.sentences import Sentence
from storage.decisions.choices import ServerChoices
from storage.settings import Settings

_SERVERS: Final = 200
"""Lists that are kept as they are looked up, of the servers that asked lately."""


class WordRules:
    """Looks at the words of everything that is to be drawn, before it is queued."""

    def __init__(self, settings: Settings) -> None:
        self._refused = parse_words(settings.refused_words)
        self._restricted = parse_words(settings.restricted_words)

    def require(self, choices: ServerChoices, recipes: Iterable[Recipe], *, adult: bool) -> None:
        """Goes on if the words of all of them may be drawn where they are to be shown.

        What is to be left out of a picture is not looked at: it says what nobody wants.

        Args:
            choices: What the server decided.
            recipes: What is to be drawn.
            adult: Whether that is shown to adults alone.

        Raises:
            NotAllowedError: They may not be.
        """
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


def mentions_minors(recipes: Iterable[Recipe]) -> bool:
    """Whether the words of any of them name minors, of whom nothing explicit may come."""
    return any(names_minors(_list_wanted(one)) for one in recipes)


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
