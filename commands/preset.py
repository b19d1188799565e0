"""``/preset``: words and flags kept under a name, for oneself or for the whole server."""

import io
import json
from collections.abc import Callable
from typing import Final, Literal

import discord
from discord import app_commands

from bot.access import policy
from bot.access.defaults import UserDefaults
from bot.client import EaselBot, Interaction
from bot.components import completion
from bot.errors import NotAllowedError
from bot.interactions.patience import read_in_time
from bot.text import messages, sentences
from bot.text.languages import say
from prompt.errors import PromptError
from prompt.flags.sources import PromptSource
from prompt.resolution.presets import check_name, choose
from prompt.sentences import Sentence
from storage.database.records import Records
from storage.decisions import choice_queries
from storage.decisions.choices import MOST_PRESETS, Change, Owner

Whose = Literal["me", "server"]

TEXT_LIMIT: Final = 1000
"""Most characters in a preset."""

# As many presets as there may be, of 1,000 characters that take up to four bytes.
FILE_LIMIT: Final = 200_000
"""Most bytes in a file of presets."""

Name = app_commands.Range[str, 1, 32]


class Presets(app_commands.Group):
    """The subcommands."""

    def __init__(self) -> None:
        super().__init__(name="preset", description="Words and flags saved under a name")

    @app_commands.command(description="Save words and flags under a name")
    @app_commands.describe(
        name="Up to 32 letters, digits, - or _",
        text="What it adds to a prompt, such as: ink drawing --ar 3:2",
        whose="Save it for yourself, or for everyone on this server",
    )
    @app_commands.autocomplete(text=completion.complete_flags_of(PromptSource.KEPT))
    async def save(
        self,
        interaction: Interaction,
        name: Name,
        text: app_commands.Range[str, 1, TEXT_LIMIT],
        whose: Whose = "me",
    ) -> None:
        """Stores a preset."""
        # Before the acknowledgement: both need no database, and a mistake is answered at once.
        low, kept = check_name(name), interaction.client.handlers.models.normalize(text)
        await interaction.response.defer(ephemeral=True, thinking=True)
        owner = _find_owner(interaction, whose)
        # After it, since who may is read from the database.
        await _require_editor(interaction, owner)
        await _keep(interaction, owner, {low: kept})
        await interaction.edit_original_response(
            content=say(sentences.PRESET_SAVED, name=low, text=messages.format_code(kept))
        )

    @app_commands.command(description="Delete a preset")
    @app_commands.describe(name="Name of the preset", whose="Yours, or this server's")
    async def delete(self, interaction: Interaction, name: str, whose: Whose = "me") -> None:
        """Deletes a preset."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        owner, low = _find_owner(interaction, whose), name.strip().lower()
        await _require_editor(interaction, owner)
        records, person = _find_records(interaction), interaction.user.id
        if not await records.write(choice_queries.drop_preset, owner, low, person):
            # No name is longer; what was typed may be.
            raise PromptError(Sentence(sentences.PRESET_MISSING, name=low[:32]))
        await interaction.edit_original_response(content=say(sentences.PRESET_DELETED, name=low))

    @app_commands.command(name="list", description="List the presets")
    async def list_all(self, interaction: Interaction) -> None:
        """Lists one's own and the server's."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        defaults = await UserDefaults.load(_find_records(interaction), interaction)
        usual, default = defaults.person.preset, defaults.server.preset
        text = messages.list_presets(defaults.own, defaults.shared, usual, default)
        await interaction.edit_original_response(content=text)

    @app_commands.command(description="Show what a preset adds")
    @app_commands.describe(name="Name of the preset")
    async def show(self, interaction: Interaction, name: str) -> None:
        """Shows one preset."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        defaults = await UserDefaults.load(_find_records(interaction), interaction)
        layer = choose(name, defaults.own, defaults.shared)
        await interaction.edit_original_response(
            content=say(
                sentences.PRESET_SHOWN, name=layer.name, text=messages.format_code(layer.text)
            )
        )

    @app_commands.command(description="Use a preset whenever you name none; leave empty for none")
    @app_commands.describe(name="Name of the preset")
    async def use(self, interaction: Interaction, name: str = "") -> None:
        """Sets the person's usual preset."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        records = _find_records(interaction)
        defaults = await UserDefaults.load(records, interaction)
        usual = choose(name, defaults.own, defaults.shared).name if name else ""
        await records.write(
            choice_queries.change_person,
            interaction.user.id,
            lambda old: old.model_copy(update={"preset": usual}),
        )
        await interaction.edit_original_response(content=messages.announce_usual_preset(usual))

    @app_commands.command(description="Set this server's default preset; leave empty for none")
    @app_commands.describe(name="Name of one of the server's presets")
    async def default(self, interaction: Interaction, name: str = "") -> None:
        """Sets the server's default preset."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        owner = _find_owner(interaction, "server")
        await _require_editor(interaction, owner)
        records = _find_records(interaction)
        defaults = await UserDefaults.load(records, interaction)
        # Of the server's alone: everybody has to have it.
        default = choose(name, defaults.shared).name if name else ""
        person = interaction.user.id
        await records.write(
            choice_queries.change_server,
            owner.id,
            lambda old: old.model_copy(update={"preset": default}),
            lambda old, new: Change(person, "preset", old.preset or None, new.preset or None),
        )
        await interaction.edit_original_response(content=messages.announce_default_preset(default))

    @app_commands.command(name="export", description="Get presets as a file")
    @app_commands.describe(whose="Yours, or this server's")
    async def export_all(self, interaction: Interaction, whose: Whose = "me") -> None:
        """Sends presets as a JSON file."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        kept = await _find_records(interaction).read(
            choice_queries.read_presets, _find_owner(interaction, whose)
        )
        if not kept:
            raise PromptError(Sentence(sentences.PRESET_NONE))
        # For people to read and edit, so every script stays as it is.
        data = json.dumps({"version": 1, "presets": kept}, indent=2, ensure_ascii=False)
        file = discord.File(io.BytesIO(data.encode()), "presets.json")
        await interaction.edit_original_response(
            content=say(sentences.PRESET_EXPORTED, count=len(kept)), attachments=[file]
        )

    @app_commands.command(name="import", description="Save presets from a file")
    @app_commands.describe(file="A file from /preset export", whose="For yourself, or the server")
    async def import_all(
        self, interaction: Interaction, file: discord.Attachment, whose: Whose = "me"
    ) -> None:
        """Takes a JSON file of presets over; all of them or none."""
        await interaction.response.defer(ephemeral=True, thinking=True)
        owner = _find_owner(interaction, whose)
        await _require_editor(interaction, owner)
        # One that is too large is not even fetched; empty, it is refused in the same words.
        data = await file.read() if file.size <= FILE_LIMIT else b""
        given = read_file(data, interaction.client.handlers.models.normalize)
        await _keep(interaction, owner, given)
        await interaction.edit_original_response(
            content=say(sentences.PRESET_IMPORTED, count=len(given))
        )

    @delete.autocomplete("name")
    @show.autocomplete("name")
    @use.autocomplete("name")
    @default.autocomplete("name")
    async def complete(
        self, interaction: Interaction, typed: str
    ) -> list[app_commands.Choice[str]]:
        """Names that contain what was typed."""
        return await complete_name(interaction, typed)


async def complete_name(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
    """Choices of preset names, one's own first."""
    names = await list_preset_names(interaction, typed)
    return [app_commands.Choice(name=name, value=name) for name in names]


async def list_preset_names(interaction: Interaction, typed: str) -> list[str]:
    """Names of presets that contain what was typed; none while the database is slow."""

    async def read() -> list[str]:
        defaults = await UserDefaults.load(_find_records(interaction), interaction)
        return defaults.list_names(typed)

    return await read_in_time(read(), [])


def read_file(data: bytes, kept: Callable[[str], str]) -> dict[str, str]:
    """Presets of a file, each checked.

    Args:
        data: The file.
        kept: Checks a preset's text.

    Raises:
        PromptError: It is no such file, or one of the presets cannot be kept.
    """
    try:
        presets = json.loads(data)["presets"]
        pairs = [(str(name), str(text)) for name, text in presets.items()]
    # The JSON may be of any shape: a list, a number, names without texts, thousands of brackets.
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise PromptError(Sentence(sentences.PRESET_FILE)) from None
    if not 0 < len(pairs) <= MOST_PRESETS:
        raise PromptError(Sentence(sentences.PRESET_FILE))
    return {check_name(name): kept(text[:TEXT_LIMIT]) for name, text in pairs}


def _find_records(interaction: Interaction) -> Records:
    return interaction.client.handlers.records


def _find_owner(interaction: Interaction, whose: Whose) -> Owner:
    """Whose presets are meant.

    Raises:
        PromptError: A server's, and this is none.
    """
    if whose == "me":
        return Owner("person", interaction.user.id)
    if interaction.guild_id is None:
        raise PromptError(Sentence(sentences.NO_SERVER))
    return Owner("server", interaction.guild_id)


async def _require_editor(interaction: Interaction, owner: Owner) -> None:
    """Raise unless the person may change the owner's presets."""
    # What Discord sends along is asked first, which costs no query.
    if owner.kind == "person" or policy.manages(interaction):
        return
    choices = await _find_records(interaction).read(choice_queries.read_server, owner.id)
    if not policy.has_role(interaction, choices.editors):
        raise NotAllowedError(Sentence(sentences.PRESET_MANAGERS))


async def _keep(interaction: Interaction, owner: Owner, given: dict[str, str]) -> None:
    await _find_records(interaction).write(
        choice_queries.keep_presets, owner, given, interaction.user.id
    )


async def setup(bot: EaselBot) -> None:
    """Adds the command (called by discord.py)."""
    bot.tree.add_command(Presets())
