"""Restoring: what an editor redrew beside its task is put back from the picture that it edited.

Models that change a picture as words say draw all of it anew, so that it comes back a little moved
and zoomed, tinted and smoothed everywhere. Here the two are laid over each other, the colours are
fitted where they differ least, what differs even then is taken for the edit, and everything around
it is copied from the original, pixel for pixel.

Laid over each other by the enhanced correlation coefficient (Evangelidis and Psarakis, 2008) or
by corners that are followed (Lucas and Kanade, 1981; Shi and Tomasi, 1994; Fischler and Bolles,
1981), whichever leaves less; colours by least squares, reweighted as Cauchy's distribution has it
(Holland and Welsch, 1977).
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

Array = NDArray[np.float32]
Mask = NDArray[np.bool_]

GLOBAL: Final = 0.6
"""Share of a picture from which on a change is one of the whole, and nothing is put back."""

_SIDE: Final = 512
"""Longer side in pixels of the copies that are compared; what is copied is copied in full."""

_OUT: Final = 0.1
"""What a difference counts as at most where two ways are compared: an edit weighs the same in both.
"""

_WITHIN: Final = 0.999
"""What is seen of a pixel that lies within a picture that was moved."""

_SEEN: Final = 0.3
"""Share of the original that is still to be seen, in a picture that is only moved."""

_UNLIKE: Final = 0.06
"""Mean of what differences count as from which on two pictures have nothing in common."""

_COARSE: Final = 64
"""Longer side in pixels of the copies in which a first shift is looked for, and..."""

_REACH: Final = 0.2
"""...how far, as a share of it."""

_CORNERS: Final = 400
_LEAST_CORNERS: Final = 8
"""Corners that are followed from one picture to the other, and how many have to agree."""

_STEPS: Final = (cv2.TERM_CRITERIA_EPS | cv2.TERM_CRITERIA_COUNT, 60, 1e-5)
_AGAIN: Final = 3
"""Rounds in which both ways are tried, each from the best so far."""

_SMOOTHED: Final = 5
"""Width in pixels of what both are smoothed with while they are laid over each other."""

_FARTHEST: Final = 0.25
"""Shares of a side by which an editor moves a picture at most, and of its size by which it zooms;
beyond, correlation has lost its way."""

_AGREEING: Final = 0.7
"""Share of the pixels by which smoothing is judged: those that differ least."""

_ROUNDS: Final = 8
_CELLS: Final = 8
"""Levels of each of red, green and blue by which colours are told apart where they are fitted."""

_BLOCKS: Final = 4
"""Parts across and down of each of which every colour has a say."""

_FEW, _FULL = 0.0002, 0.01
"""Shares of a picture from which on a colour of a part has a say, and all of it."""

_OFF, _GAIN, _LIFT = 0.02, 0.15, 0.06
"""Of 1, what colours that fit are off by, and how far editors move what colours are multiplied by
and what is added to them."""

_DRIFT: Final = 0.12
"""Root mean square by which fitted colours may move the picture, of 1: farther is no drift but what
was asked for, such as night."""

_BLURS: Final = (0.0, 0.5, 0.8, 1.1, 1.5, 2.0, 2.6)
"""Standard deviations in pixels of how editors smooth, of which the likeliest is chosen."""

_DEVIATIONS: Final = 6
_LEAST: Final = 0.035
"""Differences that count, of 1: so many median absolute deviations, and no less than this."""

_EDIT: Final = 0.002
"""Share of a picture that an edit has at least."""

_FADE: Final = 1 / 100
"""Width of the border that fades from the edit to the original, as a share of the longer side."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What is left of an edit.

    Attributes:
        picture: RGB, as large as the original.
        untouched: Share of its pixels that are the original's, from 0 to 1: 0 where the change is
            one of the whole picture, which is then as the editor drew it, and 1 where none was
            found.
        changed: (height, width), where the edit was found.
    """

    picture: Image.Image
    untouched: float
    changed: Mask


def restore(original: Image.Image, edited: Image.Image) -> Restored:
    """The edited picture with all that the edit is not about put back.

    Args:
        original: RGB.
        edited: RGB, of about the same proportions; any size.
    """
    size = original.size
    own = _read(original)
    made = _read(edited.resize(size, Image.Resampling.LANCZOS) if edited.size != size else edited)
    scale = min(1.0, _SIDE / max(size))
    small = (max(1, round(size[0] * scale)), max(1, round(size[1] * scale)))
    one, other = _shrink(own, small), _shrink(made, small)
    found = _compare(one, other)
    if found is None or found.changed.mean() > GLOBAL:
        return Restored(_write(made), 0.0, np.ones(own.shape[:2], np.bool_))
    warp = _rescale(found.warp, size, small)
    laid = _recolour(_lay(made, warp, cv2.INTER_CUBIC), found.colours)
    changed = _enlarge(found.changed, size) & (_lay(np.ones_like(own[..., 0]), warp) > _WITHIN)
    if not changed.any():
        return Restored(original, 1.0, changed)
    away = cv2.distanceTransform((~changed).astype(np.uint8), cv2.DIST_L2, 5)
    share = np.clip(1 - away / (_FADE * max(size)), 0, 1)[..., None].astype(np.float32)
    joined = own + share * (laid.clip(0, 1) - own)
    return Restored(_write(joined), float((share == 0).mean()), changed)


@dataclass(frozen=True, slots=True)
class _Comparison:
    """How an edited picture lies over the original.

    Attributes:
        warp: (2, 3), from places in the original to places in the edited one, in pixels.
        colours: (4, 3), the edited picture's colours and 1 to the original's.
        changed: (height, width), where they differ even so.
        off: Mean of the differences that are left, of 1, none counted as more than ``_OUT``.
        drift: Root mean square by which the colours move the picture, of 1.
    """

    warp: Array
    colours: Array
    changed: Mask
    off: float
    drift: float


def _compare(own: Array, made: Array) -> _Comparison | None:
    """How they lie over each other; None where they have little in common."""
    warp, kept = _search(own, made)
    best = _judge(own, made, warp)
    # Again without what was found, since a large edit draws the whole along with it.
    for _ in range(_AGAIN):
        found = [_judge(own, made, one(own, made, warp, kept)) for one in (_align, _follow)]
        better = min(found, key=lambda one: one.off)
        if better.off >= best.off:
            break
        best, warp, kept = better, better.warp, ~better.changed
    return best if best.drift <= _DRIFT and best.off <= _UNLIKE else None


def _judge(own: Array, made: Array, warp: Array) -> _Comparison:
    laid, seen = _lay(made, warp), _lay(np.ones_like(own[..., 0]), warp) > _WITHIN
    if seen.mean() < _SEEN:
        return _Comparison(warp, np.eye(4, 3, dtype=np.float32), ~seen, np.inf, 0.0)
    colours = _fit_colours(laid, own, seen)
    fitted = _recolour(laid, colours)
    drift = float(np.sqrt(np.square(fitted - laid).mean()))
    off = float(_find_largest(np.abs(own - fitted))[seen].clip(0, _OUT).mean())
    return _Comparison(warp, colours, _find_change(own, fitted, seen), off, drift)


def _follow(own: Array, made: Array, first: Array, kept: Mask) -> Array:
    """The warp by which most corners moved that are kept, from a first one."""
    one, other = (
        np.asarray((_grey(each) * 255).clip(0, 255), np.uint8) for each in (own, _lay(made, first))
    )
    corners = cv2.goodFeaturesToTrack(one, _CORNERS, 0.01, 5, mask=kept.astype(np.uint8))
    if corners is None or len(corners) < _LEAST_CORNERS:
        return first
    ends, found, _ = cv2.calcOpticalFlowPyrLK(one, other, corners, corners.copy())
    seen = found.ravel() == 1
    if seen.sum() < _LEAST_CORNERS:
        return first
    # The same every time: RANSAC draws lots.
    cv2.setRNGSeed(0)
    moved, agree = cv2.estimateAffine2D(corners[seen], ends[seen], ransacReprojThreshold=1)
    if moved is None or agree.sum() < _LEAST_CORNERS:
        return first
    row = [[0, 0, 1]]
    warp = np.asarray((np.vstack([first, row]) @ np.vstack([moved, row]))[:2], np.float32)
    return warp if _is_near(warp, own.shape[1::-1]) else first


def _is_near(warp: Array, size: tuple[int, ...]) -> bool:
    """Whether an editor may have moved a picture of a size so far."""
    zoomed = np.abs(warp[:, :2] - np.eye(2)).max() > _FARTHEST
    return not zoomed and bool((np.abs(warp[:, 2]) <= _FARTHEST * np.array(size)).all())


def _search(own: Array, made: Array) -> tuple[Array, Mask]:
    """The shift under which most is alike, as a warp, and where it is, of small copies of both."""
    height, width = own.shape[:2]
    scale = _COARSE / max(height, width)
    size = max(1, round(width * scale)), max(1, round(height * scale))
    one, other = _shrink(own, size), _shrink(made, size)
    reach = round(_REACH * _COARSE)
    framed = np.pad(other, ((reach, reach), (reach, reach), (0, 0)), "edge")
    # As warps have it: places in the original to places in the edited picture.
    shifts = [(x, y) for y in range(-reach, reach + 1) for x in range(-reach, reach + 1)]
    alike = []
    for across, down in shifts:
        top, left = reach + down, reach + across
        moved = framed[top : top + size[1], left : left + size[0]]
        away = one - moved
        alike.append(_find_largest(np.abs(away - np.median(away, axis=(0, 1)))))
    best = min(range(len(shifts)), key=lambda k: float(alike[k].clip(0, _OUT).mean()))
    across, down = shifts[best]
    warp = np.array([[1, 0, across / scale], [0, 1, down / scale]], np.float32)
    return warp, _enlarge(alike[best] < _OUT, (width, height))


def _align(own: Array, made: Array, first: Array, kept: Mask) -> Array:
    """The warp under which they correlate best, from a first one."""
    # Where the edited picture shows what did not change.
    shown = cv2.warpAffine(kept.astype(np.uint8) * 255, first, own.shape[1::-1])
    try:
        _, found = cv2.findTransformECC(
            _grey(own),
            _grey(made),
            first.copy(),
            cv2.MOTION_AFFINE,
            _STEPS,
            shown,
            _SMOOTHED,
        )
    except cv2.error:
        # Too little to see, as in a plain picture.
        return first
    warp = np.asarray(found, np.float32)
    return warp if _is_near(warp, own.shape[1::-1]) else first


def _fit_colours(laid: Array, own: Array, seen: Mask) -> Array:
    """What takes the colours of one to those of the other, (4, 3).

    Every colour of the original has a say, however little of it there is: of each its median. Those
    that the edit has changed lie so far off that they weigh next to nothing. How editors
    drift is the prior: without it a few flat colours would fit anything.
    """
    first = np.eye(4, 3, dtype=np.float32)
    # Every second pixel of every second row says as much in a quarter of the time.
    laid, own, seen = laid[::2, ::2], own[::2, ::2], seen[::2, ::2]
    given, wanted = laid[seen], own[seen]
    # A colour is asked in every part of the picture, since an edit covers some of them alone.
    rows, columns = np.nonzero(seen)
    blocks = rows * _BLOCKS // own.shape[0] * _BLOCKS + columns * _BLOCKS // own.shape[1]
    levels = (wanted * (_CELLS - 1e-3)).astype(np.int64) @ [_CELLS**2, _CELLS, 1]
    order = np.argsort(cells := levels * _BLOCKS**2 + blocks, kind="stable")
    _, starts = np.unique(cells[order], return_index=True)
    parts = [part for part in np.split(order, starts[1:]) if len(part) >= _FEW * len(order)]
    if not parts:
        return first
    before = np.array([[*np.median(given[part], 0), 1] for part in parts])
    after = np.array([np.median(wanted[part], 0) for part in parts])
    share = np.array([len(part) / len(order) for part in parts])
    says = np.minimum(1, share / _FULL)
    prior = np.diag([_OFF / _GAIN] * 3 + [_OFF / _LIFT]) ** 2
    colours: NDArray[np.float64] = first.astype(np.float64)
    for _ in range(_ROUNDS):
        off = np.abs(before @ colours - after).max(1)
        weight = (says / (1 + (off / _OFF) ** 2))[:, None]
        normal = before.T @ (weight * before) + prior
        right = before.T @ (weight * after) + prior @ first
        colours = np.linalg.solve(normal, right)
    return colours.astype(np.float32)


def _find_change(own: Array, fitted: Array, seen: Mask) -> Mask:
    """Where two pictures that lie over each other differ by more than an editor's smoothing."""
    smooth = min(
        (_blur(own, sigma) for sigma in _BLURS), key=lambda one: _differ(one, fitted, seen)
    )
    off = _find_largest(np.abs(smooth - fitted))
    middle = float(np.median(off[seen]))
    spread = 1.4826 * float(np.median(np.abs(off[seen] - middle)))
    least = max(_LEAST, middle + _DEVIATIONS * spread)
    # Within half a pixel of an edge either may have the other's colour.
    beyond = np.maximum(_measure_beyond(smooth, fitted), _measure_beyond(fitted, smooth))
    likely = beyond > least / 2
    # Thinner is what was smoothed otherwise.
    sure = (
        cv2.morphologyEx(((beyond > least) & seen).astype(np.uint8), cv2.MORPH_OPEN, _disc(3)) > 0
    )
    width = max(3, round(own.shape[1] / 100))
    joined = cv2.morphologyEx((likely & seen).astype(np.uint8), cv2.MORPH_CLOSE, _disc(width))
    opened = cv2.morphologyEx(joined, cv2.MORPH_OPEN, _disc(3))
    count, labels, stats, _ = cv2.connectedComponentsWithStats(opened, connectivity=8)
    kept = np.zeros(opened.shape, np.bool_)
    for label in range(1, count):
        part = labels == label
        if stats[label, cv2.CC_STAT_AREA] >= _EDIT * opened.size and (part & sure).any():
            kept |= part
    return _fill_holes(kept)


def _fill_holes(mask: Mask) -> Mask:
    """The mask with everything that it encloses."""
    outlines, _ = cv2.findContours(mask.astype(np.uint8), cv2.RETR_EXTERNAL, cv2.CHAIN_APPROX_NONE)
    filled = cv2.drawContours(np.zeros(mask.shape, np.uint8), outlines, -1, 1, cv2.FILLED)
    return filled > 0


def _differ(one: Array, other: Array, seen: Mask) -> float:
    """Mean difference of the pixels that differ least."""
    off = _find_largest(np.abs(one - other))[seen]
    return float(off[off <= np.quantile(off, _AGREEING)].mean())


def _find_largest(values: Array) -> Array:
    """The largest of the three channels; quicker than asking NumPy for it."""
    return np.maximum(np.maximum(values[..., 0], values[..., 1]), values[..., 2])


def _measure_beyond(one: Array, other: Array) -> Array:
    """How far each pixel of one lies outside what the other has around it."""
    least, most = cv2.erode(other, _disc(3)), cv2.dilate(other, _disc(3))
    return _find_largest(np.maximum(one - most, least - one)).clip(0)


def _lay(picture: Array, warp: Array, how: int = cv2.INTER_LINEAR) -> Array:
    """An edited picture, or a plane of it, as it lies over the original."""
    edge = cv2.BORDER_CONSTANT if picture.ndim == 2 else cv2.BORDER_REPLICATE
    size = picture.shape[1], picture.shape[0]
    moved = cv2.warpAffine(picture, warp, size, flags=how | cv2.WARP_INVERSE_MAP, borderMode=edge)
    return np.asarray(moved, np.float32)


def _rescale(warp: Array, size: tuple[int, int], small: tuple[int, int]) -> Array:
    """The same warp between the whole pictures of which small copies were compared."""
    across, down = small[0] / size[0], small[1] / size[1]
    # Places are counted from the middles of pixels.
    shrink = np.array([[across, 0, (across - 1) / 2], [0, down, (down - 1) / 2], [0, 0, 1]])
    whole = np.linalg.inv(shrink) @ np.vstack([warp, [0, 0, 1]]) @ shrink
    return np.asarray(whole[:2], np.float32)


def _enlarge(mask: Mask, size: tuple[int, int]) -> Mask:
    larger = cv2.resize(mask.astype(np.float32), size, interpolation=cv2.INTER_LINEAR)
    return larger >= 0.5


def _recolour(picture: Array, colours: Array) -> Array:
    return np.asarray(picture @ colours[:3] + colours[3], np.float32)


def _blur(picture: Array, sigma: float) -> Array:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), sigma) if sigma else picture, np.float32)


def _grey(picture: Array) -> Array:
    return np.asarray(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), np.float32)


def _disc(width: int) -> NDArray[np.uint8]:
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (width, width))
    return np.asarray(disc, np.uint8)


def _read(picture: Image.Image) -> Array:
    return np.asarray(picture, np.float32) / np.float32(255)


def _write(picture: Array) -> Image.Image:
    return Image.fromarray((picture * 255).round().astype(np.uint8))


def _shrink(picture: Array, size: tuple[int, int]) -> Array:
    return np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.float32)
