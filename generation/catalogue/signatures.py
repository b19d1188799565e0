"""Signatures: what is in a file of weights, told by its tensors' names and shapes.

The names are those that a model's first release gave its tensors, which files for sharing keep
(CompVis's for Stable Diffusion, Black Forest Labs' for FLUX). Structure goes before sizes,
and sizes are asked where names are the same.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from generation.catalogue.gguf_headers import KIND as GGUF
from generation.catalogue.gguf_headers import OTHER, read_gguf
from generation.catalogue.headers import Header, WeightsError, read_header
from generation.catalogue.scaled_fp8 import can_be_widened, stands_beside

UNET: Final = "model.diffusion_model."
"""What the denoiser's tensors begin with, in files that hold more than it."""

CLIP: Final = "cond_stage_model.transformer."
OPEN_CLIP: Final = "cond_stage_model.model."
CLIP_XL: Final = "conditioner.embedders.0.transformer."
OPEN_CLIP_XL: Final = "conditioner.embedders.1.model."
REFINER: Final = "conditioner.embedders.0.model."
VAE: Final = "first_stage_model."

_TAKE: Final = "; `easel models` lists what Easel draws with"


class UndrawnError(WeightsError):
    """A file that is whole, and holds nothing that Easel could draw with."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What a file of weights is.

    Attributes:
        family: Id of the family, or name of the variant, that draws with it.
        whole: Whether text encoders and autoencoder are in it, or the denoiser alone.
        velocity: Whether it predicts velocity (Salimans and Ho 2022) rather than noise.
        terminal: Whether its schedule was made to end in pure noise (Lin et al. 2023, arXiv
            2305.08891).
        lacks: Parts of a whole file that are not in it.
    """

    family: str
    whole: bool = True
    velocity: bool = False
    terminal: bool = False
    lacks: tuple[str, ...] = ()


def read_signature(path: Path) -> Signature:
    """What a safetensors or GGUF file is, by its header.

    Raises:
        WeightsError: It cannot be read, or is cut short.
        UndrawnError: It holds something that Easel does not draw with; the text says what.
    """
    if path.suffix.lower() != GGUF:
        return tell_signature(path.name, read_header(path))
    header = read_gguf(path)
    found = tell_signature(path.name, header)
    if OTHER in header.formats.values():
        raise UndrawnError(
            f"{path.name} is quantised in a way that Easel does not read; take one of Q4 to Q8"
        )
    if found.whole:
        raise UndrawnError(
            f"{path.name} is a UNet in GGUF, and Easel reads transformers alone so; take its"
            " safetensors version"
        )
    return found


def tell_signature(name: str, header: Header) -> Signature:
    """As ``read_signature``, of a header that was read."""
    shapes = header.shapes
    if f"{UNET}input_blocks.0.0.weight" in shapes:
        return _tell_diffusion(name, header)
    bare = {key.removeprefix(UNET): shape for key, shape in shapes.items()}
    for told, family in _TRANSFORMERS:
        if told(bare):
            _refuse_quantised(name, header)
            return Signature(_tell_twin(name, family), whole=False)
    for told, says in _OTHERS:
        if told(bare):
            raise UndrawnError(f"{name} {says}")
    _refuse_quantised(name, header)
    raise UndrawnError(f"{name} holds none of the models that Easel knows{_TAKE}")


TWINS: Final[tuple[frozenset[str], ...]] = (
    frozenset({"flux1-dev", "flux1-kontext"}),
    frozenset({"qwen-image", "qwen-image-edit"}),
)
"""Families whose transformers have the same tensors: a file of one fits the others, too."""


def _tell_twin(name: str, family: str) -> str:
    """Which of some families with the same tensors a file is of; only its name tells that."""
    said = name.lower().replace("_", "-")
    if family == "flux1-dev" and "kontext" in said:
        return "flux1-kontext"
    if family == "qwen-image-edit" and "qwen-image" in said and "edit" not in said:
        return "qwen-image"
    return family


Shapes = dict[str, tuple[int, ...]]


def _begins(*starts: str) -> Callable[[Shapes], bool]:
    return lambda shapes: any(key.startswith(starts) for key in shapes)


def _contains(*parts: str) -> Callable[[Shapes], bool]:
    return lambda shapes: any(part in key for key in shapes for part in parts)


def _has(key: str, *, inputs: int = 0) -> Callable[[Shapes], bool]:
    """Whether there is such a tensor, with so many inputs if a number is given."""
    return lambda shapes: key in shapes and (not inputs or shapes[key][1] == inputs)


def _all(*told: Callable[[Shapes], bool]) -> Callable[[Shapes], bool]:
    return lambda shapes: all(one(shapes) for one in told)


def _none(told: Callable[[Shapes], bool]) -> Callable[[Shapes], bool]:
    return lambda shapes: not told(shapes)


_FLUX: Final = _has("double_blocks.0.img_attn.qkv.weight")
_FLUX_2: Final = _has("single_stream_modulation.lin.weight")
_CHROMA: Final = _begins("distilled_guidance_layer.")
_PLAIN_FLUX: Final = _all(_FLUX, _none(_FLUX_2), _none(_CHROMA))
_OTHER_FLUX: Final = _all(
    _PLAIN_FLUX, lambda shapes: shapes.get("img_in.weight", (0, 0))[1] in {96, 128, 384}
)

_TRANSFORMERS: Final[tuple[tuple[Callable[[Shapes], bool], str], ...]] = (
    (_all(_PLAIN_FLUX, _none(_OTHER_FLUX), _begins("guidance_in.")), "flux1-dev"),
    (_all(_PLAIN_FLUX, _none(_OTHER_FLUX)), "flux1-schnell"),
    (_all(_FLUX, _CHROMA, _none(_begins("nerf_"))), "chroma"),
    # FLUX.2 dev has guidance as an input.
    (_all(_FLUX_2, _begins("guidance_in.")), "flux2-dev"),
    (_FLUX_2, "flux2-klein"),
    (
        _all(
            _begins("noise_refiner.0."),
            _begins("cap_embedder."),
            _has("layers.0.adaLN_modulation.0.weight"),
            _none(_begins("control_layers.")),
        ),
        "z-image",
    ),
    (
        _all(_has("txt_norm.weight"), _begins("transformer_blocks.0.img_mod.")),
        "qwen-image-edit",
    ),
)
"""Denoisers that come in files of their own, and their families."""

_OTHERS: Final[tuple[tuple[Callable[[Shapes], bool], str], ...]] = (
    (
        _contains(
            "lora_up.",
            "lora_down.",
            "lora_A.",
            "lora_B.",
            ".lora.",
            "hada_w1",
            "lokr_w",
            "oft_",
            "lora_unet_",
            "lora_te",
        ),
        "is a LoRA, no model; name it in EASEL_LORAS",
    ),
    (
        _begins("control_model.", "controlnet_", "input_hint_block.", "control_layers."),
        "is a ControlNet, no model; name one in the diffusers layout in EASEL_CONTROLNETS",
    ),
    (
        _begins("image_proj.", "ip_adapter."),
        "is an image adapter, no model; name its folder in EASEL_ADAPTERS",
    ),
    (
        _begins("adapter.body.", "body.0.resnets.", "body.0.block1."),
        "is a T2I-Adapter, no model; name it in EASEL_CONTROLNETS",
    ),
    (
        # Its own name may be anything, and there is nothing but its few vectors.
        lambda shapes: (
            bool({"emb_params", "string_to_param", "clip_l", "clip_g"} & shapes.keys())
            or [len(shape) for shape in shapes.values()] == [2]
        ),
        "is a textual-inversion embedding, no model; put the model that it is for in its place",
    ),
    (
        _begins(
            "first_stage_model.",
            "encoder.conv_in.",
            "decoder.conv_in.",
            "vae.",
            "encoder.down_blocks.",
            "decoder.layers.",
            "encoder.conv1.",
        ),
        "is an autoencoder alone, no model; a model's settings name it as vae",
    ),
    (
        _begins("joint_blocks.0."),
        f"is Stable Diffusion 3, which Easel does not draw with{_TAKE}",
    ),
    (_CHROMA, f"is a Chroma that draws pixels, which Easel does not draw with{_TAKE}"),
    (
        _OTHER_FLUX,
        (
            "is a FLUX.1 for filling in, depth or edges, which Easel does not draw with; take"
            " flux1-dev or flux1-schnell"
        ),
    ),
    (
        _all(_begins("down_blocks.0."), _has("conv_in.weight", inputs=4)),
        (
            "is a UNet alone, in the layout of diffusers; take the whole model, or put it into the"
            " unet/ of the model's folder"
        ),
    ),
    (
        _has("conv_in.weight", inputs=9),
        (
            "is an inpainting UNet, and Easel repaints with every model as it is; take the"
            " plain model"
        ),
    ),
    (
        _begins(
            "text_model.",
            "encoder.block.0.",
            "model.layers.0.",
            "transformer.resblocks.",
            "language_model.",
            "visual.",
            "vision_model.",
            "enc.blk.",
            "blk.0.",
        ),
        "is a text encoder alone; take the whole model",
    ),
    (
        _begins(
            "conv_first.",
            "model.0.weight",
            "model.1.sub.",
            "layers.0.residual_group.",
            "before_RG.",
            "body.0.weight",
            "params.",
            "params_ema.",
            "upconv1.",
        ),
        "is an upscaler, no model; name it in EASEL_UPSCALER",
    ),
    (
        _contains("motion_modules.", "temporal_transformer."),
        f"is a motion module for films, which Easel does not draw{_TAKE}",
    ),
    (
        _begins("1.weight", "3.conv.0.weight"),
        "is half of a decoder for previews, no model; name the whole in EASEL_PREVIEW",
    ),
    (
        _begins("input_blocks.0.0."),
        "is a UNet alone, under its first names; take the whole model's safetensors file",
    ),
    (
        _contains(".qweight", ".wscales"),
        "is quantised in a way that Easel does not read; take its 16-bit version",
    ),
    (
        _begins(
            "cap_embedder.",
            "blocks.0.",
            "single_blocks.0.",
            "double_layers.",
            "joint_layers.",
            "transformer_blocks.0.",
            "adaln_single.",
            "clip_txt_mapper.",
            "patch_embedding.",
            "double_stream_blocks.",
            "stylegan_decoder.",
            "model.double_layers.",
        ),
        f"is of a family that Easel does not draw with{_TAKE}",
    ),
)
"""Files of other kinds, the surest signs first, and what to say of each."""

_CONTEXT: Final = {768: "sd15", 1024: "sd2", 2048: "sdxl", 1280: "refiner"}
"""The kind of UNet by the width of the text that it reads, where its encoder is not in the file."""

_UNDRAWN: Final = {
    "sd2": f"is Stable Diffusion 2, which Easel does not draw with{_TAKE}",
    "refiner": "is SDXL's refiner, which draws nothing by itself; take the base model, or a"
    " fine-tune of it",
}

EDITING: Final = 8
"""Input channels of a UNet that sees an image beside its noise (InstructPix2Pix)."""

_NOT: Final = f", which Easel does not draw with{_TAKE}"

_CHANNELS: Final = {
    9: "is an inpainting model, and Easel repaints with every model as it is; take the"
    " plain version",
    7: f"is an upscaling model, which Easel does not draw with{_TAKE}",
    5: f"is a depth-to-image model, which Easel does not draw with{_TAKE}",
}
"""What UNets of other than four input channels are."""


def _tell_diffusion(name: str, header: Header) -> Signature:
    """What a file with a UNet in Stable Diffusion's first names is."""
    shapes = header.shapes
    _refuse_quantised(name, header)
    if any(".time_stack." in key for key in shapes):
        raise UndrawnError(f"{name} is a model of films{_NOT}")
    channels = shapes[f"{UNET}input_blocks.0.0.weight"][1]
    if channels not in {4, EDITING}:
        other = f"is a model of {channels} input channels, which Easel does not draw with{_TAKE}"
        raise UndrawnError(f"{name} {_CHANNELS.get(channels, other)}")
    kind = _tell_unet(shapes)
    if kind in _UNDRAWN:
        raise UndrawnError(f"{name} {_UNDRAWN[kind]}")
    if "edm_mean" in shapes:
        raise UndrawnError(f"{name} is Playground 2.5, which Easel does not draw with{_TAKE}")
    if channels == EDITING:
        if kind != "sd15":
            raise UndrawnError(f"{name} is an instruct-pix2pix model of Stable Diffusion XL{_NOT}")
        kind = "instruct-pix2pix"
    encoders = {"sdxl": (CLIP_XL, OPEN_CLIP_XL)}.get(kind, (CLIP,))
    lacks = [] if all(_any_begins(shapes, one) for one in encoders) else ["text encoder"]
    lacks += [] if _any_begins(shapes, f"{VAE}decoder.") else ["autoencoder"]
    terminal = "ztsnr" in shapes
    # Both keys stand in the files of merges for this alone; trainers write it into the metadata.
    said = header.metadata.get("modelspec.prediction_type", "")
    velocity = "v_pred" in shapes or said.startswith("v") or terminal
    return Signature(kind, velocity=velocity, terminal=terminal, lacks=tuple(lacks))


def _tell_unet(shapes: Mapping[str, tuple[int, ...]]) -> str:
    """The kind of a UNet with four input channels: ``sd15``, ``sdxl``, ``sd2`` or ``refiner``."""
    widths = (shape[1] for key, shape in shapes.items() if key.endswith("attn2.to_k.weight"))
    width = next(widths, 0)
    # Sizes and crops are an input of XL alone.
    if f"{UNET}label_emb.0.0.weight" in shapes:
        refines = _any_begins(shapes, REFINER) or _CONTEXT.get(width) == "refiner"
        return "refiner" if refines else "sdxl"
    later = _any_begins(shapes, OPEN_CLIP) or _CONTEXT.get(width) == "sd2"
    return "sd2" if later else "sd15"


def _any_begins(names: Iterable[str], start: str) -> bool:
    return any(name.startswith(start) for name in names)


_QUANTISED: Final = (".quant_state.", ".absmax")
"""Parts of the names of tensors that only the program which quantised the file understands."""


_INTEGERS: Final = frozenset({"I8", "I16", "I32", "I64", "U8", "U16", "U32", "U64", "BOOL"})
"""Formats that weights have only where a program packs them, or by mistake."""


def _refuse_quantised(name: str, header: Header) -> None:
    scaled = any(map(stands_beside, header.shapes))
    # Whole files are read by diffusers, which takes factors for weights of no layer.
    read = can_be_widened(header) and f"{UNET}input_blocks.0.0.weight" not in header.shapes
    whole = any(
        header.formats.get(key) in _INTEGERS for key in header.shapes if key.endswith(".weight")
    )
    known = any(part in key for key in header.shapes for part in _QUANTISED)
    if known or whole or (scaled and not read):
        raise UndrawnError(
            f"{name} is quantised in a way that Easel does not read; take its 16-bit version"
        )
