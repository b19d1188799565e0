"""``python -m tests.journeys.unable_bot``: the bot as it is with a family that only draws."""

import sys
from dataclasses import replace

from generation.catalogue import families

families.CARDS = tuple(  # type: ignore[misc]
    replace(one, capabilities=frozenset()) for one in families.CARDS
)

if __name__ == "__main__":
    from bot.__main__ import main

    sys.exit(main())
