"""Plans: what the planner makes of a recipe's words, and what is drawn by it."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from torch import Tensor

from generation.catalogue.families import BUNDLED, find_card
from generation.derive import blend, narrow, reword
from generation.families.load import load
from generation.families.model_error import ModelError
from generation.guided.checkpoint import Networks, write_networks
from generation.guided.guided_engine import GuidedEngine
from generation.guided.plans import OWN, Plan, Plans, find_drawn, is_pixel_art, settle_styles
from generation.guided.words import Words
from generation.questions.question import Seen
from generation.recipe import (
    Ingredient,
    Inputs,
    Phrase,
    Recipe,
    Reference,
    Role,
    Size,
    Start,
    seed_noise,
)
from generation.sampling.engine import Engine, Upscalers
from generation.upscaling.bundled import Compact, has_squares, sharpen
from tests.generation.samples import photograph
from tests.recipes import make

CPU = torch.device("cpu")
EASEL = find_card("easel")
APPLE, OWL = Phrase(text="a red apple, 3d style"), Phrase(text="a blue owl, flat style")
COLOURS = ("red", "blue")
PIXELS = Phrase(text="a red apple, pixel art style")


@pytest.fixture(scope="module")
def folder(networks: Networks, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The bundled model with a guide-driven one as small as the tests' networks."""
    made = tmp_path_factory.mktemp("easel-1")
    for part in BUNDLED.iterdir():
        if part.name != OWN:
            (made / part.name).symlink_to(part)
    write_networks(made / OWN, networks, {})
    return made


@pytest.fixture(scope="module")
def plans(folder: Path, networks: Networks) -> Plans:
    assert networks.planner is not None
    return Plans(networks.planner, networks.latents, Words.load(folder))


@pytest.fixture(scope="module")
def engine(folder: Path) -> Engine:
    return load(EASEL, str(folder), CPU)


def recipe(*phrases: Phrase, **different: Any) -> Recipe:
    values: dict[str, Any] = {
        "family": EASEL.id,
        "model": EASEL.model,
        "prompt": "",
        "phrases": phrases or (Phrase(text="a red apple"),),
        "width": 32,
        "height": 32,
        "noise": seed_noise(7, 1),
        "steps": 3,
        "guidance": 1.0,
        "sampler": "DDIM",
    }
    return make(**{**values, **different})


def planned(asked: Recipe, strength: float) -> Recipe:
    return replace(asked, inputs=replace(asked.inputs, plan=strength))


def drawn(engine: Engine, asked: Recipe) -> list[Image.Image]:
    return engine.draw(asked, None, lambda *_: None)


def guides(plans: Plans, *phrases: Phrase, size: tuple[int, int] = (32, 32)) -> Tensor:
    return plans.make(phrases, Size(width=size[0], height=size[1])).guide[0]


@pytest.mark.parametrize("size", [(32, 32), (80, 32), (40, 64), (16, 24)])
def test_a_plan_lies_unstretched_in_the_middle_of_its_ground(
    plans: Plans, size: tuple[int, int]
) -> None:
    made = guides(plans, APPLE, size=size)
    height, width = made.shape[1:]
    assert (width * 8, height * 8) == size
    # Nothing but ground lies on the longer sides.
    rest = (width - height) // 2 if width > height else (height - width) // 2
    beside = made[:, :, :rest] if width > height else made[:, :rest]
    assert not rest or torch.equal(beside, made[:, :1, :1].expand_as(beside))


def test_what_is_said_is_planned_by_its_weight_and_what_is_unwanted_is_not(plans: Plans) -> None:
    one, other = guides(plans, APPLE), guides(plans, OWL)
    assert (one - other).abs().max() > 0.05
    near = guides(plans, replace(APPLE, weight=9), OWL)
    torch.testing.assert_close(near, 0.9 * one + 0.1 * other)
    torch.testing.assert_close(guides(plans, APPLE, replace(OWL, weight=-0.5)), one)
    assert guides(plans).shape == one.shape


def test_words_without_a_style_are_planned_in_one() -> None:
    plain, named, nothing = (Phrase(text=t) for t in ("a red apple", "an owl, pixel art", ""))
    assert settle_styles([plain, named, nothing]) == (
        replace(plain, text="a red apple, flat style"),
        named,
        nothing,
    )


@pytest.mark.parametrize("size", [(32, 32), (48, 24), (40, 32)])
def test_words_are_drawn_by_their_plan(engine: Engine, size: tuple[int, int]) -> None:
    words = Phrase(text="a red apple, pixel art")
    asked = planned(recipe(words, width=size[0], height=size[1], noise=seed_noise(7, 2)), 0.5)
    first, second = drawn(engine, asked)
    assert first.size == size
    assert first.tobytes() != second.tobytes()
    assert drawn(engine, narrow(asked, 1))[0].tobytes() == second.tobytes()
    others = replace(
        asked,
        conditions=replace(asked.conditions, phrases=(replace(words, text="an owl, pixel art"),)),
    )
    assert drawn(engine, others)[0].tobytes() != first.tobytes()


def test_pixel_art_is_drawn_and_enlarged_in_squares(engine: Engine) -> None:
    asked = planned(recipe(Phrase(text="a red apple, pixel art style")), 0.5)
    small = np.asarray(drawn(engine, asked)[0])
    cells = small.reshape(8, 4, 8, 4, 3)
    assert (cells == cells[:, :1, :, :1]).all()
    (large,) = networked(engine).enlarge([Image.fromarray(small)], asked)
    assert (np.asarray(large) == small.repeat(4, 0).repeat(4, 1)).all()
    flat = drawn(engine, planned(recipe(APPLE), 0.5))[0]
    assert not has_squares(flat)


def networked(engine: Engine) -> Engine:
    """The engine with a network of its own for what it draws by plans."""
    own = Compact(width=4, depth=1, factor=EASEL.enlarge)
    assert isinstance(engine.planned, GuidedEngine)
    return replace(engine, planned=replace(engine.planned, upscalers=Upscalers(own=own)))


@pytest.mark.parametrize(
    ("different", "own"),
    [
        ({}, True),
        ({"negative": Phrase(text="leaf")}, False),
        ({"refinement": 0.3}, False),
        ({"start": Start(image="f" * 64, strength=0.5)}, False),
    ],
)
def test_what_is_drawn_by_a_plan_is_enlarged_by_the_network_for_it(
    engine: Engine, different: dict[str, Any], *, own: bool
) -> None:
    whole, picture = networked(engine), photograph().resize((32, 32))
    (large,) = whole.enlarge([picture], planned(recipe(**different), 0.5))
    assert large.size == (128, 128)
    filtered = sharpen(picture, EASEL.enlarge)
    assert (large.tobytes() != filtered.tobytes()) is own
    assert engine.enlarge([picture], planned(recipe(), 0.5))[0].tobytes() == filtered.tobytes()


@pytest.mark.parametrize(
    "words",
    [
        {"negative": Phrase(text="leaf")},
        {"phrases": (PIXELS,), "negative": Phrase(text="leaf")},
        {"phrases": (PIXELS, Phrase(text="leaf", weight=-0.5))},
    ],
)
def test_the_model_draws_over_a_plan_where_something_is_unwanted(
    engine: Engine, words: dict[str, Any]
) -> None:
    asked = recipe(**words)
    assert engine.planned is not None
    made = drawn(engine, planned(asked, 0.5))[0]
    shown = replace(asked, inputs=Inputs(start=Start(image="f" * 64, strength=0.5)))
    over = engine.draw(shown, engine.planned.plan(asked), lambda *_: None)[0]
    assert np.array_equal(np.asarray(made), np.asarray(over))


def blended(engine: Engine, *weights: float, plan: float = 0.5) -> Image.Image:
    """Two drawings and more, told apart by their colours, blended by their weights."""
    shown = {str(n): Image.new("RGB", (64, 64), colour) for n, colour in enumerate(COLOURS)}
    parts = [Ingredient(image=str(n), weight=weight) for n, weight in enumerate(weights)]
    asked = blend(recipe(phrases=()), parts, plan)
    engine.look(asked, shown.__getitem__)
    return drawn(engine, asked)[0]


def test_images_alone_are_blended_into_one_plan_by_their_weights(engine: Engine) -> None:
    red, even, blue = (
        np.asarray(blended(engine, *weights), float).mean((0, 1))
        for weights in ((3.0, 1.0), (1.0, 1.0), (1.0, 3.0))
    )
    assert red[0] > even[0] > blue[0]
    assert red[2] < even[2] < blue[2]
    # A recipe of a release that planned no blends is drawn by embeddings.
    assert blended(engine, 1.0, 1.0, plan=0.0).tobytes() != blended(engine, 1.0, 1.0).tobytes()


@pytest.mark.parametrize(
    "said", [{"negative": Phrase(text="leaf")}, {"phrases": (APPLE,)}, {"seamless": True}]
)
def test_a_blend_with_words_or_edges_that_meet_has_no_plan(said: dict[str, Any]) -> None:
    parts = [Ingredient(image="a"), Ingredient(image="b")]
    alone, whole = recipe(phrases=()), recipe(**{"phrases": (), **said})
    assert blend(whole, parts, 0.5).inputs.plan == 0
    planned_one = blend(alone, parts, 0.5)
    assert planned_one.inputs.plan == 0.5
    again = reword(planned_one, alone, bound=True, sized=False)
    assert again.inputs == planned_one.inputs
    other = reword(planned_one, whole, bound=True, sized=False)
    assert (other.inputs.plan, other.inputs.blend) == (0, planned_one.inputs.blend)


@pytest.mark.parametrize(
    ("texts", "cells"),
    [
        (("an owl, pixel art", "an apple, pixel art"), True),
        (("an owl, line art",), False),
        (("an owl, pixel art", "an apple, line art"), False),
        (("an owl, pixel art, line art",), False),
        ((), False),
    ],
)
def test_what_is_said_in_pixel_art_alone_is_drawn_in_cells(
    texts: tuple[str, ...], cells: bool
) -> None:
    assert is_pixel_art([Phrase(text=text) for text in texts]) is cells


def shown(plans: Plans, text: str) -> Tensor:
    """The picture of a plan (3, H, W), in 0 to 1."""
    return (
        plans.latents.decode(guides(plans, Phrase(text=text), size=(128, 128))[None])[0] + 1
    ) / 2


def test_a_thing_is_planned_in_its_own_colours_and_dyed(plans: Plans) -> None:
    made = shown(plans, "a white owl, flat style")
    assert (made.amax(0) - made.amin(0)).max() < 0.01
    assert made.mean() > shown(plans, "an owl, flat style").mean()
    # Of two things a dye would colour both, so their colours stay in the words.
    two = shown(plans, "a white owl and a cat, flat style")
    assert (two.amax(0) - two.amin(0)).max() > 0.02


def test_the_ground_of_a_plan_is_known_and_the_rest_is_drawn(plans: Plans) -> None:
    guide = torch.zeros(1, plans.latents.channels, 16, 16)
    guide[..., 4:9, 5:7] = 1.0
    drawn = find_drawn(guide)[0, 0]
    assert drawn.sum() == 10
    assert (drawn[4:9, 5:7] == 1).all()


@pytest.mark.parametrize(("chaos", "made"), [(0.0, 1), (0.3, 3)])
def test_pictures_that_share_their_words_share_their_plan(
    engine: Engine, chaos: float, made: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert engine.planned is not None
    asked = recipe(PIXELS, noise=seed_noise(7, 3), chaos=chaos)
    plans, make_plan = list[Plan](), Plans.make

    def count(self: Plans, phrases: Sequence[Phrase], size: Size) -> Plan:
        plans.append(make_plan(self, phrases, size))
        return plans[-1]

    monkeypatch.setattr(Plans, "make", count)
    pictures = engine.planned.draw(asked, None, lambda *_: None)
    assert (len(pictures), len(plans)) == (3, made)


def test_an_image_goes_before_a_plan(engine: Engine) -> None:
    shown = recipe(start=Start(image="f" * 64, strength=0.5))
    both = planned(shown, 0.9)
    first, second = (engine.draw(one, photograph(), lambda *_: None)[0] for one in (shown, both))
    assert np.array_equal(np.asarray(first), np.asarray(second))


def test_without_a_planner_the_model_begins_at_noise(engine: Engine) -> None:
    bare = replace(engine, planned=None)
    first = bare.draw(planned(recipe(), 0.5), None, lambda *_: None)[0]
    second = engine.draw(recipe(), None, lambda *_: None)[0]
    assert np.array_equal(np.asarray(first), np.asarray(second))


@pytest.mark.parametrize("config", ['{"format": "easel-guided-1"}', "["])
def test_a_damaged_planner_is_a_sentence(folder: Path, tmp_path: Path, config: str) -> None:
    for part in folder.iterdir():
        if part.name != OWN:
            (tmp_path / part.name).symlink_to(part)
    (tmp_path / OWN).mkdir()
    (tmp_path / OWN / "config.json").write_text(config)
    with pytest.raises(ModelError, match="planner"):
        load(EASEL, str(tmp_path), CPU)


@pytest.mark.parametrize("style", ["", ", line art style"])
def test_each_of_several_things_is_planned_by_itself(plans: Plans, style: str) -> None:
    size = Size(width=32, height=32)
    made = plans.latents.decode(plans.make([Phrase(text=f"a cat and a dog{style}")], size).guide)
    for name, left in (("a cat", 0), ("a dog", 16)):
        alone = plans.latents.decode(plans.make([Phrase(text=name + style)], size).guide)
        half = torch.nn.functional.interpolate(alone, (16, 16), mode="bilinear", antialias=True)
        shown = plans.latents.decode(plans.latents.encode(half))
        torch.testing.assert_close(made[..., 8:24, left : left + 16], shown, atol=1e-3, rtol=0)


def referring(role: Role, scale: float = 1.0) -> Recipe:
    reference = Reference(role=role, images=(Ingredient(image="a"),), scale=scale)
    return planned(recipe(Phrase(text="a red apple"), references=(reference,)), EASEL.plan)


def seen(patch: pytest.MonkeyPatch, shown: Seen) -> None:
    patch.setattr("generation.guided.guided_engine.name_reference", lambda _: shown)


@pytest.mark.parametrize(
    ("role", "said"), [("style", "a red apple, pixel art style"), ("object", "a red apple, an owl")]
)
def test_a_drawing_that_is_referred_to_is_drawn_as_words_for_it(
    engine: Engine, monkeypatch: pytest.MonkeyPatch, role: Role, said: str
) -> None:
    medium = "pixel art" if role == "style" else ""
    seen(monkeypatch, Seen(thing="owl", medium=medium))
    asked = referring(role)
    engine.look(asked, lambda _: photograph())
    (picture,) = drawn(engine, asked)
    (same,) = drawn(engine, planned(recipe(Phrase(text=said)), EASEL.plan))
    assert picture.tobytes() == same.tobytes()
    half = referring(role, 0.3)
    engine.look(half, lambda _: photograph())
    assert drawn(engine, half)[0].tobytes() != picture.tobytes()


def test_what_cannot_be_named_and_recipes_of_before_are_drawn_by_image_adapters(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen(monkeypatch, Seen())
    asked = referring("object")
    before = planned(asked, 0.0)
    for one in (asked, before):
        engine.look(one, lambda _: photograph())
    assert drawn(engine, asked)[0].tobytes() == drawn(engine, before)[0].tobytes()
    seen(monkeypatch, Seen(thing="owl"))
    engine.look(asked, lambda _: photograph())
    by_words = drawn(engine, asked)[0].tobytes()
    engine.look(before, lambda _: photograph())
    assert drawn(engine, before)[0].tobytes() != by_words
