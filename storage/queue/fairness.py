"""Whose turn it is: start-time fair queueing in GPU seconds, as one number.

Every person has a flow of jobs in each lane, and every flow a tag in virtual seconds: how far it
has been served, if a GPU of its own were as fast as its share is large (Goyal, Vin and Cheng,
"Start-time fair queueing", 1996). The job whose flow is least far goes next. Whoever was idle
begins where the queue stands, so that nobody saves up credit, and whoever took more than expected
is in debt.

A turn is a single integer, given when a job is accepted; which job a worker takes by it, and when
it takes another, :mod:`storage.queue.order` decides.
"""

import math
from dataclasses import dataclass, replace
from typing import Final, Literal

Lane = Literal["quick", "fast", "relax", "ask"]

QUESTIONS: Final = ("describe", "shorten")
"""What titles of jobs begin with that draw nothing, but answer something in a moment."""

RESOLUTION: Final = 100
"""Priorities to a virtual second; 2**31 of them, the most that DBOS takes, are 248 days."""

LEAST_CHARGE: Final = 2 / RESOLUTION
"""Virtual seconds at least from one job of a flow to the next, so that their order never ties."""

SMOOTHING: Final = 450.0
"""Seconds over which the clock's speed is a moving mean."""

_LARGEST: Final = 2**31 - 1


@dataclass(frozen=True, slots=True)
class Rule:
    """What whoever runs the bot decides about the order.

    Attributes:
        relax_share: Share of a relaxed job beside 1 of a fast one.
        relax_wait: Seconds after which the turn of a relaxed job shall have come; see
            :func:`take_turn`.
    """

    relax_share: float = 0.125
    relax_wait: float = 3600.0


@dataclass(frozen=True, slots=True)
class Clock:
    """How far the queue has been served.

    Attributes:
        reached: Virtual seconds: the tag of the job that was begun last.
        base: Virtual seconds at which priorities begin; it moves whenever nothing is unfinished.
        speed: Virtual seconds to a second, a moving mean.
        at: When that was, in seconds since 1970.
    """

    reached: float = 0.0
    base: float = 0.0
    speed: float = 1.0
    at: float = 0.0


@dataclass(frozen=True, slots=True)
class Flow:
    """A person's jobs in a lane.

    Attributes:
        lane: As from :func:`lane_of`.
        share: How large the person's share is; 1 is usual.
        finish: How far it has been served, in virtual seconds; None if it is new.
    """

    lane: Lane
    share: float = 1.0
    finish: float | None = None


@dataclass(frozen=True, slots=True)
class Turn:
    """A job's place in the order.

    Attributes:
        priority: In [1, 2**31); smaller is sooner, and equal ones go by age.
        finish: The tag of its flow after it, in virtual seconds.
        charge: How far it moved its flow, in virtual seconds.
    """

    priority: int
    finish: float
    charge: float


def lane_of(title: str, speed: str) -> Lane:
    """The lane of a job.

    Args:
        title: What is made, such as ``imagine`` or ``upscale:2``.
        speed: ``fast`` or ``relax``.
    """
    # By text, since the title is all that a job keeps of its button.
    if title.startswith(QUESTIONS):
        return "ask"
    if title.startswith(("upscale", "larger", "retouch")):
        return "quick"
    return "relax" if speed == "relax" else "fast"


def take_turn(rule: Rule, clock: Clock, flow: Flow, cost: float) -> Turn:
    """The turn of a person's new job.

    A relaxed job moves its flow further, but not past where the clock will be when its longest wait
    is over; and never less far than a fast one would, so that many relaxed jobs at once are no way
    to overtake fast ones.

    Args:
        rule: What the host decided.
        clock: How far the queue has been served.
        flow: The person's other jobs in the lane.
        cost: What the job is expected to take, in GPU seconds.
    """
    start = clock.reached if flow.finish is None else max(clock.reached, flow.finish)
    charge = max(cost / flow.share, LEAST_CHARGE)
    if flow.lane == "relax":
        horizon = clock.reached + rule.relax_wait * clock.speed
        charge = max(charge, min(charge / rule.relax_share, horizon - start))
    end = start + charge
    # Tags of relaxed jobs are those at which they end: they give way to all that begins before.
    tag = end if flow.lane == "relax" else start
    return Turn(priority_of(clock, tag, flow.lane), end, charge)


def priority_of(clock: Clock, tag: float, lane: Lane) -> int:
    """The priority of a job with a tag in virtual seconds."""
    # Quick ones go first among equals. Past the largest the order is lost, but no job.
    first = 1 if lane == "quick" else 2
    return min(first + max(0, math.floor(RESOLUTION * (tag - clock.base) + 0.5)), _LARGEST)


def tag_of(clock: Clock, priority: int) -> float:
    """The tag in virtual seconds of a job with a priority."""
    return clock.base + (priority - 2) / RESOLUTION


def begin_job(clock: Clock, priority: int, at: float) -> Clock:
    """The clock after a job was begun.

    Args:
        clock: The clock before.
        priority: The job's.
        at: When it was begun, in seconds since 1970.
    """
    reached = max(clock.reached, tag_of(clock, priority))
    passed = max(at - clock.at, 1e-3)
    kept = math.exp(-passed / SMOOTHING)
    speed = kept * clock.speed + (1 - kept) * (reached - clock.reached) / passed
    return replace(clock, reached=reached, speed=speed, at=at)


def start_over(clock: Clock, at: float) -> Clock:
    """The clock once nothing is unfinished: priorities begin anew, and no time has passed idle."""
    return replace(clock, base=clock.reached, at=at)


def correct(charge: float, cost: float, seconds: float) -> float:
    """Virtual seconds by which a flow is to be moved once it is known what a job of it took.

    Args:
        charge: What its turn moved the flow.
        cost: What was expected, in GPU seconds.
        seconds: What it took; 0 for what nobody is charged for.
    """
    return charge * (seconds / cost - 1)
