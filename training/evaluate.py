"""Stage: measure what the exported model draws and whether it obeys, with the judge.

Everything goes through the real pipelines, with one set of references in a call.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import torch
from torch import Tensor

from generation.conditioning.spherical import spherical_mean
from generation.guided.dyes import COLOUR_WORDS
from generation.judge import Judge, load_judge
from training.curves import plot
from training.judges import rows_for_judging
from training.pictures import Draws, Painter
from training.plan import Options, start
from training.sheet import save_sheet, to_images
from training.world import World, load_world

_STRENGTHS: Final = (0.2, 0.4, 0.6, 0.8, 1.0)
_SCALES: Final = (0.0, 0.5, 1.0)
_MIXES: Final = (0.0, 0.25, 0.5, 0.75, 1.0)

Curve = dict[str, list[tuple[float, float]]]
"""Measured figures by name, each along what was turned."""


MOST_SUBJECTS: Final = 12
"""Subjects that each control is measured on."""

COMMONEST: Final = 40
"""How many of the commonest things are counted by themselves, too; controls are tried on them."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What all measurements need.

    Attributes:
        world: Real pictures.
        judge: Names what a picture shows.
        painter: Draws.
        rows: Rows of looks that were never trained, in random order.
        common: Those of them that show one of the commonest things.
        folder: Where plots and sheets go.
    """

    world: World
    judge: Judge
    painter: Draws
    rows: Tensor
    common: Tensor
    folder: Path

    def facts(self, row: int) -> tuple[int, int, int]:
        """Thing, style and colour of a look."""
        looks = self.world.looks
        drawing = int(looks.drawing[row])
        return (
            int(self.world.thing[drawing]),
            int(self.world.style[drawing]),
            int(looks.colour[row]),
        )

    def name(self, thing: int) -> str:
        """What captions call a thing."""
        return self.world.things[thing].names[0]

    def real(self, rows: Tensor) -> Tensor:
        """Real pictures of looks on white, on the CPU."""
        white = torch.ones(len(rows), 3, device=self.world.drawings.device)
        return self.world.render(rows, white).cpu()

    @torch.no_grad()
    def judged(self, pictures: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Probabilities of things, styles and colours, on the CPU."""
        said = self.judge(pictures.to(self.world.drawings.device))
        return tuple(part.softmax(1).cpu() for part in (said.thing, said.style, said.colour))


def _score(bench: Bench, pictures: Tensor, rows: Tensor) -> dict[str, float]:
    """Shares of pictures whose thing, style and colour the judge names right."""
    thing, style, colour = (
        torch.tensor(part) for part in zip(*(bench.facts(int(r)) for r in rows), strict=True)
    )
    things, styles, colours = bench.judged(pictures)
    top = things.topk(5).indices == thing[:, None]
    return {
        "thing": round(top[:, 0].float().mean().item(), 3),
        "thing in five": round(top.any(1).float().mean().item(), 3),
        "style": round((styles.argmax(1) == style).float().mean().item(), 3),
        "colour": round((colours.argmax(1) == colour).float().mean().item(), 3),
    }


def measure_text(bench: Bench, count: int) -> dict[str, Any]:
    """Prompts of combinations never trained, beside real pictures and shuffled ones.

    Args:
        bench: What to measure with.
        count: How many pictures.
    """
    rows = bench.rows[:count]
    prompts = []
    for row in rows.tolist():
        thing, style, colour = bench.facts(row)
        words = f"{COLOUR_WORDS[colour]} {bench.name(thing)}"
        article = "an" if words[0] in "aeiou" else "a"
        prompts.append(f"{article} {words}, {bench.world.styles[style]} style")
    pictures = bench.painter.draw(prompts, seed=1000)
    shown = to_images(pictures[:60])
    save_sheet(shown, bench.folder / "text.png", columns=10, titles=prompts[:60])
    real = bench.real(rows)
    often = torch.tensor([bench.facts(int(row))[0] < COMMONEST for row in rows])
    own = {}
    if often.any() and not often.all():
        score = _score(bench, pictures[often], rows[often.to(rows.device)])
        own = {f"model, its {COMMONEST} commonest things ({int(often.sum())} pictures)": score}
    return {
        "pictures": len(rows),
        "model": _score(bench, pictures, rows),
        **own,
        "real pictures (ceiling)": _score(bench, real, rows),
        "shuffled real pictures (floor)": _score(bench, real.roll(1, 0), rows),
    }


def measure_strength(bench: Bench, count: int) -> Curve:
    """From one thing's picture to another thing's prompt, by strength."""
    curve: Curve = {"difference": [], "input's thing": [], "prompt's thing": []}
    rows = bench.common[: 2 * count]
    pictures = bench.real(rows)
    for strength in _STRENGTHS:
        sums = torch.zeros(3)
        for place in range(0, 2 * count, 2):
            before = bench.facts(int(rows[place]))[0]
            after = bench.facts(int(rows[place + 1]))[0]
            made = bench.painter.draw(
                [f"a {bench.name(after)}"], seed=place, picture=pictures[place], strength=strength
            )
            things = bench.judged(made)[0][0]
            far = (made[0] - pictures[place]).abs().mean() / 2
            sums += torch.stack([far, things[before], things[after]])
        _note(curve, strength, sums / count)
    return curve


def measure_style(bench: Bench, count: int) -> Curve:
    """Whether a style reference moves the style and keeps the prompt's thing, by scale."""
    curve: Curve = {"reference's style": [], "prompt's thing": []}
    shown = _one_of_each_style(bench)
    things = [bench.facts(int(row))[0] for row in bench.common[:count]]
    prompts = [f"a {bench.name(thing)}" for thing in things]
    for scale in _SCALES:
        sums = torch.zeros(2)
        for style, row in shown.items():
            seen = bench.painter.look(bench.real(torch.tensor([row])))
            made = bench.painter.draw(prompts, seed=7, style=seen, scales=(scale, 0.0))
            named, drawn, _ = bench.judged(made)
            right = named.argmax(1) == torch.tensor(things)
            sums += torch.stack([(drawn.argmax(1) == style).float().mean(), right.float().mean()])
        _note(curve, scale, sums / len(shown))
    return curve


def measure_content(bench: Bench, count: int) -> Curve:
    """Whether a content reference gives the thing while the prompt gives the style, by scale."""
    curve: Curve = {"reference's thing": [], "in five": [], "prompt's style": []}
    styles = list(range(len(bench.world.styles)))
    prompts = [f"{bench.world.styles[style]} style" for style in styles]
    for scale in _SCALES:
        sums = torch.zeros(3)
        for row in bench.common[:count].tolist():
            seen = bench.painter.look(bench.real(torch.tensor([row])))
            made = bench.painter.draw(prompts, seed=11, content=seen, scales=(0.0, scale))
            named, drawn, _ = bench.judged(made)
            hits = named.topk(5).indices == bench.facts(row)[0]
            manner = drawn.argmax(1) == torch.tensor(styles)
            sums += torch.stack([p.float().mean() for p in (hits[:, 0], hits.any(1), manner)])
        _note(curve, scale, sums / count)
    return curve


def measure_blend(bench: Bench, count: int) -> Curve:
    """Two content references mixed: how probable each one's thing is, and both in five."""
    curve: Curve = {"first": [], "second": [], "both in five": []}
    rows = bench.common[: 2 * count]
    seen = bench.painter.look(bench.real(rows))
    for mix in _MIXES:
        sums, shares = torch.zeros(3), torch.tensor([1 - mix, mix]).clamp_min(1e-6)
        for place in range(0, 2 * count, 2):
            pair = [bench.facts(int(row))[0] for row in rows[place : place + 2]]
            mixed = spherical_mean(seen[place : place + 2, 0].cpu(), shares)[None, None].to(seen)
            made = bench.painter.draw(["3d style"] * 2, seed=13, content=mixed, scales=(0.0, 1.0))
            named = bench.judged(made)[0]
            top = named.topk(5).indices
            both = torch.stack([(top == thing).any(1) for thing in pair]).all(0)
            parts = (named[:, pair[0]], named[:, pair[1]], both)
            sums += torch.stack([part.float().mean() for part in parts])
        _note(curve, mix, sums / count)
    return curve


def measure_spread(bench: Bench) -> float:
    """Mean difference between pictures of the same noise and different content references."""
    seen = bench.painter.look(bench.real(bench.common[:6]))
    made = torch.cat(
        [bench.painter.draw(["3d style"], seed=3, content=one[None], scales=(0, 1)) for one in seen]
    )
    return round((made[1:] - made[:-1]).abs().mean().item() / 2, 4)


def _note(curve: Curve, at: float, values: Tensor) -> None:
    for name, value in zip(curve, values.tolist(), strict=True):
        curve[name].append((at, round(value, 4)))


def _repeated(rows: Tensor, count: int) -> Tensor:
    """At least ``count`` rows, the same again where there are fewer."""
    return rows.repeat(-(-count // len(rows)))


def _one_of_each_style(bench: Bench) -> dict[int, int]:
    found: dict[int, int] = {}
    for row in bench.rows.tolist():
        found.setdefault(bench.facts(row)[1], row)
    return found


def evaluate(given: Options) -> None:
    """Write ``evaluate/``: report.json, a plot for each control, sheets.

    Raises:
        StoppedError: The session ended first.
    """
    painter = Painter(given.out / "export", given.device, given.size.steps)
    measure(given, painter, given.folder("judges"), given.folder("evaluate"))


def measure(given: Options, painter: Draws, judge: Path, folder: Path) -> None:
    """Measure whatever draws.

    Args:
        given: How many pictures, of which world.
        painter: What draws.
        judge: Folder of the judge.
        folder: For report.json, a plot for each control, sheets.

    Raises:
        StoppedError: The session ended first.
    """
    pictures = given.size.measured
    world = load_world(given)
    rows = rows_for_judging(world, held=True)
    order = torch.randperm(len(rows), generator=torch.Generator().manual_seed(5))
    rows = rows[order.to(rows.device)]
    common = rows[world.thing[world.looks.drawing[rows]] < COMMONEST]
    bench = Bench(
        world,
        load_judge(judge, given.device),
        painter,
        _repeated(rows, pictures),
        _repeated(common, 2 * MOST_SUBJECTS),
        folder,
    )
    few = max(1, min(MOST_SUBJECTS, pictures // 20))
    report: dict[str, Any] = {"text": measure_text(bench, pictures)}
    report["spread of references"] = measure_spread(bench)
    (folder / "report.json").write_text(json.dumps(report, indent=1))
    controls: dict[str, Callable[[Bench, int], Curve]] = {
        "strength": measure_strength,
        "style": measure_style,
        "content": measure_content,
        "blend": measure_blend,
    }
    for name, control in controls.items():
        given.session.check()
        report[name] = control(bench, few)
        plot(report[name], folder / f"{name}.png", across=name)
        (folder / "report.json").write_text(json.dumps(report, indent=1))


if __name__ == "__main__":
    start(__doc__, evaluate)
