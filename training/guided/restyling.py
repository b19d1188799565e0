"""Stage: measure restyled photographs that were never learnt from.

Is the look the one asked for (by the judge of ``viewing``), does the layout stay, and does the
picture leave the photograph steadily as the strength rises?
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from skimage.metrics import structural_similarity
from torch import Tensor

from generation.catalogue.looks import MEDIA
from generation.guided.checkpoint import Networks, quicken, read_networks
from generation.guided.drawing import Walk, fit_sides, name_look, restyle
from training.guided.exporting import EXPORT
from training.guided.photographs import read_photographs
from training.guided.renderings import LIGHTS, Picture
from training.guided.renderings import MEDIA as RENDERED
from training.guided.viewing import Viewer, load_viewer, name_seen
from training.plan import Options, start
from training.sheet import save_sheet, to_images

LOOKED_AT: Final = (*MEDIA, "night", "golden hour", "winter", "autumn")
"""Twelve looks: the sheet's columns and the measured ones."""

NAMES: Final = ("named", "layout", "similar")
"""What is measured: the look that the judge names is the wanted one, and how much stays."""

STRENGTHS: Final = (0.2, 0.4, 0.6, 0.8, 1.0)
AREA: Final = 384 * 384
_CELLS: Final = 12
_SHOWN: Final = 256


def fit_photograph(picture: Picture) -> Tensor:
    """A photograph (H, W, 3) in 0 to 1 at about ``AREA`` pixels: (1, 3, h, w) in -1 to 1."""
    width, height = fit_sides(picture.shape[1], picture.shape[0], AREA)
    shrunk = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    return torch.from_numpy(shrunk).permute(2, 0, 1)[None] * 2 - 1


def _grey(picture: Tensor) -> NDArray[np.float32]:
    values = (picture.permute(1, 2, 0).numpy() + 1) / 2
    return np.asarray(values @ np.array([0.299, 0.587, 0.114], np.float32), np.float32)


def _trace(picture: Tensor) -> NDArray[np.float32]:
    """How much of an edge of each of four directions lies in each cell, (4, 12, 12)."""
    grey = np.asarray(cv2.GaussianBlur(_grey(picture), (0, 0), 2), np.float32)
    across = np.asarray(cv2.Sobel(grey, cv2.CV_32F, 1, 0), np.float32)
    down = np.asarray(cv2.Sobel(grey, cv2.CV_32F, 0, 1), np.float32)
    steep, turn = np.hypot(across, down), np.arctan2(down, across)
    parts = [steep * np.clip(np.cos(2 * (turn - k * np.pi / 4)), 0, 1) for k in range(4)]
    cells = [cv2.resize(p, (_CELLS, _CELLS), interpolation=cv2.INTER_AREA) for p in parts]
    return np.asarray(np.sqrt(np.stack(cells)), np.float32)


def compare_layouts(first: Tensor, second: Tensor) -> float:
    """Cosine of where two pictures (3, H, W) have edges of which direction, 0 to 1."""
    one, other = _trace(first).ravel(), _trace(second).ravel()
    return float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other) + 1e-9))


def compare_pictures(first: Tensor, second: Tensor) -> float:
    """Structural similarity (Wang and others, 2004) of two pictures' lightness."""
    return float(structural_similarity(_grey(first), _grey(second), data_range=1.0))


def _judge(
    networks: Networks, viewer: Viewer, photographs: Sequence[Tensor], look: str, walk: Walk
) -> dict[str, float]:
    """Means over the photographs of :data:`NAMES`, for one look."""
    vector, rows = name_look(networks, [look]), []
    for number, picture in enumerate(photographs):
        made = restyle(networks, picture, vector, seeds=[number], walk=walk)
        named = name_seen(viewer, made[0]) == look
        kept = compare_layouts(made[0], picture[0]), compare_pictures(made[0], picture[0])
        rows.append((named, *kept))
    means = np.mean(np.array(rows, np.float64), 0).round(3).tolist()
    return dict(zip(NAMES, means, strict=True))


@torch.inference_mode()
def measure_restyling(
    networks: Networks,
    viewer: Viewer,
    photographs: Sequence[Tensor],
    looks: Sequence[str],
    walks: Sequence[Walk],
) -> dict[str, dict[str, dict[str, float]]]:
    """Figures by look, and by strength within; "all" has the means over the looks."""
    figures = {
        look: {
            str(walk.strength): _judge(networks, viewer, photographs, look, walk) for walk in walks
        }
        for look in looks
    }
    strengths = [str(walk.strength) for walk in walks]
    whole = {
        at: {n: round(float(np.mean([figures[k][at][n] for k in looks])), 3) for n in NAMES}
        for at in strengths
    }
    return {"all": whole, **figures}


def measure_ceiling(viewer: Viewer, photographs: Sequence[Tensor]) -> dict[str, float]:
    """By look, the share of the filters' own pictures that the judge names right."""
    filters = {**RENDERED, **LIGHTS}
    shares = {}
    for look in LOOKED_AT:
        named = []
        for number, shown in enumerate(photographs):
            picture = np.asarray((shown[0].permute(1, 2, 0).numpy() + 1) / 2, np.float32)
            made = torch.from_numpy(filters[look](picture, np.random.default_rng(number)))
            named.append(name_seen(viewer, made.permute(2, 0, 1) * 2 - 1) == look)
        shares[look] = round(float(np.mean(named)), 3)
    return {"all": round(float(np.mean([*shares.values()])), 3), **shares}


def draw_restyled(
    networks: Networks,
    photographs: Mapping[str, Tensor],
    path: Path,
    looks: Sequence[str],
    walk: Walk,
) -> None:
    """A sheet: each photograph beside itself in every look, cut to squares."""
    images, titles = [], []
    for name, picture in photographs.items():
        vectors = [name_look(networks, [look]) for look in looks]
        made = [restyle(networks, picture, vector, seeds=[1], walk=walk) for vector in vectors]
        images += [_square(to_images(shown)[0]) for shown in (picture, *made)]
        titles += [name, *looks]
    save_sheet(images, path, columns=len(looks) + 1, titles=titles)


def _square(image: Image.Image) -> Image.Image:
    least = min(image.size)
    left, top = (image.width - least) // 2, (image.height - least) // 2
    return image.crop((left, top, left + least, top + least)).resize((_SHOWN, _SHOWN))


def measure_photographs(given: Options) -> None:
    """Write ``restyling/``: report.json and a sheet, of the model in ``export/``."""
    networks = quicken(read_networks(given.out / EXPORT))
    found = read_photographs(given, "measure")
    photographs = {name: fit_photograph(picture) for name, picture in found.items()}
    folder = given.folder("restyling")
    draw_restyled(networks, photographs, folder / "sheet.png", LOOKED_AT, Walk())
    viewer, shown = load_viewer(given), list(photographs.values())
    walks = [Walk(strength) for strength in STRENGTHS]
    figures = measure_restyling(networks, viewer, shown, LOOKED_AT, walks)
    ceiling = measure_ceiling(viewer, shown)
    report = {"all": figures.pop("all"), "ceiling": ceiling, "looks": figures}
    (folder / "report.json").write_text(json.dumps(report, indent=1) + "\n")
    print(json.dumps(report["all"]), "filters named right:", ceiling["all"])


if __name__ == "__main__":
    start(__doc__, measure_photographs)
