"""One training loop for every stage: by the clock, resumable, with a mean of the weights."""

import csv
import math
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self, TextIO

import torch
from torch import Tensor, nn

from training.bar import Bar
from training.curves import draw_curves
from training.plan import Options, Session, StoppedError

Step = Callable[[float], Mapping[str, Tensor]]
"""From the share of the time that has passed, 0 to 1, to losses; "loss" is minimised."""


@dataclass(kw_only=True)
class Course:
    """How a stage trains.

    Attributes:
        name: For the progress bar.
        folder: Checkpoint, loss.csv and loss.png lie here.
        minutes: Length of this stretch.
        rate: Peak learning rate.
        warmup: Steps until the peak.
        flat: Share of the time at the peak before the cosine falls.
        floor: Share of the peak at the end.
        decay: Decay of the running mean.
        weight_decay: Of AdamW.
        save_every: Seconds between checkpoints.
        abreast: How many batches are computed at a time, each on one core; a step takes the mean
            of their gradients. On a CPU that keeps cores busier than sharing every operation.
        session: Ends the stretch early, to be resumed.
        extend: Whether a stage that had finished trains another stretch.
        clock: What the time is told by, in seconds.
    """

    name: str
    folder: Path
    minutes: float
    rate: float
    warmup: int = 100
    flat: float = 0.45
    floor: float = 0.03
    decay: float = 0.999
    weight_decay: float = 0.01
    save_every: float = 150
    abreast: int = 1
    session: Session = field(default_factory=Session)
    extend: bool = True
    clock: Callable[[], float] = time.monotonic

    @classmethod
    def of(
        cls,
        given: Options,
        name: str,
        minutes: float,
        *,
        rate: float,
        warmup: int = 100,
        decay: float = 0.999,
        weight_decay: float = 0.01,
    ) -> Self:
        """A stage's course as the command line asked for it; fields as of the class."""
        return cls(
            name=name,
            folder=given.folder(name),
            minutes=minutes,
            rate=rate,
            warmup=warmup,
            decay=decay,
            weight_decay=weight_decay,
            abreast=given.abreast,
            session=given.session,
            extend=given.extend,
            clock=given.clock,
        )

    @property
    def checkpoint(self) -> Path:
        """Where the state lies between sessions."""
        return self.folder / "checkpoint.pt"

    def rate_at(self, share: float, step: int) -> float:
        """Learning rate after ``share`` of the time, ``step`` steps into the session."""
        fallen = max(0.0, share - self.flat) / (1 - self.flat)
        cosine = self.floor + (1 - self.floor) * 0.5 * (1 + math.cos(math.pi * fallen))
        return self.rate * cosine * min(1.0, (step + 1) / self.warmup)


class Mean:
    """Exponential running mean of weights."""

    def __init__(self, weights: Sequence[Tensor], decay: float) -> None:
        self.decay = decay
        self.weights = [w.detach().clone() for w in weights]

    def update(self, weights: Sequence[Tensor], step: int) -> None:
        """Take one step of training into the mean."""
        decay = min(self.decay, (1 + step) / (10 + step))
        torch._foreach_lerp_(self.weights, [w.detach() for w in weights], 1 - decay)

    def copy_to(self, weights: Sequence[Tensor]) -> None:
        """Put the mean in place of the trained weights."""
        with torch.no_grad():
            torch._foreach_copy_(list(weights), self.weights)


class Training:
    """A stage on its way: weights, optimiser, running mean, clock and records."""

    def __init__(self, course: Course, model: nn.Module) -> None:
        self.course = course
        self.weights = [w for w in model.parameters() if w.requires_grad]
        self.optimiser = torch.optim.AdamW(
            self.weights,
            lr=course.rate,
            betas=(0.9, 0.99),
            weight_decay=course.weight_decay,
            fused=True,
        )
        self.mean = Mean(self.weights, course.decay)
        self.model = model
        self.step = 0
        self.spent = 0.0
        self.began = 0.0
        self.pool = ThreadPoolExecutor(course.abreast, initializer=_alone)
        if course.checkpoint.exists():
            self._load()

    @property
    def goal(self) -> float:
        """Seconds of training, all stretches together, at which this one ends."""
        return self.began + self.course.minutes * 60

    def _load(self) -> None:
        device = self.weights[0].device
        state: dict[str, Any] = torch.load(
            self.course.checkpoint, map_location=device, weights_only=True
        )
        self.model.load_state_dict(state["model"])
        if state["optimiser"] is not None:
            self.optimiser.load_state_dict(state["optimiser"])
        self.mean.weights = state["mean"]
        self.step, self.spent = state["step"], state["spent"]
        another = state["finished"] and self.course.extend
        self.began = self.spent if another else state["began"]

    def save(self, *, finished: bool) -> None:
        """Write the checkpoint and the curves; a crash leaves the old one or the new one."""
        state = {
            "model": self.model.state_dict(),
            "optimiser": self.optimiser.state_dict(),
            "mean": self.mean.weights,
            "step": self.step,
            "spent": self.spent,
            "began": self.began,
            "finished": finished,
        }
        fresh = self.course.checkpoint.with_suffix(".new")
        torch.save(state, fresh)
        fresh.replace(self.course.checkpoint)
        draw_curves(self.course.folder / "loss.csv", self.course.folder / "loss.png")

    def run(self, step: Step) -> None:
        """Train until the time is spent; afterwards the model holds the running mean.

        Raises:
            StoppedError: The session ended first. The checkpoint is written.
        """
        name, path = self.course.name, self.course.folder / "loss.csv"
        with Bar(name, self.goal) as bar, path.open("a", newline="") as file:
            journal = _Journal(file, bar, self)
            first, saved = self.step, time.monotonic()
            while self.spent < self.goal:
                self.course.session.rest()
                if self.course.session.over:
                    self.save(finished=False)
                    raise StoppedError
                journal.note(self._advance(step, self.step - first))
                if time.monotonic() - saved > self.course.save_every:
                    self.save(finished=False)
                    saved = time.monotonic()
        self.save(finished=True)
        self.mean.copy_to(self.weights)

    def _advance(self, step: Step, age: int) -> Mapping[str, Tensor]:
        start = self.course.clock()
        share = (self.spent - self.began) / max(self.goal - self.began, 1e-9)
        for group in self.optimiser.param_groups:
            group["lr"] = self.course.rate_at(share, age)
        losses = self._learn(step, share)
        nn.utils.clip_grad_norm_(self.weights, 1.0)
        self.optimiser.step()
        self.mean.update(self.weights, self.step)
        self.step += 1
        self.spent += self.course.clock() - start
        return losses

    def _learn(self, step: Step, share: float) -> Mapping[str, Tensor]:
        """Losses of one batch or more, whose mean gradients are left with the weights."""

        def batch(_: int) -> tuple[Mapping[str, Tensor], Sequence[Tensor | None]]:
            losses = step(share)
            return losses, torch.autograd.grad(losses["loss"], self.weights, allow_unused=True)

        several = self.course.abreast > 1
        numbers = range(self.course.abreast)
        made = list(self.pool.map(batch, numbers) if several else map(batch, numbers))
        slopes = zip(*(slopes for _, slopes in made), strict=True)
        for weight, parts in zip(self.weights, slopes, strict=True):
            there = [part for part in parts if part is not None]
            weight.grad = sum(there[1:], there[0]) / len(there) if there else None
        return made[0][0]


def load_mean(given: Options, stage: str, module: nn.Module) -> dict[str, Any]:
    """Load the running mean of a stage's weights into its network, on the CPU.

    Returns:
        How long it trained: "steps" and "minutes".
    """
    path = given.out / stage / "checkpoint.pt"
    state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    module.load_state_dict(state["model"])
    with torch.no_grad():
        for weight, mean in zip(module.parameters(), state["mean"], strict=True):
            weight.copy_(mean)
    return {"steps": state["step"], "minutes": round(state["spent"] / 60, 1)}


def _alone() -> None:
    torch.set_num_threads(1)


class _Journal:
    """Sums up the losses of some seconds into one line of loss.csv and the progress bar."""

    def __init__(self, file: TextIO, bar: Bar, training: Training) -> None:
        self.writer, self.file = csv.writer(file), file
        self.bar, self.training = bar, training
        self.names: list[str] = []
        self.sums: Tensor | None = None
        self.count = 0
        self.since = time.monotonic()

    def note(self, losses: Mapping[str, Tensor]) -> None:
        values = torch.stack([value.detach().float() for value in losses.values()])
        self.names = list(losses)
        self.sums = values if self.sums is None else self.sums + values
        self.count += 1
        # Reading a value waits for the device, so it is done seldom.
        if time.monotonic() - self.since > 10 or self.training.spent >= self.training.goal:
            self._write()

    def _write(self) -> None:
        if self.sums is None:
            return
        means = [f"{value:.5g}" for value in (self.sums / self.count).tolist()]
        if self.file.tell() == 0:
            self.writer.writerow(["step", "seconds", *self.names])
        self.writer.writerow([self.training.step, f"{self.training.spent:.0f}", *means])
        self.file.flush()
        pace = self.count / (time.monotonic() - self.since + 1e-9)
        loss = means[self.names.index("loss")]
        note = f"step {self.training.step}, {pace:.2f}/s, loss {loss}"
        self.bar.update(self.training.spent, note)
        self.sums, self.count, self.since = None, 0, time.monotonic()
