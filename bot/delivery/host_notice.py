"""What whoever runs the bot is told at once: pictures that may sexualize a minor."""

from typing import Final

import discord
import structlog

from bot.text import sentences
from bot.text.languages import say, speaking

log: Final = structlog.get_logger(__name__)


async def tell_host(client: discord.Client, job_id: str) -> None:
    """Tells the application's owner of a case in a direct message, and the log in any event."""
    log.error("suspected_minor", case=job_id)
    try:
        owner = (await client.application_info()).owner
        with speaking("en"):
            await owner.send(say(sentences.HOST_TOLD, case=job_id))
    except discord.HTTPException as error:
        # A team has no direct messages; the log and `easel cases` tell of it.
        log.warning("host_not_told", case=job_id, status=error.status)
