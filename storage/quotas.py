"""Quotas: how much may be used in a day, a week or a month, and how people write that."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Final, Literal, Self, cast, get_args

from faults import UserError

Unit = Literal["jobs", "pictures", "minutes", "fast"]
"""What is counted: jobs, pictures, GPU minutes, or those of jobs that are not relaxed."""

Period = Literal["day", "week", "month"]
"""A calendar day, week (from Monday) or month, in UTC."""

EXAMPLE: Final = "50 jobs/day, 200 pictures/week, 60 fast minutes/month"

_LARGEST: Final = 1_000_000
_SINGULAR: Final = {"job": "jobs", "picture": "pictures", "minute": "minutes"}
_ENTRY: Final = re.compile(
    r"(?P<amount>\d{1,7})\s*(?P<unit>jobs?|pictures?|(?:fast\s+)?minutes?|fast)\s*"
    r"(?:/|\bper\b|\ba\b)\s*(?P<period>day|week|month)",
    re.IGNORECASE,
)


class QuotaError(UserError, ValueError):
    """A text that names no quotas; the text is the part that does not."""


@dataclass(frozen=True, slots=True, order=True)
class QuotaKind:
    """What a quota counts, and over what.

    Attributes:
        unit: What is counted.
        period: Over what.
    """

    unit: Unit
    period: Period

    def __str__(self) -> str:
        return f"{self.unit}/{self.period}"

    @classmethod
    def read(cls, text: str) -> Self:
        """The kind that ``str`` wrote."""
        unit, _, period = text.partition("/")
        return cls(cast("Unit", unit), cast("Period", period))


Quotas = Mapping[QuotaKind, int]

KINDS: Final = tuple(
    QuotaKind(unit, period) for unit in get_args(Unit) for period in get_args(Period)
)
"""Every kind that there is."""


def parse_quotas(text: str) -> dict[QuotaKind, int]:
    """Quotas as people write them, such as :data:`EXAMPLE`; none where there is no text.

    Raises:
        QuotaError: A part is none.
    """
    found = {}
    for part in filter(None, (each.strip() for each in text.split(","))):
        entry = _ENTRY.fullmatch(part)
        if entry is None or not 0 < int(entry["amount"]) <= _LARGEST:
            raise QuotaError(part)
        unit = entry["unit"].lower()
        unit = "fast" if unit.startswith("fast") else _SINGULAR.get(unit, unit)
        found[QuotaKind.read(f"{unit}/{entry['period'].lower()}")] = int(entry["amount"])
    return found


def format_quotas(quotas: Quotas) -> str:
    """Quotas as :func:`parse_quotas` reads them."""
    return ", ".join(
        f"{amount} {'fast minutes' if kind.unit == 'fast' else kind.unit}/{kind.period}"
        for kind, amount in sorted(quotas.items())
    )


def find_begin(period: Period, today: date) -> date:
    """The first day of the period that a day is in."""
    if period == "week":
        return today - timedelta(days=today.weekday())
    return today.replace(day=1) if period == "month" else today


def find_end(period: Period, today: date) -> datetime:
    """The moment at which the period that a day is in is over."""
    # A month and some days from its beginning are in the next, whatever its length.
    longest = {"day": 1, "week": 7, "month": 31}[period]
    after = find_begin(period, find_begin(period, today) + timedelta(days=longest))
    return datetime(after.year, after.month, after.day, tzinfo=UTC)
