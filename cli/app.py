"""The command line. Each command imports what it needs when it runs, so ``--help`` is quick."""

import contextlib
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Final, cast

import typer

if TYPE_CHECKING:
    from cli.models import Wanted
    from generation.recipe import Recipe
    from generation.untrusted.clean import ImageError
    from storage.settings import Settings

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

_QUIET: Final = {
    "DIFFUSERS_VERBOSITY": "error",
    "HF_HUB_DISABLE_PROGRESS_BARS": "1",
    "TRANSFORMERS_VERBOSITY": "error",
}
"""Keeps the model libraries from writing between the lines of a command."""

app = typer.Typer(
    name="easel",
    help="A Discord bot that gives a server its own Midjourney on its own GPU.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Text = Annotated[str, typer.Argument(help="As typed after /imagine, flags and all.")]
Verbose = Annotated[bool, typer.Option("--verbose", "-v", help="Show the logs here as well.")]


@app.command()
def play(
    port: Annotated[int, typer.Option(help="Where to serve the page.", max=65535, min=0)] = 8765,
    verbose: Verbose = False,
    open_page: Annotated[
        bool, typer.Option("--open", help="Open the page in the browser.")
    ] = False,
) -> None:
    """Try it all on a stand-in for Discord.

    It needs no token and no GPU, downloads nothing, and leaves a real installation's data alone.
    """
    import asyncio  # noqa: PLC0415
    import webbrowser  # noqa: PLC0415

    from cli import start  # noqa: PLC0415

    with _sentences():
        asyncio.run(
            start.play(
                _settings(),
                port=port,
                say=typer.echo,
                tell=_prefixed if verbose else _own_words,
                open_page=lambda url: open_page and webbrowser.open(url),
            )
        )


@app.command()
def run() -> None:
    """Run the bot and a worker on real Discord."""
    import asyncio  # noqa: PLC0415

    from cli import start  # noqa: PLC0415

    with _sentences():
        asyncio.run(start.run(_settings(), say=typer.echo, tell=_prefixed))


@app.command()
def bot() -> None:
    """Run the bot alone.

    A worker, here or elsewhere, makes the pictures.
    """
    _become("bot")


@app.command()
def worker() -> None:
    """Run a worker alone.

    It needs the bot's database and pictures, and no open port.
    """
    _become("generation.worker")


@app.command()
def imagine(
    prompt: Text,
    output: Annotated[
        Path | None,
        typer.Option("--output", "-o", help="The PNG to write; named by its seed if left out."),
    ] = None,
    image: Annotated[
        list[Path] | None, typer.Option(help="A photograph to start from.", exists=True)
    ] = None,
) -> None:
    """Make pictures without Discord.

    Writes the grid, each picture of it, and the recipe.
    """
    from cli import sketch  # noqa: PLC0415

    if output is not None and output.suffix != ".png":
        raise typer.BadParameter("the output is a PNG, so its name must end in .png")
    with _sentences():
        settings = _settings()
        images = sketch.take(prompt, image or [], settings)
        resolved = sketch.plan(prompt, settings, images)
        for note in resolved.notes:
            typer.echo(note, err=True)
        output = output or Path(f"easel-{resolved.recipe.pictures[0].seed}.png")
        for path in _draw(resolved.recipe, settings, output):
            typer.echo(path)


@app.command()
def parse(prompt: Text) -> None:
    """Show the recipe that a prompt stands for.

    Where there is none, says why and exits with code 2.
    """
    from cli import sketch  # noqa: PLC0415

    with _sentences():
        resolved = sketch.plan(prompt, _settings())
        for note in resolved.notes:
            typer.echo(note, err=True)
        typer.echo(sketch.as_json(resolved.recipe), nl=False)


@app.command()
def doctor() -> None:
    """Check this installation.

    Says how to mend what is wrong, and exits with code 1 if something is.
    """
    import asyncio  # noqa: PLC0415

    from rich.console import Console  # noqa: PLC0415

    from cli import doctor as practice  # noqa: PLC0415

    console = Console(highlight=False, soft_wrap=True)
    colours = {practice.State.OK: "green", practice.State.NOTE: "yellow"}
    faults = 0
    with _sentences():
        settings = _settings()
        for finding in (
            *practice.examine(settings),
            *asyncio.run(practice.examine_discord(settings)),
        ):
            colour = colours.get(finding.state, "red")
            mark = f"[{colour}]{finding.state.value}[/]"
            console.print(mark, f"{finding.name:<12}", finding.says, markup=True)
            if finding.mend:
                console.print(f"{'':14} → {finding.mend}", style="dim", markup=False)
            faults += finding.state is practice.State.FAULT
    if faults:
        raise typer.Exit(1)


@app.command()
def invite(
    application: Annotated[
        int | None, typer.Argument(help="The application's id; DISCORD_TOKEN tells it otherwise.")
    ] = None,
) -> None:
    """Print the links that install the bot.

    One adds it to a server, with the permissions that it needs and no others; one to an account.
    """
    with _sentences():
        number = application or _application()
        base = f"https://discord.com/oauth2/authorize?client_id={number}"
        permissions = sum(PERMISSIONS.values())
        typer.echo("For a server:")
        typer.echo(
            f"  {base}&integration_type=0&permissions={permissions}&scope=bot+applications.commands"
        )
        typer.echo("For your own account, to use it anywhere:")
        typer.echo(f"  {base}&integration_type=1&scope=applications.commands")
        typer.echo(f"Permissions: {', '.join(PERMISSIONS)}.")


models = typer.Typer(rich_markup_mode=None)
app.add_typer(models, name="models", help="List, fetch and check the models that draw.")


@models.callback(invoke_without_command=True)
def _models(context: typer.Context) -> None:
    if context.invoked_subcommand is None:
        list_models()


@models.command("list")
def list_models() -> None:
    """List the kinds of models that Easel can run."""
    from generation.catalogue.families import CARDS, VARIANTS  # noqa: PLC0415

    for card in (*CARDS, *VARIANTS):
        typer.echo(f"{card.called:<16} {card.title}: {card.about}")
        typer.echo(f"{'':16} licence {card.licence}; {card.memory:g} GiB of GPU memory or more")
        typer.echo(f"{'':16} weights {card.model}")
        if card.notice:
            typer.echo(f"{'':16} {card.notice}")
        example = "empty" if card.id == "easel" else f"{card.called}, a folder, or a hub id"
        typer.echo(f"{'':16} EASEL_MODEL is {example}")
        for setting, known in (("ADAPTERS", card.adapters), ("CONTROLNETS", card.controlnets)):
            if known:
                typer.echo(f"{'':16} EASEL_{setting} may be {known}")
    with _sentences():
        _list_served()


def _list_served() -> None:
    """Say which are served, where the settings name several."""
    from generation.catalogue.served import served  # noqa: PLC0415

    settings = _settings()
    if settings.models:
        typer.echo("Served here, the usual one first:")
        for name, one in served(settings).items():
            typer.echo(f"  --model {name:<16} {one.model}")


@models.command("fetch")
def fetch_model(
    name: Annotated[str, typer.Argument(help="A name such as sdxl, or a hub id.")],
    accept: Annotated[
        bool,
        typer.Option("--accept-licence", "--yes", "-y", help="Accept its licence without asking."),
    ] = False,
    controlnets: Annotated[
        bool, typer.Option("--controlnets", help="The family's ControlNets instead of its model.")
    ] = False,
) -> None:
    """Fetch a model: the worker fetches none by itself.

    Shows its licence and size first. What was broken off goes on where it stopped.
    """
    from cli import models as shelf  # noqa: PLC0415 - heavy

    with _sentences():
        if controlnets:
            networks = shelf.find_networks(name)
            _fetched(list(networks.each.values()), accept)
            typer.echo(f"They are here. For .env:\n{networks.setting}")
        else:
            wanted = shelf.find(name)
            (folder,) = _fetched([wanted], accept)
            _whole(folder)
            typer.echo(f"It is here. For .env:\n{wanted.setting}")


def _fetched(every: Sequence["Wanted"], accept: bool) -> list[Path]:
    """The folders of what was fetched after a yes to licences and size."""
    from cli import models as shelf  # noqa: PLC0415 - heavy

    for wanted in every:
        typer.echo(f"{wanted.name}, {wanted.title}")
        typer.echo(f"Licence: {wanted.licence} (as far as Easel knows; read its own).")
        if wanted.notice:
            typer.echo(wanted.notice)
    size = sum(wanted.size for wanted in every)
    if size and not accept:
        typer.confirm(f"Accept the licence and fetch {size / 2**30:.1f} GiB?", abort=True)
    return [shelf.fetch(wanted) for wanted in every]


@models.command("check")
def check_model(
    name: Annotated[str, typer.Argument(help="A folder, a name such as sdxl, or a hub id.")],
) -> None:
    """Look a model over: whether all of its parts are there, readable and as they were fetched."""
    from cli import models as shelf  # noqa: PLC0415 - heavy
    from generation.catalogue.checkpoints import card_for  # noqa: PLC0415

    with _sentences():
        folder = shelf.folder_of(name)
        _whole(folder)
        card = card_for(str(folder))
        typer.echo(f"{card.title}, {shelf.weight(folder) / 2**30:.2f} GiB of weights, whole.")


def _whole(folder: Path) -> None:
    """Exit with code 1, saying why, if a checkpoint is not whole."""
    from cli import models as shelf  # noqa: PLC0415 - heavy

    found = list(shelf.faults(folder))
    for fault in found:
        typer.echo(fault, err=True)
    if found:
        raise typer.Exit(1)


def _draw(recipe: "Recipe", settings: "Settings", output: Path) -> list[Path]:
    from rich.console import Console  # noqa: PLC0415
    from rich.progress import Progress  # noqa: PLC0415

    from cli import sketch  # noqa: PLC0415

    os.environ.update(_QUIET)
    with Progress(console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("loading the model", total=None)

        def report(step: int, steps: int, _preview: bytes | None) -> None:
            progress.update(task, description="drawing", completed=step, total=steps)

        return sketch.draw(recipe, settings, output, report)


def _become(module: str) -> None:
    """Makes the database ready, then turns this process into another module's."""
    with _sentences():
        from storage.database.prepare import migrate  # noqa: PLC0415

        migrate(_settings())
    command = [sys.executable, "-m", module]
    if os.name == "posix":
        os.execv(sys.executable, command)  # noqa: S606 - no shell wanted
    import subprocess  # noqa: PLC0415

    raise typer.Exit(subprocess.call(command))  # noqa: S603 - our own module


def _settings() -> "Settings":
    from storage.settings import load_settings  # noqa: PLC0415

    return load_settings()


def _application() -> int:
    """The application's id, which is the first part of its token."""
    import base64  # noqa: PLC0415

    from storage.settings import SettingsError  # noqa: PLC0415

    token = _settings().discord_token
    if token is None:
        raise SettingsError("Name the application's id, or set DISCORD_TOKEN.")
    first = token.get_secret_value().partition(".")[0]
    try:
        return int(base64.b64decode(first + "=="))
    except ValueError:
        raise SettingsError("DISCORD_TOKEN does not look like a bot's token.") from None


@contextlib.contextmanager
def _sentences() -> Iterator[None]:
    """Turns the faults that a person can mend into one sentence and an exit code."""
    try:
        yield
    except Exception as error:
        kinds = [f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__]
        code = next((_FAULTS[kind] for kind in kinds if kind in _FAULTS), None)
        if code is None:
            raise
        typer.echo(_sentence(error, kinds), err=True)
        raise typer.Exit(code) from None


_FAULTS: Final = {
    "prompt.errors.PromptError": 2,
    "cli.launch.SideFailedError": 1,
    "cli.models.NotFetchedError": 1,
    "generation.catalogue.families.UnknownFamilyError": 1,
    "generation.catalogue.controlnets.UnknownStructureError": 1,
    "generation.untrusted.clean.ImageError": 1,
    "generation.catalogue.served.ServedError": 1,
    "generation.catalogue.sources.SourceError": 1,
    "generation.families.load.ModelError": 1,
    "sqlalchemy.exc.SQLAlchemyError": 1,
    "storage.database.connect.DatabaseNotReadyError": 1,
    "storage.files.FileStoreError": 1,
    "storage.queue.jobs.RenderError": 1,
    "storage.settings.SettingsError": 1,
}
"""Faults of a person or a machine, by name so that nothing is imported for them; exit codes."""


def _sentence(error: Exception, kinds: list[str]) -> str:
    if "generation.untrusted.clean.ImageError" in kinds:
        from bot.text.image_wording import sentence  # noqa: PLC0415

        return sentence(cast("ImageError", error))
    if "storage.queue.jobs.RenderError" in kinds:
        from bot.text.sentences import FAILURES  # noqa: PLC0415

        return f"This could not be made: {FAILURES.get(str(error), str(error))}."
    if "sqlalchemy.exc.SQLAlchemyError" in kinds:
        return f"The database cannot be used ({type(error).__name__}); `easel doctor` tells more."
    suggestion = getattr(error, "suggestion", None)
    return f"{error}\nThis would work: {suggestion}" if suggestion else str(error)


def _prefixed(name: str, line: str) -> None:
    typer.echo(f"{name:<10} │ {line}")


def _own_words(name: str, line: str) -> None:
    if name == "easel":
        typer.echo(line)


def main() -> None:
    """Runs the command that the command line names."""
    app()
