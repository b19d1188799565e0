"""Stage: views of photographs, their renderings, and the latents of both.

A view is a part of a photograph at 384x384 pixels. Each is kept plain, in every medium, in every
light, and in some media under some lights.
"""

import zlib
from collections.abc import Iterable, Iterator
from contextlib import ExitStack
from multiprocessing import get_context
from pathlib import Path
from random import Random
from typing import Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor

from generation.catalogue.looks import LOOKS, PLAIN
from generation.guided.latents import Latents
from training.bar import Bar
from training.guided.photographs import read_photographs
from training.guided.renderings import LIGHTS, MEDIA, Picture
from training.plan import Options, start

VIEW: Final = 384
"""Side of a view in pixels."""

NONE: Final = -1
_LARGE: Final = 600
_MANY, _FEW = 12, 5
_MIXED: Final = 4
_KEPT: Final = 4  # of one view in so many, the pixels are kept, too: the decoder learns from them


def cut_views(photographs: dict[str, Picture], random: Random) -> Iterator[Picture]:
    """Parts of each photograph at one size, more of those that have more pixels.

    Some are flipped, and light and warmth vary a little.
    """
    for picture in photographs.values():
        height, width = picture.shape[:2]
        least = min(height, width)
        for number in range(_MANY if least >= _LARGE else _FEW):
            side = round(least * (1 if number == 0 else random.uniform(0.5, 1)))
            side = max(side, min(least, 180))
            top, left = random.randint(0, height - side), random.randint(0, width - side)
            part = picture[top : top + side, left : left + side]
            way = cv2.INTER_AREA if side > VIEW else cv2.INTER_CUBIC
            view = np.asarray(cv2.resize(part, (VIEW, VIEW), interpolation=way), np.float32)
            if random.random() < 0.5:
                view = view[:, ::-1]
            tint = [random.uniform(0.9, 1.1) for _ in range(3)]
            power = random.uniform(0.75, 1.3)
            yield np.clip(np.clip(view, 0, 1) ** power * tint, 0, 1).astype(np.float32)


def render_looks(view: Picture, seed: int) -> tuple[NDArray[np.uint8], list[tuple[int, int]]]:
    """A view in every look.

    Returns:
        Pictures (L, 384, 384, 3), and for each its rows of ``LOOKS``, ``NONE`` where there is no
        second; the first is the view itself.
    """
    random, chance = Random(seed), np.random.default_rng(seed)
    lit = {name: light(view, chance) for name, light in LIGHTS.items()}
    made = [(view, (LOOKS.index(PLAIN), NONE))]
    made += [(picture, (LOOKS.index(name), NONE)) for name, picture in lit.items()]
    for name, medium in MEDIA.items():
        made.append((medium(view, chance), (LOOKS.index(name), NONE)))
    for _ in range(_MIXED):
        name, light = random.choice(list(MEDIA)), random.choice(list(LIGHTS))
        picture = MEDIA[name](lit[light], chance)
        made.append((picture, (LOOKS.index(name), LOOKS.index(light))))
    pictures = np.stack([picture for picture, _ in made])
    return (pictures * 255).round().astype(np.uint8), [looks for _, looks in made]


def _make(work: tuple[Picture, int, Path, Path, bool]) -> None:
    """One view: its latents, and perhaps its pixels, into files."""
    view, seed, basis, place, keep = work
    cv2.setNumThreads(1)
    torch.set_num_threads(1)
    weights = load_file(basis)
    latents = Latents(len(weights["scale"]))
    latents.load_state_dict(weights)
    pictures, looks = render_looks(view, seed)
    shown = torch.from_numpy(pictures)
    encoded = latents.encode(shown.permute(0, 3, 1, 2).float() / 127.5 - 1).half().contiguous()
    parts = {"latents": encoded, "looks": torch.tensor(looks)}
    if keep:
        parts["pixels"] = shown
    save_file(parts, place.with_suffix(".new"))
    place.with_suffix(".new").replace(place)


def make_views(given: Options) -> None:
    """Write ``views/<use>/<number>.safetensors`` for photographs to learn and to judge from.

    Raises:
        StoppedError: The session ended first.
    """
    basis = given.folder("basis") / "latents.safetensors"
    work = []
    for use in ("train", "judge"):
        views = cut_views(read_photographs(given, use), Random(zlib.crc32(use.encode())))
        for number, view in enumerate(views):
            place = given.folder(f"views/{use}") / f"{number:04}.safetensors"
            if not place.exists():
                keep = number % _KEPT == 0 or use == "judge"
                work.append((view, 1000 * len(use) + number, basis, place, keep))
    Random(0).shuffle(work)
    with ExitStack() as stack:
        bar = stack.enter_context(Bar("views", len(work)))
        made: Iterable[None] = map(_make, work)
        if given.abreast > 1:
            pool = stack.enter_context(get_context("spawn").Pool(given.abreast))
            made = pool.imap_unordered(_make, work)
        for done, _ in enumerate(made):
            given.session.check()
            bar.update(done + 1)


def load_views(given: Options, use: str, part: str) -> tuple[Tensor, Tensor]:
    """What is kept of the views.

    Args:
        given: Where they lie.
        use: "train" or "judge".
        part: "latents" or "pixels".

    Returns:
        Latents float16 (V, L, C, 48, 48) or pixels uint8 (V, L, 384, 384, 3), and their looks
        (V, L, 2).

    Raises:
        FileNotFoundError: There are none.
    """
    paths = [p for p in sorted(given.folder(f"views/{use}").glob("*.safetensors")) if _has(p, part)]
    whole: Tensor | None = None
    looks = []
    # Filled one by one: a list of them, stacked, would need the memory twice.
    for number, path in enumerate(paths):
        with safe_open(path, "pt") as file:
            found = file.get_tensor(part)
            if whole is None:
                whole = torch.empty(len(paths), *found.shape, dtype=found.dtype)
            whole[number] = found
            looks.append(file.get_tensor("looks"))
    if whole is None:
        message = f"no {part} of views to {use} by"
        raise FileNotFoundError(message)
    return whole, torch.stack(looks)


def _has(path: Path, part: str) -> bool:
    with safe_open(path, "pt") as file:
        return part in file.keys()  # noqa: SIM118 - this is no mapping


if __name__ == "__main__":
    start(__doc__, make_views)
