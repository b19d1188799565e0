"""A backup is whole, says so, and what is restored from it goes on as before."""

import asyncio
import io
import shutil
from pathlib import Path
from uuid import uuid4

import psycopg
import pytest
from PIL import Image
from sqlalchemy import delete, make_url, select
from typer.testing import CliRunner

from cli import app
from cli.doctor import database, migrations, pictures
from cli.findings import State
from cli.imagine import draw
from generation.recipe import Recipe
from storage import backup
from storage.backup import BackupError, Manifest, back_up, check, restore
from storage.database.connect import open_engine
from storage.database.tables import ImageRow, JobRow
from storage.files import Files
from storage.prepare import migrate
from storage.privacy.exporting import read_kept
from storage.queue import queries
from storage.queue.client import Jobs
from storage.queue.jobs import Made, Rendered
from storage.settings import Settings
from tests.storage.conftest import new_job, settings_for

OLD = Path(__file__).parents[1] / "journeys" / "old_data"
"""The data folder of the first release, with real recipes and pictures."""


async def keep_job(settings: Settings) -> str:
    """Keeps a job with a picture; the picture's hash."""
    jobs = await Jobs.open(settings)
    job = new_job(prompt="a red apple")
    await jobs.accept(job)
    run = await jobs.records.write(queries.begin_run, job.id, "w", 3)
    assert run
    sha256 = Files.of(settings).put(job.id.encode())
    made = Made(sha256=sha256, width=8, height=8, digest=job.id)
    await jobs.records.write(queries.finish_run, run, Rendered(pictures=[made]), 1.0)
    await jobs.close()
    return sha256


def find_picture(settings: Settings, sha256: str) -> Path:
    """The file of a picture."""
    return Path(settings.image_store) / sha256[:2] / sha256[2:4] / sha256


def elsewhere(settings: Settings, tmp_path: Path) -> Settings:
    """Settings of the same kind for a place where nothing is."""
    url = make_url(settings.database)
    if url.get_backend_name() == "sqlite":
        return settings_for(tmp_path / "elsewhere")
    name = f"t{uuid4().hex}"
    with psycopg.connect(settings.database, autocommit=True) as connection:
        connection.execute(f'CREATE DATABASE "{name}"'.encode())
    made = url.set(database=name).render_as_string(hide_password=False)
    return settings_for(tmp_path / "elsewhere", made)


async def test_what_is_restored_is_what_was_there(settings: Settings, tmp_path: Path) -> None:
    folder, first = tmp_path / "backup", await keep_job(settings)
    back_up(settings, folder)
    second = await keep_job(settings)
    assert back_up(settings, folder).pictures == 2
    assert check(folder).rows["jobs"] == 2
    assert not (folder / "easel.db.part").exists()
    assert {path.stat().st_mode & 0o77 for path in folder.glob("easel.*")} == {0}
    there = elsewhere(settings, tmp_path)
    restore(there, folder)
    assert {check(there).state for check in (database, migrations, pictures)} == {State.OK}
    assert all(map(Files.of(there).has, (first, second)))
    engine = open_engine(there.database)
    with engine.connect() as connection:
        assert len(read_kept(connection, 1).rows["jobs"]) == 2
    engine.dispose()
    await keep_job(there)
    with pytest.raises(BackupError, match="a database already"):
        restore(there, folder)


def test_a_recipe_draws_again_from_what_was_restored(tmp_path: Path) -> None:
    settings = settings_for(tmp_path / "data")
    shutil.copytree(OLD, settings.data)
    migrate(settings)
    back_up(settings, tmp_path / "backup")
    there = settings_for(tmp_path / "there")
    restore(there, tmp_path / "backup")
    engine, files = open_engine(there.database), Files.of(there)
    wanted = select(JobRow.recipe, ImageRow.sha256).join(ImageRow, ImageRow.job_id == JobRow.id)
    with engine.connect() as connection:
        rows = connection.execute(
            wanted.where(
                JobRow.title == "imagine", ImageRow.kind == "picture", ImageRow.position == 0
            )
        ).all()
    engine.dispose()
    recipe, sha256 = next(row for row in rows if files.has(row.sha256))
    recipe |= {"pictures": recipe["pictures"][:1], "steps": 2}
    output = tmp_path / "again.png"
    again = draw(Recipe.from_json(recipe), there, output, lambda *_: None)[output]
    before, after = (Image.open(io.BytesIO(data)) for data in (files.get(sha256), again))
    assert before.size == after.size


async def test_a_backup_forgets_whom_the_database_forgot(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    settings, folder = sqlite_settings, tmp_path / "backup"
    sha256 = await keep_job(settings)
    back_up(settings, folder)
    engine = open_engine(settings.database)
    with engine.begin() as connection:
        connection.execute(delete(JobRow))
    engine.dispose()
    find_picture(settings, sha256).unlink()
    assert back_up(settings, folder).pictures == 0
    assert not any(path.is_file() for path in (folder / "images").rglob("*"))


async def test_pictures_that_are_gone_from_their_place_stay_in_the_backup(
    sqlite_settings: Settings, tmp_path: Path
) -> None:
    settings, folder = sqlite_settings, tmp_path / "backup"
    first, second = [await keep_job(settings) for _ in range(2)]
    before = back_up(settings, folder)
    find_picture(settings, first).unlink()
    assert back_up(settings, folder).names == before.names
    # As a folder is that is not mounted.
    find_picture(settings, second).unlink()
    with pytest.raises(BackupError, match="Of 2 pictures in this backup 2 are gone"):
        back_up(settings, folder)
    assert check(folder).names == before.names
    assert back_up(settings, tmp_path / "new").missing == 2


async def test_a_picture_that_is_damaged_in_its_place_is_told(
    sqlite_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    find_picture(sqlite_settings, await keep_job(sqlite_settings)).write_bytes(b"something else")
    monkeypatch.setenv("EASEL_DATA", str(sqlite_settings.data))
    told = CliRunner().invoke(app.app, ["backup", str(tmp_path / "backup")]).output
    assert "0 pictures" in told
    assert "not in it: 1," in told


@pytest.mark.parametrize("inside", ["", "images", "images/backup"])
def test_a_backup_takes_the_place_of_nothing_that_it_is_made_of(
    sqlite_settings: Settings, inside: str
) -> None:
    sha256 = asyncio.run(keep_job(sqlite_settings))
    file = Path(make_url(sqlite_settings.database).database or "")
    before = file.stat().st_ino
    with pytest.raises(BackupError, match="keeps its own files in"):
        back_up(sqlite_settings, sqlite_settings.data / inside)
    assert file.stat().st_ino == before
    assert find_picture(sqlite_settings, sha256).exists()


@pytest.mark.parametrize(
    ("url", "where"),
    [
        ("postgresql://u:s3cret@db:5433/x?sslmode=require", "host=db port=5433 sslmode=require"),
        ("postgresql://u@/x?host=/run/pg&password=s3cret", "host=/run/pg"),
    ],
)
def test_a_client_program_is_told_all_that_the_url_says_but_the_password(
    url: str, where: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = tmp_path / "pg_dump"
    program.write_text(f'#!/bin/sh\necho "$@" >{tmp_path}/said\necho $PGPASSWORD >>{tmp_path}/said')
    program.chmod(0o700)
    monkeypatch.setenv("PATH", str(tmp_path))
    backup._run_client(make_url(url), ["pg_dump"])
    arguments, password = (tmp_path / "said").read_text().splitlines()
    assert set(arguments.removeprefix("--dbname=").split()) == {
        "user=u",
        "dbname=x",
        *where.split(),
    }
    assert password == "s3cret"


async def test_damage_is_found(
    sqlite_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "backup"
    with pytest.raises(BackupError, match=r"no manifest\.json"):
        check(folder)
    sha256 = await keep_job(sqlite_settings)
    back_up(sqlite_settings, folder)
    picture = folder / "images" / sha256[:2] / sha256[2:4] / sha256
    picture.write_bytes(b"something else")
    with pytest.raises(BackupError, match=rf"{sha256[:12]} in .* is damaged"):
        check(folder)
    picture.unlink()
    with pytest.raises(BackupError, match="Of 1 pictures 0"):
        restore(settings_for(tmp_path / "there"), folder)
    back_up(sqlite_settings, folder)
    with (folder / "easel.db").open("ab") as file:
        file.write(b"x")
    with pytest.raises(BackupError, match=r"database in .* is damaged"):
        check(folder)
    (folder / "manifest.json").write_text('{"version": 2}')
    with pytest.raises(BackupError, match="later version"):
        Manifest.read(folder)


async def test_what_a_host_lacks_for_postgresql_is_said(
    sqlite_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "backup"
    back_up(sqlite_settings, folder)
    other = settings_for(tmp_path / "there", "postgresql://u:s3cret@127.0.0.1:1/x")
    with pytest.raises(BackupError, match="of sqlite"):
        restore(other, folder)
    monkeypatch.setattr(backup, "require_current", lambda _: None)
    monkeypatch.setattr(backup, "_count_rows", lambda _: {})
    with pytest.raises(BackupError, match="pg_dump ended with 1") as caught:
        back_up(other, folder)
    assert "s3cret" not in str(caught.value)
    assert not (folder / "manifest.json").exists()
    monkeypatch.setenv("PATH", "")
    with pytest.raises(BackupError, match="pg_dump is not installed"):
        back_up(other, folder)


def test_the_command_line_backs_up_exports_and_forgets(
    sqlite_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = sqlite_settings
    asyncio.run(keep_job(settings))
    monkeypatch.setenv("EASEL_DATA", str(settings.data))
    monkeypatch.chdir(tmp_path)

    def call(*arguments: str, code: int = 0) -> str:
        result = CliRunner().invoke(app.app, arguments)
        assert result.exit_code == code, result.output
        return result.output

    assert "1 requests, 1 pictures" in call("backup", "backup")
    assert "all of it is whole" in call("backup", "--check", "backup")
    assert "1 requests, 1 pictures" in call("privacy", "export", "1", "copy.zip")
    call("privacy", "forget", "1", code=1)
    assert "Forgotten" in call("privacy", "forget", "1", "--yes")
    assert "0 requests" in call("privacy", "export", "1", "later.zip")
    assert "already" in call("restore", "backup", code=1)
    monkeypatch.setenv("EASEL_DATA", str(tmp_path / "there"))
    assert "1 requests" in call("restore", "backup")
