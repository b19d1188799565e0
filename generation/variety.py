"""Prompt variety: words that each picture's seed adds to the prompt (``--chaos``, ``--weird``).

A model that draws much the same for every seed has nothing but its words to be led by. So each of
the pictures reads the prompt with words of its own behind it, counting as much as the recipe says
(``chaos``), and with an odd idea (``weirdness``). They come from the seed of the picture's noise: a
picture alone is its quarter, a variation keeps them, and 🔄 brings others.
"""

from dataclasses import replace

from generation.catalogue.families import find_card
from generation.recipe import Noise, Phrase, Recipe
from generation.styles import apply_styles


def split_by_picture(recipe: Recipe) -> list[Recipe]:
    """The recipe as text encoders read it: one for all pictures, or one for each if words vary.

    In each of several, ``phrases`` are those of its picture.
    """
    # One for all, so that the words are encoded once.
    if not recipe.conditions.vary_by_picture:
        return [recipe]
    each = (add_variety(recipe, noise) for noise in recipe.noise)
    return [
        replace(recipe, conditions=replace(recipe.conditions, phrases=phrases)) for phrases in each
    ]


def add_variety(recipe: Recipe, noise: Noise) -> tuple[Phrase, ...]:
    """The phrases that one of a recipe's pictures is drawn from."""
    known, seed = find_card(recipe.family).vocabulary, noise.seed
    # By one seed: tables of lengths without a common factor do not go in step.
    look = ", ".join(table[seed % len(table)] for table in known.looks)
    # Each look is split once more by the idea, so both keep their shares beside each other.
    looking = apply_styles(recipe.conditions.phrases, [(look, 1.0)], recipe.conditions.chaos)
    return apply_styles(
        looking, [(known.ideas[seed % len(known.ideas)], 1.0)], recipe.conditions.weirdness
    )


def settle_words(recipe: Recipe, index: int) -> Recipe:
    """The recipe with the words of picture ``index`` as its own, for what is made from it."""
    if not recipe.conditions.vary_by_picture:
        return recipe
    phrases = add_variety(recipe, recipe.noise[index])
    # The shares are spent: left there, they would add the words a second time.
    conditions = replace(recipe.conditions, phrases=phrases, chaos=0.0, weirdness=0.0)
    return replace(recipe, conditions=conditions)
