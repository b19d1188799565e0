"""A table: what the parts of each family's published model take of a card's memory."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """GiB that a model takes, its weights in 16 bits.

    Attributes:
        text: Text encoders.
        denoiser: UNet or transformer.
        vae: Autoencoder.
        picture: What a step computes for one picture of the native size, guidance included.
        decoding: What decoding one such picture takes.
        layers: Share of the denoiser that lies in layers which can have fewer bits.
        text_layers: The same of the text encoders.
        adapters: Image adapters with their encoder, where they are loaded.
        network: One ControlNet, where one is loaded.
        beside: What is loaded besides and stays on the card.
    """

    text: float
    denoiser: float
    vae: float = 0.16
    picture: float
    decoding: float = 2.6
    layers: float = 0.97
    text_layers: float = 0.9
    adapters: float = 0.0
    network: float = 0.0
    beside: float = 0.0


def _weigh(billions: float) -> float:
    """GiB of so many billion parameters in 16 bits."""
    return billions * 2e9 / 2**30


# Parameters as the published files hold them. What steps and decoding take besides is estimated
# from the shapes of their activations, and rounded up: a plan that is too large for its card costs
# a job's first try, one that is too small only time.
FOOTPRINTS: Final[Mapping[str, Footprint]] = {
    "easel": Footprint(text=0.02, denoiser=0.1, vae=0.01, picture=0.05, decoding=0.1),
    "easel2": Footprint(text=0.0, denoiser=0.1, vae=0.01, picture=0.1, decoding=0.2),
    "sd15": Footprint(
        text=_weigh(0.123),
        denoiser=_weigh(0.860),
        picture=0.45,
        decoding=1.1,
        # Its convolutions keep their bits.
        layers=0.5,
        adapters=1.4,
        network=_weigh(0.361),
    ),
    # Three rows a step where others have two.
    "instruct-pix2pix": Footprint(
        text=_weigh(0.123), denoiser=_weigh(0.860), picture=0.65, decoding=1.1, layers=0.5
    ),
    "sdxl": Footprint(
        text=_weigh(0.818),
        denoiser=_weigh(2.567),
        picture=1.2,
        layers=0.75,
        adapters=3.4,
        network=_weigh(1.255),
    ),
    "flux2-klein": Footprint(text=_weigh(4.02), denoiser=_weigh(3.88), picture=0.8),
    "flux2-klein-9b": Footprint(text=_weigh(8.19), denoiser=_weigh(9.08), picture=1.2),
    # Its text encoder is a language model of 24 billion parameters that sees as well.
    "flux2-dev": Footprint(text=_weigh(24.0), denoiser=_weigh(32.2), picture=2.0),
    "z-image": Footprint(
        text=_weigh(4.02), denoiser=_weigh(6.15), picture=0.8, network=_weigh(3.3)
    ),
    "flux1-dev": Footprint(
        text=_weigh(4.88),
        denoiser=_weigh(11.9),
        picture=0.8,
        adapters=_weigh(0.49),
        network=_weigh(2.14),
    ),
    # Images that it reads lengthen its sequence by as much again.
    "flux1-kontext": Footprint(text=_weigh(4.88), denoiser=_weigh(11.9), picture=1.2),
    "chroma": Footprint(text=_weigh(4.76), denoiser=_weigh(8.9), picture=1.0),
    "qwen-image": Footprint(
        text=_weigh(8.29), denoiser=_weigh(20.43), vae=_weigh(0.127), picture=1.2
    ),
    "qwen-image-edit": Footprint(
        text=_weigh(8.29), denoiser=_weigh(20.43), vae=_weigh(0.127), picture=1.5
    ),
}
"""By the family's id, or the name of a model that differs."""
