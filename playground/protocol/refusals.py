"""How Discord says no: the errors, their codes, and every rule of theirs that is checked here."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from jsonschema import ValidationError

from playground.protocol.operations import BOOLEANS, Operation, errors_of
from playground.state.records import Body, Upload

REQUEST_LIMIT = 25 * 1024 * 1024
"""Largest request in bytes."""
UNKNOWN_FIELD = "UNKNOWN_FIELD"

KNOWN: dict[str, tuple[int, int, str]] = {
    "unauthorized": (401, 0, "401: Unauthorized"),
    "not_found": (404, 0, "404: Not Found"),
    "method": (405, 0, "405: Method Not Allowed"),
    "too_large": (413, 40005, "Request entity too large"),
    "unknown_application": (404, 10002, "Unknown Application"),
    "unknown_channel": (404, 10003, "Unknown Channel"),
    "unknown_guild": (404, 10004, "Unknown Guild"),
    "unknown_member": (404, 10007, "Unknown Member"),
    "unknown_message": (404, 10008, "Unknown Message"),
    "unknown_user": (404, 10013, "Unknown User"),
    "unknown_emoji": (400, 10014, "Unknown Emoji"),
    "unknown_webhook": (404, 10015, "Unknown Webhook"),
    "unknown_interaction": (404, 10062, "Unknown interaction"),
    "already_acknowledged": (400, 40060, "Interaction has already been acknowledged."),
    "missing_access": (403, 50001, "Missing Access"),
    "not_your_message": (403, 50005, "Cannot edit a message authored by another user"),
    "empty_message": (400, 50006, "Cannot send an empty message"),
    "closed_direct_messages": (403, 50007, "Cannot send messages to this user"),
    "missing_permissions": (403, 50013, "Missing Permissions"),
    "wrong_channel": (400, 50024, "Cannot execute action on this channel type"),
    "dead_token": (401, 50027, "Invalid Webhook Token"),
    "too_many_commands": (400, 30032, "Maximum number of application commands reached (100)."),
    "same_name": (400, 50035, "Application command names must be unique"),
    "archived": (400, 50083, "Thread is archived"),
    "has_thread": (400, 160004, "A thread has already been created for this message"),
    "no_history": (400, 160002, "Cannot reply without permission to read message history"),
    "form": (400, 50035, "Invalid Form Body"),
    "json": (400, 50109, "The request body contains invalid JSON."),
}


class RefusedError(Exception):
    """A request that Discord refuses.

    Attributes:
        status: HTTP status.
        code: Discord's JSON error code.
        errors: the tree of field errors of a 50035, if any.
    """

    def __init__(
        self, status: int, code: int, message: str, errors: dict[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.errors = errors

    def body(self) -> dict[str, Any]:
        """Return the JSON body that Discord answers with."""
        body: dict[str, Any] = {"message": str(self), "code": self.code}
        return {**body, "errors": self.errors} if self.errors else body


def refused(name: str) -> RefusedError:
    """Return one of the `KNOWN` refusals, to raise."""
    return RefusedError(*KNOWN[name])


def form_error(path: tuple[str | int, ...], code: str, message: str) -> RefusedError:
    """Return the refusal of one field of a form, to raise."""
    errors: dict[str, Any] = {"_errors": [{"code": code, "message": message}]}
    for part in reversed(path):
        errors = {str(part): errors}
    return RefusedError(*KNOWN["form"], errors)


@dataclass
class Call:
    """One request as it was read: matched, decoded, not yet judged.

    Attributes:
        operation: None when no path matched.
        params: decoded path parameters by Discord's names.
        body: the JSON body, or the ``payload_json`` part of a multipart one.
        uploads: multipart files by the number in their part's name.
        person: whose token the request has; None for the bot's.
    """

    operation: Operation | None = None
    params: dict[str, str] = field(default_factory=dict)
    query: dict[str, str] = field(default_factory=dict)
    body: Any = None
    uploads: dict[int, Upload] = field(default_factory=dict)
    multipart: bool = False
    person: int | None = None

    def object_body(self) -> Body:
        """Return the body, which the check found to be an object."""
        return self.body if isinstance(self.body, dict) else {}

    def list_body(self) -> list[Body]:
        """Return the body, which the check found to be an array."""
        return self.body if isinstance(self.body, list) else []

    def message_body(self) -> Body:
        """Return the part of the body that describes a message: a callback has it in ``data``."""
        body = self.object_body()
        if self.operation and self.operation.name == "create_interaction_response":
            return body.get("data") or {}
        return body

    def asks(self, name: str) -> bool:
        """Return whether a boolean query parameter is set."""
        return BOOLEANS.get(self.query.get(name, "false").lower(), False)


def judge(call: Call) -> RefusedError | None:
    """Check a request against Discord's description; return the refusal it earns, if any."""
    operation = call.operation
    if operation is None:
        return None
    tree: Body = {}
    for name, value in call.query.items():
        known = operation.query.get(name)
        if known is None:
            plant(tree, (name,), UNKNOWN_FIELD, "Unknown query parameter.")
        elif faults := min((errors_of(known, meant) for meant in _readings(value)), key=len):
            plant(tree, (name,), *_worded(faults[0]))
    if operation.body:
        for error in errors_of(operation.body, call.body):
            _plant_error(tree, error)
    return RefusedError(*KNOWN["form"], tree) if tree else None


def _readings(value: str) -> list[object]:
    """The JSON values that a query parameter's text may mean."""
    numbers = [int(value)] if value.isdecimal() else []
    booleans = [BOOLEANS[value.lower()]] if value.lower() in BOOLEANS else []
    return [value, *numbers, *booleans]


def plant(tree: Body, path: Sequence[str | int], code: str, message: str) -> None:
    """Add one field error to a tree of them."""
    for part in path:
        tree = tree.setdefault(str(part), {})
    tree.setdefault("_errors", []).append({"code": code, "message": message})


def _plant_error(tree: Body, error: ValidationError) -> None:
    path: list[str | int] = list(error.absolute_path)
    given: Any = error.instance
    if error.validator == "required":
        required: Any = error.validator_value
        for name in set(required) - given.keys():
            plant(tree, [*path, name], "BASE_TYPE_REQUIRED", "This field is required")
    elif error.validator == "additionalProperties":
        known = error.schema["properties"] if isinstance(error.schema, dict) else {}
        for name in sorted(given.keys() - known.keys()):
            plant(tree, [*path, name], UNKNOWN_FIELD, "Discord knows no such field here.")
    else:
        plant(tree, path, *_worded(error))


def _worded(error: ValidationError) -> tuple[str, str]:
    """Discord's code and sentence for a broken rule of the description."""
    limit = error.validator_value
    wordings = {
        "maxLength": ("BASE_TYPE_MAX_LENGTH", f"Must be {limit} or fewer in length."),
        "minLength": ("BASE_TYPE_MIN_LENGTH", f"Must be {limit} or more in length."),
        "maxItems": ("BASE_TYPE_MAX_LENGTH", f"Must be {limit} or fewer in length."),
        "minItems": ("BASE_TYPE_MIN_LENGTH", f"Must be {limit} or more in length."),
        "maximum": ("NUMBER_TYPE_MAX", f"int value should be less than or equal to {limit}."),
        "minimum": ("NUMBER_TYPE_MIN", f"int value should be greater than or equal to {limit}."),
        "enum": ("BASE_TYPE_CHOICES", error.message),
        "const": ("BASE_TYPE_CHOICES", error.message),
        "pattern": ("STRING_TYPE_REGEX", "String value did not match validation regex."),
        "uniqueItems": ("SET_TYPE_ALREADY_CONTAINS_VALUE", "The set already contains this value"),
    }
    return wordings.get(str(error.validator), ("BASE_TYPE_BAD_TYPE", error.message[:200]))


def in_words(error: RefusedError) -> str:
    """One line that says what was refused, and where."""
    found = [f"{'.'.join(path)}: {message}" for path, message in _leaves(error.errors or {}, ())]
    return "; ".join([f"{error.code} {error}", *found])


def _leaves(tree: Body, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], str]]:
    for key, value in tree.items():
        if key == "_errors":
            yield from ((path, entry["message"]) for entry in value)
        else:
            yield from _leaves(value, (*path, key))


def file_index(name: str, taken: Mapping[int, Upload]) -> int:
    """Return the number in a multipart file's name, ``files[n]``.

    Raises:
        RefusedError: it is spelled otherwise, above 9, or there twice.
    """
    matched = re.fullmatch(r"files\[([0-9])\]", name)
    if not matched or int(matched[1]) in taken:
        raise form_error(
            (name,), "BASE_TYPE_CHOICES", "Files are named files[0] to files[9], once."
        )
    return int(matched[1])
