"""Measures the controls, and publishes what was measured.

OMP_NUM_THREADS=1 python -m benchmarks.controls image_weight --pictures 200 --save
python -m benchmarks.controls publish
"""

import argparse
import json
from datetime import UTC, datetime
from typing import Final

import torch

from benchmarks.controls import (
    canvas,
    chaos,
    image_weight,
    references,
    structure,
    tile,
)
from benchmarks.controls.bench import Measure, open_bench
from benchmarks.controls.publish import Figures, publish

MEASURES: Final[dict[str, Measure]] = {
    "image_weight": image_weight.measure,
    "style": references.measure_style,
    "character": references.measure_character,
    "blend": references.measure_blend,
    "canvas": canvas.measure,
    "chaos": chaos.measure,
    "tile": tile.measure,
    "structure": structure.measure,
}


def main() -> None:
    """Measure what the arguments name, or publish all that was saved."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("what", choices=[*MEASURES, "publish"])
    parser.add_argument("--pictures", type=int, default=20, help="at each point")
    parser.add_argument("--save", action="store_true", help="keep the figures, to publish them")
    given = parser.parse_args()
    if given.what == "publish":
        publish()
        return
    bench, points = open_bench(), []
    for point in MEASURES[given.what](bench, given.pictures):
        print(json.dumps(point), flush=True)
        points.append(point)
    if given.save:
        Figures(
            command=f"python -m benchmarks.controls {given.what} --pictures {given.pictures}",
            day=datetime.now(UTC).date().isoformat(),
            torch=torch.__version__,
            points=points,
        ).save(given.what, bench.sheets)


if __name__ == "__main__":
    main()
