"""Prompt to recipe: every open choice is made here, and what cannot be done is said here.

Nothing is ignored in silence: a flag either acts, or is refused with what to do instead, or a note
says why it made no difference.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Any, Final, Literal, TypeVar, cast

from generation.catalogue.card import Capability, Card
from generation.catalogue.loras import called, unknown
from generation.controls import (
    factor_for_image_weight,
    scale_for_image_weight,
    steps_for_quality,
    strength_for_image_weight,
)
from generation.derive import GRID
from generation.recipe import (
    Ingredient,
    Lora,
    Phrase,
    Recipe,
    Start,
    Structure,
    StructureKind,
    seeded,
)
from prompt import sentences as said
from prompt.errors import PromptError
from prompt.flags.table import (
    BATCH,
    BY_NAME,
    CONTROL,
    CONTROL_END,
    CONTROL_SCALE,
    DRAFT,
    EDIT,
    FAST,
    GUIDANCE,
    HD,
    IMAGE_WEIGHT,
    LORA,
    MODEL,
    NO,
    PRESET,
    QUALITY,
    RATIO,
    RELAX,
    REPEAT,
    SAMPLER,
    SEED,
    STEPS,
    STRENGTH,
    STYLE,
    TILE,
)
from prompt.reading.grammar import Prompt, format_flags, format_prompt, parse
from prompt.reading.permutations import combine, expand
from prompt.resolution.aesthetics import apply_stylize, derive_aesthetics
from prompt.resolution.notes import find_refusals, keeps_image, write_notes
from prompt.resolution.presets import Merged, Origin, describe_origin
from prompt.resolution.references import (
    MOST,
    StoredImages,
    apply_codes,
    collect_edited,
    collect_references,
    draw_codes,
    find_codes,
    find_links,
    list_addresses,
)
from prompt.resolution.versions import DEFAULTS, ModelChoice, Versions, explain_unknown, find_card
from prompt.sentences import Sentence

Speed = Literal["fast", "relax"]

_UNWRITTEN: Final = frozenset(flag.name for flag in (SEED, REPEAT, PRESET, FAST, RELAX))
_DRAFT_QUALITY: Final = 0.5
_MOST_MENDINGS: Final = 4
_MOST_CHOICES: Final = 40
_PUSHING: Final = "negative phrases"
_LACKING: Final = {
    CONTROL.name: said.NO_STRUCTURE,
    EDIT.name: said.NO_EDITING,
    HD.name: said.NO_HD,
    NO.name: said.NO_NEGATIVE,
    TILE.name: said.NO_TILE,
    GUIDANCE.name: said.NO_GUIDANCE,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    """A prompt with every choice made.

    Attributes:
        recipe: What to make.
        notes: What the person should know about how the prompt was read, one sentence each.
        speed: Place in the queue that was asked for.
    """

    recipe: Recipe
    notes: tuple[str, ...] = ()
    speed: Speed = "fast"


def resolve(
    prompt: Prompt,
    card: Card,
    *,
    model: str,
    seed: int,
    images: Sequence[str] = (),
    kept: StoredImages = MappingProxyType({}),
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
        versions: Family by version of Midjourney.

    Raises:
        PromptError: The family cannot draw it; the error says what would work.
    """
    check(prompt, card, images=len(images))
    told = write_notes(prompt, card, versions, images=len(images))
    values = draw_codes(prompt.flags, seed)
    width, height = card.size(*(RATIO.of(values) or (1, 1)))
    own_seed = SEED.of(values)
    recipe = Recipe(
        family=card.id,
        model=model,
        prompt=prompt.text,
        parameters=" ".join(format_flags({k: v for k, v in values.items() if k not in _UNWRITTEN})),
        phrases=apply_stylize(apply_codes(prompt.phrases, values), values, card),
        negative=", ".join([*(NO.of(values) or ()), *filter(None, [card.avoided])]),
        width=width,
        height=height,
        pictures=seeded(seed if own_seed is None else own_seed, BATCH.of(values) or GRID),
        steps=_count_steps(prompt, card),
        guidance=GUIDANCE.of(values) or card.guidance,
        sampler=SAMPLER.of(values) or card.sampler,
        structure=_read_structure(prompt, images),
        **_read_images(prompt, card, tuple(dict.fromkeys(images)), kept),
        **derive_aesthetics(values),
    )
    if shown := collect_references(values, card, kept):
        recipe = replace(recipe, references=shown)
    if LORA.of(values):
        recipe = _apply_loras(recipe, LORA.of(values) or (), card)
    speed: Speed = "relax" if RELAX.of(values) else "fast"
    drawn = [] if values == prompt.flags else [STYLE.format(STYLE.of(values) or ())]
    codes = (Sentence(said.STYLE_CODE, typed=typed) for typed in drawn)
    return Resolved(recipe=recipe, notes=(*prompt.notes, *told, *codes), speed=speed)


def _apply_loras(recipe: Recipe, words: Sequence[str], card: Card) -> Recipe:
    """The recipe with LoRAs, and with the words that wake them where they are not said anyway."""
    worn = tuple(called(words, card.loras))
    said_already = recipe.prompt.casefold()
    triggers = [one.trigger for one, _ in worn if one.trigger.casefold() not in said_already]
    loras = tuple(
        Lora(name=one.name, weight=weight, version=one.source.version) for one, weight in worn
    )
    return replace(recipe, phrases=_add_triggers(recipe.phrases, triggers), loras=loras)


def _add_triggers(phrases: Sequence[Phrase], triggers: Sequence[str]) -> tuple[Phrase, ...]:
    """Phrases with words that wake LoRAs behind each that is wanted."""
    wanted = phrases or (Phrase(text=""),)
    return tuple(
        replace(one, text=", ".join(filter(None, (one.text, *triggers)))) if one.weight > 0 else one
        for one in (wanted if triggers else phrases)
    )


def check(prompt: Prompt, card: Card, *, images: int) -> None:
    """Refuse what this family cannot draw, before any image is fetched or a job accepted.

    Args:
        prompt: The person's words.
        card: The family that will draw.
        images: How many image prompts there are.

    Raises:
        PromptError: With a sentence for everything that cannot be done, and the prompt without it.
    """
    problems = dict(find_problems(prompt, card, images))
    if not problems:
        return
    places = [prompt.places[name] for name in problems if name in prompt.places]
    raise PromptError(
        tuple(dict.fromkeys(problems.values())),
        min(places, default=None),
        _mend(prompt, card, set(problems), images),
    )


def drop_unreachable(merged: Merged, card: Card, *, images: int) -> Merged:
    """Merged without the flags that the family cannot do, and a note for each.

    What the person typed stays, and is refused by ``check``; what was decided earlier, perhaps
    when another model ran, must not have every prompt refused.

    Args:
        merged: A prompt with everything added.
        card: The family that will draw.
        images: How many image prompts there are.
    """
    problems = dict(find_problems(merged.prompt, card, images))
    kept = {k: v for k, v in merged.origins.items() if v != Origin.FLAG.value}
    beyond = {name: problems[name] for name in kept if name in problems}
    if not beyond:
        return merged
    values = {k: v for k, v in merged.prompt.flags.items() if k not in beyond}
    notes = (
        Sentence(said.LAYER_BEYOND, layer=describe_origin(kept[name]), reason=reason)
        for name, reason in beyond.items()
    )
    told = (*merged.prompt.notes, *notes)
    return Merged(
        replace(merged.prompt, flags=values, notes=told),
        {name: where for name, where in merged.origins.items() if name not in beyond},
    )


def mend_suggestion(error: PromptError, draws: ModelChoice, *, attached: int = 0) -> PromptError:
    """The same refusal with a suggestion that the family can draw, or with none.

    What a suggestion of the grammar says may still be out of the family's reach, and so on.

    Args:
        error: The refusal of a prompt.
        draws: What will draw.
        attached: How many images come with the prompt besides those it links to.
    """
    if error.suggestion is None:
        return error
    texts = [
        _make_drawable(text, draws, attached) for text in expand(error.suggestion, _MOST_CHOICES)
    ]
    whole = combine([text for text in texts if text is not None])
    return PromptError(error.sentences, error.position, whole)


def _make_drawable(text: str, draws: ModelChoice, attached: int) -> str | None:
    """What is left of a prompt without all that is wrong with it, if there is anything."""
    for _ in range(_MOST_MENDINGS):
        try:
            prompt = parse(text)
            check(prompt, find_card(draws, prompt), images=attached + len(prompt.images))
        except PromptError as further:
            if further.suggestion is None:
                return None
            text = further.suggestion
        else:
            return text
    return None


def find_problems(prompt: Prompt, card: Card, images: int) -> Iterator[tuple[str, str]]:
    """Everything in the way, as the flag concerned (or a word for it) and a sentence."""
    yield from find_refusals(prompt.flags)
    title, shown = Sentence(card.title), find_links(prompt.flags)
    for name in prompt.flags:
        if (needed := _find_lacking(name, prompt.flags[name], card)) is not None:
            template = _LACKING.get(name, said.NO_REFERENCES if name in shown else said.NOT_ABLE)
            yield name, Sentence(template, model=title, capability=Sentence(needed), flag=name)
        elif len(shown.get(name, ())) > MOST:
            count = len(shown[name])
            yield name, Sentence(said.MANY_IMAGES, limit=MOST, count=count)
    for name, word in find_codes(prompt.flags):
        takes = Sentence(said.LINKS)
        yield name, Sentence(said.OTHER_VALUE, flag=name, takes=takes, word=word)
    if missing := _find_missing_loras(prompt, card):
        names = ", ".join(f"`{one.name}`" for one in card.loras)
        yield LORA.name, Sentence(said.NO_LORA, name=missing[0][:32], names=names)
    model = MODEL.of(prompt.flags)
    if model is not None and not card.answers_to(model):
        other = Sentence(said.OTHER_MODEL, typed=MODEL.format(model), model=title)
        yield MODEL.name, explain_unknown(prompt.flags) or other
    across, down = RATIO.of(prompt.flags) or (1, 1)
    if max(across, down) > card.longest_ratio * min(across, down):
        limit, typed = f"{card.longest_ratio:g}", f"--ar {across}:{down}"
        yield RATIO.name, Sentence(said.RATIO_RANGE, model=title, limit=limit, typed=typed)
    sampler = SAMPLER.of(prompt.flags)
    if sampler is not None and sampler not in card.samplers:
        samplers, typed = ", ".join(card.samplers), SAMPLER.format(sampler)
        yield (
            SAMPLER.name,
            Sentence(said.OTHER_SAMPLER, model=title, samplers=samplers, typed=typed),
        )
    if Capability.NEGATIVE not in card.capabilities and any(p.weight < 0 for p in prompt.phrases):
        capability = Sentence(Capability.NEGATIVE)
        yield _PUSHING, Sentence(said.NO_PUSHING, model=title, capability=capability)
    yield from _find_control_problems(prompt, card, images)
    yield from _find_image_problems(prompt, card, images)


def _find_missing_loras(prompt: Prompt, card: Card) -> list[str]:
    """LoRAs that are called and that a family which wears LoRAs does not have."""
    return unknown(LORA.of(prompt.flags) or (), card.loras) if card.loras else []


def _find_lacking(name: str, value: object, card: Card) -> Capability | None:
    """What the family would have to be able to do for a flag, and is not."""
    row = BY_NAME[name]
    needed = row.capability
    if needed is None or needed in card.capabilities:
        return None
    return needed if row.requires(value) else None


def _find_control_problems(prompt: Prompt, card: Card, images: int) -> Iterator[tuple[str, str]]:
    kind = CONTROL.of(prompt.flags)
    if kind is None or Capability.STRUCTURE not in card.capabilities:
        return
    if kind not in card.structures:
        kinds = ", ".join(f"`{one}`" for one in card.structures)
        title, typed = Sentence(card.title), CONTROL.format(kind)
        yield CONTROL.name, Sentence(said.OTHER_STRUCTURE, model=title, kinds=kinds, typed=typed)
    elif not images:
        yield CONTROL.name, Sentence(said.CONTROL_IMAGE)


def _find_image_problems(prompt: Prompt, card: Card, images: int) -> Iterator[tuple[str, str]]:
    images = len(select_painted(prompt, range(images)))
    if images and Capability.IMAGE_PROMPT not in card.capabilities:
        yield (
            "images",
            Sentence(
                said.NO_IMAGES,
                model=Sentence(card.title),
                capability=Sentence(Capability.IMAGE_PROMPT),
            ),
        )
    elif images > 1 and Capability.BLEND not in card.capabilities:
        yield "images", Sentence(said.ONE_IMAGE, count=images)
    elif (count := max(images, _count_read(prompt, card, images))) > MOST:
        yield "images", Sentence(said.MANY_IMAGES, limit=MOST, count=count)
    if EDIT.name in prompt.flags:
        yield from _find_edit_problems(prompt, images)
    elif not prompt.phrases and not (images and keeps_image(prompt.flags)):
        yield "words", Sentence(said.NO_WORDS)


def _count_read(prompt: Prompt, card: Card, images: int) -> int:
    """How many images a family that reads them itself reads: each costs as much as a picture."""
    if not card.native:
        return 0
    started = images == 1 and EDIT.of(prompt.flags) != ()
    return len(list_addresses(prompt.flags)) + images - started


def _find_edit_problems(prompt: Prompt, images: int) -> Iterator[tuple[str, str]]:
    if not EDIT.of(prompt.flags) and not images:
        yield EDIT.name, Sentence(said.EDIT_NOTHING, flag=EDIT.name)
    if not prompt.phrases:
        yield "words", Sentence(said.EDIT_WORDS)


def _count_steps(prompt: Prompt, card: Card) -> int:
    values = prompt.flags
    if card.distilled:
        return card.steps
    quality = QUALITY.of(values) or 1
    return STEPS.of(values) or steps_for_quality(
        card.steps, quality * _DRAFT_QUALITY if DRAFT.of(values) else quality
    )


_One = TypeVar("_One")


def select_painted(prompt: Prompt, images: Sequence[_One]) -> Sequence[_One]:
    """The image prompts but for one whose structure alone is kept.

    That is the first, beside ``--control``. If there is no other, and a flag says how much of an
    image is painted over, it is the start as well.
    """
    values = prompt.flags
    if CONTROL.of(values) is None:
        return images
    told = IMAGE_WEIGHT.name in values or STRENGTH.name in values
    return images if len(images) == 1 and told else images[1:]


def _read_structure(prompt: Prompt, images: Sequence[str]) -> Structure | None:
    """What is kept of the first image, if ``--control`` says so."""
    kind = cast("StructureKind | None", CONTROL.of(prompt.flags))
    if kind is None:
        return None
    scale, end = (flag.of(prompt.flags) for flag in (CONTROL_SCALE, CONTROL_END))
    return Structure(kind=kind, image=images[0], scale=scale or 1.0, end=end or 1.0)


def _read_images(
    prompt: Prompt, card: Card, images: Sequence[str], kept: StoredImages
) -> dict[str, Any]:
    """What a recipe has of image prompts and of those to edit: a start, a blend, an edit.

    One is the start. Several are blended; with a strength, the first is the start and the others
    are blended, so that none counts twice. With ``--edit`` and no links behind it, they are those
    to edit instead.
    """
    values = prompt.flags
    images = select_painted(prompt, images) if keeps_image(values) else ()
    changed = collect_edited(values, images, kept)
    begun = {} if EDIT.of(values) == () else _begin(images, values, card)
    return {**begun, "edit": changed} if changed else begun


def _begin(images: Sequence[str], values: Mapping[str, Any], card: Card) -> dict[str, Any]:
    """A start, a blend, or both."""
    if not images:
        return {}
    weight, strength = IMAGE_WEIGHT.of(values), STRENGTH.of(values)
    weight = 1.0 if weight is None else weight
    begun, mixed = (images[:1], images[1:]) if len(images) == 1 or strength else ((), images)
    made: dict[str, Any] = {}
    if begun:
        if strength is None:
            strength = strength_for_image_weight(weight, card.image_strengths)
        made["start"] = Start(image=begun[0], strength=strength)
    if mixed:
        made["blend"] = tuple(Ingredient(image=image) for image in mixed)
        pull = factor_for_image_weight if card.native else scale_for_image_weight
        made["pull"] = pull(weight or 1.0)
    return made


def _mend(prompt: Prompt, card: Card, wrong: set[str], images: int) -> str | None:
    """The prompt without what is wrong with it, if there is one that can be drawn."""
    if "words" in wrong or ("images" in wrong and len(prompt.images) != images):
        return None
    values: dict[str, Any] = {
        name: value
        for name, value in prompt.flags.items()
        if name not in wrong and BY_NAME[name].partner not in wrong
    }
    if RATIO.name in wrong:
        across, down = prompt.flags[RATIO.name]
        longest = int(card.longest_ratio)
        values[RATIO.name] = (longest, 1) if across > down else (1, longest)
    phrases = tuple(p for p in prompt.phrases if _PUSHING not in wrong or p.weight > 0)
    kept = prompt.images
    if "images" in wrong:
        most = MOST if Capability.BLEND in card.capabilities else 1
        kept = kept[:most] if Capability.IMAGE_PROMPT in card.capabilities else ()
    return format_prompt(replace(prompt, phrases=phrases, images=kept, flags=values))
