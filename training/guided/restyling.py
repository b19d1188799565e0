"""Stage: measure restyled photographs that were never learnt from.

Is the look the one asked for (by the judge of ``viewing``), does the layout stay, and does the
picture leave the photograph steadily as the strength rises?
"""

import csv
import json
from pathlib import Path
from typing import Any, Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from skimage.metrics import structural_similarity
from torch import Tensor

from generation.guided.checkpoint import Networks, read_networks
from generation.guided.drawing import fit_sides, name_look, restyle
from generation.guided.looks import LIGHTS, MEDIA
from training.guided.photographs import read_photographs
from training.guided.renderings import Picture
from training.guided.viewing import NAMED, Viewer, load_viewer
from training.plan import Options, start
from training.sheet import save_sheet, to_images

LOOKED_AT: Final = (*MEDIA, "night", "golden hour", "winter", "autumn")
"""Twelve looks: the sheet's columns and the measured ones."""

STRENGTHS: Final = (0.2, 0.4, 0.6, 0.8, 1.0)
AREA: Final = 384 * 384
_CELLS: Final = 12


def fit_photograph(picture: Picture, area: int = AREA) -> Tensor:
    """A photograph (H, W, 3) in 0 to 1 at about ``area`` pixels: (1, 3, h, w) in -1 to 1."""
    width, height = fit_sides(picture.shape[1], picture.shape[0], area)
    shrunk = cv2.resize(picture, (width, height), interpolation=cv2.INTER_AREA)
    return torch.from_numpy(shrunk).permute(2, 0, 1)[None] * 2 - 1


def _grey(picture: Tensor) -> NDArray[np.float32]:
    values = (picture.permute(1, 2, 0).numpy() + 1) / 2
    return np.asarray(values @ np.array([0.299, 0.587, 0.114], np.float32), np.float32)


def compare_layouts(first: Tensor, second: Tensor) -> float:
    """Cosine of where two pictures (3, H, W) have edges of which direction, 0 to 1."""

    def trace(picture: Tensor) -> NDArray[np.float32]:
        grey = cv2.GaussianBlur(_grey(picture), (0, 0), 2)
        across, down = cv2.Sobel(grey, cv2.CV_32F, 1, 0), cv2.Sobel(grey, cv2.CV_32F, 0, 1)
        steep = np.sqrt(across**2 + down**2)
        turn = np.arctan2(down, across)
        parts = [steep * np.clip(np.cos(2 * (turn - k * np.pi / 4)), 0, 1) for k in range(4)]
        cells = [cv2.resize(p, (_CELLS, _CELLS), interpolation=cv2.INTER_AREA) for p in parts]
        return np.sqrt(np.stack(cells))

    one, other = trace(first).ravel(), trace(second).ravel()
    return float(one @ other / (np.linalg.norm(one) * np.linalg.norm(other) + 1e-9))


def compare_pictures(first: Tensor, second: Tensor) -> float:
    """Structural similarity (Wang and others, 2004) of two pictures' lightness."""
    return float(structural_similarity(_grey(first), _grey(second), data_range=1.0))


@torch.inference_mode()
def measure_restyling(
    networks: Networks,
    viewer: Viewer,
    photographs: dict[str, Tensor],
    *,
    looks: tuple[str, ...] = LOOKED_AT,
    strengths: tuple[float, ...] = STRENGTHS,
    steps: int = 10,
    guidance: float = 1.5,
) -> dict[str, Any]:
    """Figures by look and strength: "named", "layout" and "similar", each 0 to 1."""
    figures: dict[str, Any] = {look: {} for look in looks}
    for look in looks:
        vector = name_look(networks, [look])
        for strength in strengths:
            rows = []
            for number, picture in enumerate(photographs.values()):
                made = restyle(
                    networks,
                    picture,
                    vector,
                    seeds=[number],
                    strength=strength,
                    steps=steps,
                    guidance=guidance,
                )
                named = NAMED[int(viewer(made).argmax())] == look
                rows.append(
                    (named, compare_layouts(made[0], picture[0]), compare_pictures(made[0], picture[0]))
                )
            means = np.mean(np.array(rows, np.float64), 0).round(3).tolist()
            figures[look][str(strength)] = dict(zip(("named", "layout", "similar"), means, strict=True))
    figures["all"] = {
        str(s): {
            name: round(float(np.mean([figures[look][str(s)][name] for look in looks])), 3)
            for name in ("named", "layout", "similar")
        }
        for s in strengths
    }
    return figures


def note_figures(path: Path, row: dict[str, Any]) -> None:
    """Add a line to a table of figures over time."""
    fresh = not path.exists()
    with path.open("a", newline="") as file:
        writer = csv.DictWriter(file, list(row))
        if fresh:
            writer.writeheader()
        writer.writerow(row)


def draw_restyled(
    networks: Networks,
    photographs: dict[str, Tensor],
    path: Path,
    *,
    looks: tuple[str, ...] = LOOKED_AT,
    strength: float = 0.6,
    side: int = 256,
) -> None:
    """A sheet: each photograph beside itself in every look."""
    shown, titles = [], []
    for name, picture in photographs.items():
        shown.append(picture)
        titles.append(name)
        for look in looks:
            shown.append(
                restyle(networks, picture, name_look(networks, [look]), seeds=[1], strength=strength)
            )
            titles.append(look)
    images = []
    for picture in shown:
        image = to_images(picture)[0]
        least = min(image.size)
        left, top = (image.width - least) // 2, (image.height - least) // 2
        images.append(image.crop((left, top, left + least, top + least)).resize((side, side)))
    save_sheet(images, path, columns=len(looks) + 1, titles=titles)


def measure_photographs(given: Options) -> None:
    """Write ``restyling/``: report.json, and a sheet."""
    networks = read_networks(given.out / "guided")
    photographs = {
        name: fit_photograph(picture)
        for name, picture in read_photographs(given, "measure").items()
    }
    folder = given.folder("restyling")
    draw_restyled(networks, photographs, folder / "sheet.png")
    figures = measure_restyling(networks, load_viewer(given), photographs)
    (folder / "report.json").write_text(json.dumps(figures, indent=1))
    print(json.dumps(figures["all"]))


if __name__ == "__main__":
    start(__doc__, measure_photographs)
