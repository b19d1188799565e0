"""What is measured of a picture without any model: colours, light, ground, place and lattice.

Nothing here is a guess: where a measure is not clear it says nothing. What a picture shows, where
its light comes from and how deep its focus is are not measured, as such measures err.
"""

from dataclasses import dataclass
from typing import Final, Literal

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from generation.oklab import Floats, to_oklab
from generation.questions.colours import measure_chroma, name_colours

SWATCHES: Final = 5
"""Colours of a palette at most."""

_SIDE: Final = 128
"""Longer side in pixels of the copy that is measured; only the lattice is looked for in full."""

_CENTRES: Final = 8
_ROUNDS: Final = 8
_LEAST_SHARE: Final = 0.03
"""Share of the pixels from which on a colour belongs to the palette."""

_HIGH_KEY, _LOW_KEY = 0.8, 0.35
"""Mean lightness."""

_STRONG, _SOFT = 0.72, 0.3
"""Lightness between the darkest and the brightest twentieth."""

_SLOPE: Final = 0.15
"""Mean lightness of the brighter third above that of the third across."""

_WARM, _WARM_ALL = 0.025, 0.01
"""Mean of azure to orange, towards either, of what has a colour, and of the whole picture."""

_VIVID, _MUTED, _COLOURLESS = 0.13, 0.035, 0.012
"""Mean chroma of what has a place beside the ground; below the last, everywhere, there is none."""

_MUTED_MOST: Final = 0.09
"""Chroma that all but a twentieth of what is muted has at most."""

_GROUND_STEP: Final = 0.035
_PLAINEST: Final = 0.95
"""Share of the border within one step of its median from which on the ground is plain."""

_FIGURE_STEP: Final = 0.08
_MIRRORED, _MIRRORED_ACROSS = 0.92, 0.85
"""Correlation of a picture's lightness with its mirror image, and that of each row's own."""

_CENTRED, _ASIDE = 0.06, 0.14
"""Shares of a side that a figure's middle may be away from the picture's, and has to be."""

_LEAST_CELLS, _MOST_CELLS = 12, 400
_MOST_COLOURS: Final = 96
_LARGEST: Final = 2048
_EDGE: Final = 24
"""Levels between neighbours that belong to two cells."""

Key = Literal["", "high", "low"]
Contrast = Literal["", "strong", "soft"]
Warmth = Literal["", "warm", "cool"]
Chroma = Literal["", "vivid", "muted", "colourless"]
Placement = Literal["", "centred", "left", "right", "top", "bottom"]
Brightest = Literal["", "left", "right", "top", "bottom"]


@dataclass(frozen=True, slots=True)
class Swatch:
    """One colour of a palette.

    Attributes:
        name: What it is called; one of ``colours.NAMES``.
        code: The colour itself, as six hexadecimal digits of sRGB.
        share: How much of the picture it takes up, 0 to 1.
    """

    name: str
    code: str
    share: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Measures:
    """What was measured of a picture; empty where a measure is not clear.

    Attributes:
        width: In pixels.
        height: In pixels.
        palette: Its colours, the one that takes up most first.
        key: Whether it is bright or dark throughout.
        contrast: How far dark and bright are apart.
        brightest: Towards which side it gets brighter, where there is no plain ground.
        warmth: Whether orange or azure prevails.
        chroma: How strong its colours are.
        ground: Name of the colour of a plain ground.
        placement: Where before a plain ground the figure stands.
        symmetrical: Whether left mirrors right.
        lattice: Whether it is made of equal squares of few colours, as pixel art is.
    """

    width: int
    height: int
    palette: tuple[Swatch, ...] = ()
    key: Key = ""
    contrast: Contrast = ""
    brightest: Brightest = ""
    warmth: Warmth = ""
    chroma: Chroma = ""
    ground: str = ""
    placement: Placement = ""
    symmetrical: bool = False
    lattice: bool = False


def measure(picture: Image.Image) -> Measures:
    """Everything that is measured of a picture; equal pixels give equal measures."""
    whole = picture.convert("RGB")
    small = whole.copy()
    small.thumbnail((_SIDE, _SIDE), Image.Resampling.BOX)
    lab = to_oklab(np.asarray(small))
    ground = find_ground(lab)
    figure = None if ground is None else np.linalg.norm(lab - ground, axis=-1) > _FIGURE_STEP
    # A ground alone is no ground of anything.
    if figure is not None and not 0.01 < figure.mean() < 0.97:
        ground = figure = None
    return Measures(
        width=picture.width,
        height=picture.height,
        palette=measure_palette(lab),
        key=_measure_key(lab[..., 0]),
        contrast=_measure_contrast(lab[..., 0]),
        brightest=_find_brightest(lab[..., 0]) if ground is None else "",
        warmth=_measure_warmth(lab),
        chroma=_measure_chroma(lab, figure),
        ground="" if ground is None else name_colours(ground[None])[0],
        placement="" if figure is None else _place(figure),
        symmetrical=_mirrors(lab[..., 0]),
        lattice=has_lattice(whole),
    )


def measure_palette(lab: Floats) -> tuple[Swatch, ...]:
    """The colours of a picture (H, W, 3) in OKLab: k-means, those of one name put together."""
    pixels = lab.reshape(-1, 3)
    centres = _spread(pixels)
    for _ in range(_ROUNDS):
        nearest = _assign(pixels, centres)
        centres = np.stack(
            [
                pixels[nearest == k].mean(0) if (nearest == k).any() else centre
                for k, centre in enumerate(centres)
            ]
        )
    nearest = _assign(pixels, centres)
    counts = np.bincount(nearest, minlength=len(centres))
    found: dict[str, Swatch] = {}
    # The largest first, which a name's colour is taken from.
    for k in np.argsort(-counts, kind="stable"):
        share = float(counts[k]) / len(pixels)
        (name,) = name_colours(centres[k][None])
        same = found.get(name)
        code = same.code if same else _encode(centres[k])
        found[name] = Swatch(name, code, share + (same.share if same else 0.0))
    ranked = sorted(found.values(), key=lambda one: -one.share)
    kept = [one for one in ranked if one.share >= _LEAST_SHARE][:SWATCHES]
    return tuple(Swatch(one.name, one.code, round(one.share, 3)) for one in kept)


def _spread(pixels: Floats) -> Floats:
    """Pixels far from each other: each the one farthest from those before, the mean's first."""
    centres = [pixels.mean(0)]
    distances = np.linalg.norm(pixels - centres[0], axis=1)
    for _ in range(_CENTRES - 1):
        farthest = pixels[int(distances.argmax())]
        centres.append(farthest)
        distances = np.minimum(distances, np.linalg.norm(pixels - farthest, axis=1))
    return np.stack(centres)


def _assign(pixels: Floats, centres: Floats) -> NDArray[np.intp]:
    # |a - b|² without |a|², which is the same for all centres.
    scores = (centres**2).sum(1) - 2 * pixels @ centres.T
    nearest: NDArray[np.intp] = scores.argmin(1)
    return nearest


def _encode(lab: Floats) -> str:
    """A colour in OKLab as six hexadecimal digits of sRGB."""
    lightness, a, b = map(float, lab)
    cones = np.array(
        [
            lightness + 0.3963377774 * a + 0.2158037573 * b,
            lightness - 0.1055613458 * a - 0.0638541728 * b,
            lightness - 0.0894841775 * a - 1.2914855480 * b,
        ]
    )
    matrix = np.array(
        [
            [4.0767416621, -3.3077115913, 0.2309699292],
            [-1.2684380046, 2.6097574011, -0.3413193965],
            [-0.0041960863, -0.7034186147, 1.7076147010],
        ]
    )
    linear = np.clip(matrix @ cones**3, 0, 1)
    levels = np.where(linear <= 0.0031308, 12.92 * linear, 1.055 * linear ** (1 / 2.4) - 0.055)
    return bytes(round(255 * float(level)) for level in levels).hex()


def _measure_key(lightness: Floats) -> Key:
    mean = float(lightness.mean())
    if mean >= _HIGH_KEY:
        return "high"
    return "low" if mean <= _LOW_KEY else ""


def _measure_contrast(lightness: Floats) -> Contrast:
    dark, bright = np.percentile(lightness, [5, 95])
    if bright - dark >= _STRONG:
        return "strong"
    return "soft" if bright - dark <= _SOFT else ""


def _find_brightest(lightness: Floats) -> Brightest:
    height, width = (max(1, side // 3) for side in lightness.shape)
    down = float(lightness[-height:].mean() - lightness[:height].mean())
    across = float(lightness[:, -width:].mean() - lightness[:, :width].mean())
    if max(abs(down), abs(across)) < _SLOPE:
        return ""
    if abs(down) >= abs(across):
        return "bottom" if down > 0 else "top"
    return "right" if across > 0 else "left"


def _measure_warmth(lab: Floats) -> Warmth:
    # Of what has a colour: a white ground is neither warm nor cool.
    hued = lab[measure_chroma(lab) > _MUTED]
    if len(hued) < 0.05 * lab.shape[0] * lab.shape[1]:
        return ""
    # Halfway between red and yellow: green is neither, and grass no warmer than leaves.
    mean, whole = (float(part[..., 1:].sum(-1).mean()) / 2**0.5 for part in (hued, lab))
    if mean >= _WARM and whole >= _WARM_ALL:
        return "warm"
    return "cool" if mean <= -_WARM and whole <= -_WARM_ALL else ""


def _measure_chroma(lab: Floats, figure: NDArray[np.bool_] | None) -> Chroma:
    chroma = measure_chroma(lab)
    if float(np.percentile(chroma, 99)) <= _COLOURLESS:
        return "colourless"
    counted = chroma if figure is None else chroma[figure]
    mean = float(counted.mean())
    if mean >= _VIVID:
        return "vivid"
    # A small part in a strong colour is what is seen first.
    muted = mean <= _MUTED and float(np.percentile(counted, 95)) <= _MUTED_MOST
    return "muted" if muted else ""


def find_ground(lab: Floats) -> Floats | None:
    """The colour of a plain ground in OKLab, (3,); None where the border is of several.

    Args:
        lab: A small picture in OKLab, (H, W, 3).
    """
    border = np.concatenate([lab[0], lab[-1], lab[1:-1, 0], lab[1:-1, -1]])
    middle: Floats = np.median(border, axis=0)
    near = np.linalg.norm(border - middle, axis=1) <= _GROUND_STEP
    return middle if near.mean() >= _PLAINEST else None


def _place(figure: NDArray[np.bool_]) -> Placement:
    rows, columns = np.nonzero(figure)
    height, width = figure.shape
    across = (columns.mean() + 0.5) / width - 0.5
    down = (rows.mean() + 0.5) / height - 0.5
    if max(abs(across), abs(down)) <= _CENTRED:
        return "centred"
    if max(abs(across), abs(down)) < _ASIDE:
        return ""
    if abs(across) >= abs(down):
        return "left" if across < 0 else "right"
    return "top" if down < 0 else "bottom"


def _mirrors(lightness: Floats) -> bool:
    image = Image.fromarray(lightness).resize((32, 32), Image.Resampling.BOX)
    coarse = np.asarray(image, dtype=np.float32)
    centred = coarse - coarse.mean()
    power = float((centred**2).mean())
    # What is nearly of one lightness mirrors itself and shows nothing.
    if power < 0.03**2:
        return False
    # What differs in height alone, such as a sky over a field, is no symmetry of a figure.
    across = centred - centred.mean(1, keepdims=True)
    if float(across.std()) <= 0.03:
        return False
    return all(
        float((part * part[:, ::-1]).mean()) >= least * float((part**2).mean())
        for part, least in ((centred, _MIRRORED), (across, _MIRRORED_ACROSS))
    )


def has_lattice(picture: Image.Image) -> bool:
    """Whether a picture in RGB is made of equal squares of few colours.

    The side of the squares is what divides every place where colours change. Scaled otherwise than
    by whole numbers, or saved as JPEG, pixel art has no such lattice any more, and is not known.
    """
    # Larger ones were enlarged here, and none of their pixels is one that somebody placed.
    if max(picture.size) > _LARGEST:
        return False
    pixels = np.asarray(picture, dtype=np.int16)
    height, width = pixels.shape[:2]
    pitch = 0
    for axis in (0, 1):
        steps = np.abs(np.diff(pixels, axis=axis)).max(-1)
        changes = np.nonzero((steps > _EDGE).any(axis=1 - axis))[0] + 1
        # Edges in a few places tell nothing: any rectangle has a lattice of its own.
        if len(changes) < _LEAST_CELLS // 2:
            return False
        pitch = int(np.gcd(pitch, int(np.gcd.reduce(changes))))
    if pitch < 2 or height % pitch or width % pitch:
        return False
    cells = pixels[pitch // 2 :: pitch, pitch // 2 :: pitch]
    sides = cells.shape[:2]
    if min(sides) < _LEAST_CELLS or max(sides) > _MOST_CELLS:
        return False
    again = cells.repeat(pitch, 0).repeat(pitch, 1)
    if int(np.abs(again - pixels).max()) > 2:
        return False
    return len(np.unique(cells.reshape(-1, 3), axis=0)) <= _MOST_COLOURS
