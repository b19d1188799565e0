"""LoRAs on a loaded model (Hu et al. 2021), applied before a job and removed for the next.

diffusers and peft apply them. A model without any is the very one that was loaded, layer for layer:
removing one puts the original layers back rather than setting weights to 0.
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
from generation.conditioning.cache import TextCache
from generation.recipe import Lora
from storage.queue.jobs import RenderError

_TEXT: Final = "lora_te"
"""How kohya's names of text encoders' layers begin."""

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
    """

    pipe: Any
    known: Mapping[str, Offered]
    files: Mapping[str, Path]
    texts: TextCache
    applied: tuple[Lora, ...] = ()

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
            self._load_all(wanted)
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
        if self.applied or whatever:
            self.pipe.unload_lora_weights()
            self.texts.clear()
        self.applied = ()

    def _has(self, lora: Lora) -> bool:
        """Whether this is the very file that the recipe was made for."""
        # A recipe without a version takes whichever file has the name today.
        there = self.known.get(lora.name)
        return there is not None and lora.version in ("", there.source.version)

    def _load_all(self, wanted: Sequence[Lora]) -> None:
        # Numbered, since people's names may have dots, which PyTorch does not allow in a module's.
        names = [f"lora{place}" for place in range(len(wanted))]
        for name, one in zip(names, wanted, strict=True):
            self._load(name, one.name)
        if names:
            # For a single one as well: loading alone gives it the weight 1.
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
            # What diffusers and peft raise for weights that do not fit has no type of its own.
            except (ValueError, KeyError, RuntimeError, TypeError, IndexError) as error:
                _log.warning("lora refused", name=name, attempt=number, error=str(error)[:200])
            else:
                return
        raise RenderError("lora")


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
    """
    if not card.loras:
        return None
    known = {one.name: one for one in card.loras}
    return Loras(pipe, known, {name: _find(one) for name, one in known.items()}, texts)


def _find(one: Offered) -> Path:
    try:
        return one.source.find()
    except OSError as error:
        raise OSError(one.name) from error
