"""``python -m tests.journeys.able_bot``: the bot as it is with a family that can do everything."""

import sys
from dataclasses import replace

from generation import cards

cards.CARDS = tuple(  # type: ignore[misc]
    replace(card, capabilities=frozenset(cards.Capability)) for card in cards.CARDS
)

if __name__ == "__main__":
    from bot.__main__ import main

    sys.exit(main())
