"""No statement of the product reads the whole of a table that grows, however long its history."""

import inspect
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from types import ModuleType
from typing import Any

import pytest
from sqlalchemy import Connection, delete, event, text, update

from benchmarks.history import HEAVY, fill
from storage import sweep
from storage.database import pseudonyms
from storage.database.connect import WRITING, open_engine
from storage.database.tables import JobRow, Table
from storage.decisions import cases, choice_queries, kept
from storage.decisions.cases import Strikes
from storage.decisions.choices import Change, Owner, ServerChoices
from storage.gallery import index, search, share_links
from storage.gallery.search import Wanted
from storage.gallery.terms import Search
from storage.privacy import exporting, forgetting, retention
from storage.queue import (
    acceptance,
    answers,
    books,
    copies,
    costs,
    entries,
    forecast,
    moderation,
    overview,
    presence,
    queries,
    recovery,
    shares,
    taking,
    tokens,
)
from storage.queue.costs import Work
from storage.queue.fairness import Rule
from storage.queue.jobs import Rendered, StoredImage
from storage.queue.limits import Allowance
from storage.queue.order import Bound
from storage.quotas import KINDS
from storage.settings import Settings
from tests.storage.conftest import new_job

ROWS = 12_000
# Workers and what forgotten people had spent are forgotten after a day, the clock is one row, keys
# are few, costs are by models, kinds, sizes and lengths, which are few, and what is held waits for
# moderators.
GROWING = frozenset(Table.metadata.tables) - {"workers", "clock", "costs", "keys", "spent", "held"}
NOW = datetime.now(UTC)
USUAL = 150
"""Who owns some of all jobs; much of what somebody owns a twelfth of is best found by a scan."""

JOB = "9e3779b1" + "1".rjust(24, "0")
"""The first one."""

RUN = queries.Run(JOB, 1, {})
IMAGE = StoredImage(position=0, kind="picture", sha256="0" * 64, width=8, height=8, digest="digest")
STANDING = queries.Standing(JOB, "running", None, 1, 1, NOW)
WORK = Work("easel-1", "imagine", 65536, 12)
ENDED = (HEAVY, 7, "fast", 10.0, 10.0, "imagine", "easel-1", 65536, 12, 4)
MINE = Owner("person", 2000)
OURS = Owner("server", 2000)
CHANGE = Change(HEAVY, "limits", None, None)
EVERYWHERE = Allowance(unfinished=10, daily=9999)
HERE = Allowance(unfinished=10, daily=9999, server_id=7)

CALLS: Mapping[ModuleType, Mapping[str, tuple[object, ...]]] = {
    queries: {
        "read_standings": ([JOB],),
        "list_undelivered": (),
        "list_unfinished_of": (HEAVY,),
        "count_unfinished": (HEAVY,),
        "read_place": (queries.Standing(JOB, "queued", None, 0, 9, NOW),),
        "read_job": (JOB,),
        "read_jobs": ([JOB],),
        "find_job": ("9e3779b1",),
        "find_job_of_message": (77,),
        "list_derived": (JOB,),
        "find_picture": ("digest",),
        "begin_run": (JOB, "hand", 3),
        "fail_exhausted": (JOB, 3, "lost"),
        "release": ("hand",),
        "is_current": (RUN,),
        "finish_run": (RUN, Rendered(pictures=[]), 2.5),
        "fail_run": (RUN, "lost"),
        "hand_back": (RUN,),
        "hand_back_tripped": (RUN, 0),
        "count_faults": (JOB,),
        "cancel_job": (JOB, HEAVY),
        "note_message": (JOB, 5),
        "mark_delivered": (JOB, 5),
        "delete_jobs": ([JOB],),
    },
    recovery: {"requeue": (STANDING,), "give_up": (STANDING, "lost")},
    presence: {
        "read_sighting": ("hand",),
        "sign_on": ("hand", {"session": "", "host": "", "pid": 0, "device": "", "model": ""}),
        "beat": ("hand", "", "store"),
        "hold_name": ("hand", ""),
        "drain": ("hand",),
        "is_draining": ("hand",),
        "sign_off": ("hand", ""),
        "note_fault": ("hand", "", 30.0),
        "set_faults": ("hand", 0),
        "list_workers": (30.0,),
        "list_troubles": (30.0,),
        "list_served": (30.0,),
        "list_known": (),
    },
    taking: {
        "list_kinds": (),
        "has_work": ("hand", 30.0),
        "take": ("hand", (), Bound(), 30.0),
        "is_taken": (JOB, "hand"),
        "note_beginning": (RUN, None),
        "pass_on": (RUN, "hand", 30.0),
    },
    entries: {
        "assign": (JOB, "hand"),
        "list_held": ("hand",),
        "delete_queue": ("hand",),
        "list_lost": (30.0,),
        "list_leftovers": (),
    },
    forecast: {"read_forecast": (30.0, (STANDING,)), "read_queue_info": (30.0,)},
    sweep: {
        "select_pictures": (["0" * 64],),
        "read_page": (Table.metadata.tables["jobs"], JOB),
    },
    shares: {
        "read_clock": (),
        "advance_clock": (3,),
        "restart_clock": (),
        "read_finish": (HEAVY, "fast"),
        "keep_finish": (HEAVY, "fast", 1.0),
        "settle": (ENDED, 2.5),
        "end_unmade": (delete(JobRow).where(JobRow.id == JOB), 2.5),
        "end_cancelled": (update(JobRow).where(JobRow.id == JOB).values(state="cancelled"), NOW),
    },
    overview: {
        "list_queue": (None, 50),
        "count_queue": (None,),
        "list_standings": (),
    },
    books: {
        "count_asked": (HEAVY, NOW - timedelta(days=1), 7),
        "read_used": (HEAVY, 7, KINDS),
        "read_booked": (HEAVY, None, KINDS),
        "list_used": (7, 7),
        "list_days": (7, 14),
        "grant": (HEAVY, 7, {KINDS[0]: 5}),
        "reset": (HEAVY, 7, KINDS),
        "block": (HEAVY, 7, NOW),
        "unblock": (HEAVY, 7),
        "read_blocks": (HEAVY, 7),
        "keep_nameless": (HEAVY,),
    },
    costs: {
        "read_cost": (WORK,),
        "read_known_cost": (WORK,),
        "read_known_costs": ([WORK],),
        "learn_cost": (WORK, 2.5),
    },
    copies: {"keep_copy": (5, JOB, 7), "withdraw_copies": (JOB,)},
    cases: {
        "note_case": (JOB, "reported", HEAVY, "so"),
        "read_case": (JOB,),
        "list_open": (7, 100),
        "list_latest": (None, 20),
        "read_record": (HEAVY, 7),
        "keep_nameless": (HEAVY,),
    },
    moderation: {
        "release": (JOB,),
        "withhold": (JOB, "refused"),
        "appeal": (JOB, HEAVY, "please"),
        "read_next": (7, Strikes()),
        "read_open": (JOB, Strikes()),
        "list_held": (JOB,),
        "is_withheld": ("0" * 64,),
        "list_withheld": (),
    },
    tokens: {"list_dead_tokens": (100,), "blank_tokens": ([JOB],)},
    kept: {"read_choices": (2000, 7), "read_kept": (2000, 7)},
    choice_queries: {
        "read_person": (2000,),
        "change_person": (2000, lambda it: it.model_copy(update={"remix": True})),
        "read_server": (2000,),
        "change_server": (2000, lambda _: ServerChoices(repeat=3), lambda *_: CHANGE),
        "note_change": (7, CHANGE),
        "list_changes": (7, 15),
        "read_presets": (MINE,),
        "keep_presets": (OURS, {"ink": "ink"}, HEAVY),
        "drop_preset": (MINE, "ink", HEAVY),
        "mark": (HEAVY, JOB, 0),
        "count_marks": (JOB, 0),
        "list_marks": (HEAVY, [JOB]),
        "list_open_galleries": ([7],),
        "list_pictures": (HEAVY, 200),
        "keep_draft": ("a" * 32, HEAVY, {}),
        "read_draft": ("a" * 32, HEAVY),
        "take_draft": ("a" * 32, HEAVY),
    },
    exporting: {
        "count_rows": (USUAL,),
        "read_kept": (USUAL,),
        "read_some_kept": (USUAL, [JOB]),
    },
    index: {
        "add": (JOB,),
        "find_missing": (index.Place(NOW, JOB), None, 20),
        "add_missing": (index.Place(NOW, JOB), None, 20),
        "mark_deleted": (JOB,),
        "keep_private": ([JOB],),
        "find_delivered": ([7],),
    },
    search: {
        "find": (Wanted(server=7, channels=frozenset({8}), search=Search((("apple", "on"),))), 30),
        "find_subjects": ([JOB],),
        "find_of_picture": ("0" * 64,),
        "list_models": (USUAL,),
    },
    share_links: {
        "share": (HEAVY, JOB, 0),
        "find_link": ("x",),
        "list_links": (USUAL, JOB),
        "revoke": (USUAL, "0" * 64),
    },
    forgetting: {"erase_jobs": ([JOB],), "forget_jobs": (USUAL,), "forget_rest": (USUAL,)},
    retention: {
        "drop_nameless": (NOW,),
        "list_old": (NOW - timedelta(days=30), NOW - timedelta(days=60), None),
        "select_marked": ([JOB],),
    },
    pseudonyms: {"find_pseudonym": (HEAVY,), "make_pseudonym": (HEAVY,)},
    answers: {"find_answer": ("0" * 64,), "change_question": (JOB, {})},
    acceptance: {
        "accept": ([new_job(person=HEAVY)], HERE, Rule(), lambda *_: None),
        "keep_answered": (replace(new_job(title="describe"), question="0" * 64), {}),
        "keep_shown": (new_job(id="b" * 32), IMAGE, 5),
        "count_shown": (HEAVY,),
        "read_usage": (HEAVY, EVERYWHERE),
        "require_unblocked": (HEAVY + 10**9, 7),
    },
}
"""Every function that runs statements, with what it may be called with."""

WHERE: tuple[dict[str, Any], ...] = (
    {"person": USUAL},
    {"server": 7, "channels": frozenset(range(8, 40))},
    {"server": 7, "channels": frozenset({9})},
    {"favourites_of": USUAL},
    {"jobs": (JOB,)},
)
ASKED = (*map(Search.read, ("", "apple", "number 2", "red-table")), Search((), (("ᚠf1",),)))
SEARCHES = [
    Wanted(**where, search=asked, before=before)
    for where in WHERE
    for asked in ASKED
    for before in (None, ROWS // 2)
]
"""What the gallery is searched for: whose or where, by what, and before which number."""

UNSORTED = {"list_pictures", "list_undelivered"}
"""Functions that are called at every key or many times a second, and may not sort history."""


@dataclass(frozen=True)
class Asked:
    """A statement as it went to the database."""

    function: str
    statement: str
    values: Any


@contextmanager
def listening(connection: Connection) -> Iterator[list[Asked]]:
    """Notes the statements that are run; the functions they are of are named by who calls."""
    heard: list[Asked] = []

    def note(_: object, __: object, statement: str, values: object, *___: object) -> None:
        heard.append(Asked("", statement, values))

    event.listen(connection, "before_cursor_execute", note)
    yield heard
    event.remove(connection, "before_cursor_execute", note)


def list_functions(module: ModuleType) -> set[str]:
    return {
        name
        for name, one in inspect.getmembers(module, inspect.isfunction)
        if one.__module__ == module.__name__
        and not name.startswith("_")
        and "connection" in inspect.signature(one).parameters
    }


def test_every_function_that_runs_statements_is_looked_at() -> None:
    for module, calls in CALLS.items():
        # Deciding and reporting are made of the others, and take more than a plan needs.
        assert list_functions(module) - {"decide", "report"} == set(calls)


def call_all(connection: Connection) -> list[Asked]:
    """Every statement of the product."""
    found = []
    for module, calls in CALLS.items():
        more = [("find", (wanted, 30)) for wanted in SEARCHES if module is search]
        for name, given in (*calls.items(), *more):
            function: Callable[..., object] = getattr(module, name)
            with connection.begin_nested() as undone, listening(connection) as heard:
                function(connection, *given)
                undone.rollback()
            assert heard, name
            found += [Asked(name, one.statement, one.values) for one in heard]
    return found


def explain(connection: Connection, asked: Asked) -> list[str]:
    """The lines of a plan."""
    how = "EXPLAIN" if connection.dialect.name == "postgresql" else "EXPLAIN QUERY PLAN"
    if not re.match(r"SELECT|UPDATE|DELETE|WITH", asked.statement.strip()):
        return []
    rows = connection.exec_driver_sql(f"{how} {asked.statement}", asked.values)
    return [str(row[-1]).strip() for row in rows]


def reads_all(line: str) -> bool:
    """Whether a line of a plan tells that the whole of a growing table, or index, is read."""
    found = re.match(r"(?:->\s*)?Seq Scan on (\w+)", line) or re.match(
        # A partial index of undelivered jobs holds few, so all of it may be read.
        r"SCAN (\w+)(?! USING (?:COVERING )?INDEX ix_jobs_waiting)",
        line,
    )
    return found is not None and found[1] in GROWING


def find_slow(connection: Connection, called: list[Asked]) -> list[tuple[str, str, str]]:
    """Functions, lines of plans and statements that read all, or sort what they may not."""
    return [
        (asked.function, line, asked.statement)
        for asked in called
        for line in explain(connection, asked)
        if reads_all(line) or (asked.function in UNSORTED and re.search(r"Sort|TEMP B-TREE", line))
    ]


def test_nothing_reads_a_whole_history(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    # As much beyond what is near as in a gallery of usual size.
    monkeypatch.setattr(search, "_NEAR", 100)
    monkeypatch.setattr(search, "_HITS", 1)
    engine = open_engine(settings.database).execution_options(**WRITING)
    with engine.begin() as connection:
        fill(connection, ROWS, padding=0)
        connection.execute(
            text(
                "UPDATE jobs SET state = 'running', worker = 'hand', delivered_at = NULL,"
                " interaction_token = 'x' WHERE message_id <= 20"
            )
        )
        connection.execute(
            text(
                "UPDATE jobs SET state = 'queued', delivered_at = NULL"
                " WHERE message_id > 20 AND message_id <= 40"
            )
        )
        if connection.dialect.name == "postgresql":
            connection.execute(text("ANALYZE"))
    with engine.begin() as connection:
        called = call_all(connection)
        assert find_slow(connection, called) == []
        # SQLite plans otherwise once it has counted, which it does only where it is told to.
        if connection.dialect.name == "sqlite":
            connection.execute(text("ANALYZE"))
            assert find_slow(connection, called) == []
    engine.dispose()


def test_what_goes_with_a_row_that_is_deleted_is_found_by_an_index() -> None:
    for table in Table.metadata.tables.values():
        ways = [list(index.columns) for index in table.indexes] + [list(table.primary_key.columns)]
        for key in table.foreign_keys:
            assert any(way[0] is key.parent for way in ways), key


@pytest.mark.parametrize(
    ("line", "whole"),
    [
        ("SCAN jobs", True),
        ("SCAN jobs USING INDEX ix_jobs_parent_id", True),
        ("SCAN jobs USING INDEX ix_jobs_waiting", False),
        ("SEARCH jobs USING INDEX sqlite_autoindex_jobs_1 (id=?)", False),
        ("->  Seq Scan on images  (cost=0.00..1.00 rows=1 width=1)", True),
        ("Seq Scan on workers  (cost=0.00..1.00 rows=1 width=1)", False),
    ],
)
def test_a_scan_is_told_from_a_search(line: str, whole: bool) -> None:
    assert reads_all(line) is whole
