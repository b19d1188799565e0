"""Pose maps: a person's joints as the coloured figure that pose ControlNets read. Pixels only."""

import colorsys
from collections.abc import Mapping, Sequence
from typing import Final

import cv2
import numpy as np
from PIL import Image

Point = tuple[float, float]
"""A joint in pixels, from the left and from the top."""

JOINTS: Final = (
    "nose",
    "left eye",
    "right eye",
    "left ear",
    "right ear",
    "left shoulder",
    "right shoulder",
    "left elbow",
    "right elbow",
    "left wrist",
    "right wrist",
    "left hip",
    "right hip",
    "left knee",
    "right knee",
    "left ankle",
    "right ankle",
)
"""In the order of COCO's keypoints, which estimators give."""

_NECK: Final = "neck"

_LIMBS: Final = (
    (_NECK, "right shoulder"),
    (_NECK, "left shoulder"),
    ("right shoulder", "right elbow"),
    ("right elbow", "right wrist"),
    ("left shoulder", "left elbow"),
    ("left elbow", "left wrist"),
    (_NECK, "right hip"),
    ("right hip", "right knee"),
    ("right knee", "right ankle"),
    (_NECK, "left hip"),
    ("left hip", "left knee"),
    ("left knee", "left ankle"),
    (_NECK, "nose"),
    ("nose", "right eye"),
    ("right eye", "right ear"),
    ("nose", "left eye"),
    ("left eye", "left ear"),
)
"""In the order of OpenPose's limbs, which decides their colours (Cao et al. 2019)."""

_DOTS: Final = (
    "nose",
    _NECK,
    "right shoulder",
    "right elbow",
    "right wrist",
    "left shoulder",
    "left elbow",
    "left wrist",
    "right hip",
    "right knee",
    "right ankle",
    "left hip",
    "left knee",
    "left ankle",
    "right eye",
    "left eye",
    "right ear",
    "left ear",
)
"""Joints in OpenPose's order, likewise."""

# OpenPose draws limbs at 0.6 of a joint's brightness, and ControlNets were trained on that.
_DIM: Final = 0.6
_WIDTH: Final = 1 / 128
"""Radius of a joint as a share of the shorter side: 4 of 512 pixels, as in OpenPose's figures."""

# JPEG leaves black a little above 0, and limbs have smoothed, darker rims.
_DARK: Final = 40
_MOSTLY: Final = 0.7
_VIVID: Final = 80


def draw_pose_map(joints: Mapping[str, Point], size: tuple[int, int]) -> Image.Image:
    """The figure of one person on black.

    Args:
        joints: Those that are seen, by their names in ``JOINTS``.
        size: Width and height in pixels.
    """
    # OpenPose knows a neck, which COCO's joints lack.
    places = {**joints, **_find_neck(joints)}
    radius = max(1, round(min(size) * _WIDTH))
    limbs = np.zeros((size[1], size[0], 3), np.uint8)
    for number, (one, other) in enumerate(_LIMBS):
        if one in places and other in places:
            ends = _round_point(places[one]), _round_point(places[other])
            cv2.line(limbs, *ends, _choose_colour(number), 2 * radius, cv2.LINE_AA)
    # Dimmed before the joints are drawn, which keep their full brightness.
    drawn = (limbs * _DIM).astype(np.uint8)
    for number, name in enumerate(_DOTS):
        if name in places:
            cv2.circle(
                drawn, _round_point(places[name]), radius, _choose_colour(number), -1, cv2.LINE_AA
            )
    return Image.fromarray(drawn)


def _find_neck(joints: Mapping[str, Point]) -> dict[str, Point]:
    """The middle between the shoulders, which COCO does not name."""
    shoulders = [joints.get(f"{side} shoulder") for side in ("left", "right")]
    seen = [one for one in shoulders if one is not None]
    # From one shoulder alone the neck would land on it.
    if len(seen) < 2:
        return {}
    return {_NECK: ((seen[0][0] + seen[1][0]) / 2, (seen[0][1] + seen[1][1]) / 2)}


def _round_point(place: Point) -> Sequence[int]:
    return round(place[0]), round(place[1])


def _choose_colour(number: int) -> tuple[float, float, float]:
    """The colours go round the circle of hues, twenty degrees a step."""
    red, green, blue = colorsys.hsv_to_rgb(number / len(_DOTS), 1, 1)
    return 255 * red, 255 * green, 255 * blue


def is_pose_map(picture: Image.Image) -> bool:
    """Whether a picture is such a figure already: vivid colours, and black everywhere else."""
    pixels = np.asarray(picture.convert("RGB"), np.int16)
    brightest, dullest = pixels.max(axis=2), pixels.min(axis=2)
    lit = brightest > _DARK
    if not 0 < lit.mean() <= 1 - _MOSTLY:
        return False
    return bool(((brightest - dullest)[lit] > _VIVID).mean() >= _MOSTLY)
