"""The path from a recipe to pictures that families with a UNet share.

It reads top to bottom: encode the text, draw the noise, set the schedule, denoise, decode.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import cycle
from typing import Any, Final, Self

import torch
from diffusers.pipelines.stable_diffusion.pipeline_stable_diffusion import rescale_noise_cfg
from PIL import Image
from torch import Tensor

from generation.conditioning.cache import TextCache
from generation.conditioning.controlnet import Steer
from generation.conditioning.edited_images import EditedImages
from generation.conditioning.image_adapters import Adapters, References
from generation.pictures.canvas import Init
from generation.recipe import Recipe, share_of_steps
from generation.sampling.autoencoder import (
    decode_latents,
    encode_picture,
    encode_pixels,
    read_beside,
    tile_vae,
)
from generation.sampling.batch import Batch, Condition, denoise, draw_noise
from generation.sampling.engine import Engine, Watch
from generation.sampling.estimates import GRID_OF_ESTIMATES, Estimates, estimate_in_portions
from generation.sampling.inpaint import Origin, read_origin
from generation.sampling.noise import draw_starting_noise
from generation.sampling.samplers import (
    find_estimate,
    list_step_options,
    make_scheduler,
    schedule,
)
from generation.sampling.seamless import wrap_edges
from generation.tensors.overlap import apply_in_tiles
from generation.variety import split_by_picture

_PLAIN: Final = "DDIM"
"""The sampler whose estimate of the picture follows from one prediction alone."""


@dataclass(frozen=True, slots=True)
class UNetCondition(Condition):
    """What steers a UNet, in rows: first what to avoid, if guidance is used, then what to show.

    Attributes:
        images: Tokens of each image that is looked at, (rows, tokens, width).
        steer: What keeps the pictures to the structure of an image, if they are to keep to any.
        beside: Latents that are seen in channels of their own, (rows, channels, height, width).
        pull: Guidance towards these.
    """

    images: tuple[Tensor, ...] = ()
    steer: Steer | None = None
    beside: Tensor | None = None
    pull: float = 1.0

    def repeat(self, count: int) -> Self:
        """The rows for a batch of ``count`` pictures: each row ``count`` times, in order."""
        images = tuple(rows.repeat_interleave(count, 0) for rows in self.images)
        beside = None if self.beside is None else self.beside.repeat_interleave(count, 0)
        return replace(Condition.repeat(self, count), images=images, beside=beside)

    def show(self, latents: Tensor, pull: float) -> Self:
        """The same with an image beside the noise; with guidance, a further row sees none."""
        if len(self.tokens) == 1:
            return replace(self, beside=latents, pull=pull)
        avoid, show = self.tokens.chunk(2)
        beside = torch.cat([latents, latents, torch.zeros_like(latents)])
        return replace(self, tokens=torch.cat([show, avoid, avoid]), beside=beside, pull=pull)

    @property
    def context(self) -> Tensor | tuple[Tensor, list[Tensor]]:
        """What the UNet's attentions read: the text, and with it the images if there are any."""
        return (self.tokens, list(self.images)) if self.images else self.tokens


@dataclass(frozen=True, slots=True)
class Family:
    """The code half of a card.

    Attributes:
        id: The card's id.
        pipeline: Name of the diffusers pipeline class that its checkpoints name.
        options: What to load the pipeline with, besides the weights.
        encode: Pipeline, recipe and cache of embeddings to condition, on the pipeline's device.
        adapters: The image adapters that it can be loaded with.
        edits: Whether it sees an image to change in channels beside the noise's.
    """

    id: str
    pipeline: str
    options: Mapping[str, object]
    encode: Callable[[Any, Recipe, TextCache], UNetCondition]
    adapters: Adapters
    edits: bool = False

    def draw(self, engine: Engine, recipe: Recipe, start: Init, watch: Watch) -> list[Image.Image]:
        """See ``Engine.draw``."""
        conditions = [
            self.encode(engine.pipe, _limit_to_tile(said), engine.texts)
            for said in split_by_picture(recipe)
        ]
        structures, references = engine.conditioning.structures, engine.conditioning.references
        if recipe.conditions.structure is not None and structures is not None:
            steer = structures.steer(recipe)
            conditions = [replace(condition, steer=steer) for condition in conditions]
        if isinstance(references, EditedImages) and (given := references.find(recipe)):
            latents = read_beside(engine.pipe, given[0], recipe)
            conditions = [one.show(latents, given[1]) for one in conditions]
        if not recipe.seen_images or not isinstance(references, References):
            return draw(engine, conditions, recipe, start, watch)
        looks = references.list_looks(recipe)
        tokens = tuple(look.tokens for look in looks)
        seeing = [replace(condition, images=tokens) for condition in conditions]
        # Attached for this drawing alone, so that no scale stays behind for the next job.
        with references.attach(looks):
            return draw(engine, seeing, recipe, start, watch)

    def estimate(
        self, engine: Engine, recipes: Sequence[Recipe], told: Callable[[int], None]
    ) -> list[Estimates]:
        """See ``Engine.estimate``."""
        pipe, first = engine.pipe, recipes[0]
        conditions = [self.encode(pipe, _drop_guidance(one), engine.texts) for one in recipes]
        noise, _ = draw_starting_noise(first.noise[0], _measure_latents(pipe, first))
        noise = noise.to(engine.device)

        def look(latents: Tensor | None, step: int, portion: Sequence[UNetCondition]) -> Tensor:
            sampler = make_scheduler(_PLAIN, pipe.scheduler.config)
            timesteps = schedule(sampler, GRID_OF_ESTIMATES, 1.0).to(noise.device)
            if latents is None:
                latents = _start_latents(sampler, noise, timesteps[:1], None, 1.0)
            else:
                latents = _add_noise(sampler, latents, noise, timesteps[step : step + 1])
            rows = latents.expand(len(portion), -1, -1, -1)
            batch = SampledBatch(
                latents=rows,
                clean=rows,
                noise=noise,
                origin=None,
                sampler=sampler,
                timesteps=timesteps,
                options={},
                condition=_stack(portion),
            )
            advance(pipe.unet, batch, step=step, guidance=1.0)
            return batch.clean

        return estimate_in_portions(engine, conditions, look, told)

    def channels(self, pipe: Any) -> int:  # noqa: ANN401 - diffusers has no types
        """How many channels its latents have."""
        return int(pipe.unet.config.out_channels)

    def read(self, pipe: Any, pixels: Tensor) -> Tensor:  # noqa: ANN401 - diffusers has no types
        """Latents of pixels (1, 3, height, width) in [-1, 1]."""
        return encode_pixels(pipe.vae, pixels)


def _drop_guidance(recipe: Recipe) -> Recipe:
    """The recipe without guidance: what its words do is not measured beside what is avoided."""
    return replace(recipe, sampling=replace(recipe.sampling, guidance=1.0))


def _stack(conditions: Sequence[UNetCondition]) -> UNetCondition:
    """Conditions of one row each as the rows of one, as long as the shortest of them."""
    names = conditions[0].extra
    length = min(one.tokens.shape[1] for one in conditions)
    return UNetCondition(
        torch.cat([one.tokens[:, :length] for one in conditions]),
        {name: torch.cat([one.extra[name] for one in conditions]) for name in names},
    )


def _limit_to_tile(recipe: Recipe) -> Recipe:
    """The recipe with the size of what is drawn at once, as which the model is to see it.

    XL reads the picture's size beside the words; given the whole's, it would draw each tile as
    if it were the whole.
    """
    size = recipe.size
    if not size.tile_side:
        return recipe
    width, height = min(size.width, size.tile_side), min(size.height, size.tile_side)
    return replace(recipe, size=replace(size, width=width, height=height))


@dataclass(slots=True, kw_only=True)
class SampledBatch(Batch):
    """A batch with the sampler that moves it.

    Attributes:
        sampler: A scheduler of its own, since it remembers earlier steps.
        timesteps: The steps it takes, (steps,).
        options: What the sampler's step takes besides.
        condition: What steers the pictures, one row per picture and side of the guidance.
    """

    sampler: Any
    timesteps: Tensor
    options: dict[str, Any]
    condition: UNetCondition


def draw(
    engine: Engine,
    conditions: Sequence[UNetCondition],
    recipe: Recipe,
    start: Init,
    watch: Watch,
) -> list[Image.Image]:
    """``Engine.draw`` of what the conditions say: one for all batches, or one for each."""
    pipe, card = engine.pipe, engine.card
    # An overlapping tile is all that fits into memory at once, for the autoencoder as well.
    with tile_vae(pipe.vae, wanted=bool(recipe.size.tile_side)):
        origin = read_origin(
            start,
            lambda picture: encode_picture(pipe, picture, recipe),
            _measure_latents(pipe, recipe)[1:],
        )
    batches = start_batches(engine, recipe, conditions, origin)
    steps = share_of_steps(len(batches[0].timesteps), recipe.sampling.stop)
    # Some models place things by the picture's edges, and draw mere ground where they have none:
    # they know the edges for the first steps, in which the layout is decided. A picture to start
    # from has its layout already.
    edged = int(steps * card.edged) if start is None else 0
    side, wraps = recipe.size.tile_side // pipe.vae_scale_factor, recipe.sampling.seamless

    def advance_batch(batch: SampledBatch, step: int) -> None:
        # Stopped early, the last step's clean estimate is the picture. Guidance pushes estimates
        # beyond what pictures look like while there is noise left, so that one goes without.
        soft = recipe.sampling.stop < 1 and step + 1 == steps
        guidance = 1.0 if soft else recipe.sampling.guidance
        rescale = recipe.sampling.rescale
        advance(pipe.unet, batch, step=step, guidance=guidance, rescale=rescale, side=side)

    return denoise(
        engine,
        recipe,
        batches,
        steps=steps,
        advance=advance_batch,
        decode=partial(decode_latents, pipe),
        start=start,
        watch=watch,
        # Set for all batches of a step at once: the UNet is one, and they run side by side.
        during=lambda step: wrap_edges([pipe.unet], wanted=wraps and step >= edged),
    )


def start_batches(
    engine: Engine,
    recipe: Recipe,
    conditions: Sequence[UNetCondition],
    origin: Origin | None,
) -> list[SampledBatch]:
    """Batches at their first timestep, for one condition of all or one of each."""
    strength, distilled = recipe.inputs.strength, engine.card.distilled
    noises = draw_noise(engine, recipe, _measure_latents(engine.pipe, recipe))
    batches = []
    for condition, (noise, generators) in zip(cycle(conditions), noises):
        # Schedulers remember earlier steps, so batches that advance in parallel cannot share one.
        sampler = make_scheduler(recipe.sampling.sampler, engine.pipe.scheduler.config)
        # A distilled model counts itself how many of its few steps are left.
        wanted = recipe.sampling.steps if distilled else recipe.steps
        steps = schedule(sampler, wanted, strength, distilled=distilled)
        timesteps = steps.to(noise.device)
        latents = _start_latents(sampler, noise, timesteps[:1], origin, strength)
        batches.append(
            SampledBatch(
                latents=latents,
                clean=torch.zeros_like(latents),
                noise=noise,
                origin=origin,
                sampler=sampler,
                timesteps=timesteps,
                options=list_step_options(sampler, generators),
                condition=condition.repeat(len(noise)),
            )
        )
    return batches


def _start_latents(
    sampler: Any,  # noqa: ANN401 - diffusers has no types
    noise: Tensor,
    timestep: Tensor,
    origin: Origin | None,
    strength: float,
) -> Tensor:
    """Noise alone, or as much noise over the image that is started from as is wanted."""
    # Samplers that count in sigmas start from noise of their largest sigma, others from 1.
    whole: Tensor = noise * sampler.init_noise_sigma
    if origin is None:
        return whole
    begun = _add_noise(sampler, origin.latents, noise, timestep)
    # Schedules end a little short of pure noise, and what shines through would colour the part
    # that is drawn from nothing.
    from_nothing = origin.mask is not None and strength == 1
    return origin.mask.keep(whole, begun) if origin.mask and from_nothing else begun


def _add_noise(sampler: Any, clean: Tensor, noise: Tensor, timestep: Tensor) -> Tensor:  # noqa: ANN401
    """Latents under as much of the noise as there is at a timestep, (1,)."""
    made: Tensor = sampler.add_noise(clean.expand_as(noise), noise, timestep.expand(len(noise)))
    return made


def _measure_latents(pipe: Any, recipe: Recipe) -> tuple[int, int, int]:  # noqa: ANN401
    """Channels, height and width of one picture's latents."""
    factor = pipe.vae_scale_factor
    return pipe.unet.config.out_channels, recipe.size.height // factor, recipe.size.width // factor


def advance(
    unet: Any,  # noqa: ANN401 - diffusers has no types
    batch: SampledBatch,
    *,
    step: int,
    guidance: float,
    rescale: float = 0.0,
    side: int = 0,
) -> None:
    """One step of one batch, with classifier-free guidance (Ho and Salimans 2022) if it is used.

    Args:
        unet: What predicts the noise.
        batch: What moves.
        step: Which step, from 0.
        guidance: Its scale.
        rescale: Share of the contrast that it adds which is taken back.
        side: Of the overlapping tiles that latents are seen in; 0 to see them whole.
    """
    timestep, condition = batch.timesteps[step], batch.condition
    # One pass for what to avoid and what to show: twice the rows, each side's in order.
    sides = len(condition.tokens) // len(batch.latents)
    scaled = batch.sampler.scale_model_input(torch.cat([batch.latents] * sides), timestep)
    if further := unet.config.in_channels - scaled.shape[1]:
        seen = scaled.new_zeros(1, further, 1, 1) if condition.beside is None else condition.beside
        scaled = torch.cat([scaled, seen.to(scaled).expand(len(scaled), -1, *scaled.shape[2:])], 1)

    def predict(seen: Tensor) -> Tensor:
        predicted: Tensor = unet(
            seen.to(unet.dtype),
            timestep,
            encoder_hidden_states=condition.context,
            added_cond_kwargs=condition.extra,
            return_dict=False,
            **_steer(batch, seen, step),
        )[0]
        # Samplers sum up many small steps: in 16 bits the sums would show.
        return predicted.float()

    # MultiDiffusion: what tiles say of a place is averaged in every step, so no seam can grow.
    predicted = (
        apply_in_tiles(predict, scaled, side, overlap=side // 4) if side else predict(scaled)
    )
    if sides == 3:
        # Towards the words from what the image alone says, and towards that from nothing.
        show, avoid, neither = predicted.chunk(3)
        predicted = neither + guidance * (show - avoid) + condition.pull * (avoid - neither)
    elif sides == 2:
        avoid, show = predicted.chunk(2)
        predicted = avoid + guidance * (show - avoid)
        if rescale:
            predicted = rescale_noise_cfg(predicted, show, guidance_rescale=rescale)
    before = batch.latents
    moved = batch.sampler.step(predicted, timestep, before, **batch.options)
    batch.latents = _keep_known(batch, moved.prev_sample, step)
    batch.clean = find_estimate(batch.sampler, moved, predicted, timestep, seen=before)


def _keep_known(batch: SampledBatch, latents: Tensor, step: int) -> Tensor:
    """Latents after a step, with what is known under the noise of the next one."""
    origin = batch.origin
    if origin is None or origin.mask is None:
        return latents
    # After the last step nothing follows, and what is kept is laid on clean.
    following = batch.timesteps[step + 1 : step + 2]
    known = origin.latents
    if len(following):
        known = _add_noise(batch.sampler, known, batch.noise, following)
    return origin.mask.keep(latents, known.expand_as(batch.noise))


def _steer(batch: SampledBatch, scaled: Tensor, step: int) -> dict[str, Any]:
    """What is added inside the UNet at a step so that the pictures keep to a structure."""
    condition, steps = batch.condition, len(batch.timesteps)
    # The layout is decided early; left alone at the end, the model draws its own details.
    if condition.steer is None or step + 1 > condition.steer.end * steps:
        return {}
    return condition.steer.residuals(scaled, batch.timesteps[step], condition)
