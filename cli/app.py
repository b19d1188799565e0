"""The command line: a table of commands, each loaded when it is called; ``--help`` loads none."""

import contextlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import Annotated, Any, Final, cast

import typer
from typer.core import TyperGroup

from cli import __version__
from faults import HostError, UserError


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
    "run": Place("cli.start", "Run the bot and a worker for each GPU on real Discord."),
    "bot": Place("cli.sides", "Run the bot alone."),
    "worker": Place("cli.sides", "Run a worker alone."),
    "upgrade": Place("cli.upgrade", "Bring the database up to this release."),
    "imagine": Place("cli.imagine", "Make pictures without Discord."),
    "parse": Place("cli.parse", "Show what a prompt, or a picture's file, stands for."),
    "describe": Place("cli.picture", "Write four prompts for a picture."),
    "verify": Place("cli.provenance", "Tell where a picture is from."),
    "provenance": Place("cli.provenance", "Show what pictures are signed with."),
    "doctor": Place("cli.doctor", "Check this installation."),
    "check-live": Place("cli.check_live", "Check the bot on the real Discord."),
    "report": Place("cli.report", "Draw with every model, and write how that went."),
    "backup": Place("cli.backup", "Copy the database and the pictures."),
    "restore": Place("cli.backup", "Put a backup back."),
    "privacy": Place("cli.privacy", "Copy or delete what is kept of a person."),
    "invite": Place("cli.invite", "Print the links that install the bot."),
    "models": Place("cli.models", "List, fetch and check the models that draw."),
    "people": Place("cli.people", "Give a person more, or block them, everywhere."),
    "cases": Place("cli.cases", "See and decide about pictures held or reported."),
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
        # click looks each name up in it, so this is all that loading late takes.
        self.commands = cast("Any", _Commands())

    def format_commands(self, _context: Any, formatter: Any) -> None:  # noqa: ANN401
        """Lists the commands without loading them."""
        # click's own asks every command for its help, and so would import them all.
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
    # Typer's tracebacks may show local variables, tokens among them.
    pretty_exceptions_enable=False,
    # With rich, typer would list the commands itself, past `format_commands`.
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
    """Turns what a person or a host can mend into a sentence and an exit code."""
    try:
        yield
    except Exception as error:
        text = _word(error)
        if text is None:
            raise
        typer.echo(text, err=True)
        raise typer.Exit(_choose_code(error)) from None


WORKERS: Final = frozenset({"diffusers", "huggingface_hub", "safetensors", "torch", "transformers"})
"""Modules that the extra ``worker`` brings and a bot lacks."""


def _word(error: Exception) -> str | None:
    """What to say of an error; None if it is a mistake of ours."""
    from prompt.errors import PromptError  # noqa: PLC0415

    match error:
        case PromptError(suggestion=str(suggestion)):
            return f"{error}\nThis would work: {suggestion}"
        case HostError() | PromptError():
            return str(error)
        case UserError():
            # Only here: with it comes all that the bot says.
            from bot.text.wording import word_error  # noqa: PLC0415

            return word_error(error)
        case ModuleNotFoundError(name=name) if name in WORKERS:
            return f"This needs {name}, which a worker's installation has: easel[worker]."
    # By its name: to ask its class would load the library for every command that exits.
    if type(error).__module__ == "sqlalchemy.exc":
        name = type(error).__name__
        return f"The database cannot be used ({name}); `easel doctor` says more."
    return None


def _choose_code(error: Exception) -> int:
    """2 for a prompt, as for any argument that is wrong; 1 for everything else."""
    from prompt.errors import PromptError  # noqa: PLC0415

    return 2 if isinstance(error, PromptError) else 1


def main() -> None:
    """Runs the command that the command line names."""
    app()
