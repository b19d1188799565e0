"""``python -m tests.journeys.unable_bot``: the bot as it is with a family that only draws."""

import sys
from dataclasses import replace

from generation import cards

cards.CARDS = tuple(  # type: ignore[misc]
    replace(card, capabilities=frozenset()) for card in cards.CARDS
)

if __name__ == "__main__":
    from bot.__main__ import main

    sys.exit(main())
