"""Options that hold flags write them out while people type."""

from types import SimpleNamespace
from typing import Any

import pytest
from discord import app_commands

from bot.components.completion import complete_flags_of
from commands.imagine import imagine
from commands.img2img import img2img
from commands.prefer import Preferences
from commands.preset import Presets
from generation.catalogue.extras import extend_card
from generation.catalogue.families import find_card
from generation.catalogue.loras import read_offered
from prompt.flags.sources import PromptSource


def completing(commands: Any) -> set[str]:
    """Names of the options that complete what is typed, after those of their commands."""
    return {
        f"{command.qualified_name} {option.name}"
        for command in commands
        if isinstance(command, app_commands.Command)
        for option in command.parameters
        if option.autocomplete
    }


def test_every_option_that_holds_flags_completes_them() -> None:
    commands: list[Any] = [
        *Preferences().walk_commands(),
        *Presets().walk_commands(),
        imagine,
        img2img,
    ]
    assert completing(commands) >= {
        "imagine prompt",
        "img2img prompt",
        "prefer flags new_value",
        "prefer option set value",
        "prefer suffix new_value",
        "preset save text",
    }


@pytest.mark.parametrize(
    ("way", "typed", "ends"),
    [
        (PromptSource.KEPT, "a cat --rep", []),
        (PromptSource.IMG2IMG, "a cat --rep", ["a cat --repeat"]),
        (PromptSource.KEPT, "a cat --ar 3", ["a cat --ar 3:2", "a cat --ar 3:4"]),
        (PromptSource.KEPT, "a cat --lora ", ["a cat --lora ink"]),
    ],
)
async def test_only_flags_that_make_a_difference_there_are_offered(
    way: PromptSource, typed: str, ends: list[str]
) -> None:
    one = extend_card(find_card("sd15"), "", read_offered("ink=acme/ink@1#ink.safetensors"))
    client = SimpleNamespace(handlers=SimpleNamespace(cards=[one]))
    interaction: Any = SimpleNamespace(client=client)
    choices = await complete_flags_of(way)(interaction, typed)
    assert [choice.value for choice in choices] == ends
