"""``easel check-live``: everything that only the real Discord can show, gone through by itself."""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from datetime import UTC, datetime
from typing import Annotated, Final

import discord
import typer

from cli import __version__
from cli.findings import Finding, State
from cli.live import alone, together
from cli.live.rig import CheckError, FailedError, NotTriedError, Rig, open_rig
from storage.settings import Settings, load_settings

Check = Callable[[Rig], Awaitable[str]]
"""Makes one check; what was seen. Raises FailedError or NotTriedError."""

ALONE: Final[Mapping[str, Check]] = {
    "login": alone.check_login,
    "commands": alone.check_commands,
    "permissions": alone.check_permissions,
    "edits": alone.check_edits,
    "nonce": alone.check_nonce,
    "largest file": alone.check_largest,
    "too large a file": alone.check_too_large,
    "links": alone.check_links,
    "reactions": alone.check_reactions,
    "threads": alone.check_threads,
    "what is gone": alone.check_gone,
}
TOGETHER: Final[Mapping[str, Check]] = {
    "/imagine": together.check_imagine,
    "button": together.check_button,
    "form": together.check_form,
    "completion": together.check_completion,
    "🔄": together.check_reaction,
    "✉️": together.check_direct,
}
EXPIRED: Final[Mapping[str, Check]] = {"dead token": together.check_expired}

PATIENCE: Final = 120.0

app = typer.Typer(rich_markup_mode=None)


@app.command("check-live")
def check_live(
    channel: Annotated[int, typer.Argument(help="Id of a text channel on a test server of yours.")],
    by_itself: Annotated[
        bool, typer.Option("--alone", help="Leave out what a person has to do in Discord.")
    ] = False,
    expired: Annotated[
        bool,
        typer.Option("--expired", help="Wait until a token has died, a quarter of an hour more."),
    ] = False,
    patience: Annotated[
        float, typer.Option(help="Seconds to wait for each thing that a person is asked to do.")
    ] = PATIENCE,
) -> None:
    """Check the bot on the real Discord.

    It posts and deletes messages in that channel and asks you to press some things there. It draws
    with plain colours and keeps nothing. Stop the bot first: both would answer. At the end it
    prints a table to paste into a report, and exits with code 1 if something failed.
    """
    checks = dict(ALONE)
    if not by_itself:
        checks |= TOGETHER
    if expired and not by_itself:
        checks |= EXPIRED
    findings = asyncio.run(check(load_settings(), channel, checks, patience, typer.echo))
    typer.echo(write_table(findings))
    if any(finding.state is State.FAULT for finding in findings):
        raise typer.Exit(1)


async def check(
    settings: Settings,
    channel: int,
    checks: Mapping[str, Check],
    patience: float,
    say: Callable[[str], None],
) -> list[Finding]:
    """Makes all checks, one after the other.

    Args:
        settings: With the bot's token; data and pictures of theirs are left alone.
        channel: Where.
        checks: Which, by their names.
        patience: Seconds that a person has for each thing that they are asked to do.
        say: Given each finding, and what a person is to do.

    Raises:
        SettingsError: There is no token.
        CheckError: It cannot begin.
    """
    found = []
    try:
        async with open_rig(settings, channel, patience, lambda it: say(f"→ {it}")) as rig:
            say(f"Checking in #{rig.channel.name} of {rig.channel.guild.name}.")
            for name, each in checks.items():
                finding = await _make(name, each, rig)
                say(f"{finding.state.value} {name:<16} {finding.says}")
                found.append(finding)
    except discord.HTTPException as error:
        raise CheckError(f"Discord answers {error.status}, code {error.code}.") from None
    return found


async def _make(name: str, each: Check, rig: Rig) -> Finding:
    try:
        return Finding(name, State.OK, await each(rig))
    except NotTriedError as reason:
        return Finding(name, State.NOTE, f"not tried: {reason}")
    except FailedError as failure:
        return Finding(name, State.FAULT, str(failure))
    except discord.HTTPException as error:
        return Finding(name, State.FAULT, f"Discord answers {error.status}, code {error.code}")
    # One check that goes wrong otherwise is not to take the others' results along.
    except Exception as error:  # noqa: BLE001
        return Finding(name, State.FAULT, f"{type(error).__name__}: {error}")


def write_table(findings: list[Finding]) -> str:
    """The findings as Markdown."""
    today = datetime.now(UTC).date().isoformat()
    heading = f"easel check-live, Easel {__version__}, discord.py {discord.__version__}, {today}"
    lines = ["", heading, "", "| check | | seen |", "|---|---|---|"]
    lines += [f"| {one.name} | {one.state.value} | {one.says} |" for one in findings]
    return "\n".join(lines)
