"""Discord's rules about registered commands that its description does not hold."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence

from playground.protocol.operations import locales
from playground.protocol.refusals import KNOWN, RefusedError, plant
from playground.state.records import Body, CommandType

NAME = re.compile(r"[-_'\w]{1,32}")
MOST_COMMANDS = {CommandType.SLASH: 100, CommandType.USER_MENU: 15, CommandType.MESSAGE_MENU: 15}
MOST_CHARACTERS = 8000
"""Of all names, descriptions and values of one command together."""
SUBCOMMAND, GROUP = 1, 2
WITH_CHOICES = (3, 4, 10)
Path = tuple[str | int, ...]
Wrong = tuple[Path, str, str]


def check_commands(commands: Sequence[Body]) -> None:
    """Refuse commands that Discord refuses.

    Raises:
        RefusedError: with every fault found.
    """
    tree: Body = {}
    for index, command in enumerate(commands):
        for place, code, message in _command(command):
            plant(tree, (index, *place), code, message)
    if tree:
        raise RefusedError(*KNOWN["form"], tree)
    kinds = Counter(command.get("type") or CommandType.SLASH for command in commands)
    if any(kinds[kind] > most for kind, most in MOST_COMMANDS.items()):
        raise RefusedError(*KNOWN["too_many_commands"])
    names = Counter((c.get("type") or CommandType.SLASH, c["name"]) for c in commands)
    if any(count > 1 for count in names.values()):
        raise RefusedError(*KNOWN["same_name"])


def _command(command: Body) -> Iterator[Wrong]:
    if (command.get("type") or CommandType.SLASH) == CommandType.SLASH:
        yield from _names(command)
        if not command.get("description"):
            yield ("description",), "BASE_TYPE_REQUIRED", "This field is required"
        yield from _options(command.get("options") or [], depth=0)
    else:
        for key in ("description", "options"):
            if command.get(key):
                yield (key,), "BASE_TYPE_CHOICES", f"A menu command has no {key}."
    yield from _locales(command)
    if _characters(command) > MOST_CHARACTERS:
        yield (), "APPLICATION_COMMAND_TOO_LARGE", "Command exceeds maximum size (8000)"


def _names(named: Body) -> Iterator[Wrong]:
    """Names in every language are lower case where there is a lower case."""
    spelled: dict[Path, str] = {("name",): named["name"]}
    for locale, name in (named.get("name_localizations") or {}).items():
        spelled["name_localizations", locale] = name
    for place, name in spelled.items():
        if not NAME.fullmatch(name) or name != name.lower():
            code = "APPLICATION_COMMAND_INVALID_NAME"
            yield place, code, "Command name is invalid"


def _locales(named: Body) -> Iterator[Wrong]:
    for key in ("name_localizations", "description_localizations"):
        for locale in (named.get(key) or {}).keys() - locales():
            yield (key, locale), "BASE_TYPE_CHOICES", "There is no such locale."


def _options(options: Sequence[Body], *, depth: int) -> Iterator[Wrong]:
    names = Counter(option["name"] for option in options)
    kinds = [option["type"] for option in options]
    nested = [kind for kind in kinds if kind in (SUBCOMMAND, GROUP)]
    if nested and len(nested) < len(kinds):
        yield ("options",), "BASE_TYPE_CHOICES", "Subcommands and options cannot be mixed."
    optional_before = False
    for index, option in enumerate(options):
        at: Path = ("options", index)
        if names[option["name"]] > 1:
            code = "APPLICATION_COMMAND_OPTIONS_NAME_ALREADY_EXISTS"
            yield (*at, "name"), code, "Option name is already used"
        if option.get("required") and optional_before:
            code = "APPLICATION_COMMAND_OPTIONS_REQUIRED_INVALID"
            yield (*at, "required"), code, "Required options must be placed before optional ones"
        optional_before = optional_before or not option.get("required")
        for place, code, message in _option(option, depth):
            yield (*at, *place), code, message


def _option(option: Body, depth: int) -> Iterator[Wrong]:
    yield from _names(option)
    yield from _locales(option)
    if option["type"] in (SUBCOMMAND, GROUP):
        # A group may stand at the top only, and a subcommand no deeper than in a group.
        if depth > (0 if option["type"] == GROUP else 1):
            yield ("type",), "BASE_TYPE_CHOICES", "This cannot be nested here."
        yield from _options(option.get("options") or [], depth=depth + 1)
    if option["type"] in WITH_CHOICES:
        yield from _choices(option)
    for low, high in (("min_value", "max_value"), ("min_length", "max_length")):
        least, most = option.get(low), option.get(high)
        if least is not None and most is not None and least > most:
            yield (low,), "BASE_TYPE_CHOICES", f"More than {high}."


def _choices(option: Body) -> Iterator[Wrong]:
    choices = option.get("choices") or []
    if choices and option.get("autocomplete"):
        yield ("autocomplete",), "BASE_TYPE_CHOICES", "Choices exclude autocomplete."
    for key in ("name", "value"):
        if len({choice[key] for choice in choices}) < len(choices):
            code = "APPLICATION_COMMAND_OPTIONS_CHOICE_NAME_ALREADY_EXISTS"
            yield ("choices",), code, f"Option choice {key} is already used"


def _characters(named: Body) -> int:
    """The longest spelling of every name and description, and every value of a choice."""
    length = sum(
        max(map(len, [named.get(key) or "", *(named.get(f"{key}_localizations") or {}).values()]))
        for key in ("name", "description")
    )
    length += sum(map(_characters, named.get("options") or ()))
    for choice in named.get("choices") or ():
        length += len(choice["name"]) + len(str(choice["value"]))
    return length
