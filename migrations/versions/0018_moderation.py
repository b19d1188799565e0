"""Pictures that are shown to nobody, cases that nobody edits, and what jobs are judged by."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"
branch_labels = None
depends_on = None

EDITED = "id, job_id, server_id, at, what, reason"
"""Columns that never change; in the others a number takes the place of whoever is forgotten."""

GUARDS = (("cases_unedited", f"UPDATE OF {EDITED}"), ("cases_undeleted", "DELETE"))


def upgrade() -> None:
    op.create_table(
        "held",
        sa.Column("job_id", sa.String(32), nullable=False),
        sa.Column("position", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("kind", sa.String(7), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("width", sa.Integer(), nullable=False),
        sa.Column("height", sa.Integer(), nullable=False),
        sa.Column("digest", sa.Text(), nullable=False),
        sa.CheckConstraint("kind IN ('picture','grid')", name=op.f("ck_held_kind")),
        sa.ForeignKeyConstraint(
            ["job_id"], ["jobs.id"], name=op.f("fk_held_job_id_jobs"), ondelete="CASCADE"
        ),
        sa.PrimaryKeyConstraint("job_id", "position", name=op.f("pk_held")),
    )
    op.create_index("ix_held_sha256", "held", ["sha256"])
    op.create_table(
        "cases",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("job_id", sa.String(32), nullable=False),
        sa.Column("server_id", sa.BigInteger(), nullable=False),
        sa.Column("person_id", sa.BigInteger(), nullable=False),
        sa.Column("actor_id", sa.BigInteger(), nullable=True),
        sa.Column("at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("what", sa.String(16), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_cases")),
    )
    op.create_index("ix_cases_job_id", "cases", ["job_id"])
    op.create_index("ix_cases_actor_id", "cases", ["actor_id"])
    op.create_index("ix_cases_server_id_what", "cases", ["server_id", "what"])
    op.create_index("ix_cases_person_id_at", "cases", ["person_id", "at"])
    op.add_column("jobs", sa.Column("adult", sa.Boolean(), nullable=True))
    op.add_column(
        "jobs", sa.Column("minors", sa.Boolean(), nullable=False, server_default=sa.false())
    )
    op.add_column("jobs", sa.Column("verdict", sa.JSON(), nullable=True))
    guard()


def guard() -> None:
    postgres = op.get_bind().dialect.name == "postgresql"
    if postgres:
        op.execute(
            "CREATE FUNCTION refuse_case_edits() RETURNS trigger AS "
            "$$ BEGIN RAISE EXCEPTION 'cases are only added to'; END $$ LANGUAGE plpgsql"
        )
    body = (
        "FOR EACH ROW EXECUTE FUNCTION refuse_case_edits()"
        if postgres
        else "BEGIN SELECT RAISE(ABORT, 'cases are only added to'); END"
    )
    for name, event in GUARDS:
        op.execute(f"CREATE TRIGGER {name} BEFORE {event} ON cases {body}")


def downgrade() -> None:
    for column in ("verdict", "minors", "adult"):
        op.drop_column("jobs", column)
    # Their triggers go with them.
    op.drop_table("cases")
    op.drop_table("held")
    if op.get_bind().dialect.name == "postgresql":
        op.execute("DROP FUNCTION refuse_case_edits()")
