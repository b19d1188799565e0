"""Estimators: networks that see in a photograph what no filter finds, its depths and its pose.

They are what transformers has for it. A pose estimator looks at one person in a box; the box here
is the whole picture, so it suits pictures of one person.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
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
    levels = _measure_nearness(model, processor, picture, size).round()
    made = Image.fromarray(levels.astype(np.uint8))
    return made.resize(size, Image.Resampling.BICUBIC).convert("RGB")


def estimate_normals(
    model: Any,  # noqa: ANN401 - transformers has no types
    processor: Any,  # noqa: ANN401
    picture: Image.Image,
    size: tuple[int, int],
) -> Image.Image:
    """Where surfaces face, read off their depths: red to the left, green up, blue to the viewer.

    These are the colours that ControlNet 1.1 was trained with (Bae et al. 2021's of normals).
    """
    near = _measure_nearness(model, processor, picture, size) / 255
    fitted = cv2.resize(near, size, interpolation=cv2.INTER_CUBIC)
    side = min(size)
    # Depths come in steps of the estimator's patches, which would show as creases.
    smooth = cv2.GaussianBlur(fitted, (0, 0), side * _SMOOTHED)
    down, across = np.gradient(smooth)
    # Left sides are those that come nearer towards the right.
    facing = np.stack([across, down, np.full_like(smooth, 1 / (_RELIEF * side))], -1)
    facing /= np.linalg.norm(facing, axis=-1, keepdims=True)
    return Image.fromarray(((facing + 1) * 127.5).round().astype(np.uint8))


_SMOOTHED: Final = 1 / 128
"""Standard deviation of the blur before normals are read, as a share of the shorter side."""

_RELIEF: Final = 0.5
"""From the nearest to the farthest, as a share of the shorter side: relative depth has no unit."""


def _measure_nearness(
    model: Any,  # noqa: ANN401 - transformers has no types
    processor: Any,  # noqa: ANN401
    picture: Image.Image,
    size: tuple[int, int],
) -> NDArray[np.float32]:
    """How near everything is, from 0 (farthest) to 255, in the size that the network gives."""
    fitted = ImageOps.fit(picture.convert("RGB"), size, Image.Resampling.LANCZOS)
    # Fitted before, so that the map lies exactly over what is drawn.
    pixels = processor(fitted, return_tensors="pt").pixel_values
    with torch.inference_mode():
        near = model(pixels.to(model.device, model.dtype)).predicted_depth.float().cpu()
    # Relative depth has no unit, so each picture's own range becomes black to white.
    low, high = float(near.min()), float(near.max())
    levels: NDArray[np.float32] = ((near[0] - low) * (255 / max(high - low, 1e-6))).numpy()
    return levels


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
    "normal": (estimate_normals, AutoModelForDepthEstimation, DPTImageProcessorPil),
    "pose": (estimate_pose, VitPoseForPoseEstimation, VitPoseImageProcessorPil),
}


def load_network(network: Any, reader: Any, source: str, device: torch.device) -> tuple[Any, Any]:  # noqa: ANN401 - transformers' classes
    """A network, ready to compute, and what reads pictures for it.

    Args:
        network: Its class.
        reader: The class of what reads pictures.
        source: Folder or hub id, with ``@`` and a revision behind it if wanted.
        device: Where to compute.

    Raises:
        OSError: A file is missing.
        ValueError: It is no such network.
    """
    name, options = split_revision(source)
    model = network.from_pretrained(name, use_safetensors=True, **options).to(device).eval()
    return model, reader.from_pretrained(name, **options)


def load_estimator(
    kind: StructureKind,
    source: str,
    device: torch.device,
    load: Callable[[Any, Any, str, torch.device], tuple[Any, Any]] = load_network,
) -> Estimator:
    """Load the network for a kind of structure that no filter finds.

    Args:
        kind: ``depth``, ``normal`` or ``pose``.
        source: Folder or hub id, with ``@`` and a revision behind it if wanted.
        device: Where to compute.
        load: Loads networks; two kinds may be read off the same.

    Raises:
        OSError: A file is missing.
        ValueError: It is no such network.
    """
    see, network, reader = _SIGHTS[kind]
    return partial(see, *load(network, reader, source, device))
