"""How large a model to make, of what, and how long each stage may take."""

import argparse
import math
import signal
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType
from typing import Final

import torch

SIDE: Final = 128
"""Side of a picture in pixels."""

CHANNELS: Final = 8
"""Channels of a latent; its side is ``SIDE`` / 8."""

WINDOW: Final = 32
"""Tokens of a caption that the text tower reads."""

WIDTH: Final = 256
"""Width of text states and of text and image embeddings."""

EVERY: Final = 10_000
"""A ``core`` in which all things are drawn alike."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """A world and a model to draw it.

    Attributes:
        things: How many of the listed things to learn; None for every thing of the artwork.
        styles: Style words to learn.
        vae: Channels of the autoencoder's four levels.
        whole_from: Share of its time after which the autoencoder sees whole drawings, not crops.
        unet: Channels of the denoiser's three levels.
        attend_outside: Whether the denoiser's outermost level reads text too.
        tower_depth: Layers of the text and the vision tower.
        sight: Side in pixels of what the vision tower sees.
        core: How many of the commonest things the denoiser sees often, the others seldom.
        pool: How many samples are composed and encoded ahead for the denoiser.
        collages: Share of samples that show two things side by side.
        batches: Samples per step, by stage.
        rates: Peak learning rate, by stage.
        decay: Decay of the running mean of the weights.
        steps: Denoising steps of sheets and measurements.
        measured: Pictures that measure the text; the controls take a twentieth in subjects, but 10
            at most.
    """

    things: int | None
    styles: tuple[str, ...]
    vae: tuple[int, int, int, int]
    whole_from: float = 0.8
    unet: tuple[int, int, int]
    attend_outside: bool
    tower_depth: int = 4
    sight: int = 96
    core: int = EVERY
    pool: int
    collages: float
    batches: dict[str, int]
    rates: dict[str, float]
    decay: float
    steps: int = 20
    measured: int


SIZES: Final = {
    "tiny": Size(
        things=8,
        styles=("3d", "line art", "pixel art"),
        vae=(8, 8, 16, 16),
        unet=(16, 16, 32),
        attend_outside=False,
        tower_depth=1,
        pool=64,
        collages=0.1,
        batches={"vae": 2, "towers": 8, "unet": 4, "judges": 8},
        rates={"vae": 2e-3, "towers": 1e-3, "unet": 1e-3, "judges": 1e-3},
        decay=0.9,
        steps=5,
        measured=20,
    ),
    "small": Size(
        things=200,
        styles=("3d", "flat", "line art", "pixel art"),
        vae=(16, 32, 64, 128),
        unet=(64, 128, 256),
        attend_outside=False,
        core=40,
        pool=32_000,
        collages=0.05,
        batches={"vae": 16, "towers": 64, "unet": 20, "judges": 64},
        rates={"vae": 1.5e-3, "towers": 8e-4, "unet": 6e-4, "judges": 1.5e-3},
        decay=0.998,
        steps=12,
        measured=1000,
    ),
    "full": Size(
        things=None,
        styles=(
            *("3d", "flat", "line art", "pixel art", "noto"),
            *("blob", "twemoji", "emojione", "firefox"),
        ),
        vae=(32, 64, 128, 128),
        whole_from=0.0,
        unet=(96, 160, 256),
        attend_outside=True,
        sight=128,
        pool=300_000,
        collages=0.08,
        batches={"vae": 160, "towers": 1024, "unet": 512, "judges": 512},
        rates={"vae": 1e-3, "towers": 1e-3, "unet": 1e-3, "judges": 2e-3},
        decay=0.9995,
        measured=1000,
    ),
}

SHARES: Final = {
    "vae": 0.14,
    "decoder": 0.04,
    "towers": 0.1,
    "unet": 0.44,
    "sketch": 0.04,
    "preview": 0.02,
    "upscaler": 0.03,
    "judges": 0.04,
}
"""Share of the whole time for each stage that trains; what is left is for the others."""


UNFINISHED: Final = 75
"""Exit status of a command that is to be run again."""


class StoppedError(Exception):
    """The session is over before the stage is; the same command goes on from its checkpoint."""


@dataclass(slots=True)
class Session:
    """How long this process may run, and whether it was asked to stop.

    Attributes:
        ends: Reading of the monotonic clock at which to stop.
        pause: While this file exists, it rests: others need the processor.
    """

    ends: float = math.inf
    pause: Path | None = None
    _asked: bool = field(default=False, repr=False)

    def listen(self) -> None:
        """Stop at the next step on SIGTERM or SIGINT."""
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._ask)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        del number, frame
        self._asked = True

    @property
    def over(self) -> bool:
        """Whether to save and stop now."""
        return self._asked or time.monotonic() >= self.ends

    def rest(self) -> None:
        """Wait for as long as it is to rest."""
        while self.pause is not None and self.pause.exists() and not self.over:
            time.sleep(1)

    def check(self) -> None:
        """Rest if that is wanted, and raise if the session is over.

        Raises:
            StoppedError: It is.
        """
        self.rest()
        if self.over:
            raise StoppedError


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line asked for.

    Attributes:
        out: Folder of everything that is made.
        size: The world and the model.
        device: "cpu" or "cuda".
        minutes: For the whole plan, or for the one stage that was started alone.
        artwork: A pack of rendered pictures to use instead of fetching and rendering.
        session: How long this process may run.
        extend: Whether a stage that had finished trains another stretch.
        background: Whether minutes of training are those of the processor.
    """

    out: Path
    size: Size
    device: str = "cpu"
    minutes: float = 25
    artwork: Path | None = None
    session: Session = field(default_factory=Session)
    extend: bool = True
    background: bool = False

    def clock(self) -> float:
        """Seconds that training is told by.

        In the background a process may wait for hours for others; learning rates that fall by the
        clock would then be down before anything was learnt.
        """
        if self.background:
            return time.process_time() / torch.get_num_threads()
        return time.monotonic()

    @property
    def abreast(self) -> int:
        """Batches that a stage may compute at a time: one for each thread of a CPU."""
        return torch.get_num_threads() if self.device == "cpu" else 1

    @property
    def pack(self) -> Path:
        """Folder of zips with rendered pictures, and captions.jsonl."""
        return self.artwork or self.out / "artwork"

    def folder(self, stage: str) -> Path:
        """Folder of a stage's checkpoint, curves and sheets."""
        path = self.out / stage
        path.mkdir(parents=True, exist_ok=True)
        return path


def options(about: str | None, argv: list[str] | None = None) -> Options:
    """Read the command line that all stages share.

    Args:
        about: What the command does.
        argv: Words of the command line; None for the process's own.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("--out", type=Path, default=Path("data/training"))
    parser.add_argument("--size", choices=SIZES, default="full")
    parser.add_argument("--device", choices=("auto", "cpu", "cuda"), default="auto")
    parser.add_argument("--minutes", type=float, default=25)
    parser.add_argument("--session", type=float, help="stop after this many minutes, to be resumed")
    parser.add_argument("--pause", type=Path, help="rest while this file exists")
    parser.add_argument("--background", action="store_true", help="minutes are the processor's")
    parser.add_argument("--artwork", type=Path, help="a pack of pictures rendered before")
    parser.add_argument("--core", type=int, help="how many common things to show it often")
    parser.add_argument("--threads", type=int, help="threads of the processor")
    given = parser.parse_args(argv)
    if given.threads:
        torch.set_num_threads(given.threads)
    device = given.device
    if device == "auto":
        device = "cuda" if torch.cuda.is_available() else "cpu"
    session = Session(pause=given.pause)
    if given.session:
        session.ends = time.monotonic() + given.session * 60
    session.listen()
    given.out.mkdir(parents=True, exist_ok=True)
    size = SIZES[given.size]
    return Options(
        out=given.out,
        size=replace(size, core=given.core or size.core),
        device=device,
        minutes=given.minutes,
        artwork=given.artwork,
        session=session,
        background=given.background,
    )


Stage = Callable[[Options], object]
"""Something that a plan does once."""


def run_stages(given: Options, stages: Sequence[tuple[str, Stage]]) -> None:
    """Run every stage that has no mark yet that it is done.

    Raises:
        StoppedError: The session ended first.
    """
    for name, stage in stages:
        mark = given.out / f"{name}.done"
        if mark.exists():
            continue
        given.session.check()
        began = time.monotonic()
        stage(given)
        mark.write_text(f"{time.monotonic() - began:.0f} s in its last session\n")
        print(f"{name}: done in {time.monotonic() - began:.0f} s")


def start(about: str | None, stage: Callable[[Options], object]) -> None:
    """Run a stage as a command; exits with status 75 if the session ended before the stage did."""
    try:
        stage(options(about))
    except StoppedError:
        print("stopped; the same command goes on from here")
        sys.exit(UNFINISHED)
