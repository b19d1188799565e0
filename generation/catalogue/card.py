"""A card: what a model is and can do, known without loading any of it.

The bot reads cards to refuse before queueing; the worker finds a family's code by its card's id.
The cards themselves stand in ``families``.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Final

from generation.catalogue.loras import Offered
from generation.catalogue.vocabulary import ANY, Vocabulary
from generation.controls import USUAL, ImageStrengths
from generation.recipe import StructureKind, Upscaler


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
    EMPHASIS = "token weights"


REFERENCES: Final = frozenset({Capability.BLEND, Capability.STYLE, Capability.CHARACTER})
"""What image adapters add to what a model can do."""

SAMPLERS: Final = (
    "DPM++ 2M Karras",
    "DPM++ 2M",
    "DPM++ 2M SDE Karras",
    "DPM++ SDE Karras",
    "Euler a",
    "Euler",
    "DDIM",
    "UniPC",
    "LCM",
    "TCD",
)
"""Names of the samplers, as Stable Diffusion's users know them."""


_GAPS: Final = re.compile(r"[\s_-]+")


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
        plan: Denoising strength with which it draws over a planner's picture of the words where
            something is unwanted; 0 for a model that has no planner.
        carried_on: Denoising strength with which it carries a picture on beyond the edges, from
            the colours at its border: the weaker the model, the more these have to lead.
        edged: Share of a tile's steps in which it still knows the edges: some models place things
            by them, and draw grounds alone where they have none from the start.
        adapters: Hub id of image adapters that fit, with their licence behind a comma; empty where
            none are to be had.
        adapted: What image adapters add to what it can do.
        named_beside: Whether adapters and ControlNets fit it only where the settings name them for
            its family: most are for Stable Diffusion.
        faces: Whether its adapters know faces from figures.
        native: Whether it reads images itself, beside the words: weighted in its attention, not by
            an adapter.
        name: Of a known checkpoint with settings of its own, or one that the host named, its name;
            empty for the family's own.
        unet: Where its UNet lies, if not with the rest: a hub id, ``#`` and the file.
        spacing: How its sampler spaces timesteps, if not as its files say.
        distilled: Whether it knows no other steps than those that it was distilled for.
        all_steps: Whether a picture that starts from an image takes as many steps as any other,
            unless it is drawn in tiles.
        avoided: What it is told not to show besides what the prompt says.
        added: Words that go before every prompt.
        trigger: Words that wake what it was trained on, for people to type.
        clip_skip: Which layer of CLIP it reads, counted from the last as 1.
        rescale: Share of the contrast that guidance adds which is taken back.
        float8: Whether it may multiply in floating-point numbers of 8 bits, where a device can.
        velocity: Whether it predicts velocity rather than noise; None if its files say it.
        terminal: Whether its schedule ends in pure noise; None if its files say it.
        vae: Autoencoder in place of its own: a file, a folder or a hub id; empty for its own.
        worn: File of a LoRA that is always part of it, with ``|`` and a weight if not 1.
        embeddings: Files of words that it is taught besides, each called as its file is.
        base: What lends the parts that a file of its denoiser alone lacks: a folder or hub id;
            empty for the family's own checkpoint.
        structures: What it can keep of an image's structure.
        controlnets: Networks for that which fit, as ``EASEL_CONTROLNETS`` names them, with their
            licence behind a semicolon; empty where none are to be had.
        wears: Whether it can wear LoRAs.
        loras: Those that it is offered with.
        looks: All that it understands of words; empty where it reads sentences.
        taught: The styles that it was taught, beside the things and colours of the lexicon; empty
            where it reads sentences.
        sees: Whether its text encoder is a model that can be asked what pictures show.
        speaks: Whether its text encoder is a language model that can be asked for words.
        needs_image: Whether it draws from images alone.
        whole: Whether it draws pictures of any size at once, where others take them in tiles.
        upscaler: What enlarges finished pictures; None for a resampling filter.
        vocabulary: What is added to a person's words by flags that ask for it.
    """

    id: str
    title: str
    about: str
    licence: str
    model: str
    side: int
    # 8, as latents have an eighth of the side; 16 where a transformer reads them by two and two.
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
    plan: float = 0.0
    carried_on: float = 0.8
    edged: float = 0.0
    adapters: str = ""
    adapted: frozenset[Capability] = REFERENCES
    named_beside: bool = False
    faces: bool = False
    structures: tuple[StructureKind, ...] = ()
    controlnets: str = ""
    wears: bool = True
    looks: tuple[str, ...] = ()
    taught: tuple[str, ...] = ()
    sees: bool = False
    speaks: bool = False
    needs_image: bool = False
    whole: bool = False
    loras: tuple[Offered, ...] = ()
    upscaler: Upscaler | None = None
    native: bool = False
    notice: str = ""
    name: str = ""
    unet: str = ""
    spacing: str = ""
    distilled: bool = False
    all_steps: bool = False
    avoided: str = ""
    added: str = ""
    trigger: str = ""
    clip_skip: int = 1
    rescale: float = 0.0
    float8: bool = False
    velocity: bool | None = None
    terminal: bool | None = None
    vae: str = ""
    worn: str = ""
    embeddings: tuple[str, ...] = ()
    base: str = ""
    vocabulary: Vocabulary = ANY

    @property
    def learnt(self) -> tuple[str, ...]:
        """The words that it is taught besides, in lower case."""
        return tuple(Path(place).stem.lower() for place in self.embeddings)

    @property
    def called(self) -> str:
        """What it is called in settings and in ``--model``."""
        return self.name or self.id

    def answers_to(self, name: str) -> bool:
        """Whether ``--model`` with this name means it, however that is spelled."""
        # One under a name of its own answers to its family's as well.
        return normalize_model_name(name) in (
            normalize_model_name(self.called),
            normalize_model_name(self.id),
        )

    def shortens(self, strength: float) -> bool:
        """Whether a picture that starts from an image takes fewer steps at a denoising strength."""
        return 0 < strength < 1 and not (self.distilled or self.all_steps)

    def size(self, across: float, down: float) -> tuple[int, int]:
        """Width and height in pixels for the ratio ``across``:``down`` at the native area.

        Of the allowed sizes it takes the one that is nearest in ratio and area together.
        """
        # By the square root on both sides, so that the area stays what the model was trained at.
        ideal = (across / down) ** 0.5
        wide, tall = self.side * ideal, self.side / ideal
        # Never 0, whatever the ratio.
        width = max(self.multiple, round(wide / self.multiple) * self.multiple)
        height = max(self.multiple, round(tall / self.multiple) * self.multiple)
        return width, height


def normalize_model_name(name: str) -> str:
    """A model's name without what people leave out or write otherwise: case, dashes, spaces."""
    return _GAPS.sub("", name).casefold()
