"""What each table keeps of people, and what becomes of it when somebody is forgotten.

Every table has its rule here, and every column that could hold an id by its type is named in it: a
table or a column without one fails the tests.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from sqlalchemy import JSON, BigInteger, Column, String, and_
from sqlalchemy import Table as SqlTable
from sqlalchemy.sql.elements import ColumnElement

from storage.database.tables import Table
from storage.queue.jobs import CANCELLED_BY


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """What a table keeps of people.

    Attributes:
        owner: Column with the id of the person whose row it is; the row goes with them. Empty
            where rows are nobody's.
        only: Value by column that marks the rows of people, where others own some, too.
        named: Columns in which rows that stay name a person, with the text before the id. They
            are emptied: None where that is possible, else 0.
        numbered: Columns in which rows that stay name a person, who gets a number of
            :mod:`storage.database.pseudonyms` in their place.
        nobody: Columns that could hold an id by their type, and hold no person's.
        secret: Columns that no export shows.
    """

    owner: str = ""
    only: Mapping[str, str] = field(default_factory=dict)
    named: Mapping[str, str] = field(default_factory=dict)
    numbered: tuple[str, ...] = ()
    nobody: tuple[str, ...] = ()
    secret: tuple[str, ...] = ()


RULES: Final[Mapping[str, Rule]] = {
    "jobs": Rule(
        owner="person_id",
        named={"failure": CANCELLED_BY},
        nobody=(
            *("id", "recipe", "title", "parent_id", "state", "worker", "speed", "lane", "family"),
            *("model", "pixels", "server_id", "channel_id", "message_id", "application_id"),
            *("upload_limit", "delivered_message_id", "origins", "locale", "interaction_token"),
            *("question", "answer", "verdict"),
        ),
        secret=("interaction_token",),
    ),
    # These go with their jobs, by the database itself.
    "images": Rule(nobody=("job_id", "kind", "sha256", "digest")),
    "held": Rule(nobody=("job_id", "kind", "sha256", "digest")),
    "copies": Rule(nobody=("message_id", "job_id", "channel_id")),
    "favourites": Rule(owner="person_id", nobody=("job_id",)),
    "gallery": Rule(
        owner="person_id", nobody=("id", "job_id", "server_id", "channel_id", "model", "words")
    ),
    "share_links": Rule(owner="person_id", nobody=("digest", "job_id"), secret=("digest",)),
    "people": Rule(owner="id", nobody=("settings",)),
    "presets": Rule(
        owner="owner_id", only={"owner_kind": "person"}, nobody=("owner_kind", "name", "body")
    ),
    "drafts": Rule(owner="person_id", nobody=("id", "body")),
    "shares": Rule(owner="person_id", nobody=("lane",)),
    # These go on under a number that only the installation's key leads to, as limits and blocks do.
    "usage": Rule(owner="person_id", nobody=("server_id", "lane", "gpu_ms")),
    "grants": Rule(owner="person_id", nobody=("server_id", "kind")),
    "blocks": Rule(owner="person_id", nobody=("server_id",)),
    # Nobody edits these: a number stands for whoever was forgotten, so that a ban can be explained.
    "cases": Rule(
        owner="person_id",
        numbered=("person_id", "actor_id"),
        nobody=("job_id", "server_id", "what", "reason"),
        secret=("actor_id",),
    ),
    # What a server decided stays; who did it goes.
    "changes": Rule(named={"person_id": ""}, nobody=("server_id", "what", "before", "after")),
    "servers": Rule(nobody=("id", "settings")),
    "workers": Rule(
        nobody=(
            *("executor_id", "session", "host", "device", "model", "trouble", "serves"),
            *("memory_used", "memory_whole"),
        )
    ),
    "leases": Rule(nobody=("name", "session", "host")),
    "costs": Rule(nobody=("model", "kind")),
    "clock": Rule(),
    "compatibility": Rule(nobody=("least",)),
    "discards": Rule(nobody=("sha256",)),
    "keys": Rule(nobody=("name", "value")),
    # For a day, so that nobody washes off a limit; whose it was only the installation's key tells.
    "spent": Rule(nobody=("pseudonym",)),
    "withdrawals": Rule(nobody=("message_id", "channel_id")),
}
"""The rule of each table, by its name. The job engine names jobs alone, and forgets them, too."""


def could_hold_id(column: Column[Any]) -> bool:
    """Whether an id of Discord's fits into a column: 64 bits, text or JSON."""
    return isinstance(column.type, BigInteger | String | JSON)


def find_table(name: str) -> SqlTable:
    """The table of a rule."""
    return Table.metadata.tables[name]


def is_own(name: str, person_id: int) -> ColumnElement[bool]:
    """What is true of a person's rows in a table that has an owner."""
    rule, table = RULES[name], find_table(name)
    marks = (table.c[column] == value for column, value in rule.only.items())
    return and_(table.c[rule.owner] == person_id, *marks)
