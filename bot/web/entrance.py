"""The way into all pages that people sign in to, put together."""

from collections.abc import Collection
from dataclasses import dataclass

import discord

from bot.web.discord_account import AccountReader
from bot.web.sessions import Cookies, Sessions
from bot.web.sign_in import SignIn
from storage.settings import Settings


@dataclass(frozen=True, slots=True)
class Entrance:
    """Where people sign in, and who did."""

    sign_in: SignIn
    sessions: Sessions


def build_entrance(
    client: discord.Client, settings: Settings, pages: Collection[str]
) -> Entrance | None:
    """The entrance; None where the settings let nobody sign in.

    Args:
        client: Knows the application and its servers.
        settings: Say whether people can sign in.
        pages: Paths of the pages that they come back to; the first is the usual one.
    """
    token, secret = settings.discord_token, settings.client_secret
    if token is None or secret is None:
        return None
    cookies = Cookies(settings.public_url)
    sessions = Sessions(token.get_secret_value(), cookies)
    sign_in = SignIn(
        sessions,
        cookies,
        AccountReader(settings.discord, secret.get_secret_value(), settings.sign_in_back),
        secret=token.get_secret_value(),
        address=settings.public_url,
        find_id=lambda: client.application_id,
        list_servers=lambda: [guild.id for guild in client.guilds],
        pages=pages,
    )
    return Entrance(sign_in, sessions)
