"""Discord's OpenAPI description, cut to the operations that the stand-in answers.

``schema.json`` is generated: ``python -m playground.protocol.schema`` writes it again from the full
description at ``DISCORD_OPENAPI`` or ``../shared/discord/openapi.json``. The cut keeps every schema
that the requests and successful answers of `OPERATIONS` need, without its prose, and the MIT notice
of the original (discord/discord-api-spec, Copyright 2023 Discord).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from playground.protocol.operations import CUT

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
        "create_thread_from_message",
        "update_channel",
        "create_dm",
        "trigger_typing_indicator",
    ]
)


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
