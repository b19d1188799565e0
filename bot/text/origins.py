"""Where values of a recipe came from, for people: typed, kept somewhere, or the model's own."""

from collections.abc import Iterator, Mapping
from typing import Any

from bot.text import messages, sentences, titles
from bot.text.languages import retell, say
from generation.catalogue.families import find_card
from generation.recipe import Recipe
from prompt.flags.table import BY_NAME, FLAGS, SEED
from prompt.resolution.fitting import parse_flags
from prompt.resolution.presets import BETWEEN, WORDS, Origin, describe_origin
from prompt.resolution.resolve import Resolved
from storage.queue.jobs import Job


def inherit_origins(parent: Job, recipe: Recipe) -> dict[str, str]:
    """What is kept of where values came from for pictures made of earlier ones.

    A flag that the new recipe has as its parent had it came from where it came then; any other
    was typed into the form.

    Args:
        parent: The job of the earlier pictures.
        recipe: What is made of them.
    """
    before = Recipe.from_json(parent.recipe)
    old, new = parse_flags(before.parameters), parse_flags(recipe.parameters)
    known = parent.origins or {}
    kept = {
        name: known.get(name, Origin.FLAG.value) if old.get(name) == value else Origin.FLAG.value
        for name, value in new.items()
    }
    if recipe.prompt == before.prompt and WORDS in known:
        kept[WORDS] = known[WORDS]
    if SEED.name in known and recipe.noise[0] == before.noise[0]:
        kept[SEED.name] = known[SEED.name]
    return kept | titles.inherit_title(known, before, recipe)


def keep_choice(resolved: Resolved) -> dict[str, str]:
    """What is kept where the image decided which model draws."""
    return {messages.BY_IMAGE: "1"} if resolved.by_image else {}


def write_origins(job: Job, recipe: Recipe) -> list[str]:
    """One line of small print for each place that values came from, the one counting most first."""
    places = _group_places(job, recipe)
    return [f"-# {place}: {what}" for place, what in places]


def _group_places(job: Job, recipe: Recipe) -> Iterator[tuple[str, str]]:
    known = job.origins or {}
    groups: dict[str, list[str]] = {}
    for place in filter(None, known.get(WORDS, "").split(BETWEEN)):
        groups.setdefault(place, []).append(say(sentences.ORIGIN_WORDS))
    for name, value in _list_chosen(known, recipe).items():
        place = known.get(name, Origin.FLAG.value)
        written = titles.name_links(BY_NAME[name].format(value))
        groups.setdefault(place, []).append(messages.format_code(written))
    for place in sorted(groups, key=_rank):
        yield retell(describe_origin(place)), " ".join(groups[place])
    if own := _list_own(recipe):
        yield say(sentences.ORIGIN_CARD), " ".join(own)


def _list_chosen(known: Mapping[str, str], recipe: Recipe) -> dict[str, Any]:
    """The flags of a recipe by name, with the seed where somebody chose it."""
    values = dict(parse_flags(recipe.parameters))
    return values | ({SEED.name: recipe.noise[0].seed} if SEED.name in known else {})


def _rank(place: str) -> int:
    """In which place something counts: the first most."""
    return next(k for k, s in enumerate(Origin) if place.startswith(s.value) or s is Origin.COMMAND)


def _list_own(recipe: Recipe) -> list[str]:
    """What nobody decided, and is therefore the family's own."""
    family, given = find_card(recipe.family), parse_flags(recipe.parameters)
    own = recipe.sampling
    made = {"steps": own.steps, "cfg": own.guidance, "sampler": own.sampler}
    return [
        messages.format_code(row.format(made[row.name]))
        for row in FLAGS
        if row.native and made.get(row.name) == row.native(family) and row.name not in given
    ]
