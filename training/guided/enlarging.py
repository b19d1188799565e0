"""Stage: the network that shows what is drawn by plans four times as large, crisp and even.

``python -m training.guided.enlarging --minutes 22 --out DIR`` adds it to ``plans/``. It learns from
drawings rendered at the large size; what it is shown is what the denoiser there draws at the small
size by each drawing's own latents, blurred as a plan is. So it mends the denoiser's grain, too.
"""

import json
from typing import Final

import torch
from torch import Tensor
from torch.nn import functional

from generation.guided.checkpoint import CONFIG, Networks, read_networks, save_weights
from generation.guided.denoiser import Guide
from generation.guided.drawing import RIGHT, Known, Request, Walk, draw_pictures, name_look
from generation.guided.dyes import COLOURS, hue_rotation
from generation.guided.guided_engine import BEGIN
from generation.guided.plans import OWN, find_drawn
from generation.guided.poses import SEEN, place
from generation.upscaling.bundled import FILE, Compact, smooth
from training.artwork import PIXEL_ART
from training.bar import Bar
from training.guided.crediting import write_card
from training.guided.decoding import find_slopes
from training.loop import Course, Training, load_mean
from training.plan import Options, start
from training.recolour import compose, ink, unchanged
from training.sharp import FACTOR, load_sharp
from training.upscaler import round_to_levels
from training.vae import psnr

WIDTH: Final = 32
DEPTH: Final = 8
PAIRS: Final = 1000

_CROP: Final = 40
_BATCH: Final = 8
_RATE: Final = 2e-3
_EVEN: Final = 8
"""Deviation in levels of 0 to 255 up to which a crop shows next to nothing."""

_TRIES: Final = 4
_BLUR: Final = (0.1, 1.0)
"""Least and most deviation in pixels by which a plan is blurred beside a drawing."""

_SPREAD: Final = 0.4
"""Share of the usual beginning by which beginnings differ."""

_OWN, _WHITE = 0.45, 0.6
"""Shares of drawings in their own colours, and of white grounds."""


def train_enlarging(given: Options, minutes: float) -> None:
    """Train for some minutes and write ``plans/upscaler.safetensors``.

    Raises:
        FileNotFoundError: The pack has no sharp drawings.
        StoppedError: The session ended first.
    """
    torch.manual_seed(3)
    small, large = _draw_pairs(given)
    network = Compact(WIDTH, DEPTH, FACTOR).to(given.device)
    network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    course = Course.of(given, "enlarging", minutes, rate=_RATE, decay=0.998)
    training = Training(course, network)
    batch = _BATCH if given.device == "cpu" else 16 * _BATCH

    def step(share: float) -> dict[str, Tensor]:
        del share
        crops = [_cut(small, large) for _ in range(batch)]
        shown, wanted = (torch.stack(part).float() / 255 for part in zip(*crops, strict=True))
        made = network(shown.contiguous(memory_format=torch.channels_last))
        slopes = functional.l1_loss(find_slopes(made), find_slopes(wanted))
        loss = functional.l1_loss(made, wanted) + slopes
        return {"loss": loss, "psnr": psnr(made * 2 - 1, wanted * 2 - 1)}

    training.run(step)
    folder = given.folder(OWN)
    save_weights(network, folder / FILE, torch.float16)
    config = json.loads((folder / CONFIG).read_text())
    config["trained"] |= {course.name: load_mean(given, course.name, network)}
    (folder / CONFIG).write_text(json.dumps(config, indent=2) + "\n")
    write_card(given, folder)


def _cut(small: Tensor, large: Tensor) -> tuple[Tensor, Tensor]:
    """The same crop of a pair, seldom of plain ground."""
    row = int(torch.randint(len(small), ()))
    for _ in range(_TRIES):
        top, left = torch.randint(small.shape[-1] - _CROP + 1, (2,)).tolist()
        crop = small[row, :, top : top + _CROP, left : left + _CROP]
        if crop.float().std() > _EVEN:
            break
    side, top, left = _CROP * FACTOR, top * FACTOR, left * FACTOR
    wanted = large[row, :, top : top + side, left : left + side]
    return (crop.flip(-1), wanted.flip(-1)) if torch.rand(()) < 0.5 else (crop, wanted)


def _draw_pairs(given: Options) -> tuple[Tensor, Tensor]:
    """Drawn pictures (N, 3, 128, 128) beside what they stand for, four times as large, as uint8."""
    networks = read_networks(given.out / OWN)
    drawings = {
        style: drawn for style, drawn in load_sharp(given.pack).items() if style != PIXEL_ART
    }
    styles = list(drawings)
    small, large = [], []
    with Bar("enlarging: pairs", PAIRS) as bar:
        for number in range(PAIRS):
            given.session.check()
            style = styles[int(torch.randint(len(styles), ()))]
            drawing = drawings[style][torch.randint(len(drawings[style]), (1,))]
            wanted, ground = _colour(_pose(drawing), inked=style == "line art")
            drawn = _draw(networks, functional.avg_pool2d(wanted, FACTOR), ground, style)
            small.append(round_to_levels(drawn))
            large.append(round_to_levels(wanted))
            bar.update(number + 1)
    return torch.cat(small).to(given.device), torch.cat(large).to(given.device)


def _pose(drawing: Tensor) -> Tensor:
    """A drawing (1, 4, H, W), turned, sized and placed as those of plans are."""
    grid = functional.affine_grid(
        place(torch.randn(1, 4, 8, 8), 1.0), list(drawing.shape), align_corners=False
    )
    values = drawing.float() / 255
    # Colours by their coverage, or the black of what is empty would line the edges.
    shown = torch.cat([values[:, :3] * values[:, 3:], values[:, 3:]], 1)
    moved = functional.grid_sample(shown, grid, "bilinear", "zeros", align_corners=False)
    colour = (moved[:, :3] / moved[:, 3:].clamp(min=1e-3)).clamp(0, 1)
    return (torch.cat([colour, moved[:, 3:]], 1) * 255).round().to(torch.uint8)


def _colour(drawing: Tensor, *, inked: bool) -> tuple[Tensor, Tensor]:
    """A drawing in some colour on some ground: (1, 3, H, W) in -1 to 1, and the ground (1, 3)."""
    shades = torch.tensor([*COLOURS.values()])
    maps = unchanged(1)
    if torch.rand(()) > _OWN:
        turned = hue_rotation(torch.rand(1) * 360)
        maps = ink(shades[torch.randint(len(shades), (1,))]) if inked else turned
    ground = torch.ones(1, 3)
    if torch.rand(()) > _WHITE:
        shade = shades[torch.randint(len(shades), (1,))]
        ground = (shade * (0.9 + 0.2 * torch.rand(1, 3))).clamp(0, 1)
    return compose(drawing, maps, ground), ground * 2 - 1


@torch.inference_mode()
def _draw(networks: Networks, picture: Tensor, ground: Tensor, style: str) -> Tensor:
    """What is drawn (1, 3, H, W) by a picture of that shape, in -1 to 1, in the place of a plan."""
    spread = float(torch.empty(()).uniform_(*_BLUR))
    blurred = smooth(picture.transpose(0, 1), spread).transpose(0, 1)
    # Where next to nothing is left of what was blurred there is ground, as in a plan.
    behind = ground[..., None, None]
    apart = (blurred - behind).abs().amax(1, keepdim=True) > SEEN
    guide = networks.latents.encode(torch.where(apart, blurred, behind))
    request = Request(
        guide=guide,
        kind=Guide.PLAN,
        look=name_look(networks, [style])[None],
        words=guide.new_zeros(1, networks.denoiser.words.in_features),
        begin=RIGHT * BEGIN * float(1 + _SPREAD * (2 * torch.rand(()) - 1)),
        known=Known(guide, find_drawn(guide)),
    )
    return draw_pictures(networks, request, torch.randn_like(guide), Walk(guidance=1))


if __name__ == "__main__":
    start(__doc__, lambda given: train_enlarging(given, given.minutes))
