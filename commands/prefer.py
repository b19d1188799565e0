"""``/prefer``: what is added to all of one's own prompts, and how buttons behave."""

from typing import TYPE_CHECKING, Any, Literal

import discord
from discord import app_commands

from bot import messages
from bot.languages import say
from prompt.presets import checked
from storage import keeping
from storage.choices import PersonChoices

if TYPE_CHECKING:
    from bot.client import EaselBot

Interaction = discord.Interaction[Any]
Text = app_commands.Range[str, 0, 1000]


class Preferences(app_commands.Group):
    """The subcommands."""

    def __init__(self) -> None:
        super().__init__(name="prefer", description="What is added to all of your prompts")

    @app_commands.command(description="Words or flags to add to every prompt; leave empty for none")
    @app_commands.describe(new_value="Such as: watercolour --ar 3:2")
    async def suffix(self, interaction: Interaction, new_value: Text = "") -> None:
        """Sets the suffix."""
        kept = checked(new_value) if new_value.strip() else ""
        await _change(interaction, messages.preferred("suffix", kept), suffix=kept)

    @app_commands.command(description="Flags for prompts that lack them; leave empty for none")
    @app_commands.describe(new_value="Such as: --ar 3:2 --steps 20")
    async def flags(self, interaction: Interaction, new_value: Text = "") -> None:
        """Sets the flags."""
        kept = checked(new_value) if new_value.strip() else ""
        await _change(interaction, messages.preferred("flags", kept), flags=kept)

    @app_commands.command(description="How far the V buttons leave their picture")
    async def variability(
        self, interaction: Interaction, strength: Literal["strong", "subtle"]
    ) -> None:
        """Sets the variation of V."""
        await _change(
            interaction, messages.preferred("variability", strength), variability=strength
        )

    @app_commands.command(description="Turn on or off: change the prompt before V and 🔄")
    async def remix(self, interaction: Interaction) -> None:
        """Turns remix mode on or off."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        records, person = interaction.client.records, interaction.user.id
        before: PersonChoices = await records.read(keeping.person, person)
        now = not before.remix
        await records.write(keeping.keep_person, person, before.model_copy(update={"remix": now}))
        said = say(messages.REMIX_ON if now else messages.REMIX_OFF)
        await interaction.edit_original_response(content=said)


async def _change(interaction: Interaction, said: str, **changed: object) -> None:
    await interaction.response.defer(ephemeral=True, thinking=True)
    records, person = interaction.client.records, interaction.user.id
    before: PersonChoices = await records.read(keeping.person, person)
    await records.write(keeping.keep_person, person, before.model_copy(update=changed))
    await interaction.edit_original_response(content=said)


async def setup(bot: "EaselBot") -> None:
    """Adds the command (called by discord.py)."""
    bot.tree.add_command(Preferences())
