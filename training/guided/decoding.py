"""Stage: the decoder, which adds to the linear decoding what it lost."""

from typing import Final

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn import functional

from generation.guided.latents import PATCH, Decoder
from generation.tensors.precision import lower_precision
from training.guided.basis import CHANNELS, load_basis
from training.guided.views import load_views
from training.loop import Course, Training
from training.plan import SIDE, Options, start
from training.samples import grounds_of, plan_samples
from training.world import load_world

FILE: Final = "decoder.safetensors"
_CROP: Final = 96
_BATCH: Final = 12
_RATE: Final = 1e-3
_NOISE: Final = 0.12
"""Most noise that latents are given, since denoised ones are never quite those of a picture."""


def find_slopes(pictures: Tensor) -> Tensor:
    """Differences of neighbours in pictures (B, C, H, W), flattened (B, N)."""
    across = pictures[..., 1:] - pictures[..., :-1]
    down = pictures[..., 1:, :] - pictures[..., :-1, :]
    return torch.cat([across.flatten(1), down.flatten(1)], 1)


class _Pictures:
    """Crops (B, 3, 96, 96) in -1 to 1 of drawings and of views, half each."""

    def __init__(self, given: Options) -> None:
        self.world = load_world(given)
        self.samples = plan_samples(self.world, 8000, references=False, seed=41)
        self.pixels, _ = load_views(given, "train", "pixels")
        self.device = given.device

    def draw(self, count: int) -> Tensor:
        """Some at random, at places of the latents' grid."""
        rows = torch.randint(len(self.samples), (count // 2,), device=self.device)
        grounds = grounds_of(self.samples.ground[rows])
        drawn = self.world.render(self.samples.look[rows], grounds)
        top, left = (torch.randint((SIDE - _CROP) // PATCH + 1, (2,)) * PATCH).tolist()
        crops = [drawn[:, :, top : top + _CROP, left : left + _CROP]]
        views, made, side = self.pixels.shape[:3]
        for _ in range(count - count // 2):
            top, left = (torch.randint((side - _CROP) // PATCH + 1, (2,)) * PATCH).tolist()
            view, look = int(torch.randint(views, ())), int(torch.randint(made, ()))
            crop = self.pixels[view, look, top : top + _CROP, left : left + _CROP]
            shown = crop.permute(2, 0, 1)[None].to(self.device, torch.float32)
            crops.append(shown / 127.5 - 1)
        return torch.cat(crops)


def train_guided_decoder(given: Options, minutes: float) -> None:
    """Train for some minutes and write ``crisp/decoder.safetensors``."""
    torch.manual_seed(8)
    pictures = _Pictures(given)
    latents = load_basis(given).to(given.device)
    decoder = Decoder(CHANNELS).to(given.device)
    decoder.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    course = Course.of(given, "crisp", minutes, rate=_RATE, decay=min(given.size.decay, 0.998))
    training = Training(course, decoder)
    batch = _BATCH if given.device == "cpu" else 128

    def step(share: float) -> dict[str, Tensor]:
        del share
        with torch.no_grad():
            wanted = pictures.draw(batch)
            told = latents.encode(wanted)
            noise = _NOISE * torch.rand(batch, 1, 1, 1, device=given.device) ** 2
            told = told + noise * torch.randn_like(told)
            plain = latents.decode(told)
        with lower_precision(given.device):
            added = decoder(told.contiguous(memory_format=torch.channels_last))
        made = plain + added.float()
        square = functional.mse_loss(made, wanted)
        straight = functional.l1_loss(made, wanted)
        slopes = functional.l1_loss(find_slopes(made), find_slopes(wanted))
        return {"loss": straight + 2 * square + slopes, "square": square}

    training.run(step)
    save_file(
        {name: weight.contiguous() for name, weight in decoder.state_dict().items()},
        course.folder / FILE,
    )


def load_guided_decoder(given: Options) -> Decoder:
    """The trained decoder, on the CPU."""
    decoder = Decoder(CHANNELS)
    decoder.load_state_dict(load_file(given.out / "crisp" / FILE))
    return decoder.eval()


if __name__ == "__main__":
    start(__doc__, lambda given: train_guided_decoder(given, given.minutes))
