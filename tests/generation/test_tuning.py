"""Settings of a model's own, in a file beside it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import save_file

from generation.catalogue.card import Capability
from generation.catalogue.families import find_card, find_known
from generation.catalogue.served import list_served
from generation.catalogue.tuning import Tuning, TuningError, find_tuning, read_tuning, tune
from generation.families import sd15
from generation.families.load import load
from generation.families.model_error import ModelError
from generation.recipe import Phrase, Span
from generation.sampling.samplers import make_scheduler
from prompt.reading.grammar import parse
from prompt.resolution.resolve import resolve
from prompt.resolution.wording import lead_with
from storage.settings import Settings
from tests.generation.loras import build_lora
from tests.generation.samples import recipe_for
from tests.generation.single_files import write_header
from tests.generation.test_families import draw, same
from tests.generation.test_single_files import BIG, CLIP_XL, IN, VAE, XL
from tests.recipes import change

SAID = """
title = "Pony"
steps = 24
guidance = 7
sampler = "Euler a"
spacing = "trailing"
side = 768
words = "score_9, score_8_up"
avoid = "blurry"
trigger = "rating_safe"
licence = "Fair AI"
"""


def settings(**chosen: Any) -> Settings:
    return Settings(_env_file=None, **chosen)  # type: ignore[call-arg]


@pytest.fixture
def pony(tmp_path: Path) -> Path:
    """A single file of XL with settings of its own beside it."""
    (tmp_path / "pony.toml").write_text(SAID, encoding="utf-8")
    return write_header(tmp_path / "pony.safetensors", f"{IN}:320x4x3x3", XL, CLIP_XL, BIG, VAE)


def test_what_a_file_says_goes_before_its_familys_card(pony: Path) -> None:
    (one,) = list_served(settings(model=str(pony))).values()
    card = one.card
    assert (one.tuning, card.called, card.title, card.id) == ("pony.toml", "pony", "Pony", "sdxl")
    assert (card.steps, card.guidance, card.sampler, card.side) == (24, 7.0, "Euler a", 768)
    assert (card.spacing, card.avoided, card.licence) == ("trailing", "blurry", "Fair AI")
    recipe = resolve(parse("a (red:1.3) cat"), card, model=one.model, seed=1).recipe
    (phrase,) = recipe.conditions.phrases
    assert phrase.text == "score_9, score_8_up, a red cat"
    (span,) = phrase.spans
    assert phrase.text[span.start : span.end] == "red"
    assert recipe.conditions.negative.text == "blurry"
    assert (recipe.sampling.steps, recipe.size.width) == (24, 768)
    assert (recipe.prompt, recipe.model) == ("a (red:1.3) cat", "pony")


def test_settings_lie_beside_a_model_or_in_the_data_folder(pony: Path, tmp_path: Path) -> None:
    data = tmp_path / "data"
    (data / "models").mkdir(parents=True)
    (data / "models" / "photo.toml").write_text("steps = 9\n")
    models = list_served(settings(models="Photo=acme/xl@1", data=data))
    assert models["photo"].card.steps == 9
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "easel.toml").write_text('family = "sdxl-lightning"\n')
    assert find_tuning(str(folder), "any", data) == folder / "easel.toml"
    assert list_served(settings(model=str(folder), data=data))["sdxl-lightning"].card.distilled
    assert find_tuning(str(pony), "photo", data) == pony.with_suffix(".toml")
    assert find_tuning("acme/other", "other", data) is None


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("steps = ", "own.toml is no TOML file"),
        ("stepps = 9", "own.toml has no setting stepps; it may have family, title"),
        ("steps = 0", "own.toml has a steps that will not do: it should be greater than or equal"),
        ("steps = 1.5", "own.toml has a steps that will not do"),
        ('steps = "9"', "own.toml has a steps that will not do: it should be a valid integer"),
        ("guidance = 99", "own.toml has a guidance that will not do"),
        ('sampler = "Heun"', "own.toml has no sampler Heun for Stable Diffusion XL; take DPM"),
        ('spacing = "even"', "own.toml has a spacing that will not do"),
        ("side = 1001", "own.toml has a side that is no multiple of 8"),
        ("rescale = 2", "own.toml has a rescale that will not do"),
        ("clip_skip = 3", "own.toml has a clip_skip, which Stable Diffusion XL has not"),
    ],
)
def test_what_cannot_be_used_is_one_sentence(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "own.toml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(TuningError) as caught:
        tune(find_card("sdxl"), read_tuning(file), file.name)
    assert str(caught.value).startswith(says)
    assert "\n" not in str(caught.value)


def test_nothing_said_changes_nothing() -> None:
    for card in (find_card("sdxl"), find_card("flux1-dev"), find_known("sdxl-anime")):
        assert tune(card, Tuning(), "any.toml") == card


def test_to_avoid_nothing_is_to_say_something() -> None:
    assert not tune(find_known("sdxl-anime"), Tuning(avoid=""), "any.toml").avoided


@pytest.mark.parametrize(("guidance", "guided"), [(1.0, False), (1.5, True)])
def test_few_step_merges_are_drawn_with_little_guidance_or_none(
    guidance: float, guided: bool
) -> None:
    card = tune(find_card("sdxl"), Tuning(steps=8, guidance=guidance), "any.toml")
    assert (Capability.GUIDANCE in card.capabilities) == guided
    assert (Capability.NEGATIVE in card.capabilities) == guided


@given(st.text(min_size=1, max_size=20), st.data())
def test_words_before_a_phrase_move_its_weights_along(text: str, data: st.DataObject) -> None:
    start = data.draw(st.integers(0, len(text) - 1))
    end = data.draw(st.integers(start + 1, len(text)))
    phrase = Phrase(text=text, spans=(Span(start=start, end=end, weight=1.2),), breaks=(end,))
    led = lead_with("best quality", phrase)
    (span,) = led.spans
    assert led.text[span.start : span.end] == text[start:end]
    assert led.text.endswith(text)
    assert lead_with("best quality", led) == led


def test_contrast_is_taken_back_as_diffusers_does_it(folders: Callable[[str], Path]) -> None:
    engine = load(find_card("sd15"), str(folders("sd15")), torch.device("cpu"))
    card = tune(find_card("sd15"), Tuning(rescale=0.7), "any.toml")
    asked = resolve(parse("a red apple"), card, model="m", seed=1).recipe
    assert asked.sampling.rescale == 0.7
    recipe = change(recipe_for(engine), rescale=0.7)
    pipe = engine.pipe
    sampler = make_scheduler(recipe.sampling.sampler, pipe.scheduler.config)
    view = type(pipe).from_pipe(pipe, scheduler=sampler)
    view.set_progress_bar_config(disable=True)
    theirs = view(
        recipe.prompt,
        width=64,
        height=64,
        num_inference_steps=recipe.sampling.steps,
        guidance_scale=recipe.sampling.guidance,
        guidance_rescale=0.7,
        generator=torch.Generator().manual_seed(recipe.noise[0].seed),
    ).images[0]
    assert same(draw(engine, recipe)[0], theirs)
    assert not same(draw(engine, recipe_for(engine))[0], theirs)


def test_an_earlier_layer_of_clip_is_read(
    folders: Callable[[str], Path],
) -> None:
    folder = folders("sd15")
    engine = load(find_card("sd15"), str(folder), torch.device("cpu"))
    card = tune(find_card("sd15"), Tuning(clip_skip=2), "any.toml")
    recipe = resolve(parse("a red apple"), card, model="m", seed=1).recipe
    assert recipe.conditions.clip_skip == 2
    asked = replace(recipe_for(engine), conditions=recipe.conditions)
    ours = sd15.encode(engine.pipe, asked, engine.texts).tokens
    # What diffusers' pipeline does with a clip_skip of 1, which counts the layers left out.
    words, encoder = engine.pipe.tokenizer, engine.pipe.text_encoder
    ids = words("a red apple", padding="max_length", return_tensors="pt").input_ids
    layer = encoder(ids, output_hidden_states=True).hidden_states[-2]
    assert torch.equal(ours[-1:], encoder.final_layer_norm(layer))


def test_an_embedding_is_a_word_as_diffusers_reads_it(
    folders: Callable[[str], Path], tmp_path: Path
) -> None:
    torch.manual_seed(3)
    save_file({"emb_params": torch.randn(3, 32)}, tmp_path / "Moody.safetensors")
    (tmp_path / "own.toml").write_text('embeddings = ["Moody.safetensors"]\n', encoding="utf-8")
    card = tune(find_card("sd15"), read_tuning(tmp_path / "own.toml"), "own.toml")
    engine = load(card, str(folders("sd15")), torch.device("cpu"))
    recipe = change(recipe_for(engine), phrases=(Phrase(text="a Moody apple"),))
    ours = sd15.encode(engine.pipe, recipe, engine.texts).tokens
    show, avoid = engine.pipe.encode_prompt("a moody apple", torch.device("cpu"), 1, True)
    assert torch.equal(ours, torch.cat([avoid, show]))
    plain = load(find_card("sd15"), str(folders("sd15")), torch.device("cpu"))
    assert not torch.equal(ours, sd15.encode(plain.pipe, recipe, plain.texts).tokens)
    narrow = replace(card, embeddings=(str(tmp_path / "Narrow.safetensors"),))
    save_file({"emb_params": torch.randn(3, 16)}, tmp_path / "Narrow.safetensors")
    with pytest.raises(ModelError, match="the embedding Narrow of the model's settings"):
        load(narrow, str(folders("sd15")), torch.device("cpu"))


def test_a_lora_becomes_a_part_of_the_model(folders: Callable[[str], Path], tmp_path: Path) -> None:
    folder = folders("sd15")
    plain = load(find_card("sd15"), str(folder), torch.device("cpu"))
    file = build_lora(tmp_path / "few.safetensors", plain.pipe)
    own = replace(find_card("sd15"), worn=f"{file}|0.5")
    worn = load(own, str(folder), torch.device("cpu"))
    recipe = recipe_for(plain)
    assert not same(draw(worn, recipe)[0], draw(plain, recipe)[0])
    assert not any("lora" in name for name, _ in worn.pipe.unet.named_modules())
