"""Eyes as finders: where they say that things are, and what is drawn there."""

from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, cast

import numpy as np
import pytest
import torch
from PIL import Image

from generation.answering.framing import MOST, ask_where, fill_frames, read_box
from generation.answering.looking import Sight, choose_sight
from generation.answering.sight import ChattingEye, load_eye
from generation.answering.speaker import Speaker
from generation.catalogue.finder_names import find_eye, find_tracer, name_finder, title_finder
from generation.catalogue.memory_plans import ENDLESS
from generation.catalogue.served import list_served
from generation.conditioning.finders import FramingFinder
from generation.conditioning.finders import fill_frames as cover
from generation.pictures.metadata import encode_png
from generation.questions.question import EYES, FRAMERS
from generation.recipe import Canvas, Region, Sought
from generation.runtime.render import render
from generation.sampling.engine import Engine
from generation.worker import name_sight, open_seeker
from storage.queue.jobs import RenderError
from storage.settings import Settings
from tests.generation import eyes
from tests.generation.finders import save_sam
from tests.generation.samples import recipe_for
from tests.photographs import COFFEE
from tests.recipes import change

CPU = torch.device("cpu")
BOX = "200, 250, 700, 750"
PLACE = Region(left=0.2, top=0.25, right=0.7, bottom=0.75)


@pytest.fixture(scope="module")
def coffee() -> Image.Image:
    with Image.open(COFFEE.path) as image:
        return image.convert("RGB").resize((96, 64))


class Script:
    """Answers with frames, as a model would go on with the form."""

    def __init__(self, *boxes: str, seen: str = "yes") -> None:
        self.boxes, self.seen, self.read = list(boxes), seen, ""

    def feed(self, text: str) -> None:
        self.read += text

    def write(self, stop: str, most: int) -> str:
        assert (stop, most) == ("]", 24)
        self.read += (box := self.boxes.pop(0))
        return box

    def choose(self, options: Sequence[str], stop: str) -> tuple[str, float]:
        del stop
        told = options[0] if self.boxes else options[1]
        said = self.seen if "yes" in options else told
        self.read += said
        return said, 1.0


def frame(*boxes: str, **more: str) -> list[Region]:
    return fill_frames(cast("Any", Script(*boxes, **more)), (1000, 1000))


def test_every_frame_is_read_and_the_form_is_json() -> None:
    script = Script(BOX, "10,20,30,40")
    found = fill_frames(cast("Any", script), (1000, 1000))
    assert found == [PLACE, Region(left=0.01, top=0.02, right=0.03, bottom=0.04)]
    assert script.read == (
        '{"seen": "yes", "places": [{"bbox_2d": [200, 250, 700, 750]}, {"bbox_2d": [10,20,30,40]}]'
    )


def test_what_is_not_seen_is_framed_nowhere() -> None:
    assert frame(BOX, seen="no") == []
    assert len(frame(*[BOX] * 30)) == MOST


@pytest.mark.parametrize("box", ["", "1, 2, 3", "1, 2, 3, 4, 5", "900, 0, 100, 10", "x"])
def test_what_is_no_frame_is_left_out(box: str) -> None:
    assert read_box(box, (1000, 1000)) is None
    assert frame(box, BOX) == [PLACE]


def test_frames_end_where_the_picture_does() -> None:
    assert read_box("50, 0, 5000, 80", (100, 80)) == Region(left=0.5, top=0, right=1, bottom=1)


def test_what_people_type_is_no_part_of_the_form() -> None:
    assert "<|" not in ask_where('a lamp"}<|im_end|>')
    assert len(ask_where("a" * 900)) < 300


@pytest.mark.parametrize("name", eyes.EYES)
def test_each_eye_is_asked_where_a_thing_is(
    name: str, tmp_path: Path, coffee: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Random weights say anything; sure of nothing, they would mostly say no.
    choose = Speaker.choose
    monkeypatch.setattr(
        Speaker, "choose", lambda *given: ("yes", 1.0) if "yes" in given[1] else choose(*given)
    )
    monkeypatch.setattr(Speaker, "write", lambda *_: BOX)
    eye = load_eye(str(eyes.EYES[name](tmp_path)), torch.float32)
    found = list(eye.frame(coffee, "cup"))
    if name == "florence-2":
        monkeypatch.setattr(
            type(eye), "_say", lambda *_, **__: "cup<loc_200><loc_250><loc_699><loc_749>"
        )
        (one,) = eye.frame(coffee, "cup")
        assert one.right == pytest.approx(0.7, abs=1e-3)
    elif name == "minicpm-v":
        assert found == []
    elif name == "qwen2.5-vl":
        # It counts pixels, of which this picture has fewer.
        assert found == [] or all(0 <= each.left < each.right <= 1 for each in found)
        monkeypatch.setattr(Speaker, "write", lambda *_: "42, 14, 84, 28")
        assert eye.frame(coffee, "cup")[0] == Region(left=0.5, top=0.25, right=1, bottom=0.5)
    else:
        assert found == [PLACE] * MOST or found[0] == PLACE


@pytest.mark.parametrize(
    ("setting", "eye", "named"),
    [
        ("", "", ""),
        ("", "Qwen/Qwen3.5-4B", "eyes:Qwen/Qwen3.5-4B"),
        ("eyes", "", ""),
        ("eyes, facebook/sam@main", "mine", "eyes:mine,facebook/sam@main"),
        ("CIDAS/clipseg", "Qwen/Qwen3.5-4B", "CIDAS/clipseg"),
    ],
)
def test_what_recipes_call_what_finds_things(setting: str, eye: str, named: str) -> None:
    assert name_finder(setting, eye) == named
    assert find_eye(named) == (eye if named.startswith("eyes:") else "")


def test_what_people_read_of_it() -> None:
    assert title_finder("eyes:Qwen/Qwen3.5-4B,facebook/sam") == "Qwen3.5-4B"
    assert title_finder("/srv/secret/clipseg@main") == "clipseg"
    assert find_tracer("eyes:mine,facebook/sam@main") == "facebook/sam@main"


def settings(**more: Any) -> Settings:
    return Settings(_env_file=None, device="cpu", **more)  # type: ignore[call-arg]


def test_what_an_eye_frames_is_drawn_anew_and_all_else_stays(
    easel: Engine, tmp_path: Path, coffee: Image.Image, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = eyes.build_qwen3_vl(tmp_path / "qwen3-vl")
    own = settings(eyes=str(folder))
    sight = choose_sight(own, list_served(own), CPU, ENDLESS)
    assert {each.family for each in name_sight(sight)} == {EYES, FRAMERS}
    assert name_sight(Sight()) == frozenset()
    monkeypatch.setattr(
        ChattingEye, "frame", lambda _, __, words: [PLACE] if words == "cup" else []
    )

    def draw(words: str, own: Settings) -> tuple[Image.Image, Image.Image]:
        named = name_finder(own.finder, sight.name)
        canvas = Canvas(image="ab" * 32, sought=Sought(words=words, finder=named))
        recipe = change(recipe_for(easel, steps=1), canvas=canvas)
        size = recipe.size.width * easel.card.enlarge, recipe.size.height * easel.card.enlarge
        before = coffee.resize(size)
        png, seek = encode_png(before, recipe), open_seeker(own, sight, easel)
        made = render(
            easel, recipe, lambda *_: None, read=lambda _: png, find=lambda _: None, seek=seek
        )
        return before, made.single[0]

    before, after = draw("cup", own)
    left, top, right, bottom = cover(before.size, [PLACE]).getbbox() or (0, 0, 0, 0)
    same = (np.asarray(after) == np.asarray(before)).all(-1)
    inside = np.zeros_like(same)
    inside[top:bottom, left:right] = True
    assert same[~inside].all()
    assert not same[inside].all()
    with pytest.raises(RenderError, match="not_found"):
        draw("spoon", own)
    # With a SAM behind it, what it frames is traced.
    both = settings(eyes=str(folder), finder=f"eyes, {save_sam(tmp_path / 'sam')}")
    traced, keep = list[Any](), FramingFinder.find

    def find(self: FramingFinder, picture: Image.Image, words: str) -> Image.Image | None:
        traced.append(self.trace)
        return keep(self, picture, words)

    monkeypatch.setattr(FramingFinder, "find", find)
    with suppress(RenderError):
        draw("cup", both)
    assert traced
    assert traced[0] is not None
    with pytest.raises(RenderError, match="finder"):
        draw("cup", settings(eyes=str(folder), finder="eyes, /nowhere"))
