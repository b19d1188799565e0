"""FLUX.1 Kontext: FLUX.1 that reads images beside the words, and changes them as these say."""

from typing import Any, Final

from diffusers.pipelines.flux import pipeline_flux_kontext
from PIL import Image
from torch import Tensor

from generation.families.flux1_dev import embed, predict
from generation.sampling.engine import device_of
from generation.sampling.flow import FlowFamily, compute_shift
from generation.tensors.scaled_latents import read_scaled, show_scaled


def look(pipe: Any, image: Image.Image) -> Tensor:  # noqa: ANN401 - diffusers has no types
    """An image's latents, in that of the sizes which the model was trained on that fits best."""
    height, width = pipe.image_processor.get_default_height_width(image)
    sizes = pipeline_flux_kontext.PREFERRED_KONTEXT_RESOLUTIONS
    _, wide, high = min((abs(width / height - w / h), w, h) for w, h in sizes)
    fitted = pipe.image_processor.resize(image, high, wide)
    pixels = pipe.image_processor.preprocess(fitted, high, wide)
    return read_scaled(pipe, pixels.to(device_of(pipe), pipe.vae.dtype))


FAMILY: Final = FlowFamily(
    id="flux1-kontext",
    pipeline="FluxKontextPipeline",
    grain=8,
    channels=lambda pipe: int(pipe.transformer.config.in_channels) // 4,
    embed=embed,
    predict=predict,
    read=read_scaled,
    show=show_scaled,
    shift=compute_shift,
    look=look,
)
