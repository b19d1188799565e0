"""What can be checked on Discord without anybody's help."""

import io
import time
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

import discord
from PIL import Image

from bot.delivery.answers import Effect, judge
from bot.requests.renewal import DISCORD_FILES, renew_link
from cli.invite import PERMISSIONS
from cli.live.rig import FailedError, NotTriedError, Rig
from generation.untrusted.fetch import fetch

EDITS: Final = 6
"""Edits in a row: one more than Discord takes of a channel in five seconds."""

_GATEWAY: Final = 15.0
"""Seconds for an event to arrive."""

_TEXT: Final = "Easel is being checked here; this message goes away by itself."


async def check_login(rig: Rig) -> str:
    """The gateway is connected, with so many shards."""
    user = rig.bot.user
    return f"in as {user}; gateway answers after {1000 * rig.bot.latency:.0f} ms"


async def check_commands(rig: Rig) -> str:
    """What is registered at Discord is what this version has."""
    guild = discord.Object(rig.settings.guild) if rig.settings.guild else None
    wanted = {command.name for command in rig.bot.tree.get_commands(guild=guild)}
    there = {command.name for command in await rig.bot.tree.fetch_commands(guild=guild)}
    if wanted != there:
        raise FailedError(f"missing or left over: {', '.join(sorted(wanted ^ there))}")
    return f"{len(there)} are registered" + (" on one server" if guild else "")


async def check_permissions(rig: Rig) -> str:
    """The bot may do in the channel what it asks for when it is invited."""
    allowed = rig.channel.permissions_for(rig.channel.guild.me).value
    if missing := [name for name, bit in PERMISSIONS.items() if not allowed & bit]:
        raise FailedError(f"missing here: {', '.join(missing)}")
    return f"all {len(PERMISSIONS)}"


async def check_edits(rig: Rig) -> str:
    """A message is posted, edited faster than Discord likes, read and deleted."""
    message, began = await rig.channel.send(_TEXT), time.monotonic()
    for number in range(EDITS):
        await message.edit(content=f"{_TEXT} ({number + 1})")
    seconds = time.monotonic() - began
    seen = await rig.channel.fetch_message(message.id)
    await message.delete()
    if not seen.content.endswith(f"({EDITS})"):
        raise FailedError("the last edit is not what Discord shows")
    return f"{EDITS} in {seconds:.1f} s"


async def check_nonce(rig: Rig) -> str:
    """A message that is sent twice with one nonce appears once."""
    nonce = f"check-{time.time_ns() % 10**12}"
    first = await rig.channel.send(_TEXT, nonce=nonce)
    second = await rig.channel.send(_TEXT, nonce=nonce)
    await first.delete()
    if first.id != second.id:
        await second.delete()
        raise FailedError("two messages appeared")
    return "sent twice, shown once"


async def check_largest(rig: Rig) -> str:
    """A file of the size that the server allows is taken."""
    limit = rig.channel.guild.filesize_limit
    file = discord.File(io.BytesIO(bytes(limit)), "easel-check.bin")
    message = await rig.channel.send(_TEXT, file=file)
    await message.delete()
    return f"{limit} bytes are taken"


async def check_too_large(rig: Rig) -> str:
    """A larger one is refused in a way at which delivery makes pictures smaller."""
    size = rig.channel.guild.filesize_limit + 1
    file = discord.File(io.BytesIO(bytes(size)), "easel-check.bin")
    try:
        message = await rig.channel.send(_TEXT, file=file)
    except discord.HTTPException as error:
        return _require(error, "shrinks")
    await message.delete()
    raise FailedError(f"{size} bytes are taken, which is more than Discord says")


async def check_links(rig: Rig) -> str:
    """The link to a file leads to its bytes, and Discord signs it anew."""
    png = io.BytesIO()
    Image.new("RGB", (64, 64), (178, 74, 60)).save(png, "PNG")
    png.seek(0)
    message = await rig.channel.send(_TEXT, file=discord.File(png, "easel-check.png"))
    url = message.attachments[0].url
    origins = {rig.settings.discord} if rig.settings.discord else set()
    found = await fetch(url, allowed_origins=origins, only_hosts=DISCORD_FILES)
    renewed = await renew_link(rig.bot.http, url, origins)
    await message.delete()
    if found != png.getvalue():
        raise FailedError("other bytes came back than were sent")
    return "read; signed anew" if renewed else "read; Discord did not sign it anew"


async def check_reactions(rig: Rig) -> str:
    """A reaction is put under a message, and the gateway tells of it."""
    message = await rig.channel.send(_TEXT)
    began = time.monotonic()
    heard = rig.bot.wait_for(
        "raw_reaction_add", check=lambda it: it.message_id == message.id, timeout=_GATEWAY
    )
    await message.add_reaction("🔄")
    try:
        await heard
    except TimeoutError:
        raise FailedError(f"the gateway told nothing within {_GATEWAY:.0f} s") from None
    finally:
        await message.delete()
    return f"heard of after {time.monotonic() - began:.1f} s"


async def check_threads(rig: Rig) -> str:
    """A thread is written in; what happens to an edit once it is archived."""
    message = await rig.channel.send(_TEXT)
    try:
        thread = await message.create_thread(name="Easel is being checked")
    except discord.Forbidden:
        await message.delete()
        raise NotTriedError("for this one let the bot open public threads here") from None
    said = await thread.send(_TEXT)
    await thread.edit(archived=True)
    try:
        await said.edit(content="An edit after that.")
    except discord.HTTPException as error:
        told = _require(error, "closes")
    else:
        told = "taken"
    # It needs more rights to delete a thread than to open one.
    await message.delete()
    return f"written in; an edit in an archived one: {told}"


async def check_gone(rig: Rig) -> str:
    """Messages and channels that are gone, and tokens that are none, close their way."""
    channel, told = rig.channel, []
    webhook = discord.Webhook.partial(rig.bot.application_id or 0, "none", client=rig.bot)
    attempts: Sequence[Callable[[], Awaitable[object]]] = (
        lambda: channel.get_partial_message(1).edit(content=_TEXT),
        lambda: rig.bot.get_partial_messageable(1).send(_TEXT),
        lambda: webhook.edit_message(1, content=_TEXT),
    )
    for attempt in attempts:
        try:
            await attempt()
        except discord.HTTPException as error:
            told.append(_require(error, "closes"))
        else:
            raise FailedError("Discord takes what leads nowhere")
    return f"message {told[0]}; channel {told[1]}; token {told[2]}"


def _require(error: discord.HTTPException, effect: Effect) -> str:
    """What Discord answered.

    Raises:
        FailedError: Delivery would do something else at it.
    """
    told, does = f"{error.status}/{error.code}", judge(error).effect
    if does != effect:
        raise FailedError(f"{told}, at which delivery {does}; expected: {effect}")
    return told
