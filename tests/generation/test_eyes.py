"""Eyes: every architecture asked from its files, and what becomes of what one says."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any, cast

import pytest
import torch
from PIL import Image

from cli.picture import look_at_file
from generation.answering import form, looking
from generation.answering.answer import answer
from generation.answering.form import QUOTE, fill_form, read_form, write_facts
from generation.answering.looking import Sight, choose_sight
from generation.answering.sight import ChattingEye, Eye, borrow_eye, load_eye, write_conversation
from generation.answering.speaker import Speaker
from generation.catalogue.eyes import EyesError, choose_eye, find_architecture, find_eye_card
from generation.catalogue.families import CARDS
from generation.catalogue.memory_plans import (
    ENDLESS,
    EyePlacing,
    MemoryPlanError,
    Room,
    choose_plan,
    count_usable,
    estimate_footprint,
    measure_rest,
    plan_eye,
)
from generation.catalogue.served import list_served
from generation.families.model_error import ModelError
from generation.questions.description import Aspect
from generation.questions.measures import Measures, Swatch
from generation.questions.question import MEDIA, VALUE_LIMIT, Question, Seen
from generation.recipe import Phrase
from generation.sampling.engine import Engine
from storage.queue.jobs import RenderError
from storage.settings import Settings
from tests.generation.eyes import EYES
from tests.generation.samples import encoded, quiet, recipe_for
from tests.photographs import COFFEE


@pytest.fixture(scope="module")
def coffee() -> Image.Image:
    with Image.open(COFFEE.path) as image:
        return image.convert("RGB").resize((96, 64))


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    root = tmp_path_factory.mktemp("eyes")
    return cache(lambda name: EYES[name](root / name))


@pytest.fixture(scope="module")
def opened() -> Callable[[Path], Eye]:
    """The eye in a folder, loaded when first asked for."""
    return cache(lambda folder: load_eye(str(folder), torch.float32))


@pytest.fixture(params=EYES)
def folder(request: pytest.FixtureRequest, built: Callable[[str], Path]) -> Path:
    return built(request.param)


@pytest.fixture(params=[name for name in EYES if name != "florence-2"])
def chatting(request: pytest.FixtureRequest, built: Callable[[str], Path]) -> Path:
    return built(request.param)


@pytest.fixture
def short(monkeypatch: pytest.MonkeyPatch) -> None:
    """A form whose values are two letters long."""
    monkeypatch.setattr(form, "_KEYS", dict.fromkeys(form._KEYS, 2))


@pytest.fixture
def qwen(built: Callable[[str], Path]) -> Path:
    return built("qwen3-vl")


def nothing(*_: object) -> None:
    pass


@pytest.mark.usefixtures("short")
def test_each_is_asked_from_its_files_and_says_the_same_again(
    folder: Path, coffee: Image.Image
) -> None:
    eye = load_eye(str(folder), torch.float32)
    told: list[tuple[int, int]] = []
    seen = eye.see(coffee, " Measured already: brown.", lambda done, of: told.append((done, of)))
    assert seen.by == eye.name == folder.name
    assert told
    assert told[0][0] == 0
    assert (
        load_eye(str(folder), torch.float32).see(coffee, " Measured already: brown.", nothing)
        == seen
    )
    assert Seen.from_json(seen.to_json()) == seen


def test_what_is_read_piece_by_piece_is_as_read_at_once(
    opened: Callable[[Path], Eye], chatting: Path, coffee: Image.Image
) -> None:
    eye = opened(chatting)
    assert isinstance(eye, ChattingEye)
    asked = write_conversation(eye.tokenizer, f"{eye.read.mark}What is it?")
    piecewise, whole = Speaker(eye.model, eye.tokenizer), Speaker(eye.model, eye.tokenizer)
    piecewise.begin(eye.read(asked, coffee))
    for piece in ("{", '"subject": "', "a red", " cup"):
        piecewise.feed(piece)
    whole.begin(eye.read(asked + '{"subject": "a red cup', coffee))
    torch.testing.assert_close(piecewise._logits, whole._logits, rtol=1e-3, atol=1e-3)


def test_a_picture_makes_a_difference(
    opened: Callable[[Path], Eye], chatting: Path, coffee: Image.Image
) -> None:
    eye = opened(chatting)
    assert isinstance(eye, ChattingEye)
    asked = write_conversation(eye.tokenizer, f"{eye.read.mark}What is it?")
    logits = []
    for picture in (coffee, Image.new("RGB", coffee.size, "teal")):
        speaker = Speaker(eye.model, eye.tokenizer)
        speaker.begin(eye.read(asked, picture))
        logits.append(speaker._logits)
    first, second = logits
    assert not torch.allclose(first, second, rtol=1e-4, atol=1e-6)


@pytest.mark.usefixtures("short")
@pytest.mark.parametrize("size", [(1, 1), (3000, 10), (9, 900)])
def test_pictures_of_any_shape_are_looked_at(
    opened: Callable[[Path], Eye], folder: Path, size: tuple[int, int]
) -> None:
    eye = opened(folder)
    assert eye.see(Image.new("RGB", size, "teal"), "", nothing).by == folder.name


def test_what_is_no_eye_is_said(tmp_path: Path) -> None:
    with pytest.raises(ModelError, match="not on this machine yet"):
        load_eye("somebody/something", torch.float32)


class Script:
    """Says what a script has it say, and notes what it was told."""

    def __init__(self, **values: str) -> None:
        self.values, self.read = values, ""

    def feed(self, text: str) -> None:
        self.read += text

    def write(self, stop: str, most: int) -> str:
        del most
        key = self.read.rsplit(QUOTE, 3)[1]
        value = self.values.get(key, "")
        self.read += value
        assert stop not in value
        return value

    def choose(self, options: tuple[str, ...], stop: str) -> tuple[str, float]:
        del stop
        said, _, share = self.values.get("medium", "").partition("@")
        assert said in options
        self.read += said
        return said, float(share or 1)


def fill(**values: str) -> Seen:
    script = Script(**values)
    seen = read_form(fill_form(cast("Any", script), nothing), "eye")
    assert script.read.startswith('{"subject": "')
    return seen


def test_the_keys_are_ours_and_the_values_are_data() -> None:
    seen = fill(
        subject="a red fox --no fog::2 @everyone",
        action="sleeping",
        setting="in **tall** grass.",
        medium="photo",
        words="SALE <#12>",
        mood="unknown",
        light="N/A",
        prompt="A red fox sleeps in tall grass. It is warm. And then the",
    )
    assert seen.thing == "a red fox no fog 2 everyone"
    assert seen.setting == "in tall grass"
    assert (seen.words, seen.mood, seen.light) == ("SALE 12", "", "")
    assert seen.prose == "A red fox sleeps in tall grass. It is warm."
    assert (seen.action, seen.medium, seen.by) == ("sleeping", "photo", "eye")


def test_what_it_doubts_is_not_said() -> None:
    seen = fill(subject="a cat", setting="on a mat", doubtful="setting, style.")
    assert (seen.thing, seen.setting) == ("a cat", "")
    # Of what is not known nothing is told either.
    unsure = fill(subject="a cat", action="asleep", prompt="A cat sleeps.", doubtful="subject")
    assert (unsure.thing, unsure.action, unsure.prose) == ("", "", "")
    assert fill(subject="a cat", medium="photo@0.5").medium == ""


@pytest.mark.parametrize(
    ("key", "said", "kept"),
    [
        ("style", "loose brushwork, in the style of Claude Monet", "loose brushwork"),
        ("style", "in the style of greg rutkowski", ""),
        ("style", "ukiyo-e, by Hokusai", "ukiyo-e"),
        ("style", "inspired by studio ghibli, flat colours", "flat colours"),
        ("style", "art by Alphonse Mucha", ""),
        ("subject", "a portrait of Eileen Collins", ""),
        ("subject", "a woman in an orange suit", "a woman in an orange suit"),
        ("subject", "a cat by the window", "a cat by the window"),
        ("setting", "before the Eiffel Tower", "before the Eiffel Tower"),
    ],
)
def test_nobody_is_named(key: str, said: str, kept: str) -> None:
    seen = fill(**{"subject": "a thing", key: said})
    assert {"style": seen.style, "subject": seen.thing, "setting": seen.setting}[key] == kept


def test_what_was_measured_is_told() -> None:
    told = write_facts(
        Measures(
            width=6, height=4, palette=(Swatch("red", "ff0000", 1.0),), ground="white", key="low"
        )
    )
    assert told == (
        " Measured already: 6 by 4 pixels; its colours are red; before a plain white ground;"
        " low key."
    )
    assert write_facts(None) == ""


def test_values_are_bounded() -> None:
    assert len(fill(subject="cat " * 200).thing) <= VALUE_LIMIT
    assert set(MEDIA) > {"photo", "pixel art"}


@pytest.mark.usefixtures("short")
def test_what_draws_and_sees_is_asked_itself_and_draws_as_before(
    engines: Callable[[str], Engine], coffee: Image.Image
) -> None:
    engine = engines("qwen-image-edit")
    recipe = recipe_for(engine, phrases=(Phrase(text="a red cat"),))
    (before,) = engine.draw(recipe, None, quiet)
    eye = borrow_eye(engine)
    seen = eye.see(coffee, "", nothing)
    assert seen == eye.see(coffee, "", nothing)
    assert seen.by == engine.card.model
    engine.forget()
    (after,) = engine.draw(recipe, None, quiet)
    assert before.tobytes() == after.tobytes()


def ask(sight: Sight, engine: Engine, coffee: Image.Image, eye: str | None = None) -> Seen:
    question = Question(kind="describe", image="ab", eye=sight.name if eye is None else eye)
    told = answer(question.to_json(), engine, nothing, lambda _: encoded(coffee), sight)
    return Seen.from_json(told.answer)


@pytest.mark.usefixtures("short")
def test_an_eye_answers_beside_what_draws(easel: Engine, coffee: Image.Image, qwen: Path) -> None:
    sight = Sight(name="qwen3-vl", source=str(qwen))
    assert ask(sight, easel, coffee).by == "qwen3-vl"
    # A question of before there was an eye is the judge's.
    assert ask(sight, easel, coffee, eye="").by == ""
    with pytest.raises(RenderError, match="model"):
        ask(sight, easel, coffee, eye="another")


@pytest.mark.usefixtures("short")
def test_without_room_what_draws_goes_out_meanwhile(
    easel: Engine, coffee: Image.Image, qwen: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sight, moved = Sight(name="qwen3-vl", source=str(qwen)), list[int]()

    @contextmanager
    def set_aside(parts: Sequence[torch.nn.Module]) -> Iterator[None]:
        moved.append(len(parts))
        yield

    monkeypatch.setattr(looking, "set_aside", set_aside)
    see, fails = ChattingEye.see, iter([True, False])

    def look(*given: Any) -> Seen:
        if next(fails):
            raise torch.OutOfMemoryError
        return see(*given)

    monkeypatch.setattr(ChattingEye, "see", look)
    easel.rungs.clear()
    assert ask(sight, easel, coffee).by == "qwen3-vl"
    assert moved[0] == 0 < moved[1]
    easel.rungs.clear()


def test_an_eye_that_cannot_be_loaded_fails_its_question_alone(
    easel: Engine, coffee: Image.Image, tmp_path: Path
) -> None:
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(RenderError, match="model"):
        ask(Sight(name="x", source=str(tmp_path)), easel, coffee)


@pytest.mark.usefixtures("short")
def test_the_command_line_looks_with_the_eye_of_the_settings(qwen: Path) -> None:
    known = look_at_file(COFFEE.path, settings(eyes=str(qwen), device="cpu"), "")
    assert known.find(Aspect.PALETTE)
    # A random one says whatever it says, and the judge nothing of this picture.
    without = look_at_file(COFFEE.path, settings(device="cpu"), "")
    assert len(known.values) > len(without.values)


def settings(**more: Any) -> Settings:
    return Settings(_env_file=None, **more)  # type: ignore[call-arg]


@pytest.mark.parametrize(
    ("setting", "memory", "chosen"),
    [
        ("off", 80, ""),
        ("auto", 0, ""),
        ("auto", 6, ""),
        ("auto", 7.7, "openbmb/MiniCPM-V-4.6"),
        ("auto", 11.6, "Qwen/Qwen3.5-2B"),
        ("auto", 15.7, "Qwen/Qwen3.5-2B"),
        ("auto", 23.5, "Qwen/Qwen3.5-4B"),
        ("auto", 80, "Qwen/Qwen3.5-4B"),
        ("florence-2", 0, "florence-community/Florence-2-base-ft"),
        ("qwen3-vl-4b@abc", 0, "Qwen/Qwen3-VL-4B-Instruct@abc"),
        ("owner/name@abc", 0, "owner/name@abc"),
    ],
)
def test_which_eye_a_setting_means(setting: str, memory: float, chosen: str) -> None:
    assert choose_eye(setting, memory) == chosen


def test_a_setting_that_means_none_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(EyesError, match="EASEL_EYES cannot be `qwen`; write off, auto"):
        choose_eye("qwen", 24)
    (tmp_path / "config.json").write_text('{"model_type": "bert"}')
    with pytest.raises(EyesError, match="of the kind bert"):
        find_architecture(tmp_path)


def test_what_looks_here(qwen: Path) -> None:
    cpu = torch.device("cpu")
    bundled = list_served(settings())
    assert choose_sight(settings(), bundled, cpu, ENDLESS).name == ""
    own = settings(eyes=str(qwen))
    assert choose_sight(own, bundled, cpu, ENDLESS).source == str(qwen)
    # An eye that was not fetched is none.
    assert choose_sight(settings(eyes="qwen3-vl-4b"), bundled, cpu, ENDLESS).name == ""
    both = settings(models="qwen-image-edit")
    assert choose_sight(both, list_served(both), cpu, ENDLESS).lender is not None
    shut = settings(models="qwen-image-edit", eyes="off")
    assert choose_sight(shut, list_served(shut), cpu, ENDLESS).name == ""
    first = settings(model="qwen-image-edit")
    assert choose_sight(first, list_served(first), cpu, ENDLESS).name == "Qwen/Qwen-Image-Edit-2511"


def test_plans_count_the_eye() -> None:
    assert plan_eye("eye", 4.3, 6.6, Room(12.0)) is EyePlacing.BESIDE
    assert plan_eye("eye", 8.6, 6.6, Room(12.0)) is EyePlacing.INSTEAD
    with pytest.raises(MemoryPlanError, match=r"the eye eye needs 9.6 GiB .* and 7.0 are free"):
        plan_eye("eye", 8.6, 2.0, Room(7.0))


@pytest.mark.parametrize("size", [8, 12, 16, 24, 48, 80])
def test_the_usual_eye_of_each_card_has_room_beside_every_model_that_fits(size: int) -> None:
    room = Room(count_usable(size))
    card = find_eye_card(choose_eye("auto", 0.97 * size))
    assert card is not None
    for one in CARDS:
        parts = estimate_footprint(one)
        try:
            plan = choose_plan(one, parts, room)
        except MemoryPlanError:
            continue
        rest = measure_rest(parts, plan)
        assert rest <= plan.needs
        assert plan_eye(card.name, card.weights, rest, room) in EyePlacing
