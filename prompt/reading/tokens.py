"""Where flags and image links stand in a text, however phones and web pages spell them."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from prompt.flags.kinds import Switch
from prompt.flags.table import BY_NAME, NO, Flag, guess_name
from prompt.reading.separators import DASHES, LONE, strip_dashes

_FLAG_NEXT: Final = rf"[^\w\s]{{0,8}}[{DASHES}]"
_TTP: Final = "[tT][tT][pP][sS]?://"
# Begins with one class of characters and looks back from there, which is found much faster.
_LINK: Final = re.compile(
    rf"[<(\[hH](?<![\w/=&?%.#+-].)(?:(?<=[hH])|(?<![hH])[hH]){_TTP}\w[^\s<>,，、]*+"
    rf"(?:[,，、](?!{_FLAG_NEXT}|[hH]{_TTP})[^\s<>,，、]*+)*+>?",
    re.ASCII,
)
_TOKEN: Final = re.compile(
    rf"([{DASHES}](?<![{DASHES}]{{2}})[{DASHES}]*+)(\s*+)"
    r"([A-Za-z](?:[-_]?[A-Za-z0-9])*+|[^\W\d_]++)"
)
_EQUAL: Final = frozenset({"--", "—", "——", "–", "––", "–-", "-–", "−−"})
_GLUED: Final = re.compile(r"([A-Za-z]++)(\d.*)")
_WITHOUT: Final = re.compile(r"no[-_]", re.IGNORECASE)
_DIGIT: Final = re.compile(r"[\s:=]*+[-+]?\.?\d")
_LAST: Final = re.compile(rf"[\s:=]*+[\d.,:/]++(?:[^{DASHES}\w]*+[{DASHES}]|[\W_]*+\Z)")
_ENDED: Final = re.compile(r"\s*+(?:[^\w\s]|\Z)")
_SPACELESS: Final = re.compile(r"[\u2e80-\u9fff\uac00-\ud7af\uf900-\ufaff\uff00-\uffef]")
_IMAGE: Final = re.compile(
    r"\.(?:png|jpe?g|webp|gif|avif)\b|//(?:cdn\.discordapp\.com|media\.discordapp\.net|s\.mj\.run)/",
    re.IGNORECASE,
)
"""What an image's link has amid words, where a link to a page is one of the words."""

_AFTER_LINK: Final = ",;:.!]>\"'”’`*"


@dataclass(slots=True)
class FlagToken:
    """A flag in a text.

    Attributes:
        name: Its name as typed, without dashes.
        start: Where its dashes start.
        end: Where its name ends and its value may begin.
        flag: Its row of the table, or None if there is none.
        clean: Whether it has two hyphens, or what phones make of them, and space where it belongs.
    """

    name: str
    start: int
    end: int
    flag: Flag[Any] | None
    clean: bool


def find_flags(text: str) -> Iterator[FlagToken]:
    """The flags of ``text`` in order.

    Two hyphens right before a name make a flag, known or not. Any other dash does so only before
    a known name, and where prose could be meant (``night—no stars``, ``a — stop``) only if the
    number follows that the flag asks for; a single hyphen before a single letter needs another
    flag beside it, or the end of the text. Dashes within links make none.
    """
    if "://" in text:
        # Addresses are full of hyphens; masked by as many dots, they leave every index as it is.
        text = _LINK.sub(_mask_link, text)
    boundary, valued = -1, False
    for found in _TOKEN.finditer(text):
        start, end = found.span()
        dash, gap, name = found.groups()
        before = text[start - 1] if start else " "
        # By far the commonest case, decided without the rest.
        if dash == "--" and before == " " and not gap and name in BY_NAME:
            boundary, valued = end, BY_NAME[name].kind.numeric
            yield FlagToken(name, start, end, BY_NAME[name], True)
            continue
        # Most dashes are prose's: neither a flag's name nor a number stands behind them.
        known = BY_NAME.get(name.lower())
        if known is None and dash != "--" and name.isalpha() and not _DIGIT.match(text, end):
            continue
        token = _identify(name, start, end, known)
        joined = start != boundary and _joins_words(before)
        # In `--ar 3:2--seed 7` the dash joins a number to a flag, not two words.
        if joined and valued and _is_number(text[boundary:start]):
            joined = False
        if _is_flag(token, dash, bool(gap), joined, text, chained=boundary >= 0):
            token.clean = token.end == end and dash in _EQUAL and not gap and not joined
            boundary, valued = token.end, token.flag is not None and token.flag.kind.numeric
            yield token


def _is_number(region: str) -> bool:
    """Whether there is a number after a flag, and nothing else."""
    word = region.strip(" :=")
    return word[:1].isdecimal() and " " not in word


def _mask_link(link: re.Match[str]) -> str:
    return "." * len(link[0])


def _identify(name: str, start: int, end: int, flag: Flag[Any] | None) -> FlagToken:
    """The flag of a name, which may have its value glued to it (``v5``, ``no-text``)."""
    if flag is not None or name.isalpha():
        return FlagToken(name, start, end, flag, False)
    # `--no-text` and `--no_text` are the flag --no with a word.
    if without := _WITHOUT.match(name):
        return FlagToken(NO.name, start, end - len(name) + without.end(), NO, False)
    if glued := _GLUED.fullmatch(name):
        flag = BY_NAME.get(glued[1].lower())
        if flag is not None:
            return FlagToken(glued[1], start, end - len(glued[2]), flag, False)
    return FlagToken(name, start, end, flag, False)


def _joins_words(before: str) -> bool:
    """Whether a dash after the character ``before`` may join two words of prose."""
    # Chinese and Japanese write without spaces, so a dash after their letters joins nothing.
    joined = before.isalnum() or before == "_"
    return joined and (before.isascii() or not _SPACELESS.match(before))


def _is_flag(
    token: FlagToken, dash: str, gap: bool, joined: bool, text: str, *, chained: bool
) -> bool:
    tight = not gap and not joined and dash != "-"
    numbered = _DIGIT.match(text, token.end) is not None
    if token.flag is None:
        return tight and (dash == "--" or (numbered and guess_name(token.name) is not None))
    if tight:
        return True
    kind = token.flag.kind
    # Behind other flags a dash with a space is one more flag's, too.
    if gap and chained and dash != "-" and not joined and _is_whole(token, text):
        return True
    if joined and dash == "--" and not gap and (token.flag is NO or isinstance(kind, Switch)):
        return token.flag is NO or chained or _ends_words(text, token.end)
    # Hyphenated words and asides are prose, whatever flag the second half is named like.
    if joined and (gap or dash == "-"):
        return False
    if dash == "-" and not gap and chained and (len(token.name) > 1 or isinstance(kind, Switch)):
        return numbered or not kind.numeric
    named = (
        len(token.name) > 1 or dash != "-" or chained or _LAST.match(text, token.end) is not None
    )
    return kind.numeric and named and numbered


def _is_whole(token: FlagToken, text: str) -> bool:
    """Whether a flag without a number has all that it takes: words to avoid, or nothing."""
    return token.flag is NO or (
        token.flag is not None
        and isinstance(token.flag.kind, Switch)
        and _ends_words(text, token.end)
    )


def _ends_words(text: str, place: int) -> bool:
    return _ENDED.match(text, place) is not None


def locate(place: int | None, whole: str, text: str) -> int | None:
    """Where in ``text`` the word stands that is at ``place`` in what became of it."""
    if place is None or whole == text:
        return place
    word, *_ = whole[place:].split(None, 1) or [""]
    found = text.find(word)
    return min(place, len(text)) if found < 0 else found


def separate_links(text: str) -> tuple[list[str], str, bool]:
    """Image links and the words around them: links at the front, and elsewhere those of images.

    Returns:
        The links, freed of brackets and punctuation; the words between them; and whether a link
        had a ``::`` weight, which is dropped.
    """
    urls: list[str] = []
    words: list[str] = []
    start, weighted, said = 0, False, False
    for link in _LINK.finditer(text):
        said = said or bool(text[start : link.start()].strip(LONE))
        # All that an image's link has holds a point.
        if said and ("." not in link[0] or not _IMAGE.search(link[0])):
            continue
        words.append(strip_dashes(text[start : link.start()].strip()))
        url, weight = _trim_link(link[0])
        urls.append(url)
        weighted = weighted or weight
        start = link.end()
    words.append(strip_dashes(text[start:].strip()))
    return urls, " ".join(filter(None, words)), weighted


def _trim_link(url: str) -> tuple[str, bool]:
    url, weighted = url.lstrip("<(["), False
    # A closing bracket belongs to the link only if it was opened there, as Wikipedia's are.
    after = _AFTER_LINK + ("" if "(" in url else ")")
    while True:
        url = url.rstrip(after)
        head, mark, weight = url.rpartition("::")
        if not mark or weight.strip("+-.0123456789"):
            return url, weighted
        url, weighted = head, True
