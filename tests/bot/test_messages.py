from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bot.text import messages, sentences
from bot.text.messages import Title
from generation.derive import Parent, enlarge, narrow, set_upscaler, upscale_creatively, vary
from generation.recipe import Upscaler
from storage.queue.jobs import CANCELLED_BY, Queued
from tests.bot.samples import job, recipe


@given(st.text(max_size=6000), st.text(max_size=500), st.sampled_from(list(sentences.HEADINGS)))
def test_every_message_fits(prompt: str, flags: str, action: str) -> None:
    made = recipe(prompt, parameters=flags)
    asked = job(title=f"{action}:1")
    for text in (
        messages.write_running(asked, made, sentences.STARTING),
        messages.write_finished(asked, made),
        messages.write_failed(asked, made),
    ):
        assert 0 < len(text) <= messages.CONTENT_LIMIT


def test_markdown_in_a_prompt_stays_text() -> None:
    assert "**a \\*\\*bold\\*\\* cat --seed 7**" in messages.write_heading(
        job(), recipe("a **bold** cat")
    )


@given(st.sampled_from(list(sentences.HEADINGS)), st.none() | st.integers(1, 9))
def test_titles_survive_storage(action: str, index: int | None) -> None:
    title = Title(action, index)
    assert Title.read(str(title)) == title


def test_titles_of_a_later_version_are_still_shown() -> None:
    assert Title.read("dream:2") == Title("imagine", 2)


def test_failures_are_told() -> None:
    for code, reason in sentences.FAILURES.items():
        assert reason in messages.write_failed(job(state="failed", failure=code), recipe())
    assert sentences.FAILURES["internal"] in messages.write_failed(job(failure="new"), recipe())


def test_a_block_to_copy_cannot_be_ended_from_within() -> None:
    assert messages.fence("a ```cat").count("```") == 2


def test_how_a_job_waits() -> None:
    def said(position: int, wait: float | None = None, *, unserved: bool = False) -> str:
        return messages.write_queued(Queued("job", position, wait, unserved), "Klein")

    assert [said(place) for place in (1, 2, 11)] == [
        "queued, next",
        "queued, 1 ahead of you",
        "queued, 10 ahead of you",
    ]
    assert [said(2, wait).rpartition(", ")[2] for wait in (30, 70, 240, 6000, 9000)] == [
        "within 1 minute",
        "within 2 minutes",
        "about 2–6 minutes",
        "about 50–150 minutes",
        "about 1–4 hours",
    ]
    assert "no worker draws with Klein" in said(2, 60, unserved=True)


def test_the_card_names_the_seed_of_every_picture() -> None:
    plain = recipe()
    assert "Seeds #1 7, #2 8, #3 9, #4 10" in messages.write_recipe(job(), plain)
    assert "Seeds #1 50, #2 51" in messages.write_recipe(job(), vary(plain, 2, 50))
    assert "Seeds" not in messages.write_recipe(job(), narrow(plain, 1))


@pytest.mark.parametrize(
    ("changes", "size"),
    [
        ({}, "512×512"),
        ({"upscale": 2}, "1024×1024"),
        ({"upscale": 4, "width": 192, "height": 64}, "3072×1024"),
        ({"refinement": 0.3}, "1024×1024"),
        ({"family": "sd15", "width": 768, "height": 512, "upscale": 2}, "1536×1024"),
    ],
)
def test_the_line_begins_with_the_size_of_what_people_get(
    changes: dict[str, Any], size: str
) -> None:
    assert messages.write_settings(job(), recipe(**changes)).startswith(f"{size} · 12 steps")


def test_the_line_says_what_made_a_picture_larger() -> None:
    large = enlarge(recipe(), 0, 4)
    assert "4× larger by resampling" in messages.write_settings(job(), large)
    learned = set_upscaler(large, Upscaler(name="x4plus", version="ab"))
    assert "4× larger by x4plus" in messages.write_settings(job(), learned)
    redrawn = upscale_creatively(Parent(recipe(), 0, "ab"), 5, 4)
    assert "redrawn in parts" in messages.write_settings(job(), redrawn)
    assert "larger" not in messages.write_settings(job(), recipe())


def test_a_cancel_by_somebody_else_says_whose_it_was() -> None:
    own, other = (job(state="cancelled", failure=f"{CANCELLED_BY}{who}") for who in (42, 77))
    assert messages.write_cancelled(own) == "cancelled"
    assert messages.write_cancelled(job(state="cancelled")) == "cancelled"
    assert messages.write_cancelled(other) == "cancelled by <@77>"


def test_a_model_that_was_not_chosen_and_does_not_know_the_words_says_so() -> None:
    made = recipe("a fisherman, 3d watercolour::2 at night", family="easel2", model="easel-2")
    chosen = job(origins={messages.BY_IMAGE: "1"})
    _, _, why, unknown = messages.write_finished(chosen, made).split("\n")
    assert why == "-# Easel 2 drew this because it is made from a photograph."
    assert unknown.startswith(
        "-# I do not know *fisherman*, *3d*; this model knows: watercolour, oil painting, "
    )
    for text in ("watercolour, a photo at night", "ein Foto als Aquarell bei Nacht"):
        known = recipe(text, family="easel2", model="easel-2")
        assert messages.write_finished(job(), known).count("\n") == 1
    assert messages.write_finished(job(), recipe("a fisherman")).count("\n") == 1
