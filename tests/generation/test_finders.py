"""What finds things in pictures by words: real loading code, on tiny random checkpoints."""

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from generation.conditioning import finders
from generation.conditioning.finders import FramingFinder, fill_frames, load_finder
from generation.pictures.metadata import encode_png
from generation.recipe import Canvas, Recipe, RecipeError, Region, Sought
from generation.runtime.render import render
from generation.runtime.seeking import SIDE, make_seeker, seek_with
from generation.sampling.engine import Engine
from storage.queue.jobs import RenderError
from tests.generation.finders import save_clipseg, save_grounding_dino, save_sam
from tests.generation.samples import recipe_for
from tests.recipes import change

CPU = torch.device("cpu")
PICTURE = Image.fromarray(
    np.random.default_rng(1).integers(0, 256, (60, 90, 3), np.uint8).astype(np.uint8)
)
MIDDLE = Region(left=0.25, top=0.25, right=0.75, bottom=0.75)


@pytest.fixture(scope="module")
def saved(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("finders")
    save_clipseg(folder / "clipseg")
    save_grounding_dino(folder / "dino")
    save_sam(folder / "sam")
    return folder


def name(saved: Path, kinds: str) -> str:
    return ", ".join(str(saved / kind) for kind in kinds.split("+"))


@pytest.mark.parametrize("kinds", ["clipseg", "dino", "dino+sam"])
def test_each_kind_loads_and_sees_where_something_is(
    saved: Path, kinds: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Random weights are sure of nothing, and of anything a little.
    monkeypatch.setattr(finders, "COLOURED", 0.5)
    monkeypatch.setattr(finders, "FRAMED", 0.0)
    finder = load_finder(name(saved, kinds), CPU)
    found = finder.find(PICTURE, "Red dog")
    assert found
    assert (found.mode, found.size) == ("L", PICTURE.size)
    assert set(np.unique(np.asarray(found))) <= {0, 255}
    again = finder.find(PICTURE, "Red dog")
    assert again
    assert again.tobytes() == found.tobytes()


@pytest.mark.parametrize("kinds", ["clipseg", "dino", "dino+sam"])
def test_what_is_not_seen_is_not_found(
    saved: Path, kinds: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(finders, "COLOURED", 1.0)
    monkeypatch.setattr(finders, "FRAMED", 1.0)
    assert load_finder(name(saved, kinds), CPU).find(PICTURE, "lamp") is None


@pytest.mark.parametrize("kinds", ["sam", "clipseg+sam"])
def test_what_finds_nothing_by_words_is_refused(saved: Path, kinds: str) -> None:
    with pytest.raises(ValueError, match="finds nothing by words"):
        load_finder(name(saved, kinds), CPU)


def test_frames_are_taken_with_room_around_them() -> None:
    mask = fill_frames((100, 80), [MIDDLE])
    assert mask.getbbox() == (22, 18, 78, 62)
    edge = Region(left=0.0, top=0.0, right=0.5, bottom=1.0)
    assert fill_frames((100, 80), [edge]).getbbox() == (0, 0, 52, 80)


def test_anything_that_frames_things_finds_them() -> None:
    def see(_: Image.Image, words: str) -> list[Region]:
        return [MIDDLE] if words == "lamp" else []

    finder = FramingFinder(see)
    found = finder.find(PICTURE, "lamp")
    assert found
    assert found.getbbox() == fill_frames(PICTURE.size, [MIDDLE]).getbbox()
    assert finder.find(PICTURE, "dog") is None
    # Of a frame in which nothing is traced there is nothing left.
    empty = FramingFinder(see, lambda picture, _: Image.new("L", picture.size, 0))
    assert empty.find(PICTURE, "lamp") is None


def test_masks_are_as_large_as_painted_ones_and_have_a_border() -> None:
    finder = FramingFinder(lambda *_: [MIDDLE])
    large = PICTURE.resize((1200, 600))
    mask = seek_with(finder, large, Sought(words="lamp", finder="x", border=0.02))
    assert mask.size == (SIDE, SIDE // 2)
    bare = seek_with(finder, large, Sought(words="lamp", finder="x"))
    one, other = bare.getbbox(), mask.getbbox()
    assert one
    assert other
    assert other == (one[0] - 10, one[1] - 10, one[2] + 10, one[3] + 10)


def sought(engine: Engine, finder: str) -> Recipe:
    lamp = Sought(words="lamp", finder=finder)
    return change(recipe_for(engine, steps=1), canvas=Canvas(image="ab" * 32, sought=lamp))


def test_what_is_found_is_drawn_anew_and_all_else_stays(engines: Callable[[str], Engine]) -> None:
    easel = engines("sd15")
    recipe = sought(easel, "mine")
    size = recipe.size.width * easel.card.enlarge, recipe.size.height * easel.card.enlarge
    before = PICTURE.resize(size)
    png = encode_png(before, recipe)

    def draw(seek: Callable[[Image.Image, Sought], Image.Image]) -> tuple[Image.Image, float]:
        made = render(
            easel, recipe, lambda *_: None, read=lambda _: png, find=lambda _: None, seek=seek
        )
        return made.single[0], made.untouched[0]

    finder = FramingFinder(lambda *_: [MIDDLE])
    after, untouched = draw(lambda picture, thing: seek_with(finder, picture, thing))
    left, top, right, bottom = fill_frames(size, [MIDDLE]).getbbox() or (0, 0, 0, 0)
    same = (np.asarray(after) == np.asarray(before)).all(-1)
    inside = np.zeros_like(same)
    inside[top:bottom, left:right] = True
    assert same[~inside].all()
    assert not same[inside].all()
    assert untouched == pytest.approx(1 - inside.mean())
    nothing = FramingFinder(lambda *_: [])
    with pytest.raises(RenderError, match="not_found"):
        draw(lambda picture, thing: seek_with(nothing, picture, thing))


@pytest.mark.parametrize("setting", ["", "another", "/nowhere/at/all"])
def test_what_is_to_look_for_it_has_to_be_here(
    engines: Callable[[str], Engine], setting: str
) -> None:
    easel = engines("sd15")
    recipe = sought(easel, "/nowhere/at/all")
    png = encode_png(PICTURE, recipe)
    with pytest.raises(RenderError, match="finder"):
        render(
            easel,
            recipe,
            lambda *_: None,
            read=lambda _: png,
            find=lambda _: None,
            seek=make_seeker(setting),
        )


def test_a_recipe_that_looks_for_something_says_what_and_by_what() -> None:
    for wrong in ({"words": ""}, {"finder": ""}, {"border": 1.0}):
        with pytest.raises(RecipeError):
            Sought(**{"words": "lamp", "finder": "x", **wrong})  # type: ignore[arg-type]
