"""Pictures side by side in one image, and images in a file small enough to send."""

import io
import math
from collections.abc import Callable, Iterator, Sequence
from typing import Final, Literal

from PIL import Image

from generation.pictures.metadata import encode_exif, read_texts, write_png
from generation.recipe import Recipe

Extension = Literal["png", "webp"]
Change = Callable[[Image.Image], Image.Image]

# Of WebP, the best first; rather than lower ones a smaller picture is sent.
_QUALITIES: Final = (95, 90, 80, 70)
_SHRINK: Final = 0.8
# The format has 14 bits for each side.
_WEBP_SIDE: Final = 16383
# A recipe may take this part of the limit; beyond, it would cost too much of the picture.
_METADATA_SHARE: Final = 4


def compose(pictures: Sequence[Image.Image]) -> Image.Image:
    """The pictures in rows, left to right and top to bottom, without gaps and pixel for pixel.

    Four make 2×2; other numbers make the squarest grid with no more rows than columns. Cells left
    over are black.

    Raises:
        ValueError: There is no picture, or they differ in size.
    """
    if not pictures or any(picture.size != pictures[0].size for picture in pictures):
        raise ValueError("a grid needs pictures of one size")
    width, height = pictures[0].size
    columns, rows = choose_layout(len(pictures))
    grid = Image.new("RGB", (columns * width, rows * height))
    for k, picture in enumerate(pictures):
        grid.paste(picture, (k % columns * width, k // columns * height))
    return grid


def choose_layout(count: int) -> tuple[int, int]:
    """Columns and rows of a grid of so many pictures."""
    # The square root rounded up, in whole numbers, which are never off by one.
    columns = math.isqrt(count - 1) + 1
    return columns, math.ceil(count / columns)


def cut_picture(grid: Image.Image, k: int, count: int = 4) -> Image.Image:
    """Picture ``k``, counted from 0, of a grid of ``count``.

    Raises:
        IndexError: The grid has no such picture.
    """
    if not 0 <= k < count:
        raise IndexError(f"no picture {k} in a grid of {count}")
    columns, rows = choose_layout(count)
    width, height = grid.width // columns, grid.height // rows
    left, top = k % columns * width, k // columns * height
    return grid.crop((left, top, left + width, top + height))


def fit(
    png: bytes,
    recipe: Recipe,
    limit: int,
    *,
    change: Change | None = None,
    tells: bool = True,
) -> tuple[bytes, Extension]:
    """The picture in a file of at most ``limit`` bytes, and the file's extension.

    The PNG itself if it is small enough; else WebP, first at lower quality, then at a smaller
    size. The WebP carries the recipe too, unless that alone is a good part of the limit.

    Args:
        png: A stored picture.
        recipe: What it was made from.
        limit: In bytes.
        change: What is done to its pixels first, if anything.
        tells: Whether the file may carry the recipe.

    Raises:
        ValueError: Not even one pixel fits.
    """
    small = len(png) <= limit
    if small and tells and change is None:
        return png, "png"
    # Our own file: Pillow shall not try its other decoders.
    with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
        picture = image.convert("RGB")
        texts = read_texts(image) if tells else {}
    picture = change(picture) if change else picture
    # A change makes a PNG larger, if anything.
    if small and len(changed := write_png(picture, texts)) <= limit:
        return changed, "png"
    note = encode_exif(recipe) if tells else b""
    return fit_webp(picture, limit, b"" if len(note) * _METADATA_SHARE > limit else note), "webp"


def fit_webp(picture: Image.Image, limit: int, note: bytes = b"") -> bytes:
    """The picture as WebP of at most ``limit`` bytes, first at lower quality, then smaller.

    Args:
        picture: In RGB.
        limit: In bytes.
        note: EXIF that it carries.

    Raises:
        ValueError: Not even one pixel fits.
    """
    for webp in _shrink(picture, note):
        if len(webp) <= limit:
            return webp
    raise ValueError(f"no picture fits into {limit} bytes")


def encode_view(png: bytes, side: int) -> bytes:
    """A picture to look at on a screen: WebP, at most ``side`` pixels long, without its recipe."""
    with Image.open(io.BytesIO(png), formats=["PNG"]) as image:
        shown = image.convert("RGB")
        shown.thumbnail((side, side), Image.Resampling.LANCZOS)
        return _encode_webp(shown, _QUALITIES[0], b"")


def _shrink(image: Image.Image, note: bytes) -> Iterator[bytes]:
    if max(image.size) <= _WEBP_SIDE:
        for quality in _QUALITIES:
            yield _encode_webp(image, quality, note)
    size = image.size
    while size != (1, 1):
        size = (max(1, int(size[0] * _SHRINK)), max(1, int(size[1] * _SHRINK)))
        # WebP holds no longer side, so the first sizes of a very large picture are passed over.
        if max(size) <= _WEBP_SIDE:
            yield _encode_webp(image.resize(size, Image.Resampling.LANCZOS), _QUALITIES[-2], note)


def _encode_webp(image: Image.Image, quality: int, note: bytes) -> bytes:
    buffer = io.BytesIO()
    # Below the default effort of 4: several sizes may be tried while a person waits.
    image.save(buffer, "WEBP", quality=quality, method=2, exif=note)
    return buffer.getvalue()
