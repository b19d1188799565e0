"""Commands of a message's own menu: recipe and delete."""

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot import errors, messages
from bot.access import Asker
from bot.languages import say
from storage import keeping

if TYPE_CHECKING:
    from bot.client import EaselBot


@app_commands.context_menu(name="Recipe")
async def recipe(interaction: "discord.Interaction[EaselBot]", message: discord.Message) -> None:
    """Tells everything that decided the pictures of a message."""
    bot = interaction.client
    job = await bot.records.read(keeping.job_of_message, message.id)
    if job is None:
        raise errors.NoPictureError
    await bot.results.recipe(interaction, job)


@app_commands.context_menu(name="Delete")
async def delete(interaction: "discord.Interaction[EaselBot]", message: discord.Message) -> None:
    """Deletes a message of the bot's, for the owner of its job or a moderator."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    bot = interaction.client
    job = await bot.records.read(keeping.job_of_message, message.id)
    if job is None:
        raise errors.NoPictureError
    channel = bot.get_partial_messageable(message.channel.id, guild_id=interaction.guild_id)
    place = channel.get_partial_message(message.id)
    if not await bot.results.delete(place, job, Asker.of(interaction)):
        raise errors.NotYoursError
    await interaction.edit_original_response(content=say(messages.DELETED))


async def setup(bot: "EaselBot") -> None:
    """Adds the commands (called by discord.py)."""
    bot.tree.add_command(recipe)
    bot.tree.add_command(delete)
