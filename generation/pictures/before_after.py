"""Before and after a change: two pictures as one, with a divider between them."""

from typing import Final

from PIL import Image

_DIVIDER: Final = 1 / 128
"""Width of the divider, as a share of the height."""

_COLOUR: Final = (255, 255, 255)
_FINE: Final = Image.Resampling.LANCZOS


def put_beside(before: Image.Image, after: Image.Image) -> Image.Image:
    """Both side by side and whole, the earlier one at the left.

    Args:
        before: Any size; shown as high as the other, in its own ratio.
        after: Shown pixel for pixel.
    """
    height = after.height
    width = max(1, round(before.width * height / before.height))
    earlier = before if before.size == (width, height) else before.resize((width, height), _FINE)
    divider = max(2, round(_DIVIDER * height))
    joined = Image.new("RGB", (width + divider + after.width, height), _COLOUR)
    joined.paste(earlier, (0, 0))
    joined.paste(after, (width + divider, 0))
    return joined
