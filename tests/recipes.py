"""Recipes by single fields, whichever groups these stand in."""

from dataclasses import fields, replace
from typing import Any, Final

from generation.recipe import Conditions, Finishing, Inputs, Phrase, Recipe, Sampling, Size

GROUPS: Final = {
    "size": Size,
    "sampling": Sampling,
    "inputs": Inputs,
    "conditions": Conditions,
    "finishing": Finishing,
}


def make(**values: Any) -> Recipe:
    """A recipe of fields and of its groups' fields."""
    values = _as_phrase(values)
    groups = {
        name: kind(**{one.name: values.pop(one.name) for one in fields(kind) if one.name in values})
        for name, kind in GROUPS.items()
    }
    return Recipe(**groups, **values)


def _as_phrase(values: dict[str, Any]) -> dict[str, Any]:
    negative = values.get("negative")
    return {**values, "negative": Phrase(text=negative)} if isinstance(negative, str) else values


def change(recipe: Recipe, **values: Any) -> Recipe:
    """The recipe with other values of its fields and of its groups' fields."""
    values = _as_phrase(values)
    groups = {}
    for name in GROUPS:
        group = getattr(recipe, name)
        own = {one.name: values.pop(one.name) for one in fields(group) if one.name in values}
        groups[name] = replace(group, **own)
    return replace(recipe, **groups, **values)
