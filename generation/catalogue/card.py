"""Cards: what each family of models is and can do, known without loading any of it.

The bot reads cards to refuse before queueing; the worker finds a family's code by its card's id.
"""

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Final

from generation.catalogue.controlnets import sources
from generation.catalogue.loras import Offered, fitting
from generation.catalogue.vocabulary import ANY, SMALL, Vocabulary
from generation.controls import USUAL, ImageStrengths
from generation.recipe import Recipe, StructureKind, Upscaler


class Capability(StrEnum):
    """Something that a family may or may not be able to do."""

    IMAGE_PROMPT = "image prompts"
    NEGATIVE = "negative prompts"
    GUIDANCE = "guidance scale"
    VARIATION = "variations"
    OUTPAINT = "drawing beyond the edges"
    INPAINT = "redrawing parts"
    BLEND = "blending images"
    STYLE = "style references"
    CHARACTER = "character references"
    EDIT = "editing by words"
    STRUCTURE = "structure from images"
    LORA = "LoRAs"
    TILE = "seamless tiles"
    HD = "drawing at twice the size"


INDEX: Final = "model_index.json"
"""File of a checkpoint that names its pipeline and its parts."""

SAMPLERS: Final = (
    "DPM++ 2M Karras",
    "DPM++ 2M",
    "DPM++ 2M SDE Karras",
    "Euler a",
    "Euler",
    "DDIM",
    "UniPC",
)
"""Names of the samplers, as Stable Diffusion's users know them."""


class UnknownFamilyError(LookupError):
    """No card fits: the id is unknown, or nothing tells which family a model belongs to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Card:
    """What a family is, for the bot, the page and the docs.

    Attributes:
        id: Short name, used in recipes and settings.
        title: Name for people.
        about: One sentence on what to expect of its pictures.
        licence: Licence of the weights.
        notice: What the licence does not allow, in a sentence; empty if anybody may draw with it.
        model: Default checkpoint: a hub id, or the name of one that the project brings itself.
        side: Side in pixels of a square picture at the native size.
        multiple: Width and height are multiples of this many pixels.
        longest_ratio: The longest side may be this many times the shortest.
        enlarge: Whole factor by which a finished picture is enlarged for showing.
        steps: Default denoising steps.
        guidance: Default classifier-free guidance scale.
        sampler: Default sampler.
        samplers: All that it draws with.
        memory: GiB of GPU memory that it wants: the weights in 16 bits and room to work in.
        capabilities: What it can do.
        image_strengths: Denoising strengths that ``--iw`` stands for.
        carried_on: Denoising strength with which it carries a picture on beyond the edges, from
            the colours at its border: the weaker the model, the more these have to lead.
        edged: Share of a tile's steps in which it still knows the edges: some models place things
            by them, and draw grounds alone where they have none from the start.
        adapters: Hub id of image adapters that fit, with their licence behind a comma; empty where
            none are to be had.
        faces: Whether its adapters know faces from figures.
        native: Whether it reads images itself, beside the words: weighted in its attention, not by
            an adapter.
        name: Of a known checkpoint with settings of its own, or one that the host named, its name;
            empty for the family's own.
        unet: Where its UNet lies, if not with the rest: a hub id, ``#`` and the file.
        spacing: How its sampler spaces timesteps, if not as its files say.
        distilled: Whether it knows no other steps than those that it was distilled for.
        avoided: What it is told not to show besides what the prompt says.
        structures: What it can keep of an image's structure.
        controlnets: Networks for that which fit, as ``EASEL_CONTROLNETS`` names them, with their
            licence behind a semicolon; empty where none are to be had.
        wears: Whether it can wear LoRAs.
        loras: Those that it is offered with.
        upscaler: What enlarges finished pictures; None for a resampling filter.
        vocabulary: What is added to a person's words by flags that ask for it.
    """

    id: str
    title: str
    about: str
    licence: str
    model: str
    side: int
    multiple: int
    longest_ratio: float
    enlarge: int = 1
    steps: int
    guidance: float
    sampler: str
    samplers: tuple[str, ...] = SAMPLERS
    memory: float
    capabilities: frozenset[Capability]
    image_strengths: ImageStrengths = USUAL
    carried_on: float = 0.8
    edged: float = 0.0
    adapters: str = ""
    faces: bool = False
    structures: tuple[StructureKind, ...] = ()
    controlnets: str = ""
    wears: bool = True
    loras: tuple[Offered, ...] = ()
    upscaler: Upscaler | None = None
    native: bool = False
    notice: str = ""
    name: str = ""
    unet: str = ""
    spacing: str = ""
    distilled: bool = False
    avoided: str = ""
    vocabulary: Vocabulary = ANY

    @property
    def called(self) -> str:
        """What it is called in settings and in ``--model``."""
        return self.name or self.id

    def answers_to(self, name: str) -> bool:
        """Whether ``--model`` with this name means it, however that is spelled."""
        return spelled(name) in (spelled(self.called), spelled(self.id))

    def size(self, across: float, down: float) -> tuple[int, int]:
        """Width and height in pixels for the ratio ``across``:``down`` at the native area.

        Of the allowed sizes it takes the one that is nearest in ratio and area together.
        """
        ideal = (across / down) ** 0.5
        wide, tall = self.side * ideal, self.side / ideal
        width = max(self.multiple, round(wide / self.multiple) * self.multiple)
        height = max(self.multiple, round(tall / self.multiple) * self.multiple)
        return width, height


BUNDLED: Final = Path(__file__).parents[1] / "weights" / "easel-1"
"""Folder of the checkpoint that comes with the project."""

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

_FLOW: Final = _ALL - {Capability.NEGATIVE, Capability.GUIDANCE}

_REFERENCES: Final = frozenset({Capability.BLEND, Capability.STYLE, Capability.CHARACTER})

_NATIVE: Final = _FLOW | _REFERENCES | {Capability.EDIT}

_ADAPTERS: Final = "h94/IP-Adapter, Apache-2.0"

_CONTROLNETS_15: Final = (
    "scribble=lllyasviel/control_v11p_sd15_scribble, "
    "lineart=lllyasviel/control_v11p_sd15_lineart, "
    "canny=lllyasviel/control_v11p_sd15_canny, "
    "depth=lllyasviel/control_v11f1p_sd15_depth, "
    "pose=lllyasviel/control_v11p_sd15_openpose; CreativeML OpenRAIL-M"
)

_CONTROLNET_XL: Final = "xinsir/controlnet-union-sdxl-1.0; Apache-2.0"


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
        enlarge=4,
        steps=12,
        guidance=4.0,
        sampler="DPM++ 2M",
        memory=1,
        capabilities=_ALL - {Capability.HD} | _REFERENCES | {Capability.STRUCTURE},
        image_strengths=ImageStrengths(most=0.65, least=0.25, bend=1.5),
        carried_on=0.5,
        edged=1 / 3,
        structures=("scribble", "lineart", "canny"),
        wears=False,
        vocabulary=SMALL,
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
        capabilities=_ALL,
        adapters=_ADAPTERS,
        faces=True,
        controlnets=_CONTROLNETS_15,
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
        capabilities=_ALL,
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
    ),
    Card(
        id="flux1-dev",
        title="FLUX.1 dev",
        about="Twenty-eight steps to a careful picture of 1024 pixels; slow, and not for business.",
        licence="FLUX.1 [dev] Non-Commercial License",
        notice="The model may not be used commercially; accept the licence on its page first.",
        model="black-forest-labs/FLUX.1-dev",
        side=1024,
        multiple=16,
        longest_ratio=4,
        steps=28,
        guidance=3.5,
        sampler="Euler",
        samplers=("Euler",),
        memory=36,
        capabilities=_FLOW | {Capability.GUIDANCE},
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
        steps=40,
        guidance=4.0,
        sampler="Euler",
        samplers=("Euler",),
        memory=60,
        capabilities=_NATIVE | _ALL,
        native=True,
    ),
)


_FEW_STEPS: Final = _ALL - {Capability.NEGATIVE, Capability.GUIDANCE}

_XL: Final = next(one for one in CARDS if one.id == "sdxl")

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
        avoided="lowres, bad anatomy, bad hands, text, error, worst quality, low quality, blurry",
    ),
)
"""Checkpoints with settings of their own: their authors' numbers."""


def card(family: str) -> Card:
    """The card with this id.

    Raises:
        UnknownFamilyError: There is none.
    """
    for candidate in CARDS:
        if candidate.id == family:
            return candidate
    known = ", ".join(c.id for c in CARDS)
    raise UnknownFamilyError(f"there is no family `{family}`; known are {known}")


def shown_size(recipe: Recipe) -> tuple[int, int]:
    """Width and height in pixels of each picture that people get of a recipe.

    Raises:
        UnknownFamilyError: Its family is unknown.
    """
    times = recipe.scale * card(recipe.family).enlarge * recipe.upscale
    return recipe.width * times, recipe.height * times


def equipped(
    chosen: Card,
    adapters: str,
    loras: Sequence[Offered] = (),
    upscaler: Upscaler | None = None,
    *,
    controlnets: str = "",
) -> Card:
    """A card as it is with what lies beside the checkpoint.

    Args:
        chosen: The family's card.
        adapters: Folder or hub id of image adapters; empty for none.
        loras: LoRAs on offer, for any family.
        upscaler: A learned upscaler.
        controlnets: ControlNets, as ``generation.catalogue.controlnets.sources`` reads them.

    Raises:
        UnknownStructureError: ``controlnets`` cannot be read.
    """
    worn = fitting(loras, chosen.id) if chosen.wears else ()
    named = tuple(sources(controlnets)) if chosen.controlnets else ()
    more = _REFERENCES if adapters and chosen.adapters else frozenset[Capability]()
    if worn:
        more |= {Capability.LORA}
    if named:
        more |= {Capability.STRUCTURE}
    if not more and upscaler is None:
        return chosen
    able, kept = chosen.capabilities | more, named or chosen.structures
    return replace(chosen, capabilities=able, loras=worn, upscaler=upscaler, structures=kept)


_GAPS: Final = re.compile(r"[\s_-]+")

_PIPELINES: Final = {
    "StableDiffusionPipeline": "sd15",
    "StableDiffusionXLPipeline": "sdxl",
    "Flux2KleinPipeline": "flux2-klein",
    "ZImagePipeline": "z-image",
    "FluxPipeline": "flux1-dev",
    "QwenImageEditPlusPipeline": "qwen-image-edit",
}


def card_for(model: str, family: str = "") -> Card:
    """The card for a checkpoint.

    Args:
        model: Folder or hub id of a checkpoint in the diffusers layout, or the name of a known one,
            with ``@`` and a revision behind it if wanted; empty for the bundled one.
        family: Id of the family, or name of the variant, if the admin named it; empty to find out.

    Raises:
        UnknownFamilyError: The family is unknown, or cannot be told from ``model``.
    """
    known = (*CARDS, *VARIANTS)
    if family:
        return next((one for one in VARIANTS if one.name == family), None) or card(family)
    if not model:
        return card("easel")
    name, _, _ = model.partition("@")
    if found := next((one for one in known if name in (one.called, one.model)), None):
        return found
    index = Path(model) / INDEX
    if index.is_file():
        pipeline = json.loads(index.read_text(encoding="utf-8")).get("_class_name", "")
        return card(_PIPELINES.get(pipeline, pipeline))
    return card("sdxl" if "xl" in model.lower() else "sd15")


def spelled(name: str) -> str:
    """A model's name without what people leave out or write otherwise: case, dashes, spaces."""
    return _GAPS.sub("", name).casefold()


def source(model: str, chosen: Card) -> str:
    """Where a model is loaded from: a known name becomes its hub id, with the revision.

    Args:
        model: Folder, hub id or known name, with ``@`` and a revision behind it if wanted; empty
            for the bundled one.
        chosen: Its card.
    """
    if _is_bundled(model, chosen):
        return str(BUNDLED)
    name, mark, revision = model.partition("@")
    return f"{chosen.model}{mark}{revision}" if name == chosen.called else model


def model_name(model: str, chosen: Card) -> str:
    """The checkpoint's name as recipes and messages carry it: never a path."""
    if _is_bundled(model, chosen):
        return chosen.model
    return Path(model).name if Path(model).exists() else model


def _is_bundled(model: str, chosen: Card) -> bool:
    return not model or (chosen.id == "easel" and model == chosen.called)
