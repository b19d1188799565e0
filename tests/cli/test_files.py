"""Files that people point EASEL_MODEL at, through every door: each says one sentence of them."""

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Final

import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner

from cli import app, doctor
from cli.findings import State
from generation import worker
from generation.catalogue.checkpoints import tell_missing
from storage.prepare import migrate
from storage.settings import load_settings
from tests.generation.single_files import UNET, write_header
from tests.generation.test_single_files import BIG, CLIP, CLIP_XL, DAMAGED, IN, VAE, XL


@pytest.fixture(autouse=True)
def bare(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No settings but those of a test."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("EASEL_DATA", str(tmp_path / "data"))


def say(*words: str) -> tuple[int, str]:
    """The exit code of a command, and all that it said."""
    result = CliRunner().invoke(app.app, [*words])
    assert result.exception is None or isinstance(result.exception, SystemExit)
    return result.exit_code, result.output


KNOWN: Final = [f"{IN}:320x4x3x3", XL, CLIP_XL, BIG, VAE]
"""Tensors of SDXL in one file."""

PICKLE: Final = "has pickled weights, which may run code"
LORA: Final = "is a LoRA, no model; name it in EASEL_LORAS"
UPSCALER: Final = "is an upscaler, no model; name it in EASEL_UPSCALER"
CONTROLNET: Final = "is a ControlNet, no model"
ADAPTER: Final = "is a T2I-Adapter, no model; name it in EASEL_CONTROLNETS"
WORDS: Final = "is a textual-inversion embedding, no model"
DECODER: Final = "is an autoencoder alone, no model; a model's settings name it as vae"
ENCODER: Final = "is a text encoder alone; take the whole model"
OTHER: Final = "that Easel does not draw with"
QUANTISED: Final = "is quantised in a way that Easel does not read"

FILES: Final[dict[str, tuple[str, bytes | list[str], str]]] = {
    "nothing in it": ("a.safetensors", b"", "is empty or cut short; download it again"),
    "some bytes": ("a.safetensors", b"\1\0\0", "is empty or cut short; download it again"),
    "a header without tensors": ("a.safetensors", DAMAGED["half a header"][0], "is cut short"),
    "a header too long": ("a.safetensors", (2**40).to_bytes(8, "little"), "is no safetensors file"),
    "a pointer": ("a.safetensors", DAMAGED["pointer"][0], "pointer of Git LFS"),
    "a web page": ("a.safetensors", b"<!DOCTYPE html>", "is a web page"),
    "an archive under its name": ("a.safetensors", DAMAGED["zip"][0], PICKLE),
    "a pickle under its name": ("a.safetensors", pickle.dumps({}, 5), PICKLE),
    "a checkpoint": ("a.ckpt", pickle.dumps({}, 2), PICKLE),
    "code": ("a.pt", pickle.dumps({}, 4), PICKLE),
    "an upscaler of code": ("4x.pth", DAMAGED["zip"][0], PICKLE),
    "an unfinished download": ("a.safetensors.part", b"half", "a download that has not ended"),
    "another format": ("a.onnx", b"onnx", "weights are read from .safetensors and .gguf alone"),
    "no ending": ("a", b"bytes", "weights are read from .safetensors and .gguf alone"),
    "a GGUF of words": ("a.gguf", b"GGUF", "is damaged or cut short"),
    "a LoRA": ("sdxl-model.safetensors", ["lora_unet_a.lora_down.weight"], LORA),
    "a whole difference": ("a.safetensors", ["lora_unet_a.diff"], LORA),
    "IA3": ("a.safetensors", ["lora_unet_a.on_input", "lora_unet_a.weight"], LORA),
    "an autoencoder": ("vae.safetensors", ["encoder.conv_in.weight"], DECODER),
    "half a tiny decoder": ("t.safetensors", ["1.weight:64x4x3x3"], "in EASEL_PREVIEW"),
    "CLIP": ("clip_l.safetensors", ["text_model.embeddings.position_embedding.weight"], ENCODER),
    "T5 in fp8": ("t5.safetensors", ["encoder.block.0.a.scale_weight", "scaled_fp8"], ENCODER),
    "eyes": ("clip_vision.safetensors", ["vision_model.embeddings.class_embedding"], ENCODER),
    "a ControlNet": ("a.safetensors", ["control_model.input_blocks.0.0.weight"], CONTROLNET),
    "diffusers' ControlNet": ("a.safetensors", ["controlnet_down_blocks.0.weight"], CONTROLNET),
    "an image adapter": ("a.safetensors", ["image_proj.proj.weight"], "is an image adapter"),
    "a T2I-Adapter": ("a.safetensors", ["adapter.body.0.in_conv.weight"], ADAPTER),
    "an early T2I-Adapter": ("a.safetensors", ["body.0.block1.weight"], ADAPTER),
    "an embedding": ("easynegative.safetensors", ["emb_params:75x768"], WORDS),
    "an embedding by its word": ("cat.safetensors", ["<cat>:1x768"], WORDS),
    "ESRGAN": ("a.safetensors", ["model.1.sub.0.RDB1.conv1.0.weight"], UPSCALER),
    "a compact upscaler": ("a.safetensors", ["body.0.weight", "body.1.weight"], UPSCALER),
    "an inpainting model": ("a.safetensors", [f"{IN}:320x9x3x3", CLIP, VAE], "inpainting model"),
    "a refiner": (
        "a.safetensors",
        [f"{IN}:384x4x3x3", XL, "conditioner.embedders.0.model.a"],
        "SDXL's refiner",
    ),
    "SD 2": (
        "a.safetensors",
        [f"{IN}:320x4x3x3", "cond_stage_model.model.a", VAE],
        "is Stable Diffusion 2",
    ),
    "a model of films": (
        "svd.safetensors",
        [f"{IN}:320x8x3x3", f"{UNET}input_blocks.1.0.time_stack.a", VAE],
        "is a model of films",
    ),
    "a motion module": ("mm.safetensors", ["down_blocks.0.motion_modules.0.a"], "for films"),
    "a family of others": ("a.safetensors", ["double_stream_blocks.0.a"], OTHER),
    "4 bits of others": ("svdq.safetensors", ["transformer_blocks.0.a.qweight"], QUANTISED),
}
"""Files that are no models: name, content or tensors, and what is said of each."""


def build_folder(place: Path, *names: str) -> Path:
    """A folder with such files in it, each a few bytes that mean nothing."""
    for name in names:
        file = place / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text('{"_class_name": "ControlNetModel"}' if name == "config.json" else "text")
    return place


def link(place: Path, to: str) -> Path:
    """A link with a model's name."""
    file = place / "a.safetensors"
    file.symlink_to(to)
    return file


PLACES: Final[dict[str, tuple[Callable[[Path], object], str]]] = {
    "an empty folder": (build_folder, "holds no model: neither model_index.json nor"),
    "a README": (lambda at: build_folder(at, "README.md"), "holds no model: neither"),
    "checkpoints of code": (lambda at: build_folder(at, "old.ckpt"), "holds pickled weights alone"),
    "parts without a list": (
        lambda at: build_folder(at, "unet/a", "vae/b"),
        "has the parts of a model, and no model_index.json",
    ),
    "a ControlNet's folder": (lambda at: build_folder(at, "config.json"), CONTROLNET),
    "a model further down": (
        lambda at: build_folder(at, "SD/xl/pony.safetensors"),
        "holds no model itself, and SD/xl in it does; name that",
    ),
    "a file that is a folder": (
        lambda at: build_folder(at / "a.safetensors", "README.md"),
        "a.safetensors holds no model",
    ),
    "a link to nothing": (
        lambda at: link(at, "gone"),
        "is a link to what is not there",
    ),
    "a link to itself": (
        lambda at: link(at, "a.safetensors"),
        "is a link to what is not there",
    ),
    "a web address": (lambda _: "https://example.org/pony.safetensors", "is named by an address"),
    "a share": (lambda _: "smb://nas/models/pony", "is named by an address"),
    "a file that is gone": (lambda at: at / "gone.safetensors", "is not on this machine"),
    "a file of Windows": (lambda _: r"C:\models\pony.safetensors", "pony.safetensors is not on"),
    "a misspelt name": (lambda _: "sdlx", "no model sdlx, and nothing here is so called; did you"),
    "a word": (lambda _: "my pony", "Easel knows no model my pony"),
}
"""What is named as a model and is none, and what is said of it."""


@pytest.mark.parametrize("kind", [*FILES, *PLACES])
def test_what_is_no_model_is_one_sentence_behind_every_door(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    (place := tmp_path / "secret").mkdir()
    if kind in FILES:
        name, data, says = FILES[kind]
        given: object = place / name
        if isinstance(data, bytes):
            (place / name).write_bytes(data)
        else:
            write_header(place / name, *data)
    else:
        make, says = PLACES[kind]
        given = make(place)
    monkeypatch.setenv("EASEL_MODEL", str(given))
    told = set()
    for words in (["imagine", "a cat"], ["models", "show", str(given)], ["models"]):
        code, said = say(*words)
        assert (code, says in said) == (1, True), said
        assert str(place) not in said
        told.add(said.rstrip().rpartition("\n")[2])
    monkeypatch.setattr(worker, "set_up_logs", lambda _: None)
    with capture_logs() as logs:
        assert worker.start() == 1
    told.add(logs[-1]["event"])
    # The very same sentence, wherever it is read.
    (sentence,) = told
    found = doctor.model(load_settings())
    assert (found.state, found.says) == (State.FAULT, sentence)
    assert str(place) not in found.mend


def test_names_and_links_of_any_kind_are_models(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_header(tmp_path / "Модель 模型, #1 @v6 [x=y].SAFETENSORS", *KNOWN)
    (tmp_path / "link.safetensors").symlink_to(file)
    monkeypatch.setenv("HOME", str(tmp_path))
    for given in (str(file), f'"{file}"', f"{file}/", f"~/{file.name}", "~/link.safetensors"):
        monkeypatch.setenv("EASEL_MODEL", given)
        code, said = say("models")
        assert (code, "Served here" in said) == (0, True), said
        assert doctor.model(load_settings()).state is State.OK


def test_names_that_would_be_alike_are_told_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, long = tmp_path / "models", "realisticVisionV60B1_v51HyperVAE"
    folder.mkdir()
    for name in ("Pony V6", "pony-v6", f"{long}_fp16", f"{long}_fp32", "._Pony V6"):
        write_header(folder / f"{name}.safetensors", *KNOWN)
    (folder / "old.ckpt").write_bytes(DAMAGED["zip"][0])
    monkeypatch.setenv("EASEL_MODEL", str(folder))
    code, said = say("models")
    assert code == 0
    for name in ("pony-v6 ", "pony-v6-2 ", f"{long.lower()} ", f"{long.lower()[:30]}-2 "):
        assert f"--model {name}" in said
    assert said.count("--model ") == 4
    assert "passed over: old.ckpt has pickled weights" in said


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("juggernautXL_lightning4S", "made for few steps, and it is drawn with 30"),
        ("noobaiXL_vPred10", 'write prediction = "velocity" into noobaiXL_vPred10.toml'),
        ("juggernautXL", ""),
    ],
)
def test_what_a_name_alone_says_is_a_hint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, says: str
) -> None:
    file = write_header(tmp_path / f"{name}.safetensors", *KNOWN)
    monkeypatch.setenv("EASEL_MODEL", str(file))
    for words in (["models", "show", str(file)], ["doctor"]):
        said = say(*words)[1]
        assert ("by its name" in said) is bool(says)
        assert says in said
    # Whoever has written its settings has heard it.
    file.with_suffix(".toml").write_text("steps = 30\n")
    assert "by its name" not in say("models", "show", str(file))[1]


@pytest.mark.parametrize("given", ["/srv/own", "acme/some-xl"])
def test_what_is_not_here_yet_is_one_sentence(monkeypatch: pytest.MonkeyPatch, given: str) -> None:
    monkeypatch.setenv("EASEL_MODEL", given)
    says = tell_missing(given)
    assert "/srv" not in says
    for words in (["imagine", "a cat"], ["models", "check", given]):
        assert say(*words) == (1, f"{says}\n")
    for words in (["models", "show", given], ["models"]):
        code, said = say(*words)
        assert (code, says in said) == (0, True)


@pytest.mark.parametrize(
    ("device", "says"),
    [
        ("gpu", "EASEL_DEVICE cannot be `gpu`; write auto, cpu, cuda, cuda:1 or mps"),
        ("cuda:99", "EASEL_DEVICE is cuda:99, and PyTorch sees"),
    ],
)
def test_a_device_that_is_not_here_is_one_sentence(
    monkeypatch: pytest.MonkeyPatch, device: str, says: str
) -> None:
    monkeypatch.setenv("EASEL_DEVICE", device)
    migrate(load_settings())
    for words in (["imagine", "an apple"], ["report"]):
        code, said = say(*words)
        assert (code, says in said) == (1, True), said
    monkeypatch.setattr(worker, "set_up_logs", lambda _: None)
    with capture_logs() as logs:
        assert worker.start() == 1
    assert says in logs[-1]["event"]
    assert doctor.device(load_settings()).state is State.FAULT


def test_a_model_is_shown_with_what_its_own_settings_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_header(
        tmp_path / "pony.safetensors",
        *KNOWN,
        **{"modelspec.license": "Fair AI"},
    )
    (tmp_path / "pony.toml").write_text('steps = 21\nwords = "score_9"\nvae = "own.safetensors"\n')
    write_header(tmp_path / "own.safetensors", VAE)
    for model, name in ((str(file), "pony"), ("", str(file))):
        monkeypatch.setenv("EASEL_MODEL", model)
        code, said = say("models", "show", name)
        assert code == 0
        for line in ("family       Stable Diffusion XL", "licence      Fair AI", "steps        21"):
            assert line in said
        assert "adds         score_9" in said
        assert "autoencoder  own.safetensors" in said
        assert "settings     in pony.toml" in said
    code, said = say("models", "check", str(file))
    assert (code, "Stable Diffusion XL" in said) == (0, True)


def test_what_lies_beside_models_is_passed_over_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "models"
    folder.mkdir()
    for name in ("one", "two"):
        write_header(folder / f"{name}.safetensors", *KNOWN)
    write_header(folder / "ink.safetensors", "lora_unet_a.lora_down.weight")
    # Where the command is started from is nobody's folder of models.
    write_header(tmp_path / "stray.safetensors", "lora_unet_a.lora_down.weight")
    monkeypatch.setenv("EASEL_MODEL", str(folder))
    code, said = say("models")
    assert code == 0
    assert "--model one" in said
    assert "--model two" in said
    assert "passed over: ink.safetensors is a LoRA" in said
    code, said = say("doctor")
    assert "one (one), on this machine" in said
    assert "two (two), on this machine" in said
    assert "ink.safetensors is a LoRA" in said
    assert "stray" not in said
