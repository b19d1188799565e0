"""Whose turn it is, as one number.

The queue is ordered by a single integer, computed when a job is accepted. Jobs fall into bands
(enlargements first since they cost next to nothing, then fast, then relaxed); within a band people
take turns: a person's next job belongs to the round after their previous one, but never to a round
already over.
"""

from typing import Final

UPSCALE, FAST, RELAX = range(3)
"""The bands, first served first."""

# Three bands of 256 × 2,796,000 end just below 2**31, the largest priority that DBOS takes.
SLOTS: Final = 256
"""Jobs that one round may hold; more share its last number and go by age."""

ROUNDS: Final = 2_796_000
"""Rounds that a band may hold; they start again whenever a band has run empty."""

_WIDTH: Final = SLOTS * ROUNDS


def band_of(title: str, speed: str) -> int:
    """The band of a job.

    Args:
        title: What is made, such as ``imagine`` or ``upscale:2``.
        speed: ``fast`` or ``relax``.
    """
    # By text, since the title is all that a job keeps of its button.
    if title.startswith(("upscale", "larger")):
        return UPSCALE
    return RELAX if speed == "relax" else FAST


def bounds(band: int) -> tuple[int, int]:
    """The first priority of a band and the first one past it."""
    # DBOS counts priorities from 1; 0 is no priority, and would go before all.
    return 1 + band * _WIDTH, 1 + (band + 1) * _WIDTH


def next_round(current: int | None, last_of_person: int | None) -> int:
    """The round that a person's new job belongs to.

    Args:
        current: The earliest round with an unfinished job in the band, or None.
        last_of_person: The latest round with an unfinished job of this person in the band, or None.
    """
    # From the round being served on: in one already over, a newcomer would overtake everybody.
    own = 0 if last_of_person is None else last_of_person + 1
    # A band that has not run empty for millions of rounds loses its order, not its jobs.
    return min(max(current or 0, own), ROUNDS - 1)


def priority(band: int, round_: int, last_taken: int | None) -> int:
    """The place in the queue, in [1, 2**31); smaller is sooner.

    Args:
        band: As from :func:`band_of`.
        round_: As from :func:`next_round`.
        last_taken: The largest priority already given in this band and round, or None.
    """
    first, _ = round_bounds(band, round_)
    if last_taken is None:
        return first
    # Jobs of equal priority DBOS takes by age.
    return min(last_taken + 1, first + SLOTS - 1)


class Turns:
    """The places that one person's new jobs get in a band, one after another."""

    def __init__(self, band: int, taken: dict[int, int], last_of_person: int | None) -> None:
        """Goes on from how the band stands.

        Args:
            band: As from :func:`band_of`.
            taken: The largest priority given in each round that has unfinished jobs.
            last_of_person: The latest such round with a job of this person, or None.
        """
        self._band, self._taken, self._last = band, dict(taken), last_of_person

    def take(self) -> tuple[int, int]:
        """The round and the priority of the person's next job."""
        round_ = next_round(min(self._taken, default=None), self._last)
        self._taken[round_] = priority(self._band, round_, self._taken.get(round_))
        self._last = round_
        return round_, self._taken[round_]


def round_bounds(band: int, round_: int) -> tuple[int, int]:
    """The first priority of a round and the first one past it."""
    first = bounds(band)[0] + round_ * SLOTS
    return first, first + SLOTS
