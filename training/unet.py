"""Stage: the denoiser and its two adapters.

It predicts velocities on a schedule that ends in pure noise, so that plain grounds of any colour
can be reached. Of the samples about half are told by text alone, the others by a style reference, a
content reference or both; an eighth are told nothing, for classifier-free guidance.

Sources: v-prediction (arXiv 2202.00512), zero terminal SNR (arXiv 2305.08891), weights by
signal-to-noise ratio (arXiv 2303.09556).
"""

from collections.abc import Callable
from typing import Final

import torch
from diffusers import DDIMScheduler
from torch import Tensor

from training.adapters import Denoiser
from training.device import half, prepare
from training.loop import Course, Training
from training.plan import Options, start
from training.pool import Pool, build_pool

_TOLD_NOTHING: Final = 0.12
_STEPS: Final = 1000


def build_scheduler() -> DDIMScheduler:
    """The noise schedule, which the pipeline samples with too."""
    return DDIMScheduler(
        num_train_timesteps=_STEPS,
        beta_schedule="scaled_linear",
        beta_start=0.00085,
        beta_end=0.012,
        prediction_type="v_prediction",
        rescale_betas_zero_snr=True,
        timestep_spacing="trailing",
        clip_sample=False,
        set_alpha_to_one=True,
        steps_offset=1,  # without effect on trailing timesteps; diffusers warns of anything else
    )


def velocity_loss(
    predict: Callable[..., Tensor],
    latents: Tensor,
    conditions: tuple[Tensor, ...],
    kept: Tensor,
    lean: float = 1.0,
) -> Tensor:
    """Weighted squared error of the velocity at random times, spread evenly over the batch.

    Args:
        predict: The denoiser's forward.
        latents: Clean latents (B, 8, 16, 16).
        conditions: What else it takes, such as what :func:`tell` returns.
        kept: Signal kept at each time (1000,): the running product of the schedule.
        lean: How much times near pure noise are preferred: 1 not at all, 3 as T2I-Adapter was
            trained (arXiv 2302.08453).
    """
    count, device = len(latents), latents.device
    even = (torch.arange(count, device=device) + torch.rand(count, device=device)) / count
    even = 1 - (1 - even) ** lean
    times = (even * _STEPS).long().clamp(max=_STEPS - 1)
    signal = kept[times].view(-1, 1, 1, 1)
    noise = torch.randn_like(latents)
    noisy = signal.sqrt() * latents + (1 - signal).sqrt() * noise
    wanted = signal.sqrt() * noise - (1 - signal).sqrt() * latents
    made = predict(noisy, times, *conditions).float()
    error = (made - wanted).square().mean((1, 2, 3))
    ratio = kept[times] / (1 - kept[times]).clamp_min(1e-6)
    weight = ratio.clamp(max=5) / (ratio + 1) + 0.25
    return (error * weight).mean()


def tell(pool: Pool, rows: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """What the denoiser is told of samples: text states, style and content references."""
    silent = torch.rand(len(rows), device=rows.device) < _TOLD_NOTHING
    caption = torch.where(silent, 0, pool.caption[rows])
    style = _reference(pool, pool.style[rows], silent)
    first = pool.content[rows]
    second = torch.where(pool.second[rows] < 0, first, pool.second[rows])
    content = torch.stack([_reference(pool, part, silent) for part in (first, second)], 1)
    return pool.states[caption].float(), style, content


def _reference(pool: Pool, rows: Tensor, silent: Tensor) -> Tensor:
    """Embeddings beside 1 where there is a reference; silence hides only what it shows."""
    there = rows >= 0
    seen = pool.embeddings[rows.clamp_min(0)].float() * (there & ~silent)[:, None]
    return torch.cat([seen, there[:, None].float()], 1)


def train_unet(given: Options, minutes: float) -> None:
    """Train for some minutes; the weights stay in ``unet/checkpoint.pt`` for the export."""
    size, device = given.size, given.device
    pool = build_pool(given)
    kept = build_scheduler().alphas_cumprod.to(device)
    denoiser = Denoiser(size).to(device)
    if device == "cuda":
        denoiser.unet.to(memory_format=torch.channels_last)
    course = Course.of(
        given,
        "unet",
        minutes,
        rate=size.rates["unet"],
        warmup=500 if device == "cuda" else 100,
        decay=size.decay,
    )
    training = Training(course, denoiser)
    prepare(denoiser.unet, device=device)

    def step(share: float) -> dict[str, Tensor]:
        del share
        batch = size.batches["unet"] // given.abreast or 1
        rows = torch.randint(len(pool.latents), (batch,), device=device)
        with half(device):
            loss = velocity_loss(denoiser, pool.latents[rows].float(), tell(pool, rows), kept)
        return {"loss": loss}

    training.run(step)


if __name__ == "__main__":
    start(__doc__, lambda given: train_unet(given, given.minutes))
