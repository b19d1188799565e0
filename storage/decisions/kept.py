"""What people and servers keep that adds to prompts, read in one round trip."""

from dataclasses import dataclass
from typing import Any, Final

from sqlalchemy import Connection, bindparam, literal_column, or_, select, union_all

from storage.database.tables import PersonRow, PresetRow, ServerRow
from storage.decisions.choice_queries import read_text
from storage.decisions.choices import PersonChoices, ServerChoices

# Each row with the name of its table.
_CHOICES: Final = (
    select(
        literal_column("'people'").label("of"),
        literal_column("''").label("name"),
        PersonRow.settings,
    ).where(PersonRow.id == bindparam("person")),
    select(literal_column("'servers'"), literal_column("''"), ServerRow.settings).where(
        ServerRow.id == bindparam("server")
    ),
)
_BOTH: Final = union_all(*_CHOICES)
_KEPT: Final = union_all(
    *_CHOICES,
    select(PresetRow.owner_kind, PresetRow.name, PresetRow.body)
    # Not as pairs in a list, for which SQLite reads the whole table.
    .where(
        or_(
            (PresetRow.owner_kind == "person") & (PresetRow.owner_id == bindparam("person")),
            (PresetRow.owner_kind == "server") & (PresetRow.owner_id == bindparam("server")),
        )
    ),
).order_by("name")


@dataclass(frozen=True, slots=True)
class Kept:
    """What is kept for a person and a server, presets by name in alphabetical order.

    Attributes:
        person: What the person decided.
        own: Their presets.
        server: What the server decided.
        shared: Its presets.
    """

    person: PersonChoices
    own: dict[str, str]
    server: ServerChoices
    shared: dict[str, str]


def read_choices(
    connection: Connection, person: int, server: int | None
) -> tuple[PersonChoices, ServerChoices]:
    """What a person decided, and a server; None for direct messages, where no server does."""
    rows = connection.execute(_BOTH, {"person": person, "server": server})
    found = {of: settings for of, _, settings in rows}
    return PersonChoices.read(found.get("people")), ServerChoices.read(found.get("servers"))


def read_kept(connection: Connection, person: int, server: int | None) -> Kept:
    """All that may add to a prompt, as :func:`read_choices` reads a part of it."""
    settings: dict[str, Any] = {}
    presets: dict[str, dict[str, str]] = {"person": {}, "server": {}}
    for of, name, body in connection.execute(_KEPT, {"person": person, "server": server}):
        if of in presets:
            presets[of][name] = read_text(body)
        else:
            settings[of] = body
    return Kept(
        PersonChoices.read(settings.get("people")),
        presets["person"],
        ServerChoices.read(settings.get("servers")),
        presets["server"],
    )
