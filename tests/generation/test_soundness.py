"""No black square passes for a picture, wherever the numbers gave way."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import torch
from PIL import Image
from torch import Tensor

from generation.conditioning.spherical import spherical_mean
from generation.recipe import Recipe
from generation.runtime.render import render
from generation.sampling.engine import Drawer, Engine
from generation.sampling.soundness import NO_PICTURE, has_one_colour
from generation.tensors.memory import is_out_of_memory
from storage.queue.jobs import RenderError
from tests.generation.samples import each_kind, encoded, never, photograph, quiet, recipe_for, start
from tests.recipes import change

Spoil = Callable[[Tensor], Tensor]


def nothing(made: Tensor) -> Tensor:
    """What overflowed."""
    return made * torch.nan


def black(made: Tensor) -> Tensor:
    """Finite, but one colour all over."""
    return torch.full_like(made, -3.0)


@contextmanager
def spoiled(part: Any, spoil: Spoil, *, formats: tuple[torch.dtype, ...]) -> Iterator[None]:
    """A network whose results are spoiled in some number formats."""

    def spoil_all(made: Any) -> Any:
        if isinstance(made, Tensor):
            return spoil(made)
        return type(made)(map(spoil_all, made)) if isinstance(made, tuple | list) else made

    def after(module: Any, _given: Any, made: Any) -> Any:
        return spoil_all(made) if next(module.parameters()).dtype in formats else None

    hook = part.register_forward_hook(after)
    try:
        yield
    finally:
        hook.remove()


def drawn(engine: Drawer, recipe: Recipe, image: Image.Image | None = None) -> Image.Image:
    data = encoded(image or photograph())
    (picture,) = render(engine, recipe, quiet, read=lambda _: data, find=never).single
    return picture


def started(engine: Engine) -> Recipe:
    return recipe_for(engine, width=32, height=32, steps=1, start=start(0.6))


@each_kind
@pytest.mark.parametrize("part", ["denoiser", "decoder"])
def test_numbers_that_overflow_in_every_format_are_no_picture(engine: Engine, part: str) -> None:
    pipe = engine.pipe
    denoiser = pipe.unet if hasattr(pipe, "unet") else pipe.transformer
    where = denoiser if part == "denoiser" else pipe.vae.decoder
    with (
        spoiled(where, nothing, formats=(torch.float32,)),
        pytest.raises(RenderError, match=NO_PICTURE),
    ):
        drawn(engine, started(engine))
    assert not has_one_colour(drawn(engine, started(engine)))


# Latents of one colour are no fault: they are those of a plain image.
@pytest.mark.parametrize(
    ("side", "spoil"), [("decoder", nothing), ("decoder", black), ("encoder", nothing)]
)
@pytest.mark.parametrize("family", ["sd15", "flux2-klein", "qwen-image-edit"])
def test_an_autoencoder_that_overflows_in_16_bits_works_in_float32(
    engines: Callable[[str], Engine], family: str, side: str, spoil: Spoil
) -> None:
    """Every kind of autoencoder; the other families have the first of them."""
    engine = engines(family)
    vae = engine.pipe.vae
    whole = {name: weight.clone() for name, weight in vae.state_dict().items()}
    vae.to(torch.bfloat16)
    try:
        with spoiled(getattr(vae, side), spoil, formats=(torch.bfloat16,)):
            picture = drawn(engine, started(engine))
        # In its own format again, so that no picture depends on those before it.
        assert vae.dtype == torch.bfloat16
    finally:
        vae.to(torch.float32)
        # What was rounded would draw a little differently for every later test.
        vae.load_state_dict(whole)
    assert not has_one_colour(picture)


@each_kind
def test_one_colour_all_over_is_a_picture_only_of_an_image_that_has_no_other(
    engine: Engine,
) -> None:
    plain = Image.new("RGB", (64, 64), "black")
    with spoiled(engine.pipe.vae.decoder, black, formats=(torch.float32,)):
        with pytest.raises(RenderError, match=NO_PICTURE):
            drawn(engine, started(engine))
        assert has_one_colour(drawn(engine, started(engine), plain))


def test_one_broken_picture_of_four_is_enough_to_say_so(easel: Engine) -> None:
    calls = iter(range(4))

    def last(made: Tensor) -> Tensor:
        return nothing(made) if next(calls) == 3 else made

    grid = recipe_for(easel, steps=1, noise=change(recipe_for(easel)).noise * 4)
    with (
        spoiled(easel.pipe.vae.decoder, last, formats=(torch.float32,)),
        pytest.raises(RenderError, match=NO_PICTURE),
    ):
        render(easel, grid, quiet, read=bytes.fromhex, find=never)


class OnApple(Tensor):
    """A tensor as on Apple's GPUs, where there is no float64."""

    @classmethod
    def __torch_function__(
        cls, function: Any, types: Any, given: Any = (), named: Any = None
    ) -> Any:
        made: Any = super().__torch_function__(  # type: ignore[no-untyped-call]
            function, types, given, named or {}
        )
        if function is Tensor.cpu:
            return made.as_subclass(Tensor)
        if isinstance(made, Tensor) and made.dtype == torch.float64:
            raise TypeError("the MPS framework doesn't support float64")
        return made


def test_images_are_averaged_without_float64_on_the_device() -> None:
    plain = torch.randn((3, 8), generator=torch.Generator().manual_seed(0))
    weights = torch.tensor([1.0, 2.0, 0.5], dtype=torch.float64)
    mean = spherical_mean(plain.as_subclass(OnApple), weights)
    assert torch.equal(mean, spherical_mean(plain, weights))
    with pytest.raises(TypeError):
        plain.as_subclass(OnApple).double()


@pytest.mark.parametrize(
    "text",
    [
        "MPS backend out of memory (MPS allocated: 8.00 GB). Tried to allocate 256.00 MB",
        "CUDA error: out of memory\nCUDA kernel errors might be asynchronously reported",
        "CUDA error: CUBLAS_STATUS_ALLOC_FAILED when calling `cublasCreate(handle)`",
        "[enforce fail at alloc_cpu.cpp:124] DefaultCPUAllocator: can't allocate memory",
    ],
)
def test_a_lack_of_memory_is_known_by_its_words(text: str) -> None:
    assert is_out_of_memory(RuntimeError(text))
    assert not is_out_of_memory(RuntimeError("CUDA error: an illegal memory access"))
