"""The tables, as typed classes.

``jobs`` is where the truth about a job stands; the job engine's own tables beside it only say who
works on what.
"""

from datetime import UTC, date, datetime
from typing import Any, Final

from sqlalchemy import (
    JSON,
    BigInteger,
    CheckConstraint,
    DateTime,
    Dialect,
    Double,
    ForeignKey,
    Index,
    MetaData,
    String,
    Text,
    UniqueConstraint,
    false,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

GRID_POSITION: Final = -1
"""The position under which a job's grid is kept; its pictures count from 0."""


class Moment(TypeDecorator[datetime]):
    """A point in time: aware, in UTC, on databases with and without time zones."""

    impl = DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Stores any aware time as UTC."""
        # SQLite drops the time zone, so all that is stored has to be of one.
        return None if value is None else value.astimezone(UTC)

    def process_result_value(self, value: datetime | None, _dialect: Dialect) -> datetime | None:
        """Gives the time back aware."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


class Table(DeclarativeBase):
    """The base of every table; constraints are named alike on all databases."""

    # Migrations change constraints by name; SQLite gives none by itself, and PostgreSQL its own.
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
            "fk": "fk_%(table_name)s_%(column_0_N_name)s_%(referred_table_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012 - SQLAlchemy reads a plain class attribute
        datetime: Moment,
        dict[str, Any]: JSON,
    }


def _index_where(condition: str, name: str, *columns: str) -> Index:
    """An index of those rows alone for which a condition holds."""
    held = text(condition)
    return Index(name, *columns, sqlite_where=held, postgresql_where=held)


class JobRow(Table):
    """A recipe with an owner, a place in the queue and a state; or a question in its place."""

    __tablename__ = "jobs"
    __table_args__ = (
        CheckConstraint("state IN ('queued','running','done','failed','cancelled')", "state"),
        # The daily limit, and somebody's pictures from the newest on.
        Index("ix_jobs_person_id_created_at", "person_id", "created_at"),
        # This one and that of the delivered message: reactions and menus name a message, not a job.
        Index("ix_jobs_message_id", "message_id"),
        # Which buttons of a result were pressed.
        Index("ix_jobs_parent_id", "parent_id"),
        Index("ix_jobs_delivered_message_id", "delivered_message_id"),
        # Of undelivered jobs alone, which are few: they are looked at several times a second, and
        # places are counted among them in their order.
        _index_where("delivered_at IS NULL", "ix_jobs_waiting", "state", "priority", "created_at"),
        # What waits for whom: a worker looks for jobs of the models that it serves.
        _index_where(
            "delivered_at IS NULL",
            "ix_jobs_waiting_kind",
            *("state", "family", "model", "lane", "priority", "created_at"),
        ),
        # How many unfinished jobs somebody has, at every request.
        _index_where("delivered_at IS NULL", "ix_jobs_waiting_person_id", "person_id", "state"),
        # Answers that were given before.
        _index_where("question IS NOT NULL", "ix_jobs_question", "question"),
        # Tokens that die, to be blanked then.
        _index_where(
            "interaction_token IS NOT NULL", "ix_jobs_token_expires_at", "token_expires_at"
        ),
        # What is kept for some days alone, everywhere and on one server.
        Index("ix_jobs_created_at", "created_at"),
        Index("ix_jobs_server_id_created_at", "server_id", "created_at"),
        # Whom a cancelled job names.
        _index_where("failure IS NOT NULL", "ix_jobs_failure", "failure"),
    )

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    recipe: Mapped[dict[str, Any]]
    title: Mapped[str] = mapped_column(Text)
    parent_id: Mapped[str | None] = mapped_column(String(32))
    state: Mapped[str] = mapped_column(String(9))
    failure: Mapped[str | None] = mapped_column(String(32))
    attempts: Mapped[int] = mapped_column(default=0)
    # How often what workers compute on failed at it.
    faults: Mapped[int] = mapped_column(server_default="0")
    worker: Mapped[str | None] = mapped_column(Text)
    speed: Mapped[str] = mapped_column(String(8))
    priority: Mapped[int]
    # Older jobs have the defaults.
    lane: Mapped[str] = mapped_column(String(5), server_default="fast")
    # What it was expected to take, in GPU seconds, and how far it moved its flow for that.
    cost: Mapped[float] = mapped_column(Double, server_default="10.0")
    charge: Mapped[float] = mapped_column(Double, server_default="0")
    family: Mapped[str] = mapped_column(Text, server_default="")
    model: Mapped[str] = mapped_column(Text, server_default="")
    pixels: Mapped[int] = mapped_column(BigInteger, server_default="0")
    steps: Mapped[int] = mapped_column(server_default="0")
    picture_count: Mapped[int] = mapped_column(server_default="0")
    # The turn that was first when it was taken.
    reaches: Mapped[int | None]
    # How many jobs of a loaded model overtook it, the GPU seconds that these were expected to take,
    # and whether a question overtook it.
    overtaken: Mapped[int] = mapped_column(server_default="0")
    overtaken_for: Mapped[float] = mapped_column(Double, server_default="0")
    gave_way: Mapped[bool] = mapped_column(server_default=false())
    # Discord's ids have 64 bits.
    person_id: Mapped[int] = mapped_column(BigInteger)
    server_id: Mapped[int | None] = mapped_column(BigInteger)
    channel_id: Mapped[int] = mapped_column(BigInteger)
    message_id: Mapped[int | None] = mapped_column(BigInteger)
    application_id: Mapped[int] = mapped_column(BigInteger)
    interaction_token: Mapped[str | None] = mapped_column(Text)
    token_expires_at: Mapped[datetime | None]
    upload_limit: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime]
    started_at: Mapped[datetime | None]
    finished_at: Mapped[datetime | None]
    delivered_at: Mapped[datetime | None]
    delivered_message_id: Mapped[int | None] = mapped_column(BigInteger)
    origins: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    locale: Mapped[str | None] = mapped_column(String(8))
    # Of a question, the digest by which its answer is found again, and the answer.
    question: Mapped[str | None] = mapped_column(String(64))
    answer: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    # Which workers know how to make it.
    protocol: Mapped[int] = mapped_column(server_default="1")
    # Whether its place is for adults alone, which older jobs do not say; whether its words name
    # minors; and what a classifier says of its pictures.
    adult: Mapped[bool | None]
    minors: Mapped[bool] = mapped_column(server_default=false())
    verdict: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))


class ImageRow(Table):
    """One picture of a job, or its grid; the bytes are in the files under ``sha256``."""

    __tablename__ = "images"
    __table_args__ = (CheckConstraint("kind IN ('picture','grid')", "kind"),)

    job_id: Mapped[str] = mapped_column(
        String(32), ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(7))
    # Not unique: equal pictures of two jobs are one file. Looked up before a file is swept away.
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    width: Mapped[int]
    height: Mapped[int]
    # For enlarging: a picture that was made of the same recipe before need not be drawn again.
    digest: Mapped[str] = mapped_column(Text, index=True)


class HeldRow(Table):
    """One picture of a job that is shown to nobody, in the columns of ``images``.

    It stands here and not there, so that nothing that shows a job's pictures finds it.
    """

    __tablename__ = "held"
    __table_args__ = (CheckConstraint("kind IN ('picture','grid')", "kind"),)

    job_id: Mapped[str] = mapped_column(
        String(32), ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(7))
    sha256: Mapped[str] = mapped_column(String(64), index=True)
    width: Mapped[int]
    height: Mapped[int]
    digest: Mapped[str] = mapped_column(Text)


class CaseRow(Table):
    """One thing that happened in a case: what, to whose pictures, who did it and why.

    Rows are added and never edited or deleted, which triggers of the database hold to; in place of
    people who are forgotten there is a number. A case has the id of its job, which may be gone.
    """

    __tablename__ = "cases"
    __table_args__ = (
        # The queue of a server, and what was decided about a person.
        Index("ix_cases_server_id_what", "server_id", "what"),
        Index("ix_cases_person_id_at", "person_id", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    job_id: Mapped[str] = mapped_column(String(32), index=True)
    # 0 in direct messages, which are on no server.
    server_id: Mapped[int] = mapped_column(BigInteger)
    # Whose pictures they are.
    person_id: Mapped[int] = mapped_column(BigInteger)
    # Nobody where the bot, or whoever runs it, did it.
    actor_id: Mapped[int | None] = mapped_column(BigInteger, index=True)
    at: Mapped[datetime]
    what: Mapped[str] = mapped_column(String(16))
    reason: Mapped[str] = mapped_column(Text)


class ShareRow(Table):
    """How far a person's flow of jobs in a lane has been served, in virtual seconds."""

    __tablename__ = "shares"

    person_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    lane: Mapped[str] = mapped_column(String(5), primary_key=True)
    finish: Mapped[float] = mapped_column(Double)


class ClockRow(Table):
    """How far the whole queue has been served; there is one row."""

    __tablename__ = "clock"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    reached: Mapped[float] = mapped_column(Double)
    base: Mapped[float] = mapped_column(Double)
    speed: Mapped[float] = mapped_column(Double)
    at: Mapped[float] = mapped_column(Double)


class CostRow(Table):
    """What jobs of a model, a kind, a size and a length take: a moving mean, in GPU seconds."""

    __tablename__ = "costs"

    model: Mapped[str] = mapped_column(Text, primary_key=True)
    kind: Mapped[str] = mapped_column(String(32), primary_key=True)
    size: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    length: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    seconds: Mapped[float] = mapped_column(Double)
    jobs: Mapped[int]


class UsageRow(Table):
    """What a person used on a day: jobs that were made, their pictures, and all GPU time."""

    __tablename__ = "usage"
    __table_args__ = (
        # Who used what on a server.
        Index("ix_usage_server_id_day", "server_id", "day"),
        # What was used everywhere.
        Index("ix_usage_day", "day"),
    )

    # In the order in which a person's last weeks are read.
    person_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    day: Mapped[date] = mapped_column(primary_key=True)
    # 0 in direct messages, which are on no server.
    server_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    lane: Mapped[str] = mapped_column(String(5), primary_key=True)
    jobs: Mapped[int]
    pictures: Mapped[int]
    gpu_ms: Mapped[int] = mapped_column(BigInteger)


class GrantRow(Table):
    """What a person may have beyond a quota, in the one period that begins on a day."""

    __tablename__ = "grants"

    person_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    # 0 for a quota of the host.
    server_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    kind: Mapped[str] = mapped_column(String(16), primary_key=True)
    begins: Mapped[date] = mapped_column(primary_key=True)
    amount: Mapped[float] = mapped_column(Double)


class BlockRow(Table):
    """Somebody who may ask for nothing on a server, or anywhere (0), for a while or for good."""

    __tablename__ = "blocks"

    person_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    server_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    until: Mapped[datetime | None]


class ServerRow(Table):
    """What a Discord server decided."""

    __tablename__ = "servers"

    # Discord's id; SQLAlchemy would have the database count by itself.
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    settings: Mapped[dict[str, Any]]


class PersonRow(Table):
    """What a person decided for themselves."""

    __tablename__ = "people"

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    settings: Mapped[dict[str, Any]]


class PresetRow(Table):
    """Named flags of a server or a person; a name is unique with its owner."""

    __tablename__ = "presets"
    __table_args__ = (
        CheckConstraint("owner_kind IN ('server','person')", "owner_kind"),
        UniqueConstraint("owner_kind", "owner_id", "name"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    owner_kind: Mapped[str] = mapped_column(String(6))
    owner_id: Mapped[int] = mapped_column(BigInteger)
    name: Mapped[str] = mapped_column(String(64))
    body: Mapped[dict[str, Any]]


class FavouriteRow(Table):
    """A picture that a person marked; ``position`` as in ``images``."""

    __tablename__ = "favourites"
    __table_args__ = (
        # How many people marked a picture; also what goes with a job that is deleted.
        Index("ix_favourites_job_id_position", "job_id", "position"),
        # Somebody's favourites from the newest on.
        Index("ix_favourites_person_id_created_at", "person_id", "created_at"),
    )

    person_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    job_id: Mapped[str] = mapped_column(
        String(32), ForeignKey("jobs.id", ondelete="CASCADE"), primary_key=True
    )
    position: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    created_at: Mapped[datetime]


class CopyRow(Table):
    """A message that shows a job's pictures once more, beside the one that they came in."""

    __tablename__ = "copies"

    message_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    job_id: Mapped[str] = mapped_column(
        String(32), ForeignKey("jobs.id", ondelete="CASCADE"), index=True
    )
    # Of those from before it was kept, nobody knows.
    channel_id: Mapped[int | None] = mapped_column(BigInteger)


class DraftRow(Table):
    """A request that waits for its author's yes; buttons name it by its id."""

    __tablename__ = "drafts"

    id: Mapped[str] = mapped_column(String(32), primary_key=True)
    person_id: Mapped[int] = mapped_column(BigInteger, index=True)
    body: Mapped[dict[str, Any]]
    created_at: Mapped[datetime] = mapped_column(index=True)


class ChangeRow(Table):
    """One change of a server's settings or presets: who, when, what, before and after."""

    __tablename__ = "changes"

    id: Mapped[int] = mapped_column(primary_key=True)
    server_id: Mapped[int] = mapped_column(BigInteger, index=True)
    person_id: Mapped[int] = mapped_column(BigInteger, index=True)
    at: Mapped[datetime]
    what: Mapped[str] = mapped_column(Text)
    before: Mapped[str | None] = mapped_column(Text)
    after: Mapped[str | None] = mapped_column(Text)


class DiscardRow(Table):
    """A stored file whose rows were deleted on purpose, to go unless something else names it."""

    __tablename__ = "discards"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    at: Mapped[datetime]


class KeyRow(Table):
    """A secret of this installation, as text, made where it is first needed."""

    __tablename__ = "keys"

    name: Mapped[str] = mapped_column(String(32), primary_key=True)
    value: Mapped[str] = mapped_column(Text)


class SpentRow(Table):
    """How many jobs somebody had asked for within a day when they were forgotten.

    ``pseudonym`` is a keyed hash of who; ``at`` is when they were, a day after which it is over.
    """

    __tablename__ = "spent"

    pseudonym: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    jobs: Mapped[int]
    at: Mapped[datetime] = mapped_column(index=True)


class WithdrawalRow(Table):
    """A message of somebody who was forgotten, to be deleted."""

    __tablename__ = "withdrawals"

    message_id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    channel_id: Mapped[int] = mapped_column(BigInteger)


class WorkerRow(Table):
    """A worker process and when it last gave a sign of life.

    ``seen`` is in seconds since 1970 by the database's clock, so hosts need not agree on the time;
    ``session`` differs each time a worker of this name starts. ``faults`` counts how often what it
    computes on failed since it last made a job, and ``trouble`` says why it takes no jobs.
    ``serves`` names the families and models that it draws with; none where it takes every job.
    It takes jobs up to its ``protocol``, and none any more once it is ``draining``.
    """

    __tablename__ = "workers"

    executor_id: Mapped[str] = mapped_column(Text, primary_key=True)
    session: Mapped[str] = mapped_column(String(32))
    host: Mapped[str] = mapped_column(Text)
    pid: Mapped[int]
    device: Mapped[str] = mapped_column(Text)
    model: Mapped[str] = mapped_column(Text)
    seen: Mapped[float] = mapped_column(Double)
    # With a default in the database, since a worker of the release before does not know it.
    faults: Mapped[int] = mapped_column(server_default="0")
    trouble: Mapped[str | None] = mapped_column(String(8))
    serves: Mapped[list[list[str]] | None] = mapped_column(JSON)
    protocol: Mapped[int] = mapped_column(server_default="1")
    draining: Mapped[bool] = mapped_column(server_default=false())
    # Bytes; none where nobody measured them.
    memory_used: Mapped[int | None] = mapped_column(BigInteger)
    memory_whole: Mapped[int | None] = mapped_column(BigInteger)


class LeaseRow(Table):
    """Who has the right to do something that one process alone may do; ``seen`` as for workers."""

    __tablename__ = "leases"

    name: Mapped[str] = mapped_column(String(16), primary_key=True)
    session: Mapped[str] = mapped_column(String(32))
    host: Mapped[str] = mapped_column(Text)
    pid: Mapped[int]
    seen: Mapped[float] = mapped_column(Double)


class CompatibilityRow(Table):
    """The oldest revision whose programs may work on these tables; there is one row."""

    __tablename__ = "compatibility"

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    least: Mapped[str] = mapped_column(String(32))


class GalleryRow(Table):
    """A finished drawing as the gallery finds it.

    ``id`` is the moment at which it was asked for, in microseconds since 1970, or the next that was
    free: what is ordered by it is ordered by time, in an index of words, too.
    """

    __tablename__ = "gallery"
    __table_args__ = (
        # Somebody's, from the latest on.
        Index("ix_gallery_person_id_id", "person_id", "id"),
        # A server's, with the channel, since not everybody sees every one.
        Index("ix_gallery_server_id_id_channel_id", "server_id", "id", "channel_id"),
        # A few channels', among many others.
        Index("ix_gallery_channel_id_id", "channel_id", "id"),
    )

    id: Mapped[int] = mapped_column(BigInteger, primary_key=True, autoincrement=False)
    job_id: Mapped[str] = mapped_column(
        String(32), ForeignKey("jobs.id", ondelete="CASCADE"), unique=True, index=True
    )
    person_id: Mapped[int] = mapped_column(BigInteger)
    server_id: Mapped[int | None] = mapped_column(BigInteger)
    channel_id: Mapped[int] = mapped_column(BigInteger)
    model: Mapped[str] = mapped_column(Text)
    # Kept from the server's gallery by its owner.
    private: Mapped[bool] = mapped_column(server_default=false())
    # Its message was deleted on purpose.
    deleted: Mapped[bool] = mapped_column(server_default=false())
    # What it is found by (storage.gallery.terms).
    words: Mapped[str] = mapped_column(Text)


class ShareLinkRow(Table):
    """A link by which anybody sees one picture; ``digest`` is the hash of what the link names."""

    __tablename__ = "share_links"

    digest: Mapped[str] = mapped_column(String(64), primary_key=True)
    job_id: Mapped[str] = mapped_column(
        String(32), ForeignKey("jobs.id", ondelete="CASCADE"), index=True
    )
    position: Mapped[int]
    person_id: Mapped[int] = mapped_column(BigInteger, index=True)
    # Whether it tells the recipe.
    recipe: Mapped[bool]
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime] = mapped_column(index=True)
