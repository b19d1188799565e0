import hashlib
import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from safetensors import safe_open

from generation import checkpoint
from generation.families.diffusion import Engine, decode, encode_picture
from tests.generation.samples import photograph, quiet, recipe_for

WEIGHTS = "15b93bdc53d1ab69dbd420999d1f829d1532be949be4a7ddc8d10747bc0ec1dd"
"""SHA-256 of all weights of this version, in the order of their names."""


@pytest.fixture(scope="module")
def folder(folders: Callable[[str], Path]) -> Path:
    return folders("easel")


def digests(folder: Path) -> dict[str, str]:
    files = sorted(file for file in folder.rglob("*") if file.is_file())
    return {
        str(file.relative_to(folder)): hashlib.sha256(file.read_bytes()).hexdigest()
        for file in files
    }


def test_is_laid_out_as_any_diffusers_folder(folder: Path) -> None:
    index = json.loads((folder / "model_index.json").read_text(encoding="utf-8"))
    assert index["_class_name"] == "StableDiffusionPipeline"
    assert index["image_encoder"] == ["transformers", "CLIPVisionModelWithProjection"]
    assert index["feature_extractor"] == ["transformers", "CLIPImageProcessorPil"]
    assert {file.suffix for file in folder.rglob("*.*")} <= {".json", ".safetensors", ".txt"}


def test_is_small(folder: Path) -> None:
    assert sum(file.stat().st_size for file in folder.rglob("*") if file.is_file()) < 30e6


def test_is_built_to_the_same_bytes(folder: Path, tmp_path: Path) -> None:
    assert digests(checkpoint.build(tmp_path)) == digests(folder)


def test_a_change_of_weights_changes_the_version(folder: Path) -> None:
    total = hashlib.sha256()
    for file in sorted(folder.rglob("*.safetensors")):
        with safe_open(file, framework="np") as tensors:
            for name in sorted(tensors.keys()):
                total.update(name.encode() + tensors.get_tensor(name).tobytes())
    assert (checkpoint.VERSION, total.hexdigest()) == (1, WEIGHTS)


def test_is_built_once(folder: Path) -> None:
    written = {file: file.stat().st_mtime_ns for file in folder.rglob("*")}
    assert checkpoint.build(folder.parent) == folder
    assert {file: file.stat().st_mtime_ns for file in folder.rglob("*")} == written


def test_builders_at_once_agree_and_leave_no_drafts(tmp_path: Path) -> None:
    with ThreadPoolExecutor(3) as pool:
        built = list(pool.map(checkpoint.build, [tmp_path] * 3))
    assert set(built) == set(tmp_path.iterdir())
    assert len(set(built)) == 1


def test_a_failed_build_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail() -> None:
        raise OSError("no space left")

    monkeypatch.setattr(checkpoint, "pipeline", fail)
    with pytest.raises(OSError, match="no space"):
        checkpoint.build(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_every_byte_of_any_text_has_a_token() -> None:
    words = checkpoint.tokenizer()
    for text in ("a red apple", "ÄÖ 日本 🍎", "\x00\x7f", "don't 12 !?"):
        tokens = words(text, add_special_tokens=False).input_ids
        assert words.unk_token_id not in tokens
        assert len(tokens) <= len(text.encode())


def test_common_words_are_one_token() -> None:
    words = checkpoint.tokenizer()
    assert len(words("a red apple by the sea", add_special_tokens=False).input_ids) == 6


def test_its_pictures_are_colourful_and_differ_by_prompt(easel: Engine) -> None:
    asked = recipe_for(easel, width=128, height=128, steps=6)
    picture = np.asarray(easel.draw(asked, None, quiet)[0], float)
    saturation = np.asarray(easel.draw(asked, None, quiet)[0].convert("HSV"))[..., 1]
    assert picture.std(axis=(0, 1)).min() > 40
    assert saturation.mean() > 60
    assert 60 < picture.mean() < 200


def test_a_photograph_comes_through_its_autoencoder(easel: Engine) -> None:
    asked = recipe_for(easel, width=96, height=72)
    photo = photograph()
    with torch.inference_mode():
        seen = decode(easel.pipe, encode_picture(easel.pipe, photo, asked))[0]
    difference = np.abs(np.asarray(seen, float) - np.asarray(photo, float)).mean()
    upside_down = np.asarray(photo.transpose(Image.Transpose.ROTATE_180), float)
    assert difference < 30
    assert difference < 0.6 * np.abs(np.asarray(seen, float) - upside_down).mean()
