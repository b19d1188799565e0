"""A table: the cards of all families, and of their checkpoints with settings of their own."""

from dataclasses import replace
from pathlib import Path
from typing import Final

from faults import HostError
from generation.catalogue.card import REFERENCES, Capability, Card
from generation.catalogue.looks import DRAWN, LIGHTS, MEDIA
from generation.catalogue.vocabulary import SMALL
from generation.controls import ImageStrengths
from generation.recipe import Recipe


class UnknownFamilyError(HostError, LookupError):
    """No card fits: the id is unknown, or nothing tells which family a model belongs to."""


BUNDLED: Final = Path(__file__).parents[1] / "weights" / "easel-1"
"""Folder of the checkpoint that comes with the project."""

EASEL_2: Final = BUNDLED.with_name("easel-2")
"""Folder of the bundled model for photographs; it is served where it is there."""

_ALL: Final = frozenset(
    {
        Capability.IMAGE_PROMPT,
        Capability.NEGATIVE,
        Capability.GUIDANCE,
        Capability.VARIATION,
        Capability.OUTPAINT,
        Capability.INPAINT,
        Capability.TILE,
        Capability.HD,
    }
)

_CLIP: Final = _ALL | {Capability.EMPHASIS}
"""Of models that read nothing but CLIP, whose tokens can be weighed."""

# Distilled to draw without guidance, and it is guidance that a negative prompt works through.
_FLOW: Final = _ALL - {Capability.NEGATIVE, Capability.GUIDANCE}

_NATIVE: Final = _FLOW | REFERENCES | {Capability.EDIT}

_ADAPTERS: Final = "h94/IP-Adapter, Apache-2.0"

_CONTROLNETS_15: Final = (
    "scribble=lllyasviel/control_v11p_sd15_scribble, "
    "lineart=lllyasviel/control_v11p_sd15_lineart, "
    "canny=lllyasviel/control_v11p_sd15_canny, "
    "depth=lllyasviel/control_v11f1p_sd15_depth, "
    "normal=lllyasviel/control_v11p_sd15_normalbae, "
    "pose=lllyasviel/control_v11p_sd15_openpose; CreativeML OpenRAIL-M"
)

_CONTROLNET_XL: Final = "xinsir/controlnet-union-sdxl-1.0; Apache-2.0"

_CONTROLNET_Z: Final = (
    "alibaba-pai/Z-Image-Turbo-Fun-Controlnet-Union-2.1@main"
    "#Z-Image-Turbo-Fun-Controlnet-Union-2.1.safetensors"
)
_CONTROLNETS_Z: Final = (
    f"scribble={_CONTROLNET_Z}, canny={_CONTROLNET_Z}, depth={_CONTROLNET_Z},"
    f" pose={_CONTROLNET_Z}; Apache-2.0"
)

_CONTROLNET_FLUX: Final = "Shakker-Labs/FLUX.1-dev-ControlNet-Union-Pro-2.0"
_CONTROLNETS_FLUX: Final = (
    f"scribble={_CONTROLNET_FLUX}, canny={_CONTROLNET_FLUX}, depth={_CONTROLNET_FLUX},"
    f" pose={_CONTROLNET_FLUX}; FLUX.1 [dev] Non-Commercial License"
)

_NOT_FOR_BUSINESS: Final = (
    "The model may not be used commercially; accept the licence on its page first."
)


CARDS: Final[tuple[Card, ...]] = (
    Card(
        id="easel",
        title="Easel's bundled model",
        about=(
            "A tiny model that comes with Easel. It knows some two hundred everyday things, in"
            " colours and in the styles 3d, flat, line art and pixel art, and little else."
        ),
        licence="CC-BY-4.0",
        model=BUNDLED.name,
        side=128,
        multiple=8,
        longest_ratio=4,
        # 128 pixels are a stamp on anybody's screen.
        enlarge=4,
        steps=12,
        guidance=4.0,
        sampler="DPM++ 2M",
        memory=1,
        capabilities=_CLIP - {Capability.HD} | REFERENCES | {Capability.STRUCTURE},
        image_strengths=ImageStrengths(most=0.65, least=0.25, bend=1.5),
        plan=0.45,
        carried_on=0.5,
        edged=1 / 3,
        structures=("scribble", "lineart", "canny"),
        # So few that a share of them would be rougher than the dials were measured.
        all_steps=True,
        wears=False,
        taught=DRAWN,
        vocabulary=SMALL,
    ),
    Card(
        id="easel2",
        title="Easel 2",
        about=(
            "Redraws a photograph in other media and other light, such as watercolour, woodblock"
            " print, night or winter. It comes with Easel and draws from images alone."
        ),
        licence="CC-BY-4.0",
        model=EASEL_2.name,
        side=384,
        multiple=8,
        longest_ratio=4,
        steps=10,
        guidance=2.2,
        sampler="DDIM",
        # Its noise is told by an angle, and a step of DDIM is a turn by one (decision 9).
        samplers=("DDIM",),
        memory=1,
        capabilities=frozenset(
            {
                Capability.IMAGE_PROMPT,
                Capability.GUIDANCE,
                Capability.VARIATION,
                Capability.INPAINT,
                Capability.BLEND,
                Capability.STYLE,
                Capability.EDIT,
                Capability.HD,
            }
        ),
        image_strengths=ImageStrengths(most=0.9, least=0.25, bend=0.7),
        wears=False,
        # Each of its pictures starts from one, and these steps are few.
        all_steps=True,
        looks=(*MEDIA, *LIGHTS),
        needs_image=True,
        whole=True,
    ),
    Card(
        id="sd15",
        title="Stable Diffusion 1.5",
        about="The classic 512-pixel model; runs on small GPUs.",
        licence="CreativeML OpenRAIL-M",
        model="stable-diffusion-v1-5/stable-diffusion-v1-5",
        side=512,
        multiple=8,
        longest_ratio=3,
        steps=25,
        guidance=7.0,
        sampler="DPM++ 2M Karras",
        memory=6,
        capabilities=_CLIP,
        adapters=_ADAPTERS,
        faces=True,
        controlnets=_CONTROLNETS_15,
    ),
    Card(
        id="instruct-pix2pix",
        title="InstructPix2Pix",
        about="Changes one image as a sentence says, at 512 pixels; small, quick and rough.",
        licence="MIT",
        model="timbrooks/instruct-pix2pix",
        side=512,
        multiple=8,
        longest_ratio=3,
        steps=20,
        guidance=7.5,
        sampler="Euler a",
        memory=6,
        capabilities=_CLIP | {Capability.EDIT},
        wears=False,
    ),
    Card(
        id="sdxl",
        title="Stable Diffusion XL",
        about="The 1024-pixel model that most fine-tunes build on.",
        licence="CreativeML OpenRAIL++-M",
        model="stabilityai/stable-diffusion-xl-base-1.0",
        side=1024,
        multiple=8,
        longest_ratio=4,
        steps=30,
        guidance=6.0,
        sampler="DPM++ 2M Karras",
        memory=12,
        capabilities=_CLIP,
        adapters=_ADAPTERS,
        faces=True,
        controlnets=_CONTROLNET_XL,
    ),
    Card(
        id="flux2-klein",
        title="FLUX.2 klein",
        about=(
            "Four steps to a picture of 1024 pixels; follows long sentences closely, and changes"
            " images as it is told."
        ),
        licence="Apache-2.0",
        model="black-forest-labs/FLUX.2-klein-4B",
        side=1024,
        multiple=16,
        longest_ratio=4,
        steps=4,
        guidance=1.0,
        sampler="Euler",
        samplers=("Euler",),
        memory=16,
        capabilities=_NATIVE,
        native=True,
        speaks=True,
    ),
    Card(
        id="flux2-dev",
        title="FLUX.2 dev",
        about=(
            "The large FLUX.2: the most careful pictures, from words and from several images; very"
            " large, slow, and not for business."
        ),
        licence="FLUX.2 [dev] Non-Commercial License",
        notice=_NOT_FOR_BUSINESS,
        model="black-forest-labs/FLUX.2-dev",
        side=1024,
        multiple=16,
        longest_ratio=4,
        # As its authors draw, who call the pipeline's 50 steps the better and slower way.
        steps=28,
        guidance=4.0,
        sampler="Euler",
        samplers=("Euler",),
        memory=110,
        capabilities=_NATIVE | {Capability.GUIDANCE},
        native=True,
    ),
    Card(
        id="z-image",
        title="Z-Image Turbo",
        about="Eight steps to a picture of 1024 pixels; good at photographs and at writing.",
        licence="Apache-2.0",
        model="Tongyi-MAI/Z-Image-Turbo",
        side=1024,
        multiple=16,
        longest_ratio=4,
        steps=8,
        guidance=1.0,
        sampler="Euler",
        samplers=("Euler",),
        memory=20,
        capabilities=_FLOW,
        named_beside=True,
        controlnets=_CONTROLNETS_Z,
        speaks=True,
    ),
    Card(
        id="flux1-dev",
        title="FLUX.1 dev",
        about="Twenty-eight steps to a careful picture of 1024 pixels; slow, and not for business.",
        licence="FLUX.1 [dev] Non-Commercial License",
        notice=_NOT_FOR_BUSINESS,
        model="black-forest-labs/FLUX.1-dev",
        side=1024,
        multiple=16,
        longest_ratio=4,
        # The pipeline's own numbers.
        steps=28,
        guidance=3.5,
        sampler="Euler",
        samplers=("Euler",),
        memory=36,
        adapters="black-forest-labs/FLUX.1-Redux-dev, FLUX.1 [dev] Non-Commercial License",
        # It sees a whole image, and knows no figure from its ground.
        adapted=frozenset({Capability.BLEND, Capability.STYLE}),
        controlnets=_CONTROLNETS_FLUX,
        named_beside=True,
        # Its guidance is a number that the transformer reads, so there is still no negative prompt.
        capabilities=_FLOW | {Capability.GUIDANCE},
    ),
    Card(
        id="flux1-kontext",
        title="FLUX.1 Kontext",
        about="Changes images as it is told, and draws from words; slow, and not for business.",
        licence="FLUX.1 [dev] Non-Commercial License",
        notice=_NOT_FOR_BUSINESS,
        model="black-forest-labs/FLUX.1-Kontext-dev",
        side=1024,
        multiple=16,
        longest_ratio=4,
        # As its authors draw.
        steps=28,
        guidance=2.5,
        sampler="Euler",
        samplers=("Euler",),
        memory=36,
        capabilities=_NATIVE | {Capability.GUIDANCE},
        native=True,
    ),
    Card(
        id="chroma",
        title="Chroma",
        about=(
            "Trained on from FLUX.1 schnell, with guidance and negative prompts, in all styles;"
            " slow, and free for business."
        ),
        licence="Apache-2.0",
        model="lodestones/Chroma1-HD",
        side=1024,
        multiple=16,
        longest_ratio=4,
        # As its authors draw.
        steps=40,
        guidance=3.0,
        sampler="Euler",
        samplers=("Euler",),
        memory=30,
        capabilities=_ALL,
    ),
    Card(
        id="qwen-image",
        title="Qwen-Image",
        about="Draws what long sentences say, and writes well; large, and slow.",
        licence="Apache-2.0",
        model="Qwen/Qwen-Image-2512",
        side=1024,
        multiple=16,
        longest_ratio=4,
        # The pipeline's own numbers.
        steps=50,
        guidance=4.0,
        sampler="Euler",
        samplers=("Euler",),
        memory=60,
        capabilities=_ALL,
        speaks=True,
    ),
    Card(
        id="qwen-image-edit",
        title="Qwen-Image-Edit",
        about="Changes images as it is told, and draws from words; large, and slow.",
        licence="Apache-2.0",
        model="Qwen/Qwen-Image-Edit-2511",
        side=1024,
        multiple=16,
        longest_ratio=4,
        # As its authors draw; the pipeline's 50 steps take a quarter longer.
        steps=40,
        guidance=4.0,
        sampler="Euler",
        samplers=("Euler",),
        memory=60,
        capabilities=_NATIVE | _ALL,
        native=True,
        sees=True,
        speaks=True,
    ),
)


_FEW_STEPS: Final = _CLIP - {Capability.NEGATIVE, Capability.GUIDANCE}

_XL: Final = next(one for one in CARDS if one.id == "sdxl")

_KLEIN: Final = next(one for one in CARDS if one.id == "flux2-klein")
_Z_IMAGE: Final = next(one for one in CARDS if one.id == "z-image")
_FLUX: Final = next(one for one in CARDS if one.id == "flux1-dev")

_QWEN_EDIT: Final = next(one for one in CARDS if one.id == "qwen-image-edit")

_GUIDED: Final = frozenset({Capability.NEGATIVE, Capability.GUIDANCE})
"""What models can do that were not distilled to draw without guidance."""

_NINE_LICENCE: Final = "FLUX Non-Commercial License"

VARIANTS: Final[tuple[Card, ...]] = (
    replace(
        _XL,
        name="sdxl-lightning",
        title="SDXL-Lightning",
        about="Stable Diffusion XL, distilled to eight steps without guidance: four times as fast.",
        unet="ByteDance/SDXL-Lightning#sdxl_lightning_8step_unet.safetensors",
        steps=8,
        guidance=1.0,
        sampler="Euler",
        samplers=("Euler",),
        # Its authors ask for it: it was distilled from the last timestep on.
        spacing="trailing",
        distilled=True,
        capabilities=_FEW_STEPS,
    ),
    replace(
        _XL,
        name="sdxl-turbo",
        title="SDXL Turbo",
        about="Stable Diffusion XL, distilled to four steps at 512 pixels.",
        licence="Stability AI Community Licence",
        notice="Free below a yearly revenue of a million dollars; above, it has to be bought.",
        model="stabilityai/sdxl-turbo",
        side=512,
        steps=4,
        guidance=1.0,
        sampler="Euler a",
        samplers=("Euler a", "Euler"),
        spacing="trailing",
        distilled=True,
        capabilities=_FEW_STEPS,
    ),
    replace(
        _XL,
        name="sdxl-anime",
        title="Animagine XL 4.0",
        about="Stable Diffusion XL, trained on anime; likes lists of tags better than sentences.",
        model="cagliostrolab/animagine-xl-4.0",
        steps=28,
        guidance=5.0,
        sampler="Euler a",
        # A part of what its authors avoid.
        avoided="lowres, bad anatomy, bad hands, text, error, worst quality, low quality, blurry",
    ),
    replace(
        _KLEIN,
        name="flux2-klein-base",
        title="FLUX.2 klein base",
        about="What FLUX.2 klein was distilled from: slower, more varied, and led by guidance.",
        model="black-forest-labs/FLUX.2-klein-base-4B",
        steps=50,
        guidance=4.0,
        capabilities=_KLEIN.capabilities | _GUIDED,
    ),
    replace(
        _KLEIN,
        name="flux2-klein-9b",
        title="FLUX.2 klein 9B",
        about="FLUX.2 klein of twice the size: four steps, and closer to long sentences.",
        model="black-forest-labs/FLUX.2-klein-9B",
        licence=_NINE_LICENCE,
        notice=_NOT_FOR_BUSINESS,
        memory=36,
    ),
    replace(
        _Z_IMAGE,
        name="z-image-base",
        title="Z-Image",
        about="What Z-Image Turbo was distilled from: slower, more varied, and led by guidance.",
        model="Tongyi-MAI/Z-Image",
        steps=36,
        guidance=4.0,
        capabilities=_Z_IMAGE.capabilities | _GUIDED,
    ),
    replace(
        _FLUX,
        name="flux1-schnell",
        title="FLUX.1 schnell",
        about="FLUX.1, distilled to four steps without guidance, and free for business.",
        licence="Apache-2.0",
        notice="",
        model="black-forest-labs/FLUX.1-schnell",
        steps=4,
        guidance=1.0,
        capabilities=_FLOW,
    ),
    replace(
        _QWEN_EDIT,
        name="qwen-image-edit-2509",
        title="Qwen-Image-Edit 2509",
        about="The Qwen-Image-Edit of September 2025, which most of its LoRAs were trained on.",
        model="Qwen/Qwen-Image-Edit-2509",
    ),
)
"""Checkpoints with settings of their own: their authors' numbers."""


def find_known(name: str) -> Card:
    """The card of a family or of a variant, by what it is called.

    Raises:
        UnknownFamilyError: There is none.
    """
    return next((one for one in VARIANTS if one.name == name), None) or find_card(name)


def find_card(family: str) -> Card:
    """The card with this id.

    Raises:
        UnknownFamilyError: There is none.
    """
    for candidate in CARDS:
        if candidate.id == family:
            return candidate
    known = ", ".join(c.id for c in CARDS)
    raise UnknownFamilyError(f"there is no family `{family}`; known are {known}")


def compute_shown_size(recipe: Recipe) -> tuple[int, int]:
    """Width and height in pixels of each picture that people get of a recipe.

    Raises:
        UnknownFamilyError: Its family is unknown.
    """
    drawn = recipe.size.times * find_card(recipe.family).enlarge
    width, height = recipe.size.width * drawn, recipe.size.height * drawn
    times, retouch = recipe.finishing.upscale, recipe.finishing.retouch
    # Retouched before it is made larger.
    width, height = retouch.shape(width, height) if retouch else (width, height)
    return width * times, height * times
