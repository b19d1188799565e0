"""Reduction: what of a prompt another program can say, and a sentence for all that it cannot."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any, Final

from generation.recipe import Phrase
from prompt import sentences as said
from prompt.flags.lists import Items
from prompt.flags.table import (
    BATCH,
    BY_NAME,
    GUIDANCE,
    LORA,
    NO,
    RATIO,
    SAMPLER,
    SEED,
    STEPS,
    WEIGHTING,
)
from prompt.reading.embeddings import place_embeddings, spell_embeddings
from prompt.reading.emphasis import count_brackets, format_emphasis, read_emphasis
from prompt.reading.grammar import Prompt, format_flags
from prompt.reading.phrases import format_phrases
from prompt.reading.separators import shorten
from prompt.sentences import Sentence
from prompt.writing.adaptation import (
    Notes,
    Phrases,
    Unwanted,
    add_words,
    fit_quality,
    push_away,
    quote,
    say_positive,
    split_weights,
    take_asides,
    tell_windows,
    write_sentences,
)
from prompt.writing.programs import Abilities, Program
from prompt.writing.prose import say_plainly
from prompt.writing.sides import round_ratio

_BRACKET: Final = re.compile(r"[()\[\]]")
_SETTINGS: Final = tuple(flag.name for flag in (STEPS, SAMPLER, GUIDANCE, SEED, RATIO, BATCH))
"""What is written on a line of settings."""

_EXACT, _WRITTEN = 3, 2
"""Decimals up to which a weight is somebody's own, and of one that is a product of several."""

_LEAST, _MOST = 0.6, 1.5
"""Token weights between which a share is written where ideas are not mixed by share."""


def reduce_prompt(
    prompt: Prompt, program: Program, able: Abilities, *, split: bool = False
) -> tuple[Prompt, Notes]:
    """The part of a prompt that a program can say, and what is lost or said otherwise.

    Args:
        prompt: The neutral form.
        program: The other program.
        able: What it has.
        split: Whether words with weights become ideas of their own where it weighs no words.
    """
    notes: Notes = []
    values, lost = _reduce_flags(prompt, able)
    phrases, unwanted, ratio, unsaid = _reduce_wanted(prompt, able, notes, split=split)
    lost += unsaid
    if ratio and RATIO.name in able.flags:
        values.setdefault(RATIO.name, ratio)
    positives = list[str]()
    if NO.name not in able.flags:
        positives, unsaid = say_positive(unwanted, format_phrases(phrases), able, notes)
        lost += unsaid
    elif unwanted:
        values[NO.name] = _reduce_items(unwanted, able, notes)
    if able.prose:
        ratio = None if RATIO.name in able.flags else RATIO.of(prompt.flags) or ratio
        typed = format_phrases(prompt.phrases)
        phrases = write_sentences(phrases, positives, ratio, typed=typed, able=able, notes=notes)
    else:
        phrases = add_words(phrases, positives)
    tell_windows(phrases, able, notes)
    if RATIO.name in values and able.sides:
        values[RATIO.name] = _reduce_ratio(values[RATIO.name], able, notes)
    if LORA.name in values:
        values[LORA.name] = tuple(one if ":" in one else f"{one}:1" for one in values[LORA.name])
    lost += _choose_arithmetic(prompt, program, phrases, values)
    if lost:
        notes.append(Sentence(said.NOT_THERE, program=able.title, parts=quote(lost)))
    missing = {name: usual for name, usual in able.needed.items() if name not in values}
    missing |= _fill_up(values, able)
    if missing:
        added = " ".join(format_flags(missing))
        notes.append(Sentence(said.NEEDED_THERE, program=able.title, parts=f"`{added}`"))
    images = prompt.images if able.images else ()
    return Prompt(images, phrases, {**values, **missing}), notes


def _reduce_wanted(
    prompt: Prompt, able: Abilities, notes: Notes, *, split: bool
) -> tuple[Phrases, Unwanted, tuple[int, int] | None, list[str]]:
    """What is wanted and what is not, a ratio that words asked for, and embeddings that go."""
    phrases, unwanted = prompt.phrases, NO.of(prompt.flags) or ()
    phrases, unwanted, ratio = take_asides(phrases, unwanted, able, notes)
    if able.weights is None or able.prose:
        phrases, unwanted = push_away(phrases, unwanted, able, notes)
    if split and able.shares and able.weights is None:
        phrases = split_weights(phrases, able, notes)
    lost = list[str]()
    if able.embeddings:
        phrases, unwanted = _spell_embeddings(phrases, unwanted, able, notes)
    else:
        phrases, unwanted, lost = _leave_out_embeddings(phrases, unwanted)
    phrases, unwanted = _reduce_phrases(phrases, unwanted, able, notes)
    phrases, unwanted = fit_quality(phrases, unwanted, able, notes)
    return phrases, unwanted, ratio, lost


def _fill_up(values: Mapping[str, Any], able: Abilities) -> dict[str, object]:
    """What is added to settings that are too few to be read as such."""
    written = [name for name in _SETTINGS if name in values]
    count = len(written) + (SAMPLER.name in written)
    usual = [(name, value) for name, value in able.usual.items() if name not in values]
    return dict(usual[: max(0, able.few - count)]) if written else {}


def _reduce_flags(prompt: Prompt, able: Abilities) -> tuple[dict[str, Any], list[str]]:
    """The flags that a program has something for, as they are, and what is lost of all else."""
    values: dict[str, Any] = {}
    lost = [] if able.images else [image.url for image in prompt.images]
    for name, value in prompt.flags.items():
        if name in {WEIGHTING.name, NO.name}:
            continue
        if name in able.flags and (name != SAMPLER.name or value in able.samplers):
            values[name] = value
        # Where all is said in words, a ratio is, too.
        elif BY_NAME[name].matters(value) and not (able.prose and name == RATIO.name):
            lost.append(BY_NAME[name].format(value))
    return values, lost


def _spell_embeddings(
    phrases: Phrases, unwanted: Unwanted, able: Abilities, notes: Notes
) -> tuple[Phrases, Unwanted]:
    """The names of embeddings as the program writes them."""

    def spell(item: str) -> str:
        read = read_emphasis(item)
        named = spell_embeddings(read, able.embeddings)
        # Weights have other spellings, too, of which there is nothing to tell.
        return item if named is read else format_emphasis(named)

    spelled = tuple(spell_embeddings(one, able.embeddings) for one in phrases)
    refused = tuple(map(spell, unwanted))
    before, after = (
        (*map(format_emphasis, phrases), *unwanted),
        (*map(format_emphasis, spelled), *refused),
    )
    for typed, meant in zip(before, after, strict=True):
        if typed != meant:
            fields = {"typed": shorten(typed), "meant": shorten(meant)}
            notes.append(Sentence(said.OTHERWISE_THERE, program=able.title, **fields))
    return spelled, refused


def _leave_out_embeddings(
    phrases: Phrases, unwanted: Sequence[str]
) -> tuple[Phrases, Unwanted, list[str]]:
    """What is wanted and what is not, without embeddings, which only CLIP reads; and those."""
    placed = [place_embeddings(one, ()) for one in phrases]
    refused = [place_embeddings(read_emphasis(one), ()) for one in unwanted]
    names = dict.fromkeys(name for _, several in (*placed, *refused) for name in several)
    left = tuple(format_emphasis(one) for one, _ in refused if one.text)
    return tuple(one for one, _ in placed if one.text), left, list(names)


def _choose_arithmetic(
    prompt: Prompt, program: Program, phrases: Sequence[Phrase], values: dict[str, Any]
) -> list[str]:
    """Sets whose arithmetic weighs tokens there; what was asked for, if that is another's."""
    unwanted = [read_emphasis(item) for item in values.get(NO.name, ())]
    own = "comfyui" if program is Program.COMFYUI else "a1111"
    asked = WEIGHTING.of(prompt.flags) or "a1111"
    if own == "comfyui" and any("(" in format_emphasis(one) for one in (*phrases, *unwanted)):
        values[WEIGHTING.name] = own
    weighted = any(one.spans for one in (*phrases, *unwanted))
    return [WEIGHTING.format(asked)] if weighted and asked != own else []


def _reduce_ratio(ratio: tuple[int, int], able: Abilities, notes: Notes) -> tuple[int, int]:
    """The ratio of the sides that are written, which are of about a megapixel."""
    across, down = ratio
    kept = round_ratio(ratio, able.grain)
    if across * kept[1] != down * kept[0]:
        typed, meant = RATIO.format(ratio), RATIO.format(kept)
        notes.append(Sentence(said.OTHERWISE_THERE, program=able.title, typed=typed, meant=meant))
    return kept


def _reduce_phrases(
    phrases: Phrases, unwanted: Unwanted, able: Abilities, notes: Notes
) -> tuple[Phrases, Unwanted]:
    """The phrases as the program has them; those that it cannot push away go to the unwanted."""
    # Sentences are told of once they are written.
    notes = [] if able.prose else notes
    if len(phrases) > 1 and not able.shares:
        phrases, unwanted = _merge(phrases, unwanted, able, notes)
    kept = tuple(
        replace(_reduce_words(one, able, notes), weight=one.weight if able.shares else 1.0)
        for one in phrases
    )
    return kept, unwanted


def _merge(
    phrases: Phrases, unwanted: Unwanted, able: Abilities, notes: Notes
) -> tuple[Phrases, Unwanted]:
    """One phrase whose token weights stand for the shares; the negative ones are unwanted."""
    wanted = [one for one in phrases if one.weight > 0]
    pushed = [one for one in phrases if one.weight < 0]
    mean = sum(one.weight for one in wanted) / max(len(wanted), 1)
    parts = []
    for one in wanted:
        share = round(min(max(one.weight / mean, _LEAST), _MOST), 2)
        words = format_emphasis(one)
        parts.append(words if share == 1.0 or able.weights is None else f"({words}:{share:g})")
    if pushed:
        items = Items().parse(", ".join(format_emphasis(one) for one in pushed))
        unwanted = NO.kind.join(unwanted, items)
    merged = read_emphasis(", ".join(parts))
    typed, meant = shorten(format_phrases(phrases)), shorten(format_emphasis(merged))
    notes.append(Sentence(said.OTHERWISE_THERE, program=able.title, typed=typed, meant=meant))
    return ((merged,) if merged.text else ()), unwanted


def _reduce_words(phrase: Phrase, able: Abilities, notes: Notes) -> Phrase:
    """A phrase without token weights and breaks that the program does not have."""
    before = phrase
    if phrase.breaks and not able.breaks:
        phrase = read_emphasis(", ".join(map(format_emphasis, _split_breaks(phrase))))
    if able.weights is None:
        phrase = replace(phrase, spans=())
    else:
        low = able.weights
        spans = tuple(replace(one, weight=max(one.weight, low)) for one in phrase.spans)
        phrase = replace(phrase, spans=spans)
        before = _round_weights(before, able)
        phrase = _round_weights(phrase, able)
    if able.speaks and not able.prose and (plain := say_plainly(phrase.text)) != phrase.text:
        phrase = replace(phrase, text=plain)
    if replace(phrase, weight=1.0) != replace(before, weight=1.0):
        typed, meant = shorten(format_emphasis(before)), shorten(format_emphasis(phrase))
        notes.append(Sentence(said.OTHERWISE_THERE, program=able.title, typed=typed, meant=meant))
    return phrase


def _round_weights(phrase: Phrase, able: Abilities) -> Phrase:
    """A phrase whose weights have no more decimals than anybody writes."""

    def fit(weight: float) -> float:
        own = count_brackets(weight) and not able.figures
        return weight if own or round(weight, _EXACT) == weight else round(weight, _WRITTEN)

    fitted = (replace(one, weight=fit(one.weight)) for one in phrase.spans)
    return replace(phrase, spans=tuple(one for one in fitted if one.weight != 1.0))


def _split_breaks(phrase: Phrase) -> list[Phrase]:
    """The phrase in parts, one for each window that it begins."""
    return [read_emphasis(" ".join(_write_figures(chunk).split())) for chunk in phrase.chunks]


def _write_figures(stretches: Iterable[tuple[str, float]]) -> str:
    """Stretches of words with every weight as a number."""
    escaped = ((_BRACKET.sub(r"\\\g<0>", text), weight) for text, weight in stretches)
    return "".join(text if weight == 1.0 else f"({text}:{weight:.10g})" for text, weight in escaped)


def _reduce_items(items: Unwanted, able: Abilities, notes: Notes) -> Unwanted:
    """Unwanted words with the token weights that the program has."""
    phrases = [_reduce_words(read_emphasis(item), able, notes) for item in items]
    if not able.figures or able.reweighed:
        return tuple(dict.fromkeys(map(format_emphasis, phrases)))
    return tuple(dict.fromkeys(_write_figures(chain(*one.chunks)) for one in phrases))
