"""Derivations with the words that were there, or with others from a form."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from bot.components.buttons import Derivation
from bot.requests.models import ServedModels
from bot.requests.sent_images import SentImages
from generation.catalogue.served import ServedModel, find_named
from generation.derive import Parent, is_redrawn, reword
from generation.recipe import Recipe
from prompt.errors import PromptError
from prompt.flags.sources import PromptSource
from prompt.flags.table import CONTROL, EDIT, MODEL
from prompt.reading.grammar import Prompt, format_prompt
from prompt.resolution.check import check
from prompt.resolution.fitting import fit, parse_flags
from prompt.resolution.resolve import Resolved, resolve
from prompt.sentences import PARENT_MODEL, Sentence

Change = Callable[[Parent, int], Resolved]
"""A picture and a fresh seed → what to make, and what to tell of the words it was asked for in."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """The images of a form, which are fetched after it was acknowledged.

    Attributes:
        links: Their addresses.
        kept: SHA-256 of each by its address, once they are fetched.
        shapes: Width and height of these and of what the earlier pictures were made from.
    """

    links: Sequence[str]
    kept: dict[str, str] = field(default_factory=dict)
    shapes: dict[str, tuple[int, int]] = field(default_factory=dict)

    async def fetch(self, images: SentImages, person: int) -> None:
        """Keeps what is behind the addresses, for somebody."""
        for url in self.links:
            self.kept[url] = await images.keep(url, person)


def keep_words(derivation: Derivation) -> Change:
    """A derivation without other words."""
    return lambda parent, seed: Resolved(recipe=derivation(parent, seed))


def change_words(
    models: ServedModels,
    derivation: Derivation,
    prompt: Prompt,
    source: PromptSource,
    fetched: Fetched,
) -> Change:
    """A derivation that takes its words and numbers from another prompt, size only if told.

    ``fetched`` has the prompt's images by the time that anything is derived. What it returns raises
    ``PromptError`` where the words cannot be drawn.
    """

    def change(parent: Parent, seed: int) -> Resolved:
        made, old = derivation(parent, seed), parent.recipe
        # A picture drawn into or from another keeps that one's size, whatever ratio is typed.
        bound = _is_bound(made) or is_redrawn(old)
        typed_in = PromptSource.PICTURE if bound and source is not PromptSource.ZOOM else source
        # Flags that were in the form unchanged are not reported as having no effect.
        words = fit(prompt, typed_in, before=parse_flags(old.parameters))
        one = models.find_maker(old)
        _require_same(models, words, one)
        images = _list_prompt_images(old, prompt)
        if not bound:
            # Nothing of the earlier picture tells what to show, so the words have to.
            check(words, one.card, images=len(images))
        resolved = resolve(
            words,
            one.card,
            model=one.model,
            seed=seed,
            images=images,
            kept=fetched.kept,
            shapes=fetched.shapes,
            versions=models.versions,
        )
        # Only 🔄 makes pictures that owe nothing to the earlier ones, so only it may change
        # their size.
        sized = typed_in is PromptSource.REROLL
        recipe = reword(made, resolved.recipe, bound=bound, sized=sized)
        return replace(resolved, recipe=recipe)

    return change


def _require_same(models: ServedModels, prompt: Prompt, parent: ServedModel) -> None:
    """Refuses words for a model that draws here, but did not draw the picture.

    Raises:
        PromptError: They are; without that flag the prompt can be drawn.
    """
    name = MODEL.of(prompt.flags)
    if name is None or parent.card.answers_to(name) or not find_named(models.by_name, name):
        return
    values = {key: value for key, value in prompt.flags.items() if key != MODEL.name}
    typed, title = MODEL.format(name), Sentence(parent.card.title)
    raise PromptError(
        Sentence(PARENT_MODEL, typed=typed, model=title),
        prompt.places.get(MODEL.name),
        format_prompt(replace(prompt, flags=values)),
    )


def _is_bound(made: Recipe) -> bool:
    """Whether what is made holds to images of its own, which other words leave as they are."""
    inputs = made.inputs
    return inputs.canvas is not None or bool(inputs.blend or inputs.edit) or is_redrawn(made)


def _list_prompt_images(old: Recipe, prompt: Prompt) -> list[str]:
    """SHA-256 of the images at the front of a recipe's prompt, where they can be told.

    Args:
        old: The recipe.
        prompt: What it is drawn with now: without ``--control`` no structure is kept.
    """
    structure = old.conditions.structure
    kept = [structure.image] if structure and CONTROL.name in prompt.flags else []
    if old.inputs.start:
        return [*kept, old.inputs.start.image]
    # Links in the flag are fetched as such; without it, words under a picture edited that one.
    linked = EDIT.of(parse_flags(old.parameters))
    return kept if linked else kept + [one.image for one in old.inputs.edit]
