"""One side alone: this process becomes the bot or the worker."""

import os
import subprocess
import sys
import time
from typing import Annotated, Final

import typer

from cli.launch import QUIET
from cli.workers import drain_worker, live_workers
from storage.prepare import migrate
from storage.settings import Settings, load_settings

_LOOK: Final = 0.5
"""Seconds between looks whether a worker has ended."""

app = typer.Typer(rich_markup_mode=None)


@app.command("bot")
def become_bot() -> None:
    """Run the bot alone.

    A worker, here or elsewhere, makes the pictures.
    """
    _become("bot")


@app.command("worker")
def become_worker(
    drain: Annotated[
        bool,
        typer.Option(
            "--drain",
            help="Have the running one of this name make its job to the end, take no more, and "
            "end; waits for that.",
        ),
    ] = False,
) -> None:
    """Run a worker alone.

    It needs the bot's database and pictures, and no open port.
    """
    if drain:
        _drain(load_settings())
        return
    _become("generation.worker")


def _drain(settings: Settings) -> None:
    """Waits until the worker of this name has made its job and has ended."""
    name = settings.executor
    running = live_workers(settings)
    if name not in running or not drain_worker(settings):
        others = f" Running: {', '.join(sorted(running))}." if running else ""
        typer.echo(f"No worker named {name} runs; EASEL_WORKER names another.{others}", err=True)
        raise typer.Exit(1)
    typer.echo(f"{name} takes no more jobs, and ends when the one that it makes is made.")
    while name in live_workers(settings):
        time.sleep(_LOOK)
    typer.echo(f"{name} has ended.")


def _become(module: str) -> None:
    """Makes the database ready, then turns this process into another module's."""
    migrate(load_settings())
    os.environ.update(QUIET)
    command = [sys.executable, "-m", module]
    # The same process, so signals and the exit code pass between the side and whoever started it.
    # On Windows execv starts another process and ends this one, which a shell takes for the end.
    if os.name == "posix":
        os.execv(sys.executable, command)  # noqa: S606 - no shell wanted
    raise typer.Exit(subprocess.call(command))  # noqa: S603 - our own module
