"""Make the guide-driven model with one command; the same command goes on after a stop."""

from dataclasses import replace
from typing import Final

from training.captions import write_captions
from training.fetch import fetch
from training.guided.basis import fit_basis
from training.guided.crediting import write_card
from training.guided.decoding import train_guided_decoder
from training.guided.denoising import train_denoiser
from training.guided.distilling import DISTILLED, distil
from training.guided.exporting import EXPORT, export
from training.guided.photographs import fetch_photographs
from training.guided.planning import train_planner
from training.guided.restyling import measure_photographs
from training.guided.viewing import train_viewer
from training.guided.views import make_views
from training.guided.wording import measure_drawings
from training.plan import Options, Stage, run_stages, start
from training.render import render
from training.towers import train_towers

SHARES: Final = {
    "towers": 0.1,
    "viewer": 0.12,
    "crisp": 0.1,
    "planner": 0.16,
    "denoiser": 0.42,
    DISTILLED: 0.1,
}
"""Share of the whole time for each stage that trains."""

_DRAWINGS: Final[tuple[tuple[str, Stage], ...]] = (
    ("fetch", fetch),
    ("render", render),
    ("captions", write_captions),
)
_MAKING: Final[tuple[tuple[str, Stage], ...]] = (
    ("photographs", fetch_photographs),
    ("towers", lambda given: train_towers(given, given.minutes * SHARES["towers"])),
    ("basis", fit_basis),
    ("views", make_views),
    ("viewer", lambda given: train_viewer(given, given.minutes * SHARES["viewer"])),
    ("crisp", lambda given: train_guided_decoder(given, given.minutes * SHARES["crisp"])),
    ("planner", lambda given: train_planner(given, given.minutes * SHARES["planner"])),
    ("denoiser", lambda given: train_denoiser(given, given.minutes * SHARES["denoiser"])),
    (DISTILLED, lambda given: distil(given, given.minutes * SHARES[DISTILLED])),
    ("guided", export),
    ("restyling", measure_photographs),
    ("wording", measure_drawings),
    ("card", lambda given: write_card(given, given.out / EXPORT)),
)


def run(given: Options) -> None:
    """Run every stage that is not done.

    Raises:
        StoppedError: The session ended first.
    """
    run_stages(replace(given, extend=False), _MAKING if given.artwork else _DRAWINGS + _MAKING)


if __name__ == "__main__":
    start(__doc__, run)
