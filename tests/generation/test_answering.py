"""What the judge knows of pictures, and what words do to the bundled model's prediction."""

import time
from dataclasses import replace
from pathlib import Path

import pytest
import skimage.data
from PIL import Image, ImageDraw

from generation.answering.answer import answer, look_at
from generation.answering.word_effects import measure_words
from generation.judge import (
    FOLDER,
    SURE_OF_THING,
    load_judge,
    load_labels,
    load_thresholds,
    see,
)
from generation.questions.question import Question, Seen, read_effects
from generation.recipe import Phrase, seed_noise
from generation.sampling.engine import Engine
from storage.files import MissingFileError
from storage.queue.jobs import RenderError
from tests.generation.samples import encoded, quiet, recipe_for, weigh
from tests.generation.test_ladder import failing
from tests.generation.test_measures import GOLDEN


def disc() -> Image.Image:
    picture = Image.new("RGB", (256, 256), "white")
    ImageDraw.Draw(picture).polygon([(128, 20), (230, 230), (20, 200)], fill="#3050a0")
    return picture


def nothing(*_: object) -> None:
    pass


@pytest.mark.parametrize("file", GOLDEN)
def test_of_golden_pictures_no_noun_is_guessed(file: str) -> None:
    with Image.open(Path(skimage.data.__file__).parent / file) as image:
        assert look_at(encoded(image.convert("RGB"))) == Seen()


@pytest.mark.parametrize(
    "picture",
    [
        Image.new("RGB", (300, 200), "teal"),
        Image.radial_gradient("L"),
        Image.effect_noise((200, 300), 80),
        disc(),
    ],
)
def test_what_is_no_thing_has_no_noun(picture: Image.Image) -> None:
    assert look_at(encoded(picture)).thing == ""


def test_it_names_what_the_bundled_model_draws(easel: Engine) -> None:
    card = easel.card
    recipe = recipe_for(
        easel,
        width=card.side,
        height=card.side,
        steps=card.steps,
        sampler=card.sampler,
        phrases=(Phrase(text="a yellow star, 3d"),),
        noise=seed_noise(103, 1),
    )
    (picture,) = easel.draw(recipe, None, quiet)
    large = picture.resize((512, 512))
    seen = look_at(encoded(large))
    assert (seen.thing, seen.colour) == ("star", "yellow")
    judge, labels = load_judge(FOLDER), load_labels(FOLDER)
    # Of what it sees in much else it has to be surer.
    assert see(judge, labels, {"star": 1.01}, large) == Seen()
    assert see(judge, labels, {"moon": 1.01}, large) == seen


def test_more_is_asked_of_things_that_are_seen_in_much_else() -> None:
    known, asked = load_labels(FOLDER)["things"], load_thresholds(FOLDER)
    assert {"lightning", "baguette"} <= asked.keys() <= set(known)
    assert all(SURE_OF_THING < share <= 1 for share in asked.values())


def test_a_picture_that_is_gone_is_said(easel: Engine) -> None:
    def read(_: str) -> bytes:
        raise MissingFileError("ab")

    question = Question(kind="describe", image="ab")
    with pytest.raises(RenderError, match="missing_image"):
        answer(question.to_json(), easel, nothing, read)


def test_what_words_do_to_the_bundled_model(easel: Engine) -> None:
    text, told = "a blue car, line art, masterpiece, 8k", list[tuple[int, int]]()
    began = time.monotonic()
    effects = measure_words(easel, text, lambda done, of: told.append((done, of)))
    took = time.monotonic() - began
    shares = {one.text: one.share for one in effects}
    assert list(shares) == ["a", "blue", "car", "line", "art", "masterpiece", "8k"]
    assert max(shares["masterpiece"], shares["8k"], shares["a"]) < 0.3
    assert min(shares["blue"], shares["car"], shares["line"]) > 0.5
    assert told[-1][0] == told[-1][1]
    # 10 seconds are promised where two cores are free; here one is shared.
    assert took < 60


def test_words_that_a_model_is_never_told_do_nothing(easel: Engine) -> None:
    text = "please draw a red apple, masterpiece"
    masked = ("a red apple", "a red apple", "a red apple", "a red apple", "a , apple", "a red ,")
    effects = measure_words(easel, text, nothing, (*masked, "a red apple"))
    assert [one.share == 0 for one in effects] == [True, True, True, False, False, True]


def test_an_answer_to_a_prompt_is_read_back(easel: Engine) -> None:
    assert [one.text for one in read_effects(weigh(easel))] == ["red", "apple"]


@pytest.mark.parametrize("times", [1, 1000])
def test_without_memory_words_are_weighed_one_at_a_time_or_one_word_says_it(
    easel: Engine, times: int
) -> None:
    before = weigh(easel)
    with failing(easel.pipe, "denoising", times):
        if times == 1:
            assert weigh(easel) == before
        else:
            with pytest.raises(RenderError, match="words_out_of_memory"):
                weigh(easel)


def test_every_kind_of_model_is_asked(engine: Engine) -> None:
    small = replace(engine, card=replace(engine.card, side=64))
    effects = measure_words(small, "a red cat", nothing)
    assert [one.text for one in effects] == ["a", "red", "cat"]
    assert max(one.share for one in effects) == 1.0
