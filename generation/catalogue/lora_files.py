"""What a LoRA's file is, by its header alone: how it changes weights, and of which family.

Trainers call layers by three sets of names: kohya's (``lora_unet_down_blocks_0_…``, which others
took over), those of diffusers and peft (``unet.down_blocks.0.…``), and those of a model's first
release (``diffusion_model.double_blocks.0.…``). Sizes tell families apart where names are alike.
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from generation.catalogue.headers import Header, WeightsError, read_header

Shapes = Mapping[str, tuple[int, ...]]

KINDS: Final = {
    "LoKr": r"\.lokr_w[12]",
    "LoHa": r"\.hada_w[12]_a$",
    "DoRA": r"\.dora_scale$|lora_magnitude_vector",
    "full difference": r"\.diff(_b)?$",
    "LoRA": r"lora",
}
"""How weights are changed, and what names of tensors tell it; the first that is found counts."""

ADDED: Final = frozenset({"LoKr", "LoHa", "DoRA", "full difference"})
"""Kinds that are added to the weights themselves, as they are no product of two thin matrices."""

_UNDRAWN: Final = {
    "an OFT": r"\.oft_(blocks|diag|R)",
    "an IA3": r"\.on_input$|\.ia3_l",
    "a GLoRA": r"\.[ab][12]\.weight$",
    "a LyCORIS for norms": r"\.w_norm$",
}
"""Kinds of change that Easel does not draw with, and what tells them."""

PARTS: Final = re.compile(
    r"[._](?:lora_(?:down|up|mid|A|B)(?:\.\w+)?\.weight"
    r"|lora(?:_linear_layer)?\.(?:down|up)\.weight"
    r"|proj_lora\d\.(?:down|up)\.weight|qkv_lora\d\.(?:down|up)\.weight"
    r"|lora_[AB]|lora_magnitude_vector(?:\.weight)?|dora_scale|alpha"
    r"|hada_w[12]_[ab]|hada_t[12]|lokr_w[12](?:_[ab])?|lokr_t2|diff_b|diff)$"
)
"""What a tensor's name ends in, behind the layer's."""


@dataclass(frozen=True, slots=True)
class LoraFile:
    """What a file of changes to weights is.

    Attributes:
        kind: How it changes them, one of ``KINDS``.
        rank: Of the largest change; 0 where that has none.
        families: Ids of the families that it may be of; empty where nothing tells.
        words: Words that it was trained with, the commonest first.
    """

    kind: str
    rank: int = 0
    families: frozenset[str] = frozenset()
    words: tuple[str, ...] = ()

    def fits(self, family: str) -> bool:
        """Whether it can be of a family, as far as the header tells."""
        return not self.families or family in self.families


def read_lora_file(path: Path) -> LoraFile:
    """What a file is, by its header.

    Raises:
        WeightsError: It is damaged, no LoRA, or of a kind that Easel does not draw with.
    """
    return tell_lora(path.name, read_header(path))


def tell_lora(name: str, header: Header) -> LoraFile:
    """As ``read_lora_file``, of a header that was read."""
    shapes = header.shapes
    for says, mark in _UNDRAWN.items():
        if _any_has(shapes, mark):
            raise WeightsError(
                f"{name} is {says}, which Easel does not draw with; take a LoRA, LoHa or LoKr"
            )
    kind = next((kind for kind, mark in KINDS.items() if _any_has(shapes, mark)), None)
    if kind is None:
        raise WeightsError(f"{name} is no LoRA; take the file of one")
    return LoraFile(kind, _find_rank(shapes), _tell_families(shapes), _list_words(header.metadata))


def _any_has(shapes: Shapes, pattern: str) -> bool:
    told = re.compile(pattern)
    return any(told.search(key) for key in shapes)


def _find_rank(shapes: Shapes) -> int:
    down = re.compile(r"(lora_down\.weight|lora_A(\.\w+)?\.weight|\.down\.weight|hada_w1_b)$")
    thin = [shape[0] for key, shape in shapes.items() if down.search(key) and shape]
    return max(thin, default=0)


_FLUX: Final = frozenset({"flux1-dev", "flux1-kontext", "chroma"})
_FLUX_2: Final = frozenset({"flux2-klein", "flux2-dev"})
_QWEN: Final = frozenset({"qwen-image", "qwen-image-edit"})

_UNETS: Final = frozenset({"sd15", "sdxl", "sd2"})

_NAMES: Final[tuple[tuple[str, frozenset[str]], ...]] = (
    (r"img_mod[._]|txt_mlp[._]|img_mlp[._][^02]", _QWEN),
    (
        r"double_stream_modulation|to_qkv_mlp_proj|single_stream_modulation|ff[._]linear_in",
        _FLUX_2,
    ),
    (
        r"noise_refiner|context_refiner|cap_embedder|layers[._]\d+[._]attention[._]",
        frozenset({"z-image"}),
    ),
    (r"single_transformer_blocks[._]\d+[._](proj_mlp|norm|attn)", _FLUX),
    (r"lora_te2_text_model|text_encoder_2\.(text_model\.)?encoder\.layers", frozenset({"sdxl"})),
    (r"label_emb|add_embedding", frozenset({"sdxl"})),
    (r"joint_blocks|context_block", frozenset({"sd3"})),
    (r"(^|[._])blocks[._]\d+[._](cross_attn|self_attn)", frozenset({"wan"})),
)
"""What only one family calls so, in whichever way names are written.

The ids of some families that Easel does not draw with are among them.
"""

_READS: Final = {768: "sd15", 1024: "sd2", 2048: "sdxl"}
"""Width of the text that a UNet reads."""


def _tell_families(shapes: Shapes) -> frozenset[str]:
    told = next((families for pattern, families in _NAMES if _any_has(shapes, pattern)), None)
    if told is not None:
        return told
    for key, shape in shapes.items():
        down = re.search(r"attn2[._]to_[kv][._].*(down|lora_A)[\w.]*$", key)
        if down and shape[1] in _READS:
            return frozenset({_READS[shape[1]]})
    if _any_has(shapes, r"(down|up|input|output)_blocks|mid(dle)?_block"):
        return _UNETS
    if _any_has(shapes, r"(single|double)_blocks[._]\d"):
        return _tell_flux(shapes)
    if _any_has(shapes, r"(^|transformer[._])transformer_blocks[._]\d+[._]attn[._]"):
        return _FLUX | _QWEN | _FLUX_2
    return frozenset()


def _tell_flux(shapes: Shapes) -> frozenset[str]:
    """FLUX.1 or FLUX.2 in their first names, which are alike: widths of the fused layers differ."""
    for key, shape in shapes.items():
        fused = re.search(r"single_blocks[._]\d+[._]linear1\W.*(up|lora_B)[\w.]*$", key)
        if fused and len(shape) > 1 and shape[0] % 3072 == 0:
            # Queries, keys, values and the way up: seven times the width, or nine gated.
            widest = shape[0] == 9 * 6144
            second = frozenset({"flux2-dev" if widest else "flux2-klein"})
            return _FLUX if shape[0] == 7 * 3072 else second
    return _FLUX | _FLUX_2


def _list_words(metadata: Mapping[str, str], most: int = 8) -> tuple[str, ...]:
    """Words of training, by what trainers write into the metadata."""
    if stated := metadata.get("modelspec.trigger_phrase", "").strip():
        return (stated,)
    try:
        counted = json.loads(metadata.get("ss_tag_frequency") or "{}")
        folders = [tags.items() for tags in counted.values()]
    except (ValueError, AttributeError):
        return ()
    tags: dict[str, float] = {}
    for tag, count in (each for folder in folders for each in folder):
        if isinstance(count, int | float):
            tags[tag.strip()] = tags.get(tag.strip(), 0) + count
    return tuple(sorted(tags, key=lambda tag: (-tags[tag], tag))[:most])


def list_layers(names: Iterable[str]) -> dict[str, list[str]]:
    """Names of tensors by the layer that each changes; those that change none are left out."""
    layers: dict[str, list[str]] = {}
    for name in names:
        if found := PARTS.search(name):
            layers.setdefault(name[: found.start()], []).append(name)
    return layers
