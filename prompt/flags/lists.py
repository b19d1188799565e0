"""Kinds of value that are lists: words, references to images, LoRAs, codes."""

import re
from itertools import takewhile
from typing import Final

from generation.catalogue.loras import LIMIT, NAME
from prompt.flags.kinds import Kind, strip_marks
from prompt.flags.numbers import format_number, parse_number
from prompt.reading.separators import DASHES, LONE, strip_separators, strip_signature

_REFERENCE: Final = re.compile(
    r"<?(https?://\w[^\s<>]*)>?(?:::[\d.]+)?|(?:\d+|random)(?:::[\d.]+)?(?:,\d+)*", re.IGNORECASE
)
_BRACKETED: Final = re.compile(r"<([^<>]*)>")
_CODE: Final = re.compile(r"(?=[^\s:]*\d)[\w-]+(?:::[\d.]+)?")
_LORA: Final = re.compile(rf"{NAME.pattern}(?::[+-]?[\d.]+)?")
_QUOTES: Final = frozenset({('"', '"'), ("'", "'"), ("“", "”"), ("‘", "’"), ("„", "“")})
_SAYS_NOTHING: Final = f"{LONE}\"'“”‘’„"
_LIST_SIGN: Final = re.compile("[,，、;；،]")
_BRACKET_OR_SIGN: Final = re.compile(r"[()\[\],，、;；،](?:(?<!\\.)|(?<=[,，、;；،]))")
_ITEM_WEIGHT: Final = re.compile(r"::[+-]?[\d.]*(?=[\s,]|$)")


class Listed(Kind[tuple[str, ...]]):
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


class Items(Listed):
    """A list of words or phrases with commas between them."""

    shape = "a list such as `fog, people`"

    def parse(self, word: str) -> tuple[str, ...]:
        """Every item once, without what separates it from the next."""
        items = (_clean_item(" ".join(item.split())) for item in _split_items(word))
        found = tuple(dict.fromkeys(item for item in items if item.strip(_SAYS_NOTHING)))
        # A weight in a list of unwanted things would be read as a phrase's own.
        if not found or "::" in word:
            raise ValueError(word)
        return found

    def mend(self, word: str) -> str:
        """The items without weights."""
        return _ITEM_WEIGHT.sub(",", word).replace("::", " ")

    def format(self, value: tuple[str, ...]) -> str:
        """With commas between."""
        return ", ".join(value)


def _split_items(text: str) -> list[str]:
    """The items of a list; a comma between brackets, which give weights, is part of one."""
    if "(" not in text and "[" not in text:
        return _LIST_SIGN.split(text)
    items, depth, start = list[str](), 0, 0
    for sign in _BRACKET_OR_SIGN.finditer(text):
        if sign[0] in "([":
            depth += 1
        elif sign[0] in ")]":
            depth -= 1
        elif not depth:
            items.append(text[start : sign.start()])
            start = sign.end()
    return [*items, text[start:]] if not depth else _LIST_SIGN.split(text)


def _clean_item(text: str) -> str:
    """An item without what separates it from the next, and without quotes around all of it."""
    while True:
        item = strip_signature(strip_separators(text, ".。；"))
        if len(item) > 2 and (item[0], item[-1]) in _QUOTES and item.count(item[-1]) <= 2:
            item = item[1:-1]
        if item == text:
            return item
        text = item


class References(Listed):
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
        # A lone word was meant for the flag; refused there, it gets the sentence that names the
        # kind.
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


class Loras(Listed):
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
        # Later ones replace earlier ones: a typed weight counts more than a preset's.
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
    # A comma is allowed in an address, and ends one only before the next.
    return re.split(r",(?=https?://)", item) if "://" in item else item.split(",")


class Codes(Listed):
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
