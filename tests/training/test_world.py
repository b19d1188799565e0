from pathlib import Path

import torch
from hypothesis import given, strategies
from PIL import Image

from generation.guided.dyes import COLOUR_WORDS, COLOURS, colour_shares, hue_rotation, tint
from tests.training.conftest import SETS, THINGS
from training.artwork import PIXEL_ART, list_drawings, pixelate
from training.plan import SIDE
from training.recolour import compose, ink, unchanged
from training.samples import NONE, plan_samples
from training.world import World, common_things, held_out


def test_a_pack_lists_each_drawing_once_and_flat_ones_again_as_pixel_art(pack: Path) -> None:
    drawings = list_drawings(pack)
    assert len(drawings) == THINGS * (len(SETS) + 1)
    assert sum(d.style == PIXEL_ART for d in drawings) == THINGS


def test_pixel_art_has_hard_edges_on_a_coarse_grid() -> None:
    picture = Image.radial_gradient("L").resize((SIDE, SIDE)).convert("RGBA")
    values = torch.tensor(pixelate(picture).get_flattened_data()).view(32, 4, 32, 4, 4)
    assert (values == values[:, :1, :, :1]).all()
    assert set(values[..., 3].flatten().tolist()) <= {0, 255}


@given(strategies.floats(-720, 720), strategies.floats(-180, 180))
def test_turning_the_hue_keeps_lightness_and_adds_up(first: float, second: float) -> None:
    a, b = (hue_rotation(torch.tensor([angle]))[0, :, :3] for angle in (first, second))
    both = hue_rotation(torch.tensor([first + second]))[0, :, :3]
    torch.testing.assert_close(a @ b, both, atol=1e-4, rtol=0)
    grey = torch.tensor([0.299, 0.587, 0.114])
    torch.testing.assert_close(grey @ a, grey, atol=1e-4, rtol=0)


def test_composing_lays_the_drawing_over_the_ground() -> None:
    drawing = torch.zeros(1, 4, 2, 2, dtype=torch.uint8)
    drawing[0, :, 0, 0] = torch.tensor([255, 0, 0, 255])
    picture = compose(drawing, unchanged(1), torch.tensor([[0.0, 1.0, 0.5]]))
    assert picture[0, :, 0, 0].tolist() == [1, -1, -1]
    assert picture[0, :, 1, 1].tolist() == [-1, 1, 0]


def test_ink_paints_everything_and_tint_only_what_is_light() -> None:
    drawing = torch.full((1, 4, 1, 1), 255, dtype=torch.uint8)
    dark = torch.tensor([0, 0, 0, 255], dtype=torch.uint8).view(1, 4, 1, 1)
    blue, white = torch.tensor([[0.0, 0.0, 1.0]]), torch.ones(1, 3)
    assert compose(dark, ink(blue), white).flatten().tolist() == [-1, -1, 1]
    assert compose(dark, tint(blue), white).flatten().tolist() == [-1, -1, -1]
    torch.testing.assert_close(
        compose(drawing, tint(blue), white).flatten(),
        torch.tensor([-1.0, -1, 1]),
        atol=1e-3,
        rtol=0,
    )


def test_every_colour_is_called_by_its_name() -> None:
    shades = torch.tensor(list(COLOURS.values()))[:, :, None, None].expand(-1, 3, 4, 4)
    named = colour_shares(shades, torch.ones(len(shades), 4, 4)).argmax(1)
    assert [COLOUR_WORDS[i] for i in named] == list(COLOUR_WORDS)


def test_looks_show_the_colour_they_are_said_to_have(world: World) -> None:
    looks = world.looks
    lined = world.style[looks.drawing] == world.styles.index("line art")
    rows = (~looks.natural & (looks.colour < COLOUR_WORDS.index("black")) & ~lined).nonzero()[:, 0]
    pictures = (world.render(rows, torch.ones(len(rows), 3)) + 1) / 2
    cover = world.drawings[looks.drawing[rows], 3].float() / 255
    assert (colour_shares(pictures, cover).argmax(1) == looks.colour[rows]).float().mean() > 0.9


def test_common_things_start_with_two_hundred_of_usual_names() -> None:
    things = common_things()
    assert len(things) >= 200
    assert things["red apple"] == "apple"


def test_held_out_is_a_tenth_and_never_changes() -> None:
    combinations = [(str(n), "3d", "red") for n in range(2000)]
    assert 0.07 < sum(held_out(*c) for c in combinations) / 2000 < 0.13
    assert held_out("red apple", "3d", "blue") == held_out("red apple", "3d", "blue")


def test_samples_never_use_what_is_held_out(world: World) -> None:
    samples = plan_samples(world, 600, collages=0.1, references=True, seed=3)
    for rows in (samples.look, samples.beside, samples.style, samples.content, samples.second):
        assert not world.looks.held[rows[rows != NONE]].any()
    assert world.looks.held.any()


def test_references_share_what_they_stand_for(world: World) -> None:
    samples = plan_samples(world, 600, references=True, seed=4)
    thing, style = world.thing[world.looks.drawing], world.style[world.looks.drawing]
    meant = samples.content != NONE
    assert meant.sum() > 100
    assert (thing[samples.look[meant]] == thing[samples.content[meant]]).all()
    shown = samples.style != NONE
    assert shown.sum() > 60
    assert (style[samples.look[shown]] == style[samples.style[shown]]).all()


def test_a_caption_says_thing_ground_and_style_or_leaves_the_usual_out(world: World) -> None:
    samples = plan_samples(world, 300, references=False, seed=5)
    names = {name for thing in world.things for name in thing.names}
    for row in range(len(samples)):
        caption = samples.captions[samples.caption[row]]
        assert any(name in caption for name in names) or "shape" in caption
        if samples.ground[row] != COLOUR_WORDS.index("white"):
            assert f"{COLOUR_WORDS[samples.ground[row]]} background" in caption
        style = world.styles[world.style[world.looks.drawing[samples.look[row]]]]
        assert style == "3d" or style in caption


def test_the_same_seed_plans_the_same(world: World) -> None:
    first, second, other = (plan_samples(world, 50, references=True, seed=s) for s in (1, 1, 2))
    assert first.captions == second.captions
    assert torch.equal(first.look, second.look)
    assert first.captions != other.captions


def test_a_pair_stands_side_by_side(world: World) -> None:
    rows = torch.tensor([0, 1])
    ground = torch.tensor([[0.0, 0.0, 1.0]]).expand(2, -1)
    picture = world.render_pair(rows, rows.flip(0), ground)
    assert picture.shape == (2, 3, SIDE, SIDE)
    assert (picture[:, :, :8] == torch.tensor([-1.0, -1, 1])[:, None, None]).all()
    torch.testing.assert_close(picture[0, :, :, :64], picture[1, :, :, 64:])
