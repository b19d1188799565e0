"""Prompt to recipe: every open choice is made here, and what cannot be done is said here.

Nothing is ignored in silence: a flag either acts, or is refused with what to do instead, or a note
says why it made no difference.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final, Literal

from generation.catalogue.card import Card
from generation.catalogue.loras import select_called
from generation.controls import (
    detail_for_exp,
    share_for_chaos,
    steps_for_quality,
    weirdness_for_weird,
)
from generation.derive import GRID
from generation.recipe import (
    Conditions,
    Finishing,
    Inputs,
    Lora,
    Phrase,
    Recipe,
    Sampling,
    seed_noise,
)
from prompt import sentences as said
from prompt.flags.table import (
    BATCH,
    CHAOS,
    DRAFT,
    EXP,
    FAST,
    GUIDANCE,
    LORA,
    PRESET,
    QUALITY,
    RELAX,
    REPEAT,
    SAMPLER,
    SEED,
    STEPS,
    STOP,
    STYLE,
    TILE,
    WEIRD,
)
from prompt.reading.grammar import Prompt, format_flags
from prompt.resolution.aesthetics import apply_stylize
from prompt.resolution.check import check
from prompt.resolution.inputs import read_inputs, read_structure
from prompt.resolution.notes import write_notes
from prompt.resolution.references import (
    StoredImages,
    apply_codes,
    collect_references,
    draw_codes,
    list_codes,
)
from prompt.resolution.sizes import Shapes, find_shape, read_size
from prompt.resolution.taught import TaughtWords, say_as_taught
from prompt.resolution.versions import DEFAULTS, Versions
from prompt.resolution.wording import choose_weighting, weigh_words
from prompt.sentences import Sentence

Speed = Literal["fast", "relax"]
_UNWRITTEN: Final = frozenset(flag.name for flag in (SEED, REPEAT, PRESET, FAST, RELAX))
_DRAFT_QUALITY: Final = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A prompt with every choice made.

    Attributes:
        recipe: What to make.
        notes: What the person should know about how the prompt was read, one sentence each.
        speed: Place in the queue that was asked for.
        by_image: Whether what it is made from decided which model draws.
    """

    recipe: Recipe
    notes: tuple[str, ...] = ()
    speed: Speed = "fast"
    by_image: bool = False


def resolve(
    prompt: Prompt,
    card: Card,
    *,
    model: str,
    seed: int,
    images: Sequence[str] = (),
    kept: StoredImages = MappingProxyType({}),
    shapes: Shapes = MappingProxyType({}),
    versions: Versions = DEFAULTS,
) -> Resolved:
    """The recipe for ``prompt`` on one family.

    Args:
        prompt: The person's words.
        card: The family that will draw.
        model: Name of its checkpoint, for the recipe.
        seed: Seed to take if the prompt names none.
        images: SHA-256 in hexadecimal of each image prompt's bytes, in order.
        kept: The same of each image that a flag links to, by its address.
        shapes: Width and height of the images, as far as they are known.
        versions: Family by version of Midjourney.

    Raises:
        PromptError: The family cannot draw it; the error says what would work.
    """
    check(prompt, card, images=len(images), words=False)
    told = write_notes(prompt, card, versions, images=len(images))
    values = draw_codes(prompt.flags, seed)
    own_seed = SEED.of(values)
    phrases, unwanted, lost = weigh_words(prompt, card)
    spoken = say_as_taught(phrases, unwanted, card)
    phrases, unwanted = spoken.phrases, spoken.unwanted
    # Codes stand for words of a hundred arts and lights, of which such a family was taught few.
    styled = phrases if card.taught else apply_codes(phrases, values)
    inputs = read_inputs(prompt, card, tuple(dict.fromkeys(images)), kept)
    structure = read_structure(prompt, images)
    size, cut = read_size(values, card, find_shape(inputs, structure, shapes))
    # One image given back unchanged is enough.
    usual = 1 if inputs.gives_back else GRID
    conditions = Conditions(
        phrases=apply_stylize(styled, values, card),
        negative=unwanted,
        weighting=choose_weighting(values, unwanted, *phrases),
        chaos=share_for_chaos(CHAOS.of(values) or 0),
        weirdness=weirdness_for_weird(WEIRD.of(values) or 0),
        references=collect_references(values, card, kept),
        structure=structure,
        clip_skip=card.clip_skip,
    )
    if _is_planned(spoken, inputs, conditions, values):
        inputs = replace(inputs, plan=card.plan)
    recipe = Recipe(
        family=card.id,
        model=model,
        prompt=prompt.text,
        # Without seed, repetitions and place in the queue: pressing 🔄 must not repeat or hurry
        # again.
        parameters=" ".join(format_flags({k: v for k, v in values.items() if k not in _UNWRITTEN})),
        size=size,
        noise=seed_noise(seed if own_seed is None else own_seed, BATCH.of(values) or usual),
        sampling=_read_sampling(prompt, card),
        inputs=inputs,
        conditions=conditions,
        finishing=Finishing(detail=detail_for_exp(EXP.of(values) or 0)),
    )
    if LORA.of(values):
        recipe = _apply_loras(recipe, LORA.of(values) or (), card)
    speed: Speed = "relax" if RELAX.of(values) else "fast"
    codes = _tell_codes(prompt, values, card)
    notes = (*prompt.notes, *spoken.notes, *told, *lost, *cut, *codes)
    return Resolved(recipe=recipe, notes=notes, speed=speed)


def _is_planned(
    spoken: TaughtWords, inputs: Inputs, conditions: Conditions, values: Mapping[str, Any]
) -> bool:
    """Whether nothing but the person's words, and what they refer to, says what to show.

    A plan has edges, which do not meet; and it is of words that all pictures have in common, where
    chaos wants each to go its own way.
    """
    references = conditions.references
    named = spoken.planned or any(one.role != "style" for one in references)
    # Guidance, which draws away what is not wanted, does so beside image adapters.
    apart = bool(references) and conditions.repels
    alone = inputs == Inputs() and conditions.structure is None and not apart
    return named and alone and not any(flag.of(values) for flag in (TILE, CHAOS, WEIRD))


def _tell_codes(prompt: Prompt, values: Mapping[str, Any], card: Card) -> Iterator[str]:
    """That style codes were left out, or what code was drawn for a random one."""
    if card.taught and (typed := list_codes(prompt.flags)):
        yield Sentence(said.LEFT_OUT_HERE, typed=STYLE.format(typed))
    elif values != prompt.flags:
        yield Sentence(said.STYLE_CODE, typed=STYLE.format(STYLE.of(values) or ()))


def _read_sampling(prompt: Prompt, card: Card) -> Sampling:
    values = prompt.flags
    stop = STOP.of(values)
    return Sampling(
        steps=_count_steps(prompt, card),
        guidance=GUIDANCE.of(values) or card.guidance,
        sampler=SAMPLER.of(values) or card.sampler,
        stop=1.0 if stop is None else stop / 100,
        seamless=bool(TILE.of(values)),
        rescale=card.rescale,
        float8=card.float8,
    )


def _apply_loras(recipe: Recipe, words: Sequence[str], card: Card) -> Recipe:
    """The recipe with LoRAs, and with the words that wake them where they are not said anyway."""
    named = tuple(select_called(words, card.loras))
    said_already = recipe.prompt.casefold()
    # A word that is in the prompt already would only count twice.
    triggers = [one.trigger for one, _ in named if one.trigger.casefold() not in said_already]
    loras = tuple(
        Lora(name=one.name, weight=weight, version=one.source.version) for one, weight in named
    )
    phrases = _add_triggers(recipe.conditions.phrases, triggers)
    return replace(recipe, conditions=replace(recipe.conditions, phrases=phrases, loras=loras))


def _add_triggers(phrases: Sequence[Phrase], triggers: Sequence[str]) -> tuple[Phrase, ...]:
    """Phrases with words that wake LoRAs behind each that is wanted."""
    wanted = phrases or (Phrase(text=""),)
    return tuple(
        replace(one, text=", ".join(filter(None, (one.text, *triggers)))) if one.weight > 0 else one
        for one in (wanted if triggers else phrases)
    )


def _count_steps(prompt: Prompt, card: Card) -> int:
    values = prompt.flags
    # A distilled model was trained on its own few timesteps and knows no others.
    if card.distilled:
        return card.steps
    quality = QUALITY.of(values) or 1
    return STEPS.of(values) or steps_for_quality(
        card.steps, quality * _DRAFT_QUALITY if DRAFT.of(values) else quality
    )
