"""Questions in the queue: answered once, found again, and counted as no pictures."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import Engine

from storage.database.connect import WRITING, open_engine
from storage.decisions import choice_queries
from storage.queue import answers, books, queries
from storage.queue.acceptance import accept, keep_answered
from storage.queue.fairness import Rule, lane_of
from storage.queue.jobs import NewJob, Rendered
from storage.queue.limits import Allowance
from storage.settings import Settings
from tests.storage.conftest import new_job

ASKED, AGAIN = "a" * 32, "b" * 32
DIGEST = "d" * 64
ANSWER = {"thing": "apple"}


def question(job_id: str) -> NewJob:
    asked = new_job(id=job_id, title="describe")
    return replace(asked, recipe={"question": "describe"}, question=DIGEST)


@pytest.fixture
def engine(sqlite_settings: Settings) -> Iterator[Engine]:
    """A database with a question that waits."""
    engine = open_engine(sqlite_settings.database).execution_options(**WRITING)
    with engine.begin() as connection:
        accept(connection, [question(ASKED)], Allowance(unfinished=1), Rule(), lambda *_: None)
    yield engine
    engine.dispose()


def answered(engine: Engine) -> None:
    with engine.begin() as connection:
        run = queries.begin_run(connection, ASKED, "worker", 3)
        assert run
        assert run.recipe == {"question": "describe"}
        assert queries.finish_run(connection, run, Rendered(answer=ANSWER), 0.1)


def test_an_answer_is_kept_with_its_question_and_found_again(engine: Engine) -> None:
    with engine.begin() as connection:
        assert answers.find_answer(connection, DIGEST) is None
    answered(engine)
    with engine.begin() as connection:
        job = queries.read_job(connection, ASKED)
        assert job
        assert (job.state, job.answer, job.images) == ("done", ANSWER, ())
        assert answers.find_answer(connection, DIGEST) == ANSWER
        assert answers.find_answer(connection, "e" * 64) is None


def test_what_is_known_is_kept_as_done_and_has_yet_to_be_shown(engine: Engine) -> None:
    with engine.begin() as connection:
        keep_answered(connection, question(AGAIN), ANSWER)
        job = queries.read_job(connection, AGAIN)
        assert job
        assert (job.state, job.answer, job.delivered_at) == ("done", ANSWER, None)
        assert AGAIN in {one.id for one in queries.list_undelivered(connection)}
        assert AGAIN not in queries.list_unfinished_of(connection, job.person_id)
        assert queries.mark_delivered(connection, AGAIN, 7)


def test_a_question_counts_as_unfinished_and_as_no_picture(engine: Engine) -> None:
    person, day = question(ASKED).person_id, datetime.now(UTC) - timedelta(days=1)
    with engine.begin() as connection:
        assert queries.count_unfinished(connection, person) == 1
        assert books.count_asked(connection, person, day) == 0
    answered(engine)
    with engine.begin() as connection:
        assert choice_queries.list_pictures(connection, person, 5) == []


def test_what_a_person_adds_is_kept_with_the_question_alone(engine: Engine) -> None:
    with engine.begin() as connection:
        accept(connection, [new_job(id=AGAIN)], Allowance(unfinished=9), Rule(), lambda *_: None)
        drawing = queries.read_job(connection, AGAIN)
        for job_id in (ASKED, AGAIN):
            answers.change_question(connection, job_id, {"question": "describe", "word": "cat"})
        job = queries.read_job(connection, ASKED)
        assert job
        assert job.recipe["word"] == "cat"
        assert queries.read_job(connection, AGAIN) == drawing


def test_questions_go_in_a_lane_of_their_own() -> None:
    assert {lane_of(title, "relax") for title in ("describe", "shorten")} == {"ask"}
