"""What Easel adds around the model: one grid by diffusers' own pipeline call, and one by ours.

Both draw the same four pictures of the bundled model, text encoding included in neither: the
pipeline gets its embeddings ready made, and the time of ours is taken off. Ours also reports, makes
previews, enlarges, composes the grid and writes five PNG files; diffusers' stops at pictures.
Beside it the same words are drawn by a plan, the reading of them included.
The processor's time is counted, so that others may be busy, too.

    python -m benchmarks.overhead --rounds 5
"""

import argparse
import json
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch

from generation.families.easel import FAMILY
from generation.recipe import Conditions, Inputs, Phrase, Recipe, Sampling, Size, seed_noise
from generation.sampling.diffusion import UNetCondition
from generation.sampling.engine import Engine
from generation.sampling.samplers import make_scheduler
from generation.worker import load_engine, make_renderer
from storage.files import Files
from storage.queue.jobs import Rendered
from storage.settings import Settings


def recipe(engine: Engine) -> Recipe:
    """A grid at the family's own size, steps and guidance."""
    card = engine.card
    width, height = card.size(1, 1)
    return Recipe(
        family=card.id,
        model=card.model,
        prompt="a red apple",
        size=Size(width=width, height=height),
        noise=seed_noise(7, 4),
        sampling=Sampling(steps=card.steps, guidance=card.guidance, sampler=card.sampler),
        conditions=Conditions(phrases=(Phrase(text="a red apple"),)),
    )


def bare(engine: Engine, asked: Recipe, condition: UNetCondition, *, at_once: bool) -> None:
    """The pictures by the pipeline itself, as one batch or one call each."""
    view = type(engine.pipe).from_pipe(
        engine.pipe, scheduler=make_scheduler(asked.sampling.sampler, engine.pipe.scheduler.config)
    )
    view.set_progress_bar_config(disable=True)
    batches = [asked.noise] if at_once else [(noise,) for noise in asked.noise]
    avoid, show = condition.tokens.chunk(2)
    for batch in batches:
        view(
            prompt_embeds=show,
            negative_prompt_embeds=avoid,
            num_images_per_prompt=len(batch),
            width=asked.size.width,
            height=asked.size.height,
            num_inference_steps=asked.sampling.steps,
            guidance_scale=asked.sampling.guidance,
            generator=[torch.Generator().manual_seed(noise.seed) for noise in batch],
        )


def seconds(action: Callable[[], object], device: str) -> float:
    """How long one call takes; on the CPU by the processor's clock, as others may be busy too."""
    clock = time.process_time if device == "cpu" else time.perf_counter
    began = clock()
    action()
    return clock() - began


def measure(rounds: int, data: Path) -> dict[str, Any]:
    """Medians over ``rounds``, in milliseconds, the contestants taking turns."""
    began = time.perf_counter()
    engine = load_engine(Settings(_env_file=None, data=data))  # type: ignore[call-arg]
    loading = time.perf_counter() - began
    assert isinstance(engine, Engine)
    asked = recipe(engine)
    planned = replace(asked, inputs=Inputs(plan=engine.card.plan))
    with torch.inference_mode():
        condition = FAMILY.encode(engine.pipe, asked, engine.texts)
    ready = replace(engine, family=replace(FAMILY, encode=lambda *_: condition))
    draw = make_renderer(ready, Files(data / "images"), lambda _: None)

    def make(recipe: Recipe) -> Rendered:
        return draw(recipe.to_json(), lambda *_: None)()

    contestants: dict[str, Callable[[], object]] = {
        "bare, one call each": lambda: bare(engine, asked, condition, at_once=False),
        "bare, one batch": lambda: bare(engine, asked, condition, at_once=True),
        "drawn": lambda: ready.draw(asked, None, lambda *_: None),
        "rendered": lambda: make(asked),
        "drawn by a plan": lambda: ready.draw(planned, None, lambda *_: None),
        "rendered by a plan": lambda: make(planned),
    }
    times: dict[str, list[float]] = {name: [] for name in contestants}
    for warm in [False, *[True] * rounds]:
        for name, action in contestants.items():
            taken = seconds(action, engine.pipe.device.type)
            times[name] += [taken] * warm
    medians = {name: round(statistics.median(one) * 1000, 1) for name, one in times.items()}
    reference = medians["bare, one call each"]
    return {
        "milliseconds": medians,
        "ratio": {name: round(one / reference, 3) for name, one in medians.items()},
        "around the model": round(medians["rendered"] - reference, 1),
        "loading, seconds": round(loading, 2),
        "peak memory, MB": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "threads": torch.get_num_threads(),
    }


def main() -> None:
    """Print the measurements as JSON."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        json.dump(measure(rounds, Path(folder)), sys.stdout, indent=2)
    print()


if __name__ == "__main__":
    main()
