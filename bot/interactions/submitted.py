"""What a submitted form carries."""

from collections.abc import Iterator, Sequence
from typing import Any, cast

import discord


def read_answers(interaction: discord.Interaction[Any]) -> Iterator[tuple[str, str]]:
    """Names of a form's fields, each with what was typed or chosen; nothing if it is no form.

    A field in which several values were chosen comes once for each.
    """
    yield from _walk_fields(cast("dict[str, Any]", interaction.data).get("components") or ())


def read_upload(interaction: discord.Interaction[Any], field: str) -> str:
    """The address of the file in a field of a submitted form; empty without one."""
    data = cast("dict[str, Any]", interaction.data)
    files = data.get("resolved", {}).get("attachments", {})
    chosen = dict(read_answers(interaction)).get(field)
    return str(files.get(chosen, {}).get("url") or "")


def _walk_fields(components: Sequence[dict[str, Any]]) -> Iterator[tuple[str, str]]:
    for part in components:
        typed = [part["value"]] if "value" in part else []
        for value in part.get("values") or typed:
            yield str(part["custom_id"]), str(value)
        yield from _walk_fields(part.get("components") or ())
        yield from _walk_fields([part["component"]] if "component" in part else ())
