"""Estimators: networks that see in a photograph what no filter finds, its depth and its pose.

They are what transformers has for it. A pose estimator looks at one person in a box; the box here
is the whole picture, so it suits pictures of one person.
"""

from collections.abc import Callable, Mapping
from typing import Any, Final

import numpy as np
import torch
from PIL import Image, ImageOps
from transformers import (
    AutoModelForDepthEstimation,
    DPTImageProcessorPil,
    VitPoseForPoseEstimation,
    VitPoseImageProcessorPil,
)

from generation.catalogue.sources import split_revision
from generation.conditioning.pose_maps import JOINTS, draw_pose_map, is_pose_map
from generation.recipe import StructureKind

Estimator = Callable[[Image.Image, tuple[int, int]], Image.Image]
"""From a picture and a size to a map of that size."""

SURE: Final = 0.3
"""Joints that an estimator is less sure of are left out, as its authors do."""


def estimate_depth(
    model: Any,  # noqa: ANN401 - transformers has no types
    processor: Any,  # noqa: ANN401
    picture: Image.Image,
    size: tuple[int, int],
) -> Image.Image:
    """How near everything is, from black (farthest) to white (nearest)."""
    fitted = ImageOps.fit(picture.convert("RGB"), size, Image.Resampling.LANCZOS)
    # Fitted before, so that the map lies exactly over what is drawn.
    pixels = processor(fitted, return_tensors="pt").pixel_values
    with torch.inference_mode():
        near = model(pixels.to(model.device, model.dtype)).predicted_depth.float().cpu()
    # Relative depth has no unit, so each picture's own range becomes black to white.
    low, high = float(near.min()), float(near.max())
    levels = ((near[0] - low) * (255 / max(high - low, 1e-6))).round()
    made = Image.fromarray(levels.numpy().astype(np.uint8))
    return made.resize(size, Image.Resampling.BICUBIC).convert("RGB")


def estimate_pose(
    model: Any,  # noqa: ANN401 - transformers has no types
    processor: Any,  # noqa: ANN401
    picture: Image.Image,
    size: tuple[int, int],
) -> Image.Image:
    """The pose map of the one person in the picture; a pose map stays as it is."""
    if is_pose_map(picture):
        # Kept whole, with black around it: a joint that is cut off could not be kept to.
        return ImageOps.pad(picture.convert("RGB"), size, Image.Resampling.LANCZOS)
    fitted = ImageOps.fit(picture.convert("RGB"), size, Image.Resampling.LANCZOS)
    # As COCO has boxes: left, top, width and height.
    boxes = [[[0.0, 0.0, *map(float, size)]]]
    pixels = processor(fitted, boxes=boxes, return_tensors="pt").pixel_values
    with torch.inference_mode():
        seen = model(pixels.to(model.device, model.dtype))
    ((person,),) = processor.post_process_pose_estimation(seen, boxes=boxes)
    joints = {
        JOINTS[int(label)]: (float(place[0]), float(place[1]))
        for label, place, score in zip(
            person["labels"], person["keypoints"], person["scores"], strict=True
        )
        if float(score) > SURE
    }
    return draw_pose_map(joints, size)


# The processors on Pillow: those without the ending want torchvision.
_SIGHTS: Final[Mapping[StructureKind, tuple[Callable[..., Image.Image], Any, Any]]] = {
    "depth": (estimate_depth, AutoModelForDepthEstimation, DPTImageProcessorPil),
    "pose": (estimate_pose, VitPoseForPoseEstimation, VitPoseImageProcessorPil),
}


def load_estimator(kind: StructureKind, source: str, device: torch.device) -> Estimator:
    """Load the network for a kind of structure that no filter finds.

    Args:
        kind: ``depth`` or ``pose``.
        source: Folder or hub id, with ``@`` and a revision behind it if wanted.
        device: Where to compute.

    Raises:
        OSError: A file is missing.
        ValueError: It is no such network.
    """
    name, options = split_revision(source)
    see, network, reader = _SIGHTS[kind]
    model = network.from_pretrained(name, use_safetensors=True, **options).to(device).eval()
    processor = reader.from_pretrained(name, **options)
    return lambda picture, size: see(model, processor, picture, size)
