"""Stage: the autoencoder's decoder again, alone, so that edges become crisp.

Latents stay what they are, so this may run before or after the denoiser has learnt them. They are
made a little noisy, as a denoiser's are.
"""

import torch
from diffusers import AutoencoderKL
from torch import Tensor

from training.artwork import list_drawings, load_drawings
from training.device import half
from training.loop import Course, Training
from training.plan import Options, start
from training.vae import batch, psnr, reconstruction_loss, write_vae

_NOISE = 0.04


def train_decoder(given: Options, minutes: float) -> None:
    """Train for some minutes and write ``vae/model`` again."""
    size = given.size
    wanted = [d for d in list_drawings(given.pack) if d.style in size.styles]
    drawings = load_drawings(given.pack, wanted).to(given.device)
    vae = AutoencoderKL.from_pretrained(given.out / "vae" / "model").to(given.device)
    vae.to(memory_format=torch.channels_last)
    for part in (vae.encoder, vae.quant_conv):
        part.requires_grad_(requires_grad=False)
    course = Course.of(
        given, "decoder", minutes, rate=size.rates["vae"] * 0.5, decay=min(size.decay, 0.998)
    )
    training = Training(course, vae)

    def step(share: float) -> dict[str, Tensor]:
        pictures = batch(given, drawings, share)
        with half(given.device):
            with torch.no_grad():
                latents = vae.encode(pictures).latent_dist.mean
            made = vae.decode(latents + _NOISE * torch.randn_like(latents)).sample.float()
        return {"loss": reconstruction_loss(made, pictures), "psnr": psnr(made, pictures)}

    training.run(step)
    write_vae(vae, drawings, given)


if __name__ == "__main__":
    start(__doc__, lambda given: train_decoder(given, given.minutes))
