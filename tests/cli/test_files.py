"""Files that people point EASEL_MODEL at, through every door: each says one sentence of them."""

from pathlib import Path

import pytest
from structlog.testing import capture_logs
from typer.testing import CliRunner

from cli import app
from generation import worker
from tests.generation.single_files import write_header
from tests.generation.test_single_files import BIG, CLIP_XL, DAMAGED, IN, VAE, XL


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


GIVEN: dict[str, tuple[bytes | list[str], str]] = {
    "a pointer": (DAMAGED["pointer"][0], "pointer of Git LFS"),
    "a pickle": (DAMAGED["zip"][0], "has pickled weights"),
    "a refiner": ([f"{IN}:384x4x3x3", XL, "conditioner.embedders.0.model.a"], "SDXL's refiner"),
    "a LoRA": (["lora_unet_a.lora_down.weight"], "is a LoRA, no model; name it in EASEL_LORAS"),
}


@pytest.mark.parametrize("kind", GIVEN)
def test_what_is_no_model_is_one_sentence_behind_every_door(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    kind: str,
) -> None:
    data, says = GIVEN[kind]
    file = tmp_path / "given.safetensors"
    if isinstance(data, bytes):
        file.write_bytes(data)
    else:
        write_header(file, *data)
    monkeypatch.setenv("EASEL_MODEL", str(file))
    doors = (["imagine", "a cat"], ["parse", "a cat"], ["models"], ["models", "check", str(file)])
    for words in doors:
        code, said = say(*words)
        assert (code, says in said) == (1, True), said
        assert str(tmp_path) not in said
    code, said = say("doctor")
    assert (code, says in said) == (1, True)
    monkeypatch.setattr(worker, "set_up_logs", lambda _: None)
    with capture_logs() as logs:
        assert worker.start() == 1
    assert says in logs[0]["event"]


def test_a_model_is_shown_with_what_its_own_settings_say(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = write_header(
        tmp_path / "pony.safetensors",
        *(f"{IN}:320x4x3x3", XL, CLIP_XL, BIG, VAE),
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
        write_header(folder / f"{name}.safetensors", f"{IN}:320x4x3x3", XL, CLIP_XL, BIG, VAE)
    write_header(folder / "ink.safetensors", "lora_unet_a.lora_down.weight")
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
