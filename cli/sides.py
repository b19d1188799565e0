"""One side alone: this process becomes the bot or the worker."""

import os
import subprocess
import sys

import typer

from storage.prepare import migrate
from storage.settings import load_settings

app = typer.Typer(rich_markup_mode=None)


@app.command("bot")
def become_bot() -> None:
    """Run the bot alone.

    A worker, here or elsewhere, makes the pictures.
    """
    _become("bot")


@app.command("worker")
def become_worker() -> None:
    """Run a worker alone.

    It needs the bot's database and pictures, and no open port.
    """
    _become("generation.worker")


def _become(module: str) -> None:
    """Makes the database ready, then turns this process into another module's."""
    migrate(load_settings())
    command = [sys.executable, "-m", module]
    # The same process, so signals and the exit code pass between the side and whoever started it.
    # On Windows execv starts another process and ends this one, which a shell takes for the end.
    if os.name == "posix":
        os.execv(sys.executable, command)  # noqa: S606 - no shell wanted
    raise typer.Exit(subprocess.call(command))  # noqa: S603 - our own module
