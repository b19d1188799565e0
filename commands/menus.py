"""Commands of a message's own menu."""

import contextlib

import discord
from discord import app_commands

from bot import errors
from bot.client import EaselBot, Interaction
from bot.components import buttons
from bot.components.panel import Panel
from bot.interactions.pictures import find_image
from bot.panels import routing
from bot.panels.cases import build_report_button
from bot.text import sentences
from bot.text.languages import say


@app_commands.context_menu(name="Recipe")
async def recipe(interaction: Interaction, message: discord.Message) -> None:
    """Tells everything that decided the pictures of a message, or what another's file says."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    handlers = interaction.client.handlers
    try:
        job = await handlers.results.find_shown_job(message.id)
    except errors.NoPictureError:
        with contextlib.suppress(errors.NoImageError):
            await handlers.translation.tell_known(interaction, find_image(message))
            return
        raise
    await handlers.results.tell_recipe(interaction, job)


@app_commands.context_menu(name="Delete")
async def delete(interaction: Interaction, message: discord.Message) -> None:
    """Deletes a message of the bot's, for the owner of its job or a moderator."""
    await interaction.response.defer(ephemeral=True, thinking=True)
    client, results = interaction.client, interaction.client.handlers.results
    job = await results.find_shown_job(message.id)
    # Not fetched: the ids are enough to delete it, and fetching would be two more requests.
    channel = client.get_partial_messageable(message.channel.id, guild_id=interaction.guild_id)
    place = channel.get_partial_message(message.id)
    if not await results.delete(place, job, interaction):
        # Who wants somebody else's picture gone can say why.
        view = routing.build_view(Panel("", (build_report_button(job),)))
        await interaction.edit_original_response(content=say(sentences.NOT_YOURS), view=view)
        return
    await interaction.edit_original_response(content=say(sentences.DELETED))


@app_commands.context_menu(name="Vary or upscale")
async def vary(interaction: Interaction, message: discord.Message) -> None:
    """Offers the buttons that vary or enlarge the pictures of a message."""
    await interaction.client.handlers.results.offer_buttons(
        interaction, message.id, buttons.VARYING | buttons.ENLARGING
    )


@app_commands.context_menu(name="Edit")
async def edit(interaction: Interaction, message: discord.Message) -> None:
    """Asks what is to change in a picture of the bot's, or in the first image of any message."""
    await interaction.client.handlers.editing.offer_in_message(interaction, message)


@app_commands.context_menu(name="Use image…")
async def use(interaction: Interaction, message: discord.Message) -> None:
    """Offers what can be done with the first image of any message."""
    await interaction.client.handlers.imagine.offer_image(interaction, find_image(message))


async def setup(bot: EaselBot) -> None:
    """Adds the commands (called by discord.py)."""
    bot.tree.add_command(recipe)
    bot.tree.add_command(delete)
    bot.tree.add_command(vary)
    bot.tree.add_command(edit)
    bot.tree.add_command(use)
