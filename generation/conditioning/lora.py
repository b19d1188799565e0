"""LoRAs on a loaded model (Hu et al. 2021), applied before a job and removed for the next.

diffusers and peft apply those that are two thin matrices beside each layer. What is no such product
(LoHa, LoKr, whole differences, DoRA's norms) is added to the weights, whose own are kept meanwhile.
A model without any is the very one that was loaded, layer for layer and bit for bit.
"""

import re
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any, Final

import structlog
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor, nn

from generation.catalogue.card import Card
from generation.catalogue.headers import WeightsError
from generation.catalogue.lora_files import ADDED, list_layers, read_lora_file
from generation.catalogue.loras import Offered
from generation.conditioning.cache import TextCache
from generation.conditioning.lora_deltas import (
    compute_delta,
    measure_delta,
    turn_to_norms,
)
from generation.conditioning.lora_layers import FAULTS, Layers, Target
from generation.recipe import Lora
from generation.tensors.memory import is_out_of_memory
from storage.queue.jobs import RenderError

_TEXT: Final = "lora_te"
"""How kohya's names of text encoders' layers begin."""

_WAYS: Final = {"A": "down", "B": "up"}

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Loras:
    """The LoRAs that one pipeline can be changed by.

    Attributes:
        pipe: The pipeline.
        known: What there is, by name.
        files: Their files, by name.
        texts: The engine's embeddings, which a LoRA on a text encoder makes stale.
        applied: Those that are applied now.
        kept: Weights that something was added to, and what they were.
    """

    pipe: Any
    known: Mapping[str, Offered]
    files: Mapping[str, Path]
    texts: TextCache
    applied: tuple[Lora, ...] = ()
    kept: dict[int, tuple[Tensor, Tensor]] = field(default_factory=dict)

    def apply(self, wanted: Sequence[Lora]) -> None:
        """Have these change the pipeline, and nothing else.

        Raises:
            RenderError: ``lora`` if one is not there, is another file by now, or does not fit.
        """
        # The next job mostly wants the same, and reading files would delay each.
        if self.applied == tuple(wanted):
            return
        self.remove()
        self.texts.clear()
        # Asked before any is loaded, so that a missing one leaves the plain model.
        if any(not self._has(one) for one in wanted):
            raise RenderError("lora")
        try:
            self._wear(wanted)
        # A cancellation may come between two LoRAs, and half of them must not draw the next job.
        except BaseException:
            self.remove(whatever=True)
            raise
        self.applied = tuple(wanted)

    def remove(self, *, whatever: bool = False) -> None:
        """Have nothing change the pipeline.

        Args:
            whatever: Also where nothing is known to be applied.
        """
        # First, so that they are put back whatever becomes of the rest.
        for weight, own in self.kept.values():
            weight.data.copy_(own)
        self.kept.clear()
        if self.applied or whatever:
            self.pipe.unload_lora_weights()
            self.texts.clear()
        self.applied = ()

    def _has(self, lora: Lora) -> bool:
        """Whether this is the very file that the recipe was made for."""
        # A recipe without a version takes whichever file has the name today.
        there = self.known.get(lora.name)
        return there is not None and lora.version in ("", there.source.version)

    def _wear(self, wanted: Sequence[Lora]) -> None:
        thin = []
        # Added to the plain layers, before peft puts its own in their places.
        for one in wanted:
            if self._is_added(one.name):
                self._add(one)
            else:
                thin.append(one)
        # Numbered, since people's names may have dots, which PyTorch does not allow in a module's.
        slots = [f"lora{place}" for place in range(len(thin))]
        for slot, one in zip(slots, thin, strict=True):
            self._load(slot, one.name)
        if slots:
            # For a single one as well: loading alone gives it the weight 1.
            self.pipe.set_adapters(slots, [one.weight for one in thin])

    def _is_added(self, name: str) -> bool:
        try:
            # diffusers leaves DoRA's norms out, and draws the rest as if it were a LoRA.
            return read_lora_file(self.files[name]).kind in ADDED
        except WeightsError as error:
            _log.warning("lora refused", name=name, error=str(error))
            raise RenderError("lora") from error

    def _add(self, lora: Lora) -> None:
        """Add what a file changes to the weights themselves."""
        try:
            weights = load_file(self.files[lora.name])
            layers, parts = Layers(self.pipe), _split_layers(weights)
            found = layers.find({name: measure_delta(one) for name, one in parts.items()})
            with torch.inference_mode():
                for name, targets in found.items():
                    for target in targets:
                        self._change(layers.get_layer(target), target, parts[name], lora.weight)
        except (*FAULTS, SafetensorError) as error:
            _require_memory(error)
            _log.warning("lora refused", name=lora.name, error=str(error)[:200])
            raise RenderError("lora") from error
        if not found:
            _log.warning("lora refused", name=lora.name, error="it changes no layer")
            raise RenderError("lora")

    def _change(
        self, layer: nn.Module, target: Target, parts: Mapping[str, Tensor], share: float
    ) -> None:
        weight, own = self._keep(layer, "weight")
        here = {key: one.to(weight.device) for key, one in parts.items()}
        delta, norms, rows = compute_delta(here), here.get("norms"), target.rows
        if rows is not None:
            rows = rows.to(weight.device)
            norms = norms[rows] if norms is not None and len(norms) == len(delta) else norms
            delta = delta[rows]
        delta = delta.reshape(weight.shape)
        if norms is not None:
            delta = turn_to_norms(own.to(weight.device), delta, norms)
        weight.data.copy_(weight.float() + share * delta)
        if "diff_b" in here:
            bias, _ = self._keep(layer, "bias")
            bias.data.copy_(bias.float() + share * here["diff_b"].float().reshape(bias.shape))

    def _keep(self, layer: nn.Module, name: str) -> tuple[Tensor, Tensor]:
        """A layer's weights, and what they are without anything added."""
        weight = getattr(layer, name)
        # What a layer makes anew each time is no parameter: what is added to it would be lost.
        plain = isinstance(weight, nn.Parameter) and type(weight.data) is Tensor
        if not plain or weight.dtype.itemsize < 2:
            raise ValueError("weights of fewer bits cannot be added to")
        if id(weight) not in self.kept:
            # In the machine's memory: a card that the model fills has no room for them.
            self.kept[id(weight)] = weight, weight.data.to("cpu", copy=True)
        return weight, self.kept[id(weight)][1]

    def _load(self, slot: str, name: str) -> None:
        """Load one file as a LoRA.

        Where diffusers cannot read its names they are written as the layers are called. What
        trainers say of text encoders is not always whole, and diffusers then refuses all of it; the
        denoiser's part, which is most of it, works without.
        """
        weights = load_file(self.files[name])
        drawing = {key: tensor for key, tensor in weights.items() if not key.startswith(_TEXT)}
        plain = [weights, drawing] if 0 < len(drawing) < len(weights) else [weights]
        # Renamed only where that is needed: what diffusers reads by itself it has always drawn so.
        attempts: Iterable[Callable[[], dict[str, Tensor]]] = chain(
            (partial(dict, one) for one in plain), [partial(self._rename, weights)]
        )
        for number, attempt in enumerate(attempts, 1):
            try:
                # peft warns of a second LoRA, which is meant here.
                with warnings.catch_warnings(action="ignore", category=UserWarning):
                    self.pipe.load_lora_weights(attempt(), adapter_name=slot)
            except FAULTS as error:
                _require_memory(error)
                _log.warning("lora refused", name=name, attempt=number, error=str(error)[:200])
            else:
                if self._wears(slot):
                    return
                _log.warning("lora refused", name=name, attempt=number, error="changes no layer")
            self._discard(slot)
        raise RenderError("lora")

    def _rename(self, weights: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """The same under peft's names, each layer's strength multiplied in."""
        layers, made = Layers(self.pipe), dict[str, Tensor]()
        parts = _split_layers(weights)
        sizes = {name: measure_delta(one) for name, one in parts.items()}
        for name, targets in layers.find(sizes).items():
            down, up = parts[name]["down"], parts[name]["up"]
            scale = float(parts[name]["alpha"]) / len(down) if "alpha" in parts[name] else 1.0
            for target in targets:
                rows = up if target.rows is None else up[target.rows]
                fits = layers.get_layer(target).weight.shape
                if (rows.shape[0], down.shape[1]) != tuple(fits[:2]):
                    raise ValueError(f"{name} is of another size than the model's layer")
                lead = f"{target.part}.{target.path}"
                made[f"{lead}.lora_A.weight"] = down.contiguous()
                made[f"{lead}.lora_B.weight"] = (rows * scale).contiguous()
        return made

    def _wears(self, slot: str) -> bool:
        """Whether any layer has what was loaded."""
        parts = (one for one in self.pipe.components.values() if isinstance(one, nn.Module))
        return any(slot in getattr(one, "lora_A", {}) for part in parts for one in part.modules())

    def _discard(self, slot: str) -> None:
        """Take off what an attempt put on before it failed."""
        for part in self.pipe.components.values():
            if slot in getattr(part, "peft_config", {}):
                part.delete_adapters(slot)


def _name_part(key: str, layer: str) -> str:
    """What a tensor is in a layer's change."""
    rest = key[len(layer) :].strip("._").removesuffix(".weight")
    if way := re.search(r"(down|up|mid)$", rest):
        return way[1]
    if way := re.fullmatch(r"lora_([AB])(\.\w+)?", rest):
        return _WAYS[way[1]]
    return "norms" if rest in {"dora_scale", "lora_magnitude_vector"} else rest


def load_loras(
    pipe: Any,  # noqa: ANN401 - diffusers has no types
    card: Card,
    texts: TextCache,
) -> Loras | None:
    """The LoRAs of a card for a loaded pipeline; None where there are none.

    Args:
        pipe: The pipeline.
        card: Offers the LoRAs.
        texts: The engine's embeddings.

    Raises:
        OSError: A file cannot be had; the text is its name.
        WeightsError: A file does not fit the card's family; the text is one sentence.
    """
    if not card.loras:
        return None
    known = {one.name: one for one in card.loras}
    files = {name: _find(one) for name, one in known.items()}
    for name, file in files.items():
        if not read_lora_file(file).fits(card.id):
            raise WeightsError(f"the LoRA {name} of EASEL_LORAS is not made for {card.title}")
    return Loras(pipe, known, files, texts)


def _find(one: Offered) -> Path:
    try:
        return one.source.find()
    except OSError as error:
        raise OSError(one.name) from error


def _split_layers(weights: Mapping[str, Tensor]) -> dict[str, dict[str, Tensor]]:
    """A file's tensors by layer, and there by what they are."""
    return {
        name: {_name_part(key, name): weights[key] for key in keys}
        for name, keys in list_layers(weights).items()
    }


def _require_memory(error: Exception) -> None:
    """Goes on if it was not for want of memory, which no file is to blame for.

    Raises:
        RenderError: ``out_of_memory``.
    """
    if is_out_of_memory(error):
        raise RenderError("out_of_memory") from error
