"""Which layers of a loaded model the names in a LoRA's file mean.

Most names are the layer's own, written in one of several ways. Those of a model's first release
diffusers knows how to translate, layers that it splits included. Its translations take whole LoRAs,
so each such name is sent through as a LoRA of rank 1 that carries numbers: which layer of the file
it was, and which rows of it went where.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import torch
from torch import Tensor, nn

from generation.catalogue.lora_files import PARTS

_LEADS: Final[tuple[tuple[str, str], ...]] = (
    ("lora_te2_", "text_encoder_2"),
    ("lora_te1_", "text_encoder"),
    ("lora_te_", "text_encoder"),
    ("text_encoder_2.", "text_encoder_2"),
    ("text_encoder.", "text_encoder"),
    ("base_model.model.", ""),
    ("model.diffusion_model.", ""),
    ("diffusion_model.", ""),
    ("lora_unet_", ""),
    ("lora_transformer_", ""),
    ("lycoris_", ""),
    ("transformer.", ""),
    ("unet.", ""),
)
"""What names begin with, and the part that is meant; the denoiser where that is empty."""

FAULTS: Final = (ValueError, KeyError, RuntimeError, TypeError, IndexError, AttributeError)
"""What diffusers and peft raise for weights that do not fit; they have no types of their own."""

_PREFIXES: Final = ("base_model.model.", "model.diffusion_model.", "diffusion_model.")


@dataclass(frozen=True, slots=True)
class Target:
    """One layer that a layer of a file changes.

    Attributes:
        part: Name of the pipeline's part.
        path: Name of the layer in it.
        rows: Which rows of the file's layer it takes; None for all.
    """

    part: str
    path: str
    rows: Tensor | None = None


Sizes = Mapping[str, tuple[int, ...]]
"""Shape of the difference, (out, in, …), by the layer's name in the file."""


class Layers:
    """The layers of a pipeline, found by any of their names.

    Args:
        pipe: The pipeline, wearing nothing.
    """

    def __init__(self, pipe: Any) -> None:  # noqa: ANN401 - diffusers has no types
        self._pipe = pipe
        self._denoiser = "unet" if hasattr(pipe, "unet") else "transformer"
        self._paths = {
            part: {
                _flatten(path): path
                for path, layer in module.named_modules()
                if isinstance(getattr(layer, "weight", None), Tensor)
            }
            for part in (self._denoiser, "text_encoder", "text_encoder_2")
            if isinstance(module := getattr(pipe, part, None), nn.Module)
        }

    def find(self, sizes: Sizes) -> dict[str, list[Target]]:
        """What each layer of a file changes; those that are not found are left out."""
        found = {name: [one] for name in sizes if (one := self._find_one(name))}
        rest = {name: size for name, size in sizes.items() if name not in found}
        return found | (self._translate(rest) if rest else {})

    def get_layer(self, target: Target) -> Any:  # noqa: ANN401 - whatever has weights
        """The layer itself."""
        return getattr(self._pipe, target.part).get_submodule(target.path)

    def _find_one(self, name: str) -> Target | None:
        rest, part = name, self._denoiser
        for lead, meant in _LEADS:
            if rest.startswith(lead):
                rest, part = rest.removeprefix(lead), meant or self._denoiser
                # A file of peft may name a part behind its own beginning.
                if lead != "base_model.model.":
                    break
        return self._look_up(part, rest)

    def _look_up(self, part: str, name: str) -> Target | None:
        paths = self._paths.get(part, {})
        flat = _flatten(name)
        for tried in (flat, flat.removeprefix("text_model_"), f"text_model_{flat}", f"{flat}_0"):
            if tried in paths:
                return Target(part, paths[tried])
        return None

    def _translate(self, sizes: Sizes) -> dict[str, list[Target]]:
        """As diffusers translates names of a model's first release."""
        names = list(sizes)
        for write in (_write_kohya, _write_dotted):
            probe: dict[str, Tensor] = {}
            for number, name in enumerate(names, 1):
                down, up = _number(number, sizes[name])
                probe |= write(_strip(name), down, up)
            if found := self._read(self._convert(probe), names):
                return found
        return {}

    def _convert(self, probe: dict[str, Tensor]) -> Mapping[str, Tensor]:
        options = {"unet_config": self._pipe.unet.config} if self._denoiser == "unet" else {}
        try:
            given = self._pipe.lora_state_dict(probe, **options)
        # A name that no translation knows has no error of its own.
        except FAULTS:
            return {}
        made: Mapping[str, Tensor] = given[0] if isinstance(given, tuple) else given
        return made

    def _read(self, made: Mapping[str, Tensor], names: Sequence[str]) -> dict[str, list[Target]]:
        ups = {PARTS.sub("", key): one for key, one in made.items() if _is_up(key)}
        found: dict[str, list[Target]] = {}
        for key, down in made.items():
            base = PARTS.sub("", key)
            if _is_up(key) or base not in ups:
                continue
            part, _, rest = base.partition(".")
            target = self._look_up(part, rest)
            number, rows = round(float(down.flatten()[0])), ups[base].flatten().round().long()
            if target is None or not 0 < number <= len(names):
                continue
            found.setdefault(names[number - 1], []).append(Target(part, target.path, rows))
        return found


def _flatten(name: str) -> str:
    return re.sub(r"\.processor\b", "", name).replace(".", "_")


def _is_up(key: str) -> bool:
    return re.search(r"(lora_B(\.\w+)?\.weight|[._]up\.weight)$", key) is not None


def _number(number: int, size: tuple[int, ...]) -> tuple[Tensor, Tensor]:
    """A LoRA of rank 1 whose way down says which it is, and whose way up counts its rows."""
    out, *into = size
    up = torch.arange(out, dtype=torch.float32)
    return torch.full((1, *into), float(number)), up.reshape(out, *[1] * max(1, len(into)))


def _strip(name: str) -> str:
    for lead in _PREFIXES:
        name = name.removeprefix(lead)
    return name


def _write_kohya(name: str, down: Tensor, up: Tensor) -> dict[str, Tensor]:
    flat = name if name.startswith("lora_") else "lora_unet_" + name.replace(".", "_")
    return {
        f"{flat}.lora_down.weight": down,
        f"{flat}.lora_up.weight": up,
        f"{flat}.alpha": torch.tensor(1.0),
    }


def _write_dotted(name: str, down: Tensor, up: Tensor) -> dict[str, Tensor]:
    base = f"diffusion_model.{name}"
    return {f"{base}.lora_A.weight": down, f"{base}.lora_B.weight": up}
