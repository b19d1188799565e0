"""Stage: guidance distilled into the denoiser, so that a step takes one pass instead of two.

A student learns to say at once what its teacher, the denoiser so far, says with guidance, which is
the first stage of Meng et al. 2023 (On Distillation of Guided Diffusion Models) for one strength of
it. It begins as its teacher told its looks louder, which is most of the way.
"""

from copy import deepcopy
from pathlib import Path
from typing import Final

import torch
from torch import Tensor, nn

from generation.guided.denoiser import Denoiser, Guide
from generation.tensors.precision import lower_precision
from training.guided.denoising import (
    Batch,
    disturb,
    join,
    load_drawings,
    load_photographs,
    new_denoiser,
    predict,
    tell,
)
from training.loop import Course, Training, load_mean
from training.plan import Options, start

DISTILLED: Final = "distilled"
"""The stage's folder."""

GUIDANCE: Final = 2.2
"""How far beside an image; by a plan, which says more than words do, there is none."""

_LOUDER: Final = 2.0
"""Times a look is told as loud to begin with: of 36 pictures 25 were named right at 1.6, and 30 at
2.2, as many as with guidance, but pencil sketches were lost."""

_BATCH: Final = 32
_RATE: Final = 3e-4
_DRAWN: Final = 0.25
"""Share of drawings among the samples, if there are any, which are to stay as they were."""

_BEGUN: Final = 0.5
"""Share of samples that begin at the photograph, as pictures do, rather than at what is to come."""


_ADOPTED: Final = "guidance.adopted"
"""File beside the denoiser's checkpoint: it was adopted with guidance in it."""


def is_distilled(given: Options) -> bool:
    """Whether there is a student, perhaps one that still learns."""
    return (given.out / DISTILLED / "checkpoint.pt").exists()


def mark_adopted(out: Path) -> None:
    """Note that the denoiser that training goes on from has guidance in it."""
    (out / "denoiser" / _ADOPTED).touch()


def holds_guidance(given: Options, steps: int) -> bool:
    """Whether a denoiser that took so many steps since it was adopted has guidance in it yet.

    Training on the pictures themselves takes it out again.
    """
    return steps == 0 and (given.out / "denoiser" / _ADOPTED).exists()


def speak_up(denoiser: Denoiser) -> None:
    """Tell every look louder, by its distance from that of none."""
    with torch.no_grad():
        table, none = denoiser.looks.weight, denoiser.looks.weight[-1].clone()
        table.copy_(none + _LOUDER * (table - none))
        last: nn.Linear = denoiser.reader.leave[-1]  # type: ignore[assignment]
        last.weight.mul_(_LOUDER)
        last.bias.copy_(none + _LOUDER * (last.bias - none))


def lose_to(teacher: Denoiser, student: Denoiser, batch: Batch) -> Tensor:
    """Mean squared difference of a student from its teacher with guidance, by row (B,)."""
    begun = (torch.rand(len(batch.target), device=batch.target.device) < _BEGUN) & (
        batch.kind == int(Guide.PICTURE)
    )
    noisy = disturb(batch, torch.where(begun[:, None, None, None], batch.guide, batch.target))
    with torch.no_grad():
        look = tell(teacher, batch)
        silent = teacher.name_looks([]).expand_as(look)
        asked, unasked = (predict(teacher, batch, noisy, one) for one in (look, silent))
        far = torch.where(batch.kind == int(Guide.PLAN), 1.0, GUIDANCE)[:, None, None, None]
        wanted = unasked + far * (asked - unasked)
    made = predict(student, batch, noisy, tell(student, batch))
    mean: Tensor = ((made - wanted) ** 2).mean((1, 2, 3))
    return mean


def distil(given: Options, minutes: float) -> None:
    """Train for some minutes; the export takes the student out of its checkpoint.

    Raises:
        ValueError: The denoiser was adopted with guidance in it, and has not been trained since.
        StoppedError: The session ended first.
    """
    torch.manual_seed(8)
    drawings, photographs = load_drawings(given), load_photographs(given)
    teacher = new_denoiser(given)
    if holds_guidance(given, load_mean(given, "denoiser", teacher)["steps"]):
        message = "guidance is in the denoiser that was adopted: train it on before"
        raise ValueError(message)
    teacher.to(given.device).to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    student = deepcopy(teacher)
    speak_up(student)
    teacher.requires_grad_(requires_grad=False)
    course = Course.of(
        given, DISTILLED, minutes, rate=_RATE, warmup=20, decay=min(given.size.decay, 0.98)
    )
    training = Training(course, student)
    batch = _BATCH if given.device == "cpu" else 512
    drawn = 0 if drawings is None else round(_DRAWN * batch)

    def step(share: float) -> dict[str, Tensor]:
        del share
        samples = photographs.draw(batch - drawn)
        if drawings is not None:
            samples = join([drawings.draw(drawn), samples])
        with lower_precision(given.device):
            wrong = lose_to(teacher, student, samples)
        return {"loss": wrong.mean()}

    training.run(step)


if __name__ == "__main__":
    start(__doc__, lambda given: distil(given, given.minutes))
