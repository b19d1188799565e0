"""``/show``: a job again, with its buttons."""

import re
from typing import Final

from discord import app_commands

from bot.client import EaselBot, Interaction
from bot.errors import NoJobError
from bot.interactions.patience import read_in_time
from bot.panels.latest import list_choices

# A job's id or its beginning, also as the bot names files: easel-1a2b3c4d.png.
_ID: Final = re.compile(r"(?:easel-)?([0-9a-f]{8,32})(?:[.-]\w+)?", re.IGNORECASE)


@app_commands.command(name="show", description="Show your pictures again, with their buttons")
@app_commands.describe(
    id="Pick one of yours, or give a job's id or the name of a picture's file",
    history="Draw what it was made of and what was made of it, as a tree to choose from",
)
async def show(
    interaction: Interaction,
    id: app_commands.Range[str, 8, 64] = "",  # noqa: A002 - what Midjourney calls the option
    *,
    history: bool = False,
) -> None:
    """Hands the request to the results, or to what draws trees."""
    if not id:
        await interaction.client.handlers.results.offer_latest(interaction)
        return
    found = _ID.fullmatch(id.strip())
    if found is None:
        raise NoJobError(id)
    handlers, beginning = interaction.client.handlers, found[1].lower()
    if history:
        await handlers.lineage.show_from(interaction, beginning)
    else:
        await handlers.results.show(interaction, beginning)


@show.autocomplete("id")
async def complete(interaction: Interaction, typed: str) -> list[app_commands.Choice[str]]:
    """One's favourites and latest pictures whose prompt or id has what was typed."""
    records = interaction.client.handlers.records
    found = await read_in_time(list_choices(records, interaction.user.id, typed), [])
    return [app_commands.Choice(name=name, value=id_) for name, id_ in found]


async def setup(bot: EaselBot) -> None:
    """Adds the command (called by discord.py)."""
    bot.tree.add_command(show)
