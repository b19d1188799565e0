"""What can be wrong with a picture that a person gave, as types with data and without words."""

from typing import Literal

from faults import UserError

MOST_ASPECT = 50
"""How many times as long as the other a side of a picture may be."""


class ImageError(UserError):
    """A picture that a person gave and that cannot be used."""


class NotAnImageError(ImageError):
    """The bytes are in no format that is read here."""


class BrokenImageError(ImageError):
    """The bytes begin like a picture but do not decode to one.

    Attributes:
        format: Name of the format that they begin like.
    """

    def __init__(self, format_: str) -> None:
        super().__init__(f"broken {format_} data")
        self.format = format_


class ImageKindError(ImageError):
    """The picture is sound, but of a kind of its format that hardly any program reads.

    Attributes:
        format: Name of the format.
    """

    def __init__(self, format_: str) -> None:
        super().__init__(f"a kind of {format_} that is not read")
        self.format = format_


class ImageTooLargeError(ImageError):
    """The picture is over a limit.

    Attributes:
        unit: What was counted.
        limit: How much of it is taken.
        found: How much there is; at least this much where the rest was not read.
    """

    def __init__(self, unit: Literal["bytes", "pixels"], limit: int, found: int) -> None:
        super().__init__(f"{found} {unit}, over the limit of {limit}")
        self.unit: Literal["bytes", "pixels"] = unit
        self.limit = limit
        self.found = found


class ImageTooNarrowError(ImageError):
    """One side of the picture is more than ``MOST_ASPECT`` times as long as the other.

    Attributes:
        width: In pixels.
        height: In pixels.
    """

    def __init__(self, width: int, height: int) -> None:
        super().__init__(f"{width} by {height} pixels")
        self.width = width
        self.height = height


class ImageTooHardError(ImageError):
    """To read the picture would take more time, memory or steps than a picture is worth."""


class NothingPaintedError(ImageError, ValueError):
    """A mask without any white in it."""


class MaskMisfitError(ImageError):
    """A mask that was painted over something else than the picture that it is for.

    Attributes:
        width: Of the mask, in pixels.
        height: Of the mask, in pixels.
    """

    def __init__(self, width: int, height: int) -> None:
        super().__init__(f"a mask of {width} by {height} pixels")
        self.width = width
        self.height = height
