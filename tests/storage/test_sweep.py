"""Files that belong to no row are swept away, and no others."""

import os
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import Engine, insert

from storage import sweep as sweeping
from storage.database.connect import WRITING, open_engine
from storage.database.tables import DraftRow, PersonRow
from storage.files import Files
from storage.queue import presence, queries
from storage.queue.acceptance import accept
from storage.queue.fairness import Rule
from storage.queue.jobs import Made, Rendered
from storage.queue.limits import Allowance
from storage.settings import Settings
from storage.sweep import AGE, TooManyLostError, sweep
from tests.storage.conftest import new_job

NEVER = threading.Event()


@pytest.fixture
def engine(settings: Settings) -> Iterator[Engine]:
    engine = open_engine(settings.database).execution_options(**WRITING)
    yield engine
    engine.dispose()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "pictures"


@pytest.fixture
def files(folder: Path) -> Files:
    return Files(folder)


def put(files: Files, folder: Path, name: str, *, old: bool = True) -> str:
    """Something stored, long ago or just now."""
    sha256 = files.put(name.encode())
    place = folder / sha256[:2] / sha256[2:4] / sha256
    if old:
        then = place.stat().st_mtime - AGE.total_seconds() - 60
        os.utime(place, (then, then))
    return sha256


def test_only_what_no_row_names_is_swept(engine: Engine, files: Files, folder: Path) -> None:
    picture, grid = put(files, folder, "picture"), put(files, folder, "grid")
    start, draft = put(files, folder, "start"), put(files, folder, "draft")
    liked, fresh = put(files, folder, "liked"), put(files, folder, "fresh", old=False)
    lost = [put(files, folder, f"lost {k}") for k in range(3)]
    job = new_job(start={"image": start})
    with engine.begin() as connection:
        accept(connection, [job], Allowance(unfinished=1), Rule(), lambda *_: None)
        run = queries.begin_run(connection, job.id, "w", 3)
        assert run
        single, whole = (Made(sha256=one, width=8, height=8, digest=one) for one in (picture, grid))
        queries.finish_run(connection, run, Rendered(pictures=[single], grid=whole), 1.0)
        body = {"recipe": {"canvas": {"mask": draft}}}
        values = {"id": "d" * 32, "person_id": 1, "body": body, "created_at": datetime.now(UTC)}
        connection.execute(insert(DraftRow).values(**values))
        connection.execute(insert(PersonRow).values(id=1, settings={"sref": f"x {liked}"}))
    assert sweep(engine, files, NEVER) == 3
    assert all(files.has(one) for one in (picture, grid, start, draft, liked, fresh))
    assert not any(files.has(one) for one in lost)
    assert sweep(engine, files, NEVER) == 0


def test_every_page_of_every_table_is_read(
    engine: Engine, files: Files, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "_PAGE", 2)
    images = [put(files, folder, f"start {k}") for k in range(5)]
    with engine.begin() as connection:
        jobs = [new_job(start={"image": image}) for image in images]
        accept(connection, jobs, Allowance(unfinished=9), Rule(), lambda *_: None)
    lost = put(files, folder, "lost")
    assert sweep(engine, files, NEVER) == 1
    assert [files.has(one) for one in (*images, lost)] == [True] * 5 + [False]


def test_what_is_stored_again_is_about_to_have_a_row(files: Files, folder: Path) -> None:
    again = put(files, folder, "again")
    files.put(b"again")
    assert not files.delete_older(again, AGE)
    assert list(files.list_older(AGE)) == []


def test_the_pictures_of_another_easel_are_left_alone(
    engine: Engine, files: Files, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "FEW", 2)
    theirs = [put(files, folder, f"theirs {k}") for k in range(3)]
    with pytest.raises(TooManyLostError, match="3 of 3"):
        sweep(engine, files, NEVER)
    assert all(map(files.has, theirs))


def test_of_several_workers_one_that_takes_jobs_sweeps(engine: Engine, settings: Settings) -> None:
    about = {"session": "", "host": "", "pid": 0, "device": "", "model": ""}
    with engine.begin() as connection:
        for name, more in (("a", {"trouble": "device"}), ("b", {"draining": True}), ("c", {})):
            presence.sign_on(connection, name, about | more)
    sweeping_ones = [
        name
        for name in "abc"
        if sweeping._is_first(engine, settings.model_copy(update={"worker": name}))
    ]
    assert sweeping_ones == ["c"]
