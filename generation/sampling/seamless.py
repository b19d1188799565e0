"""Seamless pictures: convolutions that go on at the opposite edge, and steps that look across it.

A network whose convolutions wrap around knows no edges, so none can show (the trick of tiling
textures). It is set for one job at a time, whose pictures all want the same. A transformer knows
the place of every patch, so its latents are rolled by another distance at every step, and no place
stays at an edge.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Any, Final

from diffusers.models.autoencoders.autoencoder_kl_qwenimage import QwenImageCausalConv3d
from torch import Tensor, nn
from torch.nn import functional

_MARGIN: Final = 4
"""Latents of the other side that an image is read with."""

_GOLDEN: Final = 0.618034
"""Share of a side by which each step rolls further: of all shares it comes back the latest."""


@contextmanager
def wrap_edges(networks: Sequence[nn.Module], *, wanted: bool) -> Iterator[None]:
    """The networks with convolutions that wrap around, if that is wanted, and as they were after.

    Args:
        networks: What draws and what decodes.
        wanted: Whether anything is to change at all.
    """
    with ExitStack() as stack:
        for layer in (each for network in networks if wanted for each in network.modules()):
            if isinstance(layer, nn.Conv2d) and layer.padding_mode == "zeros":
                stack.enter_context(_wrap(layer))
            elif isinstance(layer, QwenImageCausalConv3d):
                stack.enter_context(_wrap_film(layer))
        yield


@contextmanager
def _wrap(layer: nn.Conv2d) -> Iterator[None]:
    # Convolutions work out their padding's widths when built, whatever the mode, so it can change.
    layer.padding_mode = "circular"
    try:
        yield
    finally:
        layer.padding_mode = "zeros"


@contextmanager
def _wrap_film(layer: Any) -> Iterator[None]:  # noqa: ANN401 - diffusers has no types
    """A layer for films, which pads frames itself; before the first there is nothing, as ever."""
    own = layer._padding  # left, right, top, bottom, before, after

    def pad_around(_: object, given: tuple[Tensor | None, ...]) -> tuple[Tensor | None, ...]:
        sides = (*own[:4], 0, 0)
        return tuple(
            None if frames is None else functional.pad(frames, sides, mode="circular")
            for frames in given
        )

    # The hook pads height and width from here on; in time the layer still pads by itself.
    layer._padding = (0, 0, 0, 0, *own[4:])
    hook = layer.register_forward_pre_hook(pad_around)
    try:
        yield
    finally:
        hook.remove()
        layer._padding = own


def read_seamless(read: Callable[[Tensor], Tensor], pixels: Tensor, grain: int) -> Tensor:
    """Latents of pixels (1, 3, height, width), as if the same pixels lay on all sides of them.

    Args:
        read: From pixels to latents.
        pixels: The image.
        grain: Pixels a latent, on each side.
    """
    # AutoencoderKL's encoder pads before it halves, right and below, by a call that no layer's mode
    # reaches. With the picture going on around it, that falls into the margin.
    margin = min(_MARGIN, *(side // grain for side in pixels.shape[-2:]))
    around = read(functional.pad(pixels, (margin * grain,) * 4, mode="circular"))
    return around[..., margin:-margin, margin:-margin]


def choose_roll(step: int, size: Sequence[int]) -> tuple[int, int]:
    """How far latents of a height and a width are rolled at a step, counted from 0."""
    height, width = (round(step * _GOLDEN % 1 * side) for side in size)
    return height, width
