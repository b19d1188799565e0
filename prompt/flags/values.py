"""The kinds of value that a flag takes: how each is cut out of a prompt, read and written.

A kind reads its own spelling strictly and says how a near miss may be mended; the grammar tells
the person about every mended value. Every kind writes what it reads: ``parse(format(value))`` is
``value``.
"""

import re
import unicodedata
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from fractions import Fraction
from functools import lru_cache
from itertools import takewhile
from types import MappingProxyType
from typing import ClassVar, Final, Generic, TypeVar

from generation.catalogue.loras import LIMIT, NAME
from prompt import sentences as said
from prompt.reading.separators import DASHES, LONE, strip_separators, strip_signature
from prompt.sentences import Sentence

T = TypeVar("T")

Ratio = tuple[int, int]
"""Width and height in relation to each other, both at least 1."""

_KEPT: Final = 1024
"""How many spellings are kept with what they mean, since people write few different ones."""

_NUMBER: Final = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)")
_RATIO: Final = re.compile(r"(\d{1,5}):(\d{1,5})")
_SPACED_RATIO: Final = re.compile(
    r"\s*+([\d.,]++\s*+(?:[:：xX×*/∶]|to\b|by\b)\s*+[\d.,]++|\d{1,2}\s++\d{1,2}(?![\w.]))"
)
_RATIO_SIGN: Final = re.compile(rf"\s*+(?:[{DASHES}:：xX×*/∶;_]|to|by)\s*+|(?<=\d)\s++(?=\d)")
_TWO_NUMBERS: Final = re.compile(r"(\d{2})[.,](\d{1,2})")
_RATIOS: Final = {"square": "1:1", "portrait": "2:3", "landscape": "3:2"}
_THOUSANDS: Final = re.compile(r"\d{1,3}(?:[.,'’_]\d{3})+")
_SPACED_THOUSANDS: Final = re.compile(r"\s*+(\d{1,3}(?:\s000)++)(?!\S)")
_FRACTION: Final = re.compile(r"(\d{1,3})/(\d{1,3})")
_REFERENCE: Final = re.compile(
    r"<?(https?://\w[^\s<>]*)>?(?:::[\d.]+)?|(?:\d+|random)(?:::[\d.]+)?(?:,\d+)*", re.IGNORECASE
)
_BRACKETED: Final = re.compile(r"<([^<>]*)>")
_CODE: Final = re.compile(r"(?=[^\s:]*\d)[\w-]+(?:::[\d.]+)?")
_QUOTED: Final = re.compile(r"""\s*+(?:"([^"]+)"|'([^']+)'|“([^”]+)”|‘([^’]+)’|`([^`]+)`)""")
_LORA: Final = re.compile(rf"{NAME.pattern}(?::[+-]?[\d.]+)?")
_VERSION: Final = re.compile(r"[vV]?\d{1,3}(?:\.\d{0,2})?")
_VERSION_LIKE: Final = re.compile(r"[vV]?\d{1,3}(?:[.,]\d{0,2})?")
_QUOTES: Final = frozenset({('"', '"'), ("'", "'"), ("“", "”"), ("‘", "’"), ("„", "“")})
_OPENING: Final = "\"'“‘`"
_SAYS_NOTHING: Final = f"{LONE}\"'“”‘’„"
_YES: Final = frozenset({"true", "on", "yes", "1"})
_NO: Final = frozenset({"false", "off", "no", "0"})
_DECIMAL: Final = re.compile(r"\d[.,]\d{1,3}")
_SIDE: Final = re.compile(r"\d{1,6}(?:\.\d{1,6})?")
_NAME_SPACE: Final = re.compile(r"[\s_-]+")
_DECIMAL_COMMA: Final = re.compile(r"[+-]?\d*,\d+")
_LIST_SIGN: Final = re.compile("[,，、;；،]")
_ITEM_WEIGHT: Final = re.compile(r"::[+-]?[\d.]*(?=[\s,]|$)")
_AROUND: Final = "\"'“”„‘’«»`*()[]~|#"
_AFTER: Final = ",.;:!?，。；：、"


def format_number(value: float) -> str:
    """A number as short as it can be written, with at most four decimals."""
    return f"{value:.4f}".rstrip("0").rstrip(".")


@lru_cache(maxsize=_KEPT)
def parse_number(word: str) -> float:
    """The number that ``word`` spells, to four decimals.

    Raises:
        ValueError: It spells none.
    """
    if not (word.isdecimal() or _NUMBER.fullmatch(word)):
        raise ValueError(word)
    return round(float(word), 4) + 0.0


def strip_marks(word: str) -> str:
    """``word`` without quotation marks, brackets and punctuation around it."""
    return word.lstrip(_AROUND).rstrip(_AFTER + _AROUND)


@lru_cache(maxsize=_KEPT)
def _parse_ratio(word: str) -> Ratio:
    match = _RATIO.fullmatch(word)
    if match is None:
        raise ValueError(word)
    across, down = int(match[1]), int(match[2])
    if not across or not down:
        raise ValueError(word)
    return across, down


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


class Integer(Kind[int]):
    """A whole number."""

    shape = "a whole number"
    numeric = True

    def parse(self, word: str) -> int:
        """An integer, with or without a sign."""
        if word.isdecimal() or word[1:].isdecimal():
            return int(word)
        raise ValueError(word)

    def split(self, region: str) -> tuple[str, str]:
        """The first word, and the zeros after it where spaces set off thousands."""
        if "000" in region and (spaced := _SPACED_THOUSANDS.match(region)):
            return spaced[1], region[spaced.end() :]
        return super().split(region)

    def mend(self, word: str) -> str:
        """The number without what sets off thousands, and without decimals that are zeros."""
        bare = "".join(strip_marks(word).rstrip("%").split())
        if bare[-1:] in "kK" and bare[:-1].isdecimal():
            return f"{bare[:-1]}000"
        if _THOUSANDS.fullmatch(bare) or bare.isdecimal():
            return re.sub(r"\D", "", bare)
        head, _, decimals = bare.partition(".")
        return word if decimals.strip("0") else head


class Number(Kind[float]):
    """A number with or without decimals."""

    shape = "a number"
    numeric = True

    def parse(self, word: str) -> float:
        """A decimal number, to four decimals."""
        return parse_number(word)

    def mend(self, word: str) -> str:
        """The number with a point for its decimal comma; a fraction or percentage as a number."""
        word = strip_marks(word)
        if word.endswith("%"):
            return str(parse_number(word[:-1].replace(",", ".")) / 100)
        if (fraction := _FRACTION.fullmatch(word)) and int(fraction[2]):
            return format_number(int(fraction[1]) / int(fraction[2]))
        if len(word) == 1 and word.isnumeric():
            return format_number(unicodedata.numeric(word))
        return word.replace(",", ".") if _DECIMAL_COMMA.fullmatch(word) else word

    def format(self, value: float) -> str:
        """As short as can be: ``2``, ``0.5``."""
        return format_number(value)


class Proportion(Kind[Ratio]):
    """A ratio of two whole numbers, width first."""

    shape = "a ratio of two whole numbers such as `3:2`"
    numeric = True

    def split(self, region: str) -> tuple[str, str]:
        """The first word, or more where spaces surround the colon."""
        word, rest = super().split(region)
        if rest and (spaced := _SPACED_RATIO.match(region)):
            return spaced[1], region[spaced.end() :]
        return word, rest

    def parse(self, word: str) -> Ratio:
        """Two whole numbers above 0 with a colon between."""
        return _parse_ratio(word)

    def mend(self, word: str) -> str:
        """The ratio with a colon for its sign, and with whole numbers; a lone decimal is to 1."""
        bare = strip_marks(word)
        if known := _RATIOS.get(bare.lower()):
            return known
        if two := _TWO_NUMBERS.fullmatch(bare):
            return f"{two[1]}:{two[2]}"
        sides = [side.replace(",", ".") for side in _RATIO_SIGN.split(bare)]
        if _DECIMAL.fullmatch(bare):
            sides.append("1")
        if len(sides) != 2 or not all(map(_SIDE.fullmatch, sides)):
            return word
        if all(map(str.isdecimal, sides)):
            return ":".join(str(int(side)) for side in sides)
        across, down = map(Fraction, sides)
        if not down or across.denominator == down.denominator == 1:
            return f"{across}:{down}"
        ratio = (across / down).limit_denominator(1000)
        return f"{ratio.numerator}:{ratio.denominator}"

    def format(self, value: Ratio) -> str:
        """Width, colon, height."""
        return f"{value[0]}:{value[1]}"


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


class Version(Kind[str]):
    """A version number, or nothing for the newest."""

    shape = "a version number, or nothing"
    numeric = True

    def split(self, region: str) -> tuple[str, str]:
        """The first word if it is a number."""
        word, rest = super().split(region)
        own = not rest or _VERSION_LIKE.fullmatch(strip_marks(word))
        return (word, rest) if own else ("", region.strip())

    def parse(self, word: str) -> str:
        """The version without zeros at its end: ``6`` for 6.0."""
        if word and not _VERSION.fullmatch(word):
            raise ValueError(word)
        return format_number(parse_number(word)) if word else ""

    def mend(self, word: str) -> str:
        """The number alone, with a point for its decimal comma."""
        return strip_marks(word).lstrip("vV").replace(",", ".")


class Pixels(Version):
    """A number of pixels, or nothing."""

    shape = "a number of pixels, or nothing"

    def split(self, region: str) -> tuple[str, str]:
        """The first word if it is a number."""
        word, rest = Kind.split(self, region)
        return (word, rest) if strip_marks(word).isdecimal() else ("", region.strip())

    def parse(self, word: str) -> str:
        """The number without zeros at its front."""
        return str(int(word)) if word else ""


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


class _Listed(Kind[tuple[str, ...]]):
    """Several words, none of which can be mended on its own."""

    def split(self, region: str) -> tuple[str, str]:
        """All of it."""
        return region, ""

    def mend(self, word: str) -> str:
        """No better spelling is known."""
        return word

    def format(self, value: tuple[str, ...]) -> str:
        """With spaces between."""
        return " ".join(value)

    def join(self, earlier: tuple[str, ...], later: tuple[str, ...]) -> tuple[str, ...]:
        """Both, each word once."""
        return tuple(dict.fromkeys((*earlier, *later)))


class Items(_Listed):
    """A list of words or phrases with commas between them."""

    shape = "a list such as `fog, people`"

    def parse(self, word: str) -> tuple[str, ...]:
        """Every item once, without what separates it from the next."""
        items = (_clean_item(" ".join(item.split())) for item in _LIST_SIGN.split(word))
        found = tuple(dict.fromkeys(item for item in items if item.strip(_SAYS_NOTHING)))
        if not found or "::" in word:
            raise ValueError(word)
        return found

    def mend(self, word: str) -> str:
        """The items without weights."""
        return _ITEM_WEIGHT.sub(",", word).replace("::", " ")

    def format(self, value: tuple[str, ...]) -> str:
        """With commas between."""
        return ", ".join(value)


def _clean_item(text: str) -> str:
    """An item without what separates it from the next, and without quotes around all of it."""
    while True:
        item = strip_signature(strip_separators(text, ".。；"))
        if len(item) > 2 and (item[0], item[-1]) in _QUOTES and item.count(item[-1]) <= 2:
            item = item[1:-1]
        if item == text:
            return item
        text = item


class References(_Listed):
    """Image links, numeric codes or ``random``, each with an optional ``::`` weight.

    Args:
        shape: What it is in words, for a flag that codes mean nothing to.
    """

    def __init__(self, shape: str = "image links or codes") -> None:
        self.shape = shape

    def split(self, region: str) -> tuple[str, str]:
        """The words from the front that are references; a lone word of another kind is meant so."""
        words = region.split()
        own = list(takewhile(lambda word: _REFERENCE.fullmatch(_unwrap(word)), words))
        own = own or (words if len(words) == 1 else [])
        return " ".join(own), " ".join(words[len(own) :])

    def parse(self, word: str) -> tuple[str, ...]:
        """Every reference, without brackets and commas."""
        words = (_BRACKETED.sub(r"\1", _unwrap(item)) for item in word.split())
        found = tuple(part for item in words for part in _split_at_commas(item))
        if not found or not all(map(_REFERENCE.fullmatch, found)):
            raise ValueError(word)
        return found


class Images(References):
    """Image links, or nothing for the images that come with the prompt."""

    def __init__(self) -> None:
        super().__init__("image links, or nothing for the images at the front of the prompt")

    def parse(self, word: str) -> tuple[str, ...]:
        """Every link; none for nothing."""
        return super().parse(word) if word else ()


def _unwrap(word: str) -> str:
    """A reference without what chats and lists put around it."""
    word = word.strip(",;`*|\"'“”#")
    return word if "::" in word or ">" not in word else word.strip("<>")


class Loras(_Listed):
    """Names of LoRAs, each with an optional weight behind a colon."""

    shape = "LoRAs such as `ink:0.8`"

    def split(self, region: str) -> tuple[str, str]:
        """The first word, and those after it that have a weight or a comma between."""
        words = region.split()
        own = words[:1]
        for word in words[1:]:
            if not (own[-1].endswith(",") or (_LORA.fullmatch(word.rstrip(",")) and ":" in word)):
                break
            own.append(word)
        return " ".join(own), " ".join(words[len(own) :])

    def parse(self, word: str) -> tuple[str, ...]:
        """Every LoRA once, a later weight in place of an earlier one."""
        items = [item for item in re.split(r"[\s,]+", word) if item]
        if not items or self.split(word)[1] or not all(map(_LORA.fullmatch, items)):
            raise ValueError(word)
        return self.join((), tuple(map(_normalize_lora, items)))

    def format(self, value: tuple[str, ...]) -> str:
        """With commas between."""
        return ", ".join(value)

    def join(self, earlier: tuple[str, ...], later: tuple[str, ...]) -> tuple[str, ...]:
        """Both, each LoRA once."""
        by_name = {item.partition(":")[0].lower(): item for item in (*earlier, *later)}
        return tuple(by_name.values())


def _normalize_lora(item: str) -> str:
    """A LoRA in canonical spelling; its weight is a number within the limits.

    Raises:
        ValueError: It is not.
    """
    name, mark, weight = item.partition(":")
    if not mark:
        return name
    counts = parse_number(weight)
    if abs(counts) > LIMIT:
        raise ValueError(item)
    return f"{name}:{format_number(counts)}"


def _split_at_commas(item: str) -> list[str]:
    """References with commas and no space between them; other commas are part of a link."""
    return re.split(r",(?=https?://)", item) if "://" in item else item.split(",")


class Codes(_Listed):
    """Codes with spaces between them, or none at all."""

    shape = "codes, or nothing"

    def split(self, region: str) -> tuple[str, str]:
        """The words from the front that have a digit, and one more at the very end."""
        words = region.split()
        own = list(takewhile(lambda word: _CODE.fullmatch(strip_marks(word)), words))
        own = words if len(words) - len(own) <= 1 else own
        return " ".join(own), " ".join(words[len(own) :])

    def parse(self, word: str) -> tuple[str, ...]:
        """Every code, without punctuation around it.

        Raises:
            ValueError: Some are words.
        """
        if self.split(word)[1]:
            raise ValueError(word)
        return tuple(code for code in map(strip_marks, word.split()) if code.strip(DASHES))

    def join(self, earlier: tuple[str, ...], later: tuple[str, ...]) -> tuple[str, ...]:
        """Both, each once, but of those without a digit only the last."""
        both = tuple(dict.fromkeys((*earlier, *later)))
        bare = [code for code in both if not _CODE.fullmatch(code)]
        return (*(code for code in both if code not in bare), *bare[-1:])
