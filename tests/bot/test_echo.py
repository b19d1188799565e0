"""What was typed is shown again: in the message where it fits, as a file where it does not."""

from types import SimpleNamespace
from typing import Any, cast

import pytest

from bot.interactions.echo import echo_prompt, read_typed
from bot.text.messages import CONTENT_LIMIT
from prompt.errors import PromptError

FORM = {
    "custom_id": "easel:remix:vary:x:1",
    "components": [{"component": {"custom_id": "prompt", "value": "a cat"}}],
}


@pytest.mark.parametrize(
    ("data", "text"),
    [
        ({"name": "imagine", "options": [{"name": "prompt", "value": "a cat"}]}, "a cat"),
        (
            {
                "name": "preset",
                "options": [
                    {
                        "name": "save",
                        "options": [
                            {"name": "name", "value": "ink"},
                            {"name": "text", "value": "--ar"},
                        ],
                    }
                ],
            },
            "--ar",
        ),
        (FORM, "a cat"),
        ({"name": "show", "options": [{"name": "id", "value": "12345678"}]}, ""),
        ({"custom_id": "easel:vary:x:1"}, ""),
    ],
)
def test_typed(data: dict[str, Any], text: str) -> None:
    assert read_typed(cast("Any", SimpleNamespace(data=data))) == text


@pytest.mark.parametrize(
    ("error", "before", "shown"),
    [
        (PromptError("No.", 0, "a cat"), "a cat --x", "No.\nThis would work:\n```\na cat\n```"),
        (PromptError("No."), "--x", "No.\nThis is what you typed:\n```\n--x\n```"),
        (RuntimeError(), "a cat", "No.\nThis is what you typed:\n```\na cat\n```"),
        (RuntimeError(), "", "No."),
    ],
)
def test_shown_again(error: Exception, before: str, shown: str) -> None:
    assert echo_prompt(error, "No.", before) == (shown, None)


@pytest.mark.parametrize("error", [PromptError("No.", 0, "a" * 1990), PromptError("No.")])
def test_what_does_not_fit_is_a_file(error: PromptError) -> None:
    message, file = echo_prompt(error, "No.", "a" * 1990)
    assert message.startswith("No.\nThis ")
    assert file is not None
    assert file.fp.read() == b"a" * 1990


def test_a_long_reason_leaves_room() -> None:
    message, file = echo_prompt(PromptError("No."), "x" * 3000, "a cat")
    assert len(message) <= CONTENT_LIMIT
    assert file is not None
