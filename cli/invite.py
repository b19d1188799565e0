"""The links that install the bot: what ``easel invite`` prints."""

import base64
from typing import Annotated, Final

import typer

from storage.settings import SettingsError, load_settings

# Bits as Discord documents them.
PERMISSIONS: Final = {
    "Add Reactions": 1 << 6,
    "View Channel": 1 << 10,
    "Send Messages": 1 << 11,
    "Embed Links": 1 << 14,
    "Attach Files": 1 << 15,
    "Read Message History": 1 << 16,
    "Use External Emojis": 1 << 18,
    "Send Messages in Threads": 1 << 38,
}
"""What the bot asks for when it is added to a server, and nothing more."""

app = typer.Typer(rich_markup_mode=None)


@app.command("invite")
def print_links(
    application: Annotated[
        int | None,
        typer.Argument(help="The application's id; taken from DISCORD_TOKEN if left out."),
    ] = None,
) -> None:
    """Print the links that install the bot.

    One adds it to a server, with the permissions that it needs and no others; one to an account.
    """
    base = f"https://discord.com/oauth2/authorize?client_id={application or _read_application()}"
    permissions = sum(PERMISSIONS.values())
    typer.echo("For a server:")
    typer.echo(
        # In Discord's numbers a server is 0, an account 1.
        f"  {base}&integration_type=0&permissions={permissions}&scope=bot+applications.commands"
    )
    typer.echo("For your own account, to use it anywhere:")
    typer.echo(f"  {base}&integration_type=1&scope=applications.commands")
    typer.echo(f"Permissions: {', '.join(PERMISSIONS)}.")


def _read_application() -> int:
    """The application's id, which is the first part of its token."""
    token = load_settings().discord_token
    if token is None:
        raise SettingsError("Name the application's id, or set DISCORD_TOKEN.")
    first = token.get_secret_value().partition(".")[0]
    try:
        # The token leaves the padding off; too much of it is ignored.
        return int(base64.b64decode(first + "=="))
    except ValueError:
        raise SettingsError("DISCORD_TOKEN does not look like a bot's token.") from None
