"""Steps along the noise schedule: as many as are wanted, falling, and none beyond the end."""

from itertools import pairwise
from typing import Any, Final

import numpy as np
import pytest
import torch
from diffusers import DDIMScheduler
from hypothesis import given
from hypothesis import strategies as st

from generation.sampling.engine import Engine
from generation.sampling.samplers import SAMPLERS, make_scheduler, schedule
from tests.generation.samples import photograph, quiet, recipe_for, start
from tests.recipes import change

_NOISE: Final[dict[str, Any]] = {
    "beta_start": 0.00085,
    "beta_end": 0.012,
    "beta_schedule": "scaled_linear",
}

CONFIGS: Final = {
    "leading": DDIMScheduler(**_NOISE, timestep_spacing="leading", steps_offset=1).config,
    "linspace": DDIMScheduler(**_NOISE, timestep_spacing="linspace").config,
    "trailing": DDIMScheduler(**_NOISE, timestep_spacing="trailing").config,
    "to pure noise": DDIMScheduler(
        **_NOISE, timestep_spacing="trailing", rescale_betas_zero_snr=True
    ).config,
}
"""Stable Diffusion's noise schedule in every spacing, and last the bundled model's own."""

TRAPS: Final = [n for n in range(1, 1001) if len(np.arange(1000, 0, -1000 / n)) > n]
"""Lengths that diffusers' own trailing schedules exceed by a step at -1."""


def require_steps(name: str, config: object, steps: int, strength: float) -> None:
    """Fails unless the schedule has the wanted steps, falling, each at a place that there is."""
    sampler = make_scheduler(name, config)
    taken = schedule(sampler, steps, strength).tolist()
    # No more than the trained timesteps below where it starts.
    assert len(taken) == min(steps, int(1000 * strength))
    assert taken[-1] >= 0
    assert taken[0] <= 999
    if "Karras" in name:
        # These are spaced in levels of noise; the timesteps named for them are rounded, and two
        # that lie closer than one timestep have the same name.
        assert taken == sorted(taken, reverse=True)
    else:
        assert all(here > there for here, there in pairwise(taken))
    if hasattr(sampler, "sigmas"):
        left = sampler.sigmas[-len(taken) - 1 :]
        assert len(sampler.sigmas) == len(sampler.timesteps) + 1
        assert bool((left[1:] < left[:-1]).all())


def test_lengths_that_a_trailing_schedule_exceeds_are_known() -> None:
    assert len(TRAPS) == 62
    assert TRAPS[:3] == [61, 103, 121]


@given(
    st.sampled_from(sorted(SAMPLERS)),
    st.sampled_from(sorted(CONFIGS)),
    st.integers(1, 100),
    st.floats(0.05, 1) | st.just(1.0),
)
def test_takes_the_wanted_steps(name: str, spacing: str, steps: int, strength: float) -> None:
    require_steps(name, CONFIGS[spacing], steps, strength)


@pytest.mark.parametrize("name", [name for name in SAMPLERS if "Karras" not in name])
@pytest.mark.parametrize("spacing", ["trailing", "to pure noise"])
def test_takes_the_wanted_steps_of_a_schedule_that_diffusers_makes_too_long(
    name: str, spacing: str
) -> None:
    # A whole schedule, and the last steps of a finer one: half of what a length has.
    require_steps(name, CONFIGS[spacing], 61, 1.0)
    for length in TRAPS[::7]:
        steps = min(length // 2, 100)
        require_steps(name, CONFIGS[spacing], steps, steps / length)


def test_no_schedule_ends_in_noise(easel: Engine) -> None:
    asked = recipe_for(easel, sampler="DDIM", start=start(0.39))
    photo = photograph()

    def draw(steps: int) -> np.ndarray:
        return np.asarray(easel.draw(change(asked, steps=steps), photo, quiet)[0], float)

    # One step more is hardly another picture, unless one of the two ends at another place.
    assert np.abs(draw(24) - draw(23)).mean() < 12


@pytest.mark.parametrize("name", list(SAMPLERS))
def test_what_is_no_trap_stays_as_diffusers_has_it(name: str) -> None:
    ours, theirs = (make_scheduler(name, CONFIGS["to pure noise"]) for _ in range(2))
    theirs.set_timesteps(30)
    assert torch.equal(schedule(ours, 30, 1.0), theirs.timesteps)
    if hasattr(theirs, "sigmas"):
        assert torch.equal(ours.sigmas, theirs.sigmas)
