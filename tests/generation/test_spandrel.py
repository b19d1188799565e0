"""The upscaler of whoever runs the bot, on a tiny model of a kind that spandrel knows."""

import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors.torch import save_file

from generation.catalogue.served import choose_usual, list_served
from generation.catalogue.sources import SourceError
from generation.derive import set_upscaler
from generation.families.model_error import ModelError
from generation.pictures.metadata import write_parameters
from generation.recipe import Recipe, Upscaler
from generation.runtime.render import render
from generation.sampling.engine import Engine
from generation.upscaling import spandrel_upscaler
from generation.upscaling.bundled import Compact
from generation.upscaling.spandrel_upscaler import SpandrelUpscaler
from generation.worker import load_engine
from storage.queue.jobs import RenderError
from storage.settings import Settings
from tests.generation.samples import APPLE, photograph, quiet
from tests.recipes import change

CPU = torch.device("cpu")
X2 = Upscaler(name="x2")


def weights(folder: Path, factor: int = 2) -> Path:
    torch.manual_seed(factor)
    file = folder / f"x{factor}.safetensors"
    save_file(Compact(width=8, depth=3, factor=factor).state_dict(), file)
    return file


@pytest.fixture
def upscaler(tmp_path: Path) -> SpandrelUpscaler:
    return SpandrelUpscaler(X2, weights(tmp_path), CPU)


def noise(width: int, height: int) -> Image.Image:
    levels = np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8)
    return Image.fromarray(levels)


def difference(one: Image.Image, other: Image.Image) -> int:
    return int(np.abs(np.asarray(one, int) - np.asarray(other, int)).max())


def test_in_squares_it_is_what_it_is_as_a_whole(
    upscaler: SpandrelUpscaler, monkeypatch: pytest.MonkeyPatch
) -> None:
    image, told = noise(150, 110), list[tuple[int, int]]()
    whole = upscaler.enlarge(image, 2, quiet)
    monkeypatch.setattr(spandrel_upscaler, "SIDE", 64)
    squares = upscaler.enlarge(image, 2, lambda *now: told.append(now))
    assert whole.size == squares.size == (300, 220)
    assert told[-1][0] == told[-1][1] == len(told) > 4
    assert difference(whole, squares) <= 1
    assert difference(whole, image.resize((300, 220), Image.Resampling.NEAREST)) > 20


@pytest.mark.parametrize(("own", "wanted"), [(2, 4), (4, 2), (4, 4), (2, 3)])
def test_any_factor_is_reached(tmp_path: Path, own: int, wanted: int) -> None:
    made = SpandrelUpscaler(X2, weights(tmp_path, own), CPU).enlarge(photograph(), wanted, quiet)
    assert made.size == (96 * wanted, 72 * wanted)


def test_it_is_loaded_when_first_used_and_only_then(upscaler: SpandrelUpscaler) -> None:
    assert upscaler.model is None
    upscaler.enlarge(photograph(), 2, quiet)
    kept = upscaler.model
    upscaler.enlarge(photograph(), 2, quiet)
    assert upscaler.model is kept is not None


def test_loading_leaves_no_stand_in_behind(upscaler: SpandrelUpscaler) -> None:
    before = {name for name in sys.modules if name.startswith("torchvision")}
    upscaler.enlarge(photograph(), 2, quiet)
    assert {name for name in sys.modules if name.startswith("torchvision")} == before


@pytest.mark.parametrize("room", [128, 64, 32])
def test_short_of_memory_it_sees_smaller_squares(
    upscaler: SpandrelUpscaler, room: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    image = noise(300, 70)
    whole, model = upscaler.enlarge(image, 2, quiet), upscaler.model

    class Cramped:
        dtype = torch.float32

        def __call__(self, square: Any) -> Any:
            if square.shape[-1] > room:
                raise torch.OutOfMemoryError
            return model(square)

    upscaler.model = Cramped()
    if room < spandrel_upscaler.LEAST:
        with pytest.raises(MemoryError):
            upscaler.enlarge(image, 2, quiet)
    else:
        assert difference(upscaler.enlarge(image, 2, quiet), whole) <= 1


@pytest.mark.parametrize(
    "tensors", [{"body": torch.zeros(1)}, Compact(width=4, depth=1, factor=1).state_dict()]
)
def test_a_file_of_no_use_is_told(tmp_path: Path, tensors: Any) -> None:
    save_file(tensors, tmp_path / "odd.safetensors")
    with pytest.raises(ValueError, match=r"no kind of model|no upscaler"):
        SpandrelUpscaler(X2, tmp_path / "odd.safetensors", CPU).enlarge(photograph(), 2, quiet)


def beside(engine: Engine, upscaler: SpandrelUpscaler) -> Engine:
    return replace(engine, upscalers=replace(engine.upscalers, spandrel=upscaler))


class TestInTheWorker:
    def rendered(self, engine: Engine, recipe: Recipe) -> Image.Image:
        (made,) = render(engine, recipe, quiet, read=bytes.fromhex, find=lambda _: None).single
        return made

    def test_the_recipe_decides_between_it_and_resampling(
        self, easel: Engine, upscaler: SpandrelUpscaler
    ) -> None:
        both = beside(easel, upscaler)
        plain = change(APPLE, upscale=2)
        resampled = self.rendered(both, plain)
        enlarged = self.rendered(both, set_upscaler(plain, X2))
        assert resampled.size == enlarged.size == (512, 512)
        assert resampled.tobytes() == self.rendered(easel, plain).tobytes() != enlarged.tobytes()
        shown = self.rendered(easel, APPLE)
        assert enlarged.tobytes() == upscaler.enlarge(shown, 2, quiet).tobytes()

    @pytest.mark.parametrize("asked", [X2, Upscaler(name="x2", version="another")])
    def test_another_than_the_recipe_asks_for_is_named(
        self, easel: Engine, upscaler: SpandrelUpscaler, asked: Upscaler
    ) -> None:
        engine = easel if asked is X2 else beside(easel, upscaler)
        with pytest.raises(RenderError, match="upscaler"):
            self.rendered(engine, change(APPLE, upscale=2, upscaler=asked))

    def test_one_of_no_use_is_named(self, easel: Engine, tmp_path: Path) -> None:
        save_file({"body": torch.zeros(1)}, tmp_path / "odd.safetensors")
        engine = beside(easel, SpandrelUpscaler(X2, tmp_path / "odd.safetensors", CPU))
        with pytest.raises(RenderError, match="upscaler"):
            self.rendered(engine, change(APPLE, upscale=2, upscaler=X2))

    def test_cancelling_is_felt_between_squares(
        self, easel: Engine, upscaler: SpandrelUpscaler
    ) -> None:
        class Cancelled(BaseException):
            pass

        def report(*_: object) -> None:
            if upscaler.model is not None:
                raise Cancelled

        slow = beside(easel, upscaler)
        with pytest.raises(Cancelled):
            render(
                slow,
                change(APPLE, upscale=2, upscaler=X2),
                report,
                read=bytes.fromhex,
                find=lambda _: None,
            )


def settings(tmp_path: Path, upscaler: str) -> Settings:
    return Settings(_env_file=None, data=tmp_path, upscaler=upscaler)  # type: ignore[call-arg]


def test_the_setting_reaches_card_and_worker(tmp_path: Path) -> None:
    chosen = settings(tmp_path, str(weights(tmp_path)))
    known = choose_usual(list_served(chosen)).card.upscaler
    assert known is not None
    assert known.name == "x2"
    assert len(known.version) == 64
    engine = load_engine(chosen)
    assert engine.upscalers.spandrel is not None
    assert engine.upscalers.spandrel.known == known
    assert load_engine(settings(tmp_path, "")).upscalers.spandrel is None


def test_a_setting_that_cannot_be_is_one_sentence(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="EASEL_UPSCALER is not usable"):
        load_engine(settings(tmp_path, "acme/upscaler#x4.safetensors"))
    with pytest.raises(ModelError, match="EASEL_UPSCALER") as caught:
        load_engine(settings(tmp_path, f"{tmp_path}/gone.safetensors"))
    assert str(tmp_path) not in str(caught.value)


def test_the_picture_tells_what_enlarged_it() -> None:
    assert "Hires upscaler: Lanczos" in write_parameters(change(APPLE, upscale=4))
    assert "Hires upscaler: x2" in write_parameters(change(APPLE, upscale=4, upscaler=X2))
    assert "Hires" not in write_parameters(APPLE)
