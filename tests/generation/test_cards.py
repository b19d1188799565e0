import json
from math import log
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from generation.catalogue.card import Capability, Card
from generation.catalogue.checkpoints import choose_card, find_source, name_model
from generation.catalogue.families import CARDS, VARIANTS, UnknownFamilyError, find_card

EVERY = pytest.mark.parametrize("each", CARDS, ids=lambda each: each.id)


@EVERY
def test_is_complete(each: Card) -> None:
    assert each.title
    assert each.licence
    assert each.about.endswith(".")
    assert each.side % each.multiple == 0
    assert each.longest_ratio >= 1
    assert min(each.enlarge, each.steps) >= 1
    assert each.guidance >= 1


VARIANT = pytest.mark.parametrize("each", VARIANTS, ids=lambda each: each.name)


@VARIANT
def test_variants_are_complete(each: Card) -> None:
    test_is_complete(each)
    assert each.called == each.name
    assert each.sampler in each.samplers
    assert set(each.samplers) <= set(find_card(each.id).samplers)
    assert (each.guidance > 1) == (Capability.GUIDANCE in each.capabilities)


@VARIANT
def test_variants_are_found_by_name_and_by_hub_id(each: Card) -> None:
    assert choose_card(each.name) is choose_card(f"{each.name}@abc") is each
    assert choose_card("/some/folder", each.name) is each
    owner = choose_card(each.model)
    assert owner is each or owner is find_card(each.id)


def test_a_known_name_is_loaded_from_its_hub_id_and_revision() -> None:
    lightning = choose_card("sdxl-lightning")
    assert find_source("sdxl-lightning@abc", lightning) == f"{lightning.model}@abc"
    assert find_source("sdxl-lightning", lightning) == lightning.model
    assert find_source("someone/xl@abc", find_card("sdxl")) == "someone/xl@abc"


def test_names_are_different() -> None:
    names = [each.called for each in (*CARDS, *VARIANTS)]
    assert len(set(names)) == len(names)


def test_ids_are_different() -> None:
    assert len({each.id for each in CARDS}) == len(CARDS)


class TestSize:
    @EVERY
    def test_of_a_square_is_the_native_one(self, each: Card) -> None:
        assert each.size(1, 1) == each.size(7, 7) == (each.side, each.side)

    @given(st.sampled_from(CARDS), st.floats(1, 4), st.booleans())
    def test_is_possible_and_near(self, each: Card, ratio: float, tall: bool) -> None:
        ratio = min(ratio, each.longest_ratio)
        across, down = (1.0, ratio) if tall else (ratio, 1.0)
        width, height = each.size(across, down)
        assert width % each.multiple == height % each.multiple == 0
        step = each.multiple / min(width, height)
        assert abs(log(width / height) - log(across / down)) <= step
        assert abs(log(width * height / each.side**2)) <= step

    @given(st.sampled_from(CARDS), st.integers(1, 4), st.integers(1, 4))
    def test_turned_is_turned(self, each: Card, across: int, down: int) -> None:
        assert each.size(across, down) == each.size(down, across)[::-1]

    @given(st.sampled_from(CARDS), st.floats(1, 4), st.floats(1, 4))
    def test_of_a_wider_ratio_is_no_narrower(self, each: Card, one: float, other: float) -> None:
        narrow, wide = (each.size(ratio, 1) for ratio in sorted((one, other)))
        assert narrow[0] <= wide[0]
        assert narrow[1] >= wide[1]


class TestFinding:
    @EVERY
    def test_by_id(self, each: Card) -> None:
        assert find_card(each.id) is each

    def test_of_an_unknown_id_names_the_known(self) -> None:
        with pytest.raises(UnknownFamilyError, match="known are easel, easel2, sd15, instruct"):
            find_card("sd3")

    @EVERY
    def test_by_the_default_model(self, each: Card) -> None:
        assert choose_card(each.model) is each

    def test_without_a_model_is_the_bundled_one(self) -> None:
        assert choose_card("").id == "easel"

    def test_named_by_the_admin_wins(self) -> None:
        assert choose_card("somebody/xl-turbo", "sd15").id == "sd15"

    @pytest.mark.parametrize(
        ("hub", "family"),
        [
            ("someone/Juggernaut-XL-v9", "sdxl"),
            ("someone/dreamshaper", "sd15"),
            ("someone/FLUX.2-klein-9B-tuned", "flux2-klein"),
            ("someone/flux-schnell-tuned", "flux1-dev"),
            ("someone/FLUX.2-dev-tuned", "flux2-dev"),
            ("someone/Chroma1-HD-tuned", "chroma"),
            ("someone/Qwen-Image-Edit-2509", "qwen-image-edit"),
        ],
    )
    def test_by_a_hub_name(self, hub: str, family: str) -> None:
        assert choose_card(hub).id == family

    @pytest.mark.parametrize(
        "hub", ["a/stable-diffusion-3.5-large", "a/playground-v2.5", "a/Chroma1-Radiance"]
    )
    def test_by_a_hub_name_of_another_kind_is_refused(self, hub: str) -> None:
        with pytest.raises(UnknownFamilyError, match="set EASEL_FAMILY to the family"):
            choose_card(hub)

    @pytest.mark.parametrize(
        ("pipeline", "family"),
        [("StableDiffusionPipeline", "sd15"), ("StableDiffusionXLPipeline", "sdxl")],
    )
    def test_by_a_folder(self, tmp_path: Path, pipeline: str, family: str) -> None:
        index = {"_class_name": pipeline}
        (tmp_path / "model_index.json").write_text(json.dumps(index), encoding="utf-8")
        assert choose_card(str(tmp_path)).id == family

    def test_by_a_folder_of_another_kind_is_refused(self, tmp_path: Path) -> None:
        index = {"_class_name": "StableDiffusion3Pipeline"}
        (tmp_path / "model_index.json").write_text(json.dumps(index), encoding="utf-8")
        with pytest.raises(UnknownFamilyError, match="StableDiffusion3Pipeline"):
            choose_card(str(tmp_path))


class TestModelName:
    def test_is_never_a_path(self, tmp_path: Path) -> None:
        folder = tmp_path / "my-model"
        folder.mkdir()
        assert name_model(str(folder), CARDS[1]) == "my-model"

    @pytest.mark.parametrize(
        "path",
        [
            "/srv/secret/my-model",
            "/srv/secret/my-model/",
            "/my-model",
            "./my-model",
            "~/my-model",
            "secret/place/my-model",
            r"D:\secret\my-model",
            r"secret\my-model",
        ],
    )
    def test_is_no_path_where_the_folder_is_not_on_this_machine(self, path: str) -> None:
        assert name_model(path, CARDS[1]) == "my-model"

    def test_is_the_hub_id(self) -> None:
        assert name_model("someone/dreamshaper", CARDS[1]) == "someone/dreamshaper"

    def test_is_the_cards_own_without_one(self) -> None:
        assert name_model("", CARDS[0]) == CARDS[0].model
