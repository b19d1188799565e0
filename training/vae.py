"""Stage: the autoencoder between pictures and latents.

Where whole drawings take too long, it trains on crops at first. It starts without noise on the
latents, since with noise from the first step it collapses; at the end every latent channel is
scaled to mean 0 and spread 1 by folding the figures into the convolutions around the latent, so
that a ``scaling_factor`` of 1 is right.
"""

import torch
from diffusers import AutoencoderKL
from torch import Tensor
from torch.nn import functional

from generation.guided.dyes import hue_rotation
from training.artwork import list_drawings, load_drawings
from training.device import half, prepare
from training.loop import Course, Training
from training.plan import CHANNELS, SIDE, Options, Size, start
from training.recolour import compose, unchanged
from training.sheet import save_sheet, to_images

_NOISE = 0.08
_COARSE = 3  # with less, one axis of colour is learnt late
_QUIET_STEPS = 300
_WHITENED = 16  # batches of 16 drawings that the latents' figures are taken from
_SHOWN = 24  # drawings on the sheet


def build_vae(size: Size) -> AutoencoderKL:
    """A fresh autoencoder: 128 pixels to 16x16 latents of 8 channels, without attention."""
    return AutoencoderKL(
        down_block_types=("DownEncoderBlock2D",) * 4,
        up_block_types=("UpDecoderBlock2D",) * 4,
        block_out_channels=size.vae,
        layers_per_block=1,
        latent_channels=CHANNELS,
        norm_num_groups=8,
        sample_size=SIDE,
        scaling_factor=1.0,
        mid_block_add_attention=False,
        force_upcast=False,
    )


def crops(drawings: Tensor, count: int, side: int) -> Tensor:
    """Random drawings in random colours on random grounds, (count, 3, side, side) in -1 to 1.

    Half are recoloured, a third lie on colour, a tenth on a smooth blend of two colours. Crops keep
    to the grid of the latents, so that the decoder can learn where the edges of pixel art lie.
    """
    device = drawings.device
    rows = torch.randint(len(drawings), (count,), device=device)
    top, left = (8 * torch.randint((SIDE - side) // 8 + 1, (2,))).tolist()
    cut = drawings[rows, :, top : top + side, left : left + side]
    chance = torch.rand(4, count, device=device)
    turned = hue_rotation(chance[0] * 720 - 360)
    maps = torch.where((chance[1] < 0.5)[:, None, None], turned, unchanged(count, device))
    colours = torch.rand(count, 3, device=device)
    white = torch.ones_like(colours)
    grounds = torch.where((chance[2] < 0.33)[:, None], colours, white)
    pictures = compose(cut, maps, grounds)
    if torch.rand(()) < 0.1:
        ramp = torch.linspace(-1, 1, side, device=device)
        far = torch.rand(count, 3, 1, 1, device=device)
        pictures = (pictures + far * ramp.view(1, 1, 1, -1)).clamp(-1, 1)
    return torch.where((chance[3] < 0.5)[:, None, None, None], pictures.flip(-1), pictures)


def batch(given: Options, drawings: Tensor, share: float) -> Tensor:
    """The pictures of one step: crops at first, whole ones after ``whole_from`` of the time."""
    whole = share >= given.size.whole_from
    count = given.size.batches["vae"] // given.abreast // (4 if whole else 1)
    pictures = crops(drawings, max(1, count), SIDE if whole else SIDE // 2)
    return pictures.to(memory_format=torch.channels_last)


def reconstruction_loss(made: Tensor, wanted: Tensor) -> Tensor:
    """Absolute and squared error, errors of the edges at two scales, and of the large colours."""
    loss = functional.l1_loss(made, wanted) + functional.mse_loss(made, wanted)
    coarse = functional.l1_loss(functional.avg_pool2d(made, 8), functional.avg_pool2d(wanted, 8))
    loss = loss + _COARSE * coarse
    for _ in range(2):
        for dim in (-1, -2):
            loss = loss + 0.5 * functional.l1_loss(made.diff(dim=dim), wanted.diff(dim=dim))
        made, wanted = functional.avg_pool2d(made, 2), functional.avg_pool2d(wanted, 2)
    return loss


def psnr(made: Tensor, wanted: Tensor) -> Tensor:
    """Peak signal-to-noise ratio in dB of pictures in -1 to 1."""
    return 10 * torch.log10(4 / (made.clamp(-1, 1) - wanted).square().mean().clamp_min(1e-9))


def whiten(vae: AutoencoderKL, latents: Tensor) -> None:
    """Fold the channels' means and spreads into the convolutions around the latent.

    The spread that the encoder itself reports becomes nothing: encoding is exact.

    Args:
        vae: Changed in place.
        latents: Latents (N, 8, h, w) of pictures, before this.
    """
    mean, spread = latents.mean((0, 2, 3)), latents.std((0, 2, 3)).clamp_min(1e-4)
    before, after = vae.quant_conv, vae.post_quant_conv
    with torch.no_grad():
        before.weight[:CHANNELS] /= spread.view(-1, 1, 1, 1)
        before.bias[:CHANNELS] = (before.bias[:CHANNELS] - mean) / spread
        before.weight[CHANNELS:] = 0
        before.bias[CHANNELS:] = -30
        after.bias += after.weight.flatten(1) @ mean
        after.weight *= spread.view(1, -1, 1, 1)


def train_vae(given: Options, minutes: float) -> None:
    """Train for some minutes and write ``vae/`` in the layout of diffusers."""
    size = given.size
    wanted = [d for d in list_drawings(given.pack) if d.style in size.styles]
    drawings = load_drawings(given.pack, wanted).to(given.device)
    vae = build_vae(size).to(given.device, memory_format=torch.channels_last)
    course = Course.of(
        given, "vae", minutes, rate=size.rates["vae"], decay=min(size.decay, 0.998), warmup=200
    )
    training = Training(course, vae)
    prepare(vae.encoder, vae.decoder, device=given.device)

    def step(share: float) -> dict[str, Tensor]:
        pictures = batch(given, drawings, share)
        with half(given.device):
            latents = vae.encode(pictures).latent_dist.mean
            noise = _NOISE if training.step > _QUIET_STEPS else 0.0
            made = vae.decode(latents + noise * torch.randn_like(latents)).sample.float()
        loss = reconstruction_loss(made, pictures) + 1e-4 * latents.float().square().mean()
        return {"loss": loss, "psnr": psnr(made, pictures)}

    training.run(step)
    _finish(vae, drawings, given)


@torch.no_grad()
def _finish(vae: AutoencoderKL, drawings: Tensor, given: Options) -> None:
    latents = torch.cat(
        [vae.encode(crops(drawings, 16, SIDE)).latent_dist.mean.float() for _ in range(_WHITENED)]
    )
    whiten(vae, latents)
    write_vae(vae, drawings, given)


@torch.no_grad()
def write_vae(vae: AutoencoderKL, drawings: Tensor, given: Options) -> None:
    """Write ``vae/model``, how near it comes to some drawings on white, and a sheet of them."""
    folder = given.folder("vae")
    vae.save_pretrained(folder / "model")
    rows = torch.linspace(0, len(drawings) - 1, _SHOWN).long()
    white = torch.ones(_SHOWN, 3, device=given.device)
    shown = compose(drawings[rows], unchanged(_SHOWN, given.device), white)
    made = vae.decode(vae.encode(shown).latent_dist.mean).sample
    (folder / "psnr.txt").write_text(f"{psnr(made, shown).item():.2f} dB on white\n")
    pairs = torch.stack([shown, made], 1).flatten(0, 1)
    save_sheet(to_images(pairs), folder / "sheet.png", columns=12)


if __name__ == "__main__":
    start(__doc__, lambda given: train_vae(given, given.minutes))
