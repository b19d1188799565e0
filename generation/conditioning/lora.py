"""LoRAs on a loaded model (Hu et al. 2021), put on before a job and taken off for the next.

diffusers and peft do the wearing. A model that wears nothing is the very one that was loaded, layer
for layer: taking off puts the original layers back rather than setting weights to 0.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import structlog
from safetensors.torch import load_file

from generation.catalogue.card import Card
from generation.catalogue.loras import Offered
from generation.conditioning.cache import TEXTS
from generation.recipe import Lora
from storage.queue.jobs import RenderError

_TEXT: Final = "lora_te"
"""How kohya's names of text encoders' layers begin."""

_log = structlog.get_logger(__name__)


@dataclass(slots=True)
class Wardrobe:
    """The LoRAs that one pipeline can wear.

    Attributes:
        pipe: The pipeline.
        known: What there is, by name.
        files: Their files, by name.
        worn: What the pipeline wears now.
    """

    pipe: Any
    known: Mapping[str, Offered]
    files: Mapping[str, Path]
    worn: tuple[Lora, ...] = ()

    def wear(self, wanted: Sequence[Lora]) -> None:
        """Have the pipeline wear these and nothing else.

        Raises:
            RenderError: ``lora`` if one is not there, is another file by now, or does not fit.
        """
        if self.worn == tuple(wanted):
            return
        self.take_off()
        TEXTS.forget()
        if any(not self._has(one) for one in wanted):
            raise RenderError("lora")
        try:
            self._put_on(wanted)
        except BaseException:
            self.take_off(whatever=True)
            raise
        self.worn = tuple(wanted)

    def take_off(self, *, whatever: bool = False) -> None:
        """Have the pipeline wear nothing.

        Args:
            whatever: Also where it is not known to wear anything.
        """
        if self.worn or whatever:
            self.pipe.unload_lora_weights()
            TEXTS.forget()
        self.worn = ()

    def _has(self, lora: Lora) -> bool:
        """Whether this is the very file that the recipe was made for."""
        there = self.known.get(lora.name)
        return there is not None and lora.version in ("", there.source.version)

    def _put_on(self, wanted: Sequence[Lora]) -> None:
        names = [f"worn{place}" for place in range(len(wanted))]
        for name, one in zip(names, wanted, strict=True):
            self._load(name, one.name)
        if names:
            self.pipe.set_adapters(names, [one.weight for one in wanted])

    def _load(self, slot: str, name: str) -> None:
        """Load one file.

        What kohya's trainers say of text encoders is not always whole, and diffusers then refuses
        all of it; the denoiser's part, which is most of it, works without. peft warns of a second
        LoRA, which is meant here.
        """
        weights = load_file(self.files[name])
        drawing = {key: tensor for key, tensor in weights.items() if not key.startswith(_TEXT)}
        attempts = [weights, drawing] if 0 < len(drawing) < len(weights) else [weights]
        for number, attempt in enumerate(attempts, 1):
            try:
                with warnings.catch_warnings(action="ignore", category=UserWarning):
                    self.pipe.load_lora_weights(attempt, adapter_name=slot)
            except (ValueError, KeyError, RuntimeError, TypeError, IndexError) as error:
                _log.warning("lora refused", name=name, attempt=number, error=str(error)[:200])
            else:
                return
        raise RenderError("lora")


def load_wardrobe(pipe: Any, card: Card) -> Wardrobe | None:  # noqa: ANN401 - diffusers has no types
    """The LoRAs of a card for a loaded pipeline; None where there are none.

    Raises:
        OSError: A file cannot be had; the text is its name.
    """
    if not card.loras:
        return None
    known = {one.name: one for one in card.loras}
    return Wardrobe(pipe, known, {name: _found(one) for name, one in known.items()})


def _found(one: Offered) -> Path:
    try:
        return one.source.find()
    except OSError as error:
        raise OSError(one.name) from error
