"""The grammar: text to prompt, and back.

A prompt is image links, then words with ``::`` weights, then flags; flags and links are understood
wherever they stand. Whatever a phone or a web page did to a prompt on its way is repaired, and the
person is told. Parsing takes time in proportion to the text, and raises nothing but `PromptError`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Final, TypeVar

from generation.recipe import Phrase
from prompt import sentences as said
from prompt.errors import PromptError
from prompt.flags.table import BY_NAME, NO, ORDER, Flag, guess_name
from prompt.reading.dialects import reword, translate
from prompt.reading.limits import check_limits, check_marks, limit_sentences
from prompt.reading.lora_tags import move_lora_tags
from prompt.reading.permutations import escape, expand, unescape
from prompt.reading.phrases import find_fault, format_phrases, mend_weights, parse_phrases
from prompt.reading.plain import PlainPrompt, split_plain
from prompt.reading.separators import (
    DASHES,
    blank_unprintable,
    drop_opening,
    shorten,
    strip_dashes,
    strip_signature,
)
from prompt.reading.tokens import FlagToken, find_flags, locate, separate_links
from prompt.sentences import Sentence

T = TypeVar("T")

_MOST_OPTIONS: Final = 40
_MOST_FLAGS: Final = 100
_SEPARATORS: Final = ",;:="
_VALUE: Final = re.compile(r"^\s*+[-+]?[\d.,:/%]++(?!\S)")
_IDLE: Final = f" \n\r\t,;.:!?|()[]\"'`“”*~{DASHES}"
_SIMPLE: Final = re.compile(r"[a-z0-9,. ']++")
"""Words that mean the same wherever they stand: not even ``BREAK`` or ``AND`` is among them."""

_MOST_READINGS: Final = 5
_MOST_SETTLINGS: Final = 3
_SOLE_LINK: Final = re.compile(r"\s*+<?https?://\S++\s*+", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class ImageLink:
    """A link to an image."""

    url: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """What a person typed, understood; still the person's words.

    Attributes:
        images: Links to images, in order.
        phrases: The words, weighted; empty where there are none.
        flags: Value of every flag given, by the flag's canonical name.
        notes: What was repaired, one sentence each.
        places: Index in the text of every flag given.
    """

    images: tuple[ImageLink, ...] = ()
    phrases: tuple[Phrase, ...] = ()
    flags: Mapping[str, Any] = field(default_factory=dict)
    notes: tuple[str, ...] = field(default=(), compare=False)
    places: Mapping[str, int] = field(default_factory=dict, compare=False)

    @property
    def text(self) -> str:
        """The words with their weights, without links and flags."""
        return format_phrases(self.phrases)

    @property
    def spelling(self) -> str:
        """The whole prompt, as ``format_prompt`` writes it."""
        return format_prompt(self)


def parse(text: str, *, translated: bool = False) -> Prompt:
    """The prompt that ``text`` spells.

    Args:
        text: A prompt as typed.
        translated: Whether `dialects.translate` made this text, and would leave it as it is.

    Raises:
        PromptError: It spells none; the error says why, where, and what would.
    """
    check_limits(text)
    # Plain prompts, which are most of them, never meet the slower repairs.
    whole = blank_unprintable(text)
    if (plain := parse_plain(whole)) is not None:
        return plain
    moved = move_lora_tags(whole)
    read = (text, ()) if translated and moved == text else translate(moved)
    return _settle(_parse_translated(text, *read), whole.strip().rstrip(" ,"))


def _settle(prompt: Prompt, text: str) -> Prompt:
    """The prompt that the canonical spelling means, where words in it may look like marks.

    A backslash at the end of words, say, or a dash before a weight, has another meaning beside what
    the canonical spelling puts there; so that is read again until it means what it says.
    """
    if _is_simple(prompt):
        return prompt
    for _ in range(_MOST_SETTLINGS):
        spelling = prompt.spelling
        if spelling == text:
            return prompt
        again = parse_plain(spelling) or _parse_translated(
            spelling, *translate(move_lora_tags(spelling))
        )
        if again == prompt:
            return prompt
        text, prompt = spelling, replace(again, notes=prompt.notes)
    raise PromptError(Sentence(said.DASHES_ALIKE))


def _is_simple(prompt: Prompt) -> bool:
    """Whether there are one phrase's words alone between links and flags, and no marks in them."""
    match prompt.phrases:
        case (Phrase(text=text, weight=1.0, spans=(), breaks=()),):
            return _SIMPLE.fullmatch(text) is not None and NO.name not in prompt.flags
    return False


def parse_plain(text: str) -> Prompt | None:
    """The prompt that a text in plain spelling is, with nothing to tell of it; None for others.

    Args:
        text: A prompt without characters that cannot be shown.
    """
    plain = None if "{" in text or "}" in text else split_plain(text)
    return None if plain is None else _build(plain)


def _parse_translated(text: str, whole: str, notes: tuple[str, ...]) -> Prompt:
    """The prompt of a text that became another one on its way, with places in the text itself."""
    try:
        check_marks(whole)
        single = _expand_sole(whole) if "{" in whole or "}" in whole else whole
        # What is plain once it was translated need not be looked at closely.
        prompt = (None if single == text else parse_plain(single)) or parse_closely(single)
    except PromptError as error:
        # Places are for the text that the person sees, not for what became of it.
        place = locate(error.position, whole, text)
        raise PromptError(error.sentences, place, error.suggestion) from None
    if whole == text:
        return prompt
    places = {name: locate(place, whole, text) or 0 for name, place in prompt.places.items()}
    return replace(prompt, notes=(*notes, *prompt.notes), places=places)


def parse_closely(text: str) -> Prompt:
    """The prompt that a text spells, be it ever so oddly.

    Args:
        text: A prompt in this grammar's own spelling, without braces and unprintable characters.

    Raises:
        PromptError: It spells none.
    """
    return _Parser(strip_signature(text)).prompt()


def _build(plain: PlainPrompt) -> Prompt | None:
    """The prompt of these parts, or None if there is something to tell of it."""
    words, urls = " ".join(plain.words.split()), list[str]()
    if "://" in words:
        urls, words, weighted = separate_links(words)
        # There is something to tell the person, and only the grammar tells.
        if weighted or reword(words)[0] != words:
            return None
    parts = parse_phrases(words)
    if "::" in words and find_fault(parts):
        return None
    return Prompt(tuple(map(ImageLink, urls)), parts, plain.values, (), plain.places)


def format_prompt(prompt: Prompt) -> str:
    """The canonical spelling of ``prompt``: parsing it gives ``prompt`` again."""
    parts = [image.url for image in prompt.images]
    if prompt.phrases:
        parts.append(prompt.text)
    return escape(" ".join((*parts, *format_flags(prompt.flags))))


def format_flags(values: Mapping[str, Any]) -> list[str]:
    """Flags in canonical spelling, in the order of the table."""
    return [BY_NAME[name].format(values[name]) for name in sorted(values, key=ORDER.__getitem__)]


def drop_idle(prompt: Prompt) -> Prompt:
    """``prompt`` without the flags that do nothing here yet."""
    acting = {k: v for k, v in prompt.flags.items() if BY_NAME[k].acts(v)}
    return replace(prompt, flags=acting)


def _expand_sole(text: str) -> str:
    """``text`` freed of braces, if it stands for itself alone."""
    options = expand(text, _MOST_OPTIONS)
    if len(options) == 1:
        return unescape(options[0])
    try:
        # The first of the prompts is as good a suggestion as any: it can be sent as it stands.
        suggestion: str | None = format_prompt(drop_idle(parse(options[0])))
    except PromptError as error:
        suggestion = error.suggestion
    raise PromptError(
        Sentence(said.SEVERAL, count=len(options)),
        text.index("{"),
        suggestion,
    )


class _Parser:
    """One parse: flags are taken out of the text one by one; words and links are what is left."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.words: list[str] = []
        self.values: dict[str, Any] = {}
        self.places: dict[str, int] = {}
        self.notes: list[str] = []
        self.twice: dict[str, str] = {}
        self.problems: dict[str, int] = {}

    def prompt(self) -> Prompt:
        """The prompt.

        Raises:
            PromptError: With a sentence for every problem, and the prompt without them.
        """
        images, words = self._separate()
        parts = parse_phrases(words)
        if "::" in words and (wrong := find_fault(parts)):
            self.problems[wrong] = max(0, self.text.find("::"))
            parts, unwanted = mend_weights(parts)
            if unwanted and parts:
                self.values[NO.name] = NO.kind.join(NO.of(self.values) or (), unwanted)
        if self.problems:
            raise self._make_error(images, parts)
        notes = limit_sentences((*self.notes, *self.twice.values()))
        return Prompt(images, parts, self.values, notes, self.places)

    def _separate(self) -> tuple[tuple[ImageLink, ...], str]:
        """The image links, and the words freed of links and flags.

        Words that come together when something between them is taken out may look like a flag
        themselves, so the text is read again until there is none.
        """
        images: list[ImageLink] = []
        # A bound, so that no text made for the purpose can keep the parser busy.
        for _ in range(_MOST_READINGS):
            self._take_flags()
            words = " ".join(self.words)
            joined = len(self.words) > 1
            if "://" in words:
                words, joined = self._take_links(words, images), True
            # Nothing was taken out of it, and it was reworded before.
            if words == self.text:
                return tuple(images), words
            read, told = reword(words)
            if read == words and (not joined or next(find_flags(words), None) is None):
                return tuple(images), words
            self.notes += told
            self.text, self.words = read, []
        raise PromptError(Sentence(said.DASHES_ALIKE))

    def _take_flags(self) -> None:
        token, end = None, 0
        for place, following in enumerate(find_flags(self.text)):
            # More than there are in the table, several times over: these are no flags.
            if place == _MOST_FLAGS:
                raise PromptError(Sentence(said.DASHES_ALIKE), following.start)
            self._take(token, drop_opening(self.text[end : following.start]))
            token, end = following, following.end
        self._take(token, self.text[end:])

    def _take(self, token: FlagToken | None, region: str) -> None:
        """Take a flag's value out of the text that follows it, and keep the rest as words."""
        flag = None if token is None else token.flag or self._report_unknown(token)
        if token is None or flag is None:
            self._keep(region if token is None else _VALUE.sub("", region, 1))
            return
        # People write --ar=3:2 and --ar: 3:2; commas between flags say nothing and need no remark.
        if region and region[0] in _SEPARATORS:
            token.clean = token.clean and region[0] in ",;"
            region = region.lstrip(_SEPARATORS)
        kind = flag.kind
        word, rest = kind.split(region)
        # A number was forgotten, and what follows are words of the prompt: they must not be
        # swallowed.
        if rest and kind.numeric and word.isalpha():
            self._keep(region)
        elif rest:
            self._hand_back(token, word, rest)
        try:
            value = kind.parse(word)
        except ValueError:
            self._mend(token, flag, word)
            return
        if not token.clean:
            self._note_repair(token, flag, word, value)
        self._set(token, flag, word, value)

    def _mend(self, token: FlagToken, flag: Flag[Any], word: str) -> None:
        kind = flag.kind
        try:
            value = kind.parse(kind.mend(word))
        except ValueError:
            self._refuse(token, flag, word)
            return
        self._note_repair(token, flag, word, value)
        self._set(token, flag, word, value)

    def _set(self, token: FlagToken, flag: Flag[Any], word: str, value: object) -> None:
        if not flag.allows(value):
            self._refuse(token, flag, word)
            # Kept for the suggestion, which would otherwise lose the flag altogether.
            value = flag.nearest(value)
        if value is None:
            return
        name = flag.name
        if name in self.values:
            value = self._combine(token, flag, value)
        self.values[name] = value
        self.places[name] = token.start

    def _combine(self, token: FlagToken, flag: Flag[T], later: T) -> T:
        """The value of a flag that is given once more."""
        earlier = self.values[flag.name]
        value = flag.kind.join(earlier, later)
        # Flags that add up, such as --no, take both; only where one replaces the other is it said.
        if value == later != earlier:
            counts = shorten(flag.format(value))
            self.twice[flag.name] = Sentence(said.TWICE, flag=token.name, counts=counts)
        return value

    def _keep(self, words: str) -> None:
        if words and (kept := strip_dashes(" ".join(words.split()))):
            self.words.append(kept)

    def _hand_back(self, token: FlagToken, word: str, rest: str) -> None:
        if not rest.strip(_IDLE):
            return
        self._keep(rest)
        # A link after a flag is an image prompt at the wrong end, and understood without a remark.
        if not _SOLE_LINK.fullmatch(rest):
            typed = self._quote(token, word)
            self.notes.append(Sentence(said.READ_AS_WORDS, words=shorten(rest), typed=typed))

    def _report_unknown(self, token: FlagToken) -> Flag[Any] | None:
        """Report a flag that is in no row, and find the row that was probably meant."""
        near = guess_name(token.name)
        template = said.UNKNOWN_NEAR if near else said.UNKNOWN
        self._report(Sentence(template, flag=shorten(token.name), near=near), token)
        return BY_NAME[near] if near else None

    def _refuse(self, token: FlagToken, flag: Flag[Any], word: str) -> None:
        if token.flag is None:
            return
        # An unknown name was reported already; its value is a guess and needs no sentence of its
        # own.
        template = said.OTHER_VALUE if word.strip() else said.NO_VALUE
        fields = {"flag": token.name, "takes": flag.takes, "word": shorten(word)}
        self._report(Sentence(template, **fields), token)

    def _note_repair(self, token: FlagToken, flag: Flag[T], word: str, value: T) -> None:
        typed, canonical = self._quote(token, word), shorten(flag.format(value))
        if typed != canonical:
            self.notes.append(Sentence(said.READ_AS, typed=typed, meant=canonical))

    def _take_links(self, words: str, images: list[ImageLink]) -> str:
        urls, words, weighted = separate_links(words)
        images += map(ImageLink, urls)
        if weighted:
            self.notes.append(Sentence(said.LINK_WEIGHT))
        return words

    def _report(self, sentence: str, token: FlagToken) -> None:
        self.problems.setdefault(sentence, token.start)

    def _make_error(self, images: tuple[ImageLink, ...], parts: tuple[Phrase, ...]) -> PromptError:
        # A suggestion that would be refused for another reason would be no help.
        able = drop_idle(Prompt(images, parts, self.values))
        suggestion = format_prompt(able) if parts or images else None
        return PromptError(limit_sentences(self.problems), min(self.problems.values()), suggestion)

    def _quote(self, token: FlagToken, word: str) -> str:
        """The flag and its value as they stand in the text."""
        place = self.text.find(word, token.end)
        return shorten(self.text[token.start : max(token.end, place + len(word))])
