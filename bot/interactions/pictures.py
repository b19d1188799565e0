"""The picture that a message of anybody's shows."""

import discord

from bot.errors import NoImageError


def find_image(message: discord.Message) -> str:
    """The address of a message's first image.

    Raises:
        NoImageError: It has none.
    """
    for file in message.attachments:
        # Discord leaves the type out where it does not know it.
        if (file.content_type or "").startswith("image/"):
            return file.url
    # A link to a picture, or to a page with one.
    for embed in message.embeds:
        for picture in (embed.image, embed.thumbnail):
            if picture.url:
                return picture.url
    raise NoImageError
