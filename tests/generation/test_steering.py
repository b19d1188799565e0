"""Structure on every family that claims it: equal to diffusers' own pipelines, on tiny networks."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from diffusers import (
    FluxControlNetPipeline,
    StableDiffusionAdapterPipeline,
    StableDiffusionControlNetPipeline,
    StableDiffusionXLControlNetUnionPipeline,
    ZImageControlNetPipeline,
)
from diffusers.models.autoencoders.vae import DiagonalGaussianDistribution
from PIL import Image, ImageDraw
from safetensors.torch import load_file, save_file

from generation.catalogue.card import Capability
from generation.catalogue.extras import extend_card
from generation.catalogue.families import find_card
from generation.conditioning.cache import ImageCache
from generation.conditioning.flux_control import load_flux_control
from generation.conditioning.z_image_control import load_z_image_control
from generation.derive import narrow
from generation.families.load import load
from generation.families.model_error import ModelError
from generation.recipe import Recipe, Structure, StructureKind, seed_noise
from generation.sampling.autoencoder import decode_latents
from generation.sampling.diffusion import draw as draw_along
from generation.sampling.engine import Engine
from generation.sampling.samplers import make_scheduler
from tests.generation.controlnets import build_flux_control, build_z_image_control
from tests.generation.samples import (
    batched,
    looking,
    photograph,
    quiet,
    recipe_for,
    seen,
    start,
    steered,
)
from tests.generation.test_families import distance, same
from tests.recipes import change

DRAWING = "d" * 64


def drawing(_: str = "") -> Image.Image:
    """A triangle in pen on paper."""
    image = Image.new("RGB", (200, 200), "white")
    ImageDraw.Draw(image).polygon([(100, 20), (180, 170), (20, 170)], outline="black", width=6)
    return image


def kept_to(recipe: Recipe, kind: StructureKind = "scribble", **numbers: Any) -> Recipe:
    return change(recipe, structure=Structure(kind=kind, image=DRAWING, **numbers))


def draw(engine: Engine, recipe: Recipe) -> list[Image.Image]:
    if engine.conditioning.references is not None:
        engine.conditioning.references.learn(recipe, seen)
    if recipe.conditions.structure is not None:
        assert engine.conditioning.structures is not None
        engine.conditioning.structures.learn(recipe, drawing)
    return engine.draw(recipe, photograph() if recipe.inputs.start else None, quiet)


def kinds(engine: Engine) -> tuple[StructureKind, ...]:
    return engine.card.structures


def test_every_kind_that_a_card_names_leads_the_picture(unet: Engine) -> None:
    recipe = recipe_for(unet, steps=1)
    plain = draw(unet, recipe)[0]
    assert kinds(unet)
    for kind in kinds(unet):
        one = draw(unet, kept_to(recipe, kind))[0]
        assert distance(plain, one) > 0.05, kind
    assert same(draw(unet, kept_to(recipe, kind))[0], one)


@pytest.mark.parametrize("unet", ["sd15", "sdxl"], indirect=True)
def test_more_scale_leads_further_from_the_plain_picture(unet: Engine) -> None:
    recipe = recipe_for(unet, steps=1)
    plain = draw(unet, recipe)[0]
    scales = (1e-9, 0.1, 0.4)
    far = [distance(plain, draw(unet, kept_to(recipe, scale=scale))[0]) for scale in scales]
    assert far[0] <= 0.01
    assert far == sorted(far)
    assert far[1] < far[2]


@pytest.mark.parametrize("unet", ["easel", "sd15"], indirect=True)
def test_after_its_end_it_says_nothing(unet: Engine) -> None:
    recipe = recipe_for(unet, steps=4)
    asked: list[int] = []
    structures = unet.conditioning.structures
    assert structures is not None
    structures.learn(kept_to(recipe), drawing)
    for end, count in ((1.0, 4), (0.75, 3), (0.1, 0)):
        steer = structures.steer(kept_to(recipe, end=end))
        condition = unet.family.encode(unet.pipe, recipe, unet.texts)  # type: ignore[attr-defined]
        asked.clear()

        def count_steps(*given: Any, real: Any = steer.residuals) -> dict[str, Any]:
            asked.append(1)
            said: dict[str, Any] = real(*given)
            return said

        counted = replace(condition, steer=replace(steer, residuals=count_steps))
        with torch.inference_mode():
            _drawn(unet, counted, recipe)
        assert len(asked) == count, end


def _drawn(engine: Engine, condition: Any, recipe: Recipe) -> None:
    draw_along(
        batched(engine, parallel=1),
        [condition],
        recipe,
        None,
        quiet,
    )


@pytest.mark.parametrize("unet", ["easel", "sdxl"], indirect=True)
def test_a_picture_alone_is_its_quarter_of_the_grid(unet: Engine) -> None:
    grid = kept_to(recipe_for(unet, steps=2, noise=seed_noise(3, 2)), end=0.5)
    for asked in (looking(change(grid, start=start(0.5)), "style"), grid):
        pictures = draw(unet, asked)
        assert same(draw(unet, narrow(asked, 1))[0], pictures[1])
    together = draw(batched(unet, size=2), grid)
    assert max(map(distance, pictures, together)) < 0.5


@pytest.mark.parametrize("unet", ["easel", "sdxl"], indirect=True)
def test_draws_in_every_size(unet: Engine) -> None:
    grain = unet.card.multiple
    for wide, tall in ((19, 7), (5, 13), (12, 12)):
        size = (wide * grain, tall * grain)
        asked = kept_to(recipe_for(unet, steps=1, width=size[0], height=size[1]))
        assert draw(unet, asked)[0].size == size


@pytest.mark.parametrize("unet", ["sd15", "sdxl"], indirect=True)
def test_nothing_stays_behind(unet: Engine) -> None:
    recipe = recipe_for(unet, steps=1)
    before = draw(unet, recipe)[0]
    draw(unet, kept_to(recipe))
    assert same(draw(unet, recipe)[0], before)


def test_one_map_serves_all_pictures_of_a_size(unet: Engine) -> None:
    recipe, looks, most = kept_to(recipe_for(unet)), list[str](), 3
    assert unet.conditioning.structures is not None
    structures = replace(unet.conditioning.structures, memory=ImageCache(most))

    def find(sha256: str) -> Image.Image:
        looks.append(sha256)
        return drawing()

    for _ in range(2):
        structures.learn(recipe, find)
        structures.learn(change(recipe, structure=Structure(kind="canny", image=DRAWING)), find)
    assert looks == [DRAWING] * 2
    for width in range(most + 2):
        structures.learn(change(recipe, width=72 + width), find)
    assert len(structures.memory) == most
    structures.learn(recipe, find)
    assert structures.find_map(recipe).size == (recipe.size.width, recipe.size.height)


def settings(recipe: Recipe) -> dict[str, Any]:
    return {
        "width": recipe.size.width,
        "height": recipe.size.height,
        "num_inference_steps": recipe.sampling.steps,
        "guidance_scale": recipe.sampling.guidance,
        "generator": torch.Generator().manual_seed(recipe.noise[0].seed),
        "output_type": "np",
    }


def close(ours: Image.Image, theirs: Any) -> bool:
    return np.allclose(np.asarray(ours, np.float32) / 255, theirs.images[0], atol=0.5 / 255 + 1e-4)


def alike(ours: Image.Image, theirs: Image.Image) -> bool:
    """Whether two pictures are the same but for rounding."""
    return int(np.abs(np.asarray(ours, int) - np.asarray(theirs, int)).max()) <= 1


def theirs_of(engine: Engine, recipe: Recipe, kind: Any, **parts: Any) -> Any:
    """Another pipeline of diffusers' with an engine's weights."""
    made = make_scheduler(recipe.sampling.sampler, engine.pipe.scheduler.config)
    view = kind.from_pipe(engine.pipe, scheduler=made, **parts)
    view.set_progress_bar_config(disable=True)
    return view


def network(engine: Engine, recipe: Recipe) -> tuple[Any, Image.Image]:
    assert engine.conditioning.structures is not None
    assert recipe.conditions.structure is not None
    engine.conditioning.structures.learn(recipe, drawing)
    return engine.conditioning.structures.networks[
        recipe.conditions.structure.kind
    ], engine.conditioning.structures.find_map(recipe)


@pytest.mark.parametrize(
    ("sampler", "scale", "end"),
    [("DPM++ 2M Karras", 1.0, 1.0), ("Euler", 0.6, 0.5), ("DPM++ 2M Karras", 1.7, 0.75)],
)
def test_a_controlnet_agrees_with_the_diffusers_pipeline(
    engines: Callable[[str], Engine], sampler: str, scale: float, end: float
) -> None:
    engine = engines("sd15")
    recipe = recipe_for(engine, steps=4, sampler=sampler)
    asked = kept_to(recipe, "canny", scale=scale, end=end)
    model, shown = network(engine, asked)
    view = theirs_of(engine, asked, StableDiffusionControlNetPipeline, controlnet=model)
    made = view(
        asked.prompt,
        shown,
        controlnet_conditioning_scale=scale,
        control_guidance_end=end,
        **settings(asked),
    )
    assert close(draw(engine, asked)[0], made)
    assert not close(draw(engine, recipe)[0], made)


def test_a_union_agrees_with_the_diffusers_pipeline(engines: Callable[[str], Engine]) -> None:
    engine = engines("sdxl")
    for kind, mode in (("scribble", 2), ("lineart", 3), ("depth", 1), ("normal", 4), ("pose", 0)):
        asked = kept_to(recipe_for(engine, steps=2), kind, scale=0.8, end=0.5)  # type: ignore[arg-type]
        model, shown = network(engine, asked)
        view = theirs_of(engine, asked, StableDiffusionXLControlNetUnionPipeline, controlnet=model)
        made = view(
            asked.prompt,
            control_image=[shown],
            control_mode=[mode],
            controlnet_conditioning_scale=0.8,
            control_guidance_end=0.5,
            **settings(asked),
        )
        assert close(draw(engine, asked)[0], made), kind


@pytest.mark.parametrize("end", [1.0, 0.5])
@pytest.mark.parametrize("guidance", [1.0, 4.0])
def test_z_images_network_agrees_with_the_diffusers_pipeline(
    engines: Callable[[str], Engine], end: float, guidance: float
) -> None:
    engine = engines("z-image")
    recipe = recipe_for(engine, steps=2, guidance=guidance)
    asked = kept_to(recipe, "canny", scale=0.7, end=end)
    model, shown = network(engine, asked)
    pipe = engine.pipe
    parts = {name: getattr(pipe, name) for name in ("vae", "text_encoder", "tokenizer")}
    view = ZImageControlNetPipeline(
        **parts, scheduler=pipe.scheduler, transformer=pipe.transformer, controlnet=model.model
    )
    view.set_progress_bar_config(disable=True)
    theirs = view(
        asked.prompt,
        control_image=shown,
        width=64,
        height=64,
        num_inference_steps=2,
        guidance_scale=guidance if guidance > 1 else 0.0,
        controlnet_conditioning_scale=0.7,
        generator=torch.Generator().manual_seed(asked.noise[0].seed),
    ).images[0]
    ours = draw(engine, asked)[0]
    # diffusers' has no end: ours lets the last of two steps go.
    assert alike(ours, theirs) == (end == 1)
    assert not same(ours, draw(engine, recipe)[0])


def test_z_images_network_is_read_as_it_was_published(
    engines: Callable[[str], Engine], folders: Callable[[str], Path], tmp_path: Path
) -> None:
    engine = engines("z-image")
    for refines in (None, "control_layers", "control_noise_refiner"):
        place = tmp_path / str(refines)
        build_z_image_control(
            place,
            folders("z-image") / "transformer",
            add_control_noise_refiner=refines,
            control_in_dim=4 if refines is None else 6,
        )
        weights = load_file(place / "diffusion_pytorch_model.safetensors")
        if refines == "control_layers":
            # The second version carries refiners that say nothing.
            weights["control_noise_refiner.0.before_proj.weight"] = torch.zeros(32, 32)
        save_file(weights, tmp_path / f"{refines}.safetensors")
        one = load_z_image_control(engine.pipe, str(place)).model
        other = load_z_image_control(engine.pipe, f"{tmp_path}#{refines}.safetensors").model
        assert one.config.add_control_noise_refiner == other.config.add_control_noise_refiner
        mine, theirs = one.state_dict(), other.state_dict()
        assert mine.keys() == theirs.keys()
        assert all(torch.equal(mine[key], theirs[key]) for key in mine)
    build_z_image_control(
        tmp_path / "wide", folders("z-image") / "transformer", dim=64, n_heads=4, n_kv_heads=4
    )
    with pytest.raises(ValueError, match="does not fit a transformer of 32"):
        load_z_image_control(engine.pipe, str(tmp_path / "wide"))


@pytest.mark.parametrize("modes", [None, 7])
def test_flux_networks_agree_with_the_diffusers_pipeline(
    engines: Callable[[str], Engine],
    folders: Callable[[str], Path],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    modes: int | None,
) -> None:
    # diffusers' draws the map's latents at random, from the noise of the picture.
    kind = DiagonalGaussianDistribution
    monkeypatch.setattr(kind, "sample", lambda self, generator=None: self.mode())
    engine = engines("flux1-dev")
    build_flux_control(tmp_path, folders("flux1-dev") / "transformer", modes)
    known = engine.conditioning.structures
    assert known is not None
    one = load_flux_control(engine.pipe, str(tmp_path))
    own = steered(engine, structures=replace(known, networks={"depth": one}))
    asked = kept_to(recipe_for(engine, steps=2), "depth", scale=0.7)
    _, shown = network(own, asked)
    pipe = engine.pipe
    parts = {name: getattr(pipe, name) for name in ("vae", "text_encoder", "text_encoder_2")}
    parts |= {name: getattr(pipe, name) for name in ("tokenizer", "tokenizer_2", "scheduler")}
    view = FluxControlNetPipeline(**parts, transformer=pipe.transformer, controlnet=one.model)
    view.set_progress_bar_config(disable=True)
    theirs = view(
        asked.prompt,
        control_image=shown,
        control_mode=None if modes is None else 2,
        width=64,
        height=64,
        num_inference_steps=2,
        guidance_scale=asked.sampling.guidance,
        controlnet_conditioning_scale=0.7,
        generator=torch.Generator().manual_seed(asked.noise[0].seed),
    ).images[0]
    assert alike(draw(own, asked)[0], theirs)
    assert not alike(draw(own, change(asked, structure=None))[0], theirs)


def test_an_adapter_agrees_with_the_diffusers_pipeline(engines: Callable[[str], Engine]) -> None:
    engine = engines("easel")
    asked = kept_to(recipe_for(engine, steps=4), scale=0.8)
    model, shown = network(engine, asked)
    parts = {
        name: getattr(engine.pipe, name)
        for name in ("vae", "text_encoder", "tokenizer", "unet", "feature_extractor")
    }
    view: Any = StableDiffusionAdapterPipeline(
        **parts,
        adapter=model,
        scheduler=make_scheduler(asked.sampling.sampler, engine.pipe.scheduler.config),
        safety_checker=None,
        requires_safety_checker=False,
    )
    view.set_progress_bar_config(disable=True)
    given = {**settings(asked), "output_type": "latent"}
    made = view(asked.prompt, image=shown.convert("L"), adapter_conditioning_scale=0.8, **given)
    with torch.inference_mode():
        (theirs,) = decode_latents(engine.pipe, made.images)
    assert distance(draw(engine, asked)[0], theirs) < 0.01
    assert distance(draw(engine, change(asked, structure=None))[0], theirs) > 1


def test_image_to_image_keeps_to_it_as_well(engines: Callable[[str], Engine]) -> None:
    engine = engines("sd15")
    plain = recipe_for(engine, start=start(0.6))
    assert distance(draw(engine, plain)[0], draw(engine, kept_to(plain))[0]) > 0.05


def test_a_network_for_another_model_is_refused(
    folders: Callable[[str], Path], controlnets: Callable[[str], str], estimators: str
) -> None:
    with pytest.raises(ModelError, match="ControlNets could not be loaded"):
        load(
            extend_card(find_card("sd15"), "", controlnets=controlnets("sdxl")),
            str(folders("sd15")),
            torch.device("cpu"),
            controlnets=controlnets("sdxl"),
            estimators=estimators,
        )
    with pytest.raises(ModelError, match="ControlNets could not be loaded"):
        load(
            extend_card(find_card("sd15"), "", controlnets="canny=/nowhere/at/all"),
            str(folders("sd15")),
            torch.device("cpu"),
            controlnets="canny=/nowhere/at/all",
        )


def test_families_without_networks_claim_none() -> None:
    for family in ("flux2-klein", "qwen-image"):
        chosen = extend_card(find_card(family), "h94/IP-Adapter", controlnets="someone/some-union")
        assert Capability.STRUCTURE not in chosen.capabilities
        assert chosen.structures == ()
