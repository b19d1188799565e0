"""Stage: a tiny decoder that shows roughly what latents are while a picture is being drawn.

It is diffusers' tiny autoencoder (after TAESD, github.com/madebyollin/taesd), of which only the
decoder learns, from what the true decoder makes of crops of the denoiser's samples.
"""

from typing import Final

import torch
from diffusers import AutoencoderKL, AutoencoderTiny
from torch import Tensor

from training.device import half
from training.loop import Course, Training
from training.plan import CHANNELS, SIDE, Options, start
from training.pool import build_pool
from training.vae import psnr, reconstruction_loss

_WIDTH: Final = 16
_CROP: Final = 8
_BATCH: Final = 16


def build_preview() -> AutoencoderTiny:
    """A fresh tiny autoencoder of the same latents."""
    return AutoencoderTiny(
        encoder_block_out_channels=(_WIDTH,) * 4,
        decoder_block_out_channels=(_WIDTH,) * 4,
        num_encoder_blocks=(1, 1, 1, 1),
        num_decoder_blocks=(1, 1, 1, 1),
        latent_channels=CHANNELS,
        scaling_factor=1.0,
    )


def train_preview(given: Options, minutes: float) -> None:
    """Train for some minutes and write ``preview/model``."""
    pool = build_pool(given)
    vae = AutoencoderKL.from_pretrained(given.out / "vae" / "model").to(given.device).eval()
    vae.to(memory_format=torch.channels_last).requires_grad_(requires_grad=False)
    tiny = build_preview().to(given.device)
    tiny.encoder.requires_grad_(requires_grad=False)
    course = Course.of(given, "preview", minutes, rate=2e-3, decay=0.99)
    training = Training(course, tiny)
    batch = _BATCH * 8 if given.device == "cuda" else _BATCH // given.abreast or 1

    def step(share: float) -> dict[str, Tensor]:
        del share
        rows = torch.randint(len(pool.latents), (batch,), device=given.device)
        top, left = torch.randint(SIDE // 8 - _CROP + 1, (2,)).tolist()
        latents = pool.latents[rows, :, top : top + _CROP, left : left + _CROP].float()
        with half(given.device):
            wanted = vae.decode(latents).sample.float()
            made = tiny.decode(latents).sample.float()
        return {"loss": reconstruction_loss(made, wanted), "psnr": psnr(made, wanted)}

    training.run(step)
    tiny.save_pretrained(course.folder / "model")


if __name__ == "__main__":
    start(__doc__, lambda given: train_preview(given, given.minutes))
