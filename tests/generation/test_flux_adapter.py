"""Image adapters of FLUX.1: equal to diffusers' pipeline, weighed, and gone without a trace."""

from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers import CLIPImageProcessorPil

from generation.catalogue.extras import extend_card
from generation.catalogue.families import find_card
from generation.conditioning.flux_adapter import ENCODER, FILE, ImageLooks
from generation.families.load import load
from generation.families.model_error import ModelError
from generation.sampling.engine import Engine
from tests.generation.adapters import build_flux_adapter
from tests.generation.samples import SEEN, batched, recipe_for, seen
from tests.generation.test_families import Folders, distance, draw, same
from tests.generation.test_redux import mixed

A, B, _ = SEEN
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def place(folders: Folders, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("adapter") / "flux-ip-adapter"
    return build_flux_adapter(folder, folders("flux1-dev") / "transformer")


@pytest.fixture(scope="module")
def flux(folders: Folders, place: Path) -> Engine:
    card = extend_card(find_card("flux1-dev"), str(place))
    return batched(load(card, str(folders("flux1-dev")), CPU, str(place)))


def draw_theirs(engine: Engine, place: Path, images: list[Image.Image]) -> Image.Image:
    """The picture of diffusers' pipeline, which is left as it was."""
    recipe, pipe = recipe_for(engine), engine.pipe
    before = pipe.transformer.attn_processors
    pipe.set_progress_bar_config(disable=True)
    pipe.register_modules(feature_extractor=CLIPImageProcessorPil(size=64, crop_size=64))
    pipe.load_ip_adapter(
        [str(place)] * len(images),
        weight_name=[FILE] * len(images),
        image_encoder_pretrained_model_name_or_path=str(place / ENCODER),
        image_encoder_dtype=torch.float32,
    )
    pipe.set_ip_adapter_scale([0.7] * len(images))
    picture: Image.Image = pipe(
        recipe.prompt,
        ip_adapter_image=images,
        width=64,
        height=64,
        num_inference_steps=recipe.sampling.steps,
        guidance_scale=recipe.sampling.guidance,
        generator=torch.Generator().manual_seed(recipe.noise[0].seed),
    ).images[0]
    pipe.unload_ip_adapter()
    pipe.transformer.set_attn_processor(before)
    return picture


@pytest.mark.parametrize("images", [(A,), (A, B)])
def test_agrees_with_the_diffusers_pipeline_to_the_bit(
    flux: Engine, place: Path, images: tuple[str, ...]
) -> None:
    assert isinstance(flux.conditioning.references, ImageLooks)
    plain = draw(flux, recipe_for(flux))[0]
    ours = draw(flux, mixed(recipe_for(flux), *images, pull=0.7))[0]
    theirs = draw_theirs(flux, place, [seen(one) for one in sorted(images)])
    assert np.array_equal(np.asarray(ours), np.asarray(theirs))
    assert not same(ours, plain)
    # Nothing is left behind.
    assert same(draw(flux, recipe_for(flux))[0], plain)


def test_more_weight_leads_further_and_next_to_none_is_none(flux: Engine) -> None:
    recipe = recipe_for(flux, steps=2)
    plain = draw(flux, recipe)[0]
    far = [distance(plain, draw(flux, mixed(recipe, A, pull=w))[0]) for w in (1e-12, 0.2, 1, 4)]
    assert far == sorted(far)
    assert far[0] < 0.01 < far[-1]


def test_a_folder_without_what_sees_images_is_one_sentence(
    folders: Folders, place: Path, tmp_path: Path
) -> None:
    (tmp_path / FILE).write_bytes((place / FILE).read_bytes())
    with pytest.raises(ModelError, match="CLIP's vision model in image_encoder/"):
        load(find_card("flux1-dev"), str(folders("flux1-dev")), CPU, str(tmp_path))
