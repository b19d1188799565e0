"""``/help``: how to ask for pictures, and every flag."""

from typing import TYPE_CHECKING

import discord
from discord import app_commands

from bot import messages
from prompt.help import acting, line

if TYPE_CHECKING:
    from bot.client import EaselBot


@app_commands.command(name="help", description="How to ask for pictures, and what each flag does")
@app_commands.describe(flag="One flag, such as ar; leave empty for all")
async def help_(interaction: "discord.Interaction[EaselBot]", flag: str = "") -> None:
    """Answers in private, out of the table of flags."""
    lines = [line(row) for row in acting() if _named(row.name, row.aliases, flag)]
    text = "\n".join([messages.HELP if not flag else "", *lines]).strip()
    await interaction.response.send_message(
        messages.paged(text) if lines else messages.NO_FLAG.format(flag=flag[:40]), ephemeral=True
    )


@help_.autocomplete("flag")
async def complete(
    interaction: "discord.Interaction[EaselBot]",  # noqa: ARG001 - Discord's signature
    typed: str,
) -> list[app_commands.Choice[str]]:
    """Flags that begin so."""
    found = [row.name for row in acting() if row.name.startswith(typed.lstrip("-").lower())]
    return [app_commands.Choice(name=f"--{name}", value=name) for name in found[:25]]


def _named(name: str, aliases: tuple[str, ...], asked: str) -> bool:
    return not asked or asked.lstrip("-").lower() in (name, *aliases)


async def setup(bot: "EaselBot") -> None:
    """Adds the command (called by discord.py)."""
    bot.tree.add_command(help_)
