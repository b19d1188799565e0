"""What judges pictures: how they are prepared, how it is loaded, and that nothing leaves before."""

import io
import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image
from transformers.models.vit.image_processing_pil_vit import ViTImageProcessorPil

from cli.findings import State
from cli.memory import examine_classifier
from generation.catalogue.classifiers import (
    AUTO,
    BUNDLED,
    OFF,
    ClassifierError,
    choose_classifier,
    find_classifier_folder,
)
from generation.families.model_error import ModelError
from generation.recipe import seed_noise
from generation.recipe.sheet import Sheet
from generation.runtime.classifying import (
    Classifier,
    PictureJudge,
    Preprocessing,
    blur,
    load_classifier,
    open_judge,
)
from generation.runtime.render import encode_preview
from generation.sampling.engine import Engine
from generation.worker import make_renderer
from storage.files import Files
from storage.queue.jobs import Rendered
from storage.queue.verdicts import HELD, SUSPECTED, Verdict, find_hold
from tests.generation.classifiers import build_vit
from tests.generation.samples import APPLE, never
from tests.photographs import PHOTOGRAPHS
from tests.recipes import change
from tests.storage.conftest import settings_for

PUBLISHED = {"size": {"height": 384, "width": 384}, "resample": 2}
CPU = torch.device("cpu")


@dataclass
class ScriptedClassifier:
    """Finds pictures explicit as it is told; remembers what it was shown."""

    score_of: float
    name: str = "scripted"
    seen: list[tuple[int, int]] = field(default_factory=list)

    def score(self, pictures: Sequence[Image.Image]) -> list[float]:
        self.seen += [picture.size for picture in pictures]
        return [self.score_of] * len(pictures)


def gradient(width: int, height: int) -> Image.Image:
    """A picture of every level of red and green, with a ring of blue."""
    across, down = np.linspace(0, 255, width), np.linspace(0, 255, height)[:, None]
    ring = 255 * (np.hypot(across - 128, down - 128) % 64 < 32)
    levels = np.stack([across + 0 * down, down + 0 * across, ring], -1)
    return Image.fromarray(levels.astype(np.uint8))


def test_pictures_are_prepared_as_published_ones_prepare_them(tmp_path: Path) -> None:
    # What the library does with the same file is the vector to hold to; by itself it wants
    # torchvision.
    for said in (PUBLISHED, {"size": 224, "image_mean": [0.2, 0.3, 0.4], "image_std": [0.3] * 3}):
        (tmp_path / "preprocessor_config.json").write_text(json.dumps(said))
        prepare = Preprocessing.read(tmp_path, 8)
        reference = ViTImageProcessorPil(**said)
        for picture in (gradient(300, 200), gradient(64, 512), Image.open(PHOTOGRAPHS[0].path)):
            wanted = reference(picture.convert("RGB"), return_tensors="pt").pixel_values[0]
            assert torch.allclose(prepare(picture), wanted, atol=1e-6)


def test_a_fixed_picture_has_a_fixed_vector(tmp_path: Path) -> None:
    (tmp_path / "preprocessor_config.json").write_text(json.dumps(PUBLISHED))
    pixels = Preprocessing.read(tmp_path, 8)(gradient(256, 256))
    assert pixels.shape == (3, 384, 384)
    corners = pixels[:, ::383, ::383].flatten().tolist()
    assert corners == pytest.approx([-1, 1, -1, 1, -1, -1, 1, 1, -1, -1, -1, -1], abs=0.01)
    assert pixels[:2].mean().item() == pytest.approx(0.0, abs=0.003)


def test_a_checkpoint_scores_by_its_labels(tmp_path: Path) -> None:
    picture = gradient(50, 40)
    explicit = load_classifier(str(build_vit(tmp_path / "one")), CPU).score([picture])
    harmless = load_classifier(str(build_vit(tmp_path / "other", ("NSFW", "normal"))), CPU).score(
        [picture]
    )
    assert explicit[0] + harmless[0] == pytest.approx(1, abs=1e-5)
    both = load_classifier(str(build_vit(tmp_path / "both", ("porn", "hentai"))), CPU)
    assert both.score([picture, picture]) == pytest.approx([1, 1])
    assert both.name == "both"


def test_what_cannot_judge_says_so_in_a_sentence(tmp_path: Path) -> None:
    cats = build_vit(tmp_path / "cats", ("cat", "dog"))
    with pytest.raises(ClassifierError, match="one of the labels explicit, hentai, nsfw"):
        find_classifier_folder(str(cats))
    with pytest.raises(ClassifierError, match="is not on this machine yet"):
        find_classifier_folder("nobody/never-fetched")
    with pytest.raises(ClassifierError, match="cannot be `something`"):
        choose_classifier("something")
    (build_vit(tmp_path / "cut") / "model.safetensors").write_bytes(b"cut")
    with pytest.raises(ModelError, match="cut could not be loaded as a classifier"):
        load_classifier(str(tmp_path / "cut"), CPU)


def test_doctor_tells_what_judges(tmp_path: Path) -> None:
    cats, judge = build_vit(tmp_path / "cats", ("cat", "dog")), build_vit(tmp_path / "judge")
    for setting, state, says in (
        (OFF, State.NOTE, "none: nothing judges pictures before they are shown"),
        (f"{judge}", State.OK, "judge, on this machine"),
        (f"{cats}", State.FAULT, "EASEL_CLASSIFIER names no ViTForImageClassification"),
    ):
        (found,) = examine_classifier(settings_for(tmp_path, classifier=setting))
        assert (found.state, says in found.says) == (state, True)


def test_settings_choose(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def load(model: str, _: torch.device) -> Classifier:
        return ScriptedClassifier(0.0, model)

    for installed, chosen in ((None, ""), (object(), BUNDLED)):
        monkeypatch.setattr("importlib.util.find_spec", lambda _, found=installed: found)
        assert choose_classifier(AUTO) == chosen
    assert choose_classifier(OFF) == ""
    assert open_judge(OFF, 0.7, CPU, load) is None
    assert choose_classifier(f"{tmp_path}") == f"{tmp_path}"
    assert choose_classifier("owner/name@main") == "owner/name@main"
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(ClassifierError, match=r"pip install 'easel\[moderation\]'"):
        choose_classifier(BUNDLED)


def make(
    easel: Engine, files: Files, judge: PictureJudge, data: dict[str, object]
) -> tuple[Rendered, list[bytes]]:
    previews: list[bytes] = []

    def report(_step: int, _steps: int, preview: bytes | None) -> None:
        if preview:
            previews.append(preview)

    keep = make_renderer(easel, files, never, judge=judge)(data, report)
    return keep(), previews


def test_every_picture_is_judged_before_anything_is_stored(easel: Engine, tmp_path: Path) -> None:
    files, classifier = Files(tmp_path / "images"), ScriptedClassifier(0.9)
    judge = PictureJudge(classifier, 0.7)
    grid = change(APPLE, noise=seed_noise(7, 2))
    made, _ = make(easel, files, judge, grid.to_json())
    assert made.verdict == Verdict("scripted", (0.9, 0.9), 0.7)
    assert len(classifier.seen) == 2
    sheet = Sheet(typed="a {red, red} apple", cells=(APPLE, APPLE), columns=("a", "b"))
    made, _ = make(easel, files, judge, sheet.to_json())
    assert made.verdict
    assert len(made.verdict.scores) == 2

    class BrokenClassifier(ScriptedClassifier):
        def score(self, pictures: Sequence[Image.Image]) -> list[float]:
            raise RuntimeError("no judgement")

    # Without a verdict nothing is kept.
    empty = Files(tmp_path / "none")
    with pytest.raises(RuntimeError):
        make(easel, empty, PictureJudge(BrokenClassifier(0), 0.7), APPLE.to_json())
    assert not [path for path in (tmp_path / "none").rglob("*") if path.is_file()]


def test_previews_go_blurred(tmp_path: Path) -> None:
    preview = encode_preview([gradient(256, 256)])
    told: list[bytes | None] = []
    hide = PictureJudge(ScriptedClassifier(0), 0.7).hide(
        lambda _, __, preview: told.append(preview)
    )
    for each in (None, preview, preview):
        hide(1, 2, each)
    assert told[0] is None
    assert told[1] is told[2] is not None
    assert told[1] != preview
    sharp, unclear = (
        np.asarray(Image.open(io.BytesIO(data)).convert("L"), dtype=float)
        for data in (preview, blur(preview))
    )
    edges = [np.abs(np.diff(one)).max() for one in (sharp, unclear)]
    assert edges[1] < edges[0] / 5


@pytest.mark.parametrize(
    ("score", "adult", "minors", "why"),
    [
        (0.69, False, False, None),
        (0.7, False, False, HELD),
        (0.7, True, False, None),
        (0.7, False, True, SUSPECTED),
        (0.7, True, True, SUSPECTED),
        (0.69, True, True, None),
    ],
)
def test_what_is_held(score: float, adult: bool, minors: bool, why: str | None) -> None:
    verdict = Verdict("toy", (0.0, score), 0.7)
    assert find_hold(verdict, adult=adult, minors=minors) == why
    assert Verdict.from_json(verdict.to_json()) == verdict
    assert find_hold(None, adult=adult, minors=minors) is None


def test_large_pictures_are_judged_in_a_smaller_size() -> None:
    classifier = ScriptedClassifier(0.1)
    PictureJudge(classifier, 0.7).judge([gradient(2048, 1024), gradient(64, 64)])
    assert classifier.seen == [(1024, 512), (64, 64)]
