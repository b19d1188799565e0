"""Check: what a family cannot draw of a prompt, said before anything is fetched or queued."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any, Final

from generation.catalogue.card import Capability, Card
from generation.catalogue.loras import list_unknown
from prompt import sentences as said
from prompt.errors import PromptError
from prompt.flags.table import (
    BY_NAME,
    CONTROL,
    EDIT,
    GUIDANCE,
    HD,
    LORA,
    MODEL,
    NO,
    RATIO,
    SAMPLER,
    TILE,
)
from prompt.reading.embeddings import place_embeddings
from prompt.reading.grammar import Prompt, format_prompt
from prompt.resolution.inputs import select_painted
from prompt.resolution.notes import IDLE, find_refusals, keeps_image
from prompt.resolution.presets import Merged, Origin, describe_origin
from prompt.resolution.references import (
    MOST,
    NAMING,
    find_codes,
    find_links,
    list_addresses,
)
from prompt.resolution.taught import find_misunderstood
from prompt.resolution.versions import explain_unknown
from prompt.sentences import Sentence

_NEEDING: Final = frozenset(name for name, row in BY_NAME.items() if row.capability is not None)
"""Flags that a family may not be able to do; most prompts have few of them, or none."""

_CHECKED: Final = _NEEDING | IDLE | NAMING | {LORA.name, MODEL.name, RATIO.name, SAMPLER.name}
"""Flags that could be in the way."""

_PUSHING: Final = "negative phrases"
_MISUNDERSTOOD: Final = "unknown words"
_LACKING: Final = {
    CONTROL.name: said.NO_STRUCTURE,
    EDIT.name: said.NO_EDITING,
    HD.name: said.NO_HD,
    NO.name: said.NO_NEGATIVE,
    TILE.name: said.NO_TILE,
    GUIDANCE.name: said.NO_GUIDANCE,
}


def check(prompt: Prompt, card: Card, *, images: int, words: bool = True) -> None:
    """Refuse what this family cannot draw, before any image is fetched or a job accepted.

    Args:
        prompt: The person's words.
        card: The family that will draw.
        images: How many image prompts there are.
        words: Whether words that mean nothing to the family are in the way, too: of a picture that
            is drawn from another they are not.

    Raises:
        PromptError: With a sentence for everything that cannot be done, and the prompt without it.
    """
    problems = dict(find_problems(prompt, card, images))
    misunderstood = None
    if words and not (images and keeps_image(prompt.flags)) and not _edits(prompt):
        misunderstood = find_misunderstood(prompt, card)
    if misunderstood:
        problems[_MISUNDERSTOOD] = misunderstood.sentence
        prompt = replace(prompt, phrases=misunderstood.phrases)
    if not problems:
        return
    # Presets and attachments have no place in the text.
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
    # Only what was typed for this prompt is worth refusing it.
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


def find_problems(prompt: Prompt, card: Card, images: int) -> Iterator[tuple[str, str]]:
    """Everything in the way, as the flag concerned (or a word for it) and a sentence."""
    # Most prompts have none of the flags that could be in the way.
    if not _CHECKED.isdisjoint(prompt.flags):
        yield from _find_flag_problems(prompt, card)
    if Capability.NEGATIVE not in card.capabilities and any(p.weight < 0 for p in prompt.phrases):
        model, capability = Sentence(card.title), Sentence(Capability.NEGATIVE)
        yield _PUSHING, Sentence(said.NO_PUSHING, model=model, capability=capability)
    yield from _find_control_problems(prompt, card, images)
    yield from _find_image_problems(prompt, card, images)


def _find_flag_problems(prompt: Prompt, card: Card) -> Iterator[tuple[str, str]]:
    flags = prompt.flags
    yield from find_refusals(flags)
    shown = find_links(flags)
    for name in filter(_NEEDING.__contains__, flags):
        if (needed := _find_lacking(name, flags[name], card)) is not None:
            template = _LACKING.get(name, said.NO_REFERENCES if name in shown else said.NOT_ABLE)
            model, capability = Sentence(card.title), Sentence(needed)
            yield name, Sentence(template, model=model, capability=capability, flag=name)
        elif len(shown.get(name, ())) > MOST:
            count = len(shown[name])
            yield name, Sentence(said.MANY_IMAGES, limit=MOST, count=count)
    for name, word in find_codes(flags):
        takes = Sentence(said.LINKS)
        yield name, Sentence(said.OTHER_VALUE, flag=name, takes=takes, word=word)
    named = flags.get(LORA.name, ())
    if card.loras and (missing := list_unknown(named, card.loras)):
        names = ", ".join(f"`{one.name}`" for one in card.loras)
        yield LORA.name, Sentence(said.NO_LORA, name=missing[0][:32], names=names)
    if MODEL.name in flags and not card.answers_to(flags[MODEL.name]):
        typed, model = MODEL.format(flags[MODEL.name]), Sentence(card.title)
        other = Sentence(said.OTHER_MODEL, typed=typed, model=model)
        yield MODEL.name, explain_unknown(flags) or other
    across, down = RATIO.of(flags) or (1, 1)
    # Compared without dividing: a ratio of 4:1 must not fail by the last bit.
    if max(across, down) > card.longest_ratio * min(across, down):
        limit, typed = f"{card.longest_ratio:g}", f"--ar {across}:{down}"
        model = Sentence(card.title)
        yield RATIO.name, Sentence(said.RATIO_RANGE, model=model, limit=limit, typed=typed)
    if SAMPLER.name in flags and flags[SAMPLER.name] not in card.samplers:
        samplers, typed = ", ".join(card.samplers), SAMPLER.format(flags[SAMPLER.name])
        model = Sentence(card.title)
        yield (
            SAMPLER.name,
            Sentence(said.OTHER_SAMPLER, model=model, samplers=samplers, typed=typed),
        )


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
    given, images = images, len(select_painted(prompt, range(images)))
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
    if card.needs_image and not (given and keeps_image(prompt.flags)) and not _edits(prompt):
        # Without the flag that names this model, another one draws.
        chosen = MODEL.name if MODEL.name in prompt.flags else "words"
        yield chosen, Sentence(said.NEEDS_IMAGE, model=Sentence(card.title))
    if EDIT.name in prompt.flags:
        yield from _find_edit_problems(prompt, images)
    elif card.needs_image:
        return  # words are welcome, and not needed
    elif not (images and keeps_image(prompt.flags)) and not _has_words(prompt, card):
        yield "words", Sentence(said.NO_WORDS)


def _has_words(prompt: Prompt, card: Card) -> bool:
    """Whether anything is said but names of embeddings that the family does not know."""
    return any(place_embeddings(one, card.learnt)[0].text for one in prompt.phrases)


def _count_read(prompt: Prompt, card: Card, images: int) -> int:
    """How many images a family that reads them itself reads: each costs as much as a picture."""
    if not card.native:
        return 0
    # A single image prompt is where denoising starts; it is not read beside the words.
    started = images == 1 and EDIT.of(prompt.flags) != ()
    return len(list_addresses(prompt.flags)) + images - started


def _edits(prompt: Prompt) -> bool:
    """Whether the prompt links to images that are to be changed."""
    return EDIT.name in find_links(prompt.flags)


def _find_edit_problems(prompt: Prompt, images: int) -> Iterator[tuple[str, str]]:
    if not EDIT.of(prompt.flags) and not images:
        yield EDIT.name, Sentence(said.EDIT_NOTHING, flag=EDIT.name)
    if not prompt.phrases:
        yield "words", Sentence(said.EDIT_WORDS)


def _mend(prompt: Prompt, card: Card, wrong: set[str], images: int) -> str | None:
    """The prompt without what is wrong with it, if there is one that can be drawn."""
    # Words cannot be invented, and attached images cannot be taken off by another text.
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
        # The nearest ratio that can be drawn is nearer to what was meant than none.
        values[RATIO.name] = (longest, 1) if across > down else (1, longest)
    phrases = tuple(p for p in prompt.phrases if _PUSHING not in wrong or p.weight > 0)
    kept = prompt.images
    if "images" in wrong:
        most = MOST if Capability.BLEND in card.capabilities else 1
        kept = kept[:most] if Capability.IMAGE_PROMPT in card.capabilities else ()
    return format_prompt(replace(prompt, phrases=phrases, images=kept, flags=values))
