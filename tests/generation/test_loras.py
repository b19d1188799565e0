"""LoRAs: what may be offered, and a model that wears them and is itself again afterwards."""

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save_file

from generation.catalogue.card import Capability
from generation.catalogue.extras import extend_card
from generation.catalogue.families import CARDS, find_card
from generation.catalogue.loras import (
    LIMIT,
    list_unknown,
    read_offered,
    select_called,
    select_fitting,
)
from generation.catalogue.sources import Source, SourceError, read_source
from generation.conditioning.lora import load_loras
from generation.families.load import load
from generation.families.model_error import ModelError
from generation.pictures.metadata import write_parameters
from generation.recipe import Lora, Recipe
from generation.runtime.render import render
from generation.sampling.engine import Engine
from storage.queue.jobs import RenderError
from tests.generation.loras import build_lora
from tests.generation.samples import APPLE, SEEN, looking, quiet, recipe_for, seen, steered, weigh
from tests.recipes import change

Folders = Callable[[str], Path]
Engines = Callable[[str], Engine]

WEARING = [each.id for each in CARDS if each.wears]


class TestSetting:
    def test_an_entry_says_file_weight_and_trigger(self) -> None:
        ink, bricks = read_offered(
            "Ink=acme/ink@3f2a#ink.safetensors|0.8|ink wash; sdxl:b=x/b.safetensors;"
        )
        assert (ink.name, ink.weight, ink.trigger, ink.family) == ("ink", 0.8, "ink wash", "")
        assert ink.source == Source("acme/ink", "ink.safetensors", "3f2a")
        assert (bricks.family, bricks.weight) == ("sdxl", 1.0)
        assert select_fitting((ink, bricks), "sd15") == (ink,)
        assert read_offered("") == ()

    @pytest.mark.parametrize(
        ("setting", "said"),
        [
            ("ink", "cannot be read at `ink`"),
            ("two words=x/a.safetensors", "cannot be read"),
            ("ink=acme/ink#ink.safetensors", "wants a revision"),
            ("ink=folder#ink.ckpt", "ending in .safetensors"),
            ("ink=folder#../../ink.safetensors", "ending in .safetensors"),
            ("ink=x/a.safetensors|much", "the weight much"),
            ("ink=x/a.safetensors|2.5", "from -2 to 2"),
            ("ink=x/a.safetensors|nan", "from -2 to 2"),
            ("ink=x/a.safetensors;INK=x/b.safetensors", "two LoRAs named ink"),
        ],
    )
    def test_what_cannot_be_is_one_sentence(self, setting: str, said: str) -> None:
        with pytest.raises(SourceError, match=said):
            read_offered(setting)

    @given(st.text(alphabet="ink=/#@|;:. 1-", max_size=40))
    def test_any_text_is_read_or_refused(self, text: str) -> None:
        try:
            found = read_offered(text)
        except SourceError:
            return
        assert all(abs(one.weight) <= LIMIT for one in found)

    def test_a_file_is_told_by_its_bytes_a_repository_by_its_revision(self, tmp_path: Path) -> None:
        file = tmp_path / "a.safetensors"
        source = read_source(str(file))
        assert source == read_source(f"{tmp_path}#a.safetensors")
        assert source.version == ""
        with pytest.raises(FileNotFoundError):
            source.find()
        file.write_bytes(b"x")
        assert source.version == hashlib.sha256(b"x").hexdigest()
        assert source.find() == file
        assert read_source("acme/ink@3f2a#b/a.safetensors").version == "3f2a"

    def test_names_are_called_in_any_case(self) -> None:
        known = read_offered("ink=x/a.safetensors|0.7;bricks=x/b.safetensors")
        found = [(one.name, weight) for one, weight in select_called(["BRICKS:-1", "ink"], known)]
        assert found == [("ink", 0.7), ("bricks", -1.0)]
        assert list(select_called(["ink:0"], known)) == []
        assert list_unknown(["Ink:1", "oil:1", "tar"], known) == ["oil", "tar"]


def test_only_families_that_can_are_offered_them() -> None:
    loras = read_offered("ink=x/a.safetensors")
    for each in CARDS:
        known = extend_card(each, "", loras)
        assert (Capability.LORA in known.capabilities) == each.wears == bool(known.loras)
    assert extend_card(
        find_card("sdxl"), "", read_offered("sd15:ink=x/a.safetensors")
    ) is find_card("sdxl")


@pytest.fixture(scope="module")
def dressed(
    engines: Engines, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], Engine]]:
    """An engine of a family that may wear two LoRAs."""
    root, worn = tmp_path_factory.mktemp("loras"), dict[str, Engine]()

    def engine(family: str) -> Engine:
        if family not in worn:
            plain = engines(family)
            setting = ";".join(
                f"{name}={build_lora(root / family / f'{name}.safetensors', plain.pipe, seed)}"
                for seed, name in enumerate(("ink", "bricks"))
            )
            known = extend_card(find_card(family), "", read_offered(setting))
            loras = load_loras(plain.pipe, known, plain.texts)
            worn[family] = steered(replace(plain, card=known), loras=loras)
        worn[family].apply_loras(())
        return worn[family]

    yield engine
    for one in worn.values():
        one.apply_loras(())


@pytest.fixture(params=WEARING)
def wearing(request: pytest.FixtureRequest, dressed: Callable[[str], Engine]) -> Engine:
    return dressed(request.param)


def pixels(engine: Engine, recipe: Recipe) -> bytes:
    (picture,) = render(engine, recipe, quiet, read=bytes.fromhex, find=lambda _: None).single
    return picture.tobytes()


def with_loras(recipe: Recipe, **weights: float) -> Recipe:
    return change(recipe, loras=tuple(Lora(name=k, weight=w) for k, w in weights.items()))


def test_a_job_without_is_drawn_as_if_there_had_never_been_one(wearing: Engine) -> None:
    plain = recipe_for(wearing, steps=1)
    before = pixels(wearing, plain)
    ink = pixels(wearing, with_loras(plain, ink=1.0))
    assert pixels(wearing, plain) == before != ink
    assert pixels(wearing, with_loras(plain, ink=1.0)) == ink


def test_words_are_weighed_without_those_of_the_job_before(
    dressed: Callable[[str], Engine],
) -> None:
    engine = dressed("sd15")
    small = replace(engine, card=replace(engine.card, side=64))
    small.apply_loras(())
    before = weigh(small)
    small.apply_loras((Lora(name="ink", weight=1.0),))
    assert weigh(small) == before


@pytest.mark.parametrize("family", ["sd15", "sdxl", "flux1-dev", "z-image"])
def test_weights_and_several_at_once_count(dressed: Callable[[str], Engine], family: str) -> None:
    """With each kind of denoiser, and with text encoders besides."""
    wearing = dressed(family)
    plain = recipe_for(wearing, steps=1)
    looks = [
        pixels(wearing, with_loras(plain, **weights))
        for weights in ({"ink": 1.0}, {"ink": 0.5}, {"bricks": 1.0}, {"ink": 1.0, "bricks": 1.0})
    ]
    assert len(set(looks)) == 4
    assert pixels(wearing, with_loras(plain, ink=0.5)) == looks[1]


@pytest.mark.parametrize("family", ["sd15", "sdxl"])
def test_the_text_encoders_part_counts(dressed: Callable[[str], Engine], family: str) -> None:
    engine = dressed(family)
    before = engine.family.encode(engine.pipe, recipe_for(engine), engine.texts).tokens  # type: ignore[attr-defined]
    assert engine.conditioning.loras is not None
    engine.conditioning.loras.apply((Lora(name="ink", weight=1.0),))
    after = engine.family.encode(engine.pipe, recipe_for(engine), engine.texts).tokens  # type: ignore[attr-defined]
    engine.conditioning.loras.remove()
    assert not torch.equal(before, after)


@pytest.mark.parametrize(
    "lora", [Lora(name="oil", weight=1.0), Lora(name="ink", weight=1.0, version="another file")]
)
def test_one_that_is_gone_or_another_by_now_is_named(
    dressed: Callable[[str], Engine], lora: Lora
) -> None:
    engine = dressed("sd15")
    with pytest.raises(RenderError, match="lora"):
        pixels(engine, change(recipe_for(engine), loras=(lora,)))


def test_an_engine_without_any_refuses(easel: Engine) -> None:
    with pytest.raises(RenderError, match="lora"):
        pixels(easel, with_loras(recipe_for(easel), ink=1.0))


def test_one_that_does_not_fit_is_named_and_leaves_nothing_behind(
    dressed: Callable[[str], Engine], tmp_path: Path
) -> None:
    sd15 = dressed("sd15")
    other = build_lora(tmp_path / "xl.safetensors", dressed("sdxl").pipe)
    assert sd15.conditioning.loras is not None
    loras = replace(sd15.conditioning.loras, files={**sd15.conditioning.loras.files, "ink": other})
    plain = recipe_for(sd15)
    before = pixels(sd15, plain)
    with pytest.raises(RenderError, match="lora"):
        pixels(steered(sd15, loras=loras), with_loras(plain, bricks=1.0, ink=1.0))
    assert pixels(sd15, plain) == before


def test_what_trainers_say_of_text_encoders_in_part_does_not_cost_the_rest(
    dressed: Callable[[str], Engine], tmp_path: Path
) -> None:
    engine = dressed("sd15")
    assert engine.conditioning.loras is not None
    drawing = {
        name: tensor
        for name, tensor in load_file(engine.conditioning.loras.files["ink"]).items()
        if name.startswith("unet.")
    }
    partly = tmp_path / "kohya.safetensors"
    stray = {"lora_te_text_model_encoder_layers_0_self_attn_q_proj.lora_down.weight": torch.ones(1)}
    save_file({**drawing, **stray}, partly)
    whole = tmp_path / "drawing.safetensors"
    save_file(drawing, whole)
    looks = []
    for file in (partly, whole):
        loras = replace(engine.conditioning.loras, files={"ink": file}, applied=())
        looks.append(pixels(steered(engine, loras=loras), with_loras(recipe_for(engine), ink=1)))
        loras.remove()
    assert looks[0] == looks[1]


def test_a_file_that_is_missing_stops_the_worker_with_a_sentence(
    folders: Folders, tmp_path: Path
) -> None:
    known = extend_card(find_card("sd15"), "", read_offered(f"ink={tmp_path}/ink.safetensors"))
    with pytest.raises(ModelError, match="LoRA ink of EASEL_LORAS") as caught:
        load(known, str(folders("sd15")), torch.device("cpu"))
    assert str(tmp_path) not in str(caught.value)


def test_worn_together_with_image_adapters(dressed: Callable[[str], Engine]) -> None:
    both = dressed("sd15")
    look = looking(recipe_for(both), "style", next(iter(SEEN)))
    assert both.conditioning.references is not None
    both.conditioning.references.learn(look, seen)
    before = pixels(both, look)
    worn = pixels(both, with_loras(look, ink=1.0))
    assert pixels(both, look) == before != worn


def test_the_picture_tells_which() -> None:
    lora = Lora(name="ink", weight=0.8, version="3f2a")
    recipe = Recipe.from_json(change(APPLE, loras=(lora,)).to_json())
    assert recipe.conditions.loras == (lora,)
    assert 'Lora hashes: "ink: 3f2a"' in write_parameters(recipe)
