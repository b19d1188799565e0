"""Presets and preferences: what they add to a prompt, in one order of precedence.

A typed flag counts before a chosen preset, that before the person's preferences, those before the
server's default, that before what is usual with the command, and all of them before the family's
own values.
"""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import Enum
from typing import Any, Final

from rapidfuzz import process

from generation.recipe import Phrase
from prompt import sentences as said
from prompt.errors import PromptError
from prompt.flags.sources import PromptSource
from prompt.flags.table import MODEL, RIVALS, STRENGTH
from prompt.reading.grammar import Prompt, format_prompt, parse
from prompt.resolution.fitting import FOREIGN, list_sources
from prompt.resolution.versions import explain_unknown
from prompt.sentences import Sentence, join

NAME: Final = re.compile(r"[\w-]{1,32}")
"""Names that presets may have, once in lower case."""


class Origin(Enum):
    """Where a value came from, the first counting most."""

    FLAG = "typed"
    PRESET = "preset"
    PERSON = "your preferences"
    SERVER = "this server's default"
    COMMAND = "usual"


WORDS: Final = "words"
"""Under what the origin of added words is kept; no flag is called so."""

BETWEEN: Final = ", "
"""Between several origins of added words."""

USUAL: Final[Mapping[PromptSource, str]] = {PromptSource.IMG2IMG: STRENGTH.format(0.5)}
"""Flags that count with a command where nobody decided anything."""

_ORIGINS: Final = {
    Origin.FLAG: said.ORIGIN_TYPED,
    Origin.PRESET: said.ORIGIN_PRESET,
    Origin.PERSON: said.ORIGIN_PERSON,
    Origin.SERVER: said.ORIGIN_SERVER,
    Origin.COMMAND: said.ORIGIN_COMMAND,
}


@dataclass(frozen=True, slots=True)
class Layer:
    """One thing that adds to a prompt.

    Attributes:
        source: Where it comes from.
        name: Name of the preset; empty for preferences.
        text: Words and flags, as they were stored.
        words: Whether its words are added, and not its flags alone.
    """

    source: Origin
    name: str
    text: str
    words: bool = True

    def __str__(self) -> str:
        """How it is kept beside a job; ``origin`` words it."""
        return f"{self.source.value} {self.name}".rstrip()


def describe_origin(kept: str) -> Sentence:
    """Where something came from, in words; other text as it is."""
    for source, template in _ORIGINS.items():
        if kept.startswith(source.value):
            return Sentence(template, name=kept.removeprefix(source.value).strip())
    return Sentence(kept)


@dataclass(frozen=True, slots=True)
class Merged:
    """A prompt with everything added.

    Attributes:
        prompt: The prompt.
        origins: For every flag where it came from, as layers are kept; likewise for words that
            were added, under ``WORDS``.
    """

    prompt: Prompt
    origins: Mapping[str, str]


def merge(
    prompt: Prompt, layers: Sequence[Layer], source: PromptSource = PromptSource.IMAGINE
) -> Merged:
    """Add layers to a prompt, whatever was typed counting most; it raises nothing.

    Args:
        prompt: What the person typed.
        layers: From the one that counts most.
        source: Where it was typed; of the layers' flags those are added that go with it.
    """
    foreign = FOREIGN[source]
    values: dict[str, Any] = dict(prompt.flags)
    origins = dict.fromkeys(values, Origin.FLAG.value)
    phrases, notes, worded = prompt.phrases, list(prompt.notes), []
    for layer in layers:
        try:
            added = parse(layer.text)
        except PromptError:
            # Stored by an earlier version, perhaps; a prompt must not fail for what its author did
            # not type.
            notes.append(Sentence(said.PRESET_LEFT_OUT, layer=describe_origin(str(layer))))
            continue
        fits = added.flags.keys() - foreign
        # Rivals count as decided: a typed --steps overrides a kept --quality as well as a kept
        # --steps.
        fresh = {k: v for k, v in added.flags.items() if k in fits and _is_open(k, values)}
        values |= fresh
        origins |= dict.fromkeys(fresh, str(layer))
        if layer.words and added.phrases:
            phrases = _join_phrases(phrases, added.phrases)
            worded.append(str(layer))
    origins |= {WORDS: BETWEEN.join(worded)} if worded else {}
    whole = replace(prompt, phrases=phrases, flags=values, notes=tuple(notes))
    return Merged(whole, origins)


def _is_open(name: str, decided: Mapping[str, Any]) -> bool:
    """Whether nothing that counts more has decided what this flag decides."""
    return name not in decided and RIVALS.get(name, frozenset()).isdisjoint(decided)


def _join_phrases(phrases: tuple[Phrase, ...], more: tuple[Phrase, ...]) -> tuple[Phrase, ...]:
    """Words go to the end of the last phrase; with weights of their own they are phrases."""
    # Joined with a comma, words share the weight of what they are added to, as if they had been
    # typed there.
    plain = len(more) == 1 and more[0].weight == 1
    if not phrases or not more or not plain or phrases[-1].weight <= 0:
        return (*phrases, *more)
    *others, last = phrases
    return (*others, replace(last, text=f"{last.text}, {more[0].text}"))


def check_preset(text: str, models: Collection[str] = ()) -> str:
    """The text of a preset or a preference in canonical spelling.

    Args:
        text: As it was typed.
        models: Names of the models that are served.

    Raises:
        PromptError: It cannot be read, is empty, or has what belongs into a prompt alone.
    """
    prompt = parse(text)
    if strange := explain_unknown(prompt.flags, models):
        rest = {k: v for k, v in prompt.flags.items() if k != MODEL.name}
        mended = format_prompt(replace(prompt, flags=rest))
        raise PromptError(strange, prompt.places.get(MODEL.name), mended)
    if prompt.images:
        raise PromptError(Sentence(said.PRESET_IMAGES))
    if wrong := [
        _explain_not_kept(name) for name in prompt.flags if name in FOREIGN[PromptSource.KEPT]
    ]:
        raise PromptError(wrong)
    if not prompt.phrases and not prompt.flags:
        raise PromptError(Sentence(said.PRESET_EMPTY))
    return format_prompt(prompt)


def _explain_not_kept(name: str) -> Sentence:
    return Sentence(said.NOT_KEPT, flag=name, ways=join(list_sources(name), ", "))


def check_name(name: str) -> str:
    """The name of a preset in lower case.

    Raises:
        PromptError: It cannot be one.
    """
    low = name.strip().lower()
    if not NAME.fullmatch(low):
        raise PromptError(Sentence(said.PRESET_NAME))
    return low


def choose(name: str, *shelves: Mapping[str, str]) -> Layer:
    """The preset of that name, from the first shelf that has it.

    Args:
        name: As typed.
        shelves: Presets by name; the person's before the server's.

    Raises:
        PromptError: There is none; the sentence names the most similar one.
    """
    low = name.strip().lower()
    for presets in shelves:
        if low in presets:
            return Layer(Origin.PRESET, low, presets[low])
    known = [known for presets in shelves for known in presets]
    near = process.extractOne(low, known, score_cutoff=60)
    template = said.PRESET_NEAR if near else said.PRESET_NONE
    raise PromptError(Sentence(template, name=low[:40], near=near[0] if near else ""))
