"""The command line: a table of commands, each loaded when it is called; ``--help`` loads none."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Annotated, Any, Final, cast

import typer
from typer.core import TyperGroup

from cli import __version__

if TYPE_CHECKING:
    from generation.untrusted.clean import ImageError


@dataclass(frozen=True, slots=True)
class Place:
    """Where a command is.

    Attributes:
        module: Its ``app`` has the command.
        about: What the list of commands says of it.
    """

    module: str
    about: str


COMMANDS: Final[Mapping[str, Place]] = {
    "play": Place("cli.start", "Try it all on a stand-in for Discord."),
    "run": Place("cli.start", "Run the bot and a worker on real Discord."),
    "bot": Place("cli.sides", "Run the bot alone."),
    "worker": Place("cli.sides", "Run a worker alone."),
    "imagine": Place("cli.imagine", "Make pictures without Discord."),
    "parse": Place("cli.imagine", "Show the recipe that a prompt stands for."),
    "doctor": Place("cli.doctor", "Check this installation."),
    "invite": Place("cli.invite", "Print the links that install the bot."),
    "models": Place("cli.models", "List, fetch and check the models that draw."),
}
"""In the order in which they are listed."""


class _Commands(Mapping[str, Any]):
    """The commands by their names; looking one up imports its module."""

    def __getitem__(self, name: str) -> Any:  # noqa: ANN401 - typer's own class is private
        module = import_module(COMMANDS[name].module)
        return typer.main.get_group(module.app).commands[name]

    def __iter__(self) -> Iterator[str]:
        return iter(COMMANDS)

    def __len__(self) -> int:
        return len(COMMANDS)


class _Easel(TyperGroup):
    """Loads the command that is called, and says its faults in one sentence."""

    def __init__(self, **settings: Any) -> None:  # noqa: ANN401 - as typer calls it
        super().__init__(**settings)
        self.commands = cast("Any", _Commands())

    def format_commands(self, _context: Any, formatter: Any) -> None:  # noqa: ANN401
        """Lists the commands without loading them."""
        with formatter.section("Commands"):
            formatter.write_dl([(name, place.about) for name, place in COMMANDS.items()])

    def invoke(self, ctx: Any) -> Any:  # noqa: ANN401 - as typer calls it
        """Runs the command."""
        with _sentences():
            return super().invoke(ctx)


app = typer.Typer(
    cls=_Easel,
    name="easel",
    help="A Discord bot that gives a server its own Midjourney on its own GPU.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"easel {__version__}")
        raise typer.Exit


@app.callback()
def _easel(
    _version: Annotated[
        bool,
        typer.Option(
            "--version", callback=_print_version, is_eager=True, help="Print the version."
        ),
    ] = False,
) -> None:
    pass


@contextlib.contextmanager
def _sentences() -> Iterator[None]:
    """Turns the faults that a person can mend into one sentence and an exit code."""
    try:
        yield
    except Exception as error:
        kinds = [f"{kind.__module__}.{kind.__qualname__}" for kind in type(error).__mro__]
        code = next((_FAULTS[kind] for kind in kinds if kind in _FAULTS), None)
        if isinstance(error, ModuleNotFoundError) and error.name in WORKERS:
            code = 1
        if code is None:
            raise
        typer.echo(_sentence(error, kinds), err=True)
        raise typer.Exit(code) from None


WORKERS: Final = frozenset({"diffusers", "huggingface_hub", "safetensors", "torch", "transformers"})
"""Modules that the extra ``worker`` brings and a bot lacks."""

_FAULTS: Final = {
    "prompt.errors.PromptError": 2,
    "cli.launch.SideFailedError": 1,
    "cli.checkpoints.NotFetchedError": 1,
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
    if isinstance(error, ModuleNotFoundError):
        return f"This needs {error.name}, which a worker's installation has: easel[worker]."
    if "generation.untrusted.clean.ImageError" in kinds:
        from bot.text.image_wording import word_image_error  # noqa: PLC0415

        return word_image_error(cast("ImageError", error))
    if "storage.queue.jobs.RenderError" in kinds:
        from bot.text.sentences import FAILURES  # noqa: PLC0415

        return f"This could not be made: {FAILURES.get(str(error), str(error))}."
    if "sqlalchemy.exc.SQLAlchemyError" in kinds:
        return f"The database cannot be used ({type(error).__name__}); `easel doctor` says more."
    suggestion = getattr(error, "suggestion", None)
    return f"{error}\nThis would work: {suggestion}" if suggestion else str(error)


def main() -> None:
    """Runs the command that the command line names."""
    app()
