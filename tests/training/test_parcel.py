from pathlib import Path

import pytest

from training import parcel


def test_parts_are_small_and_give_everything_back(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parcel, "LIMIT", 1000)
    out = tmp_path / "out"
    (out / "export" / "unet").mkdir(parents=True)
    weights = bytes(range(256)) * 30
    (out / "export" / "unet" / "weights").write_bytes(weights)
    (out / "vae").mkdir()
    (out / "vae" / "checkpoint.pt").write_bytes(b"large")
    (out / "vae" / "psnr.txt").write_text("30 dB")
    parts = parcel.pack(out, tmp_path / "parts")
    assert all(part.stat().st_size <= 1000 for part in parts)
    parcel.unpack(tmp_path / "parts", tmp_path / "back")
    assert (tmp_path / "back" / "export" / "unet" / "weights").read_bytes() == weights
    assert (tmp_path / "back" / "vae" / "psnr.txt").read_text() == "30 dB"
    assert not (tmp_path / "back" / "vae" / "checkpoint.pt").exists()
