"""Computing with less memory: a ladder of ways, each slower than the one before.

The way that worked is remembered by what was computed, so that the next job of its size begins
there. Pictures are drawn on one ladder and decoded on another: a drawing that is done is never done
again because there was no memory to decode it.
"""

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager, nullcontext
from functools import partial
from traceback import clear_frames
from typing import Any, Final, TypeVar

import structlog
import torch
from accelerate import cpu_offload_with_hook
from torch import nn

from generation.catalogue.memory_plans import Placing
from generation.sampling.engine import Drawer, Engine, device_of
from generation.tensors.memory import is_out_of_memory
from storage.queue.jobs import DeviceFaultError, RenderError

_SIDES: Final = ("tile_sample_", "tile_latent_")
"""How the names begin under which autoencoders keep their tiles' sides and distances."""

Used = TypeVar("Used")
Made = TypeVar("Made")
Way = Callable[[], AbstractContextManager[Used]]

_log = structlog.get_logger(__name__)


def climb(
    engine: Drawer, load: Hashable, ways: Sequence[Way[Used]], work: Callable[[Used], Made]
) -> Made:
    """What is made in the first of several ways that finds the memory for it.

    Before a way is given up, other models are released if there are any.

    Args:
        engine: Remembers which way worked.
        load: What decides how much memory is needed.
        ways: From the fastest to the one that needs least.
        work: Makes it, with what a way gives.

    Raises:
        RenderError: ``out_of_memory`` if no way does.
    """
    number = engine.rungs.get(load, 0)
    while number < len(ways):
        try:
            with ways[number]() as used:
                made = work(used)
        # Some devices report a lack of memory as a bare RuntimeError; any other is a fault of ours.
        except (RuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            _log.warning("short of memory", way=number + 1, of=len(ways))
        else:
            if number:
                engine.rungs[load] = number
            return made
        # The error has gone by now, whose traceback kept the tensors of what failed. Embeddings
        # that are kept take memory, too, and the next way has none to spare.
        engine.forget()
        release(engine.device)
        if not engine.evict():
            number += 1
    raise RenderError("out_of_memory")


def list_ways(engine: Drawer) -> list[Way[Drawer]]:
    """Ways to draw, from the fastest to the one that needs least memory.

    All pictures at once; one at a time; that, with an autoencoder which sees half a side at a time;
    and that, with each part of the model on the device only while it computes. What a person gets
    of the latter two differs in rounding, and where tiles meet.
    """
    # Tiles and offloading come last: tiles meet in faint seams, and offloading moves all weights
    # for every picture.
    single = engine.alone()
    ways: list[Way[Drawer]] = [lambda: nullcontext(engine), lambda: nullcontext(single)]
    # Any other is too small to be taken apart.
    if isinstance(single, Engine):
        ways.append(partial(_draw_sparing, single, offloading=False))
        if _is_resident(single):
            ways.append(partial(_draw_sparing, single, offloading=True))
    return ways


def list_ways_to_decode(engine: Engine) -> list[Way[None]]:
    """Ways to decode likewise: whole, in small tiles, and that with nothing else on the device."""
    # Whole once more, as what caches held is free by then and tiles meet in seams.
    ways: list[Way[None]] = [nullcontext, nullcontext, partial(shrink_tiles, engine.pipe.vae)]
    if _is_resident(engine):
        ways.append(partial(_decode_alone, engine))
    return ways


def _is_resident(engine: Engine) -> bool:
    """Whether a model is all on its device: on a CPU all lies in the same memory anyway."""
    return engine.device.type != "cpu" and engine.memory.placing is Placing.RESIDENT


def release(device: torch.device) -> None:
    """Give what a run leaves in the allocator's cache back to the device."""
    if device.type != "cpu":
        torch.get_device_module(device).empty_cache()


@contextmanager
def _draw_sparing(engine: Engine, *, offloading: bool) -> Iterator[Drawer]:
    with ExitStack() as stack:
        stack.enter_context(shrink_tiles(engine.pipe.vae))
        if offloading:
            stack.enter_context(offload_parts(engine.pipe, device_of(engine.pipe)))
        yield engine


@contextmanager
def _decode_alone(engine: Engine) -> Iterator[None]:
    with shrink_tiles(engine.pipe.vae), set_aside(list_parts(engine.pipe, engine.pipe.vae)):
        release(engine.device)
        yield


@contextmanager
def shrink_tiles(vae: Any) -> Iterator[None]:  # noqa: ANN401 - diffusers has no types
    """An autoencoder that sees pictures in tiles of half the side that it would take by itself."""
    before = vae.use_tiling, _read_sides(vae)
    halve_tiles(vae)
    try:
        yield
    finally:
        vae.use_tiling = before[0]
        for name, side in before[1].items():
            setattr(vae, name, side)


def halve_tiles(vae: Any) -> None:  # noqa: ANN401 - diffusers has no types
    """Have an autoencoder see pictures in tiles, of half the side that these have."""
    vae.enable_tiling()
    for name, side in _read_sides(vae).items():
        setattr(vae, name, side // 2)


def _read_sides(vae: Any) -> dict[str, int]:  # noqa: ANN401
    return {name: side for name, side in vars(vae).items() if name.startswith(_SIDES)}


@contextmanager
def set_aside(parts: Sequence[nn.Module]) -> Iterator[None]:
    """Parts of a model in the machine's own memory for a while; afterwards where they were.

    Raises:
        DeviceFaultError: They cannot all go back: half a model is of no use to any job.
    """
    places = [next(part.parameters()).device for part in parts]
    try:
        for part in parts:
            part.to("cpu")
        yield
    except BaseException as error:
        # What failed keeps its tensors there, in the room that these need.
        clear_frames(error.__traceback__)
        raise
    finally:
        for part, place in zip(parts, places, strict=True):
            _bring_back(part, place)


def _bring_back(part: nn.Module, place: torch.device) -> None:
    try:
        part.to(place)
    except (RuntimeError, MemoryError) as error:
        if not is_out_of_memory(error):
            raise
        _log.warning("short of memory for what was set aside", device=str(place))
    else:
        return
    release(place)
    try:
        part.to(place)
    except (RuntimeError, MemoryError) as error:
        raise DeviceFaultError(str(place)) from error


@contextmanager
def offload_parts(pipe: Any, device: torch.device) -> Iterator[None]:  # noqa: ANN401
    """A pipeline whose parts are on the device one at a time, from their first use to the next's.

    Args:
        pipe: The pipeline; afterwards all of it is back on the device.
        device: Where to compute.
    """
    hooks: list[Any] = []
    try:
        for part in list_parts(pipe):
            # Given the hook before it, a part that starts sends its predecessor off the device.
            _, hook = cpu_offload_with_hook(part, device, hooks[-1] if hooks else None)
            hooks.append(hook)
        yield
    finally:
        for hook in hooks:
            hook.remove()
        pipe.to(device)


def list_parts(pipe: Any, *but: nn.Module) -> list[nn.Module]:  # noqa: ANN401
    """A pipeline's networks, but for some."""
    parts = [part for part in pipe.components.values() if isinstance(part, nn.Module)]
    return [part for part in parts if all(part is not one for one in but)]
