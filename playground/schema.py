"""Discord's OpenAPI description, cut to the operations that the stand-in answers.

``schema.json`` is generated: ``python -m playground.schema`` writes it again from the full
description at ``DISCORD_OPENAPI`` or ``../shared/discord/openapi.json``. The cut keeps every schema
that the requests and successful answers of `OPERATIONS` need, without its prose, and the MIT notice
of the original (discord/discord-api-spec, Copyright 2023 Discord).

Three things differ from the file on purpose: a field that a schema does not name is refused, a
snowflake may also arrive as an integer, as Discord allows, and `BEYOND` has the last word.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

CUT = Path(__file__).with_name("schema.json")
FULL = Path(os.environ.get("DISCORD_OPENAPI", "../shared/discord/openapi.json"))
NOTICE = (
    "Cut from discord/discord-api-spec 74fda0fad044407ea280043a03ffc9bc64c4e49e, MIT License, "
    "Copyright 2023 Discord. Permission is hereby granted, free of charge, to any person obtaining "
    'a copy of this software and associated documentation files (the "Software"), to deal in the '
    "Software without restriction, including without limitation the rights to use, copy, modify, "
    "merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit "
    "persons to whom the Software is furnished to do so, subject to the following conditions: The "
    "above copyright notice and this permission notice shall be included in all copies or "
    'substantial portions of the Software. THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF '
    "ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, "
    "FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR "
    "COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION "
    "OF CONTRACT, TORT OR OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR "
    "THE USE OR OTHER DEALINGS IN THE SOFTWARE."
)
OPERATIONS = frozenset(
    [
        "get_my_user",
        "get_user",
        "get_my_oauth2_application",
        "get_gateway",
        "get_bot_gateway",
        "list_my_guilds",
        "get_guild",
        "get_guild_member",
        "list_guild_channels",
        "list_guild_roles",
        "list_application_commands",
        "bulk_set_application_commands",
        "list_guild_application_commands",
        "bulk_set_guild_application_commands",
        "list_application_emojis",
        "create_interaction_response",
        "execute_webhook",
        "get_original_webhook_message",
        "update_original_webhook_message",
        "delete_original_webhook_message",
        "get_webhook_message",
        "update_webhook_message",
        "delete_webhook_message",
        "get_channel",
        "list_messages",
        "create_message",
        "get_message",
        "update_message",
        "delete_message",
        "add_my_message_reaction",
        "delete_my_message_reaction",
        "delete_user_message_reaction",
        "delete_all_message_reactions",
        "list_message_reactions_by_emoji",
        "create_dm",
        "trigger_typing_indicator",
    ]
)
# Where Discord's written documentation, or what all clients send and Discord takes, says otherwise.
BEYOND: Mapping[str, Mapping[str, Any]] = {
    "ApplicationCommandUpdateRequest": {
        "nsfw": {"type": ["boolean", "null"]},
        "default_member_permissions": {
            "type": ["integer", "string", "null"],
            "minimum": 0,
            "pattern": "^[0-9]+$",
        },
    },
    **{
        name: {"tts": {"type": ["boolean", "null"]}, "enforce_nonce": {"type": ["boolean", "null"]}}
        for name in (
            "IncomingWebhookInteractionRequest",
            "IncomingWebhookRequestPartial",
            "IncomingWebhookUpdateForInteractionCallbackRequestPartial",
            "IncomingWebhookUpdateRequestPartial",
            "MessageEditRequestPartial",
        )
    },
}
# Values arrive in the path and the query as text; Discord reads these spellings as booleans.
BOOLEANS = {"true": True, "false": False, "1": True, "0": False}


class DescriptionChangedError(Exception):
    """The full description lacks operations that the stand-in answers.

    Attributes:
        missing: their operation ids.
    """

    def __init__(self, missing: Sequence[str]) -> None:
        super().__init__(f"the description has no operation {', '.join(missing)}")
        self.missing = tuple(missing)


def cut(full: Mapping[str, Any]) -> dict[str, Any]:
    """Return the part of Discord's full description that `OPERATIONS` need.

    Raises:
        DescriptionChangedError: an operation is not in it.
    """
    paths: dict[str, Any] = {}
    for path, item in full["paths"].items():
        for method, operation in item.items():
            if method != "parameters" and operation["operationId"] in OPERATIONS:
                shared = item.get("parameters", [])
                paths.setdefault(path, {})[method] = _bare_operation(operation, shared)
    found = {operation["operationId"] for item in paths.values() for operation in item.values()}
    if missing := sorted(OPERATIONS - found):
        raise DescriptionChangedError(missing)
    schemas = _closure(paths, full["components"]["schemas"])
    info = {"title": full["info"]["title"], "version": full["info"]["version"]}
    return {"notice": NOTICE, "info": info, "paths": paths, "schemas": schemas}


def _bare_operation(operation: Mapping[str, Any], shared: Sequence[Any]) -> dict[str, Any]:
    parameters = [
        {key: _bare(p[key]) for key in ("name", "in", "schema", "required") if key in p}
        for p in [*shared, *operation.get("parameters", ())]
    ]
    answers = {
        status: _bare(_json_body(answer))
        for status, answer in operation["responses"].items()
        if status.startswith("2")
    }
    bare = {"operationId": operation["operationId"], "parameters": parameters, "answers": answers}
    if "requestBody" in operation:
        bare["body"] = _bare(_json_body(operation["requestBody"]))
    bare["open"] = {} in operation.get("security", ())
    return bare


def _json_body(part: Mapping[str, Any]) -> Any:  # noqa: ANN401  a JSON Schema: mapping or bool
    return part.get("content", {}).get("application/json", {}).get("schema")


def _bare(schema: Any) -> Any:  # noqa: ANN401  any JSON
    """Drop prose; ``properties`` may hold fields that are *called* title or description."""
    if isinstance(schema, list):
        return [_bare(entry) for entry in schema]
    if not isinstance(schema, dict):
        return schema
    return {
        key: {name: _bare(field) for name, field in value.items()}
        if key == "properties"
        else _bare(value)
        for key, value in schema.items()
        if key not in ("description", "title") and not key.startswith("x-")
    }


def _closure(paths: Mapping[str, Any], schemas: Mapping[str, Any]) -> dict[str, Any]:
    wanted, kept = set(_references(paths)), {}
    while wanted:
        name = wanted.pop()
        kept[name] = _bare(schemas[name])
        wanted |= set(_references(kept[name])) - set(kept)
    return dict(sorted(kept.items()))


def _references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"].rsplit("/", 1)[-1]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


@dataclass(frozen=True)
class Operation:
    """One REST operation with its compiled checks.

    Attributes:
        name: Discord's operation id, such as ``create_message``.
        method: upper-case HTTP method.
        path: matches the path below ``/api/v10``; path parameters are named groups.
        query: validator per query parameter name.
        body: validator of the JSON body, or None where no body is allowed.
        answers: validator (None: no body) per successful status.
        open: whether it needs no ``Authorization`` header.
    """

    name: str
    method: str
    path: re.Pattern[str]
    query: Mapping[str, Draft202012Validator]
    body: Draft202012Validator | None
    answers: Mapping[int, Draft202012Validator | None]
    open: bool


@cache
def locales() -> frozenset[str]:
    """Return the languages that Discord knows."""
    schemas = json.loads(CUT.read_text("utf-8"))["schemas"]
    return frozenset(entry["const"] for entry in schemas["AvailableLocalesEnum"]["oneOf"])


@cache
def operations() -> tuple[Operation, ...]:
    """Return every operation of the cut, compiled; literal paths before those with parameters."""
    description = json.loads(CUT.read_text("utf-8"))
    schemas = _Schemas(description["schemas"])
    found = [
        _compile(path, method, operation, schemas)
        for path, item in description["paths"].items()
        for method, operation in item.items()
    ]
    return tuple(sorted(found, key=lambda operation: operation.path.groups))


def _compile(path: str, method: str, operation: Any, schemas: _Schemas) -> Operation:  # noqa: ANN401  JSON
    snowflakes = {
        p["name"]: p["schema"].get("$ref", "").endswith("SnowflakeType")
        for p in operation["parameters"]
        if p["in"] == "path"
    }
    pattern = re.sub(
        r"\{(\w+)\}", lambda m: f"(?P<{m[1]}>{r'[0-9]+' if snowflakes[m[1]] else '[^/]+'})", path
    )
    return Operation(
        name=operation["operationId"],
        method=method.upper(),
        path=re.compile(pattern),
        query={
            p["name"]: schemas.validator(p["schema"])
            for p in operation["parameters"]
            if p["in"] == "query"
        },
        body=schemas.validator(operation["body"]) if "body" in operation else None,
        answers={
            int(status): schemas.validator(schema) if schema else None
            for status, schema in operation["answers"].items()
        },
        open=operation["open"],
    )


class _Schemas:
    """The component schemas with references replaced by the schemas themselves.

    Following a reference through a registry costs more than the check behind it; sharing the
    dictionaries makes a check about five times faster and allows cycles.
    """

    def __init__(self, schemas: Mapping[str, Any]) -> None:
        self._raw = schemas
        self._done: dict[str, Any] = {
            # Discord accepts integers wherever it documents a snowflake.
            "SnowflakeType": {"type": ["string", "integer"], "pattern": r"^[0-9]+$", "minimum": 0}
        }

    def validator(self, schema: Any) -> Draft202012Validator:  # noqa: ANN401  JSON
        return Validator(self._inline(schema))

    def _inline(self, schema: Any) -> Any:  # noqa: ANN401  JSON
        if isinstance(schema, list):
            return [self._inline(entry) for entry in schema]
        if not isinstance(schema, dict):
            return schema
        if isinstance(schema.get("$ref"), str):
            return self._named(schema["$ref"].rsplit("/", 1)[-1])
        inlined = {key: self._inline(value) for key, value in schema.items()}
        if isinstance(inlined.get("properties"), dict) and "type" in inlined:
            inlined.setdefault("additionalProperties", False)
        return inlined

    def _named(self, name: str) -> Any:  # noqa: ANN401  JSON
        if name not in self._done:
            self._done[name] = {}
            self._done[name].update(self._inline(self._raw[name]))
            self._done[name].get("properties", {}).update(BEYOND.get(name, {}))
        return self._done[name]


def _union(
    validator: Draft202012Validator,
    branches: Sequence[Any],
    instance: object,
    _: object,
) -> Iterator[ValidationError]:
    """Judge a union by the branch that the value means, so that errors name the real fault."""
    if all("const" in branch for branch in branches):
        known = [branch["const"] for branch in branches]
        if instance not in known:
            yield ValidationError(f"Value must be one of {known}.", validator="enum")
        return
    if instance is None and any(branch.get("type") == "null" for branch in branches):
        return
    branches = [branch for branch in branches if branch.get("type") != "null"]
    if (tagged := _by_type(branches, instance)) is not None:
        if not tagged:
            yield ValidationError("Unknown value of this field.", path=["type"], validator="enum")
            return
        branches = tagged
    judged = [list(validator.descend(instance, branch)) for branch in branches]
    yield from min(judged, key=len, default=[])


def _by_type(branches: Sequence[Any], instance: object) -> list[Any] | None:
    """The branches that the value's ``type`` field selects; None where types do not tell."""
    tags = [branch.get("properties", {}).get("type", {}).get("enum") for branch in branches]
    if None in tags or not isinstance(instance, dict) or "type" not in instance:
        return None
    return [b for b, tag in zip(branches, tags, strict=True) if instance["type"] in tag]


Validator: type[Draft202012Validator] = extend(  # type: ignore[no-untyped-call]
    Draft202012Validator, {"oneOf": _union, "anyOf": _union}
)


def errors_of(validator: Draft202012Validator, instance: object) -> list[ValidationError]:
    """Return every fault of a value, in document order."""
    return sorted(validator.iter_errors(instance), key=lambda error: [str(p) for p in error.path])


def main() -> None:
    """Write ``schema.json`` again from the full description."""
    small = cut(json.loads(FULL.read_text("utf-8")))
    CUT.write_text(text_of(small), "utf-8")


def text_of(small: Mapping[str, Any]) -> str:
    """Format a cut with one path or schema a line, so that differences are readable."""
    blocks = [
        f'"{key}": {{\n' + ",\n".join(f"{json.dumps(k)}: {_line(v)}" for k, v in part.items()) + "}"
        if key in ("paths", "schemas")
        else f'"{key}": {_line(part)}'
        for key, part in small.items()
    ]
    return "{\n" + ",\n".join(blocks) + "\n}\n"


def _line(value: object) -> str:
    return json.dumps(value, separators=(",", ":"), sort_keys=True)


if __name__ == "__main__":
    main()
