"""How much one person may ask for: the one place that decides it, whatever way they ask.

The host, a server and the roles of a person there set limits; :func:`allow` puts them together.
:func:`decide` holds a request against them: early, so that nothing slow is done in vain, and again
in the transaction that accepts it, which is the decision that counts.
"""

import math
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from faults import UserError
from storage.decisions.choices import Limits, ServerChoices
from storage.quotas import QuotaKind, Quotas, parse_quotas

LimitKind = Literal["batch", "host", "daily", "unfinished", "quota", "fast"]


@dataclass(frozen=True, slots=True)
class Budget:
    """A quota that holds for somebody.

    Attributes:
        kind: What it counts, and over what.
        amount: How much there is.
        host: Whether it is the host's, and counts wherever they ask.
    """

    kind: QuotaKind
    amount: int
    host: bool = False


@dataclass(frozen=True, slots=True)
class HostLimits:
    """How much whoever runs the bot lets anybody ask for, wherever they do; no server allows more.

    Attributes:
        unfinished: Most jobs that wait or run.
        daily: Most jobs in 24 hours; 0 for any number.
        share: Largest share of the GPU time.
        quotas: How much in a day, a week or a month.
    """

    unfinished: int
    daily: int = 0
    share: int = 1
    quotas: Quotas = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowance:
    """How much somebody may ask for where they are.

    Attributes:
        unfinished: Most jobs of theirs that wait or run, wherever they asked for them.
        daily: Most jobs in 24 hours; 0 for any number.
        batch: Most jobs of one request; 0 for any number.
        server_id: The server on which ``daily`` counts; None for everywhere.
        host_daily: Most jobs in 24 hours, wherever they asked for them; 0 for any number.
        share: How large their share of the GPU time is; 1 is usual.
        budgets: How much in a day, a week or a month; the host's first.
    """

    unfinished: int
    daily: int = 0
    batch: int = 0
    server_id: int | None = None
    host_daily: int = 0
    share: int = 1
    budgets: tuple[Budget, ...] = ()


@dataclass(frozen=True, slots=True)
class Usage:
    """How much of it they use.

    Attributes:
        unfinished: Jobs of theirs that wait or run.
        today: Jobs that they asked for in the last 24 hours, where ``daily`` counts.
        everywhere: The same wherever they asked for them.
        spent: What is used of each budget, with what their unfinished jobs will take.
    """

    unfinished: int = 0
    today: int = 0
    everywhere: int = 0
    spent: Mapping[Budget, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Asked:
    """What somebody asks for.

    Attributes:
        jobs: How many jobs.
        drawings: As how many they count (:func:`storage.queue.costs.count_drawings`).
        pictures: How many pictures.
        hurried: Whether any of it is to be made before relaxed jobs.
        seconds: GPU seconds that it is expected to take; 0 where that is not known yet.
        hurried_seconds: What of them is.
    """

    jobs: int
    drawings: int
    pictures: int
    hurried: bool = False
    seconds: float = 0.0
    hurried_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Excess:
    """Why some jobs do not fit.

    Attributes:
        kind: Which limit they would exceed.
        limit: How many it allows.
        used: How many of these are taken.
        count: How many jobs were asked for, or as how many they count.
        budget: Which budget it is, of a ``quota`` and of ``fast`` time.
        needs: Minutes that what was asked for is expected to take, where some are left, but fewer.
    """

    kind: LimitKind
    limit: int
    used: int
    count: int
    budget: Budget | None = None
    needs: int = 0

    @property
    def room(self) -> int:
        """How many jobs would fit now."""
        # More may be in use than is allowed now, where a manager lowered a limit.
        return max(0, self.limit - self.used)


class BlockedError(UserError):
    """Somebody may ask for nothing; nothing was accepted.

    Attributes:
        host: Whether the host blocked them, and not the server's managers.
        until: Until when; None for good.
    """

    def __init__(self, until: datetime | None, *, host: bool) -> None:
        super().__init__(f"blocked until {until or 'further notice'}")
        self.until, self.host = until, host


class LimitReachedError(UserError):
    """Somebody asked for more than they may; nothing was accepted.

    Attributes:
        excess: What does not fit.
    """

    def __init__(self, excess: Excess) -> None:
        super().__init__(f"{excess.count} jobs, {excess.room} fit: {excess.kind} {excess.limit}")
        self.excess = excess


def allow(
    host: HostLimits,
    server: ServerChoices,
    roles: Collection[int] = (),
    server_id: int | None = None,
) -> Allowance:
    """How much somebody may ask for.

    Args:
        host: What whoever runs the bot allows.
        server: What the server decided.
        roles: The person's roles on it.
        server_id: The server; None in direct messages, where a server's choices do not hold.
    """
    # Nobody manages a direct message: there counts what a server starts with.
    if server_id is None:
        unfinished = min(host.unfinished, Limits().unfinished)
        return Allowance(
            unfinished=unfinished, host_daily=host.daily, budgets=_list_budgets(host.quotas)
        )
    limits = server.limits_for(roles)
    return Allowance(
        # The host pays for the GPU, so no server can allow more.
        unfinished=min(host.unfinished, limits.unfinished),
        daily=limits.daily,
        batch=server.repeat,
        server_id=server_id,
        host_daily=host.daily,
        share=min(host.share, limits.share),
        budgets=(
            *_list_budgets(host.quotas),
            *_list_budgets(parse_quotas(limits.quotas), host=False),
        ),
    )


def _list_budgets(quotas: Quotas, *, host: bool = True) -> tuple[Budget, ...]:
    return tuple(Budget(kind, amount, host) for kind, amount in sorted(quotas.items()))


def decide(allowance: Allowance, usage: Usage, asked: Asked) -> Excess | None:
    """What keeps what is asked for from being accepted; None if it all fits."""
    count, drawings = asked.jobs, asked.drawings
    # In the order in which they are told: first what no waiting would change.
    held: tuple[tuple[LimitKind, int, int, int], ...] = (
        # 0 stands for no limit: then whatever is asked for is allowed.
        ("batch", allowance.batch or count, 0, count),
        ("host", allowance.host_daily or usage.everywhere + drawings, usage.everywhere, drawings),
        ("daily", allowance.daily or usage.today + drawings, usage.today, drawings),
        ("unfinished", allowance.unfinished, usage.unfinished, count),
    )
    for kind, limit, used, new in held:
        # Who has more than is allowed now may still ask for what counts as nothing.
        if new and used + new > limit:
            return Excess(kind, limit, used, new)
    spent = (budget for budget in allowance.budgets if _exceeds(budget, usage, asked))
    return next((_describe(budget, usage, asked) for budget in spent), None)


def _exceeds(budget: Budget, usage: Usage, asked: Asked) -> bool:
    used = usage.spent.get(budget, 0.0)
    match budget.kind.unit:
        case "jobs":
            return asked.drawings > 0 and used + asked.drawings > budget.amount
        case "pictures":
            return asked.pictures > 0 and used + asked.pictures > budget.amount
        # What is left has to be enough for what it is expected to take; where nothing was used yet,
        # one request may take more than there is at all, or it could never be made.
        case "minutes":
            return _overruns(used, asked.seconds, budget)
        case "fast":
            return asked.hurried and _overruns(used, asked.hurried_seconds, budget)


def _overruns(used: float, seconds: float, budget: Budget) -> bool:
    """Whether work of some seconds exceeds what is left of minutes."""
    return used >= budget.amount or (used > 0 and used + seconds / 60 > budget.amount)


def _describe(budget: Budget, usage: Usage, asked: Asked) -> Excess:
    unit, used = budget.kind.unit, max(0.0, usage.spent.get(budget, 0.0))
    seconds = {"minutes": asked.seconds, "fast": asked.hurried_seconds}.get(unit, 0.0)
    return Excess(
        "fast" if unit == "fast" else "quota",
        budget.amount,
        math.ceil(used),
        asked.drawings or asked.jobs,
        budget,
        math.ceil(seconds / 60) if used < budget.amount else 0,
    )


def find_day(allowance: Allowance, usage: Usage) -> tuple[int, int]:
    """The daily limit that leaves least room, 0 for none, and how much of it is used."""
    days = ((allowance.daily, usage.today), (allowance.host_daily, usage.everywhere))
    limited = (day for day in days if day[0])
    return min(limited, key=lambda day: day[0] - day[1], default=(0, usage.today))


def require(allowance: Allowance, usage: Usage, asked: Asked) -> None:
    """Goes on if what is asked for fits.

    Raises:
        LimitReachedError: It does not.
    """
    excess = decide(allowance, usage, asked)
    if excess:
        raise LimitReachedError(excess)
