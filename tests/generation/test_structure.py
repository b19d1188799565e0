"""Line maps and pose maps: pure pixels."""

import cv2
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw, ImageOps
from skimage.morphology import skeletonize

from generation.conditioning.line_maps import LINES, draw_line_map, find_strokes, shrink, thin
from generation.conditioning.pose_maps import JOINTS, draw_pose_map, is_pose_map
from tests.photographs import ASTRONAUT, PHOTOGRAPHS

KINDS = list(LINES)
SIZE = (256, 256)


def drawn(width: int = 6, pen: str = "black", paper: str = "white", side: int = 400) -> Image.Image:
    """A circle in a square, in pen on paper."""
    image = Image.new("RGB", (side, side), paper)
    pencil = ImageDraw.Draw(image)
    pencil.rectangle((side * 0.1, side * 0.1, side * 0.9, side * 0.9), outline=pen, width=width)
    pencil.ellipse((side * 0.3, side * 0.3, side * 0.7, side * 0.7), outline=pen, width=width)
    return image


def astronaut() -> Image.Image:
    with Image.open(ASTRONAUT.path) as image:
        return image.convert("RGB")


def lit(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("L")) > 60


def grey(image: Image.Image) -> np.ndarray:
    return np.asarray(image.convert("L"))


@pytest.mark.parametrize("pen", ["black", "navy", "#b00000", "#505050"])
@pytest.mark.parametrize("width", [2, 6, 14])
def test_pen_on_paper_is_a_drawing(width: int, pen: str) -> None:
    ink = find_strokes(grey(drawn(width, pen)))
    assert ink is not None
    assert (ink[40:44, 200] > 0).any(), "the upper side of the square"
    assert not ink[200, 200], "the middle"


def test_chalk_on_a_board_is_a_drawing() -> None:
    ink = find_strokes(grey(drawn(6, "white", "#203020")))
    assert ink is not None
    assert 0 < (ink > 0).mean() < 0.25


def test_a_photographed_drawing_is_a_drawing() -> None:
    paper = np.asarray(drawn(7), np.float32)
    light = np.linspace(0.8, 1.0, paper.shape[1])[None, :, None]
    noise = np.random.default_rng(0).normal(0, 4, paper.shape)
    shot = Image.fromarray((paper * light + noise).clip(0, 255).astype(np.uint8))
    assert find_strokes(grey(shot)) is not None


@pytest.mark.parametrize(
    "picture",
    [
        Image.new("RGB", (300, 300), "white"),
        Image.new("RGB", (300, 300), "black"),
        Image.linear_gradient("L").convert("RGB"),
        Image.effect_noise((300, 300), 90).convert("RGB"),
    ],
    ids=["white", "black", "gradient", "noise"],
)
def test_what_has_no_strokes_is_none(picture: Image.Image) -> None:
    assert find_strokes(grey(picture)) is None


def test_a_photograph_and_a_silhouette_are_none() -> None:
    for photograph in PHOTOGRAPHS:
        with Image.open(photograph.path) as image:
            assert find_strokes(grey(image)) is None, photograph.file
    blot = Image.new("RGB", (300, 300), "white")
    ImageDraw.Draw(blot).ellipse((100, 100, 200, 200), fill="black")
    assert find_strokes(grey(blot)) is None


@pytest.mark.parametrize("kind", KINDS)
def test_a_stroke_is_one_line_and_not_two(kind: str) -> None:
    column = lit(draw_line_map(kind, drawn(10), SIZE))[:, 128]
    runs = int((np.diff(column.astype(int)) == 1).sum())
    assert runs == 4, "two sides of the square, two of the circle"


@pytest.mark.parametrize("kind", KINDS)
def test_a_photograph_gives_its_edges(kind: str) -> None:
    share = lit(draw_line_map(kind, astronaut(), SIZE)).mean()
    assert 0.02 < share < 0.4


@pytest.mark.parametrize("kind", KINDS)
def test_an_edge_lies_where_the_picture_has_it(kind: str) -> None:
    picture = Image.new("RGB", SIZE, "white")
    picture.paste((200, 30, 30), (64, 64, 192, 192))
    found = draw_line_map(kind, picture, SIZE)
    rows, columns = np.nonzero(lit(found))
    near = np.minimum.reduce([np.abs(rows - y) for y in (64, 192)])
    beside = np.minimum.reduce([np.abs(columns - x) for x in (64, 192)])
    assert len(rows)
    assert (np.minimum(near, beside) <= 6).all()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("size", [(64, 64), (128, 192), (1024, 768), (136, 104)])
def test_has_the_size_asked_for_and_lines_that_do_not_fade(
    kind: str, size: tuple[int, int]
) -> None:
    made = draw_line_map(kind, drawn(3, side=900), size)
    assert (made.size, made.mode) == (size, "L")
    values = np.asarray(made)
    assert values.max() >= 250
    assert (values[values.shape[0] // 2] > 128).sum() >= 2, "both sides of the square"


def test_a_drawing_is_kept_whole_and_a_photograph_is_cut() -> None:
    wide = ImageOps.pad(drawn(8), (800, 400), color="white")
    ImageDraw.Draw(wide).line([(20, 0), (20, 400)], fill="black", width=8)
    assert lit(draw_line_map("scribble", wide, SIZE))[:, :12].any()
    scene = astronaut()
    marked = ImageOps.expand(scene, (scene.width // 2, 0), "#909090")
    cut, whole = (draw_line_map("canny", one, SIZE) for one in (marked, scene))
    assert np.abs(np.asarray(cut, float) - np.asarray(whole, float)).mean() < 20


def test_a_scribble_is_broader_than_an_edge() -> None:
    thin, broad = (lit(draw_line_map(kind, drawn(), SIZE)).mean() for kind in ("canny", "scribble"))
    assert broad > 1.3 * thin


def test_lineart_keeps_how_broad_a_pen_was() -> None:
    fine, felt = (lit(draw_line_map("lineart", drawn(width), SIZE)).mean() for width in (3, 14))
    assert felt > 2 * fine


def test_a_map_of_a_map_is_the_map() -> None:
    once = draw_line_map("scribble", drawn(), SIZE)
    twice = draw_line_map("scribble", once, SIZE)
    assert (lit(once) & lit(twice)).sum() > 0.8 * lit(once).sum()


@st.composite
def scrawls(draw: st.DrawFn) -> np.ndarray:
    """Strokes of any width and direction."""
    image = np.zeros((64, 64), np.uint8)
    point = st.tuples(st.integers(4, 59), st.integers(4, 59))
    for _ in range(draw(st.integers(1, 4))):
        cv2.line(image, draw(point), draw(point), 255, draw(st.integers(1, 9)))
    return image


@settings(max_examples=60, deadline=None)
@given(scrawls())
def test_thinning_wears_off_to_lines_that_hang_together(ink: np.ndarray) -> None:
    lines = thin(ink)
    assert ((lines > 0) <= (ink > 0)).all()
    pieces = [cv2.connectedComponents(one, connectivity=8)[0] for one in (ink, lines)]
    assert pieces[0] == pieces[1]
    solid = cv2.erode(lines, np.ones((3, 3), np.uint8))
    assert not solid.any(), "nowhere three pixels wide"
    assert (thin(lines) == lines).mean() > 0.99


def test_thinning_is_that_of_zhang_and_suen() -> None:
    ink = find_strokes(grey(drawn(9)))
    assert ink is not None
    theirs = skeletonize(ink > 0, method="zhang")
    ours = thin(ink) > 0
    near = cv2.dilate(theirs.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0
    assert (ours & near).sum() == ours.sum()
    assert abs(int(ours.sum()) - int(theirs.sum())) < 0.05 * theirs.sum()


@settings(max_examples=30, deadline=None)
@given(scrawls(), st.integers(8, 64), st.integers(8, 64))
def test_smaller_maps_lose_no_line(ink: np.ndarray, width: int, height: int) -> None:
    small = shrink(ink, (width, height))
    assert small.shape in {(height, width), ink.shape}
    assert small.max() >= 64, "even a dot on a corner of four pixels"


WHOLE = {name: (20.0 + 3 * k, 10.0 + 6 * k) for k, name in enumerate(JOINTS)}


@given(st.sets(st.sampled_from(JOINTS)))
def test_a_pose_map_shows_the_joints_that_are_seen(seen: set[str]) -> None:
    made = draw_pose_map({name: WHOLE[name] for name in seen}, (128, 128))
    pixels = np.asarray(made)
    assert made.size == (128, 128)
    assert bool(pixels.any()) == bool(seen)
    for name in seen:
        left, top = (round(one) for one in WHOLE[name])
        assert pixels[top - 1 : top + 2, left - 1 : left + 2].any(), name


def test_a_pose_map_is_known_again() -> None:
    assert is_pose_map(draw_pose_map(WHOLE, (256, 256)))
    for other in (astronaut(), drawn(), drawn(6, "white", "black"), Image.new("RGB", (9, 9))):
        assert not is_pose_map(other)


def test_limbs_join_the_joints_on_either_side() -> None:
    arm = {"left shoulder": (20.0, 20.0), "left elbow": (100.0, 20.0)}
    pixels = np.asarray(draw_pose_map(arm, (128, 128)))
    assert pixels[20, 25:95].any(axis=1).all()
    apart = {"left shoulder": (20.0, 20.0), "left wrist": (100.0, 20.0)}
    assert not np.asarray(draw_pose_map(apart, (128, 128)))[20, 60].any()
