from pathlib import Path

import pytest
from PIL import Image

from training import publish
from training.plan import Options


def test_what_was_made_goes_into_the_project(
    made: Options, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publish, "BUNDLED", tmp_path / "models" / "easel-1")
    monkeypatch.setattr(publish, "JUDGE", tmp_path / "models" / "judge-1")
    monkeypatch.setattr(publish, "PAGE", tmp_path / "docs" / "model.md")
    (tmp_path / "docs").mkdir()
    publish.publish(made.out)
    assert (tmp_path / "models/easel-1/unet/diffusion_pytorch_model.safetensors").exists()
    assert (tmp_path / "models/easel-1/LICENSES.md").exists()
    kept = {path.name for path in (tmp_path / "models/judge-1").iterdir()}
    assert kept == {"judge.safetensors", "labels.json"}
    page = (tmp_path / "docs/model.md").read_text()
    assert "| real pictures (ceiling) |" in page
    assert "![blend](model/blend.png)" in page
    with Image.open(tmp_path / "docs/model/prompts.webp") as sheet:
        assert sheet.width == 10 * 128
