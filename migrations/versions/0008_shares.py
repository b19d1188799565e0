"""Shares of GPU time in place of rounds; jobs that wait keep the order in which they stand."""

import time
from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

BAND = 256 * 2_796_000
"""Priorities of one of the three bands of before: enlargements, fast and relaxed jobs."""

LANES = ("quick", "fast", "relax")
COST = 10.0
"""GPU seconds that every one of them is taken for; nothing was measured before."""

RELAX = 8
"""How many times as far as a fast job a relaxed one moves its flow."""

JOBS = sa.table(
    "jobs",
    sa.column("id"),
    sa.column("state"),
    sa.column("delivered_at"),
    sa.column("created_at"),
    sa.column("person_id"),
    sa.column("priority"),
    sa.column("lane"),
    sa.column("charge"),
)


def upgrade() -> None:
    op.create_table(
        "shares",
        sa.Column("person_id", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("lane", sa.String(5), nullable=False),
        sa.Column("finish", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("person_id", "lane", name=op.f("pk_shares")),
    )
    op.create_table(
        "costs",
        sa.Column("model", sa.Text(), nullable=False),
        sa.Column("kind", sa.String(32), nullable=False),
        sa.Column("size", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("length", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("seconds", sa.Double(), nullable=False),
        sa.Column("jobs", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("model", "kind", "size", "length", name=op.f("pk_costs")),
    )
    clock = op.create_table(
        "clock",
        sa.Column("id", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("reached", sa.Double(), nullable=False),
        sa.Column("base", sa.Double(), nullable=False),
        sa.Column("speed", sa.Double(), nullable=False),
        sa.Column("at", sa.Double(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clock")),
    )
    for column in (
        sa.Column("lane", sa.String(5), nullable=False, server_default="fast"),
        sa.Column("cost", sa.Double(), nullable=False, server_default=str(COST)),
        sa.Column("charge", sa.Double(), nullable=False, server_default="0"),
        sa.Column("model", sa.Text(), nullable=False, server_default=""),
        sa.Column("pixels", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("steps", sa.Integer(), nullable=False, server_default="0"),
    ):
        op.add_column("jobs", column)
    op.drop_column("jobs", "round")
    reached = carry_over()
    values = {"id": 1, "reached": reached, "base": 0.0, "speed": 1.0, "at": time.time()}
    op.bulk_insert(clock, [values])


def carry_over() -> float:
    """Gives the jobs that wait their new priorities; where the clock begins."""
    bind = op.get_bind()
    wanted = (
        sa.select(JOBS.c.id, JOBS.c.priority, JOBS.c.created_at, JOBS.c.person_id)
        .where(JOBS.c.state.in_(("queued", "running")), JOBS.c.delivered_at.is_(None))
        .order_by(JOBS.c.priority, JOBS.c.created_at)
    )
    # The job engine has the priorities a second time.
    schema = "dbos" if bind.dialect.name == "postgresql" else None
    entries = sa.table(
        "workflow_status", sa.column("workflow_uuid"), sa.column("priority"), schema=schema
    )
    places, finishes, reached = convert(bind.execute(wanted).all())
    for job_id, (priority, lane, charge) in places.items():
        values = {"priority": priority, "lane": lane, "charge": charge}
        bind.execute(sa.update(JOBS).where(JOBS.c.id == job_id).values(**values))
        entry = sa.update(entries).where(entries.c.workflow_uuid == job_id)
        bind.execute(entry.values(priority=priority))
    shares = sa.table("shares", sa.column("person_id"), sa.column("lane"), sa.column("finish"))
    rows = [
        {"person_id": person, "lane": lane, "finish": finish}
        for (person, lane), finish in finishes.items()
    ]
    if rows:
        op.bulk_insert(shares, rows)
    return reached


def convert(
    waiting: Iterable[Any],
) -> tuple[dict[str, tuple[int, str, float]], dict[tuple[int, str], float], float]:
    """Turns of jobs in the order in which they stand, which they keep.

    Args:
        waiting: For each its id, its priority, when it was accepted, and its person.

    Returns:
        For each job its priority, its lane and what it moves its flow by; for each person and lane
        how far that is; where the clock begins.
    """
    places: dict[str, tuple[int, str, float]] = {}
    finishes: dict[tuple[int, str], float] = {}
    reached, last, accepted = 0.0, 0, None
    for job_id, before, created_at, person in waiting:
        lane = LANES[min((before - 1) // BAND, 2)]
        charge = COST * (RELAX if lane == "relax" else 1)
        start = max(reached, finishes.get((person, lane), 0.0))
        tag = start + charge if lane == "relax" else 0.0 if lane == "quick" else start
        priority = (1 if lane == "quick" else 2) + round(100 * tag)
        # Equal ones go by age, which may be the other way round.
        if priority < last or (priority == last and accepted and created_at <= accepted):
            priority = last + 1
        last, accepted = priority, created_at
        tag = (priority - 2) / 100
        # Whoever comes later is not to overtake enlargements, so the clock begins after them.
        if lane == "quick":
            reached = (priority - 1) / 100
        # A relaxed one's tag is that at which it ends.
        finishes[person, lane] = tag if lane == "relax" else max(start, tag) + charge
        places[job_id] = priority, lane, charge
    return places, finishes, reached


def downgrade() -> None:
    # All priorities of now are in the first band of before, in their order.
    op.add_column("jobs", sa.Column("round", sa.Integer(), nullable=False, server_default="0"))
    for name in ("steps", "pixels", "model", "charge", "cost", "lane"):
        op.drop_column("jobs", name)
    for table in ("clock", "costs", "shares"):
        op.drop_table(table)
