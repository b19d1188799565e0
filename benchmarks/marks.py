"""Marks on pictures of every kind: what survives what, how much it shows, what it costs.

Run with ``python -m benchmarks.marks``. Baselines in the same run: the same readings of pictures
without a mark, and encoding a PNG, which is done to every picture as it is.
"""

import io
import random
import statistics
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Final

import numpy as np
import skimage.data
from PIL import Image, ImageDraw, ImageEnhance, ImageFilter

from benchmarks.psnr import measure_psnr
from generation.pictures.grid import compose
from generation.pictures.metadata import write_png
from generation.provenance.identity import make_identity
from generation.provenance.manifest import Claim, read, sign
from generation.provenance.watermark import LAYOUTS, SURE, Watermark, look

SIDE: Final = 1024
NUMBER: Final = 0xEA5E1234
KEYS: Final = 80
"""Keys with which each unmarked picture is read: their signs are drawn apart, so that every
reading is a trial of its own, whatever the picture."""

CUTS: Final = 400
"""Parts of pictures, at places and of sizes drawn by lot, that are read unmarked."""

DOCS: Final = Path(__file__).parents[1] / "docs"
SKIMAGE: Final = Path(skimage.data.__file__).parent
PHOTOGRAPHS: Final = (
    *("astronaut.png", "coffee.png", "chelsea.png", "rocket.jpg", "motorcycle_left.png"),
    *("hubble_deep_field.jpg", "retina.jpg", "ihc.png"),
)
TEXTURES: Final = ("brick.png", "grass.png", "gravel.png", "coins.png", "moon.png", "camera.png")
PAGES: Final = ("page.png", "text.png", "logo.png", "horse.png", "clock_motion.png")

Attack = Callable[[Image.Image], Image.Image]


def encode(image: Image.Image, kind: str, quality: int) -> Image.Image:
    """The image as it comes out of a file."""
    buffer = io.BytesIO()
    image.save(buffer, kind, quality=quality)
    return Image.open(buffer).convert("RGB")


def scale(image: Image.Image, by: float) -> Image.Image:
    """The image at another size."""
    size = max(1, round(image.width * by)), max(1, round(image.height * by))
    return image.resize(size, Image.Resampling.LANCZOS)


def crop(image: Image.Image, share: float) -> Image.Image:
    """The image without a share of its width and height, half of it at each side."""
    left, top = round(image.width * share / 2), round(image.height * share / 2)
    return image.crop((left, top, image.width - left, image.height - top))


ATTACKS: Final[Mapping[str, Attack]] = {
    "untouched": lambda image: image,
    "WebP q80": lambda image: encode(image, "WEBP", 80),
    "JPEG q80": lambda image: encode(image, "JPEG", 80),
    "75 % + JPEG q85": lambda image: encode(scale(image, 0.75), "JPEG", 85),
    "50 % + WebP q80": lambda image: encode(scale(image, 0.5), "WEBP", 80),
    "50 % + JPEG q70": lambda image: encode(scale(image, 0.5), "JPEG", 70),
    "30 % + WebP q80": lambda image: encode(scale(image, 0.3), "WEBP", 80),
    "brighter by 10 %": lambda image: ImageEnhance.Brightness(image).enhance(1.1),
    "blurred": lambda image: image.filter(ImageFilter.GaussianBlur(1.5)),
    "1 % cut off": lambda image: crop(image, 0.01),
    "10 % cut off": lambda image: crop(image, 0.1),
}


def open_image(path: Path, side: int = SIDE) -> Image.Image:
    """A picture whose longer side is as long as the larger ones that are drawn."""
    with Image.open(path) as image:
        picture = image.convert("RGB")
    return scale(picture, side / max(picture.width, picture.height))


def cut(image: Image.Image, lots: random.Random) -> Image.Image:
    """A part of a picture."""
    share = lots.uniform(0.45, 0.8)
    width, height = round(image.width * share), round(image.height * share)
    left, top = lots.randrange(image.width - width), lots.randrange(image.height - height)
    return image.crop((left, top, left + width, top + height))


def draw_shapes(lots: random.Random) -> Image.Image:
    """Shapes of a few plain colours, as in a poster."""
    image = Image.new("RGB", (SIDE, SIDE), lots.choice(("white", "#f4e8d0", "#101820", "#2a6f97")))
    pen = ImageDraw.Draw(image)
    for _ in range(lots.randrange(3, 12)):
        x, y, size = lots.randrange(SIDE), lots.randrange(SIDE), lots.randrange(60, 420)
        colour = tuple(lots.randrange(256) for _ in range(3))
        draw = lots.choice((pen.ellipse, pen.rectangle))
        draw((x - size, y - size, x + size, y + size), fill=colour)
    return image


def draw_gradient(lots: random.Random) -> Image.Image:
    """A sky: one colour turning into another."""
    ends = np.array([[lots.randrange(256) for _ in range(3)] for _ in range(2)], np.float64)
    share = np.linspace(0, 1, SIDE)[:, None, None]
    rows = ends[0] * (1 - share) + ends[1] * share
    return Image.fromarray(np.broadcast_to(rows, (SIDE, SIDE, 3)).astype(np.uint8))


def list_drawn(lots: random.Random) -> Iterator[Image.Image]:
    """Pictures that the bundled model drew, in the size in which it draws."""
    sheets = [*sorted((DOCS / "controls").glob("*.webp")), DOCS / "model" / "prompts.webp"]
    for sheet in sheets:
        with Image.open(sheet) as image:
            picture = image.convert("RGB")
        left = lots.randrange(max(1, picture.width // 256)) * 256
        top = lots.randrange(max(1, picture.height // 256)) * 256
        yield picture.crop((left, top, left + 256, top + 256))


def collect() -> dict[str, list[Image.Image]]:
    """Pictures of every kind."""
    lots = random.Random(20)
    photographs = [open_image(SKIMAGE / name) for name in PHOTOGRAPHS]
    drawn = list(list_drawn(lots))
    sheets = [*sorted((DOCS / "controls").glob("*.webp")), *sorted((DOCS / "model").glob("*.png"))]
    pages = [*sorted((DOCS / "controls").glob("*.png")), DOCS / "images" / "playground.png"]
    return {
        "photographs": photographs,
        "parts of photographs": [
            scale(cut(one, lots), 1.6) for one in photographs for _ in range(2)
        ],
        "textures": [open_image(SKIMAGE / name) for name in TEXTURES],
        "drawn here, 256 px": drawn,
        "the same, enlarged": [scale(one, 4) for one in drawn],
        "sheets of drawings": [open_image(path) for path in sheets],
        "plain shapes": [draw_shapes(lots) for _ in range(8)],
        "plain skies": [draw_gradient(lots) for _ in range(4)],
        "pages and screens": [open_image(path) for path in pages]
        + [open_image(SKIMAGE / name) for name in PAGES if (SKIMAGE / name).exists()],
    }


def try_marks(mark: Watermark, kinds: Mapping[str, list[Image.Image]]) -> None:
    """Prints what is read of each kind after each attack."""
    print(f"| | {' | '.join(ATTACKS)} | PSNR, median (least) |")
    print(f"|---|{'---|' * (len(ATTACKS) + 1)}")
    every = dict.fromkeys(ATTACKS, 0)
    noises, spent = list[float](), list[float]()
    count = sum(map(len, kinds.values()))
    for kind, images in kinds.items():
        told, own = dict.fromkeys(ATTACKS, 0), list[float]()
        for image in images:
            began = time.process_time()
            marked = mark.embed(image, NUMBER)
            if min(image.size) >= 512:
                spent.append(time.process_time() - began)
            own.append(measure_psnr(image, marked))
            for name, attack in ATTACKS.items():
                found = mark.read(attack(marked))
                told[name] += found is not None and found.number == NUMBER
        cells = " | ".join(f"{told[name]}/{len(images)}" for name in ATTACKS)
        print(f"| {kind} | {cells} | {statistics.median(own):.1f} ({min(own):.1f}) |", flush=True)
        every = {name: every[name] + told[name] for name in ATTACKS}
        noises += own
    cells = " | ".join(f"{100 * every[name] / count:.0f} %" for name in ATTACKS)
    print(f"| **all {count}** | {cells} | {statistics.median(noises):.1f} ({min(noises):.1f}) |")
    print(
        f"embedding, {SIDE} px: median {1000 * statistics.median(spent):.0f} ms of a processor, "
        f"most {1000 * max(spent):.0f} ms"
    )


def try_grids(mark: Watermark, images: list[Image.Image]) -> None:
    """Prints what is read of grids, and of one picture cut out of each."""
    whole = cuts = tries = 0
    for k in range(0, len(images) - 3, 4):
        four = [one.resize((SIDE, SIDE)) for one in images[k : k + 4]]
        marked = mark.embed(compose(four), NUMBER, (2, 2))
        seen = encode(scale(marked, 0.25), "WEBP", 80)
        whole += mark.read(seen) is not None
        for place in range(4):
            left, top = place % 2 * SIDE, place // 2 * SIDE
            part = marked.crop((left, top, left + SIDE, top + SIDE))
            cuts += mark.read(encode(scale(part, 0.5), "WEBP", 80)) is not None
        tries += 1
    print(f"grids of 2048 px at a quarter + WebP q80: {whole}/{tries}; ", end="")
    print(f"a picture cut out, 50 % + WebP q80: {cuts}/{4 * tries}")


def try_unmarked(kinds: Mapping[str, list[Image.Image]]) -> None:
    """Prints how often a number is found where there is none."""
    lots = random.Random(21)
    images = [image for some in kinds.values() for image in some]
    parts = [cut(lots.choice(images), lots) for _ in range(CUTS)]
    seen = np.stack([look(part, layout) for part in parts for layout in LAYOUTS])
    found, best = 0, 0.0
    for _ in range(KEYS):
        reads = Watermark(lots.randbytes(32)).decode_all(seen)
        sure = np.array([one.sure for one in reads]).reshape(CUTS, len(LAYOUTS))
        found += int(sure.any(axis=1).sum())
        best = max(best, *(one.score for one in reads))
    print(
        f"unmarked: {found} of {CUTS * KEYS} readings of {CUTS} parts of pictures by {KEYS} keys; "
        f"largest correlation {best:.2f}, needed {SURE}"
    )


def time_signing(image: Image.Image) -> None:
    """Prints what a signature takes, beside encoding the same picture."""
    identity = make_identity()
    claim = Claim(title="easel-ea5e1234", job="ea5e1234", digest="0" * 64, model="easel-1")
    for kind, options in (("png", {"compress_level": 1}), ("webp", {"quality": 90})):
        buffer = io.BytesIO()
        began = time.perf_counter()
        image.save(buffer, kind.upper(), **options)
        encoding, data = time.perf_counter() - began, buffer.getvalue()
        took = list[float]()
        for _ in range(20):
            began = time.perf_counter()
            signed = sign(data, kind, claim, identity)
            took.append(time.perf_counter() - began)
        began = time.perf_counter()
        said = read(signed, kind, identity.trust)
        reading = time.perf_counter() - began
        state = said.state if said else "not signed"
        print(
            f"{kind}, {image.width} px, {len(data) / 1e6:.1f} MB: sign "
            f"{1000 * statistics.median(took):.1f} ms, + {len(signed) - len(data)} bytes, read "
            f"{1000 * reading:.1f} ms ({state}); encoding it {1000 * encoding:.0f} ms"
        )


def measure_cost(kinds: Mapping[str, list[Image.Image]]) -> None:
    """Prints what signatures take, and what is done to every picture without any mark."""
    photograph = kinds["photographs"][0].resize((SIDE, SIDE))
    began = time.perf_counter()
    write_png(photograph, {})
    print(f"encoding a PNG: {1000 * (time.perf_counter() - began):.0f} ms")
    time_signing(photograph)
    time_signing(photograph.resize((2 * SIDE, 2 * SIDE)))


def survive(kinds: Mapping[str, list[Image.Image]]) -> None:
    """Prints what is read after what."""
    mark = Watermark(b"a key of a benchmark".ljust(32, b"."))
    try_marks(mark, kinds)
    try_grids(mark, kinds["parts of photographs"])


PARTS: Final = {"survive": survive, "cost": measure_cost, "unmarked": try_unmarked}
"""Parts of the benchmark, which may be named to run one alone."""


def main() -> None:
    """Prints the figures of the parts that are named, or of all."""
    kinds = collect()
    for name in sys.argv[1:] or PARTS:
        PARTS[name](kinds)


if __name__ == "__main__":
    main()
