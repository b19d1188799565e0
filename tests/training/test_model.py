"""The whole model, made in seconds, through the pipelines that the product uses."""

import json
import shutil
from itertools import pairwise
from pathlib import Path

import pytest
import torch
from diffusers import (
    AutoencoderKL,
    StableDiffusionPipeline,
    T2IAdapter,
    UNet2DConditionModel,
)
from PIL import Image
from torch import Tensor

from generation.catalogue.families import find_card
from generation.conditioning.controlnet import OWN
from generation.families.load import load
from tests.generation.samples import recipe_for
from tests.training.conftest import SHORT, TWO
from training import publish
from training.adapters import NAMES, TOKENS, Denoiser
from training.adopt import adopt
from training.export import ADAPTERS, load_denoiser
from training.pictures import Painter
from training.plan import CHANNELS, SIZES, WIDTH, WINDOW, Options, StoppedError
from training.pool import build_pool
from training.run import run
from training.sketch import build_sketches
from training.tokenizer import load_tokenizer, tokenize
from training.towers import build_text, trim
from training.unet import build_scheduler, tell, train_unet, velocity_loss
from training.vae import build_vae, crops, whiten
from training.world import World

SIZE = SIZES["tiny"]


def test_the_tokenizer_knows_common_words_and_fills_the_window() -> None:
    tokens = load_tokenizer().tokenize("a blue car on a green background, 3d style")
    assert [t.removesuffix("</w>") for t in tokens][:4] == ["a", "blue", "car", "on"]
    ids = tokenize(["a", "word " * 99])
    assert ids.shape == (2, WINDOW)
    end = load_tokenizer().eos_token_id
    assert ids[0, 2:].eq(end).all()
    assert ids[1, -1] == end


def test_trimming_padding_does_not_change_what_is_read() -> None:
    text = build_text(SIZE).eval()
    ids = tokenize(["a red apple", "a very blue car in the green garden"])
    short = trim(ids)
    assert short.shape[1] < WINDOW
    with torch.no_grad():
        long, cut = (text(input_ids=i).pooler_output for i in (ids, short))
    torch.testing.assert_close(long, cut, atol=1e-5, rtol=1e-4)


def test_whitening_changes_latents_but_no_picture(world: World) -> None:
    vae = build_vae(SIZE).eval()
    pictures = crops(world.drawings, 4, 128)
    with torch.no_grad():
        before = vae.encode(pictures).latent_dist.mean
        shown = vae.decode(before).sample
        whiten(vae, before)
        after = vae.encode(pictures).latent_dist
        torch.testing.assert_close(vae.decode(after.mean).sample, shown, atol=1e-3, rtol=1e-3)
    torch.testing.assert_close(after.mean.mean((0, 2, 3)), torch.zeros(CHANNELS), atol=1e-3, rtol=0)
    torch.testing.assert_close(after.mean.std((0, 2, 3)), torch.ones(CHANNELS), atol=1e-2, rtol=0)
    assert after.std.max() < 1e-5


def random_denoiser() -> Denoiser:
    torch.manual_seed(1)
    return Denoiser(SIZE).eval()


def references(count: int) -> Tensor:
    return torch.cat([torch.randn(1, count, WIDTH), torch.ones(1, count, 1)], -1)


@torch.no_grad()
def test_trained_adapters_are_what_diffusers_loads() -> None:
    denoiser = random_denoiser()
    style, content = references(1), references(2)
    latents, states = torch.randn(1, CHANNELS, 16, 16), torch.randn(1, WINDOW, WIDTH)
    wanted = denoiser(latents, torch.tensor([500]), states, style[:, 0], content)
    unet: UNet2DConditionModel = denoiser.plain_unet(SIZE)
    halves = []
    for name in NAMES:
        parts: dict[str, dict[str, Tensor]] = {"image_proj": {}, "ip_adapter": {}}
        for key, value in denoiser.adapter(name).items():
            kind, _, rest = key.partition(".")
            parts[kind][rest] = value
        halves.append(parts)
    unet._load_ip_adapter_weights(halves)
    told = {"image_embeds": [style[..., :WIDTH], content[..., :WIDTH]]}
    made = unet(latents, 500, states, added_cond_kwargs=told).sample
    torch.testing.assert_close(made, wanted, atol=1e-4, rtol=1e-4)


@torch.no_grad()
def test_no_reference_means_no_adapter_and_the_same_twice_means_once() -> None:
    denoiser = random_denoiser()
    latents, states = torch.randn(1, CHANNELS, 16, 16), torch.randn(1, WINDOW, WIDTH)
    times = torch.tensor([300])
    absent = torch.zeros(1, 2, WIDTH + 1)
    made = denoiser(latents, times, states, absent[:, 0], absent)
    plain = denoiser.plain_unet(SIZE)(latents, times, states).sample
    torch.testing.assert_close(made, plain, atol=1e-5, rtol=1e-5)
    twice = references(1).expand(1, 2, -1)
    joined = denoiser(latents, times, states, absent[:, 0], twice)
    assert not torch.allclose(joined, plain, atol=1e-3)


def test_the_schedule_ends_in_pure_noise() -> None:
    scheduler = build_scheduler()
    assert scheduler.alphas_cumprod[-1] < 1e-6
    scheduler.set_timesteps(10)
    assert scheduler.timesteps[0] == 999


def test_a_perfect_velocity_costs_nothing() -> None:
    latents = torch.randn(8, CHANNELS, 16, 16)
    kept = build_scheduler().alphas_cumprod

    def knows(noisy: Tensor, times: Tensor, *_: Tensor) -> Tensor:
        signal = kept[times].view(-1, 1, 1, 1)
        noise = (noisy - signal.sqrt() * latents) / (1 - signal).sqrt().clamp_min(1e-3)
        velocity: Tensor = signal.sqrt() * noise - (1 - signal).sqrt() * latents
        return velocity

    assert velocity_loss(knows, latents, (latents,) * 3, kept).item() < 1e-4
    assert velocity_loss(lambda noisy, *_: noisy, latents, (latents,) * 3, kept).item() > 0.1


def test_every_stage_leaves_its_records(made: Options) -> None:
    for stage in ("vae", "decoder", "towers", "unet", "preview", "upscaler", "judges"):
        assert (made.out / stage / "loss.csv").exists()
    assert (made.out / "vae" / "sheet.png").exists()
    assert (made.out / "export.png").exists()
    report = json.loads((made.out / "evaluate" / "report.json").read_text())
    assert report["text"]["pictures"] == made.size.measured
    assert [at for at, _ in report["strength"]["difference"]] == [*TWO["_STRENGTHS"]]
    for control in ("strength", "style", "content", "blend"):
        assert (made.out / "evaluate" / f"{control}.png").exists()


def test_a_second_run_has_nothing_to_do(made: Options) -> None:
    before = {path: path.stat().st_mtime_ns for path in made.out.rglob("*")}
    run(made)
    assert {path: path.stat().st_mtime_ns for path in made.out.rglob("*")} == before


def test_an_eighth_is_told_nothing(made: Options) -> None:
    pool = build_pool(made)
    assert pool.latents.shape == (SHORT.pool, CHANNELS, 16, 16)
    rows = torch.arange(SHORT.pool).repeat(160)
    states, style, content = tell(pool, rows)
    silent = (states == pool.states[0].float()).flatten(1).all(1)
    assert 0.09 < silent[pool.caption[rows] != 0].float().mean() < 0.15
    for told, asked in ((style, pool.style[rows]), (content[:, 0], pool.content[rows])):
        assert torch.equal(told[:, -1] == 1, asked >= 0)
        assert not told[asked < 0].any()
        hidden = (told[asked >= 0][:, :-1] == 0).all(1)
        assert 0.05 < hidden.float().mean() < 0.2


def test_the_export_is_plain_and_loads_with_nothing_special(made: Options) -> None:
    pipeline = StableDiffusionPipeline.from_pretrained(made.out / "export", safety_checker=None)
    assert isinstance(pipeline.vae, AutoencoderKL)
    assert pipeline.vae.config.scaling_factor == 1
    assert pipeline.scheduler.config.prediction_type == "v_prediction"
    image = pipeline("a red apple", num_inference_steps=2).images[0]
    assert image.size == (128, 128)
    for config in (made.out / "export").glob("*/*.json"):
        assert str(made.out) not in config.read_text()
    for file in (*ADAPTERS.values(),):
        assert (made.out / "export" / "ip_adapter" / file).exists()


def test_the_product_loads_the_export_with_previews_and_upscaler(made: Options) -> None:
    engine = load(find_card("easel"), str(made.out / "export"), torch.device("cpu"))
    assert engine.upscalers.own is not None
    grey = Image.new("RGB", (16, 24))
    assert engine.enlarge([grey], recipe_for(engine))[0].size == (64, 96)
    with torch.inference_mode():
        assert engine.preview(torch.zeros(1, CHANNELS, 16, 16))[0].size == (128, 128)


def test_training_goes_on_from_an_export(made: Options, tmp_path: Path) -> None:
    adopt(made.out / "export", tmp_path, SIZE)
    shutil.copytree(made.out / "pool", tmp_path / "pool")
    given = Options(out=tmp_path, size=SHORT, artwork=made.artwork, minutes=0.001)
    old, new = (load_denoiser(which).state_dict() for which in (made, given))
    assert old.keys() == new.keys()
    for name, weight in old.items():
        torch.testing.assert_close(new[name], weight, atol=1e-3, rtol=1e-3)
    train_unet(given, given.minutes)
    assert (tmp_path / "unet" / "loss.csv").exists()


def test_the_export_carries_its_credits(made: Options) -> None:
    licences = (made.out / "export" / "LICENSES.md").read_text()
    card = (made.out / "export" / "README.md").read_text()
    for artist in ("Microsoft", "Google", "Twitter", "Mozilla", "Emoji One"):
        assert artist in licences
        assert artist in card
    assert "real pictures (ceiling): thing:" in card
    assert "Apache License" in (made.out / "export" / "Apache-2.0.txt").read_text()


@pytest.fixture(scope="module")
def painter(made: Options) -> Painter:
    return Painter(made.out / "export", "cpu", steps=3)


def spread(pictures: list[Tensor]) -> float:
    return min((a - b).abs().mean().item() for a, b in pairwise(pictures))


def test_different_references_give_different_pictures_from_the_same_noise(
    painter: Painter, world: World
) -> None:
    shown = painter.look(world.render(torch.tensor([0, 9, 17]), torch.ones(3, 3)))
    assert shown.shape == (3, 1, WIDTH)
    by_content = [painter.draw([""], content=one[None]) for one in shown]
    by_style = [painter.draw([""], style=one[None]) for one in shown]
    again = painter.draw([""], content=shown[0][None])
    assert torch.equal(again, by_content[0])
    assert spread(by_content) > 1e-4
    assert spread(by_style) > 1e-4
    assert spread([by_content[0], painter.draw([""], content=shown[:1], scales=(0, 0))]) > 1e-4


def test_text_and_strength_matter(painter: Painter, world: World) -> None:
    words = [painter.draw([text], seed=2) for text in ("a red apple", "line art", "")]
    assert spread(words) > 1e-4
    picture = world.render(torch.tensor([0]), torch.ones(1, 3))[0]
    little, much = (
        painter.draw(["a car"], picture=picture, strength=strength) for strength in (0.34, 1.0)
    )
    assert not torch.allclose(little, much, atol=1e-3)


def test_a_member_of_a_batch_is_what_it_is_alone(painter: Painter) -> None:
    batch = painter.draw(["a car", "a red apple"], seed=5)
    alone = painter.draw(["a red apple"], seed=6)
    torch.testing.assert_close(batch[1:], alone, atol=1e-3, rtol=0)


def test_a_session_that_is_over_stops_before_the_next_stage(pack: Path, tmp_path: Path) -> None:
    given = Options(out=tmp_path, size=SIZE, artwork=pack, minutes=0.1)
    given.session.ends = 0
    with pytest.raises(StoppedError):
        run(given)
    assert not (tmp_path / "vae.done").exists()


def test_adapters_have_four_tokens() -> None:
    made = random_denoiser().adapter("style")
    assert made["image_proj.proj.weight"].shape == (TOKENS * WIDTH, WIDTH)
    assert "ip_adapter.1.to_k_ip.weight" in made


def test_what_was_made_goes_into_the_project(
    made: Options, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publish, "BUNDLED", tmp_path / "weights" / "easel-1")
    monkeypatch.setattr(publish, "JUDGE", tmp_path / "weights" / "judge-1")
    monkeypatch.setattr(publish, "PAGE", tmp_path / "docs" / "model.md")
    (tmp_path / "docs").mkdir()
    publish.publish(made.out)
    assert (tmp_path / "weights/easel-1/unet/diffusion_pytorch_model.safetensors").exists()
    assert (tmp_path / "weights/easel-1/LICENSES.md").exists()
    kept = {path.name for path in (tmp_path / "weights/judge-1").iterdir()}
    assert kept == {"judge.safetensors", "labels.json", "thresholds.json"}
    page = (tmp_path / "docs/model.md").read_text()
    assert "| real pictures (ceiling) |" in page
    assert "![blend](model/blend.png)" in page
    with Image.open(tmp_path / "docs/model/prompts.webp") as sheet:
        assert sheet.width == 10 * 128


def test_the_export_brings_the_sketches_adapter(made: Options) -> None:
    trained = T2IAdapter.from_pretrained(made.out / "sketch" / "model").state_dict()
    exported = T2IAdapter.from_pretrained(made.out / "export" / OWN).state_dict()
    assert all(torch.allclose(trained[k], exported[k].float(), atol=1e-2) for k in trained)
    engine = load(find_card("easel"), str(made.out / "export"), torch.device("cpu"))
    assert engine.conditioning.structures is not None
    assert set(engine.conditioning.structures.networks) == {"scribble", "lineart", "canny"}


def test_sketches_are_drawn_once(made: Options) -> None:
    file = made.out / "sketch" / "sketches.pt"
    before = file.stat().st_mtime_ns
    sketches = build_sketches(made)
    assert len(sketches.latents) == len(sketches.lines) == len(sketches.caption)
    assert sketches.lines.dtype == torch.uint8
    assert file.stat().st_mtime_ns == before
