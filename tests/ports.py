"""Ports for servers that are started later than their port is chosen."""

import random
import socket
from contextlib import suppress
from typing import Final

_OWN: Final = range(20_000, 32_000)
"""Below those that the system gives to connections, of which one may be taken any moment."""

_chance = random.SystemRandom()


def free_port() -> int:
    """A port of this machine where nothing listens, and nothing will by itself."""
    while True:
        port = _chance.choice(_OWN)
        with socket.socket() as probe, suppress(OSError):
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(("127.0.0.1", port))
            return port
