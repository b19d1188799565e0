"""Finders: networks that see where in a picture is what words name.

They are what transformers has for it: CLIPSeg, which colours in what fits words (Lüddecke and
Ecker, 2022), and Grounding DINO, which frames it (Liu et al., 2023), with a SAM behind it if there
is one, which traces what is framed (Kirillov et al., 2023). What frames things otherwise, as a
model does that describes pictures, stands in the second one's place.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, Protocol

import torch
from PIL import Image
from transformers import (
    AutoConfig,
    AutoTokenizer,
    CLIPSegForImageSegmentation,
    GroundingDinoForObjectDetection,
    GroundingDinoImageProcessorPil,
    SamImageProcessorPil,
    SamModel,
    SamProcessor,
    ViTImageProcessorPil,
)

from generation.catalogue.sources import split_revision
from generation.conditioning.estimators import load_network
from generation.recipe import Region

COLOURED: Final = 0.4
"""Likelihood from which on a pixel counts as found by CLIPSeg..."""

FRAMED: Final = 0.35
"""...and a frame by Grounding DINO, as its authors have it."""

ROOM: Final = 0.1
"""How much larger than a frame what is in it may be, as a share of its sides."""

_LEAST: Final = 0.001
"""Share of a picture that a thing takes up at least."""


class Finder(Protocol):
    """Something that sees where things are."""

    def find(self, picture: Image.Image, words: str) -> Image.Image | None:
        """Where something is, as a mask (L, as large as the picture, 255 there and 0 elsewhere).

        Args:
            picture: RGB.
            words: What it is called, in English.

        Returns:
            None where it is not seen.
        """


Frame = Callable[[Image.Image, str], Sequence[Region]]
"""A picture and words → the rectangles in which that is."""

Trace = Callable[[Image.Image, Sequence[Region]], Image.Image]
"""A picture and rectangles → a mask of what is in them."""


@dataclass(frozen=True, slots=True)
class FramingFinder:
    """Finds things by frames around them.

    Attributes:
        frame: Sees the frames.
        trace: Traces what is in them; None to take them whole, a little larger.
    """

    frame: Frame
    trace: Trace | None = None

    def find(self, picture: Image.Image, words: str) -> Image.Image | None:
        """As ``Finder`` has it."""
        frames = self.frame(picture, words)
        if not frames:
            return None
        if self.trace is None:
            return _keep_some(fill_frames(picture.size, frames))
        return _keep_some(self.trace(picture, frames))


def fill_frames(size: tuple[int, int], frames: Sequence[Region]) -> Image.Image:
    """A mask of rectangles, each a little larger on all sides.

    Args:
        size: Width and height of the mask in pixels.
        frames: The rectangles.
    """
    mask, (width, height) = Image.new("L", size, 0), size
    for one in frames:
        across, down = (one.right - one.left) * ROOM / 2, (one.bottom - one.top) * ROOM / 2
        left, top = round((one.left - across) * width), round((one.top - down) * height)
        right, bottom = round((one.right + across) * width), round((one.bottom + down) * height)
        mask.paste(255, (left, top, right, bottom))
    return mask


@dataclass(frozen=True, slots=True)
class ColouringFinder:
    """CLIPSeg: how likely each pixel belongs to what words name."""

    model: Any
    tokenizer: Any
    processor: Any

    @torch.inference_mode()
    def find(self, picture: Image.Image, words: str) -> Image.Image | None:
        """As ``Finder`` has it."""
        text = self.tokenizer([words], return_tensors="pt", truncation=True).to(self.model.device)
        pixels = self.processor(picture, return_tensors="pt").pixel_values.to(self.model.device)
        logits = self.model(**text, pixel_values=pixels).logits.float().cpu()
        likely = logits.reshape(1, 1, *logits.shape[-2:]).sigmoid()
        size = picture.height, picture.width
        whole = torch.nn.functional.interpolate(likely, size, mode="bilinear")[0, 0]
        return _keep_some(Image.fromarray(((whole > COLOURED) * 255).to(torch.uint8).numpy()))


@dataclass(frozen=True, slots=True)
class _Framer:
    """Grounding DINO."""

    model: Any
    tokenizer: Any
    processor: Any

    @torch.inference_mode()
    def __call__(self, picture: Image.Image, words: str) -> list[Region]:
        # As it was trained: small letters, and a full stop behind what is one thing.
        said = f"{words.lower().strip(' .')}."
        text = self.tokenizer([said], return_tensors="pt", truncation=True).to(self.model.device)
        seen = self.processor(picture, return_tensors="pt").to(self.model.device)
        found = self.model(**text, **seen)
        likely = found.logits[0].sigmoid().amax(-1)
        boxes = found.pred_boxes[0][likely > FRAMED].float().cpu().tolist()
        return [one for box in boxes if (one := _read_box(*box))]


def _read_box(across: float, down: float, width: float, height: float) -> Region | None:
    """A box by its middle and its sides, in shares; None where nothing of it is in the picture."""
    left, right = max(0.0, across - width / 2), min(1.0, across + width / 2)
    top, bottom = max(0.0, down - height / 2), min(1.0, down + height / 2)
    if not (left < right and top < bottom):
        return None
    return Region(left=left, top=top, right=right, bottom=bottom)


@dataclass(frozen=True, slots=True)
class _Tracer:
    """SAM: of the three masks that it makes of each frame, the one that it trusts most."""

    model: Any
    processor: Any

    @torch.inference_mode()
    def __call__(self, picture: Image.Image, frames: Sequence[Region]) -> Image.Image:
        width, height = picture.size
        boxes = [
            [one.left * width, one.top * height, one.right * width, one.bottom * height]
            for one in frames
        ]
        given = self.processor(picture, input_boxes=[boxes], return_tensors="pt")
        sizes = given.pop("original_sizes"), given.pop("reshaped_input_sizes")
        found = self.model(**given.to(self.model.device))
        (masks,) = self.processor.image_processor.post_process_masks(
            found.pred_masks.float().cpu(), *sizes
        )
        best = found.iou_scores[0].argmax(-1).cpu()
        chosen = masks[torch.arange(len(best)), best].any(0)
        return Image.fromarray((chosen * 255).to(torch.uint8).numpy())


def _keep_some(mask: Image.Image) -> Image.Image | None:
    """The mask, unless next to nothing is in it."""
    covered = mask.histogram()[255]
    return mask if covered >= _LEAST * mask.width * mask.height else None


def load_finder(setting: str, device: torch.device) -> Finder:
    """Load what ``EASEL_FINDER`` names: a CLIPSeg, or a Grounding DINO and perhaps a SAM.

    Args:
        setting: Folder or hub id, with ``@`` and a revision behind it if wanted; a second one
            behind a comma.
        device: Where to compute.

    Raises:
        OSError: A file is missing.
        ValueError: It is neither.
    """
    first, _, second = (part.strip() for part in setting.partition(","))
    name, options = split_revision(first)
    kind = AutoConfig.from_pretrained(name, **options).model_type
    if kind not in {"clipseg", "grounding-dino"} or (kind == "clipseg" and second):
        raise ValueError(f"a {kind}{' before another' if second else ''} finds nothing by words")
    words = AutoTokenizer.from_pretrained(name, **options)
    # The processors that transformers would choose want torchvision.
    if kind == "clipseg":
        network = CLIPSegForImageSegmentation
        model, images = load_network(network, ViTImageProcessorPil, first, device)
        return ColouringFinder(model, words, images)
    model, images = load_network(
        GroundingDinoForObjectDetection, GroundingDinoImageProcessorPil, first, device
    )
    frame = _Framer(model, words, images)
    if not second:
        return FramingFinder(frame)
    return FramingFinder(frame, load_tracer(second, device))


def load_tracer(source: str, device: torch.device) -> Trace:
    """Load a SAM, which traces what is framed.

    Args:
        source: Folder or hub id, with ``@`` and a revision behind it if wanted.
        device: Where to compute.

    Raises:
        OSError: A file is missing.
        ValueError: It is none.
    """
    model, images = load_network(SamModel, SamImageProcessorPil, source, device)
    return _Tracer(model, SamProcessor(images))
