"""``/info``: the queue, one's own jobs, and the model."""

from discord import app_commands

from bot.client import EaselBot, Interaction
from bot.text import accounts, messages, sentences
from bot.text.languages import say
from storage.queue.limits import find_day


@app_commands.command(name="info", description="The queue, your jobs, and the model that draws")
async def info(interaction: Interaction) -> None:
    """Tells how things stand, in private."""
    # Counting may take longer than Discord waits while the database is busy.
    await interaction.response.defer(ephemeral=True, thinking=True)
    handlers = interaction.client.handlers
    cards = handlers.cards
    queue = await handlers.jobs.count_queue()
    allowed, used = await handlers.jobs.find_limits(interaction)
    daily, today = find_day(allowed, used)
    text = say(
        sentences.INFO,
        queued=queue.queued,
        running=queue.running,
        workers=queue.workers,
        mine=used.unfinished,
        most=allowed.unfinished,
        today=today,
        daily=daily or "∞",
        model=say(cards[0].title),
        about=say(cards[0].about),
    )
    if left := accounts.write_left(used.spent):
        text += "\n" + left
    for trouble, count in queue.troubles.items():
        text += "\n" + say(sentences.TROUBLES[trouble], count=count)
    if queue.full:
        text += "\n" + say(sentences.NO_SPACE)
    if len(cards) > 1:
        text += "\n" + messages.list_models(cards)
    # Once each: several models may have a LoRA in common.
    worn = dict.fromkeys(f"`{one.name}`" for card in cards for one in card.loras)
    if loras := ", ".join(worn):
        text += "\n" + say(sentences.INFO_LORAS, names=loras)
    # Cut, since with many models or LoRAs Discord would refuse it all.
    await interaction.edit_original_response(content=text[: messages.CONTENT_LIMIT])


async def setup(bot: EaselBot) -> None:
    """Adds the command (called by discord.py)."""
    bot.tree.add_command(info)
