"""Kinds of value that flags take: how each is cut out of a prompt, read and written.

A kind reads its own spelling strictly and says how a near miss may be mended; the grammar tells
the person about every mended value. Every kind writes what it reads: ``parse(format(value))`` is
``value``. Here are the base, switches and names; ``numbers`` and ``lists`` hold the others.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import ClassVar, Final, Generic, TypeVar

from prompt import sentences as said
from prompt.sentences import Sentence

T = TypeVar("T")
_QUOTED: Final = re.compile(r"""\s*+(?:"([^"]+)"|'([^']+)'|“([^”]+)”|‘([^’]+)’|`([^`]+)`)""")
_OPENING: Final = "\"'“‘`"
_YES: Final = frozenset({"true", "on", "yes", "1"})
_NO: Final = frozenset({"false", "off", "no", "0"})
_NAME_SPACE: Final = re.compile(r"[\s_-]+")
_AROUND: Final = "\"'“”„‘’«»`*()[]~|#"
_AFTER: Final = ",.;:!?，。；：、"


def strip_marks(word: str) -> str:
    """``word`` without quotation marks, brackets and punctuation around it."""
    return word.lstrip(_AROUND).rstrip(_AFTER + _AROUND)


class Kind(ABC, Generic[T]):
    """One kind of value.

    Attributes:
        shape: What it is in words, for sentences and documentation.
        numeric: Whether every value starts with a digit, a sign or a point.
    """

    shape: str
    numeric: ClassVar[bool] = False

    def split(self, region: str) -> tuple[str, str]:
        """The value's own part of the text up to the next flag, and the rest of it."""
        words = region.split(None, 1)
        if words and words[0][0] in _OPENING and (quoted := _QUOTED.match(region)):
            return quoted[0].strip(), region[quoted.end() :].strip()
        if len(words) == 1:
            return words[0], ""
        return (words[0], words[1]) if words else ("", "")

    @abstractmethod
    def parse(self, word: str) -> T:
        """The value that ``word`` spells.

        Raises:
            ValueError: It spells none.
        """

    def mend(self, word: str) -> str:
        """What ``word``, which cannot be read, was probably meant to be."""
        return strip_marks(word)

    def format(self, value: T) -> str:
        """The one canonical spelling of ``value``."""
        return str(value)

    def join(self, earlier: T, later: T) -> T:  # noqa: ARG002 - kinds that are lists need it
        """The value of a flag that is given twice: the later one."""
        return later


class Word(Kind[str]):
    """One word: a name or a code."""

    shape = "one word"

    def parse(self, word: str) -> str:
        """Anything that is one word and not wrapped in punctuation."""
        if len(word.split()) != 1 or word != strip_marks(word):
            raise ValueError(word)
        return word


_NONE: Final[Mapping[str, str]] = MappingProxyType({})


class Choice(Kind[str]):
    """One of several names, in any case and with any spaces, dashes or underscores.

    Args:
        names: The names as they are written.
        elsewhere: Names that other programs have for them, spelled in any way.
        others: What further names look like, if there may be any that only a host knows.
    """

    def __init__(
        self,
        names: Sequence[str],
        elsewhere: Mapping[str, str] = _NONE,
        others: re.Pattern[str] | None = None,
    ) -> None:
        self.names, self._others = tuple(names), others
        self._by_plain = {_normalize(name): name for name in names}
        self._elsewhere = {_normalize(other): name for other, name in elsewhere.items()}
        self._longest = max(len(name.split()) for name in (*names, *elsewhere))
        self.shape = Sentence(said.ONE_OF, names=", ".join(f"`{name}`" for name in names))

    def split(self, region: str) -> tuple[str, str]:
        """As many words from the front as make the longest name; else the first."""
        words = region.split()
        for count in range(min(self._longest, len(words)), 0, -1):
            own = " ".join(words[:count])
            if (
                meant := _normalize(strip_marks(own))
            ) in self._by_plain or meant in self._elsewhere:
                return own, " ".join(words[count:])
        return super().split(region)

    def parse(self, word: str) -> str:
        """The name as the table writes it; one that only a host knows in lower case."""
        name = self._by_plain.get(_normalize(word))
        if name is not None and len(word.split()) <= self._longest:
            return name
        if self._others is None or not self._others.fullmatch(word):
            raise ValueError(word)
        return word.lower()

    def mend(self, word: str) -> str:
        """The name here of what has another one elsewhere."""
        bare = strip_marks(word)
        return self._elsewhere.get(_normalize(bare), bare)


def _normalize(name: str) -> str:
    return _NAME_SPACE.sub("", name).casefold().replace("++", "pp")


class Switch(Kind[bool]):
    """Nothing: the flag is there or it is not."""

    shape = "no value"

    def split(self, region: str) -> tuple[str, str]:
        """Nothing of it, unless it is a yes or a no and no more."""
        word = region.strip()
        return (word, "") if strip_marks(word).lower() in _YES | _NO else ("", word)

    def parse(self, word: str) -> bool:
        """True: the flag is there.

        Raises:
            ValueError: There is a value, be it a yes.
        """
        if word:
            raise ValueError(word)
        return True

    def mend(self, word: str) -> str:
        """Nothing, which is a yes."""
        return "" if strip_marks(word).lower() in _YES else word

    def format(self, value: bool) -> str:  # noqa: ARG002 - what is written does not depend on it
        """Nothing."""
        return ""
