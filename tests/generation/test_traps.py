"""Traps of diffusers and transformers that were fallen into once, and how each is stepped around.

Where a trap is gone, its test fails: then the way around it can go, too.
"""

import inspect
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from diffusers import (
    DPMSolverMultistepScheduler,
    EulerDiscreteScheduler,
    FlowMatchEulerDiscreteScheduler,
    StableDiffusionXLImg2ImgPipeline,
)
from transformers import CLIPTextModel, CLIPTextModelWithProjection

from generation.catalogue.families import find_card
from generation.conditioning.image_adapters import References
from generation.conditioning.text import Tower, embed
from generation.controls import match_flow_level, unshift_level
from generation.families.load import load
from generation.recipe import Phrase, seed_noise
from generation.sampling.engine import Engine
from generation.sampling.flow import schedule as flow_schedule
from generation.sampling.samplers import make_scheduler, schedule
from tests.generation.samples import SEEN, batched, looking, photograph, recipe_for, seen, start
from tests.generation.test_families import distance, draw, same

Engines = Callable[[str], Engine]
Folders = Callable[[str], Path]
CPU = torch.device("cpu")
A, B, _ = SEEN


@pytest.fixture
def sd15(engines: Engines) -> Engine:
    return engines("sd15")


@pytest.fixture
def sdxl(engines: Engines) -> Engine:
    return engines("sdxl")


@pytest.fixture
def worn(folders: Folders, adapters: Callable[[str], str]) -> Any:
    """A pipeline that wears one adapter, as diffusers has it."""
    pipe = load(find_card("sd15"), str(folders("sd15")), CPU).pipe
    pipe.load_ip_adapter(
        adapters("sd15"),
        subfolder="models",
        weight_name="ip-adapter_sd15.safetensors",
        image_encoder_folder="models/image_encoder",
    )
    pipe.set_progress_bar_config(disable=True)
    return pipe


def test_references_are_not_mixed_between_the_pictures_of_a_batch(sd15: Engine) -> None:
    grid = looking(recipe_for(sd15, noise=seed_noise(1, 4), steps=2), "figure", A, B)
    together = draw(batched(sd15, size=4), grid)
    assert max(map(distance, together, draw(sd15, grid))) < 0.5


def test_a_worn_adapter_wants_images_and_ours_is_taken_off(worn: Any, sd15: Engine) -> None:
    with pytest.raises((TypeError, ValueError)):
        worn("an apple", num_inference_steps=1, width=64, height=64)
    assert isinstance(sd15.conditioning.references, References)
    assert sd15.pipe.unet.encoder_hid_proj is None
    draw(sd15, recipe_for(sd15, steps=1))


def test_views_share_a_sampler_and_ours_is_new_for_every_run(sd15: Engine) -> None:
    pipe = sd15.pipe
    assert type(pipe).from_pipe(pipe).scheduler is pipe.scheduler
    before = vars(pipe.scheduler).copy()
    draw(sd15, recipe_for(sd15, steps=5))
    assert vars(pipe.scheduler).keys() == before.keys()
    assert pipe.scheduler.num_inference_steps == before["num_inference_steps"]
    one, other = (make_scheduler("Euler", pipe.scheduler.config) for _ in range(2))
    assert one is not other


def test_scales_need_one_entry_for_each_adapter_and_ours_has_one_for_each_image(
    worn: Any, sd15: Engine
) -> None:
    with pytest.raises(ValueError, match="scale"):
        worn.set_ip_adapter_scale([0.5, 0.5])
    sees = sd15.conditioning.references
    assert isinstance(sees, References)
    recipe = looking(looking(recipe_for(sd15), "style", A), "figure", A, B)
    sees.learn(recipe, seen)
    with torch.inference_mode(), sees.attach(sees.list_looks(recipe)):
        parts = [sees.unet.attn_processors[name] for name in sees.attentions]
    assert {len(part.scale) for part in parts} == {3}


def test_style_blocks_of_xl_silence_an_adapter_of_sd15_and_ours_are_checked(worn: Any) -> None:
    worn.set_ip_adapter_scale({"up": {"block_0": [0.0, 1.0, 0.0]}})
    parts = [part for part in worn.unet.attn_processors.values() if hasattr(part, "scale")]
    assert parts
    assert not any(scale for part in parts for scale in part.scale)


def test_pipelines_swallow_what_they_do_not_know_and_none_is_called_to_draw(
    sd15: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    named = inspect.signature(type(sd15.pipe).__call__).parameters.values()
    assert any(each.kind is inspect.Parameter.VAR_KEYWORD for each in named)
    monkeypatch.setattr(type(sd15.pipe), "__call__", None)
    draw(sd15, recipe_for(sd15, steps=1))


@pytest.mark.parametrize("strength", [0.001, 0.02, 0.3])
def test_no_strength_is_so_small_that_no_step_is_taken(engines: Engines, strength: float) -> None:
    for engine in (engines("sd15"), engines("z-image")):
        taken: list[int] = []
        asked = recipe_for(engine, steps=4, start=start(strength))
        engine.draw(asked, photograph(), lambda step, *_, into=taken: into.append(step))
        assert taken


def test_strength_is_other_noise_on_flow_models_and_ours_is_the_same(engines: Engines) -> None:
    flow = engines("flux2-klein")
    recipe = recipe_for(flow, steps=8, start=start(0.75), width=1024, height=1024)
    (level, *_) = flow_schedule(flow.family, flow.pipe, recipe).tolist()  # type: ignore[arg-type]
    assert level == pytest.approx(match_flow_level(0.75), abs=1e-4)
    assert abs(level - 0.75) > 0.04


def test_sigmas_of_ones_own_mean_something_else_to_every_sampler() -> None:
    euler = EulerDiscreteScheduler()
    euler.set_timesteps(sigmas=[9.0, 3.0, 0.0])
    assert len(euler.timesteps) == 2
    flow = FlowMatchEulerDiscreteScheduler(shift=3.0)
    flow.set_timesteps(sigmas=[unshift_level(0.5, 3.0)])
    assert flow.sigmas.tolist() == pytest.approx([0.5, 0.0])
    with pytest.raises((TypeError, ValueError)):
        DPMSolverMultistepScheduler().set_timesteps(sigmas=[9.0, 3.0])
    for name in ("Euler", "DPM++ 2M Karras"):
        assert len(schedule(make_scheduler(name, euler.config), 5, 0.5)) == 5


def test_an_interrupt_still_decodes_and_ours_is_an_exception(sd15: Engine) -> None:
    class StoppedError(Exception):
        pass

    decoded: list[object] = []
    hook = sd15.pipe.vae.decoder.register_forward_pre_hook(lambda *given: decoded.append(given))

    def stop(*_: object) -> None:
        raise StoppedError

    try:
        with pytest.raises(StoppedError):
            sd15.draw(recipe_for(sd15), None, stop)
    finally:
        hook.remove()
    assert not decoded


def test_text_models_differ_in_their_inside_and_ours_is_not_asked(
    sd15: Engine, sdxl: Engine
) -> None:
    plain, projected = sd15.pipe.text_encoder, sdxl.pipe.text_encoder_2
    assert isinstance(plain, CLIPTextModel)
    assert isinstance(projected, CLIPTextModelWithProjection)
    assert hasattr(plain, "text_model") != hasattr(projected, "text_model")
    for encoder, words in ((plain, sd15.pipe.tokenizer), (projected, sdxl.pipe.tokenizer_2)):
        show, _ = embed([Tower(words, encoder, layer=-2)], (Phrase(text="an apple"),))
        assert show.tokens.shape[:2] == (1, 77)


def test_slices_are_the_autoencoders_alone_and_ours_decodes_one_by_one(sd15: Engine) -> None:
    assert not hasattr(sd15.pipe, "enable_vae_slicing")
    rows: list[int] = []
    decoder = sd15.pipe.vae.decoder
    hook = decoder.register_forward_pre_hook(lambda _, given: rows.append(len(given[0])))
    try:
        draw(
            batched(sd15, size=4),
            recipe_for(sd15, steps=1, noise=seed_noise(1, 4)),
        )
    finally:
        hook.remove()
    assert rows == [1] * 4


def test_backends_of_attention_are_not_heard_by_unets(sd15: Engine) -> None:
    processors = sd15.pipe.unet.attn_processors.values()
    assert not any(hasattr(type(part), "_attention_backend") for part in processors)


def test_plus_signs_and_brackets_are_words(sd15: Engine) -> None:
    def tokens(text: str) -> torch.Tensor:
        tower = Tower(sd15.pipe.tokenizer, sd15.pipe.text_encoder)
        return embed([tower], (Phrase(text=text),))[0].tokens

    for text in ("a c++ book", "hello (world)", "cat-- dog"):
        theirs, _ = sd15.pipe.encode_prompt(text, CPU, 1, False)
        assert torch.equal(tokens(text), theirs)


def test_resamplers_stand_among_the_attentions_and_are_left_there(
    folders: Folders, adapters: Callable[[str], str], sd15: Engine
) -> None:
    pipe = load(find_card("sd15"), str(folders("sd15")), CPU).pipe
    pipe.load_ip_adapter(
        adapters("sd15"),
        subfolder="models",
        weight_name="ip-adapter-plus_sd15.safetensors",
        image_encoder_folder="models/image_encoder",
    )
    assert any(name.startswith("encoder_hid_proj") for name in pipe.unet.attn_processors)
    assert isinstance(sd15.conditioning.references, References)
    assert not any(
        name.startswith("encoder_hid_proj") for name in sd15.conditioning.references.attentions
    )


def test_klein_has_no_automatic_inpainting_and_draws_into_pictures_here(engines: Engines) -> None:
    # It imports every pipeline, so not where all processes of tests collect them.
    from diffusers import AutoPipelineForInpainting  # noqa: PLC0415

    klein = engines("flux2-klein")
    with pytest.raises(ValueError, match="Flux2Klein"):
        AutoPipelineForInpainting.from_pipe(klein.pipe)


def test_xl_starts_from_images_at_the_refiners_strength_and_ours_is_the_recipes(
    sdxl: Engine,
) -> None:
    usual = inspect.signature(StableDiffusionXLImg2ImgPipeline.__call__).parameters["strength"]
    assert usual.default == 0.3
    one, other = (draw(sdxl, recipe_for(sdxl, start=start(s)))[0] for s in (0.3, 0.75))
    assert not same(one, other)


def test_words_and_what_to_avoid_may_be_of_any_length(sd15: Engine) -> None:
    pipe, long = sd15.pipe, "many words about a red apple " * 20
    short, _ = pipe.encode_prompt("an apple", CPU, 1, False)
    with pytest.raises(ValueError, match="shape"):
        pipe(prompt_embeds=torch.cat([short, short], 1), negative_prompt_embeds=short)
    shown, avoided = embed(
        [Tower(pipe.tokenizer, pipe.text_encoder)], (Phrase(text=long),), Phrase(text="blue")
    )
    assert shown.tokens.shape == avoided.tokens.shape
