"""What makes the bundled model quick: one grid of four, one rung of the ladder after another.

The baseline is diffusers' own pipeline, one call for each picture, on all cores. Times are of the
wall clock, so the machine has to be idle; the contestants take turns.

    python -m benchmarks.ladder --rounds 5 [--compile]
"""

import argparse
import json
import os
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from PIL import Image

from benchmarks.overhead import bare, recipe
from generation.families.easel import FAMILY
from generation.recipe import Inputs, Recipe
from generation.sampling.engine import Batching, Engine
from generation.worker import load_engine
from storage.settings import Settings

CORES = len(os.sched_getaffinity(0))


@dataclass(frozen=True, slots=True)
class Rung:
    """One way to draw a grid.

    Attributes:
        draw: Draws it.
        threads: Cores that one operation may use.
        last: Whether weights lie with channels last.
        half: Whether to compute in bfloat16.
    """

    draw: Callable[[], object]
    threads: int = 1
    last: bool = True
    half: bool = False


def ladder(engine: Engine, asked: Recipe, *, compiled: bool) -> dict[str, Rung]:
    """The rungs, the baseline first."""
    with torch.inference_mode():
        condition = FAMILY.encode(engine.pipe, asked, engine.texts)

    def ours(parallel: int, steps: int = asked.sampling.steps) -> Callable[[], object]:
        told = replace(asked, sampling=replace(asked.sampling, steps=steps))
        own = replace(engine, batching=Batching(1, parallel))
        return lambda: own.draw(told, None, lambda *_: None)

    def pipeline(*, at_once: bool) -> Callable[[], object]:
        return lambda: bare(engine, asked, condition, at_once=at_once)

    rungs = {
        "pipeline, one call each": Rung(pipeline(at_once=False), CORES, last=False),
        "pipeline, one batch": Rung(pipeline(at_once=True), CORES, last=False),
        "ours, lanes in turn, every core in each": Rung(ours(1), CORES, last=False),
        "ours, lanes in turn, one core": Rung(ours(1), last=False),
        "ours, a lane on every core": Rung(ours(CORES), last=False),
        "and channels last": Rung(ours(CORES)),
        "and bfloat16": Rung(ours(CORES), half=True),
    }
    planned = replace(asked, inputs=Inputs(plan=engine.card.plan))

    def plan() -> list[Image.Image]:
        return engine.enlarge(engine.draw(planned, None, lambda *_: None), planned)

    rungs["by a plan, and enlarged to 512"] = Rung(plan)
    rungs |= {f"and {n} steps": Rung(ours(CORES, n)) for n in (6, 8, 10, 16, 20)}
    if compiled:
        rungs["and compiled"] = Rung(ours(CORES))
    return rungs


def seconds(engine: Engine, rung: Rung) -> float:
    """How long one grid takes."""
    torch.set_num_threads(rung.threads)
    layout = torch.channels_last if rung.last else torch.contiguous_format
    engine.pipe.unet.to(memory_format=layout)
    began = time.perf_counter()
    with torch.autocast("cpu", torch.bfloat16, enabled=rung.half):
        rung.draw()
    return time.perf_counter() - began


def measure(rounds: int, *, compiled: bool) -> dict[str, Any]:
    """Median seconds of every rung, and the ratio to the first."""
    with tempfile.TemporaryDirectory() as data:
        settings = Settings(_env_file=None, data=Path(data), device="cpu")  # type: ignore[call-arg]
        began = time.perf_counter()
        engine = load_engine(settings)
    loading = time.perf_counter() - began
    assert isinstance(engine, Engine)
    rungs = ladder(engine, recipe(engine), compiled=compiled)
    times: dict[str, list[float]] = {name: [] for name in rungs}
    for warm in [False, *[True] * rounds]:
        for name, rung in rungs.items():
            if name == "and compiled" and not warm:
                engine.pipe.unet.compile()
            times[name] += [seconds(engine, rung)] * warm
    medians = {name: statistics.median(one) for name, one in times.items()}
    first = next(iter(medians.values()))
    return {
        "seconds": {name: round(one, 2) for name, one in medians.items()},
        "ratio": {name: round(one / first, 2) for name, one in medians.items()},
        "loading, seconds": round(loading, 2),
        "peak memory, MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "cores": CORES,
    }


def main() -> None:
    """Print the measurements as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--compile", action="store_true", help="a last rung with torch.compile")
    given = parser.parse_args()
    json.dump(measure(given.rounds, compiled=given.compile), sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
