"""The operations of `schema.json`, compiled: how to match a request and what to check it with.

Three things differ from the file on purpose: a field that a schema does not name is refused, a
snowflake may also arrive as an integer, as Discord allows, and `BEYOND` has the last word.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator, ValidationError
from jsonschema.validators import extend

CUT = Path(__file__).with_name("schema.json")
# Where Discord's written documentation, or what all clients send and Discord takes, says otherwise.
BEYOND: Mapping[str, Mapping[str, Any]] = {
    "RichEmbed": {"flags": {"type": ["integer", "null"]}},
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
# What Discord's own client asks for and no page of its documentation mentions.
UNDOCUMENTED: Mapping[str, Mapping[str, Any]] = {
    "/attachments/refresh-urls": {
        "post": {
            "operationId": "refresh_attachment_urls",
            "parameters": [],
            "open": False,
            "body": {
                "type": "object",
                "required": ["attachment_urls"],
                "properties": {
                    "attachment_urls": {
                        "type": "array",
                        "items": {"type": "string"},
                        "minItems": 1,
                        "maxItems": 50,
                    }
                },
            },
            "answers": {
                "200": {
                    "type": "object",
                    "required": ["refreshed_urls"],
                    "properties": {
                        "refreshed_urls": {
                            "type": "array",
                            "items": {
                                "type": "object",
                                "required": ["original", "refreshed"],
                                "properties": {
                                    "original": {"type": "string"},
                                    "refreshed": {"type": ["string", "null"]},
                                },
                            },
                        }
                    },
                }
            },
        }
    }
}
# Values arrive in the path and the query as text; Discord reads these spellings as booleans.
BOOLEANS = {"true": True, "false": False, "1": True, "0": False}


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
        for path, item in {**description["paths"], **UNDOCUMENTED}.items()
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
