"""The bundled model: Stable Diffusion's structure, drawn small."""

from dataclasses import replace
from typing import Final

from generation.conditioning.image_adapters import OWN, Adapter, Adapters
from generation.families import sd15

ADAPTERS: Final = Adapters(
    each=(
        Adapter(file=f"{OWN}/ip_adapter_style.safetensors", parts={"style": ""}, mute=True),
        Adapter(
            file=f"{OWN}/ip_adapter_content.safetensors",
            parts={"blend": "", "figure": "", "object": ""},
            mute=True,
        ),
    )
)
"""Two that it was trained with together, in all blocks; the encoder is its own."""

FAMILY: Final = replace(sd15.FAMILY, id="easel", adapters=ADAPTERS)
