"""The report of an operator's models, rehearsed on tiny checkpoints."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from PIL import Image
from typer.testing import CliRunner

from cli import app
from cli.report import CHUNK, write_lines
from generation.catalogue.families import find_card
from generation.families.load import load
from generation.runtime import trial
from tests.generation import checkpoints


@pytest.fixture(scope="module")
def folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Tiny checkpoints of a family with a UNet and of one without."""
    root = tmp_path_factory.mktemp("models")
    build: dict[str, Callable[[Path], Path]] = {
        "sdxl": checkpoints.build_sdxl,
        "flux2-klein": checkpoints.build_flux2_klein,
    }
    return {name: one(root / name) for name, one in build.items()}


def test_every_model_draws_and_one_file_tells_of_it(
    folders: dict[str, Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (broken := tmp_path / "broken").mkdir()
    (broken / "model_index.json").write_text('{"_class_name": "StableDiffusionPipeline"}')
    monkeypatch.setenv("EASEL_MODEL", str(folders["sdxl"]))
    monkeypatch.setenv("EASEL_MODELS", f"Klein={folders['flux2-klein']}, bad={broken}, easel2")
    monkeypatch.setenv("EASEL_DEVICE", "cpu")
    file = tmp_path / "report.png"
    result = CliRunner().invoke(app.app, ["report", "--rehearse", "-o", str(file)])
    assert result.exit_code == 0, result.output
    with Image.open(file) as sheet:
        told = json.loads(sheet.text[CHUNK])  # type: ignore[attr-defined]
        colours = sheet.convert("RGB").getcolors(1 << 20)
    assert told["host"].startswith("Easel 0.")
    assert list(told["models"]) == ["sdxl", "klein", "bad", "easel2"]
    for name in ("sdxl", "klein"):
        found = told["models"][name]
        assert found["difference"] == 0
        assert found["plan"] == "resident"
        assert min(found[key] for key in ("load", "single", "grid", "memory")) > 0
    assert told["models"]["easel2"]["difference"] is None
    assert "could not be loaded" in told["models"]["bad"]
    assert "as diffusers, to the bit" in result.output
    assert colours is not None
    assert len(colours) > 100
    # Neither the sheet's text nor its data says where anything lies.
    assert str(tmp_path) not in json.dumps(told)
    assert str(folders["sdxl"].parent) not in result.output + json.dumps(told)


def test_a_trial_outlives_diffusers_own_pipeline(
    folders: dict[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object) -> None:
        raise ImportError(str(folders["sdxl"]))

    monkeypatch.setattr(trial, "draw_plainly", fail)
    path = str(folders["sdxl"])
    came = trial.try_model(
        lambda: load(find_card("sdxl"), path, torch.device("cpu")), "sdxl", small=True
    )
    assert came.single > 0
    assert write_lines("sdxl", came)[-1].endswith("; diffusers' own pipeline failed (ImportError)")


def test_another_kind_of_file_is_refused(tmp_path: Path) -> None:
    result = CliRunner().invoke(app.app, ["report", "-o", str(tmp_path / "report.pdf")])
    assert result.exit_code == 2
    assert "the output is a PNG" in result.output
