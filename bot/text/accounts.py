"""Texts about what people may use and have used: what is left, and who used what."""

import math
from collections.abc import Mapping, Sequence
from typing import Final

from bot.text import sentences
from bot.text.languages import say
from bot.text.messages import CONTENT_LIMIT
from storage.queue.books import Used
from storage.queue.limits import Budget
from storage.quotas import Unit

BARS: Final = 15
"""People in the chart of what was used, and..."""

BAR: Final = 12
"""characters of the longest bar."""


def write_amount(unit: Unit, count: int) -> str:
    """So many of what a quota counts."""
    return say(sentences.UNITS[unit], count=count)


def write_left(spent: Mapping[Budget, float]) -> str:
    """What is left of budgets, on one line; empty where there are none."""
    left = [_write_left(budget, used) for budget, used in spent.items()]
    return say(sentences.INFO_LEFT, budgets="; ".join(left)) if left else ""


def _write_left(budget: Budget, used: float) -> str:
    return say(
        sentences.BUDGET_LEFT,
        left=max(0, math.floor(budget.amount - used)),
        limit=write_amount(budget.kind.unit, budget.amount),
        period=say(sentences.PERIODS[budget.kind.period]),
    )


def write_usage(used: Sequence[Used]) -> str:
    """Who used what on a server, as a chart of GPU time.

    Args:
        used: What each person used, most GPU time first.
    """
    if not used:
        return say(sentences.USAGE_NONE)
    most = max(used[0].seconds, 1e-6)
    lines = [say(sentences.USAGE), *(_write_used(one, one.seconds / most) for one in used[:BARS])]
    if rest := used[BARS:]:
        minutes = write_amount("minutes", math.ceil(sum(one.seconds for one in rest) / 60))
        lines.append(say(sentences.USAGE_REST, count=len(rest), minutes=minutes))
    return "\n".join(lines)[:CONTENT_LIMIT]


def _write_used(used: Used, share: float) -> str:
    return say(
        sentences.USAGE_LINE,
        bar=("█" * max(1, round(BAR * share))).ljust(BAR, "░"),
        # Ids are above 0.
        who=f"<@{used.person_id}>" if used.person_id > 0 else say(sentences.USAGE_GONE),
        minutes=write_amount("minutes", math.ceil(used.seconds / 60)),
        jobs=write_amount("jobs", used.jobs),
        pictures=write_amount("pictures", used.pictures),
    )
