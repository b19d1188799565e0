"""Drawing with less memory, step by step, each step slower than the one before."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from typing import Any, Final

import torch
from accelerate import cpu_offload_with_hook
from torch import nn

from generation.sampling.engine import Drawer, Engine, device_of

Attempt = AbstractContextManager[Drawer]

_SIDES: Final = ("tile_sample_", "tile_latent_")
"""How the names begin under which autoencoders keep their tiles' sides and distances."""


def list_attempts(engine: Drawer) -> Iterator[Attempt]:
    """Ways to draw, from the fastest to the one that needs least memory.

    All pictures at once, and once more if other models were there to be released; one at a time;
    that, with an autoencoder which sees half a side at a time; and that, with each part of the
    model on the device only while it computes. What a person gets of the latter two differs in
    rounding, and where tiles meet.
    """
    # Tiles and offloading come last: tiles meet in faint seams, and offloading moves all weights
    # for every picture.
    single = engine.alone()
    yield nullcontext(engine)
    # Asked only when the first attempt has failed, so other models stay loaded while all goes well.
    if engine.evict():
        yield nullcontext(engine)
    yield nullcontext(single)
    if not isinstance(single, Engine):
        return  # it is too small to be taken apart
    yield _offload(single, offloading=False)
    # On the CPU all parts lie in the same memory anyway.
    if engine.device.type != "cpu":
        yield _offload(single, offloading=True)


@contextmanager
def _offload(engine: Engine, *, offloading: bool) -> Iterator[Drawer]:
    with ExitStack() as stack:
        stack.enter_context(shrink_tiles(engine.pipe.vae))
        if offloading:
            stack.enter_context(offload_parts(engine.pipe, device_of(engine.pipe)))
        yield engine


@contextmanager
def shrink_tiles(vae: Any) -> Iterator[None]:  # noqa: ANN401 - diffusers has no types
    """An autoencoder that sees pictures in tiles of half the side that it would take by itself."""
    names = [name for name in vars(vae) if name.startswith(_SIDES)]
    before = vae.use_tiling, {name: getattr(vae, name) for name in names}
    vae.enable_tiling()
    for name, side in before[1].items():
        setattr(vae, name, side // 2)
    try:
        yield
    finally:
        vae.use_tiling = before[0]
        for name, side in before[1].items():
            setattr(vae, name, side)


@contextmanager
def offload_parts(pipe: Any, device: torch.device) -> Iterator[None]:  # noqa: ANN401
    """A pipeline whose parts are on the device one at a time, from their first use to the next's.

    Args:
        pipe: The pipeline; afterwards all of it is back on the device.
        device: Where to compute.
    """
    parts = [part for part in pipe.components.values() if isinstance(part, nn.Module)]
    hooks: list[Any] = []
    try:
        for part in parts:
            # Given the hook before it, a part that starts sends its predecessor off the device.
            _, hook = cpu_offload_with_hook(part, device, hooks[-1] if hooks else None)
            hooks.append(hook)
        yield
    finally:
        for hook in hooks:
            hook.remove()
        pipe.to(device)
