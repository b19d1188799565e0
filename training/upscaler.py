"""Stage: the network that enlarges the model's pictures four times with crisp edges.

It learns from drawings rendered at the large size. What it is shown is what the autoencoder makes
of them at the small size, so it also mends what the autoencoder blurs.
"""

from typing import Final

import torch
from diffusers import AutoencoderKL
from safetensors.torch import save_file
from torch import Tensor
from torch.nn import functional

from generation.guided.dyes import hue_rotation
from generation.upscaling.bundled import FILE, Compact
from training.bar import Bar
from training.device import half
from training.loop import Course, Training
from training.plan import SIDE, Options, start
from training.recolour import compose, unchanged
from training.sharp import FACTOR, load_sharp
from training.vae import psnr, reconstruction_loss

_WIDTH: Final = 24
_DEPTH: Final = 6
_CROP: Final = 32
_BATCH: Final = 16
_MOST_PAIRS: Final = 2000


def train_upscaler(given: Options, minutes: float) -> None:
    """Train for some minutes and write ``upscaler/upscaler.safetensors``.

    A pack without sharp drawings teaches nothing, and the model is then exported without.

    Raises:
        StoppedError: The session ended first.
    """
    if not (given.pack / "sharp").is_dir():
        print("upscaler: left out, since the pack has no sharp drawings")
        return
    folder, device = given.folder("upscaler"), given.device
    small, large = _pairs(given)
    network = Compact(_WIDTH, _DEPTH, FACTOR).to(device)
    course = Course.of(given, "upscaler", minutes, rate=1.5e-3, decay=0.99)
    training = Training(course, network)
    batch = _BATCH * 8 if device == "cuda" else _BATCH // given.abreast or 1

    def step(share: float) -> dict[str, Tensor]:
        del share
        rows = torch.randint(len(small), (batch,), device=device)
        top, left = torch.randint(SIDE - _CROP + 1, (2,)).tolist()
        shown = _cut(small[rows], top, left, _CROP)
        wanted = _cut(large[rows], top * FACTOR, left * FACTOR, _CROP * FACTOR)
        if torch.rand(()) < 0.5:
            shown, wanted = shown.flip(-1), wanted.flip(-1)
        shown = shown + 0.02 * torch.rand(()).item() * torch.randn_like(shown)
        with half(device):
            made = network((shown + 1) / 2).float() * 2 - 1
        return {"loss": reconstruction_loss(made, wanted), "psnr": psnr(made, wanted)}

    training.run(step)
    weights = {name: weight.contiguous() for name, weight in network.state_dict().items()}
    save_file(weights, folder / FILE)


def _cut(pictures: Tensor, top: int, left: int, side: int) -> Tensor:
    cut = pictures[:, :, top : top + side, left : left + side].float() / 127.5 - 1
    return cut.contiguous(memory_format=torch.channels_last)


@torch.no_grad()
def _pairs(given: Options) -> tuple[Tensor, Tensor]:
    """Small pictures (N, 3, 128, 128) beside the large ones they stand for, as uint8."""
    drawings = torch.cat([*load_sharp(given.pack).values()]).to(given.device)
    vae = AutoencoderKL.from_pretrained(given.out / "vae" / "model").to(given.device).eval()
    vae.to(memory_format=torch.channels_last)
    small, large = [], []
    count = min(_MOST_PAIRS, max(8, given.size.pool // 40))
    with Bar("upscaler: pairs", count) as bar:
        for number in range(count // 4):
            given.session.check()
            wanted = _shown(drawings[torch.randint(len(drawings), (4,))])
            coarse = functional.avg_pool2d(wanted, FACTOR)
            seen = vae.decode(vae.encode(coarse).latent_dist.mean).sample
            small.append(round_to_levels(seen if number % 4 else coarse))
            large.append(round_to_levels(wanted))
            bar.update(4 * number + 4)
    return torch.cat(small), torch.cat(large)


def _shown(drawings: Tensor) -> Tensor:
    """Drawings in random colours on random grounds, half of both left as they are."""
    count, device = len(drawings), drawings.device
    chance = torch.rand(2, count, device=device)
    turned = hue_rotation(torch.rand(count, device=device) * 360)
    maps = torch.where((chance[0] < 0.5)[:, None, None], turned, unchanged(count, device))
    colours = torch.rand(count, 3, device=device)
    grounds = torch.where((chance[1] < 0.5)[:, None], colours, torch.ones_like(colours))
    return compose(drawings, maps, grounds)


def round_to_levels(pictures: Tensor) -> Tensor:
    """Pictures in -1 to 1 as uint8."""
    return ((pictures + 1) * 127.5).clamp(0, 255).round().to(torch.uint8)


if __name__ == "__main__":
    start(__doc__, lambda given: train_upscaler(given, given.minutes))
