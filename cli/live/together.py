"""What has to be done by a person in Discord: each is asked for, and waited for so long."""

from typing import Any, Final

import discord
from sqlalchemy import Connection, select

from bot.delivery.answers import judge
from bot.interactions.requester import DIRECT_LIMIT
from cli.live.rig import FailedError, NotTriedError, Rig
from storage.database.tables import CopyRow
from storage.queue.jobs import Job

TOKEN_LIFE: Final = 16 * 60.0
"""Seconds after which an interaction's token is dead for certain."""

_LOOKS: Final = 12
"""How many times a person's patience fits into the wait for that."""


async def check_imagine(rig: Rig) -> str:
    """A command is answered at once, and its pictures arrive in the same message."""
    rig.asked, seconds = await rig.interaction(
        "send  /imagine prompt: a red apple", lambda it: _command(it) == "imagine"
    )
    rig.grid, message = await rig.shown()
    size = message.attachments[0].size
    return f"answered after {seconds:.2f} s; shown with a file of {size} bytes"


async def check_button(rig: Rig) -> str:
    """A button makes a picture of its own."""
    _need(rig.grid)
    _, seconds = await rig.interaction(
        "press  U1  below the four pictures",
        lambda it: it.type is discord.InteractionType.component,
    )
    rig.single, _ = await rig.shown()
    return f"answered after {seconds:.2f} s; the picture is shown"


async def check_form(rig: Rig) -> str:
    """A button opens a form, and the form is taken."""
    _need(rig.single)
    _, opened = await rig.interaction(
        "press  Custom Zoom  below the single picture",
        lambda it: it.type is discord.InteractionType.component,
    )
    _, taken = await rig.interaction(
        "send the form as it is", lambda it: it.type is discord.InteractionType.modal_submit
    )
    await rig.shown()
    return f"opened after {opened:.2f} s, answered after {taken:.2f} s; the picture is shown"


async def check_completion(rig: Rig) -> str:
    """Choices are offered while somebody types."""
    _, seconds = await rig.interaction(
        "type  /show  and click into its field, without sending it",
        lambda it: it.type is discord.InteractionType.autocomplete,
    )
    return f"answered after {seconds:.2f} s"


async def check_reaction(rig: Rig) -> str:
    """🔄 under pictures draws again."""
    _need(rig.single)
    rig.ask("put the reaction 🔄 below the single picture")
    try:
        await rig.shown(rig.patience)
    except FailedError:
        raise NotTriedError(f"nothing came of it within {rig.patience:.0f} s") from None
    return "a new picture is shown"


async def check_direct(rig: Rig) -> str:
    """✉️ under pictures sends them in a direct message."""
    single = _need(rig.single)
    rig.ask("put the reaction ✉️ below the single picture")

    async def look() -> int | None:
        return await rig.jobs.records.read(_find_copy, single.id)

    sent = await rig.until(look, rig.patience)
    if sent is None:
        raise NotTriedError(
            f"nothing arrived within {rig.patience:.0f} s; are your direct messages open?"
        )
    channel = await rig.bot.create_dm(discord.Object(single.person_id))
    message = await channel.fetch_message(sent)
    size = max((file.size for file in message.attachments), default=0)
    if not 0 < size <= DIRECT_LIMIT:
        raise FailedError(f"its largest file has {size} bytes")
    return "the picture arrived"


async def check_expired(rig: Rig) -> str:
    """A token that has died is refused, and its message is edited all the same."""
    job, asked = _need(rig.grid), rig.asked
    if asked is None or job.message_id is None:
        raise NotTriedError("it needs the pictures of before")
    number = job.message_id
    rig.ask(f"wait for a token to die: up to {TOKEN_LIFE / 60:.0f} minutes; nothing is to be done")

    async def refused() -> discord.HTTPException | None:
        try:
            await asked.followup.edit_message(number, content=_text(asked))
        except discord.HTTPException as error:
            return error
        return None

    error = await rig.until(refused, TOKEN_LIFE, pause=rig.patience / _LOOKS)
    if error is None:
        raise FailedError("it works still")
    if judge(error).effect != "closes":
        raise FailedError(f"{error.status}/{error.code}, at which delivery {judge(error).effect}")
    age = (discord.utils.utcnow() - asked.created_at).total_seconds()
    await rig.channel.get_partial_message(number).edit(content="The token of this message is dead.")
    return f"{error.status}/{error.code} after {age / 60:.1f} minutes; the message can be edited"


def _command(interaction: discord.Interaction[Any]) -> str | None:
    sent = interaction.type is discord.InteractionType.application_command
    return interaction.command.name if sent and interaction.command else None


def _need(job: Job | None) -> Job:
    if job is None:
        raise NotTriedError("it needs the pictures of before")
    return job


def _text(asked: discord.Interaction[Any]) -> str:
    return f"Easel is being checked here, for interaction {asked.id}."


def _find_copy(connection: Connection, job_id: str) -> int | None:
    wanted = select(CopyRow.message_id).where(CopyRow.job_id == job_id)
    return connection.execute(wanted).scalars().first()
