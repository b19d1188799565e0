"""The options of a command as a person fills them in: checked as Discord's client checks them."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

from playground.state.records import Attachment, Body
from playground.state.world import World

SUBCOMMAND, GROUP = 1, 2
STRING, INTEGER, BOOLEAN, USER, CHANNEL, ROLE, MENTIONABLE, NUMBER, ATTACHMENT = range(3, 12)
LONGEST_OPTION = 6000


class NotPossibleError(Exception):
    """Something that Discord's client would not let a person do; the text says why."""


def filled(
    world: World,
    known: Sequence[Body],
    given: Sequence[Body],
    files: list[Attachment],
    focused: str | None,
) -> list[Body]:
    """Check options against their definitions; return them as the payload carries them.

    Args:
        world: where.
        known: the definitions.
        given: ``{name, type, value}`` each.
        files: receives the files that attachment options name.
        focused: the option that is being completed, and so may hold anything.

    Raises:
        NotPossibleError: the client would not send them.
    """
    definitions = {option["name"]: option for option in known}
    for option in given:
        if option["name"] not in definitions:
            raise NotPossibleError(f"there is no option {option['name']!r}")
    names = {option["name"] for option in given}
    missing = [o["name"] for o in known if o.get("required") and o["name"] not in names]
    if missing and not focused:
        raise NotPossibleError(f"This option is required. Specify a value: {missing[0]}")
    return [_option(world, definitions[o["name"]], o, files, focused) for o in given]


def _option(
    world: World, definition: Body, given: Body, files: list[Attachment], focused: str | None
) -> Body:
    kind, name = definition["type"], definition["name"]
    if kind in (SUBCOMMAND, GROUP):
        inside = given.get("options") or []
        inner = filled(world, definition.get("options") or [], inside, files, focused)
        return {"name": name, "type": kind, "options": inner}
    if name == focused:
        return {"name": name, "type": kind, "value": str(given.get("value", "")), "focused": True}
    value = _value(world, definition, given.get("value"))
    if kind == ATTACHMENT:
        file = world.files.get(int(value))
        if file is None:
            raise NotPossibleError(f"{name}: there is no such file")
        files.append(file)
    return {"name": name, "type": kind, "value": value}


def _value(world: World, definition: Body, value: Any) -> Any:  # noqa: ANN401  JSON
    kind, name = definition["type"], definition["name"]
    if kind in (INTEGER, NUMBER):
        return _number(definition, value)
    if kind == BOOLEAN:
        if not isinstance(value, bool):
            raise NotPossibleError(f"{name}: choose True or False")
        return value
    text = str(value)
    if kind in (USER, MENTIONABLE) and (not text.isdecimal() or not world.user(int(text))):
        raise NotPossibleError(f"{name}: there is no such person")
    if kind == STRING:
        most = definition.get("max_length") or LONGEST_OPTION
        if not (definition.get("min_length") or 0) <= len(text) <= most:
            raise NotPossibleError(f"{name}: at most {most} characters")
        _check_choice(definition, text)
    return text


def _number(definition: Body, value: Any) -> float | int:  # noqa: ANN401  JSON
    name, whole = definition["name"], definition["type"] == INTEGER
    try:
        number = int(str(value)) if whole else float(value)
    except (TypeError, ValueError):
        raise NotPossibleError(
            f"{name}: input a valid {'integer' if whole else 'number'}"
        ) from None
    low = definition.get("min_value")
    high = definition.get("max_value")
    if not (-math.inf if low is None else low) <= number <= (math.inf if high is None else high):
        raise NotPossibleError(f"{name}: between {low} and {high}")
    _check_choice(definition, number)
    return number


def _check_choice(definition: Body, value: object) -> None:
    choices = definition.get("choices")
    if choices and value not in [choice["value"] for choice in choices]:
        raise NotPossibleError(f"{definition['name']}: choose one of the offered values")
