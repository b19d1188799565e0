"""``/prefer``: what is added to all of one's own prompts, and how buttons behave."""

from collections.abc import Callable
from typing import Literal

from discord import app_commands

from bot.client import EaselBot, Interaction
from bot.components import completion
from bot.interactions.patience import read_in_time
from bot.text import messages, sentences
from bot.text.languages import say
from prompt.errors import PromptError
from prompt.flags.sources import PromptSource
from prompt.reading.shortcuts import is_free
from prompt.sentences import Sentence
from storage.decisions import choice_queries
from storage.decisions.choices import MOST_OPTIONS, PersonChoices

# From 0 on, since empty is how a preference is taken away.
Text = app_commands.Range[str, 0, 1000]


class Preferences(app_commands.Group):
    """The subcommands."""

    def __init__(self) -> None:
        super().__init__(name="prefer", description="What is added to all of your prompts")
        Options(self)

    @app_commands.command(description="Words or flags to add to every prompt; leave empty for none")
    @app_commands.describe(new_value="Such as: watercolour --ar 3:2")
    @app_commands.autocomplete(new_value=completion.complete_flags_of(PromptSource.KEPT))
    async def suffix(self, interaction: Interaction, new_value: Text = "") -> None:
        """Sets the suffix."""
        # Before the acknowledgement: to read flags is quick, and a mistake in them is answered at
        # once.
        kept = interaction.client.handlers.models.normalize(new_value) if new_value.strip() else ""
        await _save(interaction, messages.announce_preference("suffix", kept), suffix=kept)

    @app_commands.command(description="Flags for prompts that lack them; leave empty for none")
    @app_commands.describe(new_value="Such as: --ar 3:2 --steps 20")
    @app_commands.autocomplete(new_value=completion.complete_flags_of(PromptSource.KEPT))
    async def flags(self, interaction: Interaction, new_value: Text = "") -> None:
        """Sets the flags."""
        kept = interaction.client.handlers.models.normalize(new_value) if new_value.strip() else ""
        await _save(interaction, messages.announce_preference("flags", kept), flags=kept)

    @app_commands.command(description="How much the V buttons change a picture")
    async def variability(
        self, interaction: Interaction, strength: Literal["strong", "subtle"]
    ) -> None:
        """Sets the variation of V."""
        await _save(
            interaction, messages.announce_preference("variability", strength), variability=strength
        )

    @app_commands.command(description="Turn Remix on or off: change the prompt before V and 🔄")
    async def remix(self, interaction: Interaction) -> None:
        """Turns remix mode on or off."""
        # Turned over from what is stored, and told as it was stored.
        now = await _change(
            interaction, lambda old: old.model_copy(update={"remix": not old.remix})
        )
        said = say(sentences.REMIX_ON if now.remix else sentences.REMIX_OFF)
        await interaction.edit_original_response(content=said)


class Options(app_commands.Group):
    """``/prefer option``: flags of a person's own."""

    def __init__(self, parent: app_commands.Group) -> None:
        super().__init__(name="option", description="Flags of your own", parent=parent)

    @app_commands.command(
        name="set", description=("Save a flag of your own; leave empty to delete it")
    )
    @app_commands.describe(option="Its name, such as mine", value="What it stands for")
    @app_commands.autocomplete(value=completion.complete_flags_of(PromptSource.KEPT))
    async def keep(
        self,
        interaction: Interaction,
        # A name has 32 characters; people put the dashes before it.
        option: app_commands.Range[str, 1, 34],
        value: Text = "",
    ) -> None:
        """Keeps or drops an option."""
        name = option.strip().lstrip("-").lower()
        kept = interaction.client.handlers.models.normalize(value) if value.strip() else ""
        if not is_free(name):
            # A back-quote would end the code that the name is set in.
            raise PromptError(Sentence(sentences.OPTION_TAKEN, name=name.replace("`", "ˋ")))
        await _change(interaction, lambda old: _set_option(old, name, kept))
        await interaction.edit_original_response(content=messages.announce_option(name, kept))

    @app_commands.command(name="list", description="List your own flags")
    async def list_all(self, interaction: Interaction) -> None:
        """Lists them."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        choices: PersonChoices = await interaction.client.handlers.records.read(
            choice_queries.read_person, interaction.user.id
        )
        await interaction.edit_original_response(content=messages.list_options(choices.options))

    @keep.autocomplete("option")
    async def complete(
        self, interaction: Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """Names of those there are."""
        records = interaction.client.handlers.records
        reading = records.read(choice_queries.read_person, interaction.user.id)
        choices = await read_in_time(reading, PersonChoices())
        # Never more than Discord's 25: a person has at most MOST_OPTIONS.
        found = [name for name in choices.options if typed.lower().lstrip("-") in name]
        return [app_commands.Choice(name=name, value=name) for name in found]


def _set_option(choices: PersonChoices, name: str, text: str) -> PersonChoices:
    """The choices with an option kept, or dropped if it stands for nothing.

    Raises:
        PromptError: There are as many options as there may be.
    """
    # Without the old one first, or replacing it would count against the limit.
    options = {key: old for key, old in choices.options.items() if key != name}
    options |= {name: text} if text else {}
    if len(options) > MOST_OPTIONS:
        raise PromptError(Sentence(sentences.OPTION_FULL, limit=MOST_OPTIONS))
    return choices.model_copy(update={"options": options})


async def _change(
    interaction: Interaction, change: Callable[[PersonChoices], PersonChoices]
) -> PersonChoices:
    """Acknowledges, then changes what the person decided; what it became."""
    # First, as the database may keep it waiting for longer than Discord does.
    await interaction.response.defer(ephemeral=True, thinking=True)
    after: PersonChoices = await interaction.client.handlers.records.write(
        choice_queries.change_person, interaction.user.id, change
    )
    return after


async def _save(interaction: Interaction, said: str, **fields: object) -> None:
    """Sets fields, and says so."""
    await _change(interaction, lambda old: old.model_copy(update=fields))
    await interaction.edit_original_response(content=said)


async def setup(bot: EaselBot) -> None:
    """Adds the command (called by discord.py)."""
    bot.tree.add_command(Preferences())
