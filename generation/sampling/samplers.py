"""Samplers: the names on the cards, and the steps that a recipe takes along the noise schedule."""

import inspect
from collections.abc import Callable, Hashable, Mapping
from threading import Lock
from typing import Any, Final

import torch
from cachetools import LRUCache, cached
from diffusers import (
    DDIMScheduler,
    DPMSolverMultistepScheduler,
    DPMSolverSinglestepScheduler,
    EulerAncestralDiscreteScheduler,
    EulerDiscreteScheduler,
    LCMScheduler,
    TCDScheduler,
    UniPCMultistepScheduler,
)


def _make_consistent(kind: Any, config: Any) -> Any:  # noqa: ANN401 - diffusers has no types
    """A sampler of models distilled to few steps by consistency, on every trained timestep.

    diffusers' own default, the fifty timesteps that the first of these were distilled on, leaves no
    place for a start from an image.
    """
    return kind.from_config(config, original_inference_steps=config["num_train_timesteps"])


SAMPLERS: Final[Mapping[str, Callable[[Any], Any]]] = {
    "DPM++ 2M Karras": lambda config: DPMSolverMultistepScheduler.from_config(
        config, algorithm_type="dpmsolver++", use_karras_sigmas=True
    ),
    "DPM++ 2M": lambda config: DPMSolverMultistepScheduler.from_config(
        config, algorithm_type="dpmsolver++"
    ),
    "DPM++ 2M SDE Karras": lambda config: DPMSolverMultistepScheduler.from_config(
        config, algorithm_type="sde-dpmsolver++", use_karras_sigmas=True
    ),
    # Two steps of it, each a look of the model's, are what others count as one.
    "DPM++ SDE Karras": lambda config: DPMSolverSinglestepScheduler.from_config(
        config, algorithm_type="sde-dpmsolver++", use_karras_sigmas=True, lower_order_final=True
    ),
    "Euler a": EulerAncestralDiscreteScheduler.from_config,
    "Euler": EulerDiscreteScheduler.from_config,
    # DDIM clips its estimate to -1 to 1 unless told not to: right for pixels, not for latents.
    "DDIM": lambda config: DDIMScheduler.from_config(config, clip_sample=False),
    "UniPC": UniPCMultistepScheduler.from_config,
    "LCM": lambda config: _make_consistent(LCMScheduler, config),
    "TCD": lambda config: _make_consistent(TCDScheduler, config),
}
"""By name: from a checkpoint's scheduler configuration to a scheduler of its own."""


class UnknownSamplerError(LookupError):
    """A recipe names a sampler that is not in the table."""


def make_scheduler(name: str, config: object) -> Any:  # noqa: ANN401 - diffusers has no type information
    """A new scheduler; they keep state, so every run needs one of its own.

    Raises:
        UnknownSamplerError: ``name`` is not in the table.
    """
    try:
        return SAMPLERS[name](config)
    except KeyError:
        known = ", ".join(SAMPLERS)
        raise UnknownSamplerError(f"there is no sampler `{name}`; known are {known}") from None


def schedule(
    sampler: Any,  # noqa: ANN401
    steps: int,
    strength: float,
    *,
    distilled: bool = False,
) -> torch.Tensor:
    """Set ``sampler`` to take the last ``steps`` steps of a schedule, from ``strength`` on.

    In diffusers what strength means differs by sampler. Here it is a place on the model's own noise
    schedule, whatever the number of steps: the step grid is made so fine that ``steps`` of them lie
    between there and the end.

    Args:
        sampler: A new scheduler.
        steps: Steps to take.
        strength: Where to start, from 0 (the clean picture) to 1 (nothing but noise).
        distilled: Whether the model knows no timesteps but those of the whole schedule: then the
            last of them are taken, from the one nearest to ``strength``.

    Returns:
        The timesteps to visit, (steps,), falling.
    """
    trained = int(sampler.config.num_train_timesteps)
    if distilled:
        length, steps = steps, max(1, round(steps * strength))
        _set_grid(sampler, length)
        return _take_last(sampler, length, steps)
    # No more steps than there are trained timesteps left to visit.
    steps = min(steps, max(1, int(trained * strength)))
    # The whole schedule is left as the pipelines have it, step for step.
    length = steps if strength == 1 else _find_length(sampler, steps, strength * trained)
    _set_grid(sampler, length)
    return _take_last(sampler, length, steps)


def _set_grid(sampler: Any, length: int) -> None:  # noqa: ANN401
    """Set the whole schedule of exactly ``length`` steps."""
    sampler.set_timesteps(length)
    # diffusers counts trailing steps down to 0 in floating point. For 62 lengths, such as 61, that
    # ends a hair above 0, and one more step follows at -1, which reads as the noisiest of all.
    if len(sampler.timesteps) > length:
        sampler.timesteps = sampler.timesteps[:length]
        sampler.num_inference_steps = length
        if hasattr(sampler, "sigmas"):
            # The last is where the last step ends.
            sampler.sigmas = torch.cat([sampler.sigmas[:length], sampler.sigmas[-1:]])


def _take_last(sampler: Any, length: int, steps: int) -> torch.Tensor:  # noqa: ANN401
    """The last steps of the schedule that is set."""
    # Before its first step a sampler that counts in sigmas takes the noise for add_noise from here,
    # not from the timestep that it is given. DDIM looks timesteps up and has no such thing.
    if hasattr(sampler, "set_begin_index"):
        sampler.set_begin_index(length - steps)
    return sampler.timesteps[length - steps :]  # type: ignore[no-any-return]


def _describe(sampler: Any, steps: int, start: float) -> Hashable:  # noqa: ANN401
    """What a grid's length depends on."""
    return type(sampler), repr(sorted(sampler.config.items())), steps, start


# Looked for in a dozen grids of up to a thousand steps, which takes longer than a small drawing,
# for each batch again and for most recipes at the same few strengths.
@cached(LRUCache(256), key=_describe, lock=Lock())
def _find_length(sampler: Any, steps: int, start: float) -> int:  # noqa: ANN401
    """The length of the grid whose last ``steps`` steps begin nearest to timestep ``start``."""

    def begin(length: int) -> float:
        sampler.set_timesteps(length)
        return float(sampler.timesteps[length - steps])

    shortest, longest = steps, int(sampler.config.num_train_timesteps)
    # A longer grid's last steps begin lower, so halving finds the place in ten rounds.
    while shortest < longest:
        middle = (shortest + longest) // 2
        if begin(middle) <= start:
            longest = middle
        else:
            shortest = middle + 1
    # The first that begins low enough, or the one before it, which begins a little too high.
    nearest = {
        length: abs(begin(length) - start) for length in (shortest, max(steps, shortest - 1))
    }
    return min(nearest, key=lambda length: nearest[length])


def list_step_options(sampler: Any, generators: list[torch.Generator]) -> dict[str, Any]:  # noqa: ANN401
    """The generators, for the samplers whose ``step`` takes them."""
    takes = "generator" in inspect.signature(sampler.step).parameters
    return {"generator": generators} if takes else {}


def find_estimate(
    sampler: Any,  # noqa: ANN401 - diffusers has no types
    moved: Any,  # noqa: ANN401
    predicted: torch.Tensor,
    timestep: torch.Tensor,
    *,
    seen: torch.Tensor,
) -> torch.Tensor:
    """The picture, in latents, that a sampler thinks it is on the way to.

    Args:
        sampler: It has just taken a step.
        moved: What that step gave.
        predicted: What the model had predicted for it.
        timestep: Where it began.
        seen: The latents that it began with.
    """
    for name in ("pred_original_sample", "denoised"):
        if (stated := getattr(moved, name, None)) is not None:
            return stated  # type: ignore[no-any-return]
    # DPM++ and UniPC do not return theirs, but remember it.
    if hasattr(sampler, "model_outputs"):
        return sampler.model_outputs[-1]  # type: ignore[no-any-return]
    kept: torch.Tensor = sampler.alphas_cumprod[timestep].to(seen)
    if sampler.config.prediction_type == "v_prediction":
        return kept.sqrt() * seen - (1 - kept).sqrt() * predicted
    return (seen - (1 - kept).sqrt() * predicted) / kept.sqrt()
