"""The path from a recipe to pictures that all latent diffusion families share.

It reads top to bottom: encode the text, draw the noise, set the schedule, denoise, decode. Pictures
travel in lanes. A lane is computed as one batch; lanes never mix, so a picture's pixels depend on
its own lane's shape alone. On a CPU a lane holds one picture: kernels round differently for other
batch sizes, and there a batch saves little; a small model's lanes are computed side by side, each
on one core. Elsewhere a lane holds a grid, filled up if need be.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import cycle
from typing import Any, Final, Protocol

import torch
from PIL import Image, ImageOps
from torch import Tensor

from generation.catalogue.card import Card
from generation.conditioning.controlnet import Steer, Structures
from generation.conditioning.image_adapters import Adapters, References
from generation.conditioning.lora import Wardrobe
from generation.conditioning.native_references import Natives
from generation.controls import steps_until
from generation.pictures.canvas import Begun
from generation.pictures.tiling import meeting
from generation.recipe import Noise, Recipe
from generation.sampling.inpaint import Known, drawn_latents
from generation.sampling.noise import starting_noise
from generation.sampling.samplers import schedule, scheduler, step_options
from generation.sampling.seamless import read_meeting, seamless
from generation.tensors.overlap import in_patches
from generation.upscaling.bundled import Compact, enlarge, sharpen
from generation.upscaling.spandrel_upscaler import Learned
from generation.variety import told

PATCH: Final = 32
"""Side in pixels of the flat patches that the preview's colours are measured with."""

_ROW: Final = 8
"""Patches in a row, and rows: with the latents inside each, more than any family has channels."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What steers the UNet, in rows: first what to avoid, if guidance is used, then what to show.

    Attributes:
        tokens: Text embeddings, (rows, tokens, width).
        extra: Further inputs of the family's UNet by name, (rows, …) each.
        images: Tokens of each image that is looked at, (rows, tokens, width).
        steer: What keeps the pictures to the structure of an image, if they are to keep to any.
    """

    tokens: Tensor
    extra: Mapping[str, Tensor] = field(default_factory=dict)
    images: tuple[Tensor, ...] = ()
    steer: Steer | None = None

    def repeated(self, count: int) -> "Condition":
        """The rows for a batch of ``count`` pictures: each row ``count`` times, in order."""
        extra = {name: rows.repeat_interleave(count, 0) for name, rows in self.extra.items()}
        images = tuple(rows.repeat_interleave(count, 0) for rows in self.images)
        return Condition(self.tokens.repeat_interleave(count, 0), extra, images, self.steer)

    @property
    def read(self) -> Tensor | tuple[Tensor, list[Tensor]]:
        """What the UNet's attentions read: the text, and with it the images if there are any."""
        return (self.tokens, list(self.images)) if self.images else self.tokens


@dataclass(frozen=True, slots=True)
class Family:
    """The code half of a card.

    Attributes:
        id: The card's id.
        pipeline: Name of the diffusers pipeline class that its checkpoints name.
        options: What to load the pipeline with, besides the weights.
        encode: Pipeline and recipe to condition, on the pipeline's device.
        adapters: The image adapters that it can be loaded with.
    """

    id: str
    pipeline: str
    options: Mapping[str, object]
    encode: Callable[[Any, Recipe], Condition]
    adapters: Adapters

    def draw(
        self, engine: "Engine", recipe: Recipe, start: Begun, watch: "Watch"
    ) -> list[Image.Image]:
        """See ``Engine.draw``."""
        conditions = [self.encode(engine.pipe, _one_patch(said)) for said in told(recipe)]
        if recipe.structure is not None and engine.structures is not None:
            steer = engine.structures.steer(recipe)
            conditions = [replace(condition, steer=steer) for condition in conditions]
        if not recipe.seen or not isinstance(engine.references, References):
            return draw(engine, conditions, recipe, start, watch)
        looks = engine.references.looks(recipe)
        tokens = tuple(look.tokens for look in looks)
        seeing = [replace(condition, images=tokens) for condition in conditions]
        with engine.references.reading(looks):
            return draw(engine, seeing, recipe, start, watch)

    def channels(self, pipe: Any) -> int:  # noqa: ANN401 - diffusers has no types
        """How many channels its latents have."""
        return int(pipe.unet.config.in_channels)

    def read(self, pipe: Any, pixels: Tensor) -> Tensor:  # noqa: ANN401 - diffusers has no types
        """Latents of pixels (1, 3, height, width) in [-1, 1]; the mode, so nothing is random."""
        return for_unet(pipe.vae, pipe.vae.encode(pixels).latent_dist.mode().float())


def _one_patch(recipe: Recipe) -> Recipe:
    """The recipe with the size of what is drawn at once, as which the model is to see it."""
    if not recipe.patch:
        return recipe
    width, height = min(recipe.width, recipe.patch), min(recipe.height, recipe.patch)
    return replace(recipe, width=width, height=height)


class Code(Protocol):
    """What every family's code half can do."""

    @property
    def id(self) -> str:
        """The card's id."""

    @property
    def pipeline(self) -> str:
        """Name of the diffusers pipeline class that its checkpoints name."""

    @property
    def options(self) -> Mapping[str, object]:
        """What to load the pipeline with, besides the weights."""

    def draw(
        self, engine: "Engine", recipe: Recipe, start: Begun, watch: "Watch"
    ) -> list[Image.Image]:
        """See ``Engine.draw``."""

    @property
    def channels(self) -> Callable[[Any], int]:
        """Pipeline to the number of its latents' channels."""

    def read(self, pipe: Any, pixels: Tensor) -> Tensor:  # noqa: ANN401
        """Latents of pixels (1, 3, height, width) in [-1, 1]."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """A loaded family.

    Attributes:
        card: The family's card.
        family: Its code.
        pipe: The diffusers pipeline that holds the weights.
        together: Pictures in a lane.
        abreast: Lanes that are computed at the same time.
        glimpse: From clean latents (pictures, channels, height, width) to small previews.
        upscaler: The network that came with the checkpoint to enlarge its pictures.
        references: What it sees images with: image adapters if it was loaded with any, or itself.
        structures: Its ControlNets, if it was loaded with any.
        wardrobe: Its LoRAs, if it was loaded with any.
        learned: What enlarges finished pictures, of whichever family, if there is any.
        spare: Has other engines on the device released; whether there were any.
    """

    card: Card
    family: Code
    pipe: Any
    together: int
    abreast: int = 1
    glimpse: Callable[[Tensor], list[Image.Image]]
    upscaler: Compact | None = None
    references: References | Natives | None = None
    structures: Structures | None = None
    wardrobe: Wardrobe | None = None
    learned: Learned | None = None
    spare: Callable[[], bool] = bool

    def draw(self, recipe: Recipe, start: Begun, watch: "Watch") -> list[Image.Image]:
        """The recipe's pictures at the size the model draws, in order.

        Args:
            recipe: What to draw; its ``upscale`` is left to others. What it looks at was learnt by
                ``references`` before, and the image that it keeps to by ``structures``.
            start: The picture to start from, of any size, or the frame to fill, as the recipe says.
            watch: Called after every step; whatever it raises ends the drawing.
        """
        own = replace(self, together=1) if recipe.strays else self
        with torch.inference_mode(), seamless([self.pipe.vae], wanted=recipe.tile):
            return self.family.draw(own, recipe, start, watch)

    def enlarge(self, pictures: Sequence[Image.Image], *, tile: bool = False) -> list[Image.Image]:
        """Drawn pictures at the size that people are shown; ``tile`` if their edges meet."""
        if self.card.enlarge == 1:
            return list(pictures)
        larger = partial(meeting, larger=self._enlarged) if tile else self._enlarged
        with torch.inference_mode(), lanes_abreast(self) as each:
            return each(larger, pictures)

    def _enlarged(self, picture: Image.Image) -> Image.Image:
        if self.upscaler is not None:
            return enlarge(self.upscaler, picture)
        return sharpen(picture, self.card.enlarge)


def place(pipe: Any) -> torch.device:  # noqa: ANN401 - diffusers has no types
    """Where a pipeline computes, wherever its parts lie just now."""
    device: torch.device = pipe._execution_device
    return device


Watch = Callable[[int, int, Callable[[], list[Image.Image]]], None]
"""Steps done, steps in all, and a function that gives small previews of the pictures."""


@dataclass(slots=True)
class Lane:
    """Pictures on their way through the sampler together.

    Attributes:
        sampler: Their scheduler.
        timesteps: The steps it takes, (steps,).
        latents: Where they are, (pictures, channels, height, width), in float32.
        clean: Where they seem to be going, of the same shape.
        options: What the sampler's step takes besides.
        condition: What steers them, one row per picture and side of the guidance.
        known: What is kept of a picture that they are drawn into, if they are.
        noise: What they started from, of the latents' shape.
    """

    sampler: Any
    timesteps: Tensor
    latents: Tensor
    clean: Tensor
    options: dict[str, Any]
    condition: Condition
    known: Known | None
    noise: Tensor

    def shown(self, stop: float) -> Tensor:
        """What is to be seen: where they are, or where they seem to go if they stopped early."""
        return self.latents if stop == 1 else self.clean


def draw(
    engine: Engine,
    conditions: Sequence[Condition],
    recipe: Recipe,
    start: Begun,
    watch: Watch,
) -> list[Image.Image]:
    """``Engine.draw`` of what the conditions say: one for all lanes, or one for each."""
    with tiled(engine.pipe.vae, wanted=bool(recipe.patch)):
        origin = _origin(engine.pipe, start, recipe)
    count, size = len(recipe.pictures), engine.together
    rows = [recipe.pictures[k : k + size] for k in range(0, count, size)]
    lanes = [
        prepare(engine, recipe, condition, origin, row)
        for condition, row in zip(cycle(conditions), rows)
    ]
    steps = steps_until(len(lanes[0].timesteps), recipe.stop)
    edged = int(steps * engine.card.edged) if start is None else 0

    def previews() -> list[Image.Image]:
        return [small for lane in lanes for small in engine.glimpse(lane.clean)][:count]

    unet, side = engine.pipe.unet, recipe.patch // engine.pipe.vae_scale_factor
    with lanes_abreast(engine) as each, tiled(engine.pipe.vae, wanted=bool(recipe.patch)):
        for step in range(steps):
            soft = recipe.stop < 1 and step + 1 == steps
            guidance = 1.0 if soft else recipe.guidance  # which overshoots while noise is left
            with seamless([unet], wanted=recipe.tile and step >= edged):
                each(partial(advance, unet, step=step, guidance=guidance, side=side), lanes)
            watch(step + 1, steps, previews)
        drawn = each(lambda lane: decode(engine.pipe, lane.shown(recipe.stop)), lanes)
    return [picture for pictures in drawn for picture in pictures][:count]


@contextmanager
def lanes_abreast(engine: Engine) -> Iterator[Callable[..., list[Any]]]:
    """A ``map`` that gives a list and works on as many items at a time as the engine may.

    One at a time stays on this thread: an operation's helpers on other cores belong to the thread
    that it is called from, and would be gathered anew for a new one.
    """
    if engine.abreast == 1:
        yield lambda work, items: [work(item) for item in items]
        return

    def on_thread(work: Callable[[Any], Any], item: Any) -> Any:  # noqa: ANN401 - as it is given
        with torch.inference_mode():  # a mode of the thread, not of the process
            return work(item)

    with ThreadPoolExecutor(engine.abreast, "lane") as pool:
        yield lambda work, items: list(pool.map(lambda item: on_thread(work, item), items))


@contextmanager
def tiled(vae: Any, *, wanted: bool) -> Iterator[None]:  # noqa: ANN401 - diffusers has no types
    """An autoencoder that sees large pictures in tiles, if that is wanted."""
    if wanted and not vae.use_tiling:
        vae.enable_tiling()
        try:
            yield
        finally:
            vae.disable_tiling()
    else:
        yield


def _origin(pipe: Any, start: Begun, recipe: Recipe) -> Tensor | Known | None:  # noqa: ANN401
    """What the latents begin from."""
    if start is None:
        return None
    if isinstance(start, Image.Image):
        return encode_picture(pipe, start, recipe)
    drawn = drawn_latents(start.kept, latent_shape(pipe, recipe)[1:])
    return Known(encode_picture(pipe, start.picture, recipe), drawn.to(place(pipe)))


def prepare(
    engine: Engine,
    recipe: Recipe,
    condition: Condition,
    origin: Tensor | Known | None,
    pictures: Sequence[Noise],
) -> Lane:
    """A lane at its first timestep: noise alone, or as much noise over ``origin`` as is wanted."""
    pipe = engine.pipe
    filled = [*pictures, *[pictures[0]] * (engine.together - len(pictures))]
    shape = latent_shape(pipe, recipe)
    drawn = [starting_noise(picture, shape) for picture in filled]
    noise = torch.cat([tensor for tensor, _ in drawn]).to(place(pipe))
    sampler = scheduler(recipe.sampler, pipe.scheduler.config)
    timesteps = schedule(
        sampler, recipe.steps, recipe.strength, distilled=engine.card.distilled
    ).to(place(pipe))
    latents = noise * sampler.init_noise_sigma
    known = origin if isinstance(origin, Known) else None
    clean = origin.latents if isinstance(origin, Known) else origin
    if clean is not None:
        begun = noised(sampler, clean, noise, timesteps[:1])
        latents = known.kept_in(latents, begun) if known and recipe.strength == 1 else begun
    return Lane(
        sampler=sampler,
        timesteps=timesteps,
        latents=latents,
        clean=torch.zeros_like(latents),
        options=step_options(sampler, [generator for _, generator in drawn]),
        condition=condition.repeated(len(filled)),
        known=known,
        noise=noise,
    )


def noised(sampler: Any, origin: Tensor, noise: Tensor, timestep: Tensor) -> Tensor:  # noqa: ANN401
    """Latents under as much of the noise as there is at a timestep, (1,)."""
    made: Tensor = sampler.add_noise(origin.expand_as(noise), noise, timestep.expand(len(noise)))
    return made


def latent_shape(pipe: Any, recipe: Recipe) -> tuple[int, int, int]:  # noqa: ANN401
    """Channels, height and width of one picture's latents."""
    factor = pipe.vae_scale_factor
    return pipe.unet.config.in_channels, recipe.height // factor, recipe.width // factor


def advance(
    unet: Any,  # noqa: ANN401 - diffusers has no types
    lane: Lane,
    step: int,
    guidance: float,
    side: int = 0,
) -> None:
    """One step of one lane, with classifier-free guidance (Ho and Salimans 2022) if it is used.

    Args:
        unet: What predicts the noise.
        lane: What moves.
        step: Which step, from 0.
        guidance: Its scale.
        side: Of the squares that latents are seen in; 0 to see them whole.
    """
    timestep, condition = lane.timesteps[step], lane.condition
    sides = len(condition.tokens) // len(lane.latents)
    scaled = lane.sampler.scale_model_input(torch.cat([lane.latents] * sides), timestep)

    def predict(seen: Tensor) -> Tensor:
        predicted: Tensor = unet(
            seen.to(unet.dtype),
            timestep,
            encoder_hidden_states=condition.read,
            added_cond_kwargs=condition.extra,
            return_dict=False,
            **_steered(lane, seen, step),
        )[0]
        return predicted.float()

    predicted = in_patches(predict, scaled, side, overlap=side // 4) if side else predict(scaled)
    if sides == 2:
        avoid, show = predicted.chunk(2)
        predicted = avoid + guidance * (show - avoid)
    moved = lane.sampler.step(predicted, timestep, lane.latents, **lane.options)
    lane.latents = moved.prev_sample
    if lane.known is not None:
        origin, following = lane.known.latents, lane.timesteps[step + 1 : step + 2]
        known = noised(lane.sampler, origin, lane.noise, following) if len(following) else origin
        lane.latents = lane.known.kept_in(lane.latents, known.expand_as(lane.noise))
    clean = getattr(moved, "pred_original_sample", None)
    lane.clean = lane.sampler.model_outputs[-1] if clean is None else clean


def _steered(lane: Lane, scaled: Tensor, step: int) -> dict[str, Any]:
    """What is added inside the UNet at a step so that the pictures keep to a structure."""
    condition, steps = lane.condition, len(lane.timesteps)
    if condition.steer is None or step + 1 > condition.steer.end * steps:
        return {}
    return condition.steer.residuals(scaled, lane.timesteps[step], condition)


def encode_picture(pipe: Any, picture: Image.Image, recipe: Recipe) -> Tensor:  # noqa: ANN401
    """Latents (1, channels, height, width) of a picture cut and scaled to the recipe's size.

    The mode of the encoder's distribution is taken, so nothing random enters here.
    """
    pixels, grain = fitted(pipe, picture, recipe), pipe.vae_scale_factor

    def read(pixels: Tensor) -> Tensor:
        return for_unet(pipe.vae, pipe.vae.encode(pixels).latent_dist.mode().float())

    return read_meeting(read, pixels, grain) if recipe.tile else read(pixels)


def fitted(pipe: Any, picture: Image.Image, recipe: Recipe) -> Tensor:  # noqa: ANN401
    """Pixels (1, 3, height, width) in [-1, 1] of a picture cut and scaled to the recipe's size."""
    size = (recipe.width, recipe.height)
    cut = ImageOps.fit(picture.convert("RGB"), size, Image.Resampling.LANCZOS)
    pixels: Tensor = pipe.image_processor.preprocess(cut).to(place(pipe), pipe.vae.dtype)
    return pixels


def decode(pipe: Any, latents: Tensor) -> list[Image.Image]:  # noqa: ANN401
    """The pictures of latents (pictures, channels, height, width), one by one to spare memory."""
    raw = for_vae(pipe.vae, latents).to(pipe.vae.dtype)
    pixels = [pipe.vae.decode(row[None], return_dict=False)[0] for row in raw]
    return [pipe.image_processor.postprocess(one.float())[0] for one in pixels]


def for_unet(vae: Any, raw: Tensor) -> Tensor:  # noqa: ANN401 - diffusers has no types
    """The autoencoder's own latents, scaled to about unit variance."""
    spread = _statistics(vae, raw.device)
    scaling = float(vae.config.scaling_factor)
    return (raw if spread is None else (raw - spread[0]) / spread[1]) * scaling


def for_vae(vae: Any, latents: Tensor) -> Tensor:  # noqa: ANN401 - diffusers has no types
    """The inverse of ``for_unet``."""
    spread = _statistics(vae, latents.device)
    raw = latents / float(vae.config.scaling_factor)
    return raw if spread is None else raw * spread[1] + spread[0]


def _statistics(
    vae: Any,  # noqa: ANN401 - diffusers has no types
    device: torch.device,
) -> tuple[Tensor, Tensor] | None:
    """Mean and standard deviation of each channel, for the checkpoints that state them."""
    stated = getattr(vae.config, "latents_mean", None), getattr(vae.config, "latents_std", None)
    if stated[0] is None or stated[1] is None:
        return None
    mean, deviation = (torch.tensor(one, device=device).view(1, -1, 1, 1) for one in stated)
    return mean, deviation


def tiny_glimpse(decoder: Any) -> Callable[[Tensor], list[Image.Image]]:  # noqa: ANN401
    """Previews by a tiny autoencoder of the same latents (after TAESD), at the drawn size."""

    def glimpse(clean: Tensor) -> list[Image.Image]:
        made = decoder.decode(clean.to(decoder.dtype), return_dict=False)[0].float()
        return _to_images(made.permute(0, 2, 3, 1))

    return glimpse


def palette_glimpse(palette: Tensor) -> Callable[[Tensor], list[Image.Image]]:
    """Previews of one pixel per latent, by ``measure_palette``'s palette."""
    return lambda clean: _to_images(
        torch.einsum("bchw,cd->bhwd", clean, palette[:-1]) + palette[-1]
    )


def _to_images(colours: Tensor) -> list[Image.Image]:
    """Pictures from colours (pictures, height, width, 3) in [-1, 1]."""
    levels = ((colours + 1) * 127.5).clamp(0, 255).round().to(torch.uint8).cpu().numpy()
    return [Image.fromarray(one) for one in levels]


def measure_palette(family: Code, pipe: Any) -> Tensor:  # noqa: ANN401
    """The linear map from latents to colours that fits flat patches of many colours best.

    For models without a tiny decoder of their own: it costs one encoding at loading time. The last
    row of the result (channels + 1, 3) is the constant.
    """
    patches = torch.rand((1, 3, _ROW, _ROW), generator=torch.Generator().manual_seed(0)) * 2 - 1
    pixels = patches.repeat_interleave(PATCH, 2).repeat_interleave(PATCH, 3)
    with torch.inference_mode():
        read = family.read(pipe, pixels.to(pipe.device, pipe.vae.dtype))[0]
    factor = pixels.shape[-1] // read.shape[-1]
    latents = read.flatten(1).T.cpu()
    colours = pixels[0, :, factor // 2 :: factor, factor // 2 :: factor].flatten(1).T
    known = torch.cat([latents, torch.ones(len(latents), 1)], dim=1)
    palette: Tensor = torch.linalg.lstsq(known, colours).solution
    return palette.to(pipe.device)
