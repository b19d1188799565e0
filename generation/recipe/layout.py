"""A table: where each field of the flat recipes of versions 1 to 4 stands in today's groups.

From version 5 on a recipe is written in groups. Older ones lie in databases and picture files and
are read for ever, and pictures are found by a digest of the flat layout.
"""

from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Final

from pydantic import Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from generation.recipe.values import RecipeError

VERSION: Final = 5
"""The newest version of the format that is known here."""

# Equal to VERSION for now; it stays when that goes on.
GROUPED: Final = 5
"""The first version whose fields stand in groups."""

_PLACES: Final[Mapping[str, tuple[str, ...]]] = {
    "family": ("family",),
    "model": ("model",),
    "prompt": ("prompt",),
    "parameters": ("parameters",),
    "phrases": ("conditions", "phrases"),
    "negative": ("conditions", "negative", "text"),
    "negative_spans": ("conditions", "negative", "spans"),
    "negative_breaks": ("conditions", "negative", "breaks"),
    "weighting": ("conditions", "weighting"),
    "width": ("size", "width"),
    "height": ("size", "height"),
    "pictures": ("noise",),
    "steps": ("sampling", "steps"),
    "guidance": ("sampling", "guidance"),
    "sampler": ("sampling", "sampler"),
    "start": ("inputs", "start"),
    "upscale": ("finishing", "upscale"),
    "canvas": ("inputs", "canvas"),
    "blend": ("inputs", "blend"),
    "pull": ("inputs", "blend_scale"),
    "references": ("conditions", "references"),
    "edit": ("inputs", "edit"),
    "plan": ("inputs", "plan"),
    "loras": ("conditions", "loras"),
    "upscaler": ("finishing", "upscaler"),
    "patch": ("size", "tile_side"),
    "spread": ("conditions", "chaos"),
    "oddness": ("conditions", "weirdness"),
    "stop": ("sampling", "stop"),
    "detail": ("finishing", "detail"),
    "tile": ("sampling", "seamless"),
    "refined": ("size", "refinement"),
    "structure": ("conditions", "structure"),
    "shortened": ("inputs", "shortened"),
    "retouch": ("finishing", "retouch"),
    "asked": ("asked",),
    "clip_skip": ("conditions", "clip_skip"),
    "rescale": ("sampling", "rescale"),
    "restored": ("inputs", "restored"),
    "float8": ("sampling", "float8"),
}
"""By the flat name, in the flat order, which the digest depends on."""

_SINCE: Final = {
    "canvas": 2,
    "blend": 2,
    "references": 3,
    "pull": 3,
    "loras": 4,
    "upscaler": 4,
    "patch": 4,
    "spread": 4,
    "oddness": 4,
    "stop": 4,
    "detail": 4,
    "tile": 4,
    "refined": 4,
    "canvas.mask": 4,
    "canvas.sought": GROUPED,
    "edit": 4,
    "structure": 4,
    "phrases.spans": GROUPED,
    "phrases.breaks": GROUPED,
    "negative_spans": GROUPED,
    "negative_breaks": GROUPED,
    "weighting": GROUPED,
    "plan": GROUPED,
    "shortened": GROUPED,
    "retouch": GROUPED,
    "asked": GROUPED,
    "clip_skip": GROUPED,
    "rescale": GROUPED,
    "restored": GROUPED,
    "float8": GROUPED,
}
"""The version that each later field, or field of a part, came with: who knows only earlier ones
would draw it wrong.
"""

Data = Mapping[str, Any]
"""A recipe as JSON."""


@dataclass(frozen=True, slots=True)
class _Versioned:
    # Strict, or true would be version 1.
    version: Annotated[int, Field(ge=1, le=VERSION, strict=True)]


_VERSIONED: Final = TypeAdapter(_Versioned)


def read_version(data: object) -> int:
    """The version that a recipe's JSON states.

    Raises:
        RecipeError: It states none that is known here.
    """
    try:
        return _VERSIONED.validate_python(data).version
    except ValidationError as error:
        raise RecipeError("this is not a recipe of a known version") from error


def is_newer(data: Data) -> bool:
    """Whether a recipe's JSON is of a version that only later releases know."""
    version = data.get("version")
    return isinstance(version, int) and version > VERSION


def upgrade(data: object, version: int) -> object:
    """A recipe's JSON in groups, whichever version it is of.

    Values are moved as they are, so a recipe that cannot be stays one, and is refused later.
    """
    # Nothing is checked yet, and a stranger's picture may hold any JSON; validation refuses it
    # after.
    if version >= GROUPED or not isinstance(data, Mapping):
        return data
    grouped: dict[str, Any] = {}
    for name, (*groups, last) in _PLACES.items():
        # What is absent stays so: the groups have the same defaults.
        if name in data:
            place = grouped
            for group in groups:
                place = place.setdefault(group, {})
            place[last] = data[name]
    # What is `variations` now was called so up to version 4.
    return _rename(grouped, "noise", "turns", "variations")


def flatten(grouped: Data) -> dict[str, Any]:
    """A recipe's JSON in groups, by the flat names and in their order."""
    renamed = _rename(grouped, "noise", "variations", "turns")
    flat = {name: _find(renamed, places) for name, places in _PLACES.items()}
    return {name: value for name, value in flat.items() if value is not _ABSENT}


def find_version(grouped: Data) -> int:
    """The first version that knows every field in use."""
    # Defaults are left out of JSON, so a field that is there is one in use.
    return max((_SINCE.get(name, 1) for name in _list_names(flatten(grouped))), default=1)


# Not None, which some fields hold.
_ABSENT: Final = object()


def _find(data: Data, places: tuple[str, ...]) -> object:
    found: Any = data
    for place in places:
        if place not in found:
            return _ABSENT
        found = found[place]
    return found


def _rename(data: Data, group: str, old: str, new: str) -> dict[str, Any]:
    """The data with a field of each of a group's rows under another name."""
    rows = data.get(group)
    if not isinstance(rows, list):
        return dict(data)
    renamed = [
        {new if name == old else name: value for name, value in row.items()}
        if isinstance(row, Mapping)
        else row
        for row in rows
    ]
    return {**data, group: renamed}


def _list_names(data: Data, part: str = "") -> Iterator[str]:
    """Names of all fields that are stated; those of parts after the part's own and a dot."""
    for name, value in data.items():
        yield part + name
        for item in value if isinstance(value, list) else [value]:
            if isinstance(item, Mapping):
                yield from _list_names(item, f"{part}{name}.")
