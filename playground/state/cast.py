"""Who and what is there from the start: `objects.json`, read once."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Mapping
from pathlib import Path

from playground.state.records import Body, Channel, Person

OBJECTS: Body = json.loads(Path(__file__).with_name("objects.json").read_text("utf-8"))
APPLICATION_ID = int(OBJECTS["application"]["id"])
GUILD_ID = int(OBJECTS["guild"]["id"])
TOKEN = base64.b64encode(str(APPLICATION_ID).encode()).decode().rstrip("=") + ".Ea5elP.playground"
"""The bot token that the stand-in accepts; as on Discord its first part names the application."""
CLIENT_SECRET = hashlib.sha256(TOKEN.encode()).hexdigest()[:32]
"""The application's secret, with which it turns codes into tokens."""
DIRECT_OFFSET = 1000
"""A person's direct message channel has the person's id plus this."""


def people() -> dict[str, Person]:
    """Return everybody but the bot, by name."""
    return {
        name: Person(
            int(fixed["user"]["id"]),
            name,
            fixed["user"],
            tuple(fixed["roles"]),
            fixed["color"],
            fixed["locale"],
        )
        for name, fixed in OBJECTS["people"].items()
    }


def channels(known: Mapping[str, Person]) -> dict[int, Channel]:
    """Return the server's channels and everybody's direct messages with the bot, by id."""
    public = [Channel(int(c["id"]), c["name"], dict(c)) for c in OBJECTS["channels"]]
    direct = [Channel(p.id + DIRECT_OFFSET, p.name, person=p.id) for p in known.values()]
    return {channel.id: channel for channel in [*public, *direct]}


def bot() -> Person:
    """Return the bot."""
    roles = tuple(OBJECTS["bot_roles"])
    return Person(APPLICATION_ID, "bot", OBJECTS["bot"], roles, "#5865f2")
