"""Rests that spare Discord and the database, as short as tests can have them.

Some grow with what the machine has to do besides, so that a busy one would spend tests on waiting.
"""

import pytest
from discord.backoff import ExponentialBackoff

from bot.delivery import courier, target, watcher
from storage.queue import client


def hasten(patch: pytest.MonkeyPatch, *, pace: float = 0.02) -> None:
    """Makes a bot in this process look, edit and try again after hundredths of a second.

    Args:
        patch: Undoes it, if anybody does.
        pace: Seconds between edits of one message.
    """
    patch.setattr(client, "LONGEST_REST", 0.02)
    patch.setattr(courier, "PACE", pace)
    patch.setattr(courier, "STORE_PAUSE", 0.02)
    patch.setattr(watcher, "FAULT_PAUSE", 0.02)
    patch.setattr(target, "FIRST_WAIT", 0.01)
    patch.setattr(target, "FIRST_REST", 0.01)
    patch.setattr(target, "PROBE_LIFE", 0.0)
    patch.setattr(ExponentialBackoff, "delay", lambda _: 0.01)
