"""What the settings say of ControlNets, and the estimators that see depth and pose."""

from functools import partial
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from generation.catalogue.card import Capability
from generation.catalogue.controlnets import (
    ESTIMATORS,
    STRUCTURES,
    UnknownStructureError,
    read_estimators,
    read_licence,
    read_sources,
    write_sources,
)
from generation.catalogue.extras import extend_card
from generation.catalogue.families import CARDS, find_card
from generation.conditioning.estimators import estimate_normals, load_estimator
from generation.conditioning.line_maps import LINES
from generation.conditioning.pose_maps import JOINTS, draw_pose_map
from tests.generation.samples import photograph

names = st.from_regex(r"[a-z]{1,8}/[a-z0-9.-]{1,12}(@[0-9a-f]{7})?", fullmatch=True)


@given(st.dictionaries(st.sampled_from(STRUCTURES), names))
def test_what_is_written_is_read_again(found: dict[str, str]) -> None:
    assert read_sources(write_sources(found)) == found  # type: ignore[arg-type]


def test_one_network_serves_every_kind_that_has_none_of_its_own() -> None:
    found = read_sources("a/union@12, pose = b/pose")
    assert list(found) == list(STRUCTURES)
    assert found == {**dict.fromkeys(STRUCTURES, "a/union@12"), "pose": "b/pose"}
    assert read_sources("") == {}


@pytest.mark.parametrize("setting", ["smell=a/b", "canny=", "canny=a/b, =c/d"])
def test_a_setting_that_cannot_be_read_is_one_sentence(setting: str) -> None:
    with pytest.raises(UnknownStructureError, match=r"does not say which ControlNet.*canny="):
        read_sources(setting)


def test_cards_name_networks_with_their_licence() -> None:
    for each in CARDS:
        found = read_sources(each.controlnets)
        assert bool(found) == bool(read_licence(each.controlnets))
        assert all(source.count("/") == 1 for source in found.values())
        assert not (found and each.structures), "either its own or to be named"
        assert (Capability.STRUCTURE in each.capabilities) == bool(each.structures)
    assert set(ESTIMATORS) == set(STRUCTURES) - set(LINES)


def test_a_card_can_do_what_is_named_for_it() -> None:
    some = extend_card(find_card("sd15"), "", controlnets="depth=a/b, canny=c/d")
    assert some.structures == ("canny", "depth")
    assert Capability.STRUCTURE in some.capabilities
    assert Capability.STYLE not in some.capabilities
    assert extend_card(find_card("easel"), "", controlnets="a/b") == find_card("easel")


def test_depth_is_a_map_from_far_to_near(estimators: str) -> None:
    see = load_estimator("depth", read_sources(estimators)["depth"], torch.device("cpu"))
    made = see(photograph(), (96, 64))
    pixels = np.asarray(made)
    assert (made.size, made.mode) == ((96, 64), "RGB")
    assert (int(pixels.min()), int(pixels.max())) == (0, 255)
    assert (pixels[..., 0] == pixels[..., 1]).all()
    assert made.tobytes() == see(photograph(), (96, 64)).tobytes()


def test_normals_are_red_to_the_left_green_up_and_blue_to_the_front() -> None:
    across, down = np.meshgrid(np.linspace(-1, 1, 96), np.linspace(-1, 1, 96))
    dome = torch.tensor(np.sqrt(np.clip(1 - across**2 - down**2, 0, 1))).float()[None]
    seen = SimpleNamespace(pixel_values=dome)
    see = partial(estimate_normals, _Sees(dome), lambda *_, **__: seen)
    pixels = np.asarray(see(photograph(), (192, 192))).astype(int)
    middle, left, right = pixels[96, 96], pixels[96, 40], pixels[96, 152]
    top, bottom = pixels[40, 96], pixels[152, 96]
    assert middle[2] > 250
    assert left[0] > 170 > 90 > right[0]
    assert top[1] > 170 > 90 > bottom[1]


class _Sees:
    """A network that knows one depth."""

    device, dtype = "cpu", torch.float32

    def __init__(self, depth: torch.Tensor) -> None:
        self.depth = depth

    def __call__(self, _: torch.Tensor) -> SimpleNamespace:
        return SimpleNamespace(predicted_depth=self.depth)


def test_what_sees_depths_sees_surfaces() -> None:
    assert read_estimators("") == ESTIMATORS
    assert read_estimators("depth=a/b")["normal"] == "a/b"
    assert read_estimators("depth=a/b,normal=c/d")["normal"] == "c/d"


def test_pose_is_the_figure_of_one_person(estimators: str) -> None:
    see = load_estimator("pose", read_sources(estimators)["pose"], torch.device("cpu"))
    made = see(photograph(), (96, 64))
    assert (made.size, made.mode) == ((96, 64), "RGB")


def test_a_pose_map_needs_no_estimator(estimators: str) -> None:
    see = load_estimator("pose", read_sources(estimators)["pose"], torch.device("cpu"))
    places = {name: (30.0 + 4 * k, 40.0 + 9 * k) for k, name in enumerate(JOINTS)}
    ready = draw_pose_map(places, (256, 256))
    assert see(ready, (256, 256)).tobytes() == ready.tobytes()
    wide = np.asarray(see(ready, (512, 256)))
    assert wide.shape == (256, 512, 3)
    assert not wide[:, :100].any(), "it is kept whole, on more black"


def test_what_is_no_estimator_is_refused(tmp_path: Path) -> None:
    with pytest.raises((OSError, ValueError)):
        load_estimator("depth", str(tmp_path), torch.device("cpu"))
    Image.new("RGB", (9, 9)).save(tmp_path / "config.png")
    with pytest.raises((OSError, ValueError)):
        load_estimator("pose", str(tmp_path), torch.device("cpu"))
