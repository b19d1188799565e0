"""Models in one file: which they are, what draws with them, what is said of all others."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from generation.catalogue.checkpoints import choose_card, list_files, name_model
from generation.catalogue.families import UnknownFamilyError, find_card
from generation.catalogue.headers import WeightsError, read_header
from generation.catalogue.parts import list_faults
from generation.catalogue.served import list_passed_over, list_served
from generation.catalogue.signatures import Signature, read_signature
from generation.families.clip_words import make_tokenizer
from generation.families.load import load
from generation.families.model_error import ModelError
from generation.sampling.engine import Engine
from storage.settings import Settings
from tests.generation.samples import recipe_for
from tests.generation.single_files import build_twins, write_header, write_transformer
from tests.generation.test_families import draw, same

CPU = torch.device("cpu")

Twins = Callable[[str], tuple[Path, Path]]
Folders = Callable[[str], Path]


@pytest.fixture(scope="module")
def twins(tmp_path_factory: pytest.TempPathFactory) -> Twins:
    """A single file and its folder, of a family; built when first asked for."""
    built: dict[str, tuple[Path, Path]] = {}

    def twins_of(family: str) -> tuple[Path, Path]:
        if family not in built:
            built[family] = build_twins(family, tmp_path_factory.mktemp(family))
        return built[family]

    return twins_of


@pytest.fixture(scope="module")
def of_file(twins: Twins) -> Callable[[str], Engine]:
    """What draws by the single file of a family, loaded when first asked for."""
    return cache(lambda family: load(find_card(family), str(twins(family)[0]), CPU))


def test_clips_vocabulary_is_that_of_the_published_models() -> None:
    # Numbers that anybody can read in the published vocab.json.
    read = make_tokenizer()("a photo of a cat").input_ids
    assert read == [49406, 320, 1125, 539, 320, 2368, 49407]
    assert make_tokenizer("!").pad_token_id == 0


@pytest.mark.parametrize("family", ["sd15", "sdxl"])
def test_a_file_draws_what_its_folder_draws(
    twins: Twins, of_file: Callable[[str], Engine], family: str
) -> None:
    file, folder = twins(family)
    chosen = choose_card(str(file))
    assert (chosen.id, name_model(str(file), chosen)) == (family, f"one-{family}")
    assert chosen == find_card(family)
    one, other = of_file(family), load(chosen, str(folder), CPU)
    for sampler in ("DPM++ 2M Karras", "Euler a"):
        recipe = recipe_for(other, sampler=sampler)
        assert same(draw(one, recipe)[0], draw(other, recipe)[0])


def test_an_ending_in_capitals_is_read(twins: Twins, tmp_path: Path) -> None:
    file = tmp_path / "ONE.SAFETENSORS"
    file.symlink_to(twins("sd15")[0])
    assert load(choose_card(str(file)), str(file), CPU)


def test_a_file_that_predicts_velocity_is_drawn_so(twins: Twins, tmp_path: Path) -> None:
    file = tmp_path / "velocity.safetensors"
    marks = {"v_pred": torch.zeros(0), "ztsnr": torch.zeros(0)}
    save_file(load_file(twins("sd15")[0]) | marks, file)
    chosen = choose_card(str(file))
    assert (chosen.sampler, chosen.guidance) == ("Euler", 5.0)
    config = load(chosen, str(file), CPU).pipe.scheduler.config
    assert config["prediction_type"] == "v_prediction"
    assert (config["rescale_betas_zero_snr"], config["timestep_spacing"]) == (True, "trailing")


def test_an_autoencoder_of_its_own_takes_the_place(
    twins: Twins, of_file: Callable[[str], Engine], tmp_path: Path
) -> None:
    weights = load_file(twins("sd15")[0])
    bare, vae = tmp_path / "bare.safetensors", tmp_path / "vae.safetensors"
    save_file({k: one for k, one in weights.items() if not k.startswith("first_stage")}, bare)
    own = {k.removeprefix("first_stage_model."): one for k, one in weights.items()}
    own = {
        k: one for k, one in own.items() if k.startswith(("encoder.", "decoder.", "quant", "post"))
    }
    save_file(own, vae)
    chosen = choose_card(str(bare))
    with pytest.raises(ModelError, match=r"bare\.safetensors has no autoencoder; name one as vae"):
        load(chosen, str(bare), CPU)
    mended = load(replace(chosen, vae=str(vae)), str(bare), CPU)
    whole = of_file("sd15")
    recipe = recipe_for(whole)
    assert same(draw(mended, recipe)[0], draw(whole, recipe)[0])


@pytest.mark.parametrize("family", ["flux2-klein", "flux2-dev", "z-image", "qwen-image-edit"])
def test_a_transformers_file_draws_beside_what_lends_the_rest(
    folders: Folders, engines: Callable[[str], Engine], tmp_path: Path, family: str
) -> None:
    folder = folders(family)
    file = write_transformer(family, folder, tmp_path / "one.safetensors")
    chosen = choose_card(str(file))
    assert chosen.id == family
    with pytest.raises(ModelError, match=f"`easel models fetch {family} --around` fetches"):
        load(chosen, str(file), CPU)
    # Of the lender nothing is read that the file brings.
    lender = tmp_path / "lender"
    shutil.copytree(folder, lender)
    (lender / "transformer" / "diffusion_pytorch_model.safetensors").unlink()
    one = load(replace(chosen, base=str(lender)), str(file), CPU)
    other = engines(family)
    recipe = recipe_for(other, guidance=other.card.guidance)
    mine, theirs = (each.pipe.transformer.state_dict() for each in (one, other))
    assert mine.keys() == theirs.keys()
    assert all(torch.equal(mine[key], theirs[key]) for key in mine)
    assert same(draw(one, recipe)[0], draw(other, recipe)[0])


def test_a_file_with_a_part_missing_is_one_sentence(twins: Twins, tmp_path: Path) -> None:
    weights = load_file(twins("sd15")[0])
    weights.pop("model.diffusion_model.middle_block.0.in_layers.2.weight")
    save_file(weights, tmp_path / "part.safetensors")
    with pytest.raises(ModelError, match="could not be loaded: its tensors are not those of"):
        load(find_card("sd15"), str(tmp_path / "part.safetensors"), CPU)


def test_layers_that_nothing_takes_are_not_left_out_in_silence(
    twins: Twins, tmp_path: Path
) -> None:
    weights = load_file(twins("sd15")[0])
    deeper = "model.diffusion_model.output_blocks.3.1.transformer_blocks.1.norm1.weight"
    save_file(weights | {deeper: torch.zeros(32)}, tmp_path / "deep.safetensors")
    with pytest.raises(ModelError, match="its UNet has layers that Stable Diffusion"):
        load(find_card("sd15"), str(tmp_path / "deep.safetensors"), CPU)


IN = "model.diffusion_model.input_blocks.0.0.weight"
CROSS = "model.diffusion_model.input_blocks.4.1.transformer_blocks.0.attn2.to_k.weight"
CLIP = "cond_stage_model.transformer.text_model.embeddings.position_embedding.weight"
XL = "model.diffusion_model.label_emb.0.0.weight"
CLIP_XL = "conditioner.embedders.0.transformer.text_model.embeddings.position_embedding.weight"
BIG = "conditioner.embedders.1.model.positional_embedding"
VAE = "first_stage_model.decoder.conv_in.weight"

KNOWN = [
    ([f"{IN}:320x4x3x3", CLIP, VAE], Signature("sd15")),
    (
        [f"{IN}:320x4x3x3", f"{CROSS}:640x768"],
        Signature("sd15", lacks=("text encoder", "autoencoder")),
    ),
    ([f"{IN}:320x8x3x3", CLIP, VAE], Signature("instruct-pix2pix")),
    ([f"{IN}:320x4x3x3", CLIP], Signature("sd15", lacks=("autoencoder",))),
    ([f"{IN}:320x4x3x3", XL, CLIP_XL, BIG, VAE], Signature("sdxl")),
    ([f"{IN}:320x4x3x3", XL, CLIP_XL, BIG, VAE, "v_pred"], Signature("sdxl", velocity=True)),
    (
        [f"{IN}:320x4x3x3", XL, CLIP_XL, BIG, VAE, "ztsnr"],
        Signature("sdxl", velocity=True, terminal=True),
    ),
    (
        [
            "double_blocks.0.img_attn.qkv.weight",
            "img_in.weight:3072x64",
            "guidance_in.in_layer.bias",
        ],
        Signature("flux1-dev", whole=False),
    ),
    (
        ["model.diffusion_model.double_blocks.0.img_attn.qkv.weight"],
        Signature("flux1-schnell", whole=False),
    ),
    (
        ["double_blocks.0.img_attn.qkv.weight", "distilled_guidance_layer.in_proj.bias"],
        Signature("chroma", whole=False),
    ),
    (["single_stream_modulation.lin.weight"], Signature("flux2-klein", whole=False)),
    (
        ["single_stream_modulation.lin.weight", "guidance_in.in_layer.weight"],
        Signature("flux2-dev", whole=False),
    ),
    (
        ["noise_refiner.0.a", "cap_embedder.0.weight", "layers.0.adaLN_modulation.0.weight"],
        Signature("z-image", whole=False),
    ),
]


@pytest.mark.parametrize(("names", "expected"), KNOWN)
def test_what_a_file_is_stands_in_its_header(
    tmp_path: Path, names: list[str], expected: Signature
) -> None:
    assert read_signature(write_header(tmp_path / "any.safetensors", *names)) == expected


UNDRAWN = [
    ([f"{IN}:320x9x3x3", CLIP, VAE], "an inpainting model"),
    ([f"{IN}:320x8x3x3", XL, CLIP_XL, BIG, VAE], "an instruct-pix2pix model of Stable Diff"),
    ([f"{IN}:320x5x3x3", CLIP, VAE], "a depth-to-image model"),
    ([f"{IN}:320x4x3x3", "cond_stage_model.model.positional_embedding"], "Stable Diffusion 2"),
    ([f"{IN}:320x4x3x3", f"{CROSS}:640x1024"], "Stable Diffusion 2"),
    ([f"{IN}:384x4x3x3", XL, "conditioner.embedders.0.model.ln_final.bias"], "SDXL's refiner"),
    ([f"{IN}:320x4x3x3", XL, CLIP_XL, BIG, VAE, "edm_mean"], "Playground 2.5"),
    (["model.diffusion_model.joint_blocks.0.x_block.a"], "Stable Diffusion 3"),
    (["lora_unet_down_blocks_0.lora_down.weight"], "a LoRA"),
    (["transformer.layers.0.to_q.lora_A.weight"], "a LoRA"),
    (["unet.up.hada_w1_a"], "a LoRA"),
    (["control_model.input_hint_block.0.weight"], "a ControlNet"),
    (["image_proj.latents"], "an image adapter"),
    (["emb_params:4x768"], "a textual-inversion embedding"),
    (["clip_l:4x768", "clip_g:4x1280"], "a textual-inversion embedding"),
    ([VAE, "first_stage_model.encoder.conv_in.weight"], "an autoencoder alone"),
    (["decoder.conv_in.weight", "encoder.conv_in.weight"], "an autoencoder alone"),
    (["distilled_guidance_layer.in_proj.bias", "nerf_blocks.0.norm.scale"], "a Chroma that draws"),
    (["double_blocks.0.img_attn.qkv.weight", "img_in.weight:3072x384"], "a FLUX.1 for filling in"),
    (["down_blocks.0.resnets.0.norm1.weight", "conv_in.weight:320x4x3x3"], "a UNet alone"),
    (["text_model.encoder.layers.0.layer_norm1.bias"], "a text encoder alone"),
    (["conv_first.weight"], "an upscaler"),
    (["transformer_blocks.0.attn1.to_q.weight"], "of a family that Easel does not draw with"),
    (["anything.else"], "none of the models that Easel knows"),
    ([f"{IN}:320x4x3x3", CLIP, "a.weight.quant_state.bitsandbytes__nf4"], "quantised"),
]


@pytest.mark.parametrize(("names", "says"), UNDRAWN)
def test_what_is_no_model_to_draw_with_is_named(
    tmp_path: Path, names: list[str], says: str
) -> None:
    file = write_header(tmp_path / "other.safetensors", *names)
    with pytest.raises(WeightsError, match=f"^other.safetensors [^\n]*{says}"):
        choose_card(str(file))


DAMAGED = {
    "pointer": (
        b"version https://git-lfs.github.com/spec/v1\noid sha256:0\n",
        "pointer of Git LFS",
    ),
    "empty": (b"", "empty or cut short"),
    "page": (b"<!DOCTYPE html><html>", "a web page"),
    "json": (b'{"error": "not found"}', "a text file"),
    "zip": (b"PK\x03\x04 a pickle in a zip", "pickled weights"),
    "pickle": (b"\x80\x02}q\x00.", "pickled weights"),
    "gguf": (b"GGUF\x03\x00\x00\x00", "a GGUF file under another ending"),
    "noise": (bytes(range(64)), "no safetensors file"),
    "half a header": ((500).to_bytes(8, "little") + b'{"a": {', "cut short"),
    "no json": ((8).to_bytes(8, "little") + b"notjson!", "damaged or no safetensors file"),
    "no tensors": ((2).to_bytes(8, "little") + b"{}", "no tensors"),
}


@pytest.mark.parametrize("kind", DAMAGED)
def test_a_damaged_file_is_one_sentence(tmp_path: Path, kind: str) -> None:
    data, says = DAMAGED[kind]
    file = tmp_path / "broken.safetensors"
    file.write_bytes(data)
    with pytest.raises(WeightsError, match=f"^broken.safetensors [^\n]*{says}"):
        choose_card(str(file))


def test_a_file_cut_short_by_a_byte_is_told(twins: Twins, tmp_path: Path) -> None:
    file = tmp_path / "short.safetensors"
    file.write_bytes(twins("sd15")[0].read_bytes()[:-1])
    with pytest.raises(WeightsError, match=r"short\.safetensors is cut short by"):
        choose_card(str(file))
    with pytest.raises(ModelError, match="is cut short by"):
        load(find_card("sd15"), str(file), CPU)


@pytest.mark.parametrize("name", ["old.ckpt", "old.gguf", "gone.safetensors"])
def test_a_file_that_is_not_here_or_not_read_is_told(tmp_path: Path, name: str) -> None:
    with pytest.raises(WeightsError, match=f"^{name} "):
        choose_card(str(tmp_path / name))


def test_a_header_is_read_again_where_the_file_changed(tmp_path: Path) -> None:
    file = write_header(tmp_path / "a.safetensors", "one")
    assert set(read_header(file).shapes) == {"one"}
    assert set(read_header(write_header(file, "another")).shapes) == {"another"}


def served(model: str, models: str = "") -> list[str]:
    settings = Settings(_env_file=None, model=model, models=models)  # type: ignore[call-arg]
    return [*list_served(settings)]


def test_a_folder_of_files_is_as_many_models(tmp_path: Path) -> None:
    write_header(tmp_path / "Pony V6.safetensors", f"{IN}:320x4x3x3", XL, CLIP_XL, BIG, VAE)
    write_header(tmp_path / "classic.safetensors", f"{IN}:320x4x3x3", CLIP, VAE)
    write_header(tmp_path / "ink.safetensors", "lora_unet_a.lora_down.weight")
    assert served(str(tmp_path)) == ["pony-v6", "classic"]
    assert served("", str(tmp_path))[-2:] == ["pony-v6", "classic"]
    (says,) = list_passed_over(str(tmp_path))
    assert says == "ink.safetensors is a LoRA, no model; name it in EASEL_LORAS"
    assert served("", f"horse={tmp_path / 'Pony V6.safetensors'}")[-1] == "horse"
    (tmp_path / "model_index.json").write_text("{}")
    assert not list_files(tmp_path)


def test_a_folder_that_holds_no_model_is_one_sentence(tmp_path: Path) -> None:
    write_header(tmp_path / "ink.safetensors", "lora_unet_a.lora_down.weight")
    with pytest.raises(WeightsError, match=r"ink\.safetensors is a LoRA"):
        served(str(tmp_path))


SPOILT = {
    "a pointer for weights": ("text_encoder/model.safetensors", DAMAGED["pointer"][0], "Git LFS"),
    "weights cut short": ("vae/diffusion_pytorch_model.safetensors", None, "cut short"),
    "no weights": ("unet/diffusion_pytorch_model.safetensors", b"", "unet has no weights"),
    "no vocabulary": ("tokenizer/tokenizer.json", b"", "tokenizer has no vocabulary"),
    "an empty vocabulary": (
        "tokenizer/tokenizer.json",
        b'{"model": {"vocab": {"a": 0, "b": 1}}}',
        "tokenizer/tokenizer.json has 2 words",
    ),
    "a pointer for words": ("tokenizer/tokenizer.json", DAMAGED["pointer"][0], "Git LFS"),
}


@pytest.mark.parametrize("kind", SPOILT)
def test_a_damaged_folder_is_told_and_not_loaded(
    folders: Folders, tmp_path: Path, kind: str
) -> None:
    folder = tmp_path / "spoilt"
    shutil.copytree(folders("sd15"), folder)
    assert not list(list_faults(folder))
    name, data, says = SPOILT[kind]
    file = folder / name
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] if data is None else data)
    if data == b"":
        file.unlink()
    assert says in next(list_faults(folder))
    with pytest.raises(ModelError, match=says):
        load(find_card("sd15"), str(folder), CPU)


def test_words_of_another_model_are_told(folders: Folders, tmp_path: Path) -> None:
    folder = tmp_path / "mixed"
    shutil.copytree(folders("sd15"), folder)
    make_tokenizer().save_pretrained(folder / "tokenizer")
    assert "they are of two models" in next(list_faults(folder))
    with pytest.raises(ModelError, match="they are of two models"):
        load(find_card("sd15"), str(folder), CPU)


def test_a_folder_of_half_precision_alone_is_read(folders: Folders, tmp_path: Path) -> None:
    folder = tmp_path / "half"
    shutil.copytree(folders("sd15"), folder)
    for file in folder.glob("*/*.safetensors"):
        half = {name: one.half() for name, one in load_file(file).items()}
        save_file(half, file.with_suffix(".fp16.safetensors"), {"format": "pt"})
        file.unlink()
    assert not list(list_faults(folder))
    engine = load(find_card("sd15"), str(folder), CPU)
    assert draw(engine, recipe_for(engine))


def test_a_quantised_folder_asks_for_what_reads_it(folders: Folders, tmp_path: Path) -> None:
    folder = tmp_path / "quantised"
    shutil.copytree(folders("sd15"), folder)
    config = json.loads((folder / "unet" / "config.json").read_text())
    config["quantization_config"] = {"quant_method": "bitsandbytes", "load_in_4bit": True}
    (folder / "unet" / "config.json").write_text(json.dumps(config))
    with pytest.raises(ModelError, match="unet is quantised with bitsandbytes, which is not"):
        load(find_card("sd15"), str(folder), CPU)


@pytest.mark.parametrize(
    ("part", "stated", "says"),
    [
        ("model_index.json", {"_class_name": "StableDiffusionXLImg2ImgPipeline"}, "refiner"),
        ("model_index.json", {"_class_name": "StableDiffusionInpaintPipeline"}, "inpainting"),
        ("unet/config.json", {"in_channels": 9}, "9 input channels"),
        ("scheduler/scheduler_config.json", {"_class_name": "EDMEulerScheduler"}, "Playground"),
    ],
)
def test_a_folder_of_another_kind_is_named(
    folders: Folders, tmp_path: Path, part: str, stated: dict[str, object], says: str
) -> None:
    for name in ("model_index.json", "unet/config.json", "scheduler/scheduler_config.json"):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        known = json.loads((folders("sd15") / name).read_text())
        file.write_text(json.dumps({**known, **(stated if name == part else {})}))

    with pytest.raises(UnknownFamilyError, match=says):
        choose_card(str(tmp_path))
