"""Make the whole model with one command, stage by stage; the same command goes on after a stop."""

from dataclasses import replace

from training.calibrating import calibrate
from training.captions import write_captions
from training.decoder import train_decoder
from training.evaluate import evaluate
from training.export import export, write_card
from training.fetch import fetch
from training.judges import train_judge
from training.pictures import sample_sheet
from training.plan import SHARES, Options, Stage, run_stages, start
from training.pool import build_pool
from training.preview import train_preview
from training.render import render
from training.sharp import render_sharp
from training.sketch import train_sketch
from training.teacher import ask_teacher
from training.towers import train_towers
from training.unet import train_unet
from training.upscaler import train_upscaler
from training.vae import train_vae

_FETCHING: tuple[tuple[str, Stage], ...] = (
    ("fetch", fetch),
    ("render", render),
    ("sharp", render_sharp),
    ("captions", write_captions),
)
_MAKING: tuple[tuple[str, Stage], ...] = (
    ("teacher", ask_teacher),
    ("vae", lambda given: train_vae(given, given.minutes * SHARES["vae"])),
    ("towers", lambda given: train_towers(given, given.minutes * SHARES["towers"])),
    ("pool", build_pool),
    ("unet", lambda given: train_unet(given, given.minutes * SHARES["unet"])),
    ("sketch", lambda given: train_sketch(given, given.minutes * SHARES["sketch"])),
    ("decoder", lambda given: train_decoder(given, given.minutes * SHARES["decoder"])),
    ("preview", lambda given: train_preview(given, given.minutes * SHARES["preview"])),
    ("upscaler", lambda given: train_upscaler(given, given.minutes * SHARES["upscaler"])),
    ("export", export),
    ("pictures", sample_sheet),
    ("judges", lambda given: train_judge(given, given.minutes * SHARES["judges"])),
    ("calibration", calibrate),
    ("evaluate", evaluate),
    ("card", write_card),
)


def run(given: Options) -> None:
    """Run every stage that is not done.

    Raises:
        StoppedError: The session ended first.
    """
    run_stages(replace(given, extend=False), _MAKING if given.artwork else _FETCHING + _MAKING)


if __name__ == "__main__":
    start(__doc__, run)
