"""Dyes: a plan in the colour that words name, on a ground of another.

Most colours of the artwork that a planner learnt from were made of a drawing's own ones: its hue
was turned, its lines were inked, or it was drained to white or black. It saw each drawing in its
own colours often and in any other seldom, so it plans a thing without its colour far more clearly;
the colour is then given to the plan by the rules that made the artwork, and where these give none,
by a tint.
"""

import math
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

COLOURS: Final = {
    "red": (0.88, 0.15, 0.17),
    "orange": (0.98, 0.55, 0.12),
    "yellow": (0.99, 0.84, 0.2),
    "green": (0.25, 0.7, 0.3),
    "blue": (0.2, 0.45, 0.9),
    "purple": (0.55, 0.3, 0.8),
    "pink": (0.98, 0.55, 0.75),
    "brown": (0.5, 0.32, 0.2),
    "black": (0.1, 0.1, 0.12),
    "white": (1.0, 1.0, 1.0),
    "grey": (0.6, 0.6, 0.62),
}
"""Colour words, and the shade of a ground or an ink of that name, in 0 to 1."""

COLOUR_WORDS: Final = tuple(COLOURS)
PLAIN: Final = COLOUR_WORDS.index("black")
"""From here on, colours have no hue."""

CLEAR: Final = 0.45
"""Share of a drawing from which a colour is that of the whole."""

ANGLES: Final = tuple(range(20, 360, 20))
"""Turns of the hue that are tried, in degrees."""

WHITENED: Final = (0.35, 0.65)
"""What lightness is multiplied by and lifted by in a white thing, so that shades still show."""

BLACKENED: Final = (0.3, 0.0)
"""The same in a black one."""

GREYED: Final = (0.6, 0.1)
"""The same in a grey one: darker than a white thing and lighter than a black one. No artwork was
greyed; what is grey in it is so by itself."""

FAINT: Final = 0.5
"""Share of colours without a hue above which a drawing has none to turn."""

_LIGHT: Final = 0.7
"""Share of a thing that is darker than what a tint makes as light as its shade. Of 300 looks drawn
at random the judge names 91, 90 and 89 % of the colours right at 0.5, 0.7 and 0.9; at 0.5 half of
the thing has no shading left."""

_DARK: Final = 0.5
"""Lightness of that, below which a tint makes it lighter no further: what is black stays so."""

_HALF: Final = 0.5
"""Share of a pixel below which it is ground."""

_OUTLINE: Final = 7
"""Pixels across which an outline may be soft."""

_HAZE: Final = 0.1
"""Share of a line's darkness up to which what lies between lines is the planner's haze."""

_PALE: Final = 0.75
"""Least of a pixel's three values from which it may be of a white ground, or of haze on it."""

_ALIKE: Final = 1e-4
"""Sum of squares below which grounds do not differ: a hundredth in one of their values."""

_TO_YIQ = torch.tensor(
    [[0.299, 0.587, 0.114], [0.5959, -0.2746, -0.3213], [0.2115, -0.5227, 0.3112]]
)
_TO_RGB = torch.linalg.inv(_TO_YIQ)


def hue_rotation(degrees: Tensor) -> Tensor:
    """Maps that turn the hue in YIQ and keep the lightness.

    Args:
        degrees: Angles (N,).

    Returns:
        Affine maps (N, 3, 4) of RGB in 0 to 1: a matrix beside an offset of zero.
    """
    angle = degrees * (math.pi / 180)
    cos, sin, one, zero = angle.cos(), angle.sin(), torch.ones_like(angle), torch.zeros_like(angle)
    turn = torch.stack([one, zero, zero, zero, cos, -sin, zero, sin, cos], -1).view(-1, 3, 3)
    to_yiq, to_rgb = _TO_YIQ.to(degrees.device), _TO_RGB.to(degrees.device)
    return torch.cat([to_rgb @ turn @ to_yiq, torch.zeros(len(degrees), 3, 1).to(degrees)], -1)


def tint(colour: Tensor) -> Tensor:
    """Maps that make light parts take a colour each, (N, 3) in 0 to 1 → (N, 3, 4)."""
    grey = _TO_YIQ[0].to(colour)
    return torch.cat([colour[:, :, None] * grey, torch.zeros(len(colour), 3, 1).to(colour)], -1)


def drain(count: int, scale: float, lift: float, device: torch.device | str = "cpu") -> Tensor:
    """Maps (count, 3, 4) of RGB to lightness, multiplied by a scale and lifted."""
    maps = tint(torch.full((count, 3), scale, device=device))
    maps[:, :, 3] = lift
    return maps


def colour_shares(pictures: Tensor, cover: Tensor) -> Tensor:
    """How much of each drawing has the colour of each word.

    Pixels without a hue count a quarter, since outlines and lights are in every drawing.

    Args:
        pictures: (N, 3, H, W) in 0 to 1.
        cover: Coverage (N, H, W) in 0 to 1.

    Returns:
        Shares (N, 11) that sum to 1.
    """
    red, green, blue = pictures.unbind(1)
    high, low = pictures.amax(1), pictures.amin(1)
    span = (high - low).clamp_min(1e-4)
    hue = torch.where(
        high == red,
        ((green - blue) / span) % 6,
        torch.where(high == green, (blue - red) / span + 2, (red - green) / span + 4),
    )
    hue = hue * 60
    strength = (high - low) / high.clamp_min(1e-4)
    edges = torch.tensor([14.0, 41, 68, 165, 255, 292, 343], device=hue.device)
    bins = torch.bucketize(hue, edges) % 7  # red, orange, yellow, green, blue, purple, pink
    warm = bins <= 1
    bins = torch.where(warm & (high < 0.68) & (strength < 0.85), torch.full_like(bins, 7), bins)
    pale = (bins == 0) & (strength < 0.5) & (high > 0.75)
    bins = torch.where(pale, torch.full_like(bins, 6), bins)
    bins = torch.where(strength < 0.16, torch.where(high > 0.85, 9, 10), bins)
    bins = torch.where(high < 0.22, torch.full_like(bins, 8), bins)
    weight = torch.where(bins >= PLAIN, 0.25, 1.0) * cover
    shares = torch.zeros(len(pictures), len(COLOUR_WORDS), device=pictures.device)
    shares.scatter_add_(1, bins.flatten(1), weight.flatten(1))
    return shares / shares.sum(1, keepdim=True).clamp_min(1e-6)


def find_corners(shown: Tensor) -> Tensor:
    """The corners (B, C, 2, 2) of plans or pictures (B, C, h, w), which lie on the ground."""
    return shown[:, :, :: shown.shape[2] - 1, :: shown.shape[3] - 1]


def find_cover(shown: Tensor, *, lines: bool) -> Tensor:
    """How much of each pixel a thing covers.

    Args:
        shown: The thing on white, and on other grounds (N, 3, H, W), in 0 to 1.
        lines: Whether it is drawn in lines, through which the ground is seen.

    Returns:
        (H, W) in 0 to 1.
    """
    least = shown[0].amin(0)
    if lines:
        share = (1 - least) / (1 - least.min()).clamp_min(0.1)
        return ((share - _HAZE) / (1 - _HAZE)).clamp(0, 1)
    # What is dark on white is of the thing, whatever the planner makes of it on other grounds.
    outside = ((_cut_out(shown) < _HALF) & (least > _PALE)).to(shown)
    # Along the outline a pixel is as much of the thing as it is darker than white, beside what the
    # thing is further in.
    near = functional.max_pool2d(outside[None, None], _OUTLINE, 1, _OUTLINE // 2)[0, 0]
    within = -functional.max_pool2d(-least[None, None], _OUTLINE, 1, _OUTLINE // 2)[0, 0]
    share = ((1 - least) / (1 - within).clamp_min(0.05)).clamp(0, 1)
    return torch.where(outside > 0, 0.0, torch.where(near > 0, share, 1.0))


def _cut_out(shown: Tensor) -> Tensor:
    """How much of each pixel (H, W) does not change with the ground of pictures (N, 3, H, W).

    Triangulation matting (Smith and Blinn, "Blue Screen Matting", 1996), by least squares over
    all of the grounds.
    """
    grounds = find_corners(shown).mean((2, 3))
    apart = grounds - grounds.mean(0)
    changes = torch.einsum("nc,nchw->hw", apart, shown - shown.mean(0))
    return 1 - changes / apart.square().sum().clamp_min(_ALIKE)


def dye(shown: Tensor, colour: str, ground: str = "white", *, lines: bool) -> Tensor | None:
    """A thing in another colour, on another ground.

    Args:
        shown: The thing in its own colours on white, and on other grounds (N, 3, H, W), in 0 to 1.
        colour: A word of ``COLOURS``.
        ground: Another.
        lines: Whether it is drawn in lines, which are inked.

    Returns:
        (3, H, W) in 0 to 1; None if none of the rules gives it that colour.
    """
    cover = find_cover(shown, lines=lines)
    chosen = _choose_map(shown[0], cover, colour, lines=lines)
    return None if chosen is None else _lay(shown[0], cover, chosen, ground)


def lay(shown: Tensor, ground: str, *, lines: bool) -> Tensor:
    """A thing in its own colours on another ground; see ``dye``."""
    kept = torch.eye(3, 4, device=shown.device)
    if lines and ground == "black":
        # Black lines on black are none, so they are turned to white ones.
        kept[:, 3] = 1
        kept[:, :3] *= -1
    return _lay(shown[0], find_cover(shown, lines=lines), kept, ground)


def _lay(picture: Tensor, cover: Tensor, chosen: Tensor, ground: str) -> Tensor:
    """A thing (3, H, W) by a map (3, 4) of its colours, on a ground where it covers none."""
    shade = picture.new_tensor(COLOURS[ground])
    white = chosen[:, :3].sum(1) + chosen[:, 3]
    # What the map makes of the white behind the thing is taken out, and the ground laid there.
    behind = (1 - cover) * (shade - white)[:, None, None]
    made = (_apply(chosen[None], picture)[0] + behind).clamp(0, 1)
    # The plan's own ground is a little hazy.
    return torch.where(cover > 0, made, shade[:, None, None])


def _choose_map(picture: Tensor, cover: Tensor, colour: str, *, lines: bool) -> Tensor | None:
    """The map (3, 4) of RGB by which a thing takes on a colour, if there is one."""
    device = picture.device
    shade = picture.new_tensor([COLOURS[colour]])
    if colour == "white":
        # Lines as well, since white ones on white are none.
        return drain(1, *WHITENED, device=device)[0]
    if lines:
        inked = tint(1 - shade)
        inked[:, :, 3] = shade
        return inked[0]
    if colour == "black":
        return drain(1, *BLACKENED, device=device)[0]
    turns = hue_rotation(torch.tensor([0.0, *ANGLES], device=device))
    # No turn gives brown or grey, and none a red that is not pink where the drawing is pale.
    greyed = drain(1, *GREYED, device=device)
    light = (_TO_YIQ[0].to(device) @ picture.flatten(1))[cover.flatten() > _HALF]
    level = light.quantile(_LIGHT).clamp_min(_DARK) if len(light) else 1.0
    maps = torch.cat([turns, greyed if colour == "grey" else tint(shade) / level])
    shares = colour_shares(
        functional.avg_pool2d(_apply(maps, picture).clamp(0, 1), 4),
        functional.avg_pool2d(cover[None], 4).expand(len(maps), -1, -1),
    )
    word = COLOUR_WORDS.index(colour)
    leading = torch.where(shares.argmax(1) == word, shares[:, word], -1.0)
    # What has a hue is turned, if that gives the colour; what has none is tinted.
    faint = shares[0, PLAIN:].sum() > FAINT
    share, best = leading[:-1].max(0)
    if not faint and share >= CLEAR:
        return turns[best]
    return maps[-1] if leading[-1] >= CLEAR else None


def _apply(maps: Tensor, picture: Tensor) -> Tensor:
    """Affine maps (N, 3, 4) of a picture (3, H, W), as pictures (N, 3, H, W); some leave 0 to 1."""
    return torch.einsum("nij,jhw->nihw", maps[:, :, :3], picture) + maps[:, :, 3, None, None]
