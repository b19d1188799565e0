"""Orders: a text with braces and ``--repeat`` stands for several prompts, one job each."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

from generation.catalogue.card import Card
from prompt import sentences as said
from prompt.errors import PromptError
from prompt.flags.sources import PromptSource
from prompt.flags.table import MODEL, REPEAT, RIVALS
from prompt.reading.dialects import translate
from prompt.reading.grammar import Prompt, parse, parse_plain
from prompt.reading.limits import PROMPT_LIMIT, check_limits
from prompt.reading.permutations import combine, expand
from prompt.reading.separators import blank_unprintable
from prompt.resolution.check import check
from prompt.resolution.fitting import fit
from prompt.resolution.options import NO_OPTIONS, Options, add_options
from prompt.resolution.versions import ModelChoice, find_card
from prompt.sentences import Sentence

MOST_ORDERS: Final = 40
"""Most jobs that one text may stand for (Midjourney's own limit, docs.midjourney.com)."""

_MOST_CHARACTERS: Final = 10 * PROMPT_LIMIT
"""Characters of all prompts that one text stands for."""

_CHOICES: Final = frozenset({MODEL.name, *RIVALS[MODEL.name]})


@dataclass(frozen=True, slots=True)
class Order:
    """One job of a text.

    Attributes:
        prompt: What to draw.
        copy: Which of its repetitions, from 0; each has seeds of its own.
    """

    prompt: Prompt
    copy: int


def read_orders(
    text: str,
    limit: int = MOST_ORDERS,
    *,
    source: PromptSource = PromptSource.IMAGINE,
    options: Options = NO_OPTIONS,
) -> tuple[Order, ...]:
    """Every job that ``text`` stands for, in reading order.

    Args:
        text: A prompt as typed.
        limit: Most jobs that it may stand for.
        source: Where it was typed.
        options: What was chosen beside it.

    Raises:
        PromptError: One of the prompts cannot be read, or there are more than ``limit``.
    """
    check_limits(text)
    # What is plain stands for itself alone, and is read once.
    plain = parse_plain(blank_unprintable(text))
    read = [plain] if plain is not None else _read_each(text, limit, options)
    prompts = [fit(add_options(each, options), source) for each in read]
    if len(prompts) == 1 and REPEAT.name not in prompts[0].flags:
        return (Order(prompts[0], 0),)
    counts = [REPEAT.of(prompt.flags) or 1 for prompt in prompts]
    # Repetitions count like choices, and both multiply.
    if sum(counts) > limit:
        raise refuse_too_many(text, sum(counts), limit)
    return tuple(
        Order(prompt, copy)
        for prompt, count in zip(prompts, counts, strict=True)
        for copy in range(count)
    )


def _read_each(text: str, limit: int, options: Options) -> list[Prompt]:
    """Every prompt that a text stands for, without options."""
    whole, notes = translate(text)
    # Translated first: JSON of other programs is full of braces, which are no choices.
    texts = expand(whole, limit)
    if (count := sum(map(len, texts))) > _MOST_CHARACTERS and len(texts) > 1:
        raise PromptError(Sentence(said.TOO_LONG, limit=_MOST_CHARACTERS, count=count))
    # Pieces that come together may mean something else; what stands for itself alone does not.
    alone = texts == [whole] and "{" not in whole
    read = [_try(each, translated=alone) for each in texts]
    if refused := next((one for one in read if isinstance(one, PromptError)), None):
        raise _refuse_all(refused, [_suggest(one, options) for one in read])
    prompts = [one for one in read if isinstance(one, Prompt)]
    if notes:
        prompts = [replace(each, notes=(*notes, *each.notes)) for each in prompts]
    return prompts


def check_all(wanted: Sequence[Prompt], draws: ModelChoice, *, attached: int) -> None:
    """Refuse what a family cannot draw of several prompts that came as one text.

    Args:
        wanted: The prompts.
        draws: What will draw.
        attached: How many images come with each besides those it links to.

    Raises:
        PromptError: With what is wrong with the first, and all of them without what is wrong.
    """
    refusals = [_find_refusal(each, find_card(draws, each), attached) for each in wanted]
    if first := next(filter(None, refusals), None):
        texts = [
            error.suggestion if error else each.spelling
            for each, error in zip(wanted, refusals, strict=True)
        ]
        raise _refuse_all(first, texts)


def name_alternatives(
    error: PromptError, wanted: Sequence[Prompt], served: Sequence[Card], *, attached: int
) -> PromptError:
    """The refusal of prompts, with what can be chosen where there is a choice.

    That is a model that can draw all of them, if none asks for one; or the names of all models, if
    one asks for another.

    Args:
        error: The refusal.
        wanted: The prompts.
        served: The cards of what draws here, the usual one's first.
        attached: How many images come with each besides those it links to.
    """
    if len(served) == 1:
        return error
    if any(_is_unserved(each, served) for each in wanted):
        names = ", ".join(f"`{card.called}`" for card in served)
        return _extend(error, Sentence(said.SERVED, flag=MODEL.name, names=names))
    if any(not _CHOICES.isdisjoint(each.flags) for each in wanted):
        return error
    for card in served[1:]:
        # One model for all of them, since a text with braces is one request.
        if not any(_find_refusal(each, card, attached) for each in wanted):
            named = {MODEL.name: card.called}
            asked = [replace(each, flags={**each.flags, **named}) for each in wanted]
            other = Sentence(said.OTHER_CAN, typed=MODEL.format(card.called))
            return _extend(error, other, combine([each.spelling for each in asked]))
    return error


def _is_unserved(prompt: Prompt, served: Sequence[Card]) -> bool:
    name = MODEL.of(prompt.flags)
    return name is not None and not any(card.answers_to(name) for card in served)


def _extend(error: PromptError, sentence: Sentence, suggestion: str | None = None) -> PromptError:
    whole = suggestion or error.suggestion
    return PromptError((*error.sentences, sentence), error.position, whole)


def _find_refusal(prompt: Prompt, card: Card, attached: int) -> PromptError | None:
    try:
        check(prompt, card, images=attached + len(prompt.images))
    except PromptError as error:
        return error
    return None


def _try(text: str, *, translated: bool = False) -> Prompt | PromptError:
    """The prompt that a text spells, or why it spells none."""
    try:
        return parse(text, translated=translated)
    except PromptError as error:
        return error


def _suggest(read: Prompt | PromptError, options: Options) -> str | None:
    """A prompt in canonical spelling, put right if need be, with the options in its text."""
    mended = read if isinstance(read, Prompt) else read.suggestion and _try(read.suggestion)
    if isinstance(mended, Prompt):
        return add_options(mended, options).spelling
    return read.suggestion if isinstance(read, PromptError) else None


def _refuse_all(error: PromptError, texts: Sequence[str | None]) -> PromptError:
    """The refusal of one of several prompts, with a suggestion that stands for all of them."""
    whole = combine([text for text in texts if text is not None])
    return PromptError(error.sentences, error.position, whole)


def refuse_too_many(text: str, count: int, limit: int) -> PromptError:
    """The refusal of a text that stands for more jobs than are allowed."""
    return PromptError(
        Sentence(said.TOO_MANY_JOBS, count=count, limit=limit), max(text.find("{"), 0)
    )


def list_prompts(some: Sequence[Order], most: int) -> list[str]:
    """The different prompts' words and flags, up to ``most`` of them, for people to look over."""
    texts = dict.fromkeys(order.prompt.spelling for order in some)
    return list(texts)[:most]
