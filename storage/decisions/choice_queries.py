"""SQL for what people and servers keep: settings, presets, favourites, drafts and changes.

Like the statements of jobs, they are plain functions on an open transaction.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Final

from sqlalchemy import (
    Connection,
    bindparam,
    delete,
    func,
    insert,
    literal_column,
    select,
    union_all,
    update,
)

from storage.database.records import hold, hold_job, keep_row
from storage.database.tables import (
    ChangeRow,
    DraftRow,
    FavouriteRow,
    JobRow,
    PersonRow,
    PresetRow,
    ServerRow,
)
from storage.decisions.choices import (
    MOST_PRESETS,
    Change,
    Owner,
    PersonChoices,
    ServerChoices,
    TooManyPresetsError,
)

_DRAFTS_LIVE: Final = timedelta(days=7)

# Built once: several of these are read at every interaction.
_PERSON: Final = select(PersonRow.settings).where(PersonRow.id == bindparam("person"))
_SERVER: Final = select(ServerRow.settings).where(ServerRow.id == bindparam("server"))
_PRESETS: Final = (
    select(PresetRow.name, PresetRow.body)
    .where(PresetRow.owner_kind == bindparam("kind"), PresetRow.owner_id == bindparam("owner"))
    .order_by(PresetRow.name)
)
_SHOWN: Final = (JobRow.id, JobRow.recipe, JobRow.title, JobRow.created_at)
_MARKED: Final = (
    select(*_SHOWN, FavouriteRow.created_at.label("since"), literal_column("1").label("marked"))
    .join(FavouriteRow, FavouriteRow.job_id == JobRow.id)
    .where(FavouriteRow.person_id == bindparam("person"))
    .order_by(FavouriteRow.created_at.desc())
    .limit(bindparam("most"))
)
_MADE: Final = (
    select(*_SHOWN, JobRow.created_at.label("since"), literal_column("0").label("marked"))
    .where(
        JobRow.person_id == bindparam("person"),
        JobRow.state == "done",
        JobRow.question.is_(None),
    )
    .order_by(JobRow.created_at.desc())
    .limit(bindparam("most"))
)
# In one round trip, as it is asked for at every key, and without sorting anything.
_PICTURES: Final = union_all(*(select(each.subquery()) for each in (_MARKED, _MADE)))
_MARKS: Final = select(func.count()).where(
    FavouriteRow.job_id == bindparam("job"), FavouriteRow.position == bindparam("place")
)


def read_person(connection: Connection, person_id: int) -> PersonChoices:
    """What a person decided."""
    found = connection.execute(_PERSON, {"person": person_id}).scalar_one_or_none()
    return PersonChoices.read(found)


def change_person(
    connection: Connection, person_id: int, change: Callable[[PersonChoices], PersonChoices]
) -> PersonChoices:
    """Changes what a person decided, as it stands now; what it became.

    Whatever ``change`` raises leaves all as it was.
    """
    hold(connection, person_id)
    after = change(read_person(connection, person_id))
    _keep(connection, PersonRow, person_id, after.write())
    return after


def read_server(connection: Connection, server_id: int) -> ServerChoices:
    """What a server decided."""
    found = connection.execute(_SERVER, {"server": server_id}).scalar_one_or_none()
    return ServerChoices.read(found)


def change_server(
    connection: Connection,
    server_id: int,
    change: Callable[[ServerChoices], ServerChoices],
    note: Callable[[ServerChoices, ServerChoices], Change],
) -> ServerChoices:
    """Changes what a server decided, as it stands now, and notes who did; what it became.

    Args:
        connection: In a transaction.
        server_id: Which server.
        change: From what it decided to what it decides; what it raises leaves all as it was.
        note: From both to the change that is noted; not asked where they are the same.
    """
    hold(connection, server_id)
    before = read_server(connection, server_id)
    after = change(before)
    if after != before:
        _keep(connection, ServerRow, server_id, after.write())
        note_change(connection, server_id, note(before, after))
    return after


def _keep(
    connection: Connection, table: type[PersonRow | ServerRow], id_: int, settings: dict[str, Any]
) -> None:
    keep_row(connection, table, {"id": id_, "settings": settings})


def note_change(connection: Connection, server_id: int, change: Change) -> None:
    """Notes who changed what."""
    connection.execute(
        insert(ChangeRow).values(
            server_id=server_id,
            person_id=change.person_id,
            at=datetime.now(UTC),
            what=change.what,
            before=change.before,
            after=change.after,
        )
    )


def list_changes(
    connection: Connection, server_id: int, limit: int, skipped: int = 0
) -> list[tuple[datetime, Change]]:
    """The latest changes of a server, newest first, after so many that are skipped."""
    wanted = (
        # By id: several changes may fall into one moment.
        select(ChangeRow).where(ChangeRow.server_id == server_id).order_by(ChangeRow.id.desc())
    ).limit(limit)
    rows = connection.execute(wanted.offset(skipped)).mappings()
    names = ("person_id", "what", "before", "after")
    return [(row["at"], Change(**{name: row[name] for name in names})) for row in rows]


# Presets


def read_presets(connection: Connection, owner: Owner) -> dict[str, str]:
    """An owner's presets by name, in alphabetical order."""
    rows = connection.execute(_PRESETS, {"kind": owner.kind, "owner": owner.id})
    return {name: read_text(body) for name, body in rows}


def read_text(body: Mapping[str, Any]) -> str:
    """The text of a preset, from how it is stored."""
    return str(body.get("text", ""))


def keep_presets(
    connection: Connection, owner: Owner, given: Mapping[str, str], person_id: int
) -> None:
    """Stores presets under their names, all of them or none, and notes who did to a server's.

    Args:
        connection: In a transaction.
        owner: Whose they are.
        given: Texts by name; those of names in use are replaced.
        person_id: Who keeps them.

    Raises:
        TooManyPresetsError: The owner would have more than there may be.
    """
    hold(connection, owner.id)
    own = read_presets(connection, owner)
    # Names in use are replaced, so they need no further room.
    if len({*own, *given}) > MOST_PRESETS:
        raise TooManyPresetsError
    for name, text in given.items():
        body = {"version": 1, "text": text}
        if name in own:
            changed = update(PresetRow).where(*_of(owner), PresetRow.name == name)
            connection.execute(changed.values(body=body))
        else:
            values = {"owner_kind": owner.kind, "owner_id": owner.id, "name": name, "body": body}
            connection.execute(insert(PresetRow).values(**values))
        _note(connection, owner, Change(person_id, f"preset {name}", own.get(name), text))


def drop_preset(connection: Connection, owner: Owner, name: str, person_id: int) -> bool:
    """Takes a preset away, and notes who did from a server; False if there was none."""
    hold(connection, owner.id)
    before = read_presets(connection, owner).get(name)
    if before is None:
        return False
    connection.execute(delete(PresetRow).where(*_of(owner), PresetRow.name == name))
    _note(connection, owner, Change(person_id, f"preset {name}", before, None))
    return True


def _note(connection: Connection, owner: Owner, change: Change) -> None:
    if owner.kind == "server":
        note_change(connection, owner.id, change)


def _of(owner: Owner) -> tuple[Any, ...]:
    return PresetRow.owner_kind == owner.kind, PresetRow.owner_id == owner.id


# Favourites


def mark(
    connection: Connection, person_id: int, job_id: str, position: int, wanted: bool | None = None
) -> bool | None:
    """Marks a picture as a favourite, or takes the mark away.

    Args:
        connection: In a transaction.
        person_id: Whose favourite.
        job_id: The picture's job.
        position: Its place in the job, from 0.
        wanted: Whether it is to be one; None for the opposite of what it is.

    Returns:
        Whether it is one now; None where there is no such job any more.
    """
    own = (
        FavouriteRow.person_id == person_id,
        FavouriteRow.job_id == job_id,
        FavouriteRow.position == position,
    )
    # Of two presses at once both would find no mark, and the second could not set one again.
    hold(connection, person_id)
    if not hold_job(connection, job_id):
        return None
    was = bool(connection.execute(delete(FavouriteRow).where(*own)).rowcount)
    now = not was if wanted is None else wanted
    if now:
        values = {"person_id": person_id, "job_id": job_id, "position": position}
        connection.execute(insert(FavouriteRow).values(**values, created_at=datetime.now(UTC)))
    return now


def list_marks(
    connection: Connection, person_id: int, job_ids: Collection[str]
) -> set[tuple[str, int]]:
    """Which pictures of some jobs a person marked: their jobs and places."""
    wanted = select(FavouriteRow.job_id, FavouriteRow.position).where(
        FavouriteRow.person_id == person_id, FavouriteRow.job_id.in_(job_ids)
    )
    return {(job_id, position) for job_id, position in connection.execute(wanted)}


def list_open_galleries(connection: Connection, server_ids: Collection[int]) -> set[int]:
    """Those of some servers that open their gallery to their members."""
    wanted = select(ServerRow.id, ServerRow.settings).where(ServerRow.id.in_(server_ids))
    rows = connection.execute(wanted)
    return {id_ for id_, settings in rows if ServerChoices.read(settings).gallery}


def count_marks(connection: Connection, job_id: str, position: int) -> int:
    """How many people have a picture as a favourite."""
    return connection.execute(_MARKS, {"job": job_id, "place": position}).scalar_one()


@dataclass(frozen=True, slots=True)
class KeptPictures:
    """A job whose pictures a person can have shown again.

    Attributes:
        id: The job.
        recipe: What they were made from, as JSON.
        title: How the job came about.
        created_at: When they were asked for.
        favourite: Whether the person marked one of them.
    """

    id: str
    recipe: dict[str, Any]
    title: str
    created_at: datetime
    favourite: bool


def list_pictures(connection: Connection, person_id: int, limit: int) -> list[KeptPictures]:
    """A person's pictures to be shown again: favourites, then their own, the latest of each first.

    Args:
        connection: In a transaction.
        person_id: Whose.
        limit: Most jobs to list.
    """
    found: dict[str, KeptPictures] = {}
    rows = connection.execute(_PICTURES, {"person": person_id, "most": limit}).all()
    for row in sorted(rows, key=lambda row: (row.marked, row.since), reverse=True):
        kept = KeptPictures(row.id, row.recipe, row.title, row.created_at, bool(row.marked))
        # The first stays: a job with a favourite in it is listed once, and as one.
        found.setdefault(row.id, kept)
    return list(found.values())[:limit]


# Drafts


def keep_draft(connection: Connection, draft_id: str, person_id: int, body: dict[str, Any]) -> None:
    """Keeps a request until its author says yes; forgets those of more than a week ago."""
    now = datetime.now(UTC)
    connection.execute(delete(DraftRow).where(DraftRow.created_at < now - _DRAFTS_LIVE))
    connection.execute(
        insert(DraftRow).values(id=draft_id, person_id=person_id, body=body, created_at=now)
    )


def read_draft(connection: Connection, draft_id: str, person_id: int) -> dict[str, Any] | None:
    """A person's draft; None if it is gone."""
    # By person, too: the id comes from a button's custom id, which a client can forge.
    own = (DraftRow.id == draft_id, DraftRow.person_id == person_id)
    return connection.execute(select(DraftRow.body).where(*own)).scalar_one_or_none()


def take_draft(connection: Connection, draft_id: str, person_id: int) -> dict[str, Any] | None:
    """Takes a person's draft away, so that one yes counts once; None if it is gone."""
    body = read_draft(connection, draft_id, person_id)
    own = (DraftRow.id == draft_id, DraftRow.person_id == person_id)
    taken = connection.execute(delete(DraftRow).where(*own)).rowcount
    # Of two presses at once only the one whose statement found the row gets it.
    return body if taken else None
